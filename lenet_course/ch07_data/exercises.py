"""The exercises of the chapter on data: bytes, statistics, batches and workers.

Those on digits and labels (centring, turning, ranking) stand in `pictures`.
"""

import torch
from torch import Tensor

from lenet_course.ch07_data import pictures
from lenet_course.exercises.checkers import function, number
from lenet_course.exercises.registry import exercise

__all__ = ["pictures"]


@exercise(
    "data.idx-offset",
    task="At which byte of the training images does image 7 begin, both from 0?",
    checker=number(
        5_504,
        wrong={
            5_488: "Something stands before the first pixel.",
            5_496: "The header of labels. How many sizes does an image file have?",
            4_720: "Image 7 is the eighth: seven stand before it.",
            6_288: "Count the images before it, from 0.",
            5_492: "That is the magic number alone; three sizes follow it.",
            7_184: "In the file the images are not padded.",
        },
        look="Header first, then so many whole images.",
    ),
    hints=[
        "The header is a magic number and one size for each dimension, 4 bytes each.",
        "An image is 28·28 bytes; seven of them come first.",
    ],
    more="No separators, no index: that is why one `seek` finds any image.",
)
def idx_offset() -> int:
    """Four bytes of magic, three sizes of four bytes, then seven images."""
    header = 4 + 3 * 4
    return header + 7 * 28 * 28


@exercise(
    "data.padded-std",
    task=(
        "28×28 pixels have mean 0.1307 and deviation 0.3081. Pad them with zeros to "
        "32×32: which deviation then, to three decimals?"
    ),
    checker=number(
        0.2752,
        tolerance=0.0006,
        wrong={
            0.3081: "Zeros were added: the means of x and of x² both fall.",
            0.2359: "A deviation does not shrink with the share; mean squares do.",
            0.2696: "The variance was multiplied by the share. What of the mean?",
            0.1001: "That is the new mean.",
            0.0757: "That is the variance.",
            0.0857: "That is the mean of the squares.",
        },
        look="Which two means does the zero padding multiply by 784/1024?",
    ),
    hints=[
        "Variance is the mean of the squares minus the square of the mean.",
        "Zeros add nothing to a sum and nothing to a sum of squares: both means are "
        "multiplied by 784/1024.",
        "The mean of the squares of 28×28 is 0.3081² + 0.1307².",
    ],
    more="0.275, as measured on all 60,000. The mean becomes 0.1001.",
)
def padded_std() -> float:
    """Sums stay, the count grows: E[x] and E[x²] are multiplied by the same share."""
    share = 28**2 / 32**2
    mean, square = 0.1307 * share, (0.3081**2 + 0.1307**2) * share
    return (square - mean**2) ** 0.5


def _statistics(images: Tensor) -> tuple[float, float]:
    pixels = images.double() / 255
    return pixels.mean().item(), pixels.std(correction=0).item()


def _apart(images: Tensor) -> tuple[float, float]:
    pixels = images.double().flatten(1) / 255
    return pixels.mean().item(), pixels.std(1, correction=0).mean().item()


def _by_pixel(images: Tensor) -> tuple[float, float]:
    pixels = images.double() / 255
    return pixels.mean().item(), pixels.std(0, correction=0).mean().item()


def _raw(images: Tensor) -> tuple[float, float]:
    mean, std = _statistics(images)
    return 255 * mean, 255 * std


def _variance(images: Tensor) -> tuple[float, float]:
    mean, std = _statistics(images)
    return mean, std**2


def _wrapped(images: Tensor) -> tuple[float, float]:
    mean = images.double().mean().item() / 255
    square = (images * images).double().mean().item() / 255**2
    return mean, max(0.0, square - mean**2) ** 0.5


@exercise(
    "data.statistics",
    task=(
        "Write `statistics(images)`: mean and population deviation of all pixels in "
        "[0, 1], for uint8 images [N, H, W]."
    ),
    checker=function(
        _statistics,
        lambda draw: [
            (torch.randint(0, 256, shape, generator=draw).byte(),)
            for shape in ((5, 4, 4), (1, 2, 3), (40, 28, 28))
        ]
        + [(torch.tensor([[[0, 255]], [[0, 0]]]).byte(),)],
        look="All pixels of all images at once, divided by 255.",
        tolerance=1e-6,
        wrong=[
            (_apart, "That is the mean of the images' own deviations."),
            (_by_pixel, "That is the mean of the deviations of each place."),
            (_raw, "The network reads pixels in [0, 1]."),
            (_variance, "That is the variance."),
            (_wrapped, "Squares of uint8 wrap around at 256: convert first."),
        ],
    ),
    hints=[
        "Convert before any arithmetic: uint8 wraps around at 256.",
        "`.double()`, divide by 255, then `.mean()` and `.std(correction=0)`.",
    ],
    more="A running sum of 47 million in float32 would lose digits; float64 has room.",
)
def statistics(images: Tensor) -> tuple[float, float]:
    """All pixels are one population; float64, so that a long sum keeps its digits."""
    pixels = images.double() / 255
    return pixels.mean().item(), pixels.std(correction=0).item()


@exercise(
    "data.first-batches",
    task=(
        "A loader with batch_size=100 and shuffle=False over 60,000 images: how many "
        "different images does `for _ in range(50): x, y = next(iter(loader))` show?"
    ),
    checker=number(
        100,
        wrong={
            5_000: "Every `iter` begins anew.",
            60_000: "It never gets that far: what does each `iter` do?",
            1: "A batch has more than one image.",
            50: "Count images, not turns of the loop.",
        },
        look="What does `iter(loader)` make, and where does it start?",
    ),
    hints=["`iter(loader)` makes a new iterator.", "A new iterator starts in front."],
    more="With shuffle=True it would draw 50 first batches of 50 orders.",
)
def first_batches() -> int:
    """Fifty iterators, and of each the first batch."""
    seen = set()
    for _ in range(50):
        batches = iter(torch.arange(60_000).split(100))  # as iter(loader)
        seen.update(next(batches).tolist())
    return len(seen)


@exercise(
    "data.worker-seeds",
    task=(
        "The loader above (two items, two workers, two epochs), now with "
        "`persistent_workers=True`. How many different values does `self.rng` give?"
    ),
    checker=number(
        2,
        wrong={
            1: "The workers are no longer started anew: in the second epoch their "
            "copies have gone on.",
            4: "In each epoch both workers still hold the same copy.",
        },
        look="Two workers, each with a copy. When do the copies go on, and when do "
        "they begin again?",
    ),
    hints=["What happens to a worker, and to its copy, between two epochs?"],
    more="So the distortions are new in every epoch, and still alike in all workers.",
)
def worker_seeds() -> int:
    """One value for each epoch: the workers' copies are alike, and they go on."""
    return 2
