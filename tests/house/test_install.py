"""`make install` puts what it says below DESTDIR, and `make uninstall` leaves nothing."""
import os
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def make(*words):
    env = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    subprocess.run(["make", "--no-print-directory", "-C", ROOT, *words], check=True,
                   stdout=subprocess.DEVNULL, env=env)


def files(directory):
    return {os.path.relpath(os.path.join(top, name), directory): os.path.join(top, name)
            for top, _, names in os.walk(directory) for name in names}


def test_install_and_uninstall(tmp_path):
    werror = ["WERROR=1"] if os.environ.get("CI") == "1" or os.environ.get("WERROR") == "1" else []
    where = [f"DESTDIR={tmp_path}", "PREFIX=/usr", *werror]
    (tmp_path / "usr" / "bin").mkdir(parents=True)
    (tmp_path / "usr" / "bin" / "other").write_text("not ours")
    make("install", *where)
    found = files(tmp_path)
    expected = {"usr/sbin/reeved", "usr/bin/reevectl", "usr/share/man/man8/reeved.8",
                "usr/share/man/man1/reevectl.1", "usr/share/man/man5/reeve.ini.5",
                "usr/share/man/man7/reeve-protocol.7",
                "usr/share/doc/reeve/examples/reeve.ini", "usr/share/doc/reeve/README.md",
                "usr/share/doc/reeve/CHANGELOG.md", "usr/share/doc/reeve/LICENSE",
                "usr/share/bash-completion/completions/reevectl"}
    assert set(found) == expected | {"usr/bin/other"}
    for name in expected:
        mode = os.stat(found[name]).st_mode & 0o777
        assert mode == (0o755 if "bin/" in name else 0o644), name
    shown = subprocess.run([found["usr/sbin/reeved"], "--version"], check=True, text=True,
                           capture_output=True).stdout
    assert shown.startswith("reeved ")
    make("uninstall", *where)
    assert set(files(tmp_path)) == {"usr/bin/other"}
    assert [top for top, _, _ in os.walk(tmp_path)] == \
        [str(tmp_path), f"{tmp_path}/usr", f"{tmp_path}/usr/bin"], "empty directories stay"
