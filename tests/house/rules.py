"""The rules of the house, as functions that return what breaks them; test_house.py applies them to
this tree and to small trees that break them on purpose."""
import os
import re
import subprocess

# Which rooms a room may use, itself aside.
BELOW = {
    "base": set(),
    "core": {"base"},
    "varlink": {"base", "core"},
    "os": {"base", "core", "varlink"},
    "config": {"base", "core", "varlink", "os"},
    "run": {"base", "core", "varlink", "os", "config"},
    "control": {"base", "core", "varlink", "os", "config", "run"},
    "reeved": {"base", "core", "varlink", "os", "config", "run", "control"},
    "reevectl": {"base", "core", "varlink", "os", "config"},
}
# Where a library's header may be included. What a room's own header includes, those above it see.
LIBRARY_HOMES = {
    "cjson/": {"varlink", "control", "reevectl"},
    "cJSON.h": {"varlink", "control", "reevectl"},
    "ini.h": {"config"},
    "ev.h": {"run"},
    "ev++.h": set(),
}
# System headers that speak to the kernel or a clock have no business in core.
CORE_HEADERS = {"errno.h", "limits.h", "stdbool.h", "stddef.h", "stdint.h", "stdlib.h", "string.h",
                "sys/types.h"}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.M)

# What core may call: memory and strings. The compiler adds the names with underscores.
CORE_CALLS = re.compile(
    r"^(mem[a-z]+|str[a-z]+|malloc|calloc|realloc|reallocarray|free|qsort|bsearch|abs|labs|"
    r"__(mem|str)[a-z]+_chk|__stack_chk_fail|__errno_location|__ctype_b_loc|"
    r"__isoc\d*_strto[a-z]+|_GLOBAL_OFFSET_TABLE_)$")


def sources(src):
    """(room, file, path) of every C file and header below `src`."""
    for room in sorted(os.listdir(src)):
        if os.path.isdir(os.path.join(src, room)):
            for name in sorted(os.listdir(os.path.join(src, room))):
                if name.endswith((".c", ".h")):
                    yield room, name, os.path.join(src, room, name)


def layering(src):
    """Includes that reach upwards, leave the rooms, or take a library where it has no home."""
    broken = []
    for room, name, path in sources(src):
        if room not in BELOW:
            broken.append(f"{room}/{name}: no such room in tests/house/rules.py")
            continue
        with open(path, encoding="utf-8") as text:
            for quote, header in INCLUDE.findall(text.read()):
                where = f"{room}/{name} includes {header}"
                library = next((key for key in LIBRARY_HOMES
                                if header == key or (key[-1] == "/" and header.startswith(key))),
                               None)
                if library is not None:
                    if room not in LIBRARY_HOMES[library]:
                        broken.append(f"{where}: only for "
                                      f"{', '.join(sorted(LIBRARY_HOMES[library])) or 'nobody'}")
                elif quote == '"':
                    other = header.partition("/")[0]
                    if "/" not in header or other not in BELOW:
                        broken.append(f'{where}: write "room/file.h"')
                    elif other != room and other not in BELOW[room]:
                        broken.append(f"{where}: {other} is not below {room}")
                elif room == "core" and header not in CORE_HEADERS:
                    broken.append(f"{where}: core is pure")
    return broken


def _sections(obj):
    """What an object holds: ({symbol: section}, {section: symbols and sections it refers to})."""
    listed = subprocess.run(["objdump", "-t", "-r", "-w", obj], check=True, capture_output=True,
                            text=True).stdout
    defined, refers, section = {}, {}, None
    for line in listed.splitlines():
        symbol = re.match(r"[0-9a-f]{16} .{7} (\S+)\t[0-9a-f]{16}(?: \.hidden)? +(\S+)$", line)
        heading = re.match(r"RELOCATION RECORDS FOR \[(.*)\]:", line)
        relocation = re.match(r"[0-9a-f]{16} R_\S+ +(\S+?)(?:[+-]0x[0-9a-f]+)?$", line)
        if symbol and symbol[1] not in ("*UND*", "*ABS*"):
            defined[symbol[2]] = symbol[1]
        elif heading:
            section = heading[1]
            refers.setdefault(section, set())
        elif relocation:
            refers[section].add(relocation[1])
    return defined, refers


def impure_calls(core_objects, base_objects):
    """What core calls, besides each other, base, memory and string functions. Base is looked
    through, section by section (every function has its own): what core reaches counts as called."""
    objects = {obj: _sections(obj) for obj in [*core_objects, *base_objects]}
    homes = {symbol: (obj, section) for obj, (defined, _) in objects.items()
             for symbol, section in defined.items() if not symbol.startswith(".")}
    # Debugging information and unwind tables refer to everything, and call nothing.
    todo = [(obj, section) for obj in core_objects for section in objects[obj][1]
            if not section.startswith((".debug", ".eh_frame"))]
    reached, broken = set(todo), set()
    while todo:
        obj, section = todo.pop()
        defined, refers = objects[obj]
        for symbol in refers.get(section, ()):
            home = (obj, defined[symbol]) if symbol in defined else homes.get(symbol)
            if home is None:
                if not CORE_CALLS.match(symbol):
                    broken.add(f"{os.path.basename(obj)} calls {symbol}")
            elif home not in reached:
                reached.add(home)
                todo.append(home)
    return sorted(broken)


SOURCE_SUFFIXES = (".c", ".h", ".sh", ".varlink")


def named_files(text):
    """The files that the section "The files" of the map names: `core/unit.c`, or below a heading
    `### core` just `unit.c`; `unit.[ch]` names both."""
    section = re.split(r"^## ", text, flags=re.M)
    section = next((part for part in section if part.startswith("The files\n")), "")
    room, named = "", []
    for line in section.splitlines():
        heading = re.match(r"### *`?([a-z]+)/?`?", line)
        if heading:
            room = heading[1]
        for word in re.findall(r"`([A-Za-z0-9_/.-]+(?:\[[ch]{2}\])?)`", line):
            word = word if "/" in word or not room else f"{room}/{word}"
            both = re.fullmatch(r"(.*\.)\[[ch]{2}\]", word)
            names = [both[1] + "h", both[1] + "c"] if both else [word]
            named += [name for name in names if name.endswith(SOURCE_SUFFIXES)]
    return named


def unmapped(src, map_file):
    """Files that the map does not name exactly once, and names in it that are no files."""
    with open(map_file, encoding="utf-8") as text:
        named = named_files(text.read())
    files = {os.path.relpath(os.path.join(directory, name), src)
             for directory, _, names in os.walk(src) for name in names
             if name.endswith(SOURCE_SUFFIXES)}
    broken = [f"the map names {name} {named.count(name)} times" for name in sorted(set(named))
              if named.count(name) > 1]
    broken += [f"the map names {name}, which does not exist" for name in sorted(set(named) - files)]
    broken += [f"the map does not name {name}" for name in sorted(files - set(named))]
    return broken
