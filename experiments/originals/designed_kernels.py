"""Designed, random or learned: what the first kernels of LeNet-1989 are worth.

    python -m experiments.originals.designed_kernels  # needs MNIST; resumable

In 1988 the kernels before the network were designed by hand (Denker et al. 1989); a
year later they were learned (LeCun et al. 1989). Here H1 of LeNet-1989 either keeps
twelve designed kernels (four lines, eight edges; ours, theirs were others), keeps
its random ones, or learns. All else learns, by Adam 0.002 on the squared error, for
1,500 batches of 32 whatever the number of training digits. Three numbers of digits,
ten seeds. Each seed draws its own training digits (the small sets are parts of the
large one) and 5,000 others to score, all from MNIST's training set; the three kinds
of kernel get the same ones. The test set is not looked at. Nothing here was tuned.

About nine minutes on one core.
"""

import itertools
import math
from functools import lru_cache, partial

import torch
import torch.nn.functional as F
from torch import Tensor

from experiments import records
from experiments.originals.lenet1989 import shrink, targets
from lenet_helpers import data
from lenet_helpers.models import LeNet1989

SIZES, KINDS, SEEDS = (300, 1_500, 7_291), ("designed", "random", "learned"), range(10)
STEPS, BATCH, LR, HELD = 1_500, 32, 2e-3, 5_000


def oriented(angle: float, profile) -> Tensor:
    """A 5x5 kernel that varies along one direction: mean 0, norm 1."""
    r = torch.arange(5) - 2.0
    across = r[None, :] * math.sin(angle) + r[:, None] * math.cos(angle)
    kernel = profile(across)
    kernel = kernel - kernel.mean()
    return kernel / kernel.norm()


def designed() -> Tensor:
    """Four lines and eight edges: [12, 5, 5]."""
    step = math.pi / 4
    lines = [oriented(i * step, lambda d: torch.exp(-(d**2))) for i in range(4)]
    return torch.stack(lines + [oriented(i * step, torch.tanh) for i in range(8)])


def error(model: LeNet1989, images: Tensor, labels: Tensor) -> float:
    with torch.inference_mode():
        return 100 * (model.predict(images) != labels).double().mean().item()


def run(kind: str, seed: int, train: tuple, held: tuple) -> float:
    """Train one network; its error on the held-out digits, in percent."""
    torch.manual_seed(seed)
    model = LeNet1989()
    kernels = model.h1.kernels
    if kind == "designed":  # as long as the random ones on average
        with torch.no_grad():
            kernels.copy_(designed() * kernels.flatten(1).norm(dim=1).mean())
    kernels.requires_grad_(kind == "learned")
    optimizer = torch.optim.Adam(filter(lambda p: p.requires_grad, model.parameters()))
    optimizer.param_groups[0]["lr"] = LR
    images, labels = train
    wanted = targets(labels)
    for _ in range(STEPS):
        batch = torch.randint(len(labels), (BATCH,))
        loss = F.mse_loss(model(images[batch]), wanted[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return error(model, *held)


def draw(digits: data.DigitData, seed: int) -> tuple[Tensor, Tensor]:
    """Images [N, 1, 16, 16] and labels of this seed: the largest set, the held-out."""
    images, labels = digits.train.tensors
    generator = torch.Generator().manual_seed(1989 + seed)
    chosen = torch.randperm(len(labels), generator=generator)[: max(SIZES) + HELD]
    return shrink(digits.denormalise(images[chosen])), labels[chosen]


def main() -> None:
    minutes = records.parser(__doc__).parse_args().minutes
    torch.set_num_threads(1)
    drawn = lru_cache(1)(partial(draw, data.load("mnist")))
    settings = {"held_out": HELD, "steps": STEPS, "digits_drawn": "anew for each seed"}
    runs = records.Runs("designed-kernels", ("digits", "kernels", "seed"), **settings)

    def one(digits: int, kernels: str, seed: int) -> dict:
        images, labels = drawn(seed)
        train = images[:digits], labels[:digits]
        held = images[-HELD:], labels[-HELD:]
        return {"error": run(kernels, seed, train, held)}

    jobs = (
        {"digits": size, "kernels": kind, "seed": seed}
        for seed, size, kind in itertools.product(SEEDS, SIZES, KINDS)
    )
    runs.finish(jobs, one, minutes)


if __name__ == "__main__":
    main()
