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


def _timer(before=True, after=True, warm=True, mean=True, inside=False):
    """A timing, perhaps with something left out or put in the wrong place."""

    def time_step(gpu, step, repeats):
        if warm:
            step()
        if before:
            gpu.synchronize()
        start = gpu.clock()
        for _ in range(repeats):
            step()
            if inside:
                gpu.synchronize()
        if after:
            gpu.synchronize()
        return (gpu.clock() - start) / (repeats if mean else 1)

    return time_step


_MISTAKES = [
    (_timer(after=False), "that is the time of *launching* it. Who waits for it?"),
    (
        _timer(False, False, warm=False),
        "that is the time of *launching* it. Who waits for it?",
    ),
    (
        _timer(before=False),
        "work queued before your clock started is in it.",
    ),
    (_timer(warm=False), "the first step compiles. Should it count?"),
    (_timer(mean=False), "is that one step?"),
    (
        _timer(inside=True),
        "you wait after every step, so the GPU waits for each launch, too. In "
        "training it has the next step in its queue.",
    ),
]


def _played(timer: Callable, work: float, repeats: int, host: float) -> tuple:
    """What a timer says of a step, and how many steps it took."""
    gpu = FakeGPU(host)
    gpu.launch(30)  # somebody else's work is still in the queue
    step = Step(gpu, work)
    return as_number(attempt(timer, gpu, step, repeats)), step.count


def _test_timing(answer: Callable) -> str | None:
    for work, repeats, host in ((2.0, 10, 0.01), (0.5, 20, 0.1), (8.0, 5, 2.0)):
        case = work, repeats, host
        got, steps = _played(answer, *case)
        if abs(got - _played(_timer(), *case)[0]) <= 1e-3 * got:
            if steps <= repeats:
                return "Right, but not by timing that many steps after a warm-up."
            continue
        said = f"A step of {work:g} ms is measured as {got:.3g} ms"
        for timer, pointer in _MISTAKES:
            if abs(got - _played(timer, *case)[0]) <= 1e-3 * abs(got):
                return f"{said}: {pointer}"
        return f"{said}: warm up, empty the queue, and only then look at the clock."
    return None


@exercise(
    "clinic.timing",
    task="Repair `time_step(gpu, step, repeats)`: mean milliseconds of one step.",
    checker=Checker(
        _test_timing,
        tuple(_MISTAKES),
        takes_function=True,
    ),
    hints=[
        "When does `step()` return, and when is its work done?",
        "The clock may only be read when the queue is empty: at both ends.",
        "One step before the clock starts, so that compiling does not count. Between "
        "the steps nobody waits.",
    ],
    more="On a real GPU: `torch.cuda.synchronize()`, or a pair of CUDA events.",
)
def time_step(gpu, step, repeats: int) -> float:
    """Warm up, empty the queue, read the clock; work, empty the queue, read it again.

    Waiting inside the loop would give the time of one step on its own, launch and all;
    in training the host launches the next step while the GPU still works.

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
