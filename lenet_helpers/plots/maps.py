"""Pictures of what is inside a network: kernels, feature maps, patches, overlays.

Colours mean the same everywhere: amber is positive, blue negative, black zero, as in
a digit's black ground. Every function returns a figure of its own.
"""

from collections.abc import Mapping, Sequence

import torch
from matplotlib import patches
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from torch import Tensor

from lenet_helpers.plots.style import COLORS, INK, LARGE

# Ends that stay apart when the book's dark mode brightens them.
SIGNED = LinearSegmentedColormap.from_list(
    "signed", ["#5ab4ff", "#1d6fb0", "#101214", "#b87400", "#ffc24d"]
)


def kernels(
    weights: Tensor, rows: Sequence[str] = (), columns: Sequence[str] = ()
) -> Figure:
    """A table of kernels on one colour scale, symmetric about zero.

    Args:
        weights: float [R, C, k, k].
        rows, columns: labels, R and C of them, or none.

    >>> len(kernels(torch.ones(1, 6, 5, 5)).axes)  # six kernels and the colour bar
    7
    """
    weights = weights.detach()
    count = weights.shape[:2]
    figure = Figure(figsize=(7.2, (5.4 if rows else 6.1) / count[1] * count[0] + 0.35))
    axes = figure.subplots(*count, squeeze=False)
    limit = weights.abs().max().item()
    for r, c in torch.cartesian_prod(*map(torch.arange, count)).tolist():
        image = _tile(axes[r, c], weights[r, c], limit)
    _label(axes, rows, columns)
    bar = figure.colorbar(image, ax=axes, aspect=8 * count[0], pad=0.015)
    bar.set_label("weight", fontsize=LARGE)
    bar.ax.locator_params(nbins=5)
    return figure


def strips(layers: Mapping[str, Tensor], height: float = 0.62) -> Figure:
    """One row of maps a layer, each row on its own scale, symmetric about zero.

    Args:
        layers: label -> maps, float [C, H, W].
        height: of a row of up to eight maps, in inches; longer rows shrink to fit.

    >>> strips({"C1": torch.ones(6, 28, 28), "S2": torch.ones(6, 14, 14)}).axes[1]
    ...                                                  # doctest: +ELLIPSIS
    <Axes: ylabel='S2'>
    """
    sheets = {label: _sheet(maps.detach()) for label, maps in layers.items()}
    shares = [min(1.0, 8.6 * s.shape[0] / s.shape[1]) for s in sheets.values()]
    figure = Figure(figsize=(7.2, height * sum(shares) + 0.09 * len(shares)))
    axes = figure.subplots(len(sheets), 1, squeeze=False, height_ratios=shares)[:, 0]
    for ax, (label, sheet) in zip(axes, sheets.items()):
        _tile(ax, sheet, sheet.nan_to_num().abs().max().item())
        ax.set_anchor("W")
        ax.set_ylabel(label, rotation=0, ha="right", va="center", fontsize=LARGE)
        ax.spines[:].set_visible(False)
    return figure


def digits(
    pixels: Tensor,
    titles: Sequence[str] = (),
    rows: Sequence[str] = (),
    boxes: Sequence[tuple[int, int, int]] = (),
    columns: int = 10,
) -> Figure:
    """Images side by side, with a title each, and a frame where a unit looks.

    Args:
        pixels: float [N, H, W], 0 (black) to 1.
        titles: N texts, or none.
        rows: one label for each row of ``columns`` images, or none.
        boxes: N (top, left, side), in pixels, or none.

    >>> len(digits(torch.zeros(12, 32, 32), columns=6).axes)
    12
    """
    columns = min(columns, len(pixels))
    lines = -(-len(pixels) // columns)
    size = 7.2 / columns
    tall = 0.24 * max([t.count("\n") + 1 for t in titles], default=0)
    figure = Figure(figsize=(7.2, lines * (size + tall)))
    axes = figure.subplots(lines, columns, squeeze=False)
    for ax in axes.flat[len(pixels) :]:
        ax.set_axis_off()
    for ax, image in zip(axes.flat, pixels):
        _bare(ax)
        ax.imshow(image.numpy(), vmin=0, vmax=1)
    for ax, title in zip(axes.flat, titles):
        ax.set_title(title, fontsize=LARGE - 1, pad=3)
    for ax, (top, left, side) in zip(axes.flat, boxes):
        frame = {"edgecolor": COLORS["amber"], "facecolor": "none", "linewidth": 1.6}
        ax.add_patch(patches.Rectangle((left - 0.5, top - 0.5), side, side, **frame))
    _label(axes, rows, ())
    return figure


def overlays(pixels: Tensor, heats: Mapping[str, Tensor]) -> Figure:
    """Digits in the first row; below, dimmed under each kind of heat.

    Each tile is scaled by its own largest absolute heat.

    Args:
        pixels: float [N, H, W], 0 to 1.
        heats: label -> float [N, H, W], of either sign.

    >>> one = torch.rand(1, 8, 8)
    >>> len(overlays(one, {"gradient": one, "occlusion": -one}).axes)
    3
    """
    figure = Figure(figsize=(7.2, (len(heats) + 1) * 6.4 / len(pixels)))
    axes = figure.subplots(len(heats) + 1, len(pixels), squeeze=False)
    for c, image in enumerate(pixels):
        axes[0, c].imshow(image.numpy(), vmin=0, vmax=1)
        for r, heat in enumerate(heats.values(), start=1):
            axes[r, c].imshow(_mix(image, heat[c].detach()).numpy())
    for ax in axes.flat:
        _bare(ax)
    _label(axes, ["digit", *heats], ())
    return figure


def _mix(image: Tensor, heat: Tensor) -> Tensor:
    """RGB: the dimmed image where heat is nil, the heat's colour where it is large."""
    share = (heat / heat.abs().max().clamp(min=1e-12)).clamp(-1, 1)
    colour = torch.tensor(SIGNED(share.numpy() / 2 + 0.5))[..., :3]
    alpha = share.abs().sqrt()[..., None]
    return 0.4 * image[..., None] * (1 - alpha) + colour * alpha


def _sheet(maps: Tensor) -> Tensor:
    """Maps [C, H, W] side by side, a tenth of a map apart; the gaps are NaN."""
    gap = max(1, round(maps.shape[2] / 10))
    space = maps.new_full((maps.shape[1], gap), torch.nan)
    parts = [part for one in maps for part in (space, one)][1:]
    return torch.cat(parts, 1)


def _tile(ax: Axes, values: Tensor, limit: float):
    _bare(ax)
    return ax.imshow(values.numpy(), cmap=SIGNED, vmin=-limit, vmax=limit)


def _bare(ax: Axes) -> None:
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set(visible=True, color=INK, linewidth=0.6)


def _label(axes, rows: Sequence[str], columns: Sequence[str]) -> None:
    for ax, text in zip(axes[:, 0], rows):
        ax.set_ylabel(text, rotation=0, ha="right", va="center", fontsize=LARGE - 1)
    for ax, text in zip(axes[0], columns):
        ax.set_title(text, fontsize=LARGE - 1, pad=3)
