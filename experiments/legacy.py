"""What each later idea adds to LeNet-5 on CIFAR-10, at equal parameters.

    python experiments/legacy.py              # needs CIFAR-10; resumes where it stopped
    python experiments/legacy.py --only norm  # one network

See ``NETWORKS`` for what is compared and ``cifar.py`` for how it is trained.
"""

import argparse
import time
from functools import partial

import cifar
from runs import Runs

from lenet_helpers import shapes, training
from lenet_helpers.models import ModernLeNet5
from lenet_helpers.models.descendants import Descendant

IMAGES, EPOCHS = 10_000, 6
DEEP = {"widths": (12, 24), "stacked": True, "head": "average", "blocks": 4}
# Every one has between 61,700 and 62,900 parameters; each row says what it changes.
NETWORKS = {
    "lenet": partial(ModernLeNet5, in_channels=3),
    "relu-max": Descendant,
    "stacked": partial(Descendant, stacked=True),
    "norm": partial(Descendant, norm=True),
    "average": partial(Descendant, head="average", widths=(24, 98)),
    "deep-plain": partial(Descendant, **DEEP, skip=False),
    "deep-shortcut": partial(Descendant, **DEEP, skip=True),
    "deep-shortcut-norm": partial(Descendant, **DEEP, skip=True, norm=True),
}


def run(images, runs: Runs, name: str, seed: int) -> dict:
    train_set, held = cifar.subset(images.train, IMAGES)
    make = NETWORKS[name]
    lr = cifar.rate_for(runs, name, make, train_set, held, epochs=EPOCHS)
    start = time.perf_counter()
    model, history = cifar.train(make, train_set, held, epochs=EPOCHS, lr=lr, seed=seed)
    seconds = time.perf_counter() - start
    rows = shapes.trace(model.eval(), (3, 32, 32))
    return {
        "network": name,
        "seed": seed,
        "lr": lr,
        "params": sum(p.numel() for p in model.parameters()),
        "macs": sum(row.macs for row in rows),
        "test_accuracy": training.evaluate(model, images.test).accuracy,
        "seconds": round(seconds, 1),
        "epochs": cifar.rounded(history),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=NETWORKS, nargs="*", default=list(NETWORKS))
    parser.add_argument("--seeds", type=int, nargs="*", default=range(5))
    args = parser.parse_args()
    images = cifar.load()
    settings = {"images": IMAGES, "epochs_each": EPOCHS, "batch_size": cifar.BATCH}
    runs = Runs("legacy", data=images.source, **settings)
    for seed in args.seeds:
        for name in args.only:
            if {"network": name, "seed": seed} not in runs:
                runs.add(run(images, runs, name, seed))


if __name__ == "__main__":
    main()
