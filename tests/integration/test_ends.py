"""How reeved ends by itself, and with what exit code: essential, on_failed, exit_when,
exit_code_from, each rule on real processes."""
import os
import signal

import pytest
from daemon import IGNORES_TERM
from follower import Follower

# A service that answers TERM with an exit of its own; wait for its line before a stop.
ANSWERS = "sh -c 'trap \"exit {}\" TERM; echo listening >&2; while :; do sleep 0.01; done'"
# One that takes its time to end, so that something else can happen meanwhile.
SLOW = "sh -c 'trap \"echo slow >&2; sleep 0.5; exit 0\" TERM; echo listening >&2; " \
       "while :; do sleep 0.01; done'"
ALL_DONE = "all units are done"


def run_to_its_end(reeve, units, **keys):
    """Starts with these units and waits for the end that comes by itself; the exit code."""
    reeve.configure(units, **keys).start(wait=False)
    return reeve.wait_exit()


def assert_why(reeve, why):
    """It said why it ended, and that once."""
    said = [line for line in reeve.lines if line.startswith("reeved: shutting down")]
    assert said == [f"reeved: shutting down: {why}"], reeve.lines


def assert_goes_on(reeve):
    assert reeve.health()["status"] != "stopping"
    assert not reeve.said("^reeved: shutting down")


def start_and_wait(reeve, units, **keys):
    """Starts with units of which one says that it listens."""
    reeve.configure(units, **keys).start()
    reeve.wait_line("^listening$")
    return reeve


# ---- essential ----------------------------------------------------------------------------------
@pytest.mark.parametrize("command, code", [
    ("sh -c 'exit 7'", 7),
    ("sh -c 'exit 0'", 0),
    ("sh -c 'kill -9 $$'", 137),
    ("sh -c 'kill -HUP $$'", 129),
    ("/no/such/program", 127),
    ("/etc/passwd", 126),
    ("{0}/no-format", 1),
])
def test_the_end_of_an_essential_unit_is_ours(reeve, tmp_path, command, code):
    (tmp_path / "no-format").write_bytes(b"\x7fELF and then nothing")
    os.chmod(tmp_path / "no-format", 0o755)
    assert run_to_its_end(reeve, f"""
        [service:side]
        command = sleep 1000
        [job:failed]
        command = sh -c 'exit 3'
        autostart = yes
        [service:main]
        command = {command.format(tmp_path)}
        essential = yes
    """) == code
    assert_why(reeve, "main is essential and has ended for good")


@pytest.mark.parametrize("end", ["signal", "peer"])
@pytest.mark.parametrize("command, code", [
    ("sleep 1000", 143), (ANSWERS.format(0), 0), (ANSWERS.format(9), 9),
], ids=["killed", "answers-0", "answers-9"])
def test_an_essential_unit_gives_the_code_of_a_requested_shutdown(reeve, end, command, code):
    reeve.configure(f"""
        [job:failed]
        command = sh -c 'exit 3'
        autostart = yes
        [service:main]
        command = {command}
        essential = yes
    """).start()
    if command != "sleep 1000":
        reeve.wait_line("^listening$")
    reeve.wait_unit("failed", state="failed")
    reeve.wait_unit("main", state="running")
    if end == "signal":
        reeve.send_signal(signal.SIGTERM)
    else:
        reeve.call("Shutdown")
    assert reeve.wait_exit() == code


def test_an_essential_unit_stopped_by_a_user_ends_nothing(reeve):
    reeve.configure("""
        [service:main]
        command = sleep 1000
        essential = yes
    """).start()
    reeve.wait_unit("main", state="running")
    assert reeve.call("Stop", units=["main"])["results"][0]["ok"]
    assert_goes_on(reeve)
    assert reeve.call("Start", units=["main"])["results"][0]["ok"]
    assert reeve.call("Restart", units=["main"])["results"][0]["ok"]
    assert reeve.wait_unit("main", state="running")["run"] == 3
    assert_goes_on(reeve)
    reeve.stop(code=128 + signal.SIGTERM)


def test_an_essential_unit_that_is_tried_again_has_not_ended(reeve):
    reeve.configure("""
        [service:main]
        command = sh -c 'exit 4'
        essential = yes
        restart = always
        restart_delay = 1ms
        restart_limit = 2
    """).start(wait=False)
    assert reeve.wait_exit() == 4
    assert reeve.said("^reeved: main: run 3 ended")
    assert_why(reeve, "main is essential and has ended for good")


def test_of_several_essential_units_the_one_whose_end_began_it(reeve):
    assert run_to_its_end(reeve, f"""
        [service:first]
        command = {ANSWERS.format(6)}
        essential = yes
        [service:second]
        command = sh -c 'exit 5'
        essential = yes
    """) == 5


def test_of_several_essential_units_the_first_that_ran(reeve):
    start_and_wait(reeve, f"""
        [service:never]
        command = sleep 1000
        essential = yes
        autostart = no
        [service:first]
        command = {ANSWERS.format(6)}
        essential = yes
        [service:second]
        command = sleep 1000
        essential = yes
    """).stop(code=6)


def test_an_essential_unit_that_waits_on_a_failed_one_ends_nothing(reeve):
    reeve.configure("""
        [service:db]
        command = sh -c 'exit 3'
        restart = never
        [service:main]
        command = sleep 1000
        essential = yes
        requires = db:completed
    """).start()
    reeve.wait_unit("main", state="waiting", waiting=lambda w: w and w["failed"])
    assert_goes_on(reeve)
    reeve.stop(code=0)


# ---- exit_code_from -----------------------------------------------------------------------------
def test_exit_code_from_a_service_that_answers_term(reeve):
    start_and_wait(reeve, f"""
        [service:app]
        command = {ANSWERS.format(0)}
        [service:main]
        command = sleep 1000
        essential = yes
    """, exit_code_from="app")
    reeve.wait_unit("main", state="running")
    reeve.stop(code=0)  # without it: 143, the essential one's


def test_exit_code_from_comes_before_the_essential_one_that_ended(reeve):
    start_and_wait(reeve, f"""
        [service:app]
        command = {ANSWERS.format(8)}
        [service:main]
        command = sleep 1000
        essential = yes
    """, exit_code_from="app")
    os.kill(reeve.wait_unit("main", state="running")["pid"], signal.SIGUSR1)
    assert reeve.wait_exit() == 8


def test_exit_code_from_a_job_that_is_over(reeve):
    reeve.configure("""
        [job:tests]
        command = sh -c 'exit 12'
        autostart = yes
        [service:db]
        command = sleep 1000
    """, exit_code_from="tests").start()
    reeve.wait_unit("tests", state="failed")
    assert_goes_on(reeve)
    reeve.stop(code=12)


def test_exit_code_from_is_that_of_the_last_run(reeve, tmp_path):
    reeve.configure(f"""
        [job:tests]
        command = sh -c 'echo x >> {tmp_path}/runs; exit $(wc -l < {tmp_path}/runs)'
    """, exit_code_from="tests").start()
    for run in (1, 2):
        reeve.call("Start", units=["tests"])
        reeve.wait_unit("tests", state="failed", run=run)
    reeve.stop(code=2)


@pytest.mark.parametrize("other, code", [(3, 3), (0, 1)])
def test_exit_code_from_one_that_never_ran_is_no_success(reeve, other, code):
    assert run_to_its_end(reeve, f"""
        [job:never]
        command = true
        [job:other]
        command = sh -c 'exit {other}'
        autostart = yes
    """, exit_code_from="never", exit_when="all-done") == code


# ---- on_failed ----------------------------------------------------------------------------------
def test_on_failed_shutdown(reeve):
    assert run_to_its_end(reeve, """
        [service:web]
        command = sleep 1000
        [service:db]
        command = sh -c 'exit 3'
        restart = never
        on_failed = shutdown
    """) == 3
    assert_why(reeve, "db has failed (on_failed = shutdown)")


def test_on_failed_shutdown_waits_until_it_has_failed_for_good(reeve):
    assert run_to_its_end(reeve, """
        [job:flaky]
        command = sh -c 'exit 6'
        autostart = yes
        retries = 2
        retry_delay = 1ms
        on_failed = shutdown
    """) == 6
    assert reeve.said("^reeved: flaky: run 3 ended")


def test_on_failed_shutdown_is_for_failures_only(reeve):
    reeve.configure("""
        [job:fine]
        command = true
        autostart = yes
        on_failed = shutdown
        [service:stopped]
        command = sleep 1000
        on_failed = shutdown
    """).start()
    reeve.wait_unit("fine", state="completed")
    assert reeve.call("Stop", units=["stopped"])["results"][0]["ok"]
    assert_goes_on(reeve)
    reeve.stop(code=0)


def test_on_failed_starts_another_unit(reeve, tmp_path):
    reeve.configure(f"""
        [service:db]
        command = sh -c 'exit 3'
        restart = on-failure
        restart_delay = 1ms
        restart_limit = 1
        on_failed = start:notify
        [job:notify]
        command = sh -c 'echo told >> {tmp_path}/told'
    """).start()
    reeve.wait_unit("notify", state="completed", run=1)
    assert reeve.unit("db")["state"] == "failed" and reeve.unit("db")["run"] == 2
    assert (tmp_path / "told").read_text() == "told\n"
    assert_goes_on(reeve)
    # And again, when it fails again.
    reeve.call("Start", units=["db"])
    reeve.wait_unit("notify", state="completed", run=2)
    assert (tmp_path / "told").read_text() == "told\n" * 2
    reeve.stop()


# ---- exit_when = all-done -----------------------------------------------------------------------
def test_never_is_the_default(reeve):
    reeve.configure("""
        [job:fine]
        command = true
        autostart = yes
        [job:failed]
        command = false
        autostart = yes
    """).start()
    reeve.wait_unit("fine", state="completed")
    reeve.wait_unit("failed", state="failed")
    assert_goes_on(reeve)
    reeve.stop(code=0)


def test_all_done_with_jobs_that_completed(reeve):
    assert run_to_its_end(reeve, """
        [job:a]
        command = true
        autostart = yes
        [job:b]
        command = sh -c 'sleep 0.2; exit 3'
        success_exit = 0 3
        autostart = yes
        [job:unwanted]
        command = sleep 1000
    """, exit_when="all-done") == 0
    assert_why(reeve, ALL_DONE)
    assert reeve.said("^reeved: b: completed")


def test_all_done_is_what_the_first_failed_job_says(reeve, tmp_path):
    assert run_to_its_end(reeve, f"""
        [job:later]
        command = sh -c 'until test -e {tmp_path}/failed; do sleep 0.01; done; exit 4'
        autostart = yes
        [service:sooner]
        command = sh -c 'exit 6'
        restart = never
        [job:first]
        command = sh -c 'exit 5'
        autostart = yes
        on_failed = start:tell
        [job:tell]
        command = touch {tmp_path}/failed
        [job:fine]
        command = true
        autostart = yes
    """, exit_when="all-done") == 5


def test_all_done_is_else_what_the_first_failed_service_says(reeve):
    assert run_to_its_end(reeve, """
        [service:x]
        command = sh -c 'sleep 0.2; kill -USR1 $$'
        restart = never
        [job:fine]
        command = true
        autostart = yes
    """, exit_when="all-done") == 128 + signal.SIGUSR1


@pytest.mark.parametrize("units", ["""
        [job:x]
        command = sh -c 'trap "exit 0" TERM; echo listening >&2; while :; do sleep 0.01; done'
        timeout = 1500ms
        autostart = yes
    """, """
        [service:x]
        command = sh -c 'exit 0'
        restart_delay = 1ms
        restart_limit = 1
    """, """
        [job:x]
        command = sh -c 'exit 0'
        success_exit = 3
        autostart = yes
    """], ids=["took-too-long", "too-many-restarts", "no-success"])
def test_what_failed_with_0_is_1(reeve, units):
    assert run_to_its_end(reeve, units, exit_when="all-done") == 1
    assert reeve.said("^reeved: x: run . ended after .*: exit code 0 ")


def test_all_done_with_a_service_that_is_only_up_for_a_job(reeve):
    assert run_to_its_end(reeve, f"""
        [service:db]
        command = {ANSWERS.format(0)}
        autostart = no
        [job:tests]
        command = sh -c 'sleep 0.2; exit 2'
        requires = db
        autostart = yes
    """, exit_when="all-done") == 2
    assert_why(reeve, ALL_DONE)
    assert reeve.said("^reeved: db: run 1 ended .*shutdown")


@pytest.mark.parametrize("by", ["a user", "a failure"])
def test_all_done_never_while_a_service_runs_that_is_wanted_since(reeve, tmp_path, by):
    """It was up for the sake of a job, and then somebody wanted it for its own."""
    reeve.configure(f"""
        [service:db]
        command = sleep 1000
        autostart = no
        [job:tests]
        command = sh -c 'while [ ! -e {tmp_path}/go ]; do sleep 0.01; done'
        requires = db
        autostart = yes
        [job:broken]
        command = sh -c 'exit 3'
        on_failed = start:db
    """, exit_when="all-done").start()
    reeve.wait_unit("tests", state="running")
    if by == "a user":
        assert reeve.ctl("start", "db").returncode == 0
    else:
        reeve.ctl("start", "--no-wait", "broken")
        reeve.wait_unit("broken", state="failed")
    (tmp_path / "go").touch()
    reeve.wait_unit("tests", state="completed")
    assert_goes_on(reeve)
    assert reeve.unit("db")["state"] == "running"
    reeve.stop()


def test_all_done_with_one_that_waits_on_a_failed_one(reeve, tmp_path):
    assert run_to_its_end(reeve, f"""
        [job:migrate]
        command = sh -c 'exit 3'
        autostart = yes
        [service:web]
        command = touch {tmp_path}/ran
        requires = migrate
        [job:after-web]
        command = touch {tmp_path}/ran
        requires = web
        autostart = yes
    """, exit_when="all-done") == 3
    assert_why(reeve, ALL_DONE)
    assert not (tmp_path / "ran").exists()


def test_all_done_waits_for_one_that_waits(reeve, tmp_path):
    """Between the end of one and the start of the next nothing runs, and nothing is over."""
    assert run_to_its_end(reeve, f"""
        [job:a]
        command = sh -c 'echo a >> {tmp_path}/ran'
        autostart = yes
        [job:b]
        command = sh -c 'echo b >> {tmp_path}/ran'
        requires = a
        autostart = yes
        [job:c]
        command = sh -c 'echo c >> {tmp_path}/ran'
        requires = b
        autostart = yes
    """, exit_when="all-done") == 0
    assert (tmp_path / "ran").read_text() == "a\nb\nc\n"


def test_all_done_waits_for_retries(reeve):
    assert run_to_its_end(reeve, """
        [job:flaky]
        command = sh -c 'exit 6'
        autostart = yes
        retries = 2
        retry_delay = 100ms
    """, exit_when="all-done") == 6
    assert reeve.said("^reeved: flaky: run 3 ended")


def test_all_done_waits_for_what_a_failure_starts(reeve, tmp_path):
    assert run_to_its_end(reeve, f"""
        [job:backup]
        command = sh -c 'exit 3'
        autostart = yes
        on_failed = start:notify
        [job:notify]
        command = sh -c 'sleep 0.2; echo told > {tmp_path}/told'
    """, exit_when="all-done") == 3
    assert (tmp_path / "told").read_text() == "told\n"


def test_all_done_never_while_a_wanted_service_runs(reeve):
    reeve.configure("""
        [service:web]
        command = sleep 1000
        [job:fine]
        command = true
        autostart = yes
    """, exit_when="all-done").start()
    reeve.wait_unit("fine", state="completed")
    assert_goes_on(reeve)
    reeve.stop(code=0)


def test_all_done_never_with_one_stopped_by_hand(reeve):
    reeve.configure("""
        [job:long]
        command = sleep 1000
        autostart = yes
        [job:failed]
        command = sh -c 'exit 3'
        autostart = yes
    """, exit_when="all-done").start()
    reeve.wait_unit("failed", state="failed")
    assert reeve.call("Stop", units=["long"])["results"][0]["ok"]
    assert_goes_on(reeve)
    # It counts again when it has ended by itself.
    reeve.call("Start", units=["long"])
    os.kill(reeve.wait_unit("long", state="running")["pid"], signal.SIGUSR1)
    assert reeve.wait_exit() == 3
    assert_why(reeve, ALL_DONE)


def test_all_done_never_with_one_stopped_along(reeve):
    """Who was stopped since it requires what was stopped is stopped by hand, too."""
    reeve.configure("""
        [service:db]
        command = sleep 1000
        autostart = no
        [job:long]
        command = sleep 1000
        requires = db
        autostart = yes
        [job:fine]
        command = true
        autostart = yes
    """, exit_when="all-done").start()
    reeve.wait_unit("long", state="running")
    reeve.wait_unit("fine", state="completed")
    reeve.call("Stop", units=["db"])
    reeve.wait_unit("long", state="stopped")
    reeve.wait_unit("db", state="stopped")
    assert_goes_on(reeve)
    reeve.stop(code=0)


def test_all_done_never_when_a_failure_is_forgiven(reeve):
    reeve.configure("""
        [job:failed]
        command = sh -c 'exit 3'
        autostart = yes
        [job:long]
        command = sleep 1000
        autostart = yes
    """, exit_when="all-done").start()
    reeve.wait_unit("failed", state="failed")
    reeve.call("Stop", units=["failed"])  # not wanted any more, so that it does not start again
    reeve.call("ResetFailed", units=["failed"])
    reeve.wait_unit("failed", state="stopped")
    os.kill(reeve.wait_unit("long", state="running")["pid"], signal.SIGUSR1)
    reeve.wait_unit("long", state="failed")
    assert_goes_on(reeve)
    reeve.stop(code=0)


def test_all_done_never_when_nothing_was_wanted(reeve):
    reeve.configure("""
        [job:fine]
        command = true
    """, exit_when="all-done").start()
    assert_goes_on(reeve)
    reeve.call("Start", units=["fine"], wait=False)
    assert reeve.wait_exit() == 0
    assert_why(reeve, ALL_DONE)


@pytest.mark.parametrize("code", [0, 3])
def test_who_waits_for_the_last_one_is_answered(reeve, code):
    """The end of the last one is the end of reeved; what became of it is told all the same."""
    reeve.configure(f"""
        [job:last]
        command = sh -c 'sleep 0.2; exit {code}'
    """, exit_when="all-done").start()
    with reeve.connect() as client:
        client.call("Start", units=["last"], wait=False)
        result = client.call("Wait", units=["last"])["results"][0]
        assert (result["ok"], result["run"]) == (code == 0, 1)
    assert reeve.wait_exit() == code


# ---- exit_when = any-failed ---------------------------------------------------------------------
def test_any_failed(reeve):
    assert run_to_its_end(reeve, """
        [service:web]
        command = sleep 1000
        [job:failed]
        command = sh -c 'exit 9'
        autostart = yes
    """, exit_when="any-failed") == 9
    assert_why(reeve, "failed has failed (exit_when = any-failed)")


def test_any_failed_counts_what_nobody_wanted(reeve):
    assert run_to_its_end(reeve, """
        [service:db]
        command = sh -c 'sleep 0.2; exit 9'
        restart = never
        autostart = no
        [service:web]
        command = sleep 1000
        requires = db
    """, exit_when="any-failed") == 9
    assert_why(reeve, "db has failed (exit_when = any-failed)")


def test_any_failed_goes_on_while_there_are_tries_left(reeve):
    reeve.configure("""
        [job:flaky]
        command = false
        autostart = yes
        retries = 1
        retry_delay = 60s
    """, exit_when="any-failed").start()
    reeve.wait_unit("flaky", state="backoff")
    assert_goes_on(reeve)
    reeve.stop(code=0)


def test_any_failed_includes_all_done(reeve):
    assert run_to_its_end(reeve, """
        [job:fine]
        command = true
        autostart = yes
    """, exit_when="any-failed") == 0
    assert_why(reeve, ALL_DONE)


# ---- whatever comes first -----------------------------------------------------------------------
def test_a_failure_during_a_shutdown_that_was_asked_for_changes_nothing(reeve):
    start_and_wait(reeve, f"""
        [service:slow]
        command = {SLOW}
        [service:db]
        command = {ANSWERS.format(3).replace("listening", "ready")}
        restart = never
        on_failed = shutdown
    """, exit_when="any-failed")
    reeve.wait_line("^ready$")
    reeve.stop(code=0)
    assert_why(reeve, "asked by SIGTERM")


def test_who_asks_during_an_end_by_itself_changes_nothing(reeve):
    reeve.configure(f"""
        [service:slow]
        command = {SLOW}
        [service:main]
        command = sleep 1000
        restart = never
        on_failed = shutdown
    """).start()
    reeve.wait_line("^listening$")
    os.kill(reeve.wait_unit("main", state="running")["pid"], signal.SIGUSR1)
    reeve.wait_line("^slow$")
    reeve.send_signal(signal.SIGTERM)
    assert reeve.wait_exit() == 128 + signal.SIGUSR1
    assert_why(reeve, "main has failed (on_failed = shutdown)")


def test_an_interrupt_during_an_end_by_itself_skips_to_the_kill(reeve):
    reeve.configure(f"""
        [service:deaf]
        command = {IGNORES_TERM}
        stop_timeout = 60s
        [service:main]
        command = sleep 1000
        essential = yes
    """, shutdown_timeout="60s").start()
    reeve.wait_line("^deaf$")
    os.kill(reeve.wait_unit("main", state="running")["pid"], signal.SIGUSR1)
    reeve.wait_unit("deaf", state="stopping")
    reeve.send_signal(signal.SIGINT)
    assert reeve.wait_exit(20) == 128 + signal.SIGUSR1
    assert_why(reeve, "main is essential and has ended for good")


def test_a_second_reason_changes_nothing(reeve):
    """The essential one ends while reeved shuts down for another: it is stopped, like all."""
    reeve.configure(f"""
        [service:slow]
        command = {SLOW}
        [service:main]
        command = {ANSWERS.format(5).replace("listening", "main listens")}
        essential = yes
        [service:db]
        command = sleep 1000
        restart = never
        on_failed = shutdown
    """, exit_when="any-failed").start()
    reeve.wait_line("^listening$")
    reeve.wait_line("^main listens$")
    with Follower(reeve) as follower:
        os.kill(reeve.wait_unit("db", state="running")["pid"], signal.SIGKILL)
        events = follower.to_the_end()
    assert [e["unit"] for e in events if e["type"] == "session.stopping"] == ["db"]
    assert reeve.wait_exit() == 5
    assert_why(reeve, "db has failed (on_failed = shutdown)")


# ---- the event ----------------------------------------------------------------------------------
@pytest.mark.parametrize("keys, unit_keys, because", [
    ({}, "essential = yes", "essential"),
    ({}, "restart = never\non_failed = shutdown", "on_failed"),
    ({"exit_when": "any-failed"}, "restart = never", "any_failed"),
    ({"exit_when": "all-done"}, "restart = never", "all_done"),
], ids=["essential", "on_failed", "any_failed", "all_done"])
def test_the_event_says_why(reeve, keys, unit_keys, because):
    reeve.configure("[job:before]\ncommand = true\nautostart = yes\n"
                    f"[service:x]\ncommand = sleep 1000\n{unit_keys}\n", **keys).start()
    reeve.wait_unit("before", state="completed")
    pid = reeve.wait_unit("x", state="running")["pid"]
    with Follower(reeve) as follower:
        os.kill(pid, signal.SIGKILL)
        events = follower.to_the_end()
    stopping = next(e for e in events if e["type"] == "session.stopping")
    assert (stopping["because"], stopping["unit"]) == (because, "x")
    assert stopping["requester"] is None and stopping["signal"] is None
    stopped = next(e for e in events if e["type"] == "session.stopped")
    assert stopped["exit_code"] == 137 and stopped["because"] is None
    assert reeve.wait_exit() == 137


def test_the_event_of_a_request_has_no_because(reeve):
    reeve.configure("[service:x]\ncommand = sleep 1000\n").start()
    reeve.wait_unit("x", state="running")
    with Follower(reeve) as follower:
        reeve.send_signal(signal.SIGTERM)
        events = follower.to_the_end()
    stopping = next(e for e in events if e["type"] == "session.stopping")
    assert (stopping["because"], stopping["unit"], stopping["signal"]) == (None, None, "TERM")
    reeve.wait_exit()
