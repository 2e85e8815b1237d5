"""The configurations that the documentation shows are good ones."""
import os
import re

import pytest
from daemon import ROOT


def check(reeve, text, **env):
    reeve.configure()
    with open(reeve.config_file, "w", encoding="utf-8") as out:
        out.write(text)
    done = reeve.run("--check", "-c", reeve.config_file, env=env)
    assert done.returncode == 0, done.stderr


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as text:
        return text.read()


def stand_in(text, tmp_path):
    """For a place, a program and a user of a real site, one of this machine."""
    text = re.sub(r"^user = .*\n", "", text, flags=re.M)
    text = re.sub(r"^(command|pre_start|stop_command|reload_command) = "
                  r"(nginx|redis-server|\S*/postgres|postgres|\S*python3|/srv/app/\S+)",
                  r"\1 = true", text, flags=re.M)
    text = re.sub(r"= exec:(pg_isready|psql|curl)\b", "= exec:true", text)
    return text.replace("/srv/app", str(tmp_path))


def test_readme(reeve, tmp_path):
    blocks = re.findall(r"^```ini\n(.*?)^```", read("README.md"), re.M | re.S)
    assert blocks
    for block in blocks:
        check(reeve, stand_in(block, tmp_path))


def test_manual(reeve, tmp_path):
    page = read("man", "reeve.ini.5")
    blocks = re.findall(r"^\.Bd -literal.*\n(\[(?:.*\n)*?)\.Ed$", page, re.M)
    assert len(blocks) == 10
    for block in blocks:
        text = block.replace(r"\(aq", "'").replace(r"\(dq", '"').replace(r"\e", "\\")
        check(reeve, stand_in(text, tmp_path))


@pytest.mark.parametrize("name", ["reeve.ini", "minimal.ini"])
def test_examples_are_good_as_they_stand(reeve, name):
    check(reeve, read("conf", name))


def test_demo(reeve, tmp_path):
    check(reeve, read("conf", "demo.ini"), DEMO_DIR=str(tmp_path), PORT="18080",
          DEMO_SOURCE=os.path.join(ROOT, "conf", "demo"), NGINX_PROGRAM="/bin/true")
