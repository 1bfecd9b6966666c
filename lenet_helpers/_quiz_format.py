"""Read a quiz file strictly: what is missing, double or unknown is said by name."""

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

LEVELS = ("basic", "intermediate", "advanced")

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class QuizError(ValueError):
    """A quiz file that cannot be used; the message names the file and the place."""


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


class _Loader(yaml.SafeLoader):
    """YAML in which a key given twice is an error instead of a silent loss."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                line = node.start_mark.line + 1
                raise QuizError(f"key {key!r} twice in the entry at line {line}")
        return super().construct_mapping(node, deep)


def read(path: Path) -> QuizData:
    """The quiz in ``path``. Raises `QuizError`, naming file and question."""
    raw = path.read_bytes()
    try:
        data = yaml.load(raw.decode("utf-8"), _Loader)
        top = _entry(data, "the file", {"title": str, "questions": list})
        questions = [_question(q, i) for i, q in enumerate(top["questions"], 1)]
        ids = [question.id for question in questions]
        for id in ids:
            if ids.count(id) > 1:
                raise QuizError(f"two questions have the id {id!r}")
        if not questions:
            raise QuizError("no questions")
    except (QuizError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise QuizError(f"{path.name}: {error}") from None
    digest = hashlib.sha256(raw.replace(b"\r\n", b"\n")).hexdigest()[:8]
    return QuizData(path.stem, top["title"], tuple(questions), digest)


def _entry(
    data: Any,
    where: str,
    needs: Mapping[str, type],
    may: Mapping[str, type] | None = None,
) -> dict[str, Any]:
    """``data`` if it is a mapping with exactly the keys and kinds of value allowed."""
    may = may or {}
    if not isinstance(data, dict):
        raise QuizError(f"{where}: expected 'key: value' lines, got {data!r}")
    if missing := [key for key in needs if key not in data]:
        raise QuizError(f"{where}: {', '.join(missing)} missing")
    known = {**needs, **may}
    if unknown := [str(key) for key in data if key not in known]:
        raise QuizError(
            f"{where}: unknown {', '.join(unknown)}; known: {', '.join(known)}"
        )
    for key, value in data.items():
        _kind(value, known[key], f"{where}, {key}")
    return data


def _kind(value: Any, kind: type, where: str) -> None:
    if kind is float:
        if type(value) not in (int, float) or not math.isfinite(value):
            raise QuizError(f"{where}: expected a number, got {value!r}")
    elif type(value) is not kind:
        hint = "; put it in quotes" if kind is str else ""
        raise QuizError(f"{where}: expected {kind.__name__}, got {value!r}{hint}")
    elif kind is str and not value.strip():
        raise QuizError(f"{where}: is empty")
    elif kind is str and ("$" in value or "\\(" in value):
        raise QuizError(f"{where}: write formulas in Unicode; no MathJax everywhere")


def _question(data: Any, index: int) -> Question:
    where = f"question {index}"
    needs = {"id": str, "level": str, "question": str}
    entry = _entry(data, where, needs, {"options": list, "number": dict})
    where = f"question {index} ({entry['id']})"
    if not _ID.fullmatch(entry["id"]):
        raise QuizError(f"{where}: an id is lower-case words joined by hyphens")
    if entry["level"] not in LEVELS:
        raise QuizError(f"{where}: level is one of {', '.join(LEVELS)}")
    if ("options" in entry) == ("number" in entry):
        raise QuizError(f"{where}: give either options or number")
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
        raise QuizError(f"{where}: no option is correct")
    if all(option.correct for option in options):
        raise QuizError(f"{where}: no option is wrong")
    if len({option.text for option in options}) < len(options):
        raise QuizError(f"{where}: two options read the same")
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
        raise QuizError(f"{where}: the tolerance is negative")
    for w in wrong:
        if abs(w["value"] - entry["value"]) <= tolerance:
            raise QuizError(f"{where}: the wrong number {w['value']} counts as right")
    entry["wrong"] = tuple((w["value"], w["why"]) for w in wrong)
    return Number(**entry)
