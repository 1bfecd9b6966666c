"""Runs over seeds: each one a dot, their mean a bar."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from lenet_helpers.plots.style import COLORS, INK, LARGE


def dots(
    groups: Mapping[str, Mapping[str, Sequence[float]]],
    xlabel: str,
) -> Figure:
    """A panel for each group, in it a line of dots (a seed each) for each variant.

    A bar marks the mean, with its value beside it. Every panel has a scale of its own.
    A single group may have "" for a title.

    >>> len(dots({"few": {"a": [1.0, 2.0]}, "many": {"a": [0.5, 0.7]}}, "error").axes)
    2
    """
    figure = Figure(figsize=(4.8, sum(0.5 * len(g) + 0.75 for g in groups.values())))
    tall = [len(variants) for variants in groups.values()]
    axes = figure.subplots(len(groups), 1, squeeze=False, height_ratios=tall)[:, 0]
    for axis, (title, variants) in zip(axes, groups.items()):
        for row, (values, color) in enumerate(zip(variants.values(), COLORS.values())):
            mean = sum(values) / len(values)
            axis.plot(values, [row] * len(values), "o", color=color, markersize=5)
            axis.plot([mean, mean], [row - 0.3, row + 0.3], color=INK)
            axis.annotate(
                f"{mean:.2f}",
                (max(values), row),
                xytext=(8, 0),
                textcoords="offset points",
                verticalalignment="center",
                fontsize=LARGE - 1,
            )
        axis.set_yticks(range(len(variants)), variants, fontsize=LARGE - 0.5)
        axis.set_ylim(len(variants) - 0.4, -0.6)
        low, high = axis.get_xlim()
        axis.set_xlim(low, high + 0.16 * (high - low))
        axis.tick_params(axis="x", labelsize=LARGE - 1.5)
        axis.set_title(title, fontsize=LARGE, loc="left")
        axis.grid(axis="x")
    axis.set_xlabel(xlabel, fontsize=LARGE)
    return figure
