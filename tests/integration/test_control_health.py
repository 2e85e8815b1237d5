"""Health and readiness as clients see them: the protocol and the verbs of reevectl, with a reeved
that looks at its units. How it looks is tested elsewhere."""
import json
import sys

import pytest
from daemon import VarlinkError
from follower import Follower
from times import milliseconds

SECRET = "xyzzy"
# Looked at as often as may be; well while there is a file of that name.
SITE = """
    [service:db]
    command = sleep 1000
    health = exec:env DB_PASSWORD={secret} test -e {well}
    health_interval = 100ms
    health_retries = 2
    [service:web]
    command = sleep 1000
    requires = db:healthy
    [service:plain]
    command = sleep 1000
"""
LOOK = "exec:env DB_PASSWORD=*** test -e {well}"


class Site:
    def __init__(self, reeve):
        self.reeve = reeve
        self.well = reeve.directory / "well"
        self.look = LOOK.format(well=self.well)
        self.error = f"{self.look}: exit code 1"

    def start(self):
        self.reeve.configure(SITE.format(secret=SECRET, well=self.well)).start()
        return self

    def heal(self):
        self.well.touch()
        self.reeve.wait_unit("db", health="healthy")

    def fall_ill(self):
        self.well.unlink()
        self.reeve.wait_unit("db", health="unhealthy")


@pytest.fixture(name="site")
def fixture_site(reeve):
    return Site(reeve).start()


def results(reply):
    return {r["unit"]: (r["ok"], r["message"]) for r in reply["results"]}


def test_what_probes_find_is_told(site):
    reeve = site.reeve
    ill = reeve.wait_unit("db", health="unhealthy")
    assert ill["state"] == "running" and ill["ready"]
    assert ill["last_success"] is None and ill["last_error"] == site.error
    assert ill["consecutive_failures"] >= 2 and milliseconds(ill["last_failure"])
    site.heal()
    well = reeve.unit("db")
    assert well["consecutive_failures"] == 0
    assert milliseconds(well["last_success"]) > milliseconds(well["last_failure"])
    assert well["last_error"] == site.error  # what it was, when it last was
    plain = reeve.unit("plain")
    assert (plain["health"], plain["last_success"], plain["consecutive_failures"]) == (None, None, 0)
    reeve.wait_unit("web", state="running")
    reeve.wait_for(lambda: reeve.call("Health")["status"] == "healthy", what="health of the whole")
    site.fall_ill()
    assert reeve.call("Health")["status"] == "degraded"


def test_the_last_probes_are_shown_newest_first(site):
    site.reeve.wait_unit("db", health="unhealthy")
    site.heal()
    shown = site.reeve.show("db")
    probes = shown["probes"]
    assert 3 <= len(probes) <= 8
    assert probes[0]["ok"] and probes[0]["message"] == ""
    assert {p["message"] for p in probes if not p["ok"]} == {site.error}
    times = [milliseconds(p["at"]) for p in probes]
    assert times == sorted(times, reverse=True)
    assert all(0 <= p["took_ms"] < 5000 for p in probes)
    effective = shown["effective"]
    assert effective["health"] == site.look
    assert (effective["health_interval_ms"], effective["health_retries"]) == (100, 2)
    assert site.reeve.show("plain")["probes"] == []


def test_no_secret_of_a_probe_is_told(site):
    reeve = site.reeve
    reeve.wait_unit("db", health="unhealthy")
    told = [reeve.call("Health"), reeve.call("List"), reeve.call("Show", unit="db"),
            reeve.call("Events"), reeve.call("Wait", units=["db"], until="healthy", timeout_ms=0)]
    assert SECRET not in json.dumps(told)
    assert json.dumps(told).count("DB_PASSWORD=***") > 4
    for verb in (["status", "db"], ["why", "db"], ["show", "db"], ["cat", "db"], ["events"],
                 ["errors"], ["list"]):
        assert SECRET not in reeve.ctl(*verb).stdout, verb


def test_changes_are_events(site):
    with Follower(site.reeve, types=["unit.health"]) as follower:
        ill = follower.until(lambda e: e["health"] == "unhealthy")
        assert (ill["unit"], ill["run"], ill["error"]) == ("db", 1, site.error)
        site.heal()
        well = follower.until(lambda e: e["health"] == "healthy")
        assert (well["unit"], well["error"]) == ("db", None)
    assert [e["health"] for e in follower.events] == ["unhealthy", "healthy"]  # not at each look


def test_who_waits_for_health_is_told_so(site):
    reeve = site.reeve
    waiting = reeve.wait_unit("web", state="waiting")["waiting"]
    assert (waiting["unit"], waiting["until"], waiting["failed"]) == ("db", "healthy", False)
    dependency, = reeve.show("web")["dependencies"]
    assert (dependency["conditions"], dependency["met"]) == (["healthy"], False)
    reply = reeve.call("Start", units=["web"], timeout_ms=10)
    assert results(reply)["web"] == (False, "still waiting after 10ms, for db to be healthy")
    site.heal()
    reeve.wait_unit("web", state="running")
    assert reeve.show("web")["dependencies"][0]["met"]
    site.fall_ill()  # gates the start only
    assert reeve.unit("web")["state"] == "running"


def test_waiting_for_healthy(site):
    reeve = site.reeve
    reeve.wait_unit("db", health="unhealthy")
    assert results(reeve.call("Wait", units=["db", "plain"], until="healthy", timeout_ms=10)) == {
        "db": (False, f"still running after 10ms, not healthy: {site.error}"),
        "plain": (False, "it has no health key, so nobody knows whether it is healthy; wait until "
                         "it is ready")}
    with reeve.connect() as client:
        client.send("Wait", {"units": ["db"], "until": "healthy"})
        site.well.touch()
        assert results(client.receive()["parameters"]) == {"db": (True, "")}
    assert reeve.unit("db")["health"] == "healthy"
    with pytest.raises(VarlinkError):
        reeve.call("Wait", units=["db"], until="unhealthy")


def test_the_verbs_that_wait_and_ask(site):
    reeve = site.reeve
    reeve.wait_unit("db", health="unhealthy")
    late = reeve.ctl("wait", "--for", "healthy", "--timeout", "10ms", "db")
    assert late.returncode == 1 and f"not healthy: {site.error}" in late.stderr
    asked = reeve.ctl("is-healthy", "db", "plain")
    assert (asked.returncode, asked.stdout) == (1, "unhealthy\nhealthy\n")
    site.well.touch()
    assert reeve.ctl("wait", "--for", "healthy", "db").returncode == 0
    asked = reeve.ctl("is-healthy", "db", "plain")
    assert (asked.returncode, asked.stdout) == (0, "healthy\nhealthy\n")


def test_the_verbs_that_explain(site):
    reeve = site.reeve
    reeve.wait_unit("db", health="unhealthy")
    why = " ".join(reeve.ctl("why", "db").stdout.split())
    assert ": unhealthy since " in why and f": {site.error} (" in why
    assert "health_action = none, so it is left running" in why
    why = " ".join(reeve.ctl("why", "web").stdout.split())
    assert "for db to be healthy; db has been running for " in why
    assert f", not healthy: {site.error}" in why
    status = reeve.ctl("status", "db").stdout
    assert f"     Health: unhealthy: {site.error} (" in status
    assert "  PROBED " in status and status.rstrip().endswith("  exit code 1")
    assert f"unhealthy: {site.error}" in reeve.ctl("list").stdout
    assert "(1 unhealthy)" in reeve.ctl("health").stdout
    assert f"unhealthy: {site.error} (" in reeve.ctl("errors").stdout
    assert f"unhealthy: {site.error}\n" in reeve.ctl("events").stdout


def test_a_health_that_is_not_known_is_not_good_enough(reeve):
    reeve.configure("""
        [service:new]
        command = sleep 1000
        health = exec:sleep 1000
        health_timeout = 1h
    """).start()
    reeve.wait_unit("new", state="running")
    assert reeve.unit("new")["health"] is None
    asked = reeve.ctl("is-healthy", "new")
    assert (asked.returncode, asked.stdout) == (1, "unknown\n")
    told = json.loads(reeve.ctl("is-healthy", "--json", "new").stdout)["units"]
    listed = reeve.call("List")["units"]
    assert [set(u) for u in told] == [set(u) for u in listed]
    assert "its health is not known yet" in reeve.ctl("why", "new").stdout


def test_who_is_ended_for_its_health_says_so(reeve):
    reeve.configure("""
        [service:ill]
        command = sleep 1000
        health = exec:false
        health_interval = 100ms
        health_retries = 1
        health_action = restart
        restart = never
        restart_delay = 1h
    """).start()
    ill = reeve.wait_unit("ill", state="backoff")
    assert ill["last_exit"]["requested_by"] == "health"
    assert (ill["health"], ill["last_error"]) == (None, "exec:false: exit code 1")
    why = " ".join(reeve.ctl("why", "ill").stdout.split())
    assert ": its health check failed (exec:false: exit code 1): ended by SIGTERM" in why
    assert "SIGTERM (unhealthy), " in reeve.ctl("list").stdout
    assert "its health check failed (exec:false: exit code 1)" in reeve.ctl("errors").stdout
    assert "stopping, not healthy\n" in reeve.ctl("events").stdout


def test_not_ready_in_time_says_what_the_last_look_found(reeve):
    reeve.configure("""
        [service:db]
        command = sleep 1000
        ready = exec:sh -c 'exit 7'
        ready_timeout = 300ms
        ready_interval = 10ms
        restart = never
        autostart = no
    """).start()
    found = "not ready within 300ms (exec:sh -c 'exit 7': exit code 7)"
    (ok, message), = results(reeve.call("Start", units=["db"])).values()
    assert not ok and message.startswith(f"start_failed: {found}")
    record = reeve.last_exit("db")
    assert record["error"] == {"stage": "ready", "errno": "ETIMEDOUT", "message": found}
    why = " ".join(reeve.ctl("why", "db").stdout.split())
    assert f"start failed: {found}" in why


NOTIFIER = """
import os, socket, sys, time
to = os.environ["NOTIFY_SOCKET"]
if to.startswith("@"):
    to = "\\0" + to[1:]
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
for message in sys.argv[1:]:
    s.sendto(message.encode(), to)
time.sleep(1000)
"""


def test_what_a_unit_tells_about_itself_is_told(reeve, tmp_path):
    program = tmp_path / "notifier.py"
    program.write_text(NOTIFIER)
    reeve.configure(f"""
        [service:slow]
        command = {sys.executable} {program} "STATUS=Loading, 40%" FDSTORE=1 FDSTORE=1 ERRNO=5
        ready = notify
        [service:plain]
        command = sleep 1000
    """).start()
    told = reeve.wait_for(lambda: (reeve.show("slow")["told"] or {}).get("errno") and
                          reeve.show("slow")["told"], what="all that it tells")
    assert told == {"status": "Loading, 40%", "errno": "EIO", "reloading": False,
                    "stopping": False}
    assert reeve.show("plain")["told"] is None
    why = " ".join(reeve.ctl("why", "slow").stdout.split())
    assert "ready = notify, ready_timeout = 30s; it says: Loading, 40%; error EIO" in why
    assert "    It says: Loading, 40%; error EIO\n" in reeve.ctl("status", "slow").stdout
    refused, = reeve.call("Events", types=["unit.refused"])["events"]  # once a run
    assert (refused["unit"], refused["run"], refused["error"]) == (
        "slow", 1, "FDSTORE: reeve keeps no descriptors for units")
    assert "notification refused: FDSTORE" in reeve.ctl("events").stdout
