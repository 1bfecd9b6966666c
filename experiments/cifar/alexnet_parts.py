"""Response normalisation, overlapping pooling and groups, each measured alone.

    python -m experiments.cifar.alexnet_parts  # needs CIFAR-10; resumes

The four-layer network with ReLU, 2,500 training images, 6 epochs of SGD with momentum
0.9 in one cycle, batches of 64. Five seeds train each variant at every peak rate; its
rate is the one with the lowest mean error on 5,000 training images that it did not see.
5,000 test images are scored once a run, at the end:

- overlapping: max pooling 3x3 with stride 2, no normalisation
- tiled: max pooling 2x2 with stride 2
- norm-as-printed: overlapping, and normalisation with the paper's constants
- norm-at-pixel-scale: the same with alpha times 62^2, since our inputs have standard
  deviation 1 and the paper's raw pixels one of about 62
- two-groups: overlapping, the second and third convolution in two groups

    python -m experiments.cifar.alexnet_parts --groups  # needs no data; a quiet machine

times conv2, conv4 and conv5 of AlexNet instead, in two groups and in one, on one
thread. The two alternate, so that a slow spell of the machine hits both.
"""

import time

import torch
from torch import nn

from experiments import records
from experiments.cifar import alexnet_runs
from lenet_helpers.models.four_layer import FourLayerNet

EPOCHS, RATES = 6, [0.005, 0.01, 0.02, 0.04, 0.08, 0.16]
VARIANTS = {
    "overlapping": {},
    "tiled": {"pool": "tiled"},
    "norm-as-printed": {"norm": 1e-4},
    "norm-at-pixel-scale": {"norm": 1e-4 * 62**2},
    "two-groups": {"groups": 2},
}
JOBS = [
    (f"{name} {rate:g}", seed)
    for seed in range(5)
    for name in VARIANTS
    for rate in RATES
]


def run(images, variant: str, seed: int, runs: list[dict]) -> dict:
    name, rate = variant.split()
    rate = float(rate)
    (x, y), test = alexnet_runs.parts(images)
    torch.manual_seed(seed)
    model = FourLayerNet(**VARIANTS[name]).to(memory_format=torch.channels_last)
    sgd = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9, fused=True)
    steps = EPOCHS * -(-len(y) // alexnet_runs.BATCH)
    cycle = torch.optim.lr_scheduler.OneCycleLR(sgd, rate, total_steps=steps)
    for _ in range(EPOCHS):
        order = torch.randperm(len(y))
        alexnet_runs.epoch(model, sgd, x, y, order, schedule=cycle)
    unseen = [t[-alexnet_runs.TEST :] for t in images.train.tensors]
    return {
        "part": name,
        "rate": rate,
        "validation_error": alexnet_runs.error(model, *unseen),
        "train_error": alexnet_runs.error(model, x, y),
        "test_error": alexnet_runs.error(model, *test),
    }


GROUPED = {  # maps in and out, kernel, side
    "conv2": (96, 256, 5, 27),
    "conv4": (384, 384, 3, 13),
    "conv5": (384, 256, 3, 13),
}
GROUPS_BATCH, ROUNDS = 16, 15


def seconds(layer: nn.Module, x: torch.Tensor) -> tuple[float, float]:
    """One forward pass; one forward and backward pass."""
    start = time.perf_counter()
    with torch.inference_mode():
        layer(x)
    middle = time.perf_counter()
    layer(x).sum().backward()
    return middle - start, time.perf_counter() - middle


def time_groups() -> None:
    torch.set_num_threads(1)
    layers = {}
    for name, (inputs, outputs, kernel, side) in GROUPED.items():
        x = torch.randn(GROUPS_BATCH, inputs, side, side, requires_grad=True)
        ratios, params = [], {}
        pair = {
            groups: nn.Conv2d(
                inputs, outputs, kernel, padding=kernel // 2, groups=groups
            )
            for groups in (2, 1)
        }
        for groups, layer in pair.items():
            seconds(layer, x)  # the first call sets up
            params[groups] = sum(p.numel() for p in layer.parameters())
        for _ in range(ROUNDS):
            two, one = (seconds(layer, x) for layer in pair.values())
            ratios.append([a / b for a, b in zip(two, one, strict=True)])
        forward, step = (list(column) for column in zip(*ratios, strict=True))
        layers[name] = {
            "params": [params[2], params[1]],
            "macs": [side**2 * (params[g] - outputs) for g in (2, 1)],
            "forward": forward,
            "forward_and_backward": step,
        }
        print(name, sorted(forward)[ROUNDS // 2], sorted(step)[ROUNDS // 2])
    about = {"batch": GROUPS_BATCH, "rounds": ROUNDS}
    records.save("alexnet-groups", about | {"layers": layers})


def main() -> None:
    options = records.parser(__doc__)
    options.add_argument("--groups", action="store_true", help="time groups instead")
    args = options.parse_args()
    if args.groups:
        return time_groups()
    about = {"epochs": EPOCHS, "rates": RATES}
    alexnet_runs.measure("alexnet-parts", about, JOBS, run, args.minutes)


if __name__ == "__main__":
    main()
