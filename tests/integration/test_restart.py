"""Restarts: bounded, with a growing delay, counted in a window, forgotten after a stable run."""
import os
import signal

from times import milliseconds
from trouble import cpu_seconds


def gaps(records):
    """Milliseconds between the end of a run and the start of the next, oldest first."""
    oldest_first = records[::-1]
    return [milliseconds(after["started_at"]) - milliseconds(before["ended_at"])
            for before, after in zip(oldest_first, oldest_first[1:])]


def test_a_crash_loop_is_slowed_down(reeve):
    reeve.configure("""
        [service:x]
        command = sh -c 'exit 1'
        restart_delay = 50ms
        restart_delay_max = 400ms
        restart_jitter = 0%
    """).start()
    reeve.wait_unit("x", run=lambda n: n >= 7)
    records = [r for r in reeve.show("x")["records"] if r["run"] <= 6]
    assert len(records) == 6
    for gap, least in zip(gaps(records), (50, 100, 200, 400, 400)):
        # Wall times are cut to milliseconds, hence one less; late is only late.
        assert least - 1 <= gap < least + 3000, gaps(records)
    assert [r["attempt"] for r in records] == [6, 5, 4, 3, 2, 1]


def test_backoff_says_when_the_next_try_is(reeve):
    reeve.configure("""
        [service:x]
        command = false
        restart_delay = 20s
        restart_jitter = 0%
    """).start()
    reeve.wait_unit("x", state="backoff", ready=False, goal="up")
    unit = reeve.call("List", units=["x"])["units"][0]
    ahead = milliseconds(unit["next_start_at"]) - milliseconds(unit["last_exit"]["ended_at"])
    assert 19990 <= ahead <= 21000
    # A start does not wait for it.
    reeve.call("Start", units=["x"], timeout_ms=10000)
    reeve.wait_unit("x", run=2)


def test_jitter_only_adds(reeve):
    reeve.configure("""
        [service:x]
        command = false
        restart_delay = 40ms
        restart_delay_max = 40ms
        restart_jitter = 100%
    """).start()
    reeve.wait_unit("x", run=lambda n: n >= 9)
    found = gaps(reeve.show("x")["records"])
    assert len(found) >= 7 and all(gap >= 39 for gap in found), found


def test_the_limit_counts_in_a_window(reeve):
    reeve.configure("""
        [service:x]
        command = false
        restart_delay = 1ms
        restart_delay_max = 5ms
        restart_limit = 4
        restart_window = 60s
    """).start()
    unit = reeve.wait_unit("x", state="failed")
    assert unit["run"] == 5 and unit["restarts"] == 4
    # To start it is to begin again.
    reeve.call("Start", units=["x"], timeout_ms=10000)
    assert reeve.wait_unit("x", state="failed", run=10)["restarts"] == 4


def test_restarts_that_are_far_apart_never_reach_the_limit(reeve):
    reeve.configure("""
        [service:x]
        command = sh -c 'sleep 0.1; exit 1'
        restart_delay = 1ms
        restart_limit = 3
        restart_window = 150ms
        restart_reset = 50ms
    """).start()
    reeve.wait_unit("x", run=lambda n: n >= 10)


def test_a_stable_run_clears_the_backoff(reeve, tmp_path):
    """Three quick deaths, a run longer than restart_reset, then a death: the delay is the first."""
    reeve.configure(f"""
        [service:x]
        command = sh -c 'echo x >> {tmp_path}/runs; test $(wc -l < {tmp_path}/runs) -ne 4 || sleep 0.5; exit 1'
        restart_delay = 60ms
        restart_jitter = 0%
        restart_reset = 400ms
    """).start()
    reeve.wait_unit("x", run=lambda n: n >= 6)
    records = [r for r in reeve.show("x")["records"] if r["run"] <= 5]
    before, after = gaps(records)[2], gaps(records)[3]
    assert before >= 239, gaps(records)
    assert 59 <= after < 239, gaps(records)


def test_policies(reeve):
    reeve.configure("""
        [service:never]
        command = false
        restart = never
        [service:on-failure-ok]
        command = true
        restart = on-failure
        [service:on-failure-bad]
        command = false
        restart = on-failure
        restart_delay = 1ms
        restart_delay_max = 5ms
        [service:always]
        command = true
        restart_delay = 1ms
        restart_delay_max = 5ms
    """).start()
    assert reeve.wait_unit("never", state="failed")["run"] == 1
    assert reeve.wait_unit("on-failure-ok", state="completed")["run"] == 1
    reeve.wait_unit("on-failure-bad", run=lambda n: n > 3)
    reeve.wait_unit("always", run=lambda n: n > 3)


def test_a_killed_service_comes_back(reeve):
    reeve.configure("[service:x]\ncommand = sleep 1000\nrestart_delay = 10ms\n").start()
    pid = reeve.wait_unit("x", state="running")["pid"]
    os.kill(pid, signal.SIGKILL)
    unit = reeve.wait_unit("x", state="running", run=2)
    assert unit["pid"] != pid and unit["restarts"] == 1
    record = unit["last_exit"]
    assert record["signal"] == "KILL" and record["reason"] == "signal"
    assert record["requested_by"] is None and record["pid"] == pid


def test_a_crash_loop_costs_little(reeve):
    """Two hundred deaths as fast as they may come: a line or two each, and hardly any time."""
    reeve.configure("""
        [service:x]
        command = false
        restart_delay = 1ms
        restart_delay_max = 5ms
    """).start()
    reeve.wait_unit("x", run=lambda n: n >= 10)
    before, used, n_lines = reeve.unit("x")["run"], cpu_seconds(reeve.pid), len(reeve.lines)
    after = reeve.wait_unit("x", run=lambda n: n >= before + 200)["run"]
    runs = after - before
    assert len(reeve.lines) - n_lines <= 3 * (runs + 2), reeve.lines[-10:]
    # This test's own questions cost the most of it.
    assert cpu_seconds(reeve.pid) - used < 0.02 * runs


def test_a_fleet_that_fails_together_does_not_come_back_together(reeve, tmp_path):
    """All lose their database in the same moment; jitter spreads the next tries."""
    n_units = 60
    os.mkfifo(tmp_path / "database")
    reeve.configure("".join(f"""
[service:s{n}]
command = sh -c 'echo up >&2; read x < {tmp_path}/database; exit 1'
restart_delay = 20s
restart_jitter = 50%
""" for n in range(n_units))).start()
    with open(tmp_path / "database", "wb") as database:
        reeve.wait_line("^up", count=n_units)
        reeve.wait_for(lambda: readers(tmp_path / "database", reeve) == n_units,
                       what="all to be connected")
        del database
    reeve.wait_for(lambda: reeve.health(limit=1)["counts"]["backoff"] == n_units,
                   what="all to have failed")
    delays = sorted(milliseconds(unit["next_start_at"])
                    - milliseconds(unit["last_exit"]["ended_at"])
                    for unit in reeve.call("List")["units"])
    assert 19990 <= delays[0] and delays[-1] <= 31000, delays
    # Sixty drawn evenly from ten seconds: less than a quarter of them in any second, and well apart.
    assert delays[-1] - delays[0] > 5000, delays
    for second in range(20000, 30000, 1000):
        assert sum(second <= delay < second + 1000 for delay in delays) < n_units / 3, delays


def readers(fifo, reeve):
    """How many of the daemon's processes have it open."""
    found = 0
    for pid in reeve.marked():
        try:
            found += os.readlink(f"/proc/{pid}/fd/0") == str(fifo)
        except OSError:
            pass
    return found
