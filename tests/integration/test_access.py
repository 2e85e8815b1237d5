"""Who may do what: each verb as each kind of peer, and who it was in records and events."""
import grp
import os
import re
import shutil
import stat

import pytest
from conftest import root_required
from daemon import CONTRACT, VarlinkError
from peers import NOBODY, connect_as, open_directories

pytestmark = root_required

STRANGER = 12345  # nobody has this uid
GROUP = "daemon"  # of Debian's base
GID = grp.getgrnam(GROUP).gr_gid
REFUSED = "io.reeve.Manager.NotPermitted"
WEB = {"units": ["web"]}
READS = {"Health": {}, "List": {}, "Graph": {}, "Show": {"unit": "web"}, "Events": {"last": 1},
         "Wait": {"units": ["web"], "until": "ready", "timeout_ms": 0},
         "org.varlink.service.GetInfo": {},
         "org.varlink.service.GetInterfaceDescription": {"interface": "io.reeve.Manager"}}
CONTROLS = {"Start": WEB, "Signal": {**WEB, "signal": "CONT"}, "ResetFailed": {}, "Check": {},
            "Reload": WEB, "Hold": {**WEB, "for_ms": 0},
            "Restart": {**WEB, "wait": False}, "Stop": {**WEB, "wait": False}}
OWNS = {"Shutdown": {}}  # the last: nobody answers after it


@pytest.fixture(name="start")
def fixture_start(reeve):
    """A function that starts reeved with these keys and one service; as `uid`, when given."""
    def start(uid=0, **keys):
        open_directories(reeve)
        reeve.configure("""
            [service:web]
            command = sleep 1000
        """, **keys)

        def become():
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)

        if uid:
            # A place of its own, and a program that it can reach.
            os.chown(reeve.directory, uid, uid)
            reeve.reeved = shutil.copy(reeve.reeved, os.path.join(reeve.directory, "reeved"))
        reeve.start(prepare=become if uid else None)
        reeve.wait_unit("web", state="running")
        os.chmod(reeve.runtime_dir, 0o755)
        return reeve

    return start


def refusals(client):
    """Asks for everything; {method: message} of what was refused."""
    found = {}
    for method, parameters in {**READS, **CONTROLS, **OWNS}.items():
        try:
            client.call(method, **parameters)
        except VarlinkError as error:
            assert error.name == REFUSED, (method, error)
            found[method] = error.parameters["message"]
    return found


def test_these_are_all_methods():
    ours = {m for m in (*READS, *CONTROLS, *OWNS) if "." not in m}
    assert ours == set(CONTRACT.interfaces["io.reeve.Manager"].methods)


def test_root_may_do_all(start):
    reeve = start(socket_group=GROUP)
    assert refusals(reeve.connect()) == {}
    assert reeve.wait_exit() == 0


def test_so_may_the_user_that_runs_reeved(start):
    reeve = start(uid=STRANGER)
    with connect_as(reeve, STRANGER, gid=STRANGER) as client:
        assert refusals(client) == {}
    assert reeve.wait_exit() == 0


def test_root_may_do_all_with_another_users_reeved(start):
    reeve = start(uid=STRANGER)
    assert refusals(reeve.connect()) == {}
    assert reeve.wait_exit() == 0


@pytest.mark.parametrize("gid, groups", [(GID, []), (NOBODY, [GID]), (NOBODY, [5, GID, 7]),
                                         (NOBODY, [*range(40000, 40200), GID])])
def test_members_of_the_group_may_control_units(start, gid, groups):
    reeve = start(socket_group=GROUP)
    with connect_as(reeve, STRANGER, gid, groups) as client:
        refused = refusals(client)
    assert set(refused) == set(OWNS)
    assert "Only root" in refused["Shutdown"] and f"you are uid {STRANGER}" in refused["Shutdown"]
    assert GROUP not in refused["Shutdown"]  # that would not help
    reeve.wait_unit("web", state="stopped")
    assert reeve.said(f"web.*uid {STRANGER}") or reeve.last_exit("web")["requester"]


@pytest.mark.parametrize("keys, gid, groups", [
    ({}, GID, [GID]), ({"socket_group": GROUP}, NOBODY, [NOBODY, GID + 1]),
    ({}, 0, [0])])
def test_strangers_may_look(start, keys, gid, groups):
    reeve = start(socket_mode="0666", **keys)
    with connect_as(reeve, STRANGER, gid, groups) as client:
        refused = refusals(client)
    assert set(refused) == {*CONTROLS, *OWNS}
    for method, message in refused.items():
        assert "root" in message and f"you are uid {STRANGER}" in message
        assert (GROUP in message) is (bool(keys) and method in CONTROLS), message
    assert (reeve.unit("web")["run"], reeve.unit("web")["state"]) == (1, "running")


def test_strangers_of_another_users_reeved_are_told_who_may(start):
    reeve = start(uid=STRANGER, socket_mode="0666")
    with connect_as(reeve, STRANGER + 1) as client:
        refused = refusals(client)
    assert set(refused) == {*CONTROLS, *OWNS}
    for message in refused.values():
        assert "root" in message and re.search(rf"\b{STRANGER}\b", message), message
        assert f"you are uid {STRANGER + 1}" in message


def test_refusals_come_before_anything_else(start):
    """Not even whether a unit exists, or a parameter does, has a part in it."""
    reeve = start(socket_mode="0666")
    with connect_as(reeve, STRANGER) as client:
        for method in (*CONTROLS, *OWNS):
            with pytest.raises(VarlinkError) as caught:
                client.call(method, units=["nope"], nonsense=True)
            assert caught.value.name == REFUSED
        client.send("Stop", WEB, oneway=True)
        client.call("Health")
    assert reeve.unit("web")["run"] == 1 and reeve.unit("web")["state"] == "running"


def test_the_mode_keeps_strangers_out(start):
    reeve = start(socket_group=GROUP)
    assert stat.S_IMODE(os.stat(reeve.socket_path).st_mode) == 0o660
    for gid, groups in ((NOBODY, []), (0, []), (GID + 1, [NOBODY])):
        with pytest.raises(PermissionError):
            connect_as(reeve, STRANGER, gid, groups)
    connect_as(reeve, STRANGER, GID).close()
    connect_as(reeve, STRANGER, NOBODY, [GID]).close()


def test_without_a_group_the_mode_keeps_all_others_out(start):
    reeve = start()
    with pytest.raises(PermissionError):
        connect_as(reeve, STRANGER, GID, [GID])


def test_a_socket_that_comes_back_has_its_group_and_mode(start):
    reeve = start(socket_group=GROUP, socket_mode="0620")
    for remove in (lambda: os.unlink(reeve.socket_path), lambda: shutil.rmtree(reeve.runtime_dir)):
        found = os.stat(reeve.socket_path)
        assert (found.st_uid, found.st_gid) == (0, GID)
        assert stat.S_IMODE(found.st_mode) == 0o620
        remove()
        reeve.wait_for(lambda: answers(reeve), what="an answer")
    with connect_as(reeve, STRANGER, GID) as client:
        assert client.call("Health")["status"] == "healthy"


def answers(reeve):
    try:
        with reeve.connect() as client:
            return client.call("Health", limit=0)["pid"] == reeve.pid
    except OSError:
        return False


# ---- who it was ----------------------------------------------------------------------------------
def test_the_requester_is_told(start):
    reeve = start(socket_group=GROUP)
    with connect_as(reeve, STRANGER, NOBODY, [GID]) as client:
        who = {"uid": STRANGER, "pid": client.pid, "unit": None}
        client.call("Signal", units=["web"], signal="CONT")
        client.call("Stop", units=["web"])
    record = reeve.last_exit("web")
    assert record["requested_by"] == "user" and record["requester"] == who
    assert reeve.show("web")["records"][0]["requester"] == who
    told = reeve.call("Events", units=["web"])["events"]
    asked = [(e["request"], e["signal"], e["requester"]) for e in told
             if e["type"] == "unit.requested"]
    assert asked == [("signal", "CONT", who), ("stop", None, who)]
    ends = [e for e in told if e["type"] == "unit.state" and e["state"] == "stopping"]
    assert [(e["requested_by"], e["requester"]) for e in ends] == [("user", who)]
    assert [e["exit"]["requester"] for e in told if e["type"] == "unit.exited"] == [who]
    # What ends by itself, or begins, has no requester.
    assert all(e["requester"] is None for e in told
               if e["type"] == "unit.state" and e["state"] not in ("stopping", "killing"))


def test_each_request_has_its_own_requester(start):
    reeve = start(socket_group=GROUP)
    wanted = []
    for i, (method, request) in enumerate((("Restart", "restart"), ("Stop", "stop"),
                                           ("Start", "start"), ("Restart", "restart"))):
        with connect_as(reeve, STRANGER + i, GID) as client:
            assert client.call(method, **WEB)["results"][0]["ok"]
            wanted.append((request, {"uid": STRANGER + i, "pid": client.pid, "unit": None}))
    told = reeve.call("Events", types=["unit.requested"])["events"]
    assert [(e["request"], e["requester"]) for e in told] == wanted
    ends = [r["requester"]["uid"] - STRANGER for r in reeve.show("web")["records"]]
    assert ends == [3, 1, 0]  # the newest first


def test_whose_shutdown_it_is(start):
    reeve = start(uid=STRANGER)
    with reeve.connect() as stream, connect_as(reeve, STRANGER, gid=STRANGER) as client:
        stream.send("Events", {"types": ["session.stopping"]}, more=True)
        assert stream.receive()["continues"] is True  # it is listening
        client.call("Shutdown")
        events = []
        while (reply := stream.receive()) is not None:
            events += reply["parameters"]["events"]
        assert [e["requester"] for e in events] == [{"uid": STRANGER, "pid": client.pid,
                                                     "unit": None}]
        assert (events[0]["signal"], events[0]["unit"]) == (None, None)
    assert reeve.wait_exit() == 0
