"""Figures of training show the numbers they were given."""

import math

import pytest
import torch

from lenet_helpers import plots
from lenet_helpers.training.history import History


def history(validation: bool = True) -> History:
    rows = [
        {
            "epoch": i,
            "train_loss": 1 / i,
            "train_accuracy": 1 - 0.5 / i,
            "val_loss": 1.1 / i if validation else None,
            "val_accuracy": 1 - 0.6 / i if validation else None,
        }
        for i in (1, 2, 3)
    ]
    return History(rows=rows, best_epoch=2)


def lines(axis) -> dict[str, list[float]]:
    return {line.get_label(): list(line.get_ydata()) for line in axis.lines}


def test_curves_show_the_rows_and_mark_the_best_epoch():
    left, right = plots.curves(history()).axes
    assert lines(left)["training"] == [1, 1 / 2, 1 / 3]
    assert lines(right)["validation"] == [1 - 0.6, 1 - 0.3, 1 - 0.2]
    marks = [line for line in left.lines if list(line.get_xdata()) == [2, 2]]
    assert len(marks) == 1
    assert [text.get_text() for text in right.texts] == ["best: epoch 2"]


def test_without_validation_only_training_is_drawn():
    for axis in plots.curves(history(validation=False)).axes:
        assert {"training"} <= set(lines(axis)) and "validation" not in lines(axis)


def test_recipes_show_mean_and_range_over_seeds():
    runs = [
        {
            "recipe": recipe,
            "epochs": [{"val_loss": base + s, "val_accuracy": 0.5}] * 2,
        }
        for recipe, base in (("a", 1.0), ("b", 3.0))
        for s in (0.0, 0.5)
    ]
    figure = plots.recipe_curves(runs, {"b": "second", "a": "first"})
    drawn = lines(figure.axes[0])
    assert drawn["first"] == [1.25, 1.25] and drawn["second"] == [3.25, 3.25]
    band = figure.axes[0].collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == (3.0, 3.5)
    assert math.log(10) in [y[0] for y in drawn.values()]


def test_steps_are_drawn_as_a_running_mean_at_the_window_s_end():
    (axis,) = plots.step_curves({"up": [float(i) for i in range(50)]}).axes
    line = next(line for line in axis.lines if line.get_label() == "up")
    assert list(line.get_xdata())[0] == 20
    assert list(line.get_ydata())[0] == pytest.approx(sum(range(20)) / 20)
    assert len(line.get_ydata()) == 31


def test_bars_are_means_and_whiskers_reach_the_extremes():
    values = {"one": torch.tensor([[1.0, 10.0], [3.0, 10.0]])}
    (axis,) = plots.layer_bars(values, ["C1", "C3"], ylabel="size").axes
    assert [bar.get_height() for bar in axis.patches] == [2, 10]
    whiskers = axis.collections[0].get_segments()
    assert [list(w[:, 1]) for w in whiskers] == [[1, 3], [10, 10]]
    assert axis.get_yscale() == "log"


def test_predictions_tell_right_from_wrong_by_sign_and_colour():
    truth, said = torch.tensor([3, 4]), torch.tensor([3, 9])
    figure = plots.predictions(torch.rand(2, 1, 8, 8), truth, said, "0123456789")
    titles = [axis.title for axis in figure.axes]
    assert [title.get_text() for title in titles] == ["✓ 3", "✗ 9, is 4"]
    assert titles[0].get_color() != titles[1].get_color()


def test_predictions_refuse_images_that_are_still_normalised():
    with pytest.raises(ValueError, match="denormalise"):
        plots.predictions(
            torch.randn(2, 1, 8, 8) * 3,
            torch.zeros(2).long(),
            torch.zeros(2).long(),
            "0",
        )
