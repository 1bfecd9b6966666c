"""The bug clinic, ward of evaluation."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lenet_course.exercises.checkers import Checker, function
from lenet_course.exercises.compare import as_number
from lenet_course.exercises.registry import exercise
from lenet_course.exercises.staged import attempt


def _patient() -> nn.Module:
    """A network with batch normalisation and dropout."""
    torch.manual_seed(0)
    model = nn.Sequential(
        *(nn.Linear(6, 32), nn.BatchNorm1d(32), nn.ReLU()),
        *(nn.Dropout(0.6), nn.Linear(32, 4)),
    )
    model(4 * torch.randn(64, 6) + 2)  # so that it has seen statistics
    return model


def _scoring(prepare: Callable, after: Callable = lambda model: None) -> Callable:
    def accuracy(model, images, labels):
        prepare(model)
        with torch.no_grad():
            right = (model(images).argmax(1) == labels).float().mean().item()
        after(model)
        return right

    return accuracy


def _one_mode(model: nn.Module, images: Tensor, labels: Tensor) -> float:
    mode = model.training
    return _scoring(nn.Module.eval, lambda m: m.train(mode))(model, images, labels)


def _without_dropout(model: nn.Module) -> None:
    for layer in model:
        layer.train(not isinstance(layer, nn.Dropout))


def _test_eval(answer: Callable) -> str | None:
    model = _patient()
    images = 3 * torch.randn(200, 6, generator=torch.Generator().manual_seed(3)) + 1
    with torch.no_grad():
        labels = model.eval()(images).argmax(1)
    labels[:30] = (labels[:30] + 1) % 4
    kept = model[1].running_mean.clone()
    for training, frozen in ((True, False), (False, False), (True, True)):
        model.train(training)
        model[1].train(training and not frozen)
        modes = [layer.training for layer in model.modules()]
        got = as_number(attempt(answer, model, images, labels))
        if not torch.equal(kept, model[1].running_mean):
            return "The test images moved the running averages of the network."
        if abs(got - 85) < 1e-2:
            return "A share is asked, from 0 to 1."
        if abs(got - 0.85) > 1e-4:
            return f"It says {got:.6g}; scored quietly, this network has 85 %."
        if training and not model.training:
            return (
                "The score is right, but the network came in training mode and goes "
                "on in evaluation mode: the next epoch trains without dropout."
            )
        if not training and model.training:
            return "It came in evaluation mode and goes on in training mode."
        if modes != [layer.training for layer in model.modules()]:
            return (
                "The score is right, but the network came with one layer in another "
                "mode than the rest, as a frozen batch normalisation is: `train(mode)` "
                "sets all layers alike."
            )
    return None


@exercise(
    "clinic.eval",
    task="Repair `accuracy`; leave the network in the mode in which it came.",
    checker=Checker(
        _test_eval,
        (
            (_scoring(lambda model: None), "moved the running averages"),
            (_scoring(_without_dropout), "moved the running averages"),
            (_scoring(nn.Module.eval), "the next epoch trains without dropout"),
            (_scoring(nn.Module.eval, nn.Module.train), "goes on in training mode"),
            (_one_mode, "sets all layers alike"),
        ),
        takes_function=True,
    ),
    hints=[
        "Score the same images twice. What changes?",
        "`no_grad` changes what is recorded, not what is computed.",
        "`training` says in which mode the network came; `train(mode)` sets one.",
        "It sets every layer. `model.modules()` lists them all, each with its own "
        "`training`.",
    ],
    more="Two switches: `eval()` for what layers compute, `no_grad` for what is kept.",
)
def accuracy(model: nn.Module, images: Tensor, labels: Tensor) -> float:
    """Evaluation mode for the score, and each layer back to the mode of before.

    **Why it is easy to miss.** LeNet-5 has neither dropout nor batch normalisation:
    code that never called `eval()` was right for years. Then somebody adds a layer,
    and the score is lower, changes from call to call, and depends on the batch.
    `model.train(mode)` at the end restores a network whose layers are all in one mode;
    it also wakes a batch normalisation that was frozen for fine-tuning.
    """
    modes = {layer: layer.training for layer in model.modules()}
    model.eval()
    with torch.no_grad():
        right = model(images).argmax(1) == labels
    for layer, mode in modes.items():
        layer.training = mode
    return right.float().mean().item()


def _linear() -> nn.Module:
    torch.manual_seed(1)
    return nn.Linear(5, 4).requires_grad_(False)


def _unequal(generator: torch.Generator) -> list[tuple]:
    def case(count: int, size: int) -> tuple:
        images = torch.randn(count, 5, generator=generator)
        images[count - count % size :] *= 6  # the short batch is the hard one
        return _linear(), images, torch.randint(4, (count,), generator=generator), size

    return [case(130, 50), (case(11, 4)), case(12, 4), case(3, 64)]


def _averaging(combine: Callable) -> Callable:
    def mean_loss(model, images, labels, size):
        pairs = zip(images.split(size), labels.split(size))
        losses = [F.cross_entropy(model(x), y).item() for x, y in pairs]
        counts = [len(part) for part in labels.split(size)]
        return combine(losses, counts, size)

    return mean_loss


@exercise(
    "clinic.mean",
    task="Repair `mean_loss`: the batch size must not change the result.",
    checker=function(
        _averaging(
            lambda losses, counts, size: sum(
                loss * n for loss, n in zip(losses, counts)
            )
            / sum(counts)
        ),
        _unequal,
        look="The mean over *images*. Try two images and one in batches of two.",
        wrong=[
            (
                _averaging(lambda losses, counts, size: sum(losses) / len(losses)),
                "The last batch is shorter, but counts as much as the others.",
            ),
            (
                _averaging(
                    lambda losses, counts, size: (
                        sum(loss * n for loss, n in zip(losses, counts) if n == size)
                        / max(1, sum(n for n in counts if n == size))
                    )
                ),
                "The short batch is left out: those images were not scored at all.",
            ),
            (
                _averaging(
                    lambda losses, counts, size: (
                        sum(loss * n for loss, n in zip(losses, counts))
                        / (len(counts) * size)
                    )
                ),
                "The sum is right. How many images were there really?",
            ),
            (
                _averaging(
                    lambda losses, counts, size: (
                        sum(loss * size for loss in losses) / sum(counts)
                    )
                ),
                "The last batch has fewer images than `size`.",
            ),
        ],
    ),
    hints=[
        "`F.cross_entropy` returns the mean of a batch. Of how many images?",
        'Add up sums (`reduction="sum"`), and divide once, at the end.',
    ],
    more="Sum over everything, divide once: it holds for accuracy, too.",
)
def mean_loss(model: nn.Module, images: Tensor, labels: Tensor, size: int) -> float:
    """Sums over batches, one division by the number of images.

    **Why it is easy to miss.** With equal batches it is right, with MNIST's 10,000
    and batches of 100 it is, and with batches of 64 the error is small. It shows when
    somebody changes the batch size and the score changes with it.
    """
    total = 0.0
    for x, y in zip(images.split(size), labels.split(size)):
        total += F.cross_entropy(model(x), y, reduction="sum").item()
    return total / len(labels)


def _answers(generator: torch.Generator) -> list[tuple]:
    def case(count: int) -> tuple:
        labels = torch.randint(10, (count,), generator=generator)
        logits = torch.randn(count, 10, generator=generator)
        logits = logits * (1 + torch.arange(count).view(-1, 1) % 5)
        return logits + 2 * F.one_hot(labels, 10), labels

    return [case(10), case(64), case(7)]


@exercise(
    "clinic.argmax",
    task="Repair `count_right(logits, labels)`: how many images are right.",
    checker=function(
        lambda logits, labels: (logits.argmax(1) == labels).sum().item(),
        _answers,
        look="Logits are [images, classes]: which of the two do you choose from?",
        wrong=[
            (
                lambda logits, labels: (logits.argmax(0) == labels).sum().item(),
                "raises",
            ),
            (
                lambda logits, labels: (logits.softmax(0).argmax(1) == labels)
                .sum()
                .item(),
                "Softmax over the images makes the largest of a column 1, and changes "
                "who wins in a row.",
            ),
            (
                lambda logits, labels: (logits.argmax() == labels).sum().item(),
                "One `argmax` over everything gives one number for the whole batch.",
            ),
            (
                lambda logits, labels: (logits.argmax(1) == labels)
                .float()
                .mean()
                .item(),
                "That is the share; the number of images is asked.",
            ),
        ],
    ),
    hints=[
        "Which shape has `logits.argmax(0)`? What does entry 3 of it say?",
        "For each image the best class: choose along the axis of the classes.",
    ],
    more="Test with a batch whose size is not the number of classes.",
)
def count_right(logits: Tensor, labels: Tensor) -> int:
    """The axis of the classes is axis 1.

    **Why it is easy to miss.** With batches of 64 the shapes do not fit and it stops.
    With ten images and ten classes everything fits: the answer says for each *class*
    which image looks most like it, and the score is little above guessing.
    """
    return (logits.argmax(1) == labels).sum().item()
