"""Shutdown with commands that hang: inside its budget, in order, and post_stop still runs."""
import os
import signal

import pytest
from actors import Stage
from daemon import process_alive, wait_for
from hooking import Asked, failures
from test_shutdown_order import End
from times import milliseconds

DEAF = "sh -c 'trap \"\" TERM; echo deaf >&2; while :; do sleep 1000; done'"


def chain(journal, words, n=3, command=DEAF):
    """n services, each above the next."""
    return "".join(f"[service:s{i}]\ncommand = {command}\nstop_timeout = 60s\nhook_timeout = 60s\n"
                   f"post_stop = sh -c 'echo s{i} $REEVE_REASON >>{journal}'\n"
                   + (f"requires = s{i + 1}\n" if i < n else "") + words + "\n"
                   for i in range(1, n + 1))


@pytest.mark.parametrize("hook", ["pre_stop", "stop_command", "none"])
def test_a_chain_whose_hooks_hang(stage, tmp_path, hook):
    """Each has its share, in which post_stop has its part; what hangs is killed with its tree."""
    journal = tmp_path / "over"
    words = "" if hook == "none" else f"{hook} = {DEAF}"
    stage.configure(chain(journal, words), shutdown_timeout="6s").start()
    for name in ("s1", "s2", "s3"):
        stage.wait_unit(name, state="running")
    stage.wait_line("^deaf", count=3)
    end = End(stage)
    end.within(6)
    assert journal.read_text().split() == ["s1", "forced_kill", "s2", "forced_kill",
                                           "s3", "forced_kill"]
    assert end.code == 0 and not stage.said("unkillable|the time is up")
    # Six seconds less the reserve of 600 ms, in three: 1.8 s each, less a quarter for post_stop.
    assert 1.3 <= end.killed_after_s("s1") <= 1.9, end.killed_after_s("s1")
    for record in end.exits.values():
        assert set(failures(record)) == ({hook} if hook != "none" else set())
        assert all(message.endswith("did not end in the time that the shutdown left")
                   for message in failures(record).values())
        if hook == "pre_stop":
            assert record["stop_signal_at"], "main has some of the time, too"


def test_post_stop_that_hangs_has_its_part_only(stage, tmp_path):
    journal = tmp_path / "over"
    stage.configure(chain(journal, "").replace("post_stop = sh -c 'echo", "post_stop = sh -c 'trap "
                                               '"" TERM; echo').replace(f">>{journal}'",
                                                                        f">>{journal}; sleep 1000'"),
                    shutdown_timeout="6s").start()
    stage.wait_line("^deaf", count=3)
    end = End(stage)
    end.within(6)
    assert journal.read_text().split()[::2] == ["s1", "s2", "s3"]
    assert all(list(failures(record)) == ["post_stop"] for record in end.exits.values())
    assert not stage.said("the time is up")


def test_those_in_pre_start_and_post_start(stage, tmp_path, puppets):
    journal = tmp_path / "over"
    stage.configure(f"""
        [service:early]
        command = sleep 1000
        pre_start = {puppets.command}
        post_stop = sh -c 'echo early $REEVE_REASON >>{journal}'
        hook_timeout = 60s
        stop_timeout = 60s
        [service:late]
        command = {puppets.command}
        post_start = {puppets.command}
        post_stop = sh -c 'echo late $REEVE_REASON >>{journal}'
        hook_timeout = 60s
        stop_timeout = 60s
    """, shutdown_timeout="3s").start()
    early, late = puppets.wait("early", "pre_start"), puppets.wait("late", "post_start")
    for hook in (early, late, puppets.wait("late")):
        hook.do("ignore_term")
    children = [early.do("have_child", True), late.do("have_child", True)]
    end = End(stage)
    end.within(3)
    assert sorted(journal.read_text().splitlines()) == ["early signal", "late forced_kill"]
    assert not any(map(process_alive, children))
    assert all(record["failed_hooks"] == [] for record in end.exits.values())


@pytest.mark.parametrize("hook", ["pre_stop", "stop_command", "post_stop", "pre_start"])
def test_a_shutdown_shortens_a_stop_that_is_under_way(reeve, web, hook, tmp_path):
    """And still main is asked to end before it is killed, and post_stop has its part."""
    over = tmp_path / "over"
    keys = {} if hook == "post_stop" else {"post_stop": f"sh -c 'echo over >>{over}'"}
    web.start(hook, daemon_keys={"shutdown_timeout": "4s"}, **keys)
    if hook != "pre_start":
        main = web.running()
        main.do("ignore_term")
    else:
        at_work = web.hook(hook)
        at_work.do("ignore_term")
    stop = Asked(reeve, "Stop", "web", wait=False)
    stop.results()
    if hook == "post_stop":
        main.end()
    if hook != "pre_start":
        at_work = web.hook(hook)
    child = at_work.do("have_child", True)
    end = End(Stage(reeve))
    end.within(4)
    assert not process_alive(child) and not process_alive(at_work.pid)
    if hook != "post_stop":
        assert over.read_text() == "over\n"
    record = end.exits["web"]
    if hook == "pre_stop":
        asked, killed = (milliseconds(record[key]) for key in ("stop_signal_at", "kill_at"))
        assert killed - asked >= 500, "main has half of the time"
    if hook == "post_stop":
        assert record["reason"] == "signal" or record["exit_code"] == 0
    assert record["requested_by"] == "user" or hook == "post_stop"


@pytest.mark.parametrize("hook", ["pre_start", "post_start", "pre_stop", "stop_command",
                                  "post_stop"])
def test_a_second_interrupt_during_each_skips_to_the_kill(reeve, web, hook):
    web.start(hook, daemon_keys={"shutdown_timeout": "60s"})
    if hook not in ("pre_start",):
        main = web.running()
        main.do("ignore_term")
    if hook in ("pre_start", "post_start"):
        at_work = web.hook(hook)
        at_work.do("ignore_term")
        child = at_work.do("have_child", True)
    reeve.send_signal(signal.SIGINT)
    reeve.wait_line("shutting down")
    if hook == "post_stop":
        main.end()
    if hook not in ("pre_start", "post_start"):
        at_work = web.hook(hook)
        child = at_work.do("have_child", True)
    reeve.wait_unit("web", state="stopping")
    reeve.send_signal(signal.SIGINT)
    assert reeve.wait_exit(20) == 0
    assert not process_alive(at_work.pid) and not process_alive(child)
    assert not reeve.said("the time is up|unkillable")


def test_a_stop_that_is_over_in_time_takes_no_more(stage, tmp_path):
    """The polite ones end when they are told to, whatever their hooks could take."""
    journal = tmp_path / "over"
    stage.configure(chain(journal, "pre_stop = true\nstop_command = sh -c 'kill $REEVE_MAIN_PID'",
                          command="sleep 1000"), shutdown_timeout="60s").start()
    for name in ("s1", "s2", "s3"):
        stage.wait_unit(name, state="running")
    end = End(stage)
    assert end.took_s < 20
    assert journal.read_text().split()[::2] == ["s1", "s2", "s3"]
    assert [record["signal"] for record in end.exits.values()] == ["TERM"] * 3


def test_the_last_kill_reaches_hooks(reeve, web):
    """SIGKILL of all that is left, at the end of the budget: reeved waits for none of it."""
    web.start("post_stop", daemon_keys={"shutdown_timeout": "1s"})
    main = web.running()
    main.do("ignore_term")
    end = End(Stage(reeve))
    end.within(1)
    assert wait_for(lambda: not reeve.marked())
    assert os.path.exists(reeve.config_file) and end.code == 0
