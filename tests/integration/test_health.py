"""Whether units are healthy, on real processes: what is looked at, when, and what follows."""
import os
import time

import pytest
from actors import in_order, waits_for
from conftest import root_required
from daemon import process_alive
from peers import NOBODY, open_directories
from times import milliseconds
from trouble import both_trackings, cpu_seconds


def gaps(looks):
    """From the end of each look to the beginning of the next, in seconds."""
    return [begin - end for (_, end), (begin, _) in zip(looks, looks[1:])]


def healthy_after(stage, unit, code=0):
    """From now on looks find this; waits until it is known."""
    stage.look_finds(unit, code)
    return stage.wait_unit(unit, health="unhealthy" if code else "healthy")


# ---- when it is looked at -----------------------------------------------------------------------
def test_the_interval(stage):
    """Soon for the first time, then from the end of a look to the beginning of the next; one gap,
    after the first success, may be shorter, so that units drift apart."""
    stage.configure("""
        [service:web]
        health = exec:look take=200
        health_interval = 500ms
    """).start()
    stage.wait("looked", "web", count=7)
    looks = [look for look in stage.looks("web") if look[1]]
    assert looks[0][0] - stage.at("web", "start") < 1.5
    found = gaps(looks)
    assert found[0] < 0.8 and all(0.49 <= gap < 1.5 for gap in found[1:]), found
    assert sorted(found)[2] < 0.7, found
    assert not stage.entries("web", "overlap")


def test_what_becomes_ready_later_is_looked_at_later(stage, puppets):
    stage.configure(f"""
        [service:web]
        command = {puppets.command}
        ready = fd:3
        health = exec:look
        health_interval = 100ms
    """).start()
    web = puppets.wait("web")
    time.sleep(0.5)
    assert stage.looks("web") == []
    before = time.monotonic()
    web.do("write", 3, "\n")
    stage.wait("looked", "web", count=2)
    assert stage.looks("web")[0][0] > before
    stage.wait_unit("web", health="healthy")


def test_a_look_that_takes_longer_than_the_interval_never_meets_another(stage):
    stage.configure("""
        [service:web]
        health = exec:look take=400
        health_interval = 100ms
    """).start()
    stage.wait("looked", "web", count=5)
    assert not stage.entries("web", "overlap")
    assert all(gap >= 0.09 for gap in gaps(stage.looks("web")[1:5])), stage.looks("web")


def test_many_units_are_not_looked_at_in_the_same_moment(stage):
    """300 with an interval of 2 s, started at once: each tenth of a second sees some of them."""
    stage.configure("""
        [service:web]
        command = sleep 1000
        health = exec:look
        health_interval = 2s
        instances = 300
        autostart = no
    """).start()
    stage.call("Start", units=["web"])
    time.sleep(5)
    begins = {}
    for entry in stage.journal():
        if entry.what == "look":
            begins.setdefault(entry.unit, []).append(entry.at)
    assert len(begins) == 300
    second = [at[1] for at in begins.values() if len(at) > 1]
    assert len(second) > 290, len(second)
    histogram = {}
    for at in second:
        histogram[int(at * 10) % 20] = histogram.get(int(at * 10) % 20, 0) + 1
    # Were they evenly spread there would be 15 in each tenth.
    assert len(histogram) >= 15 and max(histogram.values()) < 60, histogram


# ---- what a look finds --------------------------------------------------------------------------
FINDINGS = {
    "exit-code": ("exec:sh -c 'exit 7'", "exec:sh -c 'exit 7': exit code 7"),
    "signal": ("exec:sh -c 'kill -SEGV $$'", "exec:sh -c 'kill -SEGV $$': ended by SIGSEGV"),
    "program": ("exec:/no/such", "exec:/no/such: No such file or directory"),
    "time": ("exec:sleep 1000", "exec:sleep 1000: no answer in time"),
    "unix": ("unix:/no/such", "unix:/no/such: No such file or directory"),
    "tcp": ("tcp:[::ffff:127.0.0.1]:1", "tcp:[::ffff:127.0.0.1]:1: Connection refused"),
    "watchdog": ("notify", "notify: the watchdog was not fed in time"),
}


@pytest.mark.parametrize("case", FINDINGS)
def test_it_is_told_what_was_wrong(reeve, case):
    key, message = FINDINGS[case]
    reeve.configure(f"""
        [service:web]
        command = sleep 1000
        health = {key}
        health_interval = 100ms
        health_timeout = 300ms
        health_retries = 2
    """).start()
    web = reeve.wait_unit("web", health="unhealthy")
    assert web["last_error"] == message and web["consecutive_failures"] >= 2, web
    assert web["last_success"] is None and web["state"] == "running" and web["run"] == 1
    event, = reeve.call("Events", types=["unit.health"])["events"]
    assert (event["unit"], event["run"], event["health"], event["error"]) == (
        "web", 1, "unhealthy", message)
    probes = reeve.show("web")["probes"]
    assert probes and all(not probe["ok"] and message.endswith(probe["message"])
                          for probe in probes), probes
    reeve.wait_line(r"web: unhealthy: ")


def test_retries_and_recovery(stage):
    """So many failures in a row make it unhealthy, one success makes it healthy; each change is an
    event, and nothing else."""
    stage.configure("""
        [service:web]
        health = exec:look code=file
        health_interval = 100ms
        health_retries = 4
    """)
    stage.look_finds("web", 0)
    stage.start()
    web = stage.wait_unit("web", health="healthy")
    assert web["last_success"] and web["last_failure"] is None and web["last_error"] is None
    n_looks = len(stage.entries("web", "looked"))
    web = healthy_after(stage, "web", 1)
    assert web["consecutive_failures"] >= 4 and web["last_failure"] >= web["last_success"]
    assert len(stage.entries("web", "looked")) >= n_looks + 3
    web = healthy_after(stage, "web")
    assert web["consecutive_failures"] == 0 and web["last_error"].endswith("exit code 1")
    assert [event["health"] for event in stage.events("unit.health")] == [
        "healthy", "unhealthy", "healthy"]
    assert stage.acted("web").count("start") == 1
    probes = stage.show("web")["probes"]
    assert 5 < len(probes) <= 8 and probes[0]["ok"]
    assert all(probe["message"].endswith("code=file: exit code 1")
               for probe in probes if not probe["ok"])
    ends = [milliseconds(probe["at"]) for probe in probes]
    assert ends == sorted(ends, reverse=True)


def test_failures_that_are_not_in_a_row(stage):
    """Each is one less than it takes."""
    stage.configure("""
        [service:web]
        health = exec:look code=file take=50
        health_interval = 150ms
        health_retries = 3
    """)
    stage.look_finds("web", 0)
    stage.start()
    stage.wait_unit("web", health="healthy")
    for _ in range(3):
        stage.look_finds("web", 1)
        stage.wait_unit("web", consecutive_failures=1)
        stage.look_finds("web", 0)
        stage.wait_unit("web", consecutive_failures=0)
    assert len(stage.events("unit.health")) == 1


def test_the_timeout(stage):
    """A look that takes too long has failed, and its end comes at once, not with the next look."""
    stage.configure("""
        [service:web]
        health = exec:look take=never
        health_interval = 300ms
        health_timeout = 500ms
        health_retries = 1
    """).start()
    web = stage.wait_unit("web", health="unhealthy")
    assert web["last_error"].endswith("no answer in time")
    assert not process_alive(stage.entries("web", "look")[0].pid)
    probe = stage.show("web")["probes"][-1]
    assert 490 <= probe["took_ms"] < 3000, probe


@both_trackings
@pytest.mark.parametrize("escape", ["escape", "escape=session"])
def test_a_stuck_look_is_killed_with_its_tree(stage, best_effort, escape):
    """The look itself ignores TERM; and its child, in a session of its own or not."""
    stage.configure(f"""
        [service:web]
        health = exec:look take=never {escape}
        health_interval = 100ms
        health_timeout = 500ms
        health_retries = 1
    """).start(best_effort=best_effort)
    stage.wait("look", "web", count=2)
    looker, escaped = stage.entries("web", "look")[0], stage.entries("web", "escaped")[0]
    assert not process_alive(looker.pid) and not process_alive(escaped.pid)
    assert not stage.entries("web", "overlap")
    web = stage.unit("web")
    assert web["run"] == 1 and web["state"] == "running" and web["health"] == "unhealthy"


@both_trackings
def test_what_a_look_leaves_behind_is_killed(stage, best_effort):
    """Though it has found the unit well."""
    stage.configure("""
        [service:web]
        health = exec:look escape
        health_interval = 300ms
    """).start(best_effort=best_effort)
    stage.wait("look", "web", count=3)
    first, second = stage.entries("web", "escaped")[:2]
    assert not process_alive(first.pid) and not process_alive(second.pid)
    stage.wait_unit("web", health="healthy", run=1)


# ---- the start period ---------------------------------------------------------------------------
def test_in_the_start_period_failures_do_not_count(stage):
    stage.configure("""
        [service:web]
        health = exec:look code=file
        health_interval = 100ms
        health_retries = 2
        health_start_period = 1500ms
    """).start()
    stage.wait("looked", "web", count=5)
    web = stage.unit("web")
    assert web["health"] is None and web["consecutive_failures"] == 0
    assert web["last_failure"] and web["last_error"].endswith("exit code 1")
    web = stage.wait_unit("web", health="unhealthy")
    event, = stage.events("unit.health")
    began = next(e for e in stage.events("unit.state") if e["state"] == "running")
    assert milliseconds(event["at"]) - milliseconds(began["at"]) >= 1500


def test_the_start_period_is_over_with_the_first_success(stage):
    stage.configure("""
        [service:web]
        health = exec:look code=file
        health_interval = 100ms
        health_retries = 2
        health_start_period = 1000s
    """).start()
    stage.wait("looked", "web", count=4)
    assert stage.unit("web")["health"] is None
    healthy_after(stage, "web")
    healthy_after(stage, "web", 1)


# ---- what follows -------------------------------------------------------------------------------
def test_nothing_follows_by_itself(stage):
    stage.configure("""
        [service:web]
        health = exec:look code=1
        health_interval = 100ms
        health_retries = 1
    """).start()
    stage.wait("looked", "web", count=8)
    web = stage.unit("web")
    assert (web["state"], web["run"], web["health"]) == ("running", 1, "unhealthy")
    assert len(stage.events("unit.health")) == 1, "told once, not with each look"


@pytest.mark.parametrize("restart", ["always", "on-failure", "never"])
def test_the_action_restart(stage, restart):
    """Whatever `restart` says: it is stopped as usual, the run has failed though it ends with 0,
    and the next one comes after the backoff."""
    stage.configure(f"""
        [service:web]
        health = exec:look code=file
        health_interval = 100ms
        health_retries = 2
        health_action = restart
        restart = {restart}
        restart_delay = 600ms
        restart_jitter = 0%
    """)
    stage.look_finds("web", 0)
    stage.start()
    stage.wait_unit("web", health="healthy")
    stage.look_finds("web", 1)
    web = stage.wait_unit("web", state="backoff")
    stage.look_finds("web", 0)
    last = web["last_exit"]
    assert last["requested_by"] == "health" and last["reason"] == "signal", last
    assert last["exit_code"] == 0 and last["requester"] is None and last["stop_signal_at"]
    web = stage.wait_unit("web", state="running", run=2, health="healthy")
    assert web["restarts"] == 1 and web["pid"] != last["pid"]
    assert stage.at("web", "start") - stage.at("web", "end") >= 0.59
    in_order(stage.moves(), "web running", "web stopping", "web backoff", "web starting",
             "web running")
    stopping = next(e for e in stage.events("unit.state") if e["state"] == "stopping")
    assert stopping["requested_by"] == "health"
    stage.copies_alone()
    # Each run is judged by its own looks.
    assert [e["health"] for e in stage.events("unit.health")] == ["healthy", "unhealthy", "healthy"]


def test_a_restart_that_does_not_help_has_a_limit(stage):
    """The storm of a probe that always fails: delays double, and then it has failed."""
    stage.configure("""
        [service:web]
        health = exec:look code=1
        health_interval = 100ms
        health_retries = 1
        health_action = restart
        restart_delay = 100ms
        restart_delay_max = 10s
        restart_jitter = 0%
        restart_limit = 3
        restart = never
    """).start()
    web = stage.wait_unit("web", state="failed")
    assert web["run"] == 4 and web["last_exit"]["requested_by"] == "health"
    starts = [entry.at for entry in stage.entries("web", "start")]
    ends = [entry.at for entry in stage.entries("web", "end")]
    delays = [start - end for end, start in zip(ends, starts[1:])]
    for delay, at_least in zip(delays, (0.1, 0.2, 0.4)):
        assert delay >= at_least * 0.98, delays
    n_looks = len(stage.looks("web"))
    assert n_looks == 4
    time.sleep(0.5)
    assert len(stage.looks("web")) == n_looks


def test_a_probe_that_always_fails_costs_little(stage):
    """No storm of lines, events or processes: one look an interval, one line a change."""
    stage.configure("""
        [service:web]
        health = exec:false
        health_interval = 100ms
        health_retries = 1
        instances = 10
    """).start()
    for number in range(1, 11):
        stage.wait_unit(f"web@{number}", health="unhealthy")
    lines, seq, before = len(stage.lines), stage.seq(), cpu_seconds(stage.pid)
    time.sleep(3)
    assert len(stage.lines) == lines and stage.seq() == seq
    assert cpu_seconds(stage.pid) - before < 1
    assert all(unit["run"] == 1 for unit in stage.health()["units"])


def test_an_unhealthy_job_has_failed(stage):
    stage.configure("""
        [job:work]
        health = exec:look code=1
        health_interval = 100ms
        health_retries = 1
        health_action = restart
        retries = 1
        retry_delay = 100ms
        autostart = yes
    """).start()
    work = stage.wait_unit("work", state="failed")
    assert work["run"] == 2 and work["last_exit"]["requested_by"] == "health"


# ---- others -------------------------------------------------------------------------------------
def test_who_requires_it_healthy_waits(stage):
    """For the start only: later ill health, and a restart by it, stops nobody."""
    stage.configure("""
        [service:web]
        requires = db:healthy
        [service:db]
        health = exec:look code=file
        health_interval = 100ms
        health_retries = 1
    """).start()
    stage.wait("looked", "db", count=3)
    web = stage.unit("web")
    assert web["state"] == "waiting" and waits_for(web) == "db healthy" and web["run"] == 0
    assert web["waiting"]["failed"] is False
    healthy_after(stage, "db")
    stage.wait_unit("web", state="running")
    healthy_after(stage, "db", 1)
    stage.wait("looked", "db", count=len(stage.entries("db", "looked")) + 3)
    assert stage.acted("web") == ["start"]
    # The next start of it waits again.
    stage.call("Restart", units=["web"], wait=False)
    assert waits_for(stage.wait_unit("web", state="waiting")) == "db healthy"
    healthy_after(stage, "db")
    stage.wait_unit("web", state="running", run=2)


def test_who_requires_it_healthy_stays_when_it_is_restarted_for_its_health(stage):
    stage.configure("""
        [service:web]
        requires = db:healthy
        [service:db]
        health = exec:look code=file
        health_interval = 100ms
        health_retries = 1
        health_action = restart
        restart_delay = 0
    """)
    stage.look_finds("db", 0)
    stage.start()
    stage.wait_unit("web", state="running")
    stage.look_finds("db", 1)
    stage.wait("start", "db", count=2)
    healthy_after(stage, "db")
    assert stage.acted("web") == ["start"] and stage.unit("web")["run"] == 1


@pytest.mark.parametrize("essential, status", [("no", "degraded"), ("yes", "unhealthy")])
def test_the_status_of_the_whole(stage, essential, status):
    stage.configure(f"""
        [service:db]
        health = exec:look code=file
        health_interval = 100ms
        health_retries = 1
        essential = {essential}
        [service:other]
    """)
    stage.look_finds("db", 0)
    stage.start()
    stage.wait_unit("db", health="healthy")
    stage.wait_for(lambda: stage.health()["status"] == "healthy", what="it to be healthy")
    healthy_after(stage, "db", 1)
    assert stage.health()["status"] == status
    assert stage.unit("other")["health"] is None and stage.unit("other")["last_success"] is None
    healthy_after(stage, "db")
    assert stage.health()["status"] == "healthy"


def test_is_healthy(stage):
    stage.configure("""
        [service:db]
        health = exec:look code=file
        health_interval = 100ms
        health_retries = 1
    """)
    stage.look_finds("db", 0)
    stage.start()
    stage.wait_unit("db", health="healthy")
    assert stage.ctl("is-healthy", "db").returncode == 0
    healthy_after(stage, "db", 1)
    assert stage.ctl("is-healthy", "db").returncode != 0


# ---- how it is looked at ------------------------------------------------------------------------
@root_required
def test_a_command_runs_as_the_unit_does(reeve, tmp_path):
    """User, directory, environment, umask; its output goes where that of the unit goes, and of
    descriptors it has the usual three."""
    open_directories(reeve)
    place = tmp_path / "place"
    place.mkdir()
    os.chown(place, NOBODY, NOBODY)
    reeve.configure(f"""
        [service:web]
        command = sleep 1000
        user = nobody
        umask = 027
        directory = {place}
        environment = COLOUR=blue
        instances = 1
        ready = fd:3
        health = exec:sh -c 'echo "$COLOUR $REEVE_UNIT $REEVE_INSTANCE $HOME $(pwd) $(id -u)"
            "$(umask) $(echo /proc/self/fd/*) notify=$NOTIFY_SOCKET" > seen; echo I look >&2'
        health_interval = 200ms
    """.replace("command = sleep 1000", "command = sh -c 'echo >&3; exec sleep 1000'")).start()
    reeve.wait_unit("web@1", health="healthy")
    seen = (place / "seen").read_text().split()
    assert seen[:5] == ["blue", "web@1", "1", "/nonexistent", str(place)], seen
    assert seen[5:7] == [str(NOBODY), "0027"] and seen[-1] == "notify=", seen
    # The shell has one more while it reads the directory.
    assert [fd.rpartition("/")[2] for fd in seen[7:-1]] in (["0", "1", "2"], ["0", "1", "2", "3"])
    assert os.stat(place / "seen").st_uid == NOBODY
    assert os.stat(place / "seen").st_mode & 0o777 == 0o640
    reeve.wait_line("^I look$")


@both_trackings
def test_looks_end_with_the_unit(stage, best_effort):
    """One under way is killed when the unit stops, or dies, and says nothing of the next run."""
    stage.configure("""
        [service:web]
        health = exec:look take=never escape
        health_interval = 100ms
        health_timeout = 1000s
        restart_delay = 0
    """).start(best_effort=best_effort)
    for run, end in ((1, "Signal"), (2, "Stop")):
        stage.wait("look", "web", count=run)
        stage.wait("escaped", "web", count=run)
        pids = stage.entries("web", "look")[-1].pid, stage.entries("web", "escaped")[-1].pid
        if end == "Signal":
            stage.call("Signal", units=["web"], signal="KILL")
        else:
            asked = time.monotonic()
            stage.well("Stop", "web")
            assert time.monotonic() - asked < 5
        for pid in pids:
            stage.wait_for(lambda pid=pid: not process_alive(pid), what="the look to be killed")
    web = stage.unit("web")
    assert web["state"] == "stopped" and web["last_exit"]["leftovers_killed"] == 0
    n_looks = len(stage.looks("web"))
    time.sleep(0.5)
    assert len(stage.looks("web")) == n_looks and not stage.entries("web", "overlap")


def test_a_stopped_unit_shows_no_health(stage):
    """But what the looks at its last run found."""
    stage.configure("""
        [service:web]
        health = exec:look
        health_interval = 100ms
    """).start()
    stage.wait_unit("web", health="healthy")
    stage.well("Stop", "web")
    web = stage.unit("web")
    assert web["health"] is None and web["last_success"] and web["ready"] is False


@both_trackings
def test_a_shutdown_while_all_are_looked_at(stage, best_effort):
    """The fixture sees that nothing is left."""
    stage.configure("""
        [service:web]
        health = exec:look take=never escape
        health_interval = 100ms
        instances = 20
        ready = exec:look
    """).start(best_effort=best_effort)
    stage.wait("escaped", "web@20")
    began = time.monotonic()
    stage.stop()
    assert time.monotonic() - began < 8
    looks = [entry.pid for entry in stage.journal() if entry.what in ("look", "escaped")]
    assert not [pid for pid in looks if process_alive(pid)]


@both_trackings
def test_a_shutdown_waits_until_nothing_of_a_look_is_left(stage, best_effort):
    """Its many processes, each in a session of its own, take longer to end than the unit does."""
    stage.configure("""
        [service:web]
        health = exec:sh -c 'for i in $(seq 600); do setsid sleep 1000 & done; echo all there >&2; wait'
        health_interval = 100ms
        health_timeout = 1000s
    """).start(best_effort=best_effort)
    stage.wait_line("all there")
    stage.stop()
    assert not stage.marked()


@both_trackings
def test_a_look_does_not_outlive_a_killed_reeved(stage, best_effort):
    """The next one ends what is left of it, as of the unit."""
    stage.configure("""
        [service:web]
        health = exec:look take=never escape
        health_interval = 100ms
        health_timeout = 1000s
        restart_delay = 0
    """).start(best_effort=best_effort)
    stage.wait("escaped", "web")
    pids = stage.entries("web", "look")[0].pid, stage.entries("web", "escaped")[0].pid
    stage.kill()
    assert all(process_alive(pid) for pid in pids)
    stage.start(best_effort=best_effort)
    stage.reeve.may_leave = False
    stage.wait("look", "web", count=2)
    for pid in pids:
        assert not process_alive(pid)
    assert not stage.entries("web", "overlap")


def test_connections(reeve, puppets, tmp_path):
    """tcp: and unix: the server is there, gone, and there again."""
    path = tmp_path / "sock"
    reeve.configure(f"""
        [service:web]
        command = {puppets.command}
        health = unix:{path}
        health_interval = 100ms
        health_retries = 2
    """).start()
    web = puppets.wait("web")
    web.do("listen_unix", str(path))
    reeve.wait_unit("web", health="healthy")
    web.do("unlisten")
    shown = reeve.wait_unit("web", health="unhealthy")
    assert shown["last_error"] == f"unix:{path}: Connection refused"
    path.unlink()
    web.do("listen_unix", str(path))
    reeve.wait_unit("web", health="healthy", run=1)
