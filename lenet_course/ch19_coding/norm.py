"""Coding tasks: batch normalisation and dropout."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from lenet_course.exercises.checkers import Checker, function
from lenet_course.exercises.registry import exercise
from lenet_course.exercises.staged import attempt
from lenet_course.watched import watched


def _reference(x, gamma, beta, mean, var, training, momentum=0.1, eps=1e-5):
    mean, var = mean.clone(), var.clone()
    y = F.batch_norm(x, mean, var, gamma, beta, training, momentum, eps)
    return y, mean, var


def _normaliser(
    axes=(0, 2, 3), stored=True, always=False, new=0.1, inside=True
) -> Callable:
    """A batch normalisation with one thing done wrong."""

    def batch_norm(x, gamma, beta, mean, var, training, momentum=0.1, eps=1e-5):
        m, v = mean, var
        if training or always:
            m, v = x.mean(axes), x.var(axes, correction=0)
        if training:
            kept = x.var(axes, correction=1 if stored else 0)
            share = momentum if new == 0.1 else 1 - momentum
            mean = (1 - share) * mean + share * m
            var = (1 - share) * var + share * kept
        m, v = m[:, None, None], v[:, None, None]
        root = (v + eps).sqrt() if inside else v.sqrt() + 0.1
        y = (x - m) / root * gamma[:, None, None] + beta[:, None, None]
        return y, mean, var

    return batch_norm


def _norm_cases(generator: torch.Generator) -> list[tuple]:
    def case(training: bool) -> tuple:
        x = 2 * torch.randn(4, 3, 2, 2, generator=generator) + 1
        others = [torch.rand(3, generator=generator) + 0.5 for _ in range(4)]
        return x, *others, training, 0.1, 1e-5

    return [case(True), case(False)]


@exercise(
    "coding.batch-norm",
    task=(
        "Write `batch_norm(x, gamma, beta, mean, var, training, momentum, eps)`: "
        "(y, mean, var) for maps [N, C, H, W]."
    ),
    checker=watched(
        function(
            _reference,
            _norm_cases,
            tolerance=1e-4,
            look="One mean and variance a channel; of the batch in training, stored "
            "ones otherwise.",
            wrong=[
                (
                    _normaliser(always=True),
                    "In evaluation an image must not depend on its neighbours.",
                ),
                (
                    _normaliser(stored=False),
                    "y is right. The *stored* variance estimates that of new data: "
                    "PyTorch keeps the unbiased one, over n − 1.",
                ),
                (
                    _normaliser(new=0.9),
                    "In PyTorch `momentum` is the weight of the *new* value.",
                ),
                (
                    _normaliser(inside=False),
                    "The small number stands under the root, added to the variance.",
                ),
            ],
        ),
        _norm_cases(torch.Generator().manual_seed(0))[0],
        banned=("native_batch_norm", "_native_batch_norm_legit", "cudnn_batch_norm"),
        wrong=((_reference, "write that yourself"),),
    ),
    hints=[
        "A channel is normalised over images, rows and columns: axes 0, 2, 3.",
        "Normalise with the biased variance, store the unbiased one.",
        "Return new running values instead of changing those you were given.",
    ],
    more="Four numbers a channel: two are trained, two are only counted along.",
)
def batch_norm(x, gamma, beta, mean, var, training, momentum=0.1, eps=1e-5):
    """Time O(input), memory O(input).

    In training the batch's statistics, in evaluation the stored ones: the two modes
    compute different functions, and that is where the bugs are.
    """
    m, v = mean, var
    if training:
        m, v = x.mean((0, 2, 3)), x.var((0, 2, 3), correction=0)
        unbiased = x.var((0, 2, 3), correction=1)
        mean = (1 - momentum) * mean + momentum * m
        var = (1 - momentum) * var + momentum * unbiased
    scale = gamma / (v + eps).sqrt()
    shift = beta - m * scale
    return x * scale[:, None, None] + shift[:, None, None], mean, var


def _norm_gradients(x, gamma, grad, eps=1e-5):
    x, gamma = (t.detach().clone().requires_grad_(True) for t in (x, gamma))
    beta = torch.zeros_like(gamma, requires_grad=True)
    with torch.enable_grad():
        y = F.batch_norm(x, None, None, gamma, beta, True, eps=eps)
    return torch.autograd.grad(y, (x, gamma, beta), grad)


def _half_way(mean=True, slope=True) -> Callable:
    def backward(x, gamma, grad, eps=1e-5):
        std = (x.var(0, correction=0) + eps).sqrt()
        hat = (x - x.mean(0)) / std
        inner = grad
        if mean:
            inner = inner - grad.mean(0)
        if slope:
            inner = inner - hat * (grad * hat).mean(0)
        return gamma / std * inner, (grad * hat).sum(0), grad.sum(0)

    return backward


@exercise(
    "coding.batch-norm-backward",
    task="Write `batch_norm_backward(x, gamma, grad, eps)`, x [N, C], in training.",
    checker=watched(
        function(
            _norm_gradients,
            lambda generator: [
                (
                    2 * torch.randn(n, 3, generator=generator),
                    torch.rand(3, generator=generator) + 0.5,
                    torch.randn(n, 3, generator=generator),
                    1e-5,
                )
                for n in (8, 5)
            ],
            tolerance=1e-3,
            look="x acts in three ways: itself, by the mean, by the variance.",
            wrong=[
                (
                    _half_way(mean=False, slope=False),
                    "Mean and deviation are treated as constants: they depend on x.",
                ),
                (
                    _half_way(slope=False),
                    "The path through the mean is there; the one through the variance "
                    "is missing.",
                ),
                (
                    _half_way(mean=False),
                    "The path through the variance is there; the one through the mean "
                    "is missing.",
                ),
            ],
        ),
        (torch.randn(4, 3), torch.ones(3), torch.ones(4, 3), 1e-5),
        banned=("native_batch_norm_backward",),
        wrong=((_norm_gradients, "write that yourself"),),
    ),
    hints=[
        "beta: sum of grad. gamma: sum of grad · x̂, with x̂ the normalised x.",
        "What is left for x: take from grad its mean, and its share along x̂.",
        "dx = gamma / std · (grad − mean(grad) − x̂ · mean(grad · x̂)).",
    ],
    more="dx adds up to 0 over the batch: a common shift of x changes nothing.",
)
def batch_norm_backward(x, gamma, grad, eps=1e-5):
    """Time O(N · C), memory O(N · C) for x̂.

    Normalising throws away two directions of each channel, a common shift and a common
    stretch. The gradient must have no part in either: subtract both.
    """
    std = (x.var(0, correction=0) + eps).sqrt()
    hat = (x - x.mean(0)) / std
    inner = grad - grad.mean(0) - hat * (grad * hat).mean(0)
    return gamma / std * inner, (grad * hat).sum(0), grad.sum(0)


def _dropping(share: Callable, scale: Callable, always=False, seeded=True) -> Callable:
    def dropout(x, p, training, generator):
        if not training and not always:
            return x
        draw = torch.rand(x.shape, generator=generator if seeded else None)
        return x * (draw < share(p)) * scale(p)

    return dropout


def _drop_rows(x, p, training, generator):
    if not training:
        return x
    kept = torch.rand(len(x), 1, generator=generator) >= p
    return x * kept / (1 - p)


def _test_dropout(answer: Callable) -> str | None:
    x, generator = torch.ones(200, 300) * 2, torch.Generator
    seeds = [generator().manual_seed(s) for s in (0, 0, 1)]
    quiet = attempt(answer, x, 0.4, False, generator(), kind=Tensor)
    if not torch.equal(quiet, torch.full((200, 300), 2.0)):
        return "In evaluation x goes through as it is."
    for p in (0.4, 0.75, 0.0):
        got = attempt(answer, x, p, True, generator().manual_seed(3), kind=Tensor)
        if got.shape != x.shape:
            return f"The shape becomes {list(got.shape)}."
        dropped = (got == 0).float().mean().item()
        if abs(dropped - p) > 0.02:
            return f"With p = {p} a share of {dropped:.2f} is dropped."
        if not torch.allclose(got[got != 0], torch.tensor(2 / (1 - p)), atol=1e-4):
            return (
                f"With p = {p} a kept 2 becomes {got.max().item():.3g}: the mean moves."
            )
        rows = (got == 0).float().mean(1)
        if p and rows.std() > 0.1:
            return "Whole rows are dropped: each value is to have its own draw."
    first, same, other = (attempt(answer, x, 0.4, True, g) for g in seeds)
    if not torch.equal(first, same) or torch.equal(first, other):
        return "The mask is not drawn from the generator that you are given."
    return None


@exercise(
    "coding.dropout",
    task="Write `dropout(x, p, training, generator)`: inverted; p is what is dropped.",
    checker=Checker(
        _test_dropout,
        (
            (_dropping(lambda p: 1 - p, lambda p: 1), "the mean moves"),
            (_dropping(lambda p: p, lambda p: 1 / (1 - p)), "is dropped"),
            (
                _dropping(lambda p: 1 - p, lambda p: 1 / (1 - p), always=True),
                "In evaluation",
            ),
            (
                _dropping(lambda p: 1 - p, lambda p: 1 / (1 - p), seeded=False),
                "not drawn from the generator",
            ),
            (_drop_rows, "Whole rows"),
            (_dropping(lambda p: 1 - p, lambda p: 1 - p), "the mean moves"),
        ),
        takes_function=True,
    ),
    hints=[
        "A uniform draw for each value; keep where it is at least p.",
        "What is kept is divided by 1 − p, so that the mean stays.",
    ],
    more="Backward multiplies the gradient by the *same* scaled mask.",
)
def dropout(x, p, training, generator):
    """Time O(x), memory O(x) for the mask, which the backward pass needs again.

    Inverted: scaled in training, so that evaluation does nothing at all. AlexNet did
    it the other way round and halved its outputs at test time.
    """
    if not training:
        return x
    kept = torch.rand(x.shape, generator=generator) >= p
    return x * kept / (1 - p)
