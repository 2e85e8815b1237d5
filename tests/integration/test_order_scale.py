"""A thousand units start and stop at a cost that grows as their number does."""
import time

import pytest
from actors import Stage
from graphs import anyhow, chain, star
from trouble import cpu_seconds

pytestmark = pytest.mark.alone
SHAPES = {"chain": chain, "star": star, "random": lambda n: anyhow(n, seed=1)}
# Twice as many may cost three times as much: caches, and what else the machine does.
RATIO = 3
CAP_S = 120


def life(stage, graph, stop):
    """Seconds of the clock, and of reeved's own processor time, to start and to stop all units; all
    stop with those named by `stop`."""
    n = len(graph.names)
    stage.configure(graph.text({"stop_timeout": "60s"}), shutdown_timeout="5m")
    began = time.monotonic()
    stage.start()
    assert all(r["ok"] for r in stage.call("Wait", units=["*"], until="ready")["results"])
    started = (time.monotonic() - began, cpu_seconds(stage.pid))
    # Who has not come to its first line dies of TERM without a word.
    stage.wait_for(lambda: len(stage.journal()) == n, what="all to have written")
    began = time.monotonic()
    results = stage.call("Stop", units=[stop])["results"]
    assert len(results) == n and all(result["ok"] for result in results)
    stopped = (time.monotonic() - began, cpu_seconds(stage.pid) - started[1])
    assert not stage.marked()
    stage.stop()
    in_its_order(stage, graph)
    return {"start": started, "stop": stopped}


def in_its_order(stage, graph):
    """By the journals of the units themselves."""
    journal = stage.journal()
    at = {(entry.unit, entry.what): entry.at for entry in journal}
    assert len(at) == len(journal) == 3 * len(graph.names)
    for above, below in graph.edges():
        assert at[above, "end"] < at[below, "term"], (above, below)


@pytest.fixture(name="make_stage")
def fixture_make_stage(make_reeve):
    return lambda name: Stage(make_reeve(name))


@pytest.mark.parametrize("shape", SHAPES)
def test_a_thousand_units_start_and_stop_without_super_linear_cost(make_stage, shape, capsys):
    times = {}
    for n in (500, 1000):
        graph = SHAPES[shape](n)
        # All are above the lowest, but in the random graph.
        times[n] = life(make_stage(f"{shape}-{n}"), graph,
                        "*" if shape == "random" else graph.names[-1])
    with capsys.disabled():
        for n, found in times.items():
            print(f"\n{shape} of {n}: " + ", ".join(
                f"{what} {wall:.2f} s (reeved {cpu:.2f} s)" for what, (wall, cpu) in found.items()),
                end="")
    for what in ("start", "stop"):
        (half_wall, half_cpu), (wall, cpu) = times[500][what], times[1000][what]
        assert wall < CAP_S
        # A processor's time is counted in hundredths, and a moment of other work is no cost of ours.
        assert cpu <= RATIO * (half_cpu + 0.05), times
        assert wall <= RATIO * (half_wall + 0.5), times
