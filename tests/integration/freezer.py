"""Processes that do not die of SIGKILL while we say so: frozen in a cgroup of the v1 freezer they do
not get it, as one that waits for a broken disk or a dead file server."""
import contextlib
import itertools
import os

import host
import pytest
from daemon import process_alive, wait_for

freezer_required = pytest.mark.skipif(host.writable_freezer() is None,
                                      reason="freezer: no writable v1 freezer here")
_numbers = itertools.count(1)


class Freezer:
    """One cgroup: who is in it is frozen, all of them or nobody."""

    def __init__(self):
        self.directory = os.path.join(host.writable_freezer(),
                                      f"reeve-test-{os.getpid()}.{next(_numbers)}")
        os.mkdir(self.directory)

    def _write(self, name, text):
        with open(os.path.join(self.directory, name), "w", encoding="ascii") as out:
            out.write(text)

    def _state(self):
        with open(os.path.join(self.directory, "freezer.state"), encoding="ascii") as state:
            return state.read().strip()

    def pids(self):
        with open(os.path.join(self.directory, "cgroup.procs"), encoding="ascii") as lines:
            return list(map(int, lines))

    def freeze(self, *pids):
        for pid in pids:
            self._write("cgroup.procs", str(pid))
        self._write("freezer.state", "FROZEN")
        wait_for(lambda: self._state() == "FROZEN", what="them to freeze")

    def thaw(self):
        self._write("freezer.state", "THAWED")

    def close(self):
        """Lets go of all; they live on, but for what they were sent."""
        self.thaw()
        parent = os.path.join(os.path.dirname(self.directory), "cgroup.procs")
        for pid in self.pids():
            with contextlib.suppress(OSError), open(parent, "w", encoding="ascii") as out:
                out.write(str(pid))
        wait_for(lambda: not self.pids(), what="the freezer to be empty")
        os.rmdir(self.directory)


def pending_kill(pid):
    """Whether it was sent SIGKILL and did not die yet."""
    if not process_alive(pid):
        return False
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
        masks = dict(line.split(None, 1) for line in status if "Pnd:" in line)
    return any(int(mask, 16) >> 8 & 1 for mask in masks.values())
