"""The three published networks drawn to one scale, layer by layer."""

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import nn

from lenet_helpers.plots.style import COLORS, INK, LARGE
from lenet_helpers.shapes import trace

GAP = 9.5  # pixels between two layers
WIDE = 200  # pixels
KINDS = {"Subsampling": "green", "Linear": "orange", "EuclideanRBF": "orange"}


def outlines(networks: Mapping[str, tuple[nn.Module, int]]) -> Figure:
    """A row a network: its input and layers, one pixel or unit as large in all.

    Colours: convolution blue, subsampling green, full connection or codes orange.

    Args:
        networks: title -> network and the side of its input.

    >>> from lenet_helpers.models import original
    >>> figure = outlines({"1989": (original.LeNet1989(), 16)})
    >>> [text.get_text() for text in figure.axes[0].texts][:4]
    ['1989: 9,760 parameters', '16×16', '12 @\\n8×8', '12 @\\n4×4']
    """
    heights = [max(side, 20) + 38 for _, side in networks.values()]
    high = sum(heights)
    figure = Figure(figsize=(5.6, 5.6 * high / WIDE))
    axis = figure.subplots()
    axis.set(xlim=(-1, WIDE), ylim=(-high, 0), aspect="equal")
    axis.axis("off")
    top = 0
    for (title, (network, side)), height in zip(networks.items(), heights):
        params = trace(network, (1, side, side)).params
        look = {"fontsize": LARGE, "weight": "bold", "va": "top"}
        axis.text(0, top - 2, f"{title}: {params:,} parameters", **look)
        _row(axis, network, side, top - 10 - (height - 26) / 2)
        top -= height
    return figure


def _row(axis: Axes, network: nn.Module, side: int, middle: float) -> None:
    below = middle - max(side, 20) / 2 - 2
    x = _layer(axis, 0, middle, below, 1, side, INK)
    for row in trace(network, (1, side, side)):
        if row.connections:
            maps, *sides = row.output_shape
            wide = sides[0] if sides else 1
            colour = COLORS[KINDS.get(row.kind, "blue")]
            x = _layer(axis, x + GAP, middle, below, maps, wide, colour)


def _layer(axis, x, middle, below, maps: int, side: int, colour: str) -> float:
    """Maps one behind the other, or a column of units; where it ends on the right."""
    name = f"{maps} @\n{side}×{side}" if maps > 1 else f"{side}×{side}"
    step, deep, high = 0.7, 0.7 * (maps - 1), side
    if side == 1:  # units: a quarter of a pixel each
        name, step, deep, high, maps, side = str(maps), 0, 0, maps / 4, 1, 3
    look = {"facecolor": colour, "edgecolor": "white", "linewidth": 0.4}
    for k in reversed(range(maps)):
        corner = x + step * k, middle - (high + deep) / 2 + step * k
        axis.add_patch(Rectangle(corner, side, high, **look))
    look = {"ha": "center", "va": "top", "fontsize": LARGE - 1}
    axis.text(x + (side + deep) / 2, below, name, **look)
    return x + side + deep
