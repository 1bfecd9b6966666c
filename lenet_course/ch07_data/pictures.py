"""Exercises on digits and labels: the centre of mass, turns, suspicious labels."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lenet_course.exercises.checkers import Checker, function
from lenet_course.exercises.registry import exercise
from lenet_course.exercises.staged import attempt


def _placed(small: Tensor, top: int, left: int) -> Tensor:
    field = torch.zeros(84, 84, dtype=small.dtype)
    field[28 + top : 28 + top + len(small), 28 + left : 28 + left + small.shape[1]] = (
        small
    )
    return field[28:56, 28:56]


def _moves(small: Tensor) -> tuple[float, float]:
    rows = torch.arange(len(small), dtype=small.dtype)
    columns = torch.arange(small.shape[1], dtype=small.dtype)
    mass = small.sum()
    down = 14 - (small.sum(1) @ rows / mass).item()
    return down, 14 - (small.sum(0) @ columns / mass).item()


def _centred(small: Tensor) -> Tensor:
    down, right = _moves(small)
    return _placed(small, math.floor(down + 0.5), math.floor(right + 0.5))


def _middle(small: Tensor) -> Tensor:
    high, wide = small.shape
    return _placed(small, 14 - high // 2, 14 - wide // 2)


def _swapped(small: Tensor) -> Tensor:
    down, right = _moves(small)
    return _placed(small, math.floor(right + 0.5), math.floor(down + 0.5))


def _of_box(small: Tensor) -> Tensor:
    flat = (small > 0).to(small.dtype)
    return _placed(small, *(math.floor(move + 0.5) for move in _moves(flat)))


def _other_way(small: Tensor) -> Tensor:
    down, right = _moves(small)
    return _placed(small, math.floor(28 - down + 0.5), math.floor(28 - right + 0.5))


def _digits(draw: torch.Generator) -> list[tuple]:
    """Boxes whose centre of mass is far from the middle, and far from a half."""
    cases = []
    for high, wide in ((20, 12), (9, 20), (20, 20), (20, 3)):
        small = 0.3 * torch.rand(high, wide, generator=draw).double()
        small[: high // 3, : max(1, wide // 4)] += 0.5
        cases.append((small,))
    return cases


@exercise(
    "data.centre",
    task=(
        "Write `centre(small)`: ink [h, w], at most 20×20, in a field of 28×28 zeros, "
        "its centre of mass as near to row 14 and column 14 as whole pixels allow."
    ),
    checker=function(
        _centred,
        _digits,
        look="Weigh the row numbers by the ink in each row; the columns likewise.",
        wrong=[
            (_middle, "That is the middle of the box, not of the ink."),
            (_swapped, "Rows and columns changed places."),
            (_of_box, "A grey pixel weighs less than a black one."),
            (_other_way, "It moves the other way."),
        ],
    ),
    hints=[
        "The centre of mass lies in row Σ i·(ink in row i) / Σ ink.",
        "`small.sum(1)` is the ink of each row. Round 14 minus the centre: that is "
        "the row in which the box begins.",
        "`field[top:top + h, left:left + w] = small`.",
    ],
    more="MNIST's digits lie within 0.52 pixels of row and column 14.",
)
def centre(small):
    """Moved by whole pixels, so that no grey level changes."""
    h, w = small.shape
    mass = small.sum()
    row = (small.sum(1) * torch.arange(h)).sum() / mass
    column = (small.sum(0) * torch.arange(w)).sum() / mass
    top, left = round(14 - row.item()), round(14 - column.item())
    field = small.new_zeros(28, 28)
    field[top : top + h, left : left + w] = small
    return field


class _Upright(nn.Module):
    """Sure of its class when the brightest corner of an image is at the top left."""

    def __init__(self, strength: float, other: int):
        super().__init__()
        self.strength, self.other = strength, other

    def forward(self, x: Tensor) -> Tensor:
        corner = x[:, 0, :8, :8].mean((1, 2))
        far = x[:, 0, -8:, -8:].mean((1, 2))
        scores = x.new_zeros(len(x), 10)
        scores[:, 3] = self.strength * corner
        scores[:, self.other] = self.strength * 0.6 * far
        return scores + (5.0 if self.training else 0.0) * far[:, None]


def _test_turn(answer) -> str | None:
    image = torch.zeros(1, 1, 32, 32)
    image[..., :8, :8] = 1
    for turns in range(4):
        for strength, other in ((6.0, 8), (9.0, 1)):
            lying = torch.rot90(image, -turns, (2, 3))
            model = _Upright(strength, other).eval()
            got = attempt(answer, model, lying.clone())
            if isinstance(got, Tensor) and got.numel() == 1:
                got = got.item()
            if isinstance(got, bool) or not isinstance(got, int | float):
                return "Return the number of quarter turns: 0, 1, 2 or 3."
            if got == turns:
                continue
            if (got + turns) % 4 == 0:
                return "That undoes the turn in the wrong direction."
            return (
                "Of the four, take the turn in which the largest probability is "
                "largest: `torch.rot90(image, k, (2, 3))` is turned anticlockwise."
            )
    return None


def _surest(model, image) -> int:
    four = torch.cat([torch.rot90(image, k, (2, 3)) for k in range(4)])
    return int(model(four).softmax(1).amax(1).argmax())


def _clockwise(model, image):
    return (4 - _surest(model, image)) % 4


def _by_logits_sum(model, image):
    four = torch.cat([torch.rot90(image, k, (2, 3)) for k in range(4)])
    return int(model(four).sum(1).argmin())


@exercise(
    "data.turn",
    task=(
        "Write `best_turn(model, image)`: how many quarter turns, anticlockwise, of "
        "`image` [1, 1, 32, 32] make the model surest of its answer?"
    ),
    checker=Checker(
        _test_turn,
        (
            (lambda model, image: 0, "largest probability"),
            (_clockwise, "wrong direction"),
            (_by_logits_sum, "largest probability"),
        ),
        takes_function=True,
    ),
    hints=[
        "`torch.rot90(image, k, (2, 3))` for k from 0 to 3, in one batch.",
        "Softmax over the classes, the largest of each row, then argmax over the four.",
    ],
    more="A network can be surest of a wrong answer: a 6 upside down is a good 9.",
)
def best_turn(model, image):
    """Four views in one batch; the surest wins. It trusts a confidence that nothing in
    training made trustworthy for digits that lie on their side.
    """
    views = torch.cat([torch.rot90(image, k, (2, 3)) for k in range(4)])
    surest = model(views).softmax(1).amax(1)
    return surest.argmax().item()


def _suspects(logits: Tensor, labels: Tensor) -> Tensor:
    own = logits.softmax(1)[torch.arange(len(labels)), labels]
    return own.argsort()


def _least_sure(logits: Tensor, labels: Tensor) -> Tensor:
    return logits.softmax(1).amax(1).argsort()


def _best_first(logits: Tensor, labels: Tensor) -> Tensor:
    return _suspects(logits, labels).flip(0)


def _raw_logit(logits: Tensor, labels: Tensor) -> Tensor:
    return logits[torch.arange(len(labels)), labels].argsort()


def _only_wrong(logits: Tensor, labels: Tensor) -> Tensor:
    order = _suspects(logits, labels)
    return order[(logits.argmax(1) != labels)[order]]


def _answers(draw: torch.Generator) -> list[tuple]:
    cases = []
    for count in (12, 40):
        logits = 3 * torch.randn(count, 10, generator=draw)
        logits += 6 * torch.randn(count, 1, generator=draw)  # shifts no probability
        cases.append((logits, torch.randint(10, (count,), generator=draw)))
    return cases


@exercise(
    "data.suspects",
    task=(
        "Write `suspects(logits, labels)`: the numbers of all images, first the one "
        "whose own label the network finds least likely."
    ),
    checker=function(
        _suspects,
        _answers,
        look="For each image the probability of the label that it was given.",
        wrong=[
            (_least_sure, "That ranks by what the network is sure of, labels aside."),
            (_best_first, "The least likely come first."),
            (
                _raw_logit,
                "A logit means nothing alone: a constant may be added to all.",
            ),
            (_only_wrong, "All images, also those it gets right: it may be unsure."),
        ],
    ),
    hints=[
        "Softmax first. Then pick one column a row.",
        "`p[torch.arange(len(labels)), labels]`, or the cross-entropy of each image.",
    ],
    more="Out of folds, please: a network believes the labels it was trained on.",
)
def suspects(logits, labels):
    """The cross-entropy of one image is −log of this probability: the same order."""
    loss = F.cross_entropy(logits, labels, reduction="none")
    return loss.argsort(descending=True)
