"""What are elastic distortions and affine maps worth, on 3,000 digits?

    python -m experiments.layers.warps  # needs MNIST; resumes where it stopped

The network, its digits, rate and 600 steps are those of `data_size`, whose runs at
equal steps are the plain ones here; only what is done to a batch differs. Affine maps
are those of chapter 9; the elastic field moves pixels by 1.5, smoothed over 4. Nothing
is chosen: one strength each, five seeds, scored on the 10,000 test digits.
"""

import torch

from experiments import records
from experiments.layers import data_size
from lenet_helpers import data
from lenet_helpers.augment import ElasticDistortion, RandomAffine

DIGITS = 3_000
WARPS = {"elastic": ElasticDistortion(1.5, 4.0), "affine": RandomAffine()}


def run(digits: data.DigitData, kind: str, seed: int) -> dict:
    images, labels = data_size.drawn(digits, DIGITS, seed)
    model = data_size.train(images, labels, seed, data_size.STEPS, WARPS[kind])
    x, y = digits.test.tensors
    right = data_size.logits(model, x).argmax(1) == y
    return {"error": 100 - 100 * right.double().mean().item()}


def main() -> None:
    minutes = records.parser(__doc__).parse_args().minutes
    torch.set_num_threads(1)
    mnist = data.load("mnist")
    settings = {"digits": DIGITS, "steps": data_size.STEPS}
    runs = records.Runs("warps", ("kind", "seed"), **settings)
    jobs = [
        dict(kind=kind, seed=seed) for kind in WARPS for seed in range(data_size.SEEDS)
    ]
    runs.finish(jobs, lambda kind, seed: run(mnist, kind, seed), minutes)


if __name__ == "__main__":
    main()
