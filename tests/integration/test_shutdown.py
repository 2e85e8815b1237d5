"""The end of reeved: inside its time, with everything of its units, and with the right exit code."""
import os
import signal
import time

import pytest
from conftest import root_required
from daemon import IGNORES_TERM, process_alive


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_signals_that_shut_down(reeve, number):
    reeve.configure("[service:x]\ncommand = sleep 1000\n").start()
    pid = reeve.wait_unit("x", state="running")["pid"]
    reeve.stop(number)
    assert not os.path.exists(f"/proc/{pid}")
    assert not os.path.exists(reeve.socket_path)


def test_the_budget_holds_when_nobody_listens(reeve):
    """Twenty units ignore TERM and would wait a minute: KILL falls when the reserve begins."""
    reeve.configure("\n".join(f"[service:deaf-{n}]\ncommand = {IGNORES_TERM}\nstop_timeout = 60s\n"
                              for n in range(20)), shutdown_timeout="4s").start()
    reeve.wait_line("^deaf$", count=20)
    started = time.monotonic()
    reeve.stop()
    took = time.monotonic() - started
    assert 3.4 <= took <= 4.0, took


def test_a_unit_has_its_own_deadline_inside_the_budget(reeve):
    reeve.configure(f"[service:deaf]\ncommand = {IGNORES_TERM}\nstop_timeout = 300ms\n",
                    shutdown_timeout="20s").start()
    reeve.wait_line("^deaf$")
    started = time.monotonic()
    reeve.stop()
    took = time.monotonic() - started
    assert 0.3 <= took < 10, took


def test_a_second_interrupt_skips_to_the_kill(reeve):
    reeve.configure(f"[service:deaf]\ncommand = {IGNORES_TERM}\nstop_timeout = 60s\n",
                    shutdown_timeout="60s").start()
    reeve.wait_line("^deaf$")
    reeve.send_signal(signal.SIGTERM)
    reeve.wait_unit("deaf", state="stopping")
    reeve.send_signal(signal.SIGTERM)  # changes nothing
    assert reeve.health()["status"] == "stopping"
    started = time.monotonic()
    reeve.stop(signal.SIGINT)
    assert time.monotonic() - started < 20
    assert reeve.said("deaf: asked again: sending SIGKILL now")
    assert not reeve.said("did not end in time")


def test_the_log_says_who_asked_for_the_end(make_reeve):
    for name in ("signal", "peer", "essential"):
        reeve = make_reeve(name).configure("""
            [service:main]
            command = sleep 1000
            essential = yes
        """).start()
        pid = reeve.wait_unit("main", state="running")["pid"]
        if name == "signal":
            reeve.send_signal(signal.SIGQUIT)
            why = "asked by SIGQUIT"
        elif name == "peer":
            reeve.call("Shutdown")
            why = f"asked by uid {os.geteuid()}, pid {os.getpid()}"
        else:
            os.kill(pid, signal.SIGKILL)
            why = "main is essential and has ended for good"
        reeve.wait_exit()
        assert reeve.said(f"^reeved: shutting down: {why}$"), reeve.lines


def test_a_state_without_a_process_says_so(reeve):
    reeve.configure("""
        [service:up]
        command = sleep 1000
        [service:off]
        command = sleep 1000
        autostart = no
    """).start()
    pid = reeve.wait_unit("up", state="running")["pid"]
    reeve.send_signal(signal.SIGUSR2)
    reeve.wait_line(f"up: running, pid {pid}, run 1, ")
    reeve.wait_line("off: stopped, no process, run 0, ")


@root_required
def name_of(pid):
    with open(f"/proc/{pid}/comm", encoding="utf-8") as comm:
        return comm.read().strip()


def test_orphans_that_stay_are_named(reeve):
    """Without cgroups, one that left the session and lost its parent before the stop."""
    reeve.configure("""
        [service:x]
        command = sh -c 'setsid sh -c "sleep 1000 & echo up \\$! >&2"; exec sleep 1000'
    """).start(best_effort=True)
    reeve.may_leave = True
    pid = int(reeve.wait_line(r"^up \d+").split()[1])
    reeve.wait_for(lambda: reeve.health()["counts"]["orphans"] == 1, what="it to be ours")
    reeve.wait_for(lambda: name_of(pid) == "sleep", what="it to be what it is")
    reeve.stop()
    assert process_alive(pid)
    # It holds standard error open, so the end of the lines does not come.
    reeve.wait_line(rf"warning: shutdown: 1 orphan is left running: {pid} \(sleep\)$")


def test_nothing_starts_during_a_shutdown(reeve, tmp_path):
    """A crash loop and a unit in backoff are simply stopped while another takes its time."""
    reeve.configure(f"""
        [service:slow]
        command = sh -c 'trap "sleep 0.5; exit 0" TERM; echo up >&2; while :; do sleep 0.01; done'
        [service:loop]
        command = sh -c 'echo x >> {tmp_path}/runs; exit 1'
        restart_delay = 1ms
        restart_delay_max = 1ms
        [service:waits]
        command = false
        restart_delay = 60s
    """).start()
    reeve.wait_line("^up")
    reeve.wait_unit("loop", run=lambda n: n > 2)
    reeve.wait_unit("waits", state="backoff")
    with reeve.connect() as client:
        client.call("Shutdown")
        runs = (tmp_path / "runs").read_text()
        refused = client.call("Health")
        assert refused["status"] == "stopping"
    assert reeve.wait_exit() == 0
    # One may have been on its way when the shutdown came.
    assert len((tmp_path / "runs").read_text()) <= len(runs) + 2


def test_shutdown_refuses_new_work(reeve):
    reeve.configure("""
        [service:slow]
        command = sh -c 'trap "sleep 1; exit 0" TERM; echo up >&2; while :; do sleep 0.01; done'
        [service:off]
        command = sleep 1000
        autostart = no
    """).start()
    reeve.wait_line("^up")
    with reeve.connect() as client:
        client.call("Shutdown")
        client.send("Start", {"units": ["off"]})
        reply = client.receive()
        assert reply["error"] == "io.reeve.Manager.ShuttingDown", reply
    assert reeve.wait_exit() == 0


def test_hup_is_logged_and_changes_nothing(reeve):
    reeve.configure("[service:x]\ncommand = sleep 1000\n").start()
    before = reeve.wait_unit("x", state="running")
    reeve.configure("[service:y]\ncommand = sleep 1000\n")
    reeve.send_signal(signal.SIGHUP)
    reeve.wait_line("SIGHUP")
    after = reeve.health()["units"]
    assert [unit["name"] for unit in after] == ["x"]
    assert (after[0]["pid"], after[0]["run"]) == (before["pid"], before["run"])


@pytest.mark.parametrize("name", ["USR1", "USR2", "WINCH", "PWR", "ALRM", "PIPE", "RTMIN", "CHLD",
                                  "CONT", "URG", "IO", "VTALRM"])
def test_other_signals_end_nothing(reeve, name):
    reeve.configure("[service:x]\ncommand = sleep 1000\n").start()
    before = reeve.wait_unit("x", state="running")
    for _ in range(3):
        reeve.send_signal(getattr(signal, "SIG" + name))
    reeve.send_signal(signal.SIGHUP)
    reeve.wait_line("received SIGHUP")  # all that came before it is read in the same turn
    assert reeve.health()["status"] == "healthy"
    after = reeve.unit("x")
    assert (after["state"], after["pid"]) == ("running", before["pid"])
    reeve.stop()


def pending(names):
    """For `prepare`: these signals wait since before reeved began."""
    def prepare():
        signal.pthread_sigmask(signal.SIG_BLOCK, range(1, signal.NSIG))
        for name in names:
            os.kill(os.getpid(), getattr(signal, "SIG" + name))

    return prepare


def test_signals_before_the_beginning_end_nothing(reeve):
    reeve.configure("[service:x]\ncommand = sleep 1000\n").start(
        prepare=pending(["HUP", "USR1", "USR2", "WINCH", "PWR", "ALRM", "RTMIN", "CHLD"]))
    reeve.wait_unit("x", state="running", run=1)
    reeve.stop()


@pytest.mark.parametrize("name", ["TERM", "INT", "QUIT"])
def test_an_end_before_the_beginning(reeve, name):
    reeve.configure("[service:x]\ncommand = sleep 1000\n").start(wait=False,
                                                                 prepare=pending([name]))
    assert reeve.wait_exit() == 0
    assert not reeve.said("^reeved: x: ")


@pytest.fixture
def reading(reeve):
    """A daemon whose configuration is a fifo that nobody writes: its child waits in open()."""
    os.mkfifo(reeve.config_file)
    reeve.start(wait=False)
    reeve.child = reeve.wait_for(lambda: [pid for pid in reeve.marked()
                                          if parent_of(pid) == reeve.pid],
                                 what="the child that reads the configuration")[0]
    return reeve


def parent_of(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
        return int(stat.read().rpartition(")")[2].split()[1])


def test_an_end_while_the_configuration_hangs(reading):
    reading.stop()
    assert not reading.marked()


def test_the_reader_of_the_configuration_is_killed(reading):
    os.kill(reading.child, signal.SIGKILL)
    assert reading.wait_exit() == 1
    assert reading.said("the child that reads it died of SIGKILL")
