"""Real programs that are more than one process, killed where it hurts: the next run is alone."""
import os
import signal
import socket
import subprocess
import textwrap
import threading

import pytest
from conftest import cgroup_required, root_required
from daemon import process_alive, wait_for
from peers import open_directories
from programs import TIMEOUT_S, fetch, nginx_config, postgres_section, program
from test_ready import free_port
from test_storm import children_of
from trouble import both_trackings


# ---- nginx --------------------------------------------------------------------------------------
@pytest.fixture
def slow_site(reeve, tmp_path):
    """A directory for nginx, with a file that takes minutes to fetch."""
    open_directories(reeve)
    place = tmp_path / "n"
    place.mkdir()
    (place / "slow").write_text("x" * 4000)
    place.chmod(0o755)
    return place


def nginx_section(place, port, **how):
    command = nginx_config(place, f"127.0.0.1:{port}", workers=4, **how,
                           locations=f"location /slow {{ limit_rate 10; root {place}; }}")
    return f"""
        [service:nginx]
        command = {command}
        ready = tcp:127.0.0.1:{port}
        ready_interval = 20ms
        restart_delay = 0
        stop_signal = QUIT
        stop_timeout = 500ms
    """


def all_four(master):
    workers = children_of(master)
    return len(workers) == 4 and workers


@both_trackings
def test_nginx_whose_master_is_killed(reeve, slow_site, best_effort):
    """The workers hold the port, and one of them a client, for longer than the stop takes: the next
    master starts when all are gone, and has the port for itself."""
    port = free_port()
    reeve.configure(nginx_section(slow_site, port)).start(best_effort=best_effort)
    unit = reeve.wait_unit("nginx", state="running")
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(b"GET /slow HTTP/1.0\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP")
        for run in range(2, 6):
            workers = wait_for(lambda: all_four(unit["pid"]), what="four workers")
            os.kill(unit["pid"], signal.SIGKILL)
            reeve.wait_for(lambda: reeve.unit("nginx")["pid"] != unit["pid"], what="its end")
            unit = reeve.wait_unit("nginx", state="running", run=run)
            assert not any(map(process_alive, workers))
            assert fetch(("127.0.0.1", port)).endswith(b"\r\n\r\nready\n")
            last = unit["last_exit"]
            assert (last["signal"], last["requested_by"]) == ("KILL", None), last
            assert last["leftovers_killed"] == (1 if run == 2 else 0), last
    assert not reeve.said("Address already in use")
    assert reeve.call("Stop", units=["nginx"])["results"][0]["ok"]
    assert not reeve.marked()


@cgroup_required
def test_nginx_that_became_a_daemon(reeve, slow_site):
    """Without `daemon off` its first process ends at once: so does the run, with all of it."""
    port = free_port()
    reeve.configure(nginx_section(slow_site, port, daemon="on").replace("ready = tcp:127.0.0.1", "#")
                    .replace("ready_interval", "#")).start()
    unit = reeve.wait_unit("nginx", run=lambda n: n > 5)
    assert not reeve.said("Address already in use"), "each had the port for itself"
    assert (unit["last_exit"]["exit_code"], unit["last_exit"]["reason"]) == (0, "natural")
    assert reeve.call("Stop", units=["nginx"])["results"][0]["ok"]
    assert not reeve.marked()


# ---- PostgreSQL ---------------------------------------------------------------------------------
class Busy:
    """Clients of the database that never let it rest, and what they were promised."""

    def __init__(self, cluster):
        self.psql = [program("psql"), "-qAtX", "-h", str(cluster), "-U", "reeve", "-d", "postgres"]
        self.promised = set()  # numbers whose commit was confirmed
        self.next = 0
        self.over = False
        self.threads = []

    def ask(self, sql):
        return subprocess.run([*self.psql, "-c", sql], check=True, capture_output=True, text=True,
                              timeout=TIMEOUT_S).stdout.split()

    def begin(self):
        self.threads = [threading.Thread(target=self._write, args=(n,)) for n in range(2)]
        # One computes without ever looking up, one waits: both only die when they are told to.
        self.threads += [threading.Thread(target=self._run, args=(sql,)) for sql in (
            "select count(*) from generate_series(1, 2000000000) a", "select pg_sleep(1000)")]
        for thread in self.threads:
            thread.start()

    def _run(self, sql):
        subprocess.run([*self.psql, "-c", sql], capture_output=True, check=False)

    def _write(self, n):
        """One number after the other, each in a transaction of its own."""
        with subprocess.Popen(self.psql, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, bufsize=1) as client:
            number = n
            while not self.over:
                try:
                    client.stdin.write(f"insert into t values ({number}) returning n;\n")
                    if client.stdout.readline() != f"{number}\n":
                        break
                except OSError:
                    break
                self.promised.add(number)
                number += 2
            client.kill()

    def end(self):
        self.over = True
        for thread in self.threads:
            thread.join(TIMEOUT_S)

    def assert_kept(self):
        """All that was promised is there, and the table is whole."""
        there = list(map(int, self.ask("set enable_indexscan = off; select n from t")))
        assert self.promised <= set(there), self.promised - set(there)
        assert len(there) == len(set(there)) == int(self.ask("select count(*) from t")[0])
        self.ask("insert into t values (-1); delete from t where n < 0; analyze t")


@pytest.fixture
def busy(cluster):
    made = Busy(cluster)
    yield made
    made.end()


def database(cluster, **keys):
    keys = {"restart_delay": "20ms", "restart_delay_max": "200ms", **keys}
    return textwrap.dedent(postgres_section(cluster)) + \
        "".join(f"{key} = {value}\n" for key, value in keys.items())


def start_database(reeve, cluster, busy, best_effort, **keys):
    reeve.configure(database(cluster, **keys)).start(best_effort=best_effort)
    unit = reeve.wait_unit("db", timeout=TIMEOUT_S, state="running")
    busy.ask("create table t (n int primary key)")
    busy.begin()
    wait_for(lambda: len(busy.promised) > 50, what="work")
    wait_for(lambda: int(busy.ask("select count(*) from pg_stat_activity where state = 'active' "
                                  "and query ~ '(series|sleep)'")[0]) >= 2 + 1, what="more work")
    backends = children_of(unit["pid"])
    assert len(backends) >= 6 and all(os.getsid(pid) == pid for pid in backends), "their own sessions"
    return unit, backends


@cgroup_required
def test_pg_killed_at_work(reeve, cluster, busy):
    """kill -9 of the postmaster while its backends, each in a session of its own, compute and write:
    they are ended, and only then does the next postmaster start, which finds all that was promised."""
    unit, backends = start_database(reeve, cluster, busy, False, stop_timeout="2s")
    os.kill(unit["pid"], signal.SIGKILL)
    reeve.wait_line("db: its main process has ended, ending what it left behind")
    unit = reeve.wait_unit("db", timeout=TIMEOUT_S, state="running", run=lambda n: n > 1)
    assert unit["run"] == 2, "the first try succeeded"
    assert not any(map(process_alive, backends))
    assert not reeve.said("FATAL:.*(lock file|shared memory)")
    busy.end()
    busy.assert_kept()
    assert reeve.call("Stop", units=["db"])["results"][0]["ok"]
    assert reeve.last_exit("db")["exit_code"] == 0


@root_required
def test_pg_killed_at_work_best_effort(reeve, cluster, busy):
    """Sessions of their own and a crash: without cgroups the backends are nobody's. PostgreSQL itself
    refuses to run beside them, and is tried until they have noticed."""
    unit, backends = start_database(reeve, cluster, busy, True)
    os.kill(unit["pid"], signal.SIGKILL)
    reeve.wait_unit("db", run=lambda n: n > 1)
    # The others notice; the one that computes does not, and whoever runs this has to end it.
    reeve.wait_for(lambda: reeve.health()["counts"]["orphans"] == 1, what="one orphan")
    assert "; 1 orphaned process\n" in reeve.ctl("health").stdout
    orphan, = [pid for pid in backends if process_alive(pid)]
    assert reeve.unit("db")["state"] != "running" or not reeve.unit("db")["ready"]
    os.kill(orphan, signal.SIGQUIT)
    reeve.wait_unit("db", timeout=TIMEOUT_S, state="running", ready=True)
    assert reeve.health()["counts"]["orphans"] == 0
    busy.end()
    busy.assert_kept()


@both_trackings
def test_pg_stopped_at_work(reeve, cluster, busy, best_effort):
    """INT is PostgreSQL's fast shutdown: to the postmaster alone, which asks its backends itself."""
    _, backends = start_database(reeve, cluster, busy, best_effort, stop_timeout="60s")
    result = reeve.call("Stop", units=["db"])["results"][0]
    assert result["ok"], result
    record = reeve.last_exit("db")
    assert (record["exit_code"], record["kill_at"], record["leftovers_killed"]) == (0, None, 0)
    assert not any(map(process_alive, backends)) and not reeve.said("PANIC|terminated by signal")
    busy.end()
    assert reeve.call("Start", units=["db"])["results"][0]["ok"]
    assert not reeve.said("not properly shut down")
    busy.assert_kept()


@both_trackings
def test_pg_that_will_not_stop(reeve, cluster, busy, best_effort):
    """TERM waits for the clients, who do not go: SIGKILL comes to all, also without cgroups, since
    all were seen before the first signal. The next run finds nobody, and all that was promised."""
    section = database(cluster, stop_timeout="300ms", kill_mode="main") \
        .replace("stop_signal = INT", "stop_signal = TERM")
    reeve.configure(section).start(best_effort=best_effort)
    unit = reeve.wait_unit("db", timeout=TIMEOUT_S, state="running")
    busy.ask("create table t (n int primary key)")
    busy.begin()
    wait_for(lambda: len(busy.promised) > 50, what="work")
    backends = children_of(unit["pid"])
    assert reeve.call("Stop", units=["db"])["results"][0]["ok"]
    assert reeve.last_exit("db")["reason"] == "forced_kill"
    assert not any(map(process_alive, backends))
    assert reeve.health()["counts"]["orphans"] == 0
    busy.end()
    assert reeve.call("Start", units=["db"], timeout_ms=60000)["results"][0]["ok"]
    assert reeve.unit("db")["run"] == 2
    busy.assert_kept()
