"""Exercises that write an operation: merge two kernels, stamp one, split one."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lenet_course.exercises.checkers import function, module
from lenet_course.exercises.registry import exercise
from lenet_course.watched import watched

# What `F.conv*`, `F.conv_transpose*`, `F.fold`, their gradients and FFTs arrive at.
WHOLE = ("convolution", "convolution_backward", "col2im", "im2col")


def _random(generator: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(shape, generator=generator)


# --- merging ---------------------------------------------------------------------


def _merged(a: Tensor, b: Tensor) -> Tensor:
    """By its taps: tap u of a and tap v of b meet at tap u + v of the merged kernel."""
    side = a.shape[-1] + b.shape[-1] - 1
    out = a.new_zeros(len(b), a.shape[1], side, side)
    k = a.shape[-1]
    for i in range(b.shape[-1]):
        for j in range(b.shape[-1]):
            taps = torch.einsum("om,mcuv->ocuv", b[:, :, i, j], a)
            out[:, :, i : i + k, j : j + k] += taps
    return out


def _merge_cases(generator: torch.Generator) -> list[tuple]:
    return [
        (_random(generator, 1, 1, 3, 3), _random(generator, 1, 1, 3, 3)),
        (_random(generator, 4, 2, 3, 3), _random(generator, 3, 4, 3, 3)),
        (_random(generator, 4, 2, 5, 5), _random(generator, 3, 4, 2, 2)),
    ]


def _by_padding(a: Tensor, b: Tensor, flip_a: bool, flip_b: bool) -> Tensor:
    a = a.flip(2, 3) if flip_a else a
    b = b.flip(2, 3) if flip_b else b
    frame = b.shape[-1] - 1
    return F.conv2d(a.transpose(0, 1), b, padding=frame).transpose(0, 1)


@exercise(
    "convolution.merge",
    task="Write `merge(a, b)`: one kernel that does what a and then b do.",
    checker=function(
        _merged,
        _merge_cases,
        tolerance=1e-4,
        look="Tap u of `a` and tap v of `b`: at which tap of the merged kernel do they "
        "meet, and which middle map do they pass?",
        wrong=[
            (
                lambda a, b: _by_padding(a, b, False, False),
                "That is the correlation of the two kernels. Turn one of them.",
            ),
            (
                lambda a, b: _by_padding(a, b, True, False),
                "That kernel is turned by 180°. Which of the two did you turn?",
            ),
            (
                lambda a, b: _merged(a, b)[..., 1:-1, 1:-1],
                "Two 3×3 kernels reach over 5×5 pixels: the outer taps are missing.",
            ),
        ],
    ),
    hints=[
        "The sides: k₁ + k₂ − 1. The shape: maps that b makes, maps that a reads.",
        "`a` seen as a batch: its C input maps are the images, its M kernels the "
        "channels: `a.transpose(0, 1)`.",
        "Convolve that with `b` turned by 180° (`b.flip(2, 3)`), padded by k₂ − 1.",
    ],
    more="Without an activation between them, two layers are one.",
)
def merge(a: Tensor, b: Tensor) -> Tensor:
    """a is [M, C, k₁, k₁], b is [O, M, k₂, k₂]; the result [O, C, k₁ + k₂ − 1, …].

    Correlating with a and then with b is correlating with the *convolution* of both:
    `F.conv2d` with b turned, and padding enough that no tap is lost. The sum over the
    M maps in the middle is the sum over channels that `F.conv2d` does anyway.
    """
    frame = b.shape[-1] - 1
    turned = b.flip(2, 3)
    return F.conv2d(a.transpose(0, 1), turned, padding=frame).transpose(0, 1)


# --- stamping --------------------------------------------------------------------


def _library(x: Tensor, kernel: Tensor, stride: int) -> Tensor:
    return F.conv_transpose1d(x.view(1, 1, -1), kernel.view(1, 1, -1), stride=stride)[
        0, 0
    ]


def _stamp_cases(generator: torch.Generator) -> list[tuple]:
    sizes = [(4, 3, 1), (5, 3, 2), (3, 4, 2), (3, 2, 3), (1, 5, 2), (6, 1, 1)]
    return [(_random(generator, n), _random(generator, k), s) for n, k, s in sizes]


def _stamped(x: Tensor, kernel: Tensor, stride: int, add: bool = True) -> Tensor:
    n, k = len(x), len(kernel)
    out = x.new_zeros((n - 1) * stride + k)
    for i in range(n):
        place = slice(i * stride, i * stride + k)
        out[place] = x[i] * kernel + (out[place] if add else 0)
    return out


@exercise(
    "convolution.stamp",
    task="Write `stamp(x, kernel, stride)`: a transposed convolution of one row.",
    checker=watched(
        function(
            _library,
            _stamp_cases,
            look="Each value of x puts a scaled copy of the kernel into the result, "
            "`stride` pixels after the last one.",
            wrong=[
                (
                    lambda x, kernel, stride: _stamped(x, kernel, stride, add=False),
                    "Where two copies overlap, the second wipes out the first.",
                ),
                (
                    lambda x, kernel, stride: _stamped(x, kernel.flip(0), stride),
                    "The copies lie the wrong way round.",
                ),
                (
                    lambda x, kernel, stride: _stamped(x, kernel, 1),
                    "Right for stride 1.",
                ),
                (
                    lambda x, kernel, stride: _stamped(x, kernel, stride)[
                        : len(x) * stride
                    ],
                    "The last copy starts at (n − 1)·s and is k long.",
                ),
            ],
        ),
        _stamp_cases(torch.Generator().manual_seed(0))[1],
        wrong=((_library, "write that yourself"),),
        banned=WHOLE,
    ),
    hints=[
        "How long is the result? The last copy starts at (n − 1)·stride.",
        "A loop over x: a slice of length k, that starts at i·stride.",
        "`out[i * stride : i * stride + k] += x[i] * kernel`",
    ],
    more="Count how many copies cover each pixel: that is the checkerboard.",
)
def stamp(x: Tensor, kernel: Tensor, stride: int) -> Tensor:
    """The convolution reads a window for every output; its transpose writes one for
    every input. Where windows overlapped when reading, copies add up when writing.
    """
    n, k = len(x), len(kernel)
    out = x.new_zeros((n - 1) * stride + k)
    for i in range(n):
        out[i * stride : i * stride + k] += x[i] * kernel
    return out


# --- splitting -------------------------------------------------------------------


def _split(side: int = 5, **second) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(6, 6, side, groups=6), nn.Conv2d(6, 16, 1, **second))


def _flaw(model: nn.Module) -> str | None:
    """A pointer for a layer of the right size that is not depthwise, then pointwise.

    What the 16 results of one place read of one map is then one window, scaled: of
    rank 1, whatever stands between the two parts.
    """
    x = torch.rand(1, 6, 14, 14, generator=torch.Generator().manual_seed(0))
    x.requires_grad_()
    units = model(x)[0, :, 4, 4]
    read = torch.stack(
        [torch.autograd.grad(unit, x, retain_graph=True)[0][0] for unit in units]
    )
    inside = read[..., 4:9, 4:9].clone()
    read[..., 4:9, 4:9] = 0
    if read.any():
        return "A result should read 5×5 places of each map."
    for windows in inside.transpose(0, 1).flatten(2):
        first, second, *_ = torch.linalg.svdvals(windows).tolist()
        if second > 1e-3 * first:
            return "Every map should have one kernel, which all 16 results share."
    return None


@exercise(
    "convolution.separable",
    task="Build C3's replacement, depthwise and then pointwise: 6 maps to 16, 5×5.",
    checker=module(
        (6, 14, 14),
        (16, 10, 10),
        parameters=268,
        also=_flaw,
        look="First each map by itself with its own 5×5 kernel, then 1×1 over maps; "
        "both with their biases.",
        wrong=[
            (nn.Conv2d(6, 16, 5), "2,416 trainable parameters"),
            (_split(groups=2), "trainable parameters"),
            (_split(bias=False), "trainable parameters"),
            (
                nn.Sequential(nn.Conv2d(6, 16, 1), nn.Conv2d(16, 16, 5, groups=16)),
                "trainable parameters",
            ),
            (_split(side=3), "into"),
        ],
    ),
    hints=[
        "`groups=6` gives each of six maps its own kernel and nothing else.",
        "The depthwise part: 6·25 weights and 6 biases. The pointwise: 6·16 and 16.",
        "`nn.Sequential(nn.Conv2d(6, 6, 5, groups=6), nn.Conv2d(6, 16, 1))`",
    ],
    more="268 parameters instead of 2,416, 24,600 multiply-adds instead of 240,000.",
)
def separable() -> nn.Module:
    """One kernel a map looks at places; a 1×1 kernel then mixes the maps. What is lost:
    all sixteen results look through the same six kernels. An activation may stand
    between.
    """
    return nn.Sequential(
        nn.Conv2d(6, 6, 5, groups=6),  # depthwise: 6·(25 + 1)
        nn.Conv2d(6, 16, 1),  # pointwise: 16·(6 + 1)
    )
