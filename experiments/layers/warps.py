"""What are affine maps and elastic distortions worth, on 3,000 digits and on 60,000?

    python -m experiments.layers.warps  # needs MNIST; resumes where it stopped

The network, its digits and its 1,200 steps are those of `data_size`, whose runs at
equal steps are the plain ones here; only what is done to a batch differs. Affine maps
are those of chapter 9. On 3,000 digits seed 0 tries four elastic distortions and scores
them on 5,000 training digits that nobody trains on; five seeds run the best, alone and
before the affine map, and on 60,000 digits both together. The peak of the rate is that
of the plain runs, chosen for them and not for the distorted ones.
"""

import itertools

import torch

from experiments import records
from experiments.layers import data_size
from lenet_helpers import data
from lenet_helpers.augment import ElasticDistortion, RandomAffine

FEW, ALL = 3_000, 60_000
GRID = tuple(itertools.product((1.0, 2.0), (3.0, 5.0)))  # pixels, sigma


def warp(kind: str, pixels: float, sigma: float):
    elastic = ElasticDistortion(pixels, sigma) if pixels else None
    affine = RandomAffine()
    return {
        "affine": affine,
        "elastic": elastic,
        "both": lambda x: affine(elastic(x)),
    }[kind]


def run(digits: data.DigitData, key: dict) -> dict:
    images, labels = data_size.drawn(digits, 60_000, key["seed"])
    few, rate = key["digits"], key["rate"]
    augment = warp(key["kind"], key["pixels"], key["sigma"])
    model = data_size.train(
        images[:few], labels[:few], key["seed"], data_size.STEPS, rate, augment
    )
    if key["choice"]:
        x, y = images[-data_size.HELD :], labels[-data_size.HELD :]
        right = data_size.logits(model, x).argmax(1) == y
        return {"held_accuracy": right.double().mean().item()}
    x, y = digits.test.tensors
    right = data_size.logits(model, x).argmax(1) == y
    return {"error": 100 - 100 * right.double().mean().item()}


def jobs(runs: records.Runs, rates: dict[int, float]):
    key = dict(digits=FEW, rate=rates[FEW])
    for pixels, sigma in GRID:
        at = dict(kind="elastic", pixels=pixels, sigma=sigma)
        yield dict(key, **at, seed=0, choice=True)
    best = max(runs.where(choice=True), key=lambda row: row["held_accuracy"])
    strength = {"pixels": best["pixels"], "sigma": best["sigma"]}
    plain = {"pixels": 0.0, "sigma": 0.0}
    for seed in range(data_size.SEEDS):
        for kind in ("affine", "elastic", "both"):
            at = plain if kind == "affine" else strength
            yield dict(key, kind=kind, **at, seed=seed, choice=False)
        all_of_them = dict(digits=ALL, rate=rates[ALL], seed=seed, choice=False)
        yield dict(all_of_them, kind="both", **strength)


def main() -> None:
    minutes = records.parser(__doc__).parse_args().minutes
    torch.set_num_threads(1)
    plain = records.Runs("data-size", ())
    rates = {size: data_size.best(plain, size) for size in (FEW, ALL)}
    mnist = data.load("mnist")
    names = ("digits", "kind", "pixels", "sigma", "seed", "rate", "choice")
    runs = records.Runs("warps", names, steps=data_size.STEPS)
    runs.finish(jobs(runs, rates), lambda **job: run(mnist, job), minutes)


if __name__ == "__main__":
    main()
