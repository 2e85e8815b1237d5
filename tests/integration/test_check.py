"""`reeved --check`, what a start says of the configuration, and reeved's command line. The messages
one by one are in tests/unit/test_config_messages.c, test_config_order_messages.c and
test_config_places.c."""
import os
import re
import subprocess
import textwrap

import host
import pytest
from conftest import root_required
from daemon import PATIENCE, ROOT
from trouble import open_descriptors


def write(reeve, text, name="reeve.ini"):
    path = os.path.join(reeve.directory, name)
    with open(path, "w", encoding="utf-8") as out:
        out.write(textwrap.dedent(text))
    return path


def check(reeve, text, **popen):
    """The exit code, standard output and the lines of standard error of --check in the file's
    directory, the file named as a user would type it."""
    write(reeve, text, "x.ini")
    done = reeve.run("--check", "-c", "x.ini", cwd=reeve.directory, **popen)
    return done.returncode, done.stdout, done.stderr.splitlines()


def test_a_good_configuration(reeve):
    assert check(reeve, """\
        [service:web]
        command = sleep 1000
        [job:once]
        command = true
        """) == (0, "x.ini: good, 2 units\n", [])


def test_a_file_for_another_supervisor(reeve):
    """Each name is told what reeve calls it, and none is taken."""
    assert check(reeve, """\
        [program:web]
        [service:web]
        ExecStart = sleep 1000
        autorestart = true
        numprocs = 2
        """) == (1, "", [
            "x.ini:1: [program:web] unknown section; reeve calls it [service:web]",
            "x.ini:3: [service:web] ExecStart: unknown key; reeve calls it 'command'",
            "x.ini:4: [service:web] autorestart: unknown key; reeve calls it 'restart': always, "
            "on-failure or never",
            "x.ini:5: [service:web] numprocs: unknown key; reeve calls it 'instances': so many "
            "units NAME@1, NAME@2 ... are made of the section",
        ])


def test_units_that_depend_on_each_other(reeve):
    """Order is checked over the whole file; what is only hardly meant keeps nobody from starting."""
    assert check(reeve, """\
        [service:web]
        command = sleep 1000
        instances = 2
        requires = bd migrate
        [service:db]
        command = sleep 1000
        after = web
        [job:migrate]
        command = true
        requires = db
        """) == (1, "", [
            "x.ini:4: [service:web] requires: there is no unit 'bd'; did you mean 'db'?",
            "x.ini:4: [service:web] requires: units wait for each other in a circle: web@1 requires "
            "migrate, migrate requires db, db is after web@1; take one of these out",
        ])
    assert check(reeve, """\
        [service:web]
        command = sleep 1000
        instances = 2
        wants = old
        [service:old]
        command = sleep 1000
        enabled = no
        """) == (0, "x.ini: good, 3 units\n", [
            "x.ini:4: [service:web] wants: warning: 'old' never starts, since it has enabled = no; "
            "enable it, or remove it here",
        ])


@root_required
@pytest.mark.parametrize("place, why", [
    ("/proc", "nobody can make files in this file system of the kernel"),
    ("/mnt", "Read-only file system"),
])
def test_places_where_nobody_can_make_files(reeve, place, why):
    """Their modes let root write."""
    path = write(reeve, f"""\
        [reeve]
        runtime_dir = {place}/xx
        [service:web]
        command = sleep 1000
        """)
    done = subprocess.run([reeve.reeved, "--check", "-c", path],
                          preexec_fn=lambda: host.mount_read_only("/mnt"),
                          capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (
        1, "", f"{path}:2: [reeve] runtime_dir: '{place}/xx' cannot be used: '{place}': {why}; "
               "name another\n")


def test_all_errors_at_once(reeve):
    """Those of lines, keys, users and places, in the order of the lines, each with its remedy."""
    assert check(reeve, """\
        [reeve]
        socket_group = no-such-group
        socket = /nowhere/at/reeve.sock
        [service:web]
        comand = sleep 1000
        stop_timeout = 10
        [service:api] # the second
        command = x
        [job:once]
        command = no-such-program
        directory = /nowhere
        user = no-such-user
        group = no-such-group
        tags = a,b
        [job:two]
        command = no-such-program
        """) == (1, "", [
            "x.ini:2: [reeve] socket_group: there is no group 'no-such-group' on this system; "
            "create it or name another",
            "x.ini:3: [reeve] socket: '/nowhere/at/reeve.sock' cannot be made: '/nowhere': No such "
            "file or directory; create the directory or name another",
            "x.ini:5: [service:web] comand: unknown key; did you mean 'command'?",
            "x.ini:6: [service:web] stop_timeout: '10' has no unit; write for example 10s or 10ms",
            "x.ini:7: text follows the section header; write the header alone in its line, and "
            "comments in lines of their own",
            "x.ini:11: [job:once] directory: '/nowhere': No such file or directory; create it or "
            "name another",
            "x.ini:12: [job:once] user: there is no user 'no-such-user' on this system; create it "
            "or name another",
            "x.ini:13: [job:once] group: there is no group 'no-such-group' on this system; create "
            "it or name another",
            "x.ini:14: [job:once] tags: 'a,b' cannot be a tag; separate tags by white space, not "
            "by ','",
            "x.ini:16: [job:two] command: the program 'no-such-program' was not found in PATH: No "
            "such file or directory; install it or write its full path",
        ])


def test_a_file_that_cannot_be_read(reeve):
    done = reeve.run("--check", "-c", "missing.ini", cwd=reeve.directory)
    assert (done.returncode, done.stdout, done.stderr) == (
        1, "", "missing.ini: there is no such file; create it or name another\n")
    done = reeve.run("--check", "-c", ".", cwd=reeve.directory)
    assert (done.returncode, done.stderr) == (1, ".: this is a directory; name a file\n")


PIPELINE = "warning: '|' is passed as a word, since no shell is run; write sh -c '...' for a pipeline"
LONE = ("warning: '&' is passed as a word, since no shell is run; remove it, reeved itself keeps "
        "the program in the background")


def test_words_of_a_shell_are_warned_about(reeve):
    """One warning a command; they make nothing fail."""
    text = f"""\
        [reeve]
        runtime_dir = {reeve.runtime_dir}
        [service:web]
        command = sleep 1000 &
        autostart = no
        [service:api]
        command = sh -c 'true | cat' | cat > /dev/null
        autostart = no
        [service:fine]
        command = sh -c 'a | b; c > d &' '|' --a;b
        autostart = no
        """
    warnings = [f"x.ini:4: [service:web] command: {LONE}",
                f"x.ini:7: [service:api] command: {PIPELINE}"]
    assert check(reeve, text) == (0, "x.ini: good, 3 units\n", warnings)
    # At a start they are in the log, and reeved supervises.
    write(reeve, text)
    reeve.start()
    for line in warnings:
        reeve.wait_line("^reeved: " + re.escape(reeve.config_file + line.removeprefix("x.ini")))
    assert len(reeve.health()["units"]) == 3


def test_warnings_stand_beside_errors(reeve):
    code, out, lines = check(reeve, """\
        [service:web]
        command = sleep 1 | cat
        umask = 9
        """)
    assert (code, out) == (1, "")
    assert lines == ["x.ini:3: [service:web] umask: '9' is not a mode; write octal digits from 000 "
                     "to 777, for example 022 or 0660", f"x.ini:2: [service:web] command: {PIPELINE}"]


def test_commands_of_hooks(reeve):
    """Each line is one, and is told by its own number."""
    code, out, lines = check(reeve, """\
        [service:web]
        command = sleep 1000
        pre_start =
            mkdir -p /tmp
            # the next one is wrong
            /no/such --set-up
            sh -c 'true' | cat
        reload_signal = HUP
        post_stop = -/bin/true
        """)
    assert (code, out) == (1, "")
    assert lines == [
        "x.ini:6: [service:web] pre_start: the program '/no/such' was not found: No such file or "
        "directory; install it or correct the path",
        "x.ini:9: [service:web] post_stop: '-' before a path means nothing here; remove it, and "
        "where a failure does not matter write sh -c 'COMMAND || true'",
        f"x.ini:7: [service:web] pre_start: {PIPELINE}"]


@root_required
def test_places_are_seen_as_the_user_of_the_unit(reeve):
    """Root may enter and execute what the unit's user may not."""
    private = os.path.join(reeve.directory, "private")
    os.mkdir(private, 0o700)
    program = os.path.join(private, "program")
    with open(program, "w", encoding="ascii") as out:
        out.write("#!/bin/sh\n")
    os.chmod(program, 0o755)
    text = f"""\
        [service:root]
        command = {program}
        directory = {private}
        [service:web]
        command = {program}
        user = nobody
        [service:api]
        command = sleep 1000
        directory = {private}
        user = nobody
        """
    code, _, lines = check(reeve, text)
    assert code == 1 and len(lines) == 2
    # A long path is cut.
    assert lines[0].startswith(f"x.ini:5: [service:web] command: the program '{program[:60]}")
    assert "' cannot be executed as user 'nobody'; '/" in lines[0]
    assert lines[0].endswith("' must have an x permission for that user")
    assert lines[1].startswith(f"x.ini:9: [service:api] directory: '{private}' may not be entered "
                               "as user 'nobody'; '/")


def test_included_files_are_one_configuration(reeve):
    """Read by the child only: reeved itself has none of them open, and needs none."""
    below = os.path.join(reeve.directory, "conf.d")
    os.mkdir(below)
    reeve.configure("""
        [service:web]
        extends = sleeper
        """, include="conf.d/*.ini")
    for name, text in (("b.ini", "[service:late]\nextends = sleeper\nautostart = no\n"),
                       ("a.ini", "[template:sleeper]\ncommand = sleep 1000\n")):
        with open(os.path.join(below, name), "w", encoding="utf-8") as out:
            out.write(text)
    reeve.start()
    assert [u["name"] for u in reeve.call("List")["units"]] == ["web", "late"]
    assert reeve.show("late")["file"] == os.path.join(below, "b.ini")
    command, = reeve.show("web")["config"]
    assert command == {"key": "command", "text": "sleep 1000", "section": "template:sleeper",
                       "file": os.path.join(below, "a.ini"), "line": 2}
    held = open_descriptors(reeve.process.pid).values()
    assert not [path for path in held if path.endswith(".ini")]
    os.mkfifo(os.path.join(below, "c.ini"))
    assert reeve.call("Check")["errors"] == [
        f"{reeve.config_file}:3: [reeve] include: '{below}/c.ini': this is no regular file; name "
        "one"]


def test_a_relative_file_is_absolute_in_the_daemon(reeve):
    """What outlives the shell names the file from the root; --check names it as it was typed."""
    write(reeve, f"""\
        [reeve]
        runtime_dir = {reeve.runtime_dir}
        [service:web]
        command = sleep 1000
        """)
    whole = reeve.config_file
    reeve.config_file = "./reeve.ini"
    reeve.start(cwd=reeve.directory)
    shown = reeve.show("web")
    assert shown["file"] == whole
    assert {text["file"] for text in shown["config"]} == {whole}
    reeve.stop()
    write(reeve, "junk\n")
    done = reeve.run("-c", "./reeve.ini", cwd=reeve.directory)
    assert done.returncode == 1
    assert f"reeved: error: {whole}:1: " in done.stderr
    done = reeve.run("--check", "-c", "./reeve.ini", cwd=reeve.directory)
    assert done.stderr.startswith("./reeve.ini:1: ")


# ---- the command line ---------------------------------------------------------------------------

@pytest.mark.parametrize("args, says", [
    (["--chekc"], "unknown option '--chekc'; did you mean '--check'?"),
    (["--banana=1"], "unknown option '--banana=1'; 'reeved --help' lists the options"),
    (["-x"], "unknown option '-x'; 'reeved --help' lists the options"),
    (["--ver"], "option '--ver' could be several; write it out"),
    (["--check=yes"], "option '--check' takes no value; write it alone"),
    (["--help=me"], "option '--help' takes no value; write it alone"),
    (["-c"], "option '-c' needs a value; write a file"),
    (["--config"], "option '--config' needs a value; write a file"),
    (["-c", ""], "--config needs a file"),
    (["x.ini"], "unexpected argument 'x.ini'; a configuration is named by -c"),
])
def test_a_refused_command_line(reeve, args, says):
    done = reeve.run(*args)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"reeved: {says}\n")


def test_help_and_version(reeve):
    texts = [reeve.run(option) for option in ("--help", "-h")]
    assert texts[0].stdout == texts[1].stdout
    assert all((done.returncode, done.stderr) == (0, "") for done in texts)
    assert all(len(line) <= 80 for line in texts[0].stdout.splitlines())
    with open(os.path.join(ROOT, "man", "reeved.8"), encoding="utf-8") as page:
        man = page.read()
    for option in ("config", "check", "verbose", "help", "version"):
        assert f"--{option}" in texts[0].stdout and f"-{option}" in man
    assert reeve.run("--version").stdout.startswith("reeved ")
