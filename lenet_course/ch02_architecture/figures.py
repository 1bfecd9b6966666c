"""The figure of the chapter on the architecture: where a window has a place."""

from collections.abc import Sequence

from matplotlib import patches
from matplotlib.figure import Figure

from lenet_helpers.plots.style import COLORS, INK, LARGE


def windows(rows: Sequence[tuple[int, int, int]]) -> Figure:
    """Rows of pixels, and under each every window that fits, one below the other.

    ``rows`` are (pixels, kernel, stride). The first window that would stick out is
    dashed, where the last one leaves pixels over.

    >>> len(windows([(8, 5, 1), (8, 2, 2)]).axes)
    2
    """
    counts = [(n - k) // s + 1 for n, k, s in rows]
    late = [bool((n - k) % s) for n, k, s in rows]
    heights = [1.6 + 0.45 * (count + out) for count, out in zip(counts, late)]
    figure = Figure(figsize=(5.2, 0.33 * sum(heights) + 0.35 * len(rows)))
    axes = figure.subplots(len(rows), 1, squeeze=False, height_ratios=heights)[:, 0]
    right = max(n for n, _, _ in rows) + 2
    for axis, (n, k, s), count, out, height in zip(axes, rows, counts, late, heights):
        for pixel in range(n):
            cell = patches.Rectangle((pixel, 0), 1, 1, edgecolor=INK, facecolor="none")
            axis.add_patch(cell)
        for i in range(count + out):
            fits = i < count
            color = COLORS["blue" if fits else "orange"]
            style = {"color": color, "linewidth": 4, "solid_capstyle": "butt"}
            style["linestyle"] = "-" if fits else (0, (1, 0.6))
            y = -0.5 - 0.45 * i
            axis.plot([s * i + 0.08, s * i + k - 0.08], [y, y], **style)
        text = f"{n} pixels, window {k}, stride {s}: {count} places"
        axis.set_title(text, fontsize=LARGE, loc="left")
        axis.set(xlim=(-0.1, right), ylim=(0.7 - height, 1.1))
        axis.set_axis_off()
    return figure
