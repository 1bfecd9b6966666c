"""Coding tasks: blocks of convolutions, as networks after LeNet repeat them."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn

from lenet_course.exercises.checkers import Checker, NotYet
from lenet_course.exercises.compare import as_number, describe, difference
from lenet_course.exercises.registry import exercise
from lenet_course.exercises.staged import attempt, made

Make = Callable[..., nn.Module]
Known = Sequence[tuple[Make, str]]


def _trained(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def _fill(model: nn.Module, turned: bool) -> None:
    """Draw the weights by their number, whatever they are called.

    Of two tensors of one size, ``turned`` gives the first what else the second gets.
    The others begin alike: gammas at 1, also where somebody zeroed one, biases at 0.
    """
    seen: Counter[int] = Counter()
    tensors = [p for p in model.parameters() if p.dim() > 1]
    for p in reversed(tensors) if turned else tensors:
        seed = torch.Generator().manual_seed(seen[p.numel()])
        seen[p.numel()] += 1
        draw = torch.randn(p.numel(), generator=seed).view_as(p)
        p.data.copy_(2 * draw / p[0].numel() ** 0.5)
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d) and layer.affine:
            layer.weight.data.fill_(1)
        if isinstance(layer, nn.Conv2d) and layer.bias is not None:
            layer.bias.data.zero_()


def _signature(model: nn.Module, inputs: int, turned: bool = False) -> tuple:
    """How many parameters, and what comes out in training and then in evaluation."""
    model = model.to("cpu", torch.float32)
    x = torch.randn(4, inputs, 7, 6, generator=torch.Generator().manual_seed(9))
    with torch.no_grad():
        _fill(model, turned)
        first = model.train()(x.clone())
        return _trained(model), first, model.eval()(x.clone())


def _judge(
    build: Make, right: Make, sizes: Sequence[tuple], known: Known, look: str
) -> str | None:
    """What ``build`` makes of several (inputs, outputs, stride), against ``right``."""

    def like(seen: tuple, make: Make, size: tuple) -> bool:
        signatures = (_signature(make(*size), size[0], turn) for turn in (False, True))
        return any(difference(seen, one, 1e-4) is None for one in signatures)

    for size in sizes:
        seen = attempt(_signature, build(*size), size[0])
        if like(seen, right, size):
            continue
        pointers = (text for bad, text in known if like(seen, bad, size))
        count, out = seen[0], describe(seen[1])
        said = f"With {size} it has {count:,} parameters and gives {out}. {look}"
        return next(pointers, said)
    return None


class _Basic(nn.Module):
    """The basic block, or what comes of a slip."""

    def __init__(self, inputs: int, outputs: int, stride: int, slip: str = ""):
        super().__init__()
        self.slip, bias = slip, slip == "bias"
        first, second = (1, stride) if slip == "late" else (stride, 1)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, first, 1, bias=bias)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, second, 1, bias=bias)
        self.norm1, self.norm2 = nn.BatchNorm2d(outputs), nn.BatchNorm2d(outputs)
        self.shortcut = nn.Sequential()
        if stride != 1 or inputs != outputs or slip == "always":
            self.shortcut.append(nn.Conv2d(inputs, outputs, 1, stride, bias=bias))
            if slip != "bare":
                self.shortcut.append(nn.BatchNorm2d(outputs))

    def forward(self, x):
        h, side = self.norm1(self.conv1(x)), self.shortcut(x)
        h = self.norm2(self.conv2(h if self.slip == "straight" else h.relu()))
        if self.slip == "plain":
            return h.relu()
        if self.slip == "early":
            return h.relu() + side
        return h + side if self.slip == "open" else (h + side).relu()


def _slipped(kind: Make, slip: str) -> Make:
    return lambda *size: kind(*size, slip)


_SLIPS: Known = [
    (
        _slipped(_Basic, "plain"),
        "The input is never added: that is two layers, not a residual block.",
    ),
    (
        _slipped(_Basic, "early"),
        "You squash first and add then: the sum can never fall below the "
        "shortcut. The last ReLU comes after the addition.",
    ),
    (_slipped(_Basic, "open"), "What comes after the addition?"),
    (
        _slipped(_Basic, "straight"),
        "Between the two convolutions stands no ReLU: they are one affine map.",
    ),
    (
        _slipped(_Basic, "late"),
        "The shape is right, but the second convolution takes the stride: the "
        "first one does.",
    ),
    (
        _slipped(_Basic, "bare"),
        "The projection has a batch normalisation of its own.",
    ),
    (
        _slipped(_Basic, "always"),
        "Where nothing changes its shape, the shortcut is the input itself.",
    ),
    (
        _slipped(_Basic, "bias"),
        "A bias before batch normalisation is subtracted with the mean: leave it out.",
    ),
]


def _test_residual(answer: Any) -> str | None:
    return _judge(
        lambda *size: made(answer, *size),
        _Basic,
        [(6, 6, 1), (4, 6, 2), (4, 6, 1), (6, 6, 2)],
        _SLIPS,
        "Twice 3×3 with batch normalisation, ReLU between; the shortcut; sum; ReLU.",
    )


@exercise(
    "coding.residual-block",
    task=(
        "Write `residual_block(inputs, outputs, stride)`: the basic block of ResNet, "
        "with a projection where one is needed."
    ),
    checker=Checker(_test_residual, tuple(_SLIPS), takes_function=True),
    hints=[
        "Branch: 3×3 with the stride, norm, ReLU, 3×3, norm; padding 1, no biases.",
        "Shortcut: x; where stride or width changes it, 1×1 with the stride, norm.",
        "ReLU of the sum.",
    ],
    more="At width 64, unchanged: 2 · 9 · 64² + 4 · 64 = 73,984 parameters.",
)
class ResidualBlock(nn.Module):
    """Time 9 · in · out + 9 · out² multiplications a position of the output.

    Memory: the input must be kept until the addition. The projection takes in · out
    more, a ninth of the first convolution.
    """

    def __init__(self, inputs, outputs, stride=1):
        super().__init__()
        self.branch = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
            *(nn.BatchNorm2d(outputs), nn.ReLU()),
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.shortcut = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False),
                nn.BatchNorm2d(outputs),
            )

    def forward(self, x):
        return (self.branch(x) + self.shortcut(x)).relu()


def _separable(inputs: int, outputs: int, stride: int, slip: str = "") -> nn.Module:
    """Depthwise, pointwise; or what comes of a slip."""
    groups = 1 if slip == "full" else inputs
    bias = slip == "bias"
    first, second = (1, stride) if slip == "late" else (stride, 1)
    depthwise = nn.Conv2d(inputs, inputs, 3, first, 1, groups=groups, bias=bias)
    pointwise = nn.Conv2d(inputs, outputs, 1, second, bias=bias)
    middle = [nn.BatchNorm2d(inputs), nn.ReLU()]
    last = [nn.BatchNorm2d(outputs), nn.ReLU()]
    if slip == "straight":
        middle.pop()
    if slip == "bare":
        del middle[0]
    if slip == "open":
        last.pop()
    if slip == "six":
        middle[-1], last[-1] = nn.ReLU6(), nn.ReLU6()
    return nn.Sequential(depthwise, *middle, pointwise, *last)


_SEPARABLE_SLIPS: Known = [
    (
        _slipped(_separable, "full"),
        "The first convolution joins all channels: one kernel a channel, `groups`.",
    ),
    (
        _slipped(_separable, "late"),
        "The shape is right, but the 1×1 convolution takes the stride: it throws "
        "away what the 3×3 has computed.",
    ),
    (_slipped(_separable, "straight"), "Between the two stands a ReLU, too."),
    (_slipped(_separable, "bare"), "Both convolutions have a normalisation."),
    (_slipped(_separable, "open"), "After the last normalisation comes a ReLU."),
    (
        _slipped(_separable, "bias"),
        "A bias before batch normalisation is subtracted with the mean: leave it out.",
    ),
    (_slipped(_separable, "six"), "ReLU, without a limit at 6."),
]


def _test_separable(answer: Any) -> str | None:
    counts: list[tuple] = []

    def block(*size: int) -> nn.Module:
        got = attempt(answer, *size)
        pair = got if isinstance(got, tuple | list) and len(got) == 2 else [None] * 2
        if not isinstance(pair[0], nn.Module):
            raise NotYet("Return two things: the block, and its number of parameters.")
        counts.append((size, as_number(pair[1]), _trained(pair[0])))
        return pair[0]

    if pointer := _judge(
        block,
        _separable,
        [(6, 8, 1), (5, 8, 2), (8, 8, 1)],
        _SEPARABLE_SLIPS,
        "3×3 on each channel, norm, ReLU; 1×1 over the channels, norm, ReLU.",
    ):
        return pointer
    for size, said, true in counts:
        if said != true:
            return (
                f"The block is right. For {size} you count {describe(said)}: kernels "
                "of both convolutions, and two numbers for each normalised channel."
            )
    return None


def _counted(count: Callable) -> Callable:
    return lambda i, o, stride: (_separable(i, o, stride), count(i, o))


def _with_count(make: Make) -> Callable:
    return lambda *size: ((block := make(*size)), _trained(block))


@exercise(
    "coding.separable-block",
    task=(
        "Write `separable_block(inputs, outputs, stride)`: the block, and how many "
        "parameters it has, by a formula."
    ),
    checker=Checker(
        _test_separable,
        (
            *((_with_count(bad), text) for bad, text in _SEPARABLE_SLIPS),
            (_counted(lambda i, o: 9 * i + i * o), "The block is right"),
            (_counted(lambda i, o: 9 * i * o + 2 * (i + o)), "The block is right"),
            (lambda *size: _separable(*size), "Return two things"),
        ),
        takes_function=True,
    ),
    hints=[
        "Depthwise: `Conv2d(inputs, inputs, 3, stride, 1, groups=inputs, bias=False)`.",
        "Norm and ReLU after it; then 1×1 from inputs to outputs, norm, ReLU.",
        "9 · in, then in · out, and two numbers a channel for each normalisation.",
    ],
    more="From 64 to 128 maps: 9,152 parameters; one 3×3 with its norm has 73,984.",
)
def separable_block(inputs, outputs, stride=1):
    """Time (9 + out) · in multiplications a position, instead of 9 · in · out.

    Memory: [N, in, H′, W′] more, for the maps in between. The depthwise half does only
    nine multiplications for each number it writes: expect less of the clock.
    """
    block = nn.Sequential(
        nn.Conv2d(inputs, inputs, 3, stride, 1, groups=inputs, bias=False),
        *(nn.BatchNorm2d(inputs), nn.ReLU()),
        nn.Conv2d(inputs, outputs, 1, bias=False),
        *(nn.BatchNorm2d(outputs), nn.ReLU()),
    )
    return block, 9 * inputs + inputs * outputs + 2 * inputs + 2 * outputs
