"""Pictures that hold no digit, for asking a classifier what it makes of them."""

import math
import string
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

SIDE = 32


def sets(pixels: Tensor, seed: int = 0) -> dict[str, Tensor]:
    """Four kinds of strangers; two are made from ``pixels``, digits in [0, 1].

    The capital letters of a printed font; the digits mirrored top to bottom (some of
    which still look like digits: 0, 1, 3, 8); uniform noise; the digits with their
    pixels shuffled. Float32 [M, 1, 32, 32] in [0, 1]: 234 letters, of the others as
    many as there are digits. Same seed, same pictures.

    Raises ValueError if ``pixels`` are not [N, 1, 32, 32].

    >>> {name: len(x) for name, x in sets(torch.rand(5, 1, 32, 32)).items()}
    {'letters': 234, 'mirrored': 5, 'noise': 5, 'shuffled': 5}
    """
    if pixels.shape[1:] != (1, SIDE, SIDE):
        raise ValueError(f"digits of [N, 1, 32, 32] are needed, not {[*pixels.shape]}")
    generator = torch.Generator().manual_seed(seed)
    flat = pixels.flatten(1)
    order = torch.rand(flat.shape, generator=generator).argsort(1)
    return {
        "letters": letters(),
        "mirrored": pixels.flip(2),
        "noise": torch.rand(pixels.shape, generator=generator),
        "shuffled": flat.gather(1, order).view_as(pixels),
    }


def letters() -> Tensor:
    """26 capitals at nine places and turns, white on black: float32 [234, 1, 32, 32].

    Each moved by -2, 0 or 2 pixels and turned by -10, 0 or 10 degrees.

    >>> letters().shape
    torch.Size([234, 1, 32, 32])
    """
    drawn = torch.stack([_letter(name) for name in string.ascii_uppercase])
    moves = [(right, turn) for right in (-2, 0, 2) for turn in (-10, 0, 10)]
    return torch.cat([_moved(drawn, *move) for move in moves])


def _letter(name: str) -> Tensor:
    # The font comes with matplotlib, which is found and not loaded.
    (home,) = find_spec("matplotlib").submodule_search_locations
    path = Path(home, "mpl-data", "fonts", "ttf", "DejaVuSans.ttf")
    sheet = Image.new("L", (SIDE, SIDE))
    font = ImageFont.truetype(str(path), 22)
    middle = (SIDE // 2, SIDE // 2)
    ImageDraw.Draw(sheet).text(middle, name, fill=255, font=font, anchor="mm")
    return torch.tensor(np.asarray(sheet) / 255).float()[None]


def _moved(pixels: Tensor, right: float, degrees: float) -> Tensor:
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    move = -2 * right / SIDE  # the picture is 2 wide for grid_sample
    rows = torch.tensor([[cos, -sin, cos * move], [sin, cos, sin * move]])
    rows = rows.expand(len(pixels), -1, -1)
    grid = F.affine_grid(rows, list(pixels.shape), align_corners=False)
    return F.grid_sample(pixels, grid, align_corners=False)
