"""Reload, Hold and hooks as whoever asks for them meets them: the protocol and reevectl together."""
import os

import pytest
from daemon import VarlinkError

# A command that ends when the gate is there, and says that it was here.
GATED = "sh -c 'echo at work >&2; until [ -e {0} ]; do sleep 0.02; done'"


@pytest.fixture(name="gate")
def fixture_gate(tmp_path):
    return tmp_path / "gate"


def result_of(reply):
    assert len(reply["results"]) == 1
    return reply["results"][0]


# ---- Reload --------------------------------------------------------------------------------------

def test_reload_by_signal(reeve):
    reeve.configure("""
        [service:web]
        command = sh -c 'trap "echo again >&2" HUP; echo up >&2; while :; do sleep 0.02; done'
        reload_signal = HUP
    """).start()
    reeve.wait_line("^up$")
    done = reeve.ctl("reload", "web")
    assert (done.returncode, done.stdout) == (0, f"web: reloaded (pid {reeve.unit('web')['pid']})\n")
    reeve.wait_line("^again$")
    assert reeve.unit("web")["run"] == 1


def test_reload_waits_for_its_command(reeve, gate):
    reeve.configure(f"""
        [service:web]
        command = sleep 1000
        reload_command = {GATED.format(gate)}
    """).start()
    reeve.wait_unit("web", state="running")
    with reeve.connect() as client:
        client.send("io.reeve.Manager.Reload", {"units": ["web"]})
        reeve.wait_line("at work")
        assert reeve.wait_unit("web", hook="reload_command")["state"] == "running"
        late = result_of(reeve.call("Reload", units=["web"], timeout_ms=10))
        assert not late["ok"] and late["message"].startswith(
            "still reloading after 10ms, in reload_command: command 1 (sh -c ")
        gate.touch()
        assert result_of(client.receive()["parameters"])["ok"]
    # The second one was asked for while the first was at work.
    reeve.wait_line("at work", count=2)
    reeve.wait_unit("web", hook=None)


def test_a_reload_that_fails_says_what_failed(reeve):
    reeve.configure("""
        [service:web]
        command = sleep 1000
        reload_command = true
          sh -c 'exit 3' --token=abc
          touch never
    """).start()
    reeve.wait_unit("web", state="running")
    done = reeve.ctl("reload", "web")
    assert done.returncode == 1
    assert done.stderr == ("reevectl: web: reload_command: command 2 (sh -c 'exit 3' --token=***) "
                           "exited with code 3\n")
    assert reeve.unit("web")["state"] == "running"
    why = " ".join(reeve.ctl("why", "web").stdout.split())
    assert "reload_command failed: command 2 (sh -c 'exit 3' --token=***) exited with code 3" in why


def test_what_cannot_reload_says_why(reeve):
    reeve.configure("""
        [service:plain]
        command = sleep 1000
        [service:down]
        command = sleep 1000
        reload_signal = HUP
        autostart = no
    """).start()
    reeve.wait_unit("plain", state="running")
    done = reeve.ctl("reload", "plain", "down", "--no-wait")
    assert done.returncode == 1
    assert sorted(done.stderr.splitlines()) == [
        "reevectl: down: stopped, not running; nothing was reloaded",
        "reevectl: plain: it has neither reload_signal nor reload_command; to send it a signal: "
        "'reevectl signal HUP plain'"]


# ---- Hold ----------------------------------------------------------------------------------------

def test_a_held_unit_is_not_started_until_released(reeve):
    reeve.configure("""
        [service:web]
        command = sleep 1000
    """).start()
    reeve.wait_unit("web", state="running")
    done = reeve.ctl("hold", "web", "--for", "10m")
    assert done.returncode == 0 and done.stdout.startswith("web: held until ")
    assert done.stdout.endswith(" (running)\n")
    assert reeve.show("web")["held_by"]["uid"] == os.getuid()
    assert result_of(reeve.call("Stop", units=["web"]))["ok"]
    assert reeve.unit("web")["held_until"]
    with reeve.connect() as client:
        client.send("io.reeve.Manager.Start", {"units": ["web"]}, more=True)
        assert reeve.wait_unit("web", state="waiting")["waiting"] is None
        moved = client.receive()["parameters"]["progress"]
        assert [(m["state"], m["held_until"]) for m in moved] == \
            [("waiting", reeve.unit("web")["held_until"])]
        late = result_of(reeve.call("Start", units=["web"], timeout_ms=10))
        assert late["message"].startswith("still waiting after 10ms, held for another 9m5")
        assert late["message"].endswith("; 'reevectl hold --release web' lets it start")
        why = " ".join(reeve.ctl("why", "web").stdout.split())
        assert "held until " in why and " asked for it" in why
        assert "to let it start now: reevectl hold --release web" in why
        assert reeve.ctl("hold", "--release", "web").returncode == 0
        replies = [client.receive()["parameters"]]
        while not replies[-1]["results"]:
            replies.append(client.receive()["parameters"])
        assert result_of(replies[-1])["ok"]
    after = reeve.show("web")
    assert (after["state"], after["held_until"], after["held_by"]) == ("running", None, None)


def test_who_requires_a_held_unit_waits_and_says_so(reeve):
    reeve.configure("""
        [service:db]
        command = sleep 1000
        autostart = no
        [service:web]
        command = sleep 1000
        requires = db
        autostart = no
    """).start()
    assert result_of(reeve.call("Hold", units=["db"], for_ms=600000))["ok"]
    late = result_of(reeve.call("Start", units=["web"], timeout_ms=300))
    assert "for db to be ready, which is held for another 9m5" in late["message"]
    why = " ".join(reeve.ctl("why", "web").stdout.split())
    assert "for db to be ready; db is held until " in why
    assert "to let it start now: reevectl hold --release db" in why
    reeve.call("Hold", units=["db"], for_ms=0)
    reeve.wait_unit("web", state="running")


def test_a_hold_is_over_when_its_time_is(reeve):
    reeve.configure("[service:web]\ncommand = sleep 1000\nautostart = no").start()
    reeve.call("Hold", units=["web"], for_ms=300)
    assert result_of(reeve.call("Start", units=["web"]))["ok"]
    assert reeve.unit("web")["held_until"] is None


def test_a_hold_has_a_longest_time(reeve):
    reeve.configure("[service:web]\ncommand = sleep 1000").start()
    with pytest.raises(VarlinkError) as refused:
        reeve.call("Hold", units=["web"], for_ms=367 * 86400 * 1000)
    assert refused.value.name == "io.reeve.Manager.TooLarge"
    assert "at most 366 days" in refused.value.parameters["message"]
    assert reeve.unit("web")["held_until"] is None


def test_events_of_holds_and_reloads(reeve):
    reeve.configure("[service:web]\ncommand = sleep 1000\nreload_signal = CONT").start()
    reeve.wait_unit("web", state="running")
    reeve.call("Hold", units=["web"], for_ms=600000)
    reeve.call("Reload", units=["web"])
    reeve.call("Hold", units=["web"], for_ms=0)
    asked = reeve.call("Events", types=["unit.requested"])["events"]
    assert [e["request"] for e in asked] == ["hold", "reload", "release"]
    assert [e["held_until"] is None for e in asked] == [False, True, True]
    lines = reeve.ctl("events", "--type", "unit.requested").stdout.splitlines()
    assert " hold until " in lines[0] and " requested by " in lines[0]


# ---- hooks ---------------------------------------------------------------------------------------

def test_why_it_is_starting(reeve, gate):
    reeve.configure(f"""
        [service:web]
        command = sleep 1000
        pre_start = {GATED.format(gate)}
        hook_timeout = 1m
    """).start(wait=False)
    reeve.wait_line("at work")
    u = reeve.wait_unit("web", hook="pre_start")
    assert (u["state"], u["pid"], u["run"]) == ("starting", None, 1)
    why = " ".join(reeve.ctl("why", "web").stdout.split())
    assert "in pre_start for " in why and "which is killed in " in why
    late = result_of(reeve.call("Start", units=["web"], timeout_ms=10))
    assert late["message"].startswith("still starting after 10ms, in pre_start: command 1 (sh -c ")
    assert "State: starting (pre_start) since" in reeve.ctl("status", "web").stdout
    gate.touch()
    reeve.wait_unit("web", state="running", hook=None)


def test_a_pre_start_that_fails_is_why(reeve):
    reeve.configure("""
        [service:web]
        command = sleep 1000
        pre_start = true
          sh -c 'exit 3'
        restart = never
        autostart = no
    """).start()
    done = reeve.ctl("start", "web")
    assert done.returncode == 1
    assert done.stderr == ("reevectl: web: start_failed: pre_start: command 2 (sh -c 'exit 3') exited "
                           "with code 3; it is not tried again\n")
    record = reeve.last_exit("web")
    says = "command 2 (sh -c 'exit 3') exited with code 3"
    assert record["error"] == {"stage": "pre_start", "errno": None, "message": says}
    assert record["failed_hooks"] == [{"hook": "pre_start", "command": 2, "message": says}]
    why = " ".join(reeve.ctl("why", "web").stdout.split())
    assert f"start failed: pre_start: {says}" in why and "put it right, then: " in why
    assert says in reeve.ctl("errors").stdout


def test_hooks_that_fail_are_told(reeve):
    reeve.configure("""
        [service:web]
        command = sleep 1000
        post_start = sh -c 'exit 4'
        post_stop = no-such-program-here
    """).start()
    reeve.wait_unit("web", state="running", hook=None)
    reeve.wait_for(lambda: reeve.call("Events", types=["unit.hook"])["events"], what="the event")
    event = reeve.call("Events", types=["unit.hook"])["events"][0]
    says = "command 1 (sh -c 'exit 4') exited with code 4"
    assert (event["hook"], event["error"], event["run"]) == ("post_start", says, 1)
    assert f"post_start failed: {says}" in " ".join(reeve.ctl("why", "web").stdout.split())
    reeve.call("Stop", units=["web"])
    missing = "command 1 (no-such-program-here) could not be run: No such file or directory"
    assert [f["message"] for f in reeve.last_exit("web")["failed_hooks"]] == [says, missing]
    why = " ".join(reeve.ctl("why", "web").stdout.split())
    assert f"post_start failed: {says}; post_stop failed: {missing}" in why
    assert f"post_stop failed: {missing}" in reeve.ctl("errors").stdout
    assert "Failed hooks" in reeve.ctl("show", "web").stdout


def test_why_it_is_stopping(reeve, gate):
    reeve.configure(f"""
        [service:web]
        command = sleep 1000
        pre_stop = {GATED.format(gate)}
    """).start()
    reeve.wait_unit("web", state="running")
    reeve.call("Stop", units=["web"], wait=False)
    reeve.wait_unit("web", hook="pre_stop")
    shown = reeve.show("web")
    assert shown["state"] == "stopping" and shown["kill_at"]
    why = " ".join(reeve.ctl("why", "web").stdout.split())
    assert "in pre_stop for " in why and "then it is told to stop" in why
    gate.touch()
    reeve.wait_unit("web", state="stopped", hook=None)


def test_secrets_of_hooks_are_in_neither_log_nor_answer(reeve):
    reeve.configure("""
        [service:web]
        command = sleep 1000
        post_start = sh -c 'exit 4' --password=hunter2
    """).start()
    reeve.wait_for(lambda: reeve.call("Events", types=["unit.hook"])["events"], what="the event")
    assert "hunter2" not in str(reeve.call("Events"))
    assert not reeve.said("hunter2")
    reeve.wait_line(r"post_start: command 1 \(sh -c 'exit 4' --password=\*\*\*\)")
