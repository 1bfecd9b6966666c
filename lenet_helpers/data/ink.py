"""Ink on paper: level the light, part ink from paper, and find the digits."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from lenet_helpers.data.idx import DataError

FAINT = 0.12  # ink that is less darker than its paper may be noise
FULL = 0.35  # of the picture: so much ink is no writing
MOST = 200  # digits in a picture
SPECK = 6  # a piece that is so many times smaller than the tallest is dirt
LINE = 5  # a piece that is so many times wider than high is a line


@dataclass(frozen=True)
class Box:
    """Rows ``top`` to ``bottom`` and columns ``left`` to ``right``, ends excluded."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def width(self) -> int:
        return self.right - self.left

    def joined(self, other: "Box") -> "Box":
        """The smallest box that holds both."""
        return Box(
            min(self.top, other.top),
            max(self.bottom, other.bottom),
            min(self.left, other.left),
            max(self.right, other.right),
        )


def is_light(channels: Tensor) -> bool:
    """Whether the strokes are lighter than the ground, for ``channels`` [3, H, W].

    Strokes cover little. So around the mean of their neighbourhood most pixels lie a
    little on the one side, and ink lies far out on the other: the sign of the third
    moment tells which.

    >>> board = torch.zeros(3, 40, 40)
    >>> board[:, 10:30, 18:22] = 1
    >>> is_light(board), is_light(1 - board)
    (True, False)
    """
    grey = channels.mean(0, keepdim=True)
    around = F.adaptive_avg_pool2d(grey, [min(side, 5) for side in grey.shape[1:]])
    level = F.interpolate(around[None], grey.shape[1:], mode="bilinear")[0]
    return bool((grey - level).double().pow(3).mean() > 0)


def paper(channels: Tensor) -> Tensor:
    """The ground behind dark ink, float32 [C, H, W] -> the same.

    A closing: the brightest value of a neighbourhood first, so that strokes vanish,
    then the darkest of these, so that light and shadow keep their place. On blocks, of
    which the shorter side has some 48; the neighbourhood is a third of that side.
    Towards a darker edge, within a sixth of that side, the ground comes out too light.

    >>> shade = torch.linspace(0.5, 1, 60).expand(1, 60, 60).contiguous()
    >>> written = shade.clone()
    >>> written[:, 20:40, 28:32] = 0.1
    >>> (paper(written) - shade)[:, :, 10:].abs().amax().item()  # light from the right
    0.0
    """
    high, wide = channels.shape[1:]
    block = max(1, round(min(high, wide) / 48))
    size = [math.ceil(side / block) for side in (high, wide)]
    blocks = F.adaptive_max_pool2d(channels, size)
    reach = 2 * (min(size) // 6) + 1
    bright = F.max_pool2d(blocks, reach, 1, reach // 2)
    closed = -F.max_pool2d(-bright, reach, 1, reach // 2)
    return F.interpolate(closed[None], (high, wide), mode="bilinear")[0]


def contrast(channels: Tensor, ground: Tensor) -> Tensor:
    """By what share a pixel is darker than its ground, in its darkest channel; [H, W].

    A blue pen leaves the blue channel bright and darkens the red one; whatever the
    colours of pen and paper, one of the three shows the ink best.
    """
    return ((ground - channels) / ground.clamp(min=0.02)).amax(0).clamp(0, 1)


def threshold(darker: Tensor) -> float:
    """Half of what full ink has, the mean of the darkest 0.05 % of the picture.

    Raises DataError when that is no more than noise may make.
    """
    count = min(darker.numel(), max(16, darker.numel() // 2000))
    full = darker.flatten().topk(count).values.mean().item()
    if full < FAINT:
        raise DataError(
            f"no digit: nothing is darker than the ground by {FAINT:.0%} or more"
        )
    return full / 2


def find(mask: Tensor) -> tuple[list[Box], Tensor, list[str]]:
    """Boxes of digits in reading order; the ink that belongs to them; remarks.

    ``mask`` bool [H, W]. A piece of ink is what hangs together, also diagonally. Left
    out are specks, lines, and what runs into the edge, unless all does. Pieces that
    lie above each other and close are one digit (the bar of a 5).

    Raises DataError when no digit is left.
    """
    from scipy import ndimage

    if mask.float().mean() > FULL:
        raise DataError(
            f"no digit: {mask.float().mean():.0%} of the picture would be ink. It is "
            "empty or a pattern, or shows more than the sheet: then cut it to that"
        )
    pieces, count = ndimage.label(mask.numpy(), structure=[[1] * 3] * 3)
    boxes = [
        Box(rows.start, rows.stop, columns.start, columns.stop)
        for rows, columns in ndimage.find_objects(pieces)
    ]
    remarks: list[str] = []
    kept = _without_strangers(boxes, mask.shape, remarks)
    digits = _in_order(_joined(list(kept.values())))
    if len(digits) > MOST:
        raise DataError(f"no digit: {len(digits):,} pieces of ink, a pattern")
    wanted = torch.zeros(count + 1, dtype=torch.bool)
    wanted[[number + 1 for number in kept]] = True
    return digits, wanted[torch.from_numpy(pieces).long()], remarks


def _without_strangers(
    boxes: list[Box], size: tuple[int, ...], remarks: list[str]
) -> dict[int, Box]:
    """Number -> box of the pieces that may belong to a digit."""
    kept = dict(enumerate(boxes))

    def leave_out(strange, words: str, *, unless_all: bool = False) -> None:
        out = [number for number, box in kept.items() if strange(box)]
        if not out:
            return
        if unless_all and len(out) == len(kept):
            remarks.append(cut_off)
            return
        remarks.append(words.format(len(out)))
        for number in out:
            del kept[number]

    high, wide = size
    edge = "{} piece(s) of ink that run into the edge of the picture are left out."
    cut_off = "All ink runs into the edge of the picture: is a digit cut off?"
    tall = max(box.height for box in boxes)

    def touches(box: Box) -> bool:
        return 0 in (box.top, box.left) or box.bottom == high or box.right == wide

    def is_speck(box: Box) -> bool:
        return SPECK * max(box.height, box.width) < tall

    def is_line(box: Box) -> bool:
        return box.width > LINE * box.height

    leave_out(is_speck, "{} speck(s) are left out.")
    leave_out(touches, edge, unless_all=True)
    leave_out(is_line, "{} long line(s) are left out.")
    if not kept:
        raise DataError("no digit: there are lines or specks only")
    tall = max(box.height for box in kept.values())
    leave_out(is_speck, "{} small piece(s) are left out.")
    return kept


def _joined(boxes: list[Box]) -> list[Box]:
    """Pieces of one digit in one box."""
    done: list[Box] = []
    for box in sorted(boxes, key=lambda box: -box.height * box.width):
        same = next((i for i, other in enumerate(done) if _one_digit(box, other)), None)
        if same is None:
            done.append(box)
        else:
            done[same] = done[same].joined(box)
    return done


def _one_digit(a: Box, b: Box) -> bool:
    """They share most columns of the narrower, and hardly any row parts them."""
    shared = min(a.right, b.right) - max(a.left, b.left)
    gap = max(a.top, b.top) - min(a.bottom, b.bottom)
    narrow, tall = min(a.width, b.width), max(a.height, b.height)
    return shared > 0.4 * narrow and gap < 0.2 * tall


def _in_order(boxes: list[Box]) -> list[Box]:
    """Line by line, each from left to right."""
    lines: list[list[Box]] = []
    for box in sorted(boxes, key=lambda box: box.top + box.bottom):
        middle = (box.top + box.bottom) / 2
        line = lines[-1] if lines else []
        if line and middle < max(other.bottom for other in line):
            line.append(box)
        else:
            lines.append([box])
    return [box for line in lines for box in sorted(line, key=lambda box: box.left)]
