"""Runs libFuzzer programs for a while each, from the seeds beside their sources.

Usage: run_fuzz.py SECONDS PROGRAM...
The seeds of tests/fuzz/fuzz_x.c are in tests/fuzz/corpus/x/ (may be missing). What made a program
fail stays in build/fuzz/findings. The last line reads `fuzz: N passed, N failed`.
"""
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def fuzz(program, seconds):
    name = os.path.basename(program).removeprefix("fuzz_")
    seeds = os.path.join(ROOT, "tests", "fuzz", "corpus", name)
    grown = os.path.join(ROOT, "build", "fuzz", "corpus", name)
    findings = os.path.join(ROOT, "build", "fuzz", "findings")
    for directory in (grown, findings):
        os.makedirs(directory, exist_ok=True)
    command = [program, f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=1024",
               "-print_final_stats=1", f"-artifact_prefix={findings}/{name}-", grown]
    if os.path.isdir(seeds):
        command.append(seeds)
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    lines = done.stdout.decode(errors="replace").splitlines()
    executed = next((line.split()[-1] for line in lines if "number_of_executed_units" in line), "?")
    print(f"  {'ok' if done.returncode == 0 else 'FAILED':6} {name}: {executed} inputs", flush=True)
    if done.returncode != 0:
        print("\n".join("    | " + line for line in lines[-60:]), flush=True)
    return done.returncode == 0


def main(seconds, programs):
    results = [fuzz(program, int(seconds)) for program in programs]
    print(f"fuzz: {sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if all(results) and results else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
