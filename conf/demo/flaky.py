"""Lives for a few seconds, then ends in one of several ways: the unit of the demo that crashes."""
import os
import random
import signal
import time

print(f"flaky: pid {os.getpid()} is up")
time.sleep(random.uniform(3, 8))
end = random.choice(["exit", "exception", "signal"])
print(f"flaky: about to crash by {end}")
if end == "signal":
    os.kill(os.getpid(), signal.SIGKILL)
if end == "exception":
    raise RuntimeError("the flaky unit of the demo gives up")
os._exit(3)
