"""Restarts, crashes and failures, and whom they take along (DESIGN §4, Order)."""
import os

import pytest
from actors import in_order


def kill(stage, unit):
    stage.call("Signal", units=[unit], signal="KILL")


# ---- restart -------------------------------------------------------------------------------------
def chain(app, web):
    """app above web above db; what each does when the one below it is restarted."""
    return f"""
        [service:app]
        requires = web
        on_dependency_restart = {app}
        act = term=30
        [service:web]
        requires = db
        on_dependency_restart = {web}
        act = term=30
        [service:db]
        restart_delay = 300ms
        restart_jitter = 0%
        act = term=30
    """


CHAIN_EDGES = {("app", "web"): "ready", ("web", "db"): "ready"}


def test_a_restart_leaves_requirers_alone(stage):
    stage.configure(chain("ignore", "ignore")).start()
    stage.wait("start", "app", "web", "db")
    assert list(stage.well("Restart", "db")) == ["db"]
    assert stage.unit("db")["run"] == 2
    assert stage.acted("web") == stage.acted("app") == ["start"]
    assert stage.states() == {"app": "running", "web": "running", "db": "running"}


def test_a_restart_takes_along_who_follows(stage):
    stage.configure(chain("restart", "restart")).start()
    stage.wait("start", "app", "web", "db")
    since = stage.seq()
    results = stage.well("Restart", "db")
    assert {name: (r["along_with"], r["run"], r["state"]) for name, r in results.items()} == {
        "db": (None, 2, "running"), "web": ("db", 2, "running"), "app": ("db", 2, "running")}
    stage.wait("start", "app", "web", "db", count=2)
    times = [stage.at("app", "end"), stage.at("web", "term"), stage.at("web", "end"),
             stage.at("db", "term"), stage.at("db", "end")]
    assert times == sorted(times)
    assert all(stage.at(unit, "start", 1) > times[-1] for unit in ("db", "web", "app"))
    in_order(stage.moves(since=since), "app stopping", "web stopping", "db stopping", "db running",
             "web starting", "web running", "app starting", "app running")
    for unit in ("web", "app"):
        record = stage.last_exit(unit)
        assert record["requested_by"] == "dependency", record
        assert record["requester"]["unit"] == "db"
        assert record["requester"]["pid"] == os.getpid()
    assert stage.last_exit("db")["requested_by"] == "restart"
    assert stage.unit("web")["wanted"]
    stage.copies_alone()


def test_a_restart_stops_at_who_does_not_follow(stage):
    """app would follow web; but web stays."""
    stage.configure(chain("restart", "ignore")).start()
    stage.wait("start", "app", "web", "db")
    assert list(stage.well("Restart", "db")) == ["db"]
    assert stage.acted("app") == stage.acted("web") == ["start"]
    assert set(stage.well("Restart", "web")) == {"web", "app"}
    assert stage.unit("db")["run"] == 2


def test_a_restart_of_a_stopped_unit_starts_it(stage):
    stage.configure(chain("restart", "restart")).start()
    stage.wait("start", "app", "web", "db")
    stage.well("Stop", "db")
    assert list(stage.well("Restart", "web")) == ["web"]
    assert stage.states() == {"app": "stopped", "web": "running", "db": "running"}
    assert stage.unit("web")["wanted"] and not stage.unit("db")["wanted"]


def test_a_restart_makes_nothing_wanted_that_was_up_by_dependency(stage):
    stage.configure("""
        [service:web]
        requires = db
        [service:db]
        autostart = no
    """).start()
    stage.wait_unit("web", state="running")
    stage.well("Restart", "db")
    assert stage.unit("db")["run"] == 2 and not stage.unit("db")["wanted"]
    stage.well("Stop", "web")
    stage.wait_unit("db", state="stopped")


def test_a_completed_job_is_not_run_again_by_restarts(stage):
    """Until somebody starts it."""
    stage.configure("""
        [service:web]
        requires = migrate
        restart_delay = 0
        [job:migrate]
        act = after=0
    """).start()
    stage.wait_unit("web", state="running")
    stage.well("Restart", "web")
    kill(stage, "web")
    stage.wait_unit("web", state="running", run=3)
    stage.well("Stop", "web")
    assert stage.unit("migrate")["state"] == "completed"
    stage.well("Start", "web")
    assert stage.unit("migrate")["run"] == 1
    stage.well("Start", "migrate")
    stage.wait_unit("migrate", state="completed", run=2)
    assert stage.unit("web")["run"] == 4


# ---- a crash -------------------------------------------------------------------------------------
def test_a_crash_leaves_requirers_alone(stage):
    stage.configure(chain("ignore", "ignore")).start()
    stage.wait("start", "app", "web", "db")
    kill(stage, "db")
    stage.wait_unit("db", state="backoff")
    assert stage.unit("web")["state"] == stage.unit("app")["state"] == "running"
    stage.wait_unit("db", state="running", run=2)
    assert stage.acted("web") == stage.acted("app") == ["start"]


def test_a_crash_takes_down_who_follows_until_it_is_back(stage):
    stage.configure(chain("restart", "restart")).start()
    stage.wait("start", "app", "web", "db")
    kill(stage, "db")
    web = stage.wait_unit("web", state="waiting")
    assert web["goal"] == "up" and web["wanted"] and not web["waiting"]["failed"]
    assert (web["waiting"]["unit"], web["waiting"]["until"]) == ("db", "ready")
    for unit in ("web", "app"):
        record = stage.last_exit(unit)
        assert record["requested_by"] == "dependency", record
        assert record["requester"]["unit"] == "db" and record["requester"]["pid"] is None
    for unit in ("db", "web", "app"):
        stage.wait_unit(unit, state="running", run=2)
    stage.wait("start", "app", "web", "db", count=2)
    in_order(stage.moves(), "db backoff", "app stopping", "web stopping", "web waiting",
             "db running", "web starting", "web running", "app starting")
    assert stage.at("app", "end") < stage.at("web", "term")
    assert stage.at("web", "end") < stage.at("web", "start", 1)
    stage.copies_alone()


def test_a_follower_that_takes_its_time_starts_once(stage):
    """db is back long before web has ended."""
    stage.configure("""
        [service:web]
        requires = db
        on_dependency_restart = restart
        act = term=gate
        [service:db]
        restart_delay = 0
    """).start()
    stage.wait("start", "web", "db")
    kill(stage, "db")
    stage.wait("term", "web")
    stage.let_end("web")
    stage.wait("start", "web", "db", count=2)
    stage.wait_unit("web", state="running", run=2)
    assert stage.at("web", "end") < stage.at("web", "start", 1)
    stage.copies_alone()


def test_a_fleet_that_lost_its_database_waits_for_it(stage):
    """Forty services die with it, once each: none is tried before it is back."""
    fleet = [f"s{n}" for n in range(40)]
    stage.configure("".join(f"[service:{unit}]\nrequires = db\nrestart_delay = 10ms\n"
                            for unit in fleet)
                    + "[service:db]\nrestart_delay = 1000s\n").start()
    stage.wait("start", "db", *fleet)
    kill(stage, "db")
    stage.wait_unit("db", state="backoff")
    stage.call("Signal", units=["s*"], signal="KILL")
    stage.wait_for(lambda: stage.health(limit=1)["counts"]["waiting"] == len(fleet),
                   what="all to wait")
    waiting = stage.unit("s7")["waiting"]
    assert (waiting["unit"], waiting["until"], waiting["failed"]) == ("db", "ready", False)
    stage.well("Start", "db")
    stage.wait("start", *fleet, count=2)
    moves = stage.moves()
    for unit in fleet:
        assert stage.unit(unit)["run"] == 2
        in_order(moves, f"{unit} running", f"{unit} waiting", "db running", f"{unit} starting")


# ---- failed for good -----------------------------------------------------------------------------
def test_who_requires_a_service_that_failed_for_good_stops(stage):
    """All of a chain, the topmost first. They keep their goal, and say what they wait for."""
    stage.configure("""
        [service:web]
        requires = app
        act = term=30
        [service:app]
        requires = db
        act = term=30
        [service:db]
        restart = never
        [service:fan]
        wants = db
    """).start()
    stage.wait("start", "web", "app", "db", "fan")
    kill(stage, "db")
    stage.wait_unit("db", state="failed")
    for unit, below in (("app", "db"), ("web", "app")):
        told = stage.wait_unit(unit, state="waiting")
        assert told["goal"] == "up" and told["wanted"]
        waiting = told["waiting"]
        assert waiting["unit"] == below and waiting["failed"] and waiting["cause"] == "db", waiting
        record = told["last_exit"]
        assert record["requested_by"] == "dependency" and record["requester"]["unit"] == "db"
    assert stage.at("web", "end") < stage.at("app", "term")
    assert stage.unit("fan")["state"] == "running" and stage.acted("fan") == ["start"]
    why = stage.ctl("why", "web")
    assert why.returncode == 0 and "db" in why.stdout and "failed" in why.stdout, why
    # reset-failed brings all of it back.
    stage.well("ResetFailed", "db")
    for unit in ("db", "app", "web"):
        assert stage.wait_unit(unit, state="running")["run"] == 2
    in_order(stage.moves(), "db failed", "web waiting", "db running", "app starting", "app running",
             "web starting")


def test_what_fails_after_a_limit_of_restarts_has_failed_for_good(stage):
    stage.configure("""
        [service:web]
        requires = db
        [service:db]
        restart_delay = 1ms
        restart_limit = 1
    """).start()
    stage.wait("start", "web", "db")
    kill(stage, "db")
    stage.wait("start", "db", count=2)
    assert stage.unit("web")["state"] == "running" and stage.acted("web") == ["start"]
    kill(stage, "db")
    stage.wait_unit("web", state="waiting", goal="up")
    # To start what failed is to begin again, for those above it as well.
    stage.well("Start", "db")
    stage.wait_unit("web", state="running", run=2)


def test_the_failed_rerun_of_a_job_stops_nobody(stage):
    """But who is to start then has to wait for it."""
    stage.configure("""
        [service:web]
        requires = migrate
        [service:app]
        requires = web
        [job:migrate]
        act = after=gate
    """).start()
    stage.wait("start", "migrate")
    stage.open_gate("migrate")
    stage.wait_unit("app", state="running")
    with stage.connect() as client:
        client.send("Start", {"units": ["migrate"]})
        stage.wait("start", "migrate", count=2)
        stage.open_gate("migrate", code=1)
        client.receive()
    stage.wait_unit("migrate", state="failed", run=2)
    assert stage.states() == {"web": "running", "app": "running", "migrate": "failed"}
    assert stage.acted("web") == stage.acted("app") == ["start"]
    stage.well("Stop", "web")
    result = stage.results("Start", "web")["web"]
    assert not result["ok"] and "migrate" in result["message"], result
    stage.open_gate("migrate")
    stage.well("Start", "migrate")
    stage.wait_unit("web", state="running", run=2)


@pytest.mark.parametrize("goal, state", [("up", "running"), ("down", "stopped")])
def test_reset_failed_starts_what_is_to_be_up(stage, goal, state):
    """Wanted, or required by one that is."""
    stage.configure("""
        [service:web]
        requires = db
        autostart = no
        [service:db]
        restart = never
        autostart = no
    """).start()
    stage.well("Start", "web")
    kill(stage, "db")
    stage.wait_unit("db", state="failed")
    stage.wait_unit("web", state="waiting")
    if goal == "down":
        stage.well("Stop", "web")
    stage.wait_unit("db", state="failed", goal=goal)
    stage.well("ResetFailed", "db")
    db = stage.wait_unit("db", state=state, restarts=0)
    assert db["run"] == (2 if goal == "up" else 1)
    stage.wait_unit("web", state=state)


def test_a_stop_of_what_failed_stops_who_waits_for_it(stage):
    stage.configure("""
        [service:web]
        requires = db
        [service:db]
        restart = never
    """).start()
    stage.wait("start", "web", "db")
    kill(stage, "db")
    stage.wait_unit("web", state="waiting")
    results = stage.well("Stop", "db")
    assert {name: r["along_with"] for name, r in results.items()} == {"db": None, "web": "db"}
    assert not stage.unit("web")["wanted"] and stage.unit("web")["state"] == "stopped"
