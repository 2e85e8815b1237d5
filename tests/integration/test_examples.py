"""The configurations that the documentation shows are good ones."""
import os
import re

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


def test_readme(reeve):
    blocks = re.findall(r"^```ini\n(.*?)^```", read("README.md"), re.M | re.S)
    assert blocks
    for block in blocks:
        check(reeve, block)


def test_example(reeve, tmp_path):
    """With the programs and directories it speaks of put where there are some."""
    (tmp_path / "bin").mkdir()
    for name in ("serve", "migrate", "nginx"):
        (tmp_path / "bin" / name).write_text("#!/bin/sh\n")
        (tmp_path / "bin" / name).chmod(0o755)
    text = read("conf", "example.ini")
    assert "/srv/app" in text and "/usr/sbin/nginx" in text
    check(reeve, text.replace("/srv/app", str(tmp_path))
          .replace("/usr/sbin/nginx", f"{tmp_path}/bin/nginx"))


def test_demo(reeve, tmp_path):
    check(reeve, read("conf", "demo.ini"), DEMO_DIR=str(tmp_path), PORT="18080",
          DEMO_SOURCE=os.path.join(ROOT, "conf", "demo"), NGINX_PROGRAM="/bin/true")
