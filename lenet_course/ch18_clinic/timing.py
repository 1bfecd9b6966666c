"""The bug clinic, ward of engineering: the clock and the queue of a GPU."""

from collections.abc import Callable

from lenet_course.exercises.checkers import Checker
from lenet_course.exercises.compare import as_number
from lenet_course.exercises.registry import exercise
from lenet_course.exercises.staged import attempt
from lenet_course.exercises.stages.fake_gpu import FakeGPU


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
        got = as_number(attempt(answer, gpu, step, repeats))
        case = f"A step of {milliseconds:g} ms is measured as {got:.3g} ms"
        total = milliseconds * repeats
        if abs(got - milliseconds) <= 0.03 * milliseconds:
            if step.count <= repeats:
                return "Right, but not by timing that many steps after a warm-up."
            continue
        if got <= 3 * FakeGPU().host:
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
