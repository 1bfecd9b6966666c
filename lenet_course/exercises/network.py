"""The checker of networks."""

import copy
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from lenet_course.exercises.call import call, does_nothing
from lenet_course.exercises.compare import Checker, NotAttempted, NotYet, describe


def module(
    input_shape: Sequence[int],
    output_shape: Sequence[int],
    *,
    look: str,
    parameters: int | None = None,
    also: Callable[[nn.Module], str | None] = lambda model: None,
    wrong: Sequence[tuple[Any, str]] = (),
) -> Checker:
    """A network: an nn.Module, or the class or function that makes one.

    Shapes are those of one example, without the batch. It must map the one to the
    other, have ``parameters`` trainable parameters, and pass ``also``, which returns
    None or a pointer. ``wrong`` pairs faulty networks with words of their pointer.

    >>> line = module([3], [2], parameters=8, look="Mind the bias.")
    >>> line(nn.Linear(3, 2, bias=False))
    'It has 6 trainable parameters. Mind the bias.'
    """

    def test(answer: Any) -> str | None:
        model = _build(answer)
        batch = torch.zeros(2, *input_shape)
        with torch.no_grad():
            got = call(model.eval(), (batch,), batch, name="model")
        if not isinstance(got, Tensor):
            return f"Its `forward` gives {describe(got)}; it should give a tensor."
        if list(got.shape) != [2, *output_shape]:
            shapes = f"{list(batch.shape)} into {list(got.shape)}"
            return f"It turns a batch of shape {shapes}. {look}"
        count = sum(p.numel() for p in model.parameters() if p.requires_grad)
        if parameters is not None and count != parameters:
            return f"It has {count:,} trainable parameters. {look}"
        return also(model)

    return Checker(test, tuple(wrong), takes_function=True)


def _build(answer: Any) -> nn.Module:
    model = answer
    if not isinstance(answer, nn.Module):
        if not callable(answer):
            raise NotYet(f"Give the network or its class; this is {describe(answer)}.")
        if does_nothing(answer):
            raise NotAttempted
        model = call(answer, (), answer)
    if not isinstance(model, nn.Module):
        raise NotYet(f"That makes {describe(model)}; it should make an `nn.Module`.")
    if not list(model.parameters()) and does_nothing(type(model).forward):
        raise NotAttempted  # a class whose methods are still empty
    return copy.deepcopy(model)
