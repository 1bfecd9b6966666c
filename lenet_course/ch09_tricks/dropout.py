"""The checker of dropout: what it does to many equal values."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lenet_course.exercises.compare import Checker, NotYet, difference
from lenet_course.exercises.staged import attempt

SHAPE = (200, 100)  # 20,000 values
NEAR = 0.02  # six deviations of the share that is dropped


def _output(answer: Callable, x: Tensor, p: float, training: bool) -> Tensor:
    before = x.clone()
    got = attempt(answer, x, p, training)
    if isinstance(got, np.ndarray):
        got = torch.from_numpy(got)
    if not isinstance(got, Tensor) or got.shape != x.shape:
        raise NotYet("Return a tensor of the same shape as `x`.")
    if not torch.equal(x, before):
        raise NotYet("It changes `x` itself: the layer before still needs it.")
    return got.detach() / x  # what became of each value


def _test_dropout(answer: Any) -> str | None:
    torch.manual_seed(0)
    for shape in (SHAPE, (10, 5, 20, 20)):
        x = 1 + torch.rand(shape)
        for p in (0.2, 0.5, 0.75):
            if pointer := _flaw(answer, x, p):
                return pointer
    if difference(_output(answer, x, 0.0, True), torch.ones_like(x), 1e-5):
        return "With p = 0 the values should come out as they went in."
    return None


def _flaw(answer: Callable, x: Tensor, p: float) -> str | None:
    quiet = _output(answer, x, p, False)
    first, second = (_output(answer, x, p, True) for _ in range(2))
    if (quiet == 0).any():
        return "With `training=False` some values are zero. Evaluation drops nothing."
    dropped = (first == 0).double().mean().item()
    if dropped == 0:
        return "With `training=True` nothing is dropped."
    if p != 0.5 and abs(dropped - (1 - p)) < NEAR:
        return "`p` is the probability to be *dropped*; here it is that of staying."
    if torch.equal(first == 0, second == 0):
        return "Two calls drop the same values: draw anew each time."
    if not _each_for_itself(first == 0, dropped):
        return "Whole rows or columns share their luck: draw for each value."
    if abs(dropped - p) > NEAR:
        return f"With p={p} a share of {dropped:.2f} is dropped."
    return _scaling(p, quiet, first[first != 0], first.mean().item())


def _each_for_itself(dropped: Tensor, p: float) -> bool:
    """Whether no slice, along any axis, loses more or less than the share ``p``."""
    for axis in range(dropped.dim()):
        shares = dropped.double().transpose(0, axis).flatten(1).mean(1)
        size = dropped.numel() / len(shares)
        if (shares - p).abs().max() > 6 * (p * (1 - p) / size) ** 0.5:
            return False
    return True


def _all(values: Tensor, want: float) -> bool:
    return difference(values, torch.full_like(values, want), 1e-5) is None


def _scaling(p: float, quiet: Tensor, kept: Tensor, mean: float) -> str | None:
    if _all(quiet, 1 - p) and _all(kept, 1):
        return (
            "That scales in evaluation, as the paper of 2014 does. PyTorch scales in "
            "training, so that evaluation has nothing to do."
        )
    if not _all(quiet, 1):
        return "With `training=False` the values should come out as they went in."
    if _all(kept, 1):
        return (
            f"The mean falls from 1 to {mean:.2f}: the next layer would get less in "
            "training than in evaluation. What survives must grow."
        )
    if not _all(kept, 1 / (1 - p)):
        return f"The survivors are scaled by {kept[0]:.3g}: is the mean still 1?"
    return None


def _kept(x: Tensor, p: float) -> Tensor:
    return torch.rand_like(x) >= p


def _late(x: Tensor, p: float, training: bool) -> Tensor:
    return x * _kept(x, p) if training else x * (1 - p)


def _by_keeping(x: Tensor, p: float, training: bool) -> Tensor:
    return x * ~_kept(x, p) / p if training else x


def _columns(x: Tensor, p: float, training: bool) -> Tensor:
    return x * _kept(x[:1], p) / (1 - p) if training else x


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
        (_columns, "share their luck"),
    ),
    takes_function=True,
)
