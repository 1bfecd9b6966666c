"""The bug clinic, ward of engineering: a figure that is shown and saved."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from lenet_course.exercises.checkers import Checker
from lenet_course.exercises.registry import exercise
from lenet_course.exercises.staged import attempt


class InlinePyplot:
    """pyplot as a notebook has it: ``show`` closes the figure."""

    def __init__(self):
        self._figures = []

    def __repr__(self) -> str:
        return "plt"

    def figure(self, *args, **options):
        from matplotlib.figure import Figure

        self._figures.append(Figure(figsize=(2, 2)))
        return self._figures[-1]

    def gcf(self):
        return self._figures[-1] if self._figures else self.figure()

    def gca(self):
        return self.gcf().gca()

    def subplots(self, *args, **options):
        figure = self.figure()
        return figure, figure.subplots()

    def savefig(self, path, **options):
        self.gcf().savefig(path)

    def show(self, *args, **options):
        self._figures.clear()

    def close(self, *args):
        self._figures.clear()

    def __getattr__(self, name):  # plot, semilogy, legend, ... ; xlabel is set_xlabel
        axes = self.gca()
        return getattr(axes, name, None) or getattr(axes, f"set_{name}")


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


def _ink(path: Path) -> int:
    """Pixels of a PNG that are neither white nor transparent."""
    from matplotlib.image import imread

    picture = imread(path)
    return int(((picture[..., :3].min(-1) < 0.9) & (picture[..., 3] > 0.1)).sum())


def _test_figure(answer: Callable) -> str | None:
    with tempfile.TemporaryDirectory() as folder:
        path, plt = Path(folder) / "curve.png", InlinePyplot()
        attempt(answer, plt, [2.3, 1.1, 0.7, 0.5], path)
        if not path.exists():
            return "No file was written."
        axes = InlinePyplot()
        axes.gca()
        axes.savefig(Path(folder) / "empty.png")
        empty, ink = _ink(Path(folder) / "empty.png"), _ink(path)
        if ink == 0:
            return "The file holds a blank picture: which figure was current then?"
        if ink <= empty:
            return "The file shows empty axes: the curve came too late."
        if plt._figures:
            return "The file is right, but the reader of the notebook sees no figure."
    return None


@exercise(
    "clinic.figure",
    task="Repair `save_curve(plt, losses, path)`: shown *and* saved.",
    checker=Checker(
        _test_figure,
        (
            (_drawing("psf"), "blank picture"),
            (_drawing("psnf"), "blank picture"),
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
