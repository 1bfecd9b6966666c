"""The parts of the published LeNets that torch lacks.

Every layer says its own counts: ``counts(input_shape, output_shape)`` takes shapes
without the batch dimension and returns a dict with

- ``params``: trainable numbers,
- ``macs``: multiplications by a weight (or by a fixed code),
- ``connections``: units x (inputs + bias), as the papers count them.
"""

from math import prod

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lenet_helpers.models.codes import digit_codes


class ScaledTanh(nn.Module):
    """A tanh(S a): the squashing function of every LeNet, f(1) = 1 and f(-1) = -1.

    Any shape in, the same out. Source: LeCun et al. 1998, eq. 6 and appendix A.

    >>> ScaledTanh()(torch.tensor([-1.0, 0.0, 1.0])).round(decimals=4).tolist()
    [-1.0, 0.0, 1.0]
    """

    AMPLITUDE = 1.7159
    SLOPE = 2 / 3

    def forward(self, a: Tensor) -> Tensor:
        return self.AMPLITUDE * torch.tanh(self.SLOPE * a)

    def counts(self, input_shape: tuple, output_shape: tuple) -> dict[str, int]:
        return {"params": 0, "macs": 0, "connections": 0}


class Subsampling(nn.Module):
    """Sum of each window, times a coefficient, plus a bias: one pair for each map.

    The squashing that follows is a layer of its own (``ScaledTanh``), so that the
    map can be looked at before and after it. Float [N, maps, H, W] -> [N, maps,
    H / size, W / size]; rows and columns that fill no window are dropped.
    Source: LeCun et al. 1998, section II-B, layer S2.

    >>> s2 = Subsampling(6)
    >>> s2(torch.zeros(1, 6, 28, 28)).shape
    torch.Size([1, 6, 14, 14])
    >>> s2.counts((6, 28, 28), (6, 14, 14))
    {'params': 12, 'macs': 1176, 'connections': 5880}
    """

    def __init__(self, maps: int, size: int = 2):
        super().__init__()
        self.maps = maps
        self.kernel_size = self.stride = size
        self.padding, self.dilation = 0, 1
        # A quarter: before training it is plain averaging.
        self.coefficient = nn.Parameter(torch.full((maps,), 1 / size**2))
        self.bias = nn.Parameter(torch.zeros(maps))

    def forward(self, x: Tensor) -> Tensor:
        sums = F.avg_pool2d(x, self.kernel_size, divisor_override=1)
        return sums * self.coefficient[:, None, None] + self.bias[:, None, None]

    def counts(self, input_shape: tuple, output_shape: tuple) -> dict[str, int]:
        units = prod(output_shape)
        return {
            "params": 2 * self.maps,
            "macs": units,
            "connections": units * (self.kernel_size**2 + 1),
        }

    def extra_repr(self) -> str:
        return f"{self.maps}, size={self.kernel_size}"


class PartialConv2d(nn.Module):
    """A convolution in which each output map reads only some of the input maps.

    The kernels of the pairs that are connected are all there is to learn: every
    forward pass sets them into an otherwise empty weight. What the table leaves out
    therefore never acts, never learns, and never counts; a weight that is merely
    zeroed once would be filled again by its gradient.

    Args:
        table: 0/1 connections [maps out, maps in]; every output map reads something.
        kernel_size: side of the square kernels.
        stride: step between two units, in pixels.
        padding: width of the frame around the input, in pixels.
        border: the constant value in that frame.

    Shape: float [N, maps in, H, W] -> [N, maps out, H', W'].

    Raises:
        ValueError: ``table`` is not a matrix of 0 and 1 with a 1 in every row.

    Source: LeCun et al. 1998, Table I; LeCun et al. 1989, p. 545, for the border.

    >>> half = PartialConv2d([[1, 0], [0, 1], [1, 1]], kernel_size=5)
    >>> half.weight.shape, sum(p.numel() for p in half.parameters())
    (torch.Size([3, 2, 5, 5]), 103)
    """

    def __init__(
        self,
        table: Tensor | list[list[int]],
        kernel_size: int,
        *,
        stride: int = 1,
        padding: int = 0,
        border: float = 0.0,
    ):
        super().__init__()
        table = _connection_table(table)
        self.out_channels, self.in_channels = table.shape
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding
        self.dilation, self.border = 1, border
        self.register_buffer("table", table)
        # Pairs in the order of the table's rows: all kernels of map 0 come first.
        self.register_buffer("pairs", table.nonzero().T, persistent=False)
        pairs = self.pairs.shape[1]
        self.kernels = nn.Parameter(torch.empty(pairs, kernel_size, kernel_size))
        self.bias = nn.Parameter(torch.zeros(self.out_channels))
        bound = (1 / self.fan_in()[self.pairs[0]]).sqrt()[:, None, None]
        with torch.no_grad():  # nn.Conv2d's default, with each map's own fan-in
            self.kernels.uniform_(-1, 1).mul_(bound)

    @property
    def weight(self) -> Tensor:
        """The dense weight [maps out, maps in, k, k]: zero where the table is."""
        k = self.kernel_size
        dense = self.kernels.new_zeros(self.out_channels, self.in_channels, k, k)
        return dense.index_put((self.pairs[0], self.pairs[1]), self.kernels)

    def fan_in(self) -> Tensor:
        """How many inputs a unit of each output map reads: [maps out]."""
        return self.table.sum(1) * self.kernel_size**2

    def forward(self, x: Tensor) -> Tensor:
        return self._convolve(x, self.bias)

    def _convolve(self, x: Tensor, bias: Tensor | None) -> Tensor:
        if self.padding:
            x = F.pad(x, (self.padding,) * 4, value=self.border)
        return F.conv2d(x, self.weight, bias, self.stride)

    def counts(self, input_shape: tuple, output_shape: tuple) -> dict[str, int]:
        positions = prod(output_shape[1:])
        macs = positions * self.kernels.numel()
        return {
            "params": self.kernels.numel() + self.bias.numel(),
            "macs": macs,
            "connections": macs + prod(output_shape),
        }

    def extra_repr(self) -> str:
        return (
            f"{self.in_channels}, {self.out_channels}, pairs={self.pairs.shape[1]}, "
            f"kernel_size={self.kernel_size}, stride={self.stride}, "
            f"padding={self.padding}, border={self.border}"
        )


class UnsharedBiasConv2d(PartialConv2d):
    """A ``PartialConv2d`` in which every unit has a bias of its own.

    Kernels are shared over a map as usual; the bias is [maps out, *map_size]. The
    convolutions of 1989 are of this kind, with stride 2 and a border of -1.
    Source: LeCun et al. 1989, p. 545.

    Args:
        map_size: height and width of the output maps, in units.
        table, kernel_size, stride, padding, border: as in ``PartialConv2d``.

    >>> h1 = UnsharedBiasConv2d(
    ...     (8, 8), torch.ones(12, 1), 5, stride=2, padding=2, border=-1.0
    ... )
    >>> h1.counts((1, 16, 16), (12, 8, 8))
    {'params': 1068, 'macs': 19200, 'connections': 19968}
    """

    def __init__(
        self,
        map_size: tuple[int, int],
        table: Tensor | list[list[int]],
        kernel_size: int,
        **options,
    ):
        super().__init__(table, kernel_size, **options)
        self.bias = nn.Parameter(torch.zeros(self.out_channels, *map_size))

    def forward(self, x: Tensor) -> Tensor:
        return self._convolve(x, None) + self.bias


class EuclideanRBF(nn.Module):
    """Squared distance of the input to each fixed code: penalties, smallest wins.

    Args:
        codes: targets [classes, size]; a buffer, so they are saved but not learned.
            Default: the ten digits, [10, 84].

    Shape: float [..., size] -> [..., classes]. Source: LeCun et al. 1998, eq. 7.

    >>> penalties = EuclideanRBF()(digit_codes()[3])
    >>> penalties.argmin().item(), penalties.min().item()
    (3, 0.0)
    """

    def __init__(self, codes: Tensor | None = None):
        super().__init__()
        self.register_buffer("codes", digit_codes() if codes is None else codes)

    def forward(self, x: Tensor) -> Tensor:
        return (x[..., None, :] - self.codes).square().sum(-1)

    def counts(self, input_shape: tuple, output_shape: tuple) -> dict[str, int]:
        links = self.codes.numel()
        return {"params": 0, "macs": links, "connections": links}


def _connection_table(table: Tensor | list[list[int]]) -> Tensor:
    table = torch.as_tensor(table)
    if table.dim() != 2 or not ((table == 0) | (table == 1)).all():
        raise ValueError("table must be a matrix [maps out, maps in] of 0 and 1")
    if not table.any(1).all():
        empty = (~table.any(1)).nonzero().flatten().tolist()
        raise ValueError(f"output maps {empty} read no input map at all")
    return table.bool()
