"""One question of the bank, read strictly: what is wrong is said by file and field."""

from dataclasses import dataclass
from pathlib import Path

from lenet_course.strict import LEVELS, ContentError, fields

LANGUAGES = ("en", "zh")
REQUIRED = {
    "id": str,
    "level": str,
    "kind": str,
    "question": dict,
    "answer": dict,
    "points": dict,
    "deep": str,
    "follow_ups": list,
    "red_flags": list,
    "sources": list,
    "chapter": str,
    "heading": str,
}
OPTIONAL = {"verify": list, "figure": dict}
KINDS = ("fundamentals", "derivation", "coding", "debugging", "design", "project")
POINTS = ({"claim", "reason", "number"}, {"claim", "reason", "example"})
_BILINGUAL = ("question", "answer")
_LISTS = ("sources", "verify")
Texts = dict[str, str]  # keyed "en" and "zh"


@dataclass(frozen=True)
class FollowUp:
    """What is asked next, one sentence that answers it, and the card that has more."""

    ask: Texts
    say: Texts
    card: str | None = None


@dataclass(frozen=True)
class RedFlag:
    """A wrong answer that is really heard, and what is wrong about it."""

    says: Texts
    why: Texts


@dataclass(frozen=True)
class Figure:
    """A drawing that belongs to an answer, and what it shows, by language."""

    path: Path
    alt: Texts


@dataclass(frozen=True)
class Question:
    """One question of the bank.

    ``points`` are what an answer is scored by: claim, reason, and number or example.
    """

    id: str
    topic: str
    level: str
    kind: str
    question: Texts
    answer: Texts
    points: dict[str, Texts]
    deep: str
    follow_ups: tuple[FollowUp, ...]
    red_flags: tuple[RedFlag, ...]
    sources: tuple[str, ...]
    chapter: str
    heading: str
    verify: tuple[str, ...] = ()
    figure: Figure | None = None


def read_entry(entry, topic: str, where: str, folder: Path) -> Question:
    """The question that a mapping of YAML holds.

    Args:
        topic: the file's; every id begins with it.
        where: the place, for the message of an error.
        folder: of the figures.

    Raises:
        ContentError: a missing, unknown, empty or wrongly typed field.
    """
    if isinstance(entry, dict) and "id" in entry:
        where = f"{where} ({entry['id']})"
    fields(entry, where, REQUIRED, OPTIONAL)
    if not entry["id"].startswith(f"{topic}-"):
        raise ContentError(f"{where}: the id must begin with '{topic}-'")
    for name, allowed in (("level", LEVELS), ("kind", KINDS)):
        if entry[name] not in allowed:
            raise ContentError(f"{where}: {name} {entry[name]!r} is none of {allowed}")
    if set(entry["points"]) not in POINTS:
        raise ContentError(f"{where}: points are claim, reason, and number or example")
    texts = {name: _texts(entry[name], f"{where}: {name}") for name in _BILINGUAL}
    lists = {name: _strings(entry.get(name, []), f"{where}: {name}") for name in _LISTS}
    points = entry["points"]
    made = {
        "topic": topic,
        "points": {k: _texts(points[k], f"{where}: points, {k}") for k in points},
        "follow_ups": tuple(_follow_up(e, where) for e in entry["follow_ups"]),
        "red_flags": tuple(_red_flag(e, where) for e in entry["red_flags"]),
    }
    if "figure" in entry:
        made["figure"] = _figure(entry["figure"], f"{where}: figure", folder)
    return Question(**entry | texts | lists | made)


def _texts(value, where: str) -> Texts:
    if not isinstance(value, dict) or set(value) != set(LANGUAGES):
        raise ContentError(f"{where}: needs just {' and '.join(LANGUAGES)}")
    _strings(list(value.values()), where)
    return {language: value[language].strip() for language in LANGUAGES}


def _strings(values: list, where: str) -> tuple[str, ...]:
    for value in values:
        if not isinstance(value, str) or not value.strip():
            raise ContentError(f"{where}: {value!r} is not a text (quote it?)")
    return tuple(value.strip() for value in values)


def _follow_up(entry, where: str) -> FollowUp:
    where = f"{where}: follow-up"
    fields(entry, where, {"ask": dict, "say": dict}, {"card": str})
    texts = {key: _texts(entry[key], f"{where}, {key}") for key in ("ask", "say")}
    return FollowUp(**entry | texts)


def _red_flag(entry, where: str) -> RedFlag:
    where = f"{where}: red flag"
    fields(entry, where, {"says": dict, "why": dict})
    return RedFlag(**{key: _texts(entry[key], f"{where}, {key}") for key in entry})


def _figure(figure: dict, where: str, folder: Path) -> Figure:
    if set(figure) != {"file", "alt"}:
        raise ContentError(f"{where}: needs just file and alt")
    (name,) = _strings([figure["file"]], where)
    path = folder / name
    # A name and no path: nothing outside the folder is ever read.
    if name != path.name or path.suffix != ".svg" or not path.is_file():
        raise ContentError(f"{where}: {name!r} is no SVG file in {folder.name}/")
    return Figure(path, _texts(figure["alt"], f"{where}: alt"))
