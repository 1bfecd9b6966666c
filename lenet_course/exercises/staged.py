"""Run a reader's function on a stage of our own, and judge it by what it did there.

Unlike `checkers.function`, whose cases are copied, these functions are *meant* to
change what they are given.
"""

from collections.abc import Callable, Sequence
from typing import Any

from torch import nn

from lenet_course.exercises.call import does_nothing, outcome
from lenet_course.exercises.compare import (
    Checker,
    NotAttempted,
    NotYet,
    describe,
    difference,
)

Mistakes = Sequence[tuple[Callable, str]]


def attempt(function: Callable, *arguments: Any, kind: type | tuple = object) -> Any:
    """``function(*arguments)``, not on copies; of the right ``kind``.

    Raises `NotAttempted` for a stub or an answer of dots, and `NotYet` when it raises
    or returns something of another kind.

    >>> attempt(lambda n: n + 1, 2, kind=int)
    3
    """
    if not callable(function):
        raise NotYet(
            "Give the function itself, its name without brackets; "
            f"this is {describe(function)}."
        )
    if does_nothing(function):
        raise NotAttempted
    got = outcome(function, arguments, "It")
    if got is None and kind is not object:
        raise NotYet("It returns nothing: is a `return` missing?")
    if not isinstance(got, kind):
        raise NotYet(f"It returns {describe(got)}: that is something else than before.")
    return got


def made(layer: Callable, *arguments: Any) -> nn.Module:
    """The network that a class or function makes; errors become pointers."""
    return attempt(layer, *arguments, kind=nn.Module)


def staged(
    play: Callable[[Callable], tuple], right: Callable, wrong: Mistakes, look: str
) -> Checker:
    """What ``play`` sees of the answer must be what it sees of ``right``."""
    wanted = play(right)
    known = [(play(bad), pointer) for bad, pointer in wrong]

    def test(answer: Any) -> str | None:
        seen = play(answer)
        if difference(seen, wanted, 1e-5) is None:
            return None
        same = (text for bad, text in known if difference(seen, bad, 1e-5) is None)
        return next(same, look)

    return Checker(test, tuple(wrong), takes_function=True)
