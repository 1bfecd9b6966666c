"""Squared error against cross-entropy: one network, one start, the same batches.

    python -m experiments.layers.losses  # needs MNIST; goes on where it stopped
    python -m experiments.layers.losses --minutes 2  # starts no run later

Today's LeNet-5 (ReLU, max pooling), plain gradient descent without momentum, 200
batches of 50 from 5,000 digits. Three losses: cross-entropy; squared error of the
softmax probabilities against one-hot targets; squared error of the outputs themselves,
without softmax, against the same targets. Two starts: PyTorch's, and "wrong", a network
that was first taught, by cross-entropy, to call every digit by the next one's name
(200 such batches at rate 0.1), and is sure of it.

Seed 0 tries the rates and is scored on 2,000 other training digits after the last
batch; seeds 1 to 5, each with digits of its own, train at the best rate and are scored
on every fourth test digit on the way. That best rate lies near where training breaks
down. So the two losses behind softmax are also compared at equal, smaller rates.
"""

import copy
import itertools
import time

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from experiments import records
from lenet_helpers import data
from lenet_helpers.models import ModernLeNet5

DIGITS, HELD, STEPS, BATCH = 5_000, 2_000, 200, 50
SEEDS = range(1, 6)  # seed 0 chooses
LOOKS = (0, 20, 60, 200)
STARTS = ("usual", "wrong")
RATES = (0.03, 0.1, 0.3, 1.0, 3.0)
EQUAL = (0.03, 0.1)  # for both losses behind softmax, from the wrong start


def cross_entropy(z: Tensor, labels: Tensor) -> Tensor:
    return F.cross_entropy(z, labels)


def squared(values: Tensor, labels: Tensor) -> Tensor:
    return (values - F.one_hot(labels, 10)).square().sum(1).mean()


LOSSES = {
    "cross-entropy": cross_entropy,
    "squared, softmax": lambda z, labels: squared(z.softmax(1), labels),
    "squared, linear": squared,
}


def train(model, images, labels, loss, rate: float, look=lambda step: None) -> None:
    sgd = torch.optim.SGD(model.parameters(), lr=rate)
    look(0)
    for step in range(1, STEPS + 1):
        batch = torch.randint(len(labels), (BATCH,))
        value = loss(model(images[batch]), labels[batch])
        sgd.zero_grad()
        value.backward()
        sgd.step()
        look(step)


@torch.inference_mode()
def logits(model: nn.Module, images: Tensor) -> Tensor:
    return torch.cat([model(part) for part in images.split(500)])


class Lessons:
    """Digits and starting networks by seed; every loss gets a copy of the same one."""

    def __init__(self, digits: data.DigitData):
        self.digits, self.starts = digits, {}

    def split(self, seed: int) -> tuple[Tensor, ...]:
        images, labels = self.digits.train.tensors
        drawn = torch.Generator().manual_seed(seed)
        chosen = torch.randperm(len(labels), generator=drawn)
        mine, held = chosen[:DIGITS], chosen[DIGITS : DIGITS + HELD]
        return images[mine], labels[mine], images[held], labels[held]

    def start(self, kind: str, seed: int) -> nn.Module:
        if (kind, seed) not in self.starts:
            torch.manual_seed(seed)
            model = ModernLeNet5(activation="relu", pool="max")
            if kind == "wrong":
                images, labels, *_ = self.split(seed)
                train(model, images, (labels + 1) % 10, cross_entropy, 0.1)
            self.starts[kind, seed] = model
        return copy.deepcopy(self.starts[kind, seed])

    def run(self, loss: str, start: str, seed: int, rate: float) -> dict:
        images, labels, held, truth = self.split(seed)
        model = self.start(start, seed)
        if seed:
            held, truth = (part[::4] for part in self.digits.test.tensors)
        found = {}

        def look(step: int) -> None:
            if step in (LOOKS if seed else LOOKS[-1:]):
                z = logits(model, held)
                p = z.softmax(1)
                share = p[torch.arange(len(truth)), truth].mean()
                found[step] = {
                    "accuracy": (z.argmax(1) == truth).double().mean().item(),
                    "sure": p.amax(1).mean().nan_to_num().item(),
                    "true": share.nan_to_num().item(),
                }

        torch.manual_seed(1000 + seed)  # the same batches for all losses
        begin = time.process_time()
        train(model, images, labels, LOSSES[loss], rate, look)
        rows = [{"step": step} | values for step, values in found.items()]
        seconds = round(time.process_time() - begin, 1)
        return {"accuracy": rows[-1]["accuracy"], "looks": rows, "seconds": seconds}


def jobs(runs: records.Runs):
    for start, loss, rate in itertools.product(STARTS, LOSSES, RATES):
        yield dict(loss=loss, start=start, seed=0, rate=rate)
    for seed, start, loss in itertools.product(SEEDS, STARTS, LOSSES):
        tried = runs.where(loss=loss, start=start, seed=0)
        best = max(tried, key=lambda row: row["accuracy"])
        yield dict(loss=loss, start=start, seed=seed, rate=best["rate"])
    for rate, seed, loss in itertools.product(EQUAL, SEEDS, list(LOSSES)[:2]):
        yield dict(loss=loss, start="wrong", seed=seed, rate=rate)


def main() -> None:
    minutes = records.parser(__doc__).parse_args().minutes
    torch.set_num_threads(1)
    lessons = Lessons(data.load("mnist"))
    settings = {"digits": DIGITS, "steps": STEPS, "batch_size": BATCH}
    runs = records.Runs("losses", ("loss", "start", "seed", "rate"), **settings)
    runs.finish(jobs(runs), lessons.run, minutes)


if __name__ == "__main__":
    main()
