"""How the CIFAR-10 experiments train: one recipe, one subset, one rule for the rate.

Adam with a one-cycle schedule, a fixed subset of the training images and others for
validation, at most 5,000. Each network is trained with every seed at several peak
rates, a factor of about three apart, until the best of them has a worse one on either
side; ``best_rate`` names it, by validation accuracy. All rates' runs are kept. Each run
scores the test set once, at the end, which chooses nothing.
"""

import time
from collections.abc import Callable, Sequence
from statistics import mean

import torch
from torch import Tensor, nn
from torch.utils.data import TensorDataset

from lenet_helpers import data, shapes, training

BATCH, HELD, SEEDS = 128, 5_000, range(5)
RATES, FIRST_RATE = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1), 0.003


def subset(train: TensorDataset, images: int) -> tuple[TensorDataset, TensorDataset]:
    """(``images`` for training, 5,000 for validation), the same at every call."""
    kept, held = training.split(train, HELD, seed=0)
    return TensorDataset(*[t[:images] for t in kept.tensors]), held


def flip_and_shift(images: Tensor, pixels: int = 4) -> Tensor:
    """Mirror half of the images, and move each by up to ``pixels`` either way."""
    count, _, high, wide = images.shape
    dx, dy = torch.randint(-pixels, pixels + 1, (2, count, 1), device=images.device)
    rows = (torch.arange(high, device=images.device) + dy).clamp(0, high - 1)
    cols = (torch.arange(wide, device=images.device) + dx).clamp(0, wide - 1)
    mirrored = torch.rand(count, 1, device=images.device) < 0.5
    cols = torch.where(mirrored, cols.flip(1), cols)
    image = torch.arange(count, device=images.device)[:, None, None]
    moved = images.permute(0, 2, 3, 1)[image, rows[:, :, None], cols[:, None, :]]
    return moved.permute(0, 3, 1, 2)


def one_start(network: Callable[..., nn.Module], **sizes) -> nn.Module:
    """The network with the start of ``AlexNetCifar``: He's weights, no biases.

    Weights are drawn from N(0, 2 / fan-in), whatever the activation, so that networks
    of one shape and one seed start with the same numbers.
    """
    model = network(**sizes)
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return model


def train(
    make,
    train_set,
    held,
    *,
    epochs: int,
    lr: float,
    seed: int,
    augment=None,
    batch_size: int = BATCH,
) -> tuple[nn.Module, training.History]:
    """A network made with this seed, its best epoch by validation, and its history."""
    torch.manual_seed(seed)
    model = make()
    history = training.fit(
        model,
        train_set,
        epochs=epochs,
        batch_size=batch_size,
        lr=lr,
        optimizer="adam",
        schedule="one-cycle",
        validation=held,
        augment=augment,
        seed=seed,
        progress=False,
    )
    return model, history


def measure(make, train_set, held, test_set, *, lr: float, **settings) -> dict:
    """Train one network (see ``train``): its size, its cost, its scores and history."""
    start, busy = time.perf_counter(), time.process_time()
    model, history = train(make, train_set, held, lr=lr, **settings)
    seconds, busy = time.perf_counter() - start, time.process_time() - busy
    rows = shapes.trace(model.eval(), tuple(test_set.tensors[0].shape[1:]))
    return {
        "lr": lr,
        "params": sum(p.numel() for p in model.parameters()),
        "macs": sum(row.macs for row in rows),
        "train_accuracy": training.evaluate(model, train_set).accuracy,
        "test_accuracy": training.evaluate(model, test_set).accuracy,
        "seconds": round(seconds, 1),
        "core_seconds": round(busy, 1),  # whatever else the machine was doing
        "epochs": rounded(history),
    }


def ranked_rates(rows: list[dict], seeds: Sequence[int] = SEEDS) -> list[float]:
    """The rates, that with the highest mean validation accuracy over the seeds first.

    ``rows`` are one network's. Only rates that every seed has tried count.
    """
    tried: dict[float, list[float]] = {}
    for row in rows:
        best = max(epoch["val_accuracy"] for epoch in row["epochs"])
        tried.setdefault(row["lr"], []).append(best)
    means = {lr: mean(all_) for lr, all_ in tried.items() if len(all_) == len(seeds)}
    return sorted(means, key=means.get, reverse=True)


def best_rate(rows: list[dict], seeds: Sequence[int] = SEEDS) -> float | None:
    """The first of ``ranked_rates``; None as long as there is none."""
    return next(iter(ranked_rates(rows, seeds)), None)


def next_trial(rows: list[dict], seeds: Sequence[int] = SEEDS) -> dict | None:
    """The rate and seed that one network lacks: at its best rate, or beside it."""
    middle = best_rate(rows, seeds) or FIRST_RATE
    place = RATES.index(middle)
    made = {(row["lr"], row["seed"]) for row in rows}
    for lr in (middle, *RATES[max(0, place - 1) : place + 2]):
        for seed in seeds:
            if (lr, seed) not in made:
                return {"lr": lr, "seed": seed}
    return None


def load():
    """CIFAR-10, the real one."""
    images = data.load_cifar10()
    if images.name != "cifar10":
        raise SystemExit(f"this experiment needs CIFAR-10; found {images.source}")
    return images


def rounded(history: training.History) -> list[dict]:
    """A history's rows for a results file: five digits, no seconds."""
    return [
        {k: round(v, 5) for k, v in row.items() if k != "seconds"}
        for row in history.rows
    ]
