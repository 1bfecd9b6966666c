"""LeNet-5 and AlexNet's eighth on all of CIFAR-10, one start, until the curves flatten.

    python -m experiments.cifar.lenet_vs_alexnet_long  # resumes where it stopped
    python -m experiments.cifar.lenet_vs_alexnet_long --minutes 5  # starts no run later

The long side of ``lenet_vs_alexnet.py``: 45,000 training images, eight times, batches
of 64. All networks but one start as ``recipe.one_start`` says, with He's weights and no
biases; "lenet-torch" keeps PyTorch's start, so that the start is a step of its own.

First five seeds train each network at 0.003, the rate that the short runs chose for all
of those with ReLU. Then a seed that is none of the five chooses at this budget, by
5,000 validation images: rates a factor of about three apart, until the best has a worse
one on either side. Where that is another rate, five seeds train at it as well. Last,
three networks train for sixteen passes, to see how flat the curves had become.

The test images are scored once a run, at the end, and choose nothing.
"""

from collections.abc import Iterator
from functools import partial

from experiments.cifar import recipe
from experiments.cifar.lenet_vs_alexnet import BARE, EIGHTH, MOVED, with_dropout
from experiments.records import Runs, parser
from lenet_helpers.models import ModernLeNet5
from lenet_helpers.models.descendants import Descendant

IMAGES, PASSES, BATCH, CHOICE_SEEDS = 45_000, 8, 64, (100,)
LENET = partial(ModernLeNet5, in_channels=3)
RELU_MAX = partial(recipe.one_start, Descendant)
NETWORKS = {  # what matters most comes first: network, and what else differs
    "lenet-relu-max": (RELU_MAX, {}),
    "lenet-augmented": (RELU_MAX, MOVED),
    "alexnet-bare": (BARE, {}),
    "alexnet-augmented": (BARE, MOVED),
    "lenet": (partial(recipe.one_start, LENET), {}),
    "lenet-relu": (partial(recipe.one_start, LENET, activation="relu"), {}),
    "lenet-torch": (LENET, {}),
    "alexnet": (EIGHTH, {}),
    "alexnet-both": (EIGHTH, MOVED),
    "lenet-dropout": (partial(recipe.one_start, with_dropout), {}),
}
FIRST = 7  # networks that get their five seeds before anything else
TWICE = ("lenet-relu-max", "alexnet-bare", "alexnet-augmented")


def trials(runs: Runs, name: str) -> list[dict]:
    """The rows that choose a network's rate."""
    return [r for r in runs.where(network=name) if r["seed"] in CHOICE_SEEDS]


def five(name: str, lr: float, passes: int = PASSES) -> Iterator[dict]:
    for seed in recipe.SEEDS:
        yield {"network": name, "passes": passes, "lr": lr, "seed": seed}


def jobs(runs: Runs) -> Iterator[dict]:
    """All runs; it looks at those made."""
    names = list(NETWORKS)
    for part in (names[:FIRST], names[FIRST:]):
        for name in part:
            yield from five(name, recipe.FIRST_RATE)
        for name in part:
            while trial := recipe.next_trial(trials(runs, name), CHOICE_SEEDS):
                yield {"network": name, "passes": PASSES} | trial
            yield from five(name, recipe.best_rate(trials(runs, name), CHOICE_SEEDS))
    for name in TWICE:
        lr = recipe.best_rate(trials(runs, name), CHOICE_SEEDS)
        yield from five(name, lr, 2 * PASSES)


def run(images, network: str, passes: int, lr: float, seed: int) -> dict:
    make, other = NETWORKS[network]
    train_set, held = recipe.subset(images.train, IMAGES)
    settings = {"epochs": passes, "batch_size": BATCH, "lr": lr, "seed": seed}
    return recipe.measure(make, train_set, held, images.test, **settings, **other)


def main() -> None:
    minutes = parser(__doc__).parse_args().minutes
    images = recipe.load()
    settings = {"images": IMAGES, "validation": recipe.HELD, "passes_each": PASSES}
    settings |= {"first_rate": recipe.FIRST_RATE, "choice_seeds": CHOICE_SEEDS}
    settings |= {"batch_size": BATCH, "data": images.source}
    keys = "network", "passes", "lr", "seed"
    runs = Runs("lenet-vs-alexnet-long", keys, **settings)
    runs.finish(jobs(runs), partial(run, images), minutes)


if __name__ == "__main__":
    main()
