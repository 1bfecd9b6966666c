"""What each change is worth: one row a change, sorted, with its interval."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lenet_helpers.plots.style import COLORS, INK

ROW = 0.265  # inches
FONT = 11.5  # points: a phone shows the figure at half its size


def effects(
    rows: Sequence[tuple[str, float, float]], *, low: float, high: float, xlabel: str
) -> Figure:
    """Differences and their intervals, largest first; off the scale as numbers.

    A row whose interval holds zero is drawn hollow and grey: it is not told apart from
    the base.
    An interval that goes on beyond the axis carries a small mark at the edge.

    Args:
        rows: name, difference, half the width of its interval.
        low, high: ends of the axis, in units of the differences.

    >>> figure = effects([("a", 1.0, 0.2), ("b", -9.0, 1.0)], low=-2, high=2,
    ...                  xlabel="points")
    >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
    ['a', 'b']
    """
    rows = sorted(rows, key=lambda row: -row[1])
    figure = Figure(figsize=(5.6, 0.8 + ROW * len(rows)))
    axis = figure.subplots()
    for place, (_, middle, half) in enumerate(rows):
        _row(axis, place, middle, half, low, high)
    on_scale = sum(middle >= low for _, middle, _ in rows)  # numbers stand below
    axis.vlines(0, -0.6, on_scale - 0.5, color=INK, linewidth=1)
    axis.set_yticks(range(len(rows)), [name for name, _, _ in rows])
    axis.tick_params(axis="y", length=0, pad=6, labelsize=FONT)
    axis.tick_params(axis="x", labelsize=FONT)
    axis.set_xlabel(xlabel, fontsize=FONT)
    axis.set(xlim=(low, high), ylim=(len(rows) - 0.4, -0.6))
    axis.grid(axis="x")
    return figure


def _row(axis: Axes, place: int, middle: float, half: float, low: float, high: float):
    """A mark with its interval, or a number at the edge when the mark is beyond it."""
    style = _style(middle, half)
    color = style["color"]
    if middle < low:
        text = f"◂ {middle:.1f} ± {half:.1f}".replace("-", "−")
        axis.text(low, place, text, color=color, va="center", fontsize=FONT)
        return
    ends = [max(low, middle - half), min(high, middle + half)]
    axis.plot(ends, [place, place], color=color, linewidth=1.6)
    for end, edge, marker in zip(ends, (low, high), "<>"):
        if end == edge:  # the interval goes on
            axis.plot(end, place, marker, color=color, markersize=4, clip_on=False)
    axis.plot(middle, place, markersize=5.5, **style)


def _style(middle: float, half: float) -> dict:
    """Better, worse or neither: by colour, and by shape for those who see none."""
    if abs(middle) <= half:
        return {"color": INK, "marker": "o", "markerfacecolor": "none"}
    if middle > 0:
        return {"color": COLORS["blue"], "marker": "^"}
    return {"color": COLORS["orange"], "marker": "v"}
