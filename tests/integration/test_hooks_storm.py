"""Everything at once and in any order: hooks, deaths, stops, restarts, reloads and holds."""
import os
import random
import signal
import time

import pytest
from actors import ACTOR, ALIVE, replay
from daemon import wait_for
from follower import Follower
from hooking import HOOKS
from trouble import both_trackings

UNITS = ("a", "b", "c", "d", "e", "f")
EDGES = {("a", "b"): "ready", ("b", "c"): "ready", ("d", "c"): "ready"}
STORM_S = 6
COMMANDS = ("sh -c 'sleep 0.0{n}'",
            "sh -c 'sleep 0.0{n}; exit {n}'",
            "sh -c '(trap \"\" TERM; sleep 9) & exit 0'",
            "sh -c 'trap \"\" TERM; sleep 0.{n}'",
            "/nonexistent",
            "sh -c 'sleep 0.0{n}; kill -9 $$'",
            "sh -c 'sleep 0.0{n}; kill $REEVE_MAIN_PID'")


def configuration(rng, directory):
    """Any hooks for each; those that decide something go well more often than not."""
    text = ""
    for name in UNITS:
        text += (f"[service:{name}]\nrestart_delay = 5ms\nrestart_delay_max = 20ms\n"
                 f"hook_timeout = {rng.choice((150, 300))}ms\nstop_timeout = 400ms\n"
                 f"command = {ACTOR} {directory} term={rng.choice((0, 20, 'never'))}\n")
        below = [b for a, b in EDGES if a == name]
        if below:
            text += f"requires = {' '.join(below)}\n"
        for hook in HOOKS:
            if rng.random() < 0.3:
                continue
            kinds = COMMANDS[:1] if hook == "pre_start" and rng.random() < 0.7 else COMMANDS
            lines = [rng.choice(kinds).replace("{n}", str(rng.randint(1, 9))) for _ in range(rng.randint(1, 2))]
            text += f"{hook} = " + "\n  ".join(lines) + "\n"
    return text


def processes(stage):
    """Whatever of the units, hooks included, lives now."""
    return [pid for pid in stage.marked() if pid != stage.pid]


def disturb(stage, rng, client):
    """One thing that somebody may do."""
    what = rng.random()
    names = rng.sample(UNITS, rng.randint(1, 2))
    if what < 0.25:
        living = processes(stage)
        if living:
            try:
                os.kill(rng.choice(living), rng.choice((signal.SIGKILL, signal.SIGTERM)))
            except ProcessLookupError:
                pass
    elif what < 0.4:
        client.call("Hold", units=names, for_ms=rng.choice((0, 20, 200)))
    else:
        method = rng.choice(("Start", "Start", "Stop", "Restart", "Restart", "Reload"))
        client.call(method, units=names, wait=False)


@both_trackings
@pytest.mark.parametrize("seed", [1, 2])
def test_a_storm(stage, best_effort, seed):
    """Never two copies, never out of order; afterwards all is as asked, and nothing is left."""
    rng = random.Random(seed)
    stage.reeve.configure(configuration(rng, stage.directory), events_kept=65536)
    stage.start(best_effort=best_effort)
    with Follower(stage, timeout=60) as follower, stage.connect() as client:
        end = time.monotonic() + STORM_S
        while time.monotonic() < end:
            disturb(stage, rng, client)
        client.call("Hold", units=["*"], for_ms=0)
        client.call("Stop", units=["*"], timeout_ms=20000)
        wait_for(lambda: set(stage.states().values()) <= {"stopped", "failed", "completed"})
        wait_for(lambda: not processes(stage), what="nothing to be left")
        client.call("Start", units=["*"], wait=False)
        for name in UNITS:
            stage.wait_unit(name, state=lambda state: state in ("running", "waiting", "backoff",
                                                                "starting"))
        client.call("Stop", units=["*"], timeout_ms=20000)
        wait_for(lambda: not set(stage.states().values()) & set(ALIVE))
        follower.until_seq(stage.seq())
        assert not follower.lost
        replay(follower.events, EDGES)
    stage.copies_alone()
    check_records(stage)
    stage.stop(timeout=60)
    assert not processes(stage)


def check_records(stage):
    """Each run is told once, in order, and what it tells fits together."""
    told, failed = {}, set()
    for event in stage.events("unit.exited"):
        record, unit = event["exit"], event["unit"]
        assert record["run"] == told.get(unit, 0) + 1, event
        told[unit] = record["run"]
        failed |= {f["hook"] for f in record["failed_hooks"]}
        if record["pid"] is None:
            assert record["exit_code"] is None and record["signal"] is None, record
            assert record["ready_after_ms"] is None
            assert not {f["hook"] for f in record["failed_hooks"]} - {"pre_start", "post_stop"}
        if record["error"] and record["error"]["stage"] == "pre_start":
            assert record["reason"] == "start_failed" and record["pid"] is None, record
        if record["ready_after_ms"] is None:
            assert not {f["hook"] for f in record["failed_hooks"]} - {"pre_start", "post_stop"}
    assert sum(told.values()) >= 30 and len(failed) >= 2, "it was no storm"
    for unit in UNITS:
        assert stage.unit(unit)["run"] == told.get(unit, 0)


def test_two_restarts_at_once_during_hooks_never_give_two_copies(stage):
    """A lock that only one copy gets says so."""
    stage.configure("[service:x]\n" + "".join(f"{hook} = sleep 0.05\n" for hook in HOOKS[:3])
                    + "post_stop = sleep 0.05\n").start()
    connections = [stage.connect() for _ in range(4)]
    for _ in range(5):
        for connection in connections:
            connection.send("Restart", {"units": ["x"]})
            time.sleep(0.02)
        for connection in connections:
            assert connection.receive()["parameters"]["results"][0]["ok"]
    for connection in connections:
        connection.close()
    stage.copies_alone()
    assert stage.unit("x")["run"] >= 6
