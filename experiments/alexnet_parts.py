"""Local response normalisation and overlapping pooling, each measured alone.

    python experiments/alexnet_parts.py    # needs CIFAR-10; resumes where it stopped

The four-layer network with ReLU, 2,500 training images, 6 epochs of SGD with momentum
0.9 in one cycle, batches of 64. Each variant gets that peak rate out of three with
which one run of its own (seed 100) has the lowest error on 5,000 training images that
it did not see. Then five seeds train; 5,000 test images are scored once, at the end:

- overlapping: max pooling 3x3 with stride 2, no normalisation
- tiled: max pooling 2x2 with stride 2
- norm-as-printed: overlapping, and normalisation with the paper's constants
- norm-at-pixel-scale: the same with alpha times 62^2, since our inputs have standard
  deviation 1 and the paper's raw pixels one of about 62
"""

import alexnet_runs
import torch

from lenet_helpers.models.four_layer import FourLayerNet

EPOCHS, RATES, TUNING_SEED = 6, [0.02, 0.04, 0.08], 100
VARIANTS = {
    "overlapping": {},
    "tiled": {"pool": "tiled"},
    "norm-as-printed": {"norm": 1e-4},
    "norm-at-pixel-scale": {"norm": 1e-4 * 62**2},
}
TUNING = [(f"{name} {rate:g}", TUNING_SEED) for rate in RATES for name in VARIANTS]
JOBS = [(name, seed) for seed in range(5) for name in VARIANTS]


def run(images, variant: str, seed: int, runs: list[dict]) -> dict:
    name, *tuned = variant.split()
    rate = float(tuned[0]) if tuned else best_rate(runs, name)
    (x, y), test = alexnet_runs.parts(images)
    torch.manual_seed(seed)
    model = FourLayerNet(**VARIANTS[name]).to(memory_format=torch.channels_last)
    sgd = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9, fused=True)
    steps = EPOCHS * -(-len(y) // alexnet_runs.BATCH)
    cycle = torch.optim.lr_scheduler.OneCycleLR(sgd, rate, total_steps=steps)
    for _ in range(EPOCHS):
        order = torch.randperm(len(y))
        alexnet_runs.epoch(model, sgd, x, y, order, schedule=cycle)
    if tuned:
        unseen = [t[-alexnet_runs.TEST :] for t in images.train.tensors]
        return {"rate": rate, "validation_error": alexnet_runs.error(model, *unseen)}
    return {
        "rate": rate,
        "train_error": alexnet_runs.error(model, x, y),
        "test_error": alexnet_runs.error(model, *test),
    }


def best_rate(runs: list[dict], name: str) -> float:
    trials = [r for r in runs if r["variant"].startswith(f"{name} ")]
    return min(trials, key=lambda r: r["validation_error"])["rate"]


if __name__ == "__main__":
    about = {"epochs": EPOCHS, "rates": RATES}
    alexnet_runs.main("alexnet-parts", about, TUNING + JOBS, run)
