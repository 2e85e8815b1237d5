"""What a start brings up, and what it tells (DESIGN §4, Order)."""
import time

import pytest
from actors import replay, waits_for


def test_a_start_raises_the_goal_of_all_that_is_required(stage):
    stage.configure("""
        [service:web]
        requires = app
        autostart = no
        [service:app]
        requires = db migrate
        wants = cache
        autostart = no
        [service:db]
        autostart = no
        [service:cache]
        autostart = no
        [job:migrate]
        requires = db
        act = after=0
        [service:other]
        autostart = no
    """).start()
    assert set(stage.states().values()) == {"stopped"}
    done = stage.ctl("start", "web")
    assert done.returncode == 0, done
    units = {unit["name"]: unit for unit in stage.health()["units"]}
    assert {name: unit["state"] for name, unit in units.items()} == {
        "web": "running", "app": "running", "db": "running", "cache": "running",
        "migrate": "completed", "other": "stopped"}
    assert {name for name, unit in units.items() if unit["wanted"]} == {"web"}
    assert {name for name, unit in units.items() if unit["goal"] == "up"} == set(units) - {"other"}
    replay(stage.events(), {("web", "app"): "ready", ("app", "db"): "ready",
                            ("app", "migrate"): "completed", ("migrate", "db"): "ready"})


def test_a_start_returns_when_the_unit_is_ready_not_before(stage):
    stage.configure("""
        [service:web]
        requires = migrate
        autostart = no
        [job:migrate]
        act = after=gate
    """).start()
    with stage.connect() as client:
        client.send("Start", {"units": ["web"]})
        stage.wait("start", "migrate")
        assert stage.unit("web")["state"] == "waiting"
        stage.open_gate("migrate")
        (result,) = client.receive()["parameters"]["results"]
    assert result["ok"] and result["state"] == "running" and result["along_with"] is None
    stage.wait("start", "web")
    assert stage.at("web", "start") > stage.at("migrate", "end")


def test_a_start_that_waits_for_a_dependency_obeys_its_timeout(stage):
    """It tells what is waited for; the unit goes on waiting."""
    stage.configure("""
        [service:web]
        requires = migrate
        autostart = no
        [job:migrate]
        act = after=gate
    """).start()
    before = time.monotonic()
    done = stage.ctl("start", "--timeout", "300ms", "web")
    assert done.returncode == 1 and time.monotonic() - before >= 0.3
    assert "waiting" in done.stderr and "migrate" in done.stderr, done.stderr
    assert waits_for(stage.unit("web")) == "migrate completed"
    stage.open_gate("migrate")
    stage.wait_unit("web", state="running")


def test_a_start_tells_the_end_of_the_attempt_and_the_next_try(stage):
    stage.configure("""
        [service:db]
        autostart = no
        [service:web]
        requires = db
        command = /no/such/program
        autostart = no
        restart_delay = 1000s
    """).start()
    done = stage.ctl("start", "web")
    assert done.returncode == 1
    assert "next try in 1" in done.stderr, done.stderr
    assert stage.unit("db")["state"] == "running"


@pytest.mark.parametrize("bottom, kind", [
    ("[job:db]\nact = after=0 code=3\nautostart = yes\n", "job"),
    ("[service:db]\nact = after=0 code=3\nrestart = never\n", "service")])
def test_a_start_upon_a_failed_dependency_returns_at_once_with_the_reason(stage, bottom, kind):
    """Directly or not; and the failed one is not tried again by that."""
    stage.configure("""
        [service:web]
        requires = app
        autostart = no
        [service:app]
        requires = db
        autostart = no
    """ + bottom).start()
    stage.wait_unit("db", state="failed", kind=kind)
    for unit, cause in (("app", "db"), ("web", "app")):
        done = stage.ctl("start", unit)
        assert done.returncode == 1 and "db" in done.stderr and "failed" in done.stderr, done
        told = stage.unit(unit)
        assert told["state"] == "waiting" and told["goal"] == "up" and told["wanted"]
        assert told["waiting"]["unit"] == cause and told["waiting"]["failed"] is True
        assert told["waiting"]["cause"] == "db"
    result = stage.results("Start", "web")["web"]
    assert not result["ok"] and result["state"] == "waiting" and "db" in result["message"], result
    assert stage.unit("db")["run"] == 1 and stage.acted("app") == []


def test_a_dependency_that_is_tried_again_is_waited_for(stage):
    """In a crash loop it has not failed for good."""
    stage.configure("""
        [service:web]
        requires = db:completed
        autostart = no
        [job:db]
        act = after=gate
        retries = 5
        retry_delay = 50ms
    """).start()
    with stage.connect() as client:
        client.send("Start", {"units": ["web"]})
        for attempt in (1, 2):
            stage.wait("start", "db", count=attempt)
            stage.open_gate("db", code=1)
        stage.wait("start", "db", count=3)
        assert waits_for(stage.unit("web")) == "db completed"
        assert stage.unit("web")["waiting"]["failed"] is False
        stage.open_gate("db")
        assert client.receive()["parameters"]["results"][0]["ok"]


# ---- tags and instances --------------------------------------------------------------------------
def test_tags_and_instances_mean_all_of_them(stage):
    """Front requires three instances and whatever is tagged store; itself tagged, it is not meant."""
    stage.configure("""
        [service:front]
        requires = worker tag:store
        tags = store
        [service:worker]
        instances = 3
        requires = migrate
        [service:db]
        tags = store
        [service:cache]
        tags = store fast
        [job:migrate]
        act = after=gate
    """).start()
    stage.wait_unit("db", state="running")
    stage.wait_unit("cache", state="running")
    assert waits_for(stage.wait_unit("front", state="waiting")) == "worker@1 ready +2"
    stage.open_gate("migrate")
    stage.wait_unit("front", state="running")
    below = ["worker@1", "worker@2", "worker@3", "cache", "db"]
    replay(stage.events(), {("front", unit): "ready" for unit in below})
    for unit in below:
        results = stage.well("Stop", unit)
        assert {name: r["along_with"] for name, r in results.items()} == {unit: None, "front": unit}
        stage.well("Start", unit, "front")
    results = stage.well("Stop", "worker")
    assert set(results) == {"worker@1", "worker@2", "worker@3", "front"}
    assert results["front"]["along_with"] in ("worker@1", "worker@2", "worker@3")
