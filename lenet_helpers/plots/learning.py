"""Figures of training: curves, recipes side by side, gradients, predictions."""

import math
from collections.abc import Mapping, Sequence

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from torch import Tensor

from lenet_helpers.plots.style import COLORS, INK
from lenet_helpers.training.history import History

WINDOW = 20  # steps in a running mean: the loss of a single batch jumps


def curves(history: History) -> Figure:
    """Loss and accuracy against epochs, training and validation; best epoch marked.

    Without validation only the training curves are drawn.
    """
    table = history.table()
    figure = Figure(figsize=(5.6, 4.8))
    axes = figure.subplots(2, 1, sharex=True)
    for axis, what in zip(axes, ("loss", "accuracy")):
        parts = {
            "train": ("training", "blue", "o--"),
            "val": ("validation", "orange", "s-"),
        }
        for part, (label, color, line) in parts.items():
            values = table[f"{part}_{what}"]
            if values.notna().all():
                axis.plot(table.index, values, line, color=COLORS[color], label=label)
        axis.axvline(history.best_epoch, color=INK, linestyle=":", linewidth=1.2)
        _epochs(axis, f"{what} (mean over images)" if what == "loss" else what)
    axes[0].legend()
    _percent(axes[1])
    axes[1].annotate(
        f"best: epoch {history.best_epoch}",
        (history.best_epoch, 0.04),
        xycoords=("data", "axes fraction"),
        xytext=(-5, 0),
        textcoords="offset points",
        horizontalalignment="right",
    )
    return figure


def recipe_curves(runs: Sequence[Mapping], labels: Mapping[str, str]) -> Figure:
    """Validation loss and accuracy of several recipes: mean and range over seeds.

    Args:
        runs: each with ``recipe`` (its key), and ``epochs``, a row an epoch with
            val_loss and val_accuracy; what experiments/training/recipes.py stores.
        labels: the recipes to draw, key to name, in order.
    """
    figure = Figure(figsize=(5.6, 5.4))
    axes = figure.subplots(2, 1, sharex=True)
    for (key, label), color, line in zip(labels.items(), COLORS.values(), _LINES):
        rows = [run["epochs"] for run in runs if run["recipe"] == key]
        for axis, what in zip(axes, ("val_loss", "val_accuracy")):
            values = torch.tensor([[row[what] for row in run] for run in rows])
            epochs = range(1, values.shape[1] + 1)
            axis.plot(epochs, values.mean(0).tolist(), line, color=color, label=label)
            low, high = (edge.tolist() for edge in values.aminmax(dim=0))
            axis.fill_between(epochs, low, high, color=color, alpha=0.2, linewidth=0)
    _guessing(axes[0])
    _epochs(axes[0], "validation loss")
    _epochs(axes[1], "validation accuracy")
    _percent(axes[1])
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=2)
    return figure


def step_curves(losses: Mapping[str, Sequence[float]]) -> Figure:
    """The loss of every step, as a running mean, one line a recipe."""
    figure = Figure(figsize=(5.6, 3.5))
    axis = figure.subplots()
    for (label, values), color, line in zip(losses.items(), COLORS.values(), _LINES):
        mean = torch.tensor(values).unfold(0, WINDOW, 1).mean(1)
        steps = range(WINDOW, len(values) + 1)
        axis.plot(steps, mean.tolist(), line, color=color, label=label)
    _guessing(axis)
    axis.set(xlabel="step", ylabel=f"loss, mean of {WINDOW} steps", ylim=(0, None))
    axis.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2)
    return figure


def layer_bars(
    values: Mapping[str, Tensor], layers: Sequence[str], *, ylabel: str
) -> Figure:
    """One number a layer and network, on a logarithmic axis; whiskers over seeds.

    ``values`` holds float [seeds, layers] for each network: bars are the mean,
    whiskers run from the smallest to the largest seed.
    """
    figure = Figure(figsize=(5.6, 3.3))
    axis = figure.subplots()
    width = 0.8 / len(values)
    for i, (label, table) in enumerate(values.items()):
        table = table.double().numpy()
        mean = table.mean(0)
        places = [j + (i - (len(values) - 1) / 2) * width for j in range(len(layers))]
        color = list(COLORS.values())[i]
        axis.bar(places, mean, width * 0.92, color=color, label=label)
        reach = [mean - table.min(0), table.max(0) - mean]
        axis.errorbar(places, mean, reach, fmt="none", ecolor=INK, elinewidth=1)
    axis.set_yscale("log")
    axis.set_xticks(range(len(layers)), layers)
    axis.set_ylabel(ylabel)
    axis.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, borderaxespad=0.2)
    return figure


def predictions(
    pixels: Tensor, truth: Tensor, predicted: Tensor, classes: Sequence[str]
) -> Figure:
    """Digits with what the network said; wrong ones in colour, with the truth.

    Args:
        pixels: float [N, 1, H, W] in [0, 1], as ``data.denormalise`` gives them.
        truth, predicted: int64 [N].

    Raises:
        ValueError: pixels outside [0, 1], as normalised images have them.
    """
    low, high = pixels.aminmax()
    if low < -1e-3 or high > 1 + 1e-3:
        raise ValueError(
            f"pixels run from {low:.2f} to {high:.2f}, not 0 to 1: show "
            "data.denormalise(images)"
        )
    columns = min(4, len(pixels))
    rows = math.ceil(len(pixels) / columns)
    figure = Figure(figsize=(5.6, 1.7 * rows))
    axes = figure.subplots(rows, columns, squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    for axis, image, true, said in zip(axes.flat, pixels, truth, predicted):
        axis.imshow(image[0].numpy(), cmap="gray", vmin=0, vmax=1)
        right = true == said
        text = (
            f"✓ {classes[said]}" if right else f"✗ {classes[said]}, is {classes[true]}"
        )
        axis.set_title(text, color=INK if right else COLORS["orange"], fontsize=12)
    return figure


_LINES = ("-", "--", "-.", "-")  # so that colour is not the only difference


def _epochs(axis: Axes, ylabel: str) -> None:
    axis.set(xlabel="epoch", ylabel=ylabel)
    axis.label_outer()
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))


def _percent(axis: Axes) -> None:
    axis.yaxis.set_major_formatter(PercentFormatter(1, decimals=None))


def _guessing(axis: Axes) -> None:
    """The loss of a network that gives each of ten classes the same probability."""
    axis.axhline(math.log(10), color=INK, linestyle=(0, (1, 3)), linewidth=1.2)
    axis.annotate(
        "ln 10",
        (1, math.log(10)),
        xycoords=("axes fraction", "data"),
        xytext=(0, 3),
        textcoords="offset points",
        horizontalalignment="right",
    )
