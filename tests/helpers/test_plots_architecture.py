"""The figures of the architecture chapter show what the code counts."""

from xml.etree import ElementTree

import pytest
import torch
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from lenet_helpers import models, plots, shapes
from lenet_helpers.plots.style import COLORS


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def svgs(model, **options) -> list[ElementTree.Element]:
    html = plots.network(model, **options)._repr_html_()
    return ElementTree.fromstring(html).findall(".//svg")  # well-formed, or it raises


def texts(svg) -> list[str]:
    return ["".join(node.itertext()) for node in svg.iter("text")]


@pytest.mark.parametrize("model", [models.ModernLeNet5(), models.LeNet5()])
def test_the_drawing_says_every_size_and_count_of_the_trace(model):
    wide, tall = map(texts, svgs(model))
    for row in shapes.trace(model):
        if row.connections:
            maps, *sides = (n for n in row.output_shape)
            size = (
                f"{maps}@{sides[0]}×{sides[0]}" if sides[1:] and sides[0] > 1 else maps
            )
            assert {row.name.capitalize(), str(size), f"{row.params:,}"} <= set(wide)
            name = f"{row.name.capitalize()} \xa0{size}"
            assert name in tall
            assert tall[tall.index(name) + 1].endswith(f", {row.params:,} parameters")


def test_the_drawing_has_a_square_for_every_map():
    wide, tall = svgs(models.ModernLeNet5())
    maps = 1 + 6 + 6 + 16 + 16 + 1 + 1 + 1  # layers of single units are one column
    windows = 5  # C1, S2, C3, S4, C5
    assert len(list(wide.iter("rect"))) == 2 * maps + windows
    assert len(list(tall.iter("rect"))) == 2 * maps


def test_everything_drawn_lies_within_the_drawing():
    for svg in svgs(models.LeNet5()):
        _, _, width, height = map(float, svg.get("viewBox").split())
        for rect in svg.iter("rect"):
            x, y, w, h = (float(rect.get(k)) for k in ("x", "y", "width", "height"))
            assert 0 <= x <= x + w <= width and 0 <= y <= y + h <= height


def test_the_drawing_is_named_and_takes_its_title_as_text():
    for svg in svgs(models.ModernLeNet5(), title='A "<b>" net'):
        assert svg.get("role") == "img"
        assert svg.get("aria-label").startswith('A "<b>" net: Input 1@32×32')
        assert svg.get("aria-label").endswith("F6 84 → Output 10")


def test_a_smaller_input_is_drawn_smaller():
    small = repr(plots.network(models.ModernLeNet5(input_size=28), (1, 28, 28)))
    assert "S4 16@4×4" in small


def test_the_table_has_a_dot_for_every_connection_and_right_sums():
    (axis,) = plots.connection_table(models.C3_TABLE).axes
    dots, gaps = (c.get_offsets().astype(int).tolist() for c in axis.collections)
    assert sorted(dots) == models.C3_TABLE.nonzero().tolist()
    assert len(dots) == 60 and len(gaps) == 36
    sums = [int(text.get_text()) for text in axis.texts]
    assert sums == [3] * 6 + [4] * 9 + [6] + [10] * 6


def test_shares_are_percent_of_each_total():
    rows = shapes.trace(models.ModernLeNet5())
    left, right = plots.shares(rows).axes
    widths = [[bar.get_width() for bar in axis.patches] for axis in (left, right)]
    assert [sum(one) for one in widths] == pytest.approx([100, 100])
    assert widths[0][2] == pytest.approx(100 * 48_120 / 61_706)
    assert widths[1][1] == pytest.approx(100 * 240_000 / 416_520)
    assert "61,706" in left.get_title("left") and "416,520" in right.get_title("left")


def test_fields_are_squares_where_they_were_measured():
    seen = {"c1": (14, 5), "s4": (8, 16), "c5": (0, 32)}
    centres = [7.0 + 2 * i for i in range(10)]
    figure = plots.receptive_fields(torch.zeros(32, 32), seen, centres, box=20)
    left, right = figure.axes
    squares = {p.get_label(): p for p in left.patches if isinstance(p, Rectangle)}
    for name, (first, width) in seen.items():
        square = squares[f"{name.capitalize()} {width}"]
        assert square.get_xy() == (first, first)
        assert square.get_width() == square.get_height() == width
    assert right.patches[0].get_xy() == (6, 6)
    assert len(right.collections[0].get_offsets()) == 100


def test_the_journey_ends_at_the_models_answer_and_leaves_it_alone():
    torch.manual_seed(0)
    model, image = models.ModernLeNet5().train(), torch.randn(1, 1, 32, 32)
    figure = plots.journey(model, image)
    *layers, output = figure.axes
    shown = [axis.images[0].get_array().shape for axis in layers]
    assert shown[:2] == [(32, 32), (28, 6 * 28 + 5 * 3)]
    assert [width for _, width in shown[-2:]] == [120, 84]
    colours = [to_hex(bar.get_facecolor()) for bar in output.patches]
    assert colours.index(COLORS["orange"]) == model(image).argmax().item()
    assert model.training and not model.c1._forward_hooks


def test_a_journey_through_a_dead_network_can_be_drawn():
    model = models.ModernLeNet5(activation="relu")
    for parameter in model.parameters():
        parameter.data.zero_()
    plots.journey(model, torch.zeros(1, 1, 32, 32)).canvas.draw()
