"""The verbs of reevectl that judge and explain: is-active, is-failed, is-healthy, status, why,
errors, cat and check; against a reeved that only talks, and against a real one. The sentences of
`why` one by one are in tests/unit/test_reevectl_cause.c."""
import json
import os
import re

import pytest
from cli import check_golden, ctl, environment, on_terminal
from conftest import root_required
from daemon import IGNORES_TERM
from fake_reeve import MANAGER, Error, event, health, moment, record, shown, site_handlers, unit


def ask(fake, *args, **more):
    return ctl("--socket", fake.path, *args, **more)


def outcome(result):
    return result.returncode, result.stdout, result.stderr


# ---- what people see ----------------------------------------------------------------------------

@pytest.mark.parametrize("columns", [40, 80, 200])
@pytest.mark.parametrize("name, args", [
    ("why", ["why", "*"]), ("errors", ["errors"]), ("cat", ["cat", "web", "worker"]),
])
def test_golden(fake, name, args, columns):
    got, shows = on_terminal(columns, "--socket", fake.path, *args)
    check_golden(f"reevectl-{name}-{columns}.txt", shows)
    assert got == 0


def test_pipes_get_it_plain_and_whole(fake):
    for args in (["why", "*"], ["errors"], ["cat", "*"], ["is-active", "web"]):
        result = ask(fake, *args, env=environment(COLUMNS="40"))
        assert result.returncode == 0 and result.stderr == ""
        assert not set("\x1b●…") & set(result.stdout)


@pytest.mark.parametrize("verb", "why cat".split())
def test_json_is_show(fake, units, verb):
    text = ask(fake, "--json", verb, "web", "crasher").stdout
    first, _, second = text.partition("\n}\n")
    assert json.loads(first + "}")["unit"]["name"] == "web"
    assert json.loads(second)["unit"]["config"] == shown(units[2])["config"]


@pytest.mark.parametrize("verb", "why cat status is-active is-failed is-healthy errors".split())
def test_no_such_unit(fake, verb):
    result = ask(fake, verb, "nope")
    assert (result.returncode, result.stdout) == (4, "")
    assert result.stderr == "reevectl: no unit is named 'nope'; did you mean 'web'?\n"


# ---- is-active, is-failed, is-healthy -----------------------------------------------------------

@pytest.mark.parametrize("args, code, words", [
    (["is-active", "web"], 0, "running"),
    (["is-active", "stubborn"], 3, "stopped"),
    (["is-active", "stubborn", "web"], 0, "stopped running"),  # one is enough, as with systemctl
    (["is-active", "web", "web*"], 0, "running running"),
    (["is-active", "migrate"], 3, "completed"),
    (["is-active", "leaving", "crasher"], 3, "stopping backoff"),
    (["is-active", "web", "nope"], 4, "running"),
    (["is-active", "none*"], 4, ""),
    (["is-failed", "old-database"], 0, "failed"),
    (["is-failed", "web", "old-database"], 0, "running failed"),
    (["is-failed", "crasher"], 1, "backoff"),
    (["is-failed", "nope", "old-database"], 4, "failed"),
    (["is-healthy", "web", "migrate"], 0, "healthy healthy"),
    (["is-healthy", "web", "crasher"], 1, "healthy unhealthy"),
    (["is-healthy", "stubborn"], 1, "unhealthy"),
    (["is-healthy", "web", "nope"], 4, "healthy"),
])
def test_questions(fake, args, code, words):
    result = ask(fake, *args)
    assert (result.returncode, result.stdout.split()) == (code, words.split())
    quiet = ask(fake, args[0], "-q", *args[1:])
    assert (quiet.returncode, quiet.stdout) == (code, "")
    assert quiet.stderr == result.stderr and (code == 4) == (result.stderr != "")


def test_starting_is_not_active(serve):
    fake = serve(site_handlers([unit("web", "starting", pid=5, run=1)]))
    assert outcome(ask(fake, "is-active", "web")) == (3, "starting\n", "")
    assert ask(fake, "status", "web").returncode == 3


def test_a_health_check_decides(serve):
    fake = serve(site_handlers([unit("a", "running", ready=True, health="unhealthy"),
                                unit("b", "running", ready=False, health="healthy"),
                                unit("c", "running", ready=False)]))
    assert outcome(ask(fake, "is-healthy", "a")) == (1, "unhealthy\n", "")
    assert outcome(ask(fake, "is-healthy", "b")) == (0, "healthy\n", "")
    assert outcome(ask(fake, "is-healthy", "c")) == (1, "unhealthy\n", "")


def test_a_health_check_that_says_nothing_yet(serve):
    """null is told of who has no check, too: only its definition tells that."""
    units = [unit("a", "running", ready=True), unit("b", "running", ready=True),
             unit("c", "running", ready=True, health="healthy"), unit("d", "completed")]
    handlers = site_handlers(units)

    def show(parameters):
        told = handlers["Show"](parameters)["unit"]
        checked = "exec:true" if told["name"] == "a" else None
        return {"unit": dict(told, effective=dict(told["effective"], health=checked))}

    fake = serve(dict(handlers, Show=show))
    assert outcome(ask(fake, "is-healthy", "a")) == (1, "unknown\n", "")
    assert outcome(ask(fake, "is-healthy", "-q", "a")) == (1, "", "")
    assert outcome(ask(fake, "is-healthy", "b")) == (0, "healthy\n", "")
    fake.calls.clear()
    assert outcome(ask(fake, "is-healthy", "c", "d")) == (0, "healthy\nhealthy\n", "")
    assert {method for method, _ in fake.calls} == {"List"}  # which is enough
    told = ask(fake, "is-healthy", "--json", "a", "c")
    assert (told.returncode, json.loads(told.stdout)["units"]) == (1, [units[0], units[2]])


@pytest.mark.parametrize("status, code", [
    ("healthy", 0), ("starting", 1), ("degraded", 1), ("unhealthy", 1), ("stopping", 1),
])
def test_the_whole_is_healthy(serve, units, status, code):
    fake = serve({"Health": lambda p: health(units, status)})
    assert outcome(ask(fake, "is-healthy")) == (code, status + "\n", "")
    assert fake.calls == [("Health", {"limit": 0})]
    assert outcome(ask(fake, "is-healthy", "--quiet")) == (code, "", "")
    assert json.loads(ask(fake, "is-healthy", "--json").stdout)["status"] == status


def test_questions_in_json(fake, units):
    result = ask(fake, "is-active", "--json", "web", "stubborn")
    assert result.returncode == 0
    assert [u["name"] for u in json.loads(result.stdout)["units"]] == ["web", "stubborn"]


# ---- why ----------------------------------------------------------------------------------------

def test_a_stop_between_two_runs_is_told_by_its_event(serve):
    stopped = unit("web", "stopped", goal="down", run=3, since_ms=60000,
                   last_exit=record(3, 65, 2, "runtime_error", exit_code=1))
    asked = event(5, "unit.requested", "web", request="stop", requester={"uid": 0, "pid": 99})
    gone = event(6, "unit.state", "web", previous="backoff", state="stopped", run=3)
    later = event(7, "unit.requested", "web", request="signal", requester={"uid": 0, "pid": 1})
    fake = serve(dict(site_handlers([stopped]), Events=lambda p: {"events": [asked, gone, later]}))
    result = ask(fake, "why", "web")
    assert ": root (uid 0, pid 99) asked for it\n" in result.stdout
    assert fake.calls[-1] == ("Events", {"last": 64, "units": ["web"],
                                         "types": ["unit.requested", "unit.state"]})


@pytest.mark.parametrize("refusal", ["NotPermitted", "TooLarge"])
def test_without_events_the_rest_is_told(serve, units, refusal):
    def refuse(_):
        raise Error(MANAGER + refusal, message="no")

    fake = serve(dict(site_handlers(units), Events=refuse))
    result = ask(fake, "why", "leaving")
    assert result.returncode == 0 and result.stderr == ""
    assert "what does not stop is killed at any moment" in result.stdout


def test_what_a_stranger_wrote_is_harmless(serve):
    evil = unit("we\x1b[2Jb", "failed", run=1, last_exit=record(
        1, 5, 0, "start_failed", error={"stage": "ex\x1bec", "errno": None, "message": "a\nb"}))
    fake = serve(site_handlers([evil]))
    for args in (["why", "*"], ["status", "*"], ["errors"], ["cat", "*"], ["is-failed", "*"]):
        result = ask(fake, *args)
        assert "\x1b" not in result.stdout + result.stderr


@pytest.mark.parametrize("reply", [
    {}, {"units": 5}, {"units": [5, None, {}, {"name": 7, "last_exit": "x", "run": 1e300}]},
    {"unit": {"state": "stopped", "enabled": True, "run": 3, "records": [{}, 2], "config": [1]},
     "units": [{"name": "x", "state": "failed"}]},
    {"unit": {"state": "stopping", "effective": 5, "since_ms": -1e300}, "events": [7],
     "units": [{"name": "x", "run": 2, "last_exit": {}}]},
    {"file": 7, "units": "many", "errors": [1, None, {}], "warnings": 3, "status": []},
])
def test_odd_shapes(serve, reply):
    """Replies that lie about their shape end in some exit code, never in a crash."""
    fake = serve({method: lambda p: reply for method in "Health List Show Events Check".split()})
    for verb in "why cat errors is-active is-failed is-healthy status check".split():
        for json_too in ([], ["--json"]):
            result = ask(fake, verb, *json_too, *([] if verb == "check" else ["x"]))
            assert 0 <= result.returncode <= 4, result.stderr
    assert 0 <= ask(fake, "is-healthy").returncode <= 4


# ---- errors -------------------------------------------------------------------------------------

def failing(name, state, *records, **more):
    return unit(name, state, run=len(records), last_exit=records[0] if records else None, **more)


def show_with(units_records):
    """Handlers of units with all their records: {unit as listed: records, newest first}."""
    units = [u for u, _ in units_records]
    records = {u["name"]: r for u, r in units_records}
    handlers = site_handlers(units)
    show = handlers["Show"]

    def show_all(parameters):
        reply = show(parameters)
        reply["unit"]["records"] = records[parameters["unit"]]
        return reply

    return dict(handlers, Show=show_all)


def test_errors_are_the_failures_of_all_units_newest_first(serve):
    a = [record(3, 10, 1, "runtime_error", exit_code=1),
         record(2, 30, 1, "signal", signal="TERM", requested_by="user"),
         record(1, 50, 1, "signal", signal="SEGV")]
    b = [record(2, 20, 5, "signal", signal="TERM", requested_by="timeout"),
         record(1, 40, 1, "natural", exit_code=0)]
    quiet = [record(1, 5, 1, "natural", exit_code=0)]
    fake = serve(show_with([(failing("a", "running", *a), a), (failing("b", "backoff", *b), b),
                            (failing("quiet", "completed", *quiet), quiet),
                            (unit("new", "running"), [])]))
    result = ask(fake, "errors")
    rows = [re.split(r"\s{2,}", line)[1:] for line in result.stdout.splitlines()]
    assert rows == [
        ["UNIT", "RUN", "WHAT HAPPENED", "NOW"],
        ["a", "3", "ended by itself with exit code 1", "running"],
        ["b", "2", "took longer than its timeout: ended by SIGTERM (terminated)", "backoff"],
        ["a", "1", "killed by SIGSEGV (segmentation fault)", "running"],
    ]
    assert ("Show", {"unit": "new"}) not in fake.calls
    assert ("Show", {"unit": "quiet"}) not in fake.calls
    found = json.loads(ask(fake, "errors", "--json").stdout)["errors"]
    assert [(e["unit"], e["state"], e["record"]["run"]) for e in found] == \
        [("a", "running", 3), ("b", "backoff", 2), ("a", "running", 1)]
    assert len(json.loads(ask(fake, "errors", "--json", "-n1").stdout)["errors"]) == 1
    assert ask(fake, "errors", "-n", "2").stdout.endswith("\n1 more; -n 3 shows them all\n")
    assert outcome(ask(fake, "errors", "quiet")) == (0, "no errors\n", "")
    assert outcome(ask(fake, "errors", "-n", "0")) == (0, "", "")
    assert json.loads(ask(fake, "errors", "--json", "-n0").stdout) == {"errors": []}


def test_trouble_without_a_record(serve):
    ended = [record(5, 9, 0, "natural", exit_code=0)]
    fake = serve(show_with([
        (failing("given-up", "failed", *ended), ended),
        (unit("stuck", "killing", run=2, pid=7, since_ms=60000), []),
        (unit("dying", "killing", run=2, pid=8, since_ms=500), []),
    ]))
    result = ask(fake, "errors")
    assert [re.split(r"\s{2,}", line)[1:] for line in result.stdout.splitlines()[1:]] == [
        ["stuck", "2", "unkillable: it outlives SIGKILL", "killing"],
        ["given-up", "1", "given up: ended by itself with exit code 0", "failed"]]
    found = json.loads(ask(fake, "errors", "--json").stdout)["errors"]
    assert [(e["unit"], e["record"]) for e in found] == [("stuck", None), ("given-up", None)]


def test_who_is_unhealthy_is_in_trouble(serve):
    ill = {"health": "unhealthy", "last_error": "exec:check: exit code 2",
           "last_failure": moment(5), "consecutive_failures": 3, "ready": True}
    ended = [record(1, 60, 1, "signal", exit_code=0, requested_by="health")]
    fake = serve(show_with([
        (unit("a", "running", run=1, **ill), []),
        (failing("b", "backoff", *ended, **dict(ill, health=None)), ended),
        (unit("c", "running", run=1, ready=True, health="healthy", last_error="x",
              last_failure=moment(9)), []),
    ]))
    assert [re.split(r"\s{2,}", line)[1:] for line in ask(fake, "errors").stdout.splitlines()[1:]] \
        == [["a", "1", "unhealthy: exec:check: exit code 2 (3 times in a row)", "running"],
            ["b", "1", "its health check failed (exec:check: exit code 2): stopped with exit code 0",
             "backoff"]]


def test_a_terminal_gets_the_newest_twenty(serve):
    many = [record(n, 1000 - n, 0, "runtime_error", exit_code=1) for n in range(40, 0, -1)]
    fake = serve(show_with([(failing("web", "running", *many), many)]))
    _, shows = on_terminal(100, "--socket", fake.path, "errors")
    assert shows.count("exit code 1") == 20 and "20 more; -n 40 shows them all" in shows
    _, shows = on_terminal(100, "--socket", fake.path, "errors", "-n", "40")
    assert shows.count("exit code 1") == 40 and " more;" not in shows
    assert ask(fake, "errors").stdout.count("exit code 1") == 40


# ---- cat ----------------------------------------------------------------------------------------

def test_cat_is_the_definition(serve):
    def show(_):
        return {"unit": {"name": "web", "kind": "service", "file": "/a.ini", "line": 3, "config": [
            {"key": "command", "text": "sh -c 'a\tb\x1b'", "file": "/a.ini", "line": 4,
             "section": "service:web"},
            {"key": "environment", "text": "TOKEN=***", "file": "/b.ini", "line": 1,
             "section": "template:x\x1b"},
            {"key": "env_file", "text": "one\ntwo", "file": "/a.ini", "line": 5},
            {"key": "environment", "text": "A=b", "file": "/a.ini", "line": 7,
             "section": "service:web"}]}}

    fake = serve({"List": lambda p: {"units": [{"name": "web"}]}, "Show": show})
    assert outcome(ask(fake, "cat", "web")) == (
        0, "# /a.ini:3\n[service:web]\n"
        "# /a.ini:4\ncommand = sh -c 'a\tb\\x1b'\n"
        "# /b.ini:1 [template:x\\x1b]\nenvironment = TOKEN=***\n    # /a.ini:7\n    A=b\n"
        "# /a.ini:5\nenv_file = one\n    two\n", "")


def test_cat_of_a_real_reeved_checks_as_what_it_read(reeve):
    reeve.configure("""
        [defaults]
        environment = A=1 B=2
        timeout = 1m
        redact = *_PIN
        stop_timeout = 9s
        [template:greeting]
        environment = B=3
        restart = on-failure
        [service:web]
        extends = greeting
        command = sh -c 'exec sleep
            1000'
        environment = GREETING="a b" API_TOKEN=verysecret DOOR_PIN=verysecret
        pre_start = sh -c 'true  $$'
            # by the way

            true --password=verysecret
        reload_signal = HUP
        stop_timeout = 3s
        [job:once]
        command = true
        tags = night report
    """)
    reeve.start()
    written = ctl("--socket", reeve.socket_path, "cat", "web", "once")
    assert written.returncode == 0 and "verysecret" not in written.stdout
    assert "API_TOKEN=***" in written.stdout and "stop_timeout = 3s\n" in written.stdout
    assert "pre_start = sh -c 'true  $$'\n    true --password=***\n# " in written.stdout
    file = reeve.config_file
    with open(file, encoding="utf-8") as text:
        first = text.read().splitlines().index("[defaults]") + 1
    assert f"# {file}:{first + 1} [defaults]\nenvironment = A=1 B=2\n" \
        f"    # {file}:{first + 6} [template:greeting]\n    B=3\n" \
        f"    # {file}:{first + 12}\n    GREETING=" in written.stdout
    assert f"# {file}:{first + 7} [template:greeting]\nrestart = on-failure\n" in written.stdout
    # What does not hold is not there: what was replaced, what is for other kinds of units.
    web, once = written.stdout.split("[job:once]")
    assert "9s" not in web and "9s" in once and "timeout = 1m\n" not in web and "extends" not in web
    assert "timeout = 1m\n" in once
    # Later changes of the file are not what runs.
    with open(reeve.config_file, "a", encoding="utf-8") as file:
        file.write("description = changed\n")
    assert ctl("--socket", reeve.socket_path, "cat", "web", "once").stdout == written.stdout
    copy = os.path.join(reeve.directory, "copy.ini")
    with open(copy, "w", encoding="utf-8") as file:
        file.write(written.stdout)
    result = ctl("check", copy)
    assert result.returncode == 0 and f"{copy}: good, 2 units" in result.stdout


# ---- check --------------------------------------------------------------------------------------

def test_check_by_reeved(fake, units):
    assert outcome(ask(fake, "check")) == \
        (0, f"/etc/reeve/reeve.ini: good, {len(units)} units (read by reeved)\n", "")
    told = {"file": "/etc/reeve/reeve.ini", "units": len(units), "errors": [], "warnings": []}
    assert json.loads(ask(fake, "check", "--json").stdout) == {**told, "by": "reeved"}
    fake.handlers["Check"] = lambda _: {k: v for k, v in told.items() if k != "warnings"}
    assert json.loads(ask(fake, "check", "--json").stdout) == \
        {**told, "warnings": None, "by": "reeved"}


def test_check_by_reeved_finds_errors(serve):
    fake = serve({"Check": lambda p: {"file": "/a.ini", "units": 0,
                                      "errors": ["/a.ini:1: wrong\x1b", "/a.ini:2: wrong too"]}})
    assert outcome(ask(fake, "check")) == (
        1, "", "/a.ini:1: wrong\\x1b\n/a.ini:2: wrong too\n"
        "reevectl: /a.ini: 2 errors (read by reeved)\n")
    assert ask(fake, "check", "--json").returncode == 1


def test_check_that_is_refused(serve):
    def refuse(_):
        raise Error(MANAGER + "NotPermitted", message="only members of group ops may")

    fake = serve({"Check": refuse})
    assert outcome(ask(fake, "check")) == (
        1, "", "reevectl: only members of group ops may\n"
        "reevectl: 'reevectl check FILE' checks a file without reeved\n")


def test_check_of_a_file_asks_nobody(fake, tmp_path):
    good, bad = tmp_path / "good.ini", tmp_path / "bad.ini"
    good.write_text("[service:web]\ncommand = true\n")
    bad.write_text("[service:web]\ncomand = true\n[job:x]\ncommand = /no/such/program\n")
    result = ask(fake, "check", str(good))
    assert result.returncode == 0 and result.stderr == ""
    assert re.fullmatch(rf"{good}: good, 1 unit \(read by reevectl as \S+\)\n", result.stdout)
    result = ask(fake, "check", str(bad))
    assert (result.returncode, result.stdout) == (1, "")
    lines = result.stderr.splitlines()
    assert lines[0].startswith(f"{bad}:2: [service:web] comand: unknown key")
    assert any(line.startswith(f"{bad}:4: [job:x] command: ") for line in lines)
    assert lines[-1].startswith(f"reevectl: {bad}: {len(lines) - 1} errors (read by reevectl as")
    told = json.loads(ask(fake, "check", "--json", str(bad)).stdout)
    assert told == {"file": str(bad), "units": 0, "errors": lines[:-1], "warnings": [],
                    "by": "reevectl"}
    assert not fake.calls
    assert ctl("check", str(tmp_path / "none.ini")).returncode == 1


@root_required
def test_check_without_a_reeved(tmp_path):
    """Without a socket that was named, the default file is read; with one, no other file will do."""
    result = ctl("check")
    assert result.stderr.startswith("reevectl: no reeved can be reached on /run/reeve/reeve.sock; "
                                    "/etc/reeve/reeve.ini is checked here instead\n")
    nowhere = str(tmp_path / "nobody.sock")
    for result in (ctl("--socket", nowhere, "check"),
                   ctl("check", env=environment(REEVE_SOCKET=nowhere))):
        assert (result.returncode, result.stdout) == (1, "")
        assert result.stderr.startswith(f"reevectl: cannot reach reeved: there is no socket {nowhere};")
    result = ctl("--socket", str(tmp_path), "check")
    assert result.stderr == f"reevectl: cannot reach reeved on {tmp_path}: that is not a socket\n"


def test_check_by_a_real_reeved(reeve):
    reeve.configure("[service:web]\ncommand = sleep 1000\n")
    reeve.start()
    result = ctl("--socket", reeve.socket_path, "check")
    assert outcome(result) == (0, f"{reeve.config_file}: good, 1 unit (read by reeved)\n", "")
    with open(reeve.config_file, "a", encoding="utf-8") as file:
        file.write("stop_timeout = 10\n")
    result = ctl("--socket", reeve.socket_path, "check")
    assert (result.returncode, result.stdout) == (1, "")
    assert "stop_timeout" in result.stderr
    assert result.stderr.endswith(f"{reeve.config_file}: 1 error (read by reeved)\n")
    reeve.wait_unit("web", state="running", run=1)


# ---- a real reeved ------------------------------------------------------------------------------

def test_why_and_errors_of_real_units(reeve):
    reeve.configure(f"""
        [service:nope]
        command = /usr/bin/nope --serve
        restart_limit = 1
        restart_delay = 10ms
        [service:web]
        command = sleep 1000
        [service:deaf]
        command = {IGNORES_TERM}
        stop_timeout = 300ms
        [service:slow]
        command = {IGNORES_TERM}
        stop_timeout = 10m
        [service:crash]
        command = sh -c 'kill -SEGV $$'
        restart_delay = 10m
        restart_delay_max = 10m
        [job:late]
        command = true
    """)
    reeve.start()
    reeve.wait_unit("nope", state="failed")
    reeve.wait_unit("crash", state="backoff")
    reeve.wait_line("^deaf$", count=2)
    reeve.call("Stop", units=["deaf", "crash"])
    reeve.call("Stop", units=["slow"], wait=False)
    reeve.wait_unit("slow", state="stopping")

    def why(name):
        result = ctl("--socket", reeve.socket_path, "why", name)
        assert (result.returncode, result.stderr) == (0, "")
        return result.stdout

    assert re.match(r"web: running since .* \(run 1, pid \d+\): starts with reeved\n$", why("web"))
    assert "restart_limit = 1 in 1m was reached, so it is not tried again\n" in why("nope")
    assert "start failed: exec /usr/bin/nope: No such file or directory\n" in why("nope")
    assert re.search("\n    install it, then: reevectl reset-failed nope; after changing "
                     rf"{reeve.config_file}:\d+, restart reeved\n", why("nope"))
    asked = rf"uid {os.geteuid()}, pid {os.getpid()}\)? asked for it"
    assert re.search(asked, why("deaf")) and "did not stop within" in why("deaf")
    # Neither of these has a record that tells of the stop.
    assert re.search(asked + "; what does not stop is killed in (10m|9m[0-9]+s) at", why("slow"))
    assert re.search(asked, why("crash")) and "SIGSEGV (segmentation fault)" in why("crash")
    assert "never started: autostart = no (the default of a job)" in why("late")
    status = ctl("--socket", reeve.socket_path, "status", "nope").stdout
    assert "        Why: restart_limit = 1 in 1m was reached, so it is not tried again\n" in status
    assert "  Last exit: start failed: exec /usr/bin/nope: No such file or directory\n" in status

    found = json.loads(ctl("--socket", reeve.socket_path, "errors", "--json").stdout)["errors"]
    assert sorted((e["unit"], e["record"]["run"]) for e in found) == \
        [("crash", 1), ("nope", 1), ("nope", 2)]
    times = [e["record"]["ended_at"] for e in found]
    assert times == sorted(times, reverse=True)
    reeve.call("Signal", units=["slow"], signal="KILL", whom="tree")
