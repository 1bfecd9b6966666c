"""What `check`, `hint` and `solution` hand back: readable as HTML and as plain text."""

import unicodedata
from dataclasses import dataclass, field

from lenet_course.html import box, code, fold, inline, paragraphs, plain

CORRECT, NOT_YET, NOT_ATTEMPTED = "correct", "not yet", "not attempted"

_LOOK = {  # status: tone of the box, sign, headline
    CORRECT: ("good", "✓", "Correct."),
    NOT_YET: ("look", "→", "Not yet."),
    NOT_ATTEMPTED: ("calm", "○", "Not attempted yet."),
}


def readable(text: str, most: int) -> str:
    """``text`` as a screen can show it: no controls, no halves of characters, short.

    >>> readable("\\x1b[2Jred\\udc80 and more", 9)
    '�[2Jred�…'
    """
    short = text if len(text) <= most else f"{text[: most - 1]}…"
    return "".join(
        "�" if unicodedata.category(c) in ("Cc", "Cf", "Cs") and c not in "\n\t" else c
        for c in short
    )


@dataclass(frozen=True)
class Verdict:
    """The answer to an answer. Counts as true when the status is *correct*.

    >>> Verdict("demo.x", NOT_YET, "Look at the bias.")
    → Not yet. Look at the bias.
    """

    id: str
    status: str
    text: str
    printed: str = ""
    form: str = field(default="", repr=False)  # what a page needs, as JSON

    def __bool__(self) -> bool:
        return self.status == CORRECT

    def __repr__(self) -> str:
        _, sign, headline = _LOOK[self.status]
        printed = f"\nYour code printed:\n{self.printed}" if self.printed else ""
        return f"{sign} {headline} {plain(self.text)}{printed}"

    def _repr_html_(self) -> str:
        tone, sign, headline = _LOOK[self.status]
        printed = f"<div>Your code printed:</div>{code(self.printed)}"
        head = f'<span aria-hidden="true">{sign}</span> <strong>{headline}</strong>'
        body = f"{head} {inline(self.text)}" + printed * bool(self.printed)
        data = {"exercise": self.id, "status": self.status, "form": self.form}
        return box(tone, body, **data)


@dataclass(frozen=True)
class Hint:
    """One step of help.

    >>> Hint("demo.x", 1, 3, "Count the map pairs.")
    Hint 1 of 3. Count the map pairs.
    """

    id: str
    number: int
    count: int
    text: str

    def _more(self) -> str:
        last = self.number == self.count
        return (
            f' The last hint. Next: `exercises.solution("{self.id}")`' if last else ""
        )

    def __repr__(self) -> str:
        return f"Hint {self.number} of {self.count}. {plain(self.text + self._more())}"

    def _repr_html_(self) -> str:
        head = f"<strong>Hint {self.number} of {self.count}.</strong>"
        return box("calm", f"{head} {inline(self.text + self._more())}")


@dataclass(frozen=True)
class Worked:
    """A worked solution that has just been run; its HTML folds the hints, then it."""

    id: str
    source: str
    explanation: str
    outcome: str
    hints: tuple[str, ...] = field(repr=False, default=())

    def __repr__(self) -> str:
        return f"{plain(self.explanation)}\n\n{self.source}\n\n{plain(self.outcome)}"

    def _repr_html_(self) -> str:
        folds = [
            fold(f"Hint {i} of {len(self.hints)}", paragraphs(hint))
            for i, hint in enumerate(self.hints, start=1)
        ]
        body = paragraphs(self.explanation) + code(self.source)
        body += paragraphs(self.outcome)
        return "".join([*folds, fold("Solution", body)])
