"""Real programs with commands beside them, as their users write them."""
import subprocess

from daemon import wait_for
from hooking import failures, one
from peers import open_directories
from programs import TIMEOUT_S, hand_over, owner, postgres_section, program


def postgres_tool(name):
    import glob
    return program(name, *sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True))


def test_postgresql_that_makes_its_own_cluster(reeve, tmp_path):
    """initdb when there is none, a database once it is ready, pg_ctl to stop and to reload it."""
    open_directories(reeve)
    place = hand_over(tmp_path / "pg")
    at = f"-h {place} -U reeve"
    psql, pg_ctl = postgres_tool("psql"), postgres_tool("pg_ctl")
    reeve.configure(postgres_section(place, f"""pre_start = sh -c 'test -e {place}/data/PG_VERSION ||
           {postgres_tool("initdb")} -D {place}/data -U reeve -A trust -N --locale=C >/dev/null'
        post_start = sh -c '{psql} -qAtX {at} -d postgres -c "select datname from pg_database" |
           grep -qx app || {postgres_tool("createdb")} {at} app'
        stop_command = {pg_ctl} stop -s -m fast -D {place}/data
        reload_command = {pg_ctl} reload -s -D {place}/data
        hook_timeout = {TIMEOUT_S}s
        stop_timeout = {TIMEOUT_S}s
        restart = never""").replace("||\n           ", "|| ").replace("|\n           ", "| "))
    reeve.start()

    def ask(database, what):
        return subprocess.run([psql, "-qAtX", "-h", str(place), "-U", "reeve", "-d", database, "-c",
                               what], capture_output=True, text=True, check=False).stdout.strip()

    for run in (1, 2):
        unit = reeve.wait_unit("db", timeout=2 * TIMEOUT_S, state="running", run=run, hook=None)
        assert ask("app", "select 1") == "1"
        if run == 1:
            with open(place / "data/postgresql.conf", "a", encoding="ascii") as conf:
                conf.write("work_mem = 5MB\n")
            assert one(reeve, "Reload", "db")["ok"]
            wait_for(lambda: ask("app", "show work_mem") == "5MB", what="the new setting")
            assert reeve.unit("db")["pid"] == unit["pid"]
            assert one(reeve, "Restart", "db")["ok"]
    assert one(reeve, "Stop", "db")["ok"]
    for record in reeve.show("db")["records"]:
        assert (record["reason"], record["exit_code"], failures(record)) == ("signal", 0, {}), record
        assert record["kill_at"] is None and record["stop_signal_at"]
    state = subprocess.run([postgres_tool("pg_controldata"), str(place / "data")], check=True,
                           capture_output=True, text=True).stdout
    assert "shut down\n" in state, "a clean end"
    assert (place / "data").stat().st_uid == owner().pw_uid


def test_redis_that_saves_before_it_stops(reeve, tmp_path):
    """What it would lose by the signal alone is there after a restart."""
    place = tmp_path / "r"
    place.mkdir()
    cli = f"{program('redis-cli')} -s {place}/s"
    reeve.configure(f"""
        [service:redis]
        command = {program("redis-server")} --port 0 --unixsocket {place}/s --dir {place} --save ''
        ready = unix:{place}/s
        pre_stop = sh -c 'test "$({cli} save)" = OK'
        post_stop = sh -c 'echo $REEVE_REASON >>{place}/ends'
        hook_timeout = {TIMEOUT_S}s
    """).start()
    reeve.wait_unit("redis", state="running", ready=True)
    subprocess.run([*cli.split(), "set", "word", "kept"], check=True, capture_output=True)
    assert one(reeve, "Restart", "redis")["ok"]
    found = subprocess.run([*cli.split(), "get", "word"], check=True, capture_output=True, text=True)
    assert found.stdout == "kept\n"
    assert (place / "ends").read_text() == "signal\n"
    assert reeve.last_exit("redis")["failed_hooks"] == []
