"""A quiz that needs no kernel and no script: HTML and CSS answer by themselves.

``show("architecture")`` as the last line of a cell (tagged ``remove-input``, committed
executed) shows ``ch02_architecture/quiz.yml``. A choice opens its explanation through
``:checked``; the book's ``quiz.js`` adds typed numbers, a score, and memory.

A quiz file::

    title: Check yourself
    questions:
      - id: c3-parameters              # unique in the file
        level: basic                   # basic, intermediate or advanced
        question: "How many parameters ...?"   # `code`, **strong**, *em*; Unicode maths
        options:
          - text: "1,516"
            correct: true              # several may be: they become check boxes
            why: "60 kernels of 25 weights and 16 biases."
          - text: "2,416"              # a mistake one really makes
            why: "That is a C3 that reads every S2 map."
      - id: c3-saved
        level: intermediate
        question: "How many does Table I save?"
        number:                        # instead of options: a typed answer
          value: 900
          tolerance: 0                 # this line and the next two may be left out
          unit: parameters
          wrong: [{value: 36, why: "That many *kernels*: each has 25 weights."}]
          why: "36 of 96 kernels, 25 weights each."
"""

from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path

from lenet_course.html import OWN_KEYS, inline, plain
from lenet_course.quiz.format import (
    Number,
    Option,
    Question,
    QuizData,
    read,
)

__all__ = ["Number", "Option", "Question", "Quiz", "load", "names", "show"]

ROOMS = Path(__file__).parents[1]  # where the chapters have their folders

# Inside the HTML, so that a notebook needs no other file. Translucent tints and
# inherited colours read on light and dark pages alike.
CSS = """
.lq{max-width:46rem;color:inherit;font-size:1em;line-height:1.5}
.lq fieldset{border:1px solid rgba(128,128,128,.45);border-radius:.4rem;margin:0 0 1rem;
padding:.4rem .8rem .7rem;min-width:0}
.lq legend{font-weight:600;padding:0;float:left;width:100%;margin:.2rem 0 .4rem;
font-size:1em;color:inherit;border:0}
.lq legend small{font-weight:400;opacity:.85}
.lq legend+*{clear:both}
.lq .lq-o{display:grid;grid-template-columns:auto 1fr;column-gap:.6rem;
align-items:start}
.lq input[type=radio],.lq input[type=checkbox]{margin:.75rem 0 0 .2rem;width:1.05rem;
height:1.05rem;accent-color:#2d7dd2}
.lq label{padding:.5rem 0;cursor:pointer;margin:0;font-weight:400}
.lq input:focus-visible,.lq summary:focus-visible,.lq button:focus-visible{
outline:3px solid #2d7dd2;outline-offset:2px}
.lq .lq-w{display:none;grid-column:2;margin:0 0 .5rem;padding:.4rem .7rem;
border-left:.25rem solid rgb(219,109,40);background:rgba(219,109,40,.1)}
.lq .lq-w.lq-r{border-color:rgb(46,160,67);background:rgba(46,160,67,.1)}
.lq input:checked~.lq-w,.lq .lq-w.lq-on{display:block}
.lq summary{cursor:pointer;padding:.4rem 0}
.lq code{background:rgba(128,128,128,.15);color:inherit;padding:.05em .3em}
@media print{.lq fieldset{break-inside:avoid}}
"""


@dataclass(frozen=True)
class Quiz:
    """A quiz; shows itself in a notebook, reads as text elsewhere."""

    data: QuizData

    def __repr__(self) -> str:
        lines = [self.data.title]
        for i, question in enumerate(self.data.questions, start=1):
            lines.append(f"{i}. {plain(question.question)}")
            letters = zip("abcdefghij", question.options)
            lines += [f"   {letter}) {plain(o.text)}" for letter, o in letters]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        name, digest = escape(self.data.name), self.data.digest
        count = len(self.data.questions)
        body = "".join(
            _question(f"quiz-{name}-{question.id}", question, f"{i} of {count}")
            for i, question in enumerate(self.data.questions, start=1)
        )
        return (
            f'<div class="lq" {OWN_KEYS} data-quiz="{name}" '
            f'data-digest="{digest}" role="group" '
            f'aria-label="{escape(plain(self.data.title))}">'
            f"<style>{CSS.strip()}</style>{body}</div>"
        )


def _question(id: str, question: Question, place: str) -> str:
    if question.number:
        note, body = "type a number", _number(id, question.number)
    else:
        note = "choose all that apply" if question.several else "choose one"
        body = "".join(
            _option(id, i, option, question.several)
            for i, option in enumerate(question.options, start=1)
        )
    legend = f"{inline(question.question)} <small>({place}; {note})</small>"
    return f'<fieldset id="{id}"><legend>{legend}</legend>{body}</fieldset>'


def _option(id: str, index: int, option: Option, several: bool) -> str:
    kind = "checkbox" if several else "radio"
    own = f"{id}-{index}"
    right = " data-right" if option.correct else ""
    return (
        f'<div class="lq-o"><input type="{kind}" name="{id}" id="{own}"{right}>'
        f'<label for="{own}">{inline(option.text)}</label>'
        f"{_feedback(option.correct, option.why)}</div>"
    )


def _number(id: str, number: Number) -> str:
    unit = f" {inline(number.unit)}" if number.unit else ""
    answer = f"<strong>{number.value:,}{unit}</strong>. {inline(number.why)}"
    wrongs = "".join(_feedback(False, why, value) for value, why in number.wrong)
    # The field works only where a script reads it; without one, the fold is enough.
    return (
        f'<div class="lq-n" hidden data-tolerance="{number.tolerance}">'
        f'<label for="{id}-n">Your answer{unit and f" ({unit.strip()})"}:</label> '
        f'<input type="text" inputmode="decimal" autocomplete="off" id="{id}-n"> '
        f'<button type="button">Check</button>'
        f"{_feedback(True, number.why, number.value)}{wrongs}"
        f"{_feedback(False, number.otherwise, 'other')}</div>"
        f"<details><summary>Show the answer</summary><p>{answer}</p></details>"
    )


def _feedback(right: bool, why: str, value: float | str | None = None) -> str:
    classes, head = ("lq-w lq-r", "Correct.") if right else ("lq-w", "Not quite.")
    data = "" if value is None else f' data-value="{value}"'
    return f'<p class="{classes}"{data}><strong>{head}</strong> {inline(why)}</p>'


def names() -> list[str]:
    """The quizzes there are, as `show` calls them."""
    return sorted(_files())


def _files() -> dict[str, Path]:
    """The file of each quiz, named as its chapter's folder: ch08_training/quiz.yml."""
    found = ROOMS.glob("ch[0-9][0-9]_*/quiz.yml")
    return {path.parent.name[len("ch00_") :]: path for path in found}


def load(name: str) -> QuizData:
    """The content of quiz ``name``, checked. Raises LookupError, `ContentError`.

    >>> load("architecture").questions[0].level in ("basic", "intermediate")
    True
    """
    if name not in [*names()]:
        raise LookupError(f"no quiz {name!r}; there are: {', '.join(names())}")
    return _read(name)


@cache
def _read(name: str) -> QuizData:
    return read(_files()[name], name)


def show(name: str) -> Quiz:
    """The quiz ``name``, ready to be the last line of a cell."""
    return Quiz(load(name))
