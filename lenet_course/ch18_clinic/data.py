"""The bug clinic, ward of data: sets, statistics, labels."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from lenet_course.exercises.checkers import Checker, NotYet, function
from lenet_course.exercises.registry import exercise
from lenet_course.exercises.staged import attempt
from lenet_course.exercises.stages.split import split_checker


def _scaled_by(statistics_of: Callable) -> Callable:
    """A `normalise` that scales the test set by the statistics of something."""

    def normalise(train: Tensor, test: Tensor) -> tuple[Tensor, Tensor]:
        own, other = train, statistics_of(train, test)
        return (train - own.mean()) / own.std(), (test - other.mean()) / other.std()

    return normalise


def _pooled(train: Tensor, test: Tensor) -> tuple[Tensor, Tensor]:
    both = torch.cat([train, test])
    return (train - both.mean()) / both.std(), (test - both.mean()) / both.std()


def _image_by_image(train: Tensor, test: Tensor) -> tuple[Tensor, Tensor]:
    def scaled(images):
        mean = images.mean((1, 2, 3), keepdim=True)
        return (images - mean) / images.std((1, 2, 3), keepdim=True)

    return scaled(train), scaled(test)


def _sets(generator: torch.Generator) -> list[tuple]:
    train = torch.rand(60, 1, 8, 8, generator=generator)
    test = torch.rand(5, 1, 8, 8, generator=generator)
    return [(train, test), (train, 0.3 * test), (train, test[:1] + 2)]


@exercise(
    "clinic.statistics",
    task="Repair `normalise(train, test)`; it returns both sets, normalised.",
    checker=function(
        _scaled_by(lambda train, test: train),
        _sets,
        tolerance=2e-3,
        look="One mean and one deviation, of one set, applied to both.",
        wrong=[
            (
                _scaled_by(lambda train, test: test),
                "A test image now depends on the other test images. Which numbers "
                "did the network see in training?",
            ),
            (
                _pooled,
                "The test set has a say in how the training images are scaled: a "
                "small leak, and you cannot do it for images that come tomorrow.",
            ),
            (
                _image_by_image,
                "Every image by itself: that is a method of its own, but it is not "
                "what the training set was scaled by before.",
            ),
            (
                lambda train, test: _scaled_by(lambda a, b: a)(train, test)[::-1],
                "which is not the right shape",
            ),
        ],
    ),
    hints=[
        "What would `normalise` do with a test set of a single image?",
        "The statistics belong to the network, like its weights: they are learned "
        "from the training set and then stay.",
    ],
    more="Mean and deviation are learned from data: they are part of the model.",
)
def normalise(train: Tensor, test: Tensor) -> tuple[Tensor, Tensor]:
    """Statistics of the training set, applied to both.

    **Why it is easy to miss.** MNIST's two sets have nearly the same mean, so the
    score hardly moves. It breaks in use: a single image, or a page with many fields
    blacked out, brings its own statistics, and the same digit arrives as other
    numbers than the network learned.
    """
    mean, std = train.mean(), train.std()
    return (train - mean) / std, (test - mean) / std


def _shuffler(orders: Callable) -> Callable:
    def shuffle(images: Tensor, labels: Tensor, generator: torch.Generator):
        first, second = orders(len(labels), generator)
        return images[first], labels[second]

    return shuffle


def _order(count: int, generator: torch.Generator) -> Tensor:
    return torch.randperm(count, generator=generator)


def _shuffled(answer: Callable, seed: int) -> tuple[Tensor, Tensor]:
    labels = torch.arange(50)
    images = labels.view(50, 1, 1, 1) * torch.ones(1, 4, 4)
    generator = torch.Generator().manual_seed(seed)
    got = attempt(answer, images, labels, generator, kind=(tuple, list))
    if len(got) != 2 or not all(isinstance(part, Tensor) for part in got):
        raise NotYet("Return two tensors: images, then labels.")
    if got[0].shape != images.shape or got[1].shape != labels.shape:
        raise NotYet("The shapes changed: every image and every label is to stay.")
    return got[0][:, 0, 0, 0].long(), got[1].long()


def _test_shuffle(answer: Callable) -> str | None:
    images, labels = _shuffled(answer, 0)
    if not torch.equal(images, labels):
        stay = torch.equal(labels, torch.arange(50))
        which = "The labels stay where they were" if stay else "Two orders were drawn"
        return f"{which}: image 0 no longer stands beside its label."
    if not torch.equal(labels.sort().values, torch.arange(50)):
        return "Some images are there twice, and others are lost."
    if torch.equal(labels, torch.arange(50)):
        return "The pairs are right, but nothing is shuffled any more."
    orders = {tuple(_shuffled(answer, seed)[1].tolist()) for seed in range(6)}
    if len(orders) < 6:
        return "Two seeds give the same order: draw it from the generator."
    if not torch.equal(labels, _shuffled(answer, 0)[1]):
        return "The same generator gives two orders: draw from it, only once."
    return None


@exercise(
    "clinic.pairs",
    task="Repair `shuffle`: a new order, in which each image keeps its label.",
    checker=Checker(
        _test_shuffle,
        (
            (_shuffler(lambda n, g: (_order(n, g), _order(n, g))), "Two orders"),
            (_shuffler(lambda n, g: (_order(n, g), slice(None))), "labels stay"),
            (_shuffler(lambda n, g: (slice(None),) * 2), "nothing is shuffled"),
            (
                _shuffler(lambda n, g: (torch.randint(n, (n,), generator=g),) * 2),
                "there twice",
            ),
            (_shuffler(lambda n, g: (torch.randperm(n),) * 2), "two orders"),
        ),
        takes_function=True,
    ),
    hints=[
        "Look at five images with their labels, after the shuffle.",
        "How many random orders are drawn? How many may there be?",
    ],
    more="One order, used twice.",
)
def shuffle(images: Tensor, labels: Tensor, generator: torch.Generator):
    """Draw the order once and index both tensors with it.

    **Why it is easy to miss.** Every line is right by itself. The loss sits at ln 10,
    which looks like a learning rate, a bad start or a dead activation; a large network
    can even learn the random labels by heart. Ten pictures with their labels show it in
    a second.
    """
    order = torch.randperm(len(labels), generator=generator)
    return images[order], labels[order]


def _unseeded(count: int, held: int, seed: int) -> tuple[Tensor, Tensor]:
    order = torch.randperm(count)
    return order[held:], order[:held]


@exercise(
    "clinic.split",
    task="Repair `split_indices`: tomorrow's split must be today's.",
    checker=split_checker,
    wrong=[(_unseeded, "generator that everything shares")],
    hints=[
        "Which line draws random numbers, and from where?",
        "`torch.Generator().manual_seed(seed)` is a source of its own.",
    ],
    more="The split belongs to the experiment: the same seed, the same images.",
)
def split_indices(count: int, held: int, seed: int) -> tuple[Tensor, Tensor]:
    """A generator of its own, with the seed it is given.

    **Why it is easy to miss.** Within one run everything is right. Only when weights
    are loaded in another process is the validation set a new one, and then the score
    is *better* than it should be; nobody looks for a bug in good news.
    `torch.manual_seed` would repeat the split, too, but reset everybody's randomness.
    """
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(count, generator=generator)
    return order[held:], order[:held]


def _columns(generator: torch.Generator) -> list[tuple]:
    sizes = (8, 1, 3)
    return [
        (
            torch.randn(n, 10, generator=generator),
            torch.randint(1, 10, (n, 1), generator=generator).float(),
        )
        for n in sizes
    ]


@exercise(
    "clinic.labels",
    task="Repair `loss_of`: the labels are a column of floats, [N, 1], from a table.",
    checker=function(
        lambda logits, column: F.cross_entropy(logits, column[:, 0].long()),
        _columns,
        look="`F.cross_entropy` wants one class number an image: int64, shape [N].",
        wrong=[
            (lambda logits, labels: F.cross_entropy(logits, labels), "raises"),
            (lambda logits, labels: F.cross_entropy(logits, labels.long()), "raises"),
            (
                lambda logits, labels: F.cross_entropy(logits, labels.squeeze().long()),
                "raises",
            ),
            (
                lambda logits, labels: F.cross_entropy(logits, labels.argmax(1)),
                "The largest entry of a column with one number is always number 0.",
            ),
            (
                lambda logits, labels: F.cross_entropy(
                    logits, labels.expand(-1, 10).softmax(1)
                ),
                "The loss now takes the labels for probabilities of the ten classes.",
            ),
        ],
    ),
    hints=[
        "Two things are off: the type and the shape. The message names one at a time.",
        "`flatten()` makes [N] of [N, 1], also when N is 1.",
    ],
    more="Convert labels once, where they are read, not in the loop.",
)
def loss_of(logits: Tensor, labels: Tensor) -> Tensor:
    """Class numbers: int64, one an image.

    **Why it is easy to miss.** It is not: it stops at once. But the message names one
    fault at a time, and the first cure that runs is often a silent bug: `squeeze()`
    also removes the batch when it has one image, and a column of shape [N, 1] in
    `F.mse_loss` against [N] is broadcast to N × N without an error.
    """
    return F.cross_entropy(logits, labels.flatten().long())
