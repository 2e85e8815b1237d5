"""What the fault tests share: how reeved is put into trouble, and what they ask afterwards."""
import ctypes
import os
import re
import sys

import pytest
from conftest import cgroup_required, root_required
from daemon import ROOT

sys.path.append(os.path.join(ROOT, "tests", "faults"))

# Both ways of knowing a run's processes; the second hides the cgroup hierarchy from reeved.
both_trackings = pytest.mark.parametrize("best_effort", [
    pytest.param(False, id="cgroup", marks=cgroup_required),
    pytest.param(True, id="best-effort", marks=root_required)])

_PR_SET_CHILD_SUBREAPER = 36
_RUN_ENDED = re.compile(r"^reeved: (\S+): run (\d+) ended after ")


def cpu_seconds(pid):
    """What a process has computed so far, in user and kernel mode."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def runs_told(reeve, unit):
    """The numbers of the runs whose end the log told, in its order."""
    return [int(match[2]) for line in list(reeve.lines)
            if (match := _RUN_ENDED.match(line)) and match[1] == unit]


def assert_runs_told(reeve, unit, last):
    """The log tells each run from 1 to the last once, in order, and does so before long."""
    reeve.wait_for(lambda: len(runs_told(reeve, unit)) >= last, what=f"the end of run {last}")
    told = runs_told(reeve, unit)
    assert told == list(range(1, len(told) + 1)), told


def open_descriptors(pid):
    """{descriptor: what it leads to}"""
    found = {}
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            found[int(fd)] = os.readlink(f"/proc/{pid}/fd/{fd}")
        except FileNotFoundError:
            pass
    return found


def adopt_orphans(yes):
    """Makes this process the parent of what its descendants leave, or no longer."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, int(yes), 0, 0, 0)
