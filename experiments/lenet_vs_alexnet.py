"""From LeNet-5 to AlexNet on CIFAR-10, one change at a time, and both on MNIST.

    python experiments/lenet_vs_alexnet.py             # resumes where it stopped
    python experiments/lenet_vs_alexnet.py --only lenet-relu

Two cores cannot train AlexNet at full width: the "AlexNet" here is ``AlexNetCifar``
with an eighth of the channels, and every run sees 10,000 training images for six
epochs. "more data" sees three times the images, each a third as often. ``cifar.py``
says how a run is trained and how its rate is chosen: once for each network.
"""

import argparse
from functools import partial

import cifar
from runs import Runs
from torch import nn

from lenet_helpers import data
from lenet_helpers.models import ModernLeNet5
from lenet_helpers.models.alexnet import AlexNetCifar
from lenet_helpers.models.descendants import Descendant

IMAGES, EPOCHS, MORE = 10_000, 6, 3
EIGHTH = partial(AlexNetCifar, width=1 / 8)


def with_dropout(in_channels: int = 3) -> nn.Module:
    """LeNet-5 with AlexNet's dropout: before each of the two dense layers."""
    model = ModernLeNet5(in_channels=in_channels)
    model.f6 = nn.Sequential(nn.Dropout(0.5), model.f6)
    model.output = nn.Sequential(nn.Dropout(0.5), model.output)
    return model


# name: network, what else differs, and the network whose rate it uses
VARIANTS = {
    "lenet": (ModernLeNet5, {}, "lenet"),
    "lenet-relu": (partial(ModernLeNet5, activation="relu"), {}, "lenet-relu"),
    "lenet-max": (partial(ModernLeNet5, pool="max"), {}, "lenet-max"),
    "lenet-augmented": (ModernLeNet5, {"augment": cifar.flip_and_shift}, "lenet"),
    "lenet-dropout": (with_dropout, {}, "lenet"),
    "lenet-more-data": (ModernLeNet5, {"more": MORE}, "lenet"),
    "lenet-relu-max": (Descendant, {}, "lenet-relu-max"),
    "lenet-wide": (partial(Descendant, widths=(24, 64)), {}, "lenet-wide"),
    "alexnet": (EIGHTH, {}, "alexnet"),
    "alexnet-tanh": (partial(EIGHTH, activation="tanh"), {}, "alexnet-tanh"),
    "alexnet-no-dropout": (partial(EIGHTH, dropout=0.0), {}, "alexnet"),
    "alexnet-augmented": (EIGHTH, {"augment": cifar.flip_and_shift}, "alexnet"),
    "alexnet-more-data": (EIGHTH, {"more": MORE}, "alexnet"),
}
ON_MNIST = ("lenet", "alexnet")


def run(images, runs: Runs, dataset: str, name: str, seed: int) -> dict:
    channels = images.train.tensors[0].shape[1]
    network, other, rate_of = VARIANTS[name]
    more, augment = other.get("more", 1), other.get("augment")
    train_set, held = cifar.subset(images.train, IMAGES)
    chosen_for = partial(VARIANTS[rate_of][0], in_channels=channels)
    lr = cifar.rate_for(
        runs, f"{dataset}/{rate_of}", chosen_for, train_set, held, epochs=EPOCHS
    )
    if more > 1:
        train_set, _ = cifar.subset(images.train, more * IMAGES)
    settings = {"epochs": EPOCHS // more, "lr": lr, "seed": seed, "augment": augment}
    make = partial(network, in_channels=channels)
    row = cifar.measure(make, train_set, held, images.test, **settings)
    return {"dataset": dataset, "variant": name, "seed": seed, **row}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=VARIANTS, nargs="*", default=list(VARIANTS))
    parser.add_argument("--seeds", type=int, nargs="*", default=range(5))
    parser.add_argument("--dataset", choices=("cifar10", "mnist"), default="cifar10")
    args = parser.parse_args()
    images = cifar.load() if args.dataset == "cifar10" else data.load("mnist")
    runs = Runs("lenet-vs-alexnet", images=IMAGES, epochs_each=EPOCHS)
    for seed in args.seeds:
        for name in args.only:
            if args.dataset == "mnist" and name not in ON_MNIST:
                continue
            key = {"dataset": args.dataset, "variant": name, "seed": seed}
            if key not in runs:
                runs.add(run(images, runs, args.dataset, name, seed))


if __name__ == "__main__":
    main()
