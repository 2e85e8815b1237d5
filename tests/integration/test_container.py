"""reeved as process 1 of a container, with less and less of what a system usually has."""
import os
import shutil
import signal
import tempfile
import time

import pytest
from conftest import root_required
from container import container, init_pid
from daemon import BUILD, IGNORES_TERM, process_alive
from trouble import cpu_seconds

pytestmark = root_required

KEPT = ["HUP", "USR1", "USR2", "WINCH", "PWR", "ALRM", "PIPE", "CHLD", "URG", "IO", "RTMIN",
        "RTMAX"]
# Leaves group, session and parent.
ESCAPE = "sh -c 'setsid sh -c \"setsid sleep 1000 &\"; echo escaped >&2; exec sleep 1001'"
ONE = "[service:x]\ncommand = sleep 1000\nrestart_delay = 10ms\n"


@pytest.fixture
def root(tmp_path):
    """Where a container's root is mounted, in mounts that end with it."""
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


def numbers(names):
    return [getattr(signal, "SIG" + name) for name in names]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_signals_as_pid_1(reeve, root, number):
    """All that end an ordinary process are survived, and three of them shut down."""
    reeve.configure(ONE).start(prepare=container(root))
    assert reeve.health()["pid"] == 1
    before = reeve.wait_unit("x", state="running")
    for kept in numbers(KEPT):
        reeve.send_signal(kept)
    reeve.wait_line("received SIGRTMAX|received SIGRTMIN.30")
    after = reeve.unit("x")
    assert (after["state"], after["pid"], after["run"]) == ("running", before["pid"], 1)
    reeve.stop(number)
    assert not reeve.marked()


def test_what_came_before_reeved_began_ends_nothing(reeve, root):
    """Pending since before exec: the earliest that a signal can come."""
    reeve.configure(ONE).start(prepare=container(root, pending=numbers(KEPT)))
    reeve.wait_unit("x", state="running", run=1)
    reeve.stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_a_stop_that_came_before_reeved_began(reeve, root, number):
    reeve.configure(ONE).start(wait=False, prepare=container(root, pending=[number]))
    assert reeve.wait_exit() == 0
    assert not reeve.said("x: ") and not reeve.marked()


def test_orphans_of_process_1_are_reaped(reeve, root):
    reeve.configure("""
        [service:x]
        command = sh -c 'for i in 1 2 3 4 5 6 7 8 9; do (setsid sh -c "exec sleep 0.$i" &); done; exec sleep 1000'
    """).start(best_effort=True, prepare=container(root))
    reeve.wait_unit("x", state="running")
    init = init_pid(reeve)

    def children():
        with open(f"/proc/{init}/task/{init}/children", encoding="ascii") as text:
            return text.read().split()

    reeve.wait_for(lambda: len(children()) > 1, what="an orphan")
    reeve.wait_for(lambda: len(children()) == 1, what="all orphans to be reaped")
    assert reeve.unit("x")["state"] == "running"


def test_ten_seconds_from_term_to_kill(reeve, root):
    """Whoever ends a container waits ten seconds and then kills: by then reeved has ended all, the
    deaf and the escaped, though nobody told it about the ten."""
    reeve.configure(f"""
        [service:deaf]
        command = {IGNORES_TERM}
        stop_timeout = 60s
        [service:escapes]
        command = {ESCAPE}
    """).start(best_effort=True, prepare=container(root))
    reeve.wait_line("^deaf$")
    reeve.wait_line("^escaped$")
    began = time.monotonic()
    reeve.stop()
    assert 7 < time.monotonic() - began < 9.5
    assert not reeve.marked()


def test_the_exit_code_of_process_1_is_the_essential_services(reeve, root):
    reeve.configure("""
        [service:main]
        command = sh -c 'exit 42'
        essential = yes
        [service:side]
        command = sleep 1000
    """).start(wait=False, prepare=container(root))
    assert reeve.wait_exit() == 42


def test_process_1_ends_with_the_tests_that_it_is_run_for(reeve, root):
    """A container that brings up what its tests need, runs them, and is their exit code."""
    reeve.configure("""
        [service:db]
        command = sh -c 'trap "exit 9" TERM; while :; do sleep 0.01; done'
        autostart = no
        [job:tests]
        command = sh -c 'exit 42'
        requires = db
        autostart = yes
        [job:report]
        command = sh -c 'exit 1'
        after = tests
        autostart = yes
    """, exit_when="all-done", exit_code_from="tests").start(wait=False, prepare=container(root))
    assert reeve.wait_exit() == 42
    assert reeve.said("^reeved: shutting down: all units are done")


def stop_without_proc(reeve):
    """The leak detector of a sanitized build reads /proc and complains when there is none."""
    sanitized = BUILD.endswith("asan")
    reeve.may_report = sanitized
    reeve.stop(code=None if sanitized else 0)
    assert reeve.said("^reeved: all ended, exiting with 0")


@pytest.mark.parametrize("best_effort", [False, True], ids=["as-found", "best-effort"])
def test_without_proc(reeve, root, best_effort):
    """Nothing can be looked up: runs end, restart and stop all the same, with exact codes, and what
    is left of a run in its own group is ended."""
    reeve.configure("""
        [service:x]
        command = sh -c 'sleep 1000 & exec sleep 1001'
        restart_delay = 10ms
        stop_timeout = 300ms
        [job:code]
        command = sh -c 'test -e /proc/self || exit 77'
        autostart = yes
    """).start(best_effort=best_effort, prepare=container(root, proc=False))
    reeve.wait_unit("x", state="running")

    def pid_of(command):
        return next((pid for pid, words in reeve.marked().items() if words == command + " "), None)

    old = [reeve.wait_for(lambda: pid_of(f"sleep {n}"), what=f"sleep {n}") for n in (1000, 1001)]
    init = init_pid(reeve)
    assert reeve.wait_unit("code", state="failed")["last_exit"]["exit_code"] == 77
    os.kill(old[1], signal.SIGKILL)
    assert reeve.wait_unit("x", state="running", run=2)["last_exit"]["signal"] == "KILL"
    assert not any(map(process_alive, old)), "the next run began beside the rest of the last"
    assert reeve.call("Stop", units=["x"], timeout_ms=10000)["results"][0]["ok"]
    assert set(reeve.marked()) == {init}
    used, began = cpu_seconds(init), time.monotonic()
    reeve.wait_for(lambda: time.monotonic() - began > 0.5)
    assert cpu_seconds(init) - used < 0.1, "it spins"
    stop_without_proc(reeve)


@pytest.fixture
def poor(make_reeve):
    """A daemon whose files an unknown user can reach."""
    directory = tempfile.mkdtemp(prefix="reeve-", dir="/tmp")
    os.chmod(directory, 0o755)
    daemon = make_reeve(directory)
    for name in ("reeved", "reevectl"):  # ours may be where others cannot look
        setattr(daemon, name, shutil.copy(getattr(daemon, name), os.path.join(directory, name)))
    os.mkdir(os.path.join(directory, "root"))
    daemon.container_root = os.path.join(directory, "root")
    yield daemon
    if daemon.process and daemon.process.poll() is None:
        daemon.stop()
    shutil.rmtree(directory)


@pytest.mark.parametrize("uid", [0, 987654321], ids=["root", "any-uid"])
@pytest.mark.parametrize("proc", [True, False], ids=["proc", "no-proc"])
def test_a_read_only_root(poor, uid, proc):
    """Nothing writable anywhere, no cgroup, a user that no file knows, no terminal: it supervises,
    says once what it lacks, and ends as it should."""
    poor.configure("""
        [service:x]
        command = sh -c 'echo up >&2; exec sleep 1000'
        restart_delay = 10ms
    """).start(prepare=container(poor.container_root, proc=proc, read_only=True, uid=uid or None))
    poor.wait_line("^reeved: warning: .*: Read-only file system; supervising without a runtime dir")
    poor.wait_line("^reeved: ready: 1 unit, no socket, tracking best effort")
    poor.wait_line("^up", count=1)
    init = init_pid(poor)
    with open(f"/proc/{init}/status", encoding="ascii") as text:
        assert f"Uid:\t{uid}\t{uid}\t{uid}\t{uid}\n" in text.read()
    # While it executes, its environment cannot be read.
    for pid in poor.wait_for(lambda: set(poor.marked()) - {init}):
        os.kill(pid, signal.SIGKILL)
    poor.wait_line(r"x: run 1 ended .*SIGKILL")
    poor.wait_line("^up", count=2)
    assert len([line for line in poor.lines if "warning" in line]) == 1, poor.lines
    poor.stop() if proc else stop_without_proc(poor)
    assert not poor.marked()


def test_any_uid_with_a_place_to_write(poor):
    """A user without a name, as platforms assign them, owns a socket and is obeyed on it."""
    uid = 987654321
    os.mkdir(poor.runtime_dir, 0o700)
    os.chown(poor.runtime_dir, uid, uid)
    poor.configure(ONE).start(prepare=container(poor.container_root, uid=uid))
    pid = poor.wait_unit("x", state="running")["pid"]
    assert poor.show("x")["tracking"] == "best_effort"
    assert poor.call("Restart", units=["x"])["results"][0]["ok"]
    assert poor.wait_unit("x", state="running", run=2)["pid"] != pid
    assert poor.ctl("stop", "x").returncode == 0
    poor.stop()
    assert not poor.marked()
