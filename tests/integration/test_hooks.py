"""Commands beside the main process: when they run, what they are given, and what their failure is."""
import os
import pwd
import re
import signal

import pytest
from conftest import root_required
from daemon import process_alive, wait_for
from hooking import HOOKS, failures, hook_events, one
from peers import open_directories
from times import milliseconds

@pytest.fixture
def journal(tmp_path):
    """A file that commands append to, and what is in it."""
    path = tmp_path / "journal"

    def lines():
        return path.read_text().splitlines() if path.exists() else []

    lines.path = path
    return lines


# ---- when, and in which order -------------------------------------------------------------------
def test_the_order_of_all_hooks_over_a_life(reeve, journal):
    hooks = "".join(f"{hook} = sh -c 'echo {hook} 1 $REEVE_RUN >>{journal.path}'\n"
                    f"  sh -c 'echo {hook} 2 $REEVE_RUN >>{journal.path}'\n" for hook in HOOKS)
    reeve.configure("[service:web]\n"
                    f"command = sh -c 'echo main >>{journal.path}; exec sleep 1000'\n"
                    + hooks.replace(f"stop_command 2 $REEVE_RUN >>{journal.path}",
                                    f"stop_command 2 $REEVE_RUN >>{journal.path}; "
                                    "kill $REEVE_MAIN_PID")).start()
    wait_for(lambda: "post_start 2 1" in journal())
    reeve.wait_unit("web", hook=None)
    assert one(reeve, "Reload", "web")["ok"]
    assert one(reeve, "Restart", "web")["ok"]
    wait_for(lambda: "post_start 2 2" in journal())
    reeve.wait_unit("web", hook=None)
    assert one(reeve, "Stop", "web")["ok"]

    def life(run, reloads=False):
        hooks = list(HOOKS[:5])
        both = [f"{hook} {n} {run}" for hook in hooks for n in (1, 2)]
        if reloads:
            both[4:4] = [f"reload_command {n} {run}" for n in (1, 2)]
        return both

    said = journal()
    assert [line for line in said if line != "main"] == life(1, True) + life(2)
    assert [i for i, line in enumerate(said) if line == "main"][0] in (2, 3, 4)
    records = reeve.show("web")["records"]
    assert [(r["run"], r["reason"], r["signal"], r["failed_hooks"]) for r in records] == [
        (2, "signal", "TERM", []), (1, "signal", "TERM", [])]
    assert hook_events(reeve, "web") == []


def test_a_run_has_its_number_and_no_process_before_main(reeve, puppets):
    reeve.configure(f"""
        [service:web]
        command = {puppets.command}
        pre_start = {puppets.command}
        ready = notify
    """).start()
    hook = puppets.wait("web", "pre_start")
    unit = reeve.unit("web")
    assert (unit["state"], unit["run"], unit["pid"], unit["hook"], unit["uptime_ms"]) == \
        ("starting", 1, None, "pre_start", None)
    shown = reeve.show("web")
    assert (shown["pid"], shown["hook"], shown["run"]) == (None, "pre_start", 1)
    assert "REEVE_MAIN_PID" not in hook.env
    before_ms = milliseconds(reeve.call("Events", types=["unit.state"])["events"][0]["at"])
    wait_for(lambda: reeve.show("web")["since_ms"] >= 300)
    hook.end()
    main = puppets.wait("web")
    unit = reeve.wait_unit("web", hook=None, pid=main.pid)
    assert unit["uptime_ms"] < 300 or reeve.show("web")["since_ms"] >= 300
    main.tell("READY=1")
    reeve.wait_unit("web", ready=True, state="running")
    one(reeve, "Stop", "web")
    record = reeve.last_exit("web")
    # The run began with its first hook; readiness counts from there.
    assert abs(milliseconds(record["started_at"]) - before_ms) < 100
    assert record["ready_after_ms"] >= 300 and record["duration_ms"] >= record["ready_after_ms"]
    assert record["pid"] == main.pid


def test_the_time_of_pre_start_is_not_that_of_getting_ready(reeve, puppets):
    """Nor that of a job."""
    reeve.configure(f"""
        [service:web]
        command = {puppets.command}
        pre_start = {puppets.command}
        ready = notify
        ready_timeout = 1s
        restart = never
        [job:work]
        command = true
        pre_start = {puppets.command}
        timeout = 1s
        autostart = yes
    """).start()
    hooks = [puppets.wait(name, "pre_start") for name in ("web", "work")]
    wait_for(lambda: reeve.show("web")["since_ms"] >= 1300)
    for hook in hooks:
        hook.end()
    puppets.wait("web").tell("READY=1")
    reeve.wait_unit("web", state="running")
    reeve.wait_unit("work", state="completed")


def test_ready_is_told_before_post_start(reeve, puppets):
    """Whoever waits for it does not wait for that."""
    reeve.configure(f"""
        [service:db]
        command = sleep 1000
        post_start = {puppets.command}
        autostart = no
        [service:web]
        command = sleep 1000
        requires = db
        autostart = no
    """).start()
    assert one(reeve, "Start", "web")["ok"]
    hook = puppets.wait("db", "post_start")
    unit = reeve.unit("db")
    assert (unit["state"], unit["ready"], unit["hook"]) == ("running", True, "post_start")
    assert hook.env["REEVE_MAIN_PID"] == str(unit["pid"])
    assert reeve.unit("web")["state"] == "running"
    hook.end()
    reeve.wait_unit("db", hook=None, state="running")


def test_jobs_have_hooks(reeve, journal):
    reeve.configure(f"""
        [job:work]
        command = sh -c 'echo main >>{journal.path}; exit 3'
        pre_start = sh -c 'echo pre_start >>{journal.path}'
        post_stop = sh -c 'echo post_stop $REEVE_RUN $REEVE_REASON $REEVE_EXIT_CODE >>{journal.path}'
        retries = 1
        retry_delay = 10ms
        autostart = yes
    """).start()
    assert not one(reeve, "Wait", "work", until="completed")["ok"]
    assert journal() == ["pre_start", "main", "post_stop 1 runtime_error 3",
                         "pre_start", "main", "post_stop 2 runtime_error 3"]


def test_a_failure_is_told_though_the_next_run_begins_at_once(reeve):
    reeve.configure("[service:web]\ncommand = sleep 1000\npost_stop = false\n").start()
    reeve.wait_unit("web", state="running")
    assert one(reeve, "Restart", "web")["ok"]
    (event,) = reeve.call("Events", types=["unit.hook"], units=["web"])["events"]
    assert (event["run"], event["hook"], event["error"]) == (
        1, "post_stop", "command 1 (false) exited with code 1")
    reeve.wait_line("web: post_stop: command 1 .false. exited with code 1")


# ---- what they are given ------------------------------------------------------------------------
def test_what_each_is_told(reeve, puppets):
    everything = "".join(f"{hook} = {puppets.command}\n" for hook in HOOKS)
    reeve.configure("[service:web]\ninstances = 2\ncommand = sleep 1000\n"
                    "environment = COLOUR=blue\n" + everything).start()
    told = {}

    def meet(hook):
        puppet = puppets.wait("web@2", hook)
        puppets.wait("web@1", hook).end()
        told[hook] = puppet.env
        return puppet

    def ask(method):
        connection = reeve.connect()
        connection.send(method, {"units": ["web"]})
        return connection

    meet("pre_start").end()
    meet("post_start").end()
    pid = str(reeve.wait_unit("web@2", hook=None, state="running")["pid"])
    with ask("Reload"):
        meet("reload_command").end()
    with ask("Stop") as stop:
        meet("pre_stop").end()
        puppet = meet("stop_command")
        os.kill(int(pid), signal.SIGINT)
        puppet.end()
        os.kill(reeve.unit("web@1")["pid"], signal.SIGKILL)
        meet("post_stop").end()
        assert all(result["ok"] for result in stop.receive()["parameters"]["results"])
    for hook, env in told.items():
        assert (env["REEVE_HOOK"], env["REEVE_UNIT"], env["REEVE_INSTANCE"], env["REEVE_RUN"],
                env["COLOUR"]) == (hook, "web@2", "2", "1", "blue")
        assert env.get("REEVE_MAIN_PID") == (None if hook in ("pre_start", "post_stop") else pid)
        end = {key: env[key] for key in ("REEVE_REASON", "REEVE_EXIT_CODE", "REEVE_SIGNAL")
               if key in env}
        assert end == ({"REEVE_REASON": "signal", "REEVE_EXIT_CODE": "", "REEVE_SIGNAL": "INT"}
                       if hook == "post_stop" else {})


@pytest.mark.parametrize("command, expected", [
    ("true", "natural|0|"), ("sh -c 'exit 7'", "runtime_error|7|"),
    ("sh -c 'kill -SEGV $$'", "signal||SEGV"), ("/nonexistent", "start_failed||")])
def test_post_stop_is_told_how_it_ended(reeve, journal, command, expected):
    reeve.configure(f"""
        [service:web]
        command = {command}
        restart = never
        post_stop = sh -c 'echo "$REEVE_REASON|$REEVE_EXIT_CODE|$REEVE_SIGNAL" >>{journal.path}'
    """).start()
    reeve.wait_unit("web", state=lambda state: state in ("completed", "failed"))
    if command == "/nonexistent":
        expected = journal()[0] if journal()[0] in ("start_failed|127|", expected) else expected
    assert journal() == [expected]
    assert expected.split("|")[0] == reeve.last_exit("web")["reason"]


@root_required
def test_they_run_as_the_unit_does(reeve, tmp_path):
    nobody = pwd.getpwnam("nobody")
    open_directories(reeve)
    (tmp_path / "here").mkdir()
    report = ("sh -c 'echo $REEVE_HOOK: $(id -u):$(id -g) $(pwd) $(umask) $HOME "
              "$USER >&2'")
    hooks = "".join(f"{hook} = {report}\n" for hook in HOOKS if hook != "reload_command")
    reeve.configure("[service:web]\ncommand = sleep 1000\nuser = nobody\n"
                    f"directory = {tmp_path}/here\numask = 027\n"
                    "stop_timeout = 2s\n" + hooks).start()
    reeve.wait_line("^post_start:")
    reeve.wait_unit("web", hook=None)
    one(reeve, "Stop", "web")
    for hook in HOOKS[:5]:
        line = reeve.wait_line(f"^{hook}:")
        assert line == (f"{hook}: {nobody.pw_uid}:{nobody.pw_gid} {tmp_path}/here 0027 "
                        f"{nobody.pw_dir} nobody"), line


def test_descriptors_are_0_1_2(reeve, puppets):
    reeve.configure(f"""
        [service:web]
        command = sleep 1000
        ready = fd:5
        ready_timeout = 60s
        [service:plain]
        command = sleep 1000
        pre_start = {puppets.command}
        post_start = {puppets.command}
        post_stop = {puppets.command}
    """).start()
    for hook in ("pre_start", "post_start", "post_stop"):
        if hook == "post_stop":
            reeve.wait_unit("plain", hook=None, state="running")
            reeve.call("Stop", units=["plain"], wait=False)
        puppet = puppets.wait("plain", hook)
        assert puppet.fds == [0, 1, 2]
        assert os.readlink(f"/proc/{puppet.pid}/fd/0") == "/dev/null"
        status = open(f"/proc/{puppet.pid}/status", encoding="ascii").read()
        # Python itself ignores PIPE and XFSZ, and catches INT and (the puppet) nothing else.
        assert int(re.search(r"SigBlk:\s*(\w+)", status)[1], 16) == 0
        puppet.end()
    reeve.wait_unit("plain", state="stopped")


def test_log_null_is_theirs_too(reeve):
    reeve.configure("""
        [service:quiet]
        command = sleep 1000
        log = null
        pre_start = sh -c 'echo a word >&2'
          sh -c 'test "$(readlink /proc/self/fd/2)" = /dev/null'
        restart = never
    """).start()
    reeve.wait_unit("quiet", state="running")
    assert not reeve.said("^a word")


def test_what_they_notify_is_not_told_by_the_unit(reeve, puppets):
    """They are not given the socket; who finds it all the same is not heard."""
    reeve.configure(f"""
        [service:web]
        command = {puppets.command}
        ready = notify
        post_start = {puppets.command}
    """).start()
    main = puppets.wait("web")
    main.tell("READY=1", "STATUS=mine")
    hook = puppets.wait("web", "post_start")
    assert "NOTIFY_SOCKET" not in hook.env
    hook.do("notify_at", main.env["NOTIFY_SOCKET"], f"STATUS=not mine\nMAINPID={hook.pid}")
    main.barrier()
    assert reeve.show("web")["told"]["status"] == "mine"
    assert reeve.unit("web")["pid"] == main.pid
    hook.end()


# ---- failures -----------------------------------------------------------------------------------
PRE_START_FAILURES = {
    "code": ("sh -c 'exit 3'", "exited with code 3", None),
    "signal": ("sh -c 'kill -USR1 $$'", "was ended by SIGUSR1", None),
    "late": ("sleep 1000", "did not end in time (hook_timeout = 2s)", None),
    "missing": ("/nonexistent/tool --now", "could not be run: No such file or directory", "ENOENT"),
    "not executable": ("/etc/passwd", "could not be run: Permission denied", "EACCES"),
}


@pytest.mark.parametrize("how", PRE_START_FAILURES)
def test_a_failed_pre_start_is_a_failed_start(reeve, journal, how):
    command, said, errno = PRE_START_FAILURES[how]
    reeve.configure(f"""
        [service:web]
        command = sh -c 'echo main >>{journal.path}; exec sleep 1000'
        pre_start = sh -c 'echo one >>{journal.path}'
          {command}
          sh -c 'echo three >>{journal.path}'
        post_stop = sh -c 'echo over $REEVE_REASON:$REEVE_EXIT_CODE:$REEVE_SIGNAL >>{journal.path}'
        hook_timeout = {"2s" if how == "late" else "20s"}
        restart = on-failure
        restart_delay = 100ms
        restart_jitter = 0%
        restart_limit = 1
        autostart = no
    """).start()
    result = one(reeve, "Start", "web")
    expected = f"command 2 ({command}) {said}"
    assert not result["ok"] and expected in result["message"], result
    unit = reeve.wait_unit("web", state="failed")
    assert journal() == ["one", "over start_failed::"] * 2, "the restart policy applies"
    for record in reeve.show("web")["records"]:
        assert record["reason"] == "start_failed" and record["pid"] is None
        assert (record["exit_code"], record["signal"], record["ready_after_ms"],
                record["requested_by"]) == (None, None, None, None)
        assert (record["error"]["stage"], record["error"]["errno"]) == ("pre_start", errno)
        assert record["error"]["message"] == expected
        assert failures(record) == {"pre_start": f"2 {expected}"}
    assert unit["last_exit"]["run"] == 2
    assert hook_events(reeve, "web") == [("pre_start", expected)] * 2
    reeve.wait_line("^reeved: warning: web: pre_start: " + re.escape(expected))
    reeve.wait_line(r"web: run 1 ended after .*: pre_start: " + re.escape(expected))


def test_a_directory_that_is_not_there_is_named(reeve):
    """It is not the program that is missing."""
    reeve.configure("""
        [service:web]
        command = sleep 1000
        directory = /nonexistent/place
        pre_start = true
        restart = never
        autostart = no
    """).start()
    assert ("command 1 (true) could not be run: chdir /nonexistent/place: No such file or directory"
            in one(reeve, "Start", "web")["message"])


def test_reevectl_start_says_why(reeve):
    reeve.configure("""
        [service:web]
        command = sleep 1000
        environment = DB_PASSWORD=hush
        pre_start = sh -c 'exit 3' migrate --password=${DB_PASSWORD}
        restart = never
        autostart = no
    """).start()
    done = reeve.ctl("start", "web")
    assert done.returncode == 1
    assert "pre_start: command 1 (sh -c 'exit 3' migrate" in done.stdout + done.stderr
    assert "exited with code 3" in done.stdout + done.stderr
    assert "hush" not in done.stdout + done.stderr + "\n".join(reeve.lines)
    for verb in ("why", "errors", "status"):
        said = reeve.ctl(verb, "web").stdout
        assert "pre_start" in said and "exited with code 3" in said, (verb, said)


def test_failures_of_the_others_are_told_and_change_nothing(reeve, journal):
    reeve.configure("[service:web]\ncommand = sleep 1000\nstop_timeout = 20s\n" + "".join(
        f"{hook} = sh -c 'exit 4'\n  /nonexistent\n  sh -c 'echo {hook} >>{journal.path}'\n"
        for hook in ("post_start", "pre_stop", "post_stop"))).start()
    wait_for(lambda: journal() == ["post_start"])
    reeve.wait_unit("web", state="running", hook=None)
    assert one(reeve, "Stop", "web")["ok"]
    assert journal() == ["post_start", "pre_stop", "post_stop"]
    record = reeve.last_exit("web")
    assert (record["reason"], record["signal"], record["error"]) == ("signal", "TERM", None)
    lacks = "2 command 2 (/nonexistent) could not be run: No such file or directory"
    assert failures(record) == {hook: lacks for hook in ("post_start", "pre_stop", "post_stop")}
    told = hook_events(reeve, "web")
    assert [hook for hook, _ in told] == ["post_start"] * 2 + ["pre_stop"] * 2 + ["post_stop"] * 2
    assert [error for _, error in told][::2] == ["command 1 (sh -c 'exit 4') exited with code 4"] * 3


def test_all_commands_of_a_hook_share_its_time(reeve, journal):
    reeve.configure(f"""
        [service:web]
        command = sleep 1000
        hook_timeout = 2s
        post_start = sleep 1
          sh -c 'sleep 2; echo two >>{journal.path}'
          sh -c 'echo three >>{journal.path}'
    """).start()
    reeve.wait_line("web: post_start: command 2 .* did not end in time")
    unit = reeve.wait_unit("web", hook=None, state="running")
    assert not journal(), "what has no time left is not begun"
    one(reeve, "Stop", "web")
    assert list(failures(reeve.last_exit("web"))) == ["post_start"]
    assert unit["pid"]


def test_restart_delays_grow_with_failed_hooks(reeve):
    """Even with restart_delay = 0 a pre_start that fails at once does not spin."""
    reeve.configure("""
        [service:web]
        command = sleep 1000
        pre_start = false
        restart_delay = 0
        restart_limit = 5
    """).start()
    reeve.wait_unit("web", state="failed")
    began = [milliseconds(r["started_at"]) for r in reeve.show("web")["records"]]
    assert len(began) == 6
    assert all(later - sooner >= 90 for later, sooner in zip(began, began[1:])), began


def test_a_wait_for_it_ends_when_the_hook_fails(reeve, puppets):
    """What requires it is told, too."""
    reeve.configure(f"""
        [service:db]
        command = sleep 1000
        pre_start = {puppets.command}
        restart = never
        autostart = no
        [service:web]
        command = sleep 1000
        requires = db
        autostart = no
    """).start()
    with reeve.connect() as other:
        other.send("Start", {"units": ["web"]})
        hook = puppets.wait("db", "pre_start")
        assert reeve.unit("web")["state"] == "waiting"
        hook.end(9)
        (result,) = other.receive()["parameters"]["results"]
    assert not result["ok"] and "db" in result["message"], result
    reeve.wait_unit("db", state="failed")
    assert not process_alive(hook.pid)


# ---- the end of reeved --------------------------------------------------------------------------
def test_an_essential_unit_ends_with_its_post_stop(reeve, journal):
    """And with it reeved; the code is that of main."""
    reeve.configure(f"""
        [service:web]
        command = sh -c 'exit 7'
        post_stop = sh -c 'sleep 0.3; echo over $REEVE_EXIT_CODE >>{journal.path}; exit 3'
        essential = yes
    """).start(wait=False)
    assert reeve.wait_exit() == 7
    assert journal() == ["over 7"]


def test_nothing_is_all_done_before_post_stop_is(reeve, journal):
    reeve.configure(f"""
        [job:work]
        command = true
        post_stop = sh -c 'sleep 0.3; echo over >>{journal.path}'
        autostart = yes
    """, exit_when="all-done").start(wait=False)
    assert reeve.wait_exit() == 0
    assert journal() == ["over"]
