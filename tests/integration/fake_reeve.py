"""A reeved that only talks: canned replies on a Unix socket, for the tests of reevectl.

Run by itself (fake_reeve.py SOCKET) it serves the site below until interrupted, to look at
reevectl's output by hand.
"""

import datetime
import json
import os
import socket
import sys
import threading
import time

MANAGER = "io.reeve.Manager."


def moment(seconds_ago):
    """A wall time as the protocol writes it."""
    at = datetime.datetime.fromtimestamp(time.time() - seconds_ago, datetime.timezone.utc)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (at.microsecond // 1000)


def record(run, ended_ago, lasted, reason, **more):
    r = {
        "unit": "", "run": run, "pid": 4000 + run, "started_at": moment(ended_ago + lasted),
        "ended_at": moment(ended_ago), "duration_ms": lasted * 1000, "ready_after_ms": 12,
        "reason": reason, "exit_code": None, "signal": None, "core_dumped": False,
        "oom_kill": None, "requested_by": None, "requester": None, "stop_signal_at": None,
        "kill_at": None, "leftovers_killed": 0, "cpu_user_ms": 1200, "cpu_system_ms": 300,
        "max_rss_bytes": 14900000, "error": None, "attempt": 1,
    }
    r.update(more)
    return r


def unit(name, state, **more):
    u = {
        "name": name, "kind": "service", "state": state, "goal": "up", "ready": False,
        "health": None, "last_success": None, "last_failure": None, "last_error": None,
        "consecutive_failures": 0, "pid": None, "run": 0, "uptime_ms": None, "restarts": 0,
        "last_exit": None, "description": "", "autostart": True, "enabled": True,
        "since_ms": 200000, "next_start_at": None,
    }
    u.update(more)
    return u


def site():
    """Units in every kind of trouble, in configuration order."""
    exec_error = {"stage": "exec", "errno": "ENOENT", "message": "No such file or directory"}
    return [
        unit("web", "running", ready=True, pid=1234, run=1, uptime_ms=11700000,
             since_ms=11700000, description="nginx, the front of the site"),
        unit("worker", "running", ready=True, pid=98765, run=3, uptime_ms=200000, restarts=2,
             description="Sends what people ordered: Bücher, 本 and more",
             last_exit=record(2, 203, 3600, "runtime_error", exit_code=1)),
        unit("crasher", "backoff", run=41, restarts=40, next_start_at=moment(-95),
             description="Falls over now and then",
             last_exit=record(41, 65, 2, "signal", signal="SEGV", core_dumped=True)),
        unit("old-database", "failed", goal="up", run=5, restarts=4, autostart=False,
             description="No such program",
             last_exit=record(5, 90000, 0, "start_failed", pid=None, error=exec_error)),
        unit("stubborn", "stopped", goal="down", run=1,
             description="Does not listen to TERM\n\x1b[31mand has a colourful description",
             last_exit=record(1, 600, 7200, "forced_kill", signal="KILL", requested_by="user",
                              requester={"uid": 1000, "pid": 777, "unit": None},
                              leftovers_killed=2)),
        unit("migrate", "completed", kind="job", ready=True, run=1,
             last_exit=record(1, 11700, 4, "natural", exit_code=0)),
        unit("never", "stopped", goal="down", enabled=False, autostart=False),
        unit("leaving", "stopping", goal="down", pid=555, run=7, uptime_ms=950),
    ]


def shown(u):
    """The reply to Show for a unit of the site."""
    file = "/etc/reeve/reeve.ini"
    records = [u["last_exit"]] if u["last_exit"] else []
    for n in range(1, min(u["run"], 8)):
        last = u["last_exit"]
        if last and last["run"] - n >= 1:
            records.append(record(last["run"] - n, 3600 * n + 203, 3000, "natural", exit_code=0))
    command = "nginx -g 'daemon off;' -c %s/nginx.conf" % ("/srv/" + u["name"])
    return dict(u, tracking="cgroup", file=file, line=12, records=records, config=[
        {"key": "command", "text": command, "file": file, "line": 13},
        {"key": "environment", "text": "PORT=8080 API_TOKEN=***", "file": file, "line": 14},
        {"key": "stop_timeout", "text": "90s", "file": file, "line": 15},
    ], effective={
        "directory": "/", "user_id": None, "group_id": None, "umask": "022", "ready": "started",
        "ready_timeout_ms": 30000, "stop_signal": "TERM", "stop_timeout_ms": 90000,
        "kill_mode": "group", "restart": "always", "restart_delay_ms": 100,
        "restart_delay_max_ms": 30000, "restart_jitter_percent": 10, "restart_reset_ms": 10000,
        "restart_limit": 0, "restart_window_ms": 60000, "essential": False,
        "success_exit": ["0", "TERM"], "log": "inherit",
    })


def health(units, status="degraded"):
    counts = {"total": len(units), "orphans": 1}
    for state in ("stopped waiting starting running stopping killing backoff completed "
                  "failed").split():
        counts[state] = sum(u["state"] == state for u in units)
    extra = ("description", "autostart", "enabled", "since_ms", "next_start_at")
    return {"status": status, "ready": False, "version": "0.1.0", "pid": 1, "uptime_ms": 11701000,
            "counts": counts,
            "units": [{k: v for k, v in u.items() if k not in extra} for u in units]}


class Error(Exception):
    """Raised by a handler: the Varlink error to answer with."""

    def __init__(self, name, **parameters):
        super().__init__(name)
        self.name = name
        self.parameters = parameters


class Raw(Exception):
    """Raised by a handler: bytes to send instead of a reply; the connection closes after them."""

    def __init__(self, data):
        super().__init__()
        self.data = data


class FakeReeve:
    """Serves `handlers`, {"List": function(parameters) -> reply parameters}, in threads.

    `calls` collects (method, parameters) in the order received, `unfinished` what came without a
    NUL at its end.
    """

    def __init__(self, path, handlers):
        self.handlers = handlers
        self.calls = []
        self.unfinished = []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        self.connections = []
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def close(self):
        """Ends the serving: shutdown wakes whoever is blocked in accept or recv."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listener.close()
        for connection, thread in self.connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            thread.join()
            connection.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self.connections.append((connection, thread))
            thread.start()

    def _serve(self, connection):
        pending = b""
        try:
            while True:
                data = connection.recv(65536)
                if not data:
                    self.unfinished += [pending] if pending else []
                    return
                pending += data
                while b"\0" in pending:
                    message, pending = pending.split(b"\0", 1)
                    connection.sendall(self._answer(json.loads(message)) + b"\0")
        except Raw as raw:
            connection.sendall(raw.data)
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def _answer(self, call):
        method = call["method"].removeprefix(MANAGER)
        parameters = call.get("parameters", {})
        self.calls.append((method, parameters))
        try:
            if method not in self.handlers:
                raise Error("org.varlink.service.MethodNotFound", method=call["method"])
            reply = {"parameters": self.handlers[method](parameters)}
        except Error as error:
            reply = {"error": error.name, "parameters": error.parameters}
        return json.dumps(reply).encode()


def site_handlers(units):
    """Answers as a reeved with these units would."""

    def find(parameters):
        names = parameters.get("units")
        known = {u["name"]: u for u in units}
        if names is None:
            return units
        found = []
        for name in names:
            if name.endswith("*"):
                found += [u for u in units if u["name"].startswith(name[:-1])]
            elif name in known:
                found.append(known[name])
            else:
                raise Error(MANAGER + "NoSuchUnit", unit=name,
                            message="no unit is named '%s'; did you mean 'web'?" % name)
        return found

    def operate(state):
        def answer(parameters):
            results = []
            for u in find(parameters):
                ok = u["state"] != "failed"
                results.append({"unit": u["name"], "ok": ok, "state": state if ok else "failed",
                                "message": "" if ok else "start failed: exec: "
                                "No such file or directory; no further try"})
            return {"results": results}
        return answer

    return {
        "Health": lambda p: health(find(p)),
        "List": lambda p: {"units": find(p)},
        "Show": lambda p: {"unit": shown(find({"units": [p["unit"]]})[0])},
        "Start": operate("running"), "Stop": operate("stopped"), "Restart": operate("running"),
        "Shutdown": lambda p: {},
    }


if __name__ == "__main__":
    if os.path.exists(sys.argv[1]):
        os.unlink(sys.argv[1])
    server = FakeReeve(sys.argv[1], site_handlers(site()))
    try:
        server.thread.join()
    except KeyboardInterrupt:
        server.close()
