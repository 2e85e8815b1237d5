"""The methods of io.reeve.Manager as a client meets them: what each does, and what it streams."""
import grp
import os
import signal
import stat
import time

import pytest
from conftest import root_required
from daemon import IGNORES_TERM, VarlinkError, process_alive
from trouble import open_descriptors

INVALID = "org.varlink.service.InvalidParameter"


def stream(client, method, parameters):
    """All replies of a call with `more`."""
    client.send(method, parameters, more=True)
    replies = []
    while True:
        reply = client.receive()
        assert reply is not None and "error" not in reply, reply
        replies.append(reply["parameters"])
        if not reply.get("continues"):
            return replies


def results_of(replies):
    return {result["unit"]: result for reply in replies for result in reply["results"]}


def moves_of(replies, unit):
    return [move["state"] for reply in replies for move in reply["progress"]
            if move["unit"] == unit]


# ---- progress ------------------------------------------------------------------------------------
def test_a_restart_tells_how_it_goes(reeve):
    reeve.configure(f"""
        [service:deaf]
        command = {IGNORES_TERM}
        stop_timeout = 300ms
        [service:quick]
        command = sleep 1000
    """).start()
    reeve.wait_line("^deaf$")
    old = reeve.unit("deaf")["pid"]
    with reeve.connect() as client:
        replies = stream(client, "Restart", {"units": ["*"]})
    results = results_of(replies)
    assert sum(len(reply["results"]) for reply in replies) == 2, "each is told once"
    assert all(result["ok"] and result["state"] == "running" and result["run"] == 2
               for result in results.values())
    assert results["deaf"]["pid"] == reeve.unit("deaf")["pid"] != old
    assert "stopping" in moves_of(replies, "deaf")
    assert replies[-1]["progress"] == []
    first_of_quick = next(i for i, r in enumerate(replies)
                          if any(x["unit"] == "quick" for x in r["results"]))
    assert first_of_quick < len(replies) - 1, "what is decided is told before the slow one"


def test_a_request_without_units_has_one_empty_reply(reeve):
    reeve.configure("[service:web]\ncommand = sleep 1000").start()
    with reeve.connect() as client:
        assert stream(client, "Stop", {"units": []}) == [{"results": [], "progress": []}]
        assert client.call("Stop", units=[]) == {"results": [], "progress": []}


# ---- Wait ----------------------------------------------------------------------------------------
def test_wait(reeve):
    reeve.configure("""
        [service:web]
        command = sleep 1000
        [job:quick]
        command = true
        autostart = yes
        [job:bad]
        command = false
        autostart = yes
        [job:idle]
        command = sleep 1000
    """).start()
    results = {r["unit"]: r for r in
               reeve.call("Wait", units=["web", "quick", "bad"])["results"]}
    assert results["web"]["ok"] and results["web"]["state"] == "running"
    assert results["quick"]["ok"] and results["quick"]["state"] == "completed"
    assert not results["bad"]["ok"] and "ended with exit code 1" in results["bad"]["message"]
    late = reeve.call("Wait", units=["web"], until="stopped", timeout_ms=50)["results"][0]
    assert (late["ok"], late["message"]) == (False, "still running after 50ms")
    assert reeve.call("Wait", units=["idle"], until="stopped")["results"][0]["ok"]
    with reeve.connect() as client:
        client.send("Wait", {"units": ["web"], "until": "stopped"}, more=True)
        assert reeve.unit("web")["state"] == "running", "it changes nothing"
        assert reeve.call("Stop", units=["web"])["results"][0]["ok"]
        while (reply := client.receive()).get("continues"):
            assert reply["parameters"]["results"] == []
        assert reply["parameters"]["results"][0]["ok"]
    with pytest.raises(VarlinkError) as caught:
        reeve.call("Wait", units=["web"], until="happy")
    assert caught.value.parameters == {"parameter": "until"}


# ---- Signal --------------------------------------------------------------------------------------
def test_signals_reach_whom_they_should(reeve):
    reeve.configure("""
        [service:deaf]
        command = sh -c 'trap "echo main HUP >&2" HUP; sh -c "trap \\"echo child HUP >&2\\" HUP; \
            echo up >&2; while :; do sleep 0.05; done" & while :; do wait; done'
        restart = never
        [service:off]
        command = sleep 1000
        autostart = no
    """).start()
    reeve.wait_line("^up")
    results = {r["unit"]: r for r in reeve.call("Signal", units=["*"], signal="SIGHUP")["results"]}
    assert results["deaf"]["ok"] and results["deaf"]["message"] == ""
    assert (results["off"]["ok"], results["off"]["message"]) == (False, "it has no process")
    reeve.wait_line("main HUP")
    assert not any("child HUP" in line for line in reeve.lines)
    for whom in ("group", "tree"):
        seen = len(reeve.lines)
        assert reeve.call("Signal", units=["deaf"], signal="1", whom=whom)["results"][0]["ok"]
        reeve.wait_line("child HUP", since=seen)
    for bad in ("HUPS", "0", "65", ""):
        with pytest.raises(VarlinkError) as caught:
            reeve.call("Signal", units=["deaf"], signal=bad)
        assert (caught.value.name, caught.value.parameters) == (INVALID, {"parameter": "signal"})
    # Not a stop: what follows is the configuration's.
    assert reeve.call("Signal", units=["deaf"], signal="KILL", whom="tree")["results"][0]["ok"]
    unit = reeve.wait_unit("deaf", state="failed")
    assert unit["last_exit"]["signal"] == "KILL" and unit["last_exit"]["requested_by"] is None


def test_signals_that_nobody_waits_for_are_told_all_the_same(reeve):
    """More units than are asked in one turn: also the last of them reach a follower at once."""
    reeve.configure("".join(f"[service:u{i}]\ncommand = sleep 1000\n" for i in range(100))).start()
    reeve.call("Wait", units=["*"])
    with reeve.connect() as follower, reeve.connect() as client:
        follower.send("Events", {"last": 0, "types": ["unit.requested"]}, more=True)
        follower.receive()
        client.send("Signal", {"units": ["*"], "signal": "CONT"}, oneway=True)
        told = []
        while len(told) < 100:
            told += follower.receive()["parameters"]["events"]
        assert [event["unit"] for event in told] == [f"u{i}" for i in range(100)]


# ---- ResetFailed ---------------------------------------------------------------------------------
def test_reset_failed(reeve):
    reeve.configure("""
        [service:bad]
        command = false
        restart = never
        [job:worse]
        command = false
        autostart = yes
        [service:good]
        command = sleep 1000
    """).start()
    reeve.call("Wait", units=["*"])
    reeve.wait_unit("bad", state="failed")
    results = reeve.call("ResetFailed")["results"]
    assert sorted(r["unit"] for r in results) == ["bad", "worse"]
    assert all(r["ok"] for r in results)
    assert reeve.unit("good")["run"] == 1


# ---- Show ----------------------------------------------------------------------------------------
def test_show_takes_one_name(reeve):
    reeve.configure("""
        [service:web]
        command = sleep 1000
        tags = front
    """).start()
    for pattern in ("web*", "tag:front"):
        with pytest.raises(VarlinkError) as error:
            reeve.call("Show", unit=pattern)
        assert "the name of one unit" in error.value.parameters["message"]


# ---- Check ---------------------------------------------------------------------------------------
def test_check(reeve):
    reeve.configure("""
        [service:web]
        command = sleep 1000
    """).start()
    good = reeve.call("Check")
    assert good == {"file": reeve.config_file, "units": 1, "errors": [],
                    "warnings": []}
    reeve.configure("""
        [service:web]
        command = sleep 1000
        directory = /no/such/place
        colour = red
        [service:second]
        command = /no/such/program
        [job:third]
        command = echo | cat
    """)
    bad = reeve.call("Check")
    assert bad["units"] == 0
    assert [error.split(": ")[1] for error in bad["errors"]] == ["[service:web] directory",
                                                                "[service:web] colour",
                                                                "[service:second] command"]
    assert len(bad["warnings"]) == 1 and "[job:third] command: warning: " in bad["warnings"][0]
    assert reeve.unit("web")["run"] == 1


def reader_of(reeve):
    """The child of reeved that is no unit."""
    with open(f"/proc/{reeve.pid}/task/{reeve.pid}/children", encoding="ascii") as children:
        pids = [int(pid) for pid in children.read().split()]
    return next(pid for pid in pids if pid != reeve.unit("web")["pid"])


def test_a_check_keeps_nobody_waiting(reeve):
    """A configuration that hangs while it is read: others are answered, connections close, and who
    asks meanwhile gets the answer of a later reading."""
    reeve.configure("""
        [service:web]
        command = sleep 1000
    """).start()
    os.unlink(reeve.config_file)
    os.mkfifo(reeve.config_file)
    with reeve.connect() as first, reeve.connect() as second, reeve.connect() as third:
        first.send("Check")
        assert third.call("Health")["counts"]["total"] == 1
        writer = os.open(reeve.config_file, os.O_WRONLY)  # when the child has opened it
        assert not [link for link in open_descriptors(reader_of(reeve)).values()
                    if link.startswith(("socket:", "anon_inode:"))]
        second.send("Check")
        assert third.call("Health")["counts"]["total"] == 1
        third.send_bytes(b"{not JSON}\0")
        assert "error" in third.receive()
        replacement = reeve.config_file + ".new"
        with open(replacement, "w", encoding="utf-8") as out:
            out.write("[service:a]\ncommand = true\n[service:b]\ncommand = true\n")
        os.rename(replacement, reeve.config_file)
        os.write(writer, b"[service:x]\ncommand = true\n")
        os.close(writer)
        assert first.receive()["parameters"]["units"] == 1
        assert second.receive()["parameters"]["units"] == 2


def test_a_check_that_hangs_holds_nothing_up(reeve):
    """Who asked goes, somebody else asks, and reeved ends: none of it waits for the check."""
    reeve.configure("""
        [service:web]
        command = sleep 1000
    """).start()
    os.unlink(reeve.config_file)
    os.mkfifo(reeve.config_file)
    with reeve.connect() as first:
        first.send("Check")
        writer = os.open(reeve.config_file, os.O_WRONLY)
        child = reader_of(reeve)
    with reeve.connect() as second:
        second.send("Check")
        began = time.monotonic()
        reeve.stop()
        assert time.monotonic() - began < 5
        (error,) = second.receive()["parameters"]["errors"]
        assert error.endswith(": reeved ended before it was checked")
        assert second.receive() is None
    os.close(writer)
    reeve.wait_for(lambda: not process_alive(child), what="the child to be gone")


# ---- tags ----------------------------------------------------------------------------------------
def test_units_by_tag(reeve):
    reeve.configure("""
        [service:a]
        command = sleep 1000
        tags = edge eu
        [service:b]
        command = sleep 1000
        tags = eu
        [service:c]
        command = sleep 1000
    """).start()
    assert [u["tags"] for u in reeve.call("List")["units"]] == [["edge", "eu"], ["eu"], []]
    assert [u["name"] for u in reeve.call("List", units=["tag:eu"])["units"]] == ["a", "b"]
    assert [r["unit"] for r in reeve.call("Stop", units=["tag:edge", "c"])["results"]] == ["a", "c"]
    with pytest.raises(VarlinkError) as caught:
        reeve.call("Stop", units=["tag:us"])
    assert caught.value.parameters["message"] == "No unit has the tag 'us'."


# ---- the group of the socket ---------------------------------------------------------------------
@root_required
def test_the_socket_belongs_to_its_group_also_when_it_comes_back(reeve):
    def group_and_mode():
        try:
            info = os.stat(reeve.socket_path)
        except FileNotFoundError:
            return None
        return grp.getgrgid(info.st_gid).gr_name, stat.S_IMODE(info.st_mode)

    reeve.configure("""
        [service:web]
        command = sleep 1000
    """, socket_group="daemon").start()
    assert group_and_mode() == ("daemon", 0o660)
    os.unlink(reeve.socket_path)
    reeve.wait_line("listening there again")
    assert group_and_mode() == ("daemon", 0o660)


# ---- the end -------------------------------------------------------------------------------------
def test_who_waits_is_answered_at_the_end_of_reeved(reeve):
    """reeved ends while somebody waits: the wait is answered."""
    reeve.configure("""
        [service:web]
        command = sleep 1000
    """).start()
    with reeve.connect() as client:
        client.send("Wait", {"units": ["web"], "until": "stopped"}, more=True)
        reeve.call("Health")
        os.kill(reeve.pid, signal.SIGTERM)
        while (reply := client.receive()).get("continues"):
            pass
        assert reply["parameters"]["results"][0]["ok"]
    assert reeve.wait_exit() == 0


def test_who_waits_for_a_check_is_answered_at_the_end_of_reeved(reeve):
    reeve.configure("[service:web]\ncommand = sleep 1000").start()
    os.unlink(reeve.config_file)
    os.mkfifo(reeve.config_file)  # nobody ever writes to it
    with reeve.connect() as first, reeve.connect() as second:
        first.send("Check")
        second.send("Check")
        reeve.call("Health")
        reeve.stop()
        for client in (first, second):
            assert client.receive()["parameters"] == {
                "file": reeve.config_file, "units": 0,
                "errors": [f"{reeve.config_file}: reeved ended before it was checked"],
                "warnings": []}
            assert client.receive() is None
