"""Drills on show: a static sheet with folded solutions, and a widget for a kernel."""

from dataclasses import dataclass
from html import escape
from time import monotonic
from typing import TYPE_CHECKING

from lenet_course.ch17_drills.drill import Drill
from lenet_course.html import box, fold

if TYPE_CHECKING:
    import ipywidgets


@dataclass(frozen=True)
class Sheet:
    """A numbered list of drills; shows itself in a notebook."""

    drills: tuple[Drill, ...]
    names: dict[str, str]

    def __repr__(self) -> str:
        return "\n".join(f"{i}. {d.question}" for i, d in enumerate(self.drills, 1))

    def _repr_html_(self) -> str:
        items = "".join(self._item(drill) for drill in self.drills)
        return f'<ol style="max-width:46rem;padding-left:1.4rem">{items}</ol>'

    def _item(self, drill: Drill) -> str:
        name = f"<strong>{escape(self.names[drill.topic])}.</strong>"
        question = (
            f'<p style="margin:.6rem 0 .2rem">{name} {escape(drill.question)}</p>'
        )
        return f"<li>{question}{fold('Solution', steps(drill))}</li>"


def steps(drill: Drill) -> str:
    """The worked solution as HTML."""
    return "<ol>" + "".join(f"<li>{escape(s)}</li>" for s in drill.steps) + "</ol>"


class _Round:
    """A series at the keyboard: question, answer, verdict, and a table at the end."""

    def __init__(self, drills: list[Drill], names: dict[str, str], goal: int) -> None:
        import ipywidgets as widgets

        self.drills, self.names, self.goal = drills, names, goal
        self.rows: list[tuple[str, bool, float]] = []
        self.asked, self.said = widgets.HTML(), widgets.HTML()
        self.entry = widgets.Text(placeholder="a number", continuous_update=False)
        self.send = widgets.Button(description="Check", button_style="primary")
        self.send.on_click(self._pressed)
        self.box = widgets.VBox(
            [self.asked, widgets.HBox([self.entry, self.send]), self.said]
        )
        self._ask()

    def _ask(self) -> None:
        drill, number = self.drills[len(self.rows)], len(self.rows) + 1
        place = f"{number} of {len(self.drills)} · {self.names[drill.topic]}"
        question = escape(drill.question)
        self.asked.value = f"<p>{place}</p><p><strong>{question}</strong></p>"
        self.entry.value, self.said.value = "", ""
        self.entry.disabled, self.send.description = False, "Check"
        self.begun = monotonic()

    def _pressed(self, _) -> None:
        if self.entry.disabled:
            self._end() if len(self.rows) == len(self.drills) else self._ask()
            return
        drill, seconds = self.drills[len(self.rows)], monotonic() - self.begun
        if not self.entry.value.strip():
            return
        verdict = drill.check(self.entry.value)
        self.rows.append((drill.topic, verdict.right, seconds))
        words = f"{verdict!r} {seconds:.0f} s; aim at {self.goal}."
        body = f"<p>{escape(words)}</p>{steps(drill)}"
        self.said.value = box("good" if verdict.right else "look", body)
        self.entry.disabled = True
        last = len(self.rows) == len(self.drills)
        self.send.description = "Result" if last else "Next"

    def _end(self) -> None:
        import ipywidgets as widgets

        right = sum(row[1] for row in self.rows)
        mean = sum(row[2] for row in self.rows) / len(self.rows)
        again = {self.names[topic] for topic, hit, _ in self.rows if not hit}
        words = f"{right} of {len(self.rows)} right, {mean:.0f} s each on average."
        words += f" Again: {', '.join(sorted(again))}." if again else ""
        self.box.children = [widgets.HTML(f"<p><strong>{escape(words)}</strong></p>")]


def practice(
    count: int = 7, level: str = "basic", topic: str | None = None, seed: int = 0
) -> "ipywidgets.VBox":
    """A timed series to answer in a notebook; needs a kernel and ipywidgets.

    Raises ContentError as `series` does.
    """
    from lenet_course import ch17_drills as drills

    found = drills.series(count, level, topic, seed)
    return _Round(found, drills.TOPICS, drills.SECONDS[level]).box
