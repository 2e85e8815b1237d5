"""The fault table of a reeved built with REEVE_FAULTS (src/os/faults.h), written from a test.

    table = FaultTable(tmp_path / "faults")
    env["REEVE_FAULT_FILE"] = table.path
    table.set("clone3", errno.EAGAIN, times=3)
    ...
    assert table.hits("clone3") == 3
"""

import errno as _errno
import mmap
import os
import struct

ALWAYS = -1

_SLOTS = 64
_SLOT = struct.Struct("=24s4i")  # name, err, remaining, skip, hits
_INT = struct.Struct("=i")
_ERR_AT, _REMAINING_AT, _SKIP_AT, _HITS_AT = 24, 28, 32, 36


class FaultTable:
    """Which system calls of a running reeved fail, and how often each did."""

    def __init__(self, path):
        self.path = os.fspath(path)
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.ftruncate(fd, _SLOTS * _SLOT.size)
            self._map = mmap.mmap(fd, _SLOTS * _SLOT.size, mmap.MAP_SHARED)
        finally:
            os.close(fd)

    def set(self, name, err, times=1, skip=0):
        """The call `name` fails `times` times (ALWAYS: until cleared) with errno `err`, after
        `skip` good ones. err 0 cuts read, write, send, recv and recvmsg to one byte. EINTR must not be
        ALWAYS: interrupted calls are repeated."""
        if err == _errno.EINTR and times < 0:
            raise ValueError("a call that is always interrupted never ends")
        at = self._slot(name, make=True)
        # Disarmed while it changes: reeved reads at any moment.
        self._put(at + _REMAINING_AT, 0)
        self._put(at + _ERR_AT, err)
        self._put(at + _SKIP_AT, skip)
        self._put(at + _REMAINING_AT, times)

    def set_value(self, name, value):
        """A plain number, such as "wall_clock": seconds that the wall clock is turned by."""
        self._put(self._slot(name, make=True) + _ERR_AT, value)

    def clear(self, name):
        at = self._slot(name)
        if at is not None:
            self._put(at + _REMAINING_AT, 0)

    def clear_all(self):
        for i in range(_SLOTS):
            self._put(i * _SLOT.size + _REMAINING_AT, 0)

    def hits(self, name):
        at = self._slot(name)
        return 0 if at is None else _INT.unpack_from(self._map, at + _HITS_AT)[0]

    def remaining(self, name):
        at = self._slot(name)
        return 0 if at is None else _INT.unpack_from(self._map, at + _REMAINING_AT)[0]

    def close(self):
        self._map.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def _put(self, at, value):
        _INT.pack_into(self._map, at, value)

    def _slot(self, name, make=False):
        wanted = name.encode()
        if not 0 < len(wanted) < 24:
            raise ValueError(f"a name of 1 to 23 bytes is needed: {name!r}")
        free = None
        for i in range(_SLOTS):
            at = i * _SLOT.size
            found = _SLOT.unpack_from(self._map, at)[0].rstrip(b"\0")
            if found == wanted:
                return at
            if not found and free is None:
                free = at
        if not make:
            return None
        if free is None:
            raise RuntimeError("the fault table is full")
        self._map[free : free + len(wanted)] = wanted
        return free
