"""Readiness and health while clocks jump and system calls fail.

Run by `make check-faults`, as test_fault_syscalls.py.
"""
import errno
import time

import pytest
from actors import Stage
from daemon import BUILD
from test_fault_syscalls import YEAR
from trouble import both_trackings, cpu_seconds, open_descriptors

from fault_table import ALWAYS

pytestmark = pytest.mark.skipif(not BUILD.rstrip("/").endswith("/fault"),
                                reason="not the build with faults")


@pytest.fixture
def stage(faulty):
    made = Stage(faulty)
    made.begin = faulty.begin
    yield made
    made.close()


# ---- clocks -------------------------------------------------------------------------------------
@pytest.mark.parametrize("jump", [YEAR, -YEAR], ids=["forward", "back"])
def test_the_wall_clock_jumps_a_year_while_units_are_looked_at(stage, table, puppets, jump):
    """Nobody is late, or early, by that: neither a look, nor the time to get ready, nor a start
    period, nor a watchdog."""
    stage.configure(f"""
        [service:looked]
        health = exec:look take=100
        health_interval = 300ms
        health_timeout = 5s
        [service:young]
        health = exec:look code=1
        health_interval = 100ms
        health_retries = 1
        health_start_period = 2s
        [service:never]
        ready = exec:look code=1
        ready_interval = 100ms
        ready_timeout = 2s
        restart = never
        [service:fed]
        command = {puppets.command}
        health = notify
        health_interval = 1500ms
        health_retries = 1
    """).begin()
    fed = puppets.wait("fed")
    for name in ("looked", "young", "never"):
        stage.wait("looked", name, count=2)
    fed.notify("WATCHDOG=1")
    stage.wait_unit("fed", health="healthy")
    # The shortened gap after the first success is over then.
    stage.wait("looked", "looked", count=3)
    n_looks = len(stage.looks("looked"))
    table.set_value("wall_clock", jump)
    assert stage.unit("fed")["health"] == "healthy"
    assert stage.unit("young")["health"] is None and stage.unit("never")["state"] == "starting"
    stage.wait("looked", "looked", count=n_looks + 4)
    looks = [look for look in stage.looks("looked") if look[1]][n_looks:]
    gaps = [begin - end for (_, end), (begin, _) in zip(looks, looks[1:])]
    assert all(0.29 <= gap < 2 for gap in gaps), gaps
    assert stage.unit("looked")["health"] == "healthy"
    stage.wait_unit("fed", health="unhealthy")  # it was fed once
    stage.wait_unit("young", health="unhealthy")
    last = stage.wait_unit("never", state="failed")["last_exit"]
    assert 1990 <= last["duration_ms"] < 8000, last
    assert last["started_at"][:4] != last["ended_at"][:4]


# ---- what reeved lacks is not the unit's fault --------------------------------------------------
LACKS = [("socket", errno.EMFILE, "tcp:127.0.0.1:1"), ("socket", errno.ENFILE, "unix:/no/such"),
         ("socket", errno.ENOBUFS, "tcp:127.0.0.1:1"), ("pipe2", errno.EMFILE, "exec:false"),
         ("clone3", errno.ENOMEM, "exec:false"), ("clone3", errno.EAGAIN, "exec:false")]


@pytest.mark.parametrize("call, error, health", LACKS)
def test_what_cannot_be_looked_at_is_not_unhealthy(faulty, table, call, error, health):
    """Nor is it restarted. As soon as it can be looked at, what is found counts."""
    faulty.configure(f"""
        [service:web]
        command = sleep 1000
        autostart = no
        health = {health}
        health_interval = 500ms
        health_retries = 1
        health_action = restart
    """).begin()
    faulty.call("Start", units=["web"])
    table.set(call, error, ALWAYS)
    faulty.wait_for(lambda: table.hits(call) >= 3, what="looks that cannot be taken")
    web = faulty.unit("web")
    assert (web["state"], web["run"], web["health"]) == ("running", 1, None), web
    table.clear(call)
    faulty.wait_unit("web", run=2)
    assert faulty.last_exit("web")["requested_by"] == "health"


@both_trackings
def test_a_start_without_a_descriptor_to_be_ready_on(faulty, table, puppets, best_effort):
    """It is recorded, and tried again."""
    faulty.configure(f"""
        [service:web]
        command = {puppets.command}
        ready = fd:3
        restart_delay = 100ms
        restart_jitter = 0%
        autostart = no
    """).begin(best_effort)
    n_descriptors = len(open_descriptors(faulty.pid))
    table.set("pipe2", errno.EMFILE, times=2)
    faulty.call("Start", units=["web"], wait=False)
    web = puppets.wait("web")
    web.do("write", 3, "\n")
    shown = faulty.wait_unit("web", state="running")
    assert shown["run"] == 3
    records = faulty.show("web")["records"]
    assert all(r["reason"] == "start_failed" and r["error"]["errno"] == "EMFILE" for r in records)
    faulty.call("Stop", units=["web"])
    faulty.disconnect()
    faulty.wait_for(lambda: len(open_descriptors(faulty.pid)) <= n_descriptors,
                    what="the descriptors to be closed")


def test_notifications_cannot_be_read_for_a_while(faulty, table, puppets):
    """It does not spin, and hears them afterwards."""
    faulty.configure(f"""
        [service:web]
        command = {puppets.command}
        ready = notify
    """).begin()
    web = puppets.wait("web")
    table.set("recvmsg", errno.ENOMEM, ALWAYS)
    web.notify("READY=1")
    faulty.wait_for(lambda: table.hits("recvmsg"), what="it to be hit")
    before, hits = cpu_seconds(faulty.pid), table.hits("recvmsg")
    time.sleep(1)
    assert cpu_seconds(faulty.pid) - before < 0.5 and table.hits("recvmsg") - hits < 20
    table.clear("recvmsg")
    faulty.wait_unit("web", state="running", run=1)
