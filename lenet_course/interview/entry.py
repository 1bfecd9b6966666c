"""One question of the bank, read strictly: what is wrong is said by file and field."""

from dataclasses import dataclass
from pathlib import Path

from lenet_course.strict import LEVELS, ContentError, fields

LANGUAGES = ("en", "zh")
REQUIRED = {
    "id": str,
    "level": str,
    "question": dict,
    "answer": dict,
    "deep": str,
    "follow_ups": list,
    "red_flags": list,
    "sources": list,
    "chapter": str,
    "heading": str,
}
OPTIONAL = {"verify": list, "figure": dict}
_BILINGUAL = ("question", "answer")
_LISTS = ("follow_ups", "sources", "verify")


@dataclass(frozen=True)
class RedFlag:
    """A wrong answer that is really heard, and what is wrong about it."""

    says: str
    why: str


@dataclass(frozen=True)
class Figure:
    """A drawing that belongs to an answer, and what it shows, by language."""

    path: Path
    alt: dict[str, str]


@dataclass(frozen=True)
class Question:
    """One question of the bank; texts by language are keyed "en" and "zh"."""

    id: str
    topic: str
    level: str
    question: dict[str, str]
    answer: dict[str, str]
    deep: str
    follow_ups: tuple[str, ...]
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
    if entry["level"] not in LEVELS:
        raise ContentError(f"{where}: level {entry['level']!r} is none of {LEVELS}")
    texts = {name: _texts(entry[name], f"{where}: {name}") for name in _BILINGUAL}
    lists = {name: _strings(entry.get(name, []), f"{where}: {name}") for name in _LISTS}
    flags = tuple(_red_flag(flag, where) for flag in entry["red_flags"])
    made = {"red_flags": flags, "topic": topic}
    if "figure" in entry:
        made["figure"] = _figure(entry["figure"], f"{where}: figure", folder)
    return Question(**entry | texts | lists | made)


def _texts(value, where: str) -> dict[str, str]:
    if not isinstance(value, dict) or set(value) != set(LANGUAGES):
        raise ContentError(f"{where}: needs just {' and '.join(LANGUAGES)}")
    _strings(list(value.values()), where)
    return {language: value[language].strip() for language in LANGUAGES}


def _strings(values: list, where: str) -> tuple[str, ...]:
    for value in values:
        if not isinstance(value, str) or not value.strip():
            raise ContentError(f"{where}: {value!r} is not a text (quote it?)")
    return tuple(value.strip() for value in values)


def _red_flag(flag, where: str) -> RedFlag:
    if not isinstance(flag, dict) or set(flag) != {"says", "why"}:
        raise ContentError(f"{where}: a red flag needs just says and why")
    return RedFlag(*_strings([flag["says"], flag["why"]], f"{where}: red flag"))


def _figure(figure: dict, where: str, folder: Path) -> Figure:
    if set(figure) != {"file", "alt"}:
        raise ContentError(f"{where}: needs just file and alt")
    (name,) = _strings([figure["file"]], where)
    path = folder / name
    # A name and no path: nothing outside the folder is ever read.
    if name != path.name or path.suffix != ".svg" or not path.is_file():
        raise ContentError(f"{where}: {name!r} is no SVG file in {folder.name}/")
    return Figure(path, _texts(figure["alt"], f"{where}: alt"))
