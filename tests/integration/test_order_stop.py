"""What stops when it is asked for, and who with it (DESIGN §4, Order)."""
import os

import pytest
from actors import in_order, replay

# web and worker above api and db; each takes its time to end, so that an order can be seen.
SITE = """
    [service:web]
    requires = api
    act = term=gate
    [service:worker]
    requires = db
    act = term=gate
    [service:api]
    requires = db
    act = term=30
    [service:db]
    act = term=30
    [service:other]
"""
SITE_EDGES = {("web", "api"): "ready", ("worker", "db"): "ready", ("api", "db"): "ready"}


@pytest.fixture(name="site")
def fixture_site(stage):
    stage.configure(SITE).start()
    stage.wait("start", "web", "worker", "api", "db", "other")
    return stage


def test_a_stop_stops_first_who_requires_it(site):
    """Directly or not; those that do not depend on each other side by side; each is told to end when
    the ones above it have ended. They are no longer wanted, and the reply lists them."""
    since = site.seq()
    with site.connect() as client:
        client.send("Stop", {"units": ["db"]})
        site.wait("term", "web", "worker")
        for unit, above in (("api", "web"), ("db", "worker")):
            told = site.unit(unit)
            assert (told["state"], told["goal"]) == ("running", "down"), told
            waiting = told["waiting"]
            assert waiting["until"] == "stopped" and not waiting["failed"], waiting
            assert waiting["unit"] in (above, "api"), waiting
        assert site.acted("api") == site.acted("db") == ["start"]
        site.let_end("web")
        site.wait("end", "api")
        assert site.acted("db") == ["start"]  # worker has not ended yet
        site.let_end("worker")
        results = {r["unit"]: r for r in client.receive()["parameters"]["results"]}
    assert {name: (r["ok"], r["state"], r["along_with"]) for name, r in results.items()} == {
        "db": (True, "stopped", None), "api": (True, "stopped", "db"),
        "web": (True, "stopped", "db"), "worker": (True, "stopped", "db")}
    for above, below in SITE_EDGES:
        assert site.at(above, "end") < site.at(below, "term")
    assert {u["name"]: (u["state"], u["goal"], u["wanted"]) for u in site.health()["units"]} == {
        "db": ("stopped", "down", False), "api": ("stopped", "down", False),
        "web": ("stopped", "down", False), "worker": ("stopped", "down", False),
        "other": ("running", "up", True)}
    moves = site.moves(since=since)
    in_order(moves, "web stopping", "web stopped", "api stopping", "api stopped", "db stopping")
    in_order(moves, "worker stopping", "worker stopped", "db stopping", "db stopped")
    replay(site.events(), SITE_EDGES)


def test_the_records_say_for_whose_sake(site):
    for unit in ("web", "worker"):
        site.let_end(unit)
    site.well("Stop", "db")
    record = site.last_exit("db")
    assert record["requested_by"] == "user" and record["requester"]["unit"] is None
    for unit in ("web", "worker", "api"):
        record = site.last_exit(unit)
        assert record["reason"] == "signal" and record["requested_by"] == "dependency", record
        assert record["requester"] == {"uid": os.geteuid(), "pid": os.getpid(), "unit": "db"}
    assert site.last_exit("other") is None


def test_a_start_does_not_bring_back_what_stopped_along(site):
    for unit in ("web", "worker"):
        site.let_end(unit)
    site.well("Stop", "db")
    assert list(site.well("Start", "db")) == ["db"]
    assert site.states() == {"db": "running", "api": "stopped", "web": "stopped",
                             "worker": "stopped", "other": "running"}
    site.well("Start", "web")
    assert site.unit("api")["goal"] == "up" and not site.unit("api")["wanted"]


def test_reevectl_lists_what_stopped_along(site):
    for unit in ("web", "worker"):
        site.let_end(unit)
    done = site.ctl("stop", "db")
    assert done.returncode == 0, done
    for unit in ("db", "api", "web", "worker"):
        assert unit in done.stdout, done
    assert "other" not in done.stdout


def test_what_was_up_only_for_its_sake_stops_after_it(stage):
    """But not what somebody else needs, or wants; and a completed job stays completed."""
    stage.configure("""
        [service:web]
        requires = app shared mine migrate
        wants = cache
        act = term=100
        autostart = no
        [service:app]
        requires = db
        act = term=100
        autostart = no
        [service:db]
        autostart = no
        [service:cache]
        autostart = no
        [service:shared]
        autostart = no
        [service:mine]
        [service:second]
        requires = shared
        [job:migrate]
        requires = db
        act = after=0
    """).start()
    stage.well("Start", "web")
    stage.wait("start", "web", "app", "db", "cache", "shared", "mine", "second")
    results = stage.well("Stop", "web")
    assert {name: r["because"] for name, r in results.items()} == {
        "web": None, **dict.fromkeys(("app", "db", "cache"), "not_needed")}
    for unit in ("app", "db", "cache"):
        assert results[unit]["along_with"] == "web" and results[unit]["state"] == "stopped"
        assert stage.unit(unit)["goal"] == "down"
        record = stage.last_exit(unit)
        assert record["requested_by"] == "dependency" and record["requester"]["unit"] == "web"
    assert stage.states() == {"web": "stopped", "app": "stopped", "db": "stopped",
                              "cache": "stopped", "shared": "running", "mine": "running",
                              "second": "running", "migrate": "completed"}
    assert stage.at("web", "end") < min(stage.at("app", "term"), stage.at("cache", "term"))
    assert stage.at("app", "end") < stage.at("db", "term")
    # The job is not run again by the next start, and the rest comes back.
    stage.well("Start", "web")
    assert {name for name, state in stage.states().items() if state == "running"} == {
        "web", "app", "db", "cache", "shared", "mine", "second"}
    assert stage.unit("migrate")["run"] == 1


def test_what_waits_for_a_dependency_can_be_stopped(stage):
    """It never starts, and what was brought up for its sake goes down."""
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
        assert stage.well("Stop", "web")["web"]["state"] == "stopped"
        (result,) = client.receive()["parameters"]["results"]
    assert not result["ok"] and "stopped" in result["message"], result
    migrate = stage.wait_unit("migrate", state="stopped", goal="down")
    assert migrate["last_exit"]["requested_by"] == "dependency"
    assert stage.unit("web")["run"] == 0 and stage.unit("web")["last_exit"] is None
    # Neither does the next completion bring it.
    stage.open_gate("migrate")
    stage.well("Start", "migrate")
    stage.wait_unit("migrate", state="completed")
    assert stage.unit("web")["state"] == "stopped" and stage.acted("web") == []


def test_a_stop_of_what_never_ran_stops_who_waits_for_it(stage):
    stage.configure("""
        [service:web]
        requires = app
        [service:app]
        requires = migrate
        [job:migrate]
        act = after=gate
    """).start()
    stage.wait("start", "migrate")
    results = stage.well("Stop", "app")
    assert {name: (r["along_with"], r["because"]) for name, r in results.items()} == {
        "app": (None, None), "web": ("app", "requires_it"), "migrate": ("app", "not_needed")}
    assert stage.acted("app") == stage.acted("web") == []
    assert results["migrate"]["state"] == stage.unit("migrate")["state"] == "stopped"


def test_stopping_a_completed_unit_changes_nothing(stage):
    stage.configure("""
        [service:web]
        requires = migrate
        [job:migrate]
        act = after=0
    """).start()
    before = stage.wait_unit("web", state="running")
    done = stage.well("Stop", "migrate")
    assert list(done) == ["migrate"] and done["migrate"]["state"] == "completed"
    after = stage.unit("web")
    assert (after["state"], after["pid"], after["wanted"]) == ("running", before["pid"], True)
    stage.well("Restart", "web")
    assert stage.unit("migrate")["run"] == 1


def test_a_slow_end_above_holds_up_no_other_stop(site):
    with site.connect() as client:
        client.send("Stop", {"units": ["api"]})
        site.wait("term", "web")
        assert list(site.well("Stop", "other")) == ["other"]
        site.let_end("web")
        assert {r["unit"] for r in client.receive()["parameters"]["results"]} == {"api", "web"}
    assert site.unit("db")["state"] == "running"  # it is wanted by itself


def test_a_start_that_comes_during_a_stop_is_done_after_it(site):
    """Nobody is half stopped: who was to stop does, and then what was asked for starts."""
    with site.connect() as client:
        client.send("Stop", {"units": ["db"]})
        site.wait("term", "web", "worker")
        with site.connect() as second:
            second.send("Start", {"units": ["web"]})
            site.wait_unit("web", goal="up")
            for unit in ("web", "worker"):
                site.let_end(unit)
            (started,) = second.receive()["parameters"]["results"]
        client.receive()
    assert started["ok"] and started["run"] == 2, started
    site.wait_unit("worker", state="stopped")
    assert site.states() == {"db": "running", "api": "running", "web": "running",
                             "worker": "stopped", "other": "running"}
    replay(site.events(), SITE_EDGES)
    site.copies_alone()
