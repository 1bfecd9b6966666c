"""Who reads whom: groups of channels, separable layers, axes of normalisation."""

from matplotlib.patches import Rectangle

from lenet_helpers.plots import COLORS, INK
from lenet_helpers.shapes import conv_params
from tools.card_figures.save import SIZE, blank, empty

GAP = 2.2  # between two rows of maps


def _maps(axis, x: float, count: int, colour: str = INK) -> list[tuple[float, float]]:
    """A column of maps as dots; their places, from the top."""
    places = [(x, (count - 1) / 2 - i) for i in range(count)]
    for place in places:
        axis.scatter(*place, s=38, color=colour, zorder=3)
    return places


def _links(axis, pairs, colour: str) -> None:
    for start, end in pairs:
        ends = ([start[0], end[0]], [start[1], end[1]])
        axis.plot(*ends, color=colour, linewidth=0.9, alpha=0.8)


def groups():
    """Eight maps from eight: all read all, or two groups that never meet."""
    figure, axes = blank(2.0, 2)
    halves = [COLORS["blue"], COLORS["orange"]]
    for axis, g in zip(axes, (1, 2)):
        left, right = _maps(axis, 0, 8), _maps(axis, GAP * 2, 8)
        for half in range(g):
            part = slice(8 // g * half, 8 // g * (half + 1))
            pairs = [(a, b) for a in left[part] for b in right[part]]
            _links(axis, pairs, halves[half])
        kernels = conv_params(8, 8, 1, bias=False, groups=g)
        axis.set_title(f"groups = {g}: {kernels} kernels", fontsize=SIZE)
        axis.axis("off")
        axis.set(xlim=(-0.6, 2 * GAP + 0.6), ylim=(-4, 4))
    return figure


def separable():
    """C3 with 6 and 16 maps: 96 kernels 5×5, or 6 of them and 96 numbers."""
    figure, axes = blank(2.7, 2, width_ratios=(1, 1.7))
    blue, orange = COLORS["blue"], COLORS["orange"]
    left, right = _maps(axes[0], 0, 6), _maps(axes[0], 2 * GAP, 16)
    _links(axes[0], [(a, b) for a in left for b in right], blue)
    left, middle = _maps(axes[1], 0, 6), _maps(axes[1], 2 * GAP, 6)
    right = _maps(axes[1], 4 * GAP, 16)
    _links(axes[1], zip(left, middle), blue)
    _links(axes[1], [(a, b) for a in middle for b in right], orange)
    full = conv_params(6, 16, 5, bias=False)
    depth = conv_params(6, 6, 5, bias=False, groups=6)
    point = conv_params(6, 16, 1, bias=False)
    axes[0].set_title(f"5×5:\n{full:,} weights", fontsize=SIZE)
    text = f"5×5 on each map, then 1×1:\n{depth} + {point} = {depth + point} weights"
    axes[1].set_title(text, fontsize=SIZE)
    for axis, width in zip(axes, (2, 4)):
        axis.axis("off")
        axis.set(xlim=(-0.6, width * GAP + 0.6), ylim=(-8, 8))
    return figure


def four_norms():
    """What shares a mean: images are rows, channels are columns."""
    rows, columns = 3, 4
    shared = {
        "BatchNorm": lambda n, c: c == 0,
        "LayerNorm": lambda n, c: n == 0,
        "InstanceNorm": lambda n, c: n == 0 and c == 0,
        "GroupNorm": lambda n, c: n == 0 and c < 2,
    }
    figure, axis = blank(1.6)
    for i, (name, one_mean) in enumerate(shared.items()):
        left = 5.6 * i
        axis.text(left, 3.6, name, fontsize=SIZE - 1.2, va="center")
        for n in range(rows):
            for c in range(columns):
                place = (left + c, rows - 1 - n)
                if one_mean(n, c):
                    look = {"facecolor": COLORS["blue"], "alpha": 0.75}
                    axis.add_patch(Rectangle(place, 1, 1, **look))
                edge = {"edgecolor": INK, "linewidth": 0.8}
                axis.add_patch(Rectangle(place, 1, 1, facecolor="none", **edge))
    axis.text(-0.8, 1.5, "images", rotation=90, ha="center", va="center", fontsize=SIZE)
    text = "channels          (a cell: all pixels of one map)"
    axis.text(0, -0.8, text, fontsize=SIZE, va="center")
    empty(axis, xlim=(-1.4, 21.2), ylim=(-1.3, 4.2))
    return figure
