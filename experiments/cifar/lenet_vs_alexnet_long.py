"""LeNet-5 and AlexNet's eighth on all of CIFAR-10, one start, until the curves flatten.

    python -m experiments.cifar.lenet_vs_alexnet_long  # resumes where it stopped
    python -m experiments.cifar.lenet_vs_alexnet_long --minutes 5  # starts no run later

The long side of ``lenet_vs_alexnet.py``: 45,000 training images, eight times, batches
of 64. All networks but one start as ``recipe.one_start`` says, with He's weights and no
biases; "lenet-torch" keeps PyTorch's start, so that the start is a step of its own.

- choice: every network gets the peak rate that validates best after two passes, on
  5,000 images, by a seed that is none of the five; rates a factor of about three apart,
  until the best has a worse one on either side
- run: five seeds at that rate
- beside: seed 0 at the second-best rate, to see what the choice moves
- twice: as "run", but sixteen passes, to see how flat the curves had become

The test images are scored once a run, at the end, and choose nothing.
"""

from collections.abc import Iterator
from functools import partial

from experiments.cifar import recipe
from experiments.cifar.lenet_vs_alexnet import BARE, EIGHTH, MOVED, with_dropout
from experiments.records import Runs, parser
from lenet_helpers.models import ModernLeNet5
from lenet_helpers.models.descendants import Descendant

IMAGES, BATCH, CHOICE_SEEDS = 45_000, 64, (100,)
PASSES = {"choice": 2, "run": 8, "beside": 8, "twice": 16}
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


def rates(runs: Runs, name: str) -> list[float]:
    """Those that a network has tried, best first."""
    trials = runs.where(network=name, kind="choice")
    return recipe.ranked_rates(trials, CHOICE_SEEDS)


def jobs(runs: Runs) -> Iterator[dict]:
    """All runs, a rate as soon as the trials before it have been made."""
    names = list(NETWORKS)
    for part in (names[:FIRST], names[FIRST:]):
        for name in part:
            choice = {"network": name, "kind": "choice"}
            while trial := recipe.next_trial(runs.where(**choice), CHOICE_SEEDS):
                yield choice | trial
            yield from five(runs, name, "run")
        for name in part:
            lr = rates(runs, name)[1]
            yield {"network": name, "kind": "beside", "lr": lr, "seed": 0}
    for name in TWICE:
        yield from five(runs, name, "twice")


def five(runs: Runs, name: str, kind: str) -> Iterator[dict]:
    lr = rates(runs, name)[0]
    for seed in recipe.SEEDS:
        yield {"network": name, "kind": kind, "lr": lr, "seed": seed}


def run(images, network: str, kind: str, lr: float, seed: int) -> dict:
    make, other = NETWORKS[network]
    train_set, held = recipe.subset(images.train, IMAGES)
    settings = {"epochs": PASSES[kind], "batch_size": BATCH, "lr": lr, "seed": seed}
    return recipe.measure(make, train_set, held, images.test, **settings, **other)


def main() -> None:
    minutes = parser(__doc__).parse_args().minutes
    images = recipe.load()
    settings = {"images": IMAGES, "validation": recipe.HELD, "passes": PASSES}
    settings |= {"choice_seeds": CHOICE_SEEDS, "batch_size": BATCH}
    settings |= {"data": images.source}
    keys = "network", "kind", "lr", "seed"
    runs = Runs("lenet-vs-alexnet-long", keys, **settings)
    runs.finish(jobs(runs), partial(run, images), minutes)


if __name__ == "__main__":
    main()
