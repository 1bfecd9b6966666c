"""What the two constraints of a convolution are worth: C1 dense, local and shared.

    python -m experiments.layers.sharing  # needs MNIST; resumes where it stopped
    python -m experiments.layers.sharing --minutes 2  # starts no run later

C1 of LeNet-5 makes 6@28x28 units from 32x32 pixels. Here they are joined to the pixels
in three ways: each to all of them (4,821,600 parameters), each to its 5x5 window with
weights of its own (122,304), or with one kernel a map (156). ReLU and one dense layer
to ten outputs follow, as nothing behind C1 may profit from neighbourhoods. 300 digits
or 5,000, drawn anew for each of five seeds, in either case 200 batches of 100 by Adam;
scored on the 10,000 test digits. First at rate 0.001 for all; then seed 0 at 0.0003 and
0.003, too; then all seeds again wherever seed 0 did better at 0.003 (`BETTER`).

Three controls, on 5,000 digits: "wide" shares, too, but makes 18 maps, with which the
whole network (141,598 parameters) is still smaller than the local one (169,354). And
the local and the shared layer train on digits whose pixels are shuffled, in the same
way for every image. (A dense layer cannot tell: with its weights shuffled alike it
computes the same, at the start and after every step.)
"""

import itertools
import time

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from experiments import records
from lenet_helpers import data

SIZES, SEEDS, STEPS, BATCH, RATE = (300, 5_000), 5, 200, 100, 1e-3
OTHER_RATES = (3e-4, 3e-3)
BETTER = {("local", 300): 3e-3, ("local", 5_000): 3e-3, ("shared", 5_000): 3e-3}
KINDS = ("dense", "local", "shared")
CONTROLS = (("local", "shuffled"), ("shared", "shuffled"), ("wide", "in place"))


class Local(nn.Module):
    """C1 with a kernel and a bias for each of its 4,704 units."""

    def __init__(self):
        super().__init__()
        bound = 25**-0.5  # PyTorch's start of a convolution with 25 inputs a unit
        self.weight = nn.Parameter(torch.empty(784, 25, 6).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(784, 1, 6).uniform_(-bound, bound))

    def forward(self, x: Tensor) -> Tensor:
        windows = F.unfold(x, 5).permute(2, 0, 1)  # [784, N, 25]
        units = windows @ self.weight + self.bias
        return units.permute(1, 2, 0).unflatten(2, (28, 28))


def network(kind: str) -> nn.Sequential:
    """C1 of this kind, ReLU, ten outputs."""
    maps = 18 if kind == "wide" else 6
    head = nn.Linear(784 * maps, 10)  # drawn first: the same for all of six maps
    first = {
        "dense": lambda: nn.Sequential(nn.Flatten(), nn.Linear(1024, 4704)),
        "local": Local,
        "shared": lambda: nn.Conv2d(1, 6, 5),
        "wide": lambda: nn.Conv2d(1, 18, 5),
    }[kind]()
    return nn.Sequential(first, nn.ReLU(), nn.Flatten(), head)


def shuffled(images: Tensor) -> Tensor:
    """Every image with its pixels in one and the same other order."""
    order = torch.randperm(1024, generator=torch.Generator().manual_seed(1998))
    return images.flatten(1)[:, order].view_as(images)


def train(model: nn.Module, images: Tensor, labels: Tensor, rate: float) -> None:
    adam = torch.optim.Adam(model.parameters(), lr=rate, fused=True)
    for _ in range(STEPS):
        batch = torch.randint(len(labels), (BATCH,))
        loss = F.cross_entropy(model(images[batch]), labels[batch])
        adam.zero_grad()
        loss.backward()
        adam.step()


@torch.inference_mode()
def accuracy(model: nn.Module, images: Tensor, labels: Tensor) -> float:
    logits = torch.cat([model(part) for part in images.split(500)])
    return (logits.argmax(1) == labels).double().mean().item()


def run(digits: data.DigitData, key: dict) -> dict:
    images, labels = digits.train.tensors
    test_images, test_labels = digits.test.tensors
    drawn = torch.Generator().manual_seed(key["seed"])
    chosen = torch.randperm(len(labels), generator=drawn)[: key["digits"]]
    images, labels = images[chosen], labels[chosen]
    if key["pixels"] == "shuffled":
        images, test_images = shuffled(images), shuffled(test_images)
    torch.manual_seed(key["seed"])
    model = network(key["kind"])
    torch.manual_seed(key["seed"])  # the same batches for all kinds
    start = time.perf_counter()
    train(model, images, labels, key["rate"])
    return {
        **key,
        "c1_params": sum(p.numel() for p in model[0].parameters()),
        "known": accuracy(model, images[:300], labels[:300]),
        "test_accuracy": accuracy(model, test_images, test_labels),
        "seconds": round(time.perf_counter() - start, 1),
    }


def jobs():
    """Five seeds at one rate; seed 0 at others; five seeds where another is better."""
    for seed, size in itertools.product(range(SEEDS), SIZES):
        plain = tuple((kind, "in place") for kind in KINDS)
        for kind, pixels in plain + CONTROLS * (size == max(SIZES)):
            yield dict(kind=kind, pixels=pixels, digits=size, seed=seed, rate=RATE)
    for size, kind, rate in itertools.product(SIZES, KINDS, OTHER_RATES):
        yield dict(kind=kind, pixels="in place", digits=size, seed=0, rate=rate)
    for (kind, size), rate in reversed(BETTER.items()):
        for seed in range(SEEDS):
            yield dict(kind=kind, pixels="in place", digits=size, seed=seed, rate=rate)
    for (kind, pixels), seed in itertools.product(CONTROLS, range(SEEDS)):
        yield dict(kind=kind, pixels=pixels, digits=5_000, seed=seed, rate=3e-3)


def main() -> None:
    minutes = records.parser(__doc__).parse_args().minutes
    torch.set_num_threads(1)
    digits = data.load("mnist")
    settings = {"steps": STEPS, "batch_size": BATCH, "optimizer": "adam"}
    names = ("kind", "pixels", "digits", "seed", "rate")
    runs = records.Runs("sharing", names, **settings)
    runs.finish(jobs(), lambda **job: run(digits, job), minutes)


if __name__ == "__main__":
    main()
