"""Clear words for tensors that cannot be what the caller meant."""

import torch
from torch import Tensor, nn

PIXEL_LIMIT = 30.0  # a normalised pixel lies within a few standard deviations


def check_images(images: Tensor, model: nn.Module | None = None) -> None:
    """Raise if these are not normalised images [N, C, H, W] that ``model`` can take.

    Raises:
        TypeError: not a tensor, or not floating point.
        ValueError: wrong number of dimensions, channels or pixels; a NaN; or values
            that look like raw 0..255 pixels.

    >>> check_images(torch.zeros(28, 28))
    Traceback (most recent call last):
    ...
    ValueError: images have shape [28, 28]; expected [N, C, H, W]: one image of \
28x28 is images[None, None]
    """
    if not isinstance(images, Tensor):
        raise TypeError(f"images are a {type(images).__name__}; expected a tensor")
    if not images.is_floating_point():
        raise TypeError(
            f"images are {_short(images.dtype)}; expected float32, normalised as "
            "data.load does it (raw pixels: divide by 255 first)"
        )
    shape = list(images.shape)
    if images.dim() != 4:
        side = "x".join(str(n) for n in shape[-2:])
        raise ValueError(
            f"images have shape {shape}; expected [N, C, H, W]: one image of {side} "
            f"is images[{', '.join(['None'] * max(1, 4 - images.dim()))}]"
        )
    _check_values(images)
    if model is not None:
        _check_fit(shape, model)


def check_labels(labels: Tensor, count: int) -> None:
    """Raise unless ``labels`` are ``count`` class indices, int64 [N].

    Raises:
        TypeError: not int64. ValueError: one-hot rows, another count, or negative.
    """
    if not isinstance(labels, Tensor) or labels.dtype != torch.int64:
        kind = _short(labels.dtype) if isinstance(labels, Tensor) else type(labels)
        raise TypeError(f"labels are {kind}; expected class indices as int64")
    if list(labels.shape) != [count]:
        raise ValueError(
            f"labels have shape {list(labels.shape)} for {count} images; expected "
            f"[{count}] class indices (one-hot rows: take argmax(1))"
        )
    if count and labels.min() < 0:
        raise ValueError(f"labels hold {labels.min().item()}; classes count from 0")


def _short(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _check_values(images: Tensor) -> None:
    if images.numel() == 0:
        raise ValueError(f"images are empty: shape {list(images.shape)}")
    low, high = images.aminmax()
    if not (torch.isfinite(low) and torch.isfinite(high)):
        raise ValueError("images hold NaN or infinite pixels")
    if max(-low.item(), high.item()) > PIXEL_LIMIT:
        raise ValueError(
            f"pixels run from {low.item():.4g} to {high.item():.4g}: these look like "
            "raw values; divide by 255 and normalise as data.load does it"
        )


def _check_fit(shape: list[int], model: nn.Module) -> None:
    first = next((m for m in model.modules() if isinstance(m, nn.Conv2d)), None)
    if first is not None and shape[1] != first.in_channels:
        raise ValueError(
            f"images have {shape[1]} channels; the network reads {first.in_channels}"
        )
    size = getattr(model, "input_size", None)
    if size is not None and shape[2:] != [size, size]:
        raise ValueError(
            f"images are {shape[2]}x{shape[3]} pixels; this network is built for "
            f"{size}x{size}: pad them (28 to 32: two pixels of background a side) "
            "or build it with another input_size"
        )
