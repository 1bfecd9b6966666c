"""The recipes of the speed run, and one function that trains by each.

``train`` uses the kernel, ``train_plain`` torch's layers and autograd, on any device.
Neither sees an image that it is not given; scoring is done elsewhere.
"""

import time
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from experiments.speedrun.net import FlatLeNet
from lenet_helpers.models import ModernLeNet5


@dataclass(frozen=True)
class Recipe:
    """How to train: ``images`` are seen in all, so 90,000 are one and a half passes."""

    images: int = 120_000
    batch_size: int = 256
    lr: float = 0.01  # the peak: reached after ``warmup`` of the steps, then down to 0
    warmup: float = 0.2
    betas: tuple[float, float] = (0.7, 0.9)
    smoothing: float = 0.0
    average: float = 0.0  # share of the last steps whose weights are averaged

    @property
    def steps(self) -> int:
        """Number of updates."""
        return self.images // self.batch_size

    def rate(self, step: int) -> float:
        """Learning rate: a triangle."""
        rise = max(1.0, self.warmup * self.steps)
        fall = (self.steps - step) / (self.steps - rise + 1)
        return self.lr * min((step + 1) / rise, fall)


START = Recipe()
FINAL = Recipe(75_000, 128, 0.008, smoothing=0.1)  # what choosing.chosen() gives


def batches(count: int, recipe: Recipe, seed: int) -> Tensor:
    """Rows of the images of each step, int64 [steps, batch], a new order each pass."""
    generator = torch.Generator().manual_seed(seed)
    wanted = recipe.steps * recipe.batch_size
    orders = [
        torch.randperm(count, generator=generator) for _ in range(-(-wanted // count))
    ]
    return torch.cat(orders)[:wanted].view(-1, recipe.batch_size)


def targets(labels: Tensor, smoothing: float) -> Tensor:
    """One-hot rows float32 [N, 10], ``smoothing`` of the mass spread over all ten."""
    return F.one_hot(labels, 10).float() * (1 - smoothing) + smoothing / 10


def new_model(seed: int) -> ModernLeNet5:
    """LeNet-5 with ReLU and max pooling, torch's initial weights."""
    torch.manual_seed(seed)
    return ModernLeNet5(activation="relu", pool="max")


def adam(parameters: list[Tensor], recipe: Recipe) -> torch.optim.Optimizer:
    """Adam in one call for all parameters."""
    return torch.optim.Adam(parameters, betas=recipe.betas, fused=True)


def train(
    kernel, images: Tensor, labels: Tensor, recipe: Recipe, seed: int
) -> tuple[nn.Module, float]:
    """Train with the kernel; the network, and the seconds from weights to weights."""
    background = images[0, 0, 0, 0].item()  # the padding's grey
    start = time.perf_counter()
    net = FlatLeNet(kernel, new_model(seed), recipe.batch_size)
    values = nn.Parameter(net.values)
    values.grad = net.grads
    optimizer = adam([values], recipe)
    wanted = targets(labels, recipe.smoothing)
    rows = batches(len(labels), recipe, seed)
    mean, first = None, round(len(rows) * (1 - recipe.average))
    for step, batch in enumerate(rows):
        net.step(images, batch, wanted[batch], background)
        optimizer.param_groups[0]["lr"] = recipe.rate(step)
        optimizer.step()
        if step >= first:
            mean = net.values.clone() if mean is None else mean
            mean += (net.values - mean) / (step - first + 1)
    seconds = time.perf_counter() - start
    return net.to_model(mean), seconds


def train_plain(
    images: Tensor,
    labels: Tensor,
    recipe: Recipe,
    seed: int,
    *,
    channels_last: bool = True,
    compiled: bool = False,
    limit: int | None = None,
) -> tuple[nn.Module, float]:
    """The same by torch's layers; stops after ``limit`` steps, for timings."""
    model = new_model(seed).to(images.device)
    if channels_last:
        model = model.to(memory_format=torch.channels_last)
    forward = torch.compile(model) if compiled else model
    if compiled:  # its own seconds are reported apart, by the caller
        rows = torch.zeros(recipe.batch_size, dtype=torch.int64, device=images.device)
        F.cross_entropy(forward(images[rows]), labels[rows]).backward()
        model.zero_grad()
    start = time.perf_counter()
    optimizer = adam(list(model.parameters()), recipe)
    rows = batches(len(labels), recipe, seed).to(images.device)
    for step, batch in enumerate(rows[:limit]):
        logits = forward(images[batch])
        loss = F.cross_entropy(logits, labels[batch], label_smoothing=recipe.smoothing)
        optimizer.zero_grad()
        loss.backward()
        optimizer.param_groups[0]["lr"] = recipe.rate(step)
        optimizer.step()
    if images.is_cuda:
        torch.cuda.synchronize()
    return model, time.perf_counter() - start
