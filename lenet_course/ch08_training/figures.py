"""Figures of the chapter on training."""

import math
from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from lenet_helpers.plots.style import COLORS, INK, LARGE

OPENING = {  # recipe of experiments/training/recipes.py -> name, colour, line
    "sigmoid-sgd": ("logistic sigmoid, SGD", "orange", "--"),
    "ours": ("ReLU, Adam", "blue", "-"),
}


def two_recipes(runs: Sequence[Mapping]) -> Figure:
    """Training loss of two recipes, epoch by epoch; a line is a seed.

    >>> run = {"epochs": [{"train_loss": 2.3}, {"train_loss": 1.0}]}
    >>> runs = [run | {"recipe": recipe} for recipe in OPENING]
    >>> len(two_recipes(runs).axes[0].lines)  # a line each, and ln 10
    3
    """
    figure = Figure(figsize=(5.6, 3.1))
    axis = figure.subplots()
    for recipe, (label, color, line) in OPENING.items():
        for run in (run for run in runs if run["recipe"] == recipe):
            losses = [row["train_loss"] for row in run["epochs"]]
            epochs = range(1, len(losses) + 1)
            axis.plot(epochs, losses, line, color=COLORS[color], label=label)
            label = None  # one entry in the legend for all seeds
    axis.axhline(math.log(10), color=INK, linestyle=(0, (1, 3)), linewidth=1.2)
    axis.annotate(
        "ln 10",
        (1, math.log(10)),
        xycoords=("axes fraction", "data"),
        xytext=(0, 3),
        textcoords="offset points",
        horizontalalignment="right",
        fontsize=LARGE - 1,
    )
    axis.set_ylim(0, 2.6)
    axis.set_xlabel("epoch", fontsize=LARGE)
    axis.set_ylabel("training loss", fontsize=LARGE)
    axis.tick_params(labelsize=LARGE - 1.5)
    axis.legend(loc="center left", fontsize=LARGE - 1)
    return figure
