"""The exercises of the chapter on the history."""

import torch
import torch.nn.functional as F
from torch import Tensor

from lenet_course.exercises.checkers import function, number
from lenet_course.exercises.registry import exercise


def _responses(generator: torch.Generator):
    for rows, columns, size in ((4, 4, 2), (6, 9, 3), (8, 4, 4), (3, 5, 1)):
        yield torch.randn(rows, columns, generator=generator), size
    yield -1 - torch.rand(6, 4, generator=generator), 2  # all of them weak


def _strongest(responses: Tensor, size: int) -> Tensor:
    return F.max_pool2d(responses[None, None], size)[0, 0]


@exercise(
    "history.complex-cell",
    task=(
        "Write `complex_cells(responses, size)`: each looks at a square of `size` by "
        "`size` simple cells, side by side, and answers with the strongest."
    ),
    checker=function(
        _strongest,
        _responses,
        look="Cut a 4×4 sheet into four squares on paper: which four numbers remain?",
        wrong=[
            (
                lambda r, size: F.avg_pool2d(r[None, None], size)[0, 0],
                "That is the mean of the square. Which cell decides here?",
            ),
            (
                lambda r, size: F.max_pool2d(r[None, None], size, stride=1)[0, 0],
                "These squares overlap. How far apart should two neighbours stand?",
            ),
            (
                lambda r, size: r.max(),
                "That is one cell for the whole sheet. Each should see its own square.",
            ),
            (
                lambda r, size: r[::size, ::size],
                "That keeps one corner of each square, whether it is strong or weak.",
            ),
            (
                lambda r, size: F.max_pool2d(r.abs()[None, None], size)[0, 0],
                "Strongest means largest here: a negative response is a weak one.",
            ),
        ],
    ),
    hints=[
        "`unfold(0, size, size)` cuts rows into groups; a second one cuts columns.",
        "Then take the largest over the last two dimensions: `amax((-2, -1))`.",
        "Or let `F.max_pool2d` do it; it wants a batch and a channel dimension.",
    ],
    more="The neocognitron and LeNet-5 blur here, each its own way; AlexNet is the "
    "one of the three that takes the largest.",
)
def complex_cells(responses: Tensor, size: int) -> Tensor:
    """Cut rows and columns into groups of `size`; keep the largest of each square.

    This is max pooling. As long as the strongest response only moves inside its
    square, and nothing stronger enters, the complex cell does not notice.
    """
    squares = responses.unfold(0, size, size).unfold(1, size, size)
    return squares.amax((-2, -1))


@exercise(
    "history.shared-biases",
    task=(
        "How many parameters would LeNet-1989 have if the biases of H1 and H2 were "
        "shared over each map, as in LeNet-5?"
    ),
    checker=number(
        8824,
        wrong={
            9760: "That is the network as published, with a bias for every unit.",
            8800: "That leaves H1 and H2 no bias. Sharing leaves one for each map.",
            9004: "H1 is right. H2 has a bias for every unit, too.",
            9580: "H2 is right. H1 has a bias for every unit, too.",
            8784: "H3 and the output keep theirs: they have no maps to share over.",
        },
        look="Count the units of H1 and H2, then their maps.",
    ),
    hints=[
        "H1 has 12 maps of 8×8 units, H2 has 12 of 4×4.",
        "Take 768 and 192 biases away and put 12 and 12 in their place.",
    ],
    more="A tenth of all parameters of LeNet-1989 are biases of units in maps.",
)
def shared_biases() -> int:
    """All unit biases of H1 and H2 go; one for each map comes back."""
    published = 9_760
    units = 12 * 8 * 8 + 12 * 4 * 4
    maps = 12 + 12
    return published - units + maps


@exercise(
    "history.seen",
    task=(
        "In 1998 LeNet-5 was also trained on 60,000 digits and 540,000 distorted ones, "
        "for 20 passes of 60,000 presentations. How often was each seen?"
    ),
    checker=number(
        2,
        wrong={
            20: "A pass was 60,000 presentations. How many images were there?",
            20 / 9: "Divide by all images, the originals among them.",
            1200000: "These are all presentations. Over how many images?",
            0.1: "That is one pass. There were twenty.",
        },
        look="All presentations, shared among all images.",
    ),
    hints=[
        "How many presentations are 20 passes of 60,000?",
        "How many images are there, originals and variants together?",
    ],
    more="So the paper went from 0.95 % to 0.8 % without one more presentation.",
)
def seen() -> float:
    """1,200,000 presentations over 600,000 images."""
    return 20 * 60_000 / (60_000 + 540_000)


@exercise(
    "history.sun",
    task=(
        "LeNet-1989 took 3 days: 167,693 presentations of 63,660 multiply-adds. To the "
        "nearest day, how long would LeNet-5 (1,200,000 of 328,096) have taken on that "
        "machine, at the same speed?"
    ),
    checker=number(
        3 * (1_200_000 * 328_096) / (167_693 * 63_660),
        digits=0,
        wrong={
            15: "That accounts for the larger network only.",
            21: "That accounts for the additional presentations only.",
            37: "That is how much more work it is. How long did the smaller take?",
        },
        look="Work is presentations times multiply-adds; the speed stays the same.",
    ),
    hints=[
        "Multiply presentations by multiply-adds for both networks.",
        "The ratio of the two is about 37. The smaller one took 3 days.",
    ],
    more="In 1998 it took 2 to 3: machine and program were some 40 times as fast.",
)
def on_the_sun() -> int:
    """Thirty-seven times the work at the same speed takes thirty-seven times as long.

    The backward pass costs about twice the forward pass for both; it cancels.
    """
    work_1989 = 167_693 * 63_660
    work_1998 = 1_200_000 * 328_096
    return round(3 * work_1998 / work_1989)


def _rejection(
    confidence: Tensor, right: Tensor, error: float, *, of_all: bool = False,
    first: bool = False, kept: bool = False, least: bool = False,
) -> float:  # fmt: skip
    """The oracle, and the ways to miss it."""
    order = confidence.argsort(descending=not least)
    wrong = (~right[order]).double().cumsum(0)
    count = torch.arange(1, len(right) + 1)
    fine = wrong / (len(right) if of_all else count) <= error
    cuts = fine.long().cumprod(0) if first else fine
    share = int((cuts * count).max()) / len(right)
    return share if kept else 1 - share


def _readings(generator: torch.Generator):
    for count, error in ((200, 0.01), (500, 0.05), (40, 0.1)):
        confidence = torch.randperm(count, generator=generator) / count  # no ties
        chance = 0.7 + 0.3 * confidence**0.5
        right = torch.rand(count, generator=generator) < chance
        right[confidence.argmax()] = False  # the surest one is wrong
        yield confidence, right, error
    for right, error in (
        ([1, 1, 1], 0.01),
        ([0, 0], 0.01),
        ([1, 0, 1, 1], 0.25),  # just as many wrong ones as are allowed
        ([0, 1, 0, 0, 1], 0.5),
        ([1, 1, 0], 0.0),
    ):
        order = torch.randperm(len(right), generator=generator)
        yield (1 - order / 10), torch.tensor(right, dtype=torch.bool)[order], error


@exercise(
    "history.reject",
    task=(
        "Write `reject_share(confidence, right, error)`: the smallest share of "
        "answers, least confident first, that must be rejected so that of the REST "
        "at most `error` are wrong."
    ),
    checker=function(
        _rejection,
        _readings,
        look="Sort by confidence and ask for every possible cut: how many are wrong?",
        wrong=[
            (
                lambda c, r, e: _rejection(c, r, e, of_all=True),
                "Wrong answers are to be counted among those that you keep.",
            ),
            (
                lambda c, r, e: _rejection(c, r, e, first=True),
                "You stop at the first cut that fails. One further on may hold again.",
            ),
            (
                lambda c, r, e: _rejection(c, r, e, kept=True),
                "That is the share that you keep.",
            ),
            (
                lambda c, r, e: _rejection(c, r, e, least=True),
                "You keep the answers it is least sure of.",
            ),
            (
                lambda c, r, e: (~r).double().mean().item(),
                "That is the error. Rejecting goes by confidence: you do not know "
                "which answers are wrong.",
            ),
        ],
    ),
    hints=[
        "`confidence.argsort(descending=True)` puts the surest first.",
        "`cumsum` of the wrong ones, divided by 1, 2, 3, …, is the error of each cut.",
        "Take the longest cut whose error is small enough; it may be none.",
    ],
    more="In 1989: 12.1 % rejected for 1 % error on the rest.",
)
def reject_share(confidence: Tensor, right: Tensor, error: float) -> float:
    """The error of every cut is a running sum over a running count.

    It does not fall steadily, so the longest cut that is good enough counts, not
    the one before the first bad one.
    """
    order = confidence.argsort(descending=True)
    wrong = (~right[order]).double().cumsum(0)
    kept = torch.arange(1, len(right) + 1)
    longest = (kept * (wrong / kept <= error)).max().item()
    return 1 - longest / len(right)
