"""Where the recipe of 1998 is silent or fails: each reading on held-out digits.

    pip install numba
    python -m experiments.originals.readings  # needs MNIST; goes on where it stopped

Trains on 50,000 of the training images and scores the other 10,000; never the test
set. A reading changes one thing of the printed recipe (sum of squares, eq. 8,
weights from U(-2.4 / F, 2.4 / F), mu 0.02, the sum over a shared weight's uses) or of
the one that trains (the same with the mean of squares). ``rates`` are the smallest
and the largest of the first pass; the paper reports 7e-5 and 0.016 for its own.
"""

import numpy as np
import torch

from experiments import records
from experiments.originals.kernels import Weights
from experiments.originals.sdlm import ETAS, SAMPLES, Trainer, read
from lenet_helpers.models.original import init_fan_in

NAME, HELD = "original-readings", 10_000
DEFAULTS = {
    "j": None,
    "penalty": "sum",
    "scale": 2.4,  # weights start in U(-scale / F**power, scale / F**power)
    "power": 1.0,
    "shared": "sum",  # or the mean: over the uses of a shared weight
    "estimates": 1,  # of the curvature in a pass
    "unit_input": False,  # pixels of mean 0 and variance 1
    "passes": 2,
    "seed": 0,
}
MEAN = {"penalty": "mean", "passes": 5}
READINGS = {
    "as printed": {},
    "as printed, another seed": {"seed": 1},
    "curvature averaged over shared uses": {"shared": "mean"},
    "curvature estimated 50 times a pass": {"estimates": 50},
    "input of mean 0 and variance 1": {"unit_input": True},
    "start 1 / sqrt(F)": {"scale": 1.0, "power": 0.5},
    "start 2.4 / sqrt(F)": {"power": 0.5},
    "mean of squares": MEAN,
    "mean, eq. 9, j = 0.2": {**MEAN, "j": 0.2},
    "mean, eq. 9, j = 1": {**MEAN, "j": 1.0},
    "mean, eq. 9, j = 5": {**MEAN, "j": 5.0},
    "mean, eq. 9, j = 1, start 2.4 / sqrt(F)": {**MEAN, "j": 1.0, "power": 0.5},
    "mean, eq. 9, j = 1, input of variance 1": {**MEAN, "j": 1.0, "unit_input": True},
}
USES = {"c1": 28**2, "s2": 14**2, "c3": 10**2, "s4": 5**2}  # of each shared weight


def curvature(trainer: Trainer, images, labels, shared: str) -> Weights:
    h = trainer.curvature(images, labels)
    if shared == "sum":
        return h
    uses = [USES.get(name.removesuffix("_bias"), 1) for name in h._fields]
    return Weights(*(a / n for a, n in zip(h, uses, strict=True)))


def run(arrays: tuple, options: dict) -> dict:
    """Held-out error in percent after each pass, and the rates of the first."""
    o = {**DEFAULTS, **options}
    (images, labels), (held, truth) = arrays
    if o["unit_input"]:
        mean, std = images.mean(), images.std()
        images, held = (images - mean) / std, (held - mean) / std
    trainer = Trainer(o["seed"], o["j"], penalty=o["penalty"])
    torch.manual_seed(o["seed"])
    init_fan_in(trainer.model, o["scale"], o["power"])
    order = np.random.default_rng(o["seed"]).permutation(len(labels))
    errors, range_ = [], None
    for number in range(o["passes"]):
        draw = np.random.default_rng([o["seed"], number])
        for part in np.array_split(order, o["estimates"]):
            sample = draw.choice(len(labels), SAMPLES, replace=False)
            h = curvature(trainer, images[sample], labels[sample], o["shared"])
            rates = Weights(*(ETAS[number] / (0.02 + a) for a in h))
            if range_ is None:
                range_ = [
                    float(min(map(np.min, rates))),
                    float(max(map(np.max, rates))),
                ]
            trainer.train(images, labels, part, Weights(*(-r for r in rates)))
        errors.append(trainer.score(held, truth)["error"])
    return {**o, "rates": range_, "errors": errors}


class Runs(records.Runs):
    """In the record, the runs stand by the names of their readings."""

    def unpack(self, record: dict) -> list[dict]:
        runs = record.get("runs", {})
        return [{"reading": name, **row} for name, row in runs.items()]

    def pack(self) -> dict:
        rows = [dict(row) for row in self.rows]
        return {"runs": {row.pop("reading"): row for row in rows}}


def main() -> None:
    minutes = records.parser(__doc__).parse_args().minutes
    torch.set_num_threads(1)
    arrays = read(HELD)
    runs = Runs(NAME, ["reading"], rates_published=[7e-5, 0.016])
    runs.finish(
        ({"reading": name} for name in READINGS),
        lambda reading: run(arrays, READINGS[reading]),
        minutes,
    )


if __name__ == "__main__":
    main()
