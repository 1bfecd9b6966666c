"""Figures of AlexNet: its two towers, its parts measured, its views of a picture."""

from collections.abc import Mapping, Sequence

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from torch import Tensor

from lenet_helpers.plots.style import COLORS, INK, LARGE

TOWERS = (  # what each GPU makes, and whether it also reads the other one
    ("conv1", "48@55×55", False),
    ("conv2", "128@27×27", False),
    ("conv3", "192@13×13", True),
    ("conv4", "192@13×13", False),
    ("conv5", "128@13×13", False),
    ("fc6", "2,048", True),
    ("fc7", "2,048", True),
)

COURSE = {  # layer -> (side of its maps, how many); single units have side 1
    "LeNet-5": {
        **{"image": (32, 1), "C1": (28, 6), "S2": (14, 6), "C3": (10, 16)},
        **{"S4": (5, 16), "C5": (1, 120), "F6": (1, 84), "output": (1, 10)},
    },
    "AlexNet": {
        **{"image": (227, 3), "conv1": (55, 96), "pool1": (27, 96)},
        **{"conv2": (27, 256), "pool2": (13, 256), "conv3": (13, 384)},
        **{"conv4": (13, 384), "conv5": (13, 256), "pool5": (6, 256)},
        **{"fc6": (1, 4096), "fc7": (1, 4096), "fc8": (1, 1000)},
    },
}
NAMED = {  # what is written beside its dot -> (dx, dy) in points, alignment
    "AlexNet": {
        "image": ("image", (8, -12), "left"),
        "conv1": ("conv1", (-6, 6), "right"),
        "conv2": ("conv2", (-6, 6), "right"),
        "conv3": ("conv3, conv4", (0, 8), "center"),
        "pool5": ("pool5", (0, -17), "center"),
        "fc6": ("fc6, fc7", (-8, 2), "right"),
        "fc8": ("fc8", (-8, -4), "right"),
    },
    "LeNet-5": {
        "image": ("image", (8, -6), "left"),
        "C1": ("C1", (0, 8), "center"),
        "C3": ("C3", (0, 8), "center"),
        "C5": ("C5, F6", (-8, 2), "right"),
        "output": ("output", (-8, -4), "right"),
    },
}


def course() -> Figure:
    """Number of maps against their side, from image to output, for both networks."""
    figure = Figure(figsize=(5.6, 4))
    axis = figure.subplots()
    looks = {"AlexNet": ("orange", "s-"), "LeNet-5": ("blue", "o-")}
    for name, (colour, line) in looks.items():
        sides, maps = zip(*COURSE[name].values(), strict=True)
        axis.plot(sides, maps, line, color=COLORS[colour], label=name, markersize=5)
        for layer, (text, shift, side) in NAMED[name].items():
            look = {"textcoords": "offset points", "ha": side, "fontsize": 11}
            look |= {"color": COLORS[colour], "xytext": shift}
            axis.annotate(text, COURSE[name][layer], **look)
    axis.set(xscale="log", yscale="log", xlim=(420, 0.45), ylim=(0.4, 11_000))
    ticks = [227, 55, 28, 13, 5, 1]
    axis.set_xticks(ticks, [str(side) for side in ticks])
    axis.set_yticks([1, 10, 100, 1000], ["1", "10", "100", "1,000"])
    axis.minorticks_off()
    axis.set_xlabel("side of the maps in pixels (1: single units)", fontsize=LARGE)
    axis.set_ylabel("maps, or units", fontsize=LARGE)
    axis.legend(loc="upper left", fontsize=LARGE)
    return figure


def towers() -> Figure:
    """The two GPUs side by side, layer under layer, and where one reads the other."""
    figure = Figure(figsize=(5.6, 4.6))
    axis = figure.subplots()
    for row, (name, size, crosses) in enumerate(TOWERS):
        for gpu, colour in enumerate(("blue", "orange")):
            box = {"boxstyle": "round,pad=0.35", "fc": "none", "ec": COLORS[colour]}
            text = f"{name}: {size}"
            axis.text(gpu, -row, text, ha="center", va="center", bbox=box, fontsize=11)
            if row:
                _arrow(axis, (gpu, 1 - row), (gpu, -row), INK)
            if row and crosses:
                _arrow(axis, (1 - gpu, 1 - row), (gpu, -row), COLORS["green"])
    for gpu in (0, 1):
        axis.text(gpu, 0.75, f"GPU {gpu + 1}", ha="center", fontsize=LARGE)
    axis.text(0.5, -7, "fc8: 1,000 logits", ha="center", va="center", fontsize=11)
    for gpu in (0, 1):
        _arrow(axis, (gpu, -6), (0.5, -7), COLORS["green"])
    axis.set(xlim=(-0.5, 1.5), ylim=(-7.4, 1.1))
    axis.axis("off")
    return figure


def _arrow(axis: Axes, start: tuple, end: tuple, colour: str) -> None:
    look = {"arrowstyle": "-|>", "color": colour}
    (x, y), (to_x, to_y) = start, end  # from the lower edge to the upper one
    look |= {"linewidth": 1.4, "shrinkA": 0, "shrinkB": 0}
    axis.annotate("", (to_x, to_y + 0.27), (x, y - 0.27), arrowprops=look)


def error_curves(
    errors: Mapping[str, Sequence[Sequence[float]]], goal: float
) -> Figure:
    """Training error against epochs: each seed a thin line, its end at the goal a dot.

    ``errors``: label -> one list for each seed, a value an epoch.
    """
    figure = Figure(figsize=(5.6, 3.4))
    axis = figure.subplots()
    styles = zip(errors.items(), COLORS.values(), ("-", "--"), "os")
    for (label, seeds), colour, line, marker in styles:
        for i, values in enumerate(seeds):
            epochs = range(1, len(values) + 1)
            name = {"label": label} if i == 0 else {}
            axis.plot(epochs, values, line, color=colour, linewidth=1.3, **name)
            end = (len(values), values[-1])
            axis.plot(*end, marker, color=colour, markersize=6)
    axis.axhline(goal, color=INK, linestyle=":", linewidth=1.2)
    axis.set(xlabel="epoch", ylabel="training error")
    axis.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.legend()
    return figure


def seed_dots(values: Mapping[str, Sequence[float]], xlabel: str) -> Figure:
    """One row a variant: a dot for each seed, a bar for their mean."""
    figure = Figure(figsize=(5.6, 0.8 + 0.5 * len(values)))
    axis = figure.subplots()
    for row, (seeds, colour) in enumerate(zip(values.values(), COLORS.values())):
        axis.plot(seeds, [row] * len(seeds), "o", color=colour, alpha=0.7)
        mean = sum(seeds) / len(seeds)
        axis.plot([mean, mean], [row - 0.3, row + 0.3], color=colour, linewidth=3)
    axis.set_yticks(range(len(values)), list(values), fontsize=11)
    axis.set(xlabel=xlabel, ylim=(len(values) - 0.5, -0.5))
    axis.xaxis.set_major_formatter(PercentFormatter(1, decimals=1))
    axis.xaxis.set_major_locator(MaxNLocator(5))
    axis.grid(axis="x")
    return figure


def mask_curves(
    masks: Sequence[int], errors: Mapping[str, Tensor], scaled: Tensor
) -> Figure:
    """Error against the number of averaged masks, the mean over seeds.

    Args:
        errors: kind of mean -> float [seeds, len(masks)].
        scaled: error of the one network without masks, float [seeds]; its range is a
            band.
    """
    figure = Figure(figsize=(5.6, 3.4))
    axis = figure.subplots()
    styles = zip(errors.items(), ("blue", "orange"), ("o-", "s--"))
    for (label, table), colour, line in styles:
        axis.plot(masks, table.mean(0), line, color=COLORS[colour], label=label)
    low, high = scaled.aminmax()
    axis.axhline(scaled.mean(), color=COLORS["green"], label="one pass, no mask")
    axis.axhspan(low, high, color=COLORS["green"], alpha=0.15, linewidth=0)
    axis.set_xscale("log", base=2)
    axis.set_xticks(masks, [str(n) for n in masks])
    axis.set(xlabel="masks averaged", ylabel="error")
    axis.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axis.legend()
    return figure


def pictures(
    pixels: Tensor, titles: Sequence[str] = (), columns: int = 5, width: float = 5.6
) -> Figure:
    """Colour pictures in rows.

    Args:
        pixels: float [N, 3, H, W]; values outside [0, 1] are cut off.
        titles: over the first pictures, one each.

    >>> len(pictures(torch.rand(3, 3, 8, 8), columns=2).axes)
    4
    """
    rows = -(-len(pixels) // columns)
    tile = width / columns
    figure = Figure(figsize=(width, rows * (tile + 0.25 * bool(titles))))
    axes = [*figure.subplots(rows, columns, squeeze=False).flat]
    for axis in axes:
        axis.axis("off")
    for axis, picture in zip(axes, pixels.clamp(0, 1)):
        axis.imshow(picture.permute(1, 2, 0).numpy())
        axis.axis("on")  # a frame, or a white picture is lost on a white page
        axis.set(xticks=[], yticks=[])
        for spine in axis.spines.values():
            spine.set(visible=True, color=INK, linewidth=0.5)
    for axis, title in zip(axes, titles):
        axis.set_title(title, fontsize=11, pad=3)
    return figure


def colour_cloud(pixels: Tensor, variances: Tensor, directions: Tensor) -> Figure:
    """Pixels as dots, red against blue, and the components as bars of two deviations.

    ``pixels`` float [N, 3, H, W] in [0, 1]; ``variances`` [3], ``directions`` [3, 3].
    """
    figure = Figure(figsize=(5.6, 3.8))
    axis = figure.subplots()
    dots = pixels.transpose(0, 1).flatten(1).T
    every = max(1, len(dots) // 3000)
    picked = dots[::every].clamp(0, 1)
    red, _, blue = picked.T
    axis.scatter(red, blue, c=picked.numpy(), s=5, linewidths=0)
    centre = dots.mean(0)
    colours = ("blue", "orange", "pink")
    for i, (variance, colour) in enumerate(zip(variances, colours)):
        arm = (2 * variance.sqrt() * directions[:, i]).float()
        ends = torch.stack([centre - arm, centre + arm])
        label = f"component {i + 1}"
        axis.plot(ends[:, 0], ends[:, 2], color=COLORS[colour], lw=3.5, label=label)
    axis.set(xlabel="red, 0 to 1", ylabel="blue, 0 to 1", aspect="equal")
    axis.legend(loc="lower left", bbox_to_anchor=(1, 0))
    return figure


def two_paths(paths: Mapping[str, Sequence[float]], drop: int) -> Figure:
    """A weight step by step, one line a rule; the rate falls after step ``drop``."""
    figure = Figure(figsize=(5.6, 2.8))
    axis = figure.subplots()
    styles = zip(paths.items(), ("orange", "blue"), ("-", "--"))
    for (label, values), colour, line in styles:
        axis.plot(range(len(values)), values, line, color=COLORS[colour], label=label)
    axis.axvline(drop, color=INK, linestyle=":", linewidth=1.2)
    axis.set_xlabel("step", fontsize=LARGE)
    axis.set_ylabel("weight", fontsize=LARGE)
    axis.legend(fontsize=LARGE)
    return figure
