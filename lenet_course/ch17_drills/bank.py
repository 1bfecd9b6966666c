"""Every problem there is, for a page without a kernel: web/drills-bank.js.

A problem takes a few numbers, each from a short list, so the book's build can make them
all: 3,473, counting the choices that lead to the same one. They are kept as the picks
branch, so that a stream leads through them in the page to where it leads `draw`.
"""

import json
import re
from collections.abc import Callable, Sequence

from lenet_course.ch17_drills import SECONDS, TOPICS, maker
from lenet_course.strict import LEVELS

SHOWN = ("question", "unit", "steps", "answer", "slips")
NUMBER = re.compile(r"\d+(?:[,.]\d+)*")


class _Open(Exception):
    """A pick that is still to be made, among so many options."""


def tree(make: Callable, taken: Sequence[int] = ()) -> dict | list:
    """What ``make`` can make after the options ``taken``: a list, an entry an option.

    >>> tree(lambda pick: {"area": pick(2, 3) * pick(5, 7)})
    [[{'area': 10}, {'area': 14}], [{'area': 15}, {'area': 21}]]
    """
    left = list(taken)

    def pick(*options):
        if not left:
            raise _Open(len(options))
        return options[left.pop(0)]

    try:
        return make(pick)
    except _Open as pending:
        (count,) = pending.args
        return [tree(make, (*taken, place)) for place in range(count)]


def bank() -> dict:
    """Names, times to aim at, and the problems of every topic and level.

    Problems of a kind differ by little but their numbers. What is the same stands once
    in ``forms``, as JSON with a # for each number; a problem is a text, the place of
    its form and then its numbers. That makes 0.36 MB of 2 MB.
    """
    forms: dict[str, int] = {}

    def packed(node: dict | list) -> str | list:
        if isinstance(node, list):
            return [packed(part) for part in node]
        text = _json({part: node[part] for part in SHOWN})
        form = forms.setdefault(NUMBER.sub("#", text), len(forms))
        return " ".join([str(form), *NUMBER.findall(text)])

    problems = {
        topic: {level: packed(tree(maker(topic, level))) for level in LEVELS}
        for topic in TOPICS
    }
    names = {"topics": TOPICS, "seconds": SECONDS}
    return {**names, "forms": list(forms), "problems": problems}


def script() -> str:
    """The bank as web/drills.js reads it; the same text every time."""
    return f"globalThis.DrillBank = {_json(bank())};\n"


def _json(value) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
