"""The bug clinic, ward of engineering: the clock and the queue of a GPU."""

from collections.abc import Callable

from lenet_helpers.exercises._case import outcome
from lenet_helpers.exercises._compare import as_number
from lenet_helpers.exercises.checkers import Checker, NotYet
from lenet_helpers.exercises.engine import exercise


class FakeGPU:
    """A GPU reduced to what timing it needs: a queue, and a clock in milliseconds.

    Launching a kernel takes a moment of the host; the work waits in the queue until
    its turn comes. Only ``synchronize`` waits for it. Nothing really computes, so the
    clock always says the same.

    >>> gpu = FakeGPU()
    >>> gpu.launch(5.0)
    >>> gpu.clock()
    0.01
    >>> gpu.synchronize()
    >>> gpu.clock()
    5.01
    """

    LAUNCH = 0.01  # ms of the host for one launch

    def __init__(self):
        self._now = self._free = 0.0
        self._calls = 0

    def __repr__(self) -> str:
        return "FakeGPU()"

    def launch(self, milliseconds: float) -> None:
        """Queue work of this length; the call returns at once."""
        self._calls += 1
        if self._calls > 10_000:
            raise NotYet("The queue is full: 10,000 launches. Does the loop end?")
        self._now += self.LAUNCH
        self._free = max(self._free, self._now) + milliseconds

    def synchronize(self) -> None:
        """Wait until the queue is empty."""
        self._now = max(self._now, self._free)

    def clock(self) -> float:
        """Milliseconds on the host's clock."""
        return self._now


class Step:
    """A training step on a `FakeGPU`: the first one also compiles its kernels."""

    def __init__(self, gpu: FakeGPU, milliseconds: float, first: float = 50.0):
        self.gpu, self.milliseconds = gpu, milliseconds
        self.extra, self.count = first, 0

    def __repr__(self) -> str:
        return "step"

    def __call__(self) -> None:
        self.count += 1
        self.gpu.launch(self.milliseconds + (self.extra if self.count == 1 else 0))


def _timer(before: bool, after: bool, warm: bool = True, mean: bool = True):
    """A timing with something left out."""

    def time_step(gpu, step, repeats):
        if warm:
            step()
        if before:
            gpu.synchronize()
        start = gpu.clock()
        for _ in range(repeats):
            step()
        if after:
            gpu.synchronize()
        return (gpu.clock() - start) / (repeats if mean else 1)

    return time_step


def _test_timing(answer: Callable) -> str | None:
    for milliseconds, repeats, waiting in ((2.0, 10, 0), (0.5, 20, 30), (8.0, 5, 30)):
        gpu = FakeGPU()
        gpu.launch(waiting)  # somebody else's work is still in the queue
        step = Step(gpu, milliseconds)
        got = as_number(outcome(answer, gpu, step, repeats))
        case = f"A step of {milliseconds:g} ms is measured as {got:.3g} ms"
        total = milliseconds * repeats
        if abs(got - milliseconds) <= 0.03 * milliseconds:
            if step.count <= repeats:
                return "Right, but not by timing that many steps after a warm-up."
            continue
        if got <= 3 * FakeGPU.LAUNCH:
            return f"{case}: that is the time of *launching* it. Who waits for it?"
        if abs(got - total) < 0.03 * total + 0.1:
            return f"{case}: is that one step?"
        if step.count == repeats:
            return f"{case}: the first step compiles. Should it count?"
        return f"{case}: work queued before your clock started is in it."
    return None


@exercise(
    "clinic.timing",
    task="Repair `time_step(gpu, step, repeats)`: mean milliseconds of one step.",
    checker=Checker(
        _test_timing,
        (
            (_timer(False, False, warm=False), "time of *launching*"),
            (_timer(True, False), "time of *launching*"),
            (_timer(False, True), "queued before your clock started"),
            (_timer(True, True, warm=False), "the first step compiles"),
            (_timer(True, True, mean=False), "is that one step?"),
        ),
        takes_function=True,
    ),
    hints=[
        "When does `step()` return, and when is its work done?",
        "The clock may only be read when the queue is empty: at both ends.",
        "One step before the clock starts, so that compiling does not count.",
    ],
    more="On a real GPU: `torch.cuda.synchronize()`, or a pair of CUDA events.",
)
def time_step(gpu, step, repeats: int) -> float:
    """Warm up, empty the queue, read the clock; work, empty the queue, read it again.

    **Why it is easy to miss.** The wrong number is plausible, and flattering. On a CPU
    the same code is right. And `.item()` or `print(loss)` waits for the queue, so the
    measured time seems to jump when somebody adds a print.
    """
    step()
    gpu.synchronize()
    start = gpu.clock()
    for _ in range(repeats):
        step()
    gpu.synchronize()
    return (gpu.clock() - start) / repeats
