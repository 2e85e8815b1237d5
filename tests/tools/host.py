"""What the machine that runs the tests can do: asked in one place, by the tests and by check.py."""
import ctypes
import functools
import os

CLONE_NEWNS = 0x20000
MS_RDONLY = 1
MS_PRIVATE = 1 << 18
MNT_DETACH = 2
_libc = ctypes.CDLL(None, use_errno=True)


def cgroup_mount():
    """Where the v2 hierarchy that holds us is mounted, and our directory in it; (None, None)."""
    try:
        with open("/proc/self/cgroup", encoding="utf-8") as lines:
            own = next((line[3:].rstrip("\n") for line in lines if line.startswith("0::")), None)
        if own is None:
            return None, None
        with open("/proc/self/mountinfo", encoding="utf-8") as lines:
            for line in lines:
                before, _, after = line.partition(" - ")
                root, mounted_on = before.split()[3:5]
                if after.startswith("cgroup2 ") and (own + "/").startswith(root.rstrip("/") + "/"):
                    return mounted_on, os.path.normpath(
                        os.path.join(mounted_on, os.path.relpath(own, root)))
    except (OSError, ValueError):
        pass
    return None, None


@functools.lru_cache(maxsize=None)
def writable_cgroup():
    """Our own cgroup, when children can be made in it and processes moved there; else None."""
    directory = cgroup_mount()[1]
    if directory is None:
        return None
    probe = os.path.join(directory, f"reeve-probe-{os.getpid()}")
    try:
        os.mkdir(probe)
    except OSError:
        return None
    try:
        usable = os.access(os.path.join(probe, "cgroup.procs"), os.W_OK) and \
            os.access(os.path.join(directory, "cgroup.procs"), os.W_OK) and \
            os.path.exists(os.path.join(probe, "cgroup.kill"))
    finally:
        os.rmdir(probe)
    return directory if usable else None


@functools.lru_cache(maxsize=None)
def writable_freezer():
    """Our own cgroup of the v1 freezer, when children can be made in it; else None. A process that is
    frozen there does not take SIGKILL, as one that waits for a device or a network file system."""
    try:
        with open("/proc/self/cgroup", encoding="utf-8") as lines:
            fields = [line.rstrip("\n").split(":", 2) for line in lines]
        own = next((path for _, names, path in fields if "freezer" in names.split(",")), None)
        with open("/proc/self/mountinfo", encoding="utf-8") as lines:
            mounted = [line.split()[3:5] for line in lines
                       if " - cgroup " in line and "freezer" in line.split()[-1].split(",")]
    except OSError:
        return None
    for root, place in mounted:
        if own is None or not (own + "/").startswith(root.rstrip("/") + "/"):
            continue
        directory = os.path.normpath(os.path.join(place, os.path.relpath(own, root)))
        probe = os.path.join(directory, f"reeve-probe-{os.getpid()}")
        try:
            os.mkdir(probe)
            os.rmdir(probe)
        except OSError:
            continue
        return directory
    return None


def own_mounts():
    """Gives the calling process mounts of its own, from which nothing reaches the host. Root only."""
    must(_libc.unshare(CLONE_NEWNS))
    # One by one, since in a chroot / is no mount point.
    for place, _ in mounts():
        _libc.mount(b"none", os.fsencode(place), None, MS_PRIVATE, None)


def hide_cgroup():
    """Gives the calling process mounts of its own, without any v2 hierarchy. Root only."""
    own_mounts()
    for place, is_cgroup2 in reversed(mounts()):
        if is_cgroup2:
            must(_libc.umount2(os.fsencode(place), MNT_DETACH))


def mount_read_only(place):
    """Gives the calling process mounts of its own, with an empty read-only tmpfs there. Root only."""
    own_mounts()
    must(_libc.mount(b"none", os.fsencode(place), b"tmpfs", MS_RDONLY, None))


def mounts():
    """(where, whether it is a v2 hierarchy) of each mount, in the order of mounting."""
    with open("/proc/self/mountinfo", encoding="utf-8") as lines:
        return [(line.split()[4], " - cgroup2 " in line) for line in lines]


def must(failed):
    if failed:
        raise OSError(ctypes.get_errno(), "cannot arrange the mounts")


def skip_is_excused(reason):
    """Whether a test may be skipped here: only for what this machine truly lacks."""
    if "cgroup" in reason:
        return writable_cgroup() is None
    if reason.startswith("freezer:"):
        return writable_freezer() is None
    if reason.startswith("root:") or "test_user_change" in reason:
        return os.geteuid() != 0
    if reason.startswith("x86_64:"):
        return os.uname().machine != "x86_64"
    return False
