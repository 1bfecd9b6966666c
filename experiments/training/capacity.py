"""How many labels LeNet-5 can learn by heart, and what its width is worth.

    python -m experiments.training.capacity  # needs MNIST; resumes where it stopped
    python -m experiments.training.capacity --minutes 2  # starts no run later

LeNet-5 (ReLU, max pooling) and narrower copies of it train on the same 500 digits,
once with their labels and once with labels drawn at random, until 100 epochs are over.
"""

import itertools
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from experiments import records
from lenet_helpers import data

IMAGES, EPOCHS, BATCH, RATE, SEEDS = 500, 100, 50, 0.002, 5
WIDTHS, LABELS = (1 / 6, 1 / 3, 1), ("as they are", "at random")


def lenet(width: float) -> nn.Sequential:
    """LeNet-5 with this share of its maps and units; 1 is the whole network."""
    c1, c3, c5, f6 = (round(width * maps) for maps in (6, 16, 120, 84))
    return nn.Sequential(
        nn.Conv2d(1, c1, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(c1, c3, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(c3, c5, 5),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(c5, f6),
        nn.ReLU(),
        nn.Linear(f6, 10),
    )


def memorise(model: nn.Module, images: Tensor, labels: Tensor) -> list[float]:
    """Train; the share of labels that it knows after 10, 20, ... epochs."""
    model.to(memory_format=torch.channels_last)  # max pooling: faster on a CPU
    adam = torch.optim.Adam(model.parameters(), lr=RATE, fused=True)
    known = []
    for epoch in range(1, EPOCHS + 1):
        for batch in torch.randperm(len(labels)).split(BATCH):
            loss = F.cross_entropy(model(images[batch]), labels[batch])
            adam.zero_grad()
            loss.backward()
            adam.step()
        if epoch % 10 == 0:
            known.append(share_right(model, images, labels))
    return known


@torch.inference_mode()
def share_right(model: nn.Module, images: Tensor, labels: Tensor) -> float:
    logits = torch.cat([model(part) for part in images.split(1000)])
    return (logits.argmax(1) == labels).double().mean().item()


def run(digits: data.DigitData, width: float, labels: str, seed: int) -> dict:
    images, answers = (t[:IMAGES] for t in digits.train.tensors)
    torch.manual_seed(seed)
    if labels == "at random":
        answers = torch.randint(10, answers.shape)
    model = lenet(width)
    known = memorise(model, images, answers)
    return {
        "params": sum(p.numel() for p in model.parameters()),
        "known": known,
        "test_accuracy": share_right(model, *digits.test.tensors),
    }


def main() -> None:
    minutes = records.parser(__doc__).parse_args().minutes
    digits = data.load("mnist")
    settings = {"images": IMAGES, "epochs_each": EPOCHS, "batch_size": BATCH}
    runs = records.Runs("capacity", ("width", "labels", "seed"), **settings)
    jobs = (
        {"width": width, "labels": labels, "seed": seed}
        for seed, width, labels in itertools.product(range(SEEDS), WIDTHS, LABELS)
    )
    runs.finish(jobs, partial(run, digits), minutes)


if __name__ == "__main__":
    main()
