"""A race, the pace against the batch, what ideas are worth, the turns of a ring."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from lenet_helpers.plots.maps import SIGNED
from lenet_helpers.plots.style import COLORS, INK, LARGE

ROW = 0.3  # inches
START = 5e-6  # seconds to start a kernel: assumed, as in the chapter


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


def rates(results: Mapping, cards: Mapping[str, float]) -> Figure:
    """Images a second against the batch: measured here, and estimated for cards.

    A card's step lasts as long as starting its kernels, or as moving its bytes.

    Args:
        results: what ``experiments.devices.gpu`` wrote.
        cards: name -> bytes a second of its memory, as published.
    """
    starts = START * results["operators"]["counts"]["fused optimiser"]
    layers = [row for row in results["layers"] if row["batch"] == 1024]
    moved = 3 * sum(row["bytes"] for row in layers) / 1024  # there and twice back
    figure = Figure(figsize=(5.6, 3.3))
    axis = figure.subplots()
    batches = [2**i for i in range(14)]
    for (name, wide), line in zip(cards.items(), ("--", "-.")):
        seconds = [max(starts, batch * moved / wide) for batch in batches]
        pace = [batch / second for batch, second in zip(batches, seconds)]
        axis.loglog(batches, pace, line, label=f"{name}, estimated")
    here = [(row["batch"], row["batch"] / row["seconds"]) for row in results["batch"]]
    axis.loglog(*zip(*here), "o-", label="one CPU thread, measured")
    axis.set_xlabel("batch size (images)", fontsize=LARGE)
    axis.set_ylabel("images per second", fontsize=LARGE)
    axis.tick_params(labelsize=LARGE - 1)
    axis.legend(fontsize=LARGE - 1)
    return figure


def gains(ideas: Sequence[Mapping]) -> Figure:
    """What each idea is worth: the range over rounds and the middle one, per batch.

    >>> figure = gains([{"idea": "fused", "batch": 64, "gain": [1.0, 1.2, 1.1]}])
    >>> figure.axes[0].get_xlabel()
    'times as fast as the plain step'
    """
    names = list(dict.fromkeys(row["idea"] for row in ideas))
    batches = sorted({row["batch"] for row in ideas})
    figure = Figure(figsize=(5.6, 1.1 + 0.36 * len(names)))
    axis = figure.subplots()
    looks = dict(zip(batches, (("o", COLORS["blue"]), ("s", COLORS["orange"]))))
    for row in ideas:
        mark, colour = looks[row["batch"]]
        place = names.index(row["idea"]) + (
            -0.16 if row["batch"] == batches[0] else 0.16
        )
        low, *middle, high = sorted(row["gain"])
        axis.plot([low, high], [place, place], color=colour)
        axis.plot(middle[len(middle) // 2], place, mark, color=colour, markersize=5)
    for batch, (mark, colour) in looks.items():
        axis.plot([], [], f"{mark}-", color=colour, label=f"batch {batch}")
    axis.axvline(1, color=INK, linewidth=1)
    axis.set_yticks(range(len(names)), names)
    axis.tick_params(labelsize=LARGE - 1.5)
    axis.set_xlabel("times as fast as the plain step", fontsize=LARGE)
    axis.set(ylim=(len(names) - 0.5, -0.6))
    axis.legend(
        loc="lower center", bbox_to_anchor=(0.3, 1), ncols=2, fontsize=LARGE - 1
    )
    return figure


def ring_counts(n: int) -> list[list[list[int]]]:
    """How many processes' values each piece holds: [turn][process][piece].

    >>> ring_counts(2)
    [[[1, 1], [1, 1]], [[1, 2], [2, 1]], [[2, 2], [2, 2]]]
    """
    turns = [[[1] * n for _ in range(n)]]
    for turn in range(2 * (n - 1)):
        old, new = turns[-1], [row[:] for row in turns[-1]]
        for rank in range(n):
            piece, there = (rank - turn) % n, (rank + 1) % n
            own = old[there][piece] if turn < n - 1 else 0
            new[there][piece] = old[rank][piece] + own
        turns.append(new)
    return turns


def ring(n: int = 4) -> Figure:
    """The pieces of all processes after each turn of a ring; amber: whole sums."""
    turns = ring_counts(n)
    figure = Figure(figsize=(5.6, 3.4))
    axes = figure.subplots(2, n)
    places = [*axes[0], *axes[1, 1:]]
    for turn, (axis, counts) in enumerate(zip(places, turns)):
        axis.imshow(counts, SIGNED, vmin=-n, vmax=n)
        for (row, column), count in cells(counts):
            colour = "black" if count > n - 2 else "white"
            axis.text(column, row, count, color=colour, ha="center", va="center")
        axis.set_title(f"turn {turn}" if turn else "start", fontsize=LARGE)
        axis.set(xticks=[], yticks=[])
    axes[1, 0].axis("off")
    axes[0, 0].set_ylabel("process", fontsize=LARGE)
    axes[0, 0].set_xlabel("piece", fontsize=LARGE)
    return figure


def cells(counts: Sequence[Sequence[int]]) -> list[tuple[tuple[int, int], int]]:
    """Every number of a table with its row and column."""
    return [((r, c), n) for r, row in enumerate(counts) for c, n in enumerate(row)]
