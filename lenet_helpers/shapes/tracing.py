"""``trace``: run a model once and write down every layer it calls."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import astuple, dataclass, fields
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import ParametrizationList
from torch.utils._pytree import tree_leaves

from lenet_helpers.shapes.fields import Field, Unknown
from lenet_helpers.shapes.operators import Operators, Work, taken_apart

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True)
class LayerRow:
    """One call of one layer; shapes without the batch dimension.

    ``params`` counts each trainable value where it first acts, so a reused layer has
    none the second time. ``macs``: multiply-adds for one input, biases not counted;
    None where an operator of another package hides them. ``connections``: units x
    (inputs + bias), as in LeCun et al. 1998; 0 for layers that work on each unit
    alone. ``receptive_field`` and ``jump``: input pixels, a pair (height, width) where
    they differ, None where they are not defined or not known.
    """

    name: str
    kind: str
    output_shape: tuple[int, ...]
    params: int
    macs: int | None
    connections: int
    receptive_field: int | tuple[int, int] | None
    jump: int | tuple[int, int] | None


class Trace(list[LayerRow]):
    """The rows in call order, with totals; prints as a table.

    ``unused`` has the trainable values that took no part in the pass, by their names
    in the model; ``notes`` says why a number is None, by the layer's name.
    """

    def __init__(self):
        super().__init__()
        self.unused: dict[str, int] = {}
        self.notes: dict[str, str] = {}

    @property
    def params(self) -> int:
        """Trainable values that acted; with ``unused`` they are the model's."""
        return sum(row.params for row in self)

    @property
    def macs(self) -> int | None:
        """Multiply-adds for one input; None where a layer's are not known."""
        each = [row.macs for row in self]
        return None if None in each else sum(each)

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
                + [_number(n) for n in counts]
                + [_times(row.receptive_field), _times(row.jump)]
            )
        totals = [_number(n) for n in (self.params, self.macs, self.connections)]
        lines.append(["total", "", "", *totals, "", ""])
        widths = [max(len(line[i]) for line in lines) for i in range(8)]
        table = [
            "  ".join(
                cell.ljust(width) if i < 3 else cell.rjust(width)
                for i, (cell, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in lines
        ]
        return "\n".join([*table, *self._remarks()])

    def _remarks(self) -> list[str]:
        """What the table leaves out: one line for each reason."""
        by_reason: dict[str, list[str]] = {}
        for name, reason in self.notes.items():
            by_reason.setdefault(reason, []).append(name)
        lines = [f"-: {why} ({_few(names)})" for why, names in by_reason.items()]
        if self.unused:
            count = sum(self.unused.values())
            lines.append(f"took no part: {count:,} parameters ({_few(self.unused)})")
        return lines


def _few(names) -> str:
    first, *others = names
    return f"{first} and {len(others)} more" if others else first


def _number(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def _times(value) -> str:
    if isinstance(value, tuple):
        return "x".join(str(n) for n in value)
    return "-" if value is None else str(value)


def trace(model: nn.Module, input_shape: tuple[int, ...] = (1, 32, 32)) -> Trace:
    """Run ``model`` once on zeros and report every layer in the order of calls.

    A layer is a module without children, one that takes parameters or multiplies by
    itself, or one that counts for itself with ``counts(input_shape, output_shape) ->
    dict(params=, macs=, connections=)``. All else is read off the operators that ran
    (`torch.utils.flop_counter`'s formulas). The model is run in evaluation mode, which
    is restored.

    Args:
        input_shape: without the batch dimension, such as (channels, height, width).

    Raises:
        TypeError: a compiled TorchScript module, which shows none of its layers.
        ValueError: an input of this shape does not pass; the layer is named.

    >>> from lenet_helpers.models import ModernLeNet5
    >>> rows = trace(ModernLeNet5())
    >>> rows.params, rows.macs
    (61706, 416520)
    >>> rows["s4"].output_shape, rows["s4"].receptive_field, rows["s4"].jump
    ((16, 5, 5), 16, 4)
    """
    model = getattr(model, "_orig_mod", model)  # what torch.compile was given
    if isinstance(model, torch.jit.ScriptModule):
        raise TypeError("trace needs the module itself, not its TorchScript form")
    if not all(isinstance(n, int) and n > 0 for n in input_shape):
        raise ValueError(
            f"input_shape={tuple(input_shape)}: sizes from 1 on, such as (1, 32, 32) "
            "for one channel of 32x32 pixels; the batch is left out"
        )
    was_training = {module: module.training for module in model.modules()}
    with ExitStack() as stack:
        try:
            stack.enter_context(taken_apart())
            return _Tracer(model.eval(), input_shape, stack).run()
        finally:
            for module, mode in was_training.items():
                module.training = mode


class _Tracer:
    """Hooks on every module that may be a layer, and the rows they leave."""

    def __init__(self, model: nn.Module, input_shape, stack: ExitStack):
        self.model, self.rows, self.inside = model, Trace(), ["the first layer"]
        like = next(model.parameters(), torch.zeros(1))
        self.input = torch.zeros(1, *input_shape, device=like.device, dtype=like.dtype)
        self.operators = Operators(self.input)
        for module, name in {m: name for name, m in _layers(model)}.items():
            before, after = self._enter(name), self._leave(name)
            for handle in (
                module.register_forward_pre_hook(before, prepend=True),
                module.register_forward_hook(after, with_kwargs=True),
            ):
                stack.callback(handle.remove)

    def run(self) -> Trace:
        with self.operators:
            try:
                self.model(self.input)
            except Exception as error:
                raise ValueError(
                    f"an input of shape {tuple(self.input.shape[1:])} does not pass "
                    f"through {self.inside[-1]}: {error}"
                ) from error
        named = self.model.named_parameters()
        acted = self.operators.acted
        self.rows.unused = {n: p.numel() for n, p in named if p not in acted}
        return self.rows

    def _enter(self, name: str):
        def hook(module, inputs):
            self.inside.append(f"{name or 'the model'} ({type(module).__name__})")
            self.operators.calls.append(Work())

        return hook

    def _leave(self, name: str):
        def hook(module, inputs, named_inputs, output):
            self.inside.pop()
            work = self.operators.calls.pop()
            own = hasattr(module, "counts")
            leaf = own or next(module.children(), None) is None
            if not (leaf or work.parameters or work.macs):
                return
            x, y = _first((inputs, named_inputs)), _first(output)
            label = name or type(module).__name__.lower()
            counts = self._counts(label, module, work, x, y)
            field = self._field(label, y)
            self.rows.append(
                LayerRow(
                    label,
                    type(module).__name__,
                    () if y is None else tuple(y.shape[1:]),
                    **counts,
                    receptive_field=field.size if field else None,
                    jump=field.pitch if field else None,
                )
            )

        return hook

    def _counts(self, label, module, work: Work, x, y) -> dict[str, int | None]:
        params = sum(p.numel() for p in work.parameters)
        if hasattr(module, "counts"):
            return module.counts(tuple(x.shape[1:]), tuple(y.shape[1:])) | {
                "params": params
            }
        if work.uncounted:
            reason = f"nobody has said what {work.uncounted} multiplies"
            self.rows.notes[label] = reason
        macs = None if work.uncounted else work.macs
        return {"params": params, "macs": macs, "connections": work.connections}

    def _field(self, label: str, y: Tensor | None) -> Field | None:
        found = None if y is None else self.operators.field_of(y)
        if isinstance(found, Unknown):
            self.rows.notes.setdefault(label, found.reason)
            return None
        return found


def _first(values) -> Tensor | None:
    """The first tensor among arguments or results."""
    return next((v for v in tree_leaves(values) if isinstance(v, Tensor)), None)


def _layers(module: nn.Module, prefix: str = "") -> Iterator[tuple[str, nn.Module]]:
    """All modules but what is inside a layer: its parts, if it counts for itself."""
    yield prefix.removesuffix("."), module
    if hasattr(module, "counts"):
        return
    for name, child in module.named_children():
        if name == "parametrizations" or isinstance(child, ParametrizationList):
            continue  # weights in the making, which belong to the layer
        yield from _layers(child, f"{prefix}{name}.")
