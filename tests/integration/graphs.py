"""Graphs of units for the tests of order: chains, stars, and random ones by a seed."""
import random


class Graph:
    """`requires`, `wants`, `after`: for each kind {unit: [units below it]}; `jobs`: units that are
    jobs. Units are told by their names, those that depend before what they depend on."""

    def __init__(self, names):
        self.names = list(names)
        self.jobs = set()
        self.requires = {name: [] for name in self.names}
        self.wants = {name: [] for name in self.names}
        self.after = {name: [] for name in self.names}

    def edges(self):
        """Those of `requires`, for actors.Replay."""
        return {(above, below): "completed" if below in self.jobs else "ready"
                for above, all_below in self.requires.items() for below in all_below}

    def text(self, keys=None, act=None):
        """As a configuration. `keys` are for all units; act(name) is what that one does."""
        lines = []
        for name in self.names:
            lines.append(f"[{'job' if name in self.jobs else 'service'}:{name}]")
            for key in ("requires", "wants", "after"):
                if getattr(self, key)[name]:
                    lines.append(f"{key} = {' '.join(getattr(self, key)[name])}")
            lines += [f"act = {act(name)}"] if act else []
            lines += [f"{key} = {value}" for key, value in (keys or {}).items()]
        return "\n".join(lines) + "\n"


def chain(n):
    """u0 above u1 above … above the last."""
    graph = Graph(f"u{i}" for i in range(n))
    for above, below in zip(graph.names, graph.names[1:]):
        graph.requires[above].append(below)
    return graph


def star(n):
    """All above the last one."""
    graph = Graph(f"u{i}" for i in range(n))
    for above in graph.names[:-1]:
        graph.requires[above].append(graph.names[-1])
    return graph


def anyhow(n, seed, most=3, kinds=("requires",), jobs=0.0):
    """Each unit on up to `most` of those after it, by any of the kinds."""
    rng = random.Random(seed)
    graph = Graph(f"u{i}" for i in range(n))
    graph.jobs = {name for name in graph.names if rng.random() < jobs}
    for i, above in enumerate(graph.names[:-1]):
        below = graph.names[i + 1:]
        for name in rng.sample(below, min(len(below), rng.randint(0, most))):
            getattr(graph, rng.choice(kinds))[above].append(name)
    return graph
