"""Distortions of digits that leave their meaning alone."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class RandomAffine:
    """Warp every image of a batch by its own random planar affine map.

    Translation, scaling, squeezing and shear are the distortions of LeCun et al.
    1998, section III-A; rotation is ours and off by default. Parameters are drawn
    uniformly from torch's global generator. What comes into the picture from outside
    is background: the smallest value of the image.

    Args:
        shift: largest translation, in pixels.
        scale: largest change of size, as a share (0.1: from 0.9 to 1.1).
        squeeze: largest change of the ratio of height to width, likewise.
        shear: largest horizontal slant, as the tangent of its angle.
        degrees: largest rotation.

    Shape: float32 [N, C, H, W] -> the same.

    >>> RandomAffine()(torch.zeros(2, 1, 32, 32)).shape
    torch.Size([2, 1, 32, 32])
    """

    shift: float = 2.0
    scale: float = 0.1
    squeeze: float = 0.1
    shear: float = 0.2
    degrees: float = 0.0

    def __call__(self, images: Tensor) -> Tensor:
        ground = images.amin((1, 2, 3), keepdim=True)
        grid = F.affine_grid(self._maps(images), list(images.shape), False)
        return F.grid_sample(images - ground, grid, align_corners=False) + ground

    def _maps(self, images: Tensor) -> Tensor:
        """One 2x3 matrix an image: where each output pixel is read from."""
        draw = torch.rand(6, len(images), device=images.device) * 2 - 1
        size = 1 + self.scale * draw[0]
        ratio = (1 + self.squeeze * draw[1]).sqrt()
        turn = math.radians(self.degrees) * draw[2]
        slant = self.shear * draw[3]
        cos, sin = turn.cos(), turn.sin()
        wide, high = ratio / size, 1 / (ratio * size)
        rows = [
            torch.stack([wide * cos, wide * (slant * cos - sin)], 1),
            torch.stack([high * sin, high * (slant * sin + cos)], 1),
        ]
        move = draw[4:] * (2 * self.shift / images.shape[-1])
        return torch.cat([torch.stack(rows, 1), move.T[:, :, None]], 2)
