"""A network drawn as stacks of maps: SVG made from ``shapes.trace``.

Text takes the colour of the page, so the drawing reads on light and dark. There are
two: one from left to right, and one from top to bottom that a narrow screen shows.
"""

from dataclasses import dataclass
from html import escape

from torch import nn

from lenet_helpers.plots.style import COLORS
from lenet_helpers.shapes import trace

_KINDS = {  # class name -> (what the layer does, colour)
    "Conv2d": ("convolution", COLORS["blue"]),
    "PartialConv2d": ("convolution", COLORS["blue"]),
    "AvgPool2d": ("average", COLORS["green"]),
    "MaxPool2d": ("maximum", COLORS["green"]),
    "Subsampling": ("subsampling", COLORS["green"]),
    "Linear": ("full connection", COLORS["orange"]),
    "EuclideanRBF": ("distance to codes", COLORS["orange"]),
}
_STYLE = (
    ".net-tall{display:none}.net svg{width:100%;height:auto;font-family:inherit}"
    "@media(max-width:600px){.net-wide{display:none}.net-tall{display:block}}"
)


@dataclass(frozen=True)
class Block:
    """One layer as it is drawn; ``side`` is 1 for single units, ``kernel`` may be 0."""

    label: str
    maps: int
    side: int
    kernel: int = 0
    action: str = "pixels"
    params: int = 0
    colour: str = "currentColor"

    @property
    def size(self) -> str:
        return (
            f"{self.maps}@{self.side}×{self.side}" if self.side > 1 else f"{self.maps}"
        )

    @property
    def operation(self) -> str:
        return (
            f"{self.kernel}×{self.kernel} {self.action}" if self.kernel else self.action
        )


@dataclass(frozen=True)
class Diagram:
    """A network's layers; shows itself as a drawing in a notebook."""

    blocks: tuple[Block, ...]
    title: str

    def __repr__(self) -> str:
        return " → ".join(f"{block.label} {block.size}" for block in self.blocks)

    def _repr_html_(self) -> str:
        views = (("net-wide", *_wide(self.blocks)), ("net-tall", *_tall(self.blocks)))
        label = escape(f"{self.title}: {self!r}", quote=True)
        svgs = "".join(
            f'<div class="{name}"><svg viewBox="0 0 {width:g} {height:g}" role="img" '
            f'aria-label="{label}">{body}</svg></div>'
            for name, width, height, body in views
        )
        return f'<div class="net"><style>{_STYLE}</style>{svgs}</div>'


def network(
    model: nn.Module, input_shape: tuple[int, ...] = (1, 32, 32), title: str = "Network"
) -> Diagram:
    """Draw the layers of ``model`` that connect units, in the order of calls.

    ``input_shape`` is (channels, side, side). Activation functions are left out.

    >>> from lenet_helpers.models import ModernLeNet5
    >>> network(ModernLeNet5())  # doctest: +ELLIPSIS
    Input 1@32×32 → C1 6@28×28 → S2 6@14×14 → ... → C5 120 → F6 84 → Output 10
    """
    blocks = [Block("Input", input_shape[0], input_shape[-1])]
    for row in trace(model, input_shape):
        if row.kind not in _KINDS:
            continue
        kernel = getattr(model.get_submodule(row.name), "kernel_size", 0)
        kernel = kernel[0] if isinstance(kernel, tuple) else kernel
        action, colour = _KINDS[row.kind]
        side = row.output_shape[-1] if len(row.output_shape) == 3 else 1
        name, maps = row.name.capitalize(), row.output_shape[0]
        blocks.append(Block(name, maps, side, kernel, action, row.params, colour))
    return Diagram(tuple(blocks), title)


def _text(x: float, y: float, text: str, size: int, extra: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" {extra}>{text}</text>'


def _rect(x: float, y: float, width: float, height: float, colour: str) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
    # Opaque ground first, so that a map hides the maps behind it.
    return (
        f'<rect {place} fill="var(--pst-color-background,Canvas)"/>'
        f'<rect {place} fill="{colour}" fill-opacity=".15" stroke="{colour}"/>'
    )


def _extent(block: Block, unit: float) -> tuple[float, float, float]:
    """Width and height of one map, or of a column of units; and the stack's depth."""
    if block.side == 1:
        return 4 * unit, (0.34 * block.maps + 3) * unit, 0.0
    return block.side * unit, block.side * unit, min(2 * block.maps - 2, 13) * unit


def _stack(block: Block, x: float, middle: float, unit: float) -> tuple[str, tuple]:
    """The maps of a layer around (x, middle), and the box of the one in front."""
    width, height, depth = _extent(block, unit)
    left, top = x - (width + depth) / 2, middle - (height - depth) / 2
    count = block.maps if block.side > 1 else 1
    shifts = [depth * i / max(count - 1, 1) for i in reversed(range(count))]
    maps = (_rect(left + d, top - d, width, height, block.colour) for d in shifts)
    return "".join(maps), (left, top, width, height)


def _window(box: tuple, target: tuple, kernel: float, colour: str) -> str:
    """The patch that one unit of the next layer reads, and lines to that unit."""
    x, y = box[0] + 0.55 * (box[2] - kernel), box[1] + 0.35 * (box[3] - kernel)
    end_x, end_y = target[0] + target[2] / 2, target[1] + target[3] / 2
    right, low, to = x + kernel, y + kernel, f"{end_x:.1f} {end_y:.1f}"
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{kernel:.1f}" height="{kernel:.1f}" '
        f'fill="{colour}" fill-opacity=".6" stroke="{colour}"/>'
        f'<path d="M{right:.1f} {y:.1f}L{to}L{right:.1f} {low:.1f}" '
        f'fill="none" stroke="{colour}"/>'
        f'<circle cx="{end_x:.1f}" cy="{end_y:.1f}" r="2.5" fill="{colour}"/>'
    )


def _group(parts: list[str]) -> str:
    return f'<g fill="currentColor" stroke-width="1">{"".join(parts)}</g>'


def _wide(blocks: tuple[Block, ...]) -> tuple[float, float, str]:
    """From left to right: width, height and content."""
    unit, middle, x, parts, before = 2.4, 108, 4.0, [], None
    for block in blocks:
        room = max(sum(_extent(block, unit)[::2]) + 24, 80)
        centre = x + room / 2
        maps, box = _stack(block, centre, middle, unit)
        parts.append(maps)
        if before and block.kernel:
            parts.append(_window(before, box, block.kernel * unit, block.colour))
        parts += _captions(block, centre, middle)
        before, x = box, x + room
    return x, middle + 134, _group(parts)


def _captions(block: Block, x: float, middle: float) -> list[str]:
    """Label and size above the maps, operation and parameters below."""
    first, _, second = block.operation.partition(" ")
    count = f"{block.params:,}" if block.action != "pixels" else "parameters:"
    strong = 'font-weight="700"'
    lines = [(18, block.label, 15, strong), (36, block.size, 13, "")]
    lines += [(middle + 84, first, 12, ""), (middle + 99, second, 12, "")]
    lines += [(middle + 124, count, 13, strong)]
    return [
        _text(x, y, text, size, f'text-anchor="middle" {extra}')
        for y, text, size, extra in lines
    ]


def _tall(blocks: tuple[Block, ...]) -> tuple[float, float, str]:
    """From top to bottom, a row a layer: width, height and content."""
    unit, y, parts = 1.7, 0.0, []
    for block in blocks:
        _, height, depth = _extent(block, unit)
        room = max(height + depth + 16, 54)
        parts.append(_stack(block, 50, y + room / 2, unit)[0])
        count = f", {block.params:,} parameters" if block.action != "pixels" else ""
        strong = f'<tspan font-weight="700">{block.label}</tspan>'
        parts += [
            _text(110, y + room / 2 - 3, f"{strong} &#160;{block.size}", 16),
            _text(110, y + room / 2 + 16, block.operation + count, 13),
        ]
        y += room
    return 380, y, _group(parts)
