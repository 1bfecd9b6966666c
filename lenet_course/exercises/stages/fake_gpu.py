"""A device that computes nothing, to time and to queue work on."""

from lenet_course.exercises.checkers import NotYet


class FakeGPU:
    """A GPU reduced to what timing it needs: a queue, and a clock.

    Launching a kernel takes a moment of the host (0.01: milliseconds, unless one
    counts in seconds); the work waits in the queue until its turn comes. Only
    ``synchronize`` waits for it. Nothing really computes, so the clock always says
    the same.

    >>> gpu = FakeGPU()
    >>> gpu.launch(5.0)
    >>> gpu.clock()
    0.01
    >>> gpu.synchronize()
    >>> gpu.clock()
    5.01
    """

    def __init__(self, host: float = 0.01):
        self.host = host
        self.calls = 0
        self._now = self._free = 0.0

    def __repr__(self) -> str:
        return "FakeGPU()"

    def launch(self, work: float) -> None:
        """Queue work of this length; the call returns at once."""
        self.calls += 1
        if self.calls > 10_000:
            raise NotYet("The queue is full: 10,000 launches. Does the loop end?")
        self._now += self.host
        self._free = max(self._free, self._now) + work

    def synchronize(self) -> None:
        """Wait until the queue is empty."""
        self._now = max(self._now, self._free)

    def clock(self) -> float:
        """What the host's clock shows."""
        return self._now
