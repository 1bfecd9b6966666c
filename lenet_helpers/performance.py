"""How long a computation takes, how much it has to do, and what bounds it."""

import statistics
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from lenet_helpers.shapes import trace


def synchronize(device: str | torch.device) -> None:
    """Wait until ``device`` has done all that was asked of it; a CPU always has.

    >>> synchronize("cpu")
    """
    kind = torch.device(device).type
    if kind in ("cuda", "mps"):
        getattr(torch, kind).synchronize()


def median_seconds(
    work: Callable[[], object],
    device: str | torch.device = "cpu",
    *,
    rounds: int = 5,
    seconds: float = 0.02,
) -> float:
    """Seconds a call of ``work``: warmed up, waited for, the median of ``rounds``.

    A round repeats the call for at least about ``seconds``, so that the clock's own
    grain does not matter.
    """

    def run(times: int) -> float:
        synchronize(device)
        start = time.perf_counter()
        for _ in range(times):
            work()
        synchronize(device)
        return (time.perf_counter() - start) / times

    run(2)  # warm up: first calls allocate memory and choose algorithms
    times = max(1, round(seconds / run(1)))
    return statistics.median(run(times) for _ in range(rounds))


@dataclass(frozen=True)
class Cost:
    """What one layer has to do in one forward pass of a batch."""

    name: str
    flops: int
    bytes: int

    @property
    def intensity(self) -> float:
        """Floating-point operations a byte moved."""
        return self.flops / self.bytes

    def fastest(self, flops: float, bandwidth: float) -> float:
        """The roofline: no fewer seconds than either ceiling allows.

        >>> Cost("c1", flops=20, bytes=10).fastest(flops=10, bandwidth=2)
        5.0
        """
        return max(self.flops / flops, self.bytes / bandwidth)


def layer_costs(
    model: nn.Module,
    batch: int,
    input_shape: tuple[int, ...] = (1, 32, 32),
    bytes_per_value: int = 4,
) -> list[Cost]:
    """Operations and bytes of each layer of a chain, for one forward pass.

    A multiply-add is two operations; pooling and activations count one for each
    value that they read. Bytes: input and weights read once, output written once,
    the least that a layer on its own can do.

    >>> from lenet_helpers.models import ModernLeNet5
    >>> layer_costs(ModernLeNet5(), batch=1)[0]
    Cost(name='c1', flops=235200, bytes=23536)
    """
    costs, read = [], torch.Size(input_shape).numel()
    for row in trace(model, input_shape):
        written = torch.Size(row.output_shape).numel()
        flops = 2 * row.macs if row.macs else read
        moved = batch * (read + written) + row.params
        costs.append(Cost(row.name, batch * flops, bytes_per_value * moved))
        read = written
    return costs


# Marks of the profiler, and reading a number that the CPU holds anyway.
NO_WORK = ("_record_function", "_local_scalar_dense")


class OperatorCount(TorchDispatchMode):
    """Counts the operators that compute something; views start nothing on a device.

    >>> with OperatorCount() as count:
    ...     _ = torch.zeros(2, 3).t() + 1
    >>> sorted(count.names.items())
    [('add', 1), ('zeros', 1)]
    """

    def __init__(self):
        super().__init__()
        self.names: Counter[str] = Counter()

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # else its first use imports the compiler, for seconds

    @property
    def total(self) -> int:
        """All of them."""
        return self.names.total()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        aliases = [r.alias_info for r in func._schema.returns]
        view = any(alias and not alias.is_write for alias in aliases)
        name = func.overloadpacket.__name__
        if not view and not name.startswith(NO_WORK):
            self.names[name] += 1
        return func(*args, **(kwargs or {}))


def ceilings(device: str | torch.device = "cpu", size: int = 2048) -> dict[str, float]:
    """The two roofs of a device, measured: float32 FLOP/s and bytes/s.

    A product of two ``size`` x ``size`` matrices, and a copy of 128 MB.
    """
    a = torch.randn(size, size, device=device)
    b = torch.randn(size, size, device=device)
    product = median_seconds(lambda: a @ b, device)
    here = torch.ones(2**25, device=device)
    there = torch.empty_like(here)
    copy = median_seconds(lambda: there.copy_(here), device)
    return {
        "flops": 2 * size**3 / product,
        "bandwidth": 2 * here.numel() * here.element_size() / copy,
    }
