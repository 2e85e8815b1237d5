"""Commands beside the main process while system calls fail.

Run by `make check-faults`, as test_fault_syscalls.py.
"""
import errno
import os
import signal

import pytest
from conftest import root_required
from daemon import BUILD, process_alive
from hooking import Asked, Web, failures, one
from trouble import both_trackings

from fault_table import ALWAYS

pytestmark = pytest.mark.skipif(not BUILD.rstrip("/").endswith("/fault"),
                                reason="not the build with faults")

LACKS = [("clone3", errno.EAGAIN, "Resource temporarily unavailable"),
         ("clone3", errno.ENOMEM, "Cannot allocate memory"),
         ("pipe2", errno.EMFILE, "Too many open files"),
         ("pipe2", errno.ENFILE, "Too many open files in system")]


@both_trackings
@pytest.mark.parametrize("call, error, said", LACKS)
def test_a_pre_start_that_cannot_be_run_is_a_failed_start(faulty, table, best_effort, call, error,
                                                          said):
    faulty.configure("""
        [service:web]
        command = sleep 1000
        pre_start = true
        restart_delay = 10ms
        restart_jitter = 0%
        autostart = no
    """).begin(best_effort)
    table.set(call, error, times=2)
    result = one(faulty, "Start", "web")
    assert not result["ok"] and f"command 1 (true) could not be run: {said}" in result["message"]
    faulty.wait_unit("web", state="running", run=3)
    for record in faulty.show("web")["records"]:
        assert record["reason"] == "start_failed" and record["pid"] is None
        assert record["error"]["stage"] == "pre_start"
        assert record["error"]["errno"] == errno.errorcode[error]


@both_trackings
@pytest.mark.parametrize("call, error, said", LACKS)
def test_a_stop_goes_on_when_no_command_can_be_run(faulty, table, best_effort, call, error, said):
    """Whatever was to be told by a command is told by the signal."""
    faulty.configure("""
        [service:web]
        command = sleep 1000
        post_start = true
        pre_stop = true
        stop_command = true
        post_stop = true
        stop_timeout = 60s
        reload_command = true
    """)
    faulty.begin(best_effort)
    faulty.wait_unit("web", state="running", hook=None)
    table.set(call, error, times=ALWAYS)
    result = one(faulty, "Reload", "web")
    assert not result["ok"] and said in result["message"]
    assert one(faulty, "Stop", "web")["ok"]
    table.clear(call)
    record = faulty.last_exit("web")
    assert (record["reason"], record["signal"], record["kill_at"]) == ("signal", "TERM", None)
    lacks = f"1 command 1 (true) could not be run: {said}"
    assert failures(record) == {hook: lacks for hook in ("pre_stop", "stop_command", "post_stop",
                                                         "reload_command")}


@both_trackings
def test_post_start_cannot_be_run(faulty, table, best_effort):
    faulty.configure("""
        [service:web]
        command = sleep 1000
        post_start = true
          true
        autostart = no
    """).begin(best_effort)
    table.set("clone3", errno.EAGAIN, times=ALWAYS, skip=1)
    assert one(faulty, "Start", "web")["ok"]
    faulty.wait_line("post_start: command 2 .* could not be run: Resource temporarily")
    assert faulty.wait_unit("web", hook=None)["state"] == "running"
    table.clear("clone3")


def test_a_reload_signal_that_may_not_be_sent(faulty, table):
    faulty.configure("""
        [service:web]
        command = sleep 1000
        reload_signal = USR1
    """).begin()
    faulty.wait_unit("web", state="running")
    table.set("pidfd_send_signal", errno.EPERM, times=ALWAYS)
    table.set("kill", errno.EPERM, times=ALWAYS)
    result = one(faulty, "Reload", "web")
    assert not result["ok"] and result["message"] == \
        "SIGUSR1 could not be sent: Operation not permitted"
    table.clear_all()
    assert faulty.unit("web")["state"] == "running"
    one(faulty, "Stop", "web")
    assert list(failures(faulty.last_exit("web"))) == ["reload_command"]


@root_required
def test_a_command_that_cannot_be_killed_holds_up_the_next_run(faulty, table, puppets):
    """Two seconds after SIGKILL the unit is unkillable; when that is gone all goes on."""
    web = Web(faulty, puppets)
    web.configure("pre_start", hook_timeout="1s")
    faulty.begin(best_effort=True)
    hook = web.hook("pre_start")
    for call in ("pidfd_send_signal", "kill"):
        table.set(call, errno.EPERM, times=ALWAYS)
    faulty.wait_unit("web", state="killing")
    assert process_alive(hook.pid) and not puppets.waiting
    faulty.wait_line("web: unkillable")
    (result,) = Asked(faulty, "Stop", "web").results()
    assert not result["ok"] and "unkillable" in result["message"]
    (result,) = Asked(faulty, "Start", "web").results()
    assert not result["ok"] and "unkillable" in result["message"]
    table.clear_all()
    os.kill(hook.pid, signal.SIGKILL)
    web.hook("pre_start").end()
    web.running(run=2)
