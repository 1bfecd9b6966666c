"""What opens the chapter, and the pieces that later networks are built of."""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor, nn

from lenet_helpers.data import ImageData
from lenet_helpers.plots import digits as pictures
from lenet_helpers.plots.style import COLORS, INK, LARGE


def surprises(model: nn.Module, digits: ImageData) -> Figure:
    """A test digit as it is and spoilt in five ways, and what the network reads."""
    images, labels = digits.test.tensors
    three, six = (
        digits.denormalise(images[labels == k][:1])[0, 0].clone() for k in (3, 6)
    )

    def read(pixels: Tensor) -> Tensor:
        return model((pixels[None, None] - digits.mean) / digits.std)

    pixels = three.requires_grad_(True)
    loss = F.cross_entropy(read(pixels), torch.tensor([3]))
    (slope,) = torch.autograd.grad(loss, pixels)
    three = three.detach()
    noise = torch.rand(three.shape, generator=torch.Generator().manual_seed(0))
    shown = {
        "a 3": three,
        "pushed by 0.25": (three + 0.25 * slope.sign()).clamp(0, 1),
        "8 pixels right": F.pad(three, (8, 0))[:, :-8],
        "in negative": 1 - three,
        "a 6, turned": six.rot90(2),
        "noise": noise,
    }
    titles = []
    for name, picture in shown.items():
        with torch.inference_mode():
            share, digit = read(picture).softmax(1).max(1)
        titles.append(f"{name}\n→ {digit.item()}, {share.item():.0%}")
    return pictures(torch.stack([*shown.values()]), titles, columns=3)


PIECES: Mapping[str, Sequence[str]] = {  # from the input up; "+" is where x comes in
    "VGG": ["3×3", "3×3"],
    "ResNet": ["3×3", "3×3", "+"],
    "bottleneck": ["1×1 few", "3×3", "1×1 many", "+"],
    "MobileNet": ["3×3 each", "1×1"],
    "SE": ["mean", "dense", "dense", "×"],
}


def pieces() -> Figure:
    """Each piece as boxes from bottom to top; a way around them where there is one."""
    figure = Figure(figsize=(5.6, 3.4))
    axis = figure.subplots()
    for column, (name, steps) in enumerate(PIECES.items()):
        _column(axis, 1.35 * column, name, steps)
    axis.set(xlim=(-0.75, 1.35 * len(PIECES) - 0.5), ylim=(-0.6, 5.1))
    axis.axis("off")
    return figure


def _column(axis: Axes, x: float, name: str, steps: Sequence[str]) -> None:
    axis.text(x, 4.85, name, ha="center", fontsize=LARGE - 1.5, weight="bold")
    axis.text(x, -0.45, "x", ha="center", fontsize=LARGE, style="italic")
    for row, step in enumerate(steps):
        joins = step in "+×"
        shape = "circle" if joins else "round,pad=0.3"
        colour = COLORS["green"] if joins else COLORS["blue"]
        box = {"boxstyle": shape, "fc": "none", "ec": colour}
        place = {"ha": "center", "va": "center", "fontsize": LARGE - 1.5}
        axis.text(x, row + 0.6, step, bbox=box, **place)
        _arrow(axis, [(x, row - 0.17), (x, row + 0.3)], INK)
    last = len(steps)
    _arrow(axis, [(x, last - 0.12), (x, last + 0.3)], INK)
    if steps[-1] in "+×":
        side, top = x + 0.63, last - 0.4
        way = [(x + 0.12, -0.35), (side, -0.35), (side, top), (x + 0.2, top)]
        _arrow(axis, way, COLORS["green"])


def _arrow(axis: Axes, points: Sequence[tuple[float, float]], colour: str) -> None:
    axis.plot(*zip(*points[:-1], strict=True), color=colour, linewidth=1.4)
    look = {"arrowstyle": "-|>", "color": colour, "shrinkA": 0, "shrinkB": 0}
    axis.annotate("", points[-1], points[-2], arrowprops=look)


def prices(sides: Sequence[int], costs: Mapping[str, Sequence[float]]) -> Figure:
    """Multiply-adds of kinds of layers against the side of their maps, both in logs."""
    figure = Figure(figsize=(5.6, 3.2))
    axis = figure.subplots()
    for (name, values), mark in zip(costs.items(), ("o-", "s--", "^:")):
        axis.plot(sides, values, mark, label=name, markersize=5)
    axis.set(xscale="log", yscale="log")
    axis.set_xticks(sides, [f"{side}×{side}" for side in sides], fontsize=LARGE - 1)
    axis.minorticks_off()
    axis.set_xlabel("places", fontsize=LARGE)
    axis.set_ylabel("multiply-adds", fontsize=LARGE)
    axis.grid(axis="y")
    axis.legend(fontsize=LARGE - 1)
    return figure
