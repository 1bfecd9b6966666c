"""What the chapter on the architecture says of memory, places and columns, counted."""

import json

import pytest
import torch

from lenet_course.ch02_architecture.figures import windows
from lenet_helpers import models


@pytest.fixture(scope="module")
def text(root):
    path = root / "chapters" / "02-architecture.ipynb"
    cells = json.loads(path.read_text())["cells"]
    return " ".join(" ".join("".join(c["source"]) for c in cells).split())


def kept_bytes(model):
    """What autograd keeps for one image, without the parameters."""
    kept = {}

    def note(tensor):
        kept[tensor.data_ptr()] = tensor.numel() * tensor.element_size()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda x: x):
        model(torch.randn(1, 1, 32, 32))
    own = {p.data_ptr() for p in model.parameters()}
    return sum(size for place, size in kept.items() if place not in own)


def test_bytes_that_an_image_keeps(text):
    assert kept_bytes(models.ModernLeNet5(activation="tanh", pool="avg")) == 4 * 9_108
    trained = models.ModernLeNet5(activation="relu", pool="max")
    assert f"{kept_bytes(trained):,} bytes an image" in text
    maps = 6 * 28**2 + 6 * 14**2 + 16 * 10**2 + 16 * 5**2
    assert (
        f"C1 to S4 hold {maps / 9_108:.1%} of what is kept".replace("%", " %") in text
    )


def test_a_row_of_view_mixes_thirty_maps_with_four_places(text):
    c5 = torch.arange(2 * 120 * 4).view(2, 120, 2, 2)
    first = c5.view(-1, 120)[0]
    maps, places = first // 4, first % 4
    assert (maps.unique().tolist(), places.unique().tolist()) == (
        list(range(30)),
        list(range(4)),
    )
    assert "30 maps with their 4 places each" in text


def test_columns_12_to_14_of_the_table_are_two_pairs_with_a_gap():
    for column, reads in enumerate(models.C3_TABLE.tolist()):
        starts = sum(reads[i] and not reads[i - 1] for i in range(6))
        assert starts == (0 if all(reads) else 2 if column in (12, 13, 14) else 1)
    assert models.C3_TABLE[6:15].sum(1).tolist() == [4] * 9


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_a_dilated_kernel_covers_what_the_formula_says(k, d):
    layer = torch.nn.Conv1d(1, 1, k, dilation=d)
    assert layer(torch.zeros(1, 1, 32)).shape[-1] == 32 - (d * (k - 1) + 1) + 1


def test_same_with_an_even_kernel_pads_more_at_the_end():
    layer = torch.nn.Conv1d(1, 1, 2, padding="same", bias=False)
    torch.nn.init.ones_(layer.weight)
    assert layer(torch.tensor([[[1.0, 2.0, 4.0]]])).tolist() == [[[3.0, 6.0, 4.0]]]


def test_the_figure_has_a_bar_for_every_place_and_a_dashed_one_for_what_sticks_out():
    rows = [(10, 5, 1), (10, 2, 2), (10, 5, 2), (9, 3, 3)]
    for axis, (n, kernel, stride) in zip(windows(rows).axes, rows, strict=True):
        whole = [line for line in axis.lines if line.get_linestyle() == "-"]
        layer = torch.nn.Conv1d(1, 1, kernel, stride)
        assert len(whole) == layer(torch.zeros(1, 1, n)).shape[-1]
        assert len(axis.lines) - len(whole) == bool((n - kernel) % stride)
        assert max(line.get_xdata().max() for line in whole) <= n
