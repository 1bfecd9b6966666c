"""Boxes of a chapter in which the reader acts first: predict, and put in order.

    :::{predict}
    :right: 3

    How large is the loss before the first step?

    1. 0
    2. 1
    3. 2.3

    - 1: That is the loss of a network which is sure, and right.

    Ten digits, none preferred: each gets a tenth, and −ln 0.1 = 2.30.
    :::

It is the last thing in its cell. In the page the output of the code cell below is
covered until the reader has chosen (_static/act-first.js). ``{order}`` is written
alike: its lines stand out of order, and ``:right: 3 1 2`` is the order; with a comma,
``3 1 2, 1 3 2``, either is. A reason, ``- 1: ...``, is said to whoever chose 1, or has
line 1 as the first out of place. It and the explanation are folded where no script
runs.
"""

import hashlib
import re
from dataclasses import dataclass

from lenet_course.strict import ContentError

TITLES = {"predict": "Predict first", "order": "Put in order"}
_TEXT = re.compile(
    r"(?P<asked>.+?)\n\n"
    r"(?P<list>\d+\. [^\n]+(?:\n(?:\d+\. | {3})[^\n]+)*)\n\n"
    r"(?P<reasons>(?:- \d+: [^\n]+(?:\n {2}[^\n]+)*(?:\n|$))*)\n?"
    r"(?P<why>.*)",
    re.DOTALL,
)
_LINE = re.compile(r"^(\d+)\. ", re.MULTILINE)
_REASON = re.compile(r"^- (\d+): ", re.MULTILINE)


@dataclass(frozen=True)
class Task:
    """A box as it is written; its texts are Markdown.

    Attributes:
        kind: predict or order.
        right: the numbers of the right choice, or of all lines; each way that is right.
        asked: the question.
        list: the numbered lines, as they stand.
        reasons: what is said of single lines, and may be empty.
        why: the explanation.
    """

    kind: str
    right: tuple[tuple[int, ...], ...]
    asked: str
    list: str
    reasons: str
    why: str

    @property
    def lines(self) -> list[str]:
        """The texts of the numbered lines, without their numbers."""
        return [" ".join(text.split()) for text in _LINE.split(self.list)[2::2]]

    @property
    def answer(self) -> str:
        """What is folded until the reader has acted."""
        ways = " or ".join(", ".join(map(str, way)) for way in self.right)
        return "\n\n".join(filter(None, [f"Right: {ways}.", self.reasons, self.why]))

    @property
    def id(self) -> str:
        """Changes with the question: a reader's old answer was to another one."""
        return hashlib.sha256((self.asked + self.list).encode()).hexdigest()[:8]


def read(kind: str, right: str, text: str) -> Task:
    """The box of this ``kind``. Raises `ContentError`, which says what is wrong.

    >>> read("order", "2 1 3", "Order?\\n\\n1. b\\n2. a\\n3. c\\n\\nabc").lines
    ['b', 'a', 'c']
    """
    found = _TEXT.fullmatch(text.strip())
    if not found:
        raise ContentError(
            f"{kind}: write a question, lines numbered 1. 2. 3. and an explanation"
        )
    parts = {name: part.strip() for name, part in found.groupdict().items()}
    ways = tuple(tuple(_numbers(kind, way)) for way in right.split(","))
    task = Task(kind, ways, **parts)
    for fault in _faults(task):
        raise ContentError(f"{kind}: {fault}")
    return task


def _numbers(kind: str, way: str) -> list[int]:
    if not re.fullmatch(r"\s*\d+(\s+\d+)*\s*", way):
        raise ContentError(f"{kind}: right gives numbers of lines, not {way.strip()!r}")
    return [int(number) for number in way.split()]


def _faults(task: Task):
    """What is wrong with it, the first thing first."""
    numbers = [int(number) for number in _LINE.findall(task.list)]
    count = len(numbers)
    if numbers != list(range(1, count + 1)):
        yield f"number the lines 1 to {count}, not {numbers}"
    if count < 3:
        yield "give three lines at least"
    if len(set(task.lines)) < count:
        yield "two lines read the same"
    for way in task.right:
        if task.kind == "order" and sorted(way) != numbers:
            yield f"right names each of the {count} lines once, not {list(way)}"
        if task.kind == "predict" and (len(task.right) > 1 or way not in zip(numbers)):
            yield f"right is one number from 1 to {count}"
    if tuple(numbers) in task.right:
        yield "the lines stand in the right order already"
    reasons = [int(number) for number in _REASON.findall(task.reasons)]
    for number in reasons:
        if number not in numbers or reasons.count(number) > 1:
            yield f"reasons are for single lines, not {reasons}"
        if task.kind == "predict" and (number,) in task.right:
            yield "what is right needs no reason but the explanation"
    if not task.why:
        yield "the explanation is missing"
