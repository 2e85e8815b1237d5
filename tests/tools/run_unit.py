"""Runs cmocka programs and says what they said when something failed.

Usage: run_unit.py PROGRAM...
Every program has 120 seconds. The last line reads `unit: N passed, N failed, N skipped`.
"""
import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile
import time

LIMIT_SECONDS = 120
TALLIES = {
    "passed": re.compile(r"^\[  PASSED  \] (\d+) test", re.M),
    "failed": re.compile(r"^\[  FAILED  \] (\d+) test", re.M),
    "skipped": re.compile(r"^\[  SKIPPED \] (\d+) test", re.M),
}
SKIPPED = re.compile(r"^\[  SKIPPED \] ([A-Za-z_]\w*)$", re.M)


def run(program):
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="reeve-unit-") as scratch:
        os.chmod(scratch, 0o711)  # some become another user on the way
        env = dict(os.environ, TMPDIR=scratch)
        try:
            done = subprocess.run([program], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=LIMIT_SECONDS, env=env)
            text, code = done.stdout.decode(errors="replace"), done.returncode
        except subprocess.TimeoutExpired as late:
            text = (late.stdout or b"").decode(errors="replace") + "\nstill running after 120 s\n"
            code = -1
        except OSError as error:
            text, code = f"{error}\n", -1
    tally = {key: sum(map(int, pattern.findall(text))) for key, pattern in TALLIES.items()}
    # A crash or a sanitizer's report counts even when every test before it passed.
    if code != 0 and tally["failed"] == 0:
        tally["failed"] = 1
        text += f"\nended with {code}\n"
    if code == 0 and not any(tally.values()):
        tally["failed"] = 1
        text += "\nran no tests\n"
    return program, tally, text, time.monotonic() - started


def main(programs):
    total = dict.fromkeys(TALLIES, 0)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for program, tally, text, seconds in pool.map(run, programs):
            for key, n in tally.items():
                total[key] += n
            verdict = "FAILED" if tally["failed"] else "ok"
            skipped = f", {tally['skipped']} skipped" if tally["skipped"] else ""
            print(f"  {verdict:6} {os.path.basename(program)} "
                  f"({tally['passed']} passed{skipped}, {seconds:.1f} s)", flush=True)
            if tally["failed"]:
                print("\n".join("    | " + line for line in text.splitlines()), flush=True)
            # cmocka names a skipped test when it comes and again at the end.
            for name in sorted(set(SKIPPED.findall(text))):
                print(f"    skipped: {os.path.basename(program)}: {name}", flush=True)
    print("unit: " + ", ".join(f"{n} {key}" for key, n in total.items()))
    return 1 if total["failed"] or not programs else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
