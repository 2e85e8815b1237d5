"""What the protocol sends, frozen: a change of any shape shows as a difference of golden files
(golden/protocol-*.json; REEVE_GOLDEN=write writes them). What differs from machine to machine and
from run to run is replaced by a word in angle brackets, by the name of the member."""
import contextlib
import json
import os
import re
import signal

import pytest
from conftest import root_required
from daemon import IGNORES_TERM, VarlinkError
from follower import Follower
from peers import NOBODY, connect_as, open_directories
from times import milliseconds

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden")
MEASURED = {"duration_ms", "uptime_ms", "since_ms", "ready_after_ms", "cpu_user_ms",
            "cpu_system_ms", "max_rss_bytes", "took_ms"}
REPLACED = {"version": "version", "epoch": "epoch", "uid": "uid", "oom_kill": "bool or null",
            "tracking": "tracking"}
DURATION = re.compile(r"\b\d+(h|m|s|ms|us)\b( \d+(m|s|ms|us)\b)*")


def normal(value, key, reeve):
    """The value without what cannot be frozen; null and 0 stay themselves where they mean
    something."""
    if isinstance(value, dict):
        return {name: normal(item, name, reeve) for name, item in value.items()}
    if isinstance(value, list):
        return [normal(item, key, reeve) for item in value]
    if key in REPLACED:
        return f"<{REPLACED[key]}>"
    if value is None or isinstance(value, bool):
        return value
    if key == "pid":
        return "<pid>"
    if key in MEASURED:
        assert value >= 0
        return "<number>"
    if isinstance(value, str):
        if key.endswith("_at") or key in ("at", "last_success", "last_failure"):
            milliseconds(value)
            return "<time>"
        value = value.replace(str(reeve.directory), "<directory>")
        value = value.replace(f"uid {os.geteuid()}", "uid <uid>")
        if key == "message":
            value = DURATION.sub("<duration>", value)
    return value


def check_golden(reeve, name, what):
    text = json.dumps(normal(what, "", reeve), indent=2, ensure_ascii=False) + "\n"
    path = os.path.join(GOLDEN, f"protocol-{name}.json")
    if os.environ.get("REEVE_GOLDEN") == "write":
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    with open(path, encoding="utf-8") as file:
        assert text.splitlines() == file.read().splitlines()


UNITS = f"""
    [service:web]
    command = sleep 1000
    description = The site
    tags = front public
    environment = PORT=8080 API_TOKEN=hidden
    [service:deaf]
    command = {IGNORES_TERM}
    stop_timeout = 200ms
    [service:crasher]
    command = sh -c 'exit 3'
    restart_delay = 60s
    restart_jitter = 0%
    autostart = no
    [service:nope]
    command = /no/such/program
    restart = never
    autostart = no
    [service:off]
    command = true
    enabled = no
    [job:migrate]
    command = true
    retries = 2
    [job:killed]
    command = sleep 1000
"""


@pytest.fixture(name="site")
def fixture_site(reeve):
    reeve.configure(UNITS).start()
    reeve.wait_line("^deaf$")
    reeve.wait_unit("web", state="running")
    with Follower(reeve) as follower:
        follower.until(lambda e: e["type"] == "session.ready")
    return reeve


def ended(reeve, name):
    """Ends a unit and waits for the record of that."""
    return reeve.wait_for(lambda: reeve.last_exit(name), what=f"the end of {name}")


def act(reeve, *names):
    """One after the other, so that the events have one order."""
    for name in names:
        {"web": lambda: reeve.call("Stop", units=["web"]),
         "deaf": lambda: reeve.call("Stop", units=["deaf"]),
         "crasher": lambda: (reeve.call("Start", units=["crasher"]),
                             reeve.wait_unit("crasher", state="backoff")),
         "nope": lambda: (reeve.call("Start", units=["nope"]),
                          reeve.wait_unit("nope", state="failed")),
         "migrate": lambda: (reeve.call("Start", units=["migrate"]),
                             reeve.wait_unit("migrate", state="completed")),
         "killed": lambda: (reeve.call("Start", units=["killed"], wait=False),
                            reeve.wait_unit("killed", state="running"),
                            reeve.call("Signal", units=["killed"], signal="KILL"),
                            reeve.wait_unit("killed", state="failed"))}[name]()


def test_exit_records(site):
    act(site, "web", "deaf", "crasher", "nope", "migrate", "killed")
    records = {name: ended(site, name)
               for name in ("web", "deaf", "crasher", "nope", "migrate", "killed")}
    assert {r["reason"] for r in records.values()} == {
        "signal", "forced_kill", "runtime_error", "start_failed", "natural"}
    check_golden(site, "exit-records", records)


def test_looking(site):
    act(site, "deaf", "crasher", "nope", "migrate")
    check_golden(site, "health", site.health())
    check_golden(site, "health-limit", site.health(limit=1))
    check_golden(site, "list", site.call("List"))
    check_golden(site, "show-service", site.call("Show", unit="web"))
    check_golden(site, "show-job", site.call("Show", unit="migrate"))
    check_golden(site, "check", site.call("Check"))


def test_pages(site):
    with site.connect() as client:
        for method in ("Health", "List"):
            client.send(method, {"units": ["web"]}, more=True)
            check_golden(site, f"{method.lower()}-page", client.receive())


def test_info(site):
    check_golden(site, "info", site.call("org.varlink.service.GetInfo"))


def test_operations(site):
    for method, name in (("Stop", "web"), ("Start", "web"), ("Restart", "web"), ("Wait", "web"),
                         ("Start", "off"), ("Start", "nope"), ("Start", "crasher")):
        check_golden(site, f"{method.lower()}-{name}", site.call(method, units=[name]))
    check_golden(site, "wait-idle", site.call("Wait", units=["migrate"]))
    check_golden(site, "wait-timeout",
                 site.call("Wait", units=["web"], until="stopped", timeout_ms=10))
    check_golden(site, "signal", site.call("Signal", units=["web", "off"], signal="CONT"))
    reset = site.call("ResetFailed")
    # Whether it has its process already in the moment of the answer is a matter of time.
    assert reset["results"][0]["state"] == "starting"
    reset["results"][0]["pid"] = None
    check_golden(site, "reset-failed", reset)
    check_golden(site, "shutdown", site.call("Shutdown"))


def test_a_stream_of_a_stop(site):
    with site.connect() as client:
        client.send("Stop", {"units": ["deaf"]}, more=True)
        found = [client.receive()]
        while found[-1].get("continues"):
            found.append(client.receive())
    # How many there are is a matter of time; the first and the last are not.
    check_golden(site, "stop-stream", [found[0], found[-1]])


def test_events(site):
    """One of each type and kind."""
    act(site, "web", "deaf", "crasher", "nope", "migrate", "killed")
    site.call("ResetFailed", units=["nope"])
    site.wait_unit("nope", state="failed", run=2)
    with Follower(site) as follower:
        follower.until_seq(site.call("Events", last=0)["seq"])
        site.send_signal(signal.SIGTERM)
        follower.to_the_end()
    found = {}
    for e in follower.events:
        key = " ".join(filter(None, (
            e["type"], e["request"],
            e["state"] and f"{e['previous']}>{e['state']}", e["requested_by"])))
        # Which unit came first is a matter of luck.
        found.setdefault(key, {**e, "seq": "<seq>", "unit": e["unit"] and "<unit>",
                               "run": e["run"] and "<run>",
                               "exit": e["exit"] and "<exit record>"})
    assert len({e["type"] for e in found.values()}) == 7, "all but unit.unkillable"
    check_golden(site, "events", dict(sorted(found.items())))
    site.wait_exit()


def test_replies_of_events(site):
    with site.connect() as client:
        client.send("Events", {"last": 1, "types": ["session.ready"]}, more=True)
        reply = client.receive()
    reply["parameters"]["seq"] = reply["parameters"]["events"][0]["seq"] = "<seq>"
    check_golden(site, "events-reply", reply)
    reply = site.call("Events", since=3, epoch="of another life", types=["session.stopped"])
    check_golden(site, "events-of-another-life", {**reply, "seq": "<seq>"})


# ---- order ---------------------------------------------------------------------------------------
ORDER = """
    [service:db]
    command = sleep 1000
    on_failed = start:mail
    [job:migrate]
    command = sleep 1000
    success_exit = TERM
    autostart = yes
    [service:web]
    command = sleep 1000
    instances = 2
    requires = db:started migrate
    wants = db:ready
    on_dependency_restart = restart
    [service:mail]
    command = sh -c 'exit 3'
    restart = never
    autostart = no
    [service:news]
    command = sleep 1000
    requires = mail
    before = web
    autostart = no
"""


def test_order(reeve):
    reeve.configure(ORDER).start()
    for name in ("db", "migrate"):
        reeve.wait_unit(name, state="running")
    check_golden(reeve, "wait-for-others",
                 reeve.call("Wait", units=["web"], until="ready", timeout_ms=10))
    reeve.call("Start", units=["mail"])
    reeve.wait_unit("mail", state="failed")
    check_golden(reeve, "start-stuck", reeve.call("Start", units=["news"]))
    with Follower(reeve, units=["news"]) as follower:
        waiting = follower.until(lambda e: e["state"] == "waiting")
    check_golden(reeve, "event-waiting", {**waiting, "seq": "<seq>"})
    check_golden(reeve, "graph", reeve.call("Graph", units=["web"]))
    check_golden(reeve, "show-instance", reeve.call("Show", unit="web@2"))
    check_golden(reeve, "show-depended-on", reeve.call("Show", unit="db"))
    reeve.call("Signal", units=["migrate"], signal="TERM")
    reeve.call("Wait", units=["web"])
    check_golden(reeve, "restart-along", reeve.call("Restart", units=["db"]))
    check_golden(reeve, "stop-along", reeve.call("Stop", units=["db"]))
    check_golden(reeve, "exit-along", reeve.last_exit("web@1"))
    with reeve.connect() as client:
        check_golden(reeve, "errors-instances", [error_of(client, "Show", unit="web"),
                                                 error_of(client, "Stop", units=["web@3"])])


# ---- health --------------------------------------------------------------------------------------
HEALTH = """
    [service:db]
    command = sleep 1000
    ready = exec:true
    health = exec:false
    health_interval = 1h
    health_retries = 1
    [service:web]
    command = sleep 1000
    requires = db:healthy
    wants = db:ready
    [service:slow]
    command = sleep 1000
    ready = tcp:127.0.0.1:1
    ready_timeout = 1s
    restart = never
"""


def test_health(reeve):
    reeve.configure(HEALTH).start()
    with Follower(reeve) as follower:
        became = follower.until(lambda e: e["type"] == "unit.health")
    reeve.wait_unit("slow", state="failed")
    check_golden(reeve, "event-health", {**became, "seq": "<seq>"})
    check_golden(reeve, "health-probed", reeve.health(units=["db"]))
    check_golden(reeve, "show-probed", reeve.call("Show", unit="db"))
    check_golden(reeve, "graph-healthy", reeve.call("Graph", units=["web"]))
    check_golden(reeve, "wait-healthy",
                 reeve.call("Wait", units=["db", "web", "slow"], until="healthy", timeout_ms=10))
    check_golden(reeve, "exit-not-ready", reeve.last_exit("slow"))


# ---- errors --------------------------------------------------------------------------------------
def error_of(client, method, **parameters):
    with pytest.raises(VarlinkError) as caught:
        client.call(method, **parameters)
    return {"error": caught.value.name, "parameters": caught.value.parameters}


def test_commands_of_a_unit(reeve):
    """Each is one, as written, and its secrets are not told."""
    reeve.configure("""
        [service:web]
        command = sleep 1000
        autostart = no
        pre_start =
            mkdir -p /run/web
            # with a key of its own
            load --token=hidden https://me:hidden@example.org/${REEVE_UNIT}
        post_stop = logger 'web has ended'
        stop_command = web -s quit
            sleep 1
        reload_command = web -s reload
        hook_timeout = 2500ms
    """).start()
    shown = reeve.call("Show", unit="web")
    assert "hidden" not in json.dumps(shown)
    check_golden(reeve, "show-commands", shown)


def test_errors(site):
    with site.connect() as client:
        found = {
            "NoSuchUnit": error_of(client, "Show", unit="wbe"),
            "NoSuchUnit, a pattern": error_of(client, "Stop", units=["x*"]),
            "TooLarge": error_of(client, "List", units=["*"] * 33),
            "InvalidParameter": error_of(client, "Health", limit="x"),
            "MethodNotFound": error_of(client, "Nope"),
            "InterfaceNotFound": error_of(client, "io.reeve.Nope.Health"),
        }
        client.send_bytes(b"{]\0")
        found["MalformedMessage"] = client.receive()
        client.send_bytes(b"x" * ((1 << 20) + 1) + b"\0")
        found["TooLarge, a message"] = client.receive()
        client.send("Stop", {"units": ["deaf"]})
        site.wait_unit("deaf", state="stopping")
        site.call("Shutdown")
        with site.connect() as late:
            found["ShuttingDown"] = error_of(late, "Start", units=["web"])
    check_golden(site, "errors", found)


def test_a_full_house(site):
    site.disconnect()
    with contextlib.ExitStack() as stack:
        # One after the other, as the queue of the socket is short.
        for _ in range(256):
            stack.enter_context(site.connect()).call("Health", limit=0)
        with site.connect() as late:
            reply = late.receive()
            assert late.receive() is None
    check_golden(site, "error-too-many-clients", reply)


@root_required
def test_a_refusal(reeve):
    open_directories(reeve)
    reeve.configure("[service:web]\ncommand = sleep 1000\n", socket_mode="0666",
                    socket_group="daemon").start()
    with connect_as(reeve, NOBODY) as client:
        found = {method: error_of(client, method) for method in ("Start", "Shutdown")}
    check_golden(reeve, "errors-not-permitted", found)
