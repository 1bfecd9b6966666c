"""Random crops and flips in training, ten crops at test, on CIFAR-10.

    python -m experiments.cifar.alexnet_crops  # needs CIFAR-10; resumes

The four-layer network on 28x28 pixels of the 32x32, 2,500 training images, 12 epochs
of SGD with momentum 0.9 in one cycle up to 0.03, batches of 64, five seeds:

- centre: trained on the middle 28x28 only
- crops: trained on a random place out of 5x5 and a random flip

Both are scored on 5,000 test images by the middle alone and by the mean probability
over the four corners, the middle and their mirror images.
"""

import torch
from torch import Tensor

from experiments import records
from experiments.cifar import alexnet_runs
from lenet_helpers.augment import random_crop_flip, ten_crops
from lenet_helpers.models.four_layer import FourLayerNet

EPOCHS, RATE, SIDE = 12, 0.03, 28
JOBS = [(name, seed) for seed in range(5) for name in ("centre", "crops")]


def middle(images: Tensor) -> Tensor:
    return images[:, :, 2:30, 2:30]


def run(images, variant: str, seed: int, runs: list[dict]) -> dict:
    (x, y), (test, labels) = alexnet_runs.parts(images)
    torch.manual_seed(seed)
    model = FourLayerNet(input_size=SIDE).to(memory_format=torch.channels_last)
    augment = middle if variant == "centre" else lambda x: random_crop_flip(x, SIDE)
    sgd = torch.optim.SGD(model.parameters(), lr=RATE, momentum=0.9, fused=True)
    steps = EPOCHS * -(-len(y) // alexnet_runs.BATCH)
    cycle = torch.optim.lr_scheduler.OneCycleLR(sgd, RATE, total_steps=steps)
    for _ in range(EPOCHS):
        order = torch.randperm(len(y))
        alexnet_runs.epoch(model, sgd, x, y, order, augment=augment, schedule=cycle)
    views = ten_crops(test, SIDE).unbind(1)
    p = sum(alexnet_runs.logits(model, view).softmax(1) for view in views)
    return {
        "train_error": alexnet_runs.error(model, middle(x), y),
        "one_crop": alexnet_runs.error(model, middle(test), labels),
        "ten_crops": (p.argmax(1) != labels).double().mean().item(),
    }


def main() -> None:
    minutes = records.parser(__doc__).parse_args().minutes
    about = {"epochs": EPOCHS, "side": SIDE}
    alexnet_runs.measure("alexnet-crops", about, JOBS, run, minutes)


if __name__ == "__main__":
    main()
