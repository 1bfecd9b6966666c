"""What the checkers of the bug clinic share: one call, with its result looked at."""

from collections.abc import Callable
from typing import Any

from torch import nn

from lenet_helpers.exercises._compare import NotAttempted, NotYet, describe
from lenet_helpers.exercises._staged import attempt


def outcome(function: Callable, *arguments: Any, kind: type | tuple = object) -> Any:
    """What ``function(*arguments)`` returns, not on copies; of the right ``kind``.

    Raises `NotAttempted` for a stub, and `NotYet` when it raises or returns
    something of another kind.

    >>> outcome(lambda n: n + 1, 2, kind=int)
    3
    """
    got = attempt(function, *arguments)
    if got is ...:
        raise NotAttempted
    if got is None and kind is not object:
        raise NotYet("It returns nothing: is a `return` missing?")
    if not isinstance(got, kind):
        raise NotYet(f"It returns {describe(got)}: that is something else than before.")
    return got


def made(layer: Callable, *arguments: Any) -> nn.Module:
    """The network that a class or function makes; errors become pointers."""
    return outcome(layer, *arguments, kind=nn.Module)
