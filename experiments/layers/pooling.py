"""Seven ways to make LeNet's maps smaller, and what a non-linearity is worth.

    python -m experiments.layers.pooling  # needs MNIST; resumes where it stopped
    python -m experiments.layers.pooling --minutes 5  # starts no run later

Today's LeNet-5 with the scaled tanh of 1998; S2 and S4 are, in turn: the published
subsampling (a sum, a coefficient, a bias, squashed), an average that is squashed, an
average, a maximum, a maximum that is blurred before it is sampled (Zhang 2019), a
stride of 2 in the convolution before, or nothing (C5 then reads maps of 24x24). 30,000
digits once, or 1,000 for 6 epochs, in batches of 32 by Adam, whose rate falls in a
straight line from 0.002 to zero; "nothing" on the 1,000 only. Nothing is tuned,
so no digits choose. On 30,000 digits other functions under average pooling: none at all
(also under a maximum), the logistic sigmoid, tanh; and one linear layer from pixels to
classes. 90 runs.

Five seeds. A seed draws the digits, their order and the starting weights, which all
networks share where their shapes allow it. Scored on the 10,000 test digits; on the
digits trained on, 1,000 at most; on every tenth test digit with noise on it; and
by *consistency*: the share of 500 test digits, all with 4 pixels of paper on each side,
whose predicted class stays when they move by 1 to 4 pixels, averaged over four
directions. About 20 minutes on one core, 10 of them training.
"""

import time
from collections.abc import Iterator
from functools import partial
from itertools import product

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from experiments import records
from lenet_helpers import data
from lenet_helpers.models import ModernLeNet5
from lenet_helpers.models.layers import ScaledTanh, Subsampling

SEEDS, BATCH, RATE = range(5), 32, 2e-3
FEW, ONCE = (1_000, 6), (30_000, 1)
POOLS = ("subsampling", "squashed", "average", "max", "blur", "stride", "none")
ACTIVATIONS = {
    "scaled tanh": ScaledTanh,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "none": nn.Identity,
}
SHIFTS = (1, 2, 3, 4)
NOISE = (0.25, 0.5)  # standard deviations, in units of full ink


class MaxBlur(nn.Module):
    """The maximum of every 2x2 window, blurred by 1 2 1, at every second place."""

    def __init__(self):
        super().__init__()
        row = torch.tensor([1.0, 2, 1]) / 4
        self.register_buffer("blur", torch.outer(row, row))

    def forward(self, x: Tensor) -> Tensor:
        densely = F.pad(F.max_pool2d(x, 2, stride=1), [1] * 4, mode="reflect")
        blur = self.blur.expand(x.shape[1], 1, 3, 3)
        return F.conv2d(densely, blur, stride=2, groups=x.shape[1])


def network(pool: str, activation: str) -> nn.Module:
    """LeNet-5 with these parts; pool "no layers" is one linear layer instead."""
    if pool == "no layers":
        return nn.Sequential(nn.Flatten(), nn.Linear(1024, 10))
    model = ModernLeNet5()
    model.act = ACTIVATIONS[activation]()
    if pool == "stride":
        model.c1.stride = model.c3.stride = (2, 2)
    model.s2, model.s4 = (_layer(pool, maps, model.act) for maps in (6, 16))
    if pool == "none":
        model.c5 = nn.Conv2d(16, 120, kernel_size=24)
    return model


def _layer(pool: str, maps: int, act: nn.Module) -> nn.Module:
    match pool:
        case "subsampling":
            return nn.Sequential(Subsampling(maps), act)
        case "squashed":
            return nn.Sequential(nn.AvgPool2d(2), act)
        case "average":
            return nn.AvgPool2d(2)
        case "max":
            return nn.MaxPool2d(2)
        case "blur":
            return MaxBlur()
    return nn.Identity()


def train(model: nn.Module, images: Tensor, labels: Tensor, epochs: int, rate: float):
    adam = torch.optim.Adam(model.parameters(), lr=rate, fused=True)
    batches = -(-len(labels) // BATCH)
    falling = torch.optim.lr_scheduler.LinearLR(adam, 1.0, 0.0, epochs * batches)
    for _ in range(epochs):
        for batch in torch.randperm(len(labels)).split(BATCH):
            loss = F.cross_entropy(model(images[batch]), labels[batch])
            adam.zero_grad()
            loss.backward()
            adam.step()
            falling.step()


@torch.inference_mode()
def classes(model: nn.Module, images: Tensor) -> Tensor:
    return torch.cat([model(part).argmax(1) for part in images.split(250)])


def accuracy(model: nn.Module, images: Tensor, labels: Tensor) -> float:
    return (classes(model, images) == labels).double().mean().item()


def roomy(images: Tensor, labels: Tensor, count: int = 500) -> tuple[Tensor, Tensor]:
    """The first ``count`` images with 4 pixels of paper on each side."""
    frame = torch.ones(32, 32, dtype=torch.bool)
    frame[4:-4, 4:-4] = False
    empty = (images[:, 0, frame] == images.min()).all(1)
    chosen = empty.nonzero().flatten()[:count]
    return images[chosen], labels[chosen]


def under_shifts(model: nn.Module, images: Tensor, labels: Tensor) -> dict:
    """By shift in pixels: the share that keeps its class, and the share that is right.

    The paper on every side is as wide as the largest shift: rolling loses no ink.
    """
    still = classes(model, images)
    kept, right = {}, {}
    for shift in SHIFTS:
        moves = [(step, axis) for step in (shift, -shift) for axis in (2, 3)]
        seen = torch.stack([classes(model, images.roll(*move)) for move in moves])
        kept[str(shift)] = (seen == still).double().mean().item()
        right[str(shift)] = (seen == labels).double().mean().item()
    return {"kept": kept, "right": right}


def under_noise(model: nn.Module, images: Tensor, labels: Tensor, ink: float) -> dict:
    """Share of every tenth test digit that is right with Gaussian noise on it."""
    images, labels = images[::10], labels[::10]
    noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(2019))
    return {
        str(size): accuracy(model, images + size * ink * noise, labels)
        for size in NOISE
    }


def run(train_set: tuple, test_set: tuple, ink: float, **key) -> dict:
    drawn = torch.Generator().manual_seed(key["seed"])
    chosen = torch.randperm(len(train_set[1]), generator=drawn)[: key["digits"]]
    images, labels = (t[chosen] for t in train_set)
    torch.manual_seed(key["seed"])
    model = network(key["pool"], key["activation"])
    model = model.to(memory_format=torch.channels_last)
    torch.manual_seed(key["seed"])  # the same batches for all
    start = time.process_time()
    train(model, images, labels, key["epochs"], key["rate"])
    seconds = time.process_time() - start
    learned = {}
    if key["pool"] == "subsampling":
        parts = model.s2[0], model.s4[0]
        learned["coefficients"] = [c for s in parts for c in s.coefficient.tolist()]
        learned["biases"] = [b for s in parts for b in s.bias.tolist()]
    return learned | {
        "parameters": sum(p.numel() for p in model.parameters()),
        "train_accuracy": accuracy(model, images[:1_000], labels[:1_000]),
        "test_accuracy": accuracy(model, *test_set),
        "shifted": under_shifts(model, *roomy(*test_set)),
        "noisy": under_noise(model, *test_set, ink),
        "seconds": round(seconds, 1),
    }


def groups() -> Iterator[list[tuple]]:
    """Lists of (pool, activation, budget) to compare, the weightiest first."""
    squash = "scaled tanh"
    for budget in (ONCE, FEW):
        yield [(pool, squash, budget) for pool in POOLS if pool != "none"]
    yield [("average", other, ONCE) for other in ("none", "sigmoid", "tanh")]
    yield [("no layers", "none", ONCE)]
    yield [("none", squash, FEW)]
    yield [("max", "none", ONCE)]


def jobs() -> Iterator[dict]:
    names = "pool", "activation", "digits", "epochs", "rate", "seed"
    for group in groups():
        for seed, (pool, activation, budget) in product(SEEDS, group):
            key = pool, activation, *budget, RATE, seed
            yield dict(zip(names, key, strict=True))


def main() -> None:
    minutes = records.parser(__doc__).parse_args().minutes
    torch.set_num_threads(1)
    digits = data.load("mnist")
    sets = digits.train.tensors, digits.test.tensors
    settings = {"batch_size": BATCH, "optimizer": "adam", "schedule": "linear to 0"}
    names = ("pool", "activation", "digits", "epochs", "rate", "seed")
    runs = records.Runs("pooling", names, **settings)
    runs.finish(jobs(), partial(run, *sets, 1 / digits.std), minutes)


if __name__ == "__main__":
    main()
