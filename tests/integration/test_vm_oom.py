"""Whom the kernel's out-of-memory killer took, and where that cannot be known."""
import os

import pytest
from conftest import machine_required

pytestmark = machine_required

MIB = 1 << 20
EATER = "python3 -Ic 'import os, sys; os.write(2, b\"hungry\\n\"); open(\"{bell}\").read(); " \
    "food = [bytearray(1 << 20) for _ in range({mib})]'"


@pytest.fixture
def eater(reeve, tmp_path):
    """A function: starts reeved with a service that will eat so many MiB, has `before` done, and lets
    it begin. `shell`: what the service is, when it is more than the eater."""
    bell = tmp_path / "bell"
    os.mkfifo(bell)

    def begin(mib, before=lambda: None, shell="exec {}"):
        program = tmp_path / "eater.sh"
        program.write_text(shell.format(EATER.format(bell=bell, mib=mib)) + "\n", encoding="ascii")
        reeve.configure(f"""
            [service:eater]
            command = sh {program}
            restart = never
            [service:other]
            command = sh -c 'exit 3'
            restart = never
        """).start()
        reeve.wait_line("^hungry")
        before()
        os.close(os.open(bell, os.O_WRONLY))
        return reeve.wait_unit("eater", state="failed")["last_exit"]

    return begin


def write(path, value):
    with open(os.path.join("/sys/fs/cgroup", path), "w", encoding="ascii") as out:
        out.write(str(value))


def test_a_unit_that_took_more_than_its_cgroup_may(reeve_at_root, eater):
    record = eater(200, lambda: write("reeve.eater/memory.max", 64 * MIB))
    assert record["oom_kill"] is True, record
    assert (record["reason"], record["signal"]) == ("signal", "KILL"), record
    assert record["requested_by"] is None and record["kill_at"] is None
    # Who ended for another reason did so in a cgroup of its own, and it is known.
    assert reeve_at_root.wait_unit("other", state="failed")["last_exit"]["oom_kill"] is False
    assert "killed by SIGKILL, out of memory" in reeve_at_root.ctl("why", "eater").stdout
    assert "out of memory" in reeve_at_root.ctl("errors").stdout


def test_the_next_run_begins_without_it(reeve_at_root, eater):
    assert eater(200, lambda: write("reeve.eater/memory.max", 64 * MIB))["oom_kill"] is True
    reeve_at_root.call("Start", units=["eater"])
    reeve_at_root.wait_line("^hungry", count=2)
    assert reeve_at_root.call("Stop", units=["eater"])["results"][0]["ok"]
    record = reeve_at_root.last_exit("eater")
    assert (record["run"], record["oom_kill"], record["signal"]) == (2, False, "TERM"), record


def test_one_of_its_processes_was_taken_and_it_ended_for_that(reeve_at_root, eater):
    record = eater(200, lambda: write("reeve.eater/memory.max", 64 * MIB),
                   shell="{}; exit 7")
    assert (record["oom_kill"], record["exit_code"]) == (True, 7), record
    assert record["reason"] == "runtime_error"


def test_all_memory_of_the_machine_is_gone(reeve_at_root, eater):
    record = eater(1 << 16)
    assert (record["oom_kill"], record["signal"]) == (True, "KILL"), record
    assert reeve_at_root.health()["counts"]["failed"] == 2


def test_where_it_cannot_be_known(reeve, eater):
    """Below a cgroup without controllers, as in most containers: the limit is the container's, and
    its counter tells of no unit."""
    container = os.path.basename(reeve.cgroup)
    record = eater(200, lambda: write(f"{container}/memory.max", 64 * MIB))
    assert (record["oom_kill"], record["signal"]) == (None, "KILL"), record
