"""The exercises of the chapter on training."""

import itertools
import math

import torch
import torch.nn.functional as F
from torch import Tensor

from lenet_course.exercises.checkers import function, number
from lenet_course.exercises.registry import exercise
from lenet_course.exercises.stages.loop import evaluate_checker, step_checker
from lenet_course.exercises.stages.split import split_checker


@exercise(
    "training.guessing-loss",
    task="A network for the 26 letters knows nothing yet. Where does its loss start?",
    checker=number(
        math.log(26),
        digits=2,
        wrong={
            2.30: "That is the start for ten classes. How many are there now?",
            4.70: "That is a logarithm to base 2; `F.cross_entropy` uses another.",
            0.04: "That is the probability of each letter. The loss is made from it.",
            -3.26: "Cross-entropy carries a minus sign: it is never negative.",
            1.41: "That is a logarithm to base 10; `F.cross_entropy` uses another.",
        },
        look="Which probability does a letter get, and what does the loss make of it?",
    ),
    hints=[
        "A network that knows nothing gives each class the same probability.",
        "The loss is −ln of the probability that the true class gets.",
    ],
    more="Work this number out before any training: it is the cheapest test there is.",
)
def guessing_loss() -> float:
    """Each letter gets the probability 1/26, so the loss is −ln(1/26) = ln 26."""
    import math

    return math.log(26)


@exercise(
    "training.steps-per-epoch",
    task="How many steps does an epoch have, with or without its last short batch?",
    checker=function(
        lambda images, size, drop: images // size if drop else -(-images // size),
        list(
            itertools.product(
                (60_000, 55_000, 640, 639, 10, 1), (64, 100, 1), (False, True)
            )
        ),
        wrong=[
            (
                lambda images, size, drop: images // size,
                "`drop_last=False` keeps the short batch at the end: a step, too.",
            ),
            (
                lambda images, size, drop: -(-images // size),
                "`drop_last=True` leaves the short batch out.",
            ),
            (
                lambda images, size, drop: images // size + (not drop),
                "Try 640 images in batches of 64: is there a short batch at the end?",
            ),
            (
                lambda images, size, drop: images / size,
                "There is no half step: round, and think about which way.",
            ),
        ],
        look="Divide with remainder; what becomes of the remainder?",
    ),
    hints=[
        "How many full batches are there, and is anything left over?",
        "`images // batch_size` counts the full batches; `math.ceil` counts all.",
    ],
    more="For MNIST in batches of 64: 938 steps or 937, and 860 or 859 of 55,000.",
)
def steps_per_epoch(images: int, batch_size: int, drop_last: bool) -> int:
    """The full batches, and one more if images are left over and are kept.

    In integers throughout: `math.ceil(images / batch_size)` is the same here, but a
    float quotient loses digits when the numbers get large.
    """
    full, left_over = divmod(images, batch_size)
    return full if drop_last or left_over == 0 else full + 1


@exercise(
    "training.step",
    task="Write one training step; it returns the loss as a plain number.",
    checker=step_checker,
    hints=[
        "Five things happen: forward pass, loss, clear the gradients, backward, step.",
        "`optimizer.zero_grad()` may stand anywhere before `loss.backward()`, and "
        "`optimizer.step()` after it.",
        "`loss.item()` gives the number and lets go of the graph behind the tensor.",
    ],
    more="Clear, backward, step: an order that interviews like to ask for.",
)
def training_step(model, optimizer, images, labels) -> float:
    """Clear, then backward, then step; the loss leaves as a number.

    `backward` *adds* to the gradients that are there, so they are cleared first. A loss
    kept as a tensor would keep the graph of its step alive.
    """
    loss = F.cross_entropy(model(images), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@exercise(
    "training.evaluate",
    task="Score a network in batches: mean loss over images, and accuracy from 0 to 1.",
    checker=evaluate_checker,
    hints=[
        "Three things surround the loop: evaluation mode, no gradients, and the old "
        "mode again at the end.",
        'Add up with `F.cross_entropy(..., reduction="sum")` and divide once.',
        "`images.split(batch_size)` and `labels.split(batch_size)` give the batches.",
    ],
    more="`training.evaluate` finds the same two numbers and checks its input, too.",
)
def evaluate(model, images, labels, batch_size) -> tuple[float, float]:
    """Sum over images, divide once at the end.

    The mode is remembered and put back, so that the caller may go on training.
    """
    was_training = model.training
    model.eval()
    loss, correct = 0.0, 0
    with torch.inference_mode():
        for x, y in zip(images.split(batch_size), labels.split(batch_size)):
            logits = model(x)
            loss += F.cross_entropy(logits, y, reduction="sum").item()
            correct += (logits.argmax(1) == y).sum().item()
    model.train(was_training)
    return loss / len(labels), correct / len(labels)


@exercise(
    "training.split",
    task="Cut `count` images into training and validation indices, by a seed.",
    checker=split_checker,
    hints=[
        "Shuffle all indices once, then cut: nothing can be in both parts.",
        "`torch.randperm` takes a `generator=`; make one of your own and seed it.",
    ],
    more="The same seed gives the same cut, whatever else drew random numbers before.",
)
def split_indices(count: int, held: int, seed: int) -> tuple[Tensor, Tensor]:
    """One shuffled order, cut once; the seed lives in a generator of its own.

    `torch.manual_seed(seed)` would reset the generator that everything shares.
    """
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(count, generator=generator)
    return order[held:], order[:held]


def _stop_at(losses: list[float], patience: int, keep=min) -> tuple[int, int]:
    for epoch in range(1, len(losses) + 1):
        best = losses.index(keep(losses[:epoch])) + 1
        if epoch - best >= patience:
            break
    return best, epoch


def _histories(generator: torch.Generator) -> list[tuple[list[float], int]]:
    shown = [
        ([0.5, 0.3, 0.2, 0.25, 0.22, 0.1], 2),
        ([0.5, 0.3, 0.4, 0.2, 0.3], 2),
        ([0.5, 0.4, 0.3], 5),
        ([0.3, 0.4, 0.3, 0.5, 0.6], 3),
        ([0.2, 0.3, 0.4, 0.5, 0.1], 1),
        ([0.7], 1),
    ]
    drawn = torch.randint(1, 9, (30, 12), generator=generator).double() / 10  # ties
    return shown + [(row.tolist(), 1 + i % 5) for i, row in enumerate(drawn)]


@exercise(
    "training.early-stopping",
    task="Which epoch's weights are kept, and after which epoch does training end?",
    checker=function(
        _stop_at,
        _histories,
        wrong=[
            (
                lambda losses, patience: (losses.index(min(losses)) + 1, len(losses)),
                "That trains to the end. With patience 2, two epochs in a row "
                "without a new best are enough.",
            ),
            (
                lambda losses, patience: tuple(
                    n - 1 for n in _stop_at(losses, patience)
                ),
                "Both are one too low: epochs count from 1, list indices from 0.",
            ),
            (
                lambda losses, patience: _stop_at(losses, patience, max),
                "These are losses, not accuracies: which end is the good one?",
            ),
            (
                lambda losses, patience: _stop_at(losses, patience + 1),
                "That waits one epoch too long.",
            ),
        ],
        look="Go through the list by hand: after each epoch, which was the best so "
        "far, and how many epochs ago?",
    ),
    hints=[
        "Walk through the epochs; remember the best loss and the epoch that had it.",
        "Stop as soon as `epoch - best_epoch` reaches the patience.",
    ],
    more="`training.fit(patience=...)` does it, by validation accuracy first.",
)
def early_stopping(losses: list[float], patience: int) -> tuple[int, int]:
    """Only what has been seen so far may decide: a later, better epoch never happens.

    On a tie the earlier epoch stays, since it is not *better*.
    """
    best_epoch = 1
    for epoch, loss in enumerate(losses, start=1):
        if loss < losses[best_epoch - 1]:
            best_epoch = epoch
        if epoch - best_epoch >= patience:
            break
    return best_epoch, epoch
