"""Look at answers of any kind without being surprised."""

import math
import reprlib
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real
from typing import Any

import torch
from torch import Tensor, nn

SHORT = reprlib.Repr()
SHORT.maxstring = SHORT.maxother = 60


@dataclass(frozen=True)
class Checker:
    """A test of an answer, with wrong answers it must recognise.

    ``examples`` pairs a wrong answer with words its pointer must contain;
    ``takes_function`` is true when the answer is a function or class.
    """

    test: Callable[[Any], str | None]
    examples: tuple[tuple[Any, str], ...] = ()
    takes_function: bool = False

    def __call__(self, answer: Any) -> str | None:
        return self.test(answer)


class NotYet(Exception):
    """Ends a check; its text is the pointer."""


class NotAttempted(Exception):
    """Ends a check: the stub is still as it was."""


def describe(value: Any) -> str:
    """``value`` in a few words.

    >>> describe(torch.zeros(2, 3)), describe("six"), describe(len)
    ('a tensor of shape [2, 3]', "the text 'six'", 'a function')
    """
    if value is None:
        return "nothing (`None`)"
    if isinstance(value, Tensor) and value.dim():
        return f"a tensor of shape {list(value.shape)}"
    if isinstance(value, str):
        return f"the text {SHORT.repr(value)}"
    if isinstance(value, type):
        return "a class"
    if isinstance(value, nn.Module):
        return f"a {type(value).__name__}"
    if callable(value):
        return "a function"
    try:
        return _number_text(as_number(value))
    except NotYet:
        pass
    if isinstance(value, tuple | list):
        return SHORT.repr(value)
    return f"a {type(value).__name__}"


def _number_text(value: Real) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value) if abs(value) < 10**15 else "a number of more than 15 digits"


def as_number(answer: Any) -> Real:
    """``answer`` as an int or float. Raises `NotYet` with a pointer if it is none.

    >>> as_number(torch.tensor([6]))
    6
    >>> as_number((1, 516))
    Traceback (most recent call last):
    ...
    lenet_course.exercises.compare.NotYet: In Python `1,516` is a pair of numbers: \
write `1516` or `1_516`.
    """
    if getattr(answer, "size", None) == 1 or isinstance(answer, Tensor):
        if isinstance(answer, Tensor) and answer.numel() != 1:
            raise NotYet(f"One number is asked; this is {describe(answer)}.")
        answer = answer.item()
    if isinstance(answer, tuple) and answer and all(type(n) is int for n in answer):
        commas = ",".join(str(n)[:9] for n in answer[:4])
        kind = "a pair" if len(answer) == 2 else "a tuple"
        raise NotYet(
            f"In Python `{commas}` is {kind} of numbers: "
            f"write `{commas.replace(',', '')}` or `{commas.replace(',', '_')}`."
        )
    if isinstance(answer, str):
        raise NotYet("That is text: write the number without quotation marks.")
    if isinstance(answer, bool) or not isinstance(answer, Real):
        raise NotYet(f"One number is asked; this is {_kind(answer)}.")
    if isinstance(answer, float) and not math.isfinite(answer):
        raise NotYet(f"It came out as `{answer}`: was something divided by zero?")
    return answer


def _kind(value: Any) -> str:
    if callable(value) and not isinstance(value, type):
        return "a function: call it"
    return f"a `{type(value).__name__}`"


def same_number(got: Real, want: Real, tolerance: float) -> bool:
    """Whether two finite numbers agree; without tolerance exactly, however large."""
    try:
        return got == want or abs(float(got) - float(want)) <= tolerance
    except OverflowError:
        return False


def difference(got: Any, want: Any, tolerance: float) -> str | None:
    """How ``got`` differs from ``want``, as the rest of a sentence; None if it agrees.

    >>> difference(torch.zeros(3), torch.zeros(1, 3), 0)
    'gives a tensor of shape [3], which is not the right shape'
    """
    if isinstance(want, Tensor):
        return _tensor_difference(got, want, tolerance)
    if isinstance(want, bool | str) or want is None:
        same = type(got) is type(want) and got == want
        return None if same else f"gives {describe(got)}"
    if isinstance(want, tuple | list):
        same = isinstance(got, tuple | list) and len(got) == len(want)
        if same and not any(difference(a, b, tolerance) for a, b in zip(got, want)):
            return None
        return f"gives {describe(got)}"
    try:
        same = same_number(as_number(got), want, tolerance)
    except NotYet:
        return f"gives {describe(got)}, but a number is asked"
    return None if same else f"gives {describe(got)}"


def _tensor_difference(got: Any, want: Tensor, tolerance: float) -> str | None:
    if not isinstance(got, Tensor):
        return f"gives {describe(got)}, but a tensor is asked"
    if got.shape != want.shape:
        return f"gives {describe(got)}, which is not the right shape"
    got, want = got.detach().cpu().double(), want.detach().cpu().double()
    apart = ~torch.isclose(got, want, rtol=tolerance, atol=tolerance, equal_nan=True)
    if not apart.any():
        return None
    at = tuple(apart.nonzero()[0].tolist())
    where = f"at {list(at)} " if at else ""
    return f"gives {where}{got[at].item():.6g}"
