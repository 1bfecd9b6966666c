"""The exercises of the chapter on backpropagation: three in code, three on paper."""

from collections.abc import Callable

import torch
import torch.nn.functional as F

from lenet_course.ch06_backpropagation import by_paper, in_code  # noqa: F401  (more)
from lenet_course.exercises.by_hand import by_hand
from lenet_course.exercises.checkers import function
from lenet_course.exercises.registry import exercise

_CONVOLUTIONS = ("conv", "_conv")


def _rows(generator: torch.Generator) -> list[tuple]:
    """Sizes that come out even, that do not, and a stride beyond the kernel."""

    def case(n: int, k: int, stride: int, padding: int) -> tuple:
        places = (n + 2 * padding - k) // stride + 1
        x, w, g = (torch.randn(m, generator=generator) for m in (n, k, places))
        return x, w, g, stride, padding

    sizes = [(5, 3, 1, 0), (6, 3, 1, 2), (7, 3, 2, 1), (6, 3, 2, 0), (9, 2, 3, 1)]
    return [case(*size) for size in sizes]


def _by_autograd(x, w, grad, stride, padding):
    x, w = (t.detach().clone().requires_grad_(True) for t in (x, w))
    with torch.enable_grad():
        y = F.conv1d(x[None, None], w[None, None], stride=stride, padding=padding)
    return torch.autograd.grad(y, (x, w), grad[None, None])


def _wired(place: Callable, *, turn=False, crop=True) -> Callable:
    """The way back with ``place(i, j, stride, padding)`` as the input of a wire."""

    def backward(x, w, grad, stride, padding):
        dx, dw = torch.zeros_like(x), torch.zeros_like(w)
        for i in range(len(grad)):
            for j in range(len(w)):
                k = place(i, j, stride, padding)
                if 0 <= k < len(x):
                    dw[j] += grad[i] * x[k]
                    dx[k] += grad[i] * w[len(w) - 1 - j if turn else j]
        return (dx, dw) if crop else (F.pad(dx, [padding] * 2), dw)

    return backward


def _place(i, j, stride, padding):
    return stride * i + j - padding


@exercise(
    "backpropagation.conv1d",
    task="Write `conv1d_backward(x, w, grad, stride, padding)`: gradients of x and w.",
    checker=by_hand(
        function(
            _by_autograd,
            _rows,
            tolerance=1e-4,
            look="Output i and weight j meet input stride·i + j − padding: who gets "
            "what over this wire?",
            wrong=[
                (
                    _wired(lambda i, j, stride, padding: i + j - padding),
                    "Right for stride 1. Where does the window of output i begin?",
                ),
                (
                    _wired(lambda i, j, stride, padding: stride * i + j),
                    "Right without padding. The first window begins `padding` places "
                    "*before* the row.",
                ),
                (
                    _wired(_place, turn=True),
                    "The weights' gradient is right. For the input, give each wire the "
                    "weight that it had on the way forward.",
                ),
                (
                    _wired(_place, crop=False),
                    "The zeros of the frame are no part of x: cut their gradients off.",
                ),
                (
                    lambda *case: _by_autograd(*case)[::-1],
                    "In the other order: first the gradient of x, then that of w.",
                ),
            ],
        ),
        _rows(torch.Generator().manual_seed(0))[2],
        banned=_CONVOLUTIONS,
        wrong=((_by_autograd, "autograd found it"),),
    ),
    hints=[
        "Two loops, over outputs i and weights j, as in the cell above; which input is "
        "at the other end of the wire?",
        "k = stride · i + j − padding. Skip the wire when k is outside 0 … len(x) − 1.",
        "`dw[j] += grad[i] * x[k]` and `dx[k] += grad[i] * w[j]`.",
    ],
    more="The loop never mentions a flip, a dilated δ or a transposed convolution.",
)
def conv1d_backward(x, w, grad, stride, padding):
    """Visit every wire once; each end gets `grad` times what was at the other end.

    Inputs that no window reached keep 0, and a row whose length does not come out even
    needs no thought: the loop runs over the outputs there are.
    """
    dx, dw = torch.zeros_like(x), torch.zeros_like(w)
    for i in range(len(grad)):
        for j in range(len(w)):
            k = stride * i + j - padding
            if 0 <= k < len(x):
                dw[j] += grad[i] * x[k]
                dx[k] += grad[i] * w[j]
    return dx, dw
