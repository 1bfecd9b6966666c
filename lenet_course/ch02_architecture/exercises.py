"""The exercises of the chapter on the architecture."""

import itertools

import torch
from torch import Tensor, nn

from lenet_course.exercises.checkers import function, module, number
from lenet_course.exercises.registry import exercise
from lenet_helpers import shapes


@exercise(
    "architecture.output-size",
    task="Write `output_size(n, kernel, stride, padding)` for one side of a map.",
    checker=function(
        shapes.conv_output_size,
        [(32, 5, 1, 0), (28, 2, 2, 0), (28, 5, 1, 2), (8, 3, 2, 1), (15, 2, 2, 0)]
        + list(itertools.product((9, 14, 31), (1, 4, 7), (1, 2, 3, 5), (0, 1, 3))),
        look="Draw a row of pixels and slide the kernel along it: where does it fit?",
        wrong=[
            (
                lambda n, kernel, stride, padding: n - kernel + 1,
                "Right for stride 1 without padding. What do the other two change?",
            ),
            (
                lambda n, k, stride, padding: (n + 2 * padding - k) // stride,
                "That counts the steps. How many places do three steps connect?",
            ),
            (
                lambda n, k, stride, padding: (n + padding - k) // stride + 1,
                "The frame lies on both sides of the row.",
            ),
            (
                lambda n, k, stride, padding: (n + 2 * padding - k) / stride + 1,
                "A kernel that sticks out over the edge has no place: no half sizes.",
            ),
        ],
    ),
    hints=[
        "Padding first: how long is the row that the kernel slides along?",
        "The kernel starts at 0 and must end inside. How many strides fit in between?",
        "One more place than there are steps; `//` drops the part of a step.",
    ],
    more="Pooling follows the same formula; `nn.AvgPool2d(2)` takes the kernel's side "
    "as its stride.",
)
def output_size(n: int, kernel: int, stride: int = 1, padding: int = 0) -> int:
    """The padded row has n + 2p pixels. The kernel's left end can move over
    n + 2p − k of them, in steps of s; it also has the place it starts from.
    """
    return (n + 2 * padding - kernel) // stride + 1


@exercise(
    "architecture.c1-rgb",
    task="How many parameters does C1 have on colour images (three channels)?",
    checker=number(
        456,
        wrong={
            156: "That is C1 for grey images. What does each of its 6 maps read now?",
            468: "Three times the grey C1 triples the biases, too.",
            450: "These are the weights. What else does each map have?",
            158: "Every map needs a kernel for every channel that it reads.",
        },
        look="Start with one map: how many weights has it, and how many biases?",
    ),
    hints=[
        "One map of C1 sums over three channels, each with its own 5×5 kernel.",
        "One map: 3 · 25 weights and one bias.",
    ],
    more="Only the weights grow with the channels read; there is one bias a map.",
)
def c1_rgb() -> int:
    """Each of the 6 maps has a 5×5 kernel for each of the 3 channels, and one bias."""
    maps, channels, kernel = 6, 3, 5
    return maps * (channels * kernel**2 + 1)


@exercise(
    "architecture.c3-parameters",
    task="How many trainable parameters has C3 as published in 1998?",
    checker=number(
        1516,
        wrong={
            2416: "That joins all maps of S2 to all of C3. Count the coloured dots.",
            1500: "These are the weights alone.",
            1560: "A bias belongs to a map of C3, not to a kernel.",
            1525: "That gives C3 a bias for each weight of a kernel.",
            60: "These are the kernels. How many weights has each?",
        },
        look="Add up the bottom row of the table, then count weights and biases.",
    ),
    hints=[
        "Every coloured dot of the table is one 5×5 kernel.",
        "There are 6·3 + 9·4 + 1·6 dots.",
        "Each of the 16 maps has one bias, however many maps it reads.",
    ],
    more="Joining all 96 pairs, as today, costs 36 kernels more: +900, which is 2,416.",
)
def c3_parameters() -> int:
    """Six maps read three maps of S2, nine read four, one reads all six."""
    kernels = 6 * 3 + 9 * 4 + 1 * 6
    biases = 16
    return kernels * 5 * 5 + biases


@exercise(
    "architecture.lenet1-connections",
    task="How many connections has H1, the first layer of LeNet-1?",
    checker=number(
        59904,
        wrong={
            104: "These are the parameters. How often is each used in one image?",
            57600: "In the 1998 count a bias is a connection, too.",
            81536: "The kernel has no place at every input pixel. How large is a map?",
            14976: "That is one map.",
            2304: "These are the units. How many links has each?",
        },
        look="Units of the layer, times what one unit reads.",
    ),
    hints=[
        "How large are H1's maps, when a 5×5 kernel slides over 28×28?",
        "4 · 24 · 24 units; each reads 25 pixels and its bias.",
    ],
    more="98,442 connections in all, on 2,578 parameters: LeNet-1 shares even more.",
)
def lenet1_connections() -> int:
    """A unit has 25 links to pixels and one to its bias; there are 4 maps of 24×24."""
    side = 28 - 5 + 1
    units = 4 * side**2
    return units * (5 * 5 + 1)


def _forgets_jump(layers: list[tuple[int, int]]) -> int:
    return 1 + sum(kernel - 1 for kernel, _ in layers)


def _jumps_first(layers: list[tuple[int, int]]) -> int:
    field, jump = 1, 1
    for kernel, stride in layers:
        jump *= stride
        field += (kernel - 1) * jump
    return field


def _adds_kernels(layers: list[tuple[int, int]]) -> int:
    return sum(kernel for kernel, _ in layers)


_LENET = [(5, 1), (2, 2), (5, 1), (2, 2), (5, 1)]
_OTHERS = [(3, 2), (3, 2), (3, 1)], [(7, 4), (1, 1), (2, 3), (4, 2), (3, 3)], [(1, 5)]


@exercise(
    "architecture.receptive-field",
    task="Write `field(layers)`: how many pixels across does a last-layer unit see?",
    checker=function(
        lambda layers: shapes.receptive_field(layers)[-1][0],
        [(_LENET[:n],) for n in range(1, 6)] + [(layers,) for layers in _OTHERS],
        look="Keep two numbers, field and jump, and go from the input upwards.",
        wrong=[
            (_forgets_jump, "After a stride of 2, neighbours lie 2 pixels apart."),
            (_jumps_first, "Which jump lies between the units that a kernel reads?"),
            (_adds_kernels, "Two 5×5 kernels, one after the other, see 9 pixels."),
        ],
    ),
    hints=[
        "Start with field = 1 and jump = 1: a pixel sees itself.",
        "A kernel adds (kernel − 1) steps of the present jump.",
        "Only then does the stride multiply the jump.",
    ],
    more="Padding plays no part: it moves the fields, it does not widen them.",
)
def field(layers: list[tuple[int, int]]) -> int:
    """A unit reads `kernel` units of the layer below, `jump` pixels apart. The stride
    of a layer sets how far *its own* units lie apart: it counts for the next layer.
    """
    field, jump = 1, 1
    for kernel, stride in layers:
        field += (kernel - 1) * jump
        jump *= stride
    return field


def _batch_flaw(model: nn.Module) -> str | None:
    try:
        with torch.no_grad():
            logits: Tensor = model(torch.zeros(2, 1, 36, 36))
    except Exception:
        return None  # refusing another size is honest
    if len(logits) != 2:
        return "Two images of 36×36 become more than two rows. Look at the flattening."
    return None


def _from_memory(
    *bends: type[nn.Module], c5=120, pool=nn.AvgPool2d, flatten=nn.Flatten, last=()
):
    """LeNet-5 with these bends after C1, C3, C5 and F6; one stands for all four."""
    c1, c3, c5_, f6 = bends * 4 if len(bends) == 1 else bends

    def build() -> nn.Sequential:
        return nn.Sequential(
            *(nn.Conv2d(1, 6, 5), c1(), pool(2), nn.Conv2d(6, 16, 5), c3(), pool(2)),
            *(nn.Conv2d(16, c5, 5), c5_(), flatten(), nn.Linear(c5, 84), f6()),
            *(nn.Linear(84, 10), *last),
        )

    return build


class _View(nn.Module):
    """The flattening that makes rows of a batch out of places of a map."""

    def forward(self, x: Tensor) -> Tensor:
        return x.view(-1, 120)


class _Scaled(nn.Module):
    """The tanh of 1998."""

    def forward(self, x: Tensor) -> Tensor:
        return 1.7159 * torch.tanh(2 / 3 * x)


_T, _I = nn.Tanh, nn.Identity
_FREE = "Nothing should bend the output: logits may be any real numbers."


@exercise(
    "architecture.from-memory",
    task="Build LeNet-5 for 32×32 grey images, with tanh and average pooling, as an "
    "`nn.Module`.",
    checker=module(
        (1, 32, 32),
        (10,),
        parameters=61_706,
        like=[_from_memory(_T), _from_memory(_Scaled)],
        unlike=[
            (_from_memory(_I), "It is one affine map: what stands between the layers?"),
            (_from_memory(_I, _T, _T, _T), "Nothing bends what C1 puts out."),
            (_from_memory(_T, _I, _T, _T), "Nothing bends what C3 puts out."),
            (_from_memory(_T, _T, _I, _T), "Nothing bends what C5 puts out."),
            (_from_memory(_T, _T, _T, _I), "Nothing bends what F6 puts out."),
            (_from_memory(nn.ReLU), "That is ReLU: tanh is asked."),
            (_from_memory(nn.Sigmoid), "That is the logistic sigmoid: tanh is asked."),
            (_from_memory(_T, pool=nn.MaxPool2d), "S2 and S4 of LeNet-5 average."),
            (_from_memory(_T, last=[nn.Softmax(1)]), _FREE),
            (_from_memory(_T, last=[nn.LogSoftmax(1)]), _FREE),
            (_from_memory(_T, last=[nn.Tanh()]), _FREE),
        ],
        also=_batch_flaw,
        look="Go through C1, S2, C3, S4, C5, F6 and output: maps, kernel, stride.",
        wrong=[
            (_from_memory(_T, c5=128), "trainable parameters"),
            (_from_memory(_T, flatten=_View), "flattening"),
            (_from_memory(_T, last=[nn.Dropout(0.1)]), "In training mode"),
        ],
    ),
    hints=[
        "Seven layers: three convolutions of 5×5, two poolings of 2×2, two linear.",
        "Maps: 6, 6, 16, 16, 120; then 84 and 10 units.",
        "An activation after C1, C3, C5 and F6; `flatten(1)` after C5.",
    ],
    more="The name of each layer, its maps and its kernel: that is the whole network.",
)
def lenet5() -> nn.Module:
    """`nn.Sequential` will do: every layer reads what the layer before it puts out.
    With names and a `forward` of your own, as in the chapter, it is as right.
    """
    return nn.Sequential(
        nn.Conv2d(1, 6, 5),  # C1: 6@28×28
        nn.Tanh(),
        nn.AvgPool2d(2),  # S2: 6@14×14
        nn.Conv2d(6, 16, 5),  # C3: 16@10×10
        nn.Tanh(),
        nn.AvgPool2d(2),  # S4: 16@5×5
        nn.Conv2d(16, 120, 5),  # C5: 120@1×1
        nn.Tanh(),
        nn.Flatten(),
        nn.Linear(120, 84),  # F6
        nn.Tanh(),
        nn.Linear(84, 10),  # output
    )
