"""One look for all figures: transparent ground, mid-grey ink, few lines."""

import matplotlib as mpl

INK = "#6b6b6b"  # 5.3:1 on white; the book's dark mode brightens it to 4.5:1 and more
LARGE = 12.5  # points: still legible where a phone shows a figure at half its size
COLORS = {  # Wong's colour-blind-safe set, without yellow and black: both vanish
    "blue": "#0072b2",
    "orange": "#d55e00",
    "green": "#009e73",
    "pink": "#cc79a7",
    "sky": "#56b4e9",
    "amber": "#e69f00",
}


def style() -> None:
    """Set matplotlib's defaults for the book; safe to call again."""
    mpl.rcParams.update(
        {
            "figure.dpi": 110,
            "figure.figsize": (7.2, 3.6),
            "figure.facecolor": "none",
            "figure.constrained_layout.use": True,
            "savefig.facecolor": "none",
            "savefig.transparent": True,
            "axes.facecolor": "none",
            "axes.edgecolor": INK,
            "axes.labelcolor": INK,
            "axes.titlecolor": INK,
            "axes.titlesize": 11,
            "axes.labelsize": 10.5,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.prop_cycle": mpl.cycler(color=list(COLORS.values())),
            "text.color": INK,
            "xtick.color": INK,
            "ytick.color": INK,
            "xtick.labelsize": 9.5,
            "ytick.labelsize": 9.5,
            "legend.frameon": False,
            "legend.fontsize": 9.5,
            "grid.color": INK,
            "grid.alpha": 0.25,
            "grid.linewidth": 0.6,
            "lines.linewidth": 1.8,
            "image.cmap": "gray",
            "svg.fonttype": "none",
        }
    )
