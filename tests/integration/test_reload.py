"""Units that reload their own configuration: by a signal, by a command, and when that cannot be."""
import os
import signal

import pytest
from daemon import VarlinkError, process_alive, wait_for
from hooking import Asked, failures, hook_events, one
from programs import fetch, nginx_config
from test_ready import free_port
from test_storm import children_of


def refused(reeve, name, **parameters):
    result = one(reeve, "Reload", name, **parameters)
    assert not result["ok"], result
    return result["message"]


# ---- by a signal --------------------------------------------------------------------------------
def test_a_reload_signal_goes_to_main_alone(reeve):
    reeve.configure("""
        [service:web]
        command = sh -c 'trap "echo child >&2" HUP; (while :; do sleep 0.05; done) & trap "echo main >&2" HUP; echo up >&2; while :; do sleep 0.05; done'
        reload_signal = HUP
    """).start()
    reeve.wait_line("^up$")
    before = reeve.wait_unit("web", state="running")
    for n in (1, 2):
        assert one(reeve, "Reload", "web")["ok"]
        reeve.wait_line("^main$", count=n)
    after = reeve.unit("web")
    assert (after["pid"], after["run"], after["state"]) == (before["pid"], 1, "running")
    assert not reeve.said("^child$")
    requests = [e["request"] for e in reeve.call("Events", types=["unit.requested"])["events"]]
    assert requests == ["reload", "reload"]
    states = [e["state"] for e in reeve.call("Events", types=["unit.state"])["events"]]
    assert states == ["starting", "running"], "a reload is no change of state"
    reeve.wait_line("web: reloaded", count=2)


def test_a_reload_that_failed_is_not_told_as_one_that_went_well(reeve, web):
    """Not even when the next one begins in the same moment."""
    web.start("reload_command")
    web.running()
    first = Asked(reeve, "Reload", "web")
    at_work = web.hook("reload_command")
    second = Asked(reeve, "Reload", "web")
    wait_for(lambda: len(reeve.call("Events", types=["unit.requested"])["events"]) == 2)
    at_work.end(3)
    again = web.hook("reload_command")
    reeve.wait_line("web: reload_command: command 1 .* exited with code 3")
    assert not reeve.said("web: reloaded")
    again.end()
    first.ok(), second.ok()
    reeve.wait_line("web: reloaded")


@pytest.mark.parametrize("how", ["signal", "command"])
def test_nginx_gets_new_workers_and_its_new_configuration(reeve, tmp_path, how):
    port = free_port()
    command = nginx_config(tmp_path, f"127.0.0.1:{port}", workers=2)
    conf = tmp_path / "nginx.conf"
    key = "reload_signal = HUP" if how == "signal" else f"reload_command = {command} -s reload"
    reeve.configure(f"""
        [service:nginx]
        command = {command}
        ready = tcp:127.0.0.1:{port}
        stop_signal = QUIT
        {key}
    """).start()
    pid = reeve.wait_unit("nginx", state="running", ready=True)["pid"]
    assert b"ready" in fetch(("127.0.0.1", port))
    workers = wait_for(lambda: children_of(pid))
    conf.write_text(conf.read_text().replace('"ready', '"new'))
    assert one(reeve, "Reload", "nginx")["ok"]
    wait_for(lambda: (now := children_of(pid)) and not set(now) & set(workers),
             what="another generation")
    assert b"new" in fetch(("127.0.0.1", port))
    assert reeve.unit("nginx")["pid"] == pid
    if how == "command":
        conf.write_text("nonsense;")
        assert "exited with code 1" in refused(reeve, "nginx")
        assert b"new" in fetch(("127.0.0.1", port))


# ---- refusals -----------------------------------------------------------------------------------
def test_who_cannot_reload_is_told_so(reeve):
    reeve.configure("""
        [service:plain]
        command = sleep 1000
        [service:down]
        command = sleep 1000
        reload_signal = HUP
        autostart = no
        [service:crashed]
        command = false
        reload_command = true
        restart_delay = 60s
    """).start()
    reeve.wait_unit("crashed", state="backoff")
    assert refused(reeve, "plain") == ("it has neither reload_signal nor reload_command; to send "
                                       "it a signal: 'reevectl signal HUP plain'")
    assert refused(reeve, "down") == "stopped, not running; nothing was reloaded"
    assert refused(reeve, "crashed") == "backoff, not running; nothing was reloaded"
    assert refused(reeve, "down", wait=False)
    with pytest.raises(VarlinkError) as error:
        reeve.call("Reload", units=["nobody"])
    assert error.value.name == "io.reeve.Manager.NoSuchUnit"
    assert reeve.unit("down")["run"] == 0


def test_one_that_starts_is_not_reloaded(reeve, puppets):
    reeve.configure(f"""
        [service:web]
        command = {puppets.command}
        ready = notify
        pre_start = {puppets.command}
        reload_signal = HUP
    """).start()
    hook = puppets.wait("web", "pre_start")
    assert refused(reeve, "web") == "starting, not running; nothing was reloaded"
    hook.end()
    main = puppets.wait("web")
    assert "starting" in refused(reeve, "web")
    main.tell("READY=1")
    reeve.wait_unit("web", state="running")


# ---- by a command -------------------------------------------------------------------------------
def test_a_command_that_fails_leaves_out_the_rest(reeve):
    reeve.configure("""
        [service:web]
        command = sleep 1000
        reload_command = sh -c 'echo one >&2'
          sh -c 'exit 3'
          sh -c 'echo three >&2'
    """).start()
    reeve.wait_unit("web", state="running")
    message = refused(reeve, "web")
    assert message == "reload_command: command 2 (sh -c 'exit 3') exited with code 3"
    assert reeve.said("^one") and not reeve.said("^three")
    assert hook_events(reeve, "web") == [("reload_command", message.partition(": ")[2])]
    assert reeve.unit("web")["state"] == "running"
    one(reeve, "Stop", "web")
    assert list(failures(reeve.last_exit("web"))) == ["reload_command"]


def test_its_time_is_that_of_a_hook(reeve, web):
    web.start("reload_command", hook_timeout="1s")
    main = web.running()
    reload = Asked(reeve, "Reload", "web")
    hook = web.hook("reload_command")
    hook.do("ignore_term")
    child = hook.do("have_child", True)
    (result,) = reload.results()
    assert not result["ok"] and "did not end in time (hook_timeout = 1s)" in result["message"]
    assert not process_alive(hook.pid) and not process_alive(child) and process_alive(main.pid)
    # A later one begins with a clean slate.
    reload = Asked(reeve, "Reload", "web")
    web.hook("reload_command").end()
    reload.ok()


def test_what_is_asked_for_meanwhile_is_one_more(reeve, web):
    """However often: the one at work may have read what was there before."""
    web.start("reload_command")
    web.running()
    first = Asked(reeve, "Reload", "web")
    hook = web.hook("reload_command")
    later = [Asked(reeve, "Reload", "web") for _ in range(5)]
    wait_for(lambda: len(reeve.call("Events", types=["unit.requested"])["events"]) == 6)
    hook.end(1)
    hook = web.hook("reload_command")
    hook.end(0)
    for asked in later:
        asked.ok()
    first.results()
    reeve.wait_unit("web", hook=None)
    assert not web.puppets.waiting


def test_without_waiting(reeve, web):
    web.start("reload_command")
    web.running()
    assert one(reeve, "Reload", "web", wait=False)["ok"]
    hook = web.hook("reload_command")
    unit_now = reeve.unit("web")
    assert (unit_now["state"], unit_now["ready"], unit_now["hook"]) == \
        ("running", True, "reload_command")
    (result,) = Asked(reeve, "Reload", "web", timeout_ms=100).results()
    assert not result["ok"]
    assert result["message"] == ("still reloading after 100ms, in reload_command: command 1 "
                                 f"({web.puppets.command})")
    hook.end()
    web.hook("reload_command").end()
    reeve.wait_unit("web", hook=None)


def test_a_reload_waits_for_post_start(reeve, web):
    web.start("post_start", "reload_command")
    web.running()
    hook = web.hook("post_start")
    reload = Asked(reeve, "Reload", "web")
    wait_for(lambda: reeve.call("Events", types=["unit.requested"])["events"])
    assert reeve.unit("web")["hook"] == "post_start"
    hook.end()
    web.hook("reload_command").end()
    reload.ok()


def test_a_signal_waits_for_post_start_too(reeve, puppets):
    reeve.configure(f"""
        [service:web]
        command = sh -c 'trap "echo reloads >&2" HUP; while :; do sleep 0.05; done'
        post_start = {puppets.command}
        reload_signal = HUP
        hook_timeout = 60s
    """).start()
    hook = puppets.wait("web", "post_start")
    reload = Asked(reeve, "Reload", "web")
    wait_for(lambda: reeve.call("Events", types=["unit.requested"])["events"])
    hook.end()
    reload.ok()
    reeve.wait_line("^reloads")


@pytest.mark.parametrize("end", ["Stop", "Restart", "kill"])
def test_the_end_of_main_is_that_of_a_reload(reeve, web, end):
    web.start("reload_command", restart="never")
    main = web.running()
    asked = [Asked(reeve, "Reload", "web") for _ in range(2)]
    hook = web.hook("reload_command")
    child = hook.do("have_child", True)
    if end == "kill":
        os.kill(main.pid, signal.SIGKILL)
        reeve.wait_unit("web", state="failed")
    else:
        Asked(reeve, end, "web").ok()
    for reload in asked:
        (result,) = reload.results()
        assert not result["ok"]
        assert result["message"] == "its run ended before the reload was over", result
    assert not process_alive(hook.pid) and not process_alive(child)
    assert reeve.last_exit("web")["failed_hooks"] == []


def test_several_at_once_each_for_itself(reeve):
    reeve.configure("""
        [service:good]
        command = sleep 1000
        reload_command = true
        [service:bad]
        command = sleep 1000
        reload_command = false
        [service:none]
        command = sleep 1000
    """).start()
    for name in ("good", "bad", "none"):
        reeve.wait_unit(name, state="running")
    results = {r["unit"]: r for r in reeve.call("Reload", units=["*"])["results"]}
    assert {name: result["ok"] for name, result in results.items()} == \
        {"good": True, "bad": False, "none": False}


def test_a_reload_during_the_shutdown_is_refused(reeve, puppets):
    reeve.configure(f"""
        [service:web]
        command = {puppets.command}
        reload_signal = HUP
    """).start()
    main = puppets.wait("web")
    reeve.wait_unit("web", state="running")
    main.do("ignore_term")
    reeve.send_signal(signal.SIGTERM)
    wait_for(lambda: main.do("terms"))
    with pytest.raises(VarlinkError) as error:
        reeve.call("Reload", units=["web"])
    assert error.value.name == "io.reeve.Manager.ShuttingDown"
    main.end()
    assert reeve.wait_exit() == 0
