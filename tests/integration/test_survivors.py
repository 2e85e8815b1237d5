"""A reeved that is killed, and the next one: nothing runs unseen, and never two at once."""
import os
import stat

import pytest
from conftest import cgroup_required, root_required
from daemon import process_alive


def kill_and_follow(first, second, best_effort):
    first.start(best_effort=best_effort)
    units = first.health()["units"]
    pids = [first.wait_unit(unit["name"], state="running")["pid"] for unit in units]
    first.kill()
    assert all(map(process_alive, pids)), "units outlive a killed reeved until the next one comes"
    second.start(best_effort=best_effort)
    return pids


UNITS = """
    [service:plain]
    command = sleep 1000
    [service:deaf]
    command = sh -c 'trap "" TERM; while :; do sleep 1000; done'
    stop_timeout = 200ms
"""


@pytest.mark.parametrize("best_effort", [
    pytest.param(False, id="cgroup", marks=cgroup_required),
    pytest.param(True, id="best-effort", marks=root_required)])
def test_the_next_reeved_ends_survivors_and_says_so(make_reeve, best_effort):
    first = make_reeve("first")
    second = make_reeve("second", share=first)
    first.configure(UNITS)
    second.configure(UNITS)
    pids = kill_and_follow(first, second, best_effort)
    for name in ("plain", "deaf"):
        second.wait_unit(name, state="running", run=1)
        second.wait_line(rf"^reeved: warning: {name}: an earlier reeved left .* ending")
    assert not any(map(process_alive, pids))
    assert sorted(len(second.show(name)["records"]) for name in ("plain", "deaf")) == [0, 0]


@cgroup_required
def test_survivors_of_units_that_are_no_longer_configured(make_reeve):
    first = make_reeve("first")
    second = make_reeve("second", share=first)
    first.configure(UNITS)
    second.configure("[service:new]\ncommand = sleep 1000\n")
    pids = kill_and_follow(first, second, False)
    second.wait_unit("new", state="running")
    assert not any(map(process_alive, pids))


def test_a_clean_end_leaves_nothing_to_say(make_reeve):
    first = make_reeve("first")
    second = make_reeve("second", share=first)
    first.configure(UNITS)
    second.configure(UNITS)
    first.start()
    first.wait_unit("plain", state="running")
    first.stop()
    second.start()
    assert not second.said("earlier reeved")


def test_a_second_reeved_in_the_same_place_is_refused(make_reeve):
    first = make_reeve("first")
    second = make_reeve("second", share=first)
    first.configure("[service:x]\ncommand = sleep 1000\n").start()
    before = first.wait_unit("x", state="running")
    second.configure("[service:x]\ncommand = sleep 1000\n")
    second.start(wait=False)
    assert second.wait_exit() == 1
    assert second.said("another reeved")
    after = first.unit("x")
    assert (after["pid"], after["run"]) == (before["pid"], before["run"])
    assert first.call("Health")["pid"] == first.pid


def test_a_stale_socket_is_replaced(make_reeve):
    first = make_reeve("first")
    second = make_reeve("second", share=first)
    first.configure("[service:x]\ncommand = sleep 1000\n").start()
    first.kill()
    assert stat.S_ISSOCK(os.stat(first.socket_path).st_mode)
    second.configure("[service:x]\ncommand = sleep 1000\n").start()
    assert second.health()["pid"] == second.pid
    assert stat.S_IMODE(os.stat(second.socket_path).st_mode) == 0o660


@cgroup_required
def test_two_reeves_in_one_cgroup_leave_each_other_alone(make_reeve):
    one, two = make_reeve("one"), make_reeve("two")
    two_own, two.cgroup = two.cgroup, one.cgroup
    try:
        for daemon in (one, two):
            daemon.configure("[service:same]\ncommand = sleep 1000\n").start()
        pids = [daemon.wait_unit("same", state="running")["pid"] for daemon in (one, two)]
        one.stop()
        assert not process_alive(pids[0]) and process_alive(pids[1])
        one.start()
        assert two.unit("same")["pid"] == pids[1] and process_alive(pids[1])
        two.stop()
        assert not process_alive(pids[1])
        one.stop()
    finally:
        two.cgroup = two_own
