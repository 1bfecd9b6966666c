"""Figures that set two networks side by side: their layers, their curves."""

from collections.abc import Mapping, Sequence

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator, PercentFormatter

from lenet_helpers.plots.style import COLORS, INK, LARGE
from lenet_helpers.shapes import LayerRow, Trace
from lenet_helpers.statistics import Difference

LOOKS = (  # of the first network, the second, ...
    ("blue", "o", "-"),
    ("orange", "s", "--"),
    ("green", "^", ":"),
)
KINDS = (COLORS["sky"], COLORS["orange"])  # of maps, of units: black reads on both
FONT = 11.5  # points: a phone shows the figure at half its size
WIDE = 0.08  # of a bar: a narrower part has no room for its name
SIDES = {  # where a name stands beside its dot: (dx, dy) in points, alignment
    "left": ((-8, 0), "right", "center"),
    "right": ((8, 0), "left", "center"),
    "above": ((0, 7), "center", "bottom"),
    "below": ((0, -8), "center", "top"),
    "upper right": ((8, 6), "left", "center"),
    "lower right": ((8, -6), "left", "center"),
}


def _label(row: LayerRow) -> str:
    """As the papers write it: C1, but conv1."""
    return row.name.upper() if len(row.name) < 3 else row.name


def is_single(row: LayerRow) -> bool:
    """Whether a layer is a list of units, each seeing all before it: used once."""
    return all(side == 1 for side in row.output_shape[1:])


def splits(networks: Mapping[str, Trace]) -> Figure:
    """Each network's parameters and multiply-adds, its layers as parts of two bars.

    Layers with maps are blue, those of single units orange; the names of parts
    below 8 % are left out.
    """
    figure = Figure(figsize=(5.6, 2.9))
    axis = figure.subplots()
    bars = [(what, name) for what in ("params", "macs") for name in networks]
    places = [0, 1, 2.4, 3.4]
    for place, (what, name) in zip(places, bars):
        _bar(axis, place, networks[name], what)
    units = {"params": "parameters", "macs": "MACs"}
    labels = [f"{name}\n{units[what]}" for what, name in bars]
    axis.set_yticks(places[: len(bars)], labels, fontsize=12)
    axis.set(xlim=(0, 1), ylim=(places[len(bars) - 1] + 0.5, -0.5), xticks=[])
    axis.tick_params(length=0)
    axis.spines[["left", "bottom"]].set_visible(False)
    kinds = ("maps", "single units")
    patches = [Patch(color=KINDS[i], label=kind) for i, kind in enumerate(kinds)]
    look = {"loc": "upper right", "bbox_to_anchor": (1, 0), "ncols": 2, "fontsize": 12}
    axis.legend(handles=patches, **look)
    return figure


def _bar(axis: Axes, place: float, rows: Trace, what: str) -> None:
    total, start = getattr(rows, what), 0.0
    for row in rows:
        share = getattr(row, what) / total
        colour = KINDS[is_single(row)]
        axis.barh(place, share, left=start, height=0.72, color=colour, ec="w", lw=0.8)
        if share > WIDE:
            text = f"{_label(row)}\n{share:.0%}"
            look = {"ha": "center", "va": "center", "color": "k", "fontsize": 10.5}
            axis.text(start + share / 2, place, text, **look)
        start += share


def reuse(
    networks: Mapping[str, Trace], sides: Mapping[str, str] | None = None
) -> Figure:
    """Multiply-adds against parameters, a dot a layer, both axes logarithmic.

    A diagonal joins the layers whose weights are used equally often.

    Args:
        networks: two of them; layers that learn nothing are left out.
        sides: layer -> "left", "right", "above" or "below", where its name stands;
            right of its dot unless given here.
    """
    figure = Figure(figsize=(5.6, 4.4))
    axis = figure.subplots()
    axis.set(xscale="log", yscale="log", xlabel="parameters of a layer")
    axis.set(ylabel="multiply-adds of a layer", xlim=(5, 3e8), ylim=(2e2, 1.5e9))
    _diagonals(axis)
    for (name, rows), (colour, marker, _) in zip(networks.items(), LOOKS):
        learned = [row for row in rows if row.params]
        x, y = ([getattr(row, what) for row in learned] for what in ("params", "macs"))
        axis.plot(x, y, marker, color=COLORS[colour], markersize=6, label=name)
        for row in learned:
            offset, ha, va = SIDES[(sides or {}).get(row.name, "right")]
            look = {"ha": ha, "va": va, "color": COLORS[colour], "fontsize": 11.5}
            at = {"xytext": offset, "textcoords": "offset points"}
            axis.annotate(_label(row), (row.params, row.macs), **at, **look)
    axis.legend(loc="lower right", fontsize=LARGE)
    return figure


def _diagonals(axis: Axes) -> None:
    """Lines of equal use, each with its number along it."""
    for times, y in ((1, 1.6e5), (100, 6e5), (10_000, 1e6)):
        axis.axline((1, times), (10, 10 * times), color=INK, lw=0.9, ls=":")
        text = f"used {times:,} times" if times > 1 else "used once"
        look = {"rotation": 41, "rotation_mode": "anchor", "fontsize": 11}
        axis.text(y / times, 1.25 * y, text, **look)


def score_curves(
    panels: Mapping[str, Mapping[str, tuple[Sequence[float], torch.Tensor]]],
    xlabel: str,
) -> Figure:
    """Accuracy against time, one panel a data set: mean over seeds, range as a band.

    ``panels``: title -> {network: (times, float [seeds, len(times)])}.
    """
    figure = Figure(figsize=(5.6, 0.9 + 2.6 * len(panels)))
    axes = figure.subplots(len(panels), 1, squeeze=False)[:, 0]
    figure.get_layout_engine().set(h_pad=0.1)  # inches between the panels
    for axis, (title, networks) in zip(axes, panels.items()):
        for (name, (times, table)), (colour, marker, line) in zip(
            networks.items(), LOOKS
        ):
            low, high = (edge.tolist() for edge in table.aminmax(dim=0))
            look = {"color": COLORS[colour]}
            axis.plot(times, table.mean(0), marker + line, label=name, ms=5, **look)
            axis.fill_between(times, low, high, alpha=0.2, linewidth=0, **look)
        axis.set_title(title, fontsize=LARGE)
        axis.set_ylabel("validation accuracy", fontsize=FONT)
        axis.set_xlim(0, None)
        axis.tick_params(labelsize=FONT)
        axis.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axis.yaxis.set_major_locator(MaxNLocator(5, steps=(1, 2, 5, 10)))
        axis.grid(axis="y")
    names = axes[0].get_legend_handles_labels()
    figure.legend(*names, loc="outside upper center", ncols=2, fontsize=FONT)
    axes[-1].set_xlabel(xlabel, fontsize=FONT)
    return figure


def turned(
    steps: Mapping[str, tuple[Difference, Difference]], budgets: tuple[str, str]
) -> Figure:
    """Each step's worth at two budgets, one above the other, with its interval.

    ``steps``: label -> (at the first budget, at the second). What is not told apart
    from nothing is hollow.
    """
    figure = Figure(figsize=(5.6, 1.3 + 0.5 * len(steps)))
    axis = figure.subplots()
    axis.axvline(0, color=INK, linewidth=1)
    for place, pair in enumerate(steps.values()):
        for (colour, marker, _), one, up in zip(LOOKS, pair, (-0.16, 0.16)):
            look = {"color": COLORS[colour]}
            axis.plot([one.low, one.high], [place + up] * 2, linewidth=1.8, **look)
            face = COLORS[colour] if one.told_apart else "none"
            axis.plot(one.mean, place + up, marker, mfc=face, ms=6.5, **look)
    handles = [
        Line2D([], [], color=COLORS[colour], marker=marker, label=budget)
        for (colour, marker, _), budget in zip(LOOKS, budgets)
    ]
    place = {"loc": "lower center", "bbox_to_anchor": (0.4, 1), "ncols": 2}
    axis.legend(handles=handles, fontsize=FONT, **place)
    axis.set_yticks(range(len(steps)), steps, fontsize=FONT)
    axis.set_ylim(len(steps) - 0.5, -0.5)
    axis.tick_params(axis="x", labelsize=FONT)
    axis.set_xlabel("points of test accuracy", fontsize=FONT)
    axis.grid(axis="x")
    return figure


def grew(factors: Mapping[str, float]) -> Figure:
    """A bar for each factor, to the right what grew and to the left what shrank."""
    figure = Figure(figsize=(5.6, 0.7 + 0.44 * len(factors)))
    axis = figure.subplots()
    for place, factor in enumerate(factors.values()):
        colour = COLORS["blue" if factor > 1 else "orange"]
        axis.barh(place, factor - 1, left=1, height=0.6, color=colour)
        told = f"{factor:,.0f} ×" if factor >= 10 else f"{factor:.1f} ×"
        told = told if factor > 1 else f"1/{1 / factor:.0f}"
        at = 1.3 * max(factor, 1)
        axis.text(at, place, told, va="center", fontsize=LARGE)
    axis.axvline(1, color=INK, linewidth=1)
    axis.set(xscale="log", xlim=(0.012, 9e6), ylim=(len(factors) - 0.5, -0.5))
    axis.set_xticks([])
    axis.minorticks_off()
    axis.set_yticks(range(len(factors)), factors, fontsize=FONT)
    axis.tick_params(length=0)
    axis.spines[["left", "bottom"]].set_visible(False)
    return figure
