"""Full tables, full pipes and odd parents, all of them real: nothing here is pretended."""
import fcntl
import os
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import time

import pytest
from conftest import root_required
from daemon import process_alive
from trouble import assert_runs_told, both_trackings, cpu_seconds, open_descriptors


# ---- tables ---------------------------------------------------------------------------------------
@pytest.fixture
def poor(make_reeve):
    """A daemon of an unprivileged user who has no other processes."""
    uid = 60000 + os.getpid() % 5000
    directory = tempfile.mkdtemp(prefix="reeve-", dir="/tmp")
    os.chown(directory, uid, uid)
    daemon = make_reeve(directory)
    daemon.uid = uid
    for name in ("reeved", "reevectl"):  # ours may be where others cannot look
        setattr(daemon, name, shutil.copy(getattr(daemon, name), os.path.join(directory, name)))
    yield daemon
    if daemon.process and daemon.process.poll() is None:
        daemon.stop()
    shutil.rmtree(directory)


@root_required
def test_a_full_process_table(poor):
    """As many processes as the user may have: the others say so and follow when there is room."""
    room = 12

    def become_poor():
        os.setgroups([])
        resource.setrlimit(resource.RLIMIT_NPROC, (room, room))
        os.setresgid(poor.uid, poor.uid, poor.uid)
        os.setresuid(poor.uid, poor.uid, poor.uid)

    poor.configure("".join(f"[service:s{n:02}]\ncommand = sleep 1000\nrestart_delay_max = 200ms\n"
                           "log = null\n" for n in range(20)))
    poor.start(prepare=become_poor)

    def full():
        units = poor.health()["units"]
        return len([u for u in units if u["state"] == "running"]) == room - 1 and \
            all(u["last_exit"] for u in units if u["state"] != "running")

    poor.wait_for(full, what="the table to be full")  # reeved itself takes a place
    health = poor.health()
    assert health["status"] == "degraded" and health["counts"]["running"] == room - 1
    running = [u for u in health["units"] if u["state"] == "running"]
    for unit in health["units"]:
        if unit["state"] != "running":
            error = unit["last_exit"]["error"]
            assert unit["last_exit"]["reason"] == "start_failed" and unit["last_exit"]["pid"] is None
            assert (error["stage"], error["errno"]) == ("clone", "EAGAIN"), error
    waiting = next(u["name"] for u in health["units"] if u["state"] != "running")
    result = poor.call("Start", units=[waiting], timeout_ms=10000)["results"][0]
    assert not result["ok"] and "Resource temporarily unavailable" in result["message"], result
    # What runs is supervised: its end is seen, and its place is taken, by it or by another.
    os.kill(running[0]["pid"], signal.SIGKILL)
    poor.wait_for(lambda: poor.last_exit(running[0]["name"]), what="the end to be recorded")
    assert poor.last_exit(running[0]["name"])["signal"] == "KILL"
    stopped = [u["name"] for u in running[1:]]
    assert all(r["ok"] for r in poor.call("Stop", units=stopped)["results"])
    poor.wait_for(lambda: poor.health()["counts"]["running"] == 20 - len(stopped),
                  what="the rest to run")
    poor.stop()
    assert not poor.marked()


@both_trackings
def test_a_full_descriptor_table(reeve, best_effort):
    """100 units and 64 descriptors: what cannot start says why, what runs is supervised, and
    children get the limit back that reeved was given."""
    reeve.configure("".join(f"[service:s{n:02}]\ncommand = sleep 1000\nlog = null\n"
                            "restart_delay = 20ms\nrestart_delay_max = 100ms\n"
                            for n in range(100)))
    reeve.start(best_effort=best_effort,
                prepare=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (48, 64)))
    # Each run holds its cgroup open; without cgroups none holds anything.
    least = 100 if best_effort else 40

    def n_running():
        return reeve.health(limit=1)["counts"]["running"]

    def as_many_as_can():
        units = reeve.health()["units"]
        idle = [u for u in units if u["state"] != "running"]
        return len(units) - len(idle) >= least and all(u["last_exit"] for u in idle) and units

    units = reeve.wait_for(as_many_as_can, what="all that can to run")
    assert len(open_descriptors(reeve.pid)) <= 64
    for unit in units:
        if unit["last_exit"]:
            assert unit["last_exit"]["reason"] == "start_failed"
            error = unit["last_exit"]["error"]
            assert (error["stage"], error["errno"]) == ("prepare", "EMFILE"), unit
    running = [unit for unit in units if unit["state"] == "running"]
    for unit in running:
        with open(f"/proc/{unit['pid']}/limits", encoding="ascii") as limits:
            line = next(line for line in limits if line.startswith("Max open files"))
        assert line.split()[3:5] == ["48", "64"], line

    # Clients take what is left of the table but the last few, and units die meanwhile.
    clients = [reeve.connect() for _ in range(60)]
    try:
        reeve.wait_for(lambda: len(open_descriptors(reeve.pid)) >= 55, what="the table to be full")
        victims = running[:10]
        for unit in victims:
            os.kill(unit["pid"], signal.SIGKILL)
        began, used = time.monotonic(), cpu_seconds(reeve.pid)
        reeve.wait_for(lambda: time.monotonic() - began > 0.6)
        assert cpu_seconds(reeve.pid) - used < 0.3, "it spins"
        assert n_running() >= least - 10
        for unit in running[10:20]:
            assert process_alive(unit["pid"])
    finally:
        for client in clients:
            client.close()
    reeve.wait_for(lambda: n_running() >= least, timeout=20, what="as many to run as before")
    for unit in victims:
        reeve.wait_unit(unit["name"], state=lambda s: s in ("running", "backoff"))
        end = [line for line in reeve.lines
               if re.match(rf"reeved: {unit['name']}: run {unit['run']} ended after", line)]
        assert len(end) == 1 and "SIGKILL (signal)" in end[0], end
        shown = reeve.show(unit["name"])
        assert_runs_told(reeve, unit["name"], shown["run"] - (shown["state"] == "running"))
    reeve.stop()
    assert not reeve.marked()


# ---- pipes and descriptors ------------------------------------------------------------------------
def start_plain(reeve, **popen):
    """Starts reeved without the reader of its standard error; ready when it answers."""
    reeve.process = subprocess.Popen([reeve.reeved, "-c", reeve.config_file],
                                     env=reeve.environment(), start_new_session=True, **popen)

    def answers():
        try:
            return reeve.health()
        except OSError:
            return None

    reeve.wait_for(answers, what="reeved to answer")


def end_plain(reeve):
    reeve.process.terminate()
    code = reeve.process.wait(30)
    reeve.disconnect()
    assert not reeve.marked()
    reeve.process = None
    return code


def test_standard_error_is_a_full_pipe_that_nobody_reads(reeve):
    """A crash loop says much: what the pipe does not take is dropped, and reeved never waits."""
    reeve.configure("""
        [service:x]
        command = sh -c 'exit 1'
        restart_delay = 0
        log = null
        [service:y]
        command = sleep 1000
        log = null
    """)
    read_end, write_end = os.pipe()
    try:
        fcntl.fcntl(write_end, fcntl.F_SETPIPE_SZ, 4096)
        os.set_blocking(write_end, False)
        with pytest.raises(BlockingIOError):
            while True:
                os.write(write_end, b"full\n" * 100)
        os.set_blocking(write_end, True)
        start_plain(reeve, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=write_end)
        assert os.get_blocking(write_end), "the descriptor is shared: its mode is not ours to change"
        pid = reeve.wait_unit("y", state="running")["pid"]
        slowest = 0.0
        while reeve.unit("x")["run"] < 100:
            asked = time.monotonic()
            reeve.health()
            slowest = max(slowest, time.monotonic() - asked)
        assert slowest < 2, slowest
        assert reeve.call("Restart", units=["y"])["results"][0]["ok"] and not process_alive(pid)
        # Somebody reads again: what was dropped is counted.
        os.set_blocking(read_end, False)
        text = b""

        def told():
            nonlocal text
            try:
                text += os.read(read_end, 65536)
            except BlockingIOError:
                pass
            return re.search(rb"warning: \d+ log lines were dropped\n", text)

        reeve.wait_for(told, what="the count of what was dropped")
        assert end_plain(reeve) == 0
    finally:
        os.close(read_end)
        os.close(write_end)


@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1, 2)], ids=str)
def test_standard_descriptors_closed_at_the_start(reeve, closed):
    reeve.configure("""
        [service:null]
        command = sleep 1000
        log = null
        [service:x]
        command = sleep 1000
    """)

    def close_them():
        for fd in closed:
            os.close(fd)

    start_plain(reeve, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, preexec_fn=close_them)
    found = open_descriptors(reeve.pid)
    assert [found[fd] for fd in (0, 1, 2)] == ["/dev/null"] * 3, found
    for name in ("null", "x"):
        pid = reeve.wait_unit(name, state="running")["pid"]
        assert open_descriptors(pid) == {fd: "/dev/null" for fd in (0, 1, 2)}
    assert end_plain(reeve) == 0


# ---- signals --------------------------------------------------------------------------------------
def test_a_parent_that_ignores_and_blocks_signals(reeve):
    """nohup-like parents: reeved reaps and obeys all the same, and its children start clean."""
    def bad_parent():
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_SETMASK, range(1, signal.NSIG))

    reeve.configure("""
        [job:code]
        command = sh -c 'exit 77'
        autostart = yes
        [service:x]
        command = sleep 1000
    """).start(prepare=bad_parent)
    assert reeve.wait_unit("code", state="failed")["last_exit"]["exit_code"] == 77
    pid = reeve.wait_unit("x", state="running")["pid"]
    with open(f"/proc/{pid}/status", encoding="ascii") as text:
        status = dict(line.split(":\t", 1) for line in text)
    for mask in ("SigBlk", "SigIgn", "SigCgt"):
        assert int(status[mask], 16) == 0, (mask, status[mask])
    os.kill(pid, signal.SIGKILL)
    again = reeve.wait_unit("x", state="running", run=2)["pid"]
    reeve.stop()
    assert not process_alive(again)


@both_trackings
def test_stopped_and_continued_children(reeve, best_effort):
    """SIGSTOP is no end: nothing is recorded, a stop gets through, and reeved stays idle."""
    reeve.configure("[service:x]\ncommand = sleep 1000\nstop_timeout = 20s\n")
    reeve.start(best_effort=best_effort)
    unit = reeve.wait_unit("x", state="running")

    def state():
        with open(f"/proc/{unit['pid']}/stat", encoding="ascii") as stat:
            return stat.read().rpartition(")")[2].split()[0]

    used = cpu_seconds(reeve.pid)
    for _ in range(50):
        os.kill(unit["pid"], signal.SIGSTOP)
        reeve.wait_for(lambda: state() == "T")
        os.kill(unit["pid"], signal.SIGCONT)
        reeve.wait_for(lambda: state() != "T")
    os.kill(unit["pid"], signal.SIGSTOP)
    reeve.wait_for(lambda: state() == "T")
    now = reeve.unit("x")
    assert (now["state"], now["pid"], now["run"]) == ("running", unit["pid"], 1)
    assert now["last_exit"] is None and cpu_seconds(reeve.pid) - used < 0.5
    assert reeve.call("Stop", units=["x"])["results"][0]["ok"]
    assert reeve.last_exit("x")["signal"] == "TERM", "it could act on TERM, though it was stopped"
