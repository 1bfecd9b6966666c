"""The mock interview with widgets, in a running notebook."""

from base64 import b64encode
from html import escape
from time import monotonic

import ipywidgets as widgets

from lenet_course.interview.bank import TOPICS, Question
from lenet_course.interview.render import drawing, inline, said
from lenet_course.interview.scoresheet import SCORES, SECONDS, Scoresheet

# A drawing is grey on nothing: dark notebooks brighten it, as the book's pages do.
DARK = (
    "<style>:is([data-jp-theme-light=false],.vscode-dark) .q-figure img"
    "{filter:brightness(1.45)}.q-figure img{max-width:100%}</style>"
)


def _drawing(question: Question) -> str:
    """The figure inside the HTML itself: no path is the same in every notebook."""
    if question.figure is None:
        return ""
    data = b64encode(question.figure.path.read_bytes()).decode()
    return DARK + drawing(question.figure, "en", f"data:image/svg+xml;base64,{data}")


class _Stage:
    """One question at a time: words, the answer, a score."""

    def __init__(self, interview: Scoresheet) -> None:
        self.interview, self.seconds = interview, 0.0
        self.asked, self.answer = widgets.HTMLMath(), widgets.HTMLMath()
        self.words = widgets.Textarea(
            placeholder="Say it aloud, or write it here", rows=4
        )
        self.words.layout.width = "40em"
        self.show = widgets.Button(description="Show the answer")
        self.show.on_click(self._reveal)
        self.scores = [self._score(points) for points in range(len(SCORES))]
        self.box = widgets.VBox()
        self._ask()

    def _score(self, points: int) -> widgets.Button:
        made = widgets.Button(description=SCORES[points])
        made.on_click(lambda _: self._next(points))
        return made

    def _ask(self) -> None:
        question, self.words.value = self.interview.current, ""
        if question is None:
            lines = escape(self.interview.summary()).replace("\n", "<br>")
            self.box.children = [widgets.HTML(f"<p>{lines}</p>")]
            return
        number = f"{len(self.interview.answers) + 1} of {len(self.interview.questions)}"
        place = f"{number} · {escape(TOPICS[question.topic])} · {question.level}"
        words = inline(question.question["en"])
        self.asked.value = f"<p>{place}</p><p><strong>{words}</strong></p>"
        self.begun = monotonic()
        self.box.children = [self.asked, self.words, self.show]

    def _reveal(self, _) -> None:
        self.seconds, question = monotonic() - self.begun, self.interview.current
        more = "".join(f"<li>{inline(text)}</li>" for text in question.follow_ups)
        flags = "".join(
            f"<li><em>{inline(flag.says)}</em> {inline(flag.why)}</li>"
            for flag in question.red_flags
        )
        self.answer.value = (
            f"<p>{self.seconds:.0f} s (aim at {SECONDS})</p>"
            f"{said(question.answer['en'])}{_drawing(question)}"
            f"<p>Then you may be asked</p><ul>{more}</ul>"
            f"<p>Wrong, and often heard</p><ul>{flags}</ul>"
        )
        scores = widgets.HBox([widgets.Label("Your score:"), *self.scores])
        self.box.children = [self.asked, self.words, self.answer, scores]

    def _next(self, points: int) -> None:
        self.interview.record(points, self.words.value, self.seconds)
        self._ask()


def stage(interview: Scoresheet) -> widgets.VBox:
    """The box that holds ``interview``; it goes on where that stands."""
    return _Stage(interview).box
