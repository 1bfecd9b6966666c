"""Refuse an answer that lets PyTorch find the gradient."""

import copy
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from lenet_course.exercises.compare import Checker, NotYet
from lenet_course.exercises.staged import attempt

_AUTOGRAD = "Right, but autograd found it: write the way back yourself."


class Calls(TorchFunctionMode):
    """The names of PyTorch's functions that are called.

    A dispatch mode would see the operators below them, too, but its first use imports
    some hundred modules, for seconds of the time that a check may take.

    >>> with Calls() as calls:
    ...     _ = torch.nn.functional.relu(torch.zeros(2))
    >>> "relu" in calls.names
    True
    """

    def __init__(self):
        super().__init__()
        self.names: list[str] = []

    def __torch_function__(self, func, types, args=(), kwargs=None):
        self.names.append(getattr(func, "__name__", ""))
        return func(*args, **(kwargs or {}))


def by_hand(
    inner: Checker,
    case: tuple,
    *,
    banned: tuple[str, ...] = (),
    wrong: tuple[tuple[Any, str], ...] = (),
) -> Checker:
    """``inner``, and then: neither autograd nor a ``banned`` function found it.

    The answer is run once more, on ``case``. Whatever autograd would need on the way
    back it saves, and PyTorch says when it saves something; `torch.func` refuses to run
    where that is watched, and its forward mode makes dual numbers. ``banned`` are
    beginnings of names; functions with "backward" in their name always are.
    """

    def test(answer: Any) -> str | None:
        if pointer := inner.test(answer):
            return pointer
        saved = []
        hooks = torch.autograd.graph.saved_tensors_hooks(
            lambda tensor: saved.append(1) or tensor, lambda tensor: tensor
        )
        try:
            with hooks, Calls() as calls:
                attempt(answer, *copy.deepcopy(case))
        except NotYet as error:
            if "saved tensor hooks" in str(error):  # torch.func.vjp, grad, jacrev
                return _AUTOGRAD
            raise
        if saved or {"grad", "backward", "_make_dual"} & set(calls.names):
            return _AUTOGRAD
        used = [n for n in calls.names if n.startswith(banned) or "backward" in n]
        if used:
            return f"Right, but PyTorch's own `{used[0]}` did it: write that yourself."
        return None

    return Checker(test, (*inner.examples, *wrong), takes_function=True)
