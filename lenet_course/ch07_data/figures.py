"""Figures of the chapter on data: photographs, curves, digits with two labels."""

from collections.abc import Mapping, Sequence

import torch.nn.functional as F
from matplotlib import patches
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from lenet_helpers.data import Handwriting
from lenet_helpers.plots.style import COLORS, INK, LARGE

STEPS = {  # left out -> what the picture is then
    "20x20 box": "stretched",
    "cropping": "not cropped",
    "EXIF": "on its side",
    "inverting": "not inverted",
    "everything": "only upright",
}


def _bare(axis: Axes) -> None:
    axis.set(xticks=[], yticks=[])
    for spine in axis.spines.values():
        spine.set_visible(False)


def _show(axis: Axes, picture: Tensor) -> None:
    """Grey [H, W] or colour [3, H, W], both from 0 to 1."""
    values = picture if picture.dim() == 2 else picture.permute(1, 2, 0)
    axis.imshow(values.float().numpy(), vmin=0, vmax=1)


def row(pictures: Mapping[str, Tensor], columns: int = 3) -> Figure:
    """Pictures in [0, 1], grey [H, W] or colour [3, H, W], ``columns`` a line.

    >>> import torch
    >>> len(row({"a": torch.zeros(4, 4), "b": torch.ones(3, 4, 4)}, columns=2).axes)
    2
    """
    lines = -(-len(pictures) // columns)
    sides = [p.shape[-2] / p.shape[-1] for p in pictures.values()]
    height = lines * (5.6 / columns * max(sides) + 0.35)
    figure = Figure(figsize=(5.6, height))
    axes = figure.subplots(lines, columns, squeeze=False).flatten()
    for axis in axes:
        _bare(axis)
    for axis, (title, picture) in zip(axes, pictures.items()):
        _show(axis, picture)
        axis.set_title(title, fontsize=LARGE)
    return figure


def left_out(seen: Handwriting, runs: Sequence[Mapping]) -> Figure:
    """A photographed digit with one step of its preparation left out; errors, in %.

    ``runs`` are those of experiments/layers/photographs.py: many such photographs.

    >>> import torch
    >>> from lenet_helpers import data
    >>> digit = F.pad(torch.ones(1, 20, 4), [12, 12, 4, 4])
    >>> seen = data.from_picture(data.make_photograph(digit))
    >>> errors = {"all steps": 1.0, "without": dict.fromkeys(STEPS, 50.0)}
    >>> [axis.get_title() for axis in left_out(seen, [errors, errors]).axes][:2]
    ['all steps: 1.0 %', 'stretched: 50 %']
    """
    box, pixels = seen.boxes[0], seen.pixels[0]
    cut = seen.ink[box.top : box.bottom, box.left : box.right]
    made = (
        _squeezed(cut),
        _squeezed(seen.ink),
        pixels.rot90(),  # as the camera stored it
        1 - pixels,
        _squeezed(seen.upright.mean(0)),
    )
    right = sum(run["all steps"] for run in runs) / len(runs)
    pictures = {f"all steps: {right:.1f} %": pixels}
    for (step, name), picture in zip(STEPS.items(), made):
        wrong = sum(run["without"][step] for run in runs) / len(runs)
        pictures[f"{name}: {wrong:.0f} %"] = picture
    return row(pictures)


def _squeezed(picture: Tensor) -> Tensor:
    return F.interpolate(picture[None, None].float(), (28, 28), mode="area")[0, 0]


def stack(pictures: Mapping[str, Tensor]) -> Figure:
    """Wide pictures, one under the other, each below its title.

    >>> import torch
    >>> len(stack({"a": torch.zeros(4, 9), "b": torch.ones(3, 4, 9)}).axes)
    2
    """
    sides = [p.shape[-2] / p.shape[-1] for p in pictures.values()]
    figure = Figure(figsize=(5.2, sum(5.2 * side + 0.35 for side in sides)))
    axes = figure.subplots(len(sides), 1, squeeze=False, height_ratios=sides)[:, 0]
    for axis, (title, picture) in zip(axes, pictures.items()):
        _bare(axis)
        _show(axis, picture)
        axis.set_title(title, fontsize=LARGE, loc="left")
    return figure


def found(seen: Handwriting, answers: Sequence[str]) -> Figure:
    """The upright picture with a frame around each digit; below, what was made of it.

    >>> import torch
    >>> from lenet_helpers import data
    >>> digits = torch.zeros(2, 28, 28)
    >>> digits[:, 4:24, 12:16] = 1
    >>> len(found(data.from_picture(data.make_photograph(digits)), "11").axes)
    3
    """
    high, wide = seen.upright.shape[1:]
    count = len(seen)
    figure = Figure(figsize=(5.6, 5.6 * high / wide + 5.6 / count + 0.4))
    ratios = [high / wide, 1 / count]
    grid = figure.add_gridspec(2, count, height_ratios=ratios)
    axis = figure.add_subplot(grid[0, :])
    _bare(axis)
    _show(axis, seen.upright)
    for box in seen.boxes:
        corner = box.left - 0.5, box.top - 0.5
        frame = {"edgecolor": COLORS["amber"], "facecolor": "none", "linewidth": 2}
        axis.add_patch(patches.Rectangle(corner, box.width, box.height, **frame))
    for number, (pixels, answer) in enumerate(zip(seen.pixels, answers)):
        axis = figure.add_subplot(grid[1, number])
        _bare(axis)
        _show(axis, pixels)
        axis.set_title(answer, fontsize=LARGE + 2)
    return figure


def climbing(wrong: Tensor, edge: int, names: tuple[str, str]) -> Figure:
    """How mistakes add up along a set, ``wrong`` bool [N]; a line where writers change.

    >>> import torch
    >>> len(climbing(torch.rand(50) < 0.2, 25, ("these", "those")).axes)
    1
    """
    figure = Figure(figsize=(5.2, 3.1))
    axis = figure.subplots()
    total = wrong.long().cumsum(0)
    axis.plot(range(1, len(wrong) + 1), total, color=COLORS["blue"])
    axis.plot([0, len(wrong)], [0, int(total[-1])], color=INK, linewidth=1)
    axis.axvline(edge, color=INK, linestyle=":")
    for x, name, side in zip((edge, edge), names, ("right", "left")):
        axis.annotate(
            name,
            (x, 0),
            xytext=(-6 if side == "right" else 6, 6),
            textcoords="offset points",
            horizontalalignment=side,
            fontsize=LARGE - 1,
        )
    axis.set_xlabel("place in the test set", fontsize=LARGE)
    axis.set_ylabel("mistakes so far", fontsize=LARGE)
    axis.tick_params(labelsize=LARGE - 1.5)
    return figure


def curve(errors: Mapping[str, Mapping[int, Sequence[float]]]) -> Figure:
    """Error against the number of images on log scales; dots are seeds, lines means.

    >>> len(curve({"steps": {300: [9.0, 8.0], 1000: [5.0, 5.5]}}).axes)
    1
    """
    figure = Figure(figsize=(5.2, 3.9))
    axis = figure.subplots()
    for (name, sizes), color in zip(errors.items(), COLORS.values()):
        means = [sum(values) / len(values) for values in sizes.values()]
        axis.plot(list(sizes), means, color=color, label=name)
        for size, values in sizes.items():
            axis.plot([size] * len(values), values, "o", color=color, markersize=4)
    axis.set_xscale("log")
    axis.set_yscale("log")
    sizes = sorted({size for each in errors.values() for size in each})
    axis.set_xticks(sizes, [f"{size:,}" for size in sizes], rotation=35)
    axis.set_yticks([1, 2, 5, 10, 20, 50], ["1", "2", "5", "10", "20", "50"])
    axis.minorticks_off()
    axis.grid()
    axis.tick_params(labelsize=LARGE - 1.5)
    axis.set_xlabel("training images", fontsize=LARGE)
    axis.set_ylabel("test error, %", fontsize=LARGE)
    axis.legend(fontsize=LARGE - 1)
    return figure
