"""Coding tasks: batch normalisation and dropout."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from lenet_course.exercises.by_hand import by_hand
from lenet_course.exercises.checkers import Checker, NotYet, function
from lenet_course.exercises.registry import exercise
from lenet_course.exercises.staged import attempt
from lenet_course.watched import watched


def _reference(x, gamma, beta, mean, var, training, momentum=0.1, eps=1e-5):
    mean, var = mean.clone(), var.clone()
    y = F.batch_norm(x, mean, var, gamma, beta, training, momentum, eps)
    return y, mean, var


def _normaliser(
    axes=(0, 2, 3), stored=True, always=False, new=True, inside=True
) -> Callable:
    """A batch normalisation with one thing done wrong."""

    def batch_norm(x, gamma, beta, mean, var, training, momentum=0.1, eps=1e-5):
        m, v = mean, var
        if training or always:
            m, v = x.mean(axes), x.var(axes, correction=0)
        if training:
            kept = x.var(axes, correction=1 if stored else 0)
            share = momentum if new else 1 - momentum
            mean = (1 - share) * mean + share * m
            var = (1 - share) * var + share * kept
        m, v = m[:, None, None], v[:, None, None]
        root = (v + eps).sqrt() if inside else v.sqrt() + eps
        y = (x - m) / root * gamma[:, None, None] + beta[:, None, None]
        return y, mean, var

    return batch_norm


def _norm_cases(generator: torch.Generator) -> list[tuple]:
    def case(training: bool, momentum: float, eps: float, size=1.0) -> tuple:
        x = size * (2 * torch.randn(4, 3, 2, 3, generator=generator) + 1)
        gamma, beta, mean, var = torch.rand(4, 3, generator=generator) + 0.5
        return x, gamma, beta, mean * size, var * size**2, training, momentum, eps

    settings = [(0.1, 1e-5), (0.3, 0.2), (0.1, 1e-3, 0.01)]
    return [case(training, *s) for s in settings for training in (True, False)]


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
            tolerance=2e-5,
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
                    _normaliser(new=False),
                    "In PyTorch `momentum` is the weight of the *new* value.",
                ),
                (
                    _normaliser(inside=False),
                    "The small number stands under the root, added to the variance.",
                ),
            ],
        ),
        _norm_cases(torch.Generator().manual_seed(0))[0],
        banned=("batch_norm", "instance_norm", "group_norm", "layer_norm"),
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


def _backward_cases(generator: torch.Generator) -> list[tuple]:
    def case(count: int, size: float, eps: float) -> tuple:
        x = size * torch.randn(count, 3, generator=generator) + size
        gamma = torch.rand(3, generator=generator) + 0.5
        return x, gamma, torch.randn(count, 3, generator=generator), eps

    return [case(8, 2.0, 1e-5), case(5, 2.0, 0.5), case(6, 0.05, 1e-2)]


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
    checker=by_hand(
        function(
            _norm_gradients,
            _backward_cases,
            tolerance=1e-4,
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
        _backward_cases(torch.Generator().manual_seed(0))[0],
        wrong=((_norm_gradients, "autograd found it"),),
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
    stretch (but for eps). The gradient must have no part in either: subtract both.
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


def _shared(*axes: int) -> Callable:
    """A dropout that draws once along these axes, not for each value."""

    def dropout(x, p, training, generator):
        shape = [1 if axis in axes else n for axis, n in enumerate(x.shape)]
        kept = torch.rand(shape, generator=generator) >= p
        return x * kept / (1 - p) if training else x

    return dropout


def _exactly(x, p, training, generator):
    if not training:
        return x
    order = torch.randperm(x.numel(), generator=generator).view(x.shape)
    return x * (order >= round(p * x.numel())) / (1 - p)


def _test_dropout(answer: Callable) -> str | None:
    x = 1 + torch.rand(8, 5, 20, 30, generator=torch.Generator().manual_seed(5))

    def drawn(p: float, generator: torch.Generator, training: bool = True) -> Tensor:
        given = x.clone()
        got = attempt(answer, given, p, training, generator, kind=Tensor)
        if not torch.equal(given, x):
            raise NotYet("It changes the x that it was given: work on a copy.")
        if got.shape != x.shape:
            raise NotYet(f"The shape becomes {list(got.shape)}.")
        return got

    def seeded(seed: int) -> torch.Generator:
        return torch.Generator().manual_seed(seed)

    if not torch.equal(drawn(0.4, seeded(0), training=False), x):
        return "In evaluation x goes through as it is."
    for p in (0.4, 0.75, 0.0):
        got = drawn(p, seeded(3))
        share = (got == 0).float().mean().item()
        for axis in range(4) if 0 < share < 1 else ():
            alike = (got == 0) == (got == 0).roll(1, axis)
            if alike.float().mean() > share**2 + (1 - share) ** 2 + 0.1:
                return (
                    f"Values that are neighbours along axis {axis} are dropped "
                    "together: each value is to have its own draw."
                )
        if abs(share - p) > 0.02:
            return f"With p = {p} a share of {share:.2f} is dropped."
        scale = (got / x)[got != 0]
        if not torch.allclose(scale, torch.tensor(1 / (1 - p)), atol=1e-4):
            return f"With p = {p} a kept value becomes {scale[0]:.3g} times as large."
    counts = {int((drawn(0.4, seeded(seed)) == 0).sum()) for seed in range(4)}
    if len(counts) == 1:
        return "The same number of values goes each time: each has its own draw."
    one = seeded(0)
    first, then = drawn(0.4, one), drawn(0.4, one)
    if not torch.equal(first, drawn(0.4, seeded(0))) or torch.equal(
        first, drawn(0.4, seeded(1))
    ):
        return "The mask is not drawn from the generator that you are given."
    if torch.equal(first, then):
        return "Two batches get one mask: draw from the generator, do not copy it."
    return None


@exercise(
    "coding.dropout",
    task="Write `dropout(x, p, training, generator)`: inverted; p is what is dropped.",
    checker=Checker(
        _test_dropout,
        (
            (_dropping(lambda p: 1 - p, lambda p: 1), "times as large"),
            (_dropping(lambda p: p, lambda p: 1 / (1 - p)), "is dropped"),
            (
                _dropping(lambda p: 1 - p, lambda p: 1 / (1 - p), always=True),
                "In evaluation",
            ),
            (
                _dropping(lambda p: 1 - p, lambda p: 1 / (1 - p), seeded=False),
                "not drawn from the generator",
            ),
            (_shared(0), "along axis 0 are dropped together"),
            (_shared(2, 3), "along axis 2 are dropped together"),
            (_exactly, "same number of values"),
            (_dropping(lambda p: 1 - p, lambda p: 1 - p), "times as large"),
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
