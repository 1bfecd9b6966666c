"""Exercises that write a layer: a maximum made of ReLUs, and a blur that samples."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from lenet_course.exercises.by_hand import by_hand
from lenet_course.exercises.checkers import function
from lenet_course.exercises.registry import exercise

# Beginnings of the names of all that would find or choose the larger one.
MAXIMA = ("max", "adaptive_max", "amax", "aminmax", "argmax", "cummax", "fmax", "topk")
MAXIMA += ("min", "amin", "argmin", "cummin", "fmin", "sort", "argsort", "msort")
MAXIMA += ("where", "logsumexp", "quantile", "nanquantile", "kthvalue", "median")
MAXIMA += ("_max", "_adaptive_max")  # as `torch.nn.functional` names its own


def _random(generator: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(shape, generator=generator)


def _corners(x: Tensor) -> list[Tensor]:
    """The four values of every window, as four maps."""
    return [x[..., i::2, j::2] for i in (0, 1) for j in (0, 1)]


# --- a maximum of ReLUs ------------------------------------------------------------


def _negative_too(generator: torch.Generator) -> list[tuple]:
    shapes = [(2, 3, 6, 8), (1, 1, 2, 2), (1, 6, 28, 28)]
    return [(_random(generator, *shape) - 0.5,) for shape in shapes]


def _of_two(larger: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """A tournament: two pairs, then their winners."""

    def pool(x: Tensor) -> Tensor:
        a, b, c, d = _corners(x)
        return larger(larger(a, b), larger(c, d))

    return pool


@exercise(
    "pooling_and_activations.relu-max",
    task="Write `max_pool(x)`, 2×2 with stride 2, by ReLU, sums and differences alone.",
    checker=by_hand(
        function(
            lambda x: F.max_pool2d(x, 2),
            _negative_too,
            look="How much must be added to a, so that it becomes the larger of a and "
            "b? Then let the winners of two pairs meet.",
            wrong=[
                (_of_two(lambda a, b: a.relu() + b.relu()), "It is 2 for a = b = 1."),
                (_of_two(lambda a, b: (b - a).relu()), "What is it added to?"),
                (
                    _of_two(lambda a, b: a.relu() + (b - a).relu()),
                    "Right unless a is negative.",
                ),
                (
                    lambda x: F.max_pool2d(x, 2).relu(),
                    "Where all four are negative, 0 wins in your version.",
                ),
                (
                    _of_two(lambda a, b: a - (a - b).relu()),
                    "That is the smallest of the four.",
                ),
                (lambda x: F.avg_pool2d(x, 2), "That is the mean of the four."),
                (
                    lambda x: F.max_pool2d(x, 2, stride=1),
                    "Those windows overlap: step by 2.",
                ),
            ],
        ),
        _negative_too(torch.Generator().manual_seed(0))[0],
        banned=MAXIMA,
        wrong=((lambda x: F.max_pool2d(x, 2), "write that yourself"),),
    ),
    hints=[
        "The larger of a and b is a, plus what b has more, if it has more.",
        "`a + (b - a).relu()`. The four values of a window: `x[..., 0::2, 0::2]` …",
        "A tournament: the larger of the upper two, the larger of the lower two, and "
        "of these the larger.",
    ],
    more="So max pooling adds no function that ReLU layers could not make.",
)
def max_pool(x: Tensor) -> Tensor:
    """max(a, b) = a + relu(b − a), three times. All between the ReLUs is linear:
    this is a small ReLU network.
    """

    def larger(a, b):
        return a + (b - a).relu()

    top = larger(x[..., 0::2, 0::2], x[..., 0::2, 1::2])
    bottom = larger(x[..., 1::2, 0::2], x[..., 1::2, 1::2])
    return larger(top, bottom)


# --- blur, then sample -------------------------------------------------------------


def _line(x: Tensor, axis: int) -> Tensor:
    n = x.shape[axis] - 2
    a, b, c = (x.narrow(axis, i, n) for i in range(3))
    return (a + 2 * b + c) / 4


def _blurred(x: Tensor) -> Tensor:
    return _line(_line(x, -1), -2)


def _maps(generator: torch.Generator) -> list[tuple]:
    return [(_random(generator, *shape),) for shape in [(2, 3, 9, 9), (1, 2, 8, 11)]]


def _across(x: Tensor) -> Tensor:
    return _blurred(x).sum(1, keepdim=True).expand(-1, x.shape[1], -1, -1)


@exercise(
    "pooling_and_activations.blur-pool",
    task="Write `blur_pool(x)`: blur by 1 2 1 along both axes, keep each second place.",
    checker=function(
        lambda x: _blurred(x)[..., ::2, ::2],
        _maps,
        look="An even grey stays what it is, so the nine weights sum to 1; no padding; "
        "every map for itself.",
        wrong=[
            (
                lambda x: 16 * _blurred(x)[..., ::2, ::2],
                "An even grey of 1 becomes 16: the nine weights should sum to 1.",
            ),
            (
                lambda x: _blurred(x[..., ::2, ::2]),
                "That samples first. What was folded together no blur can part.",
            ),
            (
                lambda x: _across(x)[..., ::2, ::2],
                "That adds up the maps. Each is blurred for itself: `groups`.",
            ),
            (
                lambda x: _line(x, -1)[..., ::2, ::2][..., : (x.shape[-2] - 1) // 2, :],
                "That blurs along the rows only.",
            ),
            (
                lambda x: F.avg_pool2d(x, 3, stride=2),
                "That is an even mean of nine. The middle counts twice, in each axis.",
            ),
            (
                lambda x: _blurred(F.pad(x, [1] * 4))[..., ::2, ::2],
                "That pads with zeros, which darkens the border. No padding here.",
            ),
            (_blurred, "That is the blur. Now keep every second row and column."),
        ],
    ),
    hints=[
        "The outer product of (1, 2, 1)/4 with itself: nine weights that sum to 1.",
        "A convolution with stride 2 and, so that no map meets another, `groups=C`.",
        "Its weight has the shape [C, 1, 3, 3].",
    ],
    more="After a maximum at stride 1 this is Zhang's anti-aliased max pooling.",
)
def blur_pool(x: Tensor) -> Tensor:
    """x is [N, C, H, W]. One kernel, the same for each map: blur and sampling are one
    convolution with stride 2, in C groups.
    """
    row = torch.tensor([1.0, 2.0, 1.0]) / 4
    maps = x.shape[1]
    kernel = torch.outer(row, row).expand(maps, 1, 3, 3)
    return F.conv2d(x, kernel, stride=2, groups=maps)
