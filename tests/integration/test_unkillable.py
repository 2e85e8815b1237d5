"""What does not die of SIGKILL: it is told, nothing runs beside it, and nobody else waits for it."""
import os
import signal
import time

from daemon import process_alive, wait_for
from follower import Follower
from freezer import freezer_required, pending_kill
from times import milliseconds
from trouble import both_trackings

pytestmark = freezer_required
STUCK = "unkillable: processes of its run outlive SIGKILL"


def told_unkillable(events, unit):
    return [e for e in events if e["type"] == "unit.unkillable" and e["unit"] == unit]


@both_trackings
def test_a_main_process_that_is_held(reeve, freezer, best_effort):
    reeve.configure("""
        [service:x]
        command = sh -c 'trap "" TERM; exec sleep 1000'
        stop_timeout = 200ms
    """).start(best_effort=best_effort)
    pid = reeve.wait_unit("x", state="running")["pid"]
    reeve.wait_for(lambda: "sleep" in reeve.marked().get(pid, ""), what="the trap")
    freezer.freeze(pid)
    with Follower(reeve, types=["unit.unkillable", "unit.state", "unit.exited"]) as follower:
        asked = time.monotonic()
        result = reeve.call("Stop", units=["x"])["results"][0]
        assert not result["ok"] and result["state"] == "killing" and STUCK in result["message"]
        assert 2.1 <= time.monotonic() - asked < 10
        assert pending_kill(pid)
        told = follower.until(lambda e: e["type"] == "unit.unkillable")
        assert (told["unit"], told["run"]) == ("x", 1)
        reeve.wait_line(r"^reeved: error: x: unkillable")
        # Whoever wants it up again learns at once that it cannot be.
        for verb in ("start", "restart"):
            ended = reeve.ctl(verb, "x")
            assert ended.returncode == 1 and "unkillable" in ended.stderr, ended
        assert reeve.ctl("why", "x").stdout.count("unkillable") == 1
        assert reeve.unit("x")["run"] == 1 and reeve.unit("x")["pid"] == pid
        assert reeve.show("x")["records"] == []
        assert reeve.ctl("stop", "x").returncode == 1
        freezer.thaw()
        reeve.wait_unit("x", state="stopped", run=1)
        exited = follower.until(lambda e: e["type"] == "unit.exited")
        assert len(told_unkillable(follower.events, "x")) == 1
    record = exited["exit"]
    assert (record["reason"], record["signal"], record["requested_by"]) == \
        ("forced_kill", "KILL", "user"), record
    assert milliseconds(record["kill_at"]) - milliseconds(record["stop_signal_at"]) < 1500, \
        "the first SIGKILL counts"
    assert reeve.call("Start", units=["x"])["results"][0]["ok"]
    assert reeve.unit("x")["run"] == 2


@both_trackings
def test_the_start_that_was_asked_meanwhile_follows(reeve, freezer, best_effort):
    reeve.configure("""
        [service:x]
        command = sleep 1000
        stop_timeout = 100ms
        restart_delay = 0
    """).start(best_effort=best_effort)
    pid = reeve.wait_unit("x", state="running")["pid"]
    freezer.freeze(pid)
    result = reeve.call("Restart", units=["x"])["results"][0]
    assert not result["ok"] and STUCK in result["message"], result
    assert reeve.unit("x")["goal"] == "up"
    freezer.thaw()
    unit = reeve.wait_unit("x", state="running", run=2)
    assert unit["pid"] != pid and not process_alive(pid)


FAMILY = """
    [service:x]
    command = sh -c 'setsid sh -c "echo worker \\$\\$ >&2; exec sleep 1000" & echo main $$ >&2; read x < {fifo}; exit 3'
    stop_timeout = 100ms
    restart_delay = 10ms
"""


def start_family(reeve, tmp_path, best_effort, **keys):
    """A main process that ends when told to, with a worker. Returns the worker and the end."""
    fifo = tmp_path / "fifo"
    if not fifo.exists():
        os.mkfifo(fifo)
    text = FAMILY.format(fifo=fifo)
    # What left the session and outlived main would be no concern of a best-effort run.
    reeve.configure(text.replace("setsid ", "") if best_effort else text, **keys)
    reeve.start(best_effort=best_effort)
    worker = int(reeve.wait_line("^worker").split()[1])
    reeve.wait_unit("x", state="running", run=1)

    def end():
        with open(fifo, "w", encoding="ascii"):
            pass
    return worker, end


@both_trackings
def test_a_worker_that_is_held_holds_the_next_run(reeve, freezer, tmp_path, best_effort):
    """Main ended by itself: the record has to wait, since the run is not over."""
    worker, end = start_family(reeve, tmp_path, best_effort)
    freezer.freeze(worker)
    end()
    reeve.wait_line("x: unkillable")
    unit = reeve.unit("x")
    assert (unit["state"], unit["goal"], unit["run"], unit["pid"]) == ("killing", "up", 1, None)
    assert pending_kill(worker)
    ended = reeve.ctl("start", "x")
    assert ended.returncode == 1 and "unkillable" in ended.stderr, ended
    assert reeve.unit("x")["run"] == 1, "no next run beside it"
    freezer.thaw()
    record = reeve.wait_unit("x", state="running", run=2)["last_exit"]
    assert (record["exit_code"], record["reason"]) == (3, "runtime_error"), record
    assert record["leftovers_killed"] == 1
    assert not process_alive(worker)


@both_trackings
def test_a_worker_is_held_while_main_obeys(reeve, freezer, tmp_path, best_effort):
    """The stop finds main willing; what is left of the run is not."""
    worker, _ = start_family(reeve, tmp_path, best_effort)
    freezer.freeze(worker)
    result = reeve.call("Stop", units=["x"])["results"][0]
    assert not result["ok"] and STUCK in result["message"], result
    freezer.thaw()
    reeve.wait_unit("x", state="stopped", run=1)
    record = reeve.last_exit("x")
    assert (record["signal"], record["leftovers_killed"]) == ("TERM", 1), record
    reeve.wait_line("x: 1 process it left behind was killed")


@both_trackings
def test_the_order_goes_on_without_it(reeve, freezer, best_effort):
    """What is to stop after it stops; what starts after it waits no longer than needed."""
    reeve.configure("""
        [service:base]
        command = sleep 1000
        [service:middle]
        command = sleep 1000
        requires = base
        stop_timeout = 100ms
        [service:top]
        command = sleep 1000
        requires = middle
        [service:beside]
        command = sleep 1000
    """).start(best_effort=best_effort)
    before = {n: reeve.wait_unit(n, state="running")["pid"]
              for n in ("base", "middle", "top", "beside")}
    freezer.freeze(before["middle"])
    results = {r["unit"]: r for r in reeve.call("Stop", units=["base"])["results"]}
    assert results["base"]["ok"] and not results["middle"]["ok"], results
    states = {n: reeve.unit(n)["state"] for n in before}
    assert states == {"base": "stopped", "middle": "killing", "top": "stopped", "beside": "running"}
    assert reeve.unit("beside")["pid"] == before["beside"]
    # Up again, as far as it can be: top needs middle.
    assert reeve.call("Start", units=["base"])["results"][0]["ok"]
    result = reeve.call("Start", units=["top"], timeout_ms=500)["results"][0]
    assert not result["ok"] and reeve.unit("top")["state"] == "waiting", result
    freezer.thaw()
    reeve.wait_unit("top", state="running", run=2)
    reeve.wait_unit("middle", state="running", run=2)


@both_trackings
def test_a_shutdown_keeps_its_budget(make_reeve, freezer, best_effort):
    """It ends in time, says what it leaves, and all the others were stopped in their order."""
    reeve = make_reeve("first")
    reeve.configure("""
        [service:base]
        command = sh -c 'trap "echo base ends >&2; exit 0" TERM; echo up >&2; while :; do sleep 0.01; done'
        [service:held]
        command = sleep 1000
        requires = base
    """, shutdown_timeout="3s").start(best_effort=best_effort)
    reeve.wait_line("^up")
    pid = reeve.wait_unit("held", state="running")["pid"]
    freezer.freeze(pid)
    began = time.monotonic()
    reeve.send_signal(signal.SIGTERM)
    assert reeve.process.wait(30) == 0
    took = time.monotonic() - began
    assert took < 3.5, took  # the end of standard error would be waited for longer: held has it
    reeve.wait_line("^base ends$")  # stopped in time all the same
    reeve.wait_line(r"^reeved: error: held: unkillable")
    reeve.wait_line(r"^reeved: error: shutdown: the time is up")
    assert pending_kill(pid)
    reeve.may_leave = True


@both_trackings
def test_a_look_that_is_held(reeve, freezer, best_effort):
    """A probe's process in such a sleep: the unit is not blamed for long, nor does it pile up."""
    reeve.configure("""
        [service:x]
        command = sleep 1000
        health = exec:sh -c 'echo look $$ >&2; exec sleep 1000'
        health_interval = 100ms
        health_timeout = 200ms
        health_retries = 1
        stop_timeout = 200ms
    """).start(best_effort=best_effort)
    look = int(reeve.wait_line("^look").split()[1])
    freezer.freeze(look)
    reeve.wait_unit("x", state="running", health="unhealthy")
    looks = [pid for pid, words in reeve.marked().items() if words.startswith("sleep 1000")]
    assert len(looks) <= 2 + 1, looks
    reeve.call("Stop", units=["x"], timeout_ms=10000)
    freezer.thaw()
    reeve.wait_unit("x", state="stopped")
    reeve.wait_for(lambda: not reeve.marked(), what="the look to be gone")


@both_trackings
def test_a_look_that_is_held_at_the_end(reeve, freezer, best_effort):
    """It may take the time there is, but no more, and whose it was is told."""
    reeve.configure("""
        [service:x]
        command = sleep 1000
        health = exec:sh -c 'echo look $$ >&2; exec sleep 1000'
        health_interval = 100ms
        health_timeout = 200ms
    """, shutdown_timeout="1s").start(best_effort=best_effort)
    look = int(reeve.wait_line("^look").split()[1])
    freezer.freeze(look)
    began = time.monotonic()
    reeve.send_signal(signal.SIGTERM)
    assert reeve.process.wait(30) == 0
    assert 0.9 < time.monotonic() - began < 2
    reeve.wait_line("x: unkillable: SIGKILL did not end a command that looked at it")
    assert pending_kill(look)
    reeve.may_leave = True


@both_trackings
def test_what_a_killed_reeved_left_is_held(make_reeve, freezer, best_effort):
    """The next one tries for two seconds, says so, and goes on: nobody else's start depends on it."""
    first = make_reeve("first")
    second = make_reeve("second", share=first)
    for daemon in (first, second):
        daemon.configure("[service:x]\ncommand = sleep 1000\n[service:y]\ncommand = sleep 1001\n")
    first.start(best_effort=best_effort)
    before = {name: first.wait_unit(name, state="running")["pid"] for name in ("x", "y")}
    freezer.freeze(before["x"])
    first.kill()
    second.start(best_effort=best_effort)
    second.wait_line("error: not all that an earlier reeved left has ended")
    for name in ("x", "y"):
        assert second.wait_unit(name, state="running")["pid"] != before[name]
    # Their cgroup is not given to anybody else while it is in it.
    assert second.show("x")["tracking"] == "best_effort"
    assert second.show("y")["tracking"] == ("best_effort" if best_effort else "cgroup")
    assert pending_kill(before["x"]) and not process_alive(before["y"])
    freezer.thaw()
    wait_for(lambda: not process_alive(before["x"]), what="its end")
    assert second.call("Restart", units=["x"])["results"][0]["ok"]
    assert second.show("x")["tracking"] == ("best_effort" if best_effort else "cgroup")
    second.stop()
    assert not second.marked()
