"""From LeNet-5 to AlexNet on CIFAR-10, one change at a time, and both on MNIST.

    python -m experiments.cifar.lenet_vs_alexnet  # resumes where it stopped
    python -m experiments.cifar.lenet_vs_alexnet --minutes 1.5  # starts no run later

Two cores cannot train AlexNet at full width on all images: the "AlexNet" here is
``AlexNetCifar`` with an eighth of the channels, and every run takes the same steps of
64 images: 4,000 training images four times, or, for "more data", 16,000 once. "Longer"
takes twice as many, about the time that the wider network needs; "long" five times as
many, 4,000 images twenty times, enough to know them by heart.

All start as ``recipe.one_start`` says, with He's weights and no biases. Each LeNet has
also run with PyTorch's start, as "...-torch", so that the start is a step of its own.

``recipe.py`` says how they train and how each network gets its rate; a network and the
same one with moved pictures, more data or more steps have the same. What these networks
are worth when they train to the end: ``lenet_vs_alexnet_long.py``.
"""

from collections.abc import Iterator
from functools import cache, partial

from torch import nn
from torch.utils.data import TensorDataset

from experiments.cifar import recipe
from experiments.records import Runs, parser
from lenet_helpers import data
from lenet_helpers.models import ModernLeNet5
from lenet_helpers.models.alexnet import AlexNetCifar
from lenet_helpers.models.descendants import Descendant

IMAGES, EPOCHS, MORE, HELD, BATCH = 4_000, 4, 4, 1_000, 64
LONG = 5
LONGER = 2  # LeNet's steps take about half the time of those of AlexNet's eighth
EIGHTH = partial(AlexNetCifar, width=1 / 8)
BARE = partial(EIGHTH, dropout=0.0)
SLIM = partial(AlexNetCifar, width=0.041, dropout=0.0)  # 60,966 parameters
MOVED, PATIENT = {"augment": recipe.flip_and_shift}, {"longer": LONG}


def with_dropout(in_channels: int = 3) -> nn.Module:
    """LeNet-5 (ReLU, max pooling) with dropout on what C5 and F6 give."""
    model = ModernLeNet5(in_channels=in_channels, activation="relu", pool="max")
    model.f6 = nn.Sequential(nn.Dropout(0.5), model.f6)
    model.output = nn.Sequential(nn.Dropout(0.5), model.output)
    return model


# name: network, what else differs, and the network whose rate it uses
LENETS = {
    "lenet": (ModernLeNet5, {}, "lenet"),
    "lenet-relu": (partial(ModernLeNet5, activation="relu"), {}, "lenet-relu"),
    "lenet-relu-max": (Descendant, {}, "lenet-relu-max"),
    "lenet-stacked": (partial(Descendant, stacked=True), {}, "lenet-stacked"),
    "lenet-dropout": (with_dropout, {}, "lenet-dropout"),
    "lenet-augmented": (Descendant, MOVED, "lenet-relu-max"),
    "lenet-more-data": (Descendant, {"more": MORE}, "lenet-relu-max"),
    "lenet-longer": (Descendant, {"longer": LONGER}, "lenet-relu-max"),
}
ALEXNETS = {
    "slim": (SLIM, {}, "slim"),
    "slim-tanh": (
        partial(recipe.one_start, SLIM, activation="tanh"),
        {},
        "slim-tanh",
    ),
    "alexnet-bare": (BARE, {}, "alexnet-bare"),
    "alexnet": (EIGHTH, {}, "alexnet"),
    "alexnet-augmented": (BARE, MOVED, "alexnet-bare"),
    "alexnet-more-data": (BARE, {"more": MORE}, "alexnet-bare"),
}
VARIANTS = {
    **{
        name: (partial(recipe.one_start, network), other, owner)
        for name, (network, other, owner) in LENETS.items()
    },
    **{
        f"{name}-torch": (network, other, f"{owner}-torch")
        for name, (network, other, owner) in LENETS.items()
    },
    **ALEXNETS,
}
VARIANTS |= {  # five times the steps, at the rate of the short run
    f"{name}-long": (VARIANTS[name][0], VARIANTS[name][1] | PATIENT, VARIANTS[name][2])
    for name in (
        "lenet-relu-max",
        "lenet-augmented",
        "alexnet-bare",
        "alexnet-augmented",
        "alexnet",
        "lenet-dropout",
    )
}
BOTH = ("lenet", "alexnet")
PLAN = (  # what matters most comes first
    ("cifar10", BOTH),
    ("cifar10", ("lenet-relu-max", "alexnet-bare")),
    ("mnist", BOTH),
    ("cifar10", ("lenet-relu", "slim")),
    ("cifar10", ("lenet-augmented", "lenet-more-data", "alexnet-more-data")),
    ("cifar10", ("lenet-stacked", "lenet-dropout", "lenet-longer")),
    ("cifar10", ("alexnet-augmented", "slim-tanh")),
    ("cifar10", tuple(name for name in VARIANTS if name.endswith(("-torch", "-long")))),
    ("mnist", ("lenet-torch",)),
)


@cache
def parts(images, more: int = 1) -> tuple[TensorDataset, TensorDataset]:
    """What to train on and what to validate on; ``more`` data begin with the few."""
    train_set, held = recipe.subset(images.train, more * IMAGES)
    return train_set, TensorDataset(*[t[:HELD] for t in held.tensors])


def next_run(runs: Runs, dataset: str, name: str) -> dict | None:
    """What is missing: a seed at the network's rate, or at one beside it."""
    key = {"dataset": dataset, "variant": name}
    owner = VARIANTS[name][2]
    if name == owner:
        trial = recipe.next_trial(runs.where(**key))
        return trial and key | trial
    lr = recipe.best_rate(runs.where(dataset=dataset, variant=owner))
    if lr is None:
        raise SystemExit(f"{name} takes the rate of {owner}: run that first")
    for seed in recipe.SEEDS:
        job = key | {"lr": lr, "seed": seed}
        if job not in runs:
            return job
    return None


@cache
def pictures(dataset: str):
    """CIFAR-10 or MNIST; the real one."""
    return recipe.load() if dataset == "cifar10" else data.load(dataset)


def run(dataset: str, variant: str, lr: float, seed: int) -> dict:
    images = pictures(dataset)
    network, other, _ = VARIANTS[variant]
    more = other.get("more", 1)
    train_set, held = parts(images, more)
    settings = {"epochs": EPOCHS * other.get("longer", 1) // more, "lr": lr}
    settings |= {"batch_size": BATCH, "augment": other.get("augment"), "seed": seed}
    channels = images.train.tensors[0].shape[1]
    make = partial(network, in_channels=channels)
    return recipe.measure(make, train_set, held, images.test, **settings)


def jobs(runs: Runs, only) -> Iterator[dict]:
    """The runs that are missing, the two networks first; it looks at those made."""
    for dataset, names in PLAN:
        for name in names:
            while name in only and (job := next_run(runs, dataset, name)):
                yield job


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--only", choices=VARIANTS, nargs="*", default=list(VARIANTS))
    args = options.parse_args()
    settings = {"images": IMAGES, "epochs_each": EPOCHS, "more": MORE}
    settings |= {"validation": HELD, "batch_size": BATCH}
    keys = "dataset", "variant", "lr", "seed"
    runs = Runs("lenet-vs-alexnet", keys, **settings)
    runs.finish(jobs(runs, args.only), run, args.minutes)


if __name__ == "__main__":
    main()
