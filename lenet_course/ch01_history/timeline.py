"""What happened when, from the cat's visual cortex to today, and its drawing."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from lenet_helpers.plots.style import COLORS, INK, LARGE


@dataclass(frozen=True)
class Event:
    """One line of the timeline.

    ``kind`` is one of ``KINDS``; ``sources`` are keys of references.bib.
    """

    year: int
    text: str
    kind: str
    sources: tuple[str, ...]


KINDS = {
    "idea": "an idea or a method",
    "network": "a network",
    "means": "data or machines",
    "use": "use and recognition",
}

EVENTS = (
    Event(1962, "Simple and complex cells in a cat", "idea", ("hubel1962",)),
    Event(
        1969,
        "Fukushima: rectified units",
        "idea",
        ("fukushima1969", "schmidhuber2025"),
    ),
    Event(1980, "Neocognitron: learns without labels", "network", ("fukushima1980",)),
    Event(
        1986,
        "Back-propagation; weights tied on T and C",
        "idea",
        ("rumelhart1986", "lecun1989"),
    ),
    Event(1988, "Zhang: 2-D, back-propagation", "network", ("schmidhuber2025",)),
    Event(1989, "TDNN: weights shared over time", "network", ("waibel1989",)),
    Event(1989, "Denker: zip codes, designed kernels", "network", ("denker1989",)),
    Event(1989, "LeNet-1989: kernels learned, too", "network", ("lecun1989",)),
    Event(1990, "LeNet-1: convolve, average, repeat", "network", ("lecun1990",)),
    Event(1996, "Cheque readers in US banks", "use", ("lecun1998",)),
    Event(1998, "LeNet-5, MNIST, whole documents", "network", ("lecun1998",)),
    Event(2003, "Elastic distortions", "idea", ("simard2003",)),
    Event(
        2006, "Convolution on a GPU: 3 to 4 times faster", "means", ("chellapilla2006",)
    ),
    Event(2009, "ImageNet", "means", ("deng2009",)),
    Event(2010, "ReLU in Boltzmann machines", "idea", ("nair2010",)),
    Event(2011, "Cireşan: CNNs on GPUs", "means", ("ciresan2011",)),
    Event(2012, "Dropout", "idea", ("hinton2012",)),
    Event(2012, "AlexNet: 15.3 % against 26.2 %", "network", ("krizhevsky2012",)),
    Event(
        2014,
        "VGG and GoogLeNet",
        "network",
        ("simonyan2015", "szegedy2015"),
    ),
    Event(2015, "Batch normalisation, ResNet", "network", ("ioffe2015", "he2016")),
    Event(2019, "Turing Award 2018 is given", "use", ("acm2019",)),
    Event(2025, "AlexNet's code is published", "use", ("chm2025",)),
)

COLOUR = dict(zip(KINDS, (COLORS[c] for c in ("blue", "orange", "green", "pink"))))
MARKER = dict(zip(KINDS, "osD^"))  # so that no kind is told by colour alone
ROW = 0.34  # inches a line of text


def timeline(events: Sequence[Event]) -> Figure:
    """Read from top to bottom: dots on an axis of years, a line of text each.

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
