"""Clear words for tensors that cannot be what the caller meant."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

PIXEL_LIMIT = 30.0  # a normalised pixel lies within a few standard deviations


def check_images(images: Tensor) -> None:
    """Raise if these are not normalised images [N, C, H, W].

    Whether a network takes them is for the network to say: see ``taken``.

    Raises:
        TypeError: not a tensor, or not floating point.
        ValueError: wrong number of dimensions; a NaN; or values that look like raw
            0..255 pixels.

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


@contextmanager
def taken(model: nn.Module, images: Tensor) -> Iterator[None]:
    """Around ``model(images)``: torch's refusal, with what to change.

    Raises:
        ValueError: the network does not take these images.

    >>> with taken(nn.Conv2d(3, 6, 5), torch.zeros(2, 1, 32, 32)):
    ...     nn.Conv2d(3, 6, 5)(torch.zeros(2, 1, 32, 32))
    Traceback (most recent call last):
    ...
    ValueError: images have 1 channels; the network reads 3 (Given groups=1, weight of \
size [6, 3, 5, 5], expected input[2, 1, 32, 32] to have 3 channels, but got 1 channels \
instead)
    """
    try:
        yield
    except (RuntimeError, ValueError, TypeError) as error:
        if type(error) not in (RuntimeError, ValueError, TypeError):
            raise  # what has its own words
        said = str(error).strip().partition("\n")[0]
        raise ValueError(f"{_advice(model, images, said)} ({said})") from error


def check_labels(labels: Tensor, count: int, classes: int | None = None) -> None:
    """Raise unless ``labels`` are ``count`` class indices, int64 [N].

    Raises:
        TypeError: not int64. ValueError: one-hot rows, another count, negative, or
            not below the number of ``classes``.
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
    if count and classes is not None and labels.max() >= classes:
        raise ValueError(
            f"labels hold {labels.max().item()}; the network has {classes} logits, for "
            f"classes 0 to {classes - 1}"
        )


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


def _advice(model: nn.Module, images: Tensor, said: str) -> str:
    """What most likely has to change; only asked once the network has refused."""
    shape = list(images.shape)
    weights = next((p for p in model.parameters() if p.is_floating_point()), images)
    if weights.dtype != images.dtype:
        ours, theirs = _short(images.dtype), _short(weights.dtype)
        return f"images are {ours}, the weights {theirs}: images.to(torch.{theirs})"
    if "more than 1 value per channel" in said:
        return (
            "batch normalisation cannot learn from a single value: choose another "
            "batch_size, so that no batch of one image is left over"
        )
    first = next((m for m in model.modules() if isinstance(m, nn.Conv2d)), None)
    if first is not None and shape[1] != first.in_channels:
        return f"images have {shape[1]} channels; the network reads {first.in_channels}"
    size = getattr(model, "input_size", None)
    if isinstance(size, int) and shape[2:] != [size, size]:
        return (
            f"images are {shape[2]}x{shape[3]} pixels; this network is built for "
            f"{size}x{size}: pad them (28 to 32: two pixels of background a side) "
            "or build it with another input_size"
        )
    return f"the network does not take images of shape {shape}"
