"""The bug clinic, ward of data: what is done to the pictures."""

import itertools
from collections.abc import Callable

import torch
from torch import Tensor

from lenet_course.exercises.checkers import Checker, NotYet, function
from lenet_course.exercises.registry import exercise
from lenet_course.exercises.staged import attempt

REACH = 2  # pixels


def _mover(reach: int = REACH, flip: Callable = lambda image: image, seeded=True):
    """An augmentation that moves each image and turns half of them by ``flip``."""

    def augment(images: Tensor, generator: torch.Generator) -> Tensor:
        own = generator if seeded else None
        moved = []
        for image in images:
            by = torch.randint(-reach, reach + 1, (2,), generator=own).tolist()
            image = image.roll(by, (1, 2))
            half = torch.rand((), generator=own) < 0.5
            moved.append(flip(image) if half else image)
        return torch.stack(moved)

    return augment


def _moves(images: Tensor, before: Tensor) -> list[tuple[int, int] | None]:
    """How far each image was moved; None where it is not its original, moved."""
    found: list[tuple[int, int] | None] = [None] * len(images)
    for by in itertools.product(range(-REACH, REACH + 1), repeat=2):
        same = (images == before.roll(by, (2, 3))).flatten(1).all(1)
        for i in same.nonzero()[:, 0].tolist():
            found[i] = by
    return found


def _drawn(augment: Callable, images: Tensor, seed: int) -> Tensor:
    given, generator = images.clone(), torch.Generator().manual_seed(seed)
    got = attempt(augment, given, generator, kind=Tensor)
    if not torch.equal(given, images):
        raise NotYet("It changes the images that it was given: work on a copy.")
    if got.shape != images.shape:
        shapes = f"{list(images.shape)} comes back as {list(got.shape)}"
        raise NotYet(f"A batch {shapes}.")
    return got


def _test_augment(augment: Callable) -> str | None:
    images = torch.zeros(200, 1, 12, 12)
    images[..., 2:10, 2:10] = torch.rand(
        200, 1, 8, 8, generator=torch.Generator().manual_seed(0)
    )
    got = _drawn(augment, images, 0)
    for axes, name in (([3], "mirrored"), ([2], "upside down"), ([2, 3], "turned")):
        if any(by is not None for by in _moves(got.flip(axes), images)):
            return (
                f"Some images come back {name}. Which digits are still what their "
                "label says?"
            )
    moves = _moves(got, images)
    if None in moves:
        return "Some image is not its original, moved by two pixels at most."
    if set(moves) == {(0, 0)}:
        return "Now nothing moves: which part of the augmentation does no harm?"
    if len(set(moves)) == 1:
        return "All images of a batch make one and the same move: draw for each."
    if any(len(set(along)) == 1 for along in zip(*moves)):
        return "Images move along one axis only; before, it was both."
    if not torch.equal(got, _drawn(augment, images, 0)):
        return "The same generator gives two different batches: draw from it."
    if torch.equal(got, _drawn(augment, images, 1)):
        return "Every seed gives the same batch: draw from the generator."
    return None


@exercise(
    "clinic.flips",
    task="Repair `augment`: what comes out must still be what its label says.",
    checker=Checker(
        _test_augment,
        (
            (_mover(flip=lambda image: image.flip(2)), "come back mirrored"),
            (_mover(flip=lambda image: image.flip(1)), "come back upside down"),
            (_mover(flip=lambda image: image.flip(1, 2)), "come back turned"),
            (lambda images, generator: images.clone(), "nothing moves"),
            (_mover(reach=4), "two pixels at most"),
            (_mover(seeded=False), "two different batches"),
            (lambda images, generator: images.roll((1, -2), (2, 3)), "same move"),
        ),
        takes_function=True,
    ),
    hints=[
        "Write down what each digit looks like in a mirror: 0, 1 and 8 survive.",
        "Moving a digit keeps its meaning. Which line does something else?",
    ],
    more="An augmentation is a statement: *this change never changes the label*.",
)
def augment(images: Tensor, generator: torch.Generator) -> Tensor:
    """The mirror is gone, the small shift stays.

    **Why it is easy to miss.** Flipping is right for cats and cars, so it stands in
    many recipes. Nothing fails and the loss falls; which digits suffer shows only when
    you score class by class.
    """
    moved = []
    for image in images:
        by = torch.randint(-2, 3, (2,), generator=generator).tolist()
        moved.append(image.roll(by, (1, 2)))
    return torch.stack(moved)


def _normalised(generator: torch.Generator) -> list[tuple]:
    pixels = torch.rand(3, 1, 4, 4, generator=generator)
    pairs = [(0.1307, 0.3081), (0.5, 0.5), (0.286, 0.353)]
    return [((pixels - mean) / std, mean, std) for mean, std in pairs]


def _stretched(images: Tensor, mean: float, std: float) -> Tensor:
    low, high = images.min(), images.max()
    return (images - low) / (high - low)


@exercise(
    "clinic.pixels",
    task="Repair `to_pixels`: it undoes `(pixels - mean) / std`.",
    checker=function(
        lambda images, mean, std: images * std + mean,
        _normalised,
        look="Follow one pixel: 0.5 in, normalised, and back.",
        wrong=[
            (
                lambda images, mean, std: images / 2 + 0.5,
                "That undoes a normalisation with two particular constants. Which?",
            ),
            (
                lambda images, mean, std: (images / 2 + 0.5).clamp(0, 1),
                "The warning is gone, the picture is still wrong: you cut off what "
                "did not fit. Is the background black?",
            ),
            (
                _stretched,
                "That looks right for one batch, but depends on what else is in it. "
                "The numbers that were used are known: use them.",
            ),
            (
                lambda images, mean, std: (images + mean) * std,
                "Right operations in the wrong order: what was done last is undone "
                "first.",
            ),
        ],
    ),
    hints=[
        "For which mean and deviation is `images / 2 + 0.5` the inverse?",
        "Division came last, so multiplication comes first.",
    ],
    more="`images / 2 + 0.5` is this line for mean 0.5 and deviation 0.5.",
)
def to_pixels(images: Tensor, mean: float, std: float) -> Tensor:
    """The inverse, with the two numbers that were used on the way in.

    **Why it is easy to miss.** The picture still shows a digit: only paler, on grey
    instead of black. matplotlib scales grey pictures to what it finds, which hides
    it altogether; for colour it clips, and prints a warning that nobody reads.
    """
    return images * std + mean


@exercise(
    "clinic.channels",
    task="Repair `channels_first`: from [N, H, W, 3] to [N, 3, H, W].",
    checker=function(
        lambda images: images.permute(0, 3, 1, 2),
        lambda generator: [
            (torch.rand(2, *sides, 3, generator=generator),)
            for sides in ((4, 4), (7, 7), (4, 6))
        ],
        look="Where should the red value of row 0, column 1 stand afterwards?",
        wrong=[
            (
                lambda images: images.reshape(
                    len(images), 3, images.shape[1], images.shape[2]
                ),
                "The shape is right, but every value stays where it was in memory. "
                "Which operation moves axes?",
            ),
            (
                lambda images: images.transpose(1, 3),
                "The colours are right now, but rows and columns changed places.",
            ),
            (
                lambda images: images.permute(0, 3, 1, 2).flip(1),
                "Red and blue changed places.",
            ),
        ],
    ),
    hints=[
        "`reshape` reads the numbers in memory order and only sets new brackets.",
        "`permute` takes the old axes in their new order.",
    ],
    more="One channel hides the bug: there both give the same.",
)
def channels_first(images: Tensor) -> Tensor:
    """`permute` moves axes; `reshape` and `view` only cut the same row anew.

    **Why it is easy to miss.** The shape is what the network wants, so nothing fails;
    with one channel both agree, so code tested on MNIST breaks on CIFAR-10; and a
    fixed scrambling can be learned in part, so the score is mediocre, not absurd.
    """
    return images.permute(0, 3, 1, 2)
