"""Appends heartbeats to a file, keeping the last twenty: the worker of the demo."""
import collections
import os
import signal
import sys
import time


def main(path):
    stopping = []
    signal.signal(signal.SIGTERM, lambda *unused: stopping.append(True))
    interval = float(os.environ.get("INTERVAL_SECONDS", "1"))
    lines = collections.deque(maxlen=20)
    beats = 0
    print(f"worker: writing to {path}")
    while not stopping:
        beats += 1
        lines.append(f"{time.strftime('%H:%M:%S')} beat {beats} of pid {os.getpid()}\n")
        with open(path + ".new", "w", encoding="ascii") as out:
            out.writelines(lines)
        os.replace(path + ".new", path)
        time.sleep(interval)
    print(f"worker: asked to stop after {beats} beats")


if __name__ == "__main__":
    main(sys.argv[1])
