"""The cheat sheet: one page whose every number is computed when it is made."""

import math
from dataclasses import dataclass
from html import escape

import torch
from torch.nn import functional as F

from lenet_helpers import models, shapes
from lenet_helpers.models.layers import ScaledTanh

FORMULAS = [
    ("side of a map", "⌊(n + 2p − d(k − 1) − 1)/s⌋ + 1"),
    ("same size, odd k, s = 1", "p = d(k − 1)/2"),
    ("parameters", "C′·(C/g·k² + 1)"),
    ("multiply-adds", "C′m′²·C/g·k²"),
    ("connections, 1998", "C′m′²·(C·k² + 1)"),
    ("receptive field", "r += d(k − 1)·j, then j ·= s"),
    ("steps", "epochs·⌈N/B⌉"),
    ("gradients, conv, s = 1", "∂W: x ⋆ ∂y;  ∂x: full convolution of ∂y with W"),
    ("softmax and cross-entropy, one image", "∂L/∂z = p − y"),
]
SAY = [
    "zero_grad, backward, step. Gradients add up until they are cleared.",
    "F.cross_entropy takes logits and class numbers, not probabilities.",
    "eval() changes dropout and batch norm; no_grad() what is recorded.",
    "Test data choose nothing: validation picks epoch, rate and network.",
    "Convolution moves with its input (equivariant); it is not invariant.",
    "LeNet-5 of 1998: scaled tanh, trainable subsampling, a partial C3, RBF output.",
    "28×28 digits are padded to 32×32, not resized.",
    "AlexNet: more depth and width, ReLU, dropout, crops and colour, GPUs, ImageNet.",
]

KEY = (
    "n, m′: side of input and output in pixels; C, C′: maps read and made; k kernel, "
    "s stride, p padding a side, d dilation, g groups; r receptive field, j jump; "
    "N images, B batch; p, y: probabilities and one-hot label; z logits. "
    "Multiply-adds without biases."
)


@dataclass(frozen=True)
class CheatSheet:
    """The whole page as HTML; shows itself in a notebook."""

    body: str

    def __repr__(self) -> str:
        return "The cheat sheet"

    def _repr_html_(self) -> str:
        return f'<div class="cheat">{self.body}</div>'


def cheat_sheet() -> CheatSheet:
    """LeNet-5 and AlexNet by layer, the family, the formulas, numbers to know.

    >>> "340,908" in cheat_sheet()._repr_html_()
    True
    """
    said = "".join(f"<li>{escape(line)}</li>" for line in SAY)
    parts = [
        _section("LeNet-5, input 1@32×32", _lenet()),
        _section("AlexNet, input 3@227×227 (in 2012 224, rounded up)", _alexnet()),
        _section("The family", _family()),
        _section("Formulas", _pairs(FORMULAS)),
        _section("Numbers to know", _pairs(numbers())),
        _section("Say it", f"<ul>{said}</ul>"),
    ]
    return CheatSheet("".join(parts) + f'<p class="cheat-key">{KEY}</p>')


def _section(title: str, body: str) -> str:
    # It scrolls on a phone, and what scrolls must be reachable by keyboard.
    start = f'<section tabindex="0" aria-label="{escape(title)}">'
    return f"{start}<h3>{escape(title)}</h3>{body}</section>"


def _table(heads: list[str], rows: list[list[str]]) -> str:
    top = "".join(f'<th scope="col">{escape(head)}</th>' for head in heads)
    lines = "".join(
        f'<tr><th scope="row">{escape(first)}</th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in rest)
        + "</tr>"
        for first, *rest in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{lines}</tbody></table>"


def _pairs(pairs: list[tuple[str, str]]) -> str:
    lines = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>'
        for name, value in pairs
    )
    return f'<table class="cheat-pairs"><tbody>{lines}</tbody></table>'


def _shape(shape: tuple[int, ...]) -> str:
    return f"{shape[0]}@{shape[1]}×{shape[2]}" if len(shape) == 3 else f"{shape[0]:,}"


def _lenet() -> str:
    old, new = shapes.trace(models.LeNet5()), shapes.trace(models.ModernLeNet5())
    today = {row.name: row for row in new}
    rows = [
        [
            row.name.upper() if row.name != "output" else "Output",
            _shape(row.output_shape),
            f"{row.params:,}",
            f"{row.connections:,}",
            f"{today[row.name].params:,}",
            f"{today[row.name].macs:,}",
            str(row.receptive_field),
        ]
        for row in old
        if row.name in today and row.name != "act"
    ]
    sums = ["All", "", f"{old.params:,}", f"{old.connections:,}"]
    rows.append([*sums, f"{new.params:,}", f"{new.macs:,}", ""])
    heads = ["", "Output", "Param. 1998", "Connect. 1998", "Param. today"]
    return _table([*heads, "Mult.-adds", "Sees"], rows)


def _alexnet() -> str:
    found = shapes.trace(models.AlexNet(), (3, 227, 227))
    rows = [
        [
            row.name,
            _shape(row.output_shape),
            f"{row.params:,}",
            f"{row.macs / 1e6:,.1f} M",
            str(row.receptive_field),
        ]
        for row in found
        if row.params
    ]
    rows.append(["All", "", f"{found.params:,}", f"{found.macs / 1e6:,.1f} M", ""])
    return _table(["", "Output", "Parameters", "Mult.-adds", "Sees"], rows)


def _family() -> str:
    family = [
        ("LeNet, 1989", models.LeNet1989(), (1, 16, 16)),
        ("LeNet-1, 1990", models.LeNet1(), (1, 28, 28)),
        ("LeNet-5, 1998", models.LeNet5(), (1, 32, 32)),
        ("LeNet-5, today", models.ModernLeNet5(), (1, 32, 32)),
        ("AlexNet, 2012", models.AlexNet(), (3, 227, 227)),
    ]
    rows = []
    for name, model, shape in family:
        found = shapes.trace(model, shape)
        counts = [f"{found.params:,}", f"{found.connections:,}"]
        rows.append([name, _shape(shape), *counts, _bytes(4 * found.params)])
    return _table(["", "Input", "Parameters", "Connections", "float32"], rows)


def _bytes(n: int) -> str:
    return f"{n / 1e6:,.1f} MB" if n >= 1e6 else f"{n / 1e3:,.1f} kB"


def numbers() -> list[tuple[str, str]]:
    """What is asked for by heart, computed here by torch."""
    a = torch.linspace(-8, 8, 8001, dtype=torch.float64, requires_grad=True)
    (sigmoid,) = torch.autograd.grad(torch.sigmoid(a).sum(), a)
    (tanh,) = torch.autograd.grad(ScaledTanh()(a).sum(), a)
    sure = F.one_hot(torch.tensor([3]), 10).double()
    floor = F.cross_entropy(sure, torch.tensor([3])).item()
    network = shapes.trace(models.ModernLeNet5())
    rows = {row.name: row for row in network}
    convolutions = rows["c1"].params + rows["c3"].params
    work = rows["c1"].macs + rows["c3"].macs
    deviation = 100 * math.sqrt(0.99 * 0.01 / 10_000)
    epoch = len(torch.arange(60_000).split(64))
    return [
        ("loss at equal logits, ten classes", f"ln 10 = {math.log(10):.3f}"),
        ("lowest loss, softmax twice, ten classes", f"{floor:.3f}"),
        ("steepest: sigmoid, scaled tanh", f"{sigmoid.max():.2f}, {tanh.max():.2f}"),
        ("steps an epoch, MNIST, batch 64", f"{epoch} with 60,000 images"),
        (
            "training memory, Adam",
            f"{adam_bytes()} bytes a parameter (float32), and activations",
        ),
        ("spread of 99 % on 10,000 images", f"± {deviation:.2f} points (one σ)"),
        ("C1 and C3 of LeNet-5 today", _shares(convolutions, work, network)),
        ("C3's kernels in 1998", f"{int(models.C3_TABLE.sum())} of {6 * 16} pairs"),
    ]


def adam_bytes() -> int:
    """What stays in memory for a float32 parameter after a step of Adam.

    >>> adam_bytes()
    16
    """
    weight = torch.nn.Parameter(torch.ones(10))
    optimizer = torch.optim.Adam([weight])
    weight.sum().backward()
    optimizer.step()
    averages = [t for t in optimizer.state[weight].values() if t.shape == weight.shape]
    kept = [weight, weight.grad, *averages]
    return sum(tensor.nbytes for tensor in kept) // weight.numel()


def _shares(params: int, macs: int, network) -> str:
    stored, done = params / network.params, macs / network.macs
    return f"{stored:.0%} of parameters, {done:.0%} of multiply-adds"
