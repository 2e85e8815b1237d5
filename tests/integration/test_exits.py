"""How a run ended is recorded exactly: every exit code, every fatal signal, every failed start."""
import os
import resource
import signal

import pytest

NOT_FATAL = {signal.SIGCHLD, signal.SIGCONT, signal.SIGURG, signal.SIGWINCH,
             signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU}
FATAL = [n for n in range(1, 65) if n not in NOT_FATAL and n not in (32, 33)]  # 32, 33: libc's own


def signal_name(number):
    if number >= signal.SIGRTMIN:
        return f"RTMIN+{number - signal.SIGRTMIN}"
    return signal.Signals(number).name.removeprefix("SIG")


def no_core_files():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def ended(units):
    return all(unit["state"] in ("completed", "failed") for unit in units)


def units_when_ended(reeve):
    """All units, once every one has ended for good."""
    return reeve.wait_for(lambda: (units := reeve.health()["units"]) and ended(units) and units,
                          what="all units to end")


def jobs(lines):
    return "\n".join(f"[job:{name}]\ncommand = {command}\nautostart = yes\n"
                     for name, command in lines)


def test_every_exit_code(reeve):
    reeve.configure(jobs((f"exit-{code}", f"sh -c 'exit {code}'") for code in range(256)))
    reeve.start()
    units = units_when_ended(reeve)
    assert len(units) == 256
    for code, unit in enumerate(units):
        record = unit["last_exit"]
        assert unit["name"] == f"exit-{code}"
        assert (record["exit_code"], record["signal"]) == (code, None)
        assert record["reason"] == ("natural" if code == 0 else "runtime_error")
        assert unit["state"] == ("completed" if code == 0 else "failed")
        assert record["requested_by"] is None and record["error"] is None
        assert record["run"] == 1 and record["attempt"] == 1
    reeve.stop()


def test_every_fatal_signal(reeve):
    # Python ignores two signals and takes one; what it leaves alone kills it.
    python = {signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ}
    lines = []
    for number in FATAL:
        reset = f"signal.signal({number}, signal.SIG_DFL); " if number in python else ""
        lines.append((f"signal-{number}", "/usr/bin/python3 -Ic 'import os, signal; "
                      f"{reset}os.kill(os.getpid(), {number})'"))
    reeve.configure(jobs(lines))
    reeve.start(prepare=no_core_files)
    for number, unit in zip(FATAL, units_when_ended(reeve)):
        record = unit["last_exit"]
        assert (record["signal"], record["exit_code"]) == (signal_name(number), None)
        assert record["reason"] == "signal" and record["requested_by"] is None
        assert not record["core_dumped"]
        assert unit["state"] == "failed"


def test_success_exit_counts_codes_and_signals(reeve):
    reeve.configure("""
        [job:code]
        command = sh -c 'exit 3'
        success_exit = 0 3
        autostart = yes
        [job:signal]
        command = sh -c 'kill -USR1 $$'
        success_exit = USR1
        autostart = yes
        [job:neither]
        command = sh -c 'exit 0'
        success_exit = 3
        autostart = yes
    """).start()
    units = {unit["name"]: unit for unit in units_when_ended(reeve)}
    assert units["code"]["state"] == "completed"
    assert units["code"]["last_exit"]["reason"] == "natural"
    assert units["signal"]["state"] == "completed"
    assert units["signal"]["last_exit"]["reason"] == "signal"
    assert units["neither"]["state"] == "failed"
    assert units["neither"]["last_exit"]["reason"] == "runtime_error"


@pytest.fixture
def directory_without(tmp_path):
    (tmp_path / "not-executable").write_text("#!/bin/sh\n")
    (tmp_path / "bad-interpreter").write_text("#!/no/such/interpreter\n")
    os.chmod(tmp_path / "bad-interpreter", 0o755)
    (tmp_path / "no-format").write_bytes(b"\x7fELF and then nothing")
    os.chmod(tmp_path / "no-format", 0o755)
    return tmp_path


@pytest.mark.parametrize("command, directory, stage, errno_name", [
    ("no-such-program-anywhere", "/", "exec", "ENOENT"),
    ("{0}/missing", "/", "exec", "ENOENT"),
    ("{0}/not-executable", "/", "exec", "EACCES"),
    ("{0}/bad-interpreter", "/", "exec", "ENOENT"),
    ("{0}/no-format", "/", "exec", "ENOEXEC"),
    ("true", "{0}/nowhere", "chdir", "ENOENT"),
    ("true", "{0}/not-executable", "chdir", "ENOTDIR"),
])
def test_a_failed_start_says_stage_and_errno(reeve, directory_without, command, directory, stage,
                                             errno_name):
    reeve.configure(f"""
        [service:x]
        command = {command.format(directory_without)}
        directory = {directory.format(directory_without)}
        restart = never
    """).start()
    unit = reeve.wait_unit("x", state="failed")
    record = unit["last_exit"]
    assert record["reason"] == "start_failed"
    assert record["error"]["stage"] == stage and record["error"]["errno"] == errno_name
    assert record["error"]["message"]
    assert record["signal"] is None and record["ready_after_ms"] is None
    assert not unit["ready"]


def test_a_job_is_tried_again(reeve, tmp_path):
    reeve.configure(f"""
        [job:third-time]
        command = sh -c 'echo x >> {tmp_path}/tries; test $(wc -l < {tmp_path}/tries) -ge 3'
        retries = 5
        retry_delay = 10ms
        autostart = yes
        [job:never]
        command = false
        retries = 2
        retry_delay = 10ms
        autostart = yes
    """).start()
    lucky = reeve.wait_unit("third-time", state="completed")
    assert lucky["run"] == 3 and lucky["last_exit"]["attempt"] == 3
    unlucky = reeve.wait_unit("never", state="failed")
    assert unlucky["run"] == 3
    assert [r["attempt"] for r in reeve.show("never")["records"]] == [3, 2, 1]


def test_a_job_that_takes_too_long_is_ended(reeve):
    reeve.configure("""
        [job:slow]
        command = sleep 1000
        timeout = 200ms
        autostart = yes
    """).start()
    record = reeve.wait_unit("slow", state="failed")["last_exit"]
    assert record["requested_by"] == "timeout" and record["signal"] == "TERM"
    assert record["duration_ms"] >= 200


def test_the_log_names_what_could_not_be_started(reeve):
    reeve.configure("""
        [job:none]
        command = /no/such/program with arguments
        autostart = yes
        [job:nowhere]
        command = true
        directory = /no/such/place
        autostart = yes
    """).start()
    reeve.wait_line("none: run 1 ended after .*: exec /no/such/program: No such file or directory "
                    r"\(start_failed\)")
    reeve.wait_line("nowhere: run 1 ended after .*: chdir /no/such/place: No such file or directory")
