"""Local response normalisation and overlapping pooling, each measured alone.

    python experiments/alexnet_parts.py    # needs CIFAR-10; resumes where it stopped

The four-layer network with ReLU, 5,000 training images, 12 epochs of SGD with
momentum 0.9 in one cycle up to 0.03, batches of 64, five seeds; the test set is
scored once, with the last weights:

- overlapping: max pooling 3x3 with stride 2, no normalisation
- tiled: max pooling 2x2 with stride 2
- norm-as-printed: overlapping, and normalisation with the paper's constants
- norm-at-pixel-scale: the same with alpha times 62^2, since our inputs have standard
  deviation 1 and the paper's raw pixels one of about 62
"""

import alexnet_runs
import torch

from lenet_helpers.models.four_layer import FourLayerNet

EPOCHS, RATE = 12, 0.03
VARIANTS = {
    "overlapping": {},
    "tiled": {"pool": "tiled"},
    "norm-as-printed": {"norm": 1e-4},
    "norm-at-pixel-scale": {"norm": 1e-4 * 62**2},
}
JOBS = [(name, seed) for seed in range(5) for name in VARIANTS]


def run(images, variant: str, seed: int, runs: list[dict]) -> dict:
    x, y = (t[: alexnet_runs.IMAGES] for t in images.train.tensors)
    torch.manual_seed(seed)
    model = FourLayerNet(**VARIANTS[variant]).to(memory_format=torch.channels_last)
    x = x.contiguous(memory_format=torch.channels_last)
    sgd = torch.optim.SGD(model.parameters(), lr=RATE, momentum=0.9, fused=True)
    steps = EPOCHS * -(-len(y) // alexnet_runs.BATCH)
    cycle = torch.optim.lr_scheduler.OneCycleLR(sgd, RATE, total_steps=steps)
    for _ in range(EPOCHS):
        order = torch.randperm(len(y))
        alexnet_runs.epoch(model, sgd, x, y, order, schedule=cycle)
    return {
        "train_error": alexnet_runs.error(model, x, y),
        "test_error": alexnet_runs.error(model, *images.test.tensors),
    }


if __name__ == "__main__":
    about = {"images": alexnet_runs.IMAGES, "epochs": EPOCHS, "rate": RATE}
    alexnet_runs.main("alexnet-parts", about, JOBS, run)
