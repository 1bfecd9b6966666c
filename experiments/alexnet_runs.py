"""What the experiments on AlexNet's parts share: data, one epoch, and resuming."""

import argparse
from collections.abc import Callable, Iterable

import common
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lenet_helpers import data

IMAGES = 5_000  # of the 50,000 training images: what two cores can do
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


@torch.inference_mode()
def logits(model: nn.Module, images: Tensor) -> Tensor:
    """In evaluation mode, a thousand images at a time."""
    model.eval()
    return torch.cat([model(part) for part in images.split(1000)])


def error(model: nn.Module, images: Tensor, labels: Tensor) -> float:
    return (logits(model, images).argmax(1) != labels).double().mean().item()


def main(
    name: str,
    about: dict,
    jobs: Iterable[tuple[str, int]],
    run: Callable[[data.ImageData, str, int, list[dict]], dict],
) -> None:
    """Do the jobs (variant, seed) that ``results/<name>.json`` lacks, saving each.

    ``run`` also gets the runs so far. With ``--one`` it ends after one job.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--one", action="store_true", help="the next job only")
    only_one = parser.parse_args().one
    images = cifar()
    runs = (common.load(name) or {"runs": []})["runs"]
    for variant, seed in jobs:
        if any((r["variant"], r["seed"]) == (variant, seed) for r in runs):
            continue
        runs.append({"variant": variant, "seed": seed})
        runs[-1] |= run(images, variant, seed, runs[:-1])
        common.save(name, about | {"data": images.source, "runs": runs})
        print({k: v for k, v in runs[-1].items() if not isinstance(v, list)})
        if only_one:
            break
