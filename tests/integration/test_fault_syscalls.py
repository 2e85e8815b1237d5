"""The real daemon with system calls that fail: told where it matters, survived everywhere.

Run by `make check-faults` against the build whose calls ask a table first (src/os/faults.h).
"""
import errno
import os
import signal
import time

import pytest
from conftest import cgroup_required, root_required
from daemon import BUILD, process_alive
from trouble import assert_runs_told, both_trackings, cpu_seconds

from fault_table import ALWAYS

pytestmark = pytest.mark.skipif(not BUILD.rstrip("/").endswith("/fault"),
                                reason="not the build with faults")


# ---- making processes -----------------------------------------------------------------------------
@both_trackings
def test_a_clone_that_fails_is_recorded_and_tried_again(faulty, table, best_effort):
    table.set("clone3", errno.EAGAIN, times=3)
    faulty.configure("""
        [service:x]
        command = sleep 1000
        restart_delay = 100ms
        restart_jitter = 0%
    """).begin(best_effort)
    while faulty.unit("x")["state"] != "running":  # it answers all the time
        assert faulty.unit("x")["run"] <= 4
    assert table.hits("clone3") == 3
    records = faulty.show("x")["records"]
    assert [r["run"] for r in records] == [3, 2, 1]
    for record in records:
        assert record["reason"] == "start_failed" and record["pid"] is None, record
        assert record["error"] == {"stage": "clone", "errno": "EAGAIN",
                                   "message": "Resource temporarily unavailable"}
        assert record["exit_code"] is None and record["signal"] is None
    assert faulty.unit("x")["run"] == 4
    faulty.stop()


@pytest.mark.parametrize("call, err, stage", [
    ("pipe2", errno.EMFILE, "prepare"), ("pipe2", errno.ENFILE, "prepare"),
    ("clone3", errno.ENOMEM, "clone")])
def test_a_start_without_means_says_what_was_missing(faulty, table, call, err, stage):
    faulty.configure("""
        [service:x]
        command = sleep 1000
        restart_delay = 10ms
        [service:before]
        command = sleep 1000
        """).begin()
    before = faulty.wait_unit("before", state="running")
    faulty.call("Stop", units=["x"])
    table.set(call, err, times=ALWAYS)
    result = faulty.call("Start", units=["x"], timeout_ms=10000)["results"][0]
    assert not result["ok"] and os.strerror(err) in result["message"], result
    faulty.wait_unit("x", run=lambda n: n >= 4)
    error = faulty.last_exit("x")["error"]
    assert (error["stage"], error["errno"]) == (stage, errno.errorcode[err])
    table.clear(call)
    faulty.wait_unit("x", state="running")
    assert faulty.unit("before")["pid"] == before["pid"]


def test_a_start_that_cannot_make_a_process_does_not_spin(faulty, table):
    """restart_delay = 0 is for processes that end, not for those that cannot be made."""
    table.set("clone3", errno.EAGAIN, times=ALWAYS)
    faulty.configure("[service:x]\ncommand = sleep 1000\nrestart_delay = 0\n").begin()
    began, used = time.monotonic(), cpu_seconds(faulty.pid)
    unit = faulty.wait_unit("x", run=lambda n: n >= 5)
    assert unit["run"] <= 5 + (time.monotonic() - began) * 11
    assert cpu_seconds(faulty.pid) - used < 0.5 * max(1, time.monotonic() - began)


@both_trackings
def test_without_clone3_fork_serves(faulty, table, best_effort):
    """A seccomp filter that refuses clone3: exit codes are as exact as ever."""
    table.set("clone3", errno.ENOSYS, times=ALWAYS)
    codes = (0, 1, 2, 7, 77, 126, 127, 128, 200, 255)
    faulty.configure("[service:stays]\ncommand = sleep 1000\n" + "".join(
        f"[job:c{code}]\ncommand = sh -c 'exit {code}'\nautostart = yes\n" for code in codes) + """
[job:none]
command = /no/such/program
autostart = yes
[job:killed]
command = sh -c 'kill -9 $$'
autostart = yes
""").begin(best_effort)
    for code in codes:
        faulty.wait_unit(f"c{code}", state="failed" if code else "completed", run=1)
        assert faulty.last_exit(f"c{code}")["exit_code"] == code
    assert faulty.wait_unit("none", state="failed")["last_exit"]["error"]["errno"] == "ENOENT"
    assert faulty.wait_unit("killed", state="failed")["last_exit"]["signal"] == "KILL"
    pid = faulty.wait_unit("stays", state="running")["pid"]
    assert table.hits("clone3") >= len(codes) + 3
    assert faulty.call("Stop", units=["stays"])["results"][0]["ok"]
    assert not process_alive(pid)
    faulty.stop()


# ---- directories and files ------------------------------------------------------------------------
@pytest.mark.parametrize("err", [errno.EROFS, errno.ENOSPC])
def test_a_cgroup_that_cannot_be_made_any_more(faulty, table, err):
    faulty.configure("[service:x]\ncommand = sleep 1000\nautostart = no\n").begin()
    if faulty.show("x")["tracking"] != "cgroup":
        pytest.skip("cgroup: no writable cgroup v2 hierarchy here")
    table.set("mkdirat", err, times=1)
    assert faulty.call("Start", units=["x"])["results"][0]["ok"]
    faulty.wait_line(rf"x: no cgroup \({os.strerror(err)}\), tracking is best effort")
    assert faulty.show("x")["tracking"] == "best_effort"
    pid = faulty.unit("x")["pid"]
    assert faulty.call("Restart", units=["x"])["results"][0]["ok"]
    assert not process_alive(pid) and faulty.show("x")["tracking"] == "cgroup"


@pytest.mark.parametrize("err", [errno.EROFS, errno.ENOSPC])
def test_nothing_can_be_made_at_start(faulty, table, err):
    """No runtime directory, no cgroup: reeved supervises all the same, and says what it lacks."""
    table.set("mkdirat", err, times=ALWAYS)
    faulty.configure("[service:x]\ncommand = sh -c 'echo up >&2; exec sleep 1000'\n").begin()
    faulty.wait_line(rf"warning: \S+/run: {os.strerror(err)}; supervising without a runtime dir")
    faulty.wait_line("ready: 1 unit, no socket, tracking best effort")
    faulty.wait_line("^up")
    pid = int(faulty.wait_line(r"x: running, pid \d+").rpartition(" ")[2])
    os.kill(pid, signal.SIGKILL)
    faulty.wait_line("x: run 1 ended .*SIGKILL")
    again = int(faulty.wait_for(lambda: [line for line in faulty.lines if "running, pid" in line][1:])
                [0].rpartition(" ")[2])
    faulty.stop()
    assert not process_alive(again)
    table.clear_all()
    faulty.begin()
    faulty.wait_unit("x", state="running")


@both_trackings
@pytest.mark.parametrize("err", [errno.EMFILE, errno.ENFILE])
def test_no_file_can_be_opened_while_units_end(faulty, table, best_effort, err):
    """/proc and cgroup files cannot be read for a while: nothing is taken for gone that lives, and
    when files open again every run comes to its end."""
    faulty.configure("""
        [service:dies]
        command = sleep 1000
        restart_delay = 10ms
        [service:leaves]
        restart_delay = 10ms
        command = sh -c 'sleep 1000 & exec sleep 1000'
        stop_timeout = 400ms
        [service:deaf]
        command = sh -c 'trap "" TERM; (trap "" TERM; while :; do sleep 1000; done) & while :; do sleep 1000; done'
        stop_timeout = 300ms
        [service:stays]
        command = sleep 1000
    """).begin(best_effort)
    pids = {name: faulty.wait_unit(name, state="running")["pid"]
            for name in ("dies", "leaves", "deaf", "stays")}
    faulty.wait_for(lambda: len(faulty.marked()) >= 7, what="all processes to be there")
    old = set(faulty.marked()) - {pids["stays"]}
    with faulty.connect() as client:
        for call in ("open", "openat"):
            table.set(call, err, times=ALWAYS)
        os.kill(pids["dies"], signal.SIGKILL)
        os.kill(pids["leaves"], signal.SIGKILL)
        client.send("Stop", {"units": ["deaf"], "timeout_ms": 20000})
        faulty.wait_for(lambda: not process_alive(pids["deaf"]), what="deaf's main to be killed")
        used, began = cpu_seconds(faulty.pid), time.monotonic()
        faulty.wait_for(lambda: time.monotonic() - began > 0.5)
        assert cpu_seconds(faulty.pid) - used < 0.3, "it spins"
        assert faulty.health()["counts"]["total"] == 4
        assert table.hits("openat") + table.hits("open") > 0
        table.clear_all()
        result = client.receive()["parameters"]["results"][0]
        assert result["ok"] and result["state"] == "stopped", result
    for name in ("dies", "leaves"):
        faulty.wait_unit(name, state="running", run=lambda n: n >= 2)
    left = {pid for pid in old if process_alive(pid)}
    assert not left, left
    assert faulty.unit("stays")["pid"] == pids["stays"]
    for name in ("dies", "leaves", "deaf"):
        assert_runs_told(faulty, name, faulty.show(name)["records"][0]["run"])


@cgroup_required
@pytest.mark.parametrize("call, err", [
    ("inotify_add_watch", errno.EMFILE), ("inotify_add_watch", errno.ENOSPC),
    ("inotify_add_watch", errno.ENOMEM), ("inotify_init1", errno.EMFILE)])
def test_a_cgroup_that_cannot_be_watched_is_asked(faulty, table, call, err):
    """Nothing tells that the cgroup became empty: it is asked by the clock, and the end is seen."""
    table.set(call, err, times=ALWAYS)
    faulty.configure("""
        [service:leaves]
        restart_delay = 10ms
        command = sh -c 'sleep 1000 & exec sleep 1000'
        [service:slow]
        command = sh -c '(trap "sleep 0.6; exit" TERM; echo up >&2; while :; do sleep 0.01; done) & exec sleep 1000'
    """).begin()
    pid = faulty.wait_unit("leaves", state="running")["pid"]
    faulty.wait_line("^up")
    faulty.wait_for(lambda: len(faulty.marked()) >= 4, what="what is to be left behind")
    before = table.hits(call)
    if call == "inotify_init1":
        faulty.wait_line(r"inotify is not to be had \(Too many open files\)")
    os.kill(pid, signal.SIGKILL)
    faulty.wait_unit("leaves", state="running", run=2)
    result = faulty.call("Stop", units=["slow"], timeout_ms=20000)["results"][0]
    assert result["ok"] and result["state"] == "stopped", result
    if call == "inotify_add_watch":
        assert table.hits(call) >= before + 2
    faulty.stop()
    assert not faulty.marked()


# ---- the socket -----------------------------------------------------------------------------------
@pytest.mark.parametrize("err", [errno.EMFILE, errno.ENFILE, errno.ENOMEM])
def test_clients_cannot_be_accepted_for_a_while(faulty, table, err):
    faulty.configure("[service:x]\ncommand = sleep 1000\n").begin()
    faulty.wait_unit("x", state="running")  # its connection stays
    table.set("accept4", err, times=ALWAYS)
    with faulty.connect() as waiting:
        waiting.send("Health")
        used, began = cpu_seconds(faulty.pid), time.monotonic()
        faulty.wait_for(lambda: time.monotonic() - began > 0.7)
        assert cpu_seconds(faulty.pid) - used < 0.15, "it spins"
        assert 1 <= table.hits("accept4") < 40
        assert faulty.unit("x")["state"] == "running"
        table.clear("accept4")
        assert waiting.receive()["parameters"]["counts"]["running"] == 1
    with faulty.connect() as after:
        assert after.call("Health")["counts"]["running"] == 1


def test_byte_by_byte(faulty, table):
    """Every transfer is cut to one byte: answers of many units and requests arrive whole."""
    n_units = 100
    faulty.configure("[service:alive]\ncommand = sleep 1000\n" + "".join(
        f"[job:j{n}]\ncommand = sh -c 'exit {n}'\nautostart = yes\n" for n in range(n_units)))
    faulty.begin(best_effort=os.geteuid() == 0)
    faulty.wait_for(lambda: faulty.health(limit=1)["counts"]["failed"] == n_units - 1)
    whole = faulty.health()
    for call in ("send", "recv"):
        table.set(call, 0, times=ALWAYS)
    cut = faulty.health()
    assert [u["name"] for u in cut["units"]] == [u["name"] for u in whole["units"]]
    assert [u["last_exit"] for u in cut["units"]] == [u["last_exit"] for u in whole["units"]]
    assert table.hits("send") > 20000 and table.hits("recv") > 20
    asked = {"units": [f"j{n}" for n in range(n_units)], "wait": False}
    with faulty.connect() as client:
        client.send("Start", asked)
        assert all(result["ok"] for result in client.receive()["parameters"]["results"])
    table.clear_all()
    faulty.wait_for(lambda: faulty.health(limit=1)["counts"]["failed"] == n_units - 1)


def test_a_whole_life_of_short_reads_and_writes(faulty, table):
    """From the configuration's memfd and the slots to the exec pipes and /proc."""
    for call in ("read", "write"):
        table.set(call, 0, times=ALWAYS)
    faulty.configure("""
        [service:x]
        command = sh -c 'sleep 1000 & exec sleep 1000'
        [service:none]
        command = /no/such/program
        [job:code]
        command = sh -c 'exit 77'
        autostart = yes
    """).begin(best_effort=os.geteuid() == 0)
    pid = faulty.wait_unit("x", state="running")["pid"]
    assert faulty.wait_unit("code", state="failed")["last_exit"]["exit_code"] == 77
    error = faulty.wait_unit("none", state="backoff")["last_exit"]["error"]
    assert (error["stage"], error["errno"]) == ("exec", "ENOENT")
    assert faulty.call("Stop", units=["x"])["results"][0]["ok"]
    assert not process_alive(pid) and not faulty.marked()
    assert table.hits("read") > 100 and table.hits("write") > 100
    faulty.stop()


@both_trackings
def test_interrupted_calls_are_repeated(faulty, table, best_effort):
    calls = ("read", "write", "send", "recv", "accept4", "waitid", "open", "openat")
    for call in calls:
        table.set(call, errno.EINTR, times=2000)
    faulty.configure("""
        [service:x]
        command = sh -c 'sleep 1000 & exec sleep 1000'
        [job:code]
        command = sh -c 'exit 77'
        autostart = yes
    """).begin(best_effort)
    faulty.wait_unit("x", state="running")
    assert faulty.wait_unit("code", state="failed")["last_exit"]["exit_code"] == 77
    for _ in range(3):
        for call in calls:
            table.set(call, errno.EINTR, times=300)
        with faulty.connect() as client:
            assert client.call("Restart", units=["x"])["results"][0]["ok"]
    assert all(table.hits(call) >= 100 for call in calls), {c: table.hits(c) for c in calls}
    assert faulty.call("Stop", units=["x"])["results"][0]["ok"]
    assert [r["exit_code"] or r["signal"] for r in faulty.show("x")["records"]] == ["TERM"] * 4
    assert not faulty.marked()


# ---- ending processes -----------------------------------------------------------------------------
@both_trackings
def test_a_stop_signal_that_may_not_be_sent(faulty, table, best_effort):
    """A program that changed its user may refuse ours for a while: SIGKILL ends it at the deadline
    or, when that is refused as well, as soon as it is allowed again."""
    faulty.configure("""
        [service:x]
        command = sh -c 'sleep 1000 & exec sleep 1000'
        stop_timeout = 300ms
    """).begin(best_effort)
    pid = faulty.wait_unit("x", state="running")["pid"]
    for call in ("kill", "pidfd_send_signal"):
        table.set(call, errno.EPERM, times=ALWAYS)
    if not best_effort:
        table.set("write", errno.EPERM, times=ALWAYS)  # cgroup.kill
    with faulty.connect() as client:
        client.send("Stop", {"units": ["x"], "timeout_ms": 20000})
        faulty.wait_line("x: unkillable")
        assert process_alive(pid) and faulty.unit("x")["state"] == "killing"
        result = faulty.call("Start", units=["x"], timeout_ms=200)["results"][0]
        assert not result["ok"] and faulty.unit("x")["run"] == 1, "never two copies"
        faulty.call("Stop", units=["x"], wait=False)
        table.clear_all()
        result = client.receive()["parameters"]["results"][0]
    faulty.wait_unit("x", state="stopped", run=1)
    record = faulty.last_exit("x")
    assert (record["reason"], record["signal"]) == ("forced_kill", "KILL"), record
    assert not faulty.marked()


@root_required
@pytest.mark.parametrize("err", [errno.EMFILE, errno.ENOSYS])
def test_without_pidfds_the_numbers_must_do(faulty, table, err):
    table.set("pidfd_open", err, times=ALWAYS)
    faulty.configure("""
        [service:stays]
        command = sleep 1000
        [service:left]
        command = sh -c '(trap "" TERM; while :; do sleep 1000; done) & setsid sleep 1000 & exec sleep 1000'
        stop_timeout = 300ms
        restart_delay = 10ms
    """).begin(best_effort=True)
    stays = faulty.wait_unit("stays", state="running")["pid"]
    pid = faulty.wait_unit("left", state="running")["pid"]
    faulty.wait_for(lambda: len(faulty.marked()) == 5, what="all processes to be there")
    old = set(faulty.marked()) - {stays}
    assert faulty.call("Stop", units=["left"])["results"][0]["ok"]
    assert not any(map(process_alive, old)), old
    assert faulty.last_exit("left")["pid"] == pid and table.hits("pidfd_open") > 0
    # Main dies by itself: its group is what can be known, and that is ended before the next run.
    assert faulty.call("Start", units=["left"])["results"][0]["ok"]
    pid = faulty.unit("left")["pid"]

    def group():
        return [p for p in faulty.marked() if os.getpgid(p) == pid]

    faulty.wait_for(lambda: len(group()) == 3 and len(faulty.marked()) == 5)
    old = group()
    os.kill(pid, signal.SIGKILL)
    pid = faulty.wait_unit("left", state="running", run=3)["pid"]
    assert not any(map(process_alive, old))
    # Who made a session of its own is an orphan now, which nobody but this test ends.
    assert faulty.health()["counts"]["orphans"] == 1
    for orphan in faulty.marked():
        if os.getsid(orphan) == orphan and orphan not in (stays, pid):
            os.kill(orphan, signal.SIGKILL)


# ---- the beginning --------------------------------------------------------------------------------
@pytest.mark.parametrize("call, err, told", [
    ("fork", errno.EAGAIN, r"cannot begin: Resource temporarily unavailable$"),
    ("open", errno.EMFILE, r"cannot begin: /dev/null: Too many open files$"),
    ("write", errno.ENOSPC, r"/reeve.ini: "),
])
def test_no_means_to_begin(faulty, table, call, err, told):
    table.set(call, err, times=ALWAYS)
    faulty.configure("[service:x]\ncommand = sleep 1000\n").begin(wait=False)
    assert faulty.wait_exit() == 1
    assert len(faulty.lines) == 1, faulty.lines
    faulty.wait_line("^reeved: error: .*" + told)


# ---- the wall clock -------------------------------------------------------------------------------
YEAR = 365 * 86400


@pytest.mark.parametrize("jump", [YEAR, -YEAR], ids=["forward", "back"])
def test_the_wall_clock_jumps_a_year(faulty, table, tmp_path, jump):
    """In backoff, in a stop, in a job's time: what is due comes when it is due."""
    faulty.configure(f"""
        [service:loops]
        command = sh -c 'cut -d" " -f1 /proc/uptime >> {tmp_path}/starts; exit 1'
        restart_delay = 400ms
        restart_delay_max = 400ms
        restart_jitter = 0%
        [service:deaf]
        command = sh -c 'trap "" TERM; echo deaf now >&2; while :; do sleep 1000; done'
        stop_timeout = 600ms
        [job:slow]
        command = sleep 1000
        autostart = yes
        timeout = 900ms
        stop_timeout = 600ms
    """).begin()
    faulty.wait_line("^deaf now")
    faulty.wait_unit("slow", state="running")
    faulty.wait_unit("loops", state="backoff")
    with faulty.connect() as client:
        asked = time.monotonic()
        client.send("Stop", {"units": ["deaf"]})
        faulty.wait_unit("deaf", state="stopping")
        table.set_value("wall_clock", jump)
        assert faulty.unit("loops")["state"] in ("backoff", "starting", "running")
        assert client.receive()["parameters"]["results"][0]["ok"]
        took = time.monotonic() - asked
    assert 0.59 <= took < 5, took
    deaf = faulty.last_exit("deaf")
    assert deaf["reason"] == "forced_kill" and 590 <= deaf["duration_ms"] < 10000, deaf
    assert deaf["started_at"][:4] != deaf["ended_at"][:4]
    slow = faulty.wait_unit("slow", state="failed")["last_exit"]
    assert slow["requested_by"] == "timeout" and 899 <= slow["duration_ms"] < 5000, slow
    table.set_value("wall_clock", 0)
    faulty.wait_unit("loops", run=lambda n: n >= 6)
    with open(tmp_path / "starts", encoding="ascii") as text:
        starts = [float(line) for line in text][:6]
    gaps = [after - before for before, after in zip(starts, starts[1:])]
    assert all(0.38 <= gap < 2.5 for gap in gaps), gaps
    assert 0 <= faulty.health()["uptime_ms"] < 60000
    # And in a shutdown.
    n_lines = len(faulty.lines)
    faulty.call("Start", units=["deaf"])
    faulty.wait_line("^deaf now", since=n_lines)
    asked = time.monotonic()
    faulty.send_signal(signal.SIGTERM)
    faulty.wait_line("shutting down")
    table.set_value("wall_clock", -jump)
    assert faulty.wait_exit() == 0
    assert 0.59 <= time.monotonic() - asked < 5
