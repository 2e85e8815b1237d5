"""A reeved under test: its files, its process, its socket, and the check that nothing is left."""
import itertools
import json
import os
import re
import signal
import socket
import subprocess
import textwrap
import threading
import time

import host
import varlink_contract

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("REEVE_BUILD") or os.path.join(ROOT, "build"))
SANITIZER = re.compile(r"AddressSanitizer|LeakSanitizer|UndefinedBehaviorSanitizer|runtime error:")
# How long a test waits for what should come soon: a bound on a hang, not a measure of speed.
PATIENCE = float(os.environ.get("REEVE_PATIENCE", "30"))
# A command that ignores TERM; wait for its line before a stop, the trap takes a moment.
IGNORES_TERM = "sh -c 'trap \"\" TERM; echo deaf >&2; while :; do sleep 1000; done'"
_numbers = itertools.count(1)
with open(os.path.join(ROOT, "src/varlink/io.reeve.Manager.varlink"), encoding="utf-8") as _text:
    CONTRACT = varlink_contract.Contract(_text.read())


class VarlinkError(Exception):
    """An error reply."""

    def __init__(self, name, parameters):
        super().__init__(f"{name}: {json.dumps(parameters)}")
        self.name = name
        self.parameters = parameters


class Client:
    """One connection: objects out and in, each ended by NUL. Whatever it receives is held against
    the contract, unless `checked` is false; `complaints`, a list, gets what is wrong with it too.
    `connected`: a socket that somebody else has connected (see peers.py)."""

    def __init__(self, path, timeout=PATIENCE, checked=True, complaints=None, connected=None):
        self.conversation = varlink_contract.Conversation(CONTRACT) if checked else None
        self.complaints = [] if complaints is None else complaints
        self.socket = connected or socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        self.buffer = b""
        if connected:
            return
        # Through the directory's descriptor: the path may be longer than a socket address holds.
        directory = os.open(os.path.dirname(path), os.O_PATH | os.O_DIRECTORY)
        try:
            self.socket.connect(f"/proc/self/fd/{directory}/{os.path.basename(path)}")
        except BaseException:
            self.socket.close()
            raise
        finally:
            os.close(directory)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, method, parameters=None, **flags):
        message = {"method": method if "." in method else f"io.reeve.Manager.{method}",
                   "parameters": parameters or {}, **flags}
        self.send_bytes(json.dumps(message).encode() + b"\0")

    def send_bytes(self, data):
        if self.conversation:
            self.conversation.say(data)
        self.socket.sendall(data)

    def receive(self):
        """The next message; None when the daemon closed the connection."""
        while b"\0" not in self.buffer:
            chunk = self.socket.recv(65536)
            if not chunk:
                return None
            self.buffer += chunk
        data, _, self.buffer = self.buffer.partition(b"\0")
        try:
            message = varlink_contract.loads(data)
            if self.conversation:
                self.conversation.hear(message)
        except varlink_contract.ContractBroken as broken:
            self.complaints.append(f"an answer breaks the contract: {broken}")
            raise
        return message

    def call(self, method, **parameters):
        self.send(method, parameters)
        reply = self.receive()
        if reply is None:
            raise ConnectionResetError("reeved closed the connection")
        if "error" in reply:
            raise VarlinkError(reply["error"], reply.get("parameters", {}))
        return reply.get("parameters", {})


def wait_for(predicate, timeout=PATIENCE, what="a condition"):
    """Asks `predicate` until its answer is true, and returns that answer."""
    deadline = time.monotonic() + timeout
    while True:
        answer = predicate()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout:g} s for {what}")
        time.sleep(0.01)


def process_alive(pid):
    """Whether the process exists and is not a zombie."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            return stat.read().rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    except OSError:
        return False


class Reeve:
    """See conftest.py for the usual course. `share`: another Reeve whose places this one uses."""

    def __init__(self, directory, share=None):
        self.directory = directory
        self.runtime_dir = share.runtime_dir if share else os.path.join(directory, "run")
        self.config_file = os.path.join(directory, "reeve.ini")
        self.socket_path = os.path.join(self.runtime_dir, "reeve.sock")
        self.reeved = os.path.join(BUILD, "reeved")
        self.reevectl = os.path.join(BUILD, "reevectl")
        self.process = None
        self.lines = []  # of standard error, the units' included
        self.may_leave = False  # a test that kills reeved says that survivors are no defect
        self.may_report = False  # a test that makes reeved crash on purpose
        self.expected_exit = None
        self.broken = []  # answers that broke the contract
        self._news = threading.Condition()
        self._reader = None
        self._client = None
        self._started_once = False
        # Units inherit the mark, so whoever bears it when all is over was left behind.
        self.mark = share.mark if share else f"{os.getpid()}.{next(_numbers)}"
        self.cgroup = share.cgroup if share else self._make_cgroup()
        self._owns_places = share is None

    # ---- configuration and start --------------------------------------------------------------
    def configure(self, text="", **daemon_keys):
        """Writes the file: `text` (units), after a [reeve] section with our places."""
        keys = {"runtime_dir": self.runtime_dir, **daemon_keys}
        lines = ["[reeve]"] + [f"{key} = {value}" for key, value in keys.items()]
        with open(self.config_file, "w", encoding="utf-8") as out:
            out.write("\n".join(lines) + "\n\n" + textwrap.dedent(text))
        return self

    def environment(self, extra=None):
        env = dict(os.environ, REEVE_TEST_MARK=self.mark)
        env.setdefault("ASAN_OPTIONS", "detect_leaks=1:exitcode=99")
        env.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
        env.update(extra or {})
        return env

    def start(self, wait=True, args=(), env=None, best_effort=False, prepare=None, **popen):
        """Starts reeved and (with wait) waits until it says that it is ready. `prepare` runs in the
        new process before exec. best_effort: reeved sees no cgroup hierarchy."""
        assert self.process is None or self.process.poll() is not None, "it runs already"

        def before_exec():
            if self.cgroup:
                with open(os.path.join(self.cgroup, "cgroup.procs"), "w", encoding="ascii") as out:
                    out.write("0")
                if best_effort:
                    host.hide_cgroup()
            if prepare:
                prepare()

        self.disconnect()
        first_line = len(self.lines)
        self.process = subprocess.Popen(
            [self.reeved, "-c", self.config_file, *args], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=self.environment(env),
            preexec_fn=before_exec, start_new_session=True, **popen)
        self._reader = threading.Thread(target=self._read, args=(self.process.stderr,), daemon=True)
        self._reader.start()
        self._started_once = True
        self.expected_exit = None
        if wait:
            self.wait_line(r"^reeved: ready", since=first_line)
        return self

    def start_deaf(self, stop_timeout):
        """Starts with one service, deaf, that ignores TERM already."""
        self.configure(f"[service:deaf]\ncommand = {IGNORES_TERM}\nstop_timeout = {stop_timeout}\n")
        self.start()
        self.wait_line("^deaf$")
        return self

    def run(self, *args, timeout=PATIENCE, env=None, **popen):
        """Runs the reeved program to its end (--check, a refusal) and returns the CompletedProcess."""
        done = subprocess.run([self.reeved, *args], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=timeout, env=self.environment(env),
                              check=False, **popen)
        self.lines += done.stderr.splitlines()
        return done

    def ctl(self, *args, timeout=PATIENCE, **popen):
        """Runs reevectl against this daemon."""
        return subprocess.run([self.reevectl, "--socket", self.socket_path, *args],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=timeout, env=self.environment(), check=False, **popen)

    @property
    def pid(self):
        return self.process.pid

    # ---- standard error -------------------------------------------------------------------------
    def _read(self, stream):
        with stream:
            for raw in stream:
                with self._news:
                    self.lines.append(raw.decode(errors="replace").rstrip("\n"))
                    self._news.notify_all()
        with self._news:
            self._news.notify_all()

    def wait_line(self, pattern, timeout=PATIENCE, since=0, count=1):
        """Waits until `count` lines of standard error match, and returns the last of them."""
        deadline = time.monotonic() + timeout
        expression = re.compile(pattern)
        with self._news:
            while True:
                found = [line for line in self.lines[since:] if expression.search(line)]
                if len(found) >= count:
                    return found[count - 1]
                ended = self.process.poll() is not None and not self._reader.is_alive()
                if ended or time.monotonic() > deadline:
                    raise AssertionError(
                        f"no line matches {pattern!r} "
                        + (f"(reeved ended with {self.process.returncode})" if ended else "in time")
                        + ":\n" + "\n".join(self.lines[-40:]))
                self._news.wait(0.2)

    def said(self, pattern):
        """Whether a line of standard error matches."""
        with self._news:
            return any(re.search(pattern, line) for line in self.lines)

    # ---- the socket -----------------------------------------------------------------------------
    def connect(self, timeout=PATIENCE, checked=True):
        """A connection of its own. What breaks the contract fails the test, even where nobody looks
        (in a thread, in a wait), unless `checked` is false."""
        return Client(self.socket_path, timeout, checked, self.broken)

    def disconnect(self):
        if self._client:
            self._client.close()
            self._client = None

    def call(self, method, **parameters):
        """One call on the connection that this object keeps; the reply's parameters."""
        if self._client is None:
            self._client = self.connect()
        try:
            return self._client.call(method, **parameters)
        except (OSError, ValueError):
            self.disconnect()
            raise

    def health(self, **parameters):
        return self.call("Health", **parameters)

    def unit(self, name):
        """The unit as Health shows it."""
        return self.call("Health", units=[name])["units"][0]

    def show(self, name):
        return self.call("Show", unit=name)["unit"]

    def last_exit(self, name):
        return self.unit(name)["last_exit"]

    # ---- waiting --------------------------------------------------------------------------------
    def wait_for(self, predicate, timeout=PATIENCE, what="a condition"):
        return wait_for(predicate, timeout, what)

    def wait_unit(self, name, timeout=PATIENCE, **wanted):
        """Waits until the unit has these values (a callable is asked, anything else compared), and
        returns it: wait_unit("web", state="running", run=lambda n: n > 3)."""
        seen = {}

        def matches():
            seen.clear()
            seen.update(self.unit(name))
            return all(value(seen[key]) if callable(value) else seen[key] == value
                       for key, value in wanted.items())

        try:
            wait_for(matches, timeout)
        except AssertionError:
            raise AssertionError(f"waited {timeout:g} s for {name} to be {wanted}; it is "
                                 + json.dumps(seen, indent=1)) from None
        return seen

    # ---- the end --------------------------------------------------------------------------------
    def send_signal(self, number):
        self.process.send_signal(number)

    def wait_exit(self, timeout=PATIENCE):
        """Waits for reeved's end; its exit code (negative: the signal)."""
        code = self.process.wait(timeout)
        self._reader.join(5)
        self.disconnect()
        return code

    def stop(self, number=signal.SIGTERM, timeout=PATIENCE, code=0):
        """Sends TERM and checks the exit code (None: any)."""
        self.send_signal(number)
        got = self.wait_exit(timeout)
        assert code is None or got == code, \
            f"reeved ended with {got}, not {code}:\n" + "\n".join(self.lines[-40:])
        return got

    def kill(self):
        """kill -9: what its units do from here on is no complaint about the test."""
        self.process.kill()
        self.process.wait()
        self.disconnect()
        self.expected_exit = -signal.SIGKILL
        self.may_leave = True

    # ---- what is left ---------------------------------------------------------------------------
    def marked(self):
        """Processes that bear our mark, reeved itself excepted: {pid: command}."""
        found = {}
        own = self.process.pid if self.process and self.process.poll() is None else -1
        needle = f"REEVE_TEST_MARK={self.mark}\0".encode()
        for entry in os.listdir("/proc"):
            if not entry.isdigit() or int(entry) in (own, os.getpid()):
                continue
            try:
                with open(f"/proc/{entry}/environ", "rb") as environ:
                    if needle not in environ.read():
                        continue
                with open(f"/proc/{entry}/cmdline", "rb") as command:
                    words = command.read().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if process_alive(int(entry)):
                found[int(entry)] = words
        return found

    def finish(self):
        """Ends what is left; returns what the test has to be failed for."""
        complaints = list(self.broken)
        self.disconnect()
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                complaints.append("reeved did not end on TERM")
                self.process.kill()
                self.process.wait()
        if self._owns_places:
            left = self.marked()
            if left and not self.may_leave:
                complaints.append(f"reeved left processes behind: {left}")
            for pid in left:
                _kill(pid)
            complaints += self._remove_cgroup()
        if self._reader is not None:
            self._reader.join(5)
        reports = [line for line in self.lines if SANITIZER.search(line)]
        if reports and not self.may_report:
            complaints.append("a sanitizer reports:\n" + "\n".join(self.lines))
        code = self.process.returncode if self.process else None
        if code is not None and code < 0 and code != self.expected_exit:
            complaints.append(f"reeved died of signal {-code}:\n" + "\n".join(self.lines[-40:]))
        return complaints

    def _make_cgroup(self):
        """A cgroup for this daemon alone, so that daemons side by side never meet; None without."""
        parent = host.writable_cgroup()
        if parent is None:
            return None
        path = os.path.join(parent, f"reeve-test-{self.mark}")
        os.mkdir(path)
        return path

    def _remove_cgroup(self):
        if self.cgroup is None or not os.path.isdir(self.cgroup):
            return []
        complaints = []
        if populated(self.cgroup):
            if not self.may_leave:
                complaints.append("reeved left processes in its cgroup")
            with open(os.path.join(self.cgroup, "cgroup.kill"), "w", encoding="ascii") as out:
                out.write("1")
            wait_for(lambda: not populated(self.cgroup), what="the cgroup to be empty")
        for directory, _, _ in os.walk(self.cgroup, topdown=False):
            os.rmdir(directory)
        return complaints


def populated(cgroup):
    with open(os.path.join(cgroup, "cgroup.events"), encoding="ascii") as lines:
        return "populated 1\n" in lines.read()


def _kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
