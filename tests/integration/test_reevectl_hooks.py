"""reevectl and what lies beside main: hold and reload, hooks that are at work or failed, mistakes."""

import datetime
import json
import threading
import time

import pytest

from cli import Terminal, ctl, environment, on_terminal
from daemon import PATIENCE
from fake_reeve import MANAGER, Error, event, moment, record, shown, site_handlers, unit

ROOT = {"uid": 0, "pid": 777, "unit": None}
FAILED = [{"hook": "post_stop", "command": 1, "message": "command 1 (/srv/tell) exited with code 3"}]
MISTAKE = {"kind": "port_taken", "run": 4, "pid": 1234, "program": "nginx", "port": 8080,
           "other": "web", "message": "port 8080 is held by 1234 (nginx) of unit web"}


def until(seconds):
    """The same moment as the protocol writes it, and as people read it."""
    at = datetime.datetime.fromtimestamp(time.time() + seconds, datetime.timezone.utc)
    now = datetime.datetime.now(datetime.timezone.utc)
    clock = at.strftime("%H:%M:%S" if at.date() == now.date() else "%Y-%m-%d %H:%M:%S")
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z"), clock


def results(*units, **more):
    return {"results": [dict({"unit": u["name"], "along_with": None, "because": None, "ok": True,
                              "state": u["state"], "pid": u["pid"], "run": u["run"],
                              "message": ""}, **more) for u in units]}


@pytest.fixture(name="units")
def fixture_units():
    return [
        unit("web", "running", ready=True, pid=1234, run=1, uptime_ms=60000, since_ms=60000),
        unit("db", "waiting", run=2, held_until=until(600)[0],
             last_exit=record(2, 65, 2, "natural", exit_code=0, failed_hooks=FAILED)),
        unit("cache", "running", ready=True, pid=99, run=3, held_until=until(600)[0],
             uptime_ms=60000, since_ms=60000),
        unit("app", "starting", run=5, hook="pre_start", since_ms=3000),
        unit("shop", "backoff", run=4, next_start_at=moment(-95), last_exit=record(
            4, 65, 2, "start_failed", failed_hooks=[
                {"hook": "pre_start", "command": 1, "message": "command 1 (/x) exited with code 3"}],
            error={"stage": "pre_start", "errno": None,
                   "message": "command 1 (/x) exited with code 3"})),
    ]


@pytest.fixture(name="held")
def fixture_held(serve, units):
    """A reeved with these units, whose Show tells who holds and what is wrong."""
    handlers = site_handlers(units)
    more = {"db": {"held_by": ROOT}, "cache": {"held_by": ROOT}, "shop": {"mistake": MISTAKE},
            "app": {"kill_at": moment(-7)}}

    def show(parameters):
        u = handlers["List"]({"units": [parameters["unit"]]})["units"][0]
        return {"unit": dict(shown(u), **more.get(u["name"], {}))}

    handlers["Show"] = show
    handlers["Events"] = lambda p: {"epoch": "e", "seq": 1, "lost": 0, "events": []}
    return serve(handlers)


# ---- hold ---------------------------------------------------------------------------------------

def test_hold(serve, units):
    fake = serve({"Hold": lambda p: results(units[0])})
    before, after = until(600), until(610)
    result = ctl("hold", "web", "--for", "10m", "--socket", fake.path)
    assert (result.returncode, result.stderr) == (0, "")
    said = result.stdout.removeprefix("web: held until ").removesuffix(" (running)\n")
    assert before[1] <= said <= after[1] or len(said) > 8
    assert fake.calls == [("Hold", {"units": ["web"], "for_ms": 600000})]


def test_release(serve, units):
    fake = serve({"Hold": lambda p: results(units[0])})
    result = ctl("hold", "--release", "w*", "db", "--socket", fake.path)
    assert (result.returncode, result.stdout) == (0, "web: released (running)\n")
    assert fake.calls == [("Hold", {"units": ["w*", "db"], "for_ms": 0})]


@pytest.mark.parametrize("args, says", [
    (["hold", "web"], "hold needs --for DURATION, e.g. --for 10m; --release ends it before"),
    (["hold", "--for", "10m"], "hold needs a unit"),
    (["hold", "web", "--for", "10m", "--release"], "--for and --release exclude each other"),
    (["hold", "web", "--for", "0"], "--for must be more than 0; --release ends a hold"),
    (["hold", "web", "--for", "600"], "--for '600' is not a duration; write it like 500ms"),
    (["hold", "web", "--for", "ready"], "--for 'ready' is not a duration"),
    (["hold", "web", "--for", "900000000d"], "--for 900000000d is too long"),
    (["wait", "web", "--for", "10m"], "--for takes no '10m'; it takes ready"),
    (["start", "web", "--for", "10m"], "start does not take --for"),
    (["stop", "web", "--release"], "stop does not take --release"),
    (["hold", "web", "--for", "10m", "--timeout", "5s"], "hold does not take --timeout"),
])
def test_usage_of_hold(held, args, says):
    result = ctl(*args, env=environment(REEVE_SOCKET=held.path))
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("reevectl: " + says) and result.stderr.count("\n") == 1
    assert not held.calls


def test_a_hold_that_is_refused(serve):
    def hold(_):
        raise Error(MANAGER + "TooLarge", message="Units are held for at most 366 days.")

    fake = serve({"Hold": hold})
    result = ctl("hold", "web", "--for", "400d", "--socket", fake.path)
    assert (result.returncode, result.stdout) == (1, "")
    assert "Units are held for at most 366 days." in result.stderr


def test_no_such_unit(held):
    for args in (["hold", "nope", "--for", "1m"], ["hold", "nope", "--release"], ["reload", "nope"]):
        assert ctl(*args, "--socket", held.path).returncode == 4


# ---- reload -------------------------------------------------------------------------------------

def test_reload(serve, units):
    fake = serve({"Reload": lambda p: dict(results(units[0]), progress=[])})
    result = ctl("reload", "web", "--socket", fake.path)
    assert (result.returncode, result.stdout) == (0, "web: reloaded (pid 1234)\n")
    result = ctl("reload", "--no-wait", "web", "--socket", fake.path)
    assert result.stdout == "web: reload requested (pid 1234)\n"
    ctl("reload", "--timeout", "5s", "web", "--socket", fake.path)
    assert [p for _, p in fake.calls] == [{"units": ["web"], "wait": True},
                                          {"units": ["web"], "wait": False},
                                          {"units": ["web"], "wait": True, "timeout_ms": 5000}]


def test_a_reload_that_failed(serve, units):
    says = "reload_command: command 1 (/srv/x --check) exited with code 2"
    fake = serve({"Reload": lambda p: dict(results(units[0], ok=False, message=says),
                                           progress=[])})
    result = ctl("reload", "web", "--socket", fake.path)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == f"reevectl: web: {says}\n"


def test_json(serve, units):
    fake = serve({"Hold": lambda p: results(units[0]),
                  "Reload": lambda p: dict(results(units[0]), progress=[])})
    for args in (["hold", "web", "--for", "1m"], ["reload", "web"]):
        result = ctl(*args, "--json", "--socket", fake.path)
        assert json.loads(result.stdout)["results"][0]["unit"] == "web"


# ---- looking ------------------------------------------------------------------------------------

def rows(text):
    return {line.split()[0]: line for line in text.splitlines() if line}


def test_list(held):
    lines = rows(ctl("list", "--socket", held.path).stdout)
    for name in ("db", "cache"):
        assert f"held until {until(600)[1][:-2]}"[:-3] in lines[name]
    # One word in this column, for scripts.
    assert lines["app"].split()[:3] == ["app", "starting", "-"]
    assert "start failed (pre_start), 1m ago" in lines["shop"]
    code, shows = on_terminal(120, "--no-color", "--socket", held.path, "list")
    assert code == 0 and "starting (pre_start)" in shows


def test_health(held):
    code, shows = on_terminal(120, "--no-color", "--socket", held.path, "health")
    assert code == 1 and "starting (pre_start)" in shows and "held until" in shows


def test_status(held):
    text = ctl("status", "app", "db", "cache", "--socket", held.path).stdout
    assert "State: starting (pre_start) since" in text
    assert "in pre_start for 3s, which is killed in 7s at the latest" in " ".join(text.split())
    assert "Why: held until" in text and "root (uid 0, pid 777) asked for it" in text
    assert "post_stop failed: command 1 (/srv/tell) exited with code 3" in " ".join(text.split())


def test_show(held):
    text = ctl("show", "db", "--socket", held.path).stdout
    assert "\nHeld by\n  root (uid 0, pid 777)\n" in text
    assert "held_until" in text and "in 9m" in text
    assert "\nFailed hooks\n" in text and "post_stop  command 1 (/srv/tell) exited with" in text
    text = ctl("show", "shop", "--socket", held.path).stdout
    assert "\nLikely a mistake\n  run 4: port 8080 is held by 1234 (nginx) of unit web\n" in text
    text = ctl("show", "web", "--socket", held.path).stdout
    assert "Held by" not in text and "Failed hooks" not in text and "mistake" not in text


def test_why(held):
    text = " ".join(ctl("why", "db", "shop", "--socket", held.path).stdout.split())
    assert "to let it start now: reevectl hold --release db" in text
    assert "start failed: pre_start: command 1 (/x) exited with code 3" in text
    assert "port 8080 is held by 1234 (nginx) of unit web" in text
    assert "give one of shop and web another port, or stop that one: reevectl stop web" in text


def test_errors(held):
    text = ctl("errors", "--socket", held.path).stdout
    lines = text.splitlines()
    assert len([line for line in lines if " db " in line]) == 1
    assert "post_stop failed: command 1 (/srv/tell) exited with code 3" in text
    assert "start failed: pre_start: command 1 (/x) exited with code 3" in text
    assert "likely a mistake: port 8080 is held by 1234 (nginx) of unit web" in text
    told = json.loads(ctl("errors", "--json", "--socket", held.path).stdout)["errors"]
    assert {"unit", "state", "message", "record"} == set(told[0])
    assert len(told) == 3


def test_events_of_one_type(serve):
    fake = serve({"Events": lambda p: {"epoch": "e", "seq": 1, "lost": 0, "events": [
        event(1, "unit.hook", "web", run=2, hook="pre_stop", error="command 1 failed")]}})
    result = ctl("events", "--type", "unit.hook,unit.mistake", "--socket", fake.path)
    assert result.stdout.endswith("web       pre_stop failed: command 1 failed, run 2\n")
    assert fake.calls == [("Events", {"types": ["unit.hook", "unit.mistake"]})]


# ---- on its way ---------------------------------------------------------------------------------

def test_progress_tells_what_keeps_a_unit(serve):
    held_until, clock = until(600)
    seen = threading.Event()

    def start(_, more):
        assert more
        yield {"results": [], "progress": [
            {"unit": "web", "state": "waiting", "waiting": None, "held_until": held_until,
             "hook": None, "pid": None},
            {"unit": "app", "state": "starting", "waiting": None, "held_until": None,
             "hook": "pre_start", "pid": None}]}, True
        assert seen.wait(PATIENCE)
        yield dict(results(unit("web", "running"), unit("app", "running")), progress=[]), False

    fake = serve({"Start": start})
    terminal = Terminal(80, "--no-color", "--socket", fake.path, "start", "web", "app")
    try:
        shows = terminal.read(until="in pre_start")
    finally:
        seen.set()
    assert f"held until {clock}" in shows
    assert terminal.finish()[0] == 0
