"""The bug clinic, ward of engineering: a figure that is shown and saved."""

import contextlib
import tempfile
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lenet_course.exercises.checkers import Checker
from lenet_course.exercises.registry import exercise
from lenet_course.exercises.staged import attempt


@dataclass
class Seen:
    """What a notebook with its own pyplot saw: curves when shown, and when saved."""

    plt: Any
    shown: list[list[list[float]]] = field(default_factory=list)
    saved: list[list[list[float]]] = field(default_factory=list)


def _curves(figure) -> list[list[float]]:
    lines = [line for axes in figure.axes for line in axes.lines]
    return [[float(y) for y in line.get_ydata()] for line in lines]


@contextlib.contextmanager
def notebook() -> Iterator[Seen]:
    """pyplot as a notebook has it, where ``show`` closes the figures.

    >>> with notebook() as seen:
    ...     _ = seen.plt.plot([1, 2])
    ...     seen.plt.show()
    ...     seen.plt.get_fignums(), seen.shown
    ([], [[[1.0, 2.0]]])
    """
    import matplotlib.pyplot as plt
    from matplotlib._pylab_helpers import Gcf
    from matplotlib.backend_bases import FigureCanvasBase
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    seen, print_figure = Seen(plt), FigureCanvasBase.print_figure

    def new_figure_manager(num, *args, FigureClass=Figure, **options):  # no window
        return FigureCanvasAgg.new_manager(FigureClass(*args, **options), num)

    def show(*args, **options):
        seen.shown += [_curves(manager.canvas.figure) for manager in Gcf.figs.values()]
        plt.close("all")

    def printed(canvas, *args, **options):
        seen.saved.append(_curves(canvas.figure))
        return print_figure(canvas, *args, **options)

    ours = [
        (Gcf, "figs", OrderedDict()),
        (plt, "new_figure_manager", new_figure_manager),
        (plt, "show", show),
        (FigureCanvasBase, "print_figure", printed),
    ]
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in ours]
    try:
        for owner, name, value in ours:
            setattr(owner, name, value)
        yield seen
    finally:
        for owner, name, value in before:
            setattr(owner, name, value)


def _drawing(order: str) -> Callable:
    """A `save_curve` whose calls come in this order: p(lot), s(how), f(ile), n(ew)."""

    def save_curve(plt, losses, path):
        calls = {
            "p": lambda: plt.plot(losses),
            "s": plt.show,
            "f": lambda: plt.savefig(path),
            "n": plt.figure,
        }
        for letter in order:
            calls[letter]()

    return save_curve


def _test_figure(answer: Callable) -> str | None:
    losses = [2.25, 1.5, 0.75, 0.875, 0.5, 0.625]
    with tempfile.TemporaryDirectory() as folder, notebook() as seen:
        path = Path(folder) / "curve.png"
        attempt(answer, seen.plt, list(losses), path)
        written = path.exists() and path.stat().st_size > 0
    if not written:
        return "No file was written."
    saved = seen.saved[-1] if seen.saved else []
    if not saved:
        return "The file holds no curve: which figure was current when it was saved?"
    if losses not in saved:
        return "The curve in the file is not that of the losses, one after the other."
    if not any(losses in curves for curves in seen.shown):
        return "The file is right, but the reader of the notebook sees no figure."
    return None


@exercise(
    "clinic.figure",
    task="Repair `save_curve(plt, losses, path)`: shown *and* saved.",
    checker=Checker(
        _test_figure,
        (
            (_drawing("psf"), "holds no curve"),
            (_drawing("psnf"), "holds no curve"),
            (_drawing("fps"), "holds no curve"),
            (_drawing("pf"), "sees no figure"),
            (_drawing("ps"), "No file"),
        ),
        takes_function=True,
    ),
    hints=[
        "`plt.savefig` saves the *current* figure. Which one is that after `show`?",
        "Two lines should change places; or hold the figure by a name of its own.",
    ],
    more="`fig.savefig` of a figure with a name does not depend on what is current.",
    seconds=20,
)
def save_curve(plt, losses, path) -> None:
    """Save first, then show.

    **Why it is easy to miss.** It depends on where it runs: in a script without a
    screen `show` does nothing and the file is right, so it worked for its author. In a
    notebook `show` closes the figure and `savefig` makes a new, empty one.
    """
    plt.plot(losses)
    plt.savefig(path)
    plt.show()
