"""SIGKILL of reeved at any moment: the next one finds and ends all that is left, and says so."""
import os
import random
import time

import pytest
from daemon import process_alive
from trouble import adopt_orphans, both_trackings

N_UNITS = 200
ROUNDS = 5


@pytest.fixture
def orphans_are_ours():
    """What a killed reeved leaves becomes our child, as an init would have it, and is reaped."""
    adopt_orphans(True)
    yield
    adopt_orphans(False)


def reap_all(but):
    """Reaps what was left to us; `but`: pids that subprocess waits for itself."""
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) in but:
            continue
        try:
            with open(f"/proc/{entry}/stat", encoding="ascii", errors="replace") as stat:
                fields = stat.read().rpartition(")")[2].split()
            if fields[0] == "Z" and int(fields[1]) == os.getpid():
                os.waitpid(int(entry), os.WNOHANG)
        except (OSError, IndexError):
            pass


@both_trackings
def test_killed_in_a_storm_of_starts(make_reeve, orphans_are_ours, best_effort):
    """Killed at a random moment of starting 200 services, round after round; each leaves its life's
    name in the environment of all it starts."""
    rng = random.Random(7)
    first = make_reeve("daemon")
    first.configure("".join(
        f"[service:s{n}]\ncommand = sleep 1000\nlog = null\nstop_timeout = 1s\n" if n % 4 else
        f"[service:s{n}]\ncommand = sh -c 'trap \"\" TERM; sleep 1000 & exec sleep 1000'\nlog = null\n"
        "stop_timeout = 1s\n" for n in range(N_UNITS)))

    def lives():
        """{life: pids of it that are alive}, without reeved itself"""
        found = {}
        running = first.pid if first.process.poll() is None else None
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/environ", "rb") as file:
                    environ = dict(entry.partition(b"=")[::2] for entry in file.read().split(b"\0"))
            except OSError:
                continue
            if environ.get(b"REEVE_TEST_MARK") == first.mark.encode() and \
                    int(pid) != running and process_alive(pid):
                found.setdefault(int(environ[b"REEVE_LIFE"]), []).append(int(pid))
        return found

    left_something = 0
    for life in range(1, ROUNDS + 1):
        n_lines = len(first.lines)
        first.start(best_effort=best_effort, env={"REEVE_LIFE": str(life)})
        assert set(lives()) <= {life}, "an earlier life goes on beside this one"
        told = [line for line in first.lines[n_lines:] if "an earlier reeved left" in line]
        assert bool(told) == bool(left_something), (left_something, told)
        time.sleep(rng.uniform(0, 0.12))  # the moment is the point of the test
        first.kill()
        left_something = len(lives().get(life, []))
        reap_all({first.pid})
    n_lines = len(first.lines)
    first.start(best_effort=best_effort, env={"REEVE_LIFE": "9"})
    first.wait_for(lambda: first.health(limit=1)["counts"]["running"] == N_UNITS, what="all to run")
    assert set(lives()) == {9}
    assert len(lives()[9]) >= N_UNITS
    first.stop()
    assert not first.marked()
    reap_all({first.pid})
    first.may_leave = False
