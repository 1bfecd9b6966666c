"""One drill: a question with a number for an answer, and what a wrong number means."""

import math
import re
import textwrap
import unicodedata
from dataclasses import dataclass

TOLERANCE = 1e-3  # relative, for what has no unit: learning rates; counts are exact


@dataclass(frozen=True)
class Verdict:
    """Whether an answer is right, and what to look at if it is not."""

    right: bool
    text: str

    def __repr__(self) -> str:
        return f"{'Right' if self.right else 'Not yet'}. {self.text}".strip()


@dataclass(frozen=True)
class Drill:
    """A problem; ``given`` holds its numbers, ``slips`` known wrong answers."""

    topic: str
    level: str
    seed: int
    question: str
    unit: str
    steps: list[str]
    answer: float
    slips: list[tuple[float, str]]
    given: dict

    def __repr__(self) -> str:
        return textwrap.fill(self.question, 76)

    def check(self, answer: float | str) -> Verdict:
        """Judge a number, or a text with one: "61,706" and "6e-4" are understood.

        >>> from lenet_course import ch17_drills as drills
        >>> drills.draw("shapes", seed=1).check("a lot")
        Not yet. That is not a number.
        """
        value = as_number(answer)
        if value is None:
            return Verdict(False, "That is not a number.")
        if self._same(value, self.answer):
            return Verdict(True, "")
        for slip, why in self.slips:
            if self._same(value, slip):
                return Verdict(False, why)
        return Verdict(False, "Go through it once more, line by line.")

    def _same(self, value: float, other: float) -> bool:
        slack = 1e-9 if self.unit else TOLERANCE * abs(other)
        return abs(value - other) <= slack

    def solution(self) -> str:
        """The steps to the answer, one a line."""
        return "\n".join(self.steps)


def as_number(answer: float | str) -> float | None:
    """The number that was typed, None if there is none; as _static/quiz.js reads it.

    Whatever Python takes for a number is one, such as a tensor of one value.

    >>> [as_number(t) for t in ("61 706", "61,706", "0,05", "6e-4", "", "x", True)]
    [61706.0, 61706.0, 0.05, 0.0006, None, None, None]
    """
    if isinstance(answer, bool):
        return None
    if not isinstance(answer, str):
        try:
            answer = repr(float(answer))
        except (TypeError, ValueError, RuntimeError, OverflowError):
            return None
    text = unicodedata.normalize("NFKC", answer)  # digits of any width
    text = re.sub(r"[\s_'’]", "", text).replace("−", "-").replace("×10^", "e")
    if re.fullmatch(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?", text, re.ASCII):
        text = text.replace(",", "")
    elif re.fullmatch(r"[+-]?\d+,\d+", text, re.ASCII):
        text = text.replace(",", ".")
    number = r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?"
    fits = re.fullmatch(number, text, re.ASCII | re.IGNORECASE)
    return float(text) if fits and math.isfinite(float(text)) else None
