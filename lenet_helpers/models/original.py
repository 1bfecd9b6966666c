"""LeNet-1989, LeNet-1 and LeNet-5 as they were published, and their criteria."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lenet_helpers.models.layers import (
    EuclideanRBF,
    PartialConv2d,
    ScaledTanh,
    Subsampling,
    UnsharedBiasConv2d,
)

# Which of S2's six maps each of C3's sixteen maps reads: bool [16, 6].
# LeCun et al. 1998, Table I (printed there with a column for each map of C3).
_C3_READS = """
    012 123 234 345 045 015
    0123 1234 2345 0345 0145 0125
    0134 1245 0235
    012345
""".split()
C3_TABLE = torch.tensor([[str(i) in maps for i in range(6)] for maps in _C3_READS])

# Which of H2's four maps each of H3's twelve maps reads: bool [12, 4].
# LeCun et al. 1990, Table 1.
_H3_READS = "0 01 01 1 01 01 2 23 23 3 23 23".split()
H3_TABLE = torch.tensor([[str(i) in maps for i in range(4)] for maps in _H3_READS])


def cyclic_table(maps_out: int, maps_in: int, reads: int) -> Tensor:
    """Output map m reads the input maps m, m + 1, ..., m + reads - 1, wrapping round.

    Returns bool [maps_out, maps_in].

    >>> cyclic_table(3, 4, 2).int().tolist()
    [[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]]
    """
    step = torch.arange(maps_in)[None, :] - torch.arange(maps_out)[:, None]
    return step % maps_in < reads


class LeNet1989(nn.Module):
    """The zip-code network of 1989: two convolutions of stride 2, no subsampling.

    Outputs are squashed; train them towards +1 for the class and -1 for the rest
    by mean squared error. The largest wins.

    Args:
        h2_table: which 8 of the 12 maps of H1 each map of H2 reads, 0/1 [12, 12].
            The paper does not say. Default: ``cyclic_table(12, 12, 8)``, in which
            every map of H1 is read equally often.

    Shape: float [N, 1, 16, 16] with paper -1 and ink +1 -> [N, 10].
    Source: LeCun et al. 1989, pp. 544-546: 9,760 parameters, 64,660 connections.

    >>> sum(p.numel() for p in LeNet1989().parameters())
    9760
    """

    def __init__(self, h2_table: Tensor | None = None):
        super().__init__()
        if h2_table is None:
            h2_table = cyclic_table(12, 12, 8)
        conv = {"kernel_size": 5, "stride": 2, "padding": 2, "border": -1.0}
        self.h1 = UnsharedBiasConv2d((8, 8), torch.ones(12, 1), **conv)
        self.h2 = UnsharedBiasConv2d((4, 4), h2_table, **conv)
        self.h3 = nn.Linear(12 * 4 * 4, 30)
        self.output = nn.Linear(30, 10)
        self.act = ScaledTanh()
        init_fan_in(self)

    def forward(self, x: Tensor) -> Tensor:
        x = self.act(self.h1(x))
        x = self.act(self.h2(x)).flatten(1)
        x = self.act(self.h3(x))
        return self.act(self.output(x))

    def predict(self, images: Tensor) -> Tensor:
        """The class of each image: the largest output, int64 [N]."""
        return self(images).argmax(1)


class LeNet1(nn.Module):
    """The network of 1990: convolution and trainable averaging take turns.

    Outputs are squashed; targets are +1 and -1, the largest wins.

    Shape: float [N, 1, 28, 28] -> [N, 10].
    Source: LeCun et al. 1990, section 4 and Table 1: 2,578 parameters, 98,442
    connections; named LeNet-1 in LeCun et al. 1998, section III-C.

    >>> sum(p.numel() for p in LeNet1().parameters())
    2578
    """

    def __init__(self):
        super().__init__()
        self.h1 = nn.Conv2d(1, 4, kernel_size=5)
        self.h2 = Subsampling(4)
        self.h3 = PartialConv2d(H3_TABLE, kernel_size=5)
        self.h4 = Subsampling(12)
        self.output = nn.Linear(12 * 4 * 4, 10)
        self.act = ScaledTanh()
        init_fan_in(self)

    def forward(self, x: Tensor) -> Tensor:
        x = self.act(self.h2(self.act(self.h1(x))))
        x = self.act(self.h4(self.act(self.h3(x))))
        return self.act(self.output(x.flatten(1)))

    def predict(self, images: Tensor) -> Tensor:
        """The class of each image: the largest output, int64 [N]."""
        return self(images).argmax(1)


class LeNet5(nn.Module):
    """LeNet-5 of 1998: partial C3, trainable S2 and S4, fixed codes at the output.

    What comes out are penalties, squared distances from the codes of the digits:
    the SMALLEST wins. Train with ``criterion_eq8`` or ``criterion_eq9``.

    Shape: float [N, 1, 32, 32], see ``range_1998`` -> [N, 10].
    Source: LeCun et al. 1998, section II-B: 60,000 trainable parameters, 340,908
    connections.

    >>> sum(p.numel() for p in LeNet5().parameters())
    60000
    """

    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv2d(1, 6, kernel_size=5)
        self.s2 = Subsampling(6)
        self.c3 = PartialConv2d(C3_TABLE, kernel_size=5)
        self.s4 = Subsampling(16)
        self.c5 = nn.Conv2d(16, 120, kernel_size=5)
        self.f6 = nn.Linear(120, 84)
        self.output = EuclideanRBF()
        self.act = ScaledTanh()
        init_fan_in(self)

    def forward(self, x: Tensor) -> Tensor:
        x = self.act(self.s2(self.act(self.c1(x))))
        x = self.act(self.s4(self.act(self.c3(x))))
        x = self.act(self.c5(x)).flatten(1)
        x = self.act(self.f6(x))
        return self.output(x)

    def predict(self, images: Tensor) -> Tensor:
        """The class of each image: the smallest penalty, int64 [N]."""
        return self(images).argmin(1)


@torch.no_grad()
def init_fan_in(model: nn.Module, scale: float = 2.4, power: float = 1.0) -> None:
    """Draw every weight and bias from U(-r, r), r = scale / F**power, F the fan-in.

    F counts the inputs of a unit without its bias, so a map of C3 that reads three
    maps has F = 75. The papers print F itself, not its root (``power`` 0.5), because
    neighbouring inputs are alike. They do not mention the biases; here these are
    drawn like the weights.
    Source: LeCun et al. 1998, appendix A.
    """
    for layer in model.modules():
        if isinstance(layer, PartialConv2d):
            bounds = scale / layer.fan_in() ** power
            # One bound for each row, whatever the number of dimensions behind it.
            for values, bound in (
                (layer.kernels, bounds[layer.pairs[0]]),
                (layer.bias, bounds),
            ):
                values.uniform_(-1, 1).mul_(bound.view(-1, *[1] * (values.dim() - 1)))
        elif isinstance(layer, Subsampling):
            bound = scale / layer.kernel_size ** (2 * power)
            layer.coefficient.uniform_(-bound, bound)
            layer.bias.uniform_(-bound, bound)
        elif isinstance(layer, nn.Conv2d | nn.Linear):
            bound = scale / layer.weight[0].numel() ** power
            layer.weight.uniform_(-bound, bound)
            layer.bias.uniform_(-bound, bound)


def range_1998(pixels: Tensor) -> Tensor:
    """Scale pixels from [0, 1] to the range of 1998: paper -0.1, full ink 1.175.

    Any shape. Pad to 32x32 with paper (0) first. The paper expects mean 0 and
    variance 1 from it; on the public files the variance is 0.12.
    Source: LeCun et al. 1998, section II-B.

    >>> range_1998(torch.tensor([0.0, 1.0])).tolist()
    [-0.10000000149011612, 1.1749999523162842]
    """
    return -0.1 + 1.275 * pixels


def criterion_eq8(penalties: Tensor, labels: Tensor) -> Tensor:
    """Mean penalty of the right class: it pulls, and nothing pushes.

    Penalties [N, classes], labels int64 [N] -> scalar.
    Source: LeCun et al. 1998, eq. 8.

    >>> criterion_eq8(torch.tensor([[3.0, 9.0]]), torch.tensor([0])).item()
    3.0
    """
    return penalties.gather(1, labels[:, None]).mean()


def criterion_eq9(penalties: Tensor, labels: Tensor, *, j: float) -> Tensor:
    """Mean of y_D + log(exp(-j) + sum_i exp(-y_i)): wrong classes are pushed away.

    It is the cross-entropy over the logits -y_i and one more, -j: a rubbish class
    that wins when no penalty is below j, so that large ones are pushed no further.
    The paper gives no value for ``j`` (> 0).

    Penalties [N, classes], labels int64 [N] -> scalar.
    Source: LeCun et al. 1998, eq. 9.
    """
    return F.cross_entropy(rubbish_logits(penalties, j), labels)


def rubbish_logits(penalties: Tensor, j: float) -> Tensor:
    """The logits behind eq. 9: [N, classes] -> [N, classes + 1], the last one -j."""
    return F.pad(-penalties, (0, 1), value=-j)
