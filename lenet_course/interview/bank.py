"""Reading the question bank: one YAML file a topic, checked field by field.

A question::

    - id: shapes-c1-parameters         # topic first; never changed: Anki knows it
      level: basic                     # basic, intermediate or advanced
      kind: fundamentals               # which round asks it: see `session.ROUNDS`
      question:
        en: How many parameters does C1 of LeNet-5 have?
        zh: LeNet-5 的 C1 层有多少个参数？
      answer:                          # what one says in thirty seconds
        en: 156. Six maps share one 5×5 kernel and one bias each, 6 × (25 + 1).
        zh: 156 个。六个特征图各有一个 5×5 卷积核和一个偏置：6 × (25 + 1)。
      points:                          # by which the candidate scores the answer
        claim: {en: C1 has 156 parameters., zh: C1 有 156 个参数。}
        reason: {en: One kernel and bias a map., zh: 每个图一个卷积核和偏置。}
        number: {en: 6 × (25 + 1) = 156., zh: 6 × (25 + 1) = 156。}   # or example:
      deep: |                          # English, with the numbers; $formulas$
        ...
      follow_ups:                      # what is asked next, answered in one sentence
        - ask: {en: Does it change if the image is larger?, zh: 图像变大，它会变吗？}
          say: {en: "No, positions share weights.", zh: 不会，各位置共享权重。}
          card: shapes-image-size      # may be left out: the card that has more
      red_flags:                       # wrong answers that are really heard
        - says: {en: 6 × 28 × 28 × 26, zh: 6 × 28 × 28 × 26}
          why: {en: These are connections., zh: 这是连接数。}
      sources: [lecun1998]             # keys of references.bib
      chapter: 02-architecture         # what teaches it
      heading: 'Parameters: what the network learns'
      verify:                          # may be left out; each must be True
        - shapes.conv_params(1, 6, 5) == 156
      figure:                          # may be left out: an SVG of figures/, drawn
        file: lenet5.svg               # by tools/card_figures, and what it shows
        alt: {en: A digit goes through seven layers., zh: 一个数字经过七层。}
"""

from functools import cache
from pathlib import Path

from lenet_course.interview.entry import (
    KINDS,
    LANGUAGES,
    Figure,
    FollowUp,
    Question,
    RedFlag,
    read_entry,
)
from lenet_course.strict import LEVELS, ContentError, known, load

__all__ = [
    "FOLDER",
    "KINDS",
    "LANGUAGES",
    "TOPICS",
    "Figure",
    "FollowUp",
    "Question",
    "RedFlag",
    "apart",
    "asked",
    "lists",
    "questions",
    "read",
]

FOLDER = Path(__file__).parent
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
    "beyond": "Beyond LeNet",
    "systems": "Metrics, data and systems",
}


def questions(topic: str | None = None, level: str | None = None) -> list[Question]:
    """The questions of a topic and a level, or of all, in the order of the files.

    Raises:
        ContentError: an unknown topic or level, or a file that does not hold.

    >>> {q.topic for q in questions("shapes")}
    {'shapes'}
    """
    known("topic", topic, TOPICS)
    known("level", level, LEVELS)
    found = _all() if topic is None else _topic(topic)
    return [q for q in found if level is None or q.level == level]


def asked() -> dict[str, list[str]]:
    """Of each question that a public list holds: the lists, by their keys in asked.yml.

    >>> "shapes-output-size" in asked()
    True
    """
    return _asked_file()["asked"]


def lists() -> dict[str, dict]:
    """The public lists of questions that were counted: title, url, language, size."""
    return _asked_file()["lists"]


@cache
def _asked_file() -> dict:
    return load((FOLDER / "asked.yml").read_text(encoding="utf-8"))


@cache
def apart() -> dict[str, set[str]]:
    """Of each question that has near twins: those not to be drawn with it."""
    groups = load((FOLDER / "apart.yml").read_text(encoding="utf-8"))
    return {name: {*group} - {name} for group in groups for name in group}


def path(topic: str) -> Path:
    """The file of a topic."""
    return FOLDER / "questions" / f"{topic}.yml"


@cache
def _topic(topic: str) -> tuple[Question, ...]:
    return tuple(read(path(topic).read_text(encoding="utf-8"), topic))


def _all() -> list[Question]:
    return [question for topic in TOPICS for question in _topic(topic)]


def read(text: str, topic: str) -> list[Question]:
    """Questions of one file's ``text``.

    Raises:
        ContentError: broken YAML, or a question with a missing, unknown, double, empty
            or wrongly typed field, or an id used twice.
    """
    try:
        entries = load(text)
    except ContentError as error:
        raise ContentError(f"{topic}.yml: {error}") from None
    if not isinstance(entries, list):
        raise ContentError(f"{topic}.yml: a list of questions is expected")
    result, seen = [], set()
    for number, entry in enumerate(entries, start=1):
        where = f"{topic}.yml, question {number}"
        question = read_entry(entry, topic, where, FOLDER / "figures")
        if question.id in seen:
            raise ContentError(f"{topic}.yml: id {question.id!r} is used twice")
        seen.add(question.id)
        result.append(question)
    return result
