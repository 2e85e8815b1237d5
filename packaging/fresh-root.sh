#!/bin/sh
# Tries the README in a fresh Debian 12: a minbase root with make and gcc, this tree as committed,
# and the two commands. As root, with debootstrap installed.
#
#   packaging/fresh-root.sh [OPTION...] FOLDER [check|demo|shell]...     (default: check demo)
#
#   --proc, --sys, --dev   mount these inside; --mounts: all three. /sys brings the cgroup
#                          hierarchy with it. Without --dev a few device nodes are made.
#   --worktree             take the files as they are, instead of HEAD
#   --keep                 keep FOLDER (otherwise it is removed at the end)
#
# An existing FOLDER made by this script is used again: only the tree in it is made anew. The mirror
# is the one this machine's apt uses; REEVE_MIRROR names another. Whatever happens, everything is
# unmounted at the end, and FOLDER is never removed while something is mounted in it.
set -eu

usage() {
    sed -n '2,15s/^# \{0,1\}//p' "$0" >&2
    exit 2
}

proc= sys= dev= worktree= keep=
while [ $# -gt 0 ]; do
    case $1 in
    --proc) proc=1 ;;
    --sys) sys=1 ;;
    --dev) dev=1 ;;
    --mounts) proc=1 sys=1 dev=1 ;;
    --worktree) worktree=1 ;;
    --keep) keep=1 ;;
    -*) usage ;;
    *) break ;;
    esac
    shift
done
[ $# -gt 0 ] || usage
root=$1
shift
[ $# -gt 0 ] || set -- check demo
[ "$(id -u)" = 0 ] || { echo "fresh-root: needs root" >&2; exit 1; }
source=$(cd "$(dirname "$0")/.." && pwd)
suite=bookworm

# The first mirror of apt's that serves the suite itself, security and updates aside.
mirror=${REEVE_MIRROR:-$(apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(SUITE)' \
    'Created-By: Packages' | awk -v s=$suite '$2 == s { print $1; exit }')}
[ "$mirror" ] || { echo "fresh-root: apt knows no mirror for $suite; set REEVE_MIRROR" >&2; exit 1; }

mounted() {
    awk -v r="$root" '$2 == r || index($2, r "/") == 1 { print $2 }' /proc/mounts
}

inside=
finish() {
    code=$?
    trap - EXIT INT TERM HUP
    [ -z "$inside" ] || kill "$inside" 2>/dev/null || :
    # Children of a mount before the mount itself.
    for place in $(mounted | sort -r); do
        umount "$place" 2>/dev/null || umount -l "$place" || :
    done
    if [ -z "$keep" ] && [ -e "$root/.reeve-fresh-root" ] && [ -z "$(mounted)" ]; then
        rm -rf --one-file-system "$root"
    fi
    exit $code
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

if [ ! -e "$root/.reeve-fresh-root" ]; then
    if [ -e "$root" ] && [ -n "$(ls -A "$root")" ]; then
        echo "fresh-root: $root is not empty and not ours" >&2
        exit 1
    fi
    mkdir -p "$root"
    debootstrap --variant=minbase --include=make,gcc "$suite" "$root" "$mirror"
    touch "$root/.reeve-fresh-root"
fi
root=$(cd "$root" && pwd -P)

# How this machine reaches the mirror holds inside too.
cp /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || :
apt-config dump Acquire | grep -iE '::(http|https)::.*proxy' >"$root/etc/apt/apt.conf.d/00host" || :

rm -rf "$root/root/reeve"
mkdir -p "$root/root/reeve"
if [ "$worktree" ]; then
    (cd "$source" && git ls-files -z --cached --others --exclude-standard |
        tar cf - --null --ignore-failed-read -T -) | tar xf - -C "$root/root/reeve"
else
    git -C "$source" archive HEAD | tar xf - -C "$root/root/reeve"
fi

private_mount() { # --rbind WHAT WHERE, without anything coming back
    mount --rbind "$1" "$2"
    mount --make-rslave "$2"
}
[ -z "$proc" ] || mount -t proc proc "$root/proc"
[ -z "$sys" ] || private_mount /sys "$root/sys"
[ -z "$dev" ] || private_mount /dev "$root/dev"
echo "fresh-root: Debian $suite in $root, mounted: ${proc:+/proc }${sys:+/sys }${dev:+/dev }"

run_inside() {
    env -i HOME=/root TERM="${TERM:-dumb}" LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin \
        ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
        chroot "$root" /bin/sh -c "cd /root/reeve && $1"
}

# Starts the demo, waits for its page, interrupts it as Ctrl-C would, and looks at what is left.
try_demo() {
    log=$root/root/demo.log
    : >"$log"
    setsid sh -c 'exec "$@"' sh env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
        YES=1 chroot "$root" /bin/sh -c 'cd /root/reeve && trap - INT && exec make demo' \
        </dev/null >"$log" 2>&1 &
    inside=$!
    url= waited=0
    until [ "$url" ] && run_inside "python3 -Ic 'import sys, urllib.request as u; \
            sys.exit(b\"It works\" not in u.urlopen(\"$url\").read())'" 2>/dev/null; do
        if ! kill -0 "$inside" 2>/dev/null || [ $waited -ge 600 ]; then
            cat "$log"
            echo "fresh-root: the demo did not come up" >&2
            return 1
        fi
        sleep 1
        waited=$((waited + 1))
        url=$(sed -n 's/^ *The site: *//p' "$log")
    done
    echo "fresh-root: $url answers"
    run_inside 'build/reevectl --socket build/demo/run/reeve.sock list'
    kill -INT "-$inside"
    wait "$inside" || :
    inside=
    cat "$log"
    grep -q 'all ended, exiting with 0' "$log" || { echo "fresh-root: it did not end well" >&2; return 1; }
    for pid in /proc/[0-9]*; do
        case $(readlink "$pid/root" 2>/dev/null) in
        "$root" | "$root"/*)
            echo "fresh-root: left running: $(tr '\0' ' ' <"$pid/cmdline")" >&2
            return 1 ;;
        esac
    done
    echo "fresh-root: the demo came, answered and went"
}

for what; do
    echo "fresh-root: ---- $what"
    started=$(date +%s)
    case $what in
    check) run_inside 'make check' ;;
    demo) try_demo ;;
    shell) run_inside 'exec /bin/bash -i' ;;
    *) usage ;;
    esac
    echo "fresh-root: $what took $(($(date +%s) - started)) s"
done
