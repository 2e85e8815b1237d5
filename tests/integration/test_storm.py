"""Many at once: every death is counted, none twice, and the socket answers meanwhile."""
import os
import time

import pytest
from daemon import process_alive

pytestmark = pytest.mark.alone


def children_of(pid):
    """Pids of its children, zombies included."""
    found = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as text:
            found += map(int, text.read().split())
    return found


def test_ten_thousand_that_exit_at_once_are_all_recorded(reeve):
    """640 jobs of 16 attempts each, as many as a unit's records hold; each has its own code."""
    n_jobs, tries = 640, 16
    reeve.configure("".join(f"[job:j{n}]\ncommand = sh -c 'exit {1 + n % 255}'\n"
                            f"retries = {tries - 1}\nretry_delay = 0\nautostart = yes\nlog = null\n"
                            for n in range(n_jobs))).start()
    slowest = 0.0

    def all_failed():
        nonlocal slowest
        asked = time.monotonic()
        counts = reeve.health(limit=1)["counts"]
        slowest = max(slowest, time.monotonic() - asked)
        return counts["failed"] == n_jobs

    reeve.wait_for(all_failed, timeout=240, what="all jobs to fail")
    with reeve.connect() as client:
        for n in range(n_jobs):
            unit = client.call("Show", unit=f"j{n}")["unit"]
            assert unit["run"] == tries
            assert [r["run"] for r in unit["records"]] == list(range(tries, 0, -1))
            for record in unit["records"]:
                assert (record["exit_code"], record["signal"]) == (1 + n % 255, None), record
                assert record["reason"] == "runtime_error" and record["unit"] == f"j{n}"
    assert children_of(reeve.pid) == []
    assert slowest < 5, f"Health took {slowest:.1f} s during the storm"


def test_a_thousand_that_end_in_the_same_moment(reeve, tmp_path):
    """All wait for one writer of a fifo; its end ends them, and SIGCHLDs coalesce."""
    os.mkfifo(tmp_path / "gate")
    n_jobs = 1000
    reeve.configure("".join(f"[job:j{n}]\ncommand = sh -c 'read x < {tmp_path}/gate; exit {n % 251}'\n"
                            "autostart = yes\nlog = null\n" for n in range(n_jobs))).start()
    gate = os.open(tmp_path / "gate", os.O_WRONLY)
    try:
        reeve.wait_for(lambda: reeve.health(limit=1)["counts"]["running"] == n_jobs, timeout=120,
                       what="all jobs to run")
    finally:
        os.close(gate)

    def all_ended():
        counts = reeve.health(limit=1)["counts"]
        # A shell that had not opened the gate when it closed waits for the next opening.
        try:
            os.close(os.open(tmp_path / "gate", os.O_WRONLY | os.O_NONBLOCK))
        except OSError:
            pass
        return counts["completed"] + counts["failed"] == n_jobs

    reeve.wait_for(all_ended, timeout=120, what="all jobs to end")
    with reeve.connect() as client:
        for n in range(n_jobs):
            assert client.call("Show", unit=f"j{n}")["unit"]["last_exit"]["exit_code"] == n % 251
    assert children_of(reeve.pid) == []


ORPHANS = """\
import os, sys, time
read, write = os.pipe()
for _ in range(1000):
    if os.fork() == 0:
        os.close(write)
        os.setsid()
        os.read(read, 1)
        os._exit(0)
print("born", file=sys.stderr, flush=True)
os._exit(0)
"""


def test_a_thousand_orphans_exit_at_once(reeve, tmp_path):
    """Their parent dies and with it the writer they wait for: a thousand adopted deaths."""
    (tmp_path / "orphans.py").write_text(ORPHANS)
    reeve.configure(f"""
        [job:parent]
        command = /usr/bin/python3 -I {tmp_path}/orphans.py
        autostart = yes
        [service:stays]
        command = sleep 1000
    """).start()
    reeve.wait_line("^born", timeout=60)
    assert reeve.wait_unit("parent", state="completed", timeout=60)["last_exit"]["exit_code"] == 0
    stays = reeve.unit("stays")
    reeve.wait_for(lambda: children_of(reeve.pid) == [stays["pid"]], what="all to be reaped")
    assert reeve.health()["counts"]["orphans"] == 0
    assert process_alive(stays["pid"])


def test_an_unknown_child_is_reaped(reeve, tmp_path):
    """A process that reeved never started is handed to it when its parent dies."""
    reeve.configure(f"""
        [service:x]
        command = sh -c '(setsid sh -c "echo \\$\\$ > {tmp_path}/pid; exec sleep 0.3" &) ; exec sleep 1000'
    """).start()
    pid = int(reeve.wait_for(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text()))
    reeve.wait_for(lambda: not os.path.exists(f"/proc/{pid}"), what="the orphan to be reaped")
    assert reeve.unit("x")["state"] == "running"
