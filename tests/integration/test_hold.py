"""Units that are held: what runs is left alone, and whatever would start them waits."""
import os
import re
import signal

import pytest
from actors import waits_for
from daemon import VarlinkError, process_alive, wait_for
from hooking import Asked, one
from times import milliseconds

MINUTE = 60_000
LONG = 10 * MINUTE
PLAIN = """
    [service:web]
    command = sleep 1000
    restart_delay = 10ms
"""


def hold(reeve, *units, for_ms=LONG):
    results = reeve.call("Hold", units=list(units), for_ms=for_ms)["results"]
    assert all(result["ok"] for result in results), results
    return results


def release(reeve, *units):
    return hold(reeve, *units, for_ms=0)


def held(reeve, name, **wanted):
    """Waits until it waits because it is held."""
    unit = reeve.wait_unit(name, state="waiting", held_until=lambda t: t is not None, **wanted)
    assert unit["waiting"] is None and unit["pid"] is None
    return unit


# ---- what is left alone, and what waits ---------------------------------------------------------
def test_what_runs_is_left_alone(reeve):
    reeve.configure(PLAIN).start()
    before = reeve.wait_unit("web", state="running")
    assert before["held_until"] is None
    hold(reeve, "web")
    after = reeve.unit("web")
    assert (after["state"], after["pid"], after["run"], after["ready"]) == \
        ("running", before["pid"], 1, True)
    assert after["held_until"]
    shown = reeve.show("web")
    assert shown["held_by"]["uid"] == os.geteuid() and shown["held_by"]["pid"] == os.getpid()
    (event,) = reeve.call("Events", types=["unit.requested"])["events"]
    assert (event["request"], event["unit"], event["held_until"]) == \
        ("hold", "web", after["held_until"])
    assert 590_000 < milliseconds(event["held_until"]) - milliseconds(event["at"]) <= LONG
    assert one(reeve, "Start", "web")["ok"], "it is up"
    release(reeve, "web")
    assert reeve.unit("web")["held_until"] is None and reeve.show("web")["held_by"] is None
    assert reeve.unit("web")["pid"] == before["pid"]


@pytest.mark.parametrize("end", ["crash", "restart", "stop and start"])
def test_the_next_run_waits(reeve, end):
    reeve.configure(PLAIN).start()
    pid = reeve.wait_unit("web", state="running")["pid"]
    hold(reeve, "web")
    asked = None
    if end == "crash":
        os.kill(pid, signal.SIGKILL)
    elif end == "restart":
        asked = Asked(reeve, "Restart", "web")
    else:
        Asked(reeve, "Stop", "web").ok()
        assert reeve.wait_unit("web", state="stopped")["held_until"], "it stays held"
        asked = Asked(reeve, "Start", "web")
    unit = held(reeve, "web", run=1, goal="up")
    assert unit["last_exit"]["requested_by"] == {"crash": None, "restart": "restart"}.get(end, "user")
    assert not process_alive(pid)
    release(reeve, "web")
    after = reeve.wait_unit("web", state="running", run=2)
    assert after["held_until"] is None
    if asked:
        asked.ok()
    states = [(e["state"], e["held_until"] is not None)
              for e in reeve.call("Events", types=["unit.state"])["events"]][-3:]
    assert states == [("waiting", True), ("starting", False), ("running", False)]


def test_a_retry_in_backoff_waits(reeve):
    reeve.configure("""
        [service:web]
        command = false
        restart_delay = 300ms
        restart_jitter = 0%
        restart_limit = 1
    """).start()
    reeve.wait_unit("web", state="backoff")
    hold(reeve, "web")
    held(reeve, "web", run=1)
    release(reeve, "web")
    reeve.wait_unit("web", state="failed", run=2)


def test_the_time_passes(reeve):
    reeve.configure(PLAIN.replace("restart_delay", "autostart = no\nrestart_delay").replace(
        "\nrestart_delay", "\n    restart_delay")).start()
    hold(reeve, "web", for_ms=1500)
    start = Asked(reeve, "Start", "web")
    until = held(reeve, "web")["held_until"]
    start.ok()
    events = reeve.call("Events", types=["unit.state"])["events"]
    (began,) = [milliseconds(e["at"]) for e in events if e["state"] == "starting"]
    assert 0 <= began - milliseconds(until) < 5000
    assert reeve.unit("web")["held_until"] is None and reeve.show("web")["held_by"] is None


def test_a_later_hold_replaces_the_time(reeve):
    reeve.configure(PLAIN).start()
    reeve.wait_unit("web", state="running")
    hold(reeve, "web")
    Asked(reeve, "Restart", "web", wait=False).results()
    first = held(reeve, "web")["held_until"]
    hold(reeve, "web", for_ms=2 * LONG)
    later = reeve.wait_unit("web", held_until=lambda t: t != first)["held_until"]
    assert milliseconds(later) > milliseconds(first) + MINUTE
    hold(reeve, "web", for_ms=200)
    reeve.wait_unit("web", state="running", run=2)


def test_a_stop_of_one_that_waits_just_stops_it(reeve):
    reeve.configure(PLAIN).start()
    reeve.wait_unit("web", state="running")
    hold(reeve, "web")
    restart = Asked(reeve, "Restart", "web")
    held(reeve, "web")
    assert one(reeve, "Stop", "web")["ok"]
    assert not restart.results()[0]["ok"]
    unit = reeve.unit("web")
    assert unit["state"] == "stopped" and unit["held_until"]
    release(reeve, "web")
    reeve.call("Hold", units=["web"], for_ms=0)
    assert reeve.unit("web")["state"] == "stopped", "nobody wants it"


def test_hooks_go_on_while_it_is_held(reeve, web):
    web.start("pre_start", "post_stop")
    at_work = web.hook("pre_start")
    hold(reeve, "web")
    at_work.end()
    main = web.running()
    Asked(reeve, "Restart", "web", wait=False).results()
    at_work = web.hook("post_stop")
    assert not process_alive(main.pid)
    at_work.end()
    held(reeve, "web", hook=None)
    assert not web.puppets.waiting
    release(reeve, "web")
    web.hook("pre_start").end()
    web.running(run=2)


# ---- between units ------------------------------------------------------------------------------
def test_what_requires_it_waits_and_what_wants_it_does_not(reeve):
    reeve.configure("""
        [service:db]
        command = sleep 1000
        autostart = no
        [service:web]
        command = sleep 1000
        requires = db
        autostart = no
        [service:metrics]
        command = sleep 1000
        wants = db
        autostart = no
    """).start()
    hold(reeve, "db")
    assert one(reeve, "Start", "metrics")["ok"]
    start = Asked(reeve, "Start", "web")
    held(reeve, "db")
    assert waits_for(reeve.wait_unit("web", state="waiting")) == "db ready"
    with reeve.connect() as other:
        result = other.call("Start", units=["web"], timeout_ms=100)["results"][0]
    assert not result["ok"]
    assert re.fullmatch(r"still waiting after 100ms, for db to be ready, which is held for another "
                        r"9m5\ds", result["message"]), result
    release(reeve, "db")
    start.ok()
    assert reeve.unit("db")["state"] == "running"


def test_who_follows_waits_with_it(reeve):
    reeve.configure("""
        [service:db]
        command = sleep 1000
        [service:web]
        command = sleep 1000
        requires = db
        on_dependency_restart = restart
    """).start()
    reeve.wait_unit("web", state="running")
    hold(reeve, "db")
    restart = Asked(reeve, "Restart", "db")
    held(reeve, "db")
    reeve.wait_unit("web", state="waiting", held_until=None)
    release(reeve, "db")
    restart.ok()
    reeve.wait_unit("web", state="running", run=2)


def test_conditions_count_once_it_is_released(reeve):
    """Whatever it requires may have gone meanwhile."""
    reeve.configure("""
        [service:db]
        command = sleep 1000
        restart_delay = 60s
        [service:web]
        command = sleep 1000
        requires = db
        restart_delay = 10ms
    """).start()
    pid = reeve.wait_unit("web", state="running")["pid"]
    hold(reeve, "web")
    os.kill(pid, signal.SIGKILL)
    held(reeve, "web")
    os.kill(reeve.unit("db")["pid"], signal.SIGKILL)
    reeve.wait_unit("db", state="backoff")
    release(reeve, "web")
    assert waits_for(reeve.wait_unit("web", state="waiting", held_until=None)) == "db ready"


# ---- the end of reeved --------------------------------------------------------------------------
def test_a_shutdown_stops_what_is_held(reeve):
    reeve.configure(PLAIN + """
    [service:waits]
    command = sleep 1000
    """).start()
    for name in ("web", "waits"):
        reeve.wait_unit(name, state="running")
    hold(reeve, "*")
    Asked(reeve, "Restart", "waits", wait=False).results()
    held(reeve, "waits")
    reeve.stop()


def test_a_hold_does_not_outlive_reeved(make_reeve):
    first = make_reeve("first")
    second = make_reeve("second", share=first)
    for reeve in (first, second):
        reeve.configure(PLAIN)
    first.start()
    first.wait_unit("web", state="running")
    hold(first, "web")
    first.stop()
    second.start()
    assert second.wait_unit("web", state="running")["held_until"] is None


@pytest.mark.parametrize("key", ["essential = yes", "restart = never\non_failed = shutdown"])
def test_an_end_while_held_is_none_of_reeved(reeve, key):
    reeve.configure(f"[service:web]\ncommand = sh -c 'while :; do sleep 0.05; done'\n{key}\n"
                    "[service:other]\ncommand = sleep 1000\n").start()
    pid = reeve.wait_unit("web", state="running")["pid"]
    hold(reeve, "web")
    os.kill(pid, signal.SIGKILL)
    reeve.wait_unit("web", state="failed")
    # Nor when the time has passed: what it ended for was seen to by whoever held it.
    release(reeve, "web")
    assert reeve.wait_unit("web", held_until=None)["state"] == "failed"
    assert one(reeve, "Start", "web")["ok"]
    os.kill(reeve.unit("web")["pid"], signal.SIGKILL)
    assert reeve.wait_exit() == 128 + signal.SIGKILL


def test_nothing_is_all_done_while_one_is_held(reeve):
    reeve.configure("""
        [job:work]
        command = sleep 0.2
        autostart = yes
        [job:more]
        command = sleep 1000
        autostart = yes
    """, exit_when="all-done").start()
    hold(reeve, "work")
    reeve.wait_unit("work", state="completed")
    os.kill(reeve.wait_unit("more", state="running")["pid"], signal.SIGKILL)
    reeve.wait_unit("more", state="failed")
    assert reeve.unit("work")["held_until"]
    assert reeve.process.poll() is None
    release(reeve, "work")
    assert reeve.wait_exit() != 0
    assert reeve.said("all units are done")


def test_all_is_done_when_the_time_has_passed(reeve):
    reeve.configure("[job:work]\ncommand = true\nautostart = yes\n", exit_when="all-done")
    reeve.configure("[job:work]\ncommand = sleep 0.5\nautostart = yes\n", exit_when="all-done")
    reeve.start()
    hold(reeve, "work", for_ms=1500)
    reeve.wait_unit("work", state="completed")
    assert reeve.wait_exit() == 0


# ---- asking -------------------------------------------------------------------------------------
def test_who_asks_wrongly_is_told_so(reeve):
    reeve.configure(PLAIN).start()
    reeve.wait_unit("web", state="running")
    with pytest.raises(VarlinkError) as error:
        reeve.call("Hold", units=["web", "nobody"], for_ms=LONG)
    assert error.value.name == "io.reeve.Manager.NoSuchUnit"
    for bad in (-1, 1.5, "10m", None):
        with pytest.raises(VarlinkError) as error:
            reeve.call("Hold", units=["web"], **({} if bad is None else {"for_ms": bad}))
        assert error.value.name == "org.varlink.service.InvalidParameter", bad
    with pytest.raises(VarlinkError) as error:
        reeve.call("Hold", units=["web"], for_ms=367 * 24 * 60 * MINUTE)
    assert error.value.name == "io.reeve.Manager.TooLarge"
    assert reeve.unit("web")["held_until"] is None
    hold(reeve, "web", for_ms=366 * 24 * 60 * MINUTE)
    assert reeve.unit("web")["held_until"]


def test_reevectl(reeve):
    reeve.configure(PLAIN).start()
    reeve.wait_unit("web", state="running")
    done = reeve.ctl("hold", "web", "--for", "10m")
    assert done.returncode == 0, done.stderr
    until = reeve.unit("web")["held_until"]
    assert reeve.ctl("restart", "--no-wait", "web").returncode == 0
    held(reeve, "web")
    for verb in ("list", "status", "why", "events"):
        said = reeve.ctl(verb, *([] if verb in ("list", "events") else ["web"]))
        assert re.search(r"held (it )?(until|for)", said.stdout), (verb, said.stdout)
    assert reeve.ctl("hold", "--release", "web").returncode == 0
    reeve.wait_unit("web", state="running", run=2, held_until=None)
    assert until
    for args in (["hold", "web"], ["hold"], ["hold", "web", "--for", "soon"],
                 ["hold", "--release", "web", "--for", "10m"], ["hold", "--release"]):
        done = reeve.ctl(*args)
        assert done.returncode == 2 and done.stderr, (args, done)
    assert reeve.ctl("hold", "nobody", "--for", "10m").returncode == 4
    assert reeve.ctl("hold", "web", "--for", "500d").returncode in (1, 2)
    assert reeve.unit("web")["held_until"] is None
