"""Other people's ways to train on MNIST, written anew from their descriptions.

Each gives a network, its optimiser and how long it trains. Their data stand ready as
tensors, as for the speed run; only the usual tutorial's loop reads image by image,
because that is what it is usual for (``throughput.py``).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lenet_helpers.models import ModernLeNet5


@dataclass(frozen=True)
class Rival:
    """``build`` gives (network, optimizer); batches and epochs as its authors say."""

    build: Callable[[], tuple[nn.Module, torch.optim.Optimizer]]
    batch_size: int
    epochs: int
    source: str
    one_cycle: float | None = None  # the peak rate
    size: int = 28


def tutorial():
    """Tanh, average pooling, Adam 0.001: LeNet-5 as most tutorials have it."""
    model = ModernLeNet5()
    return model, torch.optim.Adam(model.parameters(), lr=1e-3)


def dive_into_deep_learning():
    """Logistic sigmoid, average pooling, Xavier weights, SGD 0.9."""
    model = nn.Sequential(
        *(nn.Conv2d(1, 6, 5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2)),
        *(nn.Conv2d(6, 16, 5), nn.Sigmoid(), nn.AvgPool2d(2), nn.Flatten()),
        *(nn.Linear(400, 120), nn.Sigmoid(), nn.Linear(120, 84), nn.Sigmoid()),
        nn.Linear(84, 10),
    )
    for layer in model:
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
    return model, torch.optim.SGD(model.parameters(), lr=0.9)


def pytorch_example():
    """32 and 64 maps of 3x3, one pooling, dropout, 9,216 to 128; Adadelta."""
    model = nn.Sequential(
        *(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU()),
        *(nn.MaxPool2d(2), nn.Dropout2d(0.25), nn.Flatten()),
        *(nn.Linear(9216, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10)),
    )
    return model, torch.optim.Adadelta(model.parameters(), lr=1.0)


def train_mnist_fast():
    """24 maps of 5x5, 32 of 3x3, pooling before ReLU, 800 to 256; Adam."""
    model = nn.Sequential(
        *(nn.Conv2d(1, 24, 5), nn.MaxPool2d(2), nn.ReLU()),
        *(nn.Conv2d(24, 32, 3), nn.MaxPool2d(2), nn.ReLU(), nn.Flatten()),
        *(nn.Linear(800, 256), nn.ReLU(), nn.Linear(256, 10)),
    )
    return model, torch.optim.Adam(model.parameters(), lr=0.01, betas=(0.7, 0.9))


RIVALS = {
    "usual tutorial": Rival(tutorial, 64, 10, "recipes.json, tanh-adam", size=32),
    "Dive into Deep Learning": Rival(
        dive_into_deep_learning, 256, 10, "its chapter on LeNet, first edition"
    ),
    "PyTorch's MNIST example": Rival(pytorch_example, 64, 14, "pytorch/examples"),
    "train_mnist_fast": Rival(
        train_mnist_fast, 256, 1, "tuomaso/train_mnist_fast", one_cycle=0.01
    ),
}


def run(
    rival: Rival, images: Tensor, labels: Tensor, seed: int, limit: int | None = None
) -> tuple[nn.Module, float]:
    """Train on ``images`` [N, 1, 32, 32]; the network and seconds a step.

    Stops after ``limit`` steps, when only the time of a step is asked for.
    """
    torch.manual_seed(seed)
    model, optimizer = rival.build()
    steps = rival.epochs * -(-len(labels) // rival.batch_size)
    schedule = rival.one_cycle and torch.optim.lr_scheduler.OneCycleLR(
        optimizer, rival.one_cycle, total_steps=steps, cycle_momentum=False
    )
    if rival.size == 28:
        images = images[:, :, 2:30, 2:30].contiguous()
    start, done = time.perf_counter(), 0
    for batch in _rows(rival, len(labels)):
        loss = F.cross_entropy(model(images[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if schedule:
            schedule.step()
        done += 1
        if done == limit:
            break
    return model.eval(), (time.perf_counter() - start) / done


def _rows(rival: Rival, count: int):
    for _ in range(rival.epochs):
        yield from torch.randperm(count).split(rival.batch_size)
