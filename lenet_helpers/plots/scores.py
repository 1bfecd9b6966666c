"""Pictures of what a network gets right: confusions, class space, curves."""

from collections.abc import Mapping, Sequence

import torch
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator, PercentFormatter
from torch import Tensor

from lenet_helpers.plots.style import COLORS, INK, LARGE

# Bright cells under dark text read on either page; the book's dark mode brightens both.
HEAT = LinearSegmentedColormap.from_list("heat", ["#e3c48c", "#df9a45", "#d9701f"])
TEN = [*COLORS.values(), "#8c6d31", "#7b61c4", "#999999", "#c0392b"]


def confusion(counts: Tensor, classes: Sequence[str]) -> Figure:
    """A confusion matrix in which colour is kept for the mistakes.

    Args:
        counts: int64 [K, K], row = true class, column = predicted class.

    >>> confusion(torch.eye(2).long(), ["0", "1"]).axes[0].get_xlabel()
    'the network said'
    """
    figure = Figure(figsize=(6.2, 5.0))
    ax = figure.subplots()
    errors = counts.float().fill_diagonal_(0)
    shown = errors.masked_fill(errors == 0, torch.nan)
    ax.imshow(shown.numpy(), cmap=HEAT, vmin=0, vmax=max(1.0, errors.max().item()))
    for true, said in counts.nonzero().tolist():
        right = true == said
        style = {"color": INK} if right else {"color": "#1a1a1a", "weight": "bold"}
        text = f"{counts[true, said]:d}"
        size = LARGE - 2.5 if right else LARGE
        ax.text(said, true, text, ha="center", va="center", fontsize=size, **style)
    ax.set_xlabel("the network said", fontsize=LARGE)
    ax.set_ylabel("true digit", fontsize=LARGE)
    ax.set_xticks(range(len(classes)), classes, fontsize=LARGE)
    ax.set_yticks(range(len(classes)), classes, fontsize=LARGE)
    ax.set_xticks([x - 0.5 for x in range(1, len(classes))], minor=True)
    ax.set_yticks([x - 0.5 for x in range(1, len(classes))], minor=True)
    ax.grid(which="minor", alpha=0.2)
    ax.tick_params(which="both", length=0)
    return figure


def embedding(
    points: Tensor, labels: Tensor, wrong: Tensor, axes: Sequence[str]
) -> Figure:
    """Points of the plane in the colour of their class, its name at its mean.

    Args:
        points: float [N, 2].
        labels: int64 [N], 0 to 9.
        wrong: bool [N]; these points get a cross.
        axes: names of the two axes.

    >>> figure = embedding(torch.rand(4, 2), torch.tensor([0, 0, 1, 1]),
    ...                    torch.tensor([False] * 4), ["first", "second"])
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['0', '1']
    """
    figure = Figure(figsize=(6.6, 5.2))
    ax = figure.subplots()
    for k in labels.unique().tolist():
        ax.scatter(
            *points[labels == k].T.numpy(), s=5, color=TEN[k], alpha=0.45, linewidths=0
        )
    ax.scatter(*points[wrong].T.numpy(), s=34, marker="x", color=INK, linewidths=1.3)
    look = {"color": "#111111", "fontsize": LARGE, "weight": "bold"}
    for k in labels.unique().tolist():
        place = points[labels == k].mean(0).tolist()
        chip = {"boxstyle": "circle,pad=0.2", "facecolor": TEN[k], "linewidth": 0}
        ax.text(*place, str(k), ha="center", va="center", bbox=chip, **look)
    ax.set_xlabel(axes[0], fontsize=LARGE)
    ax.set_ylabel(axes[1], fontsize=LARGE)
    return figure


def against(
    x: Sequence[float],
    curves: Mapping[str, Tensor],
    *,
    xlabel: str,
    ylabel: str,
    height: float = 3.4,
) -> Figure:
    """Shares against x: the mean of several runs, a band from lowest to highest.

    Args:
        curves: label -> float [len(x)], or [runs, len(x)]; shares, drawn as percent.

    >>> runs = torch.tensor([[0.9, 0.8], [1.0, 0.8]])
    >>> figure = against([0, 1], {"two runs": runs}, xlabel="shift", ylabel="accuracy")
    >>> figure.axes[0].lines[0].get_ydata().tolist()
    [0.949999988079071, 0.800000011920929]
    """
    figure = Figure(figsize=(7.2, height))
    ax = figure.subplots()
    for (label, runs), mark in zip(curves.items(), "osD^v<"):
        runs = torch.atleast_2d(runs).numpy()
        few = mark if len(x) < 40 else ""
        (line,) = ax.plot(x, runs.mean(0), marker=few, markersize=4.5, label=label)
        ax.fill_between(
            x, runs.min(0), runs.max(0), color=line.get_color(), alpha=0.25, lw=0
        )
    ax.set_xlabel(xlabel, fontsize=LARGE)
    ax.set_ylabel(ylabel, fontsize=LARGE)
    ax.tick_params(labelsize=LARGE - 1)
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=None))
    ax.grid(axis="y")
    if len(curves) > 1:
        ax.legend(fontsize=LARGE)
    return figure


def tuning(angles: Tensor, responses: Tensor, marks: Tensor) -> Figure:
    """One small curve a map: its response to an edge, against the edge's direction.

    Args:
        angles: float [A], degrees.
        responses: float [A, C].
        marks: float [C], a direction to mark in each panel, in degrees.

    >>> len(tuning(torch.arange(0, 360, 90), torch.ones(4, 6), torch.zeros(6)).axes)
    6
    """
    count = responses.shape[1]
    figure = Figure(figsize=(7.2, 3.6))
    axes = figure.subplots(-(-count // 3), 3, sharex=True, sharey=True, squeeze=False)
    for c, ax in enumerate(axes.flat[:count]):
        ax.axvline(marks[c].item(), color=COLORS["orange"], linestyle="--", lw=1.3)
        ax.plot(angles.numpy(), responses[:, c].detach().numpy(), color=COLORS["blue"])
        ax.set_title(f"map {c}", pad=3, fontsize=LARGE)
        ax.xaxis.set_major_locator(MultipleLocator(180))
        ax.set_ylim(min(0.0, responses.min().item()), 1.1 * responses.max().item())
        ax.tick_params(labelsize=LARGE - 1)
        ax.grid(alpha=0.2)
    figure.supxlabel("direction of the bright side (degrees)", fontsize=LARGE)
    figure.supylabel("largest activation", fontsize=LARGE)
    return figure
