"""The exercises of the chapter on the three LeNets."""

import torch
import torch.nn.functional as F
from torch import Tensor

from lenet_course.exercises.checkers import function, number
from lenet_course.exercises.registry import exercise


@exercise(
    "three_lenets.dense-and-moving",
    task=(
        "How many parameters would LeNet-5 of 1998 have with a full C3 and with "
        "trained codes?"
    ),
    checker=number(
        61_740,
        wrong={
            60_000: "That is the published network.",
            60_900: "C3 is done. How many numbers are ten codes?",
            60_840: "The codes are done. Which pairs of maps does C3 lack?",
            61_706: "That is today's: ten more biases, nothing learned in S2 and S4.",
            61_750: "A distance has no bias: a code is 84 numbers, not 85.",
            60_876: "Each missing pair is a kernel of 5×5, not one number.",
            63_240: "The 60 pairs of the table are there already; 36 are missing.",
        },
        look="Two things are added: the missing kernels of C3, and the codes.",
    ),
    hints=[
        "C3 has 16 maps, S2 has 6: how many of the 96 pairs are not in the table?",
        "Each missing pair is a kernel of 25 weights. Each code has 7·12 numbers.",
    ],
    more="Today's 61,706 are these without S2 and S4 (44), with ten output biases.",
)
def dense_and_moving() -> int:
    """36 kernels come to C3, ten codes of 84 to the output; no bias is added."""
    kernels = (96 - 60) * 25
    codes = 10 * 84
    return 60_000 + kernels + codes


def _tables(draw: torch.Generator) -> list[tuple[Tensor, Tensor, Tensor]]:
    cases = []
    for maps_out, maps_in, side in ((2, 3, 8), (4, 4, 9), (16, 6, 14)):
        x = torch.randn(2, maps_in, side, side + 1, generator=draw)
        weight = torch.randn(maps_out, maps_in, 5, 5, generator=draw)
        table = torch.rand(maps_out, maps_in, generator=draw) < 0.5
        table[:, 0] = True
        cases.append((x, weight, table))
    return cases


@exercise(
    "three_lenets.masked-convolution",
    task="Convolve, but let output map m read input map i only where table[m, i] is 1.",
    checker=function(
        lambda x, weight, table: F.conv2d(x, weight * table[:, :, None, None]),
        _tables,
        wrong=[
            (
                lambda x, weight, table: F.conv2d(x, weight),
                "Every map still reads every other: where does the table come in?",
            ),
            (
                lambda x, weight, table: F.conv2d(x, weight * ~table[:, :, None, None]),
                "The table says which pairs ARE connected.",
            ),
            (
                lambda x, weight, table: (
                    F.conv2d(x, weight)
                    * table.any(1)[:, None, None].to(x)
                    * table.float().mean(1)[:, None, None]
                ),
                "Weaken no output map as a whole: single kernels have to go.",
            ),
        ],
        look="The weight has one 5×5 kernel for each pair (m, i), and the table one "
        "entry. Give both four dimensions.",
    ),
    hints=[
        "A kernel that is zero is a connection that is not there.",
        "`table[:, :, None, None]` has the shape [maps out, maps in, 1, 1].",
    ],
    more="Inside the forward pass, so that the gradient of a missing pair is zero too.",
)
def masked_convolution(x: Tensor, weight: Tensor, table: Tensor) -> Tensor:
    """One multiplication, done anew in every forward pass.

    The chain rule then multiplies the gradient by the same table: what is not
    connected does not learn.
    """
    return F.conv2d(x, weight * table[:, :, None, None])


def _penalties(draw: torch.Generator) -> list[tuple[Tensor, Tensor, float]]:
    return [
        (
            4 * torch.rand(n, 10, generator=draw),
            torch.randint(10, (n,), generator=draw),
            j,
        )
        for n, j in ((6, 1.0), (3, 0.2), (5, 4.0), (1, 0.0), (40, 2.5))
    ]


@exercise(
    "three_lenets.equation-9",
    task="Compute eq. 9 for penalties [N, 10], labels [N] and the constant j.",
    checker=function(
        lambda y, labels, j: F.cross_entropy(F.pad(-y, (0, 1), value=-j), labels),
        _penalties,
        wrong=[
            (
                lambda y, labels, j: F.cross_entropy(-y, labels),
                "The rubbish class is missing: j plays no part.",
            ),
            (
                lambda y, labels, j: F.cross_entropy(F.pad(y, (0, 1), value=j), labels),
                "Mind the sign: the *smallest* penalty has to win.",
            ),
            (
                lambda y, labels, j: F.cross_entropy(
                    F.pad(-y, (0, 1), value=j), labels
                ),
                "The rubbish class enters with exp(−j), as the penalties do.",
            ),
            (
                lambda y, labels, j: F.cross_entropy(
                    F.pad(-y, (0, 1), value=-j), labels, reduction="sum"
                ),
                "Divide by the number of images.",
            ),
            (
                lambda y, labels, j: y.gather(1, labels[:, None]).mean(),
                "That is eq. 8: nothing pushes the wrong classes away.",
            ),
        ],
        look="For each image: its right penalty, plus the logarithm of a sum of "
        "eleven exponentials.",
    ),
    hints=[
        "`penalties.gather(1, labels[:, None])` picks the right class.",
        "Eleven terms: exp(−y) of the ten classes, and exp(−j). `logsumexp` adds them.",
    ],
    more="`criterion_eq9` writes it as a cross-entropy over eleven logits.",
)
def equation_9(penalties: Tensor, labels: Tensor, j: float) -> Tensor:
    """The formula to the letter; `logsumexp` keeps the exponentials from vanishing."""
    right = penalties.gather(1, labels[:, None])[:, 0]
    rubbish = torch.full_like(penalties[:, :1], j)
    terms = torch.cat([-penalties, -rubbish], dim=1)
    return (right + terms.logsumexp(1)).mean()


def _uses(draw: torch.Generator) -> list[tuple[Tensor, float, float]]:
    return [
        (torch.rand(n, uses, generator=draw), eta, mu)
        for n, uses, eta, mu in (
            *((4, 9, 5.0, 0.02), (3, 1, 0.5, 0.5), (1, 6, 2.0, 0.02)),
            *((5, 784, 100.0, 0.02), (2, 3, 1.0, 3.0)),
        )
    ]


def _rate(curvature: Tensor, eta: float, mu: float) -> Tensor:
    return eta / (mu + curvature.sum(1).mean(0))


@exercise(
    "three_lenets.rate",
    task="The rate of one shared weight from its curvature at each use in each image.",
    checker=function(
        _rate,
        _uses,
        wrong=[
            (
                lambda c, eta, mu: eta / (mu + c.mean()),
                "The weight acts once at each use, so its uses add up.",
            ),
            (
                lambda c, eta, mu: eta / (mu + c.sum()),
                "Over the images it is an average.",
            ),
            (
                lambda c, eta, mu: (eta / (mu + c.sum(1))).mean(),
                "Average the curvature, not the rate: one division, at the end.",
            ),
            (
                lambda c, eta, mu: eta / mu + c.sum(1).mean(0),
                "μ stands in the denominator, beside the curvature.",
            ),
            (
                lambda c, eta, mu: eta * (mu + c.sum(1).mean(0)),
                "The sharper the curve, the shorter the step.",
            ),
        ],
        look="Uses add up, images are averaged, and then eta is divided once.",
    ),
    hints=[
        "Sum over the uses of the weight (dimension 1), mean over the images "
        "(dimension 0).",
        "The rate is eta / (mu + curvature).",
    ],
    more="For a weight of C1 that sum has 784 terms, for one of F6 a single one.",
)
def rate(curvature: Tensor, eta: float, mu: float) -> Tensor:
    """Curvature [images, uses]: the sum over uses, the mean over images, one division.

    μ keeps a weight without any curvature from taking an endless step.
    """
    return eta / (mu + curvature.sum(dim=1).mean(dim=0))
