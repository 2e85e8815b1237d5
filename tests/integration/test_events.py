"""The stream of events: nothing is lost silently, told twice, or told in another order."""
import contextlib
import os
import random
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest
from daemon import BUILD, PATIENCE, ROOT, VarlinkError
from follower import Follower, seqs
from times import milliseconds
from trouble import open_descriptors

INVALID = "org.varlink.service.InvalidParameter"
UNITS = """
    [service:web]
    command = sleep 1000
    [service:worker]
    command = sleep 1000
    [service:spare]
    command = sleep 1000
    autostart = no
    [job:migrate]
    command = true
"""
# The plain build is measured; the others are for finding other things.
SLACK = 1 if BUILD.endswith("build") else 6


@pytest.fixture(name="calm")
def fixture_calm(reeve):
    """Everything that starts by itself has: nothing happens any more."""
    reeve.configure(UNITS).start()
    quiet(reeve)
    return reeve


def quiet(reeve):
    reeve.wait_unit("web", state="running")
    reeve.wait_unit("worker", state="running")
    with Follower(reeve) as follower:
        follower.until(lambda e: e["type"] == "session.ready")


def told(reeve, **parameters):
    return reeve.call("Events", **parameters)


def summary(events):
    """What happened, as words."""
    words = []
    for e in events:
        what = {"unit.state": f"{e['previous']}>{e['state']}", "unit.requested": e["request"],
                "unit.exited": e["exit"] and e["exit"]["reason"]}.get(e["type"], "")
        words.append(" ".join(filter(None, (e["type"], e["unit"], what))))
    return words


# ---- what is told --------------------------------------------------------------------------------
def test_the_beginning(calm):
    reply = told(calm)
    events = reply["events"]
    assert seqs(events) == list(range(1, len(events) + 1))
    assert reply["seq"] == len(events) and reply["lost"] == 0
    words = summary(events)
    assert words[0] == "session.started" and "session.ready" in words
    assert [w for w in words if " web " in w] == ["unit.state web stopped>starting",
                                                  "unit.state web starting>running"]
    assert "unit.state migrate stopped>starting" not in words  # a job: not started by itself
    assert [milliseconds(e["at"]) for e in events] == sorted(milliseconds(e["at"]) for e in events)
    assert len(reply["epoch"]) >= 16


def test_a_life_of_a_service(calm):
    since = told(calm)["seq"]
    pid = calm.unit("web")["pid"]
    calm.call("Restart", units=["web"])
    calm.call("Stop", units=["web"])
    events = told(calm, since=since)["events"]
    assert summary(events) == [
        "unit.requested web restart", "unit.state web running>stopping", "unit.exited web signal",
        "unit.state web stopping>starting", "unit.state web starting>running",
        "unit.requested web stop", "unit.state web running>stopping", "unit.exited web signal",
        "unit.state web stopping>stopped"]
    running = events[4]
    assert running["run"] == 2 and running["pid"] == events[6]["pid"] != pid
    assert [e["run"] for e in events if e["type"] == "unit.exited"] == [1, 2]
    assert [e["exit"]["run"] for e in events if e["type"] == "unit.exited"] == [1, 2]
    assert events[2]["exit"]["pid"] == pid and events[2]["exit"]["requested_by"] == "restart"
    assert events[7]["exit"] == calm.last_exit("web")


def test_a_crash_and_its_backoff(reeve):
    reeve.configure("""
        [service:web]
        command = sh -c 'sleep 0.1; exit 3'
        restart_delay = 60s
    """).start()
    reeve.wait_unit("web", state="backoff")
    events = told(reeve, units=["web"])["events"]
    assert summary(events) == [
        "unit.state web stopped>starting", "unit.state web starting>running",
        "unit.exited web runtime_error", "unit.state web running>backoff"] or \
        summary(events)[2:] == ["unit.state web running>backoff", "unit.exited web runtime_error"]
    backoff = next(e for e in events if e["state"] == "backoff")
    assert milliseconds(backoff["next_start_at"]) - milliseconds(backoff["at"]) >= 59_000
    assert all(e["next_start_at"] is None for e in events if e is not backoff)
    assert next(e for e in events if e["exit"])["exit"]["exit_code"] == 3


def test_the_end_of_the_stream(calm):
    with Follower(calm) as follower, Follower(calm, types=["session.stopped"]) as last, \
            Follower(calm, units=["nope", "web"][1:]) as only_web:
        follower.until(lambda e: e["type"] == "session.ready")
        calm.send_signal(signal.SIGTERM)
        events = follower.to_the_end()
        assert follower.ended, "the last reply says that it is the last"
        assert seqs(events) == list(range(1, len(events) + 1))
        stopping = next(e for e in events if e["type"] == "session.stopping")
        assert (stopping["signal"], stopping["requester"], stopping["unit"]) == ("TERM", None, None)
        assert events[-1]["type"] == "session.stopped" and events[-1]["exit_code"] == 0
        # Also for those that are told of nothing else.
        assert [e["seq"] for e in last.to_the_end()] == [events[-1]["seq"]] and last.ended
        only_web.to_the_end()
        assert only_web.ended and only_web.events[-1]["state"] == "stopped"
        assert only_web.seq == events[-1]["seq"]
    assert calm.wait_exit() == 0


def test_the_end_tells_the_exit_code_and_the_unit_it_is_of(reeve):
    reeve.configure("""
        [service:main]
        command = sh -c 'sleep 0.2; exit 7'
        essential = yes
        [service:web]
        command = sleep 1000
    """).start(wait=False)
    reeve.wait_for(lambda: os.path.exists(reeve.socket_path), what="the socket")
    with Follower(reeve) as follower:
        events = follower.to_the_end()
    by_type = {e["type"]: e for e in events}
    assert by_type["session.stopping"]["unit"] == "main"
    assert by_type["session.stopping"]["signal"] is None
    assert by_type["session.stopped"]["exit_code"] == 7 == reeve.wait_exit()


# ---- where one is --------------------------------------------------------------------------------
def test_resume_from_any_event(calm):
    everything = told(calm)
    for since in range(0, everything["seq"] + 1):
        reply = told(calm, since=since)
        assert reply["events"] == everything["events"][since:]
        assert (reply["seq"], reply["lost"]) == (everything["seq"], 0)
        assert told(calm, since=str(since), epoch=everything["epoch"]) == reply


def test_each_life_has_an_epoch(calm):
    before = told(calm)
    calm.stop()
    calm.start()
    quiet(calm)
    after = told(calm)
    assert after["epoch"] != before["epoch"]
    assert seqs(after["events"])[0] == 1
    # Who comes from the other life is told everything, and that nobody knows what was between.
    for since in (0, 1, before["seq"], before["seq"] + 1000):
        reply = told(calm, since=since, epoch=before["epoch"])
        assert reply == {**after, "lost": None}
    with Follower(calm, since=before["seq"], epoch=before["epoch"]) as follower:
        follower.until_seq(after["seq"])
        assert follower.events == after["events"] and follower.lost == [None]


def test_last(calm):
    events = told(calm)["events"]
    for last in (0, 1, 3, len(events), len(events) + 5, 1 << 40):
        reply = told(calm, last=last)
        assert reply["events"] == (events[-last:] if last else [])
        assert (reply["seq"], reply["lost"]) == (len(events), 0)
    assert told(calm, last=1, units=["web"])["events"] == \
        [e for e in events if e["unit"] == "web"][-1:]
    with Follower(calm, last=2) as follower:
        follower.until_seq(len(events))
        assert follower.events == events[-2:]
        calm.call("Stop", units=["web"])
        follower.until(lambda e: e["state"] == "stopped")
        assert seqs(follower.events) == list(range(len(events) - 1, follower.seq + 1))


def test_filters(calm):
    calm.call("Stop", units=["w*"])
    calm.call("Start", units=["migrate"])
    calm.call("Wait", units=["migrate"])
    everything = told(calm)
    for units, names in ((["web"], {"web"}), (["w*"], {"web", "worker"}), (["*"], None),
                         (["spare"], {"spare"}), (["m?gr[a-c]te", "web"], {"migrate", "web"})):
        reply = told(calm, units=units)
        assert reply["events"] == [e for e in everything["events"]
                                   if (e["unit"] in names if names else e["unit"])]
        assert reply["seq"] == everything["seq"] and reply["lost"] == 0
    for types in (["unit.state"], ["unit.exited", "session.ready"], ["unit.unkillable"]):
        assert told(calm, types=types)["events"] == [e for e in everything["events"]
                                                     if e["type"] in types]
    both = told(calm, types=["unit.exited", "session.ready"], units=["worker"])["events"]
    assert summary(both) == ["unit.exited worker signal"]


def test_unknown_units_and_types(calm):
    with pytest.raises(VarlinkError) as caught:
        told(calm, units=["web", "wbe"])
    assert caught.value.name == "io.reeve.Manager.NoSuchUnit"
    assert caught.value.parameters["unit"] == "wbe"
    for types in (["unit.stat"], ["unit.state", ""]):
        with pytest.raises(VarlinkError) as caught:
            told(calm, types=types)
        assert (caught.value.name, caught.value.parameters) == (INVALID, {"parameter": "types"})


def test_a_place_that_cannot_be(calm):
    reply = told(calm)
    for bad, parameters in (("since", {"since": reply["seq"] + 1}),
                            ("since", {"since": reply["seq"] + 1, "epoch": reply["epoch"]}),
                            ("last", {"since": 1, "last": 1})):
        with pytest.raises(VarlinkError) as caught:
            told(calm, **parameters)
        assert (caught.value.name, caught.value.parameters) == (INVALID, {"parameter": bad})


def test_a_follower_that_reconnects_misses_nothing_and_sees_nothing_twice(calm):
    choice = random.Random(7)
    seen, where = [], {}
    done = threading.Event()

    def stir():
        with calm.connect() as client:
            for _ in range(60):
                client.call(choice.choice(("Start", "Stop", "Restart")),
                            units=[choice.choice(("web", "worker", "spare"))], wait=False)
            client.call("Stop", units=["*"])
        done.set()

    thread = threading.Thread(target=stir)
    thread.start()
    try:
        while not done.is_set() or where["since"] < told(calm, last=0)["seq"]:
            with Follower(calm, **where) as follower:
                # Some are cut off in the middle of a message.
                follower.step()
                seen += follower.events
                assert not follower.lost
                where = {"since": follower.seq, "epoch": follower.epoch}
    finally:
        thread.join()
    assert seqs(seen) == list(range(1, where["since"] + 1))
    assert seen == told(calm)["events"]


# ---- what is lost is told ------------------------------------------------------------------------
def signals(reeve, count, name="CONT"):
    """So many events, a hundred at once: who sends without end and reads nothing is not heard."""
    with reeve.connect() as client:
        for left in range(count, 0, -100):
            for _ in range(min(left, 100)):
                client.send("Signal", {"units": ["web"], "signal": name})
            for _ in range(min(left, 100)):
                assert client.receive()["parameters"]["results"][0]["ok"]


def test_a_gap_is_told(reeve):
    reeve.configure(UNITS, events_kept=16).start()
    quiet(reeve)
    known = told(reeve)["seq"]
    signals(reeve, 40)
    newest = known + 40
    reply = told(reeve, since=known)
    assert seqs(reply["events"]) == list(range(newest - 15, newest + 1))
    assert (reply["seq"], reply["lost"]) == (newest, 24)
    assert told(reeve, since=newest - 16)["lost"] == 0
    assert told(reeve, since=newest - 17)["lost"] == 1
    assert told(reeve, since=newest) == {**reply, "events": [], "lost": 0}
    with Follower(reeve, since=known) as follower:
        follower.until_seq(newest)
        assert follower.lost == [24] and follower.events == reply["events"]
        signals(reeve, 3)
        follower.until_seq(newest + 3)
        assert follower.lost == [24]
        assert seqs(follower.events) == list(range(newest - 15, newest + 4))


def test_a_slow_reader_loses_is_told_and_goes_on(reeve):
    reeve.configure(UNITS, events_kept=2000).start()
    quiet(reeve)
    first = told(reeve, last=0)["seq"]
    with Follower(reeve, since=first) as slow, Follower(reeve, since=first, checked=False) as fast:
        slow.step()
        slowest, count = 0.0, 0
        # Until the slow one cannot have been sent everything: what its socket, reeved's buffer for
        # it and the ring hold together is less.
        for _ in range(40):
            signals(reeve, 300)
            count += 300
            asked = time.monotonic()
            reeve.call("Health", limit=0)
            slowest = max(slowest, time.monotonic() - asked)
            fast.until_seq(first + count)
        assert slowest < 0.5 * SLACK, slowest
        assert seqs(fast.events) == list(range(first + 1, first + count + 1)) and not fast.lost
        slow.until_seq(first + count)
        assert slow.lost and None not in slow.lost
        assert sum(slow.lost) + len(slow.events) == count
        assert seqs(slow.events) == sorted(set(seqs(slow.events)))
        # And it is up to date again: nothing is lost from here on.
        lost = list(slow.lost)
        signals(reeve, 10)
        slow.until_seq(first + count + 10)
        assert slow.lost == lost and seqs(slow.events)[-10:] == seqs(
            told(reeve, last=10)["events"])


def test_each_gap_is_where_it_is_told(reeve):
    """`lost` counts what is missing before the first event of its reply, and only that."""
    reeve.configure(UNITS, events_kept=16).start()
    quiet(reeve)
    where = told(reeve, last=0)["seq"]
    with Follower(reeve, since=where) as slow:
        for _ in range(4):
            signals(reeve, 3000)
        newest = told(reeve, last=0)["seq"]
        while slow.seq is None or slow.seq < newest:
            before, events, lost = slow.seq or where, len(slow.events), len(slow.lost)
            assert slow.step()
            new, missing = slow.events[events:], sum(slow.lost[lost:])
            if new:
                assert new[0]["seq"] == before + missing + 1
                assert seqs(new) == list(range(new[0]["seq"], slow.seq + 1))
        assert slow.lost


# ---- many, and those that leave ------------------------------------------------------------------
def test_fifty_followers_are_told_the_same(calm):
    with contextlib.ExitStack() as stack:
        followers = [stack.enter_context(Follower(calm)) for _ in range(50)]
        for follower in followers[::2]:
            follower.step()
        calm.call("Restart", units=["w*"])
        calm.call("Stop", units=["*"])
        events = told(calm)["events"]
        for follower in followers:
            follower.until_seq(events[-1]["seq"])
            assert follower.events == events and not follower.lost


def test_a_stream_that_nobody_reads_any_more_leaves_nothing(calm):
    calm.call("Health")
    before = open_descriptors(calm.pid)
    followers = [Follower(calm) for _ in range(30)]
    for follower in followers[:10]:
        follower.step()
    assert len(open_descriptors(calm.pid)) >= len(before) + 10
    for follower in followers:
        follower.client.close()
    calm.wait_for(lambda: len(open_descriptors(calm.pid)) <= len(before),
                  what="the descriptors to be closed")
    signals(calm, 5)
    assert told(calm, last=5)["lost"] == 0


def test_what_is_asked_for_behind_a_stream_waits_for_its_end(calm):
    """One connection does one thing after the other; those of others do not wait."""
    with Follower(calm) as follower:
        follower.client.send("Health")
        follower.until(lambda e: e["type"] == "session.ready")
        calm.call("Stop", units=["web"])
        follower.until(lambda e: e["unit"] == "web" and e["state"] == "stopped")
    assert calm.call("Health")["counts"]["total"] == 4


def test_a_half_closed_follower_is_told_all(calm):
    with Follower(calm) as follower:
        follower.client.socket.shutdown(socket.SHUT_WR)
        follower.until(lambda e: e["type"] == "session.ready")
        calm.call("Stop", units=["web"])
        calm.send_signal(signal.SIGTERM)
        events = follower.to_the_end()
        assert seqs(events) == list(range(1, len(events) + 1)) and follower.ended
    assert calm.wait_exit() == 0


def test_a_stuck_follower_is_not_dropped(reeve):
    """Unlike who takes nothing of an ordinary reply for 10 s: it is told what it lost."""
    reeve.configure(UNITS, events_kept=16).start()
    quiet(reeve)
    with Follower(reeve, last=0) as stuck:
        stuck.step()
        for _ in range(3):
            signals(reeve, 2000)
        time.sleep(11)
        signals(reeve, 1)
        newest = told(reeve, last=0)["seq"]
        stuck.until_seq(newest)
        assert stuck.lost and stuck.events[-1]["seq"] == newest
    assert not reeve.said("was dropped")


def test_nothing_happens_nothing_is_said(calm):
    with Follower(calm) as follower:
        follower.until_seq(told(calm, last=0)["seq"])
        follower.client.socket.settimeout(0.3)
        with pytest.raises(TimeoutError):
            follower.step()


def test_the_client_in_the_manual(calm):
    """reeve-protocol(7) shows one that outlives reeved."""
    with open(os.path.join(ROOT, "man/reeve-protocol.7"), encoding="utf-8") as page:
        blocks = re.findall(r"^\.Bd -literal[^\n]*\n(.*?)^\.Ed", page.read(), re.M | re.S)
    (program,) = [block for block in blocks if block.startswith("import json")]
    program = program.replace("\\e", "\\").replace("/run/reeve/reeve.sock", calm.socket_path)
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE,
                          text=True) as client:
        try:
            calm.wait_for(lambda: calm.call("Stop", units=["web"]) and
                          calm.call("Start", units=["web"]) and
                          select.select([client.stdout], [], [], 0)[0], what="a first line")
            calm.stop()
            calm.start()
            quiet(calm)
            lines = []
            while not lines or "session.ready" not in lines[-1]:
                lines.append(client.stdout.readline().rstrip("\n"))
                assert lines[-1], "the client ended"
        finally:
            client.kill()
    assert any(line.split()[1:] == ["unit.state", "web", "running"] for line in lines)
    again = lines.index("lost: None")
    assert "session.stopped" in lines[again - 1] and "session.started" in lines[again + 1]
    assert sum("session.started" in line for line in lines) == 1


# ---- the events are the truth --------------------------------------------------------------------
def replay(events, names):
    """{unit: (state, run)} after these events; each begins where the one before ended."""
    states = {name: ("stopped", 0) for name in names}
    for e in events:
        if e["type"] == "unit.state":
            assert states[e["unit"]][0] == e["previous"] != e["state"]
            assert e["run"] >= states[e["unit"]][1]
            states[e["unit"]] = (e["state"], e["run"])
    return states


@pytest.mark.parametrize("seed", range(3))
def test_replaying_the_events_gives_the_state(reeve, seed):
    names = [f"unit-{i}" for i in range(12)]
    commands = ["sleep 1000", "sh -c 'sleep 0.05; exit 1'", "true", "/no/such/program",
                "sh -c 'trap \"\" TERM; while :; do sleep 1000; done'", "false"]
    reeve.configure("".join(
        f"[{'job' if i % 4 == 3 else 'service'}:{name}]\ncommand = {commands[i % len(commands)]}\n"
        f"stop_timeout = 50ms\nautostart = {'yes' if i % 2 else 'no'}\n"
        + ("restart_delay = 20ms\nrestart_limit = 4\n" if i % 4 != 3 else "")
        for i, name in enumerate(names)), events_kept=50000).start()
    choice = random.Random(seed)
    with Follower(reeve) as follower, reeve.connect() as client:
        for _ in range(150):
            method = choice.choice(("Start", "Stop", "Restart", "ResetFailed"))
            client.call(method, units=choice.sample(names, choice.choice((1, 1, 2, 5))),
                        **({} if method == "ResetFailed" else {"wait": choice.random() < 0.1}))
        client.call("Stop", units=["*"])
        units = {u["name"]: u for u in client.call("List")["units"]}
        follower.until_seq(told(reeve, last=0)["seq"])
        assert not follower.lost
        got = replay(follower.events, names)
    assert got == {name: (u["state"], u["run"]) for name, u in units.items()}
    # Each run that ended is told once.
    for name in names:
        runs = [e["run"] for e in follower.events
                if e["type"] == "unit.exited" and e["unit"] == name]
        assert runs == list(range(1, units[name]["run"] + 1))
        assert runs[-16:] == [r["run"] for r in reversed(reeve.show(name)["records"])]


def test_a_snapshot_and_what_follows_agree(reeve):
    """List, and then the events since: at any moment, since one client's calls are in order."""
    reeve.configure("""
        [service:a]
        command = sh -c 'sleep 0.02'
        restart_delay = 10ms
        restart_reset = 1ms
        [service:b]
        command = false
        restart_delay = 15ms
        restart_delay_max = 20ms
    """, events_kept=50000).start()
    deadline = time.monotonic() + PATIENCE
    agreed = 0
    with reeve.connect() as client:
        while agreed < 20 and time.monotonic() < deadline:
            # Three calls in one write: nothing, or not much, happens in between.
            client.send("Events", {"last": 0})
            client.send("List")
            client.send("Events")
            before, listed, after = (client.receive()["parameters"] for _ in range(3))
            if before["seq"] == after["seq"]:
                agreed += 1
                assert replay(after["events"], "ab") == {u["name"]: (u["state"], u["run"])
                                                         for u in listed["units"]}
    assert agreed == 20
