"""Other views of the same picture: distorted, cropped, mirrored, in another light."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class RandomAffine:
    """Warp every image of a batch by its own random planar affine map.

    Translation, scaling, squeezing and shear are the distortions of LeCun et al.
    1998, section III-B; rotation is ours and off by default. Parameters are drawn
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
        kind = {"device": images.device, "dtype": images.dtype}
        draw = torch.rand(6, len(images), **kind) * 2 - 1
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


@dataclass(frozen=True)
class ElasticDistortion:
    """Warp every image of a batch by its own smooth random field.

    Each pixel is moved by a vector of its own. The vectors are independent noise, which
    a Gaussian of ``sigma`` pixels has smoothed, so that neighbours move alike; then all
    are scaled to a length of ``pixels``, root mean square over the image. Drawn from
    torch's global generator. What comes into the picture from outside is background:
    the smallest value of the image.

    Source: Simard, Steinkraus and Platt 2003. The two numbers here are not theirs: they
    scale the smoothed field by a factor, this one by the length that comes out.

    Shape: float [N, C, H, W] -> the same.

    Raises:
        ValueError: ``sigma`` or ``pixels`` that is not positive and finite; images
            without a batch axis, or of whole numbers.

    >>> ElasticDistortion()(torch.zeros(2, 1, 32, 32)).shape
    torch.Size([2, 1, 32, 32])
    """

    pixels: float = 1.0
    sigma: float = 4.0

    def __post_init__(self):
        for name, value in vars(self).items():
            if not 0 < value < math.inf:
                raise ValueError(f"{name} is a positive number of pixels, not {value}")

    def __call__(self, images: Tensor) -> Tensor:
        if images.dim() != 4 or not images.is_floating_point():
            raise ValueError(
                "images are float [N, C, H, W]; these are "
                f"{images.dtype} {list(images.shape)}"
            )
        size = list(images.shape)
        here = torch.eye(2, 3, dtype=images.dtype, device=images.device)
        grid = F.affine_grid(here.expand(len(images), 2, 3), size, False)
        sides = images.new_tensor([size[3], size[2]])  # grid is (x, y), from -1 to 1
        grid = grid + self.field(images) * 2 / sides
        ground = images.amin((1, 2, 3), keepdim=True)
        return F.grid_sample(images - ground, grid, align_corners=False) + ground

    def field(self, images: Tensor) -> Tensor:
        """By how many pixels (x, y) each pixel is read elsewhere: [N, H, W, 2]."""
        count, _, high, wide = images.shape
        reach = math.ceil(3 * self.sigma)
        kind = {"device": images.device, "dtype": images.dtype}
        noise = torch.randn(2 * count, 1, high + 2 * reach, wide + 2 * reach, **kind)
        steps = torch.arange(-reach, reach + 1, **kind)
        bell = (-0.5 * (steps / self.sigma) ** 2).exp()
        smooth = F.conv2d(noise, bell[None, None, :, None])
        smooth = F.conv2d(smooth, bell[None, None, None, :])
        field = smooth.view(count, 2, high, wide).permute(0, 2, 3, 1)
        length = field.square().sum(-1).mean((1, 2)).sqrt()
        return self.pixels * field / length[:, None, None, None]


def ten_crops(images: Tensor, side: int) -> Tensor:
    """Four corners and the middle, then the mirror images of the five.

    Float [N, C, H, W] -> [N, 10, C, side, side]; order: top left, top right, bottom
    left, bottom right, middle. Source: Krizhevsky et al. 2012, section 4.1.

    Raises:
        ValueError: a side larger than the image.

    >>> ten_crops(torch.zeros(2, 3, 32, 32), 28).shape
    torch.Size([2, 10, 3, 28, 28])
    """
    down, right = (n - side for n in images.shape[2:])
    if min(down, right) < 0 or side < 1:
        raise ValueError(f"no crop of {side} pixels fits into {list(images.shape[2:])}")
    corners = [(y, x) for y in (0, down) for x in (0, right)]
    places = [*corners, (down // 2, right // 2)]
    five = [images[:, :, y : y + side, x : x + side] for y, x in places]
    return torch.stack([*five, *(view.flip(3) for view in five)], 1)


def random_crop_flip(images: Tensor, side: int) -> Tensor:
    """Each image at its own random place, every other one mirrored on average.

    Float [N, C, H, W] -> [N, C, side, side]; torch's global generator.

    >>> random_crop_flip(torch.zeros(2, 3, 32, 32), 28).shape
    torch.Size([2, 3, 28, 28])
    """
    count, _, height, width = images.shape
    if side > min(height, width):
        raise ValueError(f"no crop of {side} pixels fits into {[height, width]}")
    at = torch.arange(side)
    rows = torch.randint(height - side + 1, (count, 1)) + at
    columns = torch.randint(width - side + 1, (count, 1)) + at
    mirrored = torch.rand(count, 1) < 0.5
    columns = torch.where(mirrored, columns.flip(1), columns)
    which = torch.arange(count)[:, None, None]
    crops = images[which, :, rows[:, :, None], columns[:, None, :]]
    return crops.permute(0, 3, 1, 2)


def colour_components(pixels: Tensor) -> tuple[Tensor, Tensor]:
    """Eigenvalues, largest first, and eigenvectors (columns) of the RGB covariance.

    ``pixels`` float [N, 3, H, W]. Returns float64 [3] and [3, 3].
    Source: Krizhevsky et al. 2012, section 4.1.

    >>> grey = torch.rand(4, 1, 8, 8).expand(-1, 3, -1, -1)
    >>> variances, directions = colour_components(grey)
    >>> bool(variances[1] < 1e-9), directions[:, 0].abs().round(decimals=2).tolist()
    (True, [0.58, 0.58, 0.58])
    """
    rows = pixels.transpose(0, 1).flatten(1).double()
    values, vectors = torch.linalg.eigh(torch.cov(rows, correction=0))
    return values.flip(0), vectors.flip(1)


def colour_noise(
    pixels: Tensor, variances: Tensor, directions: Tensor, sigma: float = 0.1
) -> Tensor:
    """Add to every pixel of an image the same random colour along the components.

    [p1, p2, p3] [a1 l1, a2 l2, a3 l3]^T with a ~ N(0, sigma) drawn once an image and
    l the eigenvalues, as section 4.1 of Krizhevsky et al. 2012 prints it. Float
    [N, 3, H, W] -> the same; torch's global generator.
    """
    alphas = sigma * torch.randn(len(pixels), 3, dtype=variances.dtype)
    shift = (alphas * variances) @ directions.T
    return pixels + shift.to(pixels.dtype)[:, :, None, None]
