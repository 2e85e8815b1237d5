"""Everything `make check` runs, two steps at a time, with a summary at the end.

A step is a command; its output goes to build/check/NAME.log and is shown when it failed. A step that
counts its tests says so in its last lines (`3 passed, 1 skipped`); any other counts as one test.
A skipped test is excused only when this machine truly lacks what the test needs (host.py).
"""
import collections
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass, field

import host

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LOGS = os.path.join(ROOT, "build", "check")
SLOTS = 2  # steps that compute, at once
# Tests at once in a crowded step, as they wait about as long as they compute; 0: one after the other,
# which takes longer, but crowds nothing: what is late on a busy machine is no defect of the tree.
WORKERS = int(os.environ.get("CHECK_WORKERS", "0"))
MAKE = ["make", "--no-print-directory", "WERROR=1"]
PYTEST = [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider"]
COUNT = re.compile(r"(\d+) (passed|failed|skipped|errors?)\b")
SUMMARY = re.compile(r"(\w+: )?\d+ (passed|failed|skipped|errors?)\b")
SKIPPED = re.compile(r"^SKIPPED \[(\d+)\] \S+ (.*)$|^ +skipped: (.*)$", re.M)
SHOWN_LINES = 120
# The make that called us keeps its job server to itself.
ENVIRONMENT = {key: value for key, value in os.environ.items()
               if key not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}


@dataclass
class Step:
    """One command. `alone`: nothing beside it. `quiet`: it mostly waits and takes no slot.
    `crowded`: several tests at once; one such step at a time."""
    name: str
    command: list
    after: tuple = ()
    alone: bool = False
    quiet: bool = False
    crowded: bool = False
    tally: dict = field(default_factory=lambda: {"passed": 0, "failed": 0, "skipped": 0})
    skips: list = field(default_factory=list)
    process: subprocess.Popen = None
    started: float = 0.0
    seconds: float = 0.0

    @property
    def log(self):
        return os.path.join(LOGS, self.name + ".log")

    @property
    def done(self):
        return self.process is not None and self.process.returncode is not None

    def begin(self):
        self.started = time.monotonic()
        with open(self.log, "wb") as out:
            self.process = subprocess.Popen(self.command, cwd=ROOT, stdin=subprocess.DEVNULL,
                                            stdout=out, stderr=subprocess.STDOUT,
                                            env=ENVIRONMENT)

    def output(self):
        with open(self.log, encoding="utf-8", errors="replace") as text:
            return text.read()

    def end(self):
        """Counts what it did."""
        self.seconds = time.monotonic() - self.started
        text = self.output()
        last = next((line for line in reversed(text.splitlines()) if SUMMARY.match(line)), "")
        for number, word in COUNT.findall(last):
            self.tally["failed" if word.startswith("error") else word] += int(number)
        if not any(self.tally.values()):
            self.tally["passed"] = 1 if self.process.returncode == 0 else 0
        if self.process.returncode != 0 and not self.tally["failed"]:
            self.tally["failed"] = 1
        for number, of_pytest, of_unit in SKIPPED.findall(text):
            self.skips += [of_pytest or of_unit] * int(number or 1)

    def line(self):
        counts = ", ".join(f"{n} {word}" for word, n in self.tally.items() if n)
        verdict = "FAILED" if self.tally["failed"] else "ok"
        return f"  {verdict:6} {self.name:18} {counts:32} {self.seconds:6.1f} s"


def make(*words):
    return MAKE + list(words)


def steps():
    """In the order of preference; `after` names what must have succeeded."""
    idle = os.path.join("tests", "integration", "test_idle.py")
    together = f"PYTEST_FLAGS=-n {WORKERS} -m 'not alone' --ignore={idle}"
    singly = f"PYTEST_FLAGS=-m alone --ignore={idle}"
    return [
        Step("build", make("-j2", "-Oline", "all", "unit-tests", "test-helpers"), alone=True),
        Step("idle", ["env", f"REEVE_BUILD={ROOT}/build", *PYTEST, idle], ("build",), quiet=True),
        Step("integration", make("check-integration", together), ("build",),
             crowded=WORKERS > 1),
        Step("build-asan", make("VARIANT=asan", "all", "unit-tests", "test-helpers")),
        Step("unit", make("check-unit"), ("build",)),
        Step("unit-asan", make("VARIANT=asan", "check-unit"), ("build-asan",)),
        Step("integration-asan", make("VARIANT=asan", "check-integration", together),
             ("build-asan",), crowded=WORKERS > 1),
        Step("alone", make("check-integration", singly), ("build",)),
        Step("alone-asan", make("VARIANT=asan", "check-integration", singly), ("build-asan",)),
        Step("vm", make("check-vm"), ("build",)),
        Step("faults", make("check-faults", f"PYTEST_FLAGS=-n {WORKERS}"),
             crowded=WORKERS > 1),
        Step("unit-fault", make("VARIANT=fault", "check-unit"), ("faults",)),
        Step("lint", make("-k", "lint")),
        Step("clang", make("check-clang")),
        Step("fuzz", make("check-fuzz")),
        Step("sim", make("check-sim"), ("build",)),
        Step("house", make("check-house"), ("build",)),
        Step("man", make("man")),
        Step("format", make("check-format")),
    ]


def ready(step, by_name, running):
    if step.process is not None:
        return False
    if any(other.alone for other in running) or (step.alone and running):
        return False
    if step.crowded and any(other.crowded for other in running):
        return False
    if not step.quiet and sum(not other.quiet for other in running) >= SLOTS:
        return False
    return all(by_name[name].done for name in step.after)


def hopeless(step, by_name):
    return step.process is None and \
        any(by_name[name].done and by_name[name].tally["failed"] for name in step.after)


def run(todo):
    """Runs all; a step whose foundation failed is left out. Returns those left out."""
    by_name = {step.name: step for step in todo}
    left_out = []
    running = []
    while True:
        left_out += [step for step in todo if hopeless(step, by_name) and step not in left_out]
        for step in todo:
            if step not in left_out and ready(step, by_name, running):
                step.begin()
                running.append(step)
        if not running:
            return left_out
        pid, status = os.waitpid(-1, 0)
        for step in [step for step in running if step.process.pid == pid]:
            step.process.returncode = os.waitstatus_to_exitcode(status)
            step.end()
            running.remove(step)
            print(step.line(), flush=True)


def report(todo, left_out, seconds):
    """Says what happened; whether all is well."""
    for step in todo:
        if step.tally["failed"]:
            lines = step.output().splitlines()
            print(f"\n==== {step.name} failed; the end of {os.path.relpath(step.log, ROOT)}:")
            print("\n".join(lines[-SHOWN_LINES:]))
    print()
    for step in left_out:
        print(f"not run, since what it needs failed: {step.name}")
    total = {word: sum(step.tally[word] for step in todo)
             for word in ("passed", "failed", "skipped")}
    unexcused = 0
    for step in todo:
        for reason, n in collections.Counter(step.skips).items():
            excused = host.skip_is_excused(reason)
            unexcused += 0 if excused else n
            print(f"skipped in {step.name}{'' if excused else ' WITHOUT EXCUSE'}: {reason}"
                  + (f" ({n} tests)" if n > 1 else ""))
        # A skip that named no reason is none of those that host.py knows.
        silent = step.tally["skipped"] - len(step.skips)
        if silent > 0:
            unexcused += silent
            print(f"skipped in {step.name} WITHOUT EXCUSE: {silent} without a reason")
    if unexcused:
        print(f"{unexcused} tests were skipped though this machine has what they need")
    print(f"took {int(seconds) // 60} min {int(seconds) % 60} s")
    print(", ".join(f"{n} {word}" for word, n in total.items()), flush=True)
    return not (total["failed"] or unexcused or left_out)


def main(names):
    """Without names: all steps; `check.py unit house` runs these and nothing before them."""
    started = float(os.environ.get("CHECK_STARTED") or time.time())
    os.makedirs(LOGS, exist_ok=True)
    todo = steps()
    if names:
        todo = [step for step in todo if step.name in names]
        for step in todo:
            step.after = tuple(name for name in step.after if name in names)
    try:
        left_out = run(todo)
    except KeyboardInterrupt:
        return 130  # the terminal told the steps as well
    return 0 if report(todo, left_out, time.time() - started) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
