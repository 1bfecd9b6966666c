"""Figures of what LeNet cannot do, and of what later networks added to it."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator, PercentFormatter
from torch import Tensor

from lenet_helpers.plots.style import COLORS, INK, LARGE


def sweeps(
    panels: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    trained: Mapping[str, tuple[float, float]],
) -> Figure:
    """One small panel a distortion: accuracy against its strength.

    Args:
        panels: name -> (strengths, accuracies).
        trained: name -> the range that training has shown, drawn as a band; where a
            name is missing, training has shown the unspoilt picture alone.

    >>> panels = {"a": ([0, 1], [1.0, 0.1]), "b": ([0, 1], [1.0, 0.1])}
    >>> [axis.get_xlabel() for axis in sweeps(panels, {"a": (0, 0.5)}).axes]
    ['a', 'b']
    """
    rows = -(-len(panels) // 2)
    figure = Figure(figsize=(6.6, 2.2 * rows))
    axes = figure.subplots(rows, 2, sharey=True, squeeze=False)
    for axis, (name, (strengths, values)) in zip(axes.flat, panels.items()):
        if name in trained:
            band = {"color": COLORS["green"], "alpha": 0.2, "linewidth": 0}
            axis.axvspan(*trained[name], **band)
        axis.axhline(0.1, color=INK, linestyle=":", linewidth=1.2)
        axis.plot(strengths, values, "o-", color=COLORS["blue"], markersize=4.5)
        axis.set_xlabel(name, fontsize=LARGE)
        axis.tick_params(labelsize=LARGE - 1)
        axis.set_ylim(0, 1.04)
        axis.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axis.xaxis.set_major_locator(MaxNLocator(5))
        axis.grid(axis="y")
    for axis in axes.flat[len(panels) :]:
        axis.set_axis_off()
    figure.supylabel("accuracy", fontsize=LARGE)
    return figure


def confidences(sets: Mapping[str, Tensor], threshold: float) -> Figure:
    """One row a set: how sure the network is of its answers.

    The thin bar runs from the 5th to the 95th of 100 images, the thick one over the
    middle half, and the white dot is the median.

    Args:
        sets: name -> confidences, float [N]; the first are the known images.
        threshold: the confidence that 95 % of the known images reach.

    >>> import torch
    >>> figure = confidences({"digits": torch.rand(9), "noise": torch.rand(9)}, 0.9)
    >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
    ['digits', 'noise']
    """
    figure = Figure(figsize=(6.2, 0.8 + 0.42 * len(sets)))
    axis = figure.subplots()
    for row, values in enumerate(sets.values()):
        colour = COLORS["orange" if row else "blue"]
        at = [values.quantile(q).item() for q in (0.05, 0.25, 0.5, 0.75, 0.95)]
        axis.plot([at[0], at[4]], [row, row], color=colour, linewidth=2)
        axis.plot([at[1], at[3]], [row, row], color=colour, linewidth=9)
        dot = {"markerfacecolor": "white", "markeredgecolor": colour}
        axis.plot(at[2], row, "o", markersize=8, markeredgewidth=1.8, **dot)
    axis.axvline(threshold, color=INK, linestyle=":", linewidth=1.2)
    axis.set_yticks(range(len(sets)), list(sets), fontsize=LARGE)
    axis.set(xlim=(0, 1.02), ylim=(len(sets) - 0.5, -0.5))
    axis.set_xlabel("largest softmax probability", fontsize=LARGE)
    axis.tick_params(labelsize=LARGE - 1)
    axis.grid(axis="x")
    return figure


def depth_gradients(gradients: Mapping[str, Tensor]) -> Figure:
    """Size of a layer's gradient against the layer: means of seeds, bands of ranges.

    ``gradients``: name -> float [seeds, layers], in double precision where they are
    tiny; the axis is logarithmic.

    >>> import torch
    >>> depth_gradients({"tanh": torch.ones(5, 20)}).axes[0].get_yscale()
    'log'
    """
    figure = Figure(figsize=(6.2, 4.2))
    axis = figure.subplots()
    for (name, table), colour, mark in zip(
        gradients.items(), COLORS.values(), "os^vDX"
    ):
        layers = range(1, table.shape[1] + 1)
        middle = table.log().mean(0).exp()
        look = {"color": colour}
        axis.plot(layers, middle, mark + "-", markersize=4, label=name, **look)
        low, high = table.aminmax(dim=0)
        axis.fill_between(layers, low, high, alpha=0.2, linewidth=0, **look)
    axis.set_yscale("log")
    axis.set_xlabel("convolution, from the image to the output", fontsize=LARGE)
    axis.set_ylabel("mean |gradient| of its weights", fontsize=LARGE)
    axis.tick_params(labelsize=LARGE - 1)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.grid(axis="y")
    figure.legend(loc="outside upper left", ncols=2, fontsize=LARGE - 1)
    return figure


def seed_rows(
    groups: Mapping[str, Mapping[str, Sequence[float]]],
    xlabel: str,
    guessing: float | None = None,
) -> Figure:
    """One row a network, in it for each group a dot a seed and a bar for their mean.

    Args:
        groups: name -> row -> a number a seed; the first group has all rows.
        guessing: draws a dotted line at the accuracy of a network that knows nothing.

    >>> rows = {"a": [0.4, 0.5], "b": [0.5, 0.6]}
    >>> len(seed_rows({"one": rows, "another": rows}, "accuracy").axes[0].lines)
    8
    """
    names = list(next(iter(groups.values())))
    figure = Figure(figsize=(6.6, 1.2 + 0.5 * len(names)))
    axis = figure.subplots()
    lines = zip(groups.items(), (COLORS["blue"], COLORS["orange"]), "os", strict=False)
    for number, ((group, rows), colour, mark) in enumerate(lines):
        shift = 0.36 * (number - (len(groups) - 1) / 2)
        for name, seeds in rows.items():
            at = names.index(name) + shift
            label = group if name == next(iter(rows)) else None
            axis.plot(seeds, [at] * len(seeds), mark, color=colour, alpha=0.6)
            bar, ends = [sum(seeds) / len(seeds)] * 2, [at - 0.16, at + 0.16]
            axis.plot(bar, ends, color=colour, linewidth=3, label=label)
    if guessing is not None:
        axis.axvline(guessing, color=INK, linestyle=":", linewidth=1.2)
    axis.set_yticks(range(len(names)), names, fontsize=LARGE)
    axis.set_xlabel(xlabel, fontsize=LARGE)
    axis.set_ylim(len(names) - 0.5, -0.5)
    axis.tick_params(labelsize=LARGE - 1)
    axis.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axis.grid(axis="x")
    figure.legend(loc="outside upper left", ncols=2, fontsize=LARGE - 1)
    return figure


def boxes(
    field: Tensor, panels: Mapping[str, tuple[Tensor, Sequence[object]]]
) -> Figure:
    """One picture for each set of boxes on it, with an answer at each box or none.

    Args:
        field: float [H, W], 0 to 1.
        panels: title -> (boxes (x1, y1, x2, y2) in pixels, float [N, 4]; N answers).

    >>> import torch
    >>> one = torch.tensor([[2.0, 2.0, 30.0, 30.0]])
    >>> len(boxes(torch.zeros(40, 40), {"all": (one, []), "kept": (one, [7])}).axes)
    2
    """
    figure = Figure(figsize=(7.2, 7.2 / len(panels) + 0.3))
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for axis, (title, (corners, answers)) in zip(axes, panels.items()):
        axis.imshow(field.numpy(), vmin=0, vmax=1)
        axis.set_title(title, fontsize=LARGE)
        axis.set_xticks([])
        axis.set_yticks([])
        for left, top, right, bottom in corners.tolist():
            look = {"edgecolor": COLORS["amber"], "facecolor": "none", "linewidth": 1.2}
            corner, size = (left - 0.5, top - 0.5), (right - left, bottom - top)
            axis.add_patch(Rectangle(corner, *size, **look))
        for (left, top, *_), answer in zip(corners.tolist(), answers):
            look = {"color": COLORS["amber"], "fontsize": LARGE + 2, "va": "top"}
            axis.text(left + 1, top + 0.5, str(answer), **look)
    return figure
