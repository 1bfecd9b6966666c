"""From LeNet-5 of 1998 to today's, one change at a time, five seeds each.

    pip install numba               # for the first two steps
    python -m experiments.originals.bridge  # needs MNIST; goes on where it stopped

Every step gets the same: 20,000 training images, three passes over them, a learning
rate that falls in a straight line to zero, the test set scored once, after the last
pass. Its peak rate is chosen with seed 0 on 5,000 other training images: rates a
factor of three apart, until the best has a worse one on either side. Seeds 1 to 5
then give the figures. Seconds are processor time of the training, on one thread.
"""

import time
from collections.abc import Iterator
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from experiments import records
from lenet_helpers import data
from lenet_helpers.models import ModernLeNet5
from lenet_helpers.models.layers import EuclideanRBF, ScaledTanh
from lenet_helpers.models.original import (
    LeNet5,
    criterion_eq9,
    init_fan_in,
    range_1998,
)

STEPS = {
    "1998": "one sample a step, SDLM",
    "batch": "128 samples a step",
    "adam": "Adam instead of SDLM",
    "full": "C3 reads all six maps",
    "average": "S2 and S4 plainly average",
    "linear": "linear output, cross-entropy",
    "max": "S2 and S4 take the maximum",
    "relu": "ReLU instead of scaled tanh",
    "start": "PyTorch's initial weights",
}
IMAGES, HELD, PASSES, BATCH = 20_000, 5_000, 3, 128
SEEDS = range(1, 6)
MU, J = 0.02, 1.0
FIRST_RATE = {"1998": 5e-4, "batch": 2e-2}  # the others start at Adam's
ADAM_RATE = 3e-3


def network(step: str) -> nn.Module:
    """The network with this change and all before it; weights drawn anew."""
    made = list(STEPS)[: list(STEPS).index(step) + 1]
    if "average" in made:
        model = ModernLeNet5(pool="max" if "max" in made else "avg")
        model.act = nn.ReLU() if "relu" in made else ScaledTanh()
        if "linear" not in made:
            model.output = EuclideanRBF()
    else:
        model = LeNet5()
        if "full" in made:
            model.c3 = nn.Conv2d(6, 16, kernel_size=5)
    if "start" not in made:
        init_fan_in(model)
    return model


def logits(model: nn.Module, images: Tensor) -> Tensor:
    """The larger the better: minus the mean squared distance for the codes."""
    out = model(images)
    if isinstance(model.output, EuclideanRBF):
        return -out / model.output.codes.shape[1]
    return out


def loss(model: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """Eq. 9 for distances from codes, cross-entropy for a linear output."""
    out = logits(model, images)
    if isinstance(model.output, EuclideanRBF):
        return criterion_eq9(-out, labels, j=J)
    return F.cross_entropy(out, labels)


def falling(peak: float, done: float) -> float:
    """The rate after a share ``done`` of all images."""
    return peak * (1 - done)


def train_batches(model, images, labels, peak, order, optimizer, curvature=None):
    """Every pass in batches; ``curvature()`` gives h for SDLM before each."""
    steps, step = len(order) * -(-len(labels) // BATCH), 0
    parameters = list(model.parameters())
    for one_pass in order:
        if curvature:
            scale = [1 / (MU + h) for h in curvature()]
        for part in one_pass.split(BATCH):
            optimizer.zero_grad()
            loss(model, images[part], labels[part]).backward()
            if curvature:
                for p, s in zip(parameters, scale, strict=True):
                    p.grad.mul_(s)
            optimizer.param_groups[0]["lr"] = falling(peak, step / steps)
            optimizer.step()
            step += 1


def estimated(trainer, images, labels, draw: np.random.Generator) -> tuple:
    """The curvature along every weight, from some of these digits."""
    from experiments.originals.sdlm import SAMPLES

    sample = draw.choice(len(labels), SAMPLES, replace=False)
    return trainer.curvature(images[sample], labels[sample])


def train_online(trainer, seed: int, images, labels, peak, order) -> None:
    """One digit a step, compiled; ``trainer`` is that of ``sdlm``.

    The rate falls twenty times a pass; the curvature is estimated before each.
    """
    x, y, draw = images.flatten(1).numpy(), labels.numpy(), np.random.default_rng(seed)
    for number, one_pass in enumerate(order):
        h = estimated(trainer, x, y, draw)
        for k, part in enumerate(np.array_split(one_pass.numpy(), 20)):
            rate = falling(peak, (number + k / 20) / len(order))
            trainer.train(x, y, part, type(h)(*(-rate / (MU + a) for a in h)))


def train_sdlm(step: str, seed: int, images, labels, peak, order) -> nn.Module:
    """The first two steps: compiled and online, or in batches."""
    from experiments.originals.sdlm import Trainer

    trainer = Trainer(seed, J, penalty="mean")
    if step == "1998":
        train_online(trainer, seed, images, labels, peak, order)
        return trainer.model
    x, y, draw = images.flatten(1).numpy(), labels.numpy(), np.random.default_rng(seed)
    parameters = list(trainer.model.parameters())
    train_batches(
        trainer.model, images, labels, peak, order,
        torch.optim.SGD(parameters, lr=peak),
        lambda: [
            torch.from_numpy(h).view_as(p)
            for h, p in zip(estimated(trainer, x, y, draw), parameters, strict=True)
        ],
    )  # fmt: skip
    return trainer.model


def orders(seed: int, count: int) -> list[Tensor]:
    """For each pass the order of ``count`` images, the same for every recipe."""
    draw = torch.Generator().manual_seed(seed)
    return [torch.randperm(count, generator=draw) for _ in range(PASSES)]


def run(arrays: tuple, step: str, seed: int, peak: float) -> dict:
    """Train once; parameters, error in percent, processor seconds.

    Seed 0 is scored on the digits held out, the others on the test set.
    """
    (images, labels), held, test = arrays
    scored = test if seed else held
    torch.manual_seed(seed)
    order = orders(seed, len(labels))
    start = time.process_time()
    if step in ("1998", "batch"):
        model = train_sdlm(step, seed, images, labels, peak, order)
    else:
        model = network(step)
        optimizer = torch.optim.Adam(model.parameters(), lr=peak, fused=True)
        train_batches(model, images, labels, peak, order, optimizer)
    seconds = time.process_time() - start
    with torch.inference_mode():
        wrong = sum(
            (logits(model, x).argmax(1) != y).sum().item()
            for x, y in zip(*(part.split(1000) for part in scored), strict=True)
        )
    return {
        "parameters": sum(p.numel() for p in model.parameters()),
        "error": 100 * wrong / len(scored[1]),
        "seconds": round(seconds, 2),
    }


def next_rate(tried: dict[float, float], first: float) -> float | None:
    """The rate to try next, given the errors so far; None when the best is inside."""
    if not tried:
        return first
    best = min(tried, key=tried.get)
    for rate in (best * 3, best / 3):
        if not any(abs(rate / other - 1) < 0.01 for other in tried):
            return rate
    return None


def read() -> tuple:
    """(training, held-out, test) images and labels, in the range of 1998."""
    digits = data.load("mnist")
    parts = [
        (range_1998(digits.denormalise(images)), labels)
        for images, labels in (digits.train.tensors, digits.test.tensors)
    ]
    shuffled = torch.randperm(
        len(parts[0][1]), generator=torch.Generator().manual_seed(1998)
    )
    chosen = shuffled[: IMAGES + HELD].split([IMAGES, HELD])
    return *(tuple(t[part] for t in parts[0]) for part in chosen), parts[1]


class Runs(records.Runs):
    """Seed 0 chooses the rate of a step; its runs are a table of their own."""

    def unpack(self, record: dict) -> list[dict]:
        return record.get("choosing", []) + record.get("runs", [])

    def pack(self) -> dict:
        return {
            "choosing": [row for row in self.rows if row["seed"] == 0],
            "runs": [row for row in self.rows if row["seed"] != 0],
        }


def jobs(runs: Runs) -> Iterator[dict]:
    """For each step the rates, one after another, then the seeds at the best one."""
    for step in STEPS:
        first, tried = FIRST_RATE.get(step, ADAM_RATE), {}
        while (peak := next_rate(tried, first)) is not None:
            yield {"step": step, "seed": 0, "peak": peak}
            rows = runs.where(step=step, seed=0)
            tried = {row["peak"]: row["error"] for row in rows}
        best = min(tried, key=tried.get)
        yield from ({"step": step, "seed": seed, "peak": best} for seed in SEEDS)


def main() -> None:
    minutes = records.parser(__doc__).parse_args().minutes
    torch.set_num_threads(1)
    settings = {"steps": STEPS, "images": IMAGES, "held": HELD, "passes": PASSES}
    runs = Runs("bridge", ("step", "seed", "peak"), **settings)
    runs.finish(jobs(runs), partial(run, read()), minutes)


if __name__ == "__main__":
    main()
