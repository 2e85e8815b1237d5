"""A process that says that it, or another one, is the main process of its unit (MAINPID)."""
import os
import signal
import sys
import textwrap

import pytest
from conftest import cgroup_required, root_required
from daemon import process_alive, wait_for
from follower import Follower

BOTH = pytest.mark.parametrize("best_effort", [
    pytest.param(False, id="cgroup", marks=cgroup_required),
    pytest.param(True, id="best-effort", marks=root_required)])

# What the programs of these tests have in common.
PRELUDE = """
import os, signal, socket, sys, time

def connected():
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    name = os.environ["NOTIFY_SOCKET"]
    s.connect("\\0" + name[1:] if name[0] == "@" else name)
    return s

def notify(*lines):
    with connected() as s:
        s.send("\\n".join(lines).encode())

def barrier():
    mine, its = os.pipe()
    with connected() as s:
        socket.send_fds(s, [b"BARRIER=1"], [its])
    os.close(its)
    os.read(mine, 1)

def say(*words):
    os.write(2, (" ".join(str(word) for word in words) + "\\n").encode())

def rest():
    while True:
        signal.pause()

def fork(what, *args):
    pid = os.fork()
    if pid == 0:
        what(*args)
        os._exit(0)
    return pid

def until_gone(pid):
    while os.getppid() == pid:
        time.sleep(0.005)

def until_reaped(pid):
    while os.path.exists(f"/proc/{pid}"):
        time.sleep(0.005)

def when(name, then):
    signal.signal(getattr(signal, "SIG" + name), lambda *_: then())
"""


@pytest.fixture
def program(tmp_path):
    """A function that writes a program and returns the command that runs it."""
    def write(text, name="program"):
        path = tmp_path / f"{name}.py"
        path.write_text(PRELUDE + textwrap.dedent(text), encoding="ascii")
        return f"{sys.executable} -I {path}"
    return write


def begin(reeve, command, best_effort, more="", **keys):
    """The unit x, which becomes ready by notify and is not started again."""
    lines = {"command": command, "ready": "notify", "restart": "never", **keys}
    reeve.configure("[service:x]\n" + "".join(f"{k} = {v}\n" for k, v in lines.items())
                    + textwrap.dedent(more))
    return reeve.start(best_effort=best_effort)


def exit_info_known():
    """Whether this kernel tells of the end of a process that is not our child (from 6.15 on)."""
    return tuple(int(n) for n in os.uname().release.split("-")[0].split(".")[:2]) >= (6, 15)


def line_pid(reeve, word):
    """The number in the line `word NUMBER` that a program has said."""
    return int(reeve.wait_line(f"^{word} ").split()[1])


def run_once(reeve, **wanted):
    """The unit when its only run is over."""
    unit = reeve.wait_unit("x", state=lambda s: s in ("failed", "completed", "stopped"), **wanted)
    assert unit["run"] == 1
    return unit["last_exit"]


# ---- programs that fork -------------------------------------------------------------------------
@BOTH
def test_the_child_says_so_and_the_parent_ends(reeve, program, best_effort):
    """As soon as the child is there: message and end of the parent come in one go, or nearly so."""
    begin(reeve, program("""
        def serve(parent):
            when("USR1", lambda: os._exit(3))
            notify(f"MAINPID={os.getpid()}", "READY=1")
            say("child", os.getpid())
            os.kill(parent, signal.SIGKILL)
            until_gone(parent)
            say("alone")
            rest()
        fork(serve, os.getpid())
        rest()
        """), best_effort)
    child = line_pid(reeve, "child")
    reeve.wait_line("^alone")
    assert reeve.wait_unit("x", state="running", ready=True)["pid"] == child
    os.kill(child, signal.SIGUSR1)
    end = run_once(reeve)
    assert (end["pid"], end["exit_code"], end["signal"]) == (child, 3, None)
    assert end["reason"] == "runtime_error"
    assert end["ready_after_ms"] is not None


@BOTH
def test_the_parent_says_so_and_ends(reeve, program, best_effort):
    begin(reeve, program("""
        child = fork(rest)
        notify(f"MAINPID={child}", "READY=1")
        say("child", child)
        os._exit(1)
        """), best_effort)
    child = line_pid(reeve, "child")
    assert reeve.wait_unit("x", state="running")["pid"] == child
    assert reeve.call("Stop", units=["x"])["results"][0]["ok"]
    end = run_once(reeve)
    assert (end["pid"], end["signal"], end["reason"]) == (child, "TERM", "signal")


@BOTH
def test_all_of_it_while_reeved_looks_away(reeve, program, best_effort):
    """The parent is dead long before its message is looked at."""
    begin(reeve, program("""
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
        say("parent", os.getpid())
        signal.sigwait([signal.SIGUSR1])
        child = fork(rest)
        notify(f"MAINPID={child}", "READY=1")
        say("child", child)
        """), best_effort)
    parent = line_pid(reeve, "parent")
    reeve.send_signal(signal.SIGSTOP)
    try:
        os.kill(parent, signal.SIGUSR1)
        child = line_pid(reeve, "child")
        wait_for(lambda: not process_alive(parent))
    finally:
        reeve.send_signal(signal.SIGCONT)
    assert reeve.wait_unit("x", state="running")["pid"] == child
    os.kill(child, signal.SIGKILL)
    assert run_once(reeve)["signal"] == "KILL"


@BOTH
def test_amid_a_storm_of_deaths(reeve, program, best_effort):
    """Both may happen while reeved is busy with other dead ones, at any moment of that."""
    storm = program("""
        while True:
            for _ in range(100):
                fork(fork, int)
            try:
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            except ChildProcessError:
                pass
        """, "storm")
    begin(reeve, program("""
        def serve(parent):
            notify(f"MAINPID={os.getpid()}", "READY=1")
            os.kill(parent, signal.SIGKILL)
            barrier()
            os._exit(7)
        fork(serve, os.getpid())
        rest()
        """), best_effort, restart="always", restart_delay="0", more=f"""
        [service:storm]
        command = {storm}
        """)
    reeve.wait_unit("x", run=lambda n: n > 40)
    ends = [end["exit_code"] for end in reeve.show("x")["records"]]
    assert set(ends) == {7}, ends
    assert not reeve.said("x: run [0-9]+ ended after .*: SIGKILL")


@BOTH
def test_a_parent_that_ends_before_it_is_said_was_main(reeve, program, best_effort):
    begin(reeve, program("""
        def serve(parent):
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            os.write(pipe[1], b"x")
            until_reaped(parent)
            while True: # as long as it may
                notify(f"MAINPID={os.getpid()}", "READY=1")
                time.sleep(0.02)
        pipe = os.pipe()
        parent = os.getpid()
        fork(serve, parent)
        os.read(pipe[0], 1)
        say("parent", parent)
        os._exit(4)
        """), best_effort, stop_timeout="300ms")
    parent = line_pid(reeve, "parent")
    end = run_once(reeve)
    assert (end["pid"], end["exit_code"], end["reason"]) == (parent, 4, "start_failed")
    assert not reeve.marked()


# ---- a master that makes another one -------------------------------------------------------------
UPGRADE = """
def serve(how):
    say("new", os.getpid())
    when("USR1", lambda: os._exit(5))
    when("TERM", lambda: (say("new-term"), os._exit(0)))
    if how == "apart":
        os.setsid()
    if how != "told":
        notify(f"MAINPID={os.getpid()}")
    say("serving", os.getpid())
    rest()

def upgrade():
    new = fork(serve, HOW)
    if HOW == "told":
        notify(f"MAINPID={new}")

def leave():
    say("old-quits")
    os._exit(9)

when("CHLD", lambda: os.waitpid(-1, os.WNOHANG))
when("USR2", upgrade)
when("QUIT", leave)
when("TERM", lambda: (say("old-term"), os._exit(0)))
notify("READY=1")
rest()
"""


def upgraded(reeve, program, best_effort, how="here", **keys):
    """The old and the new main process, when the new one is main."""
    begin(reeve, program(f"HOW = {how!r}\n" + UPGRADE), best_effort, **keys)
    old = reeve.wait_unit("x", state="running")["pid"]
    os.kill(old, signal.SIGUSR2)
    new = line_pid(reeve, "serving")
    reeve.wait_unit("x", state="running", pid=new)
    return old, new


@pytest.mark.parametrize("how", ["here", "apart", "told"])
@BOTH
def test_an_upgrade(reeve, program, best_effort, how):
    old, new = upgraded(reeve, program, best_effort, how)
    assert process_alive(old)
    os.kill(old, signal.SIGQUIT)
    wait_for(lambda: not process_alive(old))
    unit = reeve.unit("x")
    assert (unit["state"], unit["pid"], unit["run"]) == ("running", new, 1)
    os.kill(new, signal.SIGUSR1)
    end = run_once(reeve)
    assert (end["pid"], end["exit_code"], end["reason"]) == (new, 5, "runtime_error")


@BOTH
def test_upgrade_after_upgrade(reeve, program, best_effort):
    """Each new one ends the one before. The number of the first is long free."""
    begin(reeve, program("""
        def generation(n, before):
            me = os.getpid()
            when("USR2", lambda: fork(generation, n + 1, me if n != 1 else 0))
            notify(f"MAINPID={me}", "READY=1")
            if before:
                os.kill(before, signal.SIGKILL)
            say(f"generation{n}", me)
            while True:
                signal.pause()
        generation(0, 0)
        """), best_effort)
    for n in range(6):
        pid = line_pid(reeve, f"generation{n}")
        reeve.wait_unit("x", state="running", pid=pid)
        os.kill(pid, signal.SIGUSR2)
    last = line_pid(reeve, "generation6")
    reeve.wait_unit("x", state="running", pid=last)
    wait_for(lambda: len(reeve.marked()) == 2)  # the second has stayed
    assert reeve.call("Stop", units=["x"])["results"][0]["ok"]
    assert run_once(reeve)["pid"] == last
    assert not reeve.marked()


@BOTH
def test_there_and_back_again(reeve, program, best_effort):
    begin(reeve, program("""
        me = os.getpid()
        child = fork(rest)
        notify("READY=1", f"MAINPID={child}")
        say("child", child)
        when("USR1", lambda: (notify(f"MAINPID={me}"), say("back", me)))
        when("USR2", lambda: os._exit(6))
        say("parent", me)
        rest()
        """), best_effort)
    child, parent = line_pid(reeve, "child"), line_pid(reeve, "parent")
    reeve.wait_unit("x", pid=child)
    os.kill(parent, signal.SIGUSR1)
    reeve.wait_line("^back")
    reeve.wait_unit("x", pid=parent)
    os.kill(child, signal.SIGKILL)
    wait_for(lambda: not process_alive(child))
    assert reeve.unit("x")["state"] == "running"
    os.kill(parent, signal.SIGUSR2)
    end = run_once(reeve)
    assert (end["pid"], end["exit_code"]) == (parent, 6)


# ---- who gets the signals ----------------------------------------------------------------------
@BOTH
def test_a_stop_of_main_alone_goes_to_the_new_one(reeve, program, best_effort):
    old, new = upgraded(reeve, program, best_effort, kill_mode="main")
    with Follower(reeve) as follower:
        assert reeve.call("Stop", units=["x"])["results"][0]["ok"]
        end = follower.until(lambda e: e["type"] == "unit.exited")["exit"]
    reeve.wait_line("^new-term")
    assert (end["pid"], end["reason"]) == (new, "signal")
    assert end["exit_code"] == (0 if exit_info_known() else None)
    reeve.wait_line("^old-term")  # as one of those that main left behind
    assert not process_alive(old)


@pytest.mark.parametrize("how", ["here", "apart"])
@BOTH
def test_signals_on_request(reeve, program, best_effort, how):
    old, new = upgraded(reeve, program, best_effort, how)
    reeve.call("Signal", units=["x"], signal="USR1", whom="main")
    end = reeve.wait_unit("x", last_exit=lambda e: e is not None)["last_exit"]
    assert (end["pid"], end["exit_code"]) == (new, 5 if exit_info_known() else None)
    assert not process_alive(old)


@BOTH
def test_a_signal_to_the_group_of_main(reeve, program, best_effort):
    old, new = upgraded(reeve, program, best_effort, "apart")
    reeve.call("Signal", units=["x"], signal="STOP", whom="group")

    def state(pid):
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rpartition(")")[2].split()[0]

    wait_for(lambda: state(new) == "T")
    assert state(old) != "T"


@pytest.mark.parametrize("how", ["here", "apart"])
@BOTH
def test_a_kill_reaches_both(reeve, program, best_effort, how):
    deaf = UPGRADE.replace('"TERM"', '"WINCH"')
    begin(reeve, program(f"HOW = {how!r}\n" + deaf), best_effort, stop_timeout="100ms",
          stop_signal="WINCH", kill_mode="main")
    old = reeve.wait_unit("x", state="running")["pid"]
    os.kill(old, signal.SIGUSR2)
    new = line_pid(reeve, "serving")
    reeve.wait_unit("x", pid=new)
    os.kill(new, signal.SIGSTOP)
    os.kill(old, signal.SIGSTOP)
    assert reeve.call("Stop", units=["x"])["results"][0]["ok"]
    assert not process_alive(new) and not process_alive(old)
    assert run_once(reeve)["pid"] == new


# ---- the end of one that is not our child --------------------------------------------------------
@BOTH
def test_its_parent_reaps_it(reeve, program, best_effort):
    begin(reeve, program("""
        child = fork(rest)
        notify("READY=1", f"MAINPID={child}")
        say("child", child)
        os.waitpid(child, 0)
        say("reaped")
        rest()
        """), best_effort)
    child = line_pid(reeve, "child")
    reeve.wait_unit("x", pid=child)
    os.kill(child, signal.SIGSEGV)
    end = run_once(reeve)
    assert end["pid"] == child
    assert end["signal"] == ("SEGV" if exit_info_known() else None)
    assert end["reason"] == ("signal" if exit_info_known() else "unknown")
    assert not reeve.marked(), "the parent is one of those that it left behind"


@BOTH
def test_its_parent_reaps_it_never(reeve, program, best_effort):
    begin(reeve, program("""
        child = fork(rest)
        notify("READY=1", f"MAINPID={child}")
        say("child", child)
        rest()
        """), best_effort)
    child = line_pid(reeve, "child")
    reeve.wait_unit("x", pid=child)
    os.kill(child, signal.SIGKILL)
    end = run_once(reeve)
    assert end["pid"] == child
    assert (end["exit_code"], end["signal"], end["reason"]) == (None, None, "unknown")
    assert not reeve.marked()


@BOTH
def test_its_parent_dies_after_it(reeve, program, best_effort):
    """A zombie becomes our child then."""
    begin(reeve, program("""
        child = fork(rest)
        notify("READY=1", f"MAINPID={child}")
        say("child", child)
        os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
        """), best_effort)
    child = line_pid(reeve, "child")
    reeve.wait_unit("x", pid=child)
    os.kill(child, signal.SIGKILL)
    end = run_once(reeve)
    assert (end["pid"], end["signal"], end["reason"]) == (child, "KILL", "signal")


# ---- what it leaves behind -----------------------------------------------------------------------
@BOTH
def test_what_the_new_one_left_behind_is_ended(reeve, program, best_effort):
    """In a session of its own, the first process and its number long gone."""
    begin(reeve, program("""
        def serve(parent):
            os.setsid()
            notify("READY=1", f"MAINPID={os.getpid()}")
            until_gone(parent)
            for _ in range(3):
                fork(rest)
            say("child", os.getpid())
            when("USR1", lambda: os._exit(0))
            rest()
        fork(serve, os.getpid())
        time.sleep(0.05)
        """), best_effort, restart="always", restart_delay="10ms")
    child = line_pid(reeve, "child")
    reeve.wait_unit("x", state="running", pid=child)
    wait_for(lambda: len(reeve.marked()) == 4)
    before = set(reeve.marked())
    os.kill(child, signal.SIGUSR1)
    reeve.wait_line("^child", count=2)
    assert not before & set(reeve.marked())
    reeve.stop()
    assert not reeve.marked()


@pytest.mark.parametrize("how", ["here", "apart"])
@BOTH
def test_it_survives_no_restart_of_reeved(make_reeve, program, best_effort, how):
    first = make_reeve("first")
    second = make_reeve("second", share=first)
    old, new = upgraded(first, program, best_effort, how)
    os.kill(old, signal.SIGQUIT)
    wait_for(lambda: not process_alive(old))
    first.kill()
    assert process_alive(new)
    second.configure("[service:other]\ncommand = true\nrestart = never\n")
    second.start(best_effort=best_effort)
    second.wait_line("x: an earlier reeved left 1 process")
    second.wait_unit("other", state="completed")
    assert not process_alive(new)


# ---- what is refused ---------------------------------------------------------------------------
@BOTH
def test_refusals(reeve, program, best_effort):
    """Nobody, a stranger, the init, reeved, another unit's, and the unit's own probe."""
    begin(reeve, program("""
        gone = fork(int)
        os.waitpid(gone, 0)
        zombie = fork(int)
        os.waitid(os.P_PID, zombie, os.WEXITED | os.WNOWAIT)
        stranger, other = [int(word) for word in open(sys.argv[1]).read().split()]
        for pid in gone, zombie, stranger, 1, os.getppid(), other:
            notify(f"MAINPID={pid}")
        notify("MAINPID=0")
        notify("MAINPID=x")
        notify(f"MAINPID={other}", f"MAINPID={os.getpid()}", "READY=1")
        rest()
        """) + f" {reeve.directory}/pids", best_effort, autostart="no", more="""
        [service:other]
        command = sleep 1000
        """)
    other = reeve.wait_unit("other", state="running")["pid"]
    with open(f"{reeve.directory}/pids", "w", encoding="ascii") as out:
        out.write(f"{os.getpid()} {other}")
    with Follower(reeve) as follower:
        reeve.call("Start", units=["x"])
        pid = reeve.wait_unit("x", state="running")["pid"]
        follower.until(lambda e: e["type"] == "unit.state" and e["unit"] == "x"
                       and e["state"] == "running")
        refused = [e for e in follower.events if e["type"] == "unit.refused"]
    assert len(refused) == 1, "it is told once a run"
    assert "MAINPID" in refused[0]["error"]
    reeve.wait_line("x: MAINPID=[0-9]+ of its notification refused: there is no such process")
    assert process_alive(pid) and reeve.unit("other")["pid"] == other
    os.kill(pid, signal.SIGKILL)
    assert run_once(reeve)["pid"] == pid


@BOTH
def test_a_probe_is_not_main(reeve, program, best_effort):
    place = f"{reeve.directory}/socket"
    probe = program("""
        os.environ["NOTIFY_SOCKET"] = open(sys.argv[1]).read()
        notify(f"MAINPID={os.getpid()}")
        say("probe", os.getpid())
        """, "probe") + f" {place}"
    begin(reeve, program(f"""
        open({place!r}, "w").write(os.environ["NOTIFY_SOCKET"])
        notify("READY=1")
        rest()
        """), best_effort, health=f"exec:{probe}", health_interval="100ms")
    pid = reeve.wait_unit("x", state="running")["pid"]
    reeve.wait_line("^probe ", count=3)
    assert reeve.unit("x")["pid"] == pid
