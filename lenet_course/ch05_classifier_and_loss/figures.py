"""Figures of the chapter on classifier and loss: drawings, codes, prices, promises."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from lenet_helpers.confidence import Bins
from lenet_helpers.plots.style import COLORS, INK, LARGE


def _bare(axis: Axes) -> None:
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set_visible(False)


def drawings(
    images: Tensor, f6: Tensor, codes: Tensor, titles: Sequence[str]
) -> Figure:
    """Digits, what F6 drew for each, and the nearest code; a column an image.

    Args:
        images: [N, H, W], 0 to 1; f6, codes: [N, 84]; titles: N, above the columns.

    >>> import torch
    >>> four = torch.zeros(4, 84)
    >>> len(drawings(torch.zeros(4, 32, 32), four, four, list("1234")).axes)
    12
    """
    figure = Figure(figsize=(5.2, 5.0))
    rows = figure.subplots(3, len(images), height_ratios=[1, 1.5, 1.5])
    names = ("image", "F6 drew", "code")
    pictures = (images, f6.view(-1, 12, 7), codes.view(-1, 12, 7))
    for axes, name, row, low in zip(rows, names, pictures, (0, -1.72, -1.72)):
        for axis, picture in zip(axes, row):
            axis.imshow(picture.numpy(), vmin=low, vmax=-low or 1)
            _bare(axis)
        axes[0].set_ylabel(name, fontsize=LARGE)
    for axis, title in zip(rows[0], titles):
        axis.set_title(title, fontsize=LARGE)
    return figure


def differences(codes: Tensor) -> Figure:
    """In how many places each two codes differ, written into a matrix.

    >>> import torch
    >>> len(differences(torch.eye(3)).axes)
    1
    """
    apart = (codes[:, None] != codes).sum(2)
    figure = Figure(figsize=(4.9, 4.6))
    axis = figure.subplots()
    axis.imshow(apart.numpy(), "Blues", vmin=0, vmax=110)
    for i, j in apart.nonzero().tolist():
        close = apart[i, j] <= 18
        style = {"color": "#b34700", "weight": "bold"} if close else {"color": "#222"}
        axis.text(
            j, i, int(apart[i, j]), ha="center", va="center", fontsize=11, **style
        )
    names = range(len(codes))
    axis.set(xticks=names, yticks=names)
    axis.tick_params(labelsize=LARGE, length=0)
    axis.spines[:].set_visible(False)
    axis.set_xlabel("code of", fontsize=LARGE)
    axis.set_ylabel("code of", fontsize=LARGE)
    return figure


def shares(p: Tensor, title: str) -> Figure:
    """Ten probabilities as bars.

    >>> import torch
    >>> len(shares(torch.full((10,), 0.1), "even").axes)
    1
    """
    figure = Figure(figsize=(4.8, 2.6))
    axis = figure.subplots()
    axis.bar(range(len(p)), p.tolist(), color=COLORS["blue"])
    axis.set(xticks=range(len(p)), ylim=(0, 1.05))
    axis.set_title(title, fontsize=LARGE)
    axis.set_xlabel("class", fontsize=LARGE)
    axis.set_ylabel("share", fontsize=LARGE)
    axis.tick_params(labelsize=LARGE - 1)
    return figure


def difference_of_bars(pair: Mapping[str, Tensor]) -> Figure:
    """Two rows of bars, a class each, and their difference below them.

    >>> import torch
    >>> len(difference_of_bars({"p": torch.ones(3) / 3, "t": torch.eye(3)[0]}).axes)
    3
    """
    first, second = pair.values()
    rows = {**pair, "difference": first - second}
    figure = Figure(figsize=(4.8, 4.2))
    axes = figure.subplots(3, 1, sharex=True)
    for axis, (name, values), color in zip(axes, rows.items(), COLORS.values()):
        axis.bar(range(len(values)), values.tolist(), color=color)
        axis.axhline(0, color=INK, linewidth=0.8)
        axis.set(ylim=(0, 1.05), yticks=(0, 0.5, 1))
        axis.set_ylabel(name, fontsize=LARGE)
        axis.tick_params(labelsize=LARGE - 1)
    axes[-1].set(ylim=(-1.05, 1.05), yticks=(-1, 0, 1), xticks=range(len(first)))
    axes[-1].set_xlabel("class", fontsize=LARGE)
    return figure


def lines(
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    xlabel: str,
    ylabel: str,
    marks: Mapping[str, float] | None = None,
    **limits: object,
) -> Figure:
    """Curves (x, y) by name, each with a dash of its own, and dotted upright lines.

    >>> len(lines({"a": ([0, 1], [1, 2])}, "x", "y", {"here": 0.5}).axes)
    1
    """
    figure = Figure(figsize=(4.8, 3.4))
    axis = figure.subplots()
    for (name, (x, y)), dash in zip(curves.items(), ("-", "--", "-.", ":")):
        axis.plot(x, y, dash, label=name)
    axis.set(**limits)
    for name, at in (marks or {}).items():
        axis.axvline(at, color=INK, linestyle=":", linewidth=1.2)
        top = axis.get_ylim()[1]
        axis.text(at, top, f" {name}", fontsize=LARGE - 1.5, va="top")
    axis.set_xlabel(xlabel, fontsize=LARGE)
    axis.set_ylabel(ylabel, fontsize=LARGE)
    axis.tick_params(labelsize=LARGE - 1)
    axis.grid(axis="y")
    axis.legend(fontsize=LARGE - 1.5)
    return figure


def histograms(groups: Mapping[str, tuple[Tensor, Tensor]], limit: float) -> Figure:
    """For each score two histograms, digits and strangers; dotted: the threshold.

    Args:
        groups: name of the score -> scores [N] of digits, scores [M] of strangers.
        limit: the share of the digits that is to pass, such as 0.95.

    >>> import torch
    >>> len(histograms({"p": (torch.rand(50), torch.rand(50))}, 0.95).axes)
    1
    """
    figure = Figure(figsize=(4.8, 2.3 * len(groups) + 0.3))
    axes = figure.subplots(len(groups), 1, squeeze=False)[:, 0]
    for axis, (name, pair) in zip(axes, groups.items()):
        low = min(s.min().item() for s in pair)
        high = max(s.max().item() for s in pair)
        for what, score, color in zip(("digits", "strangers"), pair, COLORS.values()):
            style = {"histtype": "stepfilled", "alpha": 0.55, "color": color}
            weights = [1 / len(score)] * len(score)
            box = {"bins": 40, "range": (low, high), "weights": weights}
            axis.hist(score.numpy(), **box, **style, label=what)
        at = pair[0].quantile(1 - limit).item()
        axis.axvline(at, color=INK, linestyle=":")
        axis.set_title(name, fontsize=LARGE, loc="left")
        axis.tick_params(labelsize=LARGE - 1)
        axis.set_ylabel("share", fontsize=LARGE)
    axes[0].legend(fontsize=LARGE - 1)
    axes[-1].set_xlabel("score", fontsize=LARGE)
    return figure


def reliability(columns: Mapping[str, Bins]) -> Figure:
    """Kept against promised with the diagonal, above the count of each bin.

    >>> import torch
    >>> from lenet_helpers.confidence import calibration
    >>> some = calibration(torch.rand(99), torch.rand(99) > 0.5, 10)
    >>> len(reliability({"before": some, "after": some}).axes)
    4
    """
    figure = Figure(figsize=(5.6, 4.6))
    axes = figure.subplots(
        2, len(columns), height_ratios=[2.2, 1], sharex=True, squeeze=False
    )
    most = max(bins.count.max().item() for bins in columns.values())
    for (upper, lower), (name, bins) in zip(axes.T, columns.items()):
        full = bins.count > 0
        edges = [(b + 0.5) / len(full) for b in range(len(full))]
        width = 0.9 / len(full)
        upper.plot([0, 1], [0, 1], color=INK, linestyle=":")
        upper.plot(bins.promised[full], bins.kept[full], "o-", color=COLORS["orange"])
        lower.bar(edges, bins.count.tolist(), width, color=COLORS["blue"])
        lower.set(yscale="log", ylim=(0.8, 2 * most), xlim=(0, 1.02))
        upper.set(ylim=(0, 1.04))
        upper.set_title(name, fontsize=LARGE)
        lower.set_xlabel("confidence", fontsize=LARGE)
        for axis in (upper, lower):
            axis.tick_params(labelsize=LARGE - 1.5)
    axes[0, 0].set_ylabel("right", fontsize=LARGE)
    axes[1, 0].set_ylabel("answers", fontsize=LARGE)
    return figure
