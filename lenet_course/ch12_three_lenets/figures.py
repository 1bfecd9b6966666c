"""Figures of the published LeNets: squashed maps, training curves, the bridge."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from lenet_helpers.plots.maps import SIGNED
from lenet_helpers.plots.style import COLORS, INK


def map_row(maps: Mapping[str, Tensor], limit: float) -> Figure:
    """Maps [H, W] side by side on one scale: blue is -limit, amber +limit.

    >>> import torch
    >>> len(map_row({"before": torch.zeros(4, 4), "after": torch.ones(2, 2)}, 1).axes)
    3
    """
    figure = Figure(figsize=(5.6, 2.0))
    axes = figure.subplots(1, len(maps))
    for axis, (title, values) in zip(axes, maps.items(), strict=True):
        image = axis.imshow(values.numpy(), SIGNED, vmin=-limit, vmax=limit)
        axis.set_title(title)
        axis.axis("off")
    figure.colorbar(image, ax=axes, aspect=8, pad=0.02).set_label("value")
    return figure


def pass_curves(
    curves: Mapping[str, Tensor], *, ylabel: str, published: Mapping[str, float]
) -> Figure:
    """Errors in percent after each pass: mean and range over seeds, one line a recipe.

    Args:
        curves: label -> float [seeds, passes].
        published: label -> percent, drawn as dotted lines.
    """
    figure = Figure(figsize=(4.6, 3.3))
    axis = figure.subplots()
    lines = ("-", "--", "-.")
    for (label, values), color, line in zip(curves.items(), COLORS.values(), lines):
        passes = range(1, values.shape[1] + 1)
        axis.plot(passes, values.mean(0).tolist(), line, color=color, label=label)
        low, high = (edge.tolist() for edge in values.aminmax(dim=0))
        axis.fill_between(passes, low, high, color=color, alpha=0.2, linewidth=0)
    for label, value in published.items():
        axis.axhline(value, color=INK, linestyle=":", linewidth=1.2, label=label)
    axis.set(xlabel="pass over the training images", ylabel=ylabel, ylim=(0, None))
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.legend()
    return figure


def bridge(errors: Mapping[str, Sequence[float]]) -> Figure:
    """Test errors step by step, downwards: a dot a seed, a bar for the mean.

    Args:
        errors: step -> test error in percent, a number a seed, in order.

    >>> bridge({"1998": [2.0, 2.2], "today": [1.0, 1.4]}).axes[0].get_xlabel()
    'test error, %'
    """
    figure = Figure(figsize=(5.6, 0.42 * len(errors) + 0.9))
    axis = figure.subplots()
    means = [sum(values) / len(values) for values in errors.values()]
    for row, (values, mean) in enumerate(zip(errors.values(), means)):
        axis.plot(values, [row] * len(values), "o", color=COLORS["sky"], markersize=5)
        axis.plot([mean, mean], [row - 0.3, row + 0.3], color=COLORS["orange"])
    axis.plot(means, range(len(means)), ":", color=INK, linewidth=1.2, zorder=0)
    axis.set_yticks(range(len(errors)), errors)
    axis.invert_yaxis()
    axis.set(xlabel="test error, %")
    axis.grid(axis="x")
    return figure
