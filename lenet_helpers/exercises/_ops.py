"""Watch which tensor operations an answer uses: how many, and whether the whole one."""

import copy
from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode

from lenet_helpers.exercises._case import outcome
from lenet_helpers.exercises._compare import Checker


class Calls(TorchDispatchMode):
    """Notes the name of every tensor operation inside its ``with``.

    >>> import torch
    >>> with Calls() as calls:
    ...     _ = torch.ones(2) + 1
    >>> calls.names
    ['ones', 'add']
    """

    def __init__(self):
        super().__init__()
        self.names: list[str] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.names.append(func.overloadpacket.__name__)
        return func(*args, **(kwargs or {}))


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
        with Calls() as calls:
            outcome(answer, *copy.deepcopy(case))
        used = [name for name in calls.names if name in banned]
        if used:
            return f"Right, but PyTorch's own `{used[0]}` did it: write that yourself."
        if most and len(calls.names) > most:
            return (
                f"Right, in {len(calls.names)} tensor operations for one small batch. "
                "Without a Python loop it takes a handful."
            )
        return None

    return Checker(test, (*inner.examples, *wrong), takes_function=True)
