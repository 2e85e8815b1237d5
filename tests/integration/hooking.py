"""What tests of hooks, reloads and holds share: asking while something else is at work, and a unit
whose main process and hooks are puppets (the fixture `web`)."""

HOOKS = ("pre_start", "post_start", "pre_stop", "stop_command", "post_stop", "reload_command")


def one(reeve, method, unit, **parameters):
    """The result of an operation on one unit."""
    (result,) = reeve.call(method, units=[unit], **parameters)["results"]
    return result


def failures(record):
    """{hook: "1 message"} of a record."""
    return {f["hook"]: f"{f['command']} {f['message']}" for f in record["failed_hooks"]}


def hook_events(reeve, unit):
    """[(hook, error)] as told."""
    return [(e["hook"], e["error"])
            for e in reeve.call("Events", types=["unit.hook"], units=[unit])["events"]]


class Asked:
    """An operation that is under way."""

    def __init__(self, reeve, method, *units, **parameters):
        self.connection = reeve.connect()
        self.connection.send(method, {"units": list(units), **parameters})

    def results(self):
        with self.connection:
            return self.connection.receive()["parameters"]["results"]

    def ok(self):
        results = self.results()
        assert all(result["ok"] for result in results), results
        return results


class Web:
    """Configures and starts `web`, with puppets as its main process and as these hooks."""

    def __init__(self, reeve, puppets):
        self.reeve = reeve
        self.puppets = puppets

    def configure(self, *hooks, more="", daemon_keys=None, **keys):
        keys = {"stop_timeout": "60s", "hook_timeout": "60s", "restart_delay": "10ms", **keys}
        puppet = self.puppets.command
        self.reeve.configure(f"[service:web]\ncommand = {puppet}\n"
                             + "".join(f"{hook} = {puppet}\n" for hook in hooks)
                             + "".join(f"{key} = {value}\n" for key, value in keys.items())
                             + more, **(daemon_keys or {}))

    def start(self, *hooks, best_effort=False, **keys):
        self.configure(*hooks, **keys)
        self.reeve.start(best_effort=best_effort)

    def running(self, run=1):
        """The main process of this run, which is ready."""
        main = self.puppets.wait("web")
        self.reeve.wait_unit("web", state="running", run=run, pid=main.pid)
        return main

    def hook(self, name):
        return self.puppets.wait("web", name)
