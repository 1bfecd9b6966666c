"""The checker of networks: by what comes out, with the answer's own weights."""

import contextlib
import copy
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from lenet_course.exercises.call import call, does_nothing
from lenet_course.exercises.compare import (
    Checker,
    NotAttempted,
    NotYet,
    describe,
    difference,
)

Make = Callable[[], nn.Module]


def module(
    input_shape: Sequence[int],
    output_shape: Sequence[int],
    *,
    look: str,
    parameters: int | None = None,
    like: Sequence[Make] = (),
    unlike: Sequence[tuple[Make, str]] = (),
    also: Callable[[nn.Module], str | None] = lambda model: None,
    wrong: Sequence[tuple[Any, str]] = (),
) -> Checker:
    """A network: an nn.Module, or the class or function that makes one.

    Shapes are those of one example, without the batch. It must map the one to the
    other, have ``parameters`` trainable parameters, give what one of the networks
    ``like`` gives with the same weights, and pass ``also``, which returns None or a
    pointer. ``unlike`` pairs known mistakes with their pointers, ``wrong`` other
    faulty networks with words of theirs.

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
        if like and (pointer := _compared(model, input_shape, like, unlike, look)):
            return pointer
        return also(model)

    return Checker(test, (*unlike, *wrong), takes_function=True)


def _compared(
    model: nn.Module,
    input_shape: Sequence[int],
    like: Sequence[Make],
    unlike: Sequence[tuple[Make, str]],
    look: str,
) -> str | None:
    """Judge by outputs: which network, known to us, does this one compute?"""
    _spread(model)
    batch = torch.randn(32, *input_shape, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        got = call(model, (batch,), batch, name="model")
        if not any(_same(model, make, batch, got) for make in like):
            known = (text for make, text in unlike if _same(model, make, batch, got))
            return next(known, f"Its weights should give other numbers. {look}")
        training = call(model.train(), (batch,), batch, name="model")
    if difference(training, got, 1e-5):
        return "In training mode other numbers come out: dropout, or statistics?"
    return None


def _spread(model: nn.Module) -> None:
    """Draw weights so large that no activation can pass for a straight line."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for p in model.parameters():
            fan = p[0].numel() if p.dim() > 1 else 1
            p.copy_(2 * torch.randn(p.shape, generator=generator) / fan**0.5)


def _same(model: nn.Module, make: Make, batch: Tensor, got: Tensor) -> bool:
    """Whether what ``make`` makes gives ``got``, too, with the model's weights."""
    other = make().eval()
    return _copied(model, other) and difference(other(batch), got, 1e-3) is None


def _copied(model: nn.Module, other: nn.Module) -> bool:
    """Copy weights, whatever they are called and wherever they were declared.

    Tensors of one size in both networks belong together; of several, in their order.
    A dense layer may be a convolution, and a matrix may lie on its side.
    """
    mine, theirs = list(model.parameters()), list(other.parameters())
    for p in theirs:
        fits = [q for q in mine if q.numel() == p.numel()]
        if not fits:
            return False
        best = min(fits, key=lambda q: q.shape != p.shape)
        mine = [q for q in mine if q is not best]
        turned = p.dim() > 1 and best.shape == p.flatten(1).T.shape != p.shape
        p.data.copy_((best.T if turned else best).reshape(p.shape))
    return not mine


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
    model = getattr(model, "_orig_mod", model)  # what torch.compile was given
    if not list(model.parameters()) and does_nothing(type(model).forward):
        raise NotAttempted  # a class whose methods are still empty
    if any(p.is_meta for p in model.parameters()):
        raise NotYet("Its weights lie on the `meta` device: shapes without values.")
    with contextlib.suppress(Exception):  # it may hold what cannot be copied
        model = copy.deepcopy(model)
    return model.to("cpu", torch.float32)
