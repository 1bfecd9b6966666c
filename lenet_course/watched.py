"""Watch which tensor operations an answer uses: how many, and whether the whole one."""

import copy
from typing import Any

from lenet_course.exercises.compare import Checker
from lenet_course.exercises.staged import attempt
from lenet_helpers.performance import OperatorCount


def watched(
    inner: Checker,
    case: tuple,
    *,
    banned: tuple[str, ...] = (),
    most: int | None = None,
    wrong: tuple[tuple[Any, str], ...] = (),
) -> Checker:
    """``inner``, and then: none of the ``banned`` operations, at most ``most``."""

    def test(answer: Any) -> str | None:
        if pointer := inner.test(answer):
            return pointer
        with OperatorCount() as count:
            attempt(answer, *copy.deepcopy(case))
        used = [name for name in banned if count.names[name]]
        if used:
            return f"Right, but PyTorch's own `{used[0]}` did it: write that yourself."
        if most and count.total > most:
            return (
                f"Right, in {count.total} tensor operations for one small batch. "
                "Without a Python loop it takes a handful."
            )
        return None

    return Checker(test, (*inner.examples, *wrong), takes_function=True)
