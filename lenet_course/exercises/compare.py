"""Look at answers of any kind without being surprised."""

import math
import reprlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

SHORT = reprlib.Repr()
SHORT.maxstring = SHORT.maxother = 60


@dataclass(frozen=True)
class Checker:
    """A test of an answer, with wrong answers it must recognise.

    ``examples`` pairs a wrong answer with words its pointer must contain;
    ``takes_function`` is true when the answer is a function or class. ``typed`` says
    what ``test`` does in words of JSON, so that a page can do it, too, to an answer
    typed there (`_static/answer.js`): its kind, what is right, what is wrong, and where
    to look. ``calls`` are the cases of a function, the results they should give, the
    known mistakes and what is said (`page_code`). None where neither is to be had.
    """

    test: Callable[[Any], str | None]
    examples: tuple[tuple[Any, str], ...] = ()
    takes_function: bool = False
    typed: Mapping[str, Any] | None = None
    calls: Mapping[str, Any] | None = None

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
    if isinstance(value, Tensor) and value.is_meta:
        return "a tensor without values (on the device `meta`)"
    if isinstance(value, Tensor | np.ndarray) and value.ndim:
        kind = "a tensor" if isinstance(value, Tensor) else "an array"
        return f"{kind} of shape {list(value.shape)}"
    if isinstance(value, str):
        return f"the text {SHORT.repr(value)}"
    if isinstance(value, type):
        return "a class"
    if isinstance(value, nn.Module):
        return f"a {type(value).__name__}"
    if callable(value):
        return "a function"
    if isinstance(value, tuple | list):
        return SHORT.repr(value)
    try:
        return _number_text(as_number(value))
    except NotYet:
        return f"a {type(value).__name__}"


def _number_text(value: Real) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value) if abs(value) < 10**15 else "a number of more than 15 digits"


def _single(answer: Any) -> Any:
    """The one thing in a scalar, a tensor, an array or a list that holds just one."""
    if isinstance(answer, Tensor) and answer.is_meta:
        raise NotYet("It lies on the `meta` device: a shape without values.")
    if isinstance(answer, Tensor | np.generic | np.ndarray):
        return answer.item() if math.prod(answer.shape) == 1 else answer
    if isinstance(answer, tuple | list) and len(answer) == 1:
        return _single(answer[0])
    return float(answer) if isinstance(answer, Decimal) else answer


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
    answer = _single(answer)
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
    if isinstance(value, Tensor | np.ndarray):
        return describe(value)
    if callable(value) and not isinstance(value, type):
        return "a function: call it"
    return f"a `{type(value).__name__}`"


def same_number(got: Real, want: Real, tolerance: float, relative: float = 0) -> bool:
    """Whether two finite numbers agree; without tolerance exactly, however large."""
    try:
        apart = abs(float(got) - float(want))
        return got == want or apart <= tolerance + relative * abs(float(want))
    except OverflowError:
        return False


def difference(got: Any, want: Any, tolerance: float) -> str | None:
    """How ``got`` differs from ``want``, as the rest of a sentence; None if it agrees.

    It is the values that count, not what holds them: a list or an array will do for a
    tensor, a tensor for a list, and whatever holds one number for a number. Whole
    numbers differ by less than ``tolerance``, others also by that share of their size.

    >>> difference(torch.zeros(3), torch.zeros(1, 3), 0)
    'gives a tensor of shape [3], which is not the right shape'
    >>> difference([0.5, 1], torch.tensor([0.5, 1]), 0)
    """
    if isinstance(want, Tensor):
        return _tensor_difference(got, want, tolerance)
    if isinstance(want, bool | str) or want is None:
        got = got if want is None or isinstance(got, str) else _single(got)
        same = isinstance(got, type(want)) and got == want
        return None if same else f"gives {describe(got)}"
    if isinstance(want, tuple | list):
        parts = _parts(got)
        same = parts is not None and len(parts) == len(want)
        if same and not any(difference(a, b, tolerance) for a, b in zip(parts, want)):
            return None
        return f"gives {describe(got)}"
    relative = 0 if isinstance(want, int) else tolerance
    try:
        same = same_number(as_number(got), want, tolerance, relative)
    except NotYet:
        return f"gives {describe(got)}, but a number is asked"
    return None if same else f"gives {describe(got)}"


def _parts(got: Any) -> Sequence | None:
    if hasattr(got, "__array__"):  # tensors, arrays, columns of a table
        return list(got) if got.ndim else None
    return got if isinstance(got, Sequence) and not isinstance(got, str) else None


def _plain(got: Any) -> Tensor:
    """``got`` as a tensor of 64-bit numbers; raises what torch raises if it is none."""
    if isinstance(got, tuple | list):
        return torch.stack([_plain(part) for part in got])
    if not isinstance(got, Tensor):
        got = torch.as_tensor(np.asarray(got))
    got = got.detach().to_dense().cpu()
    return got.to(torch.complex128) if got.is_complex() else got.double()


def _tensor_difference(got: Any, want: Tensor, tolerance: float) -> str | None:
    have = got
    try:
        if not isinstance(got, Tensor) or got.shape == want.shape:
            have = _plain(got)
    except Exception:
        return f"gives {describe(got)}, but a tensor is asked"
    one = math.prod(have.shape) == 1 and not want.dim()
    if have.shape != want.shape and not one:
        return f"gives {describe(got)}, which is not the right shape"
    have = _plain(have)
    have, exact = have.view(want.shape), not want.is_floating_point()
    want = _plain(want)
    if have.is_complex() != want.is_complex():
        return "gives complex numbers"
    relative = 0 if exact else tolerance
    apart = ~torch.isclose(have, want, rtol=relative, atol=tolerance, equal_nan=True)
    if not apart.any():
        return None
    at = tuple(apart.nonzero()[0].tolist())
    where = f"at {list(at)} " if at else ""
    return f"gives {where}{have[at].item():.6g}"
