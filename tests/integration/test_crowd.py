"""A unit that left thousands of processes behind is ended, and everybody else goes on being answered."""
import os
import signal
import subprocess
import time

import pytest
from conftest import cgroup_required
from daemon import populated, wait_for

pytestmark = pytest.mark.alone
LEFTOVERS = 4000
MAKE_THEM = f"n=0; while [ $n -lt {LEFTOVERS} ]; do sleep 1000 & n=$((n+1)); done"
ATTEMPTS = 3


def longest_gap(reeve, state):
    """Asks for Health over and over until the crowd is in this state; the longest it waited for an
    answer, in seconds."""
    longest = 0.0
    with reeve.connect() as client:
        while True:
            asked = time.monotonic()
            unit = client.call("Health", units=["crowd"])["units"][0]
            longest = max(longest, time.monotonic() - asked)
            if unit["state"] == state:
                return longest


def killed_at_once(reeve):
    """How long this machine, as busy as it is, takes to kill as many in one go; in seconds."""
    cgroup = os.path.join(reeve.cgroup, "at-once")
    os.makedirs(cgroup, exist_ok=True)

    def enter():
        with open(os.path.join(cgroup, "cgroup.procs"), "w", encoding="ascii") as out:
            out.write("0")

    with subprocess.Popen(["sh", "-c", f"{MAKE_THEM}; echo up; exec sleep 1000"],
                          stdout=subprocess.PIPE, preexec_fn=enter) as shell:
        assert shell.stdout.readline() == b"up\n"
        with open(os.path.join(cgroup, "cgroup.kill"), "w", encoding="ascii") as out:
            began = time.monotonic()
            out.write("1")
            out.flush()
            took = time.monotonic() - began
    wait_for(lambda: not populated(cgroup), what="the cgroup to be empty")
    return took


@cgroup_required
def test_health_is_answered_while_a_crowd_is_killed(reeve):
    reeve.configure(f"""
        [service:crowd]
        command = sh -c 'trap "" TERM; {MAKE_THEM}; echo up >&2; exec sleep 1000'
        stop_timeout = 300ms
        restart = never
        autostart = no
    """).start()
    gaps, kills = [], []
    for attempt in range(1, ATTEMPTS + 1):  # the best of some: others use this machine as well
        assert reeve.call("Start", units=["crowd"])["results"][0]["ok"]
        reeve.wait_line("^up", count=attempt)
        os.kill(reeve.unit("crowd")["pid"], signal.SIGKILL)
        gaps.append(longest_gap(reeve, "failed"))
        record = reeve.last_exit("crowd")
        assert (record["signal"], record["reason"]) == ("KILL", "signal"), record
        assert record["leftovers_killed"] == LEFTOVERS, record
        kills.append(killed_at_once(reeve))
        if min(gaps) < max(0.06, min(kills) * 0.7):  # in one go it would be all of it
            return
    raise AssertionError(f"longest waits for an answer: {gaps}; killing all at once: {kills}")


@cgroup_required
def test_the_end_of_reeved_spares_nobody(reeve):
    """The time for the shutdown is up while they are still being killed one after the other."""
    reeve.configure(f"""
        [service:crowd]
        command = sh -c 'trap "" TERM; {MAKE_THEM}; echo up >&2; exec sleep 1000'
    """, shutdown_timeout="100ms").start()
    reeve.wait_line("^up")
    reeve.stop()
    wait_for(lambda: not populated(reeve.cgroup), what="the cgroup to be empty")
