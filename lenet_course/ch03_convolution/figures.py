"""Figures of the chapter on convolution: windows, matrices, borders, stamps, fields."""

import math
from collections.abc import Mapping

from matplotlib import patches
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor
from torch.nn import functional

from lenet_helpers.plots.maps import SIGNED
from lenet_helpers.plots.style import COLORS, INK, LARGE


def _bare(axis: Axes) -> None:
    axis.set(xticks=[], yticks=[])
    for spine in axis.spines.values():
        spine.set_visible(False)


def _square(axis: Axes, row: float, column: float, side: float, color: str) -> None:
    corner = (column - 0.5, row - 0.5)
    frame = {"edgecolor": COLORS[color], "facecolor": "none", "linewidth": 2.5}
    axis.add_patch(patches.Rectangle(corner, side, side, clip_on=False, **frame))


def sliding(image: Tensor, kernel: Tensor, result: Tensor, unit: int) -> Figure:
    """The window that gives a unit, the kernel, and the map as far as it is filled.

    Args:
        image: [H, W], 0 to 1.
        kernel: [k, k]; result: [H', W'], of either sign.
        unit: which unit, counted row by row.

    >>> import torch
    >>> figure = sliding(torch.rand(6, 6), torch.rand(3, 3), torch.rand(4, 4), 5)
    >>> len(figure.axes)
    3
    """
    row, column = divmod(unit, result.shape[1])
    shown = result.flatten().clone()
    shown[unit + 1 :] = math.nan
    limits = [kernel.abs().max().item(), result.abs().max().item()]
    figure = Figure(figsize=(5.4, 2.5))
    axes = figure.subplots(1, 3, width_ratios=[len(image), 16, len(image)])
    axes[0].imshow(image.numpy(), vmin=0, vmax=1)
    for axis, values, limit in zip(axes[1:], (kernel, shown.view_as(result)), limits):
        axis.imshow(values.numpy(), SIGNED, vmin=-limit, vmax=limit)
    _square(axes[0], row, column, len(kernel), "amber")
    _square(axes[2], row, column, 1, "amber")
    for axis, title in zip(axes, ("image", "kernel", "map")):
        _bare(axis)
        axis.set_title(title, fontsize=LARGE)
    for spine in axes[2].spines.values():  # what is not yet filled has an edge, too
        spine.set_visible(True)
    return figure


def matrices(layers: Mapping[str, Tensor]) -> Figure:
    """Weights of layers as matrices, one under the other; exact zeros stay empty.

    >>> import torch
    >>> len(matrices({"dense": torch.rand(4, 9), "shared": torch.eye(4, 9)}).axes)
    2
    """
    rows = next(iter(layers.values())).shape[0]
    figure = Figure(figsize=(4.9, 2.45 * len(layers)))
    for axis, (title, weight) in zip(figure.subplots(len(layers), 1), layers.items()):
        values = weight.clone()
        values[values == 0] = math.nan
        limit = weight.abs().max().item()
        axis.imshow(values.numpy(), SIGNED, vmin=-limit, vmax=limit)
        axis.set_title(title, fontsize=LARGE, loc="left")
        axis.set(xticks=range(0, weight.shape[1], 6), yticks=range(0, rows, 4))
        axis.tick_params(labelsize=LARGE - 1.5)
        axis.set_ylabel("unit", fontsize=LARGE)
        axis.spines[["top", "right"]].set_visible(True)
    axis.set_xlabel("pixel", fontsize=LARGE)
    return figure


def row(pictures: Mapping[str, Tensor], columns: int = 3, frame: int = 0) -> Figure:
    """Maps on one scale of grey, ``columns`` a line; ``frame`` marks what was added.

    >>> import torch
    >>> len(row({"a": torch.zeros(4, 4), "b": torch.ones(4, 4)}, columns=2).axes)
    2
    """
    lines = -(-len(pictures) // columns)
    low = min(p.min().item() for p in pictures.values())
    high = max(p.max().item() for p in pictures.values())
    figure = Figure(figsize=(5.6, lines * (5.6 / columns + 0.3)))
    axes = figure.subplots(lines, columns, squeeze=False).flatten()
    for axis in axes:
        _bare(axis)
    for axis, (title, picture) in zip(axes, pictures.items()):
        axis.imshow(picture.numpy(), vmin=low, vmax=high)
        axis.spines[:].set(visible=True, color=INK, linewidth=0.6)
        axis.set_title(title, fontsize=LARGE)
        if frame:
            _square(axis, frame, frame, len(picture) - 2 * frame, "amber")
    return figure


def unfolded(image: Tensor, side: int, place: int, pixel: tuple[int, int]) -> Figure:
    """An image beside its windows, written out as columns.

    Amber: the window number ``place`` and its column. Blue: one ``pixel``, and all
    places of the matrix where it stands.

    >>> import torch
    >>> len(unfolded(torch.rand(6, 6), side=3, place=5, pixel=(2, 2)).axes)
    2
    """
    columns = functional.unfold(image[None, None], side)[0]
    per_row = image.shape[1] - side + 1
    figure = Figure(figsize=(5.6, 2.3))
    axes = figure.subplots(1, 2, width_ratios=[1, 2.3])
    axes[0].imshow(image.numpy(), vmin=0, vmax=1)
    axes[1].imshow(columns.numpy(), vmin=0, vmax=1, aspect="auto")
    _square(axes[0], *divmod(place, per_row), side, "amber")
    _square(axes[0], *pixel, 1, "sky")
    edge = {"color": COLORS["amber"], "linewidth": 1.5, "clip_on": False}
    for x in (place - 0.6, place + 0.6):
        axes[1].plot([x, x], [-0.5, side**2 - 0.5], **edge)
    marked = image.new_zeros(image.shape)
    marked[pixel] = 1
    rows, places = functional.unfold(marked[None, None], side)[0].nonzero().T.tolist()
    axes[1].plot(places, rows, "s", color=COLORS["sky"], markersize=3.5)
    titles = f"{image.shape[0]}×{image.shape[1]} pixels", "a column is a window"
    for axis, title in zip(axes, titles):
        _bare(axis)
        axis.set_title(title, fontsize=LARGE)
    axes[1].set_xlabel(f"{columns.shape[1]} places", fontsize=LARGE)
    axes[1].set_ylabel(f"{side**2} pixels", fontsize=LARGE)
    return figure


def paths(counts: Mapping[str, Tensor]) -> Figure:
    """Bars: on how many paths each pixel of a row reaches one unit.

    >>> import torch
    >>> len(paths({"1, 2": torch.tensor([1.0, 2.0, 1.0])}).axes)
    1
    """
    figure = Figure(figsize=(4.8, 1.8 * len(counts) + 0.3))
    axes = figure.subplots(len(counts), 1, squeeze=False, sharex=True)[:, 0]
    for axis, (title, values), color in zip(axes, counts.items(), COLORS.values()):
        middle = len(values) // 2
        places = [i - middle for i in range(len(values))]
        axis.bar(places, values.tolist(), width=0.8, color=color)
        unread = [place for place, value in zip(places, values) if value == 0]
        crosses = {"color": COLORS["orange"], "clip_on": False, "zorder": 3}
        axis.plot(unread, [0] * len(unread), "x", **crosses)
        axis.set_title(title, fontsize=LARGE, loc="left")
        axis.tick_params(labelsize=LARGE - 1.5)
        axis.set_ylabel("paths", fontsize=LARGE)
    axis.set_xlabel("pixel, from the middle of the field", fontsize=LARGE)
    return figure


def fields(heats: Mapping[str, Tensor], side: int) -> Figure:
    """How strongly pixels act on one unit, a panel each, scaled to its own largest.

    A square of ``side`` pixels around the middle of the map marks the whole field.

    >>> import torch
    >>> len(fields({"start": torch.rand(20, 20)}, side=14).axes)
    1
    """
    figure = Figure(figsize=(5.6, 5.6 / len(heats) + 0.4))
    axes = figure.subplots(1, len(heats), squeeze=False)[0]
    for axis, (title, heat) in zip(axes, heats.items()):
        limit = heat.max().item()
        axis.imshow(heat.numpy(), SIGNED, vmin=-limit, vmax=limit)
        corner = (len(heat) - side) / 2
        _square(axis, corner, corner, side, "sky")
        _bare(axis)
        axis.set_title(title, fontsize=LARGE)
    return figure
