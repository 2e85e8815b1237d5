"""Runs tests of the real reeved in a machine with Debian's cloud kernel: `make check-vm`.

    python3 tests/vm/run.py [PYTEST ARGUMENT...]

The machine's files are reeved and reevectl (of REEVE_BUILD, else build), the tests, Python with
pytest, and a few programs, all from here. Without arguments it runs test_vm_*.py, which make sense
only there, and those other tests that UNIT_TESTS and TESTS name. What they say is printed as it comes.
The last line counts them; nothing may be skipped, and a machine that cannot be had is a failure.
"""
import collections
import glob
import json
import os
import re
import subprocess
import sys
import time

import kernel
import machine
from image import Image

ROOT = kernel.ROOT
HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.abspath(os.environ.get("REEVE_BUILD") or os.path.join(ROOT, "build"))
PLACE = os.path.join(ROOT, "build", "vm")
CONSOLE = os.path.join(PLACE, "console.log")
INSIDE = "/reeve"  # the tree, as the machine sees it
LIMIT_S = 1800  # a bound on a hang: when nothing else runs here, it takes about a minute
PATIENCE_S = 120  # of the tests that wait there
CONSOLE_LINES = 40

# Where reeved asks for what an older kernel lacks.
UNIT_TESTS = [f"tests/unit/test_{name}" for name in (
    "os_cgroup", "os_memfd", "os_notify_socket", "os_pidfd", "os_slots", "run_membership",
    "run_takeover")]
TESTS = sorted(os.path.relpath(path, ROOT)
               for path in glob.glob(os.path.join(ROOT, "tests/integration/test_vm_*.py"))) + [
    "tests/integration/test_trees.py",
]
HELPERS = "tests/integration/helpers"
PYTHON = "/usr/bin/python3"
PYTEST = [PYTHON, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "--color=no",
          "--durations=5"]
PROGRAMS = ("sh cat chmod date echo env false grep head ls mkdir mkfifo mv nice rm rmdir seq setsid "
            "sleep sync tail touch tr true wc").split()
PYTEST_PACKAGES = ("pytest", "_pytest", "pluggy", "iniconfig", "packaging", "attr", "attrs", "py",
                   "py.py")
# Of Python's own library: what is big and nobody there imports.
NOT_NEEDED = ("test", "idlelib", "lib2to3", "distutils", "ensurepip", "pydoc_data", "tkinter",
              "turtledemo", "dist-packages", "lib-dynload")
NOT_NEEDED_MODULES = re.compile(r"_(ssl|hashlib|sqlite3|tkinter|curses.*|g?dbm|xx.*|test.*)\.|readline\.")
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin", "HOME": "/root", "LANG": "C.UTF-8", "COLUMNS": "100",
               "REEVE_BUILD": f"{INSIDE}/build", "REEVE_MACHINE": "1",
               "REEVE_PATIENCE": str(PATIENCE_S), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
               "PYTHONDONTWRITEBYTECODE": "1"}
COUNT = re.compile(r"(\d+) (passed|failed|skipped|error)")
SUMMARY = re.compile(r"(unit: )?\d+ (passed|failed|skipped|error)")


# ---- the image ----------------------------------------------------------------------------------
def add_python(image):
    library = subprocess.run([PYTHON, "-Ic", "import os; print(os.path.dirname(os.__file__))"],
                             capture_output=True, text=True, check=True).stdout.strip()
    image.add_program(PYTHON)
    config = [name for name in os.listdir(library) if name.startswith("config-")]
    image.add_tree(library, leave_out=(*NOT_NEEDED, *config))
    for path in glob.glob(os.path.join(library, "lib-dynload", "*.so")):
        if not NOT_NEEDED_MODULES.match(os.path.basename(path)):
            image.add_file(path)
            image.add_libraries(path)
    for name in PYTEST_PACKAGES:
        path = os.path.join("/usr/lib/python3/dist-packages", name)
        if os.path.isdir(path):
            image.add_tree(path)
        elif os.path.exists(path):
            image.add_file(path)


def add_reeve(image, unit_tests):
    for path in ("reeved", "reevectl", *unit_tests):
        image.add_program(os.path.join(BUILD, path), f"{INSIDE}/build/{path}")
    image.add_tree(os.path.join(BUILD, HELPERS), f"{INSIDE}/build/{HELPERS}")
    for path in ("tests/integration", "tests/tools", "tests/faults", "src/varlink"):
        image.add_tree(os.path.join(ROOT, path), f"{INSIDE}/{path}",
                       leave_out=("golden", "__pycache__"))


def make_image(path, commands, unit_tests):
    image = Image()
    add_python(image)
    add_reeve(image, unit_tests)
    for name in PROGRAMS:
        image.add_program(name)
    image.add_directory("/root")
    image.add_text("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n"
                                  "nobody:x:65534:65534:nobody:/nonexistent:/bin/false\n")
    image.add_text("/etc/group", "root:x:0:\nnogroup:x:65534:\n")
    image.add_file(os.path.join(HERE, "init.py"), "/init")
    image.add_text("/run.json", json.dumps(
        {"commands": commands, "directory": INSIDE, "environment": ENVIRONMENT}))
    image.write(path)


# ---- the run ------------------------------------------------------------------------------------
def boot(commands, unit_tests):
    """Returns the lines that the machine said on its second port."""
    lines = []
    image = os.path.join(PLACE, "tests.cpio")

    def on_line(line):
        lines.append(line)
        if line != "machine: ended with 0":
            print(line, flush=True)

    os.makedirs(PLACE, exist_ok=True)
    found = kernel.ensure()
    make_image(image, commands, unit_tests)
    print(f"Linux {found.release}, {os.path.getsize(image) >> 20} MiB of files", flush=True)
    started = time.monotonic()
    machine.boot(found, image, CONSOLE, on_line, LIMIT_S)
    print(f"the machine was on for {time.monotonic() - started:.1f} s")
    return lines


def show_console():
    try:
        with open(CONSOLE, encoding="utf-8", errors="replace") as text:
            lines = text.read().splitlines()
    except OSError:
        return
    print(f"---- the end of {os.path.relpath(CONSOLE, ROOT)}:")
    print("\n".join(lines[-CONSOLE_LINES:]))


def tally(lines, n_commands):
    """What all commands counted, and complaints."""
    total = collections.Counter(passed=0, failed=0)
    summaries = [line for line in lines if SUMMARY.match(line)]
    for line in summaries:
        for number, word in COUNT.findall(line):
            total["failed" if word == "error" else word] += int(number)
    complaints = []
    if lines[-1:] != ["machine: ended with 0"]:
        complaints.append("not all went well in the machine")
    elif len(summaries) != n_commands:
        complaints.append(f"{len(summaries)} of {n_commands} commands said how many tests they ran")
    if total.pop("skipped", 0):
        complaints.append("in the machine nothing may be skipped: it has all that a test needs")
    return total, complaints


def main(arguments):
    chosen = any(".py" in argument for argument in arguments)
    unit_tests = [] if arguments else UNIT_TESTS
    commands = [PYTEST + arguments + ([] if chosen else TESTS)]
    if unit_tests:
        commands.insert(0, [PYTHON, "tests/tools/run_unit.py",
                            *(f"build/{path}" for path in unit_tests)])
    total, complaints = collections.Counter(passed=0, failed=0), []
    try:
        total, complaints = tally(boot(commands, unit_tests), len(commands))
    except (kernel.NoKernel, machine.NoMachine, OSError) as why:
        complaints.append(str(why))
    if complaints:
        show_console()
        total["failed"] = total["failed"] or 1
        print("\n".join(complaints))
    print("vm: " + ", ".join(f"{number} {word}" for word, number in total.items()))
    return 1 if total["failed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
