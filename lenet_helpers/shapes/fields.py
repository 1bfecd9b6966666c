"""What a unit sees of the image, followed through one operator after the other.

``after`` knows how each kind of operator moves a receptive field. What it does not
know it calls `Unknown`, and so is all that follows: a field is right or not there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import prod
from typing import NamedTuple

import torch
from torch import Tensor

aten = torch.ops.aten


@dataclass(frozen=True)
class Axis:
    """Height or width of the image in a tensor: where its units lie, what they see.

    Unit i reads ``reach`` pixels from ``first + i * step`` on; in a padded frame that
    begins below 0. With step 0 all units see the same. The units lie in dimension
    ``dim``, ``inner`` values apart (1 unless flattened with others); dim is None once
    a single one is left.
    """

    pixels: int
    units: int
    dim: int | None
    first: int = 0
    reach: int = 1
    step: int = 1
    inner: int = 1

    @classmethod
    def of_image(cls, image: Tensor, dim: int) -> Axis:
        return cls(image.shape[dim], image.shape[dim], dim)

    def window(self, kernel, stride, padding, dilation, units) -> Axis:
        """After a window: r' = r + (k - 1) d j, j' = j s (Araujo et al. 2019)."""
        return replace(
            self,
            units=units,
            first=self.first - padding * self.step,
            reach=self.reach + (kernel - 1) * dilation * self.step,
            step=self.step * stride,
        )

    @property
    def end(self) -> int:
        return self.first + self.reach

    def _all(self) -> tuple[int, int]:
        """First pixel and reach of all units together, inside the image."""
        first = max(0, self.first)
        end = min(self.pixels, self.end + (self.units - 1) * self.step)
        return first, end - first

    def collapsed(self) -> Axis:
        """One unit that reads all of them, a padded frame as well."""
        reach = self.reach + (self.units - 1) * self.step
        return replace(self, units=1, dim=None, reach=reach, inner=1)

    def spread(self) -> Axis:
        """As many units, each of which reads all of them."""
        first, reach = self._all()
        return replace(self, first=first, reach=reach, step=0)

    def lies_at(self, dim: int, size: int) -> bool:
        """Whether dimension ``dim``, of this size, holds these units and no others."""
        if self.units == 1:
            return size == 1
        return (self.dim, self.inner, self.units) == (dim, 1, size)

    def joined(self, other: Axis) -> Axis | None:
        """Where one value reads a unit of both; None where no single field holds."""
        if other.is_fixed() and not self.is_fixed():
            return other.joined(self)
        if self.is_fixed() and not other.is_fixed():
            first, reach = other._all()
            covers = self.first <= first and first + reach <= self.end
            seen = replace(other, first=self.first, reach=self.reach, step=0)
            return seen if covers else None
        place = "units", "dim", "inner"
        grid = place if self.is_fixed() else (*place, "step")
        if self.units > 1 and any(getattr(self, n) != getattr(other, n) for n in grid):
            return None
        first = min(self.first, other.first)
        step = self.step if self.step == other.step else 0
        reach = max(self.end, other.end) - first
        return replace(self, first=first, reach=reach, step=step)

    def is_fixed(self) -> bool:
        """Whether all units see the same: one is left, or each reads all others."""
        return self.units == 1 or self.step == 0


class Field(NamedTuple):
    """A tensor's two axes, or one pair for what is reported of them."""

    height: Axis
    width: Axis

    def map(self, change: Callable[[Axis], Axis]) -> Field:
        return Field(change(self.height), change(self.width))

    @property
    def size(self) -> int | tuple[int, int]:
        """Pixels that a unit reads, a pair where height and width differ."""
        return _one(self.height.reach, self.width.reach)

    @property
    def pitch(self) -> int | tuple[int, int] | None:
        """Pixels between two neighbours' fields; None where all see the same."""
        steps = self.height.step, self.width.step
        return _one(*steps) if all(steps) else None


@dataclass(frozen=True)
class Unknown:
    """A field that nothing here can tell, and the operator that made it so."""

    reason: str


class NotFollowed(Exception):
    """Raised inside a rule: this use of the operator moves fields in another way."""


def _one(height, width):
    return height if height == width else (height, width)


# ---- Rules: (fields, call) -> field, one for each kind of operator ----


class Call(NamedTuple):
    """One operator: arguments by their names in its schema, and what came out."""

    given: dict
    out: Tensor

    @classmethod
    def of(cls, func, args, kwargs, out) -> Call:
        names = [argument.name for argument in func._schema.arguments]
        defaults = {a.name: a.default_value for a in func._schema.arguments}
        given = defaults | dict(zip(names, args, strict=False)) | kwargs
        out = out[0] if isinstance(out, (tuple, list)) else out
        return cls(given, out)

    def __getitem__(self, name):
        return self.given[name]

    @property
    def input(self) -> Tensor:
        return next(iter(self.given.values()))

    def dims(self) -> list[int]:
        """The dimensions it works along, counted from 0; all without any."""
        given = self.given.get("dim")
        count = self.input.dim()
        if given is None or given == []:
            return list(range(count))
        return [d % count for d in ([given] if isinstance(given, int) else given)]


def _windowed(field: Field, call: Call, kernel, stride, channels=()) -> Field:
    """Windows over the last dimensions, as many as the kernel has."""
    count, shape = len(kernel), call.input.shape
    before = len(shape) - count
    sizes = kernel, stride, call["padding"], call.given.get("dilation", [1])

    def passed(axis: Axis, dim: int) -> Axis:
        if axis.dim is None and shape[dim] > 1:  # whatever lies there sees the same
            axis = replace(axis, step=0)
        elif not axis.lies_at(dim, shape[dim]):
            raise NotFollowed
        window = (v[dim - before] if len(v) == count else v[0] for v in sizes)
        return replace(axis.window(*window, call.out.shape[dim]), dim=dim)

    if any(axis.dim in channels for axis in field):
        raise NotFollowed
    made = []
    for place, axis in zip((-2, -1), field, strict=True):
        dim = len(shape) + place if axis.dim is None else axis.dim
        made.append(passed(axis, dim) if dim >= before else axis)
    return Field(*made)


def _convolution(field: Field, call: Call) -> Field:
    if call["transposed"]:
        raise NotFollowed
    kernel = call["weight"].shape[2:]
    return _windowed(field, call, kernel, call["stride"], channels=(1,))


def _pool(field: Field, call: Call) -> Field:
    kernel = call["kernel_size"]
    return _windowed(field, call, kernel, call["stride"] or kernel)


def _adaptive(field: Field, call: Call) -> Field:
    """Bins of one size, or one bin; others differ from place to place."""
    made = []
    for i, axis in enumerate(field):
        bins = call.out.shape[-2 + i]
        size, left = divmod(call.input.shape[-2 + i], bins)
        if bins == 1:
            made.append(axis.collapsed())
        elif left or not axis.lies_at(2 + i, call.input.shape[2 + i]):
            raise NotFollowed
        else:
            made.append(axis.window(size, size, 0, 1, bins))
    return Field(*made)


def _same(fields: list[tuple[Field, int]], out: Tensor) -> Field:
    """Value by value, dimensions aligned at the end as broadcasting does."""
    moved = [field.map(partial(_shift, -1, out.dim() - n)) for field, n in fields]
    first, *others = moved
    for other in others:
        pairs = [a.joined(b) for a, b in zip(first, other, strict=True)]
        if None in pairs:
            raise NotFollowed
        first = Field(*pairs)
    return first


def _shift(after: int, by: int, axis: Axis) -> Axis:
    """The axis, moved by so many dimensions if it lies behind dimension ``after``."""
    if axis.dim is None or axis.dim < after:
        return axis
    return replace(axis, dim=axis.dim + by)


def _reshape(field: Field, call: Call) -> Field:
    """The same values in the same order, in dimensions of other sizes."""
    old, new = call.input.shape, call.out.shape

    def moved(axis: Axis) -> Axis:
        if axis.dim is None:
            return axis
        pitch = prod(old[axis.dim + 1 :]) * axis.inner
        for dim, size in enumerate(new):
            behind = prod(new[dim + 1 :])
            fits = pitch % behind == 0 and pitch * axis.units <= behind * size
            if behind <= pitch and fits:
                return replace(axis, dim=dim, inner=pitch // behind)
        raise NotFollowed

    return field.map(moved)


def _restrided(field: Field, call: Call) -> Field:
    """Another order in memory; what is not the same tensor is not followed."""
    if call.out.shape != call.input.shape or call["storage_offset"]:
        raise NotFollowed
    return field


def _permute(field: Field, call: Call) -> Field:
    dims = [d % call.input.dim() for d in call["dims"]]
    return field.map(
        lambda a: a if a.dim is None else replace(a, dim=dims.index(a.dim))
    )


def _transpose(field: Field, call: Call) -> Field:
    names = ("dim0", "dim1") if "dim0" in call.given else ()
    one, two = (call[n] % call.input.dim() for n in names) if names else (0, 1)
    swap = {one: two, two: one}
    return field.map(lambda a: replace(a, dim=swap.get(a.dim, a.dim)))


def _reduce(field: Field, call: Call) -> Field:
    dims, keep = call.dims(), call.given.get("keepdim", False)

    def reduced(axis: Axis) -> Axis:
        if axis.dim is None:
            return axis
        if axis.dim in dims:
            return axis.collapsed()
        gone = 0 if keep else sum(d < axis.dim for d in dims)
        return replace(axis, dim=axis.dim - gone)

    return field.map(reduced)


def _mix(field: Field, dims: Sequence[int]) -> Field:
    """Every value along these dimensions reads all of them."""
    return field.map(lambda a: a.spread() if a.dim in dims else a)


def _batch_norm(field: Field, call: Call) -> Field:
    by_batch = call.given.get("training", False)
    others = [d for d in range(call.input.dim()) if d != 1]
    return _mix(field, others) if by_batch else field


def _slice(field: Field, call: Call) -> Field:
    dim = call["dim"] % call.input.dim()
    size = call.input.shape[dim]
    start, _, step = slice(call["start"], call["end"], call["step"]).indices(size)

    def cut(axis: Axis) -> Axis:
        if axis.dim != dim or call.out.shape[dim] == size:
            return axis
        if axis.inner != 1 or axis.units != size:
            raise NotFollowed
        return axis.window(1, step, -start, 1, call.out.shape[dim])

    return field.map(cut)


def _select(field: Field, call: Call) -> Field:
    dim = call["dim"] % call.input.dim()
    if any(axis.dim == dim for axis in field):
        raise NotFollowed
    return field.map(partial(_shift, dim, -1))


def _apart(field: Field, call: Call) -> Field:
    """Pieces or rows along a dimension that holds neither height nor width."""
    if any(axis.dim == call["dim"] % call.input.dim() for axis in field):
        raise NotFollowed
    return field


def _padded(field: Field, call: Call) -> Field:
    """A frame; the list counts from the last dimension, before and after."""
    frame, dims = call.given.get("pad") or call["padding"], call.input.dim()

    def framed(axis: Axis) -> Axis:
        place = 0 if axis.dim is None else 2 * (dims - 1 - axis.dim)
        if axis.dim is None or place >= len(frame):
            return axis
        if not axis.lies_at(axis.dim, call.input.shape[axis.dim]):
            raise NotFollowed
        return axis.window(1, 1, frame[place], 1, call.out.shape[axis.dim])

    return field.map(framed)


def _product(field: Field, factor: Tensor, is_first: bool) -> Field:
    """A matrix product with weights: units along the summed dimension become one."""
    summed = factor.dim() - (1 if is_first else 2)
    return field.map(lambda a: a.collapsed() if a.dim == summed else a)


RULES: dict = {
    aten.convolution: _convolution,
    aten.max_pool2d_with_indices: _pool,
    aten.avg_pool2d: _pool,
    aten.avg_pool3d: _pool,
    aten._adaptive_avg_pool2d: _adaptive,
    aten.adaptive_max_pool2d: _adaptive,
    aten.permute: _permute,
    aten.transpose: _transpose,
    aten.t: _transpose,
    aten.as_strided: _restrided,
    aten.slice: _slice,
    aten.select: _select,
    aten.constant_pad_nd: _padded,
    aten.reflection_pad2d: _padded,
    aten.replication_pad2d: _padded,
    aten._softmax: lambda field, call: _mix(field, call.dims()),
    aten._log_softmax: lambda field, call: _mix(field, call.dims()),
    aten.native_layer_norm: lambda field, call: _mix(
        field, range(call.input.dim() - len(call["normalized_shape"]), call.input.dim())
    ),
    aten.native_group_norm: lambda field, call: _mix(field, range(2, call.input.dim())),
}
RULES |= dict.fromkeys(
    (aten.native_batch_norm, aten.cudnn_batch_norm, aten.miopen_batch_norm), _batch_norm
)
RULES |= dict.fromkeys(
    (aten.view, aten._unsafe_view, aten.reshape, aten.unsqueeze, aten.squeeze), _reshape
)
RULES |= dict.fromkeys(
    (aten.mean, aten.sum, aten.amax, aten.amin, aten.max, aten.min, aten.var), _reduce
)
RULES |= dict.fromkeys((aten.split, aten.split_with_sizes, aten.index_select), _apart)

PRODUCTS = {  # the names of the two factors
    aten.mm: ("self", "mat2"),
    aten.addmm: ("mat1", "mat2"),
    aten.bmm: ("self", "mat2"),
    aten.baddbmm: ("batch1", "batch2"),
}
# Value by value, though PyTorch does not mark them as such.
COPIES = {aten.clone, aten._to_copy, aten.detach, aten.alias, aten.expand}
COPIES |= {aten.hardswish, aten.hardswish_}


def is_known(func) -> bool:
    """Whether ``after`` takes this operator as it is, not the ones it is made of."""
    packet = func._overloadpacket
    listed = packet in RULES or packet in PRODUCTS or packet in COPIES
    return listed or packet is aten.cat or torch.Tag.pointwise in func.tags


def after(func, args, kwargs, out, field_of) -> Field | Unknown | None:
    """The field of ``out``, which the operator ``func`` made; None without an image.

    ``field_of(tensor)`` tells the fields of what it was given.
    """
    call = Call.of(func, args, kwargs, out)
    tensors = [t for v in call.given.values() for t in _flat(v)]
    fields = [(f, t.dim()) for t in tensors if (f := field_of(t)) is not None]
    if not fields:
        return None
    unknown = next((f for f, _ in fields if isinstance(f, Unknown)), None)
    if unknown is not None:
        return unknown
    try:
        return _ruled(func, call, fields, field_of)
    except NotFollowed:
        name = str(func._overloadpacket).removeprefix("aten.").strip("_")
        return Unknown(f"{name} moves pixels in a way that is not followed")


def _ruled(func, call: Call, fields, field_of) -> Field:
    packet = func._overloadpacket
    if packet in PRODUCTS:
        factors = [call[name] for name in PRODUCTS[packet]]
        ours = [i for i, factor in enumerate(factors) if field_of(factor) is not None]
        if len(fields) != 1 or not ours:
            raise NotFollowed  # both factors see the image, as in attention
        return _product(fields[0][0], factors[ours[0]], is_first=ours[0] == 0)
    if packet is aten.cat:
        dim = call["dim"] % call.out.dim()
        if any(axis.dim == dim for field, _ in fields for axis in field):
            raise NotFollowed
        return _same(fields, call.out)
    if packet in RULES:
        if len(fields) != 1 or field_of(call.input) is None:
            raise NotFollowed  # a kernel, or statistics, made from the image
        return RULES[packet](fields[0][0], call)
    if packet in COPIES or torch.Tag.pointwise in func.tags:
        return _same(fields, call.out)
    raise NotFollowed


def _flat(value) -> list[Tensor]:
    if isinstance(value, (list, tuple)):
        return [t for part in value for t in _flat(part)]
    return [value] if isinstance(value, Tensor) else []
