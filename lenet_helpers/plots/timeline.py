"""A timeline that is read from top to bottom: years to scale, a line of text each."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from lenet_helpers.plots.style import COLORS, INK, LARGE
from lenet_helpers.timeline import KINDS, Event

COLOUR = dict(zip(KINDS, (COLORS[c] for c in ("blue", "orange", "green", "pink"))))
MARKER = dict(zip(KINDS, "osD^"))  # so that no kind is told by colour alone
ROW = 0.34  # inches a line of text


def timeline(events: Sequence[Event]) -> Figure:
    """Dots on an axis of years, each joined to its line of text.

    The dots stand where their years are, so that crowded years and empty ones show;
    the texts are spread evenly, in the same order. ``events`` are sorted by year.

    >>> len(timeline([Event(1989, "LeNet", "network", ("lecun1989",))]).axes)
    1
    """
    figure = Figure(figsize=(5.6, ROW * (len(events) + 2)))
    ax = figure.subplots()
    first, last = events[0].year, events[-1].year
    span = max(last - first, 1)
    for row, event in enumerate(events):
        year = (event.year - first) / span
        text = row / max(len(events) - 1, 1)
        colour = COLOUR[event.kind]
        ax.plot([0.025, 0.1], [year, text], color=colour, linewidth=0.9)
        ax.plot(0.025, year, MARKER[event.kind], color=colour, markersize=6)
        ax.text(0.11, text, event.year, fontsize=LARGE, weight="bold", va="center")
        ax.text(0.225, text, event.text, fontsize=LARGE, va="center")
    decades = [d for d in range(first - first % 10, last + 1, 10) if d >= first]
    ax.set_yticks([(d - first) / span for d in decades], [str(d) for d in decades])
    ax.tick_params(axis="y", labelsize=LARGE - 1)
    ax.set(xlim=(0, 1), ylim=(1.02, -0.02), xticks=[])
    ax.spines["left"].set_position(("data", 0.025))
    ax.spines[["left", "bottom"]].set_color(INK)
    ax.spines["bottom"].set_visible(False)
    _legend(figure, ax)
    return figure


def _legend(figure: Figure, ax) -> None:
    for kind, text in KINDS.items():
        ax.plot([], [], MARKER[kind], color=COLOUR[kind], label=text)
    figure.legend(
        *ax.get_legend_handles_labels(),
        loc="outside lower center",
        ncols=2,
        fontsize=LARGE - 1,
        handletextpad=0.2,
        columnspacing=1.2,
    )
