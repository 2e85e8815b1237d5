"""SIGKILL to anybody at any moment, with requests in between: the next run never meets the last one,
and what was asked for is what is there in the end."""
import contextlib
import os
import random
import signal
import sys
import time

import pytest
from daemon import process_alive
from trouble import both_trackings, open_descriptors

ROUNDS = 100
# main holds a lock, and so does whoever has inherited the descriptor: all of the run. It goes on
# having children of every kind, some of which end, some of which have children of their own.
BROOD = """
import fcntl, os, random, signal, sys, time
lock = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
may_escape = sys.argv[2] == "escape"
try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
except OSError:
    os.write(2, b"two copies\\n")
rng = random.Random(os.getpid())
signal.signal(signal.SIGCHLD, signal.SIG_IGN)

def member(depth):
    signal.signal(signal.SIGTERM, rng.choice([signal.SIG_IGN, signal.SIG_DFL]))
    rng.seed(os.getpid())
    kind = rng.randrange(6)
    if may_escape and kind == 0:
        os.setsid()
    elif may_escape and kind == 1:
        os.setsid()
        if os.fork():
            os._exit(0)
    elif kind == 2:
        os.setpgid(0, 0)
    if depth < 3 and rng.random() < 0.6:
        if os.fork() == 0:
            member(depth + 1)
    time.sleep(rng.choice([0.001, 0.02, 1000]))
    os._exit(0)

os.write(2, b"brood\\n")
n = 0
while True:
    if os.fork() == 0:
        member(0)
    n += 1
    time.sleep(0.002 if n < 12 else 0.05)
    if n > 200:
        time.sleep(1000)
"""


def shoot(rng, reeve, unit, mains_too):
    """Kills some of what runs now. Whatever dies in between is no longer ours to kill."""
    pids = [pid for pid in reeve.marked() if mains_too or pid != unit["pid"]]
    for pid in rng.sample(pids, min(len(pids), rng.choice([1, 1, 2, 5]))):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@both_trackings
@pytest.mark.parametrize("kill_mode", ["group", "tree"])
def test_anybody_at_any_moment(reeve, tmp_path, best_effort, kill_mode):
    """Without cgroups nobody leaves the session: that is what is promised there."""
    rng = random.Random(11)
    (tmp_path / "brood.py").write_text(BROOD, encoding="ascii")
    reeve.configure(f"""
        [service:x]
        command = {sys.executable} -I {tmp_path}/brood.py {tmp_path}/lock
            {"stay" if best_effort else "escape"}
        kill_mode = {kill_mode}
        restart_delay = 0
        stop_timeout = 60ms
    """).start(best_effort=best_effort)
    unit = reeve.wait_unit("x", state="running")
    descriptors = len(open_descriptors(reeve.pid))
    with reeve.connect() as asker:
        for _ in range(ROUNDS):
            unit = reeve.unit("x")
            what = rng.randrange(8)
            if what < 5:
                shoot(rng, reeve, unit, mains_too=what < 3)
            elif what == 5 and unit["pid"]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(unit["pid"], signal.SIGKILL)
            elif what == 6:
                asker.call("Restart", units=["x"], wait=False)
            else:
                asker.call("Stop", units=["x"], wait=False)
                asker.call("Start", units=["x"], wait=False)
            time.sleep(rng.uniform(0, 0.06))  # the moment is the point of the test
    reeve.wait_unit("x", state="running")
    assert not reeve.said("two copies")
    assert not reeve.said("unkillable|error:| stays: ")
    unit = reeve.show("x")
    assert unit["run"] > ROUNDS / 4
    assert [r["run"] for r in unit["records"]] == list(range(unit["run"] - 1, unit["run"] - 17, -1))
    assert reeve.call("Stop", units=["x"])["results"][0]["ok"]
    left = [pid for pid in reeve.marked() if process_alive(pid)]
    assert not left and reeve.health()["counts"]["orphans"] == 0
    assert len(open_descriptors(reeve.pid)) <= descriptors
