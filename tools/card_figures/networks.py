"""Whole networks: LeNet-5's layers, where parameters and work are, what units see."""

from matplotlib.patches import Rectangle

from lenet_helpers import models, plots, shapes
from lenet_helpers.plots import COLORS, INK
from tools.card_figures.save import SIZE, WIDTH, blank, empty

KINDS = {"c": "blue", "s": "green", "f": "orange", "o": "orange"}  # first letters


def _stack(axis, x: float, y: float, shape, colour: str) -> None:
    """Squares behind each other around (x, y), or a bar as long as there are units."""
    maps, side = shape[0], shape[1] if len(shape) == 3 else 1
    count, step = (min(maps, 4), 1.6) if side > 1 else (1, 0)
    width, height = (side, side) if side > 1 else (maps**0.5 * 4, 4)
    for i in reversed(range(count)):
        shift = step * (i - (count - 1) / 2)
        place = (x + shift - width / 2, y + shift - height / 2)
        look = {"facecolor": colour, "edgecolor": INK, "linewidth": 0.8}
        axis.add_patch(Rectangle(place, width, height, **look))


HEADS = ((58, "left", "layer"), (128, "left", "maps"), (252, "right", "parameters"))


def lenet5():
    """The published network from top to bottom: maps to scale, sizes, parameters."""
    figure, axis = blank(3.6)
    for x, side, text in HEADS:
        axis.text(x, 10, text, ha=side, va="center")
    y = _line(axis, 0, ("Input", "1@32×32", ""), (1, 32, 32), "none")
    for row in shapes.trace(models.LeNet5()):
        if row.name == "act":
            continue
        name = row.name.upper() if row.name != "output" else "Output"
        size = "@".join([str(row.output_shape[0]), *_sides(row.output_shape)])
        words = (name, size, f"{row.params:,}")
        y = _line(axis, y, words, row.output_shape, COLORS[KINDS[row.name[0]]])
    empty(axis, xlim=(-2, 254), ylim=(y, 18))
    return figure


def _sides(shape) -> list[str]:
    """What follows the number of maps: nothing for single units."""
    return [f"{shape[1]}×{shape[2]}"] if len(shape) == 3 and shape[1] > 1 else []


def _line(axis, y: float, words, shape, colour: str) -> float:
    """A layer below ``y``: its drawing and three words; where the next begins."""
    half = max(shape[1] + 4 if len(shape) == 3 else 0, 18) / 2 + 1
    _stack(axis, 24, y - half, shape, colour)
    for (x, side, _), text in zip(HEADS, words):
        weight = "bold" if text == words[0] else "normal"
        axis.text(x, y - half, text, ha=side, va="center", weight=weight)
    return y - 2 * half


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
