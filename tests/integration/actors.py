"""Units that write down what happens to them (helpers/actor.c), and their journal.

    def test_something(stage):
        stage.configure('''
            [service:db]
            [service:web]
            requires = db
            act = term=gate
        ''').start()
        stage.wait("start", "db", "web")

A section without a `command` is given an actor, `act` its words. A command of `exec:look …` is one
that writes down when it looks (helpers/look.c).
"""
import os
import re
from typing import NamedTuple

from daemon import BUILD

ACTOR = os.path.join(BUILD, "tests/integration/helpers/actor")
LOOK = os.path.join(BUILD, "tests/integration/helpers/look")
# In these states something of a unit's run may be alive.
ALIVE = ("starting", "running", "stopping", "killing")


class Entry(NamedTuple):
    """One line of the journal: when (seconds, monotonic), whose, what."""
    at: float
    unit: str
    pid: int
    what: str


class Stage:
    """A daemon (its methods are the stage's, too) whose units keep a journal."""

    def __init__(self, reeve):
        self.reeve = reeve
        self.directory = os.path.join(reeve.directory, "stage")
        os.makedirs(self.directory, exist_ok=True)

    def __getattr__(self, name):
        return getattr(self.reeve, name)

    # ---- the configuration ----------------------------------------------------------------------
    def configure(self, text, **daemon_keys):
        daemon_keys.setdefault("events_kept", 65536)
        self.reeve.configure("\n".join(map(self._section, sections(text))), **daemon_keys)
        return self

    def _section(self, text):
        text = re.sub(r"\bexec:look\b", f"exec:{LOOK} {self.directory}", text)
        if re.search(r"^command *=", text, re.M):
            return text
        words = ""
        found = re.search(r"^act *= *(.*)\n", text, re.M)
        if found:
            words = " " + found[1]
            text = text.replace(found[0], "")
        return text + f"command = {ACTOR} {self.directory}{words}\n"

    def start(self, **how):
        self.reeve.start(**how)
        return self

    # ---- the journal ----------------------------------------------------------------------------
    def journal(self):
        """All entries, oldest first."""
        try:
            with open(os.path.join(self.directory, "journal"), encoding="ascii") as lines:
                words = [line.split() for line in lines if line.endswith("\n")]
        except FileNotFoundError:
            return []
        return [Entry(int(us) / 1e6, unit, int(pid), what) for us, unit, pid, what in words]

    def entries(self, unit, what):
        return [entry for entry in self.journal() if (entry.unit, entry.what) == (unit, what)]

    def at(self, unit, what, nth=-1):
        """When the unit wrote that: the last time, or nth (from 0)."""
        return self.entries(unit, what)[nth].at

    def wait(self, what, *units, count=1):
        """Waits until each of the units has written that so many times."""
        for unit in units:
            self.wait_for(lambda unit=unit: len(self.entries(unit, what)) >= count,
                          what=f"{unit} to write {what!r}, {count} times")

    def acted(self, unit):
        """What the unit has written so far."""
        return [entry.what for entry in self.journal() if entry.unit == unit]

    def open_gate(self, unit, code=0):
        """One copy that has after=gate ends, with this code."""
        self._open(unit + ".gate", code)

    def let_end(self, unit):
        """One copy that has term=gate, and was told to end, does."""
        self._open(unit + ".term", 0)

    def looks(self, unit):
        """[(begin, end or None)] of all looks at the unit, in seconds, in their order."""
        found = []
        for entry in self.journal():
            if entry.unit == unit and entry.what in ("look", "overlap"):
                found.append([entry, None])
            elif entry.unit == unit and entry.what == "looked":
                next(pair for pair in found if pair[0].pid == entry.pid)[1] = entry
        return [(begin.at, end and end.at) for begin, end in found]

    def look_finds(self, unit, code):
        """What `exec:look code=file` at this unit ends with from now on."""
        self._open(unit + ".look", code)

    def close(self):
        """From now on whoever waits for a gate ends: nobody holds up the end of the test."""
        self._open("all.term", 0)

    def _open(self, name, code):
        path = os.path.join(self.directory, name)
        with open(path + ".new", "w", encoding="ascii") as out:
            out.write(str(code))
        os.rename(path + ".new", path)

    def copies_alone(self):
        """No copy of a unit ever met another."""
        assert not [entry for entry in self.journal() if entry.what == "twice"]

    # ---- what was told ----------------------------------------------------------------------------
    def events(self, *types, **parameters):
        """Those kept, of these types."""
        reply = self.call("Events", **parameters, **({"types": list(types)} if types else {}))
        assert reply["lost"] in (0, None)
        return reply["events"]

    def moves(self, **parameters):
        """["db starting", "db running", …], oldest first."""
        return [f"{event['unit']} {event['state']}"
                for event in self.events("unit.state", **parameters)]

    def seq(self):
        """The number of the last event so far."""
        return self.call("Events", last=1)["seq"]

    def results(self, method, *units, **parameters):
        """{unit: result} of an operation."""
        return {result["unit"]: result
                for result in self.call(method, units=list(units), **parameters)["results"]}

    def well(self, method, *units, **parameters):
        """The same; all of them went well."""
        results = self.results(method, *units, **parameters)
        assert all(result["ok"] for result in results.values()), results
        return results

    def states(self):
        """{unit: state} of all."""
        return {unit["name"]: unit["state"] for unit in self.health()["units"]}


def sections(text):
    """The sections of a configuration without indentation, each ended by a newline."""
    plain = re.sub(r"^[ \t]+", "", text, flags=re.M)
    parts = re.split(r"^(?=\[)", plain.strip() + "\n", flags=re.M)
    return [part.rstrip("\n") + "\n" for part in parts if part]


def in_order(found, *wanted):
    """Fails unless all of these are found, in this order; others may stand between."""
    rest = iter(found)
    for item in wanted:
        assert item in rest, f"no {item!r} in its place among {found}"


def waits_for(unit):
    """What the unit waits for, in short: "db ready", and "+2" when there are others."""
    waiting = unit["waiting"]
    if waiting is None:
        return None
    others = f" +{waiting['others']}" if waiting["others"] else ""
    return f"{waiting['unit']} {waiting['until']}{others}"


class Replay:
    """What the events of a session must never show, whatever was asked for. `edges`: {(above,
    below): condition}, of `requires`."""

    def __init__(self, edges):
        self.edges = edges
        self.state = {}

    def take(self, event):
        if event["type"] != "unit.state":
            return
        unit, state = event["unit"], event["state"]
        assert self.state.get(unit, "stopped") == event["previous"], event
        if state == "starting":
            for (above, below), condition in self.edges.items():
                assert above != unit or self.holds(below, condition), \
                    f"{unit} starts while {below} is {self.state.get(below)}: {event}"
        if state == "stopping" and event["requested_by"] in ("user", "dependency", "shutdown"):
            for above, below in self.edges:
                assert below != unit or self.state.get(above, "stopped") not in ALIVE, \
                    f"{unit} stops while {above} is {self.state[above]}: {event}"
        self.state[unit] = state

    def holds(self, unit, condition):
        state = self.state.get(unit, "stopped")
        return state == "completed" or (condition != "completed" and state == "running")


def replay(events, edges):
    """Holds a session's events against the order; returns the states at their end."""
    session = Replay(edges)
    for event in events:
        session.take(event)
    return session.state
