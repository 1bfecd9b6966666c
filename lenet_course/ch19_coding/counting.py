"""Coding tasks: sizes, parameters, receptive fields, the network from memory."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lenet_course.exercises.checkers import function, module
from lenet_course.exercises.registry import exercise


def _size_that_comes_out(n, kernel, stride, padding, dilation):
    """By running a convolution."""
    row = torch.zeros(1, 1, n)
    weight = torch.zeros(1, 1, kernel)
    out = F.conv1d(row, weight, stride=stride, padding=padding, dilation=dilation)
    return out.shape[-1]


def _windows(generator: torch.Generator) -> list[tuple]:
    """Cases one knows by heart, and twenty others."""
    known = [(32, 5, 1, 0, 1), (28, 2, 2, 0, 1), (224, 11, 4, 2, 1), (28, 3, 1, 2, 2)]
    sizes = torch.tensor([40, 6, 4, 4, 3])
    drawn = (torch.rand(20, 5, generator=generator) * sizes).long()
    return known + [tuple((n + torch.tensor([20, 1, 1, 0, 1])).tolist()) for n in drawn]


@exercise(
    "coding.output-size",
    task="Write `output_size(n, kernel, stride, padding, dilation)`.",
    checker=function(
        _size_that_comes_out,
        _windows,
        look="How many pixels does the stretched kernel span?",
        wrong=[
            (
                lambda n, k, s, p, d: (n + 2 * p - k) // s + 1,
                "Right without dilation. What does a gap between the taps change?",
            ),
            (
                lambda n, k, s, p, d: (n + 2 * p - d * k) // s + 1,
                "Three taps have two gaps between them, not three.",
            ),
            (
                lambda n, k, s, p, d: -((d * (k - 1) + 1 - n - 2 * p) // s) + 1,
                "Rounded up: a kernel that sticks out has no place.",
            ),
        ],
    ),
    hints=[
        "A kernel of k taps with gaps d spans d·(k − 1) + 1 pixels.",
        "Then: padded length minus span, over the stride, rounded down, plus one.",
    ],
    more="Pooling follows the same formula; PyTorch's `ceil_mode` rounds up instead.",
)
def output_size(n, kernel, stride=1, padding=0, dilation=1):
    """Time O(1), memory O(1).

    Say it as you write it: the kernel spans d·(k − 1) + 1 pixels; its left end can
    move over what is left, in steps of s, and it also has the place it starts from.
    """
    span = dilation * (kernel - 1) + 1
    return (n + 2 * padding - span) // stride + 1


def _built(layers: list[tuple]) -> int:
    """By building the layers and counting."""
    kinds = {
        "conv": lambda i, o, k: nn.Conv2d(i, o, k),
        "linear": lambda i, o: nn.Linear(i, o),
        "norm": lambda c: nn.BatchNorm2d(c),
        "pool": lambda k: nn.AvgPool2d(k),
    }
    made = [kinds[kind](*sizes) for kind, *sizes in layers]
    return sum(p.numel() for layer in made for p in layer.parameters())


def _counter(bias=True, norm=2):
    def count(layers):
        total = 0
        for kind, *sizes in layers:
            if kind == "conv":
                i, o, k = sizes
                total += o * (i * k * k + bias)
            elif kind == "linear":
                total += sizes[1] * (sizes[0] + bias)
            elif kind == "norm":
                total += norm * sizes[0]
        return total

    return count


_LENET = [("conv", 1, 6, 5), ("pool", 2), ("conv", 6, 16, 5), ("pool", 2)]
_LENET += [("conv", 16, 120, 5), ("linear", 120, 84), ("linear", 84, 10)]


@exercise(
    "coding.count-parameters",
    task='Write `count_parameters(layers)`; kinds: "conv", "linear", "norm", "pool".',
    checker=function(
        _built,
        [
            *((_LENET,), ([("linear", 3, 4)],), ([("conv", 3, 8, 3), ("norm", 8)],)),
            *(([],), ([("norm", 5), ("pool", 3), ("conv", 4, 2, 1), ("norm", 2)],)),
        ],
        look="One layer at a time: what has weights, and who has a bias?",
        wrong=[
            (
                _counter(bias=False),
                "Weights only: each output channel has a bias, too.",
            ),
            (
                _counter(norm=4),
                "Batch normalisation stores four numbers a channel; how many are "
                "trained?",
            ),
            (_counter(norm=0), "Batch normalisation trains a scale and a shift."),
        ],
    ),
    hints=[
        "A convolution: out · (in · k² + 1). A dense layer: out · (in + 1).",
        "Pooling has none, batch normalisation two a channel.",
    ],
    more="For LeNet-5 it says 61,706, as the framework does.",
)
def count_parameters(layers):
    """Time O(layers), memory O(1).

    The size of the image does not appear: a convolution has as many parameters on a
    stamp as on a poster. That sentence is what the interviewer waits for.
    """
    total = 0
    for kind, *sizes in layers:
        if kind == "conv":
            inputs, outputs, kernel = sizes
            total += outputs * (inputs * kernel**2 + 1)
        elif kind == "linear":
            inputs, outputs = sizes
            total += outputs * (inputs + 1)
        elif kind == "norm":
            total += 2 * sizes[0]
    return total


def _footprint(layers: list[tuple[int, int]]) -> tuple[int, int]:
    """By gradient: which pixels move one unit, and how far its neighbour looks."""
    n = 2 + sum(k * 40 for k, _ in layers)
    row = torch.zeros(1, 1, n, requires_grad=True)
    out = row
    for kernel, stride in layers:
        out = F.conv1d(out, torch.ones(1, 1, kernel), stride=stride)
    seen = []
    for unit in (0, 1):
        (slope,) = torch.autograd.grad(out[0, 0, unit], row, retain_graph=True)
        seen.append(slope[0, 0].nonzero().flatten())
    return len(seen[0]), int(seen[1][0] - seen[0][0])


def _fields(step=lambda kernel, jump: (kernel - 1) * jump, late=False):
    def field_of(layers):
        field = jump = 1
        for kernel, stride in layers:
            if late:
                jump *= stride
            field += step(kernel, jump)
            if not late:
                jump *= stride
        return field, jump

    return field_of


@exercise(
    "coding.receptive-field",
    task="Write `receptive_field(layers)`: (field, jump) of layers (kernel, stride).",
    checker=function(
        _footprint,
        [
            *(([(5, 1), (2, 2), (5, 1), (2, 2)],), ([(5, 1)],)),
            *(([(3, 2), (3, 2), (3, 1)],), ([(7, 3), (4, 1), (5, 4), (3, 2)],), ([],)),
        ],
        look="Go forward and keep two numbers: how wide a unit sees, and the distance "
        "between two neighbours.",
        wrong=[
            (
                _fields(lambda kernel, jump: kernel - 1),
                "Right without strides. After a pool, one step in the map is more "
                "than one pixel.",
            ),
            (
                _fields(late=True),
                "The stride of a layer widens what comes after it, not itself.",
            ),
            (
                _fields(lambda kernel, jump: kernel * jump),
                "The first tap stands where the unit already looks.",
            ),
        ],
    ),
    hints=[
        "Start with field 1 and jump 1: a pixel sees itself.",
        "Each layer: field += (kernel − 1) · jump; only then jump *= stride.",
    ],
    more="LeNet-5's S4 sees 16 pixels in steps of 4; C5 sees all 32.",
)
def receptive_field(layers):
    """Time O(layers), memory O(1).

    A kernel of k taps adds k − 1 steps; each step is one jump of the map below, and
    the jump is the product of all strides before.
    """
    field = jump = 1
    for kernel, stride in layers:
        field += (kernel - 1) * jump
        jump *= stride
    return field, jump


def _lenet(
    bends=(torch.tanh,) * 4,
    pool=F.avg_pool2d,
    last=lambda logits: logits,
    flat=lambda maps: maps.flatten(1),
    late=False,
) -> Callable:
    """LeNet-5, or what comes of a slip: the bends are those of C1, C3, C5 and F6."""

    class LeNet(nn.Module):
        def __init__(self):
            super().__init__()
            self.c1, self.c3 = nn.Conv2d(1, 6, 5), nn.Conv2d(6, 16, 5)
            self.c5, self.f6 = nn.Linear(400, 120), nn.Linear(120, 84)
            self.output = nn.Linear(84, 10)

        def forward(self, x):
            for conv, bend in zip((self.c1, self.c3), bends):
                x = conv(x)
                x = bend(pool(x, 2)) if late else pool(bend(x), 2)
            x = bends[2](self.c5(flat(x)))
            return last(self.output(bends[3](self.f6(x))))

    return LeNet


def _without(missing: int) -> Callable:
    straight = [torch.tanh] * 4
    straight[missing] = lambda x: x
    return _lenet(tuple(straight))


def _mixed(maps: Tensor) -> Tensor:
    return maps.transpose(0, 1).reshape(len(maps), -1)


def _padded(features: int) -> Callable:
    def build() -> nn.Sequential:
        return nn.Sequential(
            *(nn.Conv2d(1, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2)),
            *(nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Flatten()),
            *(nn.Linear(features, 120), nn.Tanh(), nn.Linear(120, 84), nn.Tanh()),
            nn.Linear(84, 10),
        )

    return build


_STRAIGHT = "Behind {} nothing bends: it and the next layer with weights are one."


@exercise(
    "coding.lenet5",
    task="Write LeNet-5 for 32×32 grey images, as it is written today: 61,706.",
    checker=module(
        [1, 32, 32],
        [10],
        parameters=61_706,
        look="C1 156, C3 2,416, C5 48,120, F6 10,164, output 850; tanh behind the "
        "first four, average pooling behind the first two.",
        like=[_lenet(), _lenet(flat=lambda maps: maps.permute(0, 2, 3, 1).flatten(1))],
        unlike=[
            (_lenet((lambda x: x,) * 4), "It is one affine map: no activations?"),
            *(
                (_without(i), _STRAIGHT.format(name))
                for i, name in enumerate(("C1", "C3", "C5", "F6"))
            ),
            (_lenet((F.relu,) * 4), "Its units are ReLUs. What squashed in LeNet-5?"),
            (_lenet(pool=F.max_pool2d), "It takes the largest of a window: average."),
            (
                _lenet(late=True),
                "It averages first and squashes then: the other order.",
            ),
            (_lenet(flat=_mixed), "A row now holds values of several images."),
            (
                _lenet(last=lambda x: x.softmax(1)),
                "Its outputs are probabilities. The loss wants logits.",
            ),
            (
                _lenet(last=lambda x: x.log_softmax(1)),
                "Its outputs are logarithms of probabilities. The loss wants logits.",
            ),
        ],
        wrong=[
            (_padded(400), "raises"),
            (_padded(576), "trainable parameters"),
        ],
    ),
    hints=[
        "32 → 28 → 14 → 10 → 5 → 1: five layers with weights, no padding anywhere.",
        "6, 16, 120, 84, 10: maps of C1, C3, C5, then F6 and the output.",
        "C5 is a convolution with a 5×5 kernel on 5×5 maps, or `Linear(400, 120)`.",
    ],
    more="In 1998: 60,000. C3 has 900 fewer, S2 and S4 have 44, the codes are fixed.",
)
def lenet5() -> nn.Module:
    """Say the sizes while you write: 28, 14, 10, 5, 1. Then count aloud: 61,706.

    An image takes 416,520 multiplications; parameters take 247 kB in float32.
    """
    return nn.Sequential(
        *(nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2)),
        *(nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2)),
        *(nn.Conv2d(16, 120, 5), nn.Tanh(), nn.Flatten()),
        *(nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10)),
    )
