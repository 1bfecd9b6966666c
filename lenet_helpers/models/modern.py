"""LeNet-5 as it is written today: dense C3, plain pooling, a linear output."""

from torch import Tensor, nn

ACTIVATIONS = {"tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "relu": nn.ReLU}
POOLS = {"avg": nn.AvgPool2d, "max": nn.MaxPool2d}


class ModernLeNet5(nn.Module):
    """LeNet-5 with today's parts and the paper's labels; returns logits.

    Against the network of 1998 (60,000 parameters) C3 reads all six maps of S2
    (+900), S2 and S4 have nothing to learn (-44), and the output is a trainable
    linear layer (+850): 61,706.

    Args:
        num_classes: how many logits come out.
        in_channels: 1 for grey images, 3 for colour.
        activation: "tanh", "sigmoid" or "relu", after C1, C3, C5 and F6.
        pool: "avg" or "max", 2x2 with stride 2, for S2 and S4.
        input_size: side of the square input in pixels. C5's kernel covers all of
            S4: 5x5 at 32 pixels, 4x4 at 28 (44,426 parameters).

    Shape: float32 [N, in_channels, input_size, input_size] -> [N, num_classes].

    Raises:
        ValueError: an unknown activation or pool, or a size that leaves S4 empty
            or that the two pools do not divide.

    Source: LeCun et al. 1998, section II-B, for sizes and labels.

    >>> sum(p.numel() for p in ModernLeNet5().parameters())
    61706
    """

    def __init__(
        self,
        num_classes: int = 10,
        in_channels: int = 1,
        activation: str = "tanh",
        pool: str = "avg",
        input_size: int = 32,
    ):
        super().__init__()
        act = _choose(ACTIVATIONS, "activation", activation)
        subsample = _choose(POOLS, "pool", pool)
        s4_size = _s4_size(input_size)
        self.input_size = input_size
        self.c1 = nn.Conv2d(in_channels, 6, kernel_size=5)
        self.s2 = subsample(2)
        self.c3 = nn.Conv2d(6, 16, kernel_size=5)
        self.s4 = subsample(2)
        self.c5 = nn.Conv2d(16, 120, kernel_size=s4_size)
        self.f6 = nn.Linear(120, 84)
        self.output = nn.Linear(84, num_classes)
        self.act = act()

    def forward(self, x: Tensor) -> Tensor:
        x = self.s2(self.act(self.c1(x)))
        x = self.s4(self.act(self.c3(x)))
        x = self.act(self.c5(x)).flatten(1)
        x = self.act(self.f6(x))
        return self.output(x)


def _choose(table: dict, what: str, name: str):
    if name not in table:
        raise ValueError(f"{what}={name!r} is not one of {', '.join(table)}")
    return table[name]


def _s4_size(input_size: int) -> int:
    """The side of S4's maps: what C5's kernel has to cover."""
    if input_size < 16 or input_size % 4:
        raise ValueError(
            f"input_size={input_size}: use a multiple of 4, 16 or more, so that "
            "both 2x2 pools divide their maps and something is left for C5"
        )
    return ((input_size - 4) // 2 - 4) // 2
