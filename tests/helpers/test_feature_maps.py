"""The figures and facts of the chapter on feature maps."""

import json

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from lenet_course import quiz
from lenet_course.ch11_feature_maps import exercises as exercise
from lenet_helpers import models, plots, shapes

ROWS = {row.name: row for row in shapes.trace(models.ModernLeNet5())}


def pixels_of(figure: Figure) -> torch.Tensor:
    figure.set_dpi(50)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return torch.tensor(np.asarray(canvas.buffer_rgba()))


FIGURES = {
    "kernels": lambda x: plots.kernels(x[:, :, :5, :5], ["a"], list("01")),
    "strips": lambda x: plots.strips({"C1": x[0], "S2": x[0, :, ::2, ::2]}),
    "digits": lambda x: plots.digits(x[0].sigmoid(), ["one", "two"]),
    "overlays": lambda x: plots.overlays(x[0].sigmoid(), {"gradient": x[0]}),
    "confusion": lambda x: plots.confusion(x[0, 0, :3, :3].abs().mul(9).long(), "012"),
    "tuning": lambda x: plots.tuning(torch.arange(16), x[0, 0], torch.zeros(16)),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_shows_its_data_and_leaves_the_page_behind_it_alone(name):
    generator = torch.Generator().manual_seed(0)
    first, second = (torch.randn(1, 2, 16, 16, generator=generator) for _ in "ab")
    drawn = pixels_of(FIGURES[name](first))
    assert drawn[0, 0, 3] == 0, "the corner is not transparent"
    assert not torch.equal(drawn, pixels_of(FIGURES[name](second)))


def test_kernels_share_one_scale_that_is_symmetric_about_zero():
    weights = torch.tensor([[0.5, -2.0]]).view(1, 2, 1, 1)
    images = [ax.images[0] for ax in plots.kernels(weights).axes[:2]]
    assert [image.get_clim() for image in images] == [(-2, 2), (-2, 2)]


def test_zero_is_black_in_kernels_and_maps():
    sheet = plots.strips({"C1": torch.tensor([[[0.0, 1.0, -1.0]]])}).axes[0].images[0]
    zero, plus, minus = sheet.cmap(sheet.norm([0.0, 1.0, -1.0]))
    assert max(zero[:3]) < 0.1 < min(plus[0], minus[2])


def test_a_frame_lies_around_the_pixels_it_names():
    figure = plots.digits(torch.zeros(1, 32, 32), boxes=[(4, 8, 14)])
    (frame,) = figure.axes[0].patches
    assert frame.get_bbox().extents.tolist() == [7.5, 3.5, 21.5, 17.5]


def test_the_diagonal_of_a_confusion_matrix_gets_no_colour():
    counts = torch.tensor([[980, 3], [0, 1000]])
    figure = plots.confusion(counts, ["0", "1"])
    image = figure.axes[0].images[0]
    assert image.get_array().mask.tolist() == [[True, False], [True, True]]
    assert image.get_clim()[1] == 3
    assert [t.get_text() for t in figure.axes[0].texts] == ["980", "3", "1000"]


def test_an_embedding_marks_the_mistakes():
    points = torch.arange(8.0).view(4, 2)
    wrong = torch.tensor([False, True, False, False])
    figure = plots.embedding(points, torch.tensor([0, 0, 1, 1]), wrong, ["x", "y"])
    crosses = figure.axes[0].collections[-1].get_offsets()
    assert crosses.tolist() == [[2, 3]]


def test_a_band_spans_the_runs():
    runs = torch.tensor([[0.9, 0.5], [0.7, 0.6]])
    figure = plots.against([0, 1], {"two": runs}, xlabel="x", ylabel="y")
    (band,) = figure.axes[0].collections
    low, high = band.get_paths()[0].vertices[:, 1].min(), runs.max()
    assert low == pytest.approx(0.5) and high == pytest.approx(0.9)


# What exercises and quiz state, against the layers themselves


def test_the_c3_patch_is_the_footprint_of_the_gradient():
    torch.manual_seed(0)
    model = models.ModernLeNet5()
    image = torch.randn(1, 1, 32, 32, requires_grad=True)
    maps = model.c3(model.s2(model.act(model.c1(image))))
    (slope,) = torch.autograd.grad(maps[0, :, 3, 7].sum(), image)
    inside = exercise.c3_patch(slope[0], 3, 7)
    assert inside.ne(0).all() and inside.ne(0).sum() == slope.ne(0).sum()


def test_eight_pixels_move_the_maps_as_the_solution_says():
    names = ("c1", "s2", "c3", "s4")
    assert exercise.moves() == tuple(8 // ROWS[name].jump for name in names)
    assert all(8 % ROWS[name].jump == 0 for name in names)


def test_the_numbers_of_the_quiz():
    questions = {q.id: q for q in quiz.load("feature_maps").questions}
    assert questions["patch-row"].number.value == 2 * ROWS["s4"].jump
    assert "rows 8 to 23" in questions["patch-row"].number.why
    assert 8 + ROWS["s4"].receptive_field - 1 == 23
    assert "156" in questions["hook-on-c1"].options[2].text
    assert ROWS["c1"].params == 156
    assert "84 dimensions" in questions["plane"].options[0].why
    assert ROWS["f6"].output_shape == (84,)


def test_most_of_the_line_in_map_3_is_a_round_spot(root):
    """The chapter's form *line* holds x², xy and y²; x² + y² alone is a spot."""
    path = root / "chapters" / "11-feature-maps.ipynb"
    cells = json.loads(path.read_text())["cells"]
    source = next(s for c in cells if "def shares" in (s := "".join(c["source"])))
    names = {"torch": torch, "F": F}
    exec(source, names)
    kernel = models.load_pretrained().c1.weight[3:4]
    line = names["shares"](kernel)[0, 2].item()
    right, up = names["right"], names["up"]
    smaller = [torch.ones(5, 5), right, up, right**2 + up**2]
    basis = np.linalg.qr(torch.stack(smaller).flatten(1).T.numpy())[0]
    spot = (F.normalize(kernel.detach().flatten(1)).numpy() @ basis[:, 3]) ** 2
    text = " ".join("".join(c["source"]) for c in cells)
    assert f"{100 * spot.item():.0f} of its {100 * line:.0f} %" in text
