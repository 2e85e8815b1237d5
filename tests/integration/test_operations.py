"""Waiting, signals, resets, checks, and replies on the way: as the contract's comments say."""
import os
import re
import sys
import textwrap
import threading
import time

import pytest
from conftest import cgroup_required
from daemon import IGNORES_TERM, VarlinkError

INVALID = "org.varlink.service.InvalidParameter"


def result_of(reeve, method, unit, **parameters):
    """The result of an operation on one unit."""
    reply = reeve.call(method, units=[unit], **parameters)
    assert reply.get("progress", []) == []
    (result,) = reply["results"]
    assert result["unit"] == unit and result["ok"] is (result["message"] == "")
    return result


def replies(client, method, **parameters):
    """All replies of one call with `more`, and how long each took to come."""
    client.send(method, parameters, more=True)
    found = []
    while True:
        message = client.receive()
        assert "error" not in message, message
        found.append(message["parameters"])
        if not message.get("continues"):
            return found


# ---- Wait ----------------------------------------------------------------------------------------
@pytest.fixture(name="mixed")
def fixture_mixed(reeve):
    reeve.configure(f"""
        [service:web]
        command = sleep 1000
        [service:deaf]
        command = {IGNORES_TERM}
        stop_timeout = 60s
        [service:spare]
        command = sleep 1000
        autostart = no
        [service:broken]
        command = false
        restart = never
        autostart = no
        [service:tough]
        command = {IGNORES_TERM}
        stop_timeout = 300ms
        [service:off]
        command = true
        enabled = no
        [job:slow]
        command = sh -c 'trap "exit 0" USR1; echo slow >&2; while :; do sleep 0.05; done'
        [job:quick]
        command = true
        [job:long]
        command = sleep 1000
        [job:bad]
        command = sh -c 'exit 4'
    """, shutdown_timeout="1s").start()
    reeve.wait_line("^deaf$", count=2)
    reeve.wait_unit("web", state="running")
    return reeve


def test_wait_for_what_already_is(mixed):
    web = mixed.unit("web")
    for until in ({}, {"until": "ready"}, {"until": None}):
        assert result_of(mixed, "Wait", "web", **until) == {
            "unit": "web", "along_with": None, "because": None, "ok": True, "state": "running", "pid": web["pid"],
            "run": 1, "message": ""}
    assert result_of(mixed, "Wait", "spare", until="stopped")["state"] == "stopped"
    mixed.call("Start", units=["quick"])
    mixed.wait_unit("quick", state="completed")
    for until in ({}, {"until": "completed"}, {"until": "stopped"}):
        assert result_of(mixed, "Wait", "quick", **until)["state"] == "completed"
    mixed.call("Start", units=["broken"])
    mixed.wait_unit("broken", state="failed")
    assert result_of(mixed, "Wait", "broken", until="stopped")["ok"]


def test_wait_until_it_is(mixed):
    with mixed.connect() as ready, mixed.connect() as stopped, mixed.connect() as completed:
        mixed.call("Start", units=["slow"])
        mixed.wait_line("^slow$")
        mixed.call("Restart", units=["tough"], wait=False)
        ready.send("Wait", {"units": ["tough"]})
        stopped.send("Wait", {"units": ["web"], "until": "stopped"})
        completed.send("Wait", {"units": ["slow"]})
        mixed.call("Health")
        (result,) = ready.receive()["parameters"]["results"]
        assert (result["ok"], result["state"], result["run"]) == (True, "running", 2)
        mixed.call("Signal", units=["slow"], signal="USR1")
        assert completed.receive()["parameters"]["results"][0]["state"] == "completed"
        mixed.call("Stop", units=["web"])
        (result,) = stopped.receive()["parameters"]["results"]
        assert (result["ok"], result["state"], result["pid"]) == (True, "stopped", None)


def test_wait_changes_nothing(mixed):
    before = mixed.call("List", units=["spare", "quick", "web"])["units"]
    for name in ("spare", "quick"):
        result = result_of(mixed, "Wait", name, timeout_ms=100)
        assert not result["ok"] and result["state"] == "stopped" and result["run"] == 0
        assert result["message"] == "stopped, and nobody has asked for it to start"
    late = result_of(mixed, "Wait", "web", until="stopped", timeout_ms=100)
    assert (late["ok"], late["message"]) == (False, "still running after 100ms")
    assert not result_of(mixed, "Wait", "web", until="stopped", timeout_ms=0)["ok"]
    after = mixed.call("List", units=["spare", "quick", "web"])["units"]
    assert [(u["state"], u["goal"], u["run"]) for u in before] == \
        [(u["state"], u["goal"], u["run"]) for u in after]
    assert not mixed.call("Events", types=["unit.requested"])["events"]


def test_wait_for_what_can_no_longer_be(mixed):
    mixed.call("Start", units=["broken", "bad", "long"], wait=False)
    broken = result_of(mixed, "Wait", "broken", until="ready", timeout_ms=20000)
    mixed.wait_unit("broken", state="failed")
    broken = result_of(mixed, "Wait", "broken", until="ready", timeout_ms=20000)
    assert (broken["ok"], broken["state"]) == (False, "failed")
    assert "1" in broken["message"]
    bad = result_of(mixed, "Wait", "bad", timeout_ms=20000)
    assert (bad["ok"], bad["state"]) == (False, "failed") and "4" in bad["message"]
    with mixed.connect() as client:
        client.send("Wait", {"units": ["long"]})
        mixed.wait_unit("long", state="running")
        mixed.call("Stop", units=["long"])
        (result,) = client.receive()["parameters"]["results"]
        assert (result["ok"], result["state"]) == (False, "stopped")


def test_wait_for_several(mixed):
    mixed.call("Start", units=["slow"])
    mixed.wait_line("^slow$")
    with mixed.connect() as client:
        client.send("Wait", {"units": ["slow", "spare", "web"], "timeout_ms": 20000})
        mixed.call("Signal", units=["slow"], signal="USR1")
        results = client.receive()["parameters"]["results"]
        assert [(r["unit"], r["ok"], r["state"]) for r in results] == [
            ("web", True, "running"), ("spare", False, "stopped"), ("slow", True, "completed")]


def test_wait_for_what_cannot_come(mixed):
    """Nothing is waited for that needs somebody else to act first."""
    disabled = result_of(mixed, "Wait", "off")
    assert not disabled["ok"]
    assert re.fullmatch(r"disabled: enabled = no at .*/reeve\.ini:\d+", disabled["message"])
    with open(mixed.config_file, encoding="utf-8") as text:
        line = int(disabled["message"].rpartition(":")[2])
        assert text.read().splitlines()[line - 1].strip() == "enabled = no"
    assert result_of(mixed, "Start", "off")["message"] == disabled["message"]
    always = result_of(mixed, "Wait", "web", until="completed")
    assert always["message"] == "it never completes, since restart = always"


def test_wait_for_the_end_of_all(mixed):
    """A shutdown answers who waits for the end of something."""
    with mixed.connect() as stopped, mixed.connect() as ready:
        stopped.send("Wait", {"units": ["web"], "until": "stopped"})
        ready.send("Wait", {"units": ["spare"]})
        mixed.call("Health")
        mixed.call("Shutdown")
        assert stopped.receive()["parameters"]["results"][0]["ok"]
        (result,) = ready.receive()["parameters"]["results"]
        assert not result["ok"] and result["state"] == "stopped"
        mixed.send_signal(2)
        assert ready.receive() is None
    mixed.wait_exit()


# ---- replies on the way --------------------------------------------------------------------------
def check_stream(found, names):
    """All results together have every unit once; progress tells of others; the last tells none."""
    decided = []
    for i, reply in enumerate(found):
        decided += [r["unit"] for r in reply["results"]]
        moving = [p["unit"] for p in reply["progress"]]
        assert not set(moving) & set(decided) and len(moving) == len(set(moving))
        assert reply["results"] or reply["progress"] or i == len(found) - 1, "it says nothing"
    assert found[-1]["progress"] == []
    assert sorted(decided) == sorted(names), "each once"
    return decided


def test_a_stop_tells_who_has_ended_meanwhile(mixed):
    with mixed.connect() as client:
        client.send("Stop", {"units": ["web", "deaf", "spare"]}, more=True)
        found = []
        # Of those that need no waiting it tells before the deaf one has ended.
        while {r["unit"] for reply in found for r in reply["results"]} < {"web", "spare"}:
            message = client.receive()
            assert message["continues"]
            found.append(message["parameters"])
        moving = [p for reply in found for p in reply["progress"] if p["unit"] == "deaf"]
        deaf = mixed.unit("deaf")
        assert {"unit": "deaf", "state": "stopping", "waiting": None, "held_until": None, "hook": None, "pid": deaf["pid"]} in moving
        mixed.call("Signal", units=["deaf"], signal="KILL", whom="tree")
        while True:
            message = client.receive()
            found.append(message["parameters"])
            if not message.get("continues"):
                break
        assert check_stream(found, ["web", "deaf", "spare"])[-1] == "deaf"
        assert all(r["ok"] for reply in found for r in reply["results"])
        client.call("Health")


@pytest.mark.parametrize("method, names", [
    ("Start", ["web", "spare", "quick"]), ("Restart", ["web", "spare"]), ("Wait", ["web"])])
def test_streams_of_the_others(mixed, method, names):
    with mixed.connect() as client:
        found = replies(client, method, units=names, timeout_ms=20000)
        check_stream(found, names)
        assert all(r["ok"] for reply in found for r in reply["results"])
        without = client.call(method, units=names, timeout_ms=20000)
        assert sorted(r["unit"] for r in without["results"]) == sorted(names)
        assert without["progress"] == []


def test_a_start_that_fails_in_a_stream(mixed):
    with mixed.connect() as client:
        mixed.call("Stop", units=["web"])
        found = replies(client, "Start", units=["web", "spare"])
        results = {r["unit"]: r for reply in found for r in reply["results"]}
        assert results["web"]["pid"] == mixed.unit("web")["pid"] and results["web"]["run"] == 2
        found = replies(client, "Stop", units=["web", "deaf"], wait=False)
        check_stream(found, ["web", "deaf"])
        assert mixed.unit("deaf")["state"] == "stopping"


def test_a_stream_ends_at_its_timeout(mixed):
    with mixed.connect() as client:
        found = replies(client, "Stop", units=["deaf", "spare"], timeout_ms=200)
        check_stream(found, ["deaf", "spare"])
        late = next(r for reply in found for r in reply["results"] if r["unit"] == "deaf")
        assert (late["ok"], late["state"]) == (False, "stopping")
        assert late["message"] == "still stopping after 200ms"


# ---- Signal --------------------------------------------------------------------------------------
FAMILY = """
    import os, signal, sys, time

    def name():
        return sys.argv[2] if len(sys.argv) > 2 else "main"

    def write(text):
        with open(sys.argv[1], "a") as out:
            out.write(text + "\\n")

    signal.signal(signal.SIGUSR1, lambda *_: write(name() + " USR1"))
    if name() == "main":
        for other in ("child", "apart"):
            if os.fork() == 0:
                if other == "apart":
                    os.setsid()
                os.execv(sys.executable, [sys.executable, *sys.argv[:2], other])
    write(name() + " up")
    while True:
        time.sleep(1000)
"""


@pytest.fixture(name="family")
def fixture_family(reeve, tmp_path):
    """A unit of three processes: main, a child in its group, and one in a session of its own. What
    they get is written to reeve.told."""
    script = tmp_path / "family.py"
    script.write_text(textwrap.dedent(FAMILY))
    reeve.told = tmp_path / "told"
    reeve.told.touch()
    reeve.configure(f"""
        [service:family]
        command = {sys.executable} {script} {reeve.told}
    """)

    def start(**how):
        reeve.start(**how)
        reeve.wait_for(lambda: reeve.told.read_text().count(" up\n") == 3, what="the family")
        return reeve

    return start


@pytest.mark.parametrize("whom, reached", [
    (None, {"main"}), ("main", {"main"}), ("group", {"main", "child"}),
    pytest.param("tree", {"main", "child", "apart"}, marks=cgroup_required)])
def test_whom_a_signal_reaches(family, whom, reached):
    reeve = family()
    result = result_of(reeve, "Signal", "family", signal="USR1", whom=whom)
    assert (result["ok"], result["state"]) == (True, "running")
    assert result["pid"] == reeve.unit("family")["pid"] and result["run"] == 1
    # Signals to one process come in order: once the second one has come, nobody gets the first.
    reeve.wait_for(lambda: heard(reeve) >= reached, what="the signal")
    reeve.call("Signal", units=["family"], signal="SIGUSR1", whom="main")
    reeve.wait_for(lambda: reeve.told.read_text().count("main USR1") == 2, what="the next")
    assert heard(reeve) == reached
    unit = reeve.unit("family")
    assert (unit["state"], unit["run"]) == ("running", 1)
    told = reeve.call("Events", types=["unit.requested"])["events"]
    assert [(e["request"], e["signal"], e["requester"]["pid"]) for e in told] == \
        [("signal", "USR1", os.getpid())] * 2


def heard(reeve):
    return {line.split()[0] for line in reeve.told.read_text().splitlines() if "USR1" in line}


def test_a_signal_to_all_of_a_run_without_cgroups(family):
    """All that belongs to the run: what daemonized before anybody looked is its child still."""
    if os.geteuid() != 0:
        pytest.skip("root: only root can hide the hierarchy")
    reeve = family(best_effort=True)
    assert result_of(reeve, "Signal", "family", signal="USR1", whom="tree")["ok"]
    reeve.wait_for(lambda: heard(reeve) == {"main", "child", "apart"}, what="the signal")
    # Somebody who asked for a main process of that session is not met by an ordinary stop.
    reeve.call("Stop", units=["family"])


@pytest.mark.parametrize("name", ["HUP", "SIGHUP", "1", "hup", "RTMIN+1"])
def test_names_of_signals(mixed, name):
    assert result_of(mixed, "Signal", "web", signal=name)["ok"]
    record = mixed.wait_for(lambda: mixed.last_exit("web"), what="its end")
    # A signal is not a stop: it died of it, nobody asked for the end, and it starts again.
    assert record["reason"] == "signal" and record["requested_by"] is None
    assert record["signal"] == ("RTMIN+1" if name == "RTMIN+1" else "HUP")
    assert record["requester"] is None and record["stop_signal_at"] is None
    mixed.wait_unit("web", state="running", run=2)


@pytest.mark.parametrize("name", ["", "SIG", "NOPE", "0", "-1", "65", "SIGSIGHUP", "HUP ", "1x",
                                  "999999999999999999999", 1, None])
def test_what_is_no_signal(mixed, name):
    with pytest.raises(VarlinkError) as caught:
        mixed.call("Signal", units=["web"], signal=name)
    assert (caught.value.name, caught.value.parameters) == (INVALID, {"parameter": "signal"})
    assert mixed.unit("web")["run"] == 1


def test_a_signal_to_what_does_not_run(mixed):
    results = mixed.call("Signal", units=["web", "spare", "quick"], signal="CONT")["results"]
    assert [(r["unit"], r["ok"], r["state"]) for r in results] == [
        ("web", True, "running"), ("spare", False, "stopped"), ("quick", False, "stopped")]
    assert [r["message"] for r in results] == ["", *["it has no process"] * 2]


# ---- ResetFailed ---------------------------------------------------------------------------------
@pytest.fixture(name="failed")
def fixture_failed(reeve, tmp_path):
    """Failed: `wanted` (goal up, mended by the file reeve.mend) and `unwanted` (told to stop)."""
    reeve.mend = tmp_path / "mend"
    reeve.configure(f"""
        [service:wanted]
        command = sh -c '[ -e {reeve.mend} ] && exec sleep 1000; exit 1'
        restart_limit = 2
        restart_delay = 1ms
        [service:unwanted]
        command = false
        restart_limit = 2
        restart_delay = 1ms
        [service:well]
        command = sleep 1000
    """).start()
    reeve.wait_unit("wanted", state="failed", restarts=2)
    reeve.wait_unit("unwanted", state="failed")
    reeve.call("Stop", units=["unwanted"])
    reeve.wait_unit("unwanted", state="failed", goal="down")
    reeve.wait_unit("well", state="running")
    return reeve


def test_a_reset_of_a_wanted_one_starts_it(failed):
    failed.mend.touch()
    result = result_of(failed, "ResetFailed", "wanted")
    assert result["ok"]
    unit = failed.wait_unit("wanted", state="running")
    assert unit["restarts"] == 0 and unit["run"] == 4
    assert failed.unit("unwanted")["state"] == "failed"


def test_a_reset_gives_all_tries_again(failed):
    failed.call("ResetFailed", units=["wanted"])
    unit = failed.wait_unit("wanted", state="failed", run=6)
    assert unit["restarts"] == 2


def test_a_reset_of_an_unwanted_one_stops_it(failed):
    result = result_of(failed, "ResetFailed", "unwanted")
    assert (result["ok"], result["state"]) == (True, "stopped")
    unit = failed.unit("unwanted")
    assert (unit["state"], unit["restarts"], unit["run"], unit["goal"]) == ("stopped", 0, 3, "down")
    events = failed.call("Events", units=["unwanted"], last=2)["events"]
    assert [(e["type"], e["request"], e["state"]) for e in events] == [
        ("unit.requested", "reset_failed", None), ("unit.state", None, "stopped")]


def test_a_reset_of_all(failed):
    failed.mend.touch()
    results = failed.call("ResetFailed")["results"]
    assert [(r["unit"], r["ok"]) for r in results] == [("wanted", True), ("unwanted", True)]
    failed.wait_unit("wanted", state="running")
    assert failed.unit("unwanted")["state"] == "stopped"
    assert failed.call("ResetFailed")["results"] == []
    assert failed.call("ResetFailed", units=[])["results"] == []


def test_a_reset_of_what_did_not_fail(failed):
    before = failed.unit("well")
    result = result_of(failed, "ResetFailed", "well")
    assert result["ok"] and result["state"] == "running" and result["pid"] == before["pid"]
    assert failed.unit("well")["run"] == 1


# ---- Check ---------------------------------------------------------------------------------------
def test_check_of_a_good_file(mixed):
    assert mixed.call("Check") == {"file": mixed.config_file, "units": 10, "errors": [],
                                   "warnings": []}
    with open(mixed.config_file, "a", encoding="utf-8") as out:
        out.write("\n[service:one-more]\ncommand = true\n")
    assert mixed.call("Check")["units"] == 11
    assert mixed.health()["counts"]["total"] == 10, "it changes nothing"


def test_check_of_a_broken_file(mixed):
    with open(mixed.config_file, "a", encoding="utf-8") as out:
        out.write("\n[service:web]\ncomand = true\n[nonsense]\n[job:x]\ncommand = true\n"
                  "retries = many\n")
    told = mixed.call("Check")
    with open(mixed.config_file, encoding="utf-8") as text:
        first = text.read().splitlines().index("comand = true")
    assert len(told["errors"]) >= 3
    assert any(e.startswith(f"{mixed.config_file}:{first + 1}: ") and "command" in e
               for e in told["errors"])
    assert any("[nonsense]" in e for e in told["errors"])
    assert any("retries" in e for e in told["errors"])
    alone = mixed.run("--check", "-c", mixed.config_file)
    assert alone.returncode == 1
    assert [line for line in alone.stderr.splitlines() if line.startswith(mixed.config_file)] == \
        [e for e in told["errors"] if e.startswith(mixed.config_file)]
    assert mixed.health()["status"] == "healthy" or mixed.health()["counts"]["total"] == 7


def test_check_of_a_file_that_is_gone(mixed):
    os.unlink(mixed.config_file)
    (error,) = mixed.call("Check")["errors"]
    assert error.startswith(mixed.config_file + ": there is no such file")


def test_two_checks_at_once(mixed):
    with mixed.connect() as a, mixed.connect() as b, mixed.connect() as gone:
        gone.send("Check")
        gone.close()
        for client in (a, b):
            client.send("Check")
            client.send("Check")
        asked = time.monotonic()
        mixed.call("Health", limit=0)
        assert time.monotonic() - asked < 5
        for client in (a, b, a, b):
            assert client.receive()["parameters"]["errors"] == []


def test_a_check_that_hangs_holds_up_nobody(mixed):
    """The file is a pipe that nobody writes to: that is why another process reads it."""
    os.unlink(mixed.config_file)
    os.mkfifo(mixed.config_file)
    with mixed.connect() as client:
        client.send("Check")
        asked = time.monotonic()
        for _ in range(20):
            mixed.call("Health", limit=0)
        assert time.monotonic() - asked < 5
        writer = threading.Thread(target=write, args=(mixed.config_file,))
        writer.start()
        reply = client.receive()
        writer.join()
        assert reply["parameters"]["units"] == 1


def write(path):
    with open(path, "w", encoding="utf-8") as out:
        out.write("[service:one]\ncommand = true\n")
