"""Equation 7 prints the sum of 84 squares; is their mean a better penalty to train on?

    pip install numba
    python -m experiments.originals.sum_or_mean  # needs MNIST; goes on where it stopped

LeNet-5 of 1998 learns from penalties that are sums or means, by equation 8 and by 9
(``j`` lies at the same distance for both: 1 for the mean, 84 for the sum). All get the
same: start, 20,000 training digits in one order, one a step, mu 0.02, a rate that falls
in a straight line to zero (see ``bridge.py``), and the same seven peak rates, a factor
of three apart. The rate of a reading is the one with the lowest error on 5,000 other
training digits, mean of two seeds. Five other seeds then train at it and at the
printed rate, and are scored on the test set, which chooses nothing.

About five minutes on one core.
"""

import itertools
from collections.abc import Iterator
from functools import partial
from statistics import mean

import torch

from experiments import records
from experiments.originals import bridge

PRINTED = 5e-4
ETAS = [PRINTED * 3.0**power for power in range(2, -5, -1)]
CHOOSING, SEEDS, PASSES, UNITS, NEAR = (5, 6), range(5), 1, 84, 1.0


def run(arrays: tuple, criterion: str, penalty: str, eta: float, seed: int) -> dict:
    """Train once; errors in percent on the held-out and on the test digits."""
    from experiments.originals.sdlm import Trainer

    (images, labels), *scored = arrays
    j = NEAR * (UNITS if penalty == "sum" else 1) if criterion == "eq9" else None
    trainer = Trainer(seed, j, penalty=penalty)
    order = bridge.orders(seed, len(labels))[:PASSES]
    bridge.train_online(trainer, seed, images, labels, eta, order)
    held, test = (
        trainer.score(x.flatten(1).numpy(), y.numpy())["error"] for x, y in scored
    )
    return {"held_error": held, "test_error": test}


def best_rate(rows: list[dict]) -> float:
    """The rate with the lowest held-out error, mean of the seeds that choose."""
    errors: dict[float, list[float]] = {}
    for row in rows:
        if row["seed"] in CHOOSING:
            errors.setdefault(row["eta"], []).append(row["held_error"])
    return min(errors, key=lambda eta: mean(errors[eta]))


def jobs(runs: records.Runs) -> Iterator[dict]:
    """For each reading all rates, then the seeds at the best and the printed one."""
    for criterion, penalty in itertools.product(("eq8", "eq9"), ("sum", "mean")):
        reading = {"criterion": criterion, "penalty": penalty}
        for eta, seed in itertools.product(ETAS, CHOOSING):
            yield reading | {"eta": eta, "seed": seed}
        own = best_rate(runs.where(**reading))
        for eta, seed in itertools.product(dict.fromkeys((own, PRINTED)), SEEDS):
            yield reading | {"eta": eta, "seed": seed}


def main() -> None:
    minutes = records.parser(__doc__).parse_args().minutes
    torch.set_num_threads(1)
    settings = {"images": bridge.IMAGES, "held": bridge.HELD, "passes": PASSES}
    settings |= {"mu": bridge.MU, "choosing": CHOOSING, "printed": PRINTED}
    keys = ("criterion", "penalty", "eta", "seed")
    runs = records.Runs("sum-or-mean", keys, **settings)
    runs.finish(jobs(runs), partial(run, bridge.read()), minutes)


if __name__ == "__main__":
    main()
