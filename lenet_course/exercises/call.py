"""Call a reader's function, and say in words what went wrong with it."""

import copy
import dis
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from lenet_course.exercises.compare import SHORT, NotAttempted, NotYet, difference
from lenet_course.exercises.thread import TimeLimit

# What remains of a body that is `...`, `pass` or a docstring, on any Python.
_NOTHING = {"RESUME", "NOP", "CACHE", "LOAD_CONST", "RETURN_CONST", "RETURN_VALUE"}
_NOTHING |= {"COPY_FREE_VARS", "MAKE_CELL"}


def does_nothing(function: Callable) -> bool:
    """Whether the body of ``function`` is still only ``...`` or ``pass``.

    >>> def stub(n):
    ...     "To be written."
    ...     ...
    >>> does_nothing(stub), does_nothing(lambda n: n)
    (True, False)
    """
    if not hasattr(function, "__code__"):
        return False
    steps = list(dis.get_instructions(function))
    constants = [step.argval for step in steps if step.opname.endswith("_CONST")]
    empty = all(constant is None or constant is ... for constant in constants)
    return empty and all(step.opname in _NOTHING for step in steps)


def call_text(function: Callable, arguments: Sequence[Any], name: str = "") -> str:
    """The call as one would write it, tensors by their shape."""
    name = name or str(getattr(function, "__name__", type(function).__name__))[:60]
    inner = ", ".join(map(_text, arguments))
    return f"{'f' if name == '<lambda>' else name}({inner})"


def _text(argument: Any) -> str:
    if isinstance(argument, Tensor):
        return f"tensor{list(argument.shape)}"
    if isinstance(argument, nn.Module):
        return type(argument).__name__.strip("_")
    text = SHORT.repr(argument)  # an address in memory says nothing to a reader
    return type(argument).__name__ if " object at 0x" in text else text


def outcome(function: Callable, arguments: Sequence[Any], said: str) -> Any:
    """``function(*arguments)``; what goes wrong is told of what is ``said`` of it.

    Raises `NotAttempted` for a NotImplementedError or an answer of dots, and `NotYet`
    when it raises anything else or runs out of time.
    """
    try:
        got = function(*arguments)
    except NotYet:  # a stage that we built has something to say
        raise
    except TimeLimit:
        raise NotYet(
            f"{said} was still running when the time was up: does every loop come "
            "to its end?"
        ) from None
    except RecursionError:
        raise NotYet(f"{said} calls itself without end.") from None
    except BaseException as error:
        text = " ".join(str(error)[:1000].split())[:160].replace("`", "'")
        if type(error) is NotImplementedError and len(text) < 80:
            raise NotAttempted from None  # a stub; those of PyTorch have more to say
        raise NotYet(f"{said} raises {type(error).__name__}: {text}") from None
    if got is ...:
        raise NotAttempted
    return got


def call(function: Callable, arguments: tuple, want: Any, name: str = "") -> Any:
    """The `outcome` of ``function`` on a copy of its arguments.

    Raises `NotYet`, too, when it returns nothing though ``want`` is something, or
    changes its arguments.
    """
    given, text = copy.deepcopy(arguments), call_text(function, arguments, name)
    got = outcome(function, given, f"`{text}`")
    if got is None and want is not None:
        raise NotYet(f"`{text}` returns nothing: is a `return` missing?")
    if not all(map(_unchanged, given, arguments)):
        raise NotYet(f"`{text}` changes what it was given: work on a copy.")
    return got


def _unchanged(now: Any, before: Any) -> bool:
    """Whether an argument is as it was; what cannot be compared counts as such."""
    if isinstance(before, nn.Module):
        pairs = zip(now.state_dict().values(), before.state_dict().values())
        return now.training == before.training and all(torch.equal(*p) for p in pairs)
    if isinstance(before, tuple | list):
        return len(now) == len(before) and all(map(_unchanged, now, before))
    if isinstance(before, Tensor | bool | int | float | str):
        return difference(now, before, 0.0) is None
    return True
