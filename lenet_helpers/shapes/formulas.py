"""The arithmetic of convolutional networks, as one writes it on paper."""

from collections.abc import Iterable


def conv_output_size(
    n: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1
) -> int:
    """Side of the output: floor((n + 2p - d(k - 1) - 1) / s) + 1, all in pixels.

    Pooling follows the same formula.

    Raises:
        ValueError: a size below 1, a negative padding, or a kernel that does not fit.

    >>> conv_output_size(32, 5), conv_output_size(28, 2, stride=2)
    (28, 14)
    >>> conv_output_size(4, 5)
    Traceback (most recent call last):
    ...
    ValueError: a kernel spanning 5 pixels does not fit into 4
    """
    sizes = {"n": n, "kernel": kernel, "stride": stride, "dilation": dilation}
    for name, value in sizes.items():
        if value < 1:
            raise ValueError(f"{name}={value}; it starts at 1")
    if padding < 0:
        raise ValueError(f"padding={padding}; it starts at 0")
    span = dilation * (kernel - 1) + 1
    if span > n + 2 * padding:
        raise ValueError(
            f"a kernel spanning {span} pixels does not fit into {n + 2 * padding}"
        )
    return (n + 2 * padding - span) // stride + 1


def conv_params(
    in_channels: int, out_channels: int, kernel: int, groups: int = 1, bias: bool = True
) -> int:
    """Trainable values of a square convolution: out x (in / groups x k x k + 1).

    >>> conv_params(1, 6, 5), conv_params(6, 16, 5)
    (156, 2416)
    """
    if in_channels % groups or out_channels % groups:
        raise ValueError(
            f"groups={groups} divides not both {in_channels} and {out_channels}"
        )
    return out_channels * (in_channels // groups * kernel**2 + bias)


def linear_params(in_features: int, out_features: int, bias: bool = True) -> int:
    """Trainable values of a dense layer: out x (in + 1).

    >>> linear_params(120, 84)
    10164
    """
    return out_features * (in_features + bias)


def conv_macs(
    in_channels: int, out_channels: int, kernel: int, output_size: int, groups: int = 1
) -> int:
    """Multiply-adds for one image: units x weights a unit; biases are not counted.

    >>> conv_macs(1, 6, 5, output_size=28)
    117600
    """
    weights = conv_params(in_channels, out_channels, kernel, groups, bias=False)
    return output_size**2 * weights


def conv_connections(
    in_channels: int, out_channels: int, kernel: int, output_size: int, groups: int = 1
) -> int:
    """Links as the 1998 paper counts them: units x (inputs + 1 for the bias).

    Source: LeCun et al. 1998, section II-B.

    >>> conv_connections(1, 6, 5, output_size=28)
    122304
    """
    return output_size**2 * conv_params(in_channels, out_channels, kernel, groups)


def receptive_field(layers: Iterable[tuple[int, ...]]) -> list[tuple[int, int]]:
    """(receptive field, jump) in input pixels after each (kernel, stride[, dilation]).

    r' = r + (k - 1) d j and j' = j s, from the input on; padding plays no part.

    >>> receptive_field([(5, 1), (2, 2), (5, 1), (2, 2), (5, 1)])
    [(5, 1), (6, 2), (14, 2), (16, 4), (32, 4)]
    """
    field, jump, rows = 1, 1, []
    for kernel, stride, *rest in layers:
        dilation = rest[0] if rest else 1
        field += (kernel - 1) * dilation * jump
        jump *= stride
        rows.append((field, jump))
    return rows
