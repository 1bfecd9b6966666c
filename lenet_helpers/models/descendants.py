"""LeNet-5 with what came after it: stacked 3x3, normalisation, averages, shortcuts."""

from torch import Tensor, nn


class Shortcut(nn.Module):
    """Two 3x3 convolutions, and the way round them: y = act(x + f(x)).

    With ``skip=False`` the same layers without the way round: y = act(f(x)).
    Float [N, maps, H, W] in, the same out. Source: He et al. 2016, section 3.

    >>> import torch
    >>> Shortcut(8)(torch.zeros(1, 8, 14, 14)).shape
    torch.Size([1, 8, 14, 14])
    """

    def __init__(self, maps: int, *, skip: bool = True, norm: bool = False):
        super().__init__()
        self.skip = skip
        self.f = nn.Sequential(
            *_conv(maps, maps, 3, norm, padding=1),
            nn.ReLU(),
            *_conv(maps, maps, 3, norm, padding=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        y = self.f(x)
        return (x + y if self.skip else y).relu()


class Descendant(nn.Module):
    """LeNet-5 (ReLU, max pooling) with later ideas, each to be switched on alone.

    Nothing switched on is ``ModernLeNet5(in_channels=3, activation="relu",
    pool="max")``: 62,006 parameters.

    Args:
        widths: maps of C1 and of C3.
        stacked: each 5x5 as two 3x3 with a ReLU between, the same field (VGG).
        norm: batch normalisation after every convolution, and after F6.
        head: "dense" is C5 and F6; "average" takes the mean of each map of S4
            instead (global average pooling).
        blocks: so many ``Shortcut`` after S2 and again after S4.
        skip: whether these have their shortcut.

    Shape: float [N, in_channels, 32, 32] -> [N, num_classes].

    Raises:
        ValueError: an unknown head.

    >>> sum(p.numel() for p in Descendant().parameters())
    62006
    """

    def __init__(
        self,
        num_classes: int = 10,
        in_channels: int = 3,
        *,
        widths: tuple[int, int] = (6, 16),
        stacked: bool = False,
        norm: bool = False,
        head: str = "dense",
        blocks: int = 0,
        skip: bool = True,
    ):
        super().__init__()
        if head not in ("dense", "average"):
            raise ValueError(f"head={head!r} is not one of dense, average")
        first, second = widths
        make = _stack if stacked else _single

        def deepen(maps):
            return nn.Sequential(
                *[Shortcut(maps, skip=skip, norm=norm) for _ in range(blocks)]
            )

        self.c1 = make(in_channels, first, norm)
        self.s2 = nn.MaxPool2d(2)
        self.after_s2 = deepen(first)
        self.c3 = make(first, second, norm)
        self.s4 = nn.MaxPool2d(2)
        self.after_s4 = deepen(second)
        if head == "dense":
            self.head = nn.Sequential(
                *_conv(second, 120, 5, norm),
                nn.ReLU(),
                nn.Flatten(),
                nn.Linear(120, 84, bias=not norm),
                *([nn.BatchNorm1d(84)] if norm else []),
                nn.ReLU(),
            )
        else:
            self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.output = nn.Linear(84 if head == "dense" else second, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.after_s2(self.s2(self.c1(x)))
        x = self.after_s4(self.s4(self.c3(x)))
        return self.output(self.head(x))


def _conv(maps_in: int, maps_out: int, size: int, norm: bool, padding: int = 0) -> list:
    """A convolution; with normalisation, whose shift makes the bias idle."""
    conv = nn.Conv2d(maps_in, maps_out, size, padding=padding, bias=not norm)
    return [conv, nn.BatchNorm2d(maps_out)] if norm else [conv]


def _single(maps_in: int, maps_out: int, norm: bool) -> nn.Sequential:
    return nn.Sequential(*_conv(maps_in, maps_out, 5, norm), nn.ReLU())


def _stack(maps_in: int, maps_out: int, norm: bool) -> nn.Sequential:
    return nn.Sequential(
        *_conv(maps_in, maps_out, 3, norm),
        nn.ReLU(),
        *_conv(maps_out, maps_out, 3, norm),
        nn.ReLU(),
    )
