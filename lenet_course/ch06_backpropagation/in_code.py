"""Two exercises in code: average pooling and log-sum-exp, backward."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from lenet_course.exercises.by_hand import by_hand
from lenet_course.exercises.checkers import function
from lenet_course.exercises.registry import exercise


def _pool_by_autograd(grad, size, stride, shape):
    x = torch.zeros(shape, requires_grad=True)
    with torch.enable_grad():
        y = F.avg_pool2d(x, size, stride)
    return torch.autograd.grad(y, x, grad)[0]


def _spread(share: Callable, *, last=False) -> Callable:
    def backward(grad, size, stride, shape):
        dx = torch.zeros(shape)
        for i in range(grad.shape[2]):
            for j in range(grad.shape[3]):
                window = dx[:, :, stride * i :, stride * j :][:, :, :size, :size]
                part = share(grad[:, :, i, j, None, None], size, stride)
                window.copy_(part.expand_as(window)) if last else window.add_(part)
        return dx

    return backward


def _maps(generator: torch.Generator) -> list[tuple]:
    def case(size: int, stride: int, *shape: int) -> tuple:
        n, m = ((side - size) // stride + 1 for side in shape[2:])
        return torch.randn(*shape[:2], n, m, generator=generator), size, stride, shape

    return [case(3, 2, 2, 3, 7, 7), case(2, 2, 1, 2, 5, 6), case(3, 1, 1, 1, 4, 5)]


@exercise(
    "backpropagation.average-pool",
    task="Write `average_pool_backward(grad, size, stride, shape)`, windows overlap.",
    checker=by_hand(
        function(
            _pool_by_autograd,
            _maps,
            tolerance=1e-4,
            look="Every pixel of a window gets the same share; where windows overlap, "
            "a pixel adds up its shares.",
            wrong=[
                (
                    _spread(lambda g, size, stride: g / size**2, last=True),
                    "Where two windows overlap you keep the later share only: add.",
                ),
                (
                    _spread(lambda g, size, stride: g),
                    "An average divides: what is the derivative of a mean of size² "
                    "pixels with respect to one?",
                ),
                (
                    _spread(lambda g, size, stride: g / stride**2),
                    "Divided by the stride; the window has another size.",
                ),
                (
                    _spread(lambda g, size, stride: g / size),
                    "The window has size · size pixels.",
                ),
            ],
        ),
        _maps(torch.Generator().manual_seed(0))[0],
        banned=("avg_pool2d_backward", "_avg_pool2d"),
        wrong=((_pool_by_autograd, "autograd found it"),),
    ),
    hints=[
        "Start with zeros of the input's shape.",
        "The window of output (i, j) has the rows stride·i to stride·i + size − 1.",
        "Add grad[:, :, i, j] / size² to each window; or let `taps` give the slices.",
    ],
    more="Nothing was kept from the way forward: averaging is linear.",
)
def average_pool_backward(grad, size, stride, shape):
    """A slice of a tensor is a view, so `+=` on it adds to the tensor.

    The loop runs over places in the window, not over windows: size² steps.
    """
    dx = grad.new_zeros(shape)
    rows, columns = grad.shape[2:]
    for u in range(size):
        for v in range(size):
            down = slice(u, u + stride * (rows - 1) + 1, stride)
            across = slice(v, v + stride * (columns - 1) + 1, stride)
            dx[:, :, down, across] += grad / size**2
    return dx


def _lse_by_autograd(z, g):
    z = z.detach().clone().requires_grad_(True)
    with torch.enable_grad():
        y = z.logsumexp(1)
    return torch.autograd.grad(y, z, g)[0]


def _logits(generator: torch.Generator) -> list[tuple]:
    z, g = torch.randn(4, 5, generator=generator), torch.randn(4, generator=generator)
    far = torch.tensor([[300.0, 299.0, -50.0], [-400.0, -401.0, -390.0]])
    return [(z, g), (3 * z[:1], g[:1]), (far, torch.tensor([1.0, -2.0]))]


def _naive(z: Tensor, g: Tensor) -> Tensor:
    return g[:, None] * z.exp() / z.exp().sum(1, keepdim=True)


def _one_shift(z: Tensor, g: Tensor) -> Tensor:
    return _naive(z - z.max(), g)


@exercise(
    "backpropagation.logsumexp",
    task="Write `logsumexp_pull(z, g)`: the gradient of z, with z [N, K] and g [N].",
    checker=by_hand(
        function(
            _lse_by_autograd,
            _logits,
            tolerance=1e-4,
            look="Differentiate ln Σ eᶻ by one zₖ: the logarithm gives 1 over the sum.",
            wrong=[
                (
                    _naive,
                    "Right for small logits; e to the power 300 is infinite in "
                    "float32. What may you subtract from a whole row?",
                ),
                (
                    _one_shift,
                    "You subtract one number from the whole batch; a row far below it "
                    "becomes 0 over 0. Each row needs a maximum of its own.",
                ),
                (
                    lambda z, g: z.softmax(1),
                    "That is the gate's own derivative. What has arrived, `g`, "
                    "multiplies it.",
                ),
                (
                    lambda z, g: g[:, None] * F.one_hot(z.argmax(1), z.shape[1]),
                    "That is the way back of a *maximum*; this gate is a soft one.",
                ),
                (
                    lambda z, g: g[:, None] * z.softmax(0),
                    "The sum runs over the classes of one image: which axis is that?",
                ),
                (
                    lambda z, g: g[:, None] / z.exp().sum(1, keepdim=True),
                    "The derivative of the inner sum by zₖ is missing: it is not 1.",
                ),
            ],
        ),
        _logits(torch.Generator().manual_seed(0))[0],
        wrong=((_lse_by_autograd, "autograd found it"),),
    ),
    hints=[
        "Chain rule: the logarithm gives 1 / Σ eᶻ, the sum hands on, e gives eᶻ.",
        "So the derivative by zₖ is eᶻₖ / Σ eᶻ, which has a name.",
        "`g[:, None] * z.softmax(1)`; PyTorch's softmax is safe for large logits.",
    ],
    more="With −z_D beside it this is cross-entropy: p − t.",
)
def logsumexp_pull(z, g):
    """The derivative of log-sum-exp is softmax: the shares add up to 1.

    So what arrives is divided among the logits, most of it to the largest: log-sum-exp
    is a soft maximum, and its way back a soft version of the max gate's.
    """
    return g[:, None] * z.softmax(1)
