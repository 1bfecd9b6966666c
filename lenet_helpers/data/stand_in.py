"""Small coloured pictures made by code, for where there is no CIFAR-10."""

import torch
from torch import Tensor

SIDE = 32
CLASSES = (
    "disc",
    "square",
    "triangle",
    "cross",
    "ring",
    "rows",
    "columns",
    "diagonals",
    "checks",
    "dots",
)


def pictures(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """``count`` pictures uint8 [N, 3, 32, 32] and their labels int64 [N], shuffled.

    Five shapes and five textures, each in two random colours, at a random place and
    size, under noise. The classes are equally frequent; same seed, same pictures.

    >>> images, labels = pictures(20, seed=0)
    >>> images.shape, labels.bincount().tolist()
    (torch.Size([20, 3, 32, 32]), [2, 2, 2, 2, 2, 2, 2, 2, 2, 2])
    """
    generator = torch.Generator().manual_seed(seed)

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(*shape, generator=generator)

    labels = torch.arange(count) % len(CLASSES)
    labels = labels[torch.randperm(count, generator=generator)]
    mask = torch.zeros(count, SIDE, SIDE)
    centre = uniform(11, 20, 2, count)
    size = uniform(6, 11, count)
    for label, draw in enumerate(_MASKS):
        mine = labels == label
        at = torch.arange(SIDE) + 0.5
        y = (at[:, None] - centre[0][mine, None, None]).expand(-1, SIDE, SIDE)
        x = (at[None, :] - centre[1][mine, None, None]).expand(-1, SIDE, SIDE)
        mask[mine] = draw(x, y, size[mine, None, None]).float()
    ground, ink = uniform(0, 1, 2, count, 3, 1, 1)
    mixed = ground + (ink - ground) * mask[:, None]
    noise = 0.15 * torch.randn(count, 3, SIDE, SIDE, generator=generator)
    return ((mixed + noise).clamp(0, 1) * 255).round().to(torch.uint8), labels


def _striped(distance: Tensor, size: Tensor) -> Tensor:
    """Stripes as wide as half of ``size``."""
    return (distance / size * 2).floor() % 2 == 0


_MASKS = (  # one for each class: which pixels are ink; x, y from the centre
    lambda x, y, s: x**2 + y**2 < s**2,
    lambda x, y, s: torch.maximum(x.abs(), y.abs()) < 0.9 * s,
    lambda x, y, s: (y < 0.8 * s) & (y > 1.8 * x.abs() - s),
    lambda x, y, s: (
        (torch.minimum(x.abs(), y.abs()) < 0.3 * s)
        & (torch.maximum(x.abs(), y.abs()) < s)
    ),
    lambda x, y, s: (x**2 + y**2 < s**2) & (x**2 + y**2 > (0.6 * s) ** 2),
    lambda x, y, s: _striped(y, s),
    lambda x, y, s: _striped(x, s),
    lambda x, y, s: _striped(0.7 * (x + y), s),
    lambda x, y, s: _striped(x, s) == _striped(y, s),
    lambda x, y, s: (x % s - s / 2) ** 2 + (y % s - s / 2) ** 2 < (0.3 * s) ** 2,
)
