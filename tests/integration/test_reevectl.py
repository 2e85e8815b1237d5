"""reevectl against a reeved that only talks: what it prints, what it sends, how it ends."""

import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading

import pytest

from cli import (REEVECTL, check_golden, ctl, environment, on_terminal, open_terminal,
                 read_terminal)
from daemon import PATIENCE, ROOT
from fake_reeve import MANAGER, Error, FakeReeve, Raw, health, shown, site_handlers, unit

NOBODY = 65534
COMPLETION = os.path.join(ROOT, "packaging", "completion", "reevectl.bash")


# ---- what people see ----------------------------------------------------------------------------

@pytest.mark.parametrize("columns", [40, 80, 200])
@pytest.mark.parametrize("name, args, code", [
    ("list", ["list"], 0),
    ("status", ["status"], 0),
    ("status-units", ["status", "worker", "crasher", "stubborn", "old*"], 3),
    ("status-probed", ["status", "queue"], 0),
    ("health", ["health"], 1),
    ("show", ["show", "crasher"], 0),
    ("show-probed", ["show", "queue"], 0),
    ("graph", ["graph"], 0),
])
def test_golden(fake, name, args, code, columns):
    got, shows = on_terminal(columns, "--socket", fake.path, *args)
    check_golden(f"reevectl-{name}-{columns}.txt", shows)
    assert got == code


def test_where_nobody_is_looked_at_no_table_speaks_of_health(serve, units):
    plain = [dict(u, health=None) for u in units]
    fake = serve(site_handlers(plain))
    for verb in ("list", "health", "status"):
        assert "ealth" not in ctl("--socket", fake.path, verb).stdout.replace("healthy)", ""), verb
    fake.handlers.update(site_handlers(plain[1:] + [dict(plain[0], health="healthy")]))
    shows = ctl("--socket", fake.path, "health").stdout
    assert "HEALTH" in shows and shows.splitlines()[-1].split()[4] == "healthy"


@pytest.mark.parametrize("args", [["list"], ["status"], ["status", "*"], ["health"], ["why", "*"],
                                  ["errors"], ["graph"]])
def test_nothing_is_wider_than_the_terminal(fake, args):
    """So that it breaks between words; only what holds a path may be as long as that."""
    _, shows = on_terminal(40, "--no-color", *args, env=environment(REEVE_SOCKET=fake.path))
    lines = shows.splitlines()
    assert [line for line in lines if len(line) > 40 and fake.path not in line] == []


def test_one_unit_is_not_counted(fake):
    assert on_terminal(80, "list", "web", "--socket", fake.path)[1].count("\n") == 2
    shows = on_terminal(80, "list", "we*", "worker", "--socket", fake.path)[1]
    assert shows.endswith("\n\n2 units: 2 running\n")


def test_golden_help():
    result = ctl("--help")
    assert (result.returncode, result.stderr) == (0, "")
    assert max(len(line) for line in result.stdout.splitlines()) < 80
    check_golden("reevectl-help.txt", result.stdout)


def test_list_is_the_default(fake):
    assert ctl("--socket", fake.path).stdout == ctl("--socket", fake.path, "list").stdout


def test_pipe_is_plain_and_whole(fake, units):
    """In a pipe: no colours, no dot, nothing shortened, one line a unit, its name first."""
    result = ctl("list", "--socket", fake.path, env=environment(COLUMNS="40"))
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["UNIT"] + [u["name"] for u in units]
    assert "\x1b" not in result.stdout and "●" not in result.stdout
    assert lines[5].endswith(r"TERM\n\x1b[31mand has a colourful description")
    assert result.stderr == ""


@pytest.mark.parametrize("args, more", [
    ([], {"NO_COLOR": "1"}), ([], {"TERM": "dumb"}), ([], {"TERM": ""}), (["--no-color"], {}),
])
def test_no_colours(fake, args, more):
    _, coloured = on_terminal(100, "list", "--socket", fake.path)
    assert "\x1b[32mrunning\x1b[0m" in coloured
    _, plain = on_terminal(100, "list", "--socket", fake.path, *args, env=environment(**more))
    assert "\x1b" not in plain
    assert plain == re.sub(r"\x1b\[\d+m", "", coloured)


def test_empty_no_color_means_nothing(fake):
    _, shows = on_terminal(100, "list", "--socket", fake.path, env=environment(NO_COLOR=""))
    assert "\x1b[32m" in shows


def test_dot_needs_utf8(fake):
    _, shows = on_terminal(100, "list", "--socket", fake.path, env=environment(LC_ALL="C"))
    assert "●" not in shows and "…" not in shows
    assert "* \x1b" not in shows and "\x1b[32m*\x1b[0m web" in shows


def test_columns_overrides_the_terminal(fake):
    _, narrow = on_terminal(200, "list", "--socket", fake.path, env=environment(COLUMNS="80"))
    assert narrow == on_terminal(80, "list", "--socket", fake.path)[1]


def test_no_units(serve):
    fake = serve({"List": lambda p: {"units": []}})
    assert ctl("--socket", fake.path).stdout.split() == \
        "UNIT STATE PID UPTIME RESTARTS LAST EXIT DESCRIPTION".split()
    code, shows = on_terminal(80, "--socket", fake.path)
    assert (code, shows.splitlines()[-1]) == (0, "0 units")


# ---- JSON ---------------------------------------------------------------------------------------

def test_json_is_the_reply(serve, units):
    details = {u["name"]: {"unit": shown(u)} for u in units}
    fake = serve(dict(site_handlers(units), Show=lambda p: details[p["unit"]]))

    def pretty(value):
        return json.dumps(value, indent=2, ensure_ascii=False) + "\n"

    def text(*args):
        return ctl("--json", "--socket", fake.path, *args).stdout

    assert text("list", "web") == pretty({"units": [units[0]]})
    assert text("status") == text("health") == pretty(health(units))
    assert text("show", "crasher") == pretty(details["crasher"])
    assert text("status", "web", "migrate") == \
        pretty(details["web"]) + pretty(details["migrate"])
    assert json.loads(text("start", "web"))["results"][0]["ok"] is True
    assert json.loads(text("stop", "old-database"))["results"][0]["ok"] is False
    assert text("shutdown", "--no-wait") == "{}\n"
    assert json.loads(text("version")) == {"reevectl": version(), "reeved": "0.1.0"}


def test_json_has_no_colours_and_the_same_exit_codes(fake):
    code, shows = on_terminal(80, "status", "--json", "stubborn", "--socket", fake.path)
    assert code == 3 and "\x1b" not in shows
    assert ctl("start", "--json", "old-database", "--socket", fake.path).returncode == 1
    assert ctl("health", "--json", "--socket", fake.path).returncode == 1
    result = ctl("show", "--json", "nope", "--socket", fake.path)
    assert (result.returncode, result.stdout) == (4, "") and "nope" in result.stderr


# ---- exit codes and messages --------------------------------------------------------------------

@pytest.mark.parametrize("args, code", [
    (["list"], 0), (["list", "nope"], 4), (["list", "web*"], 0),
    (["status", "web"], 0), (["status", "web", "w*"], 0), (["status", "leaving"], 3),
    (["status", "migrate"], 3), (["status", "stubborn", "web"], 3),
    (["status", "nope", "stubborn"], 4), (["status", "none*"], 4),
    (["show", "stubborn"], 0), (["show", "web", "nope"], 4),
    (["start", "web"], 0), (["start", "web", "old-database"], 1), (["start", "nope"], 4),
    (["stop", "web"], 0), (["restart", "web"], 0), (["version"], 0), (["shutdown"], 1),
])
def test_exit_codes(fake, args, code):
    args = args + ["--timeout", "200ms"] if args[0] == "shutdown" else args
    result = ctl("--socket", fake.path, *args)
    assert result.returncode == code, result.stderr
    assert (result.stderr != "") == (code in (1, 4))


def test_status_shows_the_units_that_exist(fake):
    result = ctl("--socket", fake.path, "status", "nope", "web", "we*")
    assert result.stdout.count(" Defined: ") == 1
    assert result.stderr == "reevectl: no unit is named 'nope'; did you mean 'web'?\n"


@pytest.mark.parametrize("status, code", [
    ("healthy", 0), ("starting", 0), ("degraded", 1), ("unhealthy", 1), ("stopping", 1),
])
def test_health_exit_codes(serve, units, status, code):
    fake = serve({"Health": lambda p: health(units, status)})
    result = ctl("--socket", fake.path, "health")
    assert (result.returncode, result.stdout.split()[0]) == (code, status)


@pytest.mark.parametrize("args, says", [
    (["lsit"], "unknown verb 'lsit'; did you mean 'list'?"),
    (["zzzzzz"], "unknown verb 'zzzzzz'; 'reevectl --help' lists the verbs"),
    (["start\x1b[2J"], r"unknown verb 'start\x1b[2J'"),
    (["--jsn"], "unknown option '--jsn'; did you mean '--json'?"),
    (["list", "--soket=x"], "unknown option '--soket=x'; did you mean '--socket'?"),
    (["--no"], "option '--no' could be several; write it out"),
    (["-x"], "unknown option '-x'"),
    (["--json", "-xh"], "unknown option '-x'"),
    (["--json=1"], "option '--json' takes no value"),
    (["--help=1"], "option '--help' takes no value"),
    (["--socket"], "option '--socket' needs a value"),
    (["--socket", ""], "--socket needs a path"),
    (["start"], "start needs a unit"),
    (["show"], "show needs a unit"),
    (["version", "x"], "version takes no 'x'"),
    (["shutdown", "web"], "shutdown takes no 'web'"),
    (["help", "strat"], "unknown verb 'strat'; did you mean 'start'?"),
    (["help", "x"], "unknown verb 'x'; 'reevectl --help' lists the verbs"),
    (["list", "--no-wait"], "list does not take --no-wait"),
    (["--timeout", "5s"], "list does not take --timeout"),
    (["start", "web", "--timeout", "5"], "--timeout '5' is not a duration"),
    (["start", "web", "--timeout", "900000000d"], "--timeout 900000000d is too long"),
    (["start", "web", "--timeout", "0"], "--timeout must be more than 0"),
    (["start", "web", "--timeout=1s", "--no-wait"], "--no-wait and --timeout exclude each other"),
    (["help", "lst"], "unknown verb 'lst'"),
])
def test_usage_errors(fake, args, says):
    result = ctl(*args, env=environment(REEVE_SOCKET=fake.path))
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.startswith("reevectl: " + says)
    assert result.stderr.count("\n") == 1
    assert not fake.calls


@pytest.mark.parametrize("args, says", [
    (["kill", "web"], "unknown verb 'kill'; did you mean 'signal'?"),
    (["ps"], "unknown verb 'ps'; did you mean 'list'?"),
    (["ls"], "unknown verb 'ls'; did you mean 'list'?"),
    (["avail"], "unknown verb 'avail'; did you mean 'list'?"),
    (["pid", "web"], "unknown verb 'pid'; did you mean 'status'?"),
    (["tail", "-f", "web"], "unknown verb 'tail'; reeve keeps no logs in this version: what units "
     "print goes where that of reeved goes"),
    (["logs"], "unknown verb 'logs'; reeve keeps no logs in this version"),
    (["clear", "web"], "unknown verb 'clear'; reeve keeps no logs in this version"),
    (["daemon-reload"], "unknown verb 'daemon-reload'; not in this version: 'reevectl check', then "
     "restart reeved"),
    (["update"], "unknown verb 'update'; not in this version: 'reevectl check', then restart "
     "reeved"),
    (["reread"], "unknown verb 'reread'; not in this version: 'reevectl check', then restart"),
    (["enable", "web"], "unknown verb 'enable'; write enabled = yes or no in the configuration, "
     "then restart reeved"),
    (["disable", "web"], "unknown verb 'disable'; write enabled = yes or no"),
    (["add", "web"], "unknown verb 'add'; units come from the configuration: change it, "
     "'reevectl check', then restart reeved"),
    (["remove", "web"], "unknown verb 'remove'; units come from the configuration"),
    (["help", "kill"], "unknown verb 'kill'; did you mean 'signal'?"),
    (["help", "tail"], "unknown verb 'tail'; reeve keeps no logs"),
    (["help", "lsit"], "unknown verb 'lsit'; did you mean 'list'?"),
])
def test_verbs_of_others(fake, args, says):
    result = ctl(*args, env=environment(REEVE_SOCKET=fake.path))
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("reevectl: " + says) and result.stderr.count("\n") == 1
    assert not fake.calls


def test_options_before_and_after(fake):
    env = environment(REEVE_SOCKET="/nowhere/reeve.sock")
    for args in (["--json", "--socket", fake.path, "list", "web"],
                 ["list", "web", "--json", "--socket=" + fake.path],
                 ["list", "--json", "--socket", fake.path, "--", "web"]):
        result = ctl(*args, env=env)
        assert json.loads(result.stdout)["units"][0]["name"] == "web"
    result = ctl("--socket", fake.path, "list", "--", "--json")
    assert (result.returncode, result.stdout) == (4, "")
    assert fake.calls[-1] == ("List", {"units": ["--json"]})


def verbs_of_help():
    """All verbs, in the order of the help."""
    return re.findall(r"^  ([a-z][a-z-]+) ", ctl("--help").stdout, re.M)


def test_help_of_each_verb():
    verbs = verbs_of_help()
    assert len(verbs) > 10
    for verb in verbs:
        for args in ([verb, "--help"], ["-h", verb], ["help", verb]):
            result = ctl(*args)
            assert (result.returncode, result.stderr) == (0, "")
            assert result.stdout.startswith(f"Usage: reevectl [OPTION...] {verb}")
            assert ("--timeout" in result.stdout) == \
                (verb in "start stop restart reload wait shutdown".split())
            assert max(len(line) for line in result.stdout.splitlines()) < 80


@pytest.mark.parametrize("verb, words", [
    ("show", "JSON, an object for each unit (joined by 'jq -s')"),
    ("status", "JSON, an object for each unit"), ("why", "JSON, an object for each unit"),
    ("cat", "JSON, an object for each unit"),
    ("events", "JSON, an object for each event, one a line"),
    ("events", 'the event with that "seq" in --json'),
    ("health", "only these are listed: status and exit code are those of"),
    ("health", "the whole. 'is-healthy' judges units"),
    ("reset-failed", "Forget failures, start what should be up."),
    ("reset-failed", "a job, too, runs again"), ("reset-failed", "'reevectl stop' it first"),
    ("errors", "newest 20 runs that failed"), ("start", "'reevectl wait' waits for its end"),
])
def test_help_says(verb, words):
    text = " ".join(ctl("help", verb).stdout.split())
    assert words in text


# ---- start, stop, restart, shutdown -------------------------------------------------------------

def test_operations_say_what_they_did(fake):
    result = ctl("start", "web", "old-database", "worker", "--socket", fake.path)
    assert result.stdout == "web: running (pid 1234)\nworker: running (pid 98765)\n"
    assert result.stderr == ("reevectl: old-database: start failed: exec: "
                             "No such file or directory; no further try\n")
    assert ctl("stop", "web", "--socket", fake.path).stdout == "web: stopped\n"


@pytest.mark.parametrize("args, method, sent", [
    (["start", "web"], "Start", {"units": ["web"], "wait": True}),
    (["stop", "w*", "never"], "Stop", {"units": ["w*", "never"], "wait": True}),
    (["restart", "web", "--no-wait"], "Restart", {"units": ["web"], "wait": False}),
    (["start", "--timeout", "1m30s", "web"], "Start",
     {"units": ["web"], "wait": True, "timeout_ms": 90000}),
])
def test_operations_send(fake, args, method, sent):
    assert ctl(*args, "--socket", fake.path).returncode == 0
    assert fake.calls[0] == (method, sent)


def test_waiting_line(serve, units):
    """A terminal is told what is waited for, and the line is cleared; a pipe sees nothing of it."""
    seen = threading.Event()
    handlers = site_handlers(units)
    start = handlers["Start"]

    def slow_start(parameters):
        assert seen.wait(PATIENCE)
        return start(parameters)

    fake = serve(dict(handlers, Start=slow_start))
    master, slave = open_terminal(80)
    with subprocess.Popen([REEVECTL, "--socket", fake.path, "start", "web"], env=environment(),
                          stdin=subprocess.DEVNULL, stdout=slave, stderr=slave) as process:
        os.close(slave)
        try:
            assert read_terminal(master, until="waiting for web…") == "waiting for web…"
        finally:
            seen.set()
        rest = read_terminal(master)
        os.close(master)
    assert process.returncode == 0
    assert rest == "\r\x1b[Jweb: \x1b[32mrunning\x1b[0m (pid 1234)\n"


def test_shutdown_waits_for_the_end(serve):
    def ends(_):
        raise Raw(b'{"parameters":{}}\0')

    fake = serve({"Shutdown": ends})
    result = ctl("shutdown", "--socket", fake.path)
    assert (result.returncode, result.stdout, result.stderr) == (0, "reeved: ended\n", "")


def test_shutdown_that_takes_longer(fake):
    result = ctl("shutdown", "--timeout", "100ms", "--socket", fake.path)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == "reevectl: reeved is still shutting down (waited 100ms)\n"
    result = ctl("shutdown", "--no-wait", "--socket", fake.path)
    assert (result.returncode, result.stdout) == (0, "reeved: shutting down\n")


def version():
    return ctl("--version").stdout.split()[1]


def test_version(fake, tmp_path):
    assert re.fullmatch(r"reevectl \d+\.\d+\.\d+\S*\n", ctl("--version").stdout)
    result = ctl("version", "--socket", fake.path)
    assert result.stdout == f"reevectl {version()}\nreeved   0.1.0 (pid 1)\n"
    nowhere = str(tmp_path / "nobody.sock")
    result = ctl("version", "--socket", nowhere)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == f"reevectl {version()}\nreeved   not reached on {nowhere}\n"
    assert json.loads(ctl("version", "--json", "--socket", nowhere).stdout)["reeved"] is None


# ---- when things go wrong -----------------------------------------------------------------------

def failed(result, *words):
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.startswith("reevectl: ") and result.stderr.count("\n") == 1
    for word in words:
        assert word in result.stderr


@pytest.mark.parametrize("args", [["list"], ["status", "a", "b"], ["start", "web"], ["shutdown"],
                                  ["health"], ["show", "a", "b"]])
def test_no_socket(tmp_path, args):
    path = str(tmp_path / "nobody.sock")
    failed(ctl(*args, env=environment(REEVE_SOCKET=path)), path, "is reeved running?", "--socket")


def test_dead_socket(tmp_path):
    path = str(tmp_path / "dead.sock")
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(path)
    failed(ctl("--socket", path), path, "nobody listens")


@pytest.fixture(name="as_nobody")
def fixture_as_nobody():
    """A function that runs reevectl as another user, and a directory that this one can enter."""
    if os.geteuid() != 0:
        pytest.skip("root: only root can become somebody else")
    with tempfile.TemporaryDirectory(prefix="reevectl-") as directory:
        os.chmod(directory, 0o755)
        program = os.path.join(directory, "reevectl")
        shutil.copy(REEVECTL, program)
        os.chmod(program, 0o755)

        def run(*args, **env):
            return subprocess.run([program, *args], env=environment(**env), user=NOBODY,
                                  group=NOBODY, extra_groups=[], cwd="/", text=True,
                                  capture_output=True, timeout=PATIENCE, check=False)

        run.directory = directory
        yield run


def test_not_permitted(as_nobody, units):
    path = os.path.join(as_nobody.directory, "fake.sock")
    fake = FakeReeve(path, site_handlers(units))
    try:
        os.chmod(path, 0o600)
        failed(as_nobody("--socket", path), "not permitted", path)
    finally:
        fake.close()


def test_own_place(as_nobody, units):
    """A user's own socket is found without being named, but not where somebody else put it."""
    own = os.path.join(as_nobody.directory, "reeve")
    os.mkdir(own)
    fake = FakeReeve(os.path.join(own, "reeve.sock"), site_handlers(units))
    os.chmod(os.path.join(own, "reeve.sock"), 0o666)
    try:
        result = as_nobody("list", XDG_RUNTIME_DIR=as_nobody.directory)
        assert not fake.calls and own not in result.stderr
        os.chown(own, NOBODY, NOBODY)
        result = as_nobody("list", XDG_RUNTIME_DIR=as_nobody.directory)
        assert (result.returncode, len(fake.calls)) == (0, 1)
    finally:
        fake.close()


def test_refused(serve):
    def refuse(_):
        raise Error(MANAGER + "NotPermitted", message="uid 1000 may only look;\nask \x1b[31mroot")

    def invalid(_):
        raise Error("org.varlink.service.InvalidParameter", parameter="units")

    fake = serve({"Stop": refuse, "Start": invalid})
    failed(ctl("stop", "web", "--socket", fake.path), r"may only look;\nask \x1b[31mroot")
    failed(ctl("start", "web", "--socket", fake.path), "parameter 'units' of Start")
    failed(ctl("list", "--socket", fake.path), "no method List")


@pytest.mark.parametrize("data, says", [
    (b"", "closed the connection before it answered"),
    (b'{"parameters":{"units":[', "closed the connection before it answered"),
    (b"HTTP/1.1 400 Bad Request\0", "does not answer like reeved"),
    (b'{"parameters":7}\0', ""),
    (b'{"error":7}\0', "does not answer like reeved"),
    (b"[]\0", "does not answer like reeved"),
    (b"[" * 100000 + b"\0", "does not answer like reeved"),
])
def test_broken_replies(serve, data, says):
    def answer(_):
        raise Raw(data)

    fake = serve({"List": answer, "Start": answer})
    for args in (["list"], ["status", "a", "b"], ["start", "web"]):
        result = ctl(*args, "--socket", fake.path)
        if says:
            failed(result, says)
        assert 0 <= result.returncode <= 4


@pytest.mark.parametrize("reply", [
    {}, {"units": 5}, {"units": [5, None, {}, {"name": 7, "last_exit": "x"}]}, {"unit": []},
    {"results": [{}]}, {"results": "x"}, {"status": 3, "counts": []},
    {"unit": {"name": "x", "state": "stopping", "goal": "up", "since_ms": str(-2**63),
              "effective": {"stop_timeout_ms": str(2**63 - 1)}}},
    {"units": [{"name": "x", "state": "killing", "since_ms": str(-2**63)}],
     "unit": {"name": "x", "state": "killing", "since_ms": str(-2**63), "last_exit": {"run": 1},
              "records": [{"cpu_user_ms": str(2**63 - 1), "cpu_system_ms": str(2**63 - 1)}] * 2}},
    {"unit": {"config": [1], "records": [{}, 2], "effective": {"a": {"b": 1}, "x_ms": 1e300}}},
])
def test_odd_shapes(serve, reply):
    """Replies that lie about their shape end in some exit code, never in a crash."""
    methods = "Health List Show Start Stop Restart Shutdown".split()
    fake = serve({method: lambda p: reply for method in methods})
    fake.handlers.setdefault("Events", lambda p: {"events": [
        reply, {"unit": "x", "type": "unit.requested"}, {"type": "unit.exited", "exit": 7}]})
    for args in (["list"], ["status"], ["status", "x"], ["show", "x"], ["health"], ["version"],
                 ["start", "x"], ["why", "x"], ["cat", "x"], ["errors"], ["events"],
                 ["is-active", "x"], ["is-healthy"], ["errors", "--json"]):
        result = ctl(*args, "--socket", fake.path)
        assert 0 <= result.returncode <= 4, result.stderr
    assert ctl("start", "x", "--socket", fake.path).returncode == 1


def test_one_complaint_when_reeved_goes_away(serve, units):
    """However many units were to come, and after a complaint about another."""
    def answer(parameters):
        if parameters["unit"] != "web":
            raise Raw(b"")
        return {"unit": shown(units[0])}

    fake = serve(dict(site_handlers(units), Show=answer))
    for verb in ("status", "show", "why", "cat"):
        result = ctl(verb, "nope", "*", "web", "worker", "--socket", fake.path)
        lines = result.stderr.splitlines()
        assert (result.returncode, len(lines)) == (4, 2), lines
        assert "no unit is named 'nope'" in lines[0]
        assert "closed the connection before it answered" in lines[1]
        assert "web" in result.stdout


def test_output_that_cannot_be_written(fake):
    command = [REEVECTL, "--socket", fake.path, "list"]
    with open("/dev/full", "w", encoding="utf-8") as full:
        result = subprocess.run(command, env=environment(), stdout=full, stderr=subprocess.PIPE,
                                text=True, timeout=PATIENCE, check=False)
    assert result.returncode == 1
    assert result.stderr == "reevectl: cannot write standard output: No space left on device\n"
    result = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", *command], env=environment(),
                            capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert result.returncode == 1
    assert "cannot write standard output" in result.stderr


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-"])
def test_socket_takes_no_standard_descriptor(fake, closed):
    """With standard descriptors closed, nothing that was meant for them goes to reeved."""
    for args in (["list", "--json"], ["status", "nope"]):
        subprocess.run(["sh", "-c", f'exec "$@" {closed}', "sh", REEVECTL, *args,
                        "--socket", fake.path], env=environment(), timeout=PATIENCE, check=False,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert len(fake.calls) == 2
    for _, thread in fake.connections:
        thread.join(PATIENCE)
    assert fake.unfinished == []


def test_reader_that_left(fake):
    """A closed pipe is an exit code, not a complaint: `reevectl list | head -1` is no error."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        result = ctl("list", "--socket", fake.path, stdout=writer, stderr=subprocess.PIPE)
    finally:
        os.close(writer)
    assert (result.returncode, result.stderr) == (1, "")


# ---- completion ---------------------------------------------------------------------------------

def complete(*words, path):
    script = f"""
        . {COMPLETION}
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _reevectl {REEVECTL}
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    result = subprocess.run(["bash", "-c", script, "bash", *words], text=True, timeout=PATIENCE,
                            env=environment(REEVE_SOCKET=path), capture_output=True, check=False)
    assert result.stderr == ""
    return result.stdout.split()


@pytest.mark.parametrize("words, offers", [
    (["reevectl", "st"], ["status", "start", "stop"]),
    (["reevectl", "start", "w"], ["web", "worker"]),
    (["reevectl", "--json", "show", "web", "c"], ["crasher"]),
    (["reevectl", "list", "--j"], ["--json"]),
    (["reevectl", "list", "--t"], []),
    (["reevectl", "start", "--t"], ["--timeout"]),
    (["reevectl", "--socket", "=", "/x", "sh"], ["show", "shutdown"]),
    (["reevectl", "shutdown", ""], []),
    (["reevectl", "start", "tag:"], ["tag:front", "tag:night"]),
    (["reevectl", "start", "tag", ":", "f"], ["front"]),
    (["reevectl", "start", "tag", ":"], ["front", "night"]),
    (["reevectl", "signal", "H"], ["HUP"]),
    (["reevectl", "signal", "--to", "tree", "HUP", "wo"], ["worker"]),
    (["reevectl", "signal", "--to", ""], ["main", "group", "tree"]),
    (["reevectl", "wait", "--for", "c"], ["completed"]),
    (["reevectl", "hold", "web", "--for", "1"], ["10m", "1h", "1d"]),
    (["reevectl", "hold", "--rel"], ["--release"]),
    (["reevectl", "reload", "we"], ["web"]),
    (["reevectl", "events", "--type", "unit.e"], ["unit.exited"]),
    (["reevectl", "-n", "5", "events", "we"], ["web"]),
    (["reevectl", "help", "ver"], ["version"]),
    (["reevectl", "graph", "--r"], ["--reverse"]),
])
def test_completion(fake, words, offers):
    assert complete(*words, path=fake.path) == offers


def test_completion_of_instances(serve):
    """The name that stands for all of them, too, once."""
    fake = serve(site_handlers([unit(name, "running") for name in
                                "web@1 web@2 worker@1 db web2".split()]))
    assert complete("reevectl", "stop", "w", path=fake.path) == \
        "web web@1 web@2 worker worker@1 web2".split()


def test_completion_knows_every_verb(fake):
    assert complete("reevectl", "", path=fake.path) == verbs_of_help()


def test_completion_knows_every_option(fake):
    for verb in verbs_of_help():
        options = set(re.findall(r"--[a-z-]+", ctl("help", verb).stdout.split("Options:")[1]))
        offers = set(complete("reevectl", verb, "--", path=fake.path))
        assert offers - {"--version"} == options, verb
