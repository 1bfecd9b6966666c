"""What each later idea adds to LeNet-5 on CIFAR-10, at equal parameters.

    python -m experiments.cifar.legacy  # needs CIFAR-10; resumes where it stopped
    python -m experiments.cifar.legacy --only norm norm-he  # two networks
    python -m experiments.cifar.legacy --minutes 2  # starts no run after two minutes

See ``NETWORKS`` for what is compared and ``recipe.py`` for how they train and how each
gets its rate. All start from torch's initial weights and some, as ``...-he``, from He's
as well, so that what a change gives can be told from what the start gives. A tenth of
the training images and three epochs: what one core does in half an hour.
"""

from collections.abc import Iterator
from functools import partial

from torch.utils.data import TensorDataset

from experiments import records
from experiments.cifar import recipe
from lenet_helpers.models import ModernLeNet5
from lenet_helpers.models.descendants import Descendant

IMAGES, HELD, EPOCHS, BATCH = 5_000, 1_000, 3, 64
DEEP = {"widths": (8, 35), "stacked": True, "head": "average", "blocks": 2}


# Every one has between 61,300 and 62,900 parameters; each row says what it changes.
NETWORKS = {
    "lenet": partial(ModernLeNet5, in_channels=3),
    "relu-max": Descendant,
    "stacked": partial(Descendant, stacked=True),
    "norm": partial(Descendant, norm=True),
    "average": partial(Descendant, head="average", widths=(24, 98)),
    "deep-plain": partial(Descendant, **DEEP, skip=False),
    "deep-shortcut": partial(Descendant, **DEEP, skip=True),
    "deep-plain-norm": partial(Descendant, **DEEP, skip=False, norm=True),
    "deep-shortcut-norm": partial(Descendant, **DEEP, skip=True, norm=True),
}
HE = "relu-max", "stacked", "deep-plain", "deep-shortcut", "deep-plain-norm"
NETWORKS |= {f"{name}-he": partial(recipe.one_start, NETWORKS[name]) for name in HE}


def run(images, network: str, lr: float, seed: int) -> dict:
    train_set, held = recipe.subset(images.train, IMAGES)
    held = TensorDataset(*[t[:HELD] for t in held.tensors])
    settings = {"epochs": EPOCHS, "batch_size": BATCH, "lr": lr, "seed": seed}
    return recipe.measure(NETWORKS[network], train_set, held, images.test, **settings)


def jobs(runs: records.Runs, only: list[str]) -> Iterator[dict]:
    """The runs that these networks lack; it looks at those made."""
    for name in only:
        while trial := recipe.next_trial(runs.where(network=name)):
            yield {"network": name, **trial}


def main() -> None:
    options = records.parser(__doc__)
    options.add_argument("--only", choices=NETWORKS, nargs="*", default=list(NETWORKS))
    args = options.parse_args()
    images = recipe.load()
    settings = {"images": IMAGES, "validation": HELD, "epochs_each": EPOCHS}
    settings |= {"batch_size": BATCH, "data": images.source}
    runs = records.Runs("legacy", ("network", "lr", "seed"), **settings)
    runs.finish(jobs(runs, args.only), partial(run, images), args.minutes)


if __name__ == "__main__":
    main()
