"""Coding tasks: the convolution, forward by loops and by one product, and backward."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from lenet_course.exercises.by_hand import by_hand
from lenet_course.exercises.checkers import function
from lenet_course.exercises.registry import exercise
from lenet_course.watched import watched


def _random(generator: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(shape, generator=generator)


def _cases(generator: torch.Generator) -> list[tuple]:
    x, w = _random(generator, 2, 3, 7, 8), _random(generator, 4, 3, 3, 2)
    b = _random(generator, 4)
    one = _random(generator, 1, 1, 5, 4), _random(generator, 2, 1, 1, 1)
    return [
        *((x, w, b, 1, 0), (x, w, None, 1, 0), (x, w, b, 2, 1), (x, w, None, 3, 2)),
        *((x, w, b, 2, 0), (x, w, b, 1, 3), (*one, b[:2], 1, 0)),
    ]


_WIDE = (torch.zeros(2, 3, 16, 16), torch.zeros(4, 3, 3, 3), torch.zeros(4), 1, 1)


def _oracle(x, weight, bias, stride, padding):
    return F.conv2d(x, weight, bias, stride, padding)


_WRONG: list[tuple[Callable, str]] = [
    (
        lambda x, w, b, s, p: F.conv2d(x, w.flip(2, 3), b, s, p),
        "The kernel is turned: that is the convolution of mathematics. The layer of "
        "this name does not turn it.",
    ),
    (
        lambda x, w, b, s, p: F.conv2d(x, w, None, s, p),
        "Right without a bias. Each map of the output has one.",
    ),
    (
        lambda x, w, b, s, p: F.conv2d(x, w, b, 1, p)[:, :, : x.shape[2], :],
        "Right for stride 1.",
    ),
    (lambda x, w, b, s, p: F.conv2d(x, w, b, s, 0), "Right without padding."),
]


@exercise(
    "coding.conv2d-loops",
    task="Write `conv2d(x, weight, bias, stride, padding)` with loops.",
    checker=watched(
        function(_oracle, _cases, look="Which window belongs to row i?", wrong=_WRONG),
        _cases(torch.Generator().manual_seed(0))[2],
        banned=("conv", "im2col"),
        wrong=((_oracle, "write that yourself"),),
    ),
    hints=[
        "Pad first. Then the output's height: (H − k) // stride + 1.",
        "The window of output (i, j) starts at row i·stride, column j·stride.",
        "`(window * weight[m]).sum()` over channels, rows and columns of the kernel.",
    ],
    more="With four loops it is slow and certain: the best oracle for the fast ones.",
    seconds=20,
)
def conv2d(x, weight, bias=None, stride=1, padding=0):
    """Time O(N · M · H′ · W′ · C · k²), memory O(input + output + N · M · C · k²).

    Two loops over the positions; PyTorch does the images, maps and kernel inside by
    broadcasting: [N, 1, C, k, k] times [M, C, k, k], one position's products at a time.
    With all loops written out it is what one writes in C, in memory O(output).
    """
    x = F.pad(x, [padding] * 4)
    rows, columns = weight.shape[2:]
    height = (x.shape[2] - rows) // stride + 1
    width = (x.shape[3] - columns) // stride + 1
    out = x.new_zeros(len(x), len(weight), height, width)
    for i in range(height):
        for j in range(width):
            top, left = i * stride, j * stride
            window = x[:, None, :, top : top + rows, left : left + columns]
            out[:, :, i, j] = (window * weight).sum((2, 3, 4))
    return out if bias is None else out + bias[:, None, None]


def _looped(x, weight, bias, stride, padding):
    return conv2d(x, weight, bias, stride, padding)


@exercise(
    "coding.conv2d-gemm",
    task="Write `conv2d_gemm`: the same, as one matrix product, without a loop.",
    checker=watched(
        function(_oracle, _cases, look="Is every column one window?", wrong=_WRONG),
        _WIDE,
        banned=("conv",),
        most=70,
        wrong=((_oracle, "write that yourself"), (_looped, "Without a Python loop")),
    ),
    hints=[
        "`F.unfold(x, (rows, columns), padding=, stride=)` gives [N, C·k², positions]: "
        "each column is one window (im2col).",
        "The weights as a matrix: `weight.flatten(1)`, [M, C·k²].",
        "The product is [N, M, positions]; positions are H′ × W′, row by row.",
    ],
    more="The cost is memory: for C3, 15,000 numbers an image instead of S2's 1,176.",
)
def conv2d_gemm(x, weight, bias=None, stride=1, padding=0):
    """The same multiplications, as a product [M, C·k²] × [C·k², H′·W′] an image.

    Time O(N · M · C · k² · H′ · W′), as before, but by the routine that
    machines are best tuned for. Memory O(N · C · k² · H′ · W′): every pixel is stored
    up to k² times. For C3 that is 150 × 100 = 15,000 numbers an image, from S2's 1,176.
    """
    rows, columns = weight.shape[2:]
    height = (x.shape[2] + 2 * padding - rows) // stride + 1
    windows = F.unfold(x, (rows, columns), padding=padding, stride=stride)
    out = weight.flatten(1) @ windows
    if bias is not None:
        out = out + bias[:, None]
    return out.unflatten(2, (height, -1))


def _with_autograd(x, weight, grad):
    x, weight = (t.detach().clone().requires_grad_(True) for t in (x, weight))
    with torch.enable_grad():
        out = F.conv2d(x, weight)
    dx, dw = torch.autograd.grad(out, (x, weight), grad)
    return dx, dw, grad.sum((0, 2, 3))


def _changed(change: Callable) -> Callable:
    def backward(x, weight, grad):
        return change(*_with_autograd(x, weight, grad), weight, grad)

    return backward


def _backward_cases(generator: torch.Generator) -> list[tuple]:
    return [
        (
            _random(generator, 2, 3, 6, 7),
            _random(generator, 4, 3, 3, 2),
            _random(generator, 2, 4, 4, 6),
        ),
        (
            _random(generator, 1, 2, 5, 5),
            _random(generator, 3, 2, 5, 5),
            _random(generator, 1, 3, 1, 1),
        ),
    ]


def _unflipped(dx, dw, db, weight, grad):
    frame = [weight.shape[3] - 1] * 2 + [weight.shape[2] - 1] * 2
    return F.conv2d(F.pad(grad, frame), weight.transpose(0, 1)), dw, db


@exercise(
    "coding.conv2d-backward",
    task="Write `conv2d_backward(x, weight, grad)`: gradients of x, weight and bias.",
    checker=by_hand(
        function(
            _with_autograd,
            _backward_cases,
            tolerance=1e-4,
            look="Who was multiplied with whom? Each of the two gets the other, times "
            "`grad`.",
            wrong=[
                (
                    _changed(_unflipped),
                    "The weights' gradient is right. On the way back to the image the "
                    "kernel must be turned by 180 degrees.",
                ),
                (
                    _changed(lambda dx, dw, db, w, g: (dx, dw / len(g), db)),
                    "The gradient of the weights is a *sum* over images.",
                ),
                (
                    _changed(lambda dx, dw, db, w, g: (dx, dw, g.mean((0, 2, 3)))),
                    "The bias is added at every position of every image: sum.",
                ),
            ],
        ),
        _backward_cases(torch.Generator().manual_seed(0))[0],
        wrong=((_with_autograd, "autograd found it"),),
    ),
    hints=[
        "Bias: it is added everywhere, so its gradient is the sum of `grad`.",
        "Weights: windows of x, each times its `grad`. With im2col: "
        "`grad.flatten(2) @ windows.transpose(1, 2)`, summed over the images.",
        "Image: `weight.flatten(1).T @ grad.flatten(2)` gives a gradient for every "
        "window; `F.fold` adds up where windows overlap.",
    ],
    more="`fold` is the transpose of `unfold`: that is all of the backward pass.",
)
def conv2d_backward(x, weight, grad):
    """With im2col, a convolution is a product, and so are its two gradients.

    Time: two products of the size of the forward one, so twice the multiplications.
    Memory O(N · C · k² · H′ · W′) for the windows, made anew or kept from forward.
    """
    size = tuple(weight.shape[2:])
    windows = F.unfold(x, size)  # [N, C·k², positions]
    flat = grad.flatten(2)  # [N, M, positions]
    dw = (flat @ windows.transpose(1, 2)).sum(0).view_as(weight)
    dx = F.fold(weight.flatten(1).T @ flat, x.shape[2:], size)
    return dx, dw, grad.sum((0, 2, 3))
