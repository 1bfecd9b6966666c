"""What a quiz file holds, and how it is read."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lenet_course.strict import LEVELS, ContentError, fields, load

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Option:
    """One choice, and why it is right or which misconception it is."""

    text: str
    correct: bool
    why: str


@dataclass(frozen=True)
class Number:
    """A typed answer: right within ``tolerance``; known wrong values with reasons."""

    value: float
    why: str
    tolerance: float = 0.0
    unit: str = ""
    wrong: tuple[tuple[float, str], ...] = ()
    otherwise: str = "Not yet: work it out once more."


@dataclass(frozen=True)
class Question:
    """A question with options, or one with a number; ``several`` may be correct."""

    id: str
    level: str
    question: str
    options: tuple[Option, ...] = ()
    number: Number | None = None

    @property
    def several(self) -> bool:
        return sum(option.correct for option in self.options) > 1


@dataclass(frozen=True)
class QuizData:
    """A whole file. ``digest`` changes whenever its content does."""

    name: str
    title: str
    questions: tuple[Question, ...]
    digest: str


def read(path: Path, name: str) -> QuizData:
    """The quiz ``name`` in ``path``. Raises `ContentError`: quiz and question."""
    raw = path.read_bytes()
    try:
        data = load(raw.decode("utf-8"))
        top = _entry(data, "the file", {"title": str, "questions": list})
        questions = [_question(q, i) for i, q in enumerate(top["questions"], 1)]
        ids = [question.id for question in questions]
        for id in ids:
            if ids.count(id) > 1:
                raise ContentError(f"two questions have the id {id!r}")
    except (ContentError, UnicodeDecodeError) as error:
        raise ContentError(f"quiz {name}: {error}") from None
    digest = hashlib.sha256(raw.replace(b"\r\n", b"\n")).hexdigest()[:8]
    return QuizData(name, top["title"], tuple(questions), digest)


def _entry(data: Any, where: str, needs: dict, may: dict | None = None) -> dict:
    """``data`` with these fields, and no formula in its texts."""
    for key, value in fields(data, where, needs, may).items():
        if isinstance(value, str) and ("$" in value or "\\(" in value):
            raise ContentError(
                f"{where}, {key}: write formulas in Unicode; no MathJax everywhere"
            )
    return data


def _question(data: Any, index: int) -> Question:
    where = f"question {index}"
    needs = {"id": str, "level": str, "question": str}
    entry = _entry(data, where, needs, {"options": list, "number": dict})
    where = f"question {index} ({entry['id']})"
    if not _ID.fullmatch(entry["id"]):
        raise ContentError(f"{where}: an id is lower-case words joined by hyphens")
    if entry["level"] not in LEVELS:
        raise ContentError(f"{where}: level is one of {', '.join(LEVELS)}")
    if ("options" in entry) == ("number" in entry):
        raise ContentError(f"{where}: give either options or number")
    parts = {key: entry[key] for key in needs}
    if "number" in entry:
        return Question(**parts, number=_number(entry["number"], where))
    return Question(**parts, options=_options(entry["options"], where))


def _options(data: list, where: str) -> tuple[Option, ...]:
    options = []
    for i, option in enumerate(data, 1):
        needs, may = {"text": str, "why": str}, {"correct": bool}
        entry = _entry(option, f"{where}, option {i}", needs, may)
        correct = entry.get("correct", False)
        options.append(Option(entry["text"], correct, entry["why"]))
    if not any(option.correct for option in options):
        raise ContentError(f"{where}: no option is correct")
    if all(option.correct for option in options):
        raise ContentError(f"{where}: no option is wrong")
    if len({option.text for option in options}) < len(options):
        raise ContentError(f"{where}: two options read the same")
    return tuple(options)


def _number(data: dict, where: str) -> Number:
    needs = {"value": float, "why": str}
    may = {"tolerance": float, "unit": str, "wrong": list, "otherwise": str}
    entry = dict(_entry(data, f"{where}, number", needs, may))
    wrong = [
        _entry(w, f"{where}, wrong number {i}", needs)
        for i, w in enumerate(entry.get("wrong", []), 1)
    ]
    tolerance = entry.get("tolerance", 0)
    if tolerance < 0:
        raise ContentError(f"{where}: the tolerance is negative")
    for w in wrong:
        if abs(w["value"] - entry["value"]) <= tolerance:
            raise ContentError(
                f"{where}: the wrong number {w['value']} counts as right"
            )
    entry["wrong"] = tuple((w["value"], w["why"]) for w in wrong)
    return Number(**entry)
