#!/bin/sh
# Makes a C file that holds a .varlink file as a string: embed.sh IN OUT
# The name of the string is the file's, with the dots as underscores.
set -eu

in=$1
out=$2
name=$(basename "$in" | tr . _)

{
    printf '/* Generated from %s. */\n#include "varlink/contract.h"\n\n' "$(basename "$in")"
    printf 'const char %s[] =\n' "$name"
    sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/    "/' -e 's/$/\\n"/' "$in"
    printf '    ;\n'
} >"$out.tmp"
mv "$out.tmp" "$out"
