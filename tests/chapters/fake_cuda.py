"""``torch.cuda`` in miniature: streams with clocks, and graphs that record.

Nothing computes. A stream is a queue that is free from ``free`` on; copies and kernels
go to the end of the current one. The host itself takes no time.
"""

import contextlib
from dataclasses import dataclass, field


@dataclass(eq=False)
class Stream:
    name: str
    free: float = 0.0
    waited_for: list = field(default_factory=list)

    def wait_stream(self, other: "Stream") -> None:
        self.free = max(self.free, other.free)
        self.waited_for.append(other.name)


class Graph:
    def __init__(self):
        self.kernels = []

    def replay(self) -> None:
        for kernel in self.kernels:
            kernel()


class Cuda:
    """Takes the place of the module ``torch.cuda``."""

    CUDAGraph = Graph

    def __init__(self):
        self.main = self.current = Stream("main")
        self.streams = [self.main]
        self.recording: Graph | None = None

    def Stream(self) -> Stream:
        self.streams.append(Stream(f"aside {len(self.streams)}"))
        return self.streams[-1]

    def current_stream(self) -> Stream:
        return self.current

    @contextlib.contextmanager
    def stream(self, stream: Stream):
        before, self.current = self.current, stream
        yield
        self.current = before

    @contextlib.contextmanager
    def graph(self, graph: Graph):
        self.recording = graph
        yield
        self.recording = None

    def launch(self, kernel) -> None:
        """A kernel is recorded while a graph is, and run otherwise."""
        if self.recording is None:
            kernel()
        else:
            self.recording.kernels.append(kernel)

    def work(self, seconds: float) -> tuple[float, float]:
        """Start and end of work in the current stream."""
        start = self.current.free
        self.current.free = start + seconds
        return start, self.current.free


class Batch:
    """A tensor whose copy to the device takes three seconds."""

    is_cuda = False

    def __init__(self, cuda: Cuda, number: int):
        self.cuda, self.number = cuda, number

    def to(self, device, non_blocking=False) -> "Batch":
        assert non_blocking, "the host would wait"
        there = Batch(self.cuda, self.number)
        there.is_cuda, there.kept_for = True, []
        there.home = self.cuda.current
        _, there.ready = self.cuda.work(3.0)
        return there

    def record_stream(self, stream: Stream) -> None:
        self.kept_for.append(stream)
