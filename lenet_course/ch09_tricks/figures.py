"""Figures of the chapter on training tricks."""

from collections.abc import Mapping, Sequence

import torch
from matplotlib.figure import Figure
from torch import Tensor

from lenet_helpers.plots.effects import effects
from lenet_helpers.plots.style import COLORS, INK, LARGE
from lenet_helpers.statistics import paired_difference

FEW = (
    "cosine, affine, batch norm",
    "label smoothing 0.1",
    "batch norm everywhere",
    "EMA",
    "cosine",
    "affine",
    "Adam",
    "weight decay 0.0005",
    "dropout 0.5 after F6",
    "He",
    "rate / 10",
    "flips",
    "rate x 10",
)


def a_few(runs: Sequence[Mapping]) -> Figure:
    """What some of the changes are worth, of the runs of experiments/training/tricks.

    >>> score = {"seed": 0, "test_accuracy": 0.9}, {"seed": 1, "test_accuracy": 0.91}
    >>> runs = [s | {"variant": v} for v in ("base", *FEW) for s in score]
    >>> len(a_few(runs).axes[0].get_yticklabels()) == len(FEW)
    True
    """
    scores: dict[str, dict[int, float]] = {}
    for run in runs:
        if "test_accuracy" in run:
            kept = scores.setdefault(run["variant"], {})
            kept[run["seed"]] = 100 * run["test_accuracy"]
    rows = []
    for name in FEW:
        pairs = [(scores[name][seed], scores["base"][seed]) for seed in scores[name]]
        gain = paired_difference(*zip(*pairs))
        rows.append((name, gain.mean, gain.half))
    return effects(rows, low=-3, high=3, xlabel="points over the base")


def valley(paths: Mapping[str, Tensor], steepness: Tensor) -> Figure:
    """Paths [steps, 2] over the contours of w @ diag(steepness) @ w / 2.

    >>> len(valley({"a": torch.zeros(3, 2)}, torch.tensor([0.1, 1.0])).axes)
    1
    """
    figure = Figure(figsize=(5.6, 1.75 * len(paths) + 0.5))
    axes = figure.subplots(len(paths), 1, sharex=True, squeeze=False)[:, 0]
    along, across = torch.linspace(-4.6, 1.6, 80), torch.linspace(-1.3, 1.3, 60)
    x, y = torch.meshgrid(along, across, indexing="xy")
    height = (steepness[0] * x**2 + steepness[1] * y**2) / 2
    levels = [0.01 * 2.2**power for power in range(7)]
    colors = list(COLORS.values())
    for axis, (name, path), color in zip(axes, paths.items(), colors):
        axis.contour(x, y, height, levels, colors=INK, linewidths=0.6, alpha=0.5)
        axis.plot(*path.T.tolist(), "o-", color=color, markersize=3, linewidth=1.2)
        axis.plot(0, 0, "+", color=INK, markersize=9)
        axis.set_title(name, fontsize=LARGE, loc="left")
        axis.tick_params(labelsize=LARGE - 2)
    axes[-1].set_xlabel("along the valley", fontsize=LARGE)
    return figure
