#!/usr/bin/python3 -IS
"""Process 1 of a machine that runs some commands (/run.json in its image) and goes off.

Their output goes to the second serial port, and at the end a line `machine: ended with N`: 0, or the
first exit code that was another.
"""
import ctypes
import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
import time
import traceback

OUTPUT = "/dev/ttyS1"
MOUNTS = (("proc", "/proc", ""), ("sysfs", "/sys", ""), ("devtmpfs", "/dev", ""),
          ("tmpfs", "/dev/shm", ""), ("devpts", "/dev/pts", ""), ("tmpfs", "/run", "mode=755"),
          ("tmpfs", "/tmp", "mode=1777"), ("cgroup2", "/sys/fs/cgroup", ""))
CGROUP = "/sys/fs/cgroup"
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
RB_POWER_OFF = 0x4321FEDC
libc = ctypes.CDLL(None, use_errno=True)


def mount(kind, where, options):
    os.makedirs(where, exist_ok=True)
    if libc.mount(kind.encode(), where.encode(), kind.encode(), ctypes.c_ulong(0),
                  options.encode()):
        raise OSError(ctypes.get_errno(), f"mount {where}")


def prepare():
    for kind, where, options in MOUNTS:
        mount(kind, where, options)
    for name, target in (("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"),
                         ("stderr", "fd/2")):
        os.symlink(target, "/dev/" + name)
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))
    socket.sethostname("machine")
    with open(f"{CGROUP}/cgroup.controllers", encoding="ascii") as controllers:
        wanted = " ".join("+" + name for name in controllers.read().split())
    with open(f"{CGROUP}/cgroup.subtree_control", "w", encoding="ascii") as out:
        out.write(wanted)


def run(command, what):
    """Runs it and, meanwhile, reaps whoever is left to us."""
    process = subprocess.Popen(command, env=what["environment"], cwd=what["directory"],
                               stdin=subprocess.DEVNULL)
    while True:
        pid, status = os.wait()
        if pid == process.pid:
            return os.waitstatus_to_exitcode(status)


def run_all():
    with open("/run.json", encoding="utf-8") as text:
        what = json.load(text)
    codes = [run(command, what) for command in what["commands"]]
    return next(filter(None, codes), 0)


def main():
    code = -1
    try:
        prepare()
        output = os.open(OUTPUT, os.O_WRONLY | os.O_NOCTTY)
        os.dup2(output, 1)
        os.dup2(output, 2)
        print(f"machine: up after {time.clock_gettime(time.CLOCK_BOOTTIME):.1f} s", flush=True)
        code = run_all()
    except Exception:  # whatever it was: the machine goes off, and the console says why
        traceback.print_exc()
    print(f"\nmachine: ended with {code}", flush=True)
    sys.stderr.flush()
    libc.reboot(RB_POWER_OFF)


main()
