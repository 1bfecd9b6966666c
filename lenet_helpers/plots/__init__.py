"""Figures of the whole book, in one style that reads on light and dark pages."""

import matplotlib as mpl
from matplotlib import pyplot as plt

from lenet_helpers import lazy
from lenet_helpers.plots.style import COLORS, INK, style

# Makes the backend load: a notebook then shows a figure that pyplot did not make.
plt.switch_backend(mpl.rcParams["backend"])
style()

__getattr__, _names = lazy.face(
    __name__,
    {
        "architecture": "connection_table journey receptive_fields shares",
        "diagram": "network",
        "learning": "curves layer_bars predictions recipe_curves step_curves",
        "maps": "digits kernels overlays strips",
        "scores": "against confusion embedding tuning",
        "seeds": "dots",
    },
)
__all__ = ["COLORS", "INK", "style", *_names]
