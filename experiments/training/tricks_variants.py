"""The base recipe of experiments/training/tricks.py and every single change to it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lenet_helpers.augment import RandomAffine

IMAGES, EPOCHS, BATCH = 5_000, 10, 64
SGD = partial(torch.optim.SGD, fused=True)
OPTIMIZERS = {
    "SGD": SGD,
    "momentum": partial(SGD, momentum=0.9),
    "Nesterov": partial(SGD, momentum=0.9, nesterov=True),
    "Adam": partial(torch.optim.Adam, fused=True),
    "AdamW": partial(torch.optim.AdamW, fused=True, weight_decay=0.01),
    "one-cycle": partial(SGD, momentum=0.9),
    "cosine": partial(SGD, momentum=0.9),
    "batch norm": partial(SGD, momentum=0.9),
}
GRIDS = {  # learning rates tried; the best on validation images is used
    "SGD": (0.03, 0.1, 0.3),
    "momentum": (0.01, 0.03, 0.1),
    "Nesterov": (0.003, 0.01, 0.03, 0.1),
    "Adam": (0.0005, 0.002, 0.006, 0.02),
    "AdamW": (0.0005, 0.002, 0.006),
    "one-cycle": (0.03, 0.1, 0.2),
    "cosine": (0.01, 0.03, 0.1, 0.2),
    "batch norm": (0.01, 0.03, 0.1, 0.3),
}


@dataclass(frozen=True)
class Variant:
    """One change to the base: of the network, of the data, or of the call of fit."""

    group: str
    change: Callable[[nn.Module], None] | None = None
    settings: dict = field(default_factory=dict)
    images: int = IMAGES
    pixels: Callable[[Tensor], Tensor] | None = None
    average: str | None = None


def initialise(fill: Callable[[Tensor], Tensor]) -> Callable[[nn.Module], None]:
    """Fill every weight; biases are set to zero."""

    def change(model: nn.Module) -> None:
        for layer in model.modules():
            if isinstance(layer, (nn.Conv2d, nn.Linear)):
                fill(layer.weight)
                nn.init.zeros_(layer.bias)

    return change


def lecun1998(weight: Tensor) -> Tensor:
    """U(-2.4/F, 2.4/F), F the fan-in: LeCun et al. 1998, appendix A."""
    reach = 2.4 / weight[0].numel()
    return nn.init.uniform_(weight, -reach, reach)


def after(*layers: str, make: Callable[[int], nn.Module]) -> Callable:
    """Put a module behind each of these layers (before the activation)."""

    def change(model: nn.Module) -> None:
        for name in layers:
            layer = getattr(model, name)
            size = getattr(layer, "out_channels", None) or layer.out_features
            setattr(model, name, nn.Sequential(layer, make(size)))

    return change


def before(*layers: str, make: Callable[[], nn.Module]) -> Callable:
    """Put a module in front of each of these layers (behind the activation)."""

    def change(model: nn.Module) -> None:
        for name in layers:
            setattr(model, name, nn.Sequential(make(), getattr(model, name)))

    return change


def norm_all(model: nn.Module) -> None:
    """Batch normalisation before each of the four activations."""
    after("c1", "c3", "c5", make=nn.BatchNorm2d)(model)
    after("f6", make=nn.BatchNorm1d)(model)


def warm_up(opt, steps: int, share: float = 0.1):
    """A linear rise over the first tenth of all steps, then constant."""
    rise = round(share * steps)
    return torch.optim.lr_scheduler.LinearLR(opt, 1e-3, 1.0, total_iters=rise)


def decayed(rate: float):
    return {"optimizer": partial(SGD, momentum=0.9, weight_decay=rate)}


def tuning() -> dict[str, Variant]:
    """Runs that choose rates: scored on validation images only."""
    plans = {"one-cycle": "one-cycle", "cosine": "cosine"}
    return {
        f"{name} {rate:g}": Variant(
            f"tune {name}",
            change=norm_all if name == "batch norm" else None,
            settings={
                "optimizer": OPTIMIZERS[name],
                "lr": rate,
                "schedule": plans.get(name),
            },
        )
        for name, grid in GRIDS.items()
        for rate in grid
    }


def variants(rates: dict[str, float]) -> dict[str, Variant]:
    """All changes, given the rate chosen for each row of GRIDS."""
    lr = rates["momentum"]
    he = partial(nn.init.kaiming_normal_, nonlinearity="relu")
    flip = partial(torch.flip, dims=(3,))
    cosine = {"schedule": "cosine", "lr": rates["cosine"]}
    smoothed = partial(F.cross_entropy, label_smoothing=0.1)
    table = {
        "base": Variant("base"),
        "rate / 100": Variant("rate", settings={"lr": lr / 100}),
        "rate / 10": Variant("rate", settings={"lr": lr / 10}),
        "rate x 3": Variant("rate", settings={"lr": lr * 3}),
        "rate x 10": Variant("rate", settings={"lr": lr * 10}),
        "Xavier": Variant("init", initialise(nn.init.xavier_uniform_)),
        "He": Variant("init", initialise(he)),
        "2.4 / fan-in": Variant("init", initialise(lecun1998)),
        "N(0, 1)": Variant("init", initialise(nn.init.normal_)),
        "all zero": Variant("init", initialise(nn.init.zeros_)),
        "step": Variant("schedule", settings={"schedule": "step"}),
        "warm-up": Variant("schedule", settings={"schedule": warm_up}),
        "cosine": Variant("schedule", settings=cosine),
        "one-cycle": Variant(
            "schedule", settings={"schedule": "one-cycle", "lr": rates["one-cycle"]}
        ),
        **{
            name: Variant(
                "optimiser",
                settings={"optimizer": OPTIMIZERS[name], "lr": rates[name]},
            )
            for name in ("SGD", "Nesterov", "Adam", "AdamW")
        },
        "batch 256": Variant("batch", settings={"batch_size": 256}),
        "batch 256, rate x 4": Variant(
            "batch", settings={"batch_size": 256, "lr": lr * 4}
        ),
        "batch 256, rate x 4, warm-up": Variant(
            "batch", settings={"batch_size": 256, "lr": lr * 4, "schedule": warm_up}
        ),
        "weight decay 0.0005": Variant("decay", settings=decayed(5e-4)),
        "weight decay 0.005": Variant("decay", settings=decayed(5e-3)),
        "dropout 0.5 after F6": Variant(
            "dropout", before("output", make=partial(nn.Dropout, 0.5))
        ),
        "dropout 0.5 after C5 and F6": Variant(
            "dropout", before("f6", "output", make=partial(nn.Dropout, 0.5))
        ),
        "dropout 0.2 of S2's and S4's maps": Variant(
            "dropout", before("c3", "c5", make=partial(nn.Dropout2d, 0.2))
        ),
        "batch norm in C1 and C3": Variant(
            "norm", after("c1", "c3", make=nn.BatchNorm2d)
        ),
        "batch norm everywhere": Variant("norm", norm_all),
        "batch norm everywhere, rate x 10": Variant(
            "norm", norm_all, settings={"lr": lr * 10}
        ),
        "shifts of 2 pixels": Variant(
            "augmentation", settings={"augment": RandomAffine(2, 0, 0, 0)}
        ),
        "rotations of 10 degrees": Variant(
            "augmentation", settings={"augment": RandomAffine(0, 0, 0, 0, degrees=10)}
        ),
        "affine": Variant("augmentation", settings={"augment": RandomAffine()}),
        "rotations of 180 degrees": Variant(
            "augmentation", settings={"augment": RandomAffine(0, 0, 0, 0, degrees=180)}
        ),
        "flips": Variant(
            "augmentation", settings={"augment": partial(sometimes, change=flip)}
        ),
        "label smoothing 0.1": Variant("smoothing", settings={"loss_fn": smoothed}),
        "best epoch kept": Variant("stopping", settings={"validation": True}),
        "early stopping, patience 2": Variant(
            "stopping", settings={"validation": True, "patience": 2}
        ),
        "EMA": Variant("averaging", average="ema"),
        "SWA": Variant("averaging", average="swa"),
        "cosine and EMA": Variant("averaging", settings=cosine, average="ema"),
        "pixels 0 to 1": Variant("data", pixels=lambda p: p),
        "25,000 images, 2 epochs": Variant(
            "data", images=25_000, settings={"epochs": 2}
        ),
        "cosine and affine": Variant(
            "together", settings={**cosine, "augment": RandomAffine()}
        ),
        "cosine and label smoothing": Variant(
            "together", settings={**cosine, "loss_fn": smoothed}
        ),
        "cosine, affine, batch norm": Variant(
            "together", norm_all, settings={**cosine, "augment": RandomAffine()}
        ),
    }
    return table


def sometimes(images: Tensor, change: Callable[[Tensor], Tensor]) -> Tensor:
    """Change each image with probability one half."""
    coin = torch.rand(len(images), 1, 1, 1, device=images.device) < 0.5
    return torch.where(coin, change(images), images)
