"""The rules of the house hold in this tree, and the checks notice when they do not."""
import glob
import os
import re
import subprocess

import pytest
import rules

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SRC = os.path.join(ROOT, "src")


def objects(room):
    found = [path for path in glob.glob(f"{ROOT}/build/obj/src/{room}/*.o")
             if os.path.exists(f"{SRC}/{room}/{os.path.basename(path)[:-2]}.c")]
    assert found, f"no objects in build/obj/src/{room}: make first"
    return found


def report(broken):
    assert not broken, "\n" + "\n".join(broken)


# ---- this tree ------------------------------------------------------------------------------------
def test_rooms_use_only_what_is_below_them():
    report(rules.layering(SRC))


def test_core_calls_only_memory_and_strings():
    report(rules.impure_calls(objects("core"), objects("base")))


def test_the_map_names_every_file_once():
    report(rules.unmapped(SRC, os.path.join(SRC, "README.md")))


def test_libev_is_in_the_daemon_only():
    def needed(program):
        dynamic = subprocess.run(["readelf", "-d", f"{ROOT}/build/{program}"], check=True,
                                 capture_output=True, text=True).stdout
        return {name.split(".")[0] for name in re.findall(r"NEEDED.*\[(.*)\]", dynamic)}

    libc = {"libc", "libm", "ld-linux-x86-64"}
    assert needed("reeved") - libc == {"libev", "libinih", "libcjson"}
    assert needed("reevectl") - libc <= {"libcjson", "libinih"}


def test_release_programs_are_hardened():
    for program in ("reeved", "reevectl"):
        shown = subprocess.run(["readelf", "-hlW", "-d", f"{ROOT}/build/{program}"], check=True,
                               capture_output=True, text=True).stdout
        assert re.search(r"Type:\s+DYN", shown), program
        assert "BIND_NOW" in shown or re.search(r"FLAGS_1.*NOW", shown), program
        assert "GNU_RELRO" in shown, program


# ---- the checks themselves ------------------------------------------------------------------------
def tree(tmp_path, files):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return str(tmp_path)


@pytest.mark.parametrize("name, text", [
    ("core/a.c", '#include "os/sys.h"\n'),
    ("base/a.c", '#include "core/unit.h"\n'),
    ("os/a.h", '  #  include "run/loop.h"\n'),
    ("reevectl/a.c", '#include "run/loop.h"\n'),
    ("reevectl/a.c", '#include "control/server.h"\n'),
    ("run/a.c", '#include "neighbour.h"\n'),
    ("run/a.c", "#include <cjson/cJSON.h>\n"),
    ("os/a.c", "#include <ini.h>\n"),
    ("control/a.c", "#include <ev.h>\n"),
    ("core/a.c", "#include <unistd.h>\n"),
    ("core/a.c", "#include <stdio.h>\n"),
    ("attic/a.c", "int x;\n"),
])
def test_layering_notices(tmp_path, name, text):
    assert len(rules.layering(tree(tmp_path, {name: text}))) == 1


def test_layering_is_content_with_what_is_allowed(tmp_path):
    assert rules.layering(tree(tmp_path, {
        "run/a.c": '#include <ev.h>\n#include <unistd.h>\n#include "os/sys.h"\n#include "run/a.h"\n',
        "core/a.c": '#include <string.h>\n#include "base/map.h"\n',
        "config/a.c": "#include <ini.h>\n",
        "varlink/a.c": "#include <cjson/cJSON.h>\n",
    })) == []


def compiled(tmp_path, name, text):
    (tmp_path / f"{name}.c").write_text(text)
    subprocess.run(["gcc", "-O2", "-D_FORTIFY_SOURCE=2", "-fstack-protector-strong", "-fPIE",
                    "-ffunction-sections", "-c", f"{name}.c", "-o", f"{name}.o"],
                   cwd=tmp_path, check=True)
    return str(tmp_path / f"{name}.o")


PURE = """
#include <stdlib.h>
#include <string.h>
int helper(int n);
char *copy(const char *s, size_t n)
{
    char buf[64];
    memset(buf, helper((int)n), sizeof buf);
    memcpy(buf, s, n);
    char *p = malloc(n + 1);
    if (p)
        strcpy(p, buf);
    return p;
}
"""


def test_purity_is_content_with_memory_and_strings(tmp_path):
    core = compiled(tmp_path, "core", PURE)
    base = compiled(tmp_path, "base", "int helper(int n) { return n + 1; }")
    assert rules.impure_calls([core], [base]) == []


@pytest.mark.parametrize("body, symbol", [
    ("#include <unistd.h>\nint helper(int n) { return n + getpid(); }", "getpid"),
    ("#include <time.h>\nint helper(int n) { return n + (int)time(NULL); }", "time"),
    ("#include <stdio.h>\nint helper(int n) { char b[9]; return snprintf(b, sizeof b, \"%d\", n); }",
     "snprintf"),
    ("#include <stdlib.h>\nint helper(int n) { return n + rand(); }", "rand"),
])
def test_purity_notices_a_call_in_core_and_through_base(tmp_path, body, symbol):
    core = compiled(tmp_path, "core", PURE)
    impure = compiled(tmp_path, "impure", body)
    for found in (rules.impure_calls([core, impure], []), rules.impure_calls([core], [impure])):
        assert len(found) == 1 and symbol in found[0], found


def test_purity_ignores_what_core_does_not_reach(tmp_path):
    core = compiled(tmp_path, "core", PURE)
    base = compiled(tmp_path, "base", "#include <unistd.h>\nint helper(int n) { return n + 1; }\n"
                    "int other(void) { return getpid(); }")
    assert rules.impure_calls([core], [base]) == []


MAP = "# Map\n\n`nothing/here.c` is prose.\n\n## The files\n\n### core\n- `unit.[ch]`: a\n- `x.c`: b\n"


@pytest.mark.parametrize("files, complaint", [
    (["core/unit.c", "core/unit.h", "core/x.c"], None),
    (["core/unit.c", "core/unit.h"], "core/x.c, which does not exist"),
    (["core/unit.c", "core/unit.h", "core/x.c", "core/y.h"], "does not name core/y.h"),
])
def test_the_map_check_notices(tmp_path, files, complaint):
    src = tree(tmp_path / "src", {name: "" for name in files})
    (tmp_path / "map.md").write_text(MAP)
    broken = rules.unmapped(src, str(tmp_path / "map.md"))
    assert len(broken) == (complaint is not None) and (complaint or "") in "".join(broken)


def test_the_map_check_notices_a_file_named_twice(tmp_path):
    src = tree(tmp_path / "src", {name: "" for name in ("core/unit.c", "core/unit.h", "core/x.c")})
    (tmp_path / "map.md").write_text(MAP + "- `core/x.c`: again\n")
    assert rules.unmapped(src, str(tmp_path / "map.md")) == ["the map names core/x.c 2 times"]
