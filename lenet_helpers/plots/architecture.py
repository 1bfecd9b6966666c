"""Figures of the chapter on the architecture: a digit's journey, counts, fields."""

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor, nn

from lenet_helpers.inspection import activations
from lenet_helpers.plots.maps import SIGNED
from lenet_helpers.plots.style import COLORS, INK, LARGE
from lenet_helpers.shapes import Trace

GAP = 3  # pixels between two maps
STRIP = 6  # pixels: height of a layer of single units


def journey(model: nn.Module, image: Tensor) -> Figure:
    """Every layer's maps in a row, all layers at the same scale; logits as bars.

    ``image`` is float32 [1, 1, H, W], normalised; it is shown in grey. A layer is shown
    after its activation function, in the colours of `maps`: 0 is black.
    """
    outputs = {"input": image[0]}
    for name, output in activations(model, image).items():
        outputs[name.removesuffix(".act")] = output[0]
    logits = outputs.pop("output").numpy()
    pictures = {name: _picture(output.numpy()) for name, output in outputs.items()}
    width = max(picture.shape[1] for picture in pictures.values())
    heights = [len(picture) + 9 for picture in pictures.values()]
    ratios = [*heights, 34]
    figure, axes = plt.subplots(
        len(ratios), figsize=(5.6, 5.6), height_ratios=ratios, layout="none"
    )
    figure.subplots_adjust(left=0.16, right=0.99, top=0.995, bottom=0.06, hspace=0)
    for axis, (name, picture), height in zip(axes, pictures.items(), heights):
        most = np.nanmax(np.abs(picture)) or 1
        scale = {} if name == "input" else dict(cmap=SIGNED, vmin=-most, vmax=most)
        axis.imshow(picture, interpolation="nearest", **scale)
        axis.set(xlim=(-0.5, width), ylim=(height - 0.5, -0.5), anchor="NW")
        axis.axis("off")
        _label(axis, name, y=1)
    _bars(axes[-1], logits)
    return figure


def _picture(values: np.ndarray) -> np.ndarray:
    """Maps in a row with gaps between them, or single units as a strip."""
    if values.size == len(values):
        return np.repeat(values.reshape(1, -1), STRIP, axis=0)
    gap = np.full((values.shape[1], GAP), np.nan)
    return np.hstack([part for one in values for part in (one, gap)][:-1])


def _bars(axis: Axes, logits: np.ndarray) -> None:
    classes = range(len(logits))
    best = int(logits.argmax())
    colours = [COLORS["orange" if k == best else "blue"] for k in classes]
    axis.bar(classes, logits, color=colours, width=0.7)
    axis.axhline(0, color=INK, linewidth=0.8)
    axis.set(xticks=classes, yticks=[])
    axis.tick_params(axis="x", labelsize=LARGE, length=0)
    axis.spines[["left", "bottom"]].set_visible(False)
    _label(axis, "output", y=0.7)


def _label(axis: Axes, name: str, y: float) -> None:
    place = {"transform": axis.figure.transFigure, "ha": "left", "va": "top"}
    box = axis.get_position()
    text = name.capitalize()
    axis.text(0, box.y0 + y * box.height, text, fontsize=LARGE, weight="bold", **place)


def connection_table(table: Tensor) -> Figure:
    """Dots where an output map (column) reads an input map (row): table [out, in].

    The sums stand below and to the right. Colours: maps that read equally many.
    Source: LeCun et al. 1998, Table I.
    """
    reads, read_by = table.sum(1).tolist(), table.sum(0).tolist()
    colours = dict(zip(sorted(set(reads)), COLORS.values()))
    outs, ins = table.shape
    figure, axis = plt.subplots(figsize=(5.6, 2.8))
    out, into = table.nonzero().T
    axis.scatter(out, into, s=85, c=[colours[reads[i]] for i in out])
    axis.scatter(*(~table.bool()).nonzero().T, s=5, c=INK, alpha=0.6)
    for i, total in enumerate(reads):
        axis.text(i, ins, total, ha="center", va="center", fontsize=LARGE)
    for i, total in enumerate(read_by):
        axis.text(outs + 0.1, i, total, ha="center", va="center", fontsize=LARGE)
    axis.set(xlim=(-0.6, outs + 0.6), ylim=(ins + 0.5, -0.6), aspect="equal")
    axis.set(xticks=range(outs), yticks=range(ins))
    axis.set_xlabel("map of C3", fontsize=LARGE)
    axis.set_ylabel("map of S2", fontsize=LARGE)
    axis.xaxis.set_label_position("top")
    axis.tick_params(length=0, labelsize=LARGE, labeltop=True, labelbottom=False)
    axis.spines[["left", "bottom"]].set_visible(False)
    return figure


def shares(rows: Trace) -> Figure:
    """Parameters to the left, multiply-adds to the right: each layer's share in %.

    Layers that multiply by nothing are left out; those of single units are orange.
    """
    layers = [row for row in rows if row.macs]
    names = [row.name.capitalize() for row in layers]
    single = [np.prod(row.output_shape) == row.output_shape[0] for row in layers]
    colours = [COLORS["orange" if one else "blue"] for one in single]
    figure, axes = plt.subplots(1, 2, figsize=(5.6, 2.8), sharey=True)
    for axis, field, unit in zip(axes, ("params", "macs"), ("parameters", "MACs")):
        total = getattr(rows, field)
        percent = [100 * getattr(row, field) / total for row in layers]
        bars = axis.barh(names, percent, color=colours, height=0.66)
        axis.bar_label(bars, fmt="%.1f %%", padding=4, fontsize=LARGE)
        axis.set_title(f"{total:,} {unit}", fontsize=LARGE, loc="left")
        axis.set(xlim=(0, 115), xticks=[])
        axis.tick_params(length=0, labelsize=LARGE)
        axis.spines[["left", "bottom"]].set_visible(False)
    axes[0].invert_yaxis()
    return figure


def receptive_fields(
    pixels: Tensor,
    squares: dict[str, tuple[float, int]],
    centres: list[float],
    box: int,
) -> Figure:
    """Left: what one unit of each layer sees. Right: where the centres of C3 lie.

    Args:
        pixels: image [H, W] in [0, 1].
        squares: layer -> first pixel and width of its square, across as well as down.
        centres: of the receptive fields along one side, in pixels.
        box: side of the centred box that holds the digit, in pixels.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(5.6, 3.6))
    side = len(pixels)
    for axis in (left, right):
        # Pixel 0 covers [0, 1), so that the edges of a field are whole numbers.
        axis.imshow(pixels.numpy(), extent=(0, side, side, 0), vmin=0, vmax=1.5)
        axis.axis("off")
        axis.set(xlim=(-0.4, side + 0.4), ylim=(side + 0.4, -0.4))
    # From the largest to the smallest and thinner, so that shared edges show both.
    for i, (name, (first, width)) in reversed([*enumerate(squares.items())]):
        look = {"edgecolor": _ON_BLACK[i], "linewidth": 1.5 + 0.7 * i, "zorder": 10 - i}
        label = f"{name.capitalize()} {width}"
        left.add_patch(_square(first, width, label=label, **look))
    right.scatter(*np.meshgrid(centres, centres), s=14, c=COLORS["amber"])
    first = (side - box) / 2
    label = f"{box}×{box} box"
    right.add_patch(_square(first, box, edgecolor=COLORS["sky"], label=label))
    right.scatter([], [], s=14, c=COLORS["amber"], label="centres of C3")
    _legend(left, columns=3)
    _legend(right, columns=1)
    return figure


_ON_BLACK = [COLORS[name] for name in ("amber", "sky", "pink", "green", "orange")]


def _square(first: float, width: float, **look) -> Rectangle:
    look = {"linewidth": 2} | look
    return Rectangle((first, first), width, width, fill=False, **look)


def _legend(axis: Axes, columns: int) -> None:
    axis.legend(
        loc="upper center",
        bbox_to_anchor=(0.5, 0),
        ncols=columns,
        fontsize=LARGE,
        handlelength=1.2,
        columnspacing=1,
    )
