"""Coding task: patches of an image as tokens."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F

from lenet_course.exercises.checkers import Checker, function
from lenet_course.exercises.registry import exercise
from lenet_course.exercises.staged import attempt
from lenet_helpers.performance import OperatorCount


def _patch_by_patch(x, weight, bias, size):
    rows, columns = (n // size for n in x.shape[2:])
    tokens = []
    for i in range(rows):
        for j in range(columns):
            down, right = (
                slice(i * size, i * size + size),
                slice(j * size, (j + 1) * size),
            )
            tokens.append(x[:, :, down, right].flatten(1) @ weight.T + bias)
    return torch.stack(tokens, 1), torch.stack(tokens, 1)


def _patches(
    order: tuple[int, ...] = (0, 2, 4, 1, 3, 5), bias_of=lambda b: b
) -> Callable:
    """Both ways, from axes [N, C, rows, s, columns, s] put in this order."""

    def patch_embedding(x, weight, bias, size):
        six = x.unflatten(3, (-1, size)).unflatten(2, (-1, size))
        tokens = six.permute(order).flatten(3).flatten(1, 2) @ weight.T + bias_of(bias)
        return tokens, tokens

    return patch_embedding


def _only_reshaped(x, weight, bias, size):
    tokens = x.reshape(len(x), -1, weight.shape[1]) @ weight.T + bias
    return tokens, tokens


def _as_maps(x, weight, bias, size):
    maps = F.conv2d(x, weight.view(len(weight), -1, size, size), bias, size).flatten(2)
    return maps, maps


def _twice_by_convolution(x, weight, bias, size):
    tokens = _as_maps(x, weight, bias, size)[0].transpose(1, 2)
    return tokens, tokens + 0


def _image_cases(generator: torch.Generator) -> list[tuple]:
    def case(n, channels, height, width, size, out) -> tuple:
        fan = channels * size**2
        shapes = (n, channels, height, width), (out, fan), (out,)
        x, weight, bias = (torch.randn(s, generator=generator) for s in shapes)
        return x, weight / fan**0.5, bias, size

    return [case(2, 3, 8, 12, 4, 5), case(1, 2, 6, 3, 3, 4), case(3, 1, 4, 4, 2, 4)]


_PRODUCTS = {"mm", "addmm", "bmm", "baddbmm", "matmul", "mv", "mul"}


def _both_ways(inner: Checker, case: tuple) -> Checker:
    """``inner``, and then: one result by a product, one by one convolution."""

    def test(answer: Any) -> str | None:
        if pointer := inner.test(answer):
            return pointer
        with OperatorCount() as used:
            attempt(answer, *case)
        convolutions = sum(n for name, n in used.names.items() if "conv" in name)
        if convolutions == 1 and _PRODUCTS & set(used.names):
            return None
        return (
            "Right numbers, but the task asks for two ways: one matrix product, and "
            f"one convolution; this used {convolutions} of the latter."
        )

    wrong = ((_twice_by_convolution, "two ways"), (_patches(), "two ways"))
    return Checker(test, (*inner.examples, *wrong), takes_function=True)


@exercise(
    "coding.patch-embedding",
    task=(
        "Write `patch_embedding(x, weight, bias, size)`: the tokens twice, by "
        "reshaping and one product, and by a convolution."
    ),
    checker=_both_ways(
        function(
            _patch_by_patch,
            _image_cases,
            tolerance=1e-4,
            look="Which pixels make token 0, and in which order do they meet a row of "
            "the weights: channel, row, column?",
            wrong=[
                (
                    _only_reshaped,
                    "The shape is right, but a reshape alone takes pixels of one row "
                    "of the image. Give windows axes of their own first.",
                ),
                (
                    _patches((0, 2, 4, 3, 5, 1)),
                    "Right for one channel: in a patch the channel comes first.",
                ),
                (
                    _patches((0, 4, 2, 1, 3, 5)),
                    "The tokens run down the columns: row by row is asked.",
                ),
                (
                    _patches((0, 2, 4, 1, 5, 3)),
                    "Inside a patch rows and columns have changed places.",
                ),
                (_patches(bias_of=lambda b: 0), "Right without a bias."),
                (_as_maps, "That is [N, D, tokens]: the width comes last."),
            ],
        ),
        _image_cases(torch.Generator().manual_seed(0))[0],
    ),
    hints=[
        "[N, C, H, W] seen as [N, C, H/s, s, W/s, s]; then [N, H/s, W/s, C, s, s].",
        "The last three flattened are a patch, the two before them number the tokens.",
        "The convolution: kernel and stride s, weights [D, C, s, s]; then flatten the "
        "positions and bring the width to the end.",
    ],
    more="So a vision transformer begins with a convolution, with stride = kernel.",
)
def patch_embedding(x, weight, bias, size):
    """Time O(N · tokens · C · s² · D) either way, memory O(input) for the patches.

    A convolution whose windows do not overlap is a dense layer on patches: im2col
    without a copy of any pixel.
    """
    blocks = x.unflatten(3, (-1, size)).unflatten(2, (-1, size))
    patches = blocks.permute(0, 2, 4, 1, 3, 5).flatten(3).flatten(1, 2)
    kernels = weight.view(len(weight), -1, size, size)
    maps = F.conv2d(x, kernels, bias, stride=size)
    return patches @ weight.T + bias, maps.flatten(2).transpose(1, 2)
