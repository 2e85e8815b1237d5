"""A reeved that only talks: canned replies on a Unix socket, for the tests of reevectl.

Run by itself (fake_reeve.py SOCKET) it serves the site below until interrupted, to look at
reevectl's output by hand.
"""

import datetime
import inspect
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
        "max_rss_bytes": 14900000, "error": None, "failed_hooks": [], "attempt": 1,
    }
    r.update(more)
    return r


def unit(name, state, **more):
    u = {
        "name": name, "kind": "service", "state": state, "goal": "up", "wanted": True,
        "waiting": None, "held_until": None, "hook": None, "ready": False, "health": None, "last_success": None,
        "last_failure": None, "last_error": None, "consecutive_failures": 0, "pid": None, "run": 0, "uptime_ms": None, "restarts": 0,
        "last_exit": None, "description": "", "tags": [], "autostart": True, "enabled": True,
        "since_ms": 200000, "next_start_at": None,
    }
    u.update(more)
    return u


def waiting(name, until="ready", cause=None, others=0):
    """What holds up a unit; `cause`: the one that has failed."""
    return {"unit": name, "until": until, "failed": cause is not None, "cause": cause,
            "cause_state": "failed" if cause else None,
            "others": others}


def dependency(name, kind="requires", *conditions, met=True):
    return {"unit": name, "kind": kind, "conditions": list(conditions) or ["ready"], "met": met}


# By the name of the unit that depends.
DEPENDENCIES = {
    "web": [dependency("migrate", "requires", "completed"), dependency("worker", "wants")],
    "worker": [dependency("migrate", "after", "started", "completed")],
    "mailer": [dependency("crasher", met=False), dependency("worker"),
               dependency("old-database", "wants", "started", met=False)],
    "report": [dependency("old-database", met=False)],
    "archive": [dependency("report", "requires", "completed", met=False)],
}


def site():
    """Units in every kind of trouble, in configuration order."""
    exec_error = {"stage": "exec", "errno": "ENOENT", "message": "No such file or directory"}
    return [
        unit("web", "running", ready=True, pid=1234, run=1, uptime_ms=11700000,
             since_ms=11700000, description="nginx, the front of the site",
             tags=["front"]),
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
                              requester={"uid": 0, "pid": 777, "unit": None},
                              leftovers_killed=2)),
        unit("queue", "running", ready=True, pid=2345, run=2, uptime_ms=3600000, since_ms=3600000,
             health="unhealthy", last_success=moment(430), last_failure=moment(70),
             last_error="tcp:localhost:6379: Connection refused", consecutive_failures=6,
             restarts=1, description="Redis",
             last_exit=record(1, 3601, 7200, "signal", signal="TERM", requested_by="health")),
        unit("migrate", "completed", kind="job", ready=True, run=1, tags=["night"],
             last_exit=record(1, 11700, 4, "natural", exit_code=0)),
        unit("never", "stopped", goal="down", enabled=False, autostart=False),
        unit("leaving", "stopping", goal="down", pid=555, run=7, uptime_ms=950),
        unit("mailer", "waiting", waiting=waiting("crasher", others=1)),
        unit("report", "waiting", kind="job", autostart=False, wanted=False,
             waiting=waiting("old-database", cause="old-database")),
        unit("archive", "waiting", kind="job", waiting=waiting("report", "completed",
                                                               cause="old-database")),
    ]


def told(u):
    """What a unit tells about itself, of those that notify."""
    if u["name"] != "queue":
        return None
    return {"status": "Loading the dump, 40%\x1b", "errno": "EIO", "reloading": True,
            "stopping": False}


def probe(ago, message="", took_ms=1):
    return {"at": moment(ago), "took_ms": took_ms, "ok": not message, "message": message}


def probes(u):
    """What those of a unit found that has a health key: a success before the failures."""
    if not u["last_error"]:
        return []
    return [probe(70 + 60 * n, u["last_error"], 2) for n in range(6)] + [probe(430, "", 30)]


COMMANDS = ["mkdir -p /run/queue", "sh -c 'echo \x1b[1m restoring; restore --token=*** --into /run/queue'",
            "chown queue /run/queue"]


def effective(u):
    """What the definition of a unit of the site comes to."""
    service, job = u["kind"] == "service", u["kind"] == "job"
    probed = u["last_error"] is not None
    return {
        "directory": "/", "user_id": None, "group_id": None, "umask": "022", "ready": "started",
        "ready_timeout_ms": 30000, "ready_interval_ms": 200,
        "health": "tcp:localhost:6379" if probed else None,
        "health_interval_ms": 60000 if probed else None,
        "health_timeout_ms": 5000 if probed else None, "health_retries": 3 if probed else None,
        "health_start_period_ms": 0 if probed else None,
        "health_action": "none" if probed else None,
        "pre_start": COMMANDS if probed else [], "post_start": [], "pre_stop": [],
        "post_stop": ["logger 'queue ended'"] if probed else [], "hook_timeout_ms": 10000,
        "reload_signal": "HUP" if probed else None, "reload_command": [], "stop_command": [],
        "stop_signal": "TERM", "stop_timeout_ms": 90000,
        "kill_mode": "group", "on_dependency_restart": "ignore", "on_failed": "ignore",
        "on_failed_start": [], "restart": "always" if service else None,
        "restart_delay_ms": 100 if service else None,
        "restart_delay_max_ms": 30000 if service else None,
        "restart_jitter_percent": 10 if service else None,
        "restart_reset_ms": 10000 if service else None,
        "restart_limit": (4 if u["state"] == "failed" else 0) if service else None,
        "restart_window_ms": 60000 if service else None, "essential": False,
        "success_exit": ["0", "TERM"], "log": "inherit", "timeout_ms": 0 if job else None,
        "retries": 0 if job else None, "retry_delay_ms": 1000 if job else None,
        "retry_delay_max_ms": 300000 if job else None,
    }


def shown(u):
    """The reply to Show for a unit of the site."""
    file = "/etc/reeve/reeve.ini"
    records = [u["last_exit"]] if u["last_exit"] else []
    for n in range(1, min(u["run"], 8)):
        last = u["last_exit"]
        if last and last["run"] - n >= 1:
            records.append(record(last["run"] - n, 3600 * n + 203, 3000, "natural", exit_code=0))
    command = "nginx -g 'daemon off;' -c %s/nginx.conf" % ("/srv/" + u["name"])
    dependents = [dict(d, unit=above) for above, below in DEPENDENCIES.items() for d in below
                  if d["unit"] == u["name"]]
    return dict(u, instance_of=None, instance=None, dependencies=DEPENDENCIES.get(u["name"], []),
                dependents=dependents, tracking="cgroup", file=file, line=12, told=told(u), mistake=None, held_by=None,
                kill_at=None, probes=probes(u), records=records, config=[
        {"key": "command", "text": command, "file": file, "line": 13, "section": "service:" + u["name"]},
        {"key": "environment", "text": "PORT=8080 API_TOKEN=***", "file": file, "line": 14, "section": "service:" + u["name"]},
        {"key": "stop_timeout", "text": "90s", "file": file, "line": 15, "section": "service:" + u["name"]},
    ] + (effective(u)["pre_start"] and [
        {"key": "pre_start", "text": "\n".join(COMMANDS), "file": file, "line": 16, "section": "service:" + u["name"]},
        {"key": "post_stop", "text": "logger 'queue ended'", "file": file, "line": 21, "section": "service:" + u["name"]},
        {"key": "reload_signal", "text": "HUP", "file": file, "line": 22, "section": "service:" + u["name"]},
    ]), effective=effective(u))


def health(units, status="degraded"):
    counts = {"total": len(units), "orphans": 1}
    for state in ("stopped waiting starting running stopping killing backoff completed "
                  "failed").split():
        counts[state] = sum(u["state"] == state for u in units)
    extra = ("description", "tags", "autostart", "enabled", "since_ms", "next_start_at")
    return {"status": status, "ready": False, "version": "0.1.0", "pid": 1, "uptime_ms": 11701000,
            "counts": counts,
            "units": [{k: v for k, v in u.items() if k not in extra} for u in units]}


def event(seq, kind, name=None, **more):
    """Member by member as in the contract."""
    e = {
        "seq": seq, "at": "2026-01-02T11:%02d:%02d.%03dZ" % (seq // 60, seq % 60, seq * 7 % 1000),
        "type": kind, "unit": name, "run": None, "previous": None, "state": None, "pid": None,
        "request": None, "signal": None, "requested_by": None, "requester": None,
        "next_start_at": None, "waiting": None, "held_until": None, "health": None, "hook": None,
        "mistake": None, "error": None, "exit": None,
        "exit_code": None, "because": None,
    }
    assert set(more) <= set(e)
    e.update(more)
    return e


def happenings():
    """One event of each type, and of each sort there is."""
    root = {"uid": 0, "pid": 777, "unit": None}
    nobody = {"uid": None, "pid": None, "unit": None}
    stranger = {"uid": 4000000000, "pid": 778, "unit": None}
    crash = record(41, 65, 2, "signal", signal="SEGV", core_dumped=True)
    missing = record(5, 9, 0, "start_failed", pid=None, error={
        "stage": "exec", "errno": "ENOENT", "message": "No such file or directory"})
    return [
        event(1, "session.started"),
        event(2, "unit.state", "web", previous="stopped", state="starting", run=1),
        event(3, "unit.state", "web", previous="starting", state="running", run=1, pid=1234),
        event(4, "session.ready"),
        event(5, "unit.requested", "worker", request="restart", requester=root),
        event(6, "unit.state", "worker", previous="running", state="stopping", run=3, pid=98765,
              requested_by="restart", requester=root),
        event(7, "unit.exited", "worker", run=3,
              exit=record(3, 9, 100, "signal", exit_code=0, requested_by="restart")),
        event(8, "unit.exited", "crasher", run=41, exit=crash),
        event(9, "unit.state", "crasher", previous="running", state="backoff", run=41,
              next_start_at="2026-01-02T11:01:39.063Z"),
        event(10, "unit.requested", "old-database", request="start", requester=stranger),
        event(11, "unit.exited", "old-database", run=5, exit=missing),
        event(12, "unit.state", "old-database", previous="starting", state="failed", run=5),
        event(13, "unit.requested", "web", request="signal", signal="HUP", requester=root),
        event(14, "unit.requested", "old-database", request="reset_failed", requester=root),
        event(15, "unit.exited", "stubborn", run=1,
              exit=record(1, 600, 7200, "forced_kill", signal="KILL", requested_by="user")),
        event(16, "unit.unkillable", "stubborn", run=1),
        event(17, "unit.exited", "migrate", run=1, exit=record(1, 6, 4, "natural", exit_code=0)),
        event(18, "unit.moved", "a-unit-with-a-name-that-is-long\x1b[31m"),
        event(19, "unit.state", "mailer", previous="stopped", state="waiting",
              waiting=waiting("crasher", others=1)),
        event(20, "unit.state", "archive", previous="stopped", state="waiting",
              waiting=waiting("report", "completed", cause="old-database")),
        event(21, "unit.state", "web", previous="running", state="stopping", run=1, pid=1234,
              requested_by="dependency", requester=dict(root, unit="migrate")),
        event(22, "unit.state", "mailer", previous="running", state="stopping", run=2, pid=1240,
              requested_by="dependency", requester=dict(nobody, unit="crasher")),
        event(23, "unit.requested", "worker", request="start",
              requester=dict(nobody, unit="old-database")),
        event(24, "unit.health", "queue", run=2, health="unhealthy",
              error="tcp:localhost:6379: Connection refused"),
        event(25, "unit.health", "queue", run=2, health="healthy"),
        event(26, "unit.refused", "web", run=1,
              error="FDSTORE: reeve keeps no descriptors for units"),
        event(27, "unit.exited", "queue", run=2, exit=record(
            2, 9, 100, "signal", signal="TERM", requested_by="health")),
        event(28, "unit.requested", "web", request="reload", requester=root),
        event(29, "unit.requested", "worker", request="hold", requester=root,
              held_until="2026-01-02T11:30:05.000Z"),
        event(30, "unit.state", "worker", previous="stopping", state="waiting", run=3,
              held_until="2026-01-02T11:30:05.000Z"),
        event(31, "unit.requested", "worker", request="release", requester=root),
        event(32, "unit.hook", "migrate", run=2, hook="pre_start",
              error="command 1 (/srv/x --migrate) exited with code 3"),
        event(33, "unit.hook", "worker", run=4, hook="post_start",
              error="command 2 (/srv/tell --up) did not end in time (hook_timeout = 10s)"),
        event(34, "unit.mistake", "web", run=2, mistake="daemonized", pid=1300,
              error="the command put itself into the background: it ended and left 1300 (nginx)"),
        event(35, "session.stopping", signal="TERM"),
        event(36, "session.stopped", exit_code=0),
    ]


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


def listen(listener):
    """Listens, on behalf of a process that has ended: `reevectl shutdown` waits for the end of the
    one that listens, which shall not be the one that runs the tests."""
    pid = os.fork()
    if pid == 0:
        listener.listen()
        os._exit(0)
    os.waitpid(pid, 0)


class FakeReeve:
    """Serves `handlers`, {"List": function(parameters) -> reply parameters}, in threads.

    A handler with a second parameter gets `more` there, and may yield (reply parameters, whether
    more come) instead of returning a reply. `calls` collects (method, parameters) in the order received, `unfinished` what came without a
    NUL at its end.
    """

    def __init__(self, path, handlers):
        self.handlers = handlers
        self.calls = []
        self.unfinished = []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        listen(self.listener)
        self.connections = []
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def close(self):
        """Ends the serving: shutdown wakes whoever is blocked in accept or recv."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listener.close()
        self.close_connections()
        for connection, thread in self.connections:
            thread.join()
            connection.close()

    def close_connections(self):
        """As when reeved vanishes; whoever answers is not waited for."""
        for connection, _ in self.connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

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
                    for reply in self._answer(json.loads(message)):
                        connection.sendall(json.dumps(reply).encode() + b"\0")
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
            handler = self.handlers[method]
            if len(inspect.signature(handler).parameters) == 1:
                replies = handler(parameters)
            else:
                replies = handler(parameters, call.get("more", False))
            if isinstance(replies, dict):
                replies = [(replies, False)]
            for reply, continues in replies:
                assert call.get("more") or not continues, "a stream for who did not ask"
                yield {"parameters": reply, **({"continues": True} if continues else {})}
        except Error as error:
            yield {"error": error.name, "parameters": error.parameters}


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

    def graph(parameters):
        chosen = {u["name"] for u in find(parameters)}
        while True:
            below = {d["unit"] for name in chosen for d in DEPENDENCIES.get(name, [])}
            if below <= chosen:
                break
            chosen |= below
        members = "name kind state goal wanted waiting held_until hook ready enabled".split()
        return {"units": [{**{m: u[m] for m in members},
                           "dependencies": DEPENDENCIES.get(u["name"], [])}
                          for u in units if u["name"] in chosen]}

    def operate(state):
        def answer(parameters):
            results = []
            for u in find(parameters):
                ok = u["state"] != "failed"
                results.append({"unit": u["name"], "along_with": None, "because": None, "ok": ok,
                                "state": state if ok else "failed",
                                "pid": u["pid"] if ok and state == "running" else None,
                                "run": u["run"],
                                "message": "" if ok else "start failed: exec: "
                                "No such file or directory; no further try"})
            return {"results": results, "progress": []}
        return answer

    def reset_failed(parameters):
        return {"results": [{"unit": u["name"], "along_with": None, "because": None, "ok": True,
                             "state": "starting", "pid": None, "run": u["run"], "message": ""}
                            for u in find(parameters) if u["state"] == "failed"]}

    return {
        "Health": lambda p: health(find(p)),
        "List": lambda p: {"units": find(p)},
        "Graph": graph,
        "Show": lambda p: {"unit": shown(find({"units": [p["unit"]]})[0])},
        "Start": operate("running"), "Stop": operate("stopped"), "Restart": operate("running"),
        "Reload": operate("running"),
        "Hold": lambda p: {"results": operate("running")(p)["results"]},
        "Signal": lambda p: {"results": operate("running")(p)["results"]},
        "Wait": operate("running"), "ResetFailed": reset_failed,
        "Events": lambda p: {"epoch": "e1", "seq": 36, "lost": 0, "events": happenings()},
        "Check": lambda p: {"file": "/etc/reeve/reeve.ini", "units": len(units), "errors": [],
                            "warnings": []},
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
