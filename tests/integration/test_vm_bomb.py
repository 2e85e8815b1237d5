"""A fork bomb in a unit, in a machine that it may blow up: it is ended, to its last process, and
reeved answers meanwhile."""
import os
import re

import pytest
from conftest import machine_required
from daemon import BUILD, wait_for

pytestmark = machine_required

BOMB = os.path.join(BUILD, "tests/integration/helpers/bomb")
MOST = 400
CGROUP = "/sys/fs/cgroup/reeve.bomb"
THREADS_MAX = "/proc/sys/kernel/threads-max"


class Bomb:
    """A service, armed. `most`: how many processes its cgroup may hold."""

    def __init__(self, reeve, directory, most="max"):
        self.reeve = reeve
        self.fuse = os.path.join(directory, "fuse")
        os.mkfifo(self.fuse)
        reeve.configure(f"""
            [service:bomb]
            command = {BOMB} {self.fuse}
            stop_timeout = 1s
            restart = never
            [service:bystander]
            command = sleep 1000
        """).start()
        reeve.wait_line("^armed")
        reeve.wait_unit("bystander", state="running")
        with open(os.path.join(CGROUP, "pids.max"), "w", encoding="ascii") as out:
            out.write(str(most))

    def go_off(self, size):
        """And returns when it is of this size."""
        os.close(os.open(self.fuse, os.O_WRONLY))
        wait_for(lambda: self.size() >= size, what="the bomb to grow")

    @staticmethod
    def size():
        with open(os.path.join(CGROUP, "pids.current"), encoding="ascii") as text:
            return int(text.read())

    def ended(self, state):
        """It is, and nothing else was hurt; the record of its run."""
        unit = self.reeve.wait_unit("bomb", state=state)
        assert not os.path.exists(CGROUP)
        assert not [words for words in self.reeve.marked().values() if words.startswith(BOMB)]
        bystander = self.reeve.unit("bystander")
        assert (bystander["state"], bystander["run"]) == ("running", 1)
        assert unit["run"] == 1
        return unit["last_exit"]


@pytest.fixture
def bomb(reeve_at_root, tmp_path):
    """One that may fill its cgroup, and has."""
    made = Bomb(reeve_at_root, str(tmp_path), MOST)
    made.go_off(MOST)
    return made


@pytest.fixture
def threads_max():
    """The machine has room for some more processes than there are, and no more."""
    with open(THREADS_MAX, encoding="ascii") as text:
        before = text.read()
    there = sum(name.isdigit() for name in os.listdir("/proc"))
    with open(THREADS_MAX, "w", encoding="ascii") as out:
        out.write(str(there + MOST))
    yield
    with open(THREADS_MAX, "w", encoding="ascii") as out:
        out.write(before)


def test_reevectl_is_answered_and_a_stop_ends_it(reeve, bomb):
    listed = reeve.ctl("list")
    assert listed.returncode == 0 and re.search(r"^bomb +running", listed.stdout, re.M), listed
    stopped = reeve.ctl("stop", "bomb")
    assert stopped.returncode == 0, stopped
    record = bomb.ended("stopped")
    assert (record["reason"], record["signal"]) == ("forced_kill", "KILL"), record


def test_a_kill_of_the_unit_ends_it(reeve, bomb):
    """Nobody escapes that is born while they are killed one after the other."""
    killed = reeve.ctl("signal", "--to", "tree", "KILL", "bomb")
    assert killed.returncode == 0, killed
    record = bomb.ended("failed")
    assert (record["reason"], record["signal"]) == ("signal", "KILL"), record
    assert record["requested_by"] is None and record["stop_signal_at"] is None


def test_leftovers_that_are_one(reeve, bomb):
    """Its first process is killed by somebody; the others are ended before the unit is."""
    os.kill(reeve.unit("bomb")["pid"], 9)
    record = bomb.ended("failed")
    assert record["signal"] == "KILL" and record["leftovers_killed"] >= MOST / 2, record


def test_one_that_fills_the_table_of_processes(reeve_at_root, tmp_path, threads_max):
    """No process can be made any more, so nobody can start a reevectl; reeved needs none to answer who
    is there already, nor for a stop."""
    made = Bomb(reeve_at_root, str(tmp_path))
    assert reeve_at_root.health()["counts"]["running"] == 2
    made.go_off(MOST - 50)
    assert reeve_at_root.health()["counts"]["running"] == 2
    result = reeve_at_root.call("Stop", units=["bomb"])["results"][0]
    assert result["ok"], result
    assert made.ended("stopped")["reason"] == "forced_kill"


def test_the_end_of_reeved_ends_it(reeve, bomb):
    reeve.stop()
    assert not os.path.exists(CGROUP) and not reeve.marked()
