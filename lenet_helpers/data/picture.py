"""Your own handwriting, from a photograph to what a network trained on MNIST reads."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from lenet_helpers.data import ink, picture_file
from lenet_helpers.data.idx import DataError
from lenet_helpers.data.ink import Box

BOX, FIELD, CENTRE, MARGIN = 20, 28, 14, 2
# Of MNIST's training pixels, padded to 32x32.
MNIST_MEAN, MNIST_STD = 0.1000369271, 0.2752173462
SMALL = 20  # pixels of height below which a digit has to be enlarged
# Of MNIST's training digits one in 300 is wider than the first, one in 2,000 has
# thinner and one in 2,000 bolder strokes than the others.
WIDEST = 1.43  # width over height
THINNEST, BOLDEST = 1.24, 5.7  # pixels of stroke in the 20x20 box
SHADED = 0.6  # paper so many times darker within one digit has a shadow's edge


@dataclass(frozen=True, repr=False, eq=False)
class Handwriting:
    """The digits found in a picture, in reading order, and how they were found.

    ``images`` float32 [N, 1, 32, 32], padded and normalised as ``data.load("mnist")``
    gives them; ``pixels`` float32 [N, 28, 28] in [0, 1], 1 is ink. ``boxes`` says
    where each lay in ``upright`` [3, H, W]; ``paper`` [3, H, W] is the ground behind,
    ``contrast`` [H, W] what is darker than it, ``ink`` bool [H, W] what of that was
    taken for the digits. ``remarks`` are sentences on what may be wrong.
    """

    images: Tensor
    pixels: Tensor
    boxes: tuple[Box, ...]
    remarks: tuple[str, ...]
    upright: Tensor
    paper: Tensor
    contrast: Tensor
    ink: Tensor

    def __len__(self) -> int:
        return len(self.images)

    def __repr__(self) -> str:
        count = f"{len(self)} digit" + "s" * (len(self) != 1)
        return "\n- ".join([f"Handwriting({count})", *self.remarks])


def from_picture(
    source: "picture_file.Source | object",
    *,
    mean: float = MNIST_MEAN,
    std: float = MNIST_STD,
) -> Handwriting:
    """Digits from a photograph or scan, prepared as MNIST's were.

    ``source`` is a path, the bytes of a file, an open file or one of Pillow's images.
    Its light is levelled, ink parted from paper, digits cut out, each scaled into a
    20x20 box and set by its centre of mass into 28x28, then padded and normalised by
    ``mean`` and ``std``: by default those of ``data.load("mnist")``.

    What may be wrong and can be mended is mended and stands in ``remarks``. Raises
    DataError, in words, when there is no picture or no digit in it.

    Source: LeCun et al. 1998, section III-A; the page's pad does the same.

    >>> from PIL import Image, ImageDraw
    >>> sheet = Image.new("L", (300, 200), "white")
    >>> ImageDraw.Draw(sheet).line([(150, 40), (140, 160)], "black", width=14)
    >>> from_picture(sheet)
    Handwriting(1 digit)
    """
    upright, remarks = picture_file.read(source)
    channels = upright
    if ink.is_light(upright):
        channels = 1 - upright
        remarks.append(
            "The ink is lighter than its ground; light and dark were swapped."
        )
    paper = ink.paper(channels)
    darker = ink.contrast(channels, paper)
    boxes, mask, more = ink.find(darker > ink.threshold(darker))
    cuts = [mask[b.top : b.bottom, b.left : b.right] for b in boxes]
    pixels = torch.stack([as_mnist(cut) for cut in cuts])
    remarks += more + _remarks(boxes, pixels, paper)
    framed = F.pad(pixels[:, None], [MARGIN] * 4)
    return Handwriting(
        images=(framed - mean) / std,
        pixels=pixels,
        boxes=tuple(boxes),
        remarks=tuple(remarks),
        upright=upright,
        paper=paper,
        contrast=darker,
        ink=mask,
    )


def as_mnist(ink: Tensor) -> Tensor:
    """Ink [H, W], 0 to 1 or bool, as a digit of MNIST: float32 [28, 28].

    Empty rows and columns are cut off, the rest is scaled so that the longer side has
    20 pixels, each the mean of what lies under it, and moved by whole pixels until the
    centre of mass is as near to (14, 14) as it can be. The same as ``toMnist`` in
    web/preprocess.js. Raises DataError when there is no ink, or no two axes.

    >>> as_mnist(torch.ones(40, 20)).sum()
    tensor(200.)
    """
    if ink.dim() != 2:
        raise DataError(f"ink is [H, W], one digit; this has shape {list(ink.shape)}")
    values = ink.double()
    rows, columns = (values.sum(axis).nonzero().flatten() for axis in (1, 0))
    if not len(rows):
        raise DataError("no digit: there is no ink")
    values = values[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = BOX / max(values.shape)
    high, wide = (max(1, math.floor(side * scale + 0.5)) for side in values.shape)
    small = shares(len(values), high) @ values @ shares(values.shape[1], wide).T
    return _centred(small).float()


def shares(old: int, new: int) -> Tensor:
    """Which share of each of ``new`` cells the ``old`` ones cover: [new, old].

    >>> shares(3, 2)
    tensor([[0.6667, 0.3333, 0.0000],
            [0.0000, 0.3333, 0.6667]], dtype=torch.float64)
    """
    step = old / new
    start = torch.arange(new, dtype=torch.float64)[:, None] * step
    cell = torch.arange(old, dtype=torch.float64)
    covered = torch.minimum(start + step, cell + 1) - torch.maximum(start, cell)
    return covered.clamp(min=0) / step


def _centred(small: Tensor) -> Tensor:
    """In 28x28, the centre of mass at the middle; ink beyond the field is lost."""
    mass = small.sum()
    field = torch.zeros(3 * FIELD, 3 * FIELD, dtype=small.dtype)
    corner = []
    for axis in (0, 1):
        along = small.sum(1 - axis) @ torch.arange(len(small.sum(1 - axis))).double()
        corner.append(FIELD + math.floor(CENTRE - (along / mass).item() + 0.5))
    top, left = corner
    field[top : top + small.shape[0], left : left + small.shape[1]] = small
    return field[FIELD : 2 * FIELD, FIELD : 2 * FIELD]


def stroke_width(pixels: Tensor) -> Tensor:
    """Mean width of the strokes in pixels: twice the ink over its outline.

    ``pixels`` [..., H, W] in [0, 1]. A stroke of width t and length l has the ink tl
    and, far from its ends, an outline of 2l.

    >>> line = F.pad(torch.ones(200, 3), (5, 5, 5, 5))
    >>> stroke_width(line).round(decimals=1)
    tensor(3.)
    """
    framed = F.pad(pixels, [1] * 4)
    down = framed[..., 1:, :-1] - framed[..., :-1, :-1]
    right = framed[..., :-1, 1:] - framed[..., :-1, :-1]
    outline = torch.hypot(down, right).sum((-2, -1))
    return 2 * pixels.sum((-2, -1)) / outline.clamp(min=1e-9)


def _remarks(boxes: list[Box], pixels: Tensor, paper: Tensor) -> list[str]:
    """What stands out in digits that were found, in words."""
    said = []
    if len(boxes) > 1:
        said.append(f"There are {len(boxes)} digits, read from left to right.")
    for number, (box, width) in enumerate(zip(boxes, stroke_width(pixels)), 1):
        name = f"Digit {number}" if len(boxes) > 1 else "It"
        if box.width > WIDEST * box.height:
            said.append(
                f"{name} is wider than high: two digits that touch, a line of the "
                "paper that runs through it, or one that is turned on its side?"
            )
        ground = paper.mean(0)[box.top : box.bottom, box.left : box.right]
        if ground.min() < SHADED * ground.max():
            said.append(
                f"{name} lies across the edge of a shadow, which may have been taken "
                "for ink."
            )
        if box.height < SMALL:
            said.append(f"{name} is only {box.height} pixels high and was enlarged.")
        if width > BOLDEST:
            said.append(
                f"{name} is too bold: strokes of {width:.1f} pixels in the 20×20 box, "
                f"where MNIST's hardly exceed {BOLDEST}. Write larger, or thinner."
            )
        if width < THINNEST:
            said.append(
                f"{name} is very thin: strokes of {width:.1f} pixels in the 20×20 box."
            )
    return said
