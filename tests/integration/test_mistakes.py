"""What users often get wrong is named when it is seen, with real programs; and nothing is said of
units that are well."""
import contextlib
import re
import socket
import subprocess
import sys
import textwrap
import time

import pytest
from conftest import cgroup_required, root_required
from follower import Follower
from test_ready import free_port
from test_real_ready import program

TRACKING = [pytest.param(False, id="cgroup", marks=cgroup_required),
            pytest.param(True, id="best_effort", marks=root_required)]
SAID = re.compile(r"itself into the background|to itself and did not tell|: port \d+ is held by")


def said(reeve):
    """What was said of mistakes so far."""
    return [line for line in reeve.lines if SAID.search(line)]


def searched(reeve, unit=""):
    return sum(f"{unit}: searching for" in line for line in reeve.lines)


@contextlib.contextmanager
def listening(port, host="127.0.0.1"):
    """A process outside reeve that listens there; its pid."""
    code = textwrap.dedent("""
        import signal, socket, sys
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind((sys.argv[1], int(sys.argv[2])))
            s.listen(64)
            print("ready", flush=True)
            signal.pause()
    """)
    with subprocess.Popen([sys.executable, "-c", code, host, str(port)],
                          stdout=subprocess.PIPE) as stranger:
        assert stranger.stdout.readline()
        try:
            yield stranger.pid
        finally:
            stranger.kill()


def redis(port, *more):
    return " ".join([program("redis-server"), f"--port {port} --bind 127.0.0.1 --save ''", *more])


def nginx_config(directory, port):
    """Without `daemon off`; what nginx writes goes into the directory."""
    (directory / "temp").mkdir()
    temps = "".join(f"{kind}_temp_path {directory}/temp/{kind};\n" for kind in
                    ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    path = directory / "nginx.conf"
    path.write_text(f"pid {directory}/nginx.pid;\nerror_log stderr;\nevents {{}}\n"
                    f"http {{ access_log off;\n{temps}"
                    f"server {{ listen 127.0.0.1:{port}; }} }}\n")
    return path


# ---- it went to the background -------------------------------------------------------------------
@pytest.mark.parametrize("best_effort", TRACKING)
def test_redis_that_daemonizes_itself(reeve, best_effort, tmp_path):
    """Its process overwrites its own environment."""
    reeve.may_leave = best_effort
    reeve.configure(f"""
        [service:redis]
        command = {redis(free_port(), "--daemonize yes", f"--dir {tmp_path}")}
        restart = never
        log = null
    """).start(best_effort=best_effort)
    line = reeve.wait_line("redis: the command put itself into the background")
    assert re.search(r"left \d+ \(redis-server\); have it stay in the foreground", line), line
    reeve.wait_unit("redis", state="completed")
    assert len(said(reeve)) == 1


@pytest.mark.parametrize("best_effort", TRACKING)
def test_nginx_without_daemon_off(reeve, best_effort, tmp_path):
    reeve.may_leave = best_effort
    config = nginx_config(tmp_path, free_port())
    reeve.configure(f"""
        [service:nginx]
        command = {program("nginx")} -e stderr -c {config}
        restart = never
        stop_timeout = 1s
    """).start(best_effort=best_effort)
    line = reeve.wait_line("nginx: the command put itself into the background")
    assert re.search(r"left \d+ \(nginx\)", line), line
    reeve.wait_unit("nginx", state="completed")
    assert len(said(reeve)) == 1


@pytest.mark.parametrize("best_effort", TRACKING)
def test_it_is_told_for_the_first_tries_only(reeve, best_effort):
    """A loop of them costs no more lines than the first two."""
    reeve.configure("""
        [service:loop]
        command = sh -c 'sleep 1000 & exit 0'
        restart_delay = 10ms
        restart_delay_max = 10ms
    """).start(best_effort=best_effort)
    reeve.wait_line("loop: run 6 ended")
    assert len(said(reeve)) == 2
    reeve.call("Stop", units=["loop"])
    reeve.call("Start", units=["loop"], wait=False)
    reeve.wait_line("put itself into the background", count=3)


@root_required
def test_who_got_away_by_a_double_fork(reeve, tmp_path):
    """Best effort: it is in no tree any more; its environment says whose it is."""
    reeve.may_leave = True
    script = tmp_path / "daemon.py"
    script.write_text(textwrap.dedent("""
        import os, time
        if os.fork():
            os.wait()
            raise SystemExit(0)
        os.setsid()
        if os.fork():
            os._exit(0)
        time.sleep(1000)
    """))
    reeve.configure(f"""
        [service:away]
        command = {sys.executable} {script}
        restart = never
        [service:other]
        command = true
        restart = never
    """).start(best_effort=True)
    line = reeve.wait_line("put itself into the background")
    assert line.startswith("reeved: warning: away:"), line
    assert len(said(reeve)) == 1


def test_who_leaves_a_helper_behind_after_some_work(reeve):
    """Nor is it said of one that fails, of one whose output goes through a filter, of a job."""
    reeve.configure("""
        [service:worked]
        command = sh -c 'sleep 1000 & sleep 5.5'
        restart = never
        [service:fails]
        command = sh -c 'sleep 1000 & exit 3'
        restart = never
        [service:filters]
        command = bash -c 'exec > >(trap "" TERM; cat >&2; sleep 0.5); sleep 0.3'
        restart = never
        [job:batch]
        command = sh -c 'sleep 1000 & exit 0'
        autostart = yes
    """).start()
    for name, state in (("fails", "failed"), ("filters", "completed"), ("batch", "completed"),
                        ("worked", "completed")):
        reeve.wait_unit(name, state=state)
    assert not said(reeve)


# ---- the stop signal -----------------------------------------------------------------------------
def stop_and_hear(reeve, unit):
    reeve.call("Stop", units=[unit])
    reeve.wait_line(f"^reeved: {unit}: stopped")
    return [line for line in said(reeve) if line.startswith(f"reeved: warning: {unit}: ")]


def test_a_shell_with_a_trap_before_redis(reeve, tmp_path):
    reeve.configure(f"""
        [service:db]
        command = sh -c "trap : TERM; {redis(port := free_port(), f'--dir {tmp_path}')}; true"
        ready = tcp:localhost:{port}
        kill_mode = main
        stop_timeout = 1s
        log = null
    """).start()
    reeve.wait_unit("db", state="running")
    lines = stop_and_hear(reeve, "db")
    assert len(lines) == 1 and re.search(
        r"main process \(\w+\) kept SIGTERM to itself and did not tell \d+ \(redis-server\); begin "
        "the program with exec", lines[0]), lines
    assert reeve.last_exit("db")["reason"] == "forced_kill"


def test_a_child_out_of_reach_of_the_group(reeve):
    """kill_mode = group, and a child with a session of its own."""
    reeve.configure("""
        [service:apart]
        command = sh -c 'trap : TERM; setsid sh -c "echo up >&2; exec sleep 1000"; true'
        stop_timeout = 1s
    """).start()
    reeve.wait_line("^up$")
    lines = stop_and_hear(reeve, "apart")
    assert len(lines) == 1 and re.search(r"did not tell \d+ \(sleep\)", lines[0]), lines


# Whose fault it is not, or not surely: told children, deaf ones, slow traps, shells that forward.
INNOCENT = {
    "deaf": ("group", "sh -c 'trap \"\" TERM; echo up >&2; while :; do sleep 1000; done'"),
    "told": ("group", "sh -c 'trap : TERM; sh -c \"trap : TERM; echo up >&2; while :; do sleep 0.1; "
                      "done\"; true'"),
    "tree": ("tree", "sh -c 'trap : TERM; sh -c \"trap : TERM; echo up >&2; while :; do sleep 0.1; "
                     "done\"; true'"),
    "goes_on": ("group", "sh -c 'trap : TERM; echo up >&2; while :; do sleep 1000; done'"),
    "cleans_up": ("main", "sh -c 'trap \"sleep 1000; exit\" TERM; echo up >&2; while :; do "
                          "sleep 0.1; done'"),
    "forwards": ("main", "sh -c 'sh -c \"trap : TERM; echo up >&2; while :; do sleep 0.1; done\" & "
                         "trap \"kill $!\" TERM; wait; wait; wait'"),
    "no_wrapper": ("main", f"{sys.executable} -c 'import signal, subprocess; "
                           "signal.signal(signal.SIGTERM, lambda *a: None); "
                           "p = subprocess.Popen([\"sh\", \"-c\", \"echo up >&2; exec sleep "
                           "1000\"]); [p.wait() for i in iter(int, 1)]'"),
}


def test_whose_fault_it_is_not(reeve):
    """SIGKILL ends them all, and nothing is said of a wrapper."""
    reeve.configure("\n".join(f"[service:{name}]\ncommand = {command}\nkill_mode = {mode}\n"
                              "stop_timeout = 1s\n"
                              for name, (mode, command) in INNOCENT.items())).start()
    reeve.wait_line("^up$", count=len(INNOCENT))
    reeve.call("Stop", units=list(INNOCENT))
    for name in INNOCENT:
        assert reeve.last_exit(name)["reason"] == "forced_kill", name
    assert not said(reeve)


# ---- the port ------------------------------------------------------------------------------------
def test_two_redis_on_one_port(reeve, tmp_path):
    """One port stands in the command only, one is that of the probe, too: each names the first."""
    said_port, probed_port = free_port(), free_port()
    reeve.configure(f"""
        [service:a]
        command = {redis(said_port, f"--dir {tmp_path}")}
        ready = tcp:localhost:{said_port}
        log = null
        [service:b]
        command = {redis(said_port, f"--dir {tmp_path}")}
        restart = never
        log = null
        autostart = no
        [service:c]
        command = {redis(probed_port, f"--dir {tmp_path}")}
        ready = tcp:localhost:{probed_port}
        log = null
        [service:d]
        command = {redis(probed_port, f"--dir {tmp_path}")}
        ready = tcp:localhost:{probed_port}
        restart = never
        log = null
        autostart = no
    """).start()
    pids = {name: reeve.wait_unit(name, state="running")["pid"] for name in "ac"}
    reeve.call("Start", units=["b", "d"], wait=False)
    for name, first, port in (("b", "a", said_port), ("d", "c", probed_port)):
        line = reeve.wait_line(f"warning: {name}: port")
        assert f"port {port} is held by {pids[first]} (redis-server) of unit {first};" in line, line
        reeve.wait_unit(name, state="failed")
    assert len(said(reeve)) == 2


def test_it_is_an_event_and_shown(reeve):
    """Once for each try that it was looked for in; shown until it is ready, or started anew."""
    port = free_port()
    with listening(port) as stranger:
        reeve.configure(f"""
            [service:web]
            command = sh -c 'test -e {reeve.directory}/ok && exec sleep 1000; exit 7'
            health = tcp:localhost:{port}
            restart_delay = 300ms
            restart_delay_max = 300ms
        """).start()
        with Follower(reeve) as follower:
            event = follower.until(lambda event: event["type"] == "unit.mistake")
        assert (event["unit"], event["run"], event["mistake"], event["pid"]) == \
            ("web", 1, "port_taken", stranger)
        assert event["error"].startswith(f"port {port} is held by {stranger} (python")
        reeve.wait_unit("web", run=lambda run: run > 3)
        mistake = reeve.wait_for(lambda: reeve.show("web")["mistake"])
        assert (mistake["kind"], mistake["port"], mistake["pid"], mistake["other"]) == \
            ("port_taken", port, stranger, None)
        assert mistake["run"] in (1, 2)
        (reeve.directory / "ok").touch()
        # The run before that may still be about to end.
        reeve.wait_for(lambda: reeve.show("web")["mistake"] is None)


@pytest.mark.parametrize("best_effort", TRACKING)
def test_nginx_on_a_port_of_a_stranger(reeve, best_effort, tmp_path):
    """Its probe is answered by the stranger, so it seems ready; then it fails, which is no more
    news."""
    port = free_port()
    config = nginx_config(tmp_path, port)
    with listening(port) as stranger:
        reeve.configure(f"""
            [service:nginx]
            command = {program("nginx")} -e stderr -c {config} -g 'daemon off;'
            ready = tcp:localhost:{port}
            restart = never
        """).start(best_effort=best_effort)
        line = reeve.wait_line("warning: nginx: port")
        assert re.search(rf"port {port} is held by {stranger} \(python[\d.]*\); end that", line), line
        reeve.wait_unit("nginx", state="failed")
        time.sleep(1.5)  # a search for the same would be over by then
    assert len(said(reeve)) == 1


@root_required
def test_an_earlier_run_that_got_away(reeve, tmp_path):
    """Best effort: the first run daemonized itself and lives on, the next cannot have its port."""
    port = free_port()
    script = tmp_path / "daemon.py"
    script.write_text(textwrap.dedent("""
        import os, signal, socket, sys
        s = socket.socket()
        s.bind(("127.0.0.1", int(sys.argv[2])))
        s.listen(8)
        there, here = os.pipe()
        if os.fork() == 0:
            os.setsid()
            os.write(here, b"x")
            signal.pause()
        os.read(there, 1)
    """))
    reeve.may_leave = True
    reeve.configure(f"""
        [service:away]
        command = {sys.executable} {script} --port {port}
        restart_delay = 100ms
    """).start(best_effort=True)
    line = reeve.wait_line("warning: away: the command put itself into the background")
    pid = int(re.search(r"left (\d+) \(python", line)[1])
    line = reeve.wait_line("warning: away: port")
    assert f"port {port} is held by {pid} (python" in line, line
    assert line.endswith("of unit away; an earlier run left that behind: end it"), line
    why = reeve.wait_for(lambda: [text for text in (reeve.ctl("why", "away").stdout,)
                                  if "is held by" in text])[0]
    assert f"ps -fp {pid}" in why and "give one of away and away" not in why, why
    reeve.call("Stop", units=["away"])


def test_ports_of_others(reeve, tmp_path):
    """Clients of a port fail; that it is held by the one that they need is no mistake."""
    port = free_port()
    reeve.configure(f"""
        [service:db]
        command = {redis(port, f"--dir {tmp_path}")}
        ready = tcp:localhost:{port}
        log = null
        [service:requires]
        command = sh -c 'exit 1' --port {port}
        requires = db
        restart = never
        [service:client]
        command = sh -c 'redis-cli -p {port} ping; exit 1'
        restart = never
        [service:connects]
        command = sh -c 'exit 1' worker --host 127.0.0.1 --port {port}
        restart = never
        [service:url]
        command = sh -c 'exit 1' celery -b redis://localhost:{port}
        restart = never
        [service:inherits]
        command = sh -c 'exit 1'
        restart = never
        [service:well]
        command = sh -c 'exit 0' --port {port}
        restart = never
        [job:migrate]
        command = sh -c 'exit 1' migrate --port {port}
        autostart = yes
    """, environment=f"PORT={port}").start(args=("-v",))
    reeve.wait_unit("db", state="running")
    names = ["requires", "client", "connects", "url", "inherits", "well", "migrate"]
    reeve.call("Start", units=names, wait=False)
    for name in names:
        reeve.wait_unit(name, state=lambda state: state in ("failed", "completed"))
    wait_for_searches(reeve)
    assert not said(reeve)


def wait_for_searches(reeve):
    """Until nothing is being searched for, which takes a second each."""
    quiet, n = time.monotonic(), searched(reeve)
    while time.monotonic() - quiet < 2.5:
        time.sleep(0.1)
        if searched(reeve) != n:
            quiet, n = time.monotonic(), searched(reeve)


def test_a_service_with_a_port_of_its_own(reeve, tmp_path):
    """Ready by its own socket, also behind a process that is not main, or on one that it shares."""
    ports = [free_port() for _ in range(3)]
    share = textwrap.dedent("""
        import signal, socket, sys
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        s.bind(("127.0.0.1", int(sys.argv[1])))
        s.listen(8)
        signal.pause()
    """)
    (tmp_path / "share.py").write_text(share)
    reeve.configure(f"""
        [service:plain]
        command = {redis(ports[0], f"--dir {tmp_path}")}
        ready = tcp:localhost:{ports[0]}
        log = null
        [service:wrapped]
        command = sh -c 'setsid {redis(ports[1], f"--dir {tmp_path}")}; true'
        ready = tcp:localhost:{ports[1]}
        log = null
        kill_mode = tree
        [service:shares]
        command = {sys.executable} {tmp_path}/share.py {ports[2]}
        ready = tcp:localhost:{ports[2]}
    """)
    with subprocess.Popen([sys.executable, str(tmp_path / "share.py"), str(ports[2])]) as other:
        reeve.wait_for(lambda: is_open(ports[2]), what="the other one to listen")
        reeve.start(args=("-v",))
        for name in ("plain", "wrapped", "shares"):
            reeve.wait_unit(name, state="running")
        reeve.wait_line("searching for", count=3)
        wait_for_searches(reeve)
        other.kill()
    assert not said(reeve)


def is_open(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def test_a_storm_of_crashes_costs_one_search_a_second(reeve):
    """Thirty units that fail at once for want of the same port, again and again."""
    port = free_port()
    with listening(port):
        reeve.configure("".join(f"""
            [service:s{n}]
            command = sh -c 'sleep 0.05; exit 1'
            health = tcp:localhost:{port}
            restart_delay = 1ms
            restart_delay_max = 1ms
        """ for n in range(30))).start(args=("-v",))
        began = time.monotonic()
        reeve.wait_line("searching for", count=5)
        for n in range(30):
            reeve.wait_unit(f"s{n}", run=lambda run: run > 10)
        count = searched(reeve)
        assert count <= time.monotonic() - began + 1
        assert all(searched(reeve, f"s{n}") <= 2 for n in range(30))
        assert said(reeve) and len(said(reeve)) <= searched(reeve)
