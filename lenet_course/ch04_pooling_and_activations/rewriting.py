"""An exercise that rewrites a network: tanh by the logistic sigmoid."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from lenet_course.exercises.compare import Checker, describe
from lenet_course.exercises.registry import exercise
from lenet_course.exercises.staged import attempt


def _random(generator: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(shape, generator=generator)


def _two_layers(generator: torch.Generator, inputs: int, hidden: int, outputs: int):
    return (
        _random(generator, hidden, inputs),
        _random(generator, hidden),
        _random(generator, outputs, hidden),
        _random(generator, outputs),
    )


def _same_network(answer: Any) -> str | None:
    generator = torch.Generator().manual_seed(0)
    for sizes in [(5, 7, 3), (4, 4, 4)]:
        given = _two_layers(generator, *sizes)
        got = attempt(answer, *(t.clone() for t in given), kind=tuple | list)
        if len(got) != 4 or not all(isinstance(t, Tensor) for t in got):
            return f"Return four tensors, w, b, v and c; this is {describe(got)}."
        for name, old, new in zip("wbvc", given, got):
            if old.shape != new.shape:
                return f"`{name}` is {list(new.shape)} now; it was {list(old.shape)}."
        if pointer := _compare(given, [t.detach().double() for t in got], generator):
            return pointer
    return None


def _compare(given: tuple, got: list[Tensor], generator: torch.Generator) -> str | None:
    w, b, v, c = (t.double() for t in given)
    x = _random(generator, 20, w.shape[1]).double()
    want = F.linear(F.linear(x, w, b).tanh(), v, c)
    made = F.linear(F.linear(x, got[0], got[1]).sigmoid(), got[2], got[3])
    apart = made - want
    if apart.isfinite().all() and apart.abs().max() < 1e-4:
        return None
    if torch.equal(got[0], w) and torch.equal(got[2], v):
        return "The weights are as before. How steep is tanh at 0, how steep σ?"
    if apart.std(0).max() < 1e-4:
        return (
            "Right but for a constant at each output: tanh is 2σ − 1. Where does the "
            "−1 go?"
        )
    if torch.equal(got[0], w):
        return "tanh(a) is 2σ(2a) − 1: what becomes of what is *inside* σ?"
    if torch.equal(got[1], b):
        return "What is doubled inside σ is the whole sum, bias included."
    if torch.equal(got[2], v):
        return "tanh(a) is 2σ(2a) − 1: σ rises by 1 only. Who makes up for that?"
    return "Write tanh(a) by σ of something, and put that in for every hidden unit."


def _rewrite(inside: float, outside: float, constant: float, bias: float = 2.0):
    def as_sigmoid(w, b, v, c):
        return inside * w, bias * b, outside * v, c - constant * v.sum(1)

    return as_sigmoid


@exercise(
    "pooling_and_activations.as-sigmoid",
    task="Write `as_sigmoid(w, b, v, c)`: weights with which σ does what tanh did.",
    checker=Checker(
        _same_network,
        (
            (_rewrite(1, 1, 0, bias=1), "The weights are as before"),
            (_rewrite(2, 2, 0), "Where does the"),
            (_rewrite(1, 2, 1, bias=1), "inside"),
            (_rewrite(2, 1, 1), "Who makes up for that"),
            (_rewrite(2, 2, 1, bias=1), "bias included"),
            (_rewrite(4, 2, 1), "Write tanh"),
        ),
        takes_function=True,
    ),
    hints=[
        "tanh(a) = 2σ(2a) − 1.",
        "The 2 inside goes into w and b, the 2 outside into v.",
        "The −1 of every hidden unit passes through v: subtract `v.sum(1)` from c.",
    ],
    more="The two can compute the same functions; what differs is how they learn them.",
)
def as_sigmoid(w: Tensor, b: Tensor, v: Tensor, c: Tensor) -> tuple[Tensor, ...]:
    """v·tanh(w·x + b) + c = 2v·σ(2w·x + 2b) + (c − the row sums of v)."""
    return 2 * w, 2 * b, 2 * v, c - v.sum(1)
