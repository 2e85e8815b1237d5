"""reeved under another supervisor: what it tells it (sd_notify), and what happens when it cannot."""
import os
import select
import signal
import socket
import time

import pytest
from daemon import PATIENCE

SERVICES = """
        [service:a]
        command = sleep 1000
        [service:b]
        command = sleep 1000
"""


class Above:
    """The supervisor above: a socket, and the messages that came, each as a dictionary."""

    def __init__(self, path):
        self.path = path
        self.messages = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + path[1:] if path.startswith("@") else path)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.socket.close()

    def next(self, timeout=PATIENCE):
        """The next message, or None when none comes in time."""
        if not select.select([self.socket], [], [], timeout)[0]:
            return None
        text = self.socket.recv(65536).decode()
        message = dict(line.split("=", 1) for line in text.splitlines())
        self.messages.append(message)
        return message

    def wait(self, timeout=PATIENCE, **wanted):
        """Takes messages until one has all of these."""
        deadline = time.monotonic() + timeout
        while True:
            left = deadline - time.monotonic()
            message = self.next(left) if left > 0 else None
            assert message is not None, f"no {wanted} came, but {self.messages}"
            if all(message.get(key) == value for key, value in wanted.items()):
                return message

    def rest(self):
        """What is there already."""
        found = []
        while (message := self.next(0)) is not None:
            found.append(message)
        return found


@pytest.fixture
def above(tmp_path):
    with Above(str(tmp_path / "above")) as made:
        yield made


def test_ready_status_and_stopping(reeve, above):
    reeve.configure(SERVICES + """
        [job:once]
        command = true
        autostart = yes
        [service:spare]
        command = sleep 1000
        autostart = no
    """).start(env={"NOTIFY_SOCKET": above.path})
    above.wait(STATUS="2 of 4 running, 1 completed, 1 stopped")
    ready = [message for message in above.messages if "READY" in message]
    assert len(ready) == 1 and ready[0]["READY"] == "1" and "STATUS" in ready[0]
    assert not any("STOPPING" in message or "WATCHDOG" in message for message in above.messages)

    reeve.call("Stop", units=["a"])
    above.wait(STATUS="1 of 4 running, 1 completed, 2 stopped")
    reeve.call("Start", units=["a"])
    above.wait(STATUS="2 of 4 running, 1 completed, 1 stopped")
    reeve.stop()
    above.rest()
    assert sum("STOPPING" in message for message in above.messages) == 1
    assert sum("READY" in message for message in above.messages) == 1


def test_ready_comes_only_when_every_unit_was_tried(reeve, above, tmp_path):
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    reeve.configure(f"""
        [job:slow]
        command = sh -c 'read line < {gate}'
        autostart = yes
        [service:web]
        command = sleep 1000
        requires = slow
    """).start(env={"NOTIFY_SOCKET": above.path})
    reeve.wait_unit("slow", state="running")
    reeve.wait_unit("web", state="waiting")
    above.wait(STATUS="1 of 2 running, 1 waiting")
    assert not any("READY" in message for message in above.messages)
    with open(gate, "w", encoding="ascii") as pipe:
        pipe.write("go\n")
    above.wait(READY="1")
    assert reeve.unit("web")["state"] == "running"


def test_a_failure_is_in_the_status(reeve, above):
    reeve.configure(SERVICES + """
        [service:broken]
        command = sh -c 'exit 3'
        restart = never
    """).start(env={"NOTIFY_SOCKET": above.path})
    above.wait(STATUS="2 of 3 running, 1 failed")
    assert sum(message.get("READY") == "1" for message in above.messages) == 1


def test_a_storm_of_changes_is_told_now_and_then(reeve, above):
    reeve.configure("""
        [service:loop]
        command = sh -c 'exit 1'
        restart_delay = 1ms
        restart_delay_max = 1ms
        restart_jitter = 0%
    """).start(env={"NOTIFY_SOCKET": above.path})
    began = time.monotonic()
    above.wait(READY="1")
    reeve.wait_unit("loop", run=lambda n: n > 100)
    assert len(above.messages + above.rest()) <= 3 + (time.monotonic() - began)


def test_the_watchdog_is_fed_twice_in_its_time(reeve, above):
    usec = 400_000
    reeve.configure(SERVICES).start(env={"NOTIFY_SOCKET": above.path, "WATCHDOG_USEC": str(usec)})
    above.wait(WATCHDOG="1")
    times = []
    for _ in range(5):
        above.wait(WATCHDOG="1")
        times.append(time.monotonic())
    assert times[-1] - times[0] > 4 * usec / 1e6 / 2 * 0.5, "far more often than asked for"
    # Only a loop that turns is alive.
    reeve.send_signal(signal.SIGSTOP)
    above.rest()
    assert above.next(4 * usec / 1e6) is None
    reeve.send_signal(signal.SIGCONT)
    above.wait(WATCHDOG="1")


@pytest.mark.parametrize("mine", [True, False])
def test_the_watchdog_of_another_process_is_not_fed(reeve, above, mine):
    env = {"NOTIFY_SOCKET": above.path, "WATCHDOG_USEC": "100000", "WATCHDOG_PID": "1"}
    reeve.configure(SERVICES)
    if mine:
        # The shell becomes reeved, so its number is right.
        script = reeve.directory / "exec.sh"
        script.write_text(f'#!/bin/sh\nWATCHDOG_PID=$$ exec {reeve.reeved} "$@"\n')
        script.chmod(0o755)
        reeve.reeved = str(script)
    reeve.start(env=env)
    if mine:
        above.wait(WATCHDOG="1")
    else:
        above.wait(STATUS="2 of 2 running")
        assert above.next(0.5) is None
    assert any("WATCHDOG" in message for message in above.messages) == mine


def test_units_do_not_see_it(reeve, above, tmp_path):
    out = tmp_path / "env"
    reeve.configure(f"""
        [job:look]
        command = sh -c 'env > {out}'
        autostart = yes
    """).start(env={"NOTIFY_SOCKET": above.path, "WATCHDOG_USEC": "60000000",
                    "WATCHDOG_PID": "1", "KEPT": "yes"})
    reeve.wait_unit("look", state="completed")
    text = out.read_text()
    assert "KEPT=yes" in text
    assert "NOTIFY_SOCKET" not in text and "WATCHDOG" not in text


def test_an_abstract_socket(reeve, tmp_path):
    with Above(f"@reeve-test-{os.getpid()}-{tmp_path.name}") as above:
        reeve.configure(SERVICES).start(env={"NOTIFY_SOCKET": above.path})
        above.wait(READY="1")


@pytest.mark.parametrize("name", ["/no/such/socket", "vsock:2:1234", "x" * 200, "@"])
def test_nobody_above(reeve, name):
    """Said once, and no reason not to supervise."""
    reeve.configure(SERVICES).start(env={"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "20000"})
    reeve.wait_unit("a", state="running")
    reeve.wait_unit("b", state="running")
    reeve.call("Restart", units=["a"])
    reeve.stop()
    assert sum("NOTIFY_SOCKET" in line for line in reeve.lines) == 1


def test_a_supervisor_that_does_not_listen(reeve, above):
    """Its queue fills up; reeved goes on, and tells later what still is so."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as filler:
        filler.connect(above.path)
        with pytest.raises(BlockingIOError):
            while True:
                filler.send(b"STATUS=filler")
    reeve.configure(SERVICES).start(env={"NOTIFY_SOCKET": above.path, "WATCHDOG_USEC": "20000"})
    reeve.wait_unit("a", state="running")
    reeve.wait_line("NOTIFY_SOCKET.*temporarily unavailable")
    above.wait(READY="1")
    assert sum("NOTIFY_SOCKET" in line for line in reeve.lines) == 1
