"""A unit that does what the test says, when it says so: opens sockets, notifies by hand, ends.

    def test_something(reeve, puppets):
        reeve.configure(f'''
            [service:web]
            command = {puppets.command}
            ready = notify
        ''').start()
        web = puppets.wait("web")
        web.notify("READY=1")
        reeve.wait_unit("web", ready=True)

This file is the program, too. It is copied to where every user may read it, and run by Debian's own
Python, since that of a developer may not be for every user.
"""
import array
import json
import os
import shutil
import signal
import socket
import sys
import time


# ---- the test's end -----------------------------------------------------------------------------
class Puppets:
    """All of a test: they come to its socket."""

    def __init__(self, directory):
        self.directory = os.path.join(directory, "puppets")
        os.mkdir(self.directory)
        shutil.copy(__file__, self.directory)
        os.chmod(os.path.join(self.directory, "puppet.py"), 0o644)
        self.path = os.path.join(self.directory, "s")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(f"/proc/self/fd/{self._at()}/s")
        os.chmod(self.path, 0o666)
        self.listener.listen(1000)
        self.waiting = []
        python = shutil.which("python3", path="/usr/bin:/bin") or sys.executable
        self.command = f"{python} -ISB {self.directory}/puppet.py {self.path}"

    def _at(self):
        self._directory_fd = os.open(self.directory, os.O_PATH | os.O_DIRECTORY)
        return self._directory_fd

    def wait(self, unit, hook=None, timeout=30.0):
        """The next puppet that comes up as the main process of this unit, or as a command of this
        hook."""
        deadline = time.monotonic() + timeout
        while True:
            for puppet in self.waiting:
                if (puppet.env["REEVE_UNIT"], puppet.env.get("REEVE_HOOK")) == (unit, hook):
                    self.waiting.remove(puppet)
                    return puppet
            self.listener.settimeout(max(0.0, deadline - time.monotonic()))
            self.waiting.append(Puppet(self.listener.accept()[0], timeout))

    def close(self):
        self.listener.close()
        os.close(self._directory_fd)


class Puppet:
    """One of them. `env`, `pid`, `fds` (the descriptors it came up with) are its own."""

    def __init__(self, connection, timeout):
        connection.settimeout(timeout)
        self.stream = connection.makefile("rw", encoding="utf-8")
        hello = json.loads(self.stream.readline())
        self.env, self.pid, self.fds = hello["env"], hello["pid"], hello["fds"]

    def do(self, what, *args):
        """Has it call that function of this file; returns what that returned."""
        print(json.dumps([what, args]), file=self.stream, flush=True)
        answer = json.loads(self.stream.readline())
        if "error" in answer:
            raise OSError(answer["error"], f"{what}{args}: {os.strerror(answer['error'])}")
        return answer["value"]

    def notify(self, *lines):
        self.do("notify", *lines)

    def barrier(self):
        """Returns when reeved has taken all that it was told before."""
        assert self.do("barrier")

    def tell(self, *lines):
        """Notifies, and reeved has taken it."""
        self.notify(*lines)
        self.barrier()

    def end(self, code=0):
        print(json.dumps(["end", [code]]), file=self.stream, flush=True)


# ---- the program --------------------------------------------------------------------------------
_kept = []
_terms = []


def _send(data, fds=()):
    name = os.environ["NOTIFY_SOCKET"]
    address = "\0" + name[1:] if name.startswith("@") else name
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        sender.sendmsg([data], ancillary, 0, address)


def notify(*lines):
    """One message."""
    _send("\n".join(lines).encode())


def notify_at(path, text):
    """The same, of whom the socket was not given to."""
    os.environ["NOTIFY_SOCKET"] = path
    _send(text.encode())


def notify_raw(text):
    _send(text.encode("latin-1"))


def notify_by_child(*lines):
    """By a child, which lives until all is taken."""
    pid = os.fork()
    if pid == 0:
        notify(*lines)
        os._exit(0 if barrier() else 1)
    return os.waitpid(pid, 0)[1]


def notify_with_descriptors(count, *lines):
    ends = [os.pipe() for _ in range(count)]
    _send("\n".join(lines).encode(), [end[1] for end in ends])
    for end in ends:
        os.close(end[1])
        _kept.append(end[0])
    return [end[0] for end in ends]


def closed_elsewhere(fd):
    """Waits until nobody holds the other end of this pipe."""
    return os.read(fd, 1) == b""


def barrier(*lines):
    ours, theirs = os.pipe()
    _send("\n".join(("BARRIER=1",) + lines).encode(), [theirs])
    os.close(theirs)
    with os.fdopen(ours, "rb") as pipe:
        return pipe.read() == b""


def flood(count, text):
    """So many messages; waits where the queue is full."""
    data = text.encode()
    name = os.environ["NOTIFY_SOCKET"]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.connect("\0" + name[1:] if name.startswith("@") else name)
        for _ in range(count):
            sender.send(data)


def feed(seconds, every_s):
    """WATCHDOG=1, again and again."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        notify("WATCHDOG=1")
        time.sleep(every_s)


def become(uid, gid):
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)


def ids():
    return os.getresuid()


def write(fd, text):
    return os.write(fd, text.encode())


def close(fd):
    os.close(fd)


def listen_tcp(host, port):
    server = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((host, port))
    server.listen(16)
    _kept.append(server)


def listen_unix(path):
    server = socket.socket(socket.AF_UNIX)
    server.bind("\0" + path[1:] if path.startswith("@") else path)
    server.listen(16)
    _kept.append(server)


def unlisten():
    """Closes the server that was opened last."""
    _kept.pop().close()


def ignore_term():
    """And count them."""
    signal.signal(signal.SIGTERM, lambda *unused: _terms.append(time.monotonic()))


def terms():
    return len(_terms)


def have_child(deaf=False, daemon=False):
    """Its pid: one that sleeps, perhaps deaf to TERM, perhaps in a session of its own and not our
    child any more."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        if daemon:
            os.setsid()
            if os.fork():
                os._exit(0)
        if deaf:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.write(theirs, str(os.getpid()).encode())
        time.sleep(1000)
        os._exit(0)
    if daemon:
        os.waitpid(pid, 0)
    child = int(os.read(ours, 32))
    os.close(ours)
    os.close(theirs)
    return child


def sd_notify(*lines):
    """By libsystemd."""
    import ctypes
    return ctypes.CDLL("libsystemd.so.0").sd_notify(0, "\n".join(lines).encode())


def sd_notify_barrier(timeout_us):
    import ctypes
    library = ctypes.CDLL("libsystemd.so.0")
    return library.sd_notify_barrier(0, ctypes.c_uint64(timeout_us))


def sd_watchdog_enabled():
    """[what it returns, the microseconds]"""
    import ctypes
    usec = ctypes.c_uint64(0)
    return [ctypes.CDLL("libsystemd.so.0").sd_watchdog_enabled(0, ctypes.byref(usec)), usec.value]


def sdnotify_module(*lines):
    """By python3-sdnotify."""
    sys.path.append("/usr/lib/python3/dist-packages")
    import sdnotify
    notifier = sdnotify.SystemdNotifier(debug=True)
    for line in lines:
        notifier.notify(line)


def end(code):
    os._exit(code)


def _descriptors():
    found = []
    for fd in map(int, os.listdir("/proc/self/fd")):
        try:
            os.fstat(fd)
            found.append(fd)
        except OSError:
            pass  # that of the directory
    return sorted(found)


def _main(path):
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    fds = _descriptors()
    test = socket.socket(socket.AF_UNIX)
    # Where no test would look for a descriptor of ours.
    high = socket.socket(fileno=os.dup2(test.fileno(), 500, inheritable=False))
    test.close()
    os.chdir(os.path.dirname(path))
    high.connect(os.path.basename(path))
    stream = high.makefile("rw", encoding="utf-8")
    print(json.dumps({"env": dict(os.environ), "pid": os.getpid(), "fds": fds}), file=stream,
          flush=True)
    for line in stream:
        what, args = json.loads(line)
        try:
            answer = {"value": globals()[what](*args)}
        except OSError as error:
            answer = {"error": error.errno}
        print(json.dumps(answer), file=stream, flush=True)
    signal.pause()


if __name__ == "__main__":
    _main(sys.argv[1])
