"""Every figure of the book, in one style that reads on light and dark pages."""

import matplotlib as mpl
from matplotlib import pyplot as plt

from lenet_helpers.plots.architecture import (
    connection_table,
    journey,
    receptive_fields,
    shares,
)
from lenet_helpers.plots.curves import (
    curves,
    layer_bars,
    predictions,
    recipe_curves,
    step_curves,
)
from lenet_helpers.plots.diagram import network
from lenet_helpers.plots.maps import digits, kernels, overlays, strips
from lenet_helpers.plots.scores import against, confusion, embedding, tuning
from lenet_helpers.plots.style import COLORS, INK, style

# Makes the backend load: a notebook then shows a figure that pyplot did not make.
plt.switch_backend(mpl.rcParams["backend"])
style()

__all__ = [
    "COLORS",
    "INK",
    "against",
    "confusion",
    "connection_table",
    "curves",
    "digits",
    "embedding",
    "journey",
    "kernels",
    "layer_bars",
    "network",
    "overlays",
    "predictions",
    "receptive_fields",
    "recipe_curves",
    "shares",
    "step_curves",
    "strips",
    "style",
    "tuning",
]
