"""A subscriber of events, as a careful client would be: it remembers where it is."""
from daemon import PATIENCE


class Follower:
    """`events` so far, the `seq` and `epoch` to resume after, and what was told as `lost`, one
    number (or None) for each reply in which it was not 0."""

    def __init__(self, daemon, timeout=PATIENCE, checked=True, **parameters):
        self.client = daemon.connect(timeout=timeout, checked=checked)
        self.events, self.lost = [], []
        self.seq = self.epoch = None
        self.ended = False  # the last reply said that none follows
        self.client.send("Events", parameters, more=True)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.client.close()

    def step(self):
        """Takes one reply; false at the end of the stream."""
        message = self.client.receive()
        if message is None:
            return False
        assert "error" not in message, message
        assert not self.ended, "a reply after the last one"
        reply = message["parameters"]
        assert self.epoch in (None, reply["epoch"])
        assert self.seq is None or reply["seq"] >= self.seq
        self.epoch, self.seq = reply["epoch"], reply["seq"]
        if reply["lost"] != 0:
            self.lost.append(reply["lost"])
        self.events += reply["events"]
        self.ended = not message.get("continues", False)
        return True

    def until(self, wanted):
        """Reads until `wanted` is true of an event (of those read before, too), and returns it."""
        looked_at = 0
        while True:
            for event in self.events[looked_at:]:
                if wanted(event):
                    return event
            looked_at = len(self.events)
            assert self.step(), "the stream ended before that"

    def until_seq(self, seq):
        """Reads until it has been told of everything up to this event."""
        while self.seq is None or self.seq < seq:
            assert self.step(), "the stream ended before that"
        return self

    def to_the_end(self):
        """Reads until the connection is closed."""
        while self.step():
            pass
        return self.events


def seqs(events):
    return [event["seq"] for event in events]
