"""Who is told to end, and when, by kill_mode and by what each process of a run did to escape."""
import os
import signal
import sys

import pytest
from daemon import process_alive
from trouble import both_trackings

# Writes a line for each thing that happens, so that the order is the file's. main ends a moment after
# the gate is opened; the others stay whatever they are told.
#   kid       a child in main's group           aside     a child in a group of its own
#   daughter  a child that leads a session      grandson  leads a session, and its parent is gone
FAMILY = """
import os, signal, sys, time
place = sys.argv[1]
book = os.open(place + "/book", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

def say(*words):
    os.write(book, (" ".join(map(str, words)) + "\\n").encode())

def live(name):
    signal.signal(signal.SIGTERM, lambda *unused: say("told", name))
    say("here", name, os.getpid())
    while name != "main" or not os.path.exists(place + "/gate"):
        time.sleep(0.01)
    say("ends", name)
    os._exit(0)

def member(name, escape):
    if os.fork() == 0:
        escape()
        live(name)

def twice():
    if os.fork():
        os._exit(0)
    os.setsid()

member("kid", lambda: None)
member("aside", lambda: os.setpgid(0, 0))
member("daughter", os.setsid)
member("grandson", twice)
os.wait()  # the parent of the grandson
live("main")
"""
ALL = {"main", "kid", "aside", "daughter", "grandson"}
FIRST = {"group": {"main", "kid"}, "main": {"main"}, "tree": ALL}


class Family:
    def __init__(self, reeve, tmp_path):
        self.reeve, self.place = reeve, tmp_path
        (tmp_path / "family.py").write_text(FAMILY, encoding="ascii")

    def start(self, best_effort, **keys):
        self.reeve.configure(f"[service:x]\ncommand = {sys.executable} -I {self.place}/family.py "
                             f"{self.place}\n" + "".join(f"{k} = {v}\n" for k, v in keys.items()))
        self.reeve.start(best_effort=best_effort)
        self.reeve.wait_for(lambda: len(self.lines("here")) == 5, what="all to be there")
        return {name: int(pid) for _, name, pid in self.lines("here")}

    def lines(self, *what):
        try:
            text = (self.place / "book").read_text(encoding="ascii")
        except FileNotFoundError:
            return []
        return [line.split() for line in text.splitlines() if not what or line.split()[0] in what]

    def told(self):
        """Who was told to end, each time."""
        return [name for _, name in self.lines("told")]

    def told_before_main_ended(self):
        lines = self.lines("told", "ends")
        return [name for _, name in lines[:lines.index(["ends", "main"])]]

    def open_gate(self):
        (self.place / "gate").touch()


@pytest.fixture
def family(reeve, tmp_path):
    return Family(reeve, tmp_path)


@both_trackings
@pytest.mark.parametrize("kill_mode", ["group", "main", "tree"])
def test_who_is_told_and_when(reeve, family, kill_mode, best_effort):
    """First whom kill_mode names; whoever outlives main is told then; SIGKILL comes to all."""
    pids = family.start(best_effort, kill_mode=kill_mode, stop_timeout="60s")
    orphans = {"grandson"} if best_effort else set()
    first = FIRST[kill_mode] - orphans
    assert reeve.health()["counts"]["orphans"] == len(orphans)
    with reeve.connect() as client:
        client.send("Stop", {"units": ["x"]})
        reeve.wait_for(lambda: set(family.told()) >= first, what="the stop signal")
        family.open_gate()
        survivors = ALL - {"main"} - orphans
        reeve.wait_for(lambda: family.lines("ends"), what="main to end")
        reeve.wait_for(lambda: set(family.told()) >= survivors, what="survivors to be told")
        assert set(family.told_before_main_ended()) == first, family.lines()
        assert sorted(family.told_before_main_ended()) == sorted(first), "each of them once"
        unit = reeve.wait_unit("x", pid=None)
        assert unit["state"] == "stopping"
        assert all(process_alive(pids[name]) for name in survivors)
        reeve.send_signal(signal.SIGTERM)
        reeve.wait_line("shutting down")
        reeve.send_signal(signal.SIGINT)  # does not wait for the minute
        assert client.receive()["parameters"]["results"][0]["ok"]
    assert reeve.process.wait(30) == 0
    assert not any(process_alive(pids[name]) for name in ALL - orphans)
    for name in orphans:
        assert process_alive(pids[name]) and name not in family.told()
        reeve.wait_line(rf"shutdown: 1 orphan is left running: {pids[name]} ")
        os.kill(pids[name], signal.SIGKILL)
        reeve.wait_for(lambda: not process_alive(pids[name]), what="the orphan to be gone")
