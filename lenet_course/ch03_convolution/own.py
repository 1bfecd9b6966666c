"""Refuse an answer that lets PyTorch's own operation do the work."""

import copy
from typing import Any

from lenet_course.exercises.compare import Checker
from lenet_course.exercises.staged import attempt
from lenet_helpers.performance import OperatorCount

# What `F.conv*`, `F.conv_transpose*`, `F.fold`, their gradients and FFTs arrive at.
WHOLE = ("convolution", "convolution_backward", "col2im", "im2col")


def own(
    inner: Checker, case: tuple, wrong: tuple[tuple[Any, str], ...] = ()
) -> Checker:
    """``inner``, and then: on ``case`` none of the `WHOLE` operations was used."""

    def test(answer: Any) -> str | None:
        if pointer := inner.test(answer):
            return pointer
        with OperatorCount() as count:
            attempt(answer, *copy.deepcopy(case))
        used = [name for name in WHOLE if count.names[name]]
        if used:
            return f"Right, but PyTorch's own `{used[0]}` did it: write that yourself."
        return None

    return Checker(test, (*inner.examples, *wrong), takes_function=True)
