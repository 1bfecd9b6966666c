"""Receptive fields, followed backwards through autograd's graph."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

WINDOWED = (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d, nn.LPPool2d)
ADAPTIVE = (nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)


def _pair(value) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else tuple(value)


def _one(pair: tuple) -> int | tuple[int, int] | None:
    """A single number where height and width agree."""
    return pair[0] if pair[0] == pair[1] else pair


@dataclass(frozen=True)
class Window:
    """What one unit of a layer reads from its input, per spatial dimension."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int] = (1, 1)

    @property
    def area(self) -> int:
        return self.kernel[0] * self.kernel[1]


@dataclass(frozen=True)
class Field:
    """What a unit sees of the network's input, and how far neighbours lie apart.

    ``reach`` and ``step`` are in input pixels, ``units`` is the size of the map:
    (height, width) each.
    """

    reach: tuple[int, int]
    step: tuple[int, int]
    units: tuple[int, int]

    @property
    def size(self) -> int | tuple[int, int]:
        return _one(self.reach)

    @property
    def pitch(self) -> int | tuple[int, int]:
        return _one(self.step)

    def through(self, window: Window, units: tuple[int, int]) -> Field:
        """The field after a layer with this window: r' = r + (k-1) d j, j' = j s."""
        reach = tuple(
            r + (k - 1) * d * j
            for r, k, d, j in zip(
                self.reach, window.kernel, window.dilation, self.step, strict=True
            )
        )
        step = tuple(j * s for j, s in zip(self.step, window.stride, strict=True))
        return Field(reach, step, units)

    def whole(self) -> Field:
        """The field of a unit that reads the whole map, as after flattening."""
        return self.through(Window(self.units, (1, 1)), (1, 1))

    @staticmethod
    def window_of(module: nn.Module, x: Tensor, y: Tensor) -> Window | None:
        """The window of a layer; None for one that works unit by unit."""
        if isinstance(module, ADAPTIVE):
            return _adaptive(x.shape[2:], y.shape[2:])
        own = hasattr(module, "counts") and hasattr(module, "kernel_size")
        if not own and not isinstance(module, WINDOWED):
            return None
        stride = getattr(module, "stride", None) or module.kernel_size
        dilation = getattr(module, "dilation", 1)
        return Window(_pair(module.kernel_size), _pair(stride), _pair(dilation))


def _adaptive(inputs, outputs) -> Window:
    """Bins from floor(i n / m) to ceil((i + 1) n / m): the widest, their mean pitch."""
    kernel = tuple(
        max(-(-(i + 1) * n // m) - i * n // m for i in range(m))
        for n, m in zip(inputs, outputs, strict=True)
    )
    stride = tuple(max(1, n // m) for n, m in zip(inputs, outputs, strict=True))
    return Window(kernel, stride)


class FieldGraph:
    """The fields of all tensors that layers have produced so far.

    Keys are autograd nodes; nodes between two layers come from functional calls, of
    which pooling and convolution change the field.
    """

    def __init__(self, image: Tensor):
        is_image = image.dim() == 4
        sizes = tuple(image.shape[2:]) if is_image else (1, 1)
        self.start = Field((1, 1), (1, 1), sizes) if is_image else None
        self.known: dict[torch.autograd.graph.Node, Field | None] = {}
        self.image = image

    def after(self, module: nn.Module, x: Tensor, y: Tensor) -> Field | None:
        """The field of ``y``, a layer's output; remembered for those that follow."""
        before = self._of(x.grad_fn)
        field = self._apply(module, x, y, before) if before else None
        if y.grad_fn is not None:
            self.known[y.grad_fn] = field
        return field

    def _apply(self, module, x, y, before: Field) -> Field | None:
        window = Field.window_of(module, x, y)
        if window is not None and y.dim() == 4:
            return before.through(window, tuple(y.shape[2:]))
        if isinstance(module, nn.Linear) or hasattr(module, "counts"):
            return before if x.dim() == 4 else before.whole()
        if x.numel() == y.numel():
            return before  # activations, normalisation, dropout, flatten
        return None  # a layer that moves pixels in a way not known here

    def _of(self, node) -> Field | None:
        """The field of the tensor this autograd node made."""
        if node is None or getattr(node, "variable", None) is self.image:
            return self.start
        if node in self.known:
            return self.known[node]
        parents = [self._of(p) for p, _ in node.next_functions if self._leads_back(p)]
        parents = [p for p in parents if p is not None]
        if not parents:
            return None
        field = Field(
            tuple(max(p.reach[i] for p in parents) for i in range(2)),
            tuple(max(p.step[i] for p in parents) for i in range(2)),
            parents[0].units,
        )
        self.known[node] = _functional(node, field)
        return self.known[node]

    def _leads_back(self, node) -> bool:
        """Whether a node stems from the image, not only from parameters."""
        if node is None:
            return False
        if node in self.known or getattr(node, "variable", None) is self.image:
            return True
        return any(self._leads_back(parent) for parent, _ in node.next_functions)


def _functional(node, field: Field) -> Field:
    """The field after a functional call: pooling widens it, the rest does not."""
    if node.name() not in ("AvgPool2DBackward0", "MaxPool2DWithIndicesBackward0"):
        return field
    kernel = _pair(node._saved_kernel_size)
    stride = _pair(node._saved_stride or kernel)
    padding = _pair(node._saved_padding)
    units = tuple(
        (n + 2 * p - k) // s + 1
        for n, k, s, p in zip(field.units, kernel, stride, padding, strict=True)
    )
    return field.through(Window(kernel, stride), units)
