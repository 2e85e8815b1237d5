"""Shutdown over real graphs: in reverse order, each unit with its share of the time (DESIGN §4)."""
import signal
import time

import pytest
from actors import Replay
from follower import Follower
from graphs import Graph, anyhow
from times import milliseconds

# How late a machine full of other work may let a process be; beyond the budget, never inside it.
SLACK_S = 0.5


def reserve_s(budget_s):
    return min(budget_s / 2, max(0.5, budget_s / 10))


class End:
    """A shutdown, from the signal to the exit: `took_s` and the events on the way."""

    def __init__(self, stage, meanwhile=None):
        with Follower(stage, timeout=60) as follower:
            follower.until_seq(stage.seq())
            self.before = len(follower.events)
            began = time.monotonic()
            stage.send_signal(signal.SIGTERM)
            if meanwhile:
                meanwhile()
            self.code = stage.wait_exit(60)
            self.took_s = time.monotonic() - began
            self.events = follower.to_the_end()
            assert not follower.lost
        (begun,) = [e for e in self.events if e["type"] == "session.stopping"]
        (ended,) = [e for e in self.events if e["type"] == "session.stopped"]
        self.begun_ms = milliseconds(begun["at"])
        self.ended_ms = milliseconds(ended["at"])
        self.exits = {e["unit"]: e["exit"] for e in self.events if e["type"] == "unit.exited"
                      and e["seq"] > begun["seq"]}
        self.begun_seq = begun["seq"]

    def within(self, budget_s):
        assert self.ended_ms - self.begun_ms <= budget_s * 1000 + 20, self.ended_ms - self.begun_ms
        assert self.took_s <= budget_s + SLACK_S, self.took_s

    def killed_after_s(self, unit):
        """From the beginning of the end to the SIGKILL."""
        assert self.exits[unit]["kill_at"], f"{unit} was not killed: {self.exits[unit]}"
        return (milliseconds(self.exits[unit]["kill_at"]) - self.begun_ms) / 1000

    def nothing_started(self):
        late = [event for event in self.events
                if event["type"] == "unit.state" and event["seq"] > self.begun_seq
                and event["state"] in ("starting", "running") and event["previous"] != "starting"]
        assert not late, late

    def obeyed(self, edges):
        session = Replay(edges)
        for event in self.events:
            session.take(event)


def column(name, n, words=""):
    """n services, NAME1 above NAME2 above …, each as `words` say."""
    return "".join(f"[service:{name}{i}]\nact = {words}\n"
                   + (f"requires = {name}{i + 1}\n" if i < n else "") + "stop_timeout = 60s\n"
                   for i in range(1, n + 1))


def column_edges(name, n):
    return {(f"{name}{i}", f"{name}{i + 1}"): "ready" for i in range(1, n)}


def names(name, n):
    return [f"{name}{i}" for i in range(1, n + 1)]


@pytest.mark.parametrize("budget_s", [0.1, 1, 3])
def test_a_chain_of_those_that_ignore_term_beside_polite_units(stage, budget_s):
    """Each of five gets an equal part of what is left; the polite ones end when they are told to, and
    nobody waits for the chain beside."""
    stage.configure(column("deaf", 5, "term=never") + column("kind", 5)
                    + "[service:alone]\n", shutdown_timeout=f"{budget_s * 1000:g}ms").start()
    stage.wait("start", *names("deaf", 5), *names("kind", 5), "alone")
    end = End(stage)
    end.within(budget_s)
    assert not stage.marked()
    end.nothing_started()
    end.obeyed({**column_edges("deaf", 5), **column_edges("kind", 5)})
    share_s = (budget_s - reserve_s(budget_s)) / 5
    for i in range(1, 6):
        # Wall times are cut to milliseconds; what one has not used is shared by those below.
        killed_s = end.killed_after_s(f"deaf{i}")
        assert killed_s >= i * share_s - 0.005, (i, killed_s)
        assert killed_s <= budget_s - reserve_s(budget_s) + 0.05, (i, killed_s)
        assert end.exits[f"deaf{i}"]["reason"] == "forced_kill"
    if budget_s < 1:
        return  # ten milliseconds each: a busy machine may not even have woken a polite one
    for unit in [*names("kind", 5), "alone"]:
        assert end.exits[unit]["kill_at"] is None, end.exits[unit]
        assert stage.acted(unit) == ["start", "term", "end"]
    for i in range(1, 5):
        assert stage.at(f"kind{i}", "end") < stage.at(f"kind{i + 1}", "term")
    assert stage.at("kind5", "end") < stage.at("deaf2", "term")


def test_a_slow_unit_does_not_eat_the_time_of_those_below(stage):
    """They need 300 ms to clean up, and have it, whatever the one above them does."""
    stage.configure("""
        [service:deaf]
        requires = store
        act = term=never
        stop_timeout = 60s
        [service:store]
        requires = disk
        act = term=300
        [service:disk]
        act = term=300
    """, shutdown_timeout="3s").start()
    stage.wait("start", "deaf", "store", "disk")
    end = End(stage)
    end.within(3)
    assert 0.83 <= end.killed_after_s("deaf") < 1.4
    for unit in ("store", "disk"):
        assert stage.acted(unit) == ["start", "term", "end"]
        assert end.exits[unit]["reason"] == "signal" and end.exits[unit]["exit_code"] == 0
    end.obeyed({("deaf", "store"): "ready", ("store", "disk"): "ready"})


def test_what_one_does_not_use_the_others_have(stage):
    """A unit's own stop_timeout is shorter than its share: the next has more."""
    stage.configure("""
        [service:top]
        requires = bottom
        act = term=never
        stop_timeout = 100ms
        [service:bottom]
        act = term=never
        stop_timeout = 60s
    """, shutdown_timeout="3s").start()
    stage.wait("start", "top", "bottom")
    end = End(stage)
    end.within(3)
    assert 0.1 <= end.killed_after_s("top") + 0.005 < 0.6
    assert 2.4 <= end.killed_after_s("bottom") < 2.6


def test_the_longest_chain_below_counts(stage):
    """top stands above one alone, and above a chain of three: its share is a quarter of the time."""
    stage.configure("""
        [service:top]
        requires = alone a1
        act = term=never
        stop_timeout = 60s
        [service:alone]
        act = term=never
        stop_timeout = 60s
    """ + column("a", 3, "term=never"), shutdown_timeout="2500ms").start()
    stage.wait("start", "top", "alone", *names("a", 3))
    end = End(stage)
    end.within(2.5)
    assert 0.5 <= end.killed_after_s("top") + 0.005 < 0.8
    for i in range(1, 4):
        assert 0.5 * (i + 1) <= end.killed_after_s(f"a{i}") + 0.005 < 0.5 * (i + 1) + 0.3
    assert 1.9 <= end.killed_after_s("alone") < 2.1


def test_minutes_are_not_used_when_nobody_needs_them(stage):
    stage.configure(column("kind", 6, "term=20"), shutdown_timeout="5m").start()
    stage.wait("start", *names("kind", 6))
    end = End(stage)
    assert 0.12 <= end.took_s < 10, end.took_s
    end.obeyed(column_edges("kind", 6))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_reverse_order_over_a_real_graph(stage, seed):
    """Forty units, some slow, some deaf, by requires, wants and after: what a unit depends on is told
    to end when the unit itself is gone."""
    graph = anyhow(40, seed, kinds=("requires", "wants", "after"))
    slow = {name: i % 5 * 8 for i, name in enumerate(graph.names)}
    deaf = set(graph.names[::13])
    stage.configure(graph.text({"stop_timeout": "150ms"},
                               lambda name: f"term={'never' if name in deaf else slow[name]}"),
                    shutdown_timeout="20s").start()
    stage.wait("start", *graph.names)
    end = End(stage)
    assert end.took_s < 20
    end.nothing_started()
    every = Graph(graph.names)
    every.requires = {name: graph.requires[name] + graph.wants[name] + graph.after[name]
                      for name in graph.names}
    end.obeyed(every.edges())
    for above, below in every.edges():
        if above not in deaf:
            assert stage.at(above, "end") < stage.at(below, "term"), (above, below)
        else:
            told_ms = milliseconds(end.exits[below]["stop_signal_at"])
            assert milliseconds(end.exits[above]["ended_at"]) <= told_ms + 1, (above, below)
    assert {name for name in graph.names if end.exits[name]["kill_at"]} == deaf


# One of each state, with a chain that is slow in the middle.
EVERY_STATE = """
    [service:waits]
    requires = gate
    [job:gate]
    act = after=gate
    [service:stuck]
    requires = broken
    [service:broken]
    command = /no/such/program
    restart = never
    [service:again]
    command = false
    restart_delay = 1000s
    [service:loop]
    command = false
    restart_delay = 1ms
    restart_delay_max = 1ms
    [service:after-loop]
    after = again waits
    [job:done]
    act = after=0
    autostart = yes
    [service:off]
    autostart = no
    [service:deaf]
    act = term=never
    stop_timeout = 60s
    requires = under
    [service:under]
    act = term=100
    requires = bottom
    [service:bottom]
    act = term=100
    [service:up]
    act = term=100
    requires = bottom
"""


@pytest.mark.parametrize("budget_s", [0.1, 1, 3])
def test_units_in_every_state_when_it_begins(stage, budget_s):
    stage.configure(EVERY_STATE, shutdown_timeout=f"{budget_s * 1000:g}ms").start()
    stage.wait("start", "gate", "deaf", "under", "bottom", "up")
    stage.wait_unit("loop", run=lambda n: n > 3)
    stage.wait_unit("done", state="completed")
    stage.wait_unit("again", state="backoff")
    # under is to stop, and waits for deaf, which is told to and does not.
    stage.call("Stop", units=["under"], wait=False)
    stage.wait("term", "deaf")
    states = stage.states()
    states.pop("loop")  # stopped, starting, running, backoff: all in a few milliseconds
    assert states == {
        "waits": "waiting", "gate": "running", "stuck": "waiting", "broken": "failed",
        "again": "backoff", "after-loop": "waiting", "done": "completed", "off": "stopped",
        "deaf": "stopping", "under": "running", "bottom": "running", "up": "running"}
    end = End(stage)
    end.within(budget_s)
    assert not stage.marked()
    end.nothing_started()
    end.obeyed({("deaf", "under"): "ready", ("under", "bottom"): "ready", ("up", "bottom"): "ready"})
    assert end.killed_after_s("deaf") <= (budget_s - reserve_s(budget_s)) / 3 + 0.1
    assert stage.acted("waits") == stage.acted("stuck") == stage.acted("off") == []
    assert stage.acted("gate") == ["start", "term", "end"]
    if budget_s == 3:
        for unit in ("under", "bottom", "up"):
            assert stage.acted(unit) == ["start", "term", "end"]


def test_a_unit_that_is_being_killed_when_it_begins(stage):
    """Its stop and the shutdown come in one breath."""
    stage.configure("""
        [service:web]
        requires = db
        act = term=never
        stop_timeout = 0
        [service:db]
        act = term=50
    """, shutdown_timeout="5s").start()
    stage.wait("start", "web", "db")
    with stage.connect() as client:
        client.send("Stop", {"units": ["web"], "wait": False})
        client.send("Shutdown")
        assert stage.wait_exit() == 0
    assert stage.acted("db") == ["start", "term", "end"]


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGQUIT])
def test_a_second_interrupt_kills_all_at_once(stage, second):
    """The order counts no more: everything goes within a moment, though minutes are left."""
    stage.configure(column("deaf", 4, "term=never") + column("kind", 3, "term=60000"),
                    shutdown_timeout="5m").start()
    stage.wait("start", *names("deaf", 4), *names("kind", 3))

    def meanwhile():
        stage.wait("term", "deaf1", "kind1")
        stage.send_signal(signal.SIGTERM)  # changes nothing
        assert stage.health()["counts"]["killing"] == 0
        stage.send_signal(second)

    end = End(stage, meanwhile)
    assert end.took_s < 20 and end.code == 0
    assert not stage.marked()
    for unit in (*names("deaf", 4), *names("kind", 3)):
        assert end.exits[unit]["kill_at"] is not None
        assert end.exits[unit]["requested_by"] == "shutdown", end.exits[unit]
    moves = [f"{event['unit']} {event['state']}" for event in end.events if event["unit"]]
    assert any(moves.index(f"deaf{i + 1} killing") < moves.index(f"deaf{i} stopped")
               for i in range(1, 4)), moves
    end.nothing_started()


def test_a_shutdown_while_a_graph_comes_up(stage):
    """What has not started never does; what has ends in order."""
    stage.configure("""
        [service:web]
        requires = app
        [service:app]
        requires = migrate
        [job:migrate]
        requires = db
        act = after=gate term=50
        [service:db]
        act = term=50
    """).start()
    stage.wait("start", "migrate", "db")
    end = End(stage)
    assert end.code == 0 and end.took_s < 10
    assert stage.acted("web") == stage.acted("app") == []
    assert stage.at("migrate", "end") < stage.at("db", "term")
    end.nothing_started()
