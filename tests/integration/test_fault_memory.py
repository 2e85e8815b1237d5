"""The real daemon while allocations fail: a request may fail, supervision never does.

reeved runs with tests/faults/failmalloc.c in front of malloc, which makes one allocation in N fail
while a test wants it to. What the units did is known from files that they write themselves.
"""
import mmap
import os
import random
import re
import signal
import socket
import struct
import time

import pytest
from daemon import BUILD, Client, VarlinkError, process_alive
from trouble import assert_runs_told, both_trackings

FAILMALLOC = os.path.join(BUILD, "tests", "faults", "failmalloc.so")

pytestmark = pytest.mark.skipif(not os.path.exists(FAILMALLOC), reason="failmalloc is not built")


class Scarcity:
    """Steers failmalloc: `with scarcity(10): ...` makes one allocation in ten fail."""

    def __init__(self, path):
        self.path = str(path)
        with open(self.path, "wb") as out:
            out.write(bytes(12))
        with open(self.path, "r+b") as file:
            self._map = mmap.mmap(file.fileno(), 12)
        self.environment = {"LD_PRELOAD": FAILMALLOC, "FAILMALLOC_FILE": self.path,
                            "FAILMALLOC_PROGRAM": "reeved"}

    def __call__(self, one_in_n):
        self._map[4:8] = struct.pack("=i", one_in_n)
        return self

    def __enter__(self):
        self._map[0:4] = struct.pack("=i", 1)
        return self

    def __exit__(self, *unused):
        self._map[0:4] = struct.pack("=i", 0)

    @property
    def hits(self):
        return struct.unpack("=i", self._map[8:12])[0]


@pytest.fixture
def scarcity(tmp_path):
    return Scarcity(tmp_path / "scarcity")


CRASHERS, LEAVERS, STAYERS = 8, 3, 4


def configure(reeve, ends):
    """Services that crash all the time and say so in a file, that crash and leave something behind,
    and that stay. A crasher that has begun to write its line cannot be stopped before its exit."""
    text = ""
    for n in range(CRASHERS):
        text += f"""
[service:crash{n}]
command = sh -c 'trap "" TERM; echo x >> {ends}/crash{n}; exit {n + 1}'
restart_delay = 10ms
restart_delay_max = 40ms
"""
    for n in range(LEAVERS):
        text += f"""
[service:leave{n}]
command = sh -c 'trap "" TERM; sleep 1000 & echo x >> {ends}/leave{n}; exit {n + 101}'
restart_delay = 10ms
restart_delay_max = 40ms
stop_timeout = 50ms
"""
    for n in range(STAYERS):
        text += f"""
[service:stay{n}]
command = sh -c 'sleep 1000 & exec sleep 1000'
restart_delay = 10ms
"""
    reeve.configure(text + "[service:never-touched]\ncommand = sleep 1000\n")


def harass(reeve, seconds, rng):
    """Asks and orders as fast as it can. Refusals and dropped connections are fine, silence and
    wrong answers are not. Returns (how many were answered, how many were not)."""
    answered = failed = 0
    names = [f"stay{n}" for n in range(STAYERS)] + ["crash0", "leave0"]
    end = time.monotonic() + seconds
    client = None
    while time.monotonic() < end:
        name = rng.choice(names)
        method, parameters = rng.choice([
            ("Health", {}), ("Health", {"units": ["*"]}), ("List", {}), ("Show", {"unit": name}),
            ("Start", {"units": [name], "timeout_ms": 100}),
            ("Stop", {"units": [name], "timeout_ms": 100}),
            ("Restart", {"units": [name, "stay0"], "timeout_ms": 100}),
            ("Start", {"units": ["*"], "wait": False})])
        try:
            client = client or Client(reeve.socket_path, timeout=10)
            reply = client.call(method, **parameters)
            answered += 1
            if method == "Show":
                assert reply["unit"]["name"] == name
        except VarlinkError:
            failed += 1
        except socket.timeout:
            raise AssertionError(f"no answer to {method} {parameters} for 10 s") from None
        except OSError:
            failed += 1
            if client:
                client.close()
            client = None
    if client:
        client.close()
    return answered, failed


def check_ends(reeve, ends):
    """Every run has one record, and those that ended by themselves are as many as wrote a line."""
    assert not reeve.said("log lines? w(as|ere) dropped")
    for path in sorted(os.listdir(ends)):
        with open(os.path.join(ends, path), encoding="ascii") as text:
            n_written = len(text.readlines())
        code = int(path[-1]) + (1 if path.startswith("crash") else 101)
        ended = [line for line in reeve.lines
                 if re.match(rf"reeved: {path}: run \d+ ended after .*: exit code {code} ", line)]
        assert len(ended) == n_written, f"{path}: {len(ended)} ends told, {n_written} happened"
    for unit in reeve.health()["units"]:
        shown = reeve.show(unit["name"])
        if shown["state"] == "running":
            shown["run"] -= 1
        assert_runs_told(reeve, unit["name"], shown["run"])
        kept = [record["run"] for record in shown["records"]]
        assert kept == list(range(shown["run"], shown["run"] - len(kept), -1)), kept


@both_trackings
def test_a_storm_with_little_memory(reeve, scarcity, tmp_path, best_effort):
    ends = tmp_path / "ends"
    ends.mkdir()
    configure(reeve, ends)
    reeve.start(best_effort=best_effort, env=scarcity.environment)
    rng = random.Random(4)
    untouched = reeve.wait_unit("never-touched", state="running")
    answered = {}
    for one_in_n in (2, 3, 10, 100):
        hits = scarcity.hits
        with scarcity(one_in_n):
            answered[one_in_n], _ = harass(reeve, 0.9, rng)
        assert reeve.process.poll() is None, f"one in {one_in_n}: reeved died"
        assert scarcity.hits > hits
        assert process_alive(untouched["pid"])
    assert answered[100] > 0, answered

    # Memory is back: everything answers, works, and nothing was forgotten.
    results = reeve.call("Start", units=["stay*"])["results"]
    assert [r["ok"] for r in results] == [True] * STAYERS, results
    assert [r["ok"] for r in reeve.call("Restart", units=["stay1"])["results"]] == [True]
    assert reeve.unit("never-touched")["pid"] == untouched["pid"]
    run = reeve.unit("crash1")["run"]
    reeve.call("Start", units=["crash*", "leave*"], wait=False)
    reeve.wait_unit("crash1", run=lambda n: n > run)
    results = reeve.call("Stop", units=["crash*", "leave*", "stay*"])["results"]
    bad = [r for r in results if not r["ok"] or r["state"] != "stopped"]
    assert not bad, bad
    assert set(reeve.marked()) == {untouched["pid"]}, "something outlived its run"
    check_ends(reeve, ends)
    counts = reeve.health()["counts"]
    assert (counts["running"], counts["orphans"]) == (1, 0), counts
    reeve.stop()


@both_trackings
@pytest.mark.parametrize("one_in_n", [2, 3, 10, 100])
def test_the_end_with_little_memory(reeve, scarcity, tmp_path, best_effort, one_in_n):
    """TERM in the middle of it: all stop, and the exit code is the essential service's."""
    ends = tmp_path / "ends"
    ends.mkdir()
    configure(reeve, ends)
    with open(reeve.config_file, "a", encoding="utf-8") as out:
        out.write("[service:main]\nessential = yes\n"
                  "command = sh -c 'trap \"exit 7\" TERM; echo set >&2; while :; do sleep 0.02; done'\n")
    reeve.start(best_effort=best_effort, env=scarcity.environment)
    reeve.wait_line("^set")
    reeve.wait_unit("leave0", run=lambda n: n > 1)
    with scarcity(one_in_n):
        reeve.send_signal(signal.SIGTERM)
        assert reeve.wait_exit() == 7, "\n".join(reeve.lines[-20:])
    assert not reeve.marked()


@pytest.mark.parametrize("one_in_n", [2, 3, 4, 6, 9, 13, 19, 28, 42, 64, 100])
def test_a_start_with_little_memory(reeve, scarcity, one_in_n):
    """It begins, or says in a line why not; it never crashes and leaves nothing behind."""
    reeve.configure("".join(f"[service:s{n}]\ncommand = sleep 1000\n" for n in range(10)))
    with scarcity(one_in_n):
        reeve.start(wait=False, env=scarcity.environment)
        reeve.wait_for(lambda: reeve.process.poll() is not None or reeve.said("reeved: ready"),
                       what="a beginning or an end")
    if reeve.process.poll() is None:
        reeve.wait_for(lambda: reeve.said("s9: running"), what="the last unit to run")
        reeve.stop()
    else:
        assert reeve.wait_exit() == 1
        assert reeve.said(r"^reeved: error: "), reeve.lines
    assert not reeve.marked()


def test_a_check_with_little_memory(reeve, scarcity):
    """It may fail, but never finds a bad configuration good."""
    reeve.configure("[service:web]\ncommand = sleep 1000\n").start(env=scarcity.environment)
    reeve.configure("[service:web]\ncolour = red\n")
    n_answered = 0
    for one_in_n in (2, 3, 5, 10):
        with scarcity(one_in_n):
            for _ in range(40):
                try:
                    with reeve.connect() as client:
                        assert client.call("Check")["errors"]
                    n_answered += 1
                except (VarlinkError, OSError):
                    pass
    assert n_answered
