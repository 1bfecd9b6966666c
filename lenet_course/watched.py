"""Watch whose operations an answer uses, and how many."""

import copy
from collections.abc import Callable
from typing import Any

from torch.optim.optimizer import register_optimizer_step_pre_hook

from lenet_course.exercises.by_hand import Calls
from lenet_course.exercises.compare import Checker
from lenet_course.exercises.staged import attempt
from lenet_helpers.performance import OperatorCount


class _Operators(OperatorCount):
    """The same without PyTorch's compiler, whose import the first use costs: seconds.

    A check runs in a new copy of the process, where every use is the first.
    """

    # What PyTorch wrapped, so that the compiler looks away, is kept by that name.
    __torch_dispatch__ = getattr(
        OperatorCount.__torch_dispatch__,
        "__wrapped__",
        OperatorCount.__torch_dispatch__,
    )

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False


def watched(
    inner: Checker,
    case: tuple,
    *,
    banned: tuple[str, ...] = (),
    most: int | None = None,
    also: Callable[[Any], str | None] = lambda got: None,
    wrong: tuple[tuple[Any, str], ...] = (),
) -> Checker:
    """``inner``, and then the answer once more, on ``case``, watched.

    ``banned`` are parts of names: of functions, of the operators below them, and of
    optimisers. ``most`` allows so many operators, too few for a loop. ``also`` judges
    the result.
    """

    def test(answer: Any) -> str | None:
        if pointer := inner.test(answer):
            return pointer
        steps = []
        hook = register_optimizer_step_pre_hook(
            lambda optimizer, *_: steps.append(type(optimizer).__name__)
        )
        try:
            with _Operators() as operators, Calls() as calls:
                got = attempt(answer, *copy.deepcopy(case))
        finally:
            hook.remove()
        names = [*steps, *calls.names, *operators.names]
        used = [name for name in names if any(part in name for part in banned)]
        if used:
            return f"Right, but PyTorch's own `{used[0]}` did it: write that yourself."
        if most and "tolist" in calls.names:
            return "Right, by a list of Python numbers: stay with whole tensors."
        if most and operators.total > most:
            return (
                f"Right, in {operators.total} tensor operations for one small batch. "
                "Without a Python loop it takes a handful."
            )
        return also(got)

    return Checker(test, (*inner.examples, *wrong), takes_function=True)
