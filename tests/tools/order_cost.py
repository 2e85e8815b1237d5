"""What graphs of units cost: make all test-helpers && /usr/bin/python3 tests/tools/order_cost.py [N...]

Prints, for each shape and number of units, the seconds of the clock and of reeved's own processor
time that it takes to start them and to stop them.
"""
import os
import pathlib
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "integration")]

from actors import Stage  # noqa: E402
from daemon import Reeve  # noqa: E402
from graphs import anyhow  # noqa: E402
from test_order_scale import SHAPES, life  # noqa: E402

SHAPES = {"none": lambda n: anyhow(n, seed=1, most=0), **SHAPES}


def lives(directory, shape, n):
    """One daemon's life with a graph of that shape."""
    place = pathlib.Path(directory, f"{shape}-{n}")
    place.mkdir()
    reeve = Reeve(place)
    try:
        return life(Stage(reeve), SHAPES[shape](n), "*")
    finally:
        complaints = reeve.finish()
        assert not complaints, complaints


def main(numbers):
    print(f"{'shape':8} {'units':>6} {'start s':>8} {'cpu s':>6} {'stop s':>8} {'cpu s':>6}"
          f" {'cpu us/unit':>12}")
    with tempfile.TemporaryDirectory(prefix="reeve-cost-") as directory:
        for shape in SHAPES:
            for n in numbers:
                times = lives(directory, shape, n)
                cpu = times["start"][1] + times["stop"][1]
                print(f"{shape:8} {n:6} {times['start'][0]:8.2f} {times['start'][1]:6.2f}"
                      f" {times['stop'][0]:8.2f} {times['stop'][1]:6.2f} {cpu / n * 1e6:12.0f}",
                      flush=True)


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [250, 500, 1000, 2000])
