"""A reeved as a unit of a reeved: stopped, killed, killed from above; what is below never outlives it
unseen, and never runs twice."""
import os
import signal
import sys

import pytest
from daemon import BUILD, Client, process_alive, wait_for
from trouble import both_trackings

# Holds a lock that one process at a time can have, and says so when it cannot.
ALONE = """
import fcntl, os, sys, time
lock = open(sys.argv[1], "w")
try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
except OSError:
    os.write(2, b"two copies\\n")
if len(sys.argv) > 2:
    import signal
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.write(2, b"alone %d\\n" % os.getpid())
time.sleep(1000)
"""


class Nest:
    """The outer daemon's unit `inner` is a reeved with the units `a` and `b`; b starts after a, and
    has a child in a session of its own."""

    def __init__(self, reeve, tmp_path):
        self.outer, self.place = reeve, tmp_path
        self.socket = str(tmp_path / "inner.run" / "reeve.sock")
        (tmp_path / "alone.py").write_text(ALONE, encoding="ascii")

    def start(self, best_effort, deaf="", inner_keys="", **keys):
        alone = f"{sys.executable} -I {self.place}/alone.py {self.place}"
        (self.place / "inner.ini").write_text(f"""
[reeve]
runtime_dir = {self.place}/inner.run
{inner_keys}
[service:a]
command = {alone}/a.lock {deaf}
stop_timeout = 5s
[service:b]
command = sh -c 'setsid {alone}/c.lock & exec {alone}/b.lock'
requires = a
""", encoding="ascii")
        keys = {"restart_delay": "10ms", "stop_timeout": "20s", **keys}
        self.outer.configure(f"[service:inner]\ncommand = {BUILD}/reeved -c {self.place}/inner.ini\n"
                             "ready = notify\n" + "".join(f"{k} = {v}\n" for k, v in keys.items()))
        self.outer.start(best_effort=best_effort)
        return self.up(1)

    def up(self, run, lives=None):
        """Waits until the inner one has that run and all of its own is up, for the nth time (lives);
        its pid and theirs."""
        pid = self.outer.wait_unit("inner", state="running", run=run)["pid"]
        self.outer.wait_line("^alone", count=3 * (lives or run))
        with Client(self.socket) as client:
            wait_for(lambda: client.call("Health")["counts"]["running"] == 2, what="a and b")
        below = [other for other, words in self.outer.marked().items() if "alone.py" in words]
        assert len(below) == 3, below
        return pid, below


@pytest.fixture
def nest(reeve, tmp_path):
    return Nest(reeve, tmp_path)


@both_trackings
@pytest.mark.parametrize("kill_mode", ["group", "tree"])
def test_a_stop_goes_down_in_order(nest, best_effort, kill_mode):
    pid, below = nest.start(best_effort, kill_mode=kill_mode)
    assert nest.outer.health()["counts"]["orphans"] == 0
    assert nest.outer.call("Stop", units=["inner"])["results"][0]["ok"]
    assert not any(map(process_alive, [pid, *below]))
    record = nest.outer.last_exit("inner")
    assert (record["exit_code"], record["kill_at"], record["leftovers_killed"]) == (0, None, 0)
    if kill_mode == "group":
        said = [line for line in nest.outer.lines if ": stopped" in line]
        assert said[:2] == ["reeved: b: stopped", "reeved: a: stopped"], said
    assert nest.outer.call("Start", units=["inner"])["results"][0]["ok"]
    nest.up(2)
    assert not nest.outer.said("two copies") and not nest.outer.said("earlier reeved left")


@both_trackings
def test_the_inner_one_is_killed(nest, best_effort):
    """By cgroup what it leaves is ended before its next run. Without, its units are in sessions of
    their own and nobody's children: orphans, until the next run of the inner one ends them."""
    pid, below = nest.start(best_effort)
    for run in range(2, 5):
        os.kill(pid, signal.SIGKILL)
        nest.outer.wait_for(lambda: nest.outer.unit("inner")["run"] == run, what="the next run")
        pid, now = nest.up(run)
        assert not set(below) & set(now) and not any(map(process_alive, below))
        below = now
        assert nest.outer.said("earlier reeved left") == best_effort
        assert nest.outer.health()["counts"]["orphans"] == 0
    assert not nest.outer.said("two copies")


@both_trackings
def test_the_inner_one_is_killed_by_the_outer(nest, best_effort):
    """It waits for a unit that does not listen, and its own time is shorter: all below it goes with
    it, in the same moment."""
    pid, below = nest.start(best_effort, deaf="deaf", stop_timeout="500ms")
    assert nest.outer.call("Stop", units=["inner"])["results"][0]["ok"]
    assert not any(map(process_alive, [pid, *below]))
    record = nest.outer.last_exit("inner")
    assert (record["reason"], record["signal"]) == ("forced_kill", "KILL"), record
    assert nest.outer.health()["counts"]["orphans"] == 0
    assert nest.outer.call("Start", units=["inner"])["results"][0]["ok"]
    nest.up(2)
    assert not nest.outer.said("two copies")


@both_trackings
def test_the_end_of_the_outer_one_is_the_end_of_all(nest, best_effort):
    pid, below = nest.start(best_effort, deaf="deaf", stop_timeout="500ms")
    nest.outer.stop()
    assert not any(map(process_alive, [pid, *below]))
    assert not nest.outer.said("orphan")


@both_trackings
def test_the_outer_one_is_killed(nest, best_effort):
    """The next outer one ends all of it before it starts anything, the inner one's units too."""
    pid, below = nest.start(best_effort)
    nest.outer.kill()
    assert all(map(process_alive, [pid, *below]))
    nest.outer.start(best_effort=best_effort)
    nest.outer.wait_line("inner: an earlier reeved left 4 processes")
    again, now = nest.up(1, lives=2)
    assert not any(map(process_alive, [pid, *below])) and again != pid and not set(now) & set(below)
    assert not nest.outer.said("two copies")
    nest.outer.stop()
    nest.outer.may_leave = False
