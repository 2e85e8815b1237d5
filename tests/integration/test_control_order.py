"""Order as clients of io.reeve.Manager meet it: results of units taken along, answers that say what
is waited for, names of instances, and Graph."""
import time

import pytest
from daemon import IGNORES_TERM, VarlinkError
from test_control_methods import moves_of, results_of, stream


def results(reeve, method, *units, **parameters):
    return {r["unit"]: r for r in reeve.call(method, units=list(units), **parameters)["results"]}


def along(found):
    """Who was taken along with whom; None: asked for."""
    return {name: result["along_with"] for name, result in found.items()}


SITE = f"""
    [service:db]
    command = sleep 1000
    [service:app]
    command = {IGNORES_TERM}
    stop_timeout = 300ms
    requires = db
    on_dependency_restart = restart
    [service:web]
    command = sleep 1000
    requires = app
    [service:other]
    command = sleep 1000
    wants = db
"""


@pytest.fixture(name="site")
def fixture_site(reeve):
    reeve.configure(SITE).start()
    reeve.wait_line("^deaf$")
    for name in ("db", "app", "web", "other"):
        reeve.wait_unit(name, state="running")
    return reeve


# ---- what is taken along -------------------------------------------------------------------------
def test_a_stop_has_results_of_what_it_took_along(site):
    found = results(site, "Stop", "db")
    assert along(found) == {"db": None, "app": "db", "web": "db"}
    assert all(r["ok"] and r["state"] == "stopped" and not r["message"] for r in found.values())
    assert site.unit("other")["state"] == "running"
    for name in ("app", "web"):
        last = site.last_exit(name)
        assert last["requested_by"] == "dependency"
        assert last["requester"]["unit"] == "db" and last["requester"]["uid"] is not None
    assert site.last_exit("db")["requested_by"] == "user"
    assert site.last_exit("db")["requester"]["unit"] is None


def test_a_stop_has_results_of_what_is_not_needed_then(reeve):
    reeve.configure(f"""
        [service:db]
        command = {IGNORES_TERM}
        stop_timeout = 300ms
        autostart = no
        [service:app]
        command = sleep 1000
        requires = db
        autostart = no
        [service:web]
        command = sleep 1000
        requires = app
        [job:broken]
        command = false
        requires = db
        autostart = no
    """).start()
    reeve.wait_unit("web", state="running")
    assert not results(reeve, "Start", "broken")["broken"]["message"]
    reeve.wait_unit("broken", state="failed")
    found = results(reeve, "Stop", "app")
    assert along(found) == {"app": None, "web": "app"}, "db is needed by the job"
    found = results(reeve, "Stop", "broken")
    assert {name: (r["along_with"], r["because"], r["state"]) for name, r in found.items()} == {
        "broken": (None, None, "failed"), "db": ("broken", "not_needed", "stopped")}
    assert results(reeve, "Start", "web")["web"]["ok"]
    found = results(reeve, "Stop", "app")
    assert {name: (r["along_with"], r["because"]) for name, r in found.items()} == {
        "app": (None, None), "web": ("app", "requires_it"), "db": ("app", "not_needed")}
    assert {r["state"] for r in found.values()} == {"stopped"}
    last = reeve.last_exit("db")
    assert (last["requested_by"], last["requester"]["unit"]) == ("dependency", "app")
    assert results(reeve, "Start", "web")["web"]["ok"]
    done = reeve.ctl("stop", "app")
    assert done.stdout == (
        "db: stopped, not needed without app\napp: stopped\nweb: stopped, along with app\n")


def test_a_stop_does_not_wait_for_what_is_needed_again(reeve):
    reeve.configure(f"""
        [service:db]
        command = sleep 1000
        autostart = no
        [service:web]
        command = {IGNORES_TERM}
        stop_timeout = 600ms
        requires = db
    """).start()
    reeve.wait_line("^deaf$")
    pid = reeve.unit("db")["pid"]
    with reeve.connect() as client:
        client.send("Stop", {"units": ["web"]})
        reeve.wait_unit("web", state="stopping")
        assert results(reeve, "Start", "db")["db"]["ok"]
        found = {r["unit"]: r for r in client.receive()["parameters"]["results"]}
    assert found["db"]["ok"] and found["db"]["state"] == "running"
    assert reeve.unit("db")["pid"] == pid


def test_what_is_asked_for_is_not_taken_along(site):
    assert along(results(site, "Stop", "web", "app")) == {"app": None, "web": None}
    # What is down is not taken along.
    assert along(results(site, "Stop", "db")) == {"db": None}
    assert along(results(site, "Start", "web")) == {"web": None}
    assert along(results(site, "Stop", "*")) == dict.fromkeys(("db", "app", "web", "other"))


def test_a_stop_tells_on_the_way_what_it_waits_for(site):
    with site.connect() as client:
        client.send("Stop", {"units": ["db"]}, more=True)
        site.wait_unit("app", state="stopping")
        db = site.unit("db")
        assert (db["state"], db["goal"]) == ("running", "down")
        assert db["waiting"] == {"unit": "app", "until": "stopped", "failed": False, "cause": None, "cause_state": None,
                                 "others": 0}
        late = results(site, "Stop", "db", timeout_ms=0)["db"]
        assert late["message"] == "still running after 0s, waiting for app to stop"
        replies = []
        while not replies or replies[-1].get("continues"):
            replies.append(client.receive())
    replies = [reply["parameters"] for reply in replies]
    assert {name: r["ok"] for name, r in results_of(replies).items()} == dict.fromkeys(
        ("db", "app", "web"), True)
    assert "stopping" in moves_of(replies, "app")
    decided = [r["unit"] for reply in replies for r in reply["results"]]
    assert decided == ["web", "app", "db"], "in reverse order"


def test_a_restart_has_results_of_what_follows(site):
    before = {name: site.unit(name)["pid"] for name in ("db", "app", "web", "other")}
    found = results(site, "Restart", "db")
    assert along(found) == {"db": None, "app": "db"}
    for name, result in found.items():
        assert result["ok"] and result["state"] == "running" and result["run"] == 2
        assert result["pid"] not in (None, before[name])
    for name in ("web", "other"):
        assert site.unit(name)["pid"] == before[name]


def test_a_restart_does_not_wait_for_who_was_left_behind(reeve):
    """The follower starts when db is back, which may be never; the answer comes now."""
    program = reeve.directory / "program"
    program.symlink_to("/bin/sleep")
    reeve.configure(f"""
        [service:db]
        command = {program} 1000
        restart_delay = 60s
        [service:app]
        command = sleep 1000
        requires = db
        on_dependency_restart = restart
    """).start()
    reeve.wait_unit("app", state="running")
    program.unlink()
    found = results(reeve, "Restart", "db")
    assert not found["db"]["ok"] and found["db"]["message"].startswith("start_failed: exec ")
    assert found["app"] == {
        "unit": "app", "along_with": "db", "because": "requires_it", "ok": False, "state": "waiting", "pid": None, "run": 1,
        "message": "db did not come back; still waiting, for db to be ready"}


def test_without_waiting_all_are_told_at_once(site):
    found = results(site, "Stop", "db", wait=False)
    assert along(found) == {"db": None, "app": "db", "web": "db"}
    assert all(r["ok"] for r in found.values())
    assert found["app"]["state"] != "stopped"
    site.wait_unit("db", state="stopped")


# ---- what is stuck -------------------------------------------------------------------------------
STUCK = """
    [service:db]
    command = sh -c 'exit 3'
    restart = never
    [service:app]
    command = sleep 1000
    requires = db
    [service:web]
    command = sleep 1000
    requires = app
    autostart = no
"""
WHY = ("ended with exit code 3; 'reevectl reset-failed db' lets it try again; "
       "{} starts then, unless stopped")


def test_a_start_of_what_is_stuck_returns_at_once_with_the_reason(reeve):
    reeve.configure(STUCK).start()
    reeve.wait_unit("db", state="failed")
    found = results(reeve, "Start", "web", "app")
    assert not found["app"]["ok"] and not found["web"]["ok"]
    assert found["app"]["message"] == "db has failed: " + WHY.format("app")
    assert found["web"]["message"] == (
        "app waits for db, which has failed: " + WHY.format("web"))
    assert {r["state"] for r in found.values()} == {"waiting"}
    assert reeve.unit("web")["waiting"] == {
        "unit": "app", "until": "ready", "failed": True, "cause": "db", "cause_state": "failed", "others": 0}
    assert results(reeve, "Wait", "web")["web"]["message"].startswith("app waits for db, which has")
    assert reeve.unit("db")["run"] == 1, "it is not started again"
    assert results(reeve, "ResetFailed", "db")["db"]["ok"]
    reeve.wait_unit("db", state="failed", run=2)


def test_a_start_that_becomes_stuck_is_told_why(reeve):
    # Nothing starts by itself, and app waits for db's end.
    text = STUCK.replace("restart = never", "restart = never\n    autostart = no")
    text = text.replace("requires = db", "requires = db:completed\n    autostart = no")
    reeve.configure(text.replace("'exit 3'", "'sleep 0.3; exit 3'")).start()
    with reeve.connect() as client:
        replies = stream(client, "Start", {"units": ["web"]})
    assert results_of(replies)["web"]["message"] == (
        "app waits for db, which has failed: " + WHY.format("web"))
    waiting = [move["waiting"] for reply in replies for move in reply["progress"]
               if move["unit"] == "web" and move["state"] == "waiting"]
    assert waiting and waiting[0]["unit"] == "app"


def test_a_timeout_tells_what_is_waited_for(reeve):
    reeve.configure("""
        [job:init]
        command = sleep 1000
        [job:more]
        command = sleep 1000
        [service:web]
        command = sleep 1000
        requires = init more
        autostart = no
    """).start()
    found = results(reeve, "Start", "web", timeout_ms=100)["web"]
    assert (found["ok"], found["state"]) == (False, "waiting")
    assert found["message"] == "still waiting after 100ms, for init to complete and for 1 other"


# ---- instances -----------------------------------------------------------------------------------
INSTANCES = """
    [service:db]
    command = sleep 1000
    [service:web]
    command = sleep 1000
    instances = 3
    requires = db
    autostart = no
"""
WEBS = ["web@1", "web@2", "web@3"]


def test_the_name_of_instances_means_all_of_them(reeve):
    reeve.configure(INSTANCES).start()
    assert list(results(reeve, "Start", "web")) == WEBS
    assert [u["name"] for u in reeve.call("List", units=["web"])["units"]] == WEBS
    assert [u["name"] for u in reeve.health(units=["web", "web@2"])["units"]] == WEBS
    assert [u["name"] for u in reeve.call("Graph", units=["web"])["units"]] == ["db", *WEBS]
    assert {e["unit"] for e in reeve.call("Events", units=["web"])["events"]} == set(WEBS)
    assert along(results(reeve, "Stop", "db")) == {"db": None, **dict.fromkeys(WEBS, "db")}


def test_one_of_the_instances_is_asked_for_by_its_own_name(reeve):
    reeve.configure(INSTANCES).start()
    reeve.wait_unit("db", state="running")
    shown = reeve.show("web@2")
    assert (shown["instance_of"], shown["instance"]) == ("web", 2)
    assert shown["dependencies"] == [
        {"unit": "db", "kind": "requires", "conditions": ["ready"], "met": True}]
    assert [d["unit"] for d in reeve.show("db")["dependents"]] == WEBS
    for name in ("web", "web@4"):
        with pytest.raises(VarlinkError) as caught:
            reeve.call("Show", unit=name)
        assert caught.value.name == "io.reeve.Manager.NoSuchUnit"
        assert caught.value.parameters["message"] == "web has 3 instances: web@1 to web@3."


# ---- Graph ---------------------------------------------------------------------------------------
def test_graph_has_what_the_units_depend_on(site):
    def names(*units):
        return [u["name"] for u in site.call("Graph", units=list(units))["units"]]

    assert names("db") == ["db"]
    assert names("web") == ["db", "app", "web"]
    assert names("other", "app") == ["db", "app", "other"]
    found = {u["name"]: u for u in site.call("Graph")["units"]}
    assert list(found) == ["db", "app", "web", "other"]
    assert found["other"]["dependencies"] == [
        {"unit": "db", "kind": "wants", "conditions": ["ready"], "met": True}]
    results(site, "Stop", "db")
    assert not site.call("Graph", units=["other"])["units"][1]["dependencies"][0]["met"]


def test_a_large_graph_keeps_nobody_waiting(reeve):
    """Ten thousand units, each of which depends on thirty, and one on all."""
    service = "[service:{}]\ncommand = true\nautostart = no"
    text = []
    for i in range(10000):
        text.append(service.format(f"unit-{i}"))
        if i:
            text.append("after = " + " ".join(f"unit-{k}" for k in range(max(0, i - 30), i)))
    text.append(service.format("hub"))
    text.append("requires = " + " ".join(f"unit-{i}" for i in range(10000)))
    reeve.configure("\n".join(text)).start()
    n_units, n_dependencies, longest = 0, 0, 0
    with reeve.connect() as client, reeve.connect() as other:
        client.send("Graph", {"units": ["hub"]}, more=True)
        reply = {"continues": True}
        while reply.get("continues"):
            began = time.monotonic()
            other.call("Health", limit=0)
            longest = max(longest, time.monotonic() - began)
            reply = client.receive()
            n_units += len(reply["parameters"]["units"])
            n_dependencies += sum(len(u["dependencies"]) for u in reply["parameters"]["units"])
    assert (n_units, n_dependencies) == (10001, 30 * 10000 - 465 + 10000)
    assert longest < 0.2, f"{longest * 1000:.0f} ms"
