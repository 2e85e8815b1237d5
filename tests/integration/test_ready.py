"""When a unit is ready: every way to know, on real processes."""
import os
import random
import socket
import time

import pytest
from daemon import process_alive
from test_idle import switches
from times import milliseconds
from trouble import both_trackings, open_descriptors

LOOK_MAX_S = 5.0
FAR = "1000s"


def free_port(*hosts):
    """A port where nobody listens, on any of these."""
    for _ in range(100):
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
        if all(can_bind(host, port) for host in hosts):
            return port
    raise AssertionError("no port is free")


def can_bind(host, port=0):
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as one:
        try:
            one.bind((host, port))
        except OSError:
            return False
    return True


LOOPBACKS = [host for host in ("127.0.0.1", "::1") if can_bind(host)]


class Way:
    """One way to be ready: what stands behind `ready =`, how the puppet becomes so, and what the
    record says of the last look when it does not."""

    def __init__(self, key, become, finding):
        self.key, self.become, self.finding = key, become, finding


def ways(tmp_path):
    port = free_port()
    flag, path = tmp_path / "flag", tmp_path / "sock"
    return {
        "notify": Way("notify", lambda p: p.notify("READY=1"), ""),
        "fd": Way("fd:3", lambda p: p.do("write", 3, "\n"), ""),
        "tcp": Way(f"tcp:127.0.0.1:{port}", lambda p: p.do("listen_tcp", "127.0.0.1", port),
                   f" (tcp:127.0.0.1:{port}: Connection refused)"),
        "unix": Way(f"unix:{path}", lambda p: p.do("listen_unix", str(path)),
                    f" (unix:{path}: No such file or directory)"),
        "exec": Way(f"exec:test -e {flag}", lambda p: flag.touch(),
                    f" (exec:test -e {flag}: exit code 1)"),
    }


WAYS = ["notify", "fd", "tcp", "unix", "exec"]
every_way = pytest.mark.parametrize("way", WAYS)


# ---- ready, or not -----------------------------------------------------------------------------
@every_way
def test_ready_in_time(reeve, puppets, tmp_path, way):
    """Who requires it waits until then, and so does who asked for its start."""
    way = ways(tmp_path)[way]
    reeve.configure(f"""
        [service:web]
        command = {puppets.command}
        ready = {way.key}
        ready_interval = 20ms
        autostart = no
        [service:above]
        command = sleep 1000
        requires = web
        autostart = no
    """).start()
    with reeve.connect() as client:
        client.send("Start", {"units": ["above"]})
        web = puppets.wait("web")
        shown = reeve.wait_unit("web", state="starting", pid=web.pid)
        assert shown["ready"] is False and shown["last_exit"] is None
        above = reeve.unit("above")
        assert above["state"] == "waiting" and above["run"] == 0
        assert (above["waiting"]["unit"], above["waiting"]["until"]) == ("web", "ready")
        way.become(web)
        shown = reeve.wait_unit("web", state="running", ready=True)
        assert client.receive()["parameters"]["results"][0]["ok"]
    assert shown["run"] == 1 and shown["pid"] == web.pid
    assert reeve.unit("above")["state"] == "running"
    reeve.call("Stop", units=["web"])
    assert 0 <= reeve.last_exit("web")["ready_after_ms"] <= reeve.last_exit("web")["duration_ms"]


@every_way
def test_never_ready(reeve, puppets, tmp_path, way):
    """The record says so, and how the last look went; the unit is tried again."""
    way = ways(tmp_path)[way]
    reeve.configure(f"""
        [service:web]
        command = {puppets.command}
        ready = {way.key}
        ready_timeout = 300ms
        ready_interval = 20ms
        restart_delay = {FAR}
        restart_delay_max = {FAR}
    """).start()
    result = reeve.call("Start", units=["web"])["results"][0]
    shown = reeve.wait_unit("web", state="backoff", ready=False)
    last = shown["last_exit"]
    assert last["reason"] == "start_failed" and last["requested_by"] is None, last
    assert last["error"] == {"stage": "ready", "errno": "ETIMEDOUT",
                             "message": f"not ready within 300ms{way.finding}"}
    assert last["ready_after_ms"] is None and last["signal"] == "TERM"
    assert 300 <= last["duration_ms"] < 10000 and last["pid"] is not None
    assert not result["ok"] and f"not ready within 300ms{way.finding}" in result["message"]
    reeve.wait_line(r"not ready within 300ms")


@every_way
def test_it_dies_before_it_is_ready(reeve, puppets, tmp_path, way):
    way = ways(tmp_path)[way]
    reeve.configure(f"""
        [service:web]
        command = {puppets.command}
        ready = {way.key}
        restart_delay = {FAR}
        restart_delay_max = {FAR}
        autostart = no
    """).start()
    with reeve.connect() as client:
        client.send("Start", {"units": ["web"]})
        puppets.wait("web").end(3)
        result = client.receive()["parameters"]["results"][0]
    assert not result["ok"] and "exit code 3" in result["message"]
    last = reeve.wait_unit("web", state="backoff")["last_exit"]
    assert last["reason"] == "start_failed" and last["exit_code"] == 3
    assert last["ready_after_ms"] is None and last["error"] is None


def test_a_job_that_gets_ready_and_completes(reeve, puppets):
    """Who requires it to be ready starts while it runs."""
    reeve.configure(f"""
        [service:above]
        command = sleep 1000
        requires = warm:ready
        [job:warm]
        command = {puppets.command}
        ready = fd:3
    """).start()
    warm = puppets.wait("warm")
    reeve.wait_unit("warm", state="starting")
    assert reeve.unit("above")["state"] == "waiting"
    warm.do("write", 3, "\n")
    reeve.wait_unit("above", state="running")
    assert reeve.unit("warm")["state"] == "running"
    warm.end(0)
    reeve.wait_unit("warm", state="completed")


@pytest.mark.parametrize("kind, state", [("job", "failed"), ("service", "backoff")])
def test_an_end_before_it_is_ready_is_a_failed_start_whatever_the_code(reeve, kind, state):
    reeve.configure(f"""
        [{kind}:short]
        command = true
        ready = notify
        autostart = yes
        {"restart = on-failure" if kind == "service" else "retries = 0"}
        {"restart_delay = 1000s" if kind == "service" else "retry_delay = 1s"}
    """, exit_when="never").start()
    last = reeve.wait_unit("short", state=state)["last_exit"]
    assert last["reason"] == "start_failed" and last["exit_code"] == 0


# ---- looks -----------------------------------------------------------------------------------
@both_trackings
def test_a_look_that_hangs_is_ended_after_5_s(stage, best_effort):
    """With all that it has started; it is not the last one."""
    stage.configure("""
        [service:web]
        ready = exec:look take=never escape
        ready_interval = 300ms
    """).start(best_effort=best_effort)
    stage.wait("look", "web", count=2)
    first, second = stage.entries("web", "look")
    assert LOOK_MAX_S - 0.1 <= second.at - first.at - 0.3 < LOOK_MAX_S + 3
    escaped = stage.entries("web", "escaped")[0]
    assert not process_alive(first.pid) and not process_alive(escaped.pid)
    web = stage.unit("web")
    assert web["state"] == "starting" and web["run"] == 1 and process_alive(web["pid"])
    assert stage.acted("web").count("start") == 1 and not stage.entries("web", "overlap")


def test_a_look_takes_no_longer_than_ready_timeout(stage):
    stage.configure("""
        [service:web]
        ready = exec:look take=never
        ready_timeout = 400ms
        restart = never
    """).start()
    last = stage.wait_unit("web", state="failed")["last_exit"]
    assert last["error"]["message"].startswith("not ready within 400ms"), last
    assert not process_alive(stage.entries("web", "look")[0].pid)
    assert last["duration_ms"] < 4500


def test_the_interval_is_kept(stage):
    """From the end of a look to the beginning of the next; the first comes at once."""
    stage.configure("""
        [service:web]
        ready = exec:look take=100 code=file
        ready_interval = 400ms
    """).start()
    stage.wait("looked", "web", count=6)
    stage.look_finds("web", 0)
    stage.wait_unit("web", state="running")
    looks = stage.looks("web")
    assert looks[0][0] - stage.at("web", "start") < 0.3
    gaps = sorted(begin - end for (_, end), (begin, _) in zip(looks, looks[1:]))
    assert 0.39 <= gaps[0] and gaps[len(gaps) // 2] < 0.6, gaps
    n_looks = len(stage.looks("web"))
    time.sleep(1)
    assert len(stage.looks("web")) == n_looks, "it is looked at although it is ready"


def test_the_first_look_comes_at_once(stage):
    stage.configure("""
        [service:web]
        ready = exec:look
        ready_interval = 1000s
    """).start()
    stage.wait_unit("web", state="running", ready=True)


def test_what_a_look_is_not_told_it_finds_out(reeve, tmp_path):
    """A command that cannot be executed is no failure of the unit but of the look."""
    reeve.configure(f"""
        [service:web]
        command = sleep 1000
        ready = exec:{tmp_path}/no-such-program
        ready_timeout = 200ms
        restart = never
    """).start()
    last = reeve.wait_unit("web", state="failed")["last_exit"]
    assert last["error"]["message"] == (f"not ready within 200ms (exec:{tmp_path}/no-such-program: "
                                        "No such file or directory)")


@both_trackings
def test_a_stop_kills_the_look_that_is_under_way(stage, best_effort):
    stage.configure("""
        [service:web]
        ready = exec:look take=never escape=session
    """).start(best_effort=best_effort)
    stage.wait("escaped", "web")
    asked = time.monotonic()
    stage.well("Stop", "web")
    assert time.monotonic() - asked < LOOK_MAX_S - 1
    looker, escaped = stage.entries("web", "look")[0], stage.entries("web", "escaped")[0]
    stage.wait_for(lambda: not process_alive(looker.pid), what="the look to be killed")
    stage.wait_for(lambda: not process_alive(escaped.pid), what="its child to be killed")
    last = stage.last_exit("web")
    assert last["requested_by"] == "user" and last["ready_after_ms"] is None
    assert last["leftovers_killed"] == 0 and last["reason"] == "signal", last


@both_trackings
def test_a_restart_while_it_is_looked_at(stage, best_effort):
    """The look of the old run is not that of the new one, and they do not meet."""
    stage.configure("""
        [service:web]
        ready = exec:look take=never escape
    """).start(best_effort=best_effort)
    stage.wait("escaped", "web")
    with stage.connect() as client:
        client.send("Restart", {"units": ["web"]})
        stage.wait("look", "web", count=2)
        first, second = stage.entries("web", "look")
        assert not process_alive(first.pid) and process_alive(second.pid)
        assert not process_alive(stage.entries("web", "escaped")[0].pid)
        assert stage.wait_unit("web", state="starting")["run"] == 2
        stage.well("Stop", "web")
        assert not client.receive()["parameters"]["results"][0]["ok"]
    assert not stage.entries("web", "overlap")
    stage.copies_alone()


def test_it_dies_while_it_is_looked_at(stage):
    """The look ends with it and says nothing of the next run."""
    stage.configure("""
        [service:web]
        ready = exec:look take=never
        restart_delay = 0
        restart_limit = 1
    """).start()
    for count in (1, 2):
        stage.wait("look", "web", count=count)
        stage.wait_unit("web", state="starting", run=count)
        stage.call("Signal", units=["web"], signal="KILL")
    stage.wait_unit("web", state="failed")
    for entry in stage.entries("web", "look"):
        stage.wait_for(lambda pid=entry.pid: not process_alive(pid), what="the look to be killed")
    assert not stage.entries("web", "overlap")


# ---- on a descriptor ----------------------------------------------------------------------------
@pytest.mark.parametrize("number", [3, 10])
def test_a_newline_on_a_descriptor(reeve, puppets, number):
    """In s6's manner; the process has that descriptor and the usual ones, and no other."""
    reeve.configure(f"""
        [service:web]
        command = {puppets.command}
        ready = fd:{number}
    """).start()
    web = puppets.wait("web")
    assert web.fds == [0, 1, 2, number]
    web.do("write", number, "almost")
    web.do("write", number, " there" * 200)
    with pytest.raises(AssertionError):
        reeve.wait_unit("web", timeout=0.3, state="running")
    web.do("write", number, "\nand more")
    reeve.wait_unit("web", state="running", ready=True)
    # Whoever writes on is told that nobody listens.
    with pytest.raises(BrokenPipeError):
        web.do("write", number, "\n")


def test_the_descriptor_is_closed_without_a_newline(reeve, puppets):
    """So it will not become ready, and does not before the time is over."""
    reeve.configure(f"""
        [service:web]
        command = {puppets.command}
        ready = fd:3
        ready_timeout = 700ms
        restart = never
    """).start()
    web = puppets.wait("web")
    web.do("write", 3, "never mind")
    web.do("close", 3)
    last = reeve.wait_unit("web", state="failed")["last_exit"]
    assert last["reason"] == "start_failed" and last["duration_ms"] >= 690
    assert last["error"]["message"] == "not ready within 700ms"


def test_a_newline_and_the_end_at_once(reeve):
    """As a script does it: it closes the descriptor as soon as it has written."""
    reeve.configure("""
        [service:web]
        command = sh -c 'echo >&3 && exec sleep 1000 3>&-'
        ready = fd:3
        ready_timeout = 10s
    """).start()
    reeve.wait_unit("web", state="running", run=1)


# ---- connections -------------------------------------------------------------------------------
@pytest.mark.parametrize("host", LOOPBACKS)
def test_localhost_is_either_address(reeve, puppets, host):
    port = free_port(*LOOPBACKS)
    reeve.configure(f"""
        [service:web]
        command = {puppets.command}
        ready = tcp:localhost:{port}
        ready_interval = 50ms
    """).start()
    web = puppets.wait("web")
    reeve.wait_unit("web", state="starting")
    web.do("listen_tcp", host, port)
    reeve.wait_unit("web", state="running", run=1)


def test_an_abstract_socket(reeve, puppets):
    name = f"@reeve-test-{os.getpid()}-ready"
    reeve.configure(f"""
        [service:web]
        command = {puppets.command}
        ready = unix:{name}
        ready_interval = 20ms
    """).start()
    web = puppets.wait("web")
    reeve.wait_unit("web", state="starting")
    web.do("listen_unix", name)
    reeve.wait_unit("web", state="running", run=1)


def test_each_instance_has_its_own_port(reeve, puppets):
    # Below those that the kernel gives away; at random, since others look for theirs at once.
    base = next(port for port in random.sample(range(2000, 3200), 1200)
                if all(can_bind("127.0.0.1", port * 10 + n) for n in (1, 2)))
    reeve.configure(f"""
        [service:web]
        command = {puppets.command}
        ready = tcp:127.0.0.1:{base}${{REEVE_INSTANCE}}
        ready_interval = 20ms
        instances = 2
    """).start()
    second = puppets.wait("web@2")
    puppets.wait("web@1")
    reeve.wait_unit("web@1", state="starting")
    second.do("listen_tcp", "127.0.0.1", base * 10 + 2)
    reeve.wait_unit("web@2", state="running")
    assert reeve.unit("web@1")["state"] == "starting"


# ---- what it costs ------------------------------------------------------------------------------
@pytest.mark.alone
@every_way
def test_costs_nothing_once_ready(reeve, puppets, tmp_path, way):
    """No wake-up, and no descriptor that a unit which is just started does not have."""
    way = ways(tmp_path)[way]
    reeve.configure(f"""
        [service:plain]
        command = sleep 1000
        autostart = no
        [service:web]
        command = {puppets.command}
        ready = {way.key}
        ready_interval = 10ms
        autostart = no
    """).start()
    reeve.health()

    def kept():
        # A look for mistakes has one for a moment.
        return [to for to in open_descriptors(reeve.pid).values() if "reeve-search" not in to]

    def more_after(begin):
        before = len(kept())
        begin()
        reeve.disconnect()
        reeve.health()
        return len(kept()) - before

    def begin_plain():
        reeve.call("Start", units=["plain"])

    def begin_web():
        reeve.call("Start", units=["web"], wait=False)
        way.become(puppets.wait("web"))
        reeve.wait_unit("web", state="running")

    def stop_again(unit):
        reeve.call("Stop", units=[unit])

    # Once without counting: what is opened with the first unit, or look, and kept.
    for unit, begin in (("plain", begin_plain), ("web", begin_web)):
        begin()
        stop_again(unit)
        for left in ("flag", "sock"):
            if os.path.exists(tmp_path / left):
                os.unlink(tmp_path / left)
    plain = more_after(begin_plain)
    assert more_after(begin_web) == plain, open_descriptors(reeve.pid)

    reeve.disconnect()
    last = [switches(reeve.pid)]

    def settled():
        time.sleep(1.5)  # who is starting is looked at for mistakes, once a second
        last.append(switches(reeve.pid))
        return last[-1] == last[-2]

    reeve.wait_for(settled, what="reeved to fall asleep")
    time.sleep(2)
    woken = switches(reeve.pid) - last[-1]
    assert reeve.unit("web")["run"] == 2 and switches(reeve.pid) > last[-1] + woken
    assert woken == 0, f"reeved woke up {woken} times"


def test_the_time_until_ready_is_told(reeve, puppets):
    reeve.configure(f"""
        [service:web]
        command = {puppets.command}
        ready = notify
    """).start()
    web = puppets.wait("web")
    time.sleep(0.5)
    web.notify("READY=1")
    reeve.wait_unit("web", state="running")
    reeve.call("Stop", units=["web"])
    last = reeve.last_exit("web")
    assert 450 <= last["ready_after_ms"] <= last["duration_ms"]
    assert milliseconds(last["ended_at"]) - milliseconds(last["started_at"]) >= 450
