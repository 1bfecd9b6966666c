"""Reading the question bank: one YAML file a topic, checked field by field.

A question::

    - id: shapes-c1-parameters         # topic first; never changed: Anki knows it
      level: basic                     # basic, intermediate or advanced
      question:
        en: How many parameters has C1 of LeNet-5?
        zh: LeNet-5 的 C1 层有多少个参数？
      answer:                          # what one says in thirty seconds
        en: 156. Six maps share one 5×5 kernel and one bias each, 6 × (25 + 1).
        zh: 156 个。六个特征图各有一个 5×5 卷积核和一个偏置：6 × (25 + 1)。
      deep: |                          # English, for the follow-up; $formulas$
        ...
      follow_ups:
        - Does the number change if the image is larger?
      red_flags:                       # wrong answers that are really heard
        - says: 6 × 28 × 28 × 26
          why: These are connections; the kernel is shared by all positions.
      sources: [lecun1998]             # keys of references.bib
      chapter: 02-architecture         # may be left out: then that of the topic
      verify:                          # may be left out; each must be True
        - shapes.conv_params(1, 6, 5) == 156
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
LEVELS = ("basic", "intermediate", "advanced")
TOPICS = {
    "history": "History",
    "shapes": "Shapes and parameters",
    "receptive-field": "Receptive field",
    "convolution": "Convolution arithmetic",
    "pooling": "Pooling",
    "activations": "Activations",
    "optimisation": "Loss and optimisation",
    "backpropagation": "Backpropagation through convolution and pooling",
    "regularisation": "Regularisation, augmentation, normalisation",
    "debugging": "Training and debugging",
    "alexnet": "AlexNet",
    "comparisons": "Comparisons",
    "deployment": "Deployment and efficiency",
    "coding": "Coding tasks",
}
# What teaches a topic, for questions that name no chapter of their own.
CHAPTERS = {
    "history": "01-history",
    "shapes": "02-architecture",
    "receptive-field": "02-architecture",
    "convolution": "02-architecture",
    "pooling": "02-architecture",
    "activations": "08-training",
    "optimisation": "08-training",
    "backpropagation": "08-training",
    "regularisation": "09-training-tricks",
    "debugging": "18-bug-clinic",
    "alexnet": "13-alexnet",
    "comparisons": "14-lenet-vs-alexnet",
    "deployment": "10-gpu-training",
    "coding": "19-coding-tasks",
}
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
}
OPTIONAL = {"chapter": str, "verify": list}
_BILINGUAL = ("question", "answer")
_LISTS = ("follow_ups", "sources", "verify")


class BankError(ValueError):
    """A question file that cannot be used; the message names file, question, field."""


@dataclass(frozen=True)
class RedFlag:
    """A wrong answer that is really heard, and what is wrong about it."""

    says: str
    why: str


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
    verify: tuple[str, ...] = ()


def questions(topic: str | None = None, level: str | None = None) -> list[Question]:
    """The questions of a topic and a level, or of all, in the order of the files.

    Raises:
        BankError: an unknown topic or level, or a file that does not hold.

    >>> {q.topic for q in questions("shapes")}
    {'shapes'}
    """
    known("topic", topic, TOPICS)
    known("level", level, LEVELS)
    found = _all() if topic is None else _topic(topic)
    return [q for q in found if level is None or q.level == level]


def known(what: str, name: str | None, names) -> None:
    if name is not None and name not in names:
        raise BankError(f"unknown {what} {name!r}; there are {', '.join(names)}")


@cache
def _topic(topic: str) -> tuple[Question, ...]:
    text = (FOLDER / f"{topic}.yml").read_text(encoding="utf-8")
    return tuple(read(text, topic))


def _all() -> list[Question]:
    return [question for topic in TOPICS for question in _topic(topic)]


def read(text: str, topic: str) -> list[Question]:
    """Questions of one file's ``text``.

    Raises:
        BankError: broken YAML, or a question with a missing, unknown, empty or
            wrongly typed field, or an id used twice.
    """
    import yaml

    try:
        entries = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BankError(f"{topic}.yml is not YAML: {error}") from error
    if not isinstance(entries, list):
        raise BankError(f"{topic}.yml: a list of questions is expected")
    result, seen = [], set()
    for number, entry in enumerate(entries, start=1):
        question = _question(entry, topic, f"{topic}.yml, question {number}")
        if question.id in seen:
            raise BankError(f"{topic}.yml: id {question.id!r} is used twice")
        seen.add(question.id)
        result.append(question)
    return result


def _question(entry, topic: str, where: str) -> Question:
    if not isinstance(entry, dict):
        raise BankError(f"{where}: a mapping of fields is expected")
    where = f"{where} ({entry.get('id', 'no id')})"
    for name in [*entry, *REQUIRED]:
        kind = REQUIRED.get(name) or OPTIONAL.get(name)
        if kind is None:
            raise BankError(f"{where}: unknown field {name!r}")
        if name not in entry:
            raise BankError(f"{where}: field {name!r} is missing")
        if not isinstance(entry[name], kind) or not entry[name]:
            raise BankError(f"{where}: {name!r} must be a {kind.__name__}, not empty")
    if not entry["id"].startswith(f"{topic}-"):
        raise BankError(f"{where}: the id must begin with '{topic}-'")
    if entry["level"] not in LEVELS:
        raise BankError(f"{where}: level {entry['level']!r} is none of {LEVELS}")
    texts = {name: _texts(entry[name], f"{where}: {name}") for name in _BILINGUAL}
    lists = {name: _strings(entry.get(name, []), f"{where}: {name}") for name in _LISTS}
    flags = tuple(_red_flag(flag, where) for flag in entry["red_flags"])
    made = {"red_flags": flags, "topic": topic}
    made["chapter"] = entry.get("chapter", CHAPTERS[topic])
    return Question(**entry | texts | lists | made)


def _texts(value: dict, where: str) -> dict[str, str]:
    if set(value) != set(LANGUAGES):
        raise BankError(f"{where}: needs just {' and '.join(LANGUAGES)}")
    _strings(list(value.values()), where)
    return {language: value[language].strip() for language in LANGUAGES}


def _strings(values: list, where: str) -> tuple[str, ...]:
    for value in values:
        if not isinstance(value, str) or not value.strip():
            raise BankError(f"{where}: {value!r} is not a text (quote it?)")
    return tuple(value.strip() for value in values)


def _red_flag(flag, where: str) -> RedFlag:
    if not isinstance(flag, dict) or set(flag) != {"says", "why"}:
        raise BankError(f"{where}: a red flag needs just says and why")
    return RedFlag(*_strings([flag["says"], flag["why"]], f"{where}: red flag"))
