"""What a trained network sees: activations, saliency, occlusion. Numbers only.

Every function leaves the model as it found it (mode, gradients, hooks) and expects
images as ``data.load`` returns them: float32 [N, C, H, W], normalised.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from lenet_helpers.checks import check_images, taken


@contextmanager
def _quiet(model: nn.Module, images: Tensor) -> Iterator[None]:
    """Evaluation mode for a while, for images that can be such."""
    check_images(images)
    was_training = {module: module.training for module in model.modules()}
    model.eval()
    try:
        yield
    finally:
        for module, mode in was_training.items():
            module.training = mode


def _seen(model: nn.Module, images: Tensor) -> Tensor:
    with taken(model, images):
        return model(images)


@torch.no_grad()
def activations(model: nn.Module, images: Tensor) -> dict[str, Tensor]:
    """What every layer puts out, by forward hooks, in the order of calls.

    A layer that is called once has its own name as key; one that is called several
    times, as LeNet's activation is, gets the name of the layer before it as well:
    ``c1`` is C1 before its activation and ``c1.act`` after it.

    Returns: the outputs, each with the batch dimension first, copied.

    >>> from lenet_helpers.models import ModernLeNet5
    >>> maps = activations(ModernLeNet5(), torch.zeros(2, 1, 32, 32))
    >>> list(maps)[:4], tuple(maps["c1.act"].shape)
    (['c1', 'c1.act', 's2', 'c3'], (2, 6, 28, 28))
    """
    calls: list[tuple[str, Tensor]] = []
    handles = [
        module.register_forward_hook(
            lambda m, args, out, name=name: calls.append((name, out.clone()))
        )
        for name, module in model.named_modules()
        if name and not list(module.children())
    ]
    try:
        with _quiet(model, images):
            _seen(model, images)
    finally:
        for handle in handles:
            handle.remove()
    return _named(calls)


def _named(calls: list[tuple[str, Tensor]]) -> dict[str, Tensor]:
    names = [name for name, _ in calls]
    outputs, previous = {}, ""
    for name, output in calls:
        key = name if names.count(name) == 1 else f"{previous}.{name}".lstrip(".")
        outputs[key] = output
        previous = key
    return outputs


def saliency(model: nn.Module, images: Tensor, classes: Tensor | None = None) -> Tensor:
    """How strongly each pixel moves a logit: |d logit / d pixel|, largest channel.

    Args:
        classes: int64 [N], whose logits; None takes each image's largest.

    Returns: float32 [N, H, W], in logits per unit of normalised pixel.
    Source: Simonyan, Vedaldi, Zisserman 2014 (arXiv:1312.6034).
    """
    check_images(images)
    pixels = images.detach().clone().requires_grad_(True)
    with torch.enable_grad(), _quiet(model, images):
        logits = _seen(model, pixels)
        chosen = logits.argmax(1) if classes is None else classes
        picked = logits.gather(1, chosen[:, None]).sum()
        (gradient,) = torch.autograd.grad(picked, pixels)
    return gradient.abs().amax(1)


@torch.no_grad()
def occlusion(
    model: nn.Module,
    images: Tensor,
    classes: Tensor,
    *,
    patch: int = 5,
    stride: int = 1,
) -> Tensor:
    """How much the probability of a class falls when a patch is painted over.

    The patch is background: the smallest pixel of the image. It is moved over the
    image in steps of ``stride``; position (i, j) of the map is the patch with its
    upper left corner at (i x stride, j x stride).

    Args:
        classes: int64 [N], whose probability is watched.
        patch: side of the square, in pixels.

    Returns: float32 [N, (H-patch)/stride+1, (W-patch)/stride+1]; positive: the
    network needs what was there; negative: it does better without it.
    Source: Zeiler, Fergus 2014 (arXiv:1311.2901).

    Raises:
        ValueError: a patch larger than the image, or a step below 1.
    """
    check_images(images)
    height, width = images.shape[2:]
    if not 1 <= patch <= min(height, width) or stride < 1:
        raise ValueError(f"patch={patch}, stride={stride} on {height}x{width} pixels")
    ground = images.amin((1, 2, 3))[:, None, None, None]
    rows = range(0, height - patch + 1, stride)
    columns = range(0, width - patch + 1, stride)

    def probability(batch: Tensor) -> Tensor:
        return _seen(model, batch).softmax(1).gather(1, classes[:, None])[:, 0]

    drops = []
    with _quiet(model, images):
        whole = probability(images)
        for i in rows:
            for j in columns:
                covered = images.clone()
                covered[:, :, i : i + patch, j : j + patch] = ground
                drops.append(whole - probability(covered))
    return torch.stack(drops, 1).view(len(images), len(rows), len(columns))


@torch.no_grad()
def top_images(
    model: nn.Module, images: Tensor, layer: str, channel: int, k: int = 9
) -> tuple[Tensor, Tensor]:
    """The images that excite one channel of a layer most, and by how much.

    The excitement of a map is its largest value.

    Returns: indices int64 [k] and values float32 [k], strongest first.

    Raises:
        KeyError: no such layer (the names are those of ``activations``).
        IndexError: no such channel.
    """
    parts = []
    for part in images.split(1000):
        outputs = activations(model, part)
        if layer not in outputs:
            raise KeyError(f"no layer {layer!r}; there are {list(outputs)}")
        maps = outputs[layer]
        if not 0 <= channel < maps.shape[1]:
            raise IndexError(f"{layer} has channels 0 to {maps.shape[1] - 1}")
        parts.append(maps[:, channel].flatten(1).amax(1))
    values, indices = torch.cat(parts).topk(min(k, len(images)))
    return indices, values


def patch_of(
    images: Tensor, index: int, position: tuple[int, int], field: int, jump: int
) -> Tensor:
    """The part of an image that one unit of an unpadded layer sees.

    Args:
        position: the unit's row and column in its map.
        field, jump: the layer's receptive field and jump (``shapes.trace``).

    Returns: float32 [C, field, field].

    >>> x = torch.arange(36.0).view(1, 1, 6, 6)
    >>> patch_of(x, 0, (1, 0), field=2, jump=2)
    tensor([[[12., 13.],
             [18., 19.]]])
    """
    row, column = (p * jump for p in position)
    return images[index, :, row : row + field, column : column + field]


def principal_components(features: Tensor, k: int = 2) -> tuple[Tensor, Tensor]:
    """Project features on their ``k`` directions of largest variance.

    Args:
        features: float [N, D].

    Returns: the projections [N, k] and each direction's share of the variance [k].
    The sign of a direction is fixed so that its largest weight is positive.
    """
    centred = features - features.mean(0)
    _, scales, directions = torch.linalg.svd(centred, full_matrices=False)
    largest = directions.abs().argmax(1, keepdim=True)
    directions = directions * directions.gather(1, largest).sign()
    share = scales**2 / (scales**2).sum()
    return centred @ directions[:k].T, share[:k]
