"""The networks of 1989 and 1998 on the machine at hand: presentations a second.

    pip install numba  # for the compiled step only
    python -m experiments.originals.then_and_now  # needs MNIST, quiet; one minute

A presentation is one image shown to the network once. Training presents an image
forward and backward and moves the weights after every ``batch`` images: 1 is the way
of the papers, larger batches are the way of today. One thread, as then one
processor. ``compiled`` is the step of ``lenet1989`` and ``sdlm``, one image at a time,
in machine code. Rounds alternate between all the ways, so that a slow spell of the
machine hits all of them; the median of the rounds is recorded.

Memory is counted, not measured: 4 bytes for every weight and for every unit.

Sources: LeCun et al. 1989, pp. 544-548; LeCun et al. 1998, sections II-B and III-B.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from itertools import cycle

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from experiments import records
from experiments.originals import lenet1989, sdlm
from lenet_helpers import shapes
from lenet_helpers.models import LeNet5, LeNet1989
from lenet_helpers.models.original import criterion_eq8

BATCHES = 1, 10, 100, 1000
PUBLISHED = {
    "LeNet-1989": {
        "passes": 23,
        "images": 7_291,
        "days": [3, 3],
        "machine": "SUN-4/260",
        "input": [1, 16, 16],
        "source": "lecun1989",
    },
    "LeNet-5": {
        "passes": 20,
        "images": 60_000,
        "days": [2, 3],
        "machine": "SGI Origin 2000, one 200 MHz R10000",
        "input": [1, 32, 32],
        "source": "lecun1998",
    },
}


def squared_error(outputs: Tensor, labels: Tensor) -> Tensor:
    return F.mse_loss(outputs, lenet1989.targets(labels))


def in_batches(images: Tensor, labels: Tensor, size: int) -> Iterator[tuple]:
    """The same batches again and again."""
    return cycle(list(zip(images.split(size), labels.split(size), strict=True)))


def trains(model: nn.Module, criterion: Callable, batches: Iterator) -> Callable:
    """A call presents one batch and moves the weights; returns the images shown."""
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)

    def step() -> int:
        x, y = next(batches)
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
        return len(x)

    return step


def reads(model: nn.Module, batches: Iterator) -> Callable:
    """A call classifies one batch."""

    @torch.inference_mode()
    def step() -> int:
        x, _ = next(batches)
        model(x)
        return len(x)

    return step


def compiled_1989(images: Tensor, labels: Tensor) -> Callable:
    model, order = LeNet1989(), torch.arange(len(images))
    rates = [torch.full_like(p, 1e-4) for p in model.parameters()]

    def step() -> int:
        lenet1989.one_pass(model, images, labels, order, rates)
        return len(order)

    return step


def compiled_1998(images: Tensor, labels: Tensor) -> Callable:
    trainer = sdlm.Trainer(seed=0, j=None)
    x, y = images.flatten(1).numpy(), labels.numpy()
    order = torch.arange(len(y)).numpy()
    # Negative, for the compiled step adds; every weight at the same small rate.
    rates = sdlm.Weights(*((0 * w - 1e-6).astype("f4") for w in trainer.w))

    def step() -> int:
        trainer.train(x, y, order, rates)
        return len(order)

    return step


def all_ways() -> dict[tuple[str, str, int], Callable]:
    """(network, way, batch) -> a function that presents some images."""
    images, labels = lenet1989.read(0)[0]
    pixels, digits = sdlm.read(0)[0]
    large = torch.from_numpy(pixels[:10_000]).view(-1, 1, 32, 32)
    large_labels = torch.from_numpy(digits[:10_000])
    sets = {
        "LeNet-1989": (LeNet1989, squared_error, images[:7_000], labels[:7_000]),
        "LeNet-5": (LeNet5, criterion_eq8, large, large_labels),
    }
    ways = {}
    for name, (network, criterion, x, y) in sets.items():
        for size in BATCHES:
            feed = in_batches(x, y, size)
            ways[name, "train", size] = trains(network(), criterion, feed)
            ways[name, "read", size] = reads(network(), feed)
    ways["LeNet-1989", "compiled", 1] = compiled_1989(images[:5_000], labels[:5_000])
    ways["LeNet-5", "compiled", 1] = compiled_1998(large[:2_000], large_labels[:2_000])
    return ways


def rate(step: Callable, seconds: float) -> float:
    """Images a second, over at least so many seconds."""
    shown, start = 0, time.perf_counter()
    while (spent := time.perf_counter() - start) < seconds:
        shown += step()
    return shown / spent


def counts(name: str) -> dict:
    """What the network has and does, for one image."""
    model = {"LeNet-1989": LeNet1989, "LeNet-5": LeNet5}[name]()
    trace = shapes.trace(model, tuple(PUBLISHED[name]["input"]))
    units = sum(torch.Size(row.output_shape).numel() for row in trace if row.macs)
    return {"weights": trace.params, "macs": trace.macs, "units": units}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.5, help="of each way")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    ways = all_ways()
    for step in ways.values():  # first-use costs, compilation among them, are nobody's
        step()
    measured = {key: [] for key in ways}
    for _ in range(args.rounds):
        for key, step in ways.items():
            measured[key].append(rate(step, args.seconds))
    rows = []
    for (name, way, batch), rates in measured.items():
        row = {"network": name, "way": way, "batch": batch}
        row |= {"rate": round(statistics.median(rates))}
        row |= {"low": round(min(rates)), "high": round(max(rates))}
        rows.append(row)
        print(row, flush=True)
    networks = {name: {**PUBLISHED[name], **counts(name)} for name in PUBLISHED}
    records.save("then-and-now", {"networks": networks, "presentations_a_second": rows})


if __name__ == "__main__":
    main()
