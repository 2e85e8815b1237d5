"""reevectl on a terminal, with a real reeved: what it shows while something is on its way, what it
leaves, and that the two agree on how that is told."""

import contextlib
import os
import re
import signal

import pytest

from cli import Terminal, screen
from daemon import IGNORES_TERM


@pytest.fixture(name="deaf")
def fixture_deaf(reeve):
    """Two services: `quick`, and `deaf`, which ends only when the test lets it."""
    reeve.configure(f"""
        [service:quick]
        command = sleep 1000
        [service:deaf]
        command = {IGNORES_TERM}
        stop_timeout = 10m
        restart = never
    """)
    reeve.start()
    reeve.wait_line("^deaf$")
    reeve.wait_unit("quick", state="running")
    yield reeve
    if reeve.process.poll() is None:
        let_go(reeve)


def let_go(reeve):
    pid = reeve.unit("deaf")["pid"]
    if pid:
        with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
            os.killpg(pid, signal.SIGKILL)


def on_the_way(reeve, verb, *args):
    return Terminal(80, "--socket", reeve.socket_path, verb, *args)


def shown(text):
    """Without what differs from run to run."""
    lines = [re.sub(r"pid \d+", "pid N", re.sub(r" +\d+s$", "", line)) for line in screen(text)]
    return [line for line in lines if line]


def test_stop(deaf):
    terminal = on_the_way(deaf, "stop", "deaf", "quick")
    seen = terminal.read(until="quick: \x1b[2mstopped")
    while shown(seen) != ["quick: stopped", "● deaf  stopping"]:
        seen += terminal.read(until="stopping")
    let_go(deaf)
    code, rest = terminal.finish()
    assert (code, shown(seen + rest)) == (0, ["quick: stopped", "deaf: stopped"])


def test_start_after_a_stop(deaf):
    """It stays as it is for a while: there is no news of it to be shown."""
    deaf.call("Stop", units=["deaf"], wait=False)
    terminal = on_the_way(deaf, "start", "deaf")
    seen = terminal.read(until="waiting for deaf…")
    let_go(deaf)
    code, rest = terminal.finish()
    assert (code, shown(seen + rest)) == (0, ["deaf: running (pid N)"])


def test_restart(deaf):
    before = deaf.unit("deaf")["pid"]
    terminal = on_the_way(deaf, "restart", "deaf", "quick")
    seen = terminal.read(until="quick: \x1b[32mrunning")
    while shown(seen) != ["quick: running (pid N)", "● deaf  stopping"]:
        seen += terminal.read(until="stopping")
    let_go(deaf)
    code, rest = terminal.finish()
    assert (code, shown(seen + rest)) == (0, ["quick: running (pid N)", "deaf: running (pid N)"])
    assert f"deaf: \x1b[32mrunning\x1b[0m (pid {deaf.unit('deaf')['pid']})" in rest
    assert deaf.unit("deaf")["pid"] != before


def test_wait(deaf):
    """What is waited for may be begun by somebody else, and later."""
    terminal = on_the_way(deaf, "wait", "--for", "stopped", "deaf")
    seen = terminal.read(until="waiting for deaf…")
    deaf.call("Stop", units=["deaf"], wait=False)
    seen += terminal.read(until="stopping")
    assert shown(seen) == ["● deaf  stopping"]
    let_go(deaf)
    code, rest = terminal.finish()
    assert code == 0
    # The end of what was waited for is told in full.
    assert re.match(r"deaf: stopped; run 1 ended by SIGKILL", shown(seen + rest)[0])


def test_time_is_up(deaf):
    terminal = on_the_way(deaf, "stop", "deaf", "--timeout", "700ms")
    seen = terminal.read(until="stopping")
    code, rest = terminal.finish()
    assert code == 1
    assert shown(seen + rest) == ["reevectl: deaf: still stopping after 700ms",
                                  f"  reevectl --socket {deaf.socket_path} why deaf"]
    let_go(deaf)


def test_ctrl_c(deaf):
    terminal = on_the_way(deaf, "stop", "deaf")
    seen = terminal.read(until="stopping")
    terminal.type("\x03")
    code, rest = terminal.finish()
    lines = [line.removeprefix("^C") for line in shown(seen + rest)]
    assert (code, [line for line in lines if line]) == \
        (130, ["reevectl: interrupted; the stop goes on in reeved"])
    assert deaf.unit("deaf")["state"] == "stopping"
    let_go(deaf)
    deaf.wait_unit("deaf", state="stopped")


def test_shutdown(deaf):
    """What is left is shown until reeved has ended."""
    terminal = on_the_way(deaf, "shutdown")
    seen = terminal.read(until="stopping")
    while shown(seen) != ["● deaf  stopping"]:
        seen += terminal.read(until="\x1b[J")
    let_go(deaf)
    code, rest = terminal.finish()
    assert (code, shown(seen + rest)) == (0, ["reeved: ended"])
    assert deaf.wait_exit() == 0
