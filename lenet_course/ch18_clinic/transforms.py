"""The bug clinic, ward of data: a transform of bytes, and who gets a transform."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.utils.data import Dataset, Subset

from lenet_course.exercises.checkers import Checker, NotYet, function
from lenet_course.exercises.registry import exercise
from lenet_course.exercises.staged import attempt

_WRAPPED = (
    "A byte has wrapped around: 200 + 100 gives 44. Does it need more room before the "
    "sum, or after it?"
)


def _bytes(generator: torch.Generator) -> list[tuple]:
    shape = (2, 1, 6, 6)
    images = torch.randint(256, shape, generator=generator, dtype=torch.uint8)
    return [(images, amount) for amount in (100, 1, 0, 255)]


@exercise(
    "clinic.bytes",
    task="Repair `brighter(images, amount)`: bytes from 0 to 255, and none darker.",
    checker=function(
        lambda images, amount: (images.int() + amount).clamp(max=255),
        _bytes,
        look="Follow three pixels, 0, 100 and 200, each raised by 100.",
        wrong=[
            (lambda images, amount: images + amount, _WRAPPED),
            (lambda images, amount: (images + amount).clamp(0, 255), _WRAPPED),
            (
                lambda images, amount: images.int() + amount,
                "Values above 255 come out: they do not fit into a byte.",
            ),
            (
                lambda images, amount: (images / 255 + amount / 255).clamp(0, 1),
                "The right idea on another scale: bytes from 0 to 255 were asked.",
            ),
            (
                lambda images, amount: (images + amount).maximum(images),
                "Nothing gets darker, but a pixel that wrapped stays as it was.",
            ),
        ],
    ),
    hints=[
        "Which numbers does `torch.uint8` hold? What comes after the largest?",
        "Widen first, add, cut off at 255, and only then make bytes again.",
    ],
    more="Convert to floats before any arithmetic; bytes are for the disk.",
)
def brighter(images: Tensor, amount: int) -> Tensor:
    """Room for the sum first; then the cut, then bytes again.

    **Why it is easy to miss.** Dark pixels come out right, and most of a digit's image
    is dark: only the strokes go wrong. `clamp(0, 255)` behind the sum looks like the
    cure and does nothing: a byte is never outside. Differences wrap, too: `a - b` of
    two bytes is 255 where it should be −1.
    """
    return (images.int() + amount).clamp(max=255).to(torch.uint8)


class Digits(Dataset):
    """Images with labels; an image goes through ``transform`` whenever it is asked for.

    >>> one = Digits(torch.zeros(2, 1, 4, 4), torch.arange(2), lambda x: x + 1)[1]
    >>> one[0].mean().item(), one[1].item()
    (1.0, 1)
    """

    def __init__(
        self, images: Tensor, labels: Tensor, transform: Callable | None = None
    ):
        self.images, self.labels, self.transform = images, labels, transform

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, i: int) -> tuple[Tensor, Tensor]:
        image = self.images[i]
        return self.transform(image) if self.transform else image, self.labels[i]


def _subsets(images, labels, augment, held, spare=False, swap=False, frozen=False):
    """Two subsets of one set; with ``spare`` the transform is taken from it."""
    whole = Digits(images, labels, augment)
    if frozen:
        whole.images, whole.transform = torch.stack([*map(augment, images)]), None
    validation = Subset(Digits(images, labels) if frozen else whole, range(held))
    train = Subset(whole, range(held, len(whole)))
    if spare:
        validation.dataset.transform = None
    return (validation, train) if swap else (train, validation)


def _read(part, at: int) -> tuple[Tensor, Tensor]:
    try:
        image, label = part[at]
        return torch.as_tensor(image), torch.as_tensor(label)
    except Exception as error:
        raise NotYet(f"Entry {at} of a set cannot be read: {error!r:.80}.") from None


def _drawn_part(answer: Callable, count: int, held: int) -> tuple:
    """What the two sets give, entry by entry, in two rounds.

    Image i is i everywhere; each call of the augmentation adds a new 1,000th.
    """
    labels, calls = torch.arange(count), [0]
    images = labels.view(-1, 1, 1, 1) * torch.ones(1, 4, 4)

    def augment(image):
        calls[0] += 1
        return image + calls[0] / 1000

    parts = attempt(answer, images, labels, augment, held, kind=(tuple, list))
    if len(parts) != 2 or not all(hasattr(part, "__len__") for part in parts):
        raise NotYet("Return two sets: for training, then for validation.")
    return [[[_read(p, i) for i in range(len(p))] for _ in range(2)] for p in parts]


def _augmented(pairs: list) -> list[bool]:
    return [bool((image != label).any()) for image, label in pairs]


def _test_validation(answer: Callable) -> str | None:
    for count, held in ((12, 4), (9, 2)):
        train, validation = _drawn_part(answer, count, held)
        names = [[int(label) for _, label in part[0]] for part in (train, validation)]
        if list(map(len, names)) != [count - held, held]:
            return f"Of {count} images {held} are for validation, the rest to train."
        if sorted(names[0] + names[1]) != list(range(count)):
            return "Each image belongs to one of the two sets, and only once."
        if sorted(names[1]) != list(range(held)):
            return f"The first {held} were for validation: who is where should stay."
        if any(_augmented(validation[0] + validation[1])):
            return "A validation image comes back changed: whose transform is it?"
        if any(int(image.mean()) != label for image, label in train[0]):
            return "In training an image stands beside the label of another."
        if not all(_augmented(train[0])):
            return (
                "Now training is not augmented, either: two subsets of one data set "
                "share its transform."
            )
        if any(torch.equal(a[0], b[0]) for a, b in zip(*train)):
            return (
                "Training images are augmented once and for all: before, each was "
                "drawn anew when it was asked for."
            )
    return None


@exercise(
    "clinic.validation",
    task="Repair `two_sets`: training images augmented, validation images as they are.",
    checker=Checker(
        _test_validation,
        (
            (_subsets, "validation image comes back changed"),
            (lambda *a: _subsets(*a, spare=True), "share its transform"),
            (lambda *a: _subsets(*a, swap=True), "the rest to train"),
            (lambda *a: _subsets(*a, frozen=True), "once and for all"),
        ),
        takes_function=True,
    ),
    hints=[
        "What is `validation.dataset`, and what is `train.dataset`?",
        "A transform belongs to a data set. Two behaviours need two of them.",
    ],
    more="Two data sets over the same tensors cost no memory.",
)
def two_sets(images: Tensor, labels: Tensor, augment, held: int):
    """Two data sets, each with the transform that is its own.

    **Why it is easy to miss.** `random_split` and `Subset` look like two data sets, and
    are two lists of indices into one. The score is lower and noisier, as if the network
    were worse; early stopping then listens to noise. Setting the transform of one
    subset to None is no cure: it takes it from the other as well.
    """
    return (
        Digits(images[held:], labels[held:], augment),
        Digits(images[:held], labels[:held]),
    )
