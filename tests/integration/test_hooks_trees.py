"""What belongs to a command beside the main process, and that nothing of it is left."""
import os
import signal

import pytest
from conftest import cgroup_required, root_required
from daemon import process_alive, wait_for
from freezer import freezer_required, pending_kill
from hooking import HOOKS, Asked, Web, failures
from trouble import both_trackings, open_descriptors


def begin(reeve, web, hook):
    """Starts the unit; its main process (None: there is none) and the hook at work. Whatever asked
    for it is Asked."""
    asked = None
    web.start(hook, **({"best_effort": True} if web.best_effort else {}))
    main = None if hook == "pre_start" else web.running()
    if hook == "reload_command":
        asked = Asked(reeve, "Reload", "web")
    elif hook in ("pre_stop", "stop_command", "post_stop"):
        asked = Asked(reeve, "Stop", "web")
    return main, web.hook(hook), asked


def finish(reeve, web, hook, main, asked):
    """Whatever the hook was for goes on."""
    if hook == "stop_command":
        main.end()
    if asked:
        asked.ok()
    elif hook == "pre_start":
        web.running()
    reeve.wait_unit("web", hook=None)


@both_trackings
@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("end", ["ends", "fails"])
def test_what_a_command_leaves_behind_is_killed(reeve, web, best_effort, hook, end):
    """Before anything else is done: its result is told when nothing of it is left."""
    if end == "fails" and hook in ("pre_start", "stop_command", "reload_command"):
        return  # what follows is another test's
    web.best_effort = best_effort
    main, at_work, asked = begin(reeve, web, hook)
    left = [at_work.do("have_child"), at_work.do("have_child", True)]
    if not best_effort:
        left.append(at_work.do("have_child", True, True))
    at_work.end(0 if end == "ends" else 1)
    wait_for(lambda: not any(map(process_alive, left)), what="what it left to be gone")
    finish(reeve, web, hook, main, asked)
    if asked and hook != "reload_command":
        assert reeve.last_exit("web")["leftovers_killed"] == 0, "they were not of the run"


@root_required
@pytest.mark.parametrize("hook", HOOKS)
def test_without_cgroups_a_daemon_of_a_command_is_an_orphan(reeve, web, hook):
    """One that escaped before: counted, left alone, and it holds up nobody."""
    web.best_effort = True
    main, at_work, asked = begin(reeve, web, hook)
    daemon = at_work.do("have_child", True, True)
    at_work.end()
    finish(reeve, web, hook, main, asked)
    assert process_alive(daemon)
    counts = reeve.health()["counts"]
    assert counts["orphans"] == 1, counts
    os.kill(daemon, signal.SIGKILL)
    wait_for(lambda: reeve.health()["counts"]["orphans"] == 0)


@both_trackings
def test_one_command_follows_the_other_only_when_nothing_is_left_of_it(reeve, web, best_effort):
    puppet = web.puppets.command
    web.start(best_effort=best_effort, post_start=f"{puppet}\n  {puppet}")
    web.running()
    first = web.hook("post_start")
    child = first.do("have_child", True)
    first.end()
    second = web.hook("post_start")
    assert not process_alive(child) and not process_alive(first.pid)
    second.end()
    reeve.wait_unit("web", hook=None)


@both_trackings
def test_a_late_command_is_killed_with_all_that_is_of_it(reeve, web, best_effort):
    web.start("pre_start", best_effort=best_effort, hook_timeout="2s", restart="never")
    hook = web.hook("pre_start")
    hook.do("ignore_term")
    left = [hook.do("have_child", True) for _ in range(5)]
    if not best_effort:
        left.append(hook.do("have_child", True, True))
    reeve.wait_unit("web", state="failed")
    assert not any(map(process_alive, [*left, hook.pid]))
    assert "hook_timeout = 2s" in failures(reeve.last_exit("web"))["pre_start"]


@cgroup_required
def test_the_cgroup_of_a_command_goes_with_it(reeve, web):
    web.start("pre_start", "post_stop")

    def cgroups():
        return sorted(name for name in os.listdir(reeve.cgroup)
                      if os.path.isdir(os.path.join(reeve.cgroup, name)))

    def cgroup_of(pid):
        with open(f"/proc/{pid}/cgroup", encoding="ascii") as lines:
            return lines.read().rstrip().rpartition("/")[2]

    hook = web.hook("pre_start")
    assert cgroup_of(hook.pid) == "reeve.web~hook"
    hook.end()
    main = web.running()
    assert cgroup_of(main.pid) == "reeve.web"
    wait_for(lambda: "reeve.web~hook" not in cgroups())
    stop = Asked(reeve, "Stop", "web")
    hook = web.hook("post_stop")
    assert cgroup_of(hook.pid) == "reeve.web~hook"
    hook.end()
    stop.ok()
    wait_for(lambda: not [name for name in cgroups() if name.startswith("reeve.web")])


@both_trackings
@pytest.mark.parametrize("hook", HOOKS)
def test_a_command_does_not_outlive_a_killed_reeved(make_reeve, puppets, hook, best_effort):
    """The next one ends it, says so, and begins anew."""
    first = make_reeve("first")
    second = make_reeve("second", share=first)
    web = Web(first, puppets)
    web.best_effort = best_effort
    main, at_work, asked = begin(first, web, hook)
    at_work.do("ignore_term")
    left = [at_work.pid, at_work.do("have_child", True)]
    if asked:
        asked.connection.close()
    first.kill()
    assert all(map(process_alive, left)), "nobody has ended them yet"
    second.configure("[service:web]\ncommand = sleep 1000\n")
    second.start(best_effort=best_effort)
    second.wait_line(r"^reeved: warning: web: an earlier reeved left .* ending")
    second.wait_unit("web", state="running", run=1)
    assert not any(map(process_alive, left + ([main.pid] if main else [])))


@both_trackings
def test_descriptors_do_not_grow_with_commands(reeve, best_effort):
    reeve.configure("[job:x]\ncommand = true\nhook_timeout = 60s\n" + "".join(
        f"{hook} = true\n  false\n  true\n" for hook in ("post_start", "post_stop"))
        + "pre_start = true\n  true\n").start(best_effort=best_effort)

    def once():
        reeve.call("Start", units=["x"])
        assert reeve.call("Wait", units=["x"], until="completed")["results"][0]["ok"]

    once()
    before = len(open_descriptors(reeve.pid))
    for _ in range(20):
        once()
    assert len(open_descriptors(reeve.pid)) <= before
    record = reeve.last_exit("x")
    assert record["run"] == 21 and "post_stop" in failures(record)


# ---- what even SIGKILL does not end -------------------------------------------------------------
@freezer_required
@both_trackings
@pytest.mark.parametrize("hook", ["pre_start", "post_start", "stop_command", "post_stop"])
def test_a_command_that_outlives_sigkill(reeve, web, freezer, best_effort, hook):
    """It holds up the next run, and nobody who waits: two seconds later the unit is unkillable."""
    web.best_effort = best_effort
    web.configure(hook, hook_timeout="1s", stop_timeout="2s")
    reeve.start(best_effort=best_effort)
    main = None if hook == "pre_start" else web.running()
    if hook in ("stop_command", "post_stop"):
        stop = Asked(reeve, "Stop", "web")
    at_work = web.hook(hook)
    freezer.freeze(at_work.pid)
    if hook == "post_start":
        wait_for(lambda: pending_kill(at_work.pid))
        assert reeve.unit("web")["state"] == "running", "it is not the unit that is late"
        stop = Asked(reeve, "Stop", "web")
    elif hook == "pre_start":
        reeve.wait_unit("web", state="killing")
        stop = Asked(reeve, "Stop", "web")
    (result,) = stop.results()
    assert not result["ok"] and "unkillable" in result["message"], result
    assert reeve.unit("web")["state"] == "killing" and pending_kill(at_work.pid)
    reeve.wait_line("web: unkillable")
    (result,) = Asked(reeve, "Start", "web").results()
    assert not result["ok"] and "unkillable" in result["message"], result
    assert not web.puppets.waiting and not (main and process_alive(main.pid))
    freezer.thaw()
    if hook == "pre_start":
        web.hook(hook).end()
    web.running(run=2)
    assert not process_alive(at_work.pid)


@freezer_required
@both_trackings
def test_a_shutdown_does_not_wait_for_it(reeve, web, freezer, best_effort):
    web.configure("post_start", daemon_keys={"shutdown_timeout": "2s"})
    reeve.start(best_effort=best_effort)
    web.running()
    at_work = web.hook("post_start")
    freezer.freeze(at_work.pid)
    reeve.send_signal(signal.SIGTERM)
    assert reeve.wait_exit(20) == 0
    assert reeve.said("web: unkillable")
    assert pending_kill(at_work.pid)
    freezer.thaw()
    wait_for(lambda: not process_alive(at_work.pid))
