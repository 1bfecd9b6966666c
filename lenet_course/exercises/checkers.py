"""Checkers: what is right, which mistakes are known, and where each should look.

A checker returns None for a right answer, and otherwise a *pointer*: one sentence
that says where to look and never the answer. Most take ``wrong``, the known mistakes
with their pointers, and ``look``, the pointer for every other wrong answer.
"""

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lenet_course.exercises.call import call, call_text, does_nothing
from lenet_course.exercises.compare import (
    Checker,
    NotAttempted,
    NotYet,
    as_number,
    describe,
    difference,
    same_number,
)
from lenet_course.exercises.network import module

__all__ = [
    "Checker",
    "NotAttempted",
    "NotYet",
    "choice",
    "function",
    "module",
    "number",
    "shape",
]

Mistakes = Sequence[tuple[Callable[..., Any], str]]


def number(
    value: float,
    *,
    wrong: Mapping[float, str],
    look: str,
    digits: int | None = None,
    tolerance: float = 0.0,
) -> Checker:
    """A number, whatever holds it.

    ``digits`` is how many decimals the task asks for: half a unit of the last one may
    be missing, no more. Without it the number is exact, or within ``tolerance``.

    >>> six = number(6, wrong={5: "Count the last one, too."}, look="Count again.")
    >>> six(5), six(torch.tensor(7)), six([6.0])
    ('Count the last one, too.', 'Count again.', None)
    >>> third = number(1 / 3, digits=2, wrong={}, look="Divide.")
    >>> third(0.33), third(0.333), third(0.34)
    (None, None, 'Divide.')
    """
    if digits is not None:
        tolerance = 0.5000001 * 10.0**-digits

    def test(answer: Any) -> str | None:
        got = as_number(answer)
        if same_number(got, value, tolerance):
            return None
        known = (
            text for bad, text in wrong.items() if same_number(got, bad, tolerance)
        )
        return next(known, look)

    rows = list(wrong.items())
    typed = {"kind": "number", "right": value, "slack": tolerance}
    return Checker(test, tuple(rows), typed=typed | {"wrong": rows, "look": look})


def shape(
    value: Sequence[int],
    *,
    wrong: Mapping[tuple[int, ...], str],
    look: str,
    names: Sequence[str] = (),
) -> Checker:
    """A tuple of whole numbers, such as a shape; lists and torch.Size count too.

    ``names`` names the entries, so that the pointer can say which one is off.

    >>> maps = shape((6, 28), wrong={}, look="Slide a 5×5 window.",
    ...              names=["channels", "rows"])
    >>> maps((6, 32))
    'rows: 32 is not right. Slide a 5×5 window.'
    """
    value = tuple(value)

    def test(answer: Any) -> str | None:
        if isinstance(answer, Tensor | np.ndarray) and answer.ndim:
            answer = list(answer)
        if not isinstance(answer, tuple | list):
            return f"Write it as a tuple, like `(1, 2)`; this is {describe(answer)}."
        got = tuple(as_number(entry) for entry in answer)
        if got == value:
            return None
        if got in wrong:
            return wrong[got]
        if len(got) != len(value):
            return f"It has {len(got)} entries, not {len(value)}. {look}"
        first = next(i for i, pair in enumerate(zip(got, value)) if pair[0] != pair[1])
        name = names[first] if names else f"Entry {first}"
        return f"{name}: {describe(got[first])} is not right. {look}"

    rows = list(wrong.items())
    typed = {"kind": "shape", "right": value, "names": names}
    return Checker(test, tuple(rows), typed=typed | {"wrong": rows, "look": look})


def choice(right: str, *, wrong: Mapping[str, str]) -> Checker:
    """One of several words; every wrong one has its pointer.

    >>> side = choice("left", wrong={"right": "Look at the sign."})
    >>> side("Right"), side(" left "), side("up")
    ('Look at the sign.', None, 'Choose one of `left`, `right`.')
    """
    words = sorted([right, *wrong])
    options = ", ".join(f"`{word}`" for word in words)
    pointers = {word.casefold(): text for word, text in wrong.items()}

    def test(answer: Any) -> str | None:
        word = answer.strip().casefold() if isinstance(answer, str) else None
        if word == right.casefold():
            return None
        return pointers.get(word, f"Choose one of {options}.")

    rows = list(wrong.items())
    typed = {"kind": "choice", "right": right, "words": words, "wrong": rows}
    return Checker(test, tuple(rows), typed=typed | {"look": ""})


def function(
    oracle: Callable[..., Any],
    cases: Iterable[tuple] | Callable[[torch.Generator], Iterable[tuple]],
    *,
    look: str,
    wrong: Mistakes = (),
    tolerance: float = 1e-5,
    reveal: bool = False,
) -> Checker:
    """A function that must agree with ``oracle`` on every one of ``cases``.

    A case is a tuple of arguments; a function of a seeded generator can draw them.
    An answer agrees if it gives what the oracle gives in float32 or in float64.
    ``wrong`` pairs faulty functions with pointers: an answer that agrees with one on
    every case gets its pointer. The verdict shows the first case that differs, as
    call and result, and the right result only with ``reveal``.

    >>> double = function(lambda n: 2 * n, [(0,), (3,)], look="Try it by hand.",
    ...                   wrong=[(lambda n: n * n, "That squares.")])
    >>> def f(n): return n + 2
    >>> double(f)
    '`f(0)` gives 2. Try it by hand.'
    """
    if callable(cases):
        cases = cases(torch.Generator().manual_seed(0))
    cases = [tuple(case) for case in cases]
    wanted = [oracle(*copy.deepcopy(case)) for case in cases]

    def like(bad: Callable[..., Any], outputs: list[Any]) -> bool:
        try:
            others = [bad(*copy.deepcopy(case)) for case in cases]
        except Exception:  # a known mistake that fails where the answer did not
            return False
        return not any(difference(*both, tolerance) for both in zip(outputs, others))

    def off(case: tuple, got: Any, want: Any) -> str | None:
        how = difference(got, want, tolerance)
        if how and _differs_in_double(oracle, case, got, want, tolerance):
            right = f" It should be {describe(want)}." if reveal else ""
            return f"{how}.{right} {look}"
        return None

    def test(answer: Any) -> str | None:
        if not callable(answer):
            raise NotYet(
                f"Give the function itself, its name without brackets; "
                f"this is {describe(answer)}."
            )
        if does_nothing(answer):
            raise NotAttempted
        outputs = [call(answer, case, want) for case, want in zip(cases, wanted)]
        for case, got, want in zip(cases, outputs, wanted):
            if how := off(case, got, want):
                known = (pointer for bad, pointer in wrong if like(bad, outputs))
                return next(known, f"`{call_text(answer, case)}` {how}")
        return None

    said = {"look": look, "tolerance": tolerance, "reveal": reveal}
    calls = {"cases": cases, "wanted": wanted, "wrong": wrong, "said": said}
    return Checker(test, tuple(wrong), takes_function=True, calls=calls)


def _differs_in_double(
    oracle: Callable, case: tuple, got: Any, want: Any, tolerance: float
) -> bool:
    """Whether ``got`` is not what ``oracle`` gives on the same numbers in float64."""
    try:
        exact = oracle(*map(_double, copy.deepcopy(case)))
    except Exception:  # it cannot mix them with float32 numbers of its own
        return True
    if difference(exact, want, 1e-2):  # it drew other random numbers
        return True
    return difference(got, exact, tolerance) is not None


def _double(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return type(value)(map(_double, value))
    wide = isinstance(value, nn.Module)
    wide = wide or isinstance(value, Tensor) and value.dtype == torch.float32
    return value.double() if wide else value
