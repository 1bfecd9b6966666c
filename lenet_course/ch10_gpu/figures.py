"""A race: one bar a way, in seconds, on a logarithmic axis."""

from collections.abc import Mapping

from matplotlib.figure import Figure

from lenet_helpers.plots.style import COLORS, INK

ROW = 0.3  # inches


def race(seconds: Mapping[str, float], ours: str, limit: float) -> Figure:
    """Bars in the order given, with their seconds; ``limit`` as a dotted line.

    Args:
        seconds: name and time of each way.
        ours: the name whose bar is in colour.
        limit: the seconds at which the dotted line stands.

    >>> figure = race({"theirs": 40.0, "ours": 2.0}, ours="ours", limit=1.0)
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['40 s', '2.0 s']
    """
    figure = Figure(figsize=(5.6, 0.9 + ROW * len(seconds)))
    axis = figure.subplots()
    for place, (name, value) in enumerate(seconds.items()):
        colour = COLORS["orange"] if name == ours else COLORS["blue"]
        axis.barh(place, value, height=0.62, color=colour)
        text = f"{value:.1f} s" if value < 10 else f"{value:,.0f} s"
        axis.text(value * 1.08, place, text, va="center", fontsize=9.5)
    axis.axvline(limit, color=INK, linestyle=":", linewidth=1.4)
    axis.set_yticks(range(len(seconds)), list(seconds))
    axis.tick_params(axis="y", length=0)
    axis.set(xscale="log", xlim=(limit / 2.5, max(seconds.values()) * 4))
    axis.set(ylim=(len(seconds) - 0.4, -0.6), xlabel="seconds of training")
    return figure
