"""The exercises of the chapter on AlexNet."""

import torch
from torch import Tensor

from lenet_course.exercises.checkers import function, number
from lenet_course.exercises.registry import exercise


@exercise(
    "alexnet.conv2-parameters",
    task="How many trainable values does AlexNet's conv2 have, with its two groups?",
    checker=number(
        307_456,
        wrong={
            614_656: "That is one group: how many maps does a kernel of conv2 see?",
            307_200: "Those are the weights. What else does each map have?",
            614_400: "One group, and no biases: look at both.",
            153_728: "That is one of the two GPUs. There are two.",
            885_120: "That is conv3, the one convolution that reads both GPUs again.",
        },
        look="256 maps, each with a 5×5 kernel for every map that it sees, and a bias.",
    ),
    hints=[
        "conv1 leaves 96 maps, 48 on each GPU.",
        "A map of conv2 sees 48 maps by 5×5 weights, and has one bias.",
    ],
    more="Without groups it would be 614,656: exactly twice the weights, equal biases.",
)
def conv2_parameters() -> int:
    """256 maps, each with 48 kernels of 5×5 and a bias: 256 · (48 · 25 + 1)."""
    return 256 * (48 * 5 * 5 + 1)


def _features(side: int, kernel: int = 3, padding: int = 0) -> int:
    side = (side + 2 * padding - 11) // 4 + 1
    for _ in range(3):
        side = (side - kernel) // 2 + 1
    return 256 * side**2


@exercise(
    "alexnet.features",
    task="How many features reach fc6 when the input is `side` pixels wide?",
    checker=function(
        _features,
        # Every remainder of the stride, and odd and even maps before each pooling.
        [(side,) for side in (227, 224, 256, *range(67, 140, 3))],
        wrong=[
            (
                lambda side: _features(side) // 256,
                "Those are the units of one map. conv5 leaves 256 maps.",
            ),
            (
                lambda side: 256 * 6 * 6,
                "That is right for 227 only: let the side go through the formula.",
            ),
            (
                lambda side: _features(side, padding=2),
                "conv1 has no padding, here and in the code of 2012 (torchvision: 2).",
            ),
            (
                lambda side: _features(side + 3),
                "That rounds up: where conv1's window no longer fits it has no place.",
            ),
            (
                lambda side: 256 * ((side - 11) // 4 + 1) ** 2,
                "That is after conv1's stride. Three poolings follow.",
            ),
        ],
        look="(n + 2p − k) // s + 1 for conv1 (11, stride 4), then three times for "
        "pooling (3, stride 2); the other convolutions keep the side.",
    ),
    hints=[
        "conv2 to conv5 are padded so that they keep the side of their maps.",
        "227 → 55 → 27 → 13 → 6; do the same with `side`, in whole numbers.",
    ],
    more="At 224, rounded down, it is 6,400: fc6 is built for 9,216. The code of 2012 "
    "rounded up, and so had 55 and 9,216 at 224.",
)
def features(side: int) -> int:
    """conv1, then the three poolings; all other layers keep the side."""
    side = (side - 11) // 4 + 1
    for _ in range(3):
        side = (side - 3) // 2 + 1
    return 256 * side * side


def _norm(a: Tensor, alpha: float, size: int = 5, k: float = 2.0) -> Tensor:
    maps = torch.arange(a.shape[1])
    near = ((maps[:, None] - maps).abs() <= size // 2).to(a.dtype)
    energy = torch.einsum("ij,njhw->nihw", near, a * a)
    return a / (k + alpha * energy) ** 0.75


def _maps(generator: torch.Generator) -> list[tuple]:
    return [
        (50 * torch.rand(2, 7, 2, 3, generator=generator), 1e-4),
        (torch.rand(1, 9, 1, 1, generator=generator), 0.5),
        (torch.ones(1, 3, 1, 1), 1.0),
    ]


@exercise(
    "alexnet.response-norm",
    task="Normalise maps [N, C, H, W] by the formula (n = 5, k = 2, beta = 0.75).",
    checker=function(
        _norm,
        _maps,
        wrong=[
            (
                lambda a, alpha: _norm(a, alpha / 5),
                "That is `nn.LocalResponseNorm` with the same alpha: it divides alpha "
                "by the five. The paper's formula does not.",
            ),
            (
                lambda a, alpha: _norm(a, alpha, size=3),
                "Two neighbours on *each* side, and the map itself: five.",
            ),
            (
                lambda a, alpha: a / (2 + alpha * a.square()) ** 0.75,
                "Each map is divided by itself only. What about its neighbours?",
            ),
            (
                lambda a, alpha: _norm(a, alpha, k=1.0),
                "The constant k is 2 here.",
            ),
            (
                lambda a, alpha: (
                    a / (2 + alpha * a.square().sum(1, keepdim=True)) ** 0.75
                ),
                "That sums over all maps; the formula takes five.",
            ),
        ],
        look="Sum the squares over maps i−2 to i+2, fewer at both ends, at each pixel.",
    ),
    hints=[
        "The neighbours are channels, not pixels: dimension 1.",
        "`a[:, max(0, i - 2) : i + 3]` are the neighbours of map i.",
        "`nn.LocalResponseNorm` works too, once you give it the right alpha.",
    ],
    more="torch's layer agrees when its alpha is five times this one. The code of 2012 "
    "divided by the size, too.",
)
def response_norm(a: Tensor, alpha: float) -> Tensor:
    """Map by map; a slice cut off at the ends is what the formula's max and min say."""
    maps = []
    for i in range(a.shape[1]):
        near = a[:, max(0, i - 2) : i + 3]
        energy = near.square().sum(1)
        maps.append(a[:, i] / (2 + alpha * energy) ** 0.75)
    return torch.stack(maps, 1)


def _dropped(x: Tensor, keep: Tensor, p: float, training: bool) -> Tensor:
    return x * keep / (1 - p) if training else x


def _masks(generator: torch.Generator) -> list[tuple]:
    x = torch.randn(3, 4, generator=generator)
    keep = torch.rand(3, 4, generator=generator) < 0.5
    everything = torch.ones(3, 4, dtype=torch.bool)
    return [
        *((x, keep, 0.5, True), (x, keep, 0.2, True), (x, everything, 0.0, True)),
        *((x, keep, 0.2, False), (x, keep, 0.5, False)),
    ]


@exercise(
    "alexnet.dropout",
    task="Inverted dropout: `keep` says which values stay; p is the share that goes.",
    checker=function(
        _dropped,
        _masks,
        wrong=[
            (
                lambda x, keep, p, training: x * keep if training else x * (1 - p),
                "That is dropout as published: it scales at test time. The inverted "
                "kind leaves test time alone.",
            ),
            (
                lambda x, keep, p, training: x * keep if training else x,
                "The mean of what comes out in training is too small. By how much?",
            ),
            (
                lambda x, keep, p, training: x * keep / p if training else x,
                "Try p = 0.2: how many values stay, and what makes up for the others?",
            ),
            (
                lambda x, keep, p, training: x * keep / (1 - p),
                "At test time nothing is dropped.",
            ),
        ],
        look="In training the mean over masks must be x; at test time it is x anyway.",
    ),
    hints=[
        "`keep` is true with probability 1 − p.",
        "The mean of `x * keep` is x (1 − p): divide by what is too much.",
    ],
    more="This is `nn.Dropout`, so a network trained with it needs no change at test.",
)
def dropout(x: Tensor, keep: Tensor, p: float, training: bool) -> Tensor:
    """Scaled while training, so that evaluation is the identity."""
    if not training:
        return x
    return x * keep / (1 - p)


@exercise(
    "alexnet.crops",
    task="From how many places can a 227×227 crop be cut out of 256×256 pixels?",
    checker=number(
        900,
        wrong={
            841: "29 pixels are left over. How many starting points are that?",
            1800: "That counts mirror images. How many places are there?",
            1024: "That is 32², as the paper counts for crops of 224.",
            1089: "Right for crops of 224. These are 227 pixels wide.",
            30: "That is along one side.",
        },
        look="Start at column 0, 1, ... as long as the crop fits; rows likewise.",
    ),
    hints=[
        "A crop of 227 in 228 pixels has two places along a side.",
        "Along one side there are 256 − 227 + 1 places.",
    ],
    more="For 224 it is 33² = 1,089, and the code of 2012 draws from all of them; the "
    "paper's 2,048 is 32² · 2.",
)
def crops() -> int:
    """256 − 227 + 1 starting points along each side, squared."""
    return (256 - 227 + 1) ** 2
