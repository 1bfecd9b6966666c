"""The bug clinic, ward of evaluation: what is said of an epoch, and of an image."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from lenet_course.exercises.checkers import Checker, NotYet, function
from lenet_course.exercises.compare import as_number
from lenet_course.exercises.registry import exercise
from lenet_course.exercises.staged import attempt


def _telling(combine: Callable) -> Callable:
    """A `train_epoch` that makes something else of the losses."""

    def train_epoch(model, optimizer, batches, step):
        return combine([step(model, optimizer, x, y) for x, y in batches])

    return train_epoch


def _mean(losses: list[float]) -> float:
    return sum(losses) / len(losses)


class _Step:
    """A training step that is played: it notes the batch and has its loss ready."""

    def __init__(self, losses: list[float]):
        self.losses, self.seen = losses, []

    def __call__(self, model, optimizer, images: Tensor, labels: Tensor) -> float:
        if len(self.seen) == len(self.losses):
            raise NotYet("It takes more steps than there are batches.")
        self.seen.append(int(images.flatten()[0]))
        return self.losses[len(self.seen) - 1]


_MISTAKES: list[tuple[Callable, str]] = [
    (lambda losses: losses[-1], "That is the loss of the last batch alone."),
    (lambda losses: losses[0], "That is the loss of the first batch alone."),
    (sum, "That is the sum: an epoch of twice the batches would look twice as bad."),
    (min, "That is the best batch: what about the others?"),
    (
        lambda losses: losses[-1] / len(losses),
        "Divided rightly, but what was divided is only the last batch.",
    ),
]


def _test_epoch(answer: Callable) -> str | None:
    for losses in ([2.25, 1.5, 0.75, 1.125], [0.5, 4.0, 0.25], [1.75]):
        step = _Step(losses)
        batches = [(torch.full((8, 1), i), torch.zeros(8)) for i in range(len(losses))]
        got = as_number(attempt(answer, "model", "optimizer", batches, step))
        if step.seen != list(range(len(losses))):
            return "Each batch of the epoch should be trained on once, in its turn."
        if abs(got - _mean(losses)) > 1e-5:
            said = f"Batches with the losses {losses} make {got:.6g}. "
            known = (p for bad, p in _MISTAKES if abs(got - bad(losses)) < 1e-5)
            return said + next(known, "All of them should count, and equally.")
    return None


@exercise(
    "clinic.epoch",
    task="Repair `train_epoch`: it trains, and returns the mean loss of the epoch.",
    checker=Checker(
        _test_epoch,
        tuple((_telling(bad), pointer) for bad, pointer in _MISTAKES),
        takes_function=True,
    ),
    hints=[
        "Which batches does the number that is returned know of?",
        "Add up inside the loop, divide once behind it. The batches are equally long.",
    ],
    more="It is the mean *during* the epoch: the first batches met older weights.",
)
def train_epoch(model, optimizer, batches, step) -> float:
    """All batches of the epoch, not the one that came last.

    **Why it is easy to miss.** Python keeps the loop's variable, so `loss` is there
    behind the loop, and it is a true loss. The curve falls as a whole; only its jumps,
    which are those of single batches, look like a learning rate that is too high.
    """
    total = 0.0
    for images, labels in batches:
        total += step(model, optimizer, images, labels)
    return total / len(batches)


def _scored(generator: torch.Generator) -> list[tuple]:
    def case(count: int, scale: float, threshold: float) -> tuple:
        return scale * torch.randn(count, 10, generator=generator), threshold

    return [case(64, 3, 0.9), case(10, 2, 0.5), case(1, 1, 0.9), case(20, 200, 0.99)]


def _shares(of: Callable) -> Callable:
    return lambda logits, threshold: of(logits).amax(1) >= threshold


@exercise(
    "clinic.axis",
    task="Repair `is_sure(logits, threshold)`: one yes or no an image.",
    checker=function(
        _shares(lambda logits: logits.softmax(1)),
        _scored,
        look="The shares of one image add up to 1. Along which axis do yours?",
        wrong=[
            (
                _shares(lambda logits: logits.softmax(0)),
                "The shares of an image depend on the other images: what adds up to 1?",
            ),
            (
                _shares(lambda logits: logits.flatten().softmax(0).view_as(logits)),
                "All images share one 1 between them: what should add up to 1?",
            ),
            (_shares(lambda logits: logits), "Logits are compared, and not shares."),
            (
                _shares(torch.sigmoid),
                "Ten answers of yes or no for an image, not one choice among ten.",
            ),
            (
                _shares(lambda logits: logits.exp() / logits.exp().sum(1, True)),
                "Right for small logits; for large ones `exp` is infinite.",
            ),
        ],
    ),
    hints=[
        "Add up `F.softmax(logits, dim=0)` along each of its two axes.",
        "`dim` is the axis along which the shares add up to 1: that of the classes.",
    ],
    more="Ask for one image alone: its answer must be that which it has in company.",
)
def is_sure(logits: Tensor, threshold: float) -> Tensor:
    """The shares of one image add up to 1: axis 1, the axis of the classes.

    **Why it is easy to miss.** The shape stays, every number lies between 0 and 1, and
    in a square batch even the sum of all of them is right. An image alone gets 1 for
    every class; in a large batch nobody is sure of anything. Without `dim`, PyTorch
    guesses and warns.
    """
    return F.softmax(logits, dim=1).amax(1) >= threshold
