"""Real programs and their readiness, from Debian's packages (packaging/deps.sh check)."""
import socket
import subprocess
import time

import pytest
from peers import open_directories
from programs import TIMEOUT_S, fetch, nginx_config, postgres_section, program
from test_ready import free_port


# ---- PostgreSQL ---------------------------------------------------------------------------------
def test_postgresql_by_pg_isready(reeve, cluster):
    """A job that migrates as soon as the database is ready, and a service after that: neither is
    ever too early."""
    psql = program("psql")
    reeve.configure(postgres_section(cluster) + f"""
        [job:migrate]
        command = {psql} -qX -v ON_ERROR_STOP=1 -h {cluster} -U reeve -d postgres
            -c 'create table pages (name text); insert into pages values ($$home$$)'
        requires = db:ready
        retries = 0
        autostart = yes
        [service:web]
        command = sh -c '{psql} -qAtX -h {cluster} -U reeve -d postgres -c "select name from pages"
            > {reeve.directory}/seen && exec sleep 1000'
        requires = migrate
        restart = never
    """).start()
    reeve.wait_unit("web", timeout=TIMEOUT_S, state="running")
    migrate = reeve.unit("migrate")
    assert migrate["state"] == "completed" and migrate["run"] == 1, migrate
    reeve.wait_for(lambda: (reeve.directory / "seen").read_text() == "home\n", what="the page")
    db = reeve.unit("db")
    assert db["run"] == 1 and db["ready"]
    assert reeve.call("Stop", units=["db"])["results"][0]["ok"]
    assert reeve.last_exit("db")["exit_code"] == 0


def test_postgresql_that_recovers_from_a_crash(reeve, cluster):
    """Killed, it is ready again only after its recovery; `start` comes back then."""
    psql = program("psql")
    ask = [psql, "-qAtX", "-h", str(cluster), "-U", "reeve", "-d", "postgres", "-c", "select 1"]
    reeve.configure(postgres_section(cluster, f"""restart_delay = 0
        health = exec:{psql} -qAtX -h {cluster} -U reeve -d postgres -c 'select 1'
        health_interval = 200ms
    """)).start()
    reeve.wait_unit("db", timeout=TIMEOUT_S, state="running")
    subprocess.run(ask, check=True, capture_output=True, timeout=TIMEOUT_S)
    reeve.wait_unit("db", health="healthy")
    reeve.call("Signal", units=["db"], signal="KILL")
    reeve.wait_unit("db", timeout=TIMEOUT_S, state="running", ready=True, run=lambda n: n > 1)
    subprocess.run(ask, check=True, capture_output=True, timeout=TIMEOUT_S)
    reeve.wait_unit("db", health="healthy")


# ---- Redis --------------------------------------------------------------------------------------
def test_redis_by_tcp(reeve, tmp_path):
    redis, cli = program("redis-server"), program("redis-cli")
    port = free_port()
    reeve.configure(f"""
        [service:redis]
        command = {redis} --port {port} --bind 127.0.0.1 --save '' --appendonly no
            --dir {tmp_path} --daemonize no
        ready = tcp:localhost:{port}
        ready_interval = 20ms
        health = exec:{cli} -p {port} -e ping
        health_interval = 100ms
        health_timeout = 300ms
        health_retries = 2
        log = null
        [service:worker]
        command = sh -c '{cli} -p {port} -e set greeting hello && exec sleep 1000'
        requires = redis
        restart = never
        [job:later]
        command = {cli} -p {port} -e get greeting
        requires = redis:healthy
        autostart = yes
    """).start()
    reeve.wait_unit("later", timeout=TIMEOUT_S, state="completed")
    assert reeve.unit("worker")["state"] == "running"
    redis = reeve.wait_unit("redis", health="healthy", run=1)
    got = subprocess.run([cli, "-p", str(port), "get", "greeting"], capture_output=True, text=True,
                         check=True, timeout=TIMEOUT_S)
    assert got.stdout == "hello\n"
    # Frozen, it accepts connections and answers nobody.
    reeve.call("Signal", units=["redis"], signal="STOP")
    frozen = reeve.wait_unit("redis", health="unhealthy", state="running")
    assert frozen["last_error"].endswith("no answer in time")
    reeve.call("Signal", units=["redis"], signal="CONT")
    reeve.wait_unit("redis", health="healthy", run=1)
    assert reeve.call("Stop", units=["redis"])["results"][0]["ok"]
    assert reeve.last_exit("redis")["exit_code"] == 0 and redis["pid"]


def test_redis_that_tells_it_by_itself(reeve, tmp_path):
    """Debian's is built with libsystemd: `supervised systemd` is Type=notify."""
    redis, cli = program("redis-server"), program("redis-cli")
    port = free_port()
    reeve.configure(f"""
        [service:redis]
        command = {redis} --port {port} --bind 127.0.0.1 --save '' --appendonly no
            --dir {tmp_path} --daemonize no --supervised systemd
        ready = notify
        log = null
        [job:later]
        command = {cli} -p {port} -e ping
        requires = redis
        autostart = yes
    """).start()
    reeve.wait_unit("later", timeout=TIMEOUT_S, state="completed", run=1)
    assert reeve.unit("redis")["run"] == 1


# ---- nginx --------------------------------------------------------------------------------------
@pytest.mark.parametrize("way", ["unix", "tcp"])
def test_nginx(reeve, tmp_path, way):
    """When it is ready it answers, at once, every time."""
    open_directories(reeve)
    place = tmp_path / "n"
    place.mkdir()
    port, path = free_port(), f"{place}/s"
    listen, ready, address, family = {
        "unix": (f"unix:{path}", f"unix:{path}", path, socket.AF_UNIX),
        "tcp": (f"127.0.0.1:{port}", f"tcp:localhost:{port}", ("127.0.0.1", port), socket.AF_INET),
    }[way]
    reeve.configure(f"""
        [service:nginx]
        command = {nginx_config(place, listen)}
        ready = {ready}
        ready_interval = 20ms
        health = {ready}
        health_interval = 100ms
        stop_signal = QUIT
        autostart = no
    """).start()
    for run in range(1, 6):
        assert reeve.call("Start", units=["nginx"])["results"][0]["ok"]
        assert fetch(address, family).endswith(b"\r\n\r\nready\n")
        assert reeve.unit("nginx")["run"] == run
        reeve.wait_unit("nginx", health="healthy")
        began = time.monotonic()
        assert reeve.call("Stop", units=["nginx"])["results"][0]["ok"]
        assert time.monotonic() - began < 9, "it had to be killed"
        assert reeve.last_exit("nginx")["exit_code"] == 0
        with pytest.raises(OSError):
            fetch(address, family)


def test_nginx_that_cannot_bind(reeve, tmp_path, puppets):
    """Somebody else has the port: what answers there is not it. Its own end says so."""
    open_directories(reeve)
    place = tmp_path / "n"
    place.mkdir()
    port = free_port()
    command = nginx_config(place, f"127.0.0.1:{port}")
    reeve.configure(f"""
        [service:squatter]
        command = {puppets.command}
        ready = fd:3
        [service:nginx]
        command = {command}
        ready = tcp:127.0.0.1:{port}
        requires = squatter
        restart = never
    """).start()
    squatter = puppets.wait("squatter")
    squatter.do("listen_tcp", "127.0.0.1", port)
    squatter.do("write", 3, "\n")
    last = reeve.wait_unit("nginx", state="failed")["last_exit"]
    assert last["exit_code"] == 1 and last["reason"] in ("start_failed", "runtime_error")
