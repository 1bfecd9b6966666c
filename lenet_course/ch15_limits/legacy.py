"""LeNet's limits: exercises on depth, and on what later networks added."""

import torch
from torch import Tensor

from lenet_course.exercises.checkers import function, number
from lenet_course.exercises.registry import exercise


@exercise(
    "limits.lost-in-depth",
    task="After how many logistic sigmoids is an error surely below a millionth?",
    checker=number(
        10,
        wrong={
            9: "Nine factors of a quarter: 1/262,144. Not yet.",
            20: "Those are factors of a half. How steep is the curve at its steepest?",
            6: "Those are factors of a tenth.",
            11: "One too many: work out 4 to the power of one less.",
        },
        look="Each layer multiplies by its slope, at most a quarter: which power of 4 "
        "is the first above 1,000,000?",
    ),
    hints=[
        "The slope of the logistic sigmoid is σ(1 − σ), at most at σ = 1/2.",
        "Multiply by four until you are there: 4, 16, 64, 256, 1,024 are five layers.",
    ],
    more="4¹⁰ = 1,048,576. Weights that shrink the error make it fewer layers.",
)
def lost_in_depth() -> int:
    """The first power of 4 that exceeds a million: weights keep the size here."""
    layers = 0
    while 4**layers < 1_000_000:
        layers += 1
    return layers


@exercise(
    "limits.stacked-weights",
    task="How many weights do three 3×3 layers save against one 7×7, at 64 maps?",
    checker=number(
        90_112,
        wrong={
            110_592: "That is what the three layers have, not what they save.",
            200_704: "That is what the 7×7 layer has.",
            163_840: "That is *one* 3×3 layer against the 7×7.",
            1_408: "49 − 27 weights, but for how many pairs of maps?",
            28_672: "That is two 3×3 layers against one 5×5.",
        },
        look="64 · 64 pairs of maps; a pair has k² weights in each layer.",
    ),
    hints=[
        "Three 3×3 layers see 3 + 2 + 2 = 7 pixels.",
        "A pair of maps has 49 weights in one case and 3 · 9 in the other.",
    ],
    more="45 % fewer, and two more ReLUs on the way. In LeNet, where 3 maps become 6 "
    "and 6 become 16, stacking costs weights instead.",
)
def stacked_weights() -> int:
    """49 − 27 weights for each of 64 · 64 pairs of maps."""
    return (7 * 7 - 3 * 3 * 3) * 64 * 64


def _normal(x, mean, var, weight, bias, eps=1e-5):
    shape = (1, -1, 1, 1)
    mean, var, weight, bias = (t.view(shape) for t in (mean, var, weight, bias))
    return (x - mean) / (var + eps).sqrt() * weight + bias


def _maps(generator: torch.Generator) -> list[tuple]:
    """Maps of all sizes, from one that is hardly larger than eps has a root."""
    size = torch.tensor([1e-3, 1e-2, 0.5, 3.0])
    cases = []
    for count in (1, 6):
        mean, weight, bias = torch.randn(3, 4, generator=generator)
        mean = mean * size
        noise = torch.randn(count, 4, 3, 3, generator=generator)
        x = mean[:, None, None] + 2 * size[:, None, None] * noise
        cases.append((x, mean, size**2, weight, bias))
    return cases


@exercise(
    "limits.batch-norm",
    task="Batch normalisation as it computes after training (eps 0.00001).",
    checker=function(
        _normal,
        _maps,
        wrong=[
            (
                lambda x, mean, var, weight, bias: _normal(
                    x,
                    x.mean((0, 2, 3)),
                    x.var((0, 2, 3), correction=0),
                    weight,
                    bias,
                ),
                "Those are the statistics of this batch. After training the stored "
                "ones are used: an answer must not depend on the other images.",
            ),
            (
                lambda x, mean, var, weight, bias: _normal(
                    x, mean, var**2, weight, bias
                ),
                "Divide by the standard deviation: the root of the variance.",
            ),
            (
                lambda x, mean, var, weight, bias: _normal(
                    x, mean, (var.sqrt() + 1e-5) ** 2 - 1e-5, weight, bias
                ),
                "The small number is added to the variance, under the root.",
            ),
            (
                lambda x, mean, var, weight, bias: (x - mean.view(1, -1, 1, 1))
                / (var.view(1, -1, 1, 1) + 1e-5).sqrt(),
                "Trainable scale and offset are missing.",
            ),
        ],
        look="Subtract the stored mean of each map, divide by its deviation, then "
        "scale and shift.",
    ),
    hints=[
        "Each of the four has one number a map: `t.view(1, -1, 1, 1)` lines it up.",
        "(x − mean) / sqrt(var + eps) · weight + bias",
    ],
    more="With everything stored this is one factor and one offset for each map, which "
    "a convolution before it can absorb.",
)
def batch_norm(x: Tensor, mean: Tensor, var: Tensor, weight: Tensor, bias: Tensor):
    """Stored statistics, one of each for every map."""
    mean, var, weight, bias = (t.view(1, -1, 1, 1) for t in (mean, var, weight, bias))
    return (x - mean) / (var + 1e-5).sqrt() * weight + bias


@exercise(
    "limits.patch-embedding",
    task="How many parameters does ViT-B/16's patch embedding (768 numbers) have?",
    checker=number(
        590_592,
        wrong={
            589_824: "And the biases?",
            197_376: "That is for grey pictures.",
            196_608: "That is for grey pictures, and without biases.",
            768: "That is what one patch becomes. Which weights make it?",
            115_605_504: "Those are multiply-adds: the kernel at all 196 patches.",
        },
        look="A convolution with 16×16 kernels over three colours, and 768 maps.",
    ),
    hints=[
        "One of the 768 numbers reads 16 · 16 · 3 pixels.",
        "It also has a bias.",
    ],
    more="Used at 14 · 14 = 196 places: weight sharing, as in C1.",
)
def patch_embedding() -> int:
    """768 kernels of 16×16 pixels and three colours, each with a bias."""
    return 768 * (16 * 16 * 3 + 1)
