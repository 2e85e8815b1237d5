"""Stops, restarts and deaths while commands beside the main process are at work."""
import contextlib
import os
import re
import signal

import pytest
from daemon import process_alive, wait_for
from hooking import Asked, failures, hook_events
from times import milliseconds
from trouble import both_trackings

STOPPING = ("pre_stop", "stop_command", "post_stop")


# ---- pre_start ----------------------------------------------------------------------------------
@both_trackings
def test_a_stop_during_pre_start_tells_it_to_end(reeve, web, best_effort):
    web.start("pre_start", "post_stop", best_effort=best_effort, autostart="no")
    start = Asked(reeve, "Start", "web")
    hook = web.hook("pre_start")
    child = hook.do("have_child")
    stop = Asked(reeve, "Stop", "web")
    after = web.hook("post_stop")
    assert not process_alive(hook.pid) and not process_alive(child)
    assert after.env["REEVE_REASON"] == "signal" and "REEVE_MAIN_PID" not in after.env
    assert reeve.unit("web")["state"] == "stopping"
    after.end()
    stop.ok()
    (result,) = start.results()
    assert not result["ok"], result
    now = reeve.unit("web")
    record = now["last_exit"]
    assert (now["state"], now["run"], record["run"]) == ("stopped", 1, 1)
    assert (record["reason"], record["pid"], record["error"], record["failed_hooks"],
            record["requested_by"]) == ("signal", None, None, [], "user")
    assert record["stop_signal_at"] and record["ready_after_ms"] is None


@both_trackings
@pytest.mark.parametrize("bound", ["stop_timeout", "hook_timeout"])
def test_a_pre_start_that_does_not_listen_is_killed_as_a_tree(reeve, web, best_effort,
                                                              bound):
    web.start("pre_start", best_effort=best_effort, autostart="no", **{bound: "2s"})
    Asked(reeve, "Start", "web", wait=False).results()
    hook = web.hook("pre_start")
    hook.do("ignore_term")
    deaf = [hook.do("have_child", True), hook.do("have_child", True, not best_effort)]
    stop = Asked(reeve, "Stop", "web")
    wait_for(lambda: hook.do("terms"), what="TERM")
    assert all(map(process_alive, deaf))
    stop.ok()
    assert not any(map(process_alive, deaf + [hook.pid]))
    record = reeve.last_exit("web")
    assert record["duration_ms"] >= (1900 if bound == "hook_timeout" else 2000)
    assert record["pid"] is None and record["failed_hooks"] == []


def test_a_restart_during_pre_start_begins_anew(reeve, web):
    web.start("pre_start", autostart="no")
    start = Asked(reeve, "Start", "web")
    first = web.hook("pre_start")
    restarts = [Asked(reeve, "Restart", "web") for _ in range(2)]
    second = web.hook("pre_start")
    assert not process_alive(first.pid) and second.env["REEVE_RUN"] == "2"
    second.end()
    main = web.puppets.wait("web")
    assert main.env["REEVE_UNIT"] == "web"
    for asked in restarts + [start]:
        asked.ok()
    assert reeve.unit("web")["run"] == 2 and not web.puppets.waiting


def test_kill_9_of_a_hook_is_a_failure_of_it(reeve, web):
    web.start("pre_start", "post_start", restart="never", autostart="no")
    start = Asked(reeve, "Start", "web")
    os.kill(web.hook("pre_start").pid, signal.SIGKILL)
    (result,) = start.results()
    assert not result["ok"] and "was ended by SIGKILL" in result["message"]
    start = Asked(reeve, "Start", "web")
    web.hook("pre_start").end()
    start.ok()
    os.kill(web.hook("post_start").pid, signal.SIGKILL)
    reeve.wait_line("web: post_start: command 1 .* was ended by SIGKILL")
    assert reeve.wait_unit("web", hook=None)["state"] == "running"


# ---- post_start ---------------------------------------------------------------------------------
@both_trackings
@pytest.mark.parametrize("end", ["stop", "restart", "kill -9", "exit"])
def test_the_end_of_main_is_that_of_post_start(reeve, web, best_effort, end):
    web.start("post_start", "post_stop", best_effort=best_effort)
    main = web.running()
    hook = web.hook("post_start")
    hook.do("ignore_term")
    child = hook.do("have_child", True)
    if end == "kill -9":
        os.kill(main.pid, signal.SIGKILL)
    elif end == "exit":
        main.end(3)
    else:
        asked = Asked(reeve, end.capitalize(), "web")
    after = web.hook("post_stop")
    assert not any(map(process_alive, (main.pid, hook.pid, child)))
    assert after.env["REEVE_REASON"] == ("runtime_error" if end == "exit" else "signal")
    after.end()
    if end == "stop":
        asked.ok()
        assert reeve.unit("web")["state"] == "stopped"
    else:
        web.running(run=2)
        if end == "restart":
            asked.ok()
        web.hook("post_start").end()
    record = reeve.last_exit("web")
    assert record["run"] == 1 and record["failed_hooks"] == [], "that was us"
    if end == "restart":
        assert record["requested_by"] == "restart"


def test_a_stop_before_ready_runs_no_hooks_of_the_stop(reeve, web):
    web.start("pre_stop", "stop_command", "post_start", "post_stop", ready="notify", autostart="no")
    Asked(reeve, "Start", "web", wait=False).results()
    main = web.puppets.wait("web")
    stop = Asked(reeve, "Stop", "web")
    web.hook("post_stop").end()
    stop.ok()
    assert not process_alive(main.pid) and not web.puppets.waiting
    assert reeve.last_exit("web")["signal"] == "TERM"


# ---- pre_stop -----------------------------------------------------------------------------------
def test_main_is_told_after_pre_stop(reeve, web):
    web.start("pre_stop")
    main = web.running()
    main.do("ignore_term")
    stop = Asked(reeve, "Stop", "web")
    hook = web.hook("pre_stop")
    now = reeve.unit("web")
    assert (now["state"], now["hook"], now["ready"]) == ("stopping", "pre_stop", False)
    assert hook.env["REEVE_MAIN_PID"] == str(main.pid) and not main.do("terms")
    hook.end()
    wait_for(lambda: main.do("terms"))
    main.end()
    stop.ok()
    record = reeve.last_exit("web")
    assert record["reason"] == "signal" and record["exit_code"] == 0
    assert record["stop_signal_at"]


def test_a_pre_stop_that_hangs_is_ended_and_the_stop_goes_on(reeve, web):
    web.start("pre_stop", hook_timeout="1s")
    main = web.running()
    stop = Asked(reeve, "Stop", "web")
    hook = web.hook("pre_stop")
    child = hook.do("have_child", True)
    stop.ok()
    assert not any(map(process_alive, (main.pid, hook.pid, child)))
    record = reeve.last_exit("web")
    assert record["signal"] == "TERM" and "did not end in time (hook_timeout = 1s)" in \
        failures(record)["pre_stop"]


@pytest.mark.parametrize("end", ["kill -9", "exit"])
def test_main_that_ends_during_pre_stop_ended_by_itself(reeve, web, end):
    web.start("pre_stop", "stop_command", "post_stop")
    main = web.running()
    stop = Asked(reeve, "Stop", "web")
    hook = web.hook("pre_stop")
    if end == "exit":
        main.end(5)
    else:
        os.kill(main.pid, signal.SIGKILL)
    wait_for(lambda: not process_alive(main.pid))
    assert process_alive(hook.pid) and reeve.unit("web")["state"] == "stopping"
    hook.end()
    after = web.hook("post_stop")
    assert (after.env["REEVE_EXIT_CODE"], after.env["REEVE_SIGNAL"]) == \
        (("5", "") if end == "exit" else ("", "KILL"))
    after.end()
    stop.ok()
    record = reeve.last_exit("web")
    assert record["reason"] == ("runtime_error" if end == "exit" else "signal")
    assert (record["requested_by"], record["stop_signal_at"]) == (None, None)
    assert reeve.unit("web")["state"] == "stopped", "nobody wants it up"


# ---- stop_command -------------------------------------------------------------------------------
def test_stop_command_takes_the_place_of_the_signal(reeve, web):
    web.start("stop_command")
    main = web.running()
    main.do("ignore_term")
    stop = Asked(reeve, "Stop", "web")
    hook = web.hook("stop_command")
    assert reeve.unit("web")["hook"] == "stop_command"
    main.end(0)
    wait_for(lambda: not process_alive(main.pid))
    hook.end()
    stop.ok()
    record = reeve.last_exit("web")
    assert (record["reason"], record["exit_code"], record["kill_at"]) == ("signal", 0, None)
    assert record["stop_signal_at"] and record["requested_by"] == "user"


@pytest.mark.parametrize("how", ["exit 1", "kill -9 $$", "/nonexistent"])
def test_the_signal_is_sent_when_stop_command_fails(reeve, web, how):
    command = how if how.startswith("/") else f"sh -c '{how}'"
    web.start(stop_command=f"{command}\n  sh -c 'echo never >&2'")
    main = web.running()
    main.do("ignore_term")
    stop = Asked(reeve, "Stop", "web")
    wait_for(lambda: main.do("terms") == 1)
    main.end()
    stop.ok()
    assert not reeve.said("^never")
    record = reeve.last_exit("web")
    assert failures(record)["stop_command"].startswith(f"1 command 1 ({command})")
    assert record["kill_at"] is None


def test_main_that_ignores_a_good_stop_command_is_killed_in_time(reeve, web):
    web.start(stop_command="true", stop_timeout="2s")
    main = web.running()
    main.do("ignore_term")
    stop = Asked(reeve, "Stop", "web")
    reeve.wait_unit("web", state="stopping", hook=None)
    stop.ok()
    record = reeve.last_exit("web")
    assert record["reason"] == "forced_kill" and record["failed_hooks"] == []
    waited = milliseconds(record["kill_at"]) - milliseconds(record["stop_signal_at"])
    assert 2000 <= waited < 4000, waited


@both_trackings
def test_stop_timeout_covers_a_stop_command_that_hangs(reeve, web, best_effort):
    web.start("stop_command", best_effort=best_effort, stop_timeout="2s")
    main = web.running()
    main.do("ignore_term")
    stop = Asked(reeve, "Stop", "web")
    hook = web.hook("stop_command")
    child = hook.do("have_child", True)
    stop.ok()
    assert not any(map(process_alive, (main.pid, hook.pid, child)))
    record = reeve.last_exit("web")
    waited = milliseconds(record["kill_at"]) - milliseconds(record["stop_signal_at"])
    assert record["reason"] == "forced_kill" and 1990 <= waited < 4000, waited
    assert failures(record) == {"stop_command":
                                f"1 command 1 ({web.puppets.command}) did not end in time "
                                "(stop_timeout = 2s)"}


@both_trackings
def test_survivors_of_main_get_the_signal(reeve, web, best_effort):
    """Once main has ended, also while stop_command is still at work."""
    web.start("stop_command", best_effort=best_effort)
    main = web.running()
    child = main.do("have_child")
    stop = Asked(reeve, "Stop", "web")
    hook = web.hook("stop_command")
    main.end()
    wait_for(lambda: not process_alive(child))
    assert process_alive(hook.pid)
    assert reeve.unit("web")["state"] == "stopping"
    hook.end()
    stop.ok()
    assert reeve.last_exit("web")["failed_hooks"] == []


def test_a_stop_command_whose_main_is_gone_keeps_its_time(reeve, web):
    web.start("stop_command", stop_timeout="2s")
    main = web.running()
    stop = Asked(reeve, "Stop", "web")
    web.hook("stop_command")
    main.end()
    stop.ok()
    record = reeve.last_exit("web")
    assert record["reason"] == "signal" and record["exit_code"] == 0
    assert record["duration_ms"] and "stop_timeout" in failures(record)["stop_command"]


# ---- post_stop ----------------------------------------------------------------------------------
@pytest.mark.parametrize("ask, state", [("Stop", "stopped"), ("Start", "running"),
                                        ("Restart", "running")])
def test_post_stop_goes_on_whatever_is_asked(reeve, web, ask, state):
    web.start("post_stop", restart="never")
    web.running().end(4)
    hook = web.hook("post_stop")
    now = reeve.unit("web")
    assert (now["state"], now["pid"], now["hook"], now["last_exit"]) == \
        ("stopping", None, "post_stop", None), "the record is complete after it"
    asked = [Asked(reeve, ask, "web"), Asked(reeve, ask, "web")]
    reeve.wait_unit("web", goal="down" if ask == "Stop" else "up")
    assert process_alive(hook.pid) and reeve.unit("web")["state"] == "stopping"
    hook.end(1)
    for one_asked in asked:
        one_asked.ok()
    assert reeve.unit("web")["state"] == state
    record = reeve.last_exit("web")
    assert record["reason"] == "runtime_error" and list(failures(record)) == ["post_stop"]
    assert hook_events(reeve, "web")[0][0] == "post_stop"
    if state == "running":
        assert reeve.unit("web")["run"] == 2


def test_ended_at_is_the_end_of_main(reeve, web):
    web.start("post_stop", restart="never")
    web.running().end(0)
    hook = web.hook("post_stop")
    wait_for(lambda: reeve.show("web")["since_ms"] >= 500)
    hook.end()
    reeve.wait_unit("web", state="completed")
    (event,) = reeve.call("Events", types=["unit.exited"])["events"]
    assert milliseconds(event["at"]) - milliseconds(event["exit"]["ended_at"]) >= 500
    assert not re.search("forced", event["exit"]["reason"])


# ---- restarts, during each of them --------------------------------------------------------------
# Nothing holds up a restart during post_start, so a second one may come when the first is done.
@pytest.mark.parametrize("hook, times", [("post_start", 1), *((h, n) for h in STOPPING for n in (1, 2))])
def test_a_restart_during_each_gives_one_more_run(reeve, web, hook, times):
    web.start(hook)
    main = web.running()
    if hook == "post_start":
        web.hook(hook)
        asked = [Asked(reeve, "Restart", "web") for _ in range(times)]
    else:
        asked = [Asked(reeve, "Stop", "web")]
        at_work = web.hook(hook)
        asked += [Asked(reeve, "Restart", "web") for _ in range(times)]
        reeve.wait_unit("web", goal="up")
        if hook == "stop_command":
            main.end()
        at_work.end()
    second = web.puppets.wait("web")
    if hook == "post_start":
        web.hook(hook).end()
    for one_asked in asked:
        one_asked.ok()
    assert not process_alive(main.pid) and process_alive(second.pid)
    assert reeve.unit("web")["run"] == 2 and not web.puppets.waiting
    if hook != "post_start":
        asked = Asked(reeve, "Stop", "web")
        at_work = web.hook(hook)
        if hook == "stop_command":
            second.end()
        at_work.end()
        asked.ok()


@pytest.mark.parametrize("hook", ["pre_start", "post_start", "reload_command", *STOPPING])
def test_kill_9_of_main_during_each(reeve, web, hook):
    """Whatever is at work then, the next run comes, or the stop that was asked for."""
    web.start(hook)
    if hook == "pre_start":
        web.hook(hook).end()
    main = web.running()
    if hook == "post_start":
        web.hook(hook)
    asked = []
    if hook == "reload_command":
        asked = [Asked(reeve, "Reload", "web")]
        web.hook(hook)
    elif hook in STOPPING:
        asked = [Asked(reeve, "Stop", "web")]
    if hook in ("pre_stop", "stop_command"):
        at_work = web.hook(hook)
    with contextlib.suppress(ProcessLookupError): # the stop may have ended it
        os.kill(main.pid, signal.SIGKILL)
    if hook in ("pre_stop", "stop_command"):
        wait_for(lambda: not process_alive(main.pid))
        at_work.end()
    if hook == "post_stop":
        web.hook(hook).end()
    if hook in STOPPING:
        asked[0].ok()
        assert reeve.unit("web")["state"] == "stopped"
        return
    if hook == "pre_start":
        web.hook(hook).end()
    web.running(run=2)
    if asked:
        (result,) = asked[0].results()
        assert not result["ok"] and "its run ended before the reload was over" in result["message"]


def test_those_below_stop_after_the_post_stop_of_those_above(reeve, puppets):
    reeve.configure(f"""
        [service:db]
        command = sleep 1000
        [service:web]
        command = sleep 1000
        requires = db
        post_stop = {puppets.command}
    """).start()
    reeve.wait_unit("web", state="running")
    stop = Asked(reeve, "Stop", "db")
    hook = puppets.wait("web", "post_stop")
    assert [reeve.unit(name)["state"] for name in ("db", "web")] == ["running", "stopping"]
    hook.end()
    stop.ok()
    order = [(e["unit"], e["state"]) for e in reeve.call("Events", types=["unit.state"])["events"]]
    assert order.index(("web", "stopped")) < order.index(("db", "stopping"))


def test_a_stop_waits_for_the_pre_stop_of_those_above(reeve, puppets):
    reeve.configure(f"""
        [service:db]
        command = sleep 1000
        pre_stop = sh -c 'echo db >&2'
        [service:web]
        command = sleep 1000
        requires = db
        pre_stop = {puppets.command}
    """).start()
    reeve.wait_unit("web", state="running")
    restart = Asked(reeve, "Stop", "db")
    hook = puppets.wait("web", "pre_stop")
    assert not reeve.said("^db$")
    hook.end()
    restart.ok()
    assert reeve.said("^db$")
