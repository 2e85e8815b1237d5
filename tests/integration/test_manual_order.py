"""What reeve.ini(5) tells in ORDER of its small site is what happens: db, a job that migrates it,
three web servers, nginx."""
import os
import re
import signal

import pytest
from daemon import ROOT

WEBS = ["web@1", "web@2", "web@3"]


def site(extra=None, **keys):
    """The example, with programs of this machine and more keys for some sections."""
    with open(os.path.join(ROOT, "man", "reeve.ini.5"), encoding="utf-8") as page:
        text = re.search(r"^\.Sh ORDER\n.*?\.Bd -literal.*?\n(.*?)\.Ed$", page.read(),
                         re.M | re.S).group(1)
    text = re.sub(r"^directory = .*\n", "", text, flags=re.M)
    text = re.sub(r"^command = .*", "command = sleep 1000", text, flags=re.M)
    text = re.sub(r"(?<=\[job:migrate\]\ncommand = ).*", keys.pop("migrate", "true"), text)
    assert not keys
    for name, lines in (extra or {}).items():
        text = text.replace(f":{name}]\n", f":{name}]\n{lines}\n")
    return text


def runs(reeve):
    return {unit["name"]: unit["run"] for unit in reeve.health()["units"]}


def states(reeve, *names):
    all_of_them = {unit["name"]: unit["state"] for unit in reeve.health()["units"]}
    return [all_of_them[name] for name in names]


def wait_states(reeve, state, *names):
    for name in names:
        reeve.wait_unit(name, state=state)


def up(reeve, extra=None, **keys):
    reeve.configure(site(extra, **keys)).start()
    wait_states(reeve, "running", "db", *WEBS, "nginx")
    wait_states(reeve, "completed", "migrate")


def told(reeve, what, last):
    """The units of which the log says this, in that order; `last` is known to be among them."""
    reeve.wait_line(f"^reeved: {last}: {what}")
    found = [re.match(rf"reeved: (\S+): {what}", line) for line in reeve.lines]
    return [line.group(1) for line in found if line]


def test_start(reeve):
    up(reeve)
    order = told(reeve, "running, pid", "nginx")
    assert order[:2] == ["db", "migrate"] and set(order[2:5]) == set(WEBS) and order[5] == "nginx"


def test_start_of_web_alone(reeve):
    off = "autostart = no"
    reeve.configure(site({"db": off, "web": off, "nginx": off})).start()
    assert reeve.ctl("start", "web").returncode == 0
    wait_states(reeve, "running", "db", *WEBS)
    assert states(reeve, "migrate", "nginx") == ["completed", "stopped"]


def test_stop_of_db(reeve):
    up(reeve)
    assert reeve.ctl("stop", "db").returncode == 0
    assert states(reeve, "db", *WEBS, "migrate", "nginx") == ["stopped"] * 4 + [
        "completed", "running"]
    stopped = told(reeve, "stopped", "db")
    assert set(stopped[:3]) == set(WEBS) and stopped[3] == "db"
    assert reeve.ctl("start", "db").returncode == 0
    assert states(reeve, "db", *WEBS) == ["running"] + ["stopped"] * 3


@pytest.mark.parametrize("own", [True, False])
def test_stop_of_web(reeve, own):
    """db stays, or, when it is up only for the sake of others, stops after them."""
    up(reeve, None if own else {"db": "autostart = no"})
    assert reeve.ctl("stop", "web").returncode == 0
    assert states(reeve, *WEBS) == ["stopped"] * 3
    reeve.wait_unit("db", state="running" if own else "stopped")
    assert states(reeve, "nginx") == ["running"]


def test_shutdown(reeve):
    up(reeve)
    reeve.stop()
    stopped = told(reeve, "stopped", "db")
    assert stopped[0] == "nginx" and set(stopped[1:4]) == set(WEBS) and stopped[4] == "db"


@pytest.mark.parametrize("follows", [False, True])
@pytest.mark.parametrize("crash", [False, True])
def test_restart_and_crash_of_db(reeve, follows, crash):
    extra = {"db": "restart_delay = 10ms"}
    if follows:
        extra["web"] = "on_dependency_restart = restart"
    up(reeve, extra)
    if crash:
        os.kill(reeve.unit("db")["pid"], signal.SIGKILL)
    else:
        assert reeve.ctl("restart", "db").returncode == 0
    reeve.wait_unit("db", state="running", run=2)
    for name in WEBS:
        reeve.wait_unit(name, state="running", run=2 if follows else 1)
    assert runs(reeve)["migrate"] == 1 and runs(reeve)["nginx"] == 1


def test_failure_of_db(reeve):
    up(reeve, {"db": "restart = never"})
    os.kill(reeve.unit("db")["pid"], signal.SIGKILL)
    wait_states(reeve, "failed", "db")
    wait_states(reeve, "waiting", *WEBS)
    assert reeve.ctl("start", "db").returncode == 0
    wait_states(reeve, "running", *WEBS)


def test_failure_of_migrate(reeve, tmp_path):
    reeve.configure(site(migrate=f"test -e {tmp_path}/fixed")).start()
    wait_states(reeve, "failed", "migrate")
    wait_states(reeve, "waiting", *WEBS)
    assert "migrate" in reeve.ctl("why", "web@1").stdout
    (tmp_path / "fixed").touch()
    assert reeve.ctl("start", "migrate").returncode == 0
    wait_states(reeve, "running", *WEBS)
    # Run once more, and failing, it stops nobody.
    (tmp_path / "fixed").unlink()
    reeve.ctl("start", "migrate")
    reeve.wait_unit("migrate", state="failed", run=3)
    assert states(reeve, *WEBS) == ["running"] * 3
    assert set(runs(reeve)[name] for name in WEBS) == {1}


def test_nginx_starts_without_a_web_that_crashes_at_once(reeve):
    reeve.configure(site().replace(
        "command = sleep 1000\ninstances", "command = sh -c '[ ${REEVE_INSTANCE} != 2 ] && exec "
        "sleep 1000'\nrestart_delay = 1h\nrestart_delay_max = 1h\ninstances")).start()
    reeve.wait_unit("nginx", state="running")
    reeve.wait_unit("web@2", state="backoff")
