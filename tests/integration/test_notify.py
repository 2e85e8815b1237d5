"""What units tell about themselves (sd_notify), by hand and by the libraries that programs use."""
import os
import signal
import subprocess
import time

import pytest
from conftest import root_required
from peers import NOBODY, open_directories
from puppet import Puppets
from trouble import both_trackings

# In one of these states the unit was told to end.
ENDING = ("stopping", "killing")


@pytest.fixture
def one(reeve, puppets):
    """A function that starts a unit web with these keys too, and returns its puppet."""

    def start(*keys, best_effort=False, **daemon_keys):
        reeve.configure("\n".join(["[service:web]", f"command = {puppets.command}", *keys]) + "\n",
                        **daemon_keys)
        reeve.start(best_effort=best_effort)
        return puppets.wait("web")

    return start


def events(reeve, *types):
    return reeve.call("Events", types=list(types))["events"]


def stop_later(reeve, unit):
    """Asks for it and does not wait: the connection that gets the answer."""
    client = reeve.connect()
    client.send("Stop", {"units": [unit]})
    reeve.wait_unit(unit, state="stopping")
    return client


# ---- ready --------------------------------------------------------------------------------------
READY_BY = {
    "by-hand": lambda p: p.notify("READY=1"),
    "among-others": lambda p: p.notify("X_UNKNOWN=1", "STATUS=up", "READY=1", "nonsense", ""),
    "libsystemd": lambda p: p.do("sd_notify", "READY=1", "STATUS=up"),
    "python3-sdnotify": lambda p: p.do("sdnotify_module", "READY=1"),
    "a-child": lambda p: p.do("notify_by_child", "READY=1"),
}


@both_trackings
@pytest.mark.parametrize("by", READY_BY)
def test_ready(reeve, one, best_effort, by):
    web = one("ready = notify", best_effort=best_effort)
    reeve.wait_unit("web", state="starting", ready=False)
    web.notify("STATUS=not yet", "READY=0")
    web.barrier()
    assert reeve.unit("web")["state"] == "starting"
    READY_BY[by](web)
    shown = reeve.wait_unit("web", state="running", ready=True)
    assert shown["run"] == 1 and shown["pid"] == web.pid


@pytest.mark.parametrize("program", ["systemd-notify", "python3"])
@both_trackings
def test_a_helper_that_is_gone_by_then(reeve, best_effort, program):
    """Dead when its message is looked at: systemd-notify (where it is installed) waits for the
    barrier, any other has to live on for a moment, at least without cgroups."""
    script = reeve.directory / "web.sh"
    tell = 'systemd-notify --ready --status="$$ tells it"'
    if program == "python3" or not os.path.exists("/usr/bin/systemd-notify"):
        tell = '/usr/bin/python3 -c \'import sdnotify, time; sdnotify.SystemdNotifier().notify(' \
               '"READY=1\\nSTATUS=tells it"); time.sleep(0.5)\''
    script.write_text(tell + "\nexec sleep 1000\n")
    reeve.configure(f"""
        [service:web]
        command = sh {script}
        ready = notify
        ready_timeout = 10s
    """).start(best_effort=best_effort)
    reeve.wait_unit("web", state="running", run=1)
    assert reeve.show("web")["told"]["status"].endswith("tells it")


def test_ready_says_nothing_to_who_does_not_ask_for_it(reeve, one):
    """Whose readiness is another's business, and whose watchdog is heard all the same."""
    web = one("ready = fd:3", "health = notify", "health_interval = 100s")
    web.notify("READY=1")
    web.barrier()
    assert reeve.unit("web")["state"] == "starting"
    web.do("write", 3, "\n")
    reeve.wait_unit("web", state="running")
    web.notify("WATCHDOG=1")
    reeve.wait_unit("web", health="healthy")


# ---- who is heard, and where --------------------------------------------------------------------
def test_who_has_the_socket(reeve, puppets):
    """Units that notify, and no others; nor do they see that of a supervisor above."""
    reeve.configure("".join(f"""
        [service:{name}]
        command = {puppets.command}
        {key}
    """ for name, key in {"plain": "umask = 022", "ready": "ready = notify",
                          "watched": "health = notify", "fd": "ready = fd:3"}.items()))
    reeve.start(env={"NOTIFY_SOCKET": "/no/such", "WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"})
    env = {name: puppets.wait(name).env for name in ("plain", "ready", "watched", "fd")}
    own = os.path.join(reeve.runtime_dir, "notify")
    assert {name: e.get("NOTIFY_SOCKET") for name, e in env.items()} == {
        "plain": None, "ready": own, "watched": own, "fd": None}
    assert {name: e.get("WATCHDOG_USEC") for name, e in env.items()} == {
        "plain": None, "ready": None, "watched": "30000000", "fd": None}


def test_no_unit_notifies(reeve):
    """Then there is no socket."""
    reeve.configure("[service:web]\ncommand = sleep 1000\n").start()
    assert not os.path.exists(os.path.join(reeve.runtime_dir, "notify"))


@both_trackings
def test_a_stranger_is_not_heard(reeve, one, puppets, best_effort):
    """Whatever it knows: it is of no unit. Warned of once, not each time."""
    web = one("ready = notify", best_effort=best_effort)
    stranger = subprocess.Popen(
        puppets.command.split(), env={**web.env, "REEVE_UNIT": "stranger", "REEVE_TEST_MARK": "no"},
        start_new_session=True)
    try:
        other = puppets.wait("stranger")
        for _ in range(20):
            other.notify("READY=1", "WATCHDOG=1", "STATUS=hello")
        other.barrier()
        assert reeve.unit("web")["state"] == "starting"
        reeve.wait_line(f"notification ignored: its sender, process {other.pid} of user 0")
        assert sum("notification ignored" in line for line in reeve.lines) == 1
        web.notify("READY=1")
        reeve.wait_unit("web", state="running")
    finally:
        stranger.kill()
        stranger.wait()


@both_trackings
def test_a_unit_speaks_for_itself_only(reeve, puppets, best_effort):
    """With the socket and the name of another one it does not become that."""
    reeve.configure(f"""
        [service:web]
        command = {puppets.command}
        ready = notify
        [service:other]
        command = {puppets.command}
        ready = notify
        [service:plain]
        command = env NOTIFY_SOCKET={reeve.runtime_dir}/notify {puppets.command}
    """).start(best_effort=best_effort)
    puppets.wait("web")
    plain, other = puppets.wait("plain"), puppets.wait("other")
    plain.tell("READY=1")
    assert [reeve.unit(name)["ready"] for name in ("web", "other")] == [False, False]
    other.notify("READY=1")
    reeve.wait_unit("other", state="running")
    assert reeve.unit("web")["ready"] is False


@root_required
@both_trackings
def test_a_unit_of_another_user(reeve, tmp_path, best_effort):
    """reaches the socket, and so does one that has dropped its rights by itself."""
    open_directories(reeve)
    puppets = Puppets(tmp_path / "reeve")
    reeve.configure(f"""
        [service:born]
        command = {puppets.command}
        ready = notify
        user = nobody
        [service:dropped]
        command = {puppets.command}
        ready = notify
    """).start(best_effort=best_effort)
    born, dropped = puppets.wait("born"), puppets.wait("dropped")
    assert born.do("ids") == [NOBODY] * 3
    born.notify("READY=1")
    reeve.wait_unit("born", state="running")
    dropped.do("become", NOBODY, NOBODY)
    dropped.notify("READY=1")
    reeve.wait_unit("dropped", state="running")
    puppets.close()


# ---- what it says of itself ---------------------------------------------------------------------
def told(reeve, unit="web"):
    """What it has told, as Show has it: status, errno, and what it is about."""
    shown = reeve.show(unit)["told"]
    return (shown["status"], shown["errno"],
            [word for word in ("reloading", "stopping") if shown[word]])


def test_status_is_shown(reeve, one, puppets):
    web = one("ready = notify")
    web.tell("STATUS=Warming up: 30 %")
    assert told(reeve) == ("Warming up: 30 %", None, [])
    assert "Warming up: 30 %" in reeve.ctl("status", "web").stdout
    assert "Warming up: 30 %" in reeve.ctl("why", "web").stdout
    web.tell("READY=1", "STATUS=Grüße, 7 clients")
    reeve.wait_unit("web", state="running")
    assert told(reeve)[0] == "Grüße, 7 clients"
    web.tell("WATCHDOG=1")
    assert told(reeve)[0] == "Grüße, 7 clients"
    web.tell("STATUS=")
    assert not told(reeve)[0] and "clients" not in reeve.ctl("status", "web").stdout
    # What is over says nothing of the next run.
    web.tell("STATUS=of the first run", "ERRNO=5", "STOPPING=1")
    assert told(reeve) == ("of the first run", "EIO", ["stopping"])
    reeve.call("Restart", units=["web"], wait=False)
    again = puppets.wait("web")
    assert reeve.unit("web")["run"] == 2
    again.barrier()
    assert not reeve.show("web")["told"] or told(reeve) == (None, None, [])


@pytest.mark.parametrize("cut", [511, 10_000])
def test_a_long_status_is_cut(reeve, one, cut):
    """At 511 bytes, between characters."""
    web = one("ready = notify")
    web.tell("STATUS=" + "ß" * (cut // 2 + 1))
    assert told(reeve)[0] == "ß" * 255


def test_status_cannot_write_on_the_terminal(reeve, one):
    web = one("ready = notify")
    web.do("notify_raw", "STATUS=a\x1b[31mred\x07\xff\r")
    web.barrier()
    shown = reeve.ctl("status", "web").stdout
    assert "red" in shown and not {"\x1b", "\x07", "\r", "\xff"} & set(shown), shown


def test_errno_is_shown(reeve, one):
    web = one("ready = notify", "restart = never")
    web.tell("STATUS=no database", "ERRNO=111")
    assert told(reeve) == ("no database", "ECONNREFUSED", [])
    shown = reeve.ctl("status", "web").stdout
    assert "no database" in shown and "ECONNREFUSED" in shown
    # It is still there when the unit is not.
    web.end(1)
    assert reeve.wait_unit("web", state="failed")["last_exit"]["exit_code"] == 1
    assert told(reeve) == ("no database", "ECONNREFUSED", [])


def test_stopping_and_reloading_change_no_state(reeve, one):
    """The state is what reeve knows by itself. READY=1 after a reload does nothing more."""
    web = one("ready = notify")
    web.notify("READY=1")
    reeve.wait_unit("web", state="running")
    seq = reeve.call("Events", last=1)["seq"]
    for lines, about in (
            (["RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}"], ["reloading"]),
            (["READY=1", "STATUS=Done"], []), (["RELOADING=1", "READY=1"], []),
            (["STOPPING=1", "STATUS=Draining"], ["stopping"]), (["ERRNO=111"], ["stopping"])):
        web.tell(*lines)
        assert told(reeve)[2] == about
        shown = reeve.unit("web")
        assert (shown["state"], shown["ready"], shown["run"]) == ("running", True, 1)
    assert [event for event in events(reeve, "unit.state") if event["seq"] > seq] == []
    # By then it has ended by itself, and the usual follows.
    web.end(0)
    reeve.wait_unit("web", run=2)


# ---- more time ----------------------------------------------------------------------------------
def test_more_time_to_get_ready(reeve, one):
    web = one("ready = notify", "ready_timeout = 600ms", "restart = never")
    began = time.monotonic()
    web.notify(f"EXTEND_TIMEOUT_USEC={20_000_000}")
    time.sleep(1.2)
    assert reeve.unit("web")["state"] == "starting"
    # Never to before where it was.
    web.tell(f"EXTEND_TIMEOUT_USEC={1000}")
    time.sleep(0.2)
    assert reeve.unit("web")["state"] == "starting"
    web.notify("READY=1")
    reeve.wait_unit("web", state="running")
    assert time.monotonic() - began > 0.6


@pytest.mark.alone
def test_time_after_time_until_it_is_silent(reeve, one):
    """As systemd counts: each from the message on."""
    web = one("ready = notify", "ready_timeout = 500ms", "restart = never")
    for _ in range(4):
        web.notify(f"EXTEND_TIMEOUT_USEC={600_000}")
        time.sleep(0.3)
    assert reeve.unit("web")["state"] == "starting"
    last = reeve.wait_unit("web", state="failed")["last_exit"]
    assert last["reason"] == "start_failed" and last["error"]["stage"] == "ready"
    assert 1400 <= last["duration_ms"] < 5000, last


def test_more_time_to_stop(reeve, one):
    web = one("ready = notify", "stop_timeout = 600ms")
    web.do("ignore_term")
    web.notify("READY=1")
    reeve.wait_unit("web", state="running")
    with stop_later(reeve, "web") as client:
        web.tell("STOPPING=1", f"EXTEND_TIMEOUT_USEC={30_000_000}")
        time.sleep(1.2)
        assert reeve.unit("web")["state"] == "stopping"
        assert web.do("terms") == 1
        web.end(0)
        assert client.receive()["parameters"]["results"][0]["ok"]
    last = reeve.last_exit("web")
    assert last["reason"] == "signal" and last["exit_code"] == 0 and last["kill_at"] is None
    assert last["duration_ms"] > 1200


def test_more_time_to_stop_has_an_end(reeve, one):
    web = one("ready = notify", "stop_timeout = 300ms")
    web.do("ignore_term")
    web.notify("READY=1")
    reeve.wait_unit("web", state="running")
    with stop_later(reeve, "web") as client:
        web.notify(f"EXTEND_TIMEOUT_USEC={900_000}")
        asked = time.monotonic()
        assert client.receive()["parameters"]["results"][0]["ok"]
        assert 0.85 <= time.monotonic() - asked < 5
    assert reeve.last_exit("web")["reason"] == "forced_kill"


def test_a_shutdown_bounds_what_is_asked_for(reeve, one):
    """An hour is not in its share."""
    web = one("ready = notify", "stop_timeout = 300ms", shutdown_timeout="2s")
    web.do("ignore_term")
    web.notify("READY=1")
    reeve.wait_unit("web", state="running")
    asked = time.monotonic()
    reeve.send_signal(15)
    reeve.wait_for(lambda: web.do("terms"), what="TERM to come")
    web.notify(f"EXTEND_TIMEOUT_USEC={3600_000_000}")
    assert reeve.wait_exit() == 0
    assert 0.8 <= time.monotonic() - asked < 2.5


def test_a_shutdown_bounds_what_was_granted_before(reeve, one):
    """A stop that was under way, with its time extended, takes the share of the shutdown."""
    web = one("ready = notify", "stop_timeout = 300ms", shutdown_timeout="2s")
    web.do("ignore_term")
    web.notify("READY=1")
    reeve.wait_unit("web", state="running")
    with stop_later(reeve, "web"):
        web.tell(f"EXTEND_TIMEOUT_USEC={3600_000_000}")
        asked = time.monotonic()
        reeve.send_signal(15)
        reeve.wait_line("shutting down")
        web.notify(f"EXTEND_TIMEOUT_USEC={3600_000_000}")
        assert reeve.wait_exit() == 0
        assert time.monotonic() - asked < 2.5


# ---- the watchdog -------------------------------------------------------------------------------
def test_the_watchdog_is_told_to_the_program(reeve, one):
    """sd_watchdog_enabled(3) finds it, and WATCHDOG_PID is its own or absent."""
    web = one("health = notify", "health_interval = 7s")
    assert web.env["WATCHDOG_USEC"] == "7000000"
    assert web.env.get("WATCHDOG_PID", str(web.pid)) == str(web.pid)
    assert web.do("sd_watchdog_enabled") == [1, 7000000]


def test_a_fed_watchdog(reeve, one):
    web = one("health = notify", "health_interval = 400ms", "health_retries = 1",
              "health_action = restart")
    shown = reeve.unit("web")
    assert shown["health"] is None and shown["last_success"] is None
    web.do("feed", 2, 0.1)
    shown = reeve.unit("web")
    assert shown["health"] == "healthy" and shown["run"] == 1 and shown["last_failure"] is None
    assert shown["consecutive_failures"] == 0
    assert len(events(reeve, "unit.health")) == 1


def test_a_watchdog_that_was_fed_while_reeved_was_held_up(reeve, one):
    """A machine or a container that was frozen, or has too much to do."""
    web = one("health = notify", "health_interval = 500ms", "health_retries = 1",
              "health_action = restart")
    web.notify("WATCHDOG=1")
    reeve.wait_unit("web", health="healthy")
    for _ in range(3):
        reeve.send_signal(signal.SIGSTOP)
        web.do("feed", 1.2, 0.3)
        reeve.send_signal(signal.SIGCONT)
        web.tell("WATCHDOG=1")
    shown = reeve.unit("web")
    assert shown["health"] == "healthy" and shown["run"] == 1
    assert shown["last_failure"] is None


def test_ready_in_time_while_reeved_was_held_up(reeve, one):
    web = one("ready = notify", "ready_timeout = 700ms", "restart = never")
    reeve.send_signal(signal.SIGSTOP)
    web.notify("READY=1")
    time.sleep(1)
    reeve.send_signal(signal.SIGCONT)
    assert reeve.wait_unit("web", state="running")["run"] == 1


def test_a_watchdog_that_is_not_fed(reeve, one):
    """Each interval in silence is a failure; health_retries of them in a row make it unhealthy."""
    web = one("health = notify", "health_interval = 500ms", "health_retries = 3")
    began = time.monotonic()
    shown = reeve.wait_unit("web", health="unhealthy")
    assert 1.4 <= time.monotonic() - began + 0.1 and time.monotonic() - began < 6
    assert shown["consecutive_failures"] >= 3 and shown["state"] == "running"
    assert shown["last_error"] and "watchdog" in shown["last_error"], shown
    assert events(reeve, "unit.health")[-1]["error"] == shown["last_error"]
    web.notify("WATCHDOG=1")
    shown = reeve.wait_unit("web", health="healthy")
    assert shown["run"] == 1


def test_a_hung_program_is_restarted(reeve, one, puppets):
    """WatchdogSec= and Restart=, in reeve's words."""
    web = one("ready = notify", "health = notify", "health_interval = 400ms", "health_retries = 1",
              "health_action = restart", "restart = never", "restart_delay = 0")
    time.sleep(0.6)  # no watchdog before it is ready
    web.notify("READY=1")
    reeve.wait_unit("web", state="running", run=1)
    web.do("feed", 0.6, 0.1)
    silent = time.monotonic()
    again = puppets.wait("web")
    assert 0.25 <= time.monotonic() - silent < 5
    assert again.env["WATCHDOG_USEC"] == "400000"
    shown = reeve.wait_unit("web", run=2, state="starting")
    assert shown["last_exit"]["requested_by"] == "health" and shown["health"] is None


def test_the_trigger(reeve, one):
    """It knows better: it is not well, now."""
    web = one("health = notify", "health_interval = 100s", "health_retries = 1")
    web.tell("WATCHDOG=1")
    reeve.wait_unit("web", health="healthy")
    web.tell("WATCHDOG=trigger")
    reeve.wait_unit("web", health="unhealthy", state="running")


def test_the_interval_can_be_changed(reeve, one):
    web = one("health = notify", "health_interval = 100s", "health_retries = 1")
    web.tell("WATCHDOG=1")
    reeve.wait_unit("web", health="healthy")
    web.tell(f"WATCHDOG_USEC={200_000}")
    reeve.wait_unit("web", health="unhealthy")
    web.tell(f"WATCHDOG_USEC={100_000_000}", "WATCHDOG=1")
    reeve.wait_unit("web", health="healthy")
    failures = reeve.unit("web")["last_failure"]
    time.sleep(0.6)
    assert reeve.unit("web")["last_failure"] == failures


def test_the_changed_interval_ends_with_the_run(reeve, one, puppets):
    web = one("health = notify", "health_interval = 100s", "health_retries = 1")
    web.tell(f"WATCHDOG_USEC={3600_000_000}")
    web.tell(f"WATCHDOG_USEC={150_000}")
    reeve.wait_unit("web", health="unhealthy")
    assert reeve.call("Restart", units=["web"])["results"][0]["ok"]
    puppets.wait("web")
    time.sleep(0.6)
    assert reeve.wait_unit("web", run=2)["health"] is None


# ---- the rest of the protocol -------------------------------------------------------------------
def test_a_barrier_comes_after_all_before(reeve, one):
    """By hand, and sd_notify_barrier(3): what was told before has its effect by then."""
    web = one("health = notify", "health_interval = 100s", "health_retries = 1")
    reeve.wait_unit("web", state="running")
    barriers = [web.barrier]
    if web.do("sd_notify_barrier", 10_000_000) > 0:
        barriers.append(lambda: web.do("sd_notify_barrier", 10_000_000))
    for barrier in barriers * 30:
        for message, health in (("WATCHDOG=1", "healthy"), ("WATCHDOG=trigger", "unhealthy")):
            web.notify(message)
            barrier()
            assert reeve.unit("web")["health"] == health


def test_a_barrier_in_company_is_none(reeve, one):
    """But nobody is kept waiting for ever."""
    web = one("ready = notify")
    assert web.do("barrier", "READY=1")
    web.barrier()
    assert reeve.unit("web")["state"] == "starting"


@pytest.mark.parametrize("lines", [["FDSTORE=1"], ["FDSTORE=1", "FDNAME=x"], ["FDSTOREREMOVE=1"],
                                   ["FDSTORE=1", "READY=1"]], ids="+".join)
def test_descriptors_are_not_kept(reeve, one, lines):
    """Refused with an event; they are closed, and what else was said counts."""
    web = one("ready = notify")
    ends = web.do("notify_with_descriptors", 3, *lines)
    for end in ends:
        assert web.do("closed_elsewhere", end)
    web.barrier()
    refused = reeve.wait_for(lambda: events(reeve, "unit.refused"), timeout=5, what="the event")
    assert [(event["unit"], event["error"]) for event in refused] == [
        ("web", "FDSTORE: reeve keeps no descriptors for units")]
    reeve.wait_line("FDSTORE.*refused")
    assert (reeve.unit("web")["state"] == "running") == ("READY=1" in lines)


def test_descriptors_that_nobody_asked_for_are_closed(reeve, one):
    web = one("ready = notify")
    for end in web.do("notify_with_descriptors", 200, "READY=1"):
        assert web.do("closed_elsewhere", end)
    reeve.wait_unit("web", state="running")


def test_what_makes_no_sense_is_passed_over(reeve, one):
    web = one("ready = notify", "health = notify", "health_interval = 100s")
    for text in ("", "\n", "=", "READY", "READY=", "READY=yes", "READY=11", "WATCHDOG_USEC=-1",
                 "WATCHDOG_USEC=99999999999999999999999", "EXTEND_TIMEOUT_USEC=soon", "ERRNO=x",
                 "MAINPID=0", "MAINPID=-1", "BARRIER=2", "x" * 4000, "\0READY=1", "STATUS=\n\n"):
        web.do("notify_raw", text)
        web.barrier()
        assert reeve.unit("web")["state"] == "starting", text
    web.notify("WATCHDOG_USEC=nonsense", "READY=1")
    assert reeve.wait_unit("web", state="running")["pid"] == web.pid


def test_a_long_message(reeve, one):
    """Up to 64 KiB is read; of a longer one nothing counts."""
    web = one("ready = notify")
    web.tell("X=" + "x" * 100_000, "READY=1")
    assert reeve.unit("web")["state"] == "starting"
    reeve.wait_line("longer than 64 KiB")
    web.notify("X=" + "x" * 60_000, "READY=1")
    reeve.wait_unit("web", state="running")


@pytest.mark.parametrize("by", ["a-unit", "a-stranger"])
def test_a_flood_keeps_nobody_else_waiting(reeve, puppets, by):
    """10 000 messages: another unit gets ready, a client is answered quickly, the log stays."""
    reeve.configure(f"""
        [service:loud]
        command = {puppets.command}
        ready = notify
        [service:web]
        command = {puppets.command}
        ready = notify
    """).start()
    loud, web = puppets.wait("loud"), puppets.wait("web")
    stranger = None
    if by == "a-stranger":
        stranger = subprocess.Popen(
            puppets.command.split(), start_new_session=True,
            env={**loud.env, "REEVE_UNIT": "stranger", "REEVE_TEST_MARK": "no"})
    try:
        shouts = puppets.wait("stranger") if stranger else loud
        print('["flood", [10000, "STATUS=again"]]', file=shouts.stream, flush=True)
        took = []
        web.notify("READY=1")
        while True:
            began = time.monotonic()
            ready = reeve.unit("web")["ready"]
            took.append(time.monotonic() - began)
            if ready and len(took) > 30:
                break
            assert len(took) < 3000
        assert max(took) < 1, max(took)
        assert '"value": null' in shouts.stream.readline()
        shouts.barrier()
        assert len(reeve.lines) < 20
    finally:
        if stranger:
            stranger.kill()
            stranger.wait()
    loud.tell("READY=1")
    reeve.wait_unit("loud", state="running")


def test_it_dies_right_after_it_said_ready(reeve, puppets):
    """The message of one that is dead by then still counts: the record says that it was ready."""
    reeve.configure("""
        [job:quick]
        command = /usr/bin/python3 -ISc "import os, socket; \
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b'READY=1', os.environ['NOTIFY_SOCKET'])"
        ready = notify
    """).start()
    for _ in range(20):
        assert reeve.call("Start", units=["quick"])["results"][0]["ok"]
        last = reeve.wait_unit("quick", state="completed")["last_exit"]
        assert last["reason"] == "natural" and last["ready_after_ms"] is not None, last


def test_without_a_place_for_a_socket_the_name_is_abstract(reeve, puppets):
    """Here because the path is too long for a socket's address."""
    long = os.path.join(reeve.directory, "x" * 100)
    os.mkdir(long)
    reeve.runtime_dir = long
    reeve.socket_path = os.path.join(long, "reeve.sock")
    reeve.configure(f"""
        [service:web]
        command = {puppets.command}
        ready = notify
    """).start()
    web = puppets.wait("web")
    assert web.env["NOTIFY_SOCKET"].startswith("@")
    web.notify("READY=1")
    reeve.wait_unit("web", state="running")
