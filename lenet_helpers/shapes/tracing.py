"""``trace``: run a model once and write down every layer it calls.

What a layer sees is followed through autograd's graph, not through the order of
calls, so functional pooling, ``torch.relu``, ``flatten`` and skip connections between
layers are understood as well.
"""

from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from lenet_helpers.shapes.fields import Field, FieldGraph

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True)
class LayerRow:
    """One call of one layer; shapes without the batch dimension.

    ``params`` counts each trainable value where it first acts, so a reused layer has
    none the second time. ``macs``: multiply-adds for one input, biases not counted.
    ``connections``: units x (inputs + bias), as in LeCun et al. 1998; 0 for layers
    that work on each unit alone. ``receptive_field`` and ``jump``: input pixels, a
    pair (height, width) where they differ, None where they are not defined.
    """

    name: str
    kind: str
    output_shape: tuple[int, ...]
    params: int
    macs: int
    connections: int
    receptive_field: int | tuple[int, int] | None
    jump: int | tuple[int, int] | None


class Trace(list[LayerRow]):
    """The rows in call order, with totals; prints as a table."""

    @property
    def params(self) -> int:
        """Trainable values in all layers."""
        return sum(row.params for row in self)

    @property
    def macs(self) -> int:
        """Multiply-adds for one input."""
        return sum(row.macs for row in self)

    @property
    def connections(self) -> int:
        """Links between units, biases included."""
        return sum(row.connections for row in self)

    def __getitem__(self, key):
        """Row by position, or the first call of a layer by name."""
        if isinstance(key, str):
            for row in self:
                if row.name == key:
                    return row
            raise KeyError(f"no layer {key!r}; there are {[row.name for row in self]}")
        return super().__getitem__(key)

    def table(self) -> "pandas.DataFrame":
        """The rows as a DataFrame, indexed by layer name."""
        import pandas

        names = [f.name for f in fields(LayerRow)]
        frame = pandas.DataFrame([astuple(row) for row in self], columns=names)
        return frame.set_index("name")

    def __repr__(self) -> str:
        head = ["layer", "kind", "output", "params", "macs", "connections"]
        lines = [[*head, "field", "jump"]]
        for row in self:
            counts = (row.params, row.macs, row.connections)
            lines.append(
                [row.name, row.kind, _times(row.output_shape)]
                + [f"{n:,}" for n in counts]
                + [_times(row.receptive_field), _times(row.jump)]
            )
        totals = [f"{n:,}" for n in (self.params, self.macs, self.connections)]
        lines.append(["total", "", "", *totals, "", ""])
        widths = [max(len(line[i]) for line in lines) for i in range(8)]
        return "\n".join(
            "  ".join(
                cell.ljust(width) if i < 3 else cell.rjust(width)
                for i, (cell, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in lines
        )


def _times(value) -> str:
    if isinstance(value, tuple):
        return "x".join(str(n) for n in value)
    return "-" if value is None else str(value)


def trace(model: nn.Module, input_shape: tuple[int, ...] = (1, 32, 32)) -> Trace:
    """Run ``model`` once on zeros and report every layer in the order of calls.

    Layers are modules without children, and modules that count for themselves with
    ``counts(input_shape, output_shape) -> dict(params=, macs=, connections=)``. The
    model is run in evaluation mode, which is restored.

    Args:
        input_shape: without the batch dimension, such as (channels, height, width).

    Raises:
        ValueError: an input of this shape does not pass; the layer is named.

    >>> from lenet_helpers.models import ModernLeNet5
    >>> rows = trace(ModernLeNet5())
    >>> rows.params, rows.macs
    (61706, 416520)
    >>> rows["s4"].output_shape, rows["s4"].receptive_field, rows["s4"].jump
    ((16, 5, 5), 16, 4)
    """
    tracer = _Tracer(model, input_shape)
    was_training = {module: module.training for module in model.modules()}
    try:
        model.eval()
        return tracer.run()
    finally:
        for module, mode in was_training.items():
            module.training = mode
        for handle in tracer.handles:
            handle.remove()


class _Tracer:
    """Hooks on every layer, and the rows they leave."""

    def __init__(self, model: nn.Module, input_shape: tuple[int, ...]):
        self.model, self.rows, self.handles = model, Trace(), []
        self.seen: set[nn.Parameter] = set()
        self.inside = "the first layer"
        like = next(model.parameters(), torch.zeros(1))
        self.input = torch.zeros(
            1, *input_shape, device=like.device, dtype=like.dtype, requires_grad=True
        )
        self.graph = FieldGraph(self.input)
        for module, name in {m: name for name, m in _layers(model)}.items():
            self.handles += [
                module.register_forward_pre_hook(self._enter(name)),
                module.register_forward_hook(self._leave(name)),
            ]

    def run(self) -> Trace:
        with torch.enable_grad():
            try:
                self.model(self.input)
            except (RuntimeError, ValueError) as error:
                raise ValueError(
                    f"an input of shape {tuple(self.input.shape[1:])} does not pass "
                    f"through {self.inside}: {error}"
                ) from error
        return self.rows

    def _enter(self, name: str):
        def hook(module, inputs):
            self.inside = f"{name} ({type(module).__name__})"

        return hook

    def _leave(self, name: str):
        def hook(module, inputs, output):
            x = inputs[0]
            y = output[0] if isinstance(output, tuple) else output
            field = self.graph.after(module, x, y)
            self.rows.append(
                LayerRow(
                    name or type(module).__name__.lower(),
                    type(module).__name__,
                    tuple(y.shape[1:]),
                    **self._counts(module, x, y),
                    receptive_field=field.size if field else None,
                    jump=field.pitch if field else None,
                )
            )

        return hook

    def _counts(self, module: nn.Module, x: Tensor, y: Tensor) -> dict[str, int]:
        new = [p for p in module.parameters() if p not in self.seen]
        self.seen.update(new)
        if hasattr(module, "counts"):
            counts = module.counts(tuple(x.shape[1:]), tuple(y.shape[1:]))
            is_reused = not new and next(module.parameters(), None) is not None
            return counts | {"params": 0} if is_reused else counts
        fan_in, macs = _fan_in(module, x, y)
        biased = getattr(module, "bias", None) is not None and fan_in > 0
        return {
            "params": sum(p.numel() for p in new),
            "macs": macs,
            "connections": y[0].numel() * (fan_in + biased) if fan_in else 0,
        }


def _layers(module: nn.Module, prefix: str = "") -> Iterator[tuple[str, nn.Module]]:
    """Modules that are one layer each: leaves, and what counts for itself."""
    children = dict(module.named_children())
    if hasattr(module, "counts") or not children:
        yield prefix.removesuffix("."), module
        return
    for name, child in children.items():
        yield from _layers(child, f"{prefix}{name}.")


def _fan_in(module: nn.Module, x: Tensor, y: Tensor) -> tuple[int, int]:
    """Inputs of one unit, and multiply-adds of the whole layer."""
    units = y[0].numel()
    if isinstance(module, nn.Conv2d):
        fan_in = module.weight[0].numel()
        return fan_in, units * fan_in
    if isinstance(module, nn.Linear):
        return module.in_features, units * module.in_features
    window = Field.window_of(module, x, y)
    return (window.area, 0) if window else (0, 0)
