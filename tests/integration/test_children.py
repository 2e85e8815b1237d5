"""What a child gets from reeved: its words, its descriptors, its signals, and nothing else."""
import grp
import json
import os
import resource
import signal

import pytest
from conftest import root_required
from trouble import open_descriptors


def all_signals_ignored_and_blocked():
    for number in range(1, 65):
        if number not in (signal.SIGKILL, signal.SIGSTOP, 32, 33):
            signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))


def leaked_descriptors():
    """Open, without close-on-exec, at numbers far apart."""
    for number in (3, 4, 17, 99, 500):
        os.dup2(0, number, inheritable=True)


def test_descriptors_are_0_1_2(reeve, tmp_path):
    reeve.configure(f"""
        [job:list]
        command = sh -c 'exec ls -l /proc/self/fd > {tmp_path}/fds'
        [service:noise]
        command = sleep 1000
    """).start(prepare=leaked_descriptors, close_fds=False)
    clients = [reeve.connect() for _ in range(20)]
    for client in clients:
        client.call("Health")
    assert reeve.call("Start", units=["list"])
    reeve.wait_unit("list", state="completed")
    for client in clients:
        client.close()
    lines = [line.split() for line in (tmp_path / "fds").read_text().splitlines()[1:]]
    found = {int(words[-3]): words[-1] for words in lines}
    assert found.pop(3).startswith("/proc/"), "the directory that ls reads"
    assert set(found) == {0, 1, 2}, found
    assert found[0] == "/dev/null"


def fifteen_hundred_descriptors():
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    for number in range(3, 1500):
        os.dup2(0, number, inheritable=True)


def test_more_than_1024_descriptors_in_use(reeve, tmp_path):
    """Whatever reeved opens gets a number that select() could not take."""
    reeve.configure(f"""
        [service:x]
        command = sh -c 'ls /proc/self/fd > {tmp_path}/fds; exec sleep 1000'
        restart_delay = 10ms
        [job:code]
        command = sh -c 'exit 77'
        autostart = yes
    """).start(prepare=fifteen_hundred_descriptors, close_fds=False)
    pid = reeve.wait_unit("x", state="running")["pid"]
    kinds = {os.readlink(f"/proc/{reeve.pid}/fd/{fd}").split(":")[0]
             for fd in os.listdir(f"/proc/{reeve.pid}/fd") if int(fd) >= 1500}
    assert {"anon_inode", "socket"} <= kinds and len(os.listdir(f"/proc/{reeve.pid}/fd")) > 1500
    assert reeve.wait_unit("code", state="failed")["last_exit"]["exit_code"] == 77
    os.kill(pid, signal.SIGKILL)
    reeve.wait_unit("x", state="running", run=2)
    assert reeve.call("Restart", units=["x"])["results"][0]["ok"]
    reeve.wait_for(lambda: (tmp_path / "fds").read_text().split() == ["0", "1", "2", "3"])  # 3: of ls
    reeve.stop()


def test_standard_input_is_a_file(reeve, tmp_path):
    """Opened as the process starts, by it; a hook does not have it."""
    (tmp_path / "in").write_text("first\n")
    reeve.configure(f"""
        [job:reader]
        command = sh -c 'cat > {tmp_path}/out'
        stdin = {tmp_path}/in
        pre_start = sh -c 'cat > {tmp_path}/hook'
        [job:missing]
        command = cat
        stdin = {tmp_path}/none
        [service:fifo]
        command = sleep 1000
        stdin = {tmp_path}/fifo
        autostart = no
    """)
    os.mkfifo(tmp_path / "fifo")
    reeve.start()
    for run, text in enumerate(("first\n", "second\n"), 1):
        (tmp_path / "in").write_text(text)
        assert reeve.call("Start", units=["reader"])["results"][0]["ok"]
        reeve.wait_unit("reader", state="completed", run=run)
        assert (tmp_path / "out").read_text() == text
        assert (tmp_path / "hook").read_text() == ""
    assert not reeve.call("Start", units=["missing"])["results"][0]["ok"]
    error = reeve.last_exit("missing")["error"]
    assert (error["stage"], error["errno"]) == ("stdio", "ENOENT")
    # Nobody writes: the start waits, reeved does not.
    reeve.call("Start", units=["fifo"], timeout_ms=10)
    reeve.wait_unit("fifo", state="starting")
    with open(tmp_path / "fifo", "w", encoding="utf-8"):
        pid = reeve.wait_unit("fifo", state="running")["pid"]
    assert os.readlink(f"/proc/{pid}/fd/0") == f"{tmp_path}/fifo"


def test_log_null_gives_the_null_device(reeve):
    reeve.configure("""
        [service:x]
        command = sleep 1000
        log = null
    """).start()
    pid = reeve.wait_unit("x", state="running")["pid"]
    # While it begins, sleep has a file of its language open for a moment.
    reeve.wait_for(lambda: {n: to for n, to in open_descriptors(pid).items()
                            if "/locale/" not in to} ==
                   {0: "/dev/null", 1: "/dev/null", 2: "/dev/null"})


def test_signals_are_default_and_unblocked(reeve):
    """Also when reeved itself was started with everything ignored and blocked, SIGCHLD included."""
    reeve.configure("""
        [service:x]
        command = sleep 1000
        [job:seven]
        command = sh -c 'exit 7'
        autostart = yes
    """).start(prepare=all_signals_ignored_and_blocked)
    pid = reeve.wait_unit("x", state="running")["pid"]
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        masks = dict(line.split() for line in status if line.startswith("Sig") and "SigQ" not in line)
    assert int(masks["SigBlk:"], 16) == 0, masks
    assert int(masks["SigIgn:"], 16) & ~(3 << 31) == 0, masks  # 32 and 33 are the C library's
    assert reeve.wait_unit("seven", state="failed")["last_exit"]["exit_code"] == 7
    assert reeve.call("Stop", units=["x"])["results"][0]["ok"]
    assert reeve.last_exit("x")["signal"] == "TERM"
    reeve.stop()


def test_session_group_directory_umask_and_environment(reeve, tmp_path):
    (tmp_path / "work").mkdir()
    reeve.configure(f"""
        [service:x]
        command = sh -c 'umask > {tmp_path}/umask; pwd > {tmp_path}/pwd; env > {tmp_path}/env; exec sleep 1000'
        directory = {tmp_path}/work
        umask = 027
        environment = COLOUR=blue "WORDS=two words" LITERAL=$${{HOME}}
    """, environment="SHARED=yes COLOUR=red").start(env={"FROM_OUTSIDE": "1"})
    pid = reeve.wait_unit("x", state="running")["pid"]
    assert os.getsid(pid) == pid and os.getpgid(pid) == pid
    env = dict(line.split("=", 1) for line in reeve.wait_for(
        lambda: (tmp_path / "env").exists() and (tmp_path / "env").read_text().splitlines()))
    assert (tmp_path / "umask").read_text().strip() == "0027"
    assert (tmp_path / "pwd").read_text().strip() == str(tmp_path / "work")
    assert env["COLOUR"] == "blue" and env["WORDS"] == "two words" and env["LITERAL"] == "${HOME}"
    assert env["SHARED"] == "yes" and env["FROM_OUTSIDE"] == "1" and env["REEVE_UNIT"] == "x"


def test_files_of_variables(reeve, tmp_path):
    """As they were when the configuration was read, with nothing from outside besides."""
    with open(os.path.join(reeve.directory, "x.env"), "w", encoding="utf-8") as out:
        out.write("A='a $HOME'\nB=b\n")
    reeve.configure(f"""
        [service:x]
        command = /bin/sh -c 'env > {tmp_path}/env; exec sleep 1000'
        clear_env = yes
        env_file = x.env
            -none.env
        environment = B=own
    """).start(env={"OUTSIDE": "yes"})
    reeve.wait_for(lambda: (tmp_path / "env").exists() and "B=" in (tmp_path / "env").read_text())
    variables = dict(line.split("=", 1) for line in (tmp_path / "env").read_text().splitlines())
    variables = {k: v for k, v in variables.items() if k not in ("PWD", "_", "SHLVL", "OLDPWD")}
    assert variables == {"A": "a $HOME", "B": "own", "REEVE_UNIT": "x", "REEVE_INSTANCE": ""}


@root_required
def test_supplementary_groups(reeve):
    reeve.configure("""
        [service:a]
        command = sleep 1000
        user = daemon
        supplementary_groups = 4242 adm
        [service:b]
        command = sleep 1000
        supplementary_groups = 4243
    """).start()

    def ids(unit):
        pid = reeve.wait_unit(unit, state="running")["pid"]
        with open(f"/proc/{pid}/status", encoding="ascii") as status:
            found = dict(line.rstrip("\n").split(":\t", 1) for line in status if ":\t" in line)
        return found["Uid"].split()[0], set(map(int, found["Groups"].split()))

    uid, groups = ids("a")
    assert uid != "0" and {4242, grp.getgrnam("adm").gr_gid} <= groups
    uid, groups = ids("b")
    assert uid == "0" and groups == set(os.getgroups()) | {4243}


@root_required
def test_user_and_group(reeve, tmp_path):
    os.chmod(tmp_path, 0o755)
    reeve.configure("""
        [service:x]
        command = sleep 1000
        user = daemon
    """).start()
    pid = reeve.wait_unit("x", state="running")["pid"]
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        fields = dict(line.rstrip("\n").split(":\t", 1) for line in status if ":\t" in line)
    assert set(fields["Uid"].split()) == {"1"} and set(fields["Gid"].split()) == {"1"}
    assert "0" not in fields["Groups"].split()


@pytest.mark.parametrize("words, expected", [
    (r"one 'two three' \"four five\" six\\ seven", ["one", "two three", '"four', 'five"', "six\\",
                                                    "seven"]),
    ("'a ; b' \"# c\" ; # d", ["a ; b", "# c", ";", "#", "d"]),
    ('"" x', ["", "x"]),
    ("$HOME % $$ *", ["$HOME", "%", "$$", "*"]),
])
def test_words_arrive_as_written(reeve, tmp_path, words, expected):
    script = tmp_path / "words.py"
    script.write_text("import json, sys\n"
                      f"json.dump(sys.argv[1:], open({str(tmp_path / 'out')!r}, 'w'))\n")
    reeve.configure(f"[job:x]\ncommand = /usr/bin/python3 -I {script} {words}\nautostart = yes\n")
    reeve.start()
    reeve.wait_unit("x", state="completed")
    assert json.loads((tmp_path / "out").read_text()) == expected
