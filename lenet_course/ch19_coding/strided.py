"""Coding tasks: the way back through windows that step and overlap."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from lenet_course.exercises.by_hand import by_hand
from lenet_course.exercises.checkers import function
from lenet_course.exercises.registry import exercise


def _convolved(x, weight, grad, stride, padding):
    x, weight = (t.detach().clone().requires_grad_(True) for t in (x, weight))
    with torch.enable_grad():
        out = F.conv2d(x, weight, None, stride, padding)
    return *torch.autograd.grad(out, (x, weight), grad), grad.sum((0, 2, 3))


def _changed(change: Callable) -> Callable:
    def backward(x, weight, grad, stride, padding):
        return change(*_convolved(x, weight, grad, stride, padding), len(x))

    return backward


def _with(dx_of: Callable) -> Callable:
    """Right but for the gradient of x."""

    def backward(x, weight, grad, stride, padding):
        _, dw, db = _convolved(x, weight, grad, stride, padding)
        return dx_of(x, weight, grad, stride, padding), dw, db

    return backward


def _transposed(weight: Tensor, grad: Tensor, stride: int) -> Tensor:
    """The gradient of the padded image, as far as windows reach."""
    return F.conv_transpose2d(grad, weight, stride=stride)


def _fit(dx: Tensor, rows: int, columns: int, at: int) -> Tensor:
    """``dx`` from row and column ``at``, cut or filled with 0 to this size."""
    dx = dx[:, :, at : at + rows, at : at + columns]
    return F.pad(dx, (0, columns - dx.shape[3], 0, rows - dx.shape[2]))


def _corner(x, weight, grad, stride, padding):
    return _fit(_transposed(weight, grad, stride), *x.shape[2:], 0)


def _at_the_end(x, weight, grad, stride, padding):
    """What no window covers is taken to lie at the start."""
    dx = _transposed(weight, grad, stride)
    down, right = (n + 2 * padding - m for n, m in zip(x.shape[2:], dx.shape[2:]))
    return _fit(F.pad(dx, (right, 0, down, 0)), *x.shape[2:], padding)


def _turned(x, weight, grad, stride, padding):
    return _fit(_transposed(weight.flip(2, 3), grad, stride), *x.shape[2:], padding)


def _cases(generator: torch.Generator) -> list[tuple]:
    def case(n, c, m, sides, kernel, stride, padding) -> tuple:
        x = torch.randn(n, c, *sides, generator=generator)
        weight = torch.randn(m, c, *kernel, generator=generator)
        out = F.conv2d(x, weight, None, stride, padding)
        return x, weight, torch.randn(out.shape, generator=generator), stride, padding

    return [
        *(case(2, 3, 4, (7, 9), (3, 3), 2, 1), case(2, 2, 3, (8, 7), (3, 2), 2, 0)),
        *(case(1, 2, 2, (9, 8), (3, 3), 3, 1), case(2, 1, 3, (5, 6), (3, 3), 1, 2)),
        *(case(1, 2, 3, (6, 6), (2, 2), 3, 0), case(1, 3, 2, (5, 5), (1, 1), 2, 0)),
    ]


@exercise(
    "coding.conv2d-backward-strided",
    task=(
        "Write `conv2d_backward(x, weight, grad, stride, padding)`: gradients of x, "
        "weight and bias."
    ),
    checker=by_hand(
        function(
            _convolved,
            _cases,
            tolerance=1e-4,
            look="Output i reads rows i·stride − padding and on: each number of `grad` "
            "goes back exactly there.",
            wrong=[
                (
                    _with(_corner),
                    "The weights' gradient is right. That of x begins at the corner "
                    "of the *padded* image: cut the frame off.",
                ),
                (
                    _with(_at_the_end),
                    "The pixels that no window reaches lie at the end, not at the "
                    "start: their gradient is 0 there.",
                ),
                (
                    _with(_turned),
                    "The weights' gradient is right. For x the kernel is turned once "
                    "too often, or once too little.",
                ),
                (
                    _changed(lambda dx, dw, db, n: (dx, dw / n, db)),
                    "The gradient of the weights is a *sum* over images.",
                ),
                (
                    _changed(lambda dx, dw, db, n: (dx, dw.flip(2, 3), db)),
                    "The weights' gradient is turned: tap (u, v) met rows "
                    "i·stride + u.",
                ),
            ],
        ),
        _cases(torch.Generator().manual_seed(0))[0],
        wrong=((_convolved, "autograd found it"),),
    ),
    hints=[
        "Pad x, and tap by tap: the pixels that tap (u, v) met are "
        "`x[:, :, u : u + s·H′ : s, v : v + s·W′ : s]`, cut to H′ × W′.",
        "Weight (u, v): those pixels times `grad`, summed over images and positions.",
        "x: add `grad` times the weight at the same places of a padded zero image; "
        "then cut the frame off.",
    ],
    more="On paper: spread `grad` with gaps of stride − 1 zeros; then it is stride 1.",
)
def conv2d_backward(x, weight, grad, stride=1, padding=0):
    """Time: twice the multiplications of the forward pass; k² loops, large products.

    Memory O(padded input): nothing is unfolded. A slice with a step is where a tap was
    in all windows at once; what no window reached is in no slice and keeps its 0.
    """
    wide = F.pad(x, [padding] * 4)
    dx, dw = torch.zeros_like(wide), torch.zeros_like(weight)
    rows, columns = (stride * (n - 1) + 1 for n in grad.shape[2:])
    for u in range(weight.shape[2]):
        for v in range(weight.shape[3]):
            down, right = slice(u, u + rows, stride), slice(v, v + columns, stride)
            tap = weight[:, :, u, v]
            met = wide[:, :, down, right]
            dw[:, :, u, v] = torch.einsum("nmij,ncij->mc", grad, met)
            dx[:, :, down, right] += torch.einsum("nmij,mc->ncij", grad, tap)
    height, width = x.shape[2:]
    dx = dx[:, :, padding : padding + height, padding : padding + width]
    return dx, dw, grad.sum((0, 2, 3))


def _pooled(x, grad, size, stride):
    x = x.detach().clone().requires_grad_(True)
    with torch.enable_grad():
        out = F.max_pool2d(x, size, stride)
    return torch.autograd.grad(out, x, grad)[0]


def _places(x: Tensor, size: int, stride: int) -> Tensor:
    return F.max_pool2d(x, size, stride, return_indices=True)[1].flatten(2)


def _written(x, grad, size, stride):
    """A pixel that wins twice keeps one gradient."""
    flat = torch.zeros_like(x).flatten(2)
    for at, value in zip(_places(x, size, stride).unbind(2), grad.flatten(2).unbind(2)):
        flat.scatter_(2, at[..., None], value[..., None])
    return flat.view_as(x)


def _windows(x, grad, size, stride, share: Callable) -> Tensor:
    """Window by window, as ``share(pixels, value)`` says."""
    dx = torch.zeros_like(x)
    for i in range(grad.shape[2]):
        for j in range(grad.shape[3]):
            down = slice(i * stride, i * stride + size)
            right = slice(j * stride, j * stride + size)
            pixels, value = x[:, :, down, right], grad[:, :, i, j, None, None]
            dx[:, :, down, right] += share(pixels, value)
    return dx


def _all_equal(x, grad, size, stride):
    def share(pixels, value):
        return (pixels == pixels.amax((2, 3), keepdim=True)) * value

    return _windows(x, grad, size, stride, share)


def _halved(x, grad, size, stride):
    def share(pixels, value):
        best = pixels == pixels.amax((2, 3), keepdim=True)
        return best * value / best.sum((2, 3), keepdim=True)

    return _windows(x, grad, size, stride, share)


def _spread(x, grad, size, stride):
    return _windows(x, grad, size, stride, lambda pixels, v: v / size**2 + 0 * pixels)


def _map_cases(generator: torch.Generator) -> list[tuple]:
    def case(sides, size, stride, few=False) -> tuple:
        x = torch.randn(2, 2, *sides, generator=generator)
        x = (2 * x).round().clamp(-1, 1) if few else x
        out = F.max_pool2d(x, size, stride)
        return x, torch.randn(out.shape, generator=generator), size, stride

    return [
        *(case((7, 9), 3, 2), case((5, 6), 3, 1), case((8, 8), 2, 3)),
        *(case((7, 7), 3, 2, few=True), case((6, 5), 2, 1, few=True)),
    ]


@exercise(
    "coding.max-pool-overlapping",
    task=(
        "Write `max_pool_backward(x, grad, size, stride)`; windows may overlap, and of "
        "equal pixels the first wins."
    ),
    checker=by_hand(
        function(
            _pooled,
            _map_cases,
            look="Each window sends its number to one pixel; a pixel may get several.",
            wrong=[
                (
                    _written,
                    "A pixel that wins in two windows keeps only one of their "
                    "gradients: they add up.",
                ),
                (
                    _all_equal,
                    "Right, until two pixels of a window are equal: then its gradient "
                    "is there more than once.",
                ),
                (
                    _halved,
                    "Equal pixels share the gradient in your version; PyTorch gives "
                    "it to the first.",
                ),
                (_spread, "That is the backward pass of *average* pooling."),
            ],
        ),
        _map_cases(torch.Generator().manual_seed(0))[0],
        wrong=((_pooled, "autograd found it"),),
    ),
    hints=[
        "`F.max_pool2d(x, size, stride, return_indices=True)` gives the places; or "
        "yours.",
        "`scatter_add` on flattened maps: places that occur twice get both.",
    ],
    more="AlexNet's windows, 3 with stride 2: a pixel lies in up to four of them.",
)
def max_pool_backward(x, grad, size, stride):
    """Time O(windows · size²) for the places, O(input + windows) for the way back.

    Memory O(input) for the result, O(windows) for the places. `scatter` would write
    and forget: where windows overlap, gradients of one pixel add up.
    """
    places = F.max_pool2d(x, size, stride, return_indices=True)[1].flatten(2)
    flat = torch.zeros_like(x).flatten(2)
    return flat.scatter_add(2, places, grad.flatten(2)).view_as(x)
