"""Runs libFuzzer programs, from the seeds beside their sources.

Usage: run_fuzz.py SECONDS PROGRAM...    a campaign: chance decides, and build/fuzz/corpus grows
       run_fuzz.py check PROGRAM...      the same inputs each time and everywhere
The seeds of tests/fuzz/fuzz_x.c are in tests/fuzz/corpus/x/ (may be missing). What made a program
fail stays in build/fuzz/findings. The last line reads `fuzz: N passed, N failed`.
"""
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SEEDS = os.path.join(ROOT, "tests", "fuzz", "corpus")
BUILD = os.path.join(ROOT, "build", "fuzz")
FINDINGS = os.path.join(BUILD, "findings")
# How many inputs make a check: about 10 seconds on a common machine.
INPUTS = {"config": 4000, "control": 10000, "notify": 600000, "protocol": 15000, "words": 200000}
INPUTS_OF_OTHERS = 10000


def campaign(name, seconds):
    """What the program is told for so many seconds of chance."""
    grown = os.path.join(BUILD, "corpus", name)
    os.makedirs(grown, exist_ok=True)
    seeds = os.path.join(SEEDS, name)
    return [f"-max_total_time={seconds}", grown] + ([seeds] if os.path.isdir(seeds) else [])


def check(name):
    """What it is told so that nothing is left to chance. The seeds are named one by one, since the
    order of a directory is not the same everywhere; what is compared (use_cmp) may be addresses,
    which never are."""
    seeds = os.path.join(SEEDS, name)
    files = sorted(os.listdir(seeds)) if os.path.isdir(seeds) else []
    return ["-seed=1", f"-runs={INPUTS.get(name, INPUTS_OF_OTHERS)}", "-use_cmp=0"] + \
        (["-seed_inputs=" + ",".join(os.path.join(seeds, file) for file in files)] if files else [])


def fuzz(program, how_long):
    name = os.path.basename(program).removeprefix("fuzz_")
    os.makedirs(FINDINGS, exist_ok=True)
    command = [program, "-timeout=10", "-rss_limit_mb=1024", "-print_final_stats=1",
               f"-artifact_prefix={FINDINGS}/{name}-",
               *(check(name) if how_long == "check" else campaign(name, int(how_long)))]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    lines = done.stdout.decode(errors="replace").splitlines()
    executed = next((line.split()[-1] for line in lines if "number_of_executed_units" in line), "?")
    print(f"  {'ok' if done.returncode == 0 else 'FAILED':6} {name}: {executed} inputs", flush=True)
    if done.returncode != 0:
        print("\n".join("    | " + line for line in lines[-60:]), flush=True)
    return done.returncode == 0


def main(how_long, programs):
    results = [fuzz(program, how_long) for program in programs]
    print(f"fuzz: {sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if all(results) and results else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
