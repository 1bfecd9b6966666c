"""The choice of the race's recipe, on training digits that are held out."""

import statistics
from dataclasses import asdict, replace

from experiments import records
from experiments.speedrun.recipes import START, Recipe, train
from lenet_helpers import training

GOAL, HELD_OUT, SEEDS = 0.99, 10_000, 6
SMOOTH = Recipe(images=60_000, smoothing=0.1)
CANDIDATES = [
    START,
    replace(START, smoothing=0.1),
    *(Recipe(images=90_000, smoothing=share) for share in (0, 0.05, 0.1, 0.2)),
    *(Recipe(90_000, 128, 0.006, smoothing=share) for share in (0, 0.1)),
    replace(SMOOTH, images=75_000),
    replace(SMOOTH, images=75_000, smoothing=0.15),
    replace(SMOOTH, images=75_000, batch_size=128, lr=0.008),
    SMOOTH,
    replace(SMOOTH, lr=0.015),
    replace(SMOOTH, betas=(0.9, 0.99)),
    replace(SMOOTH, warmup=0.1),
    replace(SMOOTH, batch_size=128, lr=0.008),
    replace(SMOOTH, batch_size=128, lr=0.008, smoothing=0.2),
    replace(SMOOTH, batch_size=128, lr=0.008, average=0.25),
    replace(SMOOTH, batch_size=128, lr=0.005, betas=(0.9, 0.99)),
    replace(SMOOTH, batch_size=128, lr=0.008, images=50_000),
]


class Candidates(records.Runs):
    """The part "choose" of the race's record."""

    def unpack(self, record: dict) -> list[dict]:
        return record.get("choose", {}).get("candidates", [])

    def pack(self) -> dict:
        table = {"held_out": HELD_OUT, "candidates": self.rows}
        return {"choose": table | {"machine": records.machine()}}


def choose(kernel, train_set, args) -> None:
    """Candidates on held-out training digits, never the test set; each is saved."""
    kept, held = training.split(train_set, HELD_OUT, seed=123)
    images, labels = kept.tensors

    def score(**settings) -> dict:
        recipe = Recipe(**settings | {"betas": tuple(settings["betas"])})
        models = (
            train(kernel, images, labels, recipe, seed)[0] for seed in range(SEEDS)
        )
        scores = [training.evaluate(model, held).accuracy for model in models]
        return {"validation_accuracy": scores}

    jobs = [asdict(recipe) | {"betas": list(recipe.betas)} for recipe in CANDIDATES]
    Candidates("speedrun", jobs[0]).finish(jobs, score, args.minutes)


def chosen(candidates: list[dict]) -> dict:
    """Of those surely at the goal on held-out digits, the one that sees least images.

    Surely: the mean less its standard error. Of equals, the higher mean.
    """

    def mean(row):
        return statistics.mean(row["validation_accuracy"])

    def error(row):
        scores = row["validation_accuracy"]
        return statistics.stdev(scores) / len(scores) ** 0.5

    there = [row for row in candidates if mean(row) - error(row) >= GOAL]
    return min(there or candidates, key=lambda row: (row["images"], -mean(row)))
