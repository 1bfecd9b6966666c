"""The figure of strokes that move: rows of pixels, and what each pooling makes."""

from collections.abc import Sequence

from matplotlib.figure import Figure
from torch import Tensor

from lenet_helpers.plots.style import INK, LARGE


def strokes(rows: Sequence[Sequence[Tensor]], names: Sequence[str]) -> Figure:
    """A line for each row, in it the row and what it became; a gap in the middle.

    Args:
        rows: lines of as many tensors [n] as there are names, with values from 0 to 1.
        names: of the columns.

    >>> import torch
    >>> len(strokes([[torch.zeros(8), torch.ones(4)]] * 4, ["row", "pooled"]).axes)
    8
    """
    wide = [len(row) + 1 for row in rows[0]]
    figure = Figure(figsize=(5.2, 0.42 * len(rows) + 0.6))
    upper, lower = figure.subfigures(2, 1)
    half = len(rows) // 2
    for part, lines in ((upper, rows[:half]), (lower, rows[half:])):
        axes = part.subplots(half, len(names), width_ratios=wide, squeeze=False)
        for axis, row in zip(axes.flat, (row for line in lines for row in line)):
            edges = range(len(row) + 1)
            look = {"vmin": 0, "vmax": 1, "edgecolors": INK, "linewidth": 0.8}
            axis.pcolormesh(edges, (0, 1), row[None].numpy(), cmap="gray", **look)
            axis.set_aspect("equal")
            axis.set_axis_off()
        if part is upper:
            for axis, name in zip(axes[0], names):
                axis.set_title(name, fontsize=LARGE)
    return figure
