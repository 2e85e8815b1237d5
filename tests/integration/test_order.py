"""What starts when: conditions, requires, wants, after and before (DESIGN §4, Order)."""
import pytest
from actors import in_order, waits_for


# ---- conditions ----------------------------------------------------------------------------------
def test_what_does_not_depend_on_each_other_starts_side_by_side(stage):
    """Both jobs are at work at once, since neither ends before it is let go; who requires both waits
    for both."""
    stage.configure("""
        [service:web]
        requires = left right
        [job:left]
        act = after=gate
        [job:right]
        act = after=gate
    """).start()
    stage.wait("start", "left", "right")
    web = stage.wait_unit("web", state="waiting", goal="up", wanted=True, run=0)
    assert waits_for(web) == "left completed +1" and web["waiting"]["failed"] is False
    assert stage.unit("left")["goal"] == "up" and not stage.unit("left")["wanted"]
    stage.open_gate("left")
    stage.wait_unit("left", state="completed")
    web = stage.wait_unit("web", state="waiting", waiting=lambda w: w["unit"] == "right")
    assert waits_for(web) == "right completed" and stage.acted("web") == []
    stage.open_gate("right")
    stage.wait_unit("web", state="running", waiting=None)
    stage.wait("start", "web")
    assert stage.at("web", "start") > max(stage.at("left", "end"), stage.at("right", "end"))


@pytest.mark.parametrize("requires", ["db", "db:ready", "db:started"])
def test_a_service_is_ready_when_its_command_executes(stage, requires):
    stage.configure(f"""
        [service:web]
        requires = {requires}
        [service:db]
    """).start()
    stage.wait_unit("web", state="running")
    in_order(stage.moves(), "web waiting", "db starting", "db running", "web starting",
             "web running")


@pytest.mark.parametrize("requires", ["warm:started", "warm:ready"])
def test_a_job_may_be_required_to_run_only(stage, requires):
    """Its later end, or failure, does nothing to who required that."""
    stage.configure(f"""
        [service:web]
        requires = {requires}
        [job:warm]
        act = after=gate
    """).start()
    stage.wait("start", "web", "warm")
    stage.open_gate("warm", code=1)
    stage.wait_unit("warm", state="failed")
    assert stage.unit("web")["state"] == "running"
    assert stage.acted("web") == ["start"]


def test_a_completed_job_was_started_and_ready_too(stage):
    stage.configure("""
        [service:web]
        requires = warm:started
        after = warm:ready
        autostart = no
        [job:warm]
        act = after=0
        autostart = yes
    """).start()
    stage.wait_unit("warm", state="completed")
    stage.well("Start", "web")
    assert stage.unit("warm")["run"] == 1


def test_all_conditions_on_a_unit_have_to_hold(stage):
    """Those of several keys add up."""
    stage.configure("""
        [service:web]
        requires = migrate:started
        wants = migrate:completed
        [job:migrate]
        act = after=gate
    """).start()
    stage.wait_unit("migrate", state="running")
    assert waits_for(stage.wait_unit("web", state="waiting")) == "migrate completed"
    stage.open_gate("migrate")
    stage.wait_unit("web", state="running")


def test_a_service_may_be_required_to_have_completed(stage):
    """And then nothing is wrong with it being over."""
    stage.configure("""
        [service:web]
        requires = setup:completed
        [service:setup]
        act = after=gate
        restart = on-failure
    """).start()
    stage.wait_unit("setup", state="running")
    assert waits_for(stage.wait_unit("web", state="waiting")) == "setup completed"
    stage.open_gate("setup")
    stage.wait_unit("web", state="running")
    assert stage.unit("setup")["state"] == "completed"
    stage.well("Restart", "web")
    assert stage.unit("setup")["run"] == 1


def test_conditions_gate_the_start_only(stage):
    """A service that completes takes nobody with it; who requires it brings it back when started."""
    stage.configure("""
        [service:web]
        requires = tunnel
        [service:tunnel]
        act = after=gate
        restart = on-failure
    """).start()
    stage.wait_unit("web", state="running")
    stage.open_gate("tunnel")
    stage.wait_unit("tunnel", state="completed")
    assert stage.unit("web")["state"] == "running" and stage.acted("web") == ["start"]
    stage.well("Stop", "web")
    stage.well("Start", "web")
    assert stage.unit("tunnel")["run"] == 2 and stage.unit("tunnel")["state"] == "running"
    in_order(stage.moves(), "tunnel completed", "web stopped", "tunnel running", "web starting")


def test_the_second_run_waits_for_conditions_too(stage):
    """web crashes while the job that it requires is at work again: its retry waits for that."""
    stage.configure("""
        [service:web]
        requires = migrate
        restart_delay = 0
        [job:migrate]
        act = after=gate
    """).start()
    stage.wait("start", "migrate")
    stage.open_gate("migrate")
    stage.wait_unit("web", state="running")
    stage.call("Start", units=["migrate"], wait=False)
    stage.wait("start", "migrate", count=2)
    assert stage.unit("web")["state"] == "running"
    stage.call("Signal", units=["web"], signal="KILL")
    assert waits_for(stage.wait_unit("web", state="waiting")) == "migrate completed"
    stage.open_gate("migrate")
    stage.wait_unit("web", state="running", run=2)


# ---- wants ---------------------------------------------------------------------------------------
def test_wants_brings_up_and_waits_for_the_first_attempt(stage):
    stage.configure("""
        [service:web]
        wants = cache warm
        [service:cache]
        autostart = no
        [job:warm]
        act = after=gate
    """).start()
    stage.wait("start", "cache", "warm")
    assert waits_for(stage.wait_unit("web", state="waiting")) == "warm completed"
    assert not stage.unit("cache")["wanted"] and stage.unit("cache")["goal"] == "up"
    stage.open_gate("warm")
    stage.wait_unit("web", state="running")


def test_wants_is_passed_over_when_the_wanted_one_is_disabled(stage):
    stage.configure("""
        [service:web]
        wants = cache
        [service:cache]
        enabled = no
    """).start()
    stage.wait_unit("web", state="running")
    assert stage.unit("cache")["state"] == "stopped"


WANTED_THAT_FAIL = {
    "failed": ("""
        [job:warm]
        act = after=gate
    """, "failed"),
    "in-backoff": ("""
        [job:warm]
        act = after=gate
        retries = 3
        retry_delay = 1000s
    """, "backoff"),
    "at-its-second-attempt": ("""
        [job:warm]
        act = after=gate
        retries = 3
        retry_delay = 0
    """, "running"),
    "a-service-that-failed": ("""
        [service:warm]
        act = after=gate
        restart = never
    """, "failed"),
}


@pytest.mark.parametrize("case", WANTED_THAT_FAIL)
def test_wants_is_passed_over_once_the_first_attempt_has_failed(stage, case):
    text, state = WANTED_THAT_FAIL[case]
    kind = ":completed" if "[service" in text else ""
    stage.configure(f"""
        [service:web]
        wants = warm{kind}
    """ + text).start()
    stage.wait("start", "warm")
    assert waits_for(stage.wait_unit("web", state="waiting")) == "warm completed"
    stage.open_gate("warm", code=1)
    stage.wait_unit("web", state="running")
    stage.wait("start", "web")
    assert stage.at("warm", "end", 0) < stage.at("web", "start")
    stage.wait_unit("warm", state=state)


def test_wants_is_passed_over_when_the_wanted_one_completed(stage):
    """A service that was to be ready, and is over."""
    stage.configure("""
        [service:web]
        wants = once
        autostart = no
        [service:once]
        act = after=0
        restart = never
    """).start()
    stage.wait_unit("once", state="completed")
    stage.well("Start", "web")


@pytest.mark.parametrize("retries", [0, 1])
def test_wants_is_passed_over_when_the_wanted_one_waits_for_such_a_one(stage, retries):
    """For one that has failed, or will be tried again much later."""
    stage.configure(f"""
        [service:web]
        wants = middle
        [service:middle]
        requires = bottom
        [job:bottom]
        act = after=gate
        retries = {retries}
        retry_delay = 1000s
    """).start()
    stage.wait("start", "bottom")
    assert waits_for(stage.wait_unit("web", state="waiting")) == "middle ready"
    stage.open_gate("bottom", code=1)
    stage.wait_unit("web", state="running")
    middle = stage.wait_unit("middle", state="waiting", goal="up")
    stage.wait_unit("bottom", state="backoff" if retries else "failed")
    assert middle["waiting"]["failed"] is (retries == 0) and stage.acted("middle") == []


def test_wants_never_fails_its_wanter(stage):
    """The wanted one is killed, fails for good, and is stopped by hand: who wants it stays up."""
    stage.configure("""
        [service:web]
        wants = cache
        [service:cache]
        restart = never
    """).start()
    stage.wait_unit("web", state="running")
    stage.call("Signal", units=["cache"], signal="KILL")
    stage.wait_unit("cache", state="failed")
    stage.well("Start", "cache")
    assert list(stage.well("Stop", "cache")) == ["cache"]
    assert stage.unit("cache")["goal"] == "down"
    assert stage.unit("web")["state"] == "running" and stage.acted("web") == ["start"]


def test_a_wanted_unit_stopped_by_hand_stays_down(stage):
    """Until it, or who wants it, is started."""
    stage.configure("""
        [service:web]
        wants = cache
        restart_delay = 0
        [service:cache]
        autostart = no
    """).start()
    stage.wait_unit("web", state="running")
    stage.well("Stop", "cache")
    stage.call("Signal", units=["web"], signal="KILL")
    stage.wait_unit("web", state="running", run=2)
    assert stage.unit("cache")["state"] == "stopped" and stage.unit("cache")["run"] == 1
    stage.well("Stop", "web")
    stage.well("Start", "web")
    stage.wait_unit("cache", state="running", run=2)


# ---- after and before ----------------------------------------------------------------------------
@pytest.mark.parametrize("text", [
    pytest.param("[service:web]\nafter = warm\n[job:warm]\n", id="after"),
    pytest.param("[service:web]\n[job:warm]\nbefore = web\n", id="before")])
def test_after_and_before_order_only_units_that_are_to_be_up(stage, text):
    """The job is not to run: nothing waits for it. It is to run: the other waits."""
    stage.configure(text + "act = after=gate\nautostart = no\n").start()
    stage.wait_unit("web", state="running")
    assert stage.unit("warm")["goal"] == "down" and stage.unit("warm")["run"] == 0
    stage.well("Stop", "web")
    stage.call("Start", units=["web", "warm"], wait=False)
    stage.wait("start", "warm")
    assert waits_for(stage.wait_unit("web", state="waiting")) == "warm completed"
    stage.open_gate("warm")
    stage.wait_unit("web", state="running")


def test_after_waits_no_longer_for_what_is_stopped(stage):
    stage.configure("""
        [service:web]
        after = warm
        [job:warm]
        act = after=gate
        autostart = yes
    """).start()
    stage.wait("start", "warm")
    stage.wait_unit("web", state="waiting")
    assert list(stage.well("Stop", "warm")) == ["warm"]
    stage.wait_unit("web", state="running")


def test_after_is_no_more_than_an_order(stage):
    """The other one fails, or is stopped: that is no matter."""
    stage.configure("""
        [service:web]
        after = cache
        [service:cache]
        restart = never
    """).start()
    stage.wait_unit("web", state="running")
    in_order(stage.moves(), "cache running", "web starting")
    assert list(stage.well("Stop", "cache")) == ["cache"]
    stage.well("Start", "cache")
    stage.call("Signal", units=["cache"], signal="KILL")
    stage.wait_unit("cache", state="failed")
    stage.well("Restart", "web")
    assert stage.unit("cache")["run"] == 2
