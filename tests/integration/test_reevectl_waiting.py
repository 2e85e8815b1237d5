"""reevectl while something is on its way: progress on a terminal, results, Ctrl-C; and the verbs
that answer with a result for each unit."""

import os
import re
import threading

import pytest

from cli import (Terminal, ctl, environment, on_terminal, open_terminal, read_terminal,
                 screen)
from daemon import PATIENCE
from fake_reeve import MANAGER, Error, shown, site_handlers


def result(unit, state="running", pid=77, message=""):
    return {"unit": unit, "ok": not message, "state": state, "pid": pid, "run": 1,
            "message": message}


def moved(*units, state="starting"):
    return [{"unit": unit, "state": state, "pid": None} for unit in units]


def reply(results=(), progress=()):
    return {"results": list(results), "progress": list(progress)}


@pytest.fixture(name="steps")
def fixture_steps(serve, units):
    """A function that serves a stream of Start: each reply is sent when the step before it was
    released, the first at once. release(n) lets the n-th go."""
    events = [threading.Event() for _ in range(4)]

    def serve_steps(*replies):
        def start(_, more):
            if not more:
                assert events[0].wait(PATIENCE)
                yield reply(r for step in replies for r in step["results"]), False
                return
            for n, step in enumerate(replies):
                if n > 0:
                    assert events[n - 1].wait(PATIENCE)
                yield step, n + 1 < len(replies)

        fake = serve(dict(site_handlers(units), Start=start))
        fake.release = lambda n: events[n].set()
        return fake

    yield serve_steps
    for event in events:
        event.set()


def block(text):
    """The same without times: a loaded machine may take its."""
    return [re.sub(r" +\d+s$", "", line) for line in screen(text)]


def test_progress_is_drawn_in_place(steps):
    fake = steps(reply(progress=moved("web", "worker")),
                 reply([result("worker", pid=98765)], moved("web", state="waiting")),
                 reply([result("web", "failed", None, "start failed: no luck")]))
    terminal = Terminal(80, "start", "web", "worker", "--socket", fake.path)
    seen = terminal.read(until="worker  \x1b[33mstarting")
    assert block(seen) == ["● web     starting", "● worker  starting"]
    seen += terminal.read(until=" 1s")
    assert screen(seen)[0] == "● web     starting      1s"
    fake.release(0)
    seen += terminal.read(until="waiting")
    assert block(seen) == ["worker: running (pid 98765)", "● web  waiting"]
    fake.release(1)
    code, rest = terminal.finish()
    assert code == 1
    assert screen(seen + rest) == ["worker: running (pid 98765)",
                                   "reevectl: web: start failed: no luck",
                                   f"  reevectl --socket {fake.path} why web", ""]


def test_only_those_without_an_answer_are_waited_for(steps):
    fake = steps(reply([result("b"), result("c")]), reply([result("a"), result("w1")]))
    terminal = Terminal(80, "start", "a", "b", "w*", "c", "b", "--socket", fake.path)
    seen = terminal.read(until="waiting for")
    while not seen.endswith("…"):
        seen += terminal.read(until="…")
    assert screen(seen) == ["b: running (pid 77)", "c: running (pid 77)", "waiting for a, w*…"]
    fake.release(0)
    assert terminal.finish()[0] == 0


def test_progress_is_bounded(steps):
    names = [f"unit-{n:02}" for n in range(15)]
    fake = steps(reply(progress=moved(*names)), reply([result(name) for name in names]))
    terminal = Terminal(40, "start", "unit*", "--socket", fake.path)
    seen = terminal.read(until="more")
    assert block(seen) == [f"● {name}  starting" for name in names[:10]] + ["  and 5 more"]
    fake.release(0)
    code, rest = terminal.finish()
    assert code == 0
    assert screen(seen + rest) == [f"{name}: running (pid 77)" for name in names] + [""]


def test_progress_fits_the_width(steps):
    fake = steps(reply(progress=moved("n" * 48, "\x1b[31mred")), reply([result("n" * 48)]))
    terminal = Terminal(40, "start", "n*", "--socket", fake.path)
    seen = terminal.read(until="red         \x1b[33mstarting")
    assert block(seen) == ["● " + "n" * 17 + "…  starting", "● \\x1b[31mred         starting"]
    fake.release(0)
    assert terminal.finish()[0] == 0


def test_progress_of_a_state_that_is_none(steps):
    """Whatever is told, a line of the block is one line."""
    fake = steps(reply(progress=moved("web", state="x" * 300)), reply([result("web")]))
    terminal = Terminal(40, "start", "web", "--socket", fake.path)
    seen = terminal.read(until="xxx")
    assert block(seen) == ["● web  xxxxxxxx…"]
    fake.release(0)
    assert terminal.finish()[0] == 0


def test_progress_follows_the_size(steps):
    """It goes where it has no room any more, and comes back."""
    fake = steps(reply(progress=moved("n" * 48)), reply([result("n" * 48)]))
    terminal = Terminal(80, "start", "n*", "--socket", fake.path)
    seen = terminal.read(until="starting")
    terminal.resize(20)
    seen += terminal.read(until="\r\x1b[J")
    assert screen(seen) == [""]
    terminal.resize(40)
    seen += terminal.read(until="starting")
    assert block(seen) == ["● " + "n" * 17 + "…  starting"]
    fake.release(0)
    code, rest = terminal.finish()
    assert (code, screen(seen + rest)) == (0, ["n" * 48 + ": running (pid 77)", ""])


def test_what_ends_at_once_shows_no_progress(fake):
    _, shows = on_terminal(80, "--socket", fake.path, "start", "web")
    assert shows == "web: \x1b[32mrunning\x1b[0m (pid 1234)\n"


@pytest.mark.parametrize("more", [{"TERM": "dumb"}, {"TERM": ""}])
def test_no_progress_where_nothing_moves(steps, more):
    """Nor is a stream asked for: results come all at once."""
    fake = steps(reply(progress=moved("web")), reply([result("web")]))
    threading.Timer(0.5, fake.release, [0]).start()
    code, shows = on_terminal(80, "start", "web", "--socket", fake.path, env=environment(**more))
    assert (code, shows) == (0, "web: running (pid 77)\n")


def test_a_pipe_gets_lines_in_the_order_of_reeved(steps):
    fake = steps(reply([result("worker")], moved("web")), reply([result("web")]))
    fake.release(0)
    done = ctl("start", "web", "worker", "--socket", fake.path)
    assert (done.stdout, done.stderr) == ("worker: running (pid 77)\nweb: running (pid 77)\n", "")


def test_standard_error_alone_on_a_terminal(steps):
    """`x=$(reevectl start web)`: what is waited for is shown and cleared, the output is clean."""
    fake = steps(reply([result("web")]))
    master, slave = open_terminal(80)
    shown_there = []

    def watch():
        shown_there.append(read_terminal(master, until="web…"))
        fake.release(0)

    watcher = threading.Thread(target=watch)
    watcher.start()
    done = ctl("start", "web", "--socket", fake.path, stdout=-1, stderr=slave)
    watcher.join()
    shown_there = shown_there[0] + os.read(master, 4096).decode()
    os.close(slave)
    os.close(master)
    assert (done.returncode, done.stdout) == (0, "web: running (pid 77)\n")
    assert shown_there == "waiting for web…\r\x1b[J"


def test_an_older_reeved(serve, units):
    """It answers once, without progress and pids."""
    handlers = site_handlers(units)
    fake = serve(dict(handlers, Start=lambda p: {"results": [
        {"unit": "web", "ok": True, "state": "running", "message": ""}]}))
    assert on_terminal(80, "start", "web", "--socket", fake.path, "--no-color") == \
        (0, "web: running\n")
    assert [method for method, _ in fake.calls] == ["Start"]


@pytest.mark.parametrize("verb, says", [
    ("start", "reevectl: interrupted; the start goes on in reeved"), ("wait", None),
])
def test_ctrl_c(serve, units, verb, says):
    """It leaves no progress behind, says what goes on, and exits with 130."""
    never = threading.Event()

    def stay(_, more):
        yield reply(progress=moved("web")), more
        assert never.wait(PATIENCE)

    fake = serve(dict(site_handlers(units), Start=stay, Wait=stay))
    try:
        terminal = Terminal(80, verb, "web", "--socket", fake.path)
        seen = terminal.read(until="starting")
        terminal.type("\x03")
        code, rest = terminal.finish()
    finally:
        never.set()
    assert code == 130
    lines = [line.removeprefix("^C") for line in screen(seen + rest)]
    assert [line for line in lines if line] == ([says] if says else [])


def test_several_failures_have_one_hint(serve, units):
    fake = serve(dict(site_handlers(units), Stop=lambda p: reply(
        [result(u, "killing", None, "still there") for u in ("web", "worker")])))
    _, shows = on_terminal(80, "stop", "w*", env=environment(REEVE_SOCKET=fake.path))
    assert shows == ("reevectl: web: still there\nreevectl: worker: still there\n"
                     "\x1b[2m  reevectl why web worker\x1b[0m\n")


def test_shutdown_shows_what_is_left(serve, units):
    fake = serve(dict(site_handlers(units), Shutdown=lambda p: {}))
    terminal = Terminal(80, "shutdown", "--socket", fake.path)
    seen = terminal.read(until="leaving")
    for u in units:
        u["state"] = "stopped" if u["name"] != "worker" else "stopping"
    while screen(seen) != ["● worker  stopping   3m20s"]:
        seen += terminal.read(until="\x1b[J")
    fake.close_connections()
    code, rest = terminal.finish()
    assert (code, screen(seen + rest)) == (0, ["reeved: ended", ""])


@pytest.mark.parametrize("state, more, says", [
    ("stopped", [], "web: stopped"),
    ("failed", [], "web: not running (failed)"),
    ("completed", [], "web: not running (completed)"),
    ("failed", ["--no-wait"], "web: not running (failed)"),
    ("starting", [], "web: stopped, and started again since"),
    ("running", [], "web: stopped, and started again since"),
    ("stopping", ["--no-wait"], "web: stopping (pid 77)"),
    ("running", ["--no-wait"], "web: stop requested"),
])
def test_what_a_stop_came_to(serve, state, more, says):
    pid = 77 if state in ("running", "stopping") else None
    fake = serve({"Stop": lambda p: reply([result("web", state, pid)])})
    done = ctl("stop", "web", *more, "--socket", fake.path)
    assert (done.returncode, done.stdout, done.stderr) == (0, says + "\n", "")


@pytest.mark.parametrize("verb, state, says", [
    ("restart", "running", "restart requested"),
    ("restart", "stopping", "restart requested"),
    ("start", "stopped", "start requested"),
    ("start", "completed", "start requested"),
    ("start", "running", "running (pid 77)"),
    ("start", "starting", "starting (pid 77)"),
])
def test_what_is_said_before_it_is_so(serve, verb, state, says):
    """Nobody waits: the state from before is not told as what came of it."""
    fake = serve({verb.capitalize(): lambda p: reply([result("web", state, 77)])})
    done = ctl(verb, "web", "--no-wait", "--socket", fake.path)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"web: {says}\n", "")


# ---- signal, wait, reset-failed -----------------------------------------------------------------

@pytest.mark.parametrize("args, method, sent", [
    (["signal", "HUP", "web", "w*"], "Signal",
     {"units": ["web", "w*"], "signal": "HUP", "whom": "main"}),
    (["signal", "sigusr1", "web", "--to", "tree"], "Signal",
     {"units": ["web"], "signal": "USR1", "whom": "tree"}),
    (["signal", "9", "--to=group", "web"], "Signal",
     {"units": ["web"], "signal": "KILL", "whom": "group"}),
    (["wait", "web"], "Wait", {"units": ["web"]}),
    (["wait", "--for", "stopped", "--timeout", "2s", "web"], "Wait",
     {"units": ["web"], "until": "stopped", "timeout_ms": 2000}),
    (["reset-failed"], "ResetFailed", {}),
    (["reset-failed", "old*"], "ResetFailed", {"units": ["old*"]}),
])
def test_what_is_sent(fake, args, method, sent):
    assert ctl(*args, "--socket", fake.path).returncode == 0
    assert fake.calls[0] == (method, sent)


@pytest.mark.parametrize("args, says", [
    (["signal"], "signal needs a signal and a unit"),
    (["signal", "HUP"], "signal needs a signal and a unit"),
    (["signal", "web", "HUP"], "'web' is no signal; write it like HUP, SIGHUP or 1, before the"),
    (["signal", "HUP", "web", "--to", "gruop"], "--to takes no 'gruop'; did you mean 'group'?"),
    (["wait", "web", "--for", "x"], "--for takes no 'x'; it takes ready, healthy, completed or stopped"),
    (["wait"], "wait needs a unit"),
    (["wait", "web", "--no-wait"], "wait does not take --no-wait"),
    (["start", "web", "-f"], "start does not take --follow"),
    (["list", "-q"], "list does not take --quiet"),
    (["stop", "web", "--to", "main"], "stop does not take --to"),
])
def test_usage(fake, args, says):
    done = ctl(*args, "--socket", fake.path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("reevectl: " + says), done.stderr
    assert not fake.calls


def test_signal_says_whom(fake):
    path = ["--socket", fake.path]
    assert ctl("signal", "HUP", "web", *path).stdout == "web: signalled (pid 1234)\n"
    assert ctl("signal", "HUP", "web", "--to", "tree", *path).stdout == \
        "web: signalled, its whole tree (pid 1234)\n"
    assert ctl("signal", "HUP", "nope", *path).returncode == 4


def test_reset_failed(fake, serve):
    assert ctl("reset-failed", "--socket", fake.path).stdout == "old-database: starting\n"
    fake.handlers["ResetFailed"] = lambda p: {"results": []}
    assert ctl("reset-failed", "--socket", fake.path).stdout == "no unit had failed\n"


def test_wait_tells_how_one_unit_ended(serve, units):
    details = {u["name"]: {"unit": shown(u)} for u in units}
    fake = serve({"Wait": lambda p: reply([result(name, "completed", None)
                                           for name in p["units"]]),
                  "Show": lambda p: details[p["unit"]]})
    assert ctl("wait", "migrate", "--socket", fake.path).stdout == \
        "migrate: completed; run 1 ended by itself with exit code 0, after 4s\n"
    assert ctl("wait", "migrate", "worker", "--socket", fake.path).stdout == \
        "migrate: completed\nworker: completed\n"
    del fake.handlers["Show"]
    assert ctl("wait", "migrate", "--socket", fake.path).stdout == "migrate: completed\n"


def test_wait_in_vain(serve, units):
    fake = serve(dict(site_handlers(units), Wait=lambda p: reply(
        [result("web", "failed", None, "it is not tried again")])))
    done = ctl("wait", "web", "--socket", fake.path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "reevectl: web: it is not tried again\n"


def test_refused_amid_a_stream(serve, units):
    def refuse(_, more):
        yield reply(progress=moved("web")), more
        raise Error(MANAGER + "ShuttingDown", message="reeved is shutting down")

    fake = serve(dict(site_handlers(units), Start=refuse))
    code, shows = on_terminal(80, "start", "web", "--socket", fake.path)
    assert (code, shows) == (1, "reevectl: reeved is shutting down\n")
