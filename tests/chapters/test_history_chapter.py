"""What the chapter on history says in figures and exercises, checked."""

import numpy as np
import pytest
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from torch.utils._python_dispatch import TorchDispatchMode

from lenet_course import quiz
from lenet_course.ch01_history import exercises as solved
from lenet_course.ch01_history.timeline import EVENTS, KINDS, timeline
from lenet_helpers import shapes
from lenet_helpers.models import LeNet5, LeNet1989
from lenet_helpers.statistics import paired_difference
from tests.chapters import reader


def test_the_timeline_is_in_order_and_every_line_has_a_source():
    years = [event.year for event in EVENTS]
    assert years == sorted(years)
    for event in EVENTS:
        assert event.kind in KINDS
        assert event.sources and reader.bibliography() >= set(event.sources), event


def test_the_chapter_cites_every_source_of_the_timeline_and_only_known_ones():
    cited = reader.cited("01-history")
    assert cited <= reader.bibliography()
    assert {key for event in EVENTS for key in event.sources} <= cited


def test_no_text_of_the_timeline_leaves_the_figure_or_covers_another():
    figure = timeline(EVENTS)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    assert np.asarray(canvas.buffer_rgba())[0, 0, 3] == 0, "not transparent"
    width = figure.bbox.width
    boxes = [t.get_window_extent() for t in figure.axes[0].texts]
    assert len(boxes) == 2 * len(EVENTS)
    assert all(box.x0 >= 0 and box.x1 <= width for box in boxes)
    for i, box in enumerate(boxes):
        assert box.count_overlaps(boxes[i + 1 :]) == 0


def test_numbers_of_the_quiz():
    by_id = {question.id: question for question in quiz.load("history").questions}
    number = by_id["presentations"].number
    shown = sum(7_291 for _ in range(23))
    assert number.value == shown
    assert shown // 128 == pytest.approx(1_300, rel=0.02)


def test_a_network_with_shared_biases_has_as_many_parameters():
    layers = [
        torch.nn.Conv2d(1, 12, 5),
        torch.nn.Conv2d(8, 12, 5),  # every map of H2 reads 8 of 12
        torch.nn.Linear(192, 30),
        torch.nn.Linear(30, 10),
    ]
    count = sum(p.numel() for layer in layers for p in layer.parameters())
    assert solved.shared_biases() == count


def test_the_days_on_the_sun_follow_from_the_models():
    macs = [
        shapes.trace(LeNet1989(), (1, 16, 16)).macs,
        shapes.trace(LeNet5()).macs,
    ]
    days = 3 * (macs[1] * 20 * 60_000) / (macs[0] * 23 * 7_291)
    assert solved.on_the_sun() == round(days)


def test_the_share_to_reject_is_that_of_trying_every_cut():
    generator = torch.Generator().manual_seed(3)
    for _ in range(20):
        confidence = torch.rand(30, generator=generator)
        right = torch.rand(30, generator=generator) < 0.8
        pairs = sorted(zip(confidence.tolist(), right.tolist()), reverse=True)
        fine = [
            keep
            for keep in range(1, 31)
            if sum(not ok for _, ok in pairs[:keep]) / keep <= 0.1
        ]
        expected = 1 - max(fine, default=0) / 30
        assert solved.reject_share(confidence, right, 0.1) == pytest.approx(expected)


def test_the_kernels_of_the_chapter_are_those_of_the_experiment():
    experiment = "experiments/originals/designed_kernels.py"  # which needs numba
    here, there = (
        reader.names(place, "oriented")["oriented"](0.7, torch.tanh)
        for place in ("01-history", experiment)
    )
    assert torch.equal(here, there)
    assert here.norm() == pytest.approx(1)


@pytest.mark.parametrize("name", ["then-and-now", "designed-kernels"])
def test_results_say_where_they_come_from(name):
    assert {"commands", "date", "machine"} <= set(reader.results(name))


def test_there_are_ten_seeds_for_every_kind_of_kernel():
    saved = reader.results("designed-kernels")
    seen = {(r["digits"], r["kernels"], r["seed"]) for r in saved["runs"]}
    assert len(seen) == len(saved["runs"]) == 3 * 3 * 10
    assert saved["digits_drawn"] == "anew for each seed"


def test_what_learned_kernels_gain_is_told_with_its_interval():
    errors = {
        (r["kernels"], r["digits"], r["seed"]): r["error"]
        for r in reader.results("designed-kernels")["runs"]
    }
    for digits in (300, 1500, 7291):
        gap = paired_difference(
            [errors["designed", digits, seed] for seed in range(10)],
            [errors["learned", digits, seed] for seed in range(10)],
        )
        assert gap.told_apart
        assert f"{gap.mean:.2f} ± {gap.half:.2f}" in reader.text("01-history")


def test_the_opening_counts_the_errors_of_the_table():
    cells = [cell.source for cell in reader.cells("01-history").values()]
    table = next(s for s in cells if s.startswith("## Repeated, and wrong"))
    rows = [line for line in table.splitlines() if line.startswith("| ")]
    assert len(rows) - 1 == 19  # one is the head
    assert "correct nineteen errors" in cells[0]


def test_left_and_right_letters_share_no_column():
    cells = [cell.source for cell in reader.cells("01-history").values()]
    source = next(s for s in cells if "def scenes" in s)
    names = {"torch": torch, "print": lambda *a: None}
    names["T"] = torch.tensor([[1.0, 1, 1], [0, 1, 0], [0, 1, 0]])
    names["C"] = torch.tensor([[1.0, 1, 0], [1, 0, 0], [1, 1, 0]])
    exec(source, names)
    inked = [names[side][0].amax((0, 1, 2)) > 0 for side in ("left", "right")]
    assert not (inked[0] & inked[1]).any()


def test_learned_kernels_win_27_of_30_pairs_and_less_than_a_point_on_average():
    errors = {
        (r["kernels"], r["digits"], r["seed"]): r["error"]
        for r in reader.results("designed-kernels")["runs"]
    }
    gains = {
        digits: [
            errors["designed", digits, seed] - errors["learned", digits, seed]
            for seed in range(10)
        ]
        for digits in (300, 1500, 7291)
    }
    assert sum(gain > 0 for row in gains.values() for gain in row) == 27
    assert all(0 < sum(row) / 10 < 1 for row in gains.values())
    assert "27 of the 30 pairs" in reader.text("01-history")


def test_ten_images_a_step_cost_at_most_a_third_more_than_one():
    rates = {
        (r["network"], r["batch"]): r["rate"]
        for r in reader.results("then-and-now")["presentations_a_second"]
        if r["way"] == "train"
    }
    for name in ("LeNet-1989", "LeNet-5"):
        assert 10 * rates[name, 1] / rates[name, 10] < 4 / 3
    assert "at most a third more than one" in reader.text("01-history")


class _Operations(TorchDispatchMode):
    def __init__(self):
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        self.count += 1
        return operation(*args, **(kwargs or {}))


@pytest.mark.parametrize(("network", "side"), [(LeNet1989, 16), (LeNet5, 32)])
def test_a_step_starts_about_a_hundred_operations_or_more(network, side):
    model = network()
    sgd = torch.optim.SGD(model.parameters(), lr=1e-4)
    with _Operations() as started:
        sgd.zero_grad()
        model(torch.zeros(1, 1, side, side)).square().mean().backward()
        sgd.step()
    assert started.count > 90
    assert "about a hundred operations or more" in reader.text("01-history")


def test_a_pixel_that_never_had_ink_moves_no_weight():
    dense = torch.nn.Linear(4, 2)
    before = dense.weight.detach().clone()
    adam = torch.optim.Adam(dense.parameters(), lr=0.1)
    for _ in range(5):
        adam.zero_grad()
        dense(torch.tensor([[1.0, 0.5, 0, 0]])).square().sum().backward()
        adam.step()
    assert torch.equal(dense.weight[:, 2:], before[:, 2:])
    assert not torch.equal(dense.weight[:, :2], before[:, :2])
