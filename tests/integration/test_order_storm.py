"""Whatever is asked for, by many at once: no two copies, nothing out of order, and the goals hold."""
import random
import threading

import pytest
from actors import ALIVE, Replay
from follower import Follower
from graphs import anyhow

KINDS = ("requires", "requires", "wants", "after")


def at_once(n, task):
    """Runs task(number) in so many threads; fails with the first of their failures."""
    failures = []

    def run(number):
        try:
            task(number)
        except BaseException as failure:  # pylint: disable=broad-except
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def test_starts_at_once_give_one_copy(stage):
    stage.configure("""
        [service:web]
        requires = app
        autostart = no
        [service:app]
        requires = db migrate
        autostart = no
        [service:db]
        autostart = no
        [job:migrate]
        act = after=30
    """).start()

    def start(number):
        with stage.connect() as client:
            for _ in range(5):
                reply = client.call("Start", units=[["web", "app", "db"][number % 3]])
                assert all(result["ok"] for result in reply["results"]), reply

    at_once(6, start)
    assert stage.states() == {"web": "running", "app": "running", "db": "running",
                              "migrate": "completed"}
    for unit in ("web", "app", "db"):
        stage.wait("start", unit)
        assert stage.acted(unit) == ["start"] and stage.unit(unit)["run"] == 1
    stage.copies_alone()


def test_restarts_at_once_of_several_of_a_chain_agree(stage):
    """All follow: a restart of the lowest restarts them all."""
    stage.configure("""
        [service:web]
        requires = app
        on_dependency_restart = restart
        act = term=5
        [service:app]
        requires = db
        on_dependency_restart = restart
        act = term=5
        [service:db]
        act = term=5
    """).start()
    stage.wait("start", "web", "app", "db")

    def restart(number):
        with stage.connect() as client:
            for _ in range(10):
                reply = client.call("Restart", units=[["web", "app", "db"][number % 3]])
                assert all(result["ok"] for result in reply["results"]), reply

    at_once(6, restart)
    units = {unit["name"]: unit for unit in stage.health()["units"]}
    assert {name: unit["state"] for name, unit in units.items()} == {
        "web": "running", "app": "running", "db": "running"}
    assert all(unit["wanted"] and unit["goal"] == "up" for unit in units.values())
    stage.copies_alone()
    session = Replay({("web", "app"): "ready", ("app", "db"): "ready"})
    for event in stage.events():
        session.take(event)


def goals_hold(stage, graph):
    """Waits until nothing moves any more; every unit is where its goal says, and the goals follow
    from what is wanted."""
    def settled():
        units = {unit["name"]: unit for unit in stage.health()["units"]}
        for unit in units.values():
            if unit["goal"] == "down":
                there = unit["state"] in ("stopped", "completed", "failed")
            elif unit["state"] == "waiting":
                there = unit["waiting"]["failed"]
            else:
                there = unit["state"] in (
                    ("completed", "failed") if unit["name"] in graph.jobs else ("running",))
            if not there:
                return None
        return units

    units = stage.wait_for(settled, what="all units to be as their goals say")
    up = {name for name, unit in units.items() if unit["goal"] == "up"}
    for name, unit in units.items():
        for below in graph.requires[name]:
            assert name not in up or below in up, f"{name} is up, {below} is not"
        needed = any(above in up and name in graph.requires[above] + graph.wants[above]
                     for above in units)
        assert not unit["wanted"] or name in up, unit
        assert name not in up or unit["wanted"] or needed, f"{name} is up for nobody's sake"
    return up


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_storm_of_starts_and_stops_ends_as_the_goals_say(stage, seed):
    """Four clients over a random graph of services and jobs, some of which crash meanwhile. Then one
    stops everything, and brings up some."""
    graph = anyhow(30, seed, kinds=KINDS, jobs=0.2)
    edges = graph.edges()

    def act(name):
        number = graph.names.index(name)
        return f"term={number % 4 * 5}" + (f" after={number % 3 * 10}" if name in graph.jobs else "")

    stage.configure(graph.text({"autostart": "no"}, act)).start()
    session = Replay(edges)

    def storm(number):
        rng = random.Random(f"{seed} {number}")
        with stage.connect() as client:
            for _ in range(120):
                names = rng.sample(graph.names, rng.randint(1, 3))
                if rng.random() < 0.15:
                    client.call("Signal", units=names, signal="KILL")
                    continue
                method = "Start" if rng.random() < 0.55 else "Stop"
                client.call(method, units=names, wait=rng.random() < 0.5, timeout_ms=2000)

    with Follower(stage, timeout=60) as follower:
        at_once(4, storm)
        goals_hold(stage, graph)
        stage.well("Stop", *graph.names)
        assert set(stage.states().values()) <= {"stopped", "completed", "failed"}
        assert not stage.marked()
        stage.call("ResetFailed")
        tops = random.Random(seed).sample(graph.names, 4)
        stage.well("Start", *tops)
        up = goals_hold(stage, graph)
        assert up >= set(tops)
        follower.until_seq(stage.seq())
        assert not follower.lost
        for event in follower.events:
            session.take(event)
    stage.copies_alone()
    alive = {name for name, state in session.state.items() if state in ALIVE}
    assert alive == up - graph.jobs
    assert len(stage.marked()) == len(alive)


@pytest.mark.parametrize("seed", [4, 5])
def test_a_storm_of_restarts_and_crashes_brings_all_back(stage, seed):
    """All follow what they require: in the end everything runs, and nothing ran twice at once."""
    graph = anyhow(20, seed)
    stage.configure(graph.text({"on_dependency_restart": "restart", "restart_delay": "10ms",
                                "restart_delay_max": "10ms"},
                               lambda name: f"term={graph.names.index(name) % 4 * 5}")).start()
    stage.wait_for(lambda: stage.health()["counts"]["running"] == 20, what="all to run")

    def storm(number):
        rng = random.Random(f"{seed} {number}")
        with stage.connect() as client:
            for _ in range(25):
                name = rng.choice(graph.names)
                if number % 2:
                    client.call("Restart", units=[name], timeout_ms=2000)
                else:
                    client.call("Signal", units=[name], signal="KILL")

    with Follower(stage, timeout=60) as follower:
        at_once(4, storm)
        goals_hold(stage, graph)
        follower.until_seq(stage.seq())
        assert not follower.lost
        session = Replay(graph.edges())
        for event in follower.events:
            session.take(event)
    assert set(stage.states().values()) == {"running"}
    stage.copies_alone()
    assert len(stage.marked()) == 20
