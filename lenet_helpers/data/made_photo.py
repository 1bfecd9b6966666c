"""Photographs of handwriting, made by code from digits whose labels are known.

No real photograph comes with the book. These have what makes a real one difficult, as
far as code can say it: a blue pen, paper in uneven light, noise, JPEG, and a camera
that was held sideways. They have no folds, no shadow of a hand, no squared paper.
"""

import io

import torch
import torch.nn.functional as F
from torch import Tensor

PAPER = (0.93, 0.91, 0.85)
PEN = (0.10, 0.17, 0.52)  # blue
NOISE = 0.02  # standard deviation, of a range of 1
SIDEWAYS = 6  # EXIF: to be turned clockwise by a quarter


def make_photograph(
    digits: Tensor, seed: int = 0, *, scale: int = 5, turned: bool = True
) -> bytes:
    """A JPEG of ``digits`` [N, 28, 28] in [0, 1], 1 is ink, written in a row.

    ``scale`` pixels of the photograph are one of a digit. ``turned`` stores it on its
    side and notes that in EXIF. The same seed makes the same paper, light and places.

    >>> make_photograph(torch.zeros(1, 28, 28))[:3].hex()
    'ffd8ff'
    """
    draw = torch.Generator().manual_seed(seed)
    cover = _written(digits, scale, draw)[None]
    colours = [torch.tensor(c)[:, None, None] for c in (PAPER, PEN)]
    sheet = colours[0] * (1 - cover) + colours[1] * cover
    seen = sheet * _light(*cover.shape[1:], draw)
    seen = seen + NOISE * torch.randn(seen.shape, generator=draw)
    return _jpeg(seen.clamp(0, 1), turned)


def _written(digits: Tensor, scale: int, draw: torch.Generator) -> Tensor:
    """How much of each pixel is ink: [H, W], digits in a row, each a little off it."""
    count, cell = len(digits), 28 * scale
    large = F.interpolate(digits[:, None], scale_factor=scale, mode="bicubic")[:, 0]
    large = ((large - 0.2) / 0.6).clamp(0, 1)  # edges as sharp as a pen's
    high, step = 2 * cell, cell + cell // 4
    cover = torch.zeros(high, step * count + cell)
    for number, digit in enumerate(large):
        off = torch.randint(-cell // 8, cell // 8 + 1, (2,), generator=draw).tolist()
        top, left = cell // 2 + off[0], cell // 2 + step * number + off[1]
        place = cover[top : top + cell, left : left + cell]
        place.copy_(torch.maximum(place, digit))
    return cover


def _light(high: int, wide: int, draw: torch.Generator) -> Tensor:
    """Brightness of the paper: falls off to one side, with broad soft shadows."""
    angle = 6.283 * torch.rand((), generator=draw)
    y, x = torch.meshgrid(
        torch.linspace(-1, 1, high), torch.linspace(-1, 1, wide), indexing="ij"
    )
    slope = 0.75 + 0.2 * (angle.cos() * x + angle.sin() * y)
    soft = torch.rand(1, 1, 4, 4, generator=draw)
    soft = F.interpolate(soft, (high, wide), mode="bicubic", align_corners=True)
    return slope * (0.8 + 0.2 * soft[0, 0].clamp(0, 1))


def _jpeg(picture: Tensor, turned: bool) -> bytes:
    from PIL import Image

    pixels = (255 * picture).round().byte().permute(1, 2, 0).numpy()
    image, exif = Image.fromarray(pixels), Image.Exif()
    if turned:
        image = image.transpose(Image.Transpose.ROTATE_90)
        exif[0x0112] = SIDEWAYS
    file = io.BytesIO()
    image.save(file, "JPEG", quality=85, exif=exif)
    return file.getvalue()
