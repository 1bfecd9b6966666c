"""Every operator of a forward pass, seen where PyTorch hands it out.

What a layer costs and sees is read off the operators that ran, not off the kinds of
its modules: a layer of one's own, a functional call or a doubled batch counts as well.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import prod

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry
from torch.utils.weak import WeakTensorKeyDictionary

from lenet_helpers.shapes import fields

aten = torch.ops.aten
NO_PRODUCTS = {aten.embedding, aten.index, aten.index_select, aten.gather}
NO_PRODUCTS |= {aten._weight_norm_interface}


@dataclass
class Work:
    """What one call of a module did itself, without the modules inside it."""

    macs: int = 0
    connections: int = 0
    parameters: list[nn.Parameter] = field(default_factory=list)
    uncounted: str = ""  # an operator of which nobody knows the multiply-adds


class Operators(TorchDispatchMode):
    """Counts what runs, for the call on top of ``calls``."""

    def __init__(self, image: Tensor):
        super().__init__()
        self.calls = [Work()]
        self.acted: dict[nn.Parameter, None] = {}  # parameters used so far
        self._fields = WeakTensorKeyDictionary()
        self._written: list[Tensor] = []
        if image.dim() == 4:
            axes = (fields.Axis.of_image(image, dim) for dim in (2, 3))
            self._fields[image] = fields.Field(*axes)

    def field_of(self, tensor: Tensor) -> fields.Field | fields.Unknown | None:
        """What its units see of the image; None for what does not stem from it."""
        if any(_share(tensor, other) for other in self._written):
            return fields.Unknown("a part of the tensor was written to")
        return self._fields.get(tensor)

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func._overloadpacket not in flop_registry and not fields.is_known(func):
            with self:
                out = func.decompose(*args, **kwargs)
            if out is not NotImplemented:
                return out
        out = func(*args, **kwargs)
        work = self.calls[-1]
        taken = [v for v in tree_leaves((args, kwargs)) if isinstance(v, nn.Parameter)]
        new = [p for p in dict.fromkeys(taken) if p not in self.acted]
        self.acted |= dict.fromkeys(new)
        work.parameters += new
        if _hides_products(func, taken):
            work.uncounted = str(func._overloadpacket)
        self._count(work, func, args, kwargs, out)
        self._follow(func, args, kwargs, out)
        return out

    def _count(self, work: Work, func, args, kwargs, out) -> None:
        packet = func._overloadpacket
        if packet in flop_registry:
            macs = flop_registry[packet](*args, **kwargs, out_val=out) // 2
            biased = packet is aten.addmm or (
                packet is aten.convolution and args[2] is not None
            )
            work.macs += macs
            work.connections += macs + biased * out.numel()
        elif packet in (aten.max_pool2d_with_indices, aten.avg_pool2d):
            maps = out[0] if isinstance(out, tuple) else out
            area = args[1][0] * args[1][-1]
            work.connections += maps.numel() * area
        elif packet in (aten._adaptive_avg_pool2d, aten.adaptive_max_pool2d):
            maps = out[0] if isinstance(out, tuple) else out
            sides = zip(args[0].shape[-2:], maps.shape[-2:], strict=True)
            work.connections += args[0].shape[:-2].numel() * prod(map(_bins, sides))
        elif packet is aten.mean:
            work.connections += args[0].numel()

    def _follow(self, func, args, kwargs, out) -> None:
        made = fields.after(func, args, kwargs, out, self.field_of)
        outs = [t for t in tree_leaves(out) if isinstance(t, Tensor)]
        if made is None or not outs:
            return
        if func._schema.is_mutable and made != self._fields.get(outs[0]):
            self._spoil(outs[0])
        self._fields[outs[0]] = made
        for other in outs[1:]:
            name = func._overloadpacket.__name__
            pieces = name.startswith("split") or isinstance(made, fields.Unknown)
            self._fields[other] = (
                made if pieces else fields.Unknown(f"another result of {name}")
            )

    def _spoil(self, target: Tensor) -> None:
        """Who else looks at memory that was written to no longer knows its field."""
        whole = target.numel() * target.element_size()
        seen_elsewhere = any(
            t is not target and _share(t, target) for t in self._fields
        )
        if seen_elsewhere or whole < target.untyped_storage().nbytes():
            self._written.append(target)


@contextmanager
def taken_apart() -> Iterator[None]:
    """No fused kernel that hides its products (LSTM, attention), and no autograd."""
    with (
        warnings.catch_warnings(action="ignore"),  # of flags for Intel's GPUs
        torch.inference_mode(),
        torch.backends.mkldnn.flags(enabled=False),
        torch.backends.cudnn.flags(enabled=False),
        sdpa_kernel(SDPBackend.MATH),
    ):
        fused = torch.backends.mha.get_fastpath_enabled()
        torch.backends.mha.set_fastpath_enabled(False)
        try:
            yield
        finally:
            torch.backends.mha.set_fastpath_enabled(fused)


def _hides_products(func, parameters: list[nn.Parameter]) -> bool:
    """Whether an operator may multiply by a matrix and has no formula for it."""
    packet = func._overloadpacket
    if packet in flop_registry or packet in NO_PRODUCTS or fields.is_known(func):
        return False
    return func.namespace != "aten" or any(p.dim() > 1 for p in parameters)


def _share(one: Tensor, other: Tensor) -> bool:
    return one.untyped_storage()._cdata == other.untyped_storage()._cdata


def _bins(side: tuple[int, int]) -> int:
    """Inputs that m adaptive bins read of n: from floor(i n/m) to ceil((i+1) n/m)."""
    n, m = side
    return sum(-(-(i + 1) * n // m) - i * n // m for i in range(m))
