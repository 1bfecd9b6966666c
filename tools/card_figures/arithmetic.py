"""Convolutions and pooling on small grids of numbers."""

import torch
from matplotlib.patches import Rectangle
from torch.nn import functional as F

from lenet_helpers.plots import COLORS, INK
from lenet_helpers.shapes import conv_output_size
from tools.card_figures.save import SIZE, blank, empty


def _cell(axis, x: float, y: float, text="", colour=None, alpha=0.45) -> None:
    face = {"facecolor": colour or "none", "alpha": alpha if colour else 1}
    axis.add_patch(Rectangle((x, y), 1, 1, edgecolor="none", **face))
    axis.add_patch(Rectangle((x, y), 1, 1, facecolor="none", edgecolor=INK, lw=0.8))
    axis.text(x + 0.5, y + 0.48, text, ha="center", va="center", fontsize=SIZE)


def output_size():
    """n = 7, k = 3, s = 2, p = 1: four places for the kernel in nine cells."""
    n, k, s, p = 7, 3, 2, 1
    count = conv_output_size(n, k, stride=s, padding=p)
    figure, axis = blank(1.9)
    for i in range(n + 2 * p):
        inside = p <= i < n + p
        _cell(axis, i, 0, i - p if inside else "", None if inside else INK, 0.3)
    for i in range(count):
        y, x = -0.75 - 0.72 * i, s * i
        look = {"facecolor": COLORS["blue"], "alpha": 0.75}
        axis.add_patch(Rectangle((x, y), k, 0.4, **look))
        axis.text(x + k + 0.25, y + 0.17, f"start {x}", va="center", fontsize=SIZE)
    place = {"ha": "left", "va": "center", "fontsize": SIZE}
    axis.text(0, 1.45, "padding", **place)
    axis.text(3.1, 1.45, f"({n} + 2·{p} − {k})/{s} + 1 = {count} places", **place)
    empty(axis, xlim=(-0.1, 11), ylim=(-3.2, 1.9))
    return figure


def im2col():
    """Every window of a 4×4 image, kernel 3, becomes a column; pixels repeat."""
    image = torch.arange(16.0).reshape(1, 1, 4, 4)
    columns = F.unfold(image, 3)[0].int().tolist()
    marked = {columns[i][0] for i in range(9)}
    figure, axis = blank(2.5)
    for pixel in range(16):
        colour = COLORS["blue"] if pixel in marked else None
        _cell(axis, pixel % 4, 6 - pixel // 4, pixel, colour)
    for row, line in enumerate(columns):
        for column, pixel in enumerate(line):
            colour = COLORS["blue"] if column == 0 else None
            _cell(axis, 6.5 + column, 8 - row, pixel, colour)
    place = {"ha": "left", "va": "center", "fontsize": SIZE}
    axis.text(0, 7.6, "image 4×4", **place)
    axis.text(6.5, 9.6, "9 rows × 4 windows", **place)
    axis.annotate("", (6.2, 5), (4.3, 5), arrowprops={"arrowstyle": "->", "color": INK})
    axis.text(11, 4.9, "16 pixels →\n36 values", **place)
    empty(axis, xlim=(-0.1, 14.6), ylim=(-0.1, 10))
    return figure


def pooling_backward():
    """The same gradients 8 and 4, back through max and through average."""
    x = torch.tensor([[1.0, 3, 2, 2], [2, 0, 5, 1]])[None, None]
    grad = torch.tensor([8.0, 4]).reshape(1, 1, 1, 2)
    figure, axis = blank(2.0)
    titles = ["input", "maximum", "average"]
    pictures = [x]
    for pool in (F.max_pool2d, F.avg_pool2d):
        leaf = x.clone().requires_grad_()
        pool(leaf, 2).backward(grad)
        pictures.append(leaf.grad)
    for i, (title, picture) in enumerate(zip(titles, pictures)):
        left = 5.1 * i
        axis.text(left, 2.5, title, va="center", fontsize=SIZE)
        for row in range(2):
            for column in range(4):
                value = int(picture[0, 0, row, column])
                colour = COLORS["blue" if column < 2 else "orange"]
                shown = colour if value or i == 0 else None
                alpha = 0.2 if i == 0 else 0.5
                _cell(axis, left + column, 1 - row, value, shown, alpha)
    text = "gradient at the output:  8 (left window), 4 (right)"
    axis.text(0, -0.8, text, va="center", fontsize=SIZE)
    empty(axis, xlim=(-0.1, 14.4), ylim=(-1.3, 3))
    return figure


def checkerboard():
    """How many products each output of a transposed convolution adds up, stride 2."""
    figure, axes = blank(1.7, 2, sharey=True)
    for axis, kernel in zip(axes, (3, 4)):
        ones = torch.ones(1, 1, 8)
        counts = F.conv_transpose1d(ones, torch.ones(1, 1, kernel), stride=2)[0, 0]
        inner = counts[kernel : -kernel + 1].tolist()[:9]
        axis.bar(range(len(inner)), inner, color=COLORS["blue"], width=0.7)
        axis.set_title(f"kernel {kernel}, stride 2", fontsize=SIZE)
        axis.set(xticks=[], yticks=[0, 1, 2], xlabel="place in the output")
    axes[0].set_ylabel("products added")
    return figure


def gridding():
    """Ways from each of 13 pixels to the output: rates 2, 2, 2 against 1, 2, 3."""
    figure, axes = blank(1.8, 2, sharey=True)
    for axis, rates in zip(axes, ((2, 2, 2), (1, 2, 3))):
        ways = torch.zeros(1, 1, 25)
        ways[0, 0, 12] = 1
        for rate in rates:
            kernel = torch.ones(1, 1, 3)
            ways = F.conv1d(ways, kernel, padding=rate, dilation=rate)
        counts = ways[0, 0, 6:19].tolist()
        axis.bar(range(-6, 7), counts, color=COLORS["blue"], width=0.75)
        read = sum(count > 0 for count in counts)
        title = f"rates {', '.join(map(str, rates))}: {read} of 13"
        axis.set_title(title, fontsize=SIZE)
        axis.set(xticks=[-6, 0, 6], xlabel="pixel")
    axes[0].set_ylabel("ways to it")
    return figure
