"""What a container is to reeved: process id 1, mounts of its own, a root that cannot be written.

    reeve.start(prepare=container(read_only=True))

What the test starts is a small process outside that passes signals in and the exit code out, so the
usual verbs (stop, wait_exit) work; container.init_pid(reeve) is reeved as the outside sees it. The
container's root is a bind mount of ours, since in a chroot / is no mount point. Root only.
"""
import ctypes
import os
import signal

import host
from daemon import wait_for

CLONE_NEWPID = 0x20000000
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC = 1, 32, 4096, 16384
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def _must(failed):
    if failed:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _mount(what, where, kind, flags):
    _must(_libc.mount(what, os.fsencode(where), kind, ctypes.c_ulong(flags), None))


def _mounts_below(directory):
    with open("/proc/self/mountinfo", encoding="utf-8") as lines:
        places = [line.split()[4] for line in lines]
    return [place for place in places if place == directory or place.startswith(directory + "/")]


def _new_root(root, proc, read_only):
    """Called as process 1, with mounts of our own."""
    _mount(os.fsencode("/"), root, None, MS_BIND | MS_REC)
    _must(proc and _libc.mount(b"proc", os.fsencode(root + "/proc"), b"proc", 0, None))
    if read_only:
        for place in _mounts_below(root):
            _mount(None, place, None, MS_REMOUNT | MS_BIND | MS_RDONLY)
    if not proc:
        _mount(b"none", root + "/proc", b"tmpfs", MS_RDONLY)
    os.chroot(root)
    os.chdir("/")


def _relay(child):
    """Signals in, the exit code out; with every signal blocked, nothing is lost on the way."""
    os.closerange(0, 65536)
    while True:
        number = signal.sigwaitinfo(range(1, signal.NSIG)).si_signo
        if number != signal.SIGCHLD:
            os.kill(child, number)
            continue
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else 128 - code)


def container(root, proc=True, read_only=False, uid=None, pending=()):
    """For `prepare` of Reeve.start. `root`: an empty directory to mount the container's root on;
    `proc`: whether it has a /proc; `pending`: signals that wait for reeved before it begins."""

    def prepare():
        host.own_mounts()
        _must(_libc.unshare(CLONE_NEWPID))
        everything = range(1, signal.NSIG)
        before = signal.pthread_sigmask(signal.SIG_BLOCK, everything)
        child = os.fork()
        if child:
            _relay(child)
        _new_root(str(root), proc, read_only)
        if uid is not None:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
        _must(_libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0))  # a change of user clears it
        for number in pending:
            os.kill(os.getpid(), number)
        if not pending:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    return prepare


def init_pid(reeve):
    """The pid, as we see it, of the reeved in the container."""
    def children():
        with open(f"/proc/{reeve.pid}/task/{reeve.pid}/children", encoding="ascii") as text:
            return text.read().split()

    return int(wait_for(children, what="process 1")[0])
