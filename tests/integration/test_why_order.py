"""What `reevectl why` says of units that others brought up and down, against a real reeved: the
same as its records and events. The sentences one by one are in tests/unit/test_reevectl_cause.c."""
import os
import re

import pytest
from cli import ctl

ME = rf"(\w+ \()?uid {os.geteuid()}, pid {{}}\)?"

UNITS = """
    [service:db]
    command = sleep 1000
    [service:app]
    command = sleep 1000
    instances = 2
    requires = db migrate
    [service:web]
    command = sleep 1000
    requires = app
    [service:late]
    command = sleep 1000
    [service:bad]
    command = sh -c 'exit 1'
    restart = never
    autostart = no
    on_failed = start:notify
    [service:notify]
    command = sleep 1000
    autostart = no
    [job:migrate]
    command = true
    requires = db
"""


@pytest.fixture
def units(reeve):
    reeve.configure(UNITS)
    reeve.start()
    for name in ("web", "late"):
        reeve.wait_unit(name, state="running")
    reeve.wait_unit("migrate", state="completed")
    return reeve


def told(reeve, verb, *args):
    result = ctl("--socket", reeve.socket_path, verb, *args)
    assert result.stderr == ""
    return result.stdout


def reason(reeve, name):
    return told(reeve, "why", name).splitlines()[0]


def test_what_brought_it_up_is_the_start_and_not_the_stop_before(units):
    told(units, "stop", "db")
    told(units, "start", "web")
    assert reason(units, "app@1").endswith("): web requires it")
    told(units, "stop", "web")
    told(units, "start", "web")
    assert reason(units, "app@1").endswith("): web requires it")


def test_what_brought_it_down_is_the_last_stop(units):
    told(units, "stop", "app")
    told(units, "start", "web")
    told(units, "stop", "web")
    last = units.wait_unit("app@1", state="stopped", run=2)["last_exit"]
    assert last["requested_by"] == "dependency" and last["requester"]["unit"] == "web"
    assert re.search(": stopped along with web, for whose sake it was up: " +
                     ME.format(last["requester"]["pid"]) + " asked for that$",
                     reason(units, "app@1"))


def test_a_reset_of_no_failure_stops_nothing(units):
    told(units, "stop", "late")
    told(units, "reset-failed", "late")
    assert re.search(": " + ME.format(r"\d+") + " asked for it$", reason(units, "late"))


def test_who_was_started_by_a_failure(units):
    ctl("--socket", units.socket_path, "start", "bad")
    units.wait_unit("notify", state="running")
    assert reason(units, "notify").endswith("): bad failed and starts it (on_failed)")


def test_a_restart_takes_along_what_follows(reeve):
    reeve.configure("""
        [service:db]
        command = sleep 1000
        [service:web]
        command = sleep 1000
        requires = db
        on_dependency_restart = restart
    """)
    reeve.start()
    reeve.wait_unit("web", state="running")
    told(reeve, "restart", "db")
    reeve.wait_unit("web", state="running", run=2)
    pid = reeve.unit("web")["last_exit"]["requester"]["pid"]
    assert re.search(": restarted along with db, which it requires: " + ME.format(pid) +
                     " asked for that$", reason(reeve, "web"))
    assert re.search(": " + ME.format(pid) + " asked for a restart$", reason(reeve, "db"))
    told(reeve, "stop", "db")
    told(reeve, "start", "web")
    assert re.search(": " + ME.format(r"\d+") + " asked for it$", reason(reeve, "web"))
    assert reason(reeve, "db").endswith("): web requires it")


def test_a_stop_names_the_unit_that_the_record_names(units):
    lines = told(units, "stop", "app").splitlines()
    other = units.unit("web")["last_exit"]["requester"]["unit"]
    assert f"web: stopped, along with {other}" in lines


def test_one_advice_for_one_failure(reeve):
    reeve.configure("""
        [service:db]
        command = false
        restart = never
        [service:web]
        command = sleep 1000
        requires = db
    """)
    reeve.start()
    reeve.wait_unit("web", state="waiting")
    reeve.wait_unit("db", state="failed")
    advice = "    to try again: reevectl reset-failed db\n"
    assert told(reeve, "why", "db").endswith(advice) and told(reeve, "why", "web").endswith(advice)
