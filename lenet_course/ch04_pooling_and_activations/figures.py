"""Figures of the chapter on pooling and activations."""

from collections.abc import Callable, Mapping, Sequence

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from lenet_helpers.plots.maps import SIGNED
from lenet_helpers.plots.style import COLORS, INK, LARGE

SMALL = LARGE - 1.5


def _bare(axis: Axes) -> None:
    axis.set(xticks=[], yticks=[])
    for spine in axis.spines.values():
        spine.set(visible=True, color=INK, linewidth=0.6)


def subsampled(before: Tensor, after: Tensor, unit: Callable, limit: float) -> Figure:
    """A map, what a unit makes of a sum of four, and the map that comes out.

    Args:
        before: [H, W]; after: [H / 2, W / 2], both within ±limit.
        unit: a tensor of sums -> the unit's outputs.

    >>> grey = torch.zeros(4, 4)
    >>> len(subsampled(grey, grey[::2, ::2], torch.tanh, 1.0).axes)
    3
    """
    figure = Figure(figsize=(5.6, 2.5))
    axes = figure.subplots(1, 3, width_ratios=[1, 1.15, 1])
    for axis, values in ((axes[0], before), (axes[2], after)):
        axis.imshow(values.numpy(), SIGNED, vmin=-limit, vmax=limit)
        _bare(axis)
    sums = torch.linspace(-4 * limit, 4 * limit, 400)
    axes[1].axhline(0, color=INK, linewidth=0.6)
    axes[1].axvline(0, color=INK, linewidth=0.6)
    axes[1].plot(sums.tolist(), unit(sums).tolist(), color=COLORS["orange"])
    axes[1].set(ylim=(-1.1 * limit, 1.1 * limit), xticks=[-6, 0, 6], yticks=[-1, 0, 1])
    axes[1].tick_params(labelsize=SMALL)
    axes[1].set_xlabel("sum of four", fontsize=SMALL)
    for axis, title in zip(axes, ("C1", "a unit of S2", "S2")):
        axis.set_title(title, fontsize=LARGE)
    return figure


def maps(pictures: Mapping[str, Tensor], columns: int = 3) -> Figure:
    """Maps on one scale, symmetric about zero, ``columns`` a line.

    >>> len(maps({"a": torch.zeros(4, 4), "b": torch.ones(2, 2)}).axes)
    3
    """
    lines = -(-len(pictures) // columns)
    limit = max(p.abs().max().item() for p in pictures.values())
    figure = Figure(figsize=(5.6, lines * (5.6 / columns + 0.3)))
    axes = figure.subplots(lines, columns, squeeze=False).flatten()
    for axis in axes[len(pictures) :]:
        axis.set_axis_off()
    for axis, (title, picture) in zip(axes, pictures.items()):
        axis.imshow(picture.numpy(), SIGNED, vmin=-limit, vmax=limit)
        axis.set_title(title, fontsize=LARGE)
        _bare(axis)
    return figure


def lines(
    x: Sequence[float],
    panels: Mapping[str, Mapping[str, Sequence[float]]],
    *,
    xlabel: str,
    log: bool = False,
    height: float = 2.2,
) -> Figure:
    """A panel under the other, named by its y-axis, with a line for each entry.

    >>> len(lines([1, 2], {"a": {"p": [1, 2]}, "b": {"p": [3, 4]}}, xlabel="n").axes)
    2
    """
    figure = Figure(figsize=(5.2, height * len(panels) + 0.8))
    axes = figure.subplots(len(panels), 1, squeeze=False, sharex=True)[:, 0]
    styles = ("-", "--", "-.", ":", "-", "--")
    for axis, (title, curves) in zip(axes, panels.items()):
        for (label, y), color, style in zip(curves.items(), COLORS.values(), styles):
            axis.plot(x, y, style, color=color, label=label)
        axis.set_ylabel(title, fontsize=LARGE)
        axis.tick_params(labelsize=SMALL)
        axis.grid(axis="y")
        if log:
            axis.set_yscale("log")
    axes[-1].set_xlabel(xlabel, fontsize=LARGE)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside upper center", ncols=3, fontsize=LARGE - 1
    )
    return figure


def slopes(functions: Mapping[str, Callable], reach: float = 4.0) -> Figure:
    """Each function (solid) with its slope (dashed) by autograd, two panels a line.

    >>> len(slopes({"tanh": torch.tanh, "ReLU": torch.relu}).axes)
    2
    """
    count = -(-len(functions) // 2)
    figure = Figure(figsize=(5.4, 1.75 * count + 0.3))
    axes = figure.subplots(count, 2, squeeze=False, sharex=True, sharey=True).flatten()
    for axis, (name, f) in zip(axes, functions.items()):
        a = torch.linspace(-reach, reach, 802, requires_grad=True)
        y = f(a)
        (slope,) = torch.autograd.grad(y.sum(), a)
        axis.axhline(0, color=INK, linewidth=0.6)
        axis.axvline(0, color=INK, linewidth=0.6)
        axis.plot(a.tolist(), y.tolist(), color=COLORS["blue"])
        axis.plot(a.tolist(), slope.tolist(), "--", color=COLORS["orange"])
        axis.set(ylim=(-1.9, 1.9), yticks=[-1, 0, 1], xticks=[-3, 0, 3])
        axis.set_title(name, fontsize=LARGE)
        axis.tick_params(labelsize=SMALL)
    for axis in axes[len(functions) :]:
        axis.set_axis_off()
    return figure


def histograms(
    seen: Mapping[str, Mapping[str, Mapping[str, Tensor]]],
    *,
    low: float,
    high: float,
    xlabel: str,
) -> Figure:
    """Rows and columns of panels; in each, a layer's values as an outline.

    Args:
        seen: row -> column -> layer -> values of any shape.

    >>> one = {"C1": torch.rand(9)}
    >>> len(histograms({"a": {"0": one, "9": one}}, low=0, high=1, xlabel="y").axes)
    2
    """
    columns = list(next(iter(seen.values())))
    figure = Figure(figsize=(5.6, 1.75 * len(seen) + 0.9))
    axes = figure.subplots(
        len(seen), len(columns), squeeze=False, sharex=True, sharey="row"
    )
    edges = torch.linspace(low, high, 31)
    for r, (row, panels) in enumerate(seen.items()):
        for c, (column, layers) in enumerate(panels.items()):
            axis = axes[r, c]
            for (layer, values), color in zip(layers.items(), COLORS.values()):
                counts = torch.histc(values.float(), 30, low, high)
                share = 100 * counts / values.numel()
                axis.stairs(share.numpy(), edges.numpy(), color=color, label=layer)
            axis.tick_params(labelsize=SMALL)
            if r == 0:
                axis.set_title(column, fontsize=LARGE)
        axes[r, 0].set_ylabel(f"{row}\n% of values", fontsize=SMALL)
    for axis in axes[-1]:
        axis.set_xlabel(xlabel, fontsize=SMALL)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside upper center", ncols=4, fontsize=LARGE - 1
    )
    return figure


def valley(panels: Mapping[str, tuple[Tensor, Tensor]], reach: float = 1.2) -> Figure:
    """The loss of two weights as contours about its lowest point, and a path down.

    Args:
        panels: title -> (Hessian [2, 2], path [steps, 2]).

    >>> len(valley({"round": (torch.eye(2), torch.ones(3, 2))}).axes)
    1
    """
    figure = Figure(figsize=(5.4, 3.0))
    axes = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    line = torch.linspace(-reach, reach, 81)
    w1, w0 = torch.meshgrid(line, line, indexing="ij")
    grid = torch.stack([w0, w1], -1)
    for axis, (title, (hessian, path)) in zip(axes, panels.items()):
        hessian = hessian.float()
        loss = torch.einsum("abi,ij,abj->ab", grid, hessian, grid) / 2
        rim = loss[0, 0].item(), loss.max().item()
        levels = [max(rim) * share for share in (0.01, 0.04, 0.1, 0.2, 0.4, 0.7)]
        axis.contour(
            line.numpy(), line.numpy(), loss.numpy(), levels, colors=INK, linewidths=0.8
        )
        axis.plot(
            *path.T.tolist(), "o-", color=COLORS["orange"], markersize=3, linewidth=1.3
        )
        axis.plot(0, 0, "+", color=COLORS["blue"], markersize=10)
        axis.set_title(title, fontsize=LARGE)
        axis.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
        axis.set_xlabel("weight 1", fontsize=LARGE)
        axis.tick_params(labelsize=SMALL)
    axes[0].set_ylabel("weight 2", fontsize=LARGE)
    return figure
