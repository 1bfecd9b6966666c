"""The checker of dropout: what it does to many equal values."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from lenet_course.exercises.compare import Checker, NotYet
from lenet_course.exercises.staged import attempt

COUNT, P = 20_000, 0.2


def _output(answer: Callable, p: float, training: bool) -> Tensor:
    x = torch.full((COUNT // 100, 100), 3.0)
    got = attempt(answer, x, p, training)
    if not isinstance(got, Tensor) or got.shape != x.shape:
        raise NotYet("Return a tensor of the same shape as `x`.")
    if not torch.equal(x, torch.full_like(x, 3.0)):
        raise NotYet("It changes `x` itself: the layer before still needs it.")
    return got / 3


def _test_dropout(answer: Any) -> str | None:
    state = torch.get_rng_state()
    torch.manual_seed(0)
    try:
        quiet = _output(answer, P, False)
        first, second = (_output(answer, P, True) for _ in range(2))
    finally:
        torch.set_rng_state(state)
    if (quiet == 0).any():
        return "With `training=False` some values are zero. Evaluation drops nothing."
    dropped = (first == 0).double().mean().item()
    if dropped == 0:
        return "With `training=True` nothing is dropped."
    if abs(dropped - (1 - P)) < 0.02:
        return "`p` is the probability to be *dropped*; here it is that of staying."
    if torch.equal(first, second):
        return "Two calls drop the same values: draw anew each time."
    if (first == first[0]).all() or (first == first[:, :1]).all():
        return "Whole rows or columns share their luck: draw for each value."
    if abs(dropped - P) > 0.02:
        return f"With p={P} a share of {dropped:.2f} is dropped."
    return _scaling(quiet[0, 0].item(), first.max().item(), first.mean().item())


def _scaling(quiet: float, kept: float, mean: float) -> str | None:
    if abs(quiet - (1 - P)) < 1e-5 and abs(kept - 1) < 1e-5:
        return (
            "That scales in evaluation, as the paper of 2014 does. PyTorch scales in "
            "training, so that evaluation has nothing to do."
        )
    if abs(quiet - 1) > 1e-5:
        return "With `training=False` the values should come out as they went in."
    if abs(kept - 1) < 1e-5:
        return (
            f"The mean falls from 1 to {mean:.2f}: the next layer would get less in "
            "training than in evaluation. What survives must grow."
        )
    if abs(kept - 1 / (1 - P)) > 1e-5:
        return f"The survivors are scaled by {kept:.3g}: is the mean still 1?"
    return None


def _kept(x: Tensor, p: float) -> Tensor:
    return torch.rand_like(x) >= p


def _late(x: Tensor, p: float, training: bool) -> Tensor:
    return x * _kept(x, p) if training else x * (1 - p)


def _by_keeping(x: Tensor, p: float, training: bool) -> Tensor:
    return x * ~_kept(x, p) / p if training else x


def _frozen(x: Tensor, p: float, training: bool) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    kept = torch.rand(x.shape, generator=generator) >= p
    return x * kept / (1 - p) if training else x


dropout_checker = Checker(
    _test_dropout,
    (
        (lambda x, p, training: x, "nothing is dropped"),
        (lambda x, p, training: x * _kept(x, p) / (1 - p), "Evaluation drops nothing"),
        (lambda x, p, training: x * _kept(x, p) if training else x, "must grow"),
        (lambda x, p, training: x * _kept(x, p) / p if training else x, "scaled by"),
        (_late, "paper of 2014"),
        (_by_keeping, "probability to be *dropped*"),
        (_frozen, "draw anew"),
    ),
    takes_function=True,
)
