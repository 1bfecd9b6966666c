"""Coding task: layer normalisation, there and back."""

from collections.abc import Callable

import torch
import torch.nn.functional as F

from lenet_course.exercises.by_hand import by_hand
from lenet_course.exercises.checkers import function
from lenet_course.exercises.registry import exercise


def _norm_with_autograd(x, gamma, beta, grad, eps):
    x, gamma, beta = (t.detach().clone().requires_grad_() for t in (x, gamma, beta))
    with torch.enable_grad():
        y = F.layer_norm(x, x.shape[-1:], gamma, beta, eps)
    return y.detach(), *torch.autograd.grad(y, (x, gamma, beta), grad)


def _normalising(axis=-1, correction=0, mean=True, slope=True, inside=True) -> Callable:
    """Layer normalisation with one thing done wrong."""

    def layer_norm(x, gamma, beta, grad, eps):
        var = x.var(axis, correction=correction, keepdim=True)
        std = (var + eps).sqrt() if axis == -1 else var.sqrt() + eps
        hat = (x - x.mean(axis, keepdim=True)) / std
        inner = grad * gamma if inside else grad
        left = inner
        if mean:
            left = left - inner.mean(axis, keepdim=True)
        if slope:
            left = left - hat * (inner * hat).mean(axis, keepdim=True)
        dx = left / std if inside else gamma * left / std
        others = tuple(range(x.dim() - 1))
        return hat * gamma + beta, dx, (grad * hat).sum(others), grad.sum(others)

    return layer_norm


def _norm_cases(generator: torch.Generator) -> list[tuple]:
    def case(shape: tuple, size: float, eps: float) -> tuple:
        x, grad = torch.randn(2, *shape, generator=generator)
        gamma = 0.5 + torch.rand(shape[-1], generator=generator)
        beta = torch.randn(shape[-1], generator=generator)
        return size * x + size, gamma, beta, grad, eps

    return [case((4, 5), 2, 1e-5), case((2, 3, 6), 1, 0.3), case((5, 8), 0.05, 1e-2)]


@exercise(
    "coding.layer-norm",
    task=(
        "Write `layer_norm(x, gamma, beta, grad, eps)` over the last axis: y, and the "
        "gradients of x, gamma and beta."
    ),
    checker=by_hand(
        function(
            _norm_with_autograd,
            _norm_cases,
            tolerance=1e-4,
            look="Each row has its own mean and variance; its gradient goes by three "
            "paths.",
            wrong=[
                (
                    _normalising(axis=0),
                    "That is a mean over the batch. Here each example is on its own.",
                ),
                (
                    _normalising(correction=1),
                    "Divide by D, not by D − 1: PyTorch normalises with the biased "
                    "variance.",
                ),
                (
                    _normalising(inside=False),
                    "y is right, and so is dx for equal gammas. Gamma differs along "
                    "the axis of the means: multiply before you take them.",
                ),
                (
                    _normalising(mean=False, slope=False),
                    "y is right. Mean and deviation are treated as constants: they "
                    "depend on x.",
                ),
                (
                    _normalising(slope=False),
                    "y is right. The path through the variance is missing.",
                ),
            ],
        ),
        _norm_cases(torch.Generator().manual_seed(0))[0],
        banned=(
            *("layer_norm", "native_", "batch_norm", "instance_norm", "group_norm"),
            "rms_norm",
        ),
        wrong=((_norm_with_autograd, "autograd found it"),),
    ),
    hints=[
        "x̂ = (x − mean) / √(var + eps), both over the last axis, `keepdim=True`.",
        "gamma and beta: sums of grad · x̂ and of grad over all other axes.",
        "With g = grad · gamma: dx = (g − mean(g) − x̂ · mean(g · x̂)) / std.",
    ],
    more="The rows of dx add up to 0: a shift of a whole row changes nothing.",
)
def layer_norm(x, gamma, beta, grad, eps=1e-5):
    """Time O(x), memory O(x) for x̂.

    The formula of batch normalisation on the other axis, but for gamma: there it is one
    number for all that is averaged, here it differs and belongs inside the means. No
    batch is involved, so training and evaluation are the same function.
    """
    std = (x.var(-1, correction=0, keepdim=True) + eps).sqrt()
    hat = (x - x.mean(-1, keepdim=True)) / std
    g = grad * gamma
    along = (g * hat).mean(-1, keepdim=True)
    dx = (g - g.mean(-1, keepdim=True) - hat * along) / std
    others = tuple(range(x.dim() - 1))
    return hat * gamma + beta, dx, (grad * hat).sum(others), grad.sum(others)
