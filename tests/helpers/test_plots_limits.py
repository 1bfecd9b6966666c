"""The figures of the chapter on limits and legacy."""

import statistics

import numpy as np
import pytest
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg

from lenet_course.ch15_limits import figures

BOX = torch.tensor([[2.0, 4.0, 30.0, 32.0]])


@pytest.mark.parametrize(
    "figure",
    [
        figures.sweeps({"one (%)": ([0, 1], [1, 0.2]), "two": ([0, 1], [1, 0])}, {}),
        figures.confidences({"digits": torch.rand(50), "all": torch.rand(50)}, 0.9),
        figures.depth_gradients({"a name": torch.rand(5, 20), "b": torch.rand(5, 20)}),
        figures.seed_rows({"one": {"a long name of it": [0.4, 0.5]}}, "accuracy", 0.1),
        figures.boxes(torch.rand(40, 40), {"a": (BOX, []), "b": (BOX, [7])}),
    ],
    ids=["sweeps", "confidences", "depth", "seeds", "boxes"],
)
def test_figures_are_transparent_and_nothing_leaves_them(figure):
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    assert np.asarray(canvas.buffer_rgba())[0, 0, 3] == 0
    drawn, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    assert drawn.x0 > -0.02 and drawn.x1 < width + 0.02
    assert drawn.y0 > -0.02 and drawn.y1 < height + 0.02


def test_a_dot_is_a_seed_and_a_bar_their_mean():
    groups = {"one": {"a": [0.2, 0.6]}, "other": {"a": [0.3, 0.9]}}
    axis = figures.seed_rows(groups, "accuracy").axes[0]
    pairs = zip(axis.lines[::2], axis.lines[1::2], groups.values(), strict=True)
    heights = []
    for dots, bar, rows in pairs:
        assert list(dots.get_xdata()) == rows["a"]
        assert list(bar.get_xdata()) == [statistics.mean(rows["a"])] * 2
        heights += set(dots.get_ydata())
    assert len(set(heights)) == 2  # the groups do not cover each other


def test_a_box_stands_where_its_corners_say():
    panel = figures.boxes(torch.zeros(40, 40), {"a": (BOX, [7])}).axes[0]
    (frame,), (answer,) = panel.patches, panel.texts
    corners = *frame.get_xy(), frame.get_width(), frame.get_height()
    assert corners == (1.5, 3.5, 28, 28) and answer.get_text() == "7"
