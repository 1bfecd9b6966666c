"""A figure as SVG that is small and the same every time."""

import io
import re

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from lenet_helpers import plots

WIDTH = 4.6  # inches: on a phone a card shows it at about its own size
SIZE = 11  # points
LOOK = {"svg.fonttype": "path", "svg.hashsalt": "lenet", "font.size": SIZE}
# Not those of a scale: they have few digits, and every one of them counts.
LONG = re.compile(r"(?<!scale\()(?<![\d.])(-?\d+\.\d{3,})")


def blank(height: float, columns: int = 1, **options):
    """A figure of a card's width, and its axes."""
    plots.style()
    mpl.rcParams.update(LOOK)
    return plt.subplots(1, columns, figsize=(WIDTH, height), **options)


def empty(axis, **limits) -> None:
    """No frame: what is drawn there is no diagram with scales."""
    axis.axis("off")
    axis.set(aspect="equal", **limits)


def svg(figure: Figure) -> str:
    """The figure's SVG, coordinates to a hundredth of a point.

    >>> figure, axis = blank(1)
    >>> "<svg" in svg(figure) and "<dc:date>" not in svg(figure)
    True
    """
    raw = io.StringIO()
    with mpl.rc_context(LOOK):
        figure.savefig(raw, format="svg", metadata={"Date": None, "Creator": None})
    plt.close(figure)
    text = re.sub(r"<metadata>.*?</metadata>", "", raw.getvalue(), flags=re.DOTALL)
    text = LONG.sub(lambda found: f"{float(found[1]):.2f}", text)
    return re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)
