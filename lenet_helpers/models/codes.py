"""The pictures that F6 of LeNet-5 learns to draw: one fixed code a digit."""

import torch
from torch import Tensor

# The 7x12 bitmaps of the ten digits: a number is a row, its most significant of
# seven bits the left pixel. Digits 0, 2, 4 and 5 do carry a bar above them.
# LeCun et al. 1998, Fig. 3.
DIGIT_BITMAPS = (
    (62, 0, 28, 54, 99, 99, 99, 99, 54, 28, 0, 0),
    (12, 28, 60, 12, 12, 12, 12, 12, 12, 63, 0, 0),
    (62, 0, 62, 99, 67, 6, 28, 48, 96, 127, 0, 0),
    (127, 3, 6, 12, 30, 3, 3, 3, 99, 62, 0, 0),
    (62, 0, 0, 51, 51, 115, 99, 99, 103, 63, 3, 3),
    (62, 0, 127, 96, 96, 60, 30, 3, 99, 62, 0, 0),
    (30, 48, 96, 96, 126, 115, 99, 99, 115, 62, 0, 0),
    (127, 3, 3, 6, 12, 12, 24, 24, 24, 24, 0, 0),
    (62, 99, 99, 99, 62, 99, 99, 99, 99, 62, 0, 0),
    (62, 103, 99, 99, 103, 63, 3, 3, 6, 60, 0, 0),
)


def digit_codes() -> Tensor:
    """The ten target codes of F6: float32 [10, 84], +1 for ink and -1 for paper.

    ``digit_codes()[d].reshape(12, 7)`` is the picture of digit ``d``.
    Source: LeCun et al. 1998, Fig. 3.

    >>> codes = digit_codes()
    >>> int((codes[6] != codes[8]).sum())  # the two most alike
    12
    """
    rows = torch.tensor(DIGIT_BITMAPS)
    bits = rows[..., None] >> torch.arange(6, -1, -1) & 1
    return (2 * bits - 1).flatten(1).float()
