"""Random affine variants of digits, as the distorted training set of 1998.

Translation, scaling, squeezing and horizontal shear, each drawn evenly from a range.
The paper names the four and no range; these were chosen by eye, so that every
result is still the same digit. Source: LeCun et al. 1998, section III-B.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

SHIFT = 2.0  # pixels, either way, in both directions
SCALE = 0.15  # the digit grows or shrinks by up to this share
SQUEEZE = 0.15  # narrower by up to this share and taller by it, or the reverse
SHEAR = 0.3  # pixels to the side for each pixel up


def matrices(count: int, size: int, draw: torch.Generator) -> Tensor:
    """Where each output pixel comes from: [count, 2, 3], for ``F.affine_grid``."""

    def between(limit: float) -> Tensor:
        return limit * (2 * torch.rand(count, generator=draw) - 1)

    # Even in the logarithm, so that growing is as likely as shrinking.
    scale = between(math.log1p(SCALE)).exp()
    squeeze = between(math.log1p(SQUEEZE)).exp()
    zero = torch.zeros(count)
    to_side = 2 / size  # affine_grid's image is 2 wide
    rows = (
        torch.stack([scale * squeeze, between(SHEAR), to_side * between(SHIFT)], 1),
        torch.stack([zero, scale / squeeze, to_side * between(SHIFT)], 1),
    )
    return torch.stack(rows, 1)


def distort(pixels: Tensor, seed: int) -> Tensor:
    """One random variant of each image: [N, 1, H, W] in [0, 1], paper 0.

    The same seed gives the same variants.
    """
    draw = torch.Generator().manual_seed(seed)
    parts = []
    for part in pixels.split(10_000):  # the grid is twice as large as the images
        where = matrices(len(part), part.shape[-1], draw)
        grid = F.affine_grid(where, list(part.shape), align_corners=False)
        parts.append(F.grid_sample(part, grid, align_corners=False))
    return torch.cat(parts)
