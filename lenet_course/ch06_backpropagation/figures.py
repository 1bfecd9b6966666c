"""Figures of the way back: maps of gradients, a graph of gates, wires, two curves."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from torch import Tensor

from lenet_helpers.plots.maps import SIGNED
from lenet_helpers.plots.style import COLORS, INK, LARGE

WIRES = [COLORS[name] for name in ("blue", "orange", "green", "pink", "sky")]


def signed(values: Tensor) -> Tensor:
    """Each value over the largest, as a signed root: small ones stay visible.

    >>> signed(torch.tensor([4.0, -1.0, 0.0])).tolist()
    [1.0, -0.5, 0.0]
    """
    values = values.detach().float()
    shares = values / values.abs().max().clamp(min=1e-30)
    return shares.sign() * shares.abs().sqrt()


def way_back(image: Tensor, gradients: Mapping[str, Tensor]) -> Figure:
    """The image, and for each layer the gradient of the loss in its units.

    Args:
        image: [H, W], as it is to be seen.
        gradients: layer name -> [maps, H, W] or [units], from the image's end on.
    """
    figure = Figure(figsize=(5.6, 5.2))
    heights = [1.3] + [1.0 if g.dim() == 3 else 0.3 for g in gradients.values()]
    axes = figure.subplots(len(heights), 1, height_ratios=heights)
    axes[0].imshow(image, cmap="gray")
    axes[0].set_ylabel("image", **_SIDE)
    for axis, (name, g) in zip(axes[1:], gradients.items()):
        picture = signed(_row(g) if g.dim() == 3 else g[None])
        aspect = "equal" if g.dim() == 3 else "auto"
        axis.imshow(picture, aspect=aspect, cmap=SIGNED, vmin=-1, vmax=1)
        axis.set_ylabel(name, **_SIDE)
    for axis in axes:
        axis.set(xticks=[], yticks=[])
        axis.spines[:].set_visible(False)
    return figure


_SIDE = {"fontsize": LARGE, "rotation": 0, "ha": "right", "va": "center"}


def _row(maps: Tensor) -> Tensor:
    """Maps side by side (two rows of them from nine on), a clear line between."""
    rows = 1 if len(maps) < 9 else 2
    framed = torch.nn.functional.pad(maps, (1, 1, 1, 1))
    lines = [torch.cat(tuple(part), 1) for part in framed.chunk(rows)]
    return torch.cat(lines, 0)


def graph(root: Any, names: Mapping[str, tuple[Any, float]]) -> Figure:
    """A graph of nodes, each below what it was made from, down to ``root``.

    Each box has a name, the value, and in orange the gradient. A node has ``parents``,
    ``value`` and ``grad``; ``names`` maps a name, written as its formula, to its node
    and to where it stands from left (0) to right (1).
    """
    level = _levels(root)
    rows = 1 + max(level.values())
    figure = Figure(figsize=(4.6, 1.08 * rows))
    axis = figure.subplots()
    place = {id(node): (x, -level[id(node)]) for node, x in names.values()}
    for node, _ in names.values():
        for parent in node.parents:
            axis.annotate("", place[id(node)], place[id(parent)], arrowprops=_ARROW)
    for name, (node, _) in names.items():
        values = f"{node.value.item():g}", f"gradient {node.grad.item():g}"
        _box(axis, place[id(node)], f"{name} = {values[0]}", values[1])
    axis.set(xlim=(0, 1), ylim=(0.55 - rows, 0.45))
    axis.set_axis_off()
    return figure


_ARROW = {"arrowstyle": "-|>", "color": INK, "shrinkA": 21, "shrinkB": 23, "lw": 1.2}


def _box(axis: Axes, place: tuple, value: str, gradient: str) -> None:
    x, y = place
    look = {"ha": "center", "va": "center", "fontsize": 12}
    frame = {"boxstyle": "round,pad=0.35", "fc": "none", "ec": INK, "lw": 0.8}
    axis.text(x, y, f"{value}\n{' ' * 15}", bbox=frame, linespacing=1.25, **look)
    axis.text(x, y - 0.13, gradient, color=COLORS["orange"], **look)


def _levels(root: Any) -> dict[int, int]:
    """The row of each node: below its parents; a leaf just above its first reader."""
    order, height = [], {}

    def visit(node):
        if id(node) not in height:
            for parent in node.parents:
                visit(parent)
            height[id(node)] = 1 + max((height[id(p)] for p in node.parents), default=0)
            order.append(node)

    visit(root)
    for leaf in order:
        if not leaf.parents:
            readers = [n for n in order if any(p is leaf for p in n.parents)]
            height[id(leaf)] = min(height[id(n)] for n in readers) - 1
    lowest = min(height.values())
    return {key: value - lowest for key, value in height.items()}


def wires(panels: Mapping[str, tuple[int, int, int, int, int]]) -> Figure:
    """One-dimensional convolutions: inputs above, outputs below, a wire a product.

    Args:
        panels: title -> (inputs, kernel, stride, padding, the input whose wires are
            drawn in full); a wire has the colour of its weight.
    """
    figure = Figure(figsize=(4.6, 2.3 * len(panels)))
    axes = figure.subplots(len(panels), 1, squeeze=False)[:, 0]
    for axis, (title, sizes) in zip(axes, panels.items()):
        _wire(axis, *sizes)
        axis.set_title(title, fontsize=LARGE, loc="left")
        axis.set_axis_off()
    kernel = max(sizes[1] for sizes in panels.values())
    lines = [Line2D([], [], color=WIRES[j], lw=3) for j in range(kernel)]
    names = [f"$w_{j}$" for j in range(kernel)]
    figure.legend(lines, names, loc="outside lower center", ncols=kernel, fontsize=13)
    return figure


def _wire(axis: Axes, n: int, k: int, stride: int, padding: int, marked: int) -> None:
    places = (n + 2 * padding - k) // stride + 1
    for i in range(places):
        below = stride * i - padding + (k - 1) / 2
        for j in range(k):
            x = stride * i + j - padding
            look = {"lw": 3.6} if x == marked else {"lw": 1.2, "alpha": 0.6}
            wire = {"arrowstyle": "-", "shrinkA": 14, "shrinkB": 14, **look}
            wire["color"] = WIRES[j]
            axis.annotate("", (below, 0), (x, 1), arrowprops=wire)
        _dot(axis, below, 0, f"$\\delta_{i}$", 1)
    for x in range(-padding, n + padding):
        inside = 0 <= x < n
        width = 2.6 if x == marked else 1
        _dot(axis, x, 1, f"$x_{x}$" if inside else "0", width if inside else 0)
    axis.set(xlim=(-1.5, n + 0.5), ylim=(-0.35, 1.35))


def _dot(axis: Axes, x: float, y: float, text: str, width: float) -> None:
    frame = {"boxstyle": "circle,pad=0.25", "fc": "none", "ec": INK, "lw": width}
    look = {"ha": "center", "va": "center", "fontsize": 13}
    axis.text(x, y, text, bbox=frame if width else None, **look)


def check_curve(h: Sequence[float], errors: Mapping[str, Tensor]) -> Figure:
    """Relative error of a numerical gradient against its step, both logarithmic.

    Args:
        h: the steps.
        errors: name -> [directions, steps]; the median is drawn, the range is shaded.
    """
    figure = Figure(figsize=(4.8, 3.9))
    axis = figure.subplots()
    looks = zip(("orange", "sky", "blue"), ("s", "^", "o"))
    for (name, values), (colour, mark) in zip(errors.items(), looks):
        values = values.clamp(min=1e-16)
        colour = COLORS[colour]
        ends = values.min(0).values, values.max(0).values
        axis.fill_between(h, *ends, color=colour, alpha=0.2, lw=0)
        axis.plot(
            h, values.median(0).values, mark + "-", ms=4, color=colour, label=name
        )
    axis.set(xscale="log", yscale="log", ylim=(1e-12, 1e6))
    axis.set_xlabel("step h", fontsize=LARGE)
    axis.set_ylabel("relative error", fontsize=LARGE)
    axis.tick_params(labelsize=LARGE - 1)
    axis.legend(fontsize=LARGE - 0.5, loc="upper center", ncols=1)
    axis.grid()
    return figure


def drift(curves: Mapping[str, Sequence[float]]) -> Figure:
    """Largest difference between two sets of weights, step by step (log scale)."""
    figure = Figure(figsize=(4.8, 3.2))
    axis = figure.subplots()
    looks = zip(("orange", "blue", "green"), ("-", "-", "--"))
    for (name, values), (colour, line) in zip(curves.items(), looks):
        steps = range(1, len(values) + 1)
        safe = [max(value, 1e-18) for value in values]
        axis.plot(steps, safe, line, color=COLORS[colour], label=name, lw=2.4)
    axis.set(yscale="log", ylim=(1e-18, 1))
    axis.axhline(1e-10, color=INK, ls=":", lw=1.2)
    axis.set_xlabel("steps taken", fontsize=LARGE)
    axis.set_ylabel("largest difference", fontsize=LARGE)
    axis.tick_params(labelsize=LARGE - 1)
    axis.legend(fontsize=LARGE - 0.5, loc="upper right")
    axis.grid(axis="y")
    return figure
