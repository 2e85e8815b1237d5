"""reevectl events: lines for people, objects for programs, and how a follower ends."""

import json
import os
import signal
import subprocess
import threading

import pytest

from cli import REEVECTL, Terminal, check_golden, ctl, environment, on_terminal
from daemon import PATIENCE
from fake_reeve import Error, happenings


def told(events, lost=0):
    return {"epoch": "e1", "seq": events[-1]["seq"] if events else 0, "lost": lost,
            "events": events}


@pytest.fixture(name="follow")
def fixture_follow(serve):
    """A function that serves these replies, the last without `continues` unless it `stays`."""
    never = threading.Event()  # set before the fake reeved is closed, which waits for its threads

    def serve_replies(*replies, stays=False):
        def stream(_, more):
            assert more
            for n, reply in enumerate(replies):
                yield reply, stays or n + 1 < len(replies)
            if stays:
                assert never.wait(PATIENCE)

        return serve({"Events": stream})

    yield serve_replies
    never.set()


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_golden_events(fake, columns):
    code, shows = on_terminal(columns, "--socket", fake.path, "events")
    assert code == 0
    assert max(len(line) for line in shows.replace("\x1b[0m", "").splitlines()) <= columns + 5
    check_golden(f"reevectl-events-{columns}.txt", shows)


def test_golden_events_in_a_pipe(fake):
    """One line an event, whole, with its day, without colours."""
    result = ctl("events", "--socket", fake.path, env=environment(COLUMNS="40"))
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.count("\n") == len(happenings())
    check_golden("reevectl-events-pipe.txt", result.stdout)


def test_times_are_local(fake):
    lines = ctl("events", "--socket", fake.path, env=environment(TZ="UTC-14")).stdout.splitlines()
    assert lines[0].startswith("2026-01-03 01:00:01.007  reeved ")


def test_json_is_an_event_a_line(serve):
    events = happenings()
    fake = serve({"Events": lambda p: told(events)})
    lines = ctl("events", "--json", "--socket", fake.path).stdout.splitlines()
    assert [json.loads(line) for line in lines] == events
    assert lines[0] == json.dumps(events[0], separators=(",", ":"), ensure_ascii=False)


@pytest.mark.parametrize("args, sent", [
    ([], {}),
    (["web", "w*"], {"units": ["web", "w*"]}),
    (["-n", "5"], {"last": 5}),
    (["-n0"], {"last": 0}),
    (["--since", "0"], {"since": 0}),
    (["--since", "999999999999999"], {"since": 999999999999999}),
    (["--type", "unit.exited,session.ready"], {"types": ["unit.exited", "session.ready"]}),
    (["-f"], {"last": 10}),
    (["-f", "--lines=3"], {"last": 3}),
    (["--follow", "--since", "7"], {"since": 7}),
])
def test_what_is_asked(serve, args, sent):
    fake = serve({"Events": lambda p: told([])})
    assert ctl("events", *args, "--socket", fake.path).returncode == 0
    assert fake.calls == [("Events", sent)]


@pytest.mark.parametrize("args, says", [
    (["-n", "x"], "--lines 'x' is not a number"),
    (["-n", "-1"], "--lines '-1' is not a number"),
    (["-n", "99999999999"], "--lines 99999999999 is too much"),
    (["--since", "99999999999999999999"], "--since 99999999999999999999 is too much"),
    (["--since", "1", "-n", "1"], "--since and --lines exclude each other"),
    (["--type", "unit.exit"], "no event is of type 'unit.exit'; did you mean 'unit.exited'?"),
    (["--type", "unit.state,"], "no event is of type ''; "),
    (["--type", ""], "no event is of type ''; "),
    (["--follow=1"], "option '--follow' takes no value"),
])
def test_usage(fake, args, says):
    result = ctl("events", *args, "--socket", fake.path)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("reevectl: " + says), result.stderr
    assert not fake.calls


def test_an_event_that_is_not_yet(serve):
    def refuse(_):
        raise Error("org.varlink.service.InvalidParameter", parameter="since")

    fake = serve({"Events": refuse})
    result = ctl("events", "--since", "1000000", "--socket", fake.path)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == "reevectl: there is no event 1000000 yet\n"
    result = ctl("events", "--socket", fake.path)
    assert result.stderr == "reevectl: reeved does not take the parameter 'since' of Events\n"


def test_lost_events_are_told(serve):
    events = happenings()[:2]
    fake = serve({"Events": lambda p: told(events, lost=312)})
    assert ctl("events", "--socket", fake.path).stdout.splitlines()[0] == \
        "-- 312 events were lost --"
    result = ctl("events", "--json", "--socket", fake.path)
    assert result.stderr == "reevectl: 312 events were lost\n"
    assert len(result.stdout.splitlines()) == 2


def test_a_follower_ends_with_reeved(follow):
    events = happenings()
    fake = follow(told(events[:2]), told([]), told(events[18:]), told([]))
    result = ctl("events", "-f", "--socket", fake.path)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines()[-1].endswith("reeved    ended with exit code 0")


def test_a_follower_of_other_types_is_told_the_end(follow):
    fake = follow(told(happenings()[:2]), told([]))
    result = ctl("events", "-f", "--socket", fake.path)
    assert (result.returncode, result.stdout.splitlines()[-1]) == (0, "-- reeved ended --")
    assert ctl("events", "-f", "--json", "--socket", fake.path).stdout.count("\n") == 2


def test_a_reeved_that_vanishes_is_a_failure(follow):
    fake = follow(told(happenings()[:2]), stays=True)
    with subprocess.Popen([REEVECTL, "events", "-f", "--socket", fake.path], text=True,
                          env=environment(), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        assert process.stdout.readline().endswith("started\n")
        fake.close_connections()
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert err == f"reevectl: reeved on {fake.path} closed the connection\n"


def test_ctrl_c_ends_a_follower_quietly(follow):
    fake = follow(told(happenings()[:1]), stays=True)
    terminal = Terminal(80, "events", "-f", "--socket", fake.path)
    shows = terminal.read(until="started")
    terminal.type("\x03")
    code, rest = terminal.finish()
    assert code == 130
    assert "reevectl" not in shows + rest


def test_an_ignored_ctrl_c_stays_ignored(follow):
    """As under nohup, or in the background of a script."""
    fake = follow(told(happenings()[:1]), stays=True)
    with subprocess.Popen(["sh", "-c", "trap '' INT; exec \"$@\"", "sh", REEVECTL, "events", "-f",
                           "--socket", fake.path], env=environment(), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        fake.close_connections()
        assert process.wait(PATIENCE) == 1


def test_a_reader_that_left_ends_a_follower(follow):
    """`reevectl events -f | head -1` does not hang until the next event."""
    fake = follow(told(happenings()[:1]), stays=True)
    reader, writer = os.pipe()
    with subprocess.Popen([REEVECTL, "events", "-f", "--socket", fake.path], env=environment(),
                          stdout=writer, stderr=subprocess.PIPE) as process:
        os.close(writer)
        assert os.read(reader, 4096).endswith(b"started\n")
        os.close(reader)
        assert process.wait(PATIENCE) == 1
        assert process.stderr.read() == b""


@pytest.mark.parametrize("reply", [
    {}, {"events": 5}, {"events": [5, None, {}, {"type": 7, "unit": {}, "at": "x"}], "lost": "z"},
    {"events": [{"type": t, "at": [], "exit": 3, "requester": "x", "run": {}, "unit": 5}
                for t in ("unit.state", "unit.exited", "unit.requested", "session.stopping",
                          "session.stopped", "unit.unkillable")]},
])
def test_odd_shapes(serve, reply):
    fake = serve({"Events": lambda p: reply})
    for more in ([], ["--json"], ["-f"]):
        assert 0 <= ctl("events", *more, "--socket", fake.path).returncode <= 1


def test_real_events(reeve):
    """A start, a signal and an end, as a follower and a late reader see them."""
    reeve.configure("""
        [service:web]
        command = sleep 1000
        restart = never
    """)
    reeve.start()
    reeve.wait_unit("web", state="running")
    with subprocess.Popen([REEVECTL, "events", "-f", "web", "--type", "unit.exited,unit.requested",
                           "--socket", reeve.socket_path], text=True, env=environment(),
                          stdout=subprocess.PIPE) as follower:
        assert ctl("stop", "web", "--socket", reeve.socket_path).returncode == 0
        assert " web       stop requested by " in follower.stdout.readline()
        assert "ended: SIGTERM, run 1 after " in follower.stdout.readline()
        assert ctl("shutdown", "--socket", reeve.socket_path).returncode == 0
        assert follower.stdout.read().endswith("-- reeved ended --\n")
        assert follower.wait(PATIENCE) == 0
    assert reeve.wait_exit() == 0
