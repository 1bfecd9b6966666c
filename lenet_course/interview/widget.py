"""The mock interview with widgets, in a running notebook."""

from base64 import b64encode
from html import escape
from time import monotonic

import ipywidgets as widgets

from lenet_course.interview.bank import Question
from lenet_course.interview.render import drawing, inline, said
from lenet_course.interview.scoresheet import Scoresheet, pressed, topic_name
from lenet_course.interview.words import LEVELS, name, word

# A drawing is grey on nothing: dark notebooks brighten it, as the book's pages do.
DARK = (
    "<style>:is([data-jp-theme-light=false],.vscode-dark) .q-figure img"
    "{filter:brightness(1.45)}.q-figure img{max-width:100%}</style>"
)


def _drawing(question: Question, language: str) -> str:
    """The figure inside the HTML itself: no path is the same in every notebook."""
    if question.figure is None:
        return ""
    data = b64encode(question.figure.path.read_bytes()).decode()
    source = f"data:image/svg+xml;base64,{data}"
    return DARK + drawing(question.figure, language, source)


def _button(text: str, click) -> widgets.Button:
    made = widgets.Button(description=text)
    made.on_click(lambda _: click())
    return made


class _Stage:
    """One question at a time: words, the answer, its points, what is asked next."""

    def __init__(self, interview: Scoresheet, language: str) -> None:
        self.interview, self.language = interview, language
        self.words = widgets.Textarea(placeholder=word("aloud", language), rows=4)
        self.words.layout.width = "40em"
        self.box = widgets.VBox()
        self._ask()

    def _word(self, key: str, **values) -> str:
        return word(key, self.language, **values)

    def _ask(self) -> None:
        question, self.words.value = self.interview.current, ""
        if question is None:
            lines = escape(self.interview.summary(self.language)).replace("\n", "<br>")
            self.box.children = [widgets.HTML(f"<p>{lines}</p>")]
            return
        done, total = len(self.interview.answers), len(self.interview.questions)
        place = self._word("place", here=done + 1, all=total)
        topic = escape(topic_name(question.topic, self.language))
        level = name(LEVELS[question.level], self.language)
        words = inline(question.question[self.language])
        asked = f"<p>{place} · {topic} · {level}</p><p><strong>{words}</strong></p>"
        self.begun = monotonic()
        show = _button(self._word("show"), self._reveal)
        self.box.children = [widgets.HTMLMath(asked), self.words, show]

    def _reveal(self) -> None:
        self.seconds, question = monotonic() - self.begun, self.interview.current
        flags = "".join(
            f"<li><em>{inline(flag.says[self.language])}</em> "
            f"{inline(flag.why[self.language])}</li>"
            for flag in question.red_flags
        )
        aim = self._word("aim", seconds=f"{self.seconds:.0f}", aim=self.interview.aim)
        answer = widgets.HTMLMath(
            f"<p>{aim}</p>{said(question.answer[self.language])}"
            f"{_drawing(question, self.language)}"
            f"<p>{self._word('flags')}</p><ul>{flags}</ul><p>{self._word('said')}</p>"
        )
        self.ticks = {point: widgets.Checkbox(False) for point in question.points}
        rows = [
            widgets.HBox([tick, widgets.HTMLMath(inline(text[self.language]))])
            for tick, text in zip(self.ticks.values(), question.points.values())
        ]
        for tick in self.ticks.values():
            tick.indent, tick.layout.width = False, "2em"
        self.followed = []
        go_on = _button(self._word("next"), self._press)
        self.box.children = [*self.box.children[:2], answer, *rows, go_on]

    def _said(self) -> list[str]:
        return [point for point, tick in self.ticks.items() if tick.value]

    def _press(self) -> None:
        """The next follow-up, or the next question."""
        waiting = pressed(self.interview.current, self._said())[len(self.followed) :]
        if not waiting:
            text, followed = self.words.value, self.followed
            self.interview.record(self._said(), text, self.seconds, followed)
            self._ask()
            return
        asked = inline(waiting[0].ask[self.language])
        asked = f"<p>{self._word('then')} <strong>{asked}</strong></p>"
        say = inline(waiting[0].say[self.language])
        asked, say = widgets.HTMLMath(asked), widgets.HTMLMath(f"<p>{say}</p>")

        def score(right: bool) -> None:
            self.followed.append(right)
            self._press()

        scores = widgets.HBox(
            [
                _button(self._word("right"), lambda: score(True)),
                _button(self._word("wrong"), lambda: score(False)),
            ]
        )

        def reveal() -> None:
            self.box.children = [asked, say, scores]

        self.box.children = [asked, _button(self._word("show"), reveal)]


def stage(interview: Scoresheet, language: str = "en") -> widgets.VBox:
    """The box that holds ``interview``; it goes on where that stands."""
    return _Stage(interview, language).box
