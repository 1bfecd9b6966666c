"""AlexNet as published in 2012, and the small version for images of 32x32 pixels."""

from torch import Tensor, nn

from lenet_helpers.models.modern import ACTIVATIONS, _choose

SIDE = 227  # the code of 2012 read 224 and rounded up; torch rounds down


class AlexNet(nn.Module):
    """AlexNet as published: five convolutions, three dense layers; returns logits.

    ReLU follows every layer but the last. Local response normalisation stands after
    the ReLU of conv1 and conv2; 3x3 max pooling with stride 2 (so windows overlap)
    after both norms and after conv5; dropout after the ReLU of fc6 and of fc7.

    Args:
        num_classes: how many logits come out.
        groups: 2 as published, where conv2, conv4 and conv5 see the maps of their
            own GPU only; 1 for one tower in which they see all of them.

    Shape: float32 [N, 3, 227, 227] -> [N, num_classes].

    Raises:
        ValueError: other groups than 1 or 2; in the forward pass, an image that is
            not 3x227x227.

    Weights start as N(0, 0.01), biases at 1 in conv2, conv4, conv5, fc6 and fc7 and
    at 0 elsewhere. Source: Krizhevsky, Sutskever and Hinton 2012, sections 3 to 5.

    >>> import torch
    >>> with torch.device("meta"):  # shapes only: no memory for 61 million numbers
    ...     model = AlexNet()
    >>> sum(p.numel() for p in model.parameters())
    60965224
    """

    def __init__(self, num_classes: int = 1000, groups: int = 2):
        super().__init__()
        if groups not in (1, 2):
            raise ValueError(f"groups={groups}: 2 as published, or 1")
        self.conv1 = nn.Conv2d(3, 96, 11, stride=4)
        self.norm1 = local_response_norm()
        self.pool1 = nn.MaxPool2d(3, stride=2)
        self.conv2 = nn.Conv2d(96, 256, 5, padding=2, groups=groups)
        self.norm2 = local_response_norm()
        self.pool2 = nn.MaxPool2d(3, stride=2)
        self.conv3 = nn.Conv2d(256, 384, 3, padding=1)
        self.conv4 = nn.Conv2d(384, 384, 3, padding=1, groups=groups)
        self.conv5 = nn.Conv2d(384, 256, 3, padding=1, groups=groups)
        self.pool5 = nn.MaxPool2d(3, stride=2)
        self.fc6 = nn.Linear(256 * 6 * 6, 4096)
        self.drop6 = nn.Dropout(0.5)
        self.fc7 = nn.Linear(4096, 4096)
        self.drop7 = nn.Dropout(0.5)
        self.fc8 = nn.Linear(4096, num_classes)
        self.act = nn.ReLU()
        self.apply(_initial_weights)
        for layer in (self.conv2, self.conv4, self.conv5, self.fc6, self.fc7):
            nn.init.ones_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        if tuple(x.shape[1:]) != (3, SIDE, SIDE):
            raise ValueError(_wrong_size(tuple(x.shape)))
        x = self.pool1(self.norm1(self.act(self.conv1(x))))
        x = self.pool2(self.norm2(self.act(self.conv2(x))))
        x = self.act(self.conv4(self.act(self.conv3(x))))
        x = self.pool5(self.act(self.conv5(x))).flatten(1)
        x = self.drop6(self.act(self.fc6(x)))
        x = self.drop7(self.act(self.fc7(x)))
        return self.fc8(x)


class AlexNetCifar(nn.Module):
    """The popular "AlexNet for CIFAR", repaired; returns logits.

    With the network of 2012 it shares the outline (five convolutions, three poolings,
    two hidden dense layers of 4,096 with dropout), ReLU, and the channel counts that
    torchvision took from Krizhevsky 2014 (192, 384, 256, 256 after the first). It
    does not share the 11x11 kernels with stride 4, the two groups, the local response
    normalisation, the overlapping pooling (windows are 2x2 here) or the initial
    weights: these are scaled to the number of inputs (He et al. 2015), because with
    N(0, 0.01), or with torch's own, a narrow network of eight layers stands still for
    hundreds of steps.

    Args:
        num_classes: how many logits come out.
        width: scales every channel count and hidden layer; 1.0 has 35,855,178
            parameters, 0.25 has 2,250,714 and trains on a laptop.
        in_channels: 3 for colour, 1 for grey images.
        dropout: share of fc6's and fc7's outputs that is zeroed in training.
        activation: "relu", "tanh" or "sigmoid", after every layer but the last.

    Shape: float32 [N, in_channels, 32, 32] -> [N, num_classes].

    Raises:
        ValueError: a width that leaves no channel, an unknown activation; in the
            forward pass, an image that is not 32x32.

    >>> sum(p.numel() for p in AlexNetCifar(width=0.25).parameters())
    2250714
    """

    def __init__(
        self,
        num_classes: int = 10,
        width: float = 1.0,
        in_channels: int = 3,
        dropout: float = 0.5,
        activation: str = "relu",
    ):
        super().__init__()
        sizes = (64, 192, 384, 256, 256, 4096)
        a, b, c, d, e, hidden = (round(width * n) for n in sizes)
        if min(a, b, c, d, e) < 1:
            raise ValueError(f"width={width:g} leaves no channel; 1/64 is the least")
        self.conv1 = nn.Conv2d(in_channels, a, 3, padding=1)
        self.pool1 = nn.MaxPool2d(2)
        self.conv2 = nn.Conv2d(a, b, 3, padding=1)
        self.pool2 = nn.MaxPool2d(2)
        self.conv3 = nn.Conv2d(b, c, 3, padding=1)
        self.conv4 = nn.Conv2d(c, d, 3, padding=1)
        self.conv5 = nn.Conv2d(d, e, 3, padding=1)
        self.pool5 = nn.MaxPool2d(2)
        self.fc6 = nn.Linear(e * 4 * 4, hidden)
        self.drop6 = nn.Dropout(dropout)
        self.fc7 = nn.Linear(hidden, hidden)
        self.drop7 = nn.Dropout(dropout)
        self.fc8 = nn.Linear(hidden, num_classes)
        self.act = _choose(ACTIVATIONS, "activation", activation)()
        for layer in self.children():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                if not layer.weight.is_meta:
                    nn.init.kaiming_normal_(layer.weight, nonlinearity=activation)
                nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        if tuple(x.shape[2:]) != (32, 32):
            raise ValueError(
                f"the batch has shape {tuple(x.shape)}; AlexNetCifar takes [N, C, 32, "
                "32], since fc6 is made for the 4x4 maps that three poolings leave"
            )
        x = self.pool1(self.act(self.conv1(x)))
        x = self.pool2(self.act(self.conv2(x)))
        x = self.act(self.conv4(self.act(self.conv3(x))))
        x = self.pool5(self.act(self.conv5(x))).flatten(1)
        x = self.drop6(self.act(self.fc6(x)))
        x = self.drop7(self.act(self.fc7(x)))
        return self.fc8(x)


def local_response_norm() -> nn.LocalResponseNorm:
    """The paper's b_i = a_i / (k + alpha sum of a_j^2 over 5 neighbouring maps)^beta.

    torch divides alpha by the five, the paper's formula does not: so its alpha of
    1e-4 is torch's 5e-4. k = 2, beta = 0.75. Float [N, maps, H, W] -> the same.
    Source: Krizhevsky et al. 2012, section 3.3. (Their code, public since 2025, divides
    by five as well: what it trained is torch's 1e-4.)

    >>> local_response_norm()
    LocalResponseNorm(5, alpha=0.0005, beta=0.75, k=2)
    """
    return nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2)


def _initial_weights(layer: nn.Module) -> None:
    if isinstance(layer, nn.Conv2d | nn.Linear):
        if not layer.weight.is_meta:  # or torch imports its compiler, for seconds
            nn.init.normal_(layer.weight, std=0.01)
        nn.init.zeros_(layer.bias)


def _wrong_size(shape: tuple[int, ...]) -> str:
    told = f"the batch has shape {shape}; AlexNet takes [N, 3, {SIDE}, {SIDE}]"
    if shape[2:] == (224, 224):
        told += (
            ". Rounded down, the paper's 224 gives 54x54 maps and 6,400 features "
            "instead of 55x55 and 9,216; use 227, or pad by 3 on the right and bottom, "
            "which is what rounding up did in 2012"
        )
    return told
