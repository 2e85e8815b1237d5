"""The ground on which tests run in a machine of their own: an older kernel that lacks what reeved has
fallbacks for, and a cgroup v2 hierarchy that stands alone."""
import ctypes
import errno
import fcntl
import os
import signal

import host
import pytest
from conftest import machine_required

pytestmark = machine_required

SYS_PIDFD_SEND_SIGNAL = 424
PIDFD_SIGNAL_PROCESS_GROUP = 4
PIDFD_GET_INFO = 0xC040FF0B


def test_cgroup_v2_stands_alone_with_all_controllers():
    assert host.writable_cgroup() == "/sys/fs/cgroup"
    with open("/proc/self/mountinfo", encoding="ascii") as lines:
        assert " - cgroup " not in lines.read()
    with open("/sys/fs/cgroup/cgroup.subtree_control", encoding="ascii") as text:
        assert {"cpu", "io", "memory", "pids"} <= set(text.read().split())


def test_the_kernel_lacks_what_the_fallbacks_are_for():
    """Should it have it one day, an older one is needed here."""
    libc = ctypes.CDLL(None, use_errno=True)
    pidfd = os.pidfd_open(os.getpid())
    try:
        assert libc.syscall(SYS_PIDFD_SEND_SIGNAL, pidfd, signal.SIGCONT, None,
                            PIDFD_SIGNAL_PROCESS_GROUP) == -1
        assert ctypes.get_errno() == errno.EINVAL
        with pytest.raises(OSError) as refused:
            fcntl.ioctl(pidfd, PIDFD_GET_INFO, bytes(64))
        assert refused.value.errno == errno.ENOTTY
    finally:
        os.close(pidfd)


def test_reeved_tracks_by_cgroup(reeve_at_root):
    """In the root of the hierarchy, as the first process of a machine would."""
    reeve_at_root.configure("[service:x]\ncommand = sleep 1000\n").start()
    pid = reeve_at_root.wait_unit("x", state="running")["pid"]
    assert reeve_at_root.show("x")["tracking"] == "cgroup"
    with open("/sys/fs/cgroup/reeve.x/cgroup.procs", encoding="ascii") as text:
        assert text.read().split() == [str(pid)]
    reeve_at_root.stop()
    assert not os.path.exists("/sys/fs/cgroup/reeve.x")
