"""What are affine maps and elastic distortions worth, on 3,000 digits and on 60,000?

    python -m experiments.layers.warps  # needs MNIST; resumes where it stopped

The network, its digits, rate and 600 steps are those of `data_size`, whose runs at
equal steps are the plain ones here; only what is done to a batch differs. Affine maps
are those of chapter 9. On 3,000 digits seed 0 tries four elastic distortions and scores
them on 5,000 training digits that nobody trains on; five seeds run the best, alone and
before the affine map, and on 60,000 digits both together.
"""

import itertools

import torch

from experiments import records
from experiments.layers import data_size
from lenet_helpers import data
from lenet_helpers.augment import ElasticDistortion, RandomAffine

FEW, ALL, HELD = 3_000, 60_000, 5_000
GRID = tuple(itertools.product((1.0, 2.0), (3.0, 5.0)))  # pixels, sigma


def warp(kind: str, pixels: float, sigma: float):
    if kind == "affine":
        return RandomAffine()
    elastic, affine = ElasticDistortion(pixels, sigma), RandomAffine()
    return elastic if kind == "elastic" else lambda x: affine(elastic(x))


def run(digits: data.DigitData, key: dict) -> dict:
    images, labels = data_size.drawn(digits, ALL, key["seed"])
    few = key["digits"]
    augment = warp(key["kind"], key["pixels"], key["sigma"])
    model = data_size.train(
        images[:few], labels[:few], key["seed"], data_size.STEPS, augment
    )
    x, y = (images[-HELD:], labels[-HELD:]) if key["choice"] else digits.test.tensors
    right = data_size.logits(model, x).argmax(1) == y
    return {"error": 100 - 100 * right.double().mean().item()}


def jobs(runs: records.Runs):
    """Four strengths for seed 0; five seeds at the best; then all digits."""
    for pixels, sigma in GRID:
        at = dict(kind="elastic", pixels=pixels, sigma=sigma)
        yield dict(digits=FEW, **at, seed=0, choice=True)
    best = min(runs.where(choice=True), key=lambda row: row["error"])
    strength = {"pixels": best["pixels"], "sigma": best["sigma"]}
    plain = {"pixels": 0.0, "sigma": 0.0}
    for seed in range(data_size.SEEDS):
        for kind in ("affine", "elastic", "both"):
            at = plain if kind == "affine" else strength
            yield dict(digits=FEW, kind=kind, **at, seed=seed, choice=False)
    for seed in range(data_size.SEEDS):
        yield dict(digits=ALL, kind="both", **strength, seed=seed, choice=False)


def main() -> None:
    minutes = records.parser(__doc__).parse_args().minutes
    torch.set_num_threads(1)
    mnist = data.load("mnist")
    names = ("digits", "kind", "pixels", "sigma", "seed", "choice")
    runs = records.Runs("warps", names, steps=data_size.STEPS)
    runs.finish(jobs(runs), lambda **job: run(mnist, job), minutes)


if __name__ == "__main__":
    main()
