"""Debian's cloud kernel, unpacked below build/vm and not installed.

    python3 tests/vm/kernel.py      # fetches it when it is not there, and says where it is

Once it is there, nobody is asked for it again (`make clean` removes it). apt-get downloads it, as
root or as anybody; where its lists are old or missing, root has it read them anew.
"""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PLACE = os.path.join(ROOT, "build", "vm", "kernel")
PACKAGE = "linux-image-cloud-amd64"  # depends on the one of the day


class NoKernel(Exception):
    """It cannot be had; says why."""


class Kernel:
    """An unpacked one. `image` is what a machine boots, `modules` the directory of its modules."""

    def __init__(self, place):
        images = sorted(glob.glob(os.path.join(place, "boot", "vmlinuz-*")))
        if not images:
            raise NoKernel(f"no kernel in {place}")
        self.image = images[-1]
        self.release = os.path.basename(self.image)[len("vmlinuz-"):]
        self.modules = os.path.join(place, "lib", "modules", self.release)


def _run(*command, cwd=None):
    done = subprocess.run(command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    return done.returncode, done.stdout


def _download(into):
    """The path of the package's file, or None, and what apt said."""
    code, said = _run("apt-cache", "depends", "--important", PACKAGE)
    found = re.search(r"Depends: (linux-image-\d\S+)", said)
    if code or not found:
        return None, said
    code, said = _run("apt-get", "download", "-q", "-o", "APT::Sandbox::User=root", found[1],
                      cwd=into)
    files = glob.glob(os.path.join(into, "*.deb"))
    return (files[0] if not code and files else None), said


def _unpack(package, place, scratch):
    fresh = os.path.join(scratch, "kernel")
    code, said = _run("dpkg-deb", "-x", package, fresh)
    if code:
        raise NoKernel(said)
    shutil.rmtree(place, ignore_errors=True)
    os.rename(fresh, place)


def ensure(place=PLACE):
    """The kernel, downloaded if need be."""
    try:
        return Kernel(place)
    except NoKernel:
        pass
    os.makedirs(os.path.dirname(place), exist_ok=True)
    with tempfile.TemporaryDirectory(dir=os.path.dirname(place)) as scratch:
        try:
            package, said = _download(scratch)
            if not package and os.geteuid() == 0:
                _run("apt-get", "-q", "update")
                package, said = _download(scratch)
            if not package:
                raise NoKernel(f"{PACKAGE} cannot be downloaded:\n{said}")
            _unpack(package, place, scratch)
        except FileNotFoundError as missing:
            raise NoKernel(f"{PACKAGE} cannot be had without apt and dpkg: {missing}") from None
    return Kernel(place)


if __name__ == "__main__":
    try:
        print(ensure().image)
    except NoKernel as why:
        sys.exit(str(why))
