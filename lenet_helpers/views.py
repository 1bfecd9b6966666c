"""Other views of the same picture: crops, mirror images, another light."""

import torch
from torch import Tensor


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
