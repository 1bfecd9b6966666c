"""What the experiments on AlexNet's parts share: data, one epoch, the table of runs."""

from collections.abc import Callable, Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from experiments.records import Runs
from lenet_helpers import data

IMAGES, TEST = 2_500, 5_000  # of 50,000 and 10,000: what two busy cores can do
BATCH = 64


def cifar() -> data.ImageData:
    """CIFAR-10, or an end with what to do about it; never the stand-in."""
    return data.load_cifar10("cifar10")


def epoch(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    images: Tensor,
    labels: Tensor,
    order: Tensor,
    *,
    augment: Callable[[Tensor], Tensor] = lambda images: images,
    schedule: torch.optim.lr_scheduler.LRScheduler | None = None,
) -> None:
    """One pass over the images in this order."""
    model.train()
    for batch in order.split(BATCH):
        loss = F.cross_entropy(model(augment(images[batch])), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if schedule is not None:
            schedule.step()


def parts(
    images: data.ImageData, train: int = IMAGES
) -> tuple[tuple[Tensor, Tensor], ...]:
    """Images and labels that train, and those that test; channels last."""
    kept = []
    for dataset, count in ((images.train, train), (images.test, TEST)):
        x, y = (t[:count] for t in dataset.tensors)
        kept.append((x.contiguous(memory_format=torch.channels_last), y))
    return tuple(kept)


@torch.inference_mode()
def logits(model: nn.Module, images: Tensor) -> Tensor:
    """In evaluation mode, a thousand images at a time."""
    model.eval()
    return torch.cat([model(part) for part in images.split(1000)])


def error(model: nn.Module, images: Tensor, labels: Tensor) -> float:
    return (logits(model, images).argmax(1) != labels).double().mean().item()


def measure(
    name: str,
    about: dict,
    jobs: Iterable[tuple[str, int]],
    run: Callable[[data.ImageData, str, int, list[dict]], dict],
    minutes: float,
) -> None:
    """Do the jobs (variant, seed) that ``results/<name>.json`` lacks, saving each.

    ``run`` also gets the runs so far; none starts after so many minutes.
    """
    images = cifar()
    about = {"images": IMAGES, "test_images": TEST, **about, "data": images.source}
    runs = Runs(name, ("variant", "seed"), **about)
    runs.finish(
        ({"variant": variant, "seed": seed} for variant, seed in jobs),
        lambda variant, seed: run(images, variant, seed, runs.rows),
        minutes,
    )
