"""Whole networks: LeNet-5's layers, where parameters and work are, what units see."""

from matplotlib.patches import Rectangle

from lenet_helpers import models, plots, shapes
from lenet_helpers.plots import COLORS, INK
from tools.card_figures.save import SIZE, WIDTH, blank, empty

KINDS = {"c": "blue", "s": "green", "f": "orange", "o": "orange"}  # first letters


def _stack(axis, x: float, maps: int, side: int, colour: str) -> float:
    """Squares behind each other, or a bar of units; the place of the right edge."""
    count, step = (min(maps, 4), 2.2) if side > 1 else (1, 0)
    width, height = (side, side) if side > 1 else (4, maps**0.5 * 2.6)
    for i in reversed(range(count)):
        place = (x + step * i, step * (i - (count - 1) / 2) - height / 2)
        look = {"facecolor": colour, "edgecolor": INK, "linewidth": 0.8}
        axis.add_patch(Rectangle(place, width, height, **look))
    return x + width + step * (count - 1)


def lenet5():
    """The published network: maps to scale, their sizes, parameters below."""
    figure, axis = blank(1.9)
    rows = [row for row in shapes.trace(models.LeNet5()) if row.name != "act"]
    x = _layer(axis, 0, "Input", (1, 32, 32), "none", "")
    for row in rows:
        name = row.name.upper() if row.name != "output" else "Output"
        colour = COLORS[KINDS[row.name[0]]]
        x = _layer(axis, x, name, row.output_shape, colour, f"{row.params:,}")
    axis.text(-3, -46, "param.", ha="left", va="center", fontsize=SIZE - 1.5)
    empty(axis, xlim=(-4, x), ylim=(-51, 33))
    return figure


def _layer(axis, x: float, name: str, shape, colour: str, params: str) -> float:
    """One layer at ``x`` with what stands above and below; where the next begins."""
    maps, side = shape[0], shape[1] if len(shape) == 3 else 1
    narrow = 5 if side == 1 else 3 if side < 16 else 0
    right = _stack(axis, x + narrow, maps, side, colour)
    size = f"{maps}@\n{side}×{side}" if side > 1 else f"{maps}\n"
    for y, text in ((27, name), (-31, size), (-46, params)):
        place = {"ha": "center", "va": "center", "fontsize": SIZE - 1.5}
        weight = "bold" if text == name else None
        axis.text((x + narrow + right) / 2, y, text, weight=weight, **place)
    return max(right, x + 24) + 5


def field_growth():
    """Each layer adds (kernel - 1) jumps; the last adds as much as all before."""
    figure, axis = blank(2.2)
    rows = [r for r in shapes.trace(models.LeNet5()) if r.name in "c1 s2 c3 s4 c5"]
    before, jump = 1, 1
    for i, row in enumerate(rows):
        grown = row.receptive_field - before
        axis.barh(i, before, color=INK, alpha=0.35, height=0.62)
        axis.barh(i, grown, left=before, color=COLORS["blue"], height=0.62)
        text = f"{row.receptive_field}  (+ {grown // jump}·{jump})"
        axis.text(row.receptive_field + 0.6, i, text, va="center")
        before, jump = row.receptive_field, row.jump
    axis.set_yticks(range(len(rows)), [row.name.upper() for row in rows])
    axis.set(xlim=(0, 42), xticks=[0, 8, 16, 24, 32], xlabel="pixels of the input")
    axis.tick_params(axis="y", length=0, labelsize=SIZE)
    axis.invert_yaxis()
    return figure


def _cone(axis, strides: list[int], title: str) -> None:
    """Units as dots, layer over layer; the top one's field is filled."""
    x, seen = [float(i) for i in range(9)], {4}
    levels = [x]
    for stride in strides:
        x = x[1:-1][::stride]
        levels.append(x)
    top = len(levels[-1]) // 2
    seen = {top}
    for level in reversed(range(len(levels))):
        for i, place in enumerate(levels[level]):
            on = i in seen
            colour = COLORS["blue"] if on else "none"
            axis.scatter(place, level, s=42, facecolor=colour, edgecolor=INK, zorder=3)
        if level == 0:
            break
        stride, below = strides[level - 1], set()
        for i in seen:
            for j in range(stride * i, stride * i + 3):
                ends = ([levels[level][i], levels[level - 1][j]], [level, level - 1])
                axis.plot(*ends, color=COLORS["blue"], linewidth=1)
                below.add(j)
        seen = below
    axis.set_title(f"{title}: {len(seen)} pixels", fontsize=SIZE)
    axis.axis("off")
    axis.set(xlim=(-0.6, 8.6), ylim=(-0.4, 2.4))


def stride_doubles():
    """Two layers of kernel 3: with a stride of 2 in the first the second sees 7."""
    figure, axes = blank(1.5, 2)
    _cone(axes[0], [1, 1], "strides 1, 1")
    _cone(axes[1], [2, 1], "strides 2, 1")
    return figure


def c3_table():
    """Table I of 1998: which maps of S2 each map of C3 reads."""
    blank(1)
    return _at_card_width(plots.connection_table(models.C3_TABLE), 2.5)


def lenet_shares():
    """Parameters are in C5, work is in C3."""
    blank(1)
    return _at_card_width(plots.shares(shapes.trace(models.ModernLeNet5())), 2.4)


def alexnet_shares():
    """AlexNet: parameters in the dense layers, work in the convolutions."""
    blank(1)
    found = shapes.trace(models.AlexNet(), (3, 227, 227))
    return _at_card_width(plots.shares(found), 3.0)


def _at_card_width(figure, height: float):
    figure.set_size_inches(WIDTH + 0.6, height)
    return figure
