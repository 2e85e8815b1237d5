"""An idle reeved sleeps: no wake-up in 130 seconds with a hundred services. Takes that long, so
`make check` runs it beside everything else."""
import os
import time

IDLE_SECONDS = 130


def switches(pid):
    """How often the threads of a process were taken off and put back on a processor."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/status", encoding="ascii") as status:
            total += sum(int(line.split()[1]) for line in status if "ctxt_switches" in line)
    return total


def test_no_wake_ups_in_130_idle_seconds(reeve):
    reeve.configure("".join(f"[service:s{n}]\ncommand = sleep 100000\n" for n in range(100)))
    reeve.start()
    reeve.wait_for(lambda: reeve.health(limit=1)["counts"]["running"] == 100)
    reeve.disconnect()
    # What the last client caused settles: no change over a second.
    last = [switches(reeve.pid)]

    def settled():
        time.sleep(1)
        last.append(switches(reeve.pid))
        return last[-1] == last[-2]

    reeve.wait_for(settled, what="reeved to fall asleep")
    time.sleep(IDLE_SECONDS)
    woken = switches(reeve.pid) - last[-1]
    # It is alive and awake when asked: the measure does measure.
    assert all(unit["run"] == 1 for unit in reeve.health()["units"]), "something ended them"
    assert switches(reeve.pid) > last[-1] + woken
    assert woken == 0, f"reeved woke up {woken} times"
