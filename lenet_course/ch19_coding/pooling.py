"""Coding tasks: pooling, and AlexNet's normalisation."""

from collections.abc import Callable

import torch
import torch.nn.functional as F

from lenet_course.exercises.by_hand import by_hand
from lenet_course.exercises.checkers import function
from lenet_course.exercises.registry import exercise
from lenet_course.watched import watched


def _maps(generator: torch.Generator) -> list[tuple]:
    shapes = [(2, 3, 6, 8), (1, 1, 4, 4), (1, 2, 9, 6)]
    sizes = [2, 2, 3]
    return [
        (torch.randn(shape, generator=generator) - 1, size)
        for shape, size in zip(shapes, sizes)
    ]


_LAST = (torch.randn(2, 3, 12, 12, generator=torch.Generator().manual_seed(1)), 2)


@exercise(
    "coding.average-pool",
    task="Write `average_pool(x, size)` without a loop; windows do not overlap.",
    checker=watched(
        function(
            lambda x, size: F.avg_pool2d(x, size),
            _maps,
            look="Give rows and columns two axes each: which window, and where in it.",
            wrong=[
                (lambda x, size: F.max_pool2d(x, size), "That takes the largest."),
                (
                    lambda x, size: F.avg_pool2d(x, size) * size**2,
                    "That is the sum of the window.",
                ),
                (
                    lambda x, size: x.unflatten(2, (size, -1))
                    .unflatten(4, (size, -1))
                    .mean((2, 4)),
                    "The shape is right, but these windows are rows far apart: which "
                    "of the two axes is the inner one?",
                ),
            ],
        ),
        _LAST,
        banned=("pool", "conv", "interpolate"),
        most=12,
        wrong=((lambda x, size: F.avg_pool2d(x, size), "write that yourself"),),
    ),
    hints=[
        "[N, C, H, W] seen as [N, C, H/s, s, W/s, s].",
        "Then the mean over the two axes of length s.",
    ],
    more="`amax` in place of `mean` makes max pooling of it.",
)
def average_pool(x, size):
    """Time O(input), memory O(output): `unflatten` only looks at x in another way."""
    blocks = x.unflatten(3, (-1, size)).unflatten(2, (-1, size))
    return blocks.mean((3, 5))


def _max_pool(x, size):
    values, where = F.max_pool2d(x, size, return_indices=True)
    return values, where


def _inside(x, size):
    values, where = _max_pool(x, size)
    width = x.shape[3]
    return values, where // width % size * size + where % width % size


@exercise(
    "coding.max-pool",
    task=(
        "Write `max_pool(x, size)`: the values, and for each the place of its pixel, "
        "row · W + column."
    ),
    checker=watched(
        function(
            _max_pool,
            _maps,
            look="Values and places, both [N, C, H/s, W/s]; places count in the map.",
            wrong=[
                (
                    _inside,
                    "The values are right; your places count inside the window. "
                    "Where does the window begin?",
                ),
                (
                    lambda x, size: _max_pool(x.relu(), size),
                    "Where all are negative, 0 wins in your version: do not start the "
                    "maximum at 0.",
                ),
            ],
        ),
        _LAST,
        banned=("pool",),
        wrong=((_max_pool, "write that yourself"),),
    ),
    hints=[
        "The six axes of average pooling, then the two of length s flattened to one.",
        "`max(-1)` gives value and place in the window, k = dy · s + dx.",
        "The window's corner is (i · s, j · s): row i·s + k // s, column j·s + k % s.",
    ],
    more="The places are all that the backward pass needs.",
)
def max_pool(x, size):
    """Time O(input), memory O(input) for the windows and O(output) for the places.

    Two loops over the windows would do; without them, rows and columns get an axis for
    the window and one for the place in it.
    """
    blocks = x.unflatten(3, (-1, size)).unflatten(2, (-1, size))
    windows = blocks.transpose(3, 4).flatten(4)  # [N, C, rows, columns, s·s]
    values, k = windows.max(-1)
    i = torch.arange(values.shape[2])[:, None]
    j = torch.arange(values.shape[3])
    row, column = i * size + k // size, j * size + k % size
    return values, row * x.shape[3] + column


def _pool_gradient(x, grad, size):
    x = x.detach().clone().requires_grad_(True)
    with torch.enable_grad():
        (dx,) = torch.autograd.grad(F.max_pool2d(x, size), x, grad)
    return dx


def _spread(x, grad, size):
    wide = grad.repeat_interleave(size, 2).repeat_interleave(size, 3)
    return wide / size**2


def _to_all_equal(x, grad, size):
    values, wide = F.max_pool2d(x, size), grad
    for axis in (2, 3):
        values = values.repeat_interleave(size, axis)
        wide = wide.repeat_interleave(size, axis)
    return torch.where(x == values, wide, torch.zeros(()))


def _graded(generator: torch.Generator) -> list[tuple]:
    cases = [
        (x, torch.randn(F.max_pool2d(x, size).shape, generator=generator), size)
        for x, size in _maps(generator)
    ]
    ties = torch.randint(3, (2, 2, 6, 6), generator=generator).float()
    for size in (2, 3):  # of few values: in most windows several pixels win
        grad = torch.randn(2, 2, 6 // size, 6 // size, generator=generator)
        cases.append((ties, grad, size))
    return cases


@exercise(
    "coding.max-pool-backward",
    task="Write `max_pool_backward(x, grad, size)`; of equal pixels the first wins.",
    checker=by_hand(
        function(
            _pool_gradient,
            _graded,
            look="Each number of `grad` goes to one pixel, all others get 0.",
            wrong=[
                (
                    _spread,
                    "That is the backward pass of *average* pooling: who won the "
                    "window?",
                ),
                (
                    _to_all_equal,
                    "Right, until two pixels of a window are equal (a dead ReLU: all "
                    "0): then the gradient is there more than once.",
                ),
                (
                    lambda x, grad, size: _pool_gradient(
                        x, torch.ones_like(grad), size
                    ),
                    "That marks the winners. Where is the gradient from above?",
                ),
            ],
        ),
        (_LAST[0], torch.ones(2, 3, 6, 6), 2),
        wrong=((_pool_gradient, "autograd found it"),),
    ),
    hints=[
        "`F.max_pool2d(x, size, return_indices=True)` gives the places; or yours.",
        "On flattened maps: `zeros.scatter(2, places, grad)`.",
    ],
    more="Windows that overlap (AlexNet) need `scatter_add`: a pixel may win twice.",
)
def max_pool_backward(x, grad, size):
    """Time O(input), memory O(input) for the result and O(output) for the places.

    One winner a window gets everything. The forward pass has to remember the places:
    that is why max pooling costs memory in training, and average pooling does not.
    """
    places = F.max_pool2d(x, size, return_indices=True)[1].flatten(2)
    flat = torch.zeros_like(x).flatten(2)
    return flat.scatter(2, places, grad.flatten(2)).view_as(x)


def _alexnet(x, n, alpha, beta, k):
    """Equation of section 3.3, by loops over the maps."""
    squares, out = x.square(), torch.empty_like(x)
    count = x.shape[1]
    for i in range(count):
        low, high = max(0, i - n // 2), min(count - 1, i + n // 2)
        total = squares[:, low : high + 1].sum(1)
        out[:, i] = x[:, i] / (k + alpha * total) ** beta
    return out


def _torchs(x, n, alpha, beta, k):
    return F.local_response_norm(x, n, n * alpha, beta, k)


def _normalised(change: Callable) -> Callable:
    def lrn(x, n, alpha, beta, k):
        return _alexnet(*change(x, n, alpha, beta, k))

    return lrn


@exercise(
    "coding.lrn",
    task="Write AlexNet's `lrn(x, n, alpha, beta, k)`, as in its paper.",
    checker=watched(
        function(
            _alexnet,
            lambda generator: [
                (3 * torch.randn(2, 7, 3, 3, generator=generator), 5, 1e-1, 0.75, 2.0),
                (3 * torch.randn(1, 4, 2, 2, generator=generator), 3, 1e-2, 0.5, 1.0),
            ],
            look="x / (k + α · sum of squares of n neighbouring maps) to the power β.",
            wrong=[
                (
                    lambda x, n, alpha, beta, k: F.local_response_norm(
                        x, n, alpha, beta, k
                    ),
                    "PyTorch divides α by n; the paper does not.",
                ),
                (
                    _normalised(lambda x, n, a, b, k: (x, n, a, 0.5, k)),
                    "The exponent is β, 0.75 in the paper, not a square root.",
                ),
                (
                    _normalised(lambda x, n, a, b, k: (x, n, a, b, 0.0)),
                    "k is added, so that nothing is divided by 0.",
                ),
                (
                    lambda x, n, alpha, beta, k: _alexnet(
                        x.transpose(1, 2), n, alpha, beta, k
                    ).transpose(1, 2),
                    "The neighbours are maps at one position, not pixels of one map.",
                ),
            ],
        ),
        (torch.ones(1, 96, 4, 4), 5, 1e-4, 0.75, 2.0),
        banned=("response_norm",),
        most=40,
        wrong=((_alexnet, "Without a Python loop"), (_torchs, "write that yourself")),
    ),
    hints=[
        "Pad the squares with n // 2 empty maps on both sides.",
        "`unfold(1, n, 1)` gives every window of n neighbouring maps.",
    ],
    more="`F.local_response_norm` does the same with alpha · n instead of alpha.",
)
def lrn(x, n=5, alpha=1e-4, beta=0.75, k=2.0):
    """Time O(n · input), memory O(input): `unfold` makes a view; its sum is a copy.

    Nothing is learned and no mean is subtracted: it damps a map whose neighbours are
    loud. A running sum would do it in O(input).
    """
    half = n // 2
    squares = F.pad(x.square(), (0, 0, 0, 0, half, half))
    return x / (k + alpha * squares.unfold(1, n, 1).sum(-1)) ** beta
