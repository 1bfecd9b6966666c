"""Exercises that exist only in the tests: one of each kind."""

import torch
from torch import Tensor, nn

from lenet_course.exercises.checkers import choice, function, module, number, shape
from lenet_course.exercises.engine import exercise

_COMMON = {"hints": ["A nudge.", "Nearly there."], "more": "And `more` to know."}


@exercise(
    "demo.c3-weights",
    task="How many weights, without biases, has C3 as published?",
    checker=number(
        1500,
        wrong={
            2400: "That joins every S2 map to every C3 map. Look at Table I.",
            1516: "Weights only: what else did you count?",
        },
        look="Count the crosses of Table I, then the weights behind each.",
    ),
    **_COMMON,
)
def c3_weights() -> int:
    """Each connected pair of maps has its own 5×5 kernel.

    Nothing else is a weight.
    """
    pairs = 6 * 3 + 9 * 4 + 1 * 6  # crosses, column by column
    return pairs * 5 * 5


@exercise(
    "demo.share",
    task="Which share of the parameters follows C3?",
    checker=number(
        0.958,
        tolerance=0.001,
        wrong={95.8: "A share lies between 0 and 1.", 0.78: "That is C5 alone."},
        look="Add up C5, F6 and the output.",
    ),
    **_COMMON,
)
def share() -> float:
    """Three layers out of five."""
    return (48_120 + 10_164 + 850) / 61_706


@exercise(
    "demo.s2-shape",
    task="Which shape has S2?",
    checker=shape(
        (6, 14, 14),
        names=["channels", "rows", "columns"],
        wrong={(6, 28, 28): "That is C1.", (6, 13, 13): "Do the windows overlap?"},
        look="Halve C1.",
    ),
    **_COMMON,
)
def s2_shape() -> tuple[int, ...]:
    """Each 2×2 window becomes one value."""
    return 6, 28 // 2, 28 // 2


@exercise(
    "demo.where",
    task="Where are most of the parameters?",
    checker=choice(
        "C5", wrong={"C3": "Count C3 again.", "F6": "F6 reads only 120 values."}
    ),
    **_COMMON,
)
def where() -> str:
    """A full 400-to-120 map."""
    return "c5"


def _floorless(n: int, kernel: int, stride: int) -> float:
    return (n - kernel) / stride + 1


@exercise(
    "demo.output-size",
    task="Write the size of a convolution's output.",
    checker=function(
        lambda n, kernel, stride: (n - kernel) // stride + 1,
        [(32, 5, 1), (28, 2, 2), (28, 5, 2)],
        wrong=[
            (lambda n, kernel, stride: (n - kernel) // stride, "One window too few."),
            (_floorless, "A window that does not fit is left out."),
        ],
        look="Slide the window along by hand.",
    ),
    wrong=[(lambda n, kernel, stride: n, "Slide the window")],
    **_COMMON,
)
def output_size(n: int, kernel: int, stride: int) -> int:
    """Count the places where the window starts."""
    return (n - kernel) // stride + 1


def _images(generator: torch.Generator) -> list[tuple[Tensor]]:
    return [(torch.randn(2, 4, 4, generator=generator),) for _ in range(3)]


@exercise(
    "demo.average-pool",
    task="Write average pooling over 2×2 windows.",
    checker=function(
        lambda x: nn.functional.avg_pool2d(x, 2),
        _images,
        wrong=[
            (lambda x: nn.functional.max_pool2d(x, 2), "That is the largest."),
            (lambda x: 4 * nn.functional.avg_pool2d(x, 2), "That is the sum."),
        ],
        look="Average each window.",
    ),
    **_COMMON,
)
def average_pool(x: Tensor) -> Tensor:
    """Four shifted views, one for each place in the window."""
    corners = [x[..., i::2, j::2] for i in range(2) for j in range(2)]
    return torch.stack(corners).mean(0)


@exercise(
    "demo.head",
    task="Build F6 and the output as a network.",
    checker=module([120], [10], parameters=11_014, look="Compare with the table."),
    wrong=[
        (nn.Linear(120, 10), "1,210 trainable parameters"),
        (nn.Linear(120, 84), "[2, 120] into [2, 84]"),
    ],
    **_COMMON,
)
def head() -> nn.Module:
    """Two linear maps with a squashing between them."""
    return nn.Sequential(nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10))
