"""A stop ends a unit, all of it, by its deadline, and nothing turns it into something else."""
import contextlib
import json
import os
import signal
import threading

import pytest
from conftest import cgroup_required, root_required
from daemon import process_alive
from times import milliseconds
from trouble import both_trackings


def test_stop_asks_with_the_stop_signal(reeve):
    reeve.configure("""
        [service:term]
        command = sleep 1000
        [service:int]
        command = sleep 1000
        stop_signal = INT
        [service:polite]
        command = sh -c 'trap "exit 0" TERM; echo polite is up >&2; while :; do sleep 0.01; done'
    """).start()
    reeve.wait_line("polite is up")
    for name in ("term", "int", "polite"):
        reeve.wait_unit(name, state="running")
        result = reeve.call("Stop", units=[name])["results"][0]
        assert result["ok"] and result["state"] == "stopped", result
    ends = {name: reeve.last_exit(name) for name in ("term", "int", "polite")}
    assert (ends["term"]["signal"], ends["term"]["exit_code"]) == ("TERM", None)
    assert (ends["int"]["signal"], ends["int"]["exit_code"]) == ("INT", None)
    assert (ends["polite"]["signal"], ends["polite"]["exit_code"]) == (None, 0)
    for record in ends.values():
        assert record["reason"] == "signal" and record["requested_by"] == "user"
        assert record["requester"]["uid"] == os.geteuid()
        assert record["requester"]["pid"] == os.getpid()
        assert record["stop_signal_at"] and record["kill_at"] is None
    assert all(reeve.unit(name)["goal"] == "down" for name in ends)


def test_kill_falls_on_the_deadline_not_before(reeve):
    reeve.start_deaf("700ms")
    with reeve.connect() as other:
        other.send("Stop", {"units": ["deaf"]})
        reeve.wait_unit("deaf", state="stopping")
        assert other.receive()["parameters"]["results"][0]["ok"]
    record = reeve.last_exit("deaf")
    assert record["reason"] == "forced_kill" and record["signal"] == "KILL"
    waited = milliseconds(record["kill_at"]) - milliseconds(record["stop_signal_at"])
    assert 700 <= waited < 5000, waited


def test_a_stopped_process_can_act_on_the_stop(reeve):
    reeve.configure("""
        [service:frozen]
        command = sleep 1000
        stop_timeout = 20s
    """).start()
    pid = reeve.wait_unit("frozen", state="running")["pid"]
    os.kill(pid, signal.SIGSTOP)
    reeve.wait_for(lambda: stat_letter(pid) == "T", what="the process to stop")
    assert reeve.unit("frozen")["state"] == "running"
    reeve.call("Stop", units=["frozen"])
    assert reeve.last_exit("frozen")["signal"] == "TERM"


def stat_letter(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
        return stat.read().rpartition(")")[2].split()[0]


ESCAPES = """\
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        import signal
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        with open(sys.argv[1] + ".new", "w") as out:
            out.write(str(os.getpid()))
        os.rename(sys.argv[1] + ".new", sys.argv[1])
        time.sleep(1000)
    os._exit(0)
time.sleep(1000)
"""


@pytest.fixture
def escape(tmp_path):
    """A command whose grandchild leaves group, session and parent; and its pid, once known."""
    (tmp_path / "escape.py").write_text(ESCAPES)
    pid_file = tmp_path / "escapee.pid"

    def escapee(reeve):
        return int(reeve.wait_for(lambda: pid_file.exists() and pid_file.read_text(),
                                  what="the grandchild"))

    return f"/usr/bin/python3 -I {tmp_path}/escape.py {pid_file}", escapee


@cgroup_required
def test_a_daemonized_grandchild_is_ended_by_its_cgroup(reeve, escape):
    command, escapee = escape
    reeve.configure(f"""
        [service:x]
        command = {command}
        stop_timeout = 500ms
    """).start()
    reeve.wait_unit("x", state="running")
    pid = escapee(reeve)
    assert reeve.show("x")["tracking"] == "cgroup"
    assert reeve.call("Stop", units=["x"])["results"][0]["ok"]
    assert not process_alive(pid)
    record = reeve.last_exit("x")
    assert record["signal"] == "TERM" and record["leftovers_killed"] == 1


@root_required
def test_without_cgroups_descendants_are_pinned_before_the_first_signal(reeve, tmp_path):
    """The daughter leaves the session but has her parent: best effort finds her at the stop."""
    reeve.configure(f"""
        [service:x]
        command = sh -c 'setsid sleep 1000 & echo $! > {tmp_path}/pid; wait'
        stop_timeout = 500ms
        kill_mode = tree
    """).start(best_effort=True)
    reeve.wait_unit("x", state="running")
    pid = int(reeve.wait_for(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text(),
                             what="the daughter"))
    assert reeve.show("x")["tracking"] == "best_effort"
    assert reeve.call("Stop", units=["x"])["results"][0]["ok"]
    assert not process_alive(pid)


@pytest.mark.parametrize("best_effort", [
    pytest.param(False, id="as-found"), pytest.param(True, id="best-effort", marks=root_required)])
def test_leftovers_are_ended_before_the_next_run(reeve, tmp_path, best_effort):
    """The main process ends by itself; a child of its group that ignores TERM holds the run."""
    (tmp_path / "go").write_text("")
    reeve.configure(f"""
        [service:x]
        command = sh -c '(trap "" TERM; echo here >&2; while :; do sleep 1000; done) & read x < {tmp_path}/fifo; exit 5'
        stop_timeout = 400ms
        restart_delay = 10ms
    """)
    os.mkfifo(tmp_path / "fifo")
    reeve.start(best_effort=best_effort)
    reeve.wait_unit("x", state="running", run=1)
    reeve.wait_line("^here")
    with open(tmp_path / "fifo", "w", encoding="ascii"):
        pass
    reeve.wait_unit("x", state="running", run=2)
    record = reeve.last_exit("x")
    assert record["run"] == 1 and record["exit_code"] == 5 and record["reason"] == "runtime_error"
    assert record["leftovers_killed"] >= 1
    assert milliseconds(record["kill_at"]) - milliseconds(record["ended_at"]) >= 350
    second = reeve.show("x")
    assert second["run"] == 2 and len(second["records"]) == 1


def test_kill_mode_main_signals_only_main(reeve):
    reeve.configure("""
        [service:x]
        command = sh -c '(trap "echo the child got TERM >&2" TERM; while :; do sleep 0.01; done) & trap "echo main got TERM >&2; sleep 0.3; exit 0" TERM; echo up >&2; while :; do sleep 0.01; done'
        kill_mode = main
        stop_timeout = 2s
    """).start()
    reeve.wait_line("^up")
    reeve.call("Stop", units=["x"])
    texts = [line for line in reeve.lines if "got TERM" in line]
    assert texts[0] == "main got TERM", texts
    assert reeve.last_exit("x")["exit_code"] == 0


def test_a_stop_in_backoff_starts_nothing_more(reeve):
    reeve.configure("""
        [service:x]
        command = false
        restart_delay = 300ms
        restart_jitter = 0%
        [job:later]
        command = sleep 0.6
    """).start()
    before = reeve.wait_unit("x", state="backoff")
    assert reeve.call("Stop", units=["x"])["results"][0]["ok"]
    after = reeve.unit("x")
    assert after["state"] == "stopped" and after["goal"] == "down"
    # The job lives through the time in which x would have been started.
    reeve.call("Start", units=["later"])
    reeve.wait_unit("later", state="completed")
    assert reeve.unit("x")["state"] == "stopped"
    assert reeve.unit("x")["run"] == after["run"] <= before["run"] + 1
    run = after["run"]
    assert reeve.call("Start", units=["x"], timeout_ms=10000)
    reeve.wait_unit("x", run=lambda n: n > run)


def test_a_stop_while_starting(reeve):
    """Start and Stop in one breath, before exec can have been told: no run is left and none comes."""
    reeve.configure("""
        [service:x]
        command = sleep 1000
        restart_delay = 0
        autostart = no
    """).start()
    overtaken = 0
    with reeve.connect() as client:
        for round_ in range(1, 51):
            calls = [{"method": f"io.reeve.Manager.{method}", "parameters": parameters}
                     for method, parameters in (("Start", {"units": ["x"], "wait": False}),
                                                ("Stop", {"units": ["x"]}))]
            client.send_bytes(b"".join(json.dumps(call).encode() + b"\0" for call in calls))
            client.receive()
            result = client.receive()["parameters"]["results"][0]
            assert result["ok"] and result["state"] == "stopped", result
            record = reeve.last_exit("x")
            assert (record["run"], record["requested_by"]) == (round_, "user"), record
            assert record["reason"] == "signal" and record["signal"] == "TERM", record
            overtaken += record["ready_after_ms"] is None
    assert overtaken, "not one stop came while starting"
    assert (reeve.unit("x")["state"], reeve.unit("x")["run"]) == ("stopped", 50)
    assert not reeve.marked()


def test_a_death_beside_a_stop_is_no_restart(reeve):
    """The process dies by itself just before, with or just after the stop: it stays down."""
    reeve.configure("""
        [service:x]
        command = sleep 1000
        restart_delay = 0
    """).start()
    run = 1
    with reeve.connect() as client:
        for round_ in range(60):
            pid = reeve.wait_unit("x", state="running")["pid"]
            if round_ % 2:
                client.send("Stop", {"units": ["x"]})
                with contextlib.suppress(ProcessLookupError):  # it may be over already
                    os.kill(pid, signal.SIGKILL)
            else:
                os.kill(pid, signal.SIGKILL)
                client.send("Stop", {"units": ["x"]})
            result = client.receive()["parameters"]["results"][0]
            assert result["ok"] and result["state"] == "stopped", result
            unit = reeve.unit("x")
            # The next run may have begun before the stop was read; after it, none does.
            assert unit["state"] == "stopped" and unit["run"] in (run, run + 1), unit
            assert not reeve.marked()
            assert reeve.call("Start", units=["x"])["results"][0]["ok"]
            run = reeve.unit("x")["run"]
            assert run == unit["run"] + 1


@pytest.mark.parametrize("best_effort", [
    pytest.param(False, id="as-found"), pytest.param(True, id="best-effort", marks=root_required)])
def test_the_leader_obeys_and_its_child_does_not(reeve, best_effort):
    reeve.configure("""
        [service:x]
        command = sh -c '(trap "" TERM; echo here >&2; while :; do sleep 1000; done) & exec sleep 1001'
        stop_timeout = 400ms
    """).start(best_effort=best_effort)
    reeve.wait_line("^here")
    assert reeve.call("Stop", units=["x"])["results"][0]["ok"]
    assert not reeve.marked()
    record = reeve.last_exit("x")
    assert (record["signal"], record["reason"]) == ("TERM", "signal")
    assert record["leftovers_killed"] >= 1
    # The time runs from the stop, and the signal follows that a moment later.
    assert milliseconds(record["kill_at"]) - milliseconds(record["stop_signal_at"]) >= 350


@pytest.mark.parametrize("kill_mode", ["group", "tree", "main"])
@pytest.mark.parametrize("wrapper", [
    pytest.param("exec sleep 1000; true", id="execs"),
    pytest.param("sleep 1000; true", id="waits"),
    pytest.param("trap : TERM; sleep 1000; wait; exit 3", id="takes-it-and-goes-on")])
def test_a_wrapper_shell_between_us_and_the_program(reeve, wrapper, kill_mode):
    """The shell passes nothing on: the program gets its TERM all the same, and no SIGKILL falls. The
    last kind takes TERM for itself; only who signals main alone has to wait for the deadline."""
    deaf = "trap" in wrapper and kill_mode == "main"
    reeve.configure(f"""
        [service:x]
        command = sh -c 'echo up >&2; {wrapper}'
        kill_mode = {kill_mode}
        stop_timeout = {"300ms" if deaf else "20s"}
    """).start()
    reeve.wait_line("^up")
    # Between fork and exec a child still has the shell's handler.
    reeve.wait_for(lambda: any(map(is_sleep, reeve.marked())), what="the program to run")
    assert reeve.call("Stop", units=["x"])["results"][0]["ok"]
    assert not reeve.marked()
    record = reeve.last_exit("x")
    assert (record["kill_at"] is not None) == deaf, record
    assert record["reason"] == ("forced_kill" if deaf else "signal")


def is_sleep(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as words:
            return words.read().startswith(b"sleep\0")
    except OSError:
        return False


def test_a_stop_while_stopping_takes_the_smaller_deadline(reeve):
    reeve.start_deaf("600ms")
    with reeve.connect() as one, reeve.connect() as two:
        one.send("Stop", {"units": ["deaf"]})
        reeve.wait_unit("deaf", state="stopping")
        two.send("Stop", {"units": ["deaf"]})
        assert one.receive()["parameters"]["results"][0]["ok"]
        assert two.receive()["parameters"]["results"][0]["ok"]
    assert reeve.unit("deaf")["run"] == 1
    assert len(reeve.show("deaf")["records"]) == 1


@both_trackings
@pytest.mark.parametrize("survivors", [False, True])
def test_a_kill_on_demand_while_stopping(reeve, best_effort, survivors):
    """Who does not want to wait for the deadline sends SIGKILL: to main, or to what outlived it."""
    main = "exec sleep 1001" if survivors else 'trap "" TERM; echo here >&2; sleep 1001; sleep 1002'
    kid = '(trap "" TERM; echo here >&2; while :; do sleep 1000; done) & ' if survivors else ""
    reeve.configure(f"""
        [service:x]
        command = sh -c '{kid}{main}'
        stop_timeout = 60s
    """).start(best_effort=best_effort)
    reeve.wait_line("^here")
    reeve.wait_for(lambda: any("sleep" in words.split()[0] for words in reeve.marked().values()))
    with reeve.connect() as client:
        client.send("Stop", {"units": ["x"]})
        reeve.wait_unit("x", state="stopping", pid=(lambda pid: not pid) if survivors else bool)
        assert reeve.ctl("signal", "--to", "tree", "KILL", "x").returncode == 0
        result = client.receive()["parameters"]["results"][0]
    assert result["ok"] and result["state"] == "stopped", result
    assert not reeve.marked()
    record = reeve.last_exit("x")
    assert (record["reason"], record["signal"]) == ("signal", "TERM" if survivors else "KILL"), record
    assert (record["requested_by"], record["kill_at"]) == ("user", None), record
    assert reeve.unit("x")["run"] == 1


def test_restarts_at_once_never_give_two_copies(reeve, tmp_path):
    """Each copy takes a lock that the kernel gives only once, and complains when it cannot."""
    (tmp_path / "copy.py").write_text(
        "import fcntl, sys, time\n"
        f"lock = open({str(tmp_path / 'lock')!r}, 'w')\n"
        "try:\n"
        "    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)\n"
        "except OSError:\n"
        "    print('two copies', file=sys.stderr, flush=True)\n"
        "time.sleep(1000)\n")
    reeve.configure(f"""
        [service:x]
        command = /usr/bin/python3 -I {tmp_path}/copy.py
        restart_delay = 0
    """).start()
    reeve.wait_unit("x", state="running")
    results = []

    def restart_often():
        with reeve.connect() as client:
            for _ in range(10):
                results.append(client.call("Restart", units=["x"])["results"][0])

    threads = [threading.Thread(target=restart_often) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 40 and all(result["ok"] for result in results), results
    unit = reeve.wait_unit("x", state="running")
    assert 2 <= unit["run"] <= 41
    assert not reeve.said("two copies")
    records = reeve.show("x")["records"]
    assert len({record["run"] for record in records}) == len(records)
    assert all(record["requested_by"] == "restart" for record in records), json.dumps(records)


def test_stop_and_start_of_many_by_glob(reeve):
    reeve.configure("\n".join(f"[service:web-{n}]\ncommand = sleep 1000\n" for n in range(5))
                    + "[service:other]\ncommand = sleep 1000\n").start()
    for unit in reeve.health()["units"]:
        reeve.wait_unit(unit["name"], state="running")
    results = reeve.call("Stop", units=["web-*"])["results"]
    assert [r["unit"] for r in results] == [f"web-{n}" for n in range(5)]
    assert all(r["ok"] and r["state"] == "stopped" for r in results)
    assert reeve.unit("other")["state"] == "running"
    assert all(r["ok"] for r in reeve.call("Start", units=["web-?"])["results"])
    assert all(reeve.unit(f"web-{n}")["run"] == 2 for n in range(5))
