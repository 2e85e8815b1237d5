"""What belongs to a run, however it came to be: nothing of it is missed, nothing else is touched."""
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from conftest import cgroup_required, root_required
from daemon import process_alive, wait_for
from trouble import adopt_orphans

BOTH = pytest.mark.parametrize("best_effort", [
    pytest.param(False, id="cgroup", marks=cgroup_required),
    pytest.param(True, id="best-effort", marks=root_required)])


def marked(reeve):
    """The living processes that bear the mark of this test, but reeved."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/environ", "rb") as environ:
                if f"REEVE_TEST_MARK={reeve.mark}".encode() in environ.read().split(b"\0"):
                    found.append(int(name))
        except OSError:
            continue
    mine = {reeve.process.pid} if reeve.process else set()
    return [pid for pid in found
            if pid not in mine and not is_errand(pid, mine) and process_alive(pid)]


def is_errand(pid, daemons):
    """A child of a living reeved that does something for it, such as a look for mistakes."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            before, after = stat.read().rsplit(")", 1)
    except OSError:
        return False
    return before.endswith("(reeved") and int(after.split()[1]) in daemons


@BOTH
def test_sessions_within_sessions_survive_no_restart_of_reeved(make_reeve, best_effort):
    """Each child leads a session of its own, and so does its child."""
    first = make_reeve("first")
    second = make_reeve("second", share=first)
    first.configure("""
        [service:deep]
        command = sh -c 'for i in 1 2 3 4 5 6 7 8 9 10; do setsid sh -c "setsid sleep 1000 & exec sleep 1001" & done; exec sleep 1002'
    """).start(best_effort=best_effort)
    wait_for(lambda: sum(c.startswith("sleep ") for c in first.marked().values()) == 21)
    first.kill()
    assert len(marked(first)) == 21
    second.configure("[service:other]\ncommand = true\nrestart = never\n")
    second.start(best_effort=best_effort)
    second.wait_line("deep: an earlier reeved left 21 processes")
    second.wait_unit("other", state="completed")
    assert not marked(second)


@BOTH
def test_a_run_whose_main_is_dead_survives_no_restart_of_reeved(make_reeve, best_effort):
    first = make_reeve("first")
    second = make_reeve("second", share=first)
    first.configure("""
        [service:headless]
        command = sh -c 'trap "" TERM; (sleep 1000; sleep 1000) & exit 3'
        stop_timeout = 60s
    """).start(best_effort=best_effort)
    first.wait_unit("headless", state="stopping")
    first.kill()
    assert marked(first)
    second.configure("[service:other]\ncommand = true\nrestart = never\n")
    second.start(best_effort=best_effort)
    second.wait_line("headless: an earlier reeved left")
    second.wait_unit("other", state="completed")
    assert not marked(second)


@cgroup_required
def test_survivors_in_another_cgroup_are_found(make_reeve):
    """A daemon that left its session is known by its cgroup only, and the next reeved may start in
    another one."""
    first = make_reeve("first")
    second = make_reeve("second", share=first)
    first.configure("""
        [service:x]
        command = sh -c 'setsid sh -c "setsid sleep 1000 &" ; exec sleep 1001'
    """).start()
    wait_for(lambda: len(marked(first)) == 2)
    first.kill()
    elsewhere, second.cgroup = second.cgroup + ".elsewhere", second.cgroup + ".elsewhere"
    os.mkdir(elsewhere)
    try:
        second.configure("[service:other]\ncommand = true\nrestart = never\n").start()
        second.wait_unit("other", state="completed")
        assert not marked(second)
        second.stop()
    finally:
        second.cgroup = first.cgroup
        wait_for(lambda: "populated 0" in open(f"{elsewhere}/cgroup.events").read())
        os.rmdir(elsewhere)


@cgroup_required
def test_a_runtime_dir_made_anew_is_another_one(make_reeve):
    """Whoever removes the directory of a living reeved and starts a second one keeps the units of
    the first: it is not the same place any more. The first, which would be back in it a moment
    later, stands still until the second is there."""
    first = make_reeve("first")
    second = make_reeve("second", share=first)
    for daemon in (first, second):
        daemon.configure("[service:same]\ncommand = sleep 1000\n")
    first.start()
    pid = first.wait_unit("same", state="running")["pid"]
    first.send_signal(signal.SIGSTOP)
    shutil.rmtree(first.runtime_dir)
    second.start()
    first.send_signal(signal.SIGCONT)
    assert second.wait_unit("same", state="running")["pid"] != pid
    assert process_alive(pid)
    first.stop()
    second.stop()
    shutil.rmtree(first.runtime_dir, ignore_errors=True)


@BOTH
def test_what_the_stop_signal_gives_birth_to_is_killed(reeve, best_effort):
    reeve.configure("""
        [service:x]
        command = sh -c 'trap "setsid sleep 1000 &" TERM; while :; do sleep 0.05; done'
        stop_timeout = 500ms
    """).start(best_effort=best_effort)
    reeve.wait_unit("x", state="running")
    result = reeve.call("Stop", units=["x"])["results"][0]
    assert result["ok"], result
    assert not marked(reeve)


THREADS = """
import ctypes, os, threading, time
if os.fork() == 0:
    threading.Thread(target=time.sleep, args=(1000,)).start()
    time.sleep(0.05)
    ctypes.CDLL(None).syscall(60, 0)  # exit(2): only the first thread ends
os._exit(3)
"""


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="x86_64: the system call has another number elsewhere")
@BOTH
def test_a_process_lives_as_long_as_one_of_its_threads(reeve, tmp_path, best_effort):
    """/proc shows it as a zombie, since its first thread is one."""
    program = tmp_path / "threads.py"
    program.write_text(THREADS, encoding="ascii")
    reeve.configure(f"""
        [service:x]
        command = {sys.executable} {program}
        restart = never
        stop_signal = USR1
        stop_timeout = 200ms
    """).start(best_effort=best_effort)
    unit = reeve.wait_unit("x", state="failed")
    assert unit["last_exit"]["exit_code"] == 3
    reeve.stop()
    assert not marked(reeve)


ZOMBIE = """
import os, signal, time
if os.fork() == 0:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child == 0:
        os._exit(0)  # in the group of main, and never reaped by its parent
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    os.setsid()  # the parent itself is of another group
    print("zombie", child, file=__import__("sys").stderr, flush=True)
    time.sleep(1000)
time.sleep(1000)
"""


@root_required
def test_a_zombie_holds_no_run(reeve, tmp_path):
    """One in the group of main, that nobody reaps: kill(-group, 0) says that it is there."""
    program = tmp_path / "zombie.py"
    program.write_text(ZOMBIE, encoding="ascii")
    reeve.configure(f"""
        [service:x]
        command = {sys.executable} -I {program}
        restart_delay = 10ms
        stop_timeout = 200ms
    """).start(best_effort=True)
    zombie = int(reeve.wait_line("^zombie").split()[1])
    pid = reeve.unit("x")["pid"]
    parent = next(p for p in marked(reeve) if p != pid)
    os.kill(pid, signal.SIGKILL)
    reeve.wait_unit("x", state="running", run=2)
    assert os.getpgid(zombie) == pid and not process_alive(zombie), "still there, still dead"
    assert process_alive(parent), "an orphan: not of the run, not ours to end"
    os.kill(parent, signal.SIGKILL)
    reeve.wait_line("^zombie", count=2)
    # A stop finds the same: parent and zombie are pinned then, and only the parent can be ended.
    assert reeve.call("Stop", units=["x"])["results"][0]["ok"]
    assert not marked(reeve)


@BOTH
def test_a_suspended_survivor_can_act_on_the_signal(reeve, tmp_path, best_effort):
    """As a suspended main process can on a stop: the next run does not wait for the deadline."""
    reeve.configure(f"""
        [service:x]
        command = sh -c '(trap "echo farewell >&2; exit 0" TERM; echo worker $(exec sh -c "echo \\$PPID") >&2; while :; do sleep 0.01; done) & echo up >> {tmp_path}/runs; exec sleep 1000'
        stop_timeout = 60s
        restart_delay = 0
    """).start(best_effort=best_effort)
    worker = int(reeve.wait_line("^worker").split()[1])
    pid = reeve.wait_unit("x", state="running")["pid"]
    os.kill(worker, signal.SIGSTOP)
    os.kill(pid, signal.SIGKILL)
    reeve.wait_unit("x", state="running", run=2)
    reeve.wait_line("^farewell$")
    assert reeve.last_exit("x")["leftovers_killed"] == 0


# ---- numbers that come again --------------------------------------------------------------------
def become(pid, command):
    """Starts the command as a process of exactly this number, which must be free."""
    for _ in range(1000):
        with open("/proc/sys/kernel/ns_last_pid", "w", encoding="ascii") as last:
            last.write(str(pid - 1))
        process = subprocess.Popen(command, start_new_session=True)
        if process.pid == pid:
            return process
        process.kill()
        process.wait()
    raise AssertionError(f"the number {pid} was never to be had")


@root_required
@BOTH
def test_the_number_of_a_dead_run_is_a_strangers_now(make_reeve, best_effort):
    """reeved was killed, its unit ended, and somebody else got the number, as pid, group and session:
    the next reeved does not touch him, nor what he has in his group."""
    first = make_reeve("first")
    second = make_reeve("second", share=first)
    for daemon in (first, second):
        daemon.configure("[service:x]\ncommand = sleep 1000\n")
    first.start(best_effort=best_effort)
    pid = first.wait_unit("x", state="running")["pid"]
    time.sleep(0.03)  # who is who is told by ticks of 10 ms
    adopt_orphans(True)  # so that the number is free as soon as we have reaped it
    first.kill()
    adopt_orphans(False)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    stranger = become(pid, ["sh", "-c", "sleep 1000 & exec sleep 1000"])
    try:
        wait_for(lambda: len(members(pid)) == 2, what="the stranger and his child")
        second.start(best_effort=best_effort)
        unit = second.wait_unit("x", state="running")
        assert unit["pid"] != pid and not second.said("earlier reeved left")
        assert second.call("Stop", units=["x"])["results"][0]["ok"]
        second.stop()
        assert stranger.poll() is None and len(members(pid)) == 2
    finally:
        os.killpg(pid, signal.SIGKILL)
        stranger.wait()


def members(group):
    """The living processes of a group."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.getpgid(int(name)) == group and process_alive(int(name)):
                found.append(int(name))
        except ProcessLookupError:
            continue
    return found


# ---- orphans ------------------------------------------------------------------------------------
@root_required
def test_orphans_are_counted_and_shown(reeve, tmp_path):
    """What left a best-effort run before anybody looked: told everywhere, ended by nobody, and no
    longer told of when it is gone."""
    reeve.configure("""
        [service:x]
        command = sh -c '(setsid sleep 1001 &); (setsid sleep 1002 &); exec sleep 1000'
        stop_timeout = 500ms
    """).start(best_effort=True)
    reeve.wait_unit("x", state="running")
    reeve.wait_for(lambda: reeve.health()["counts"]["orphans"] == 2, what="both to have left")
    for verb in ("health", "status"):
        assert "; 2 orphaned processes\n" in reeve.ctl(verb).stdout
    orphans = [pid for pid, words in reeve.marked().items() if "1001" in words or "1002" in words]
    assert reeve.call("Stop", units=["x"])["results"][0]["ok"]
    assert all(map(process_alive, orphans)) and reeve.health()["counts"]["orphans"] == 2
    os.kill(orphans[0], signal.SIGKILL)
    reeve.wait_for(lambda: reeve.health()["counts"]["orphans"] == 1, what="one to be gone")
    assert "; 1 orphaned process\n" in reeve.ctl("health").stdout
    assert not os.path.exists(f"/proc/{orphans[0]}"), "it was reaped"
    # Its end holds nothing up, and the next run is none of its business.
    assert reeve.call("Start", units=["x"])["results"][0]["ok"]
    reeve.wait_for(lambda: reeve.health()["counts"]["orphans"] == 3, what="two more")
    reeve.send_signal(signal.SIGTERM)
    assert reeve.process.wait(30) == 0
    left = list(reeve.marked())
    assert len(left) == 3
    reeve.wait_line(r"shutdown: 3 orphans are left running: \d+ \(sleep\), ")
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not reeve.marked(), what="them to be gone")
