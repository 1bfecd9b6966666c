"""Figures in panels side by side: numbers on a grid, dots; and measured ratios."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure
from torch import Tensor

from lenet_helpers.plots.style import COLORS, INK, LARGE


def numbers(maps: Mapping[str, Tensor]) -> Figure:
    """Maps of whole numbers, 0 and more, two a line, each number in its pixel.

    >>> import torch
    >>> len(numbers({"a": torch.zeros(2, 3), "b": torch.ones(2, 3)}).axes)
    2
    """
    lines = -(-len(maps) // 2)
    figure = Figure(figsize=(5.0, 2.75 * lines))
    axes = figure.subplots(lines, 2, squeeze=False).flatten()
    for axis in axes[len(maps) :]:
        axis.set_axis_off()
    for axis, (title, values) in zip(axes, maps.items()):
        most = values.max().item() or 1
        axis.imshow(values.numpy(), cmap="gray", vmin=0, vmax=most)
        for i, j in values.isfinite().nonzero().tolist():
            value = values[i, j].item()
            color = "black" if value > most / 2 else "white"
            look = {"ha": "center", "va": "center", "fontsize": 12, "color": color}
            axis.text(j, i, f"{value:.0f}", **look)
        axis.set_title(title, fontsize=LARGE)
        axis.set(xticks=[], yticks=[])
    return figure


def scatters(
    panels: Mapping[str, tuple[Tensor, Tensor]], xlabel: str, ylabel: str
) -> Figure:
    """Dots (x, y), a panel for each entry, on one scale, with the mean of y dotted.

    >>> import torch
    >>> len(scatters({"a": (torch.rand(9), torch.rand(9))}, "x", "y").axes)
    1
    """
    figure = Figure(figsize=(5.6, 2.9))
    axes = figure.subplots(1, len(panels), squeeze=False, sharex=True, sharey=True)[0]
    for axis, (title, (x, y)), color in zip(axes, panels.items(), COLORS.values()):
        axis.plot(x.flatten().tolist(), y.flatten().tolist(), "o", ms=3, color=color)
        axis.axhline(0, color=INK, linewidth=0.8)
        axis.axhline(y.mean().item(), color=INK, linestyle=":", linewidth=1.6)
        axis.set_title(title, fontsize=LARGE)
        axis.set_xlabel(xlabel, fontsize=LARGE)
        axis.tick_params(labelsize=LARGE - 1.5)
    axes[0].set_ylabel(ylabel, fontsize=LARGE)
    return figure


def ratios(
    batches: Sequence[int], measured: Mapping[str, Sequence[Tensor]], counted: float
) -> Figure:
    """Ratios against the size of a batch: mean and range of the seeds.

    Args:
        measured: name -> for each batch the ratios of its seeds, [seeds].
        counted: what a count promises, a dotted line.

    >>> import torch
    >>> len(ratios([1, 8], {"a": [torch.ones(2)] * 2}, 1.7).axes)
    1
    """
    figure = Figure(figsize=(5.0, 3.8))
    axis = figure.subplots()
    for (name, columns), color, mark in zip(measured.items(), COLORS.values(), "osD"):
        low, middle, high = zip(*((c.min(), c.mean(), c.max()) for c in columns))
        axis.plot(batches, middle, mark + "-", ms=5, color=color, label=name)
        axis.fill_between(batches, low, high, color=color, alpha=0.25, lw=0)
    axis.axhline(counted, color=INK, linestyle=":", label="counted")
    axis.set_xscale("log", base=2)
    axis.set_xticks(batches, [str(n) for n in batches])
    axis.set_xlabel("images in a batch", fontsize=LARGE)
    axis.set_ylabel("back / forward", fontsize=LARGE)
    axis.tick_params(labelsize=LARGE - 1)
    axis.grid(axis="y")
    figure.legend(loc="outside upper center", ncols=2, fontsize=LARGE - 1)
    return figure
