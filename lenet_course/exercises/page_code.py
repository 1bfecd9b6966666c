"""What the page needs to judge code: the calls, and what is known of their results.

The page has Python's standard library only (`web/judge.py`). So it judges the
exercises whose cases and results are plain values of Python. They travel as literals,
which tell a tuple from a list and a whole number from a float.
"""

import contextlib
import copy
import math
from collections.abc import Callable, Iterable
from typing import Any

from lenet_course.exercises.registry import Exercise


def code_form(made: Exercise) -> dict[str, Any] | None:
    """The exercise's `Checker.calls` in words of JSON; None if only torch can judge."""
    calls = made.checker.calls
    if calls is None or not is_plain(both := [calls["cases"], calls["wanted"]]):
        return None
    known = []
    for bad, pointer in calls["wrong"]:
        with contextlib.suppress(Exception):  # it fails: no answer can be like it
            known.append((repr(results(bad, calls["cases"])), pointer))
    cases, wanted = map(repr, both)
    found = {"kind": "code", "cases": cases, "wanted": wanted, "wrong": known}
    return found | calls["said"] | {"seconds": made.seconds, "more": made.more}


def results(function: Callable, cases: Iterable[tuple]) -> list[Any]:
    return [function(*copy.deepcopy(case)) for case in cases]


def is_plain(value: Any) -> bool:
    """Whether ``value`` is what its ``repr`` says when Python reads it.

    >>> is_plain([("conv", 1, 0.5), []]), is_plain(float("nan")), is_plain([print])
    (True, False, False)
    """
    if type(value) in (tuple, list):
        return all(map(is_plain, value))
    if type(value) is float:
        return math.isfinite(value)
    return value is None or type(value) in (bool, int, str)
