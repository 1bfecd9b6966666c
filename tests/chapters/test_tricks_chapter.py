"""What the chapter on training tricks says and computes, checked another way."""

import math

import pandas as pd
import pytest
import torch
import torch.nn.functional as F
from scipy import stats
from torch import nn
from torch.optim import lr_scheduler
from torch.utils.data import TensorDataset

from lenet_course import exercises, quiz
from lenet_course.ch09_tricks import exercises as solutions
from lenet_helpers.models import ModernLeNet5
from lenet_helpers.plots.effects import effects
from lenet_helpers.plots.style import INK
from lenet_helpers.statistics import paired_difference
from tests.chapters import reader


@pytest.fixture(scope="module")
def experiment(root):
    from experiments.training import tricks, tricks_variants

    yield tricks, tricks_variants


# --- the numbers of the chapter -----------------------------------------------------


def test_every_variant_was_run_with_the_same_five_seeds_or_more():
    results = reader.results("tricks")
    seeds = {}
    for run in results["runs"]:
        if not run["group"].startswith("tune"):
            seeds.setdefault(run["variant"], []).append(run["seed"])
    assert len(seeds) > 30
    assert {tuple(sorted(each)) for each in seeds.values()} == {(0, 1, 2, 3, 4)}


def test_nothing_was_chosen_on_test_images():
    results = reader.results("tricks")
    tuning = [run for run in results["runs"] if run["group"].startswith("tune")]
    assert tuning and not any("test_accuracy" in run for run in tuning)


def test_a_network_of_nan_is_right_for_980_zeros():
    """What the chapter counts for a run that diverged."""
    logits = torch.full((3, 10), torch.nan)
    assert logits.argmax(1).tolist() == [0, 0, 0]


def test_numbers_of_the_quiz():
    by_id = {question.id: question for question in quiz.load("tricks").questions}
    number = by_id["linear-scaling"].number
    assert number.value == pytest.approx(0.03 * 256 / 64)
    others = sorted(value for value, _ in number.wrong)
    assert others == pytest.approx([0.03 / 4, 0.03, 0.03 * math.sqrt(4)])


# --- solutions against PyTorch and pandas -------------------------------------------


def test_he_deviation_is_that_of_pytorch():
    torch.manual_seed(0)
    weight = torch.empty(4000, 6, 5, 5)
    nn.init.kaiming_normal_(weight, nonlinearity="relu")
    assert weight.std().item() == pytest.approx(solutions.he_deviation(), rel=0.01)
    own = ModernLeNet5().c3.weight
    assert f"{own.std().item():.3f}" == "0.047"


def test_warm_up_and_cosine_joined_by_pytorch_are_the_same():
    steps, rise, peak = 60, 6, 0.1
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=peak)
    up = lr_scheduler.LinearLR(optimizer, 1 / rise, 1.0, total_iters=rise - 1)
    down = lr_scheduler.CosineAnnealingLR(optimizer, steps - rise)
    joined = lr_scheduler.SequentialLR(optimizer, [up, down], milestones=[rise])
    for step in range(steps):
        mine = solutions.rate_at(step, steps, peak, rise)
        assert mine == pytest.approx(optimizer.param_groups[0]["lr"], abs=1e-9)
        optimizer.step()
        joined.step()


def test_moving_average_is_that_of_pandas():
    values = [3.0, -1.0, 4.0, 1.0, -5.0]
    theirs = pd.Series(values).ewm(alpha=0.2, adjust=False).mean()
    assert solutions.moving_average(values, 0.8) == pytest.approx(theirs.tolist())


def test_paired_interval_is_that_of_scipy():
    ours, base = [98.1, 97.0, 97.4, 97.9, 96.6], [98.0, 97.1, 97.2, 97.7, 96.1]
    t = stats.t.ppf(0.975, 4)
    theirs = stats.ttest_rel(ours, base).confidence_interval(0.95)
    assert solutions.paired_interval(ours, base, t) == pytest.approx(theirs)
    helper = paired_difference(ours, base)
    assert (helper.low, helper.high) == pytest.approx(theirs)


def test_dropout_in_place_or_of_whole_rows_gets_its_pointer():
    def in_place(x, p, training):
        return F.dropout(x, p, training, inplace=True)

    def rows(x, p, training):
        kept = torch.rand(len(x), 1) >= p
        return x * kept / (1 - p) if training else x

    assert "changes `x`" in exercises.check("tricks.dropout", in_place).text
    assert "share their luck" in exercises.check("tricks.dropout", rows).text


@pytest.fixture(scope="module")
def scores():
    """Test accuracy in %, seed by seed; a run that diverged answers "0"."""
    runs = pd.DataFrame(reader.results("tricks")["runs"])
    runs = runs[~runs["group"].str.startswith("tune")]
    table = runs.pivot(index="seed", columns="variant", values="test_accuracy")
    return 100 * table.fillna(0.098)


@pytest.fixture(scope="module")
def text():
    return reader.line("09-training-tricks")


def test_the_interval_of_the_chapter_is_that_of_the_helper(scores):
    names = reader.names("09-training-tricks", "interval")
    for name in scores.columns.drop("base"):
        middle, half = names["interval"](scores[name] - scores["base"])
        helper = paired_difference(scores[name], scores["base"])
        assert (middle, half) == pytest.approx((helper.mean, helper.half))


def test_differences_in_the_prose_are_those_of_the_runs(scores, text):
    for name, against, told in (
        ("Adam", "base", "+0.03 ± 0.43"),
        ("batch 256", "base", "−0.61 ± 1.17"),
        ("cosine and EMA", "cosine", "−0.01 ± 0.03"),
        ("one-cycle", "cosine", "0.00 ± 0.30"),
        ("best epoch kept", "base", "+0.23 ± 0.28"),
        ("early stopping, patience 2", "base", "+0.18 ± 0.20"),
    ):
        found = paired_difference(scores[name], scores[against])
        assert not found.told_apart
        assert told.lstrip("+−") == str(found).split(",")[0].lstrip("+-")
        assert told in text
    below = paired_difference(scores["EMA"], scores["cosine and EMA"])
    assert f"{below.mean:.2f} ± {below.half:.2f} *below*" in text
    for name in ("SGD", "AdamW", "Xavier"):
        wide = paired_difference(scores[name], scores["base"])
        assert f"−{-wide.low:.1f} … +{wide.high:.1f}" in text
    for name, within in (
        ("Nesterov", 0.5),
        ("Adam", 0.5),
        ("weight decay 0.005", 0.6),
        ("pixels 0 to 1", 0.7),
    ):
        near = paired_difference(scores[name], scores["base"])
        assert -within < near.low < near.high < within
    assert "normalised ones here, within 0.7 point" in text


def test_a_rate_three_times_too_high_costs_more_than_any_change_gains(scores):
    gap = scores.sub(scores["base"], axis=0)
    assert -gap["rate x 3"].max() > gap.mean().max()


def test_smoothing_makes_the_test_loss_worse_in_every_seed():
    losses = {
        (run["variant"], run["seed"]): run["test_loss"]
        for run in reader.results("tricks")["runs"]
        if run["variant"] in ("base", "label smoothing 0.1")
    }
    for seed in range(5):
        assert losses["label smoothing 0.1", seed] > losses["base", seed]


def test_zeros_give_the_logistic_sigmoid_a_second_gradient():
    """So the claim on zeros is about ReLU and tanh."""
    moving = {}
    for kind in ("relu", "tanh", "sigmoid"):
        model = ModernLeNet5(activation=kind)
        for parameter in model.parameters():
            nn.init.zeros_(parameter)
        F.cross_entropy(model(torch.rand(8, 1, 32, 32)), torch.arange(8)).backward()
        named = model.named_parameters()
        moving[kind] = {name for name, p in named if p.grad.any()}
    assert moving["relu"] == moving["tanh"] == {"output.bias"}
    assert moving["sigmoid"] == {"output.bias", "output.weight"}


@pytest.mark.parametrize(("constant", "moving"), [(0.02, 10), (-0.02, 1)])
def test_a_constant_start_may_switch_every_relu_off(constant, moving):
    model = ModernLeNet5(activation="relu", pool="max")
    for layer in (m for m in model.modules() if isinstance(m, nn.Conv2d | nn.Linear)):
        nn.init.constant_(layer.weight, constant)
        nn.init.zeros_(layer.bias)
    F.cross_entropy(model(torch.rand(8, 1, 32, 32)), torch.arange(8)).backward()
    assert sum(bool(p.grad.any()) for p in model.parameters()) == moving


# --- the experiment -----------------------------------------------------------------


def test_variants_start_from_the_weights_of_the_base(experiment):
    tricks, variants = experiment
    rates = dict.fromkeys(variants.GRIDS, 0.01)
    table = variants.variants(rates)
    base = tricks.network(table["base"], seed=3)
    for name, variant in table.items():
        if variant.group in ("dropout", "norm"):
            other = dict(tricks.network(variant, seed=3).named_parameters())
            for key, value in base.named_parameters():
                layer, kind = key.split(".")
                places = [key, f"{layer}.0.{kind}", f"{layer}.1.{kind}"]
                same = (other[p] for p in places if p in other)
                assert any(torch.equal(value, p) for p in same), (name, key)


def test_a_run_repeats_itself_and_pairs_see_the_same_images(experiment):
    tricks, variants = experiment
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(60) % 10
    images = torch.rand(60, 1, 32, 32, generator=generator)

    class Digits:
        train = TensorDataset(images.repeat(100, 1, 1, 1), labels.repeat(100))
        test = TensorDataset(images, labels)

    table = variants.variants(dict.fromkeys(variants.GRIDS, 0.01))
    first, _, _ = tricks.prepare(Digits, table["base"], seed=1)
    again, _, _ = tricks.prepare(Digits, table["He"], seed=1)
    other, _, _ = tricks.prepare(Digits, table["base"], seed=2)
    assert torch.equal(first.tensors[1], again.tensors[1])
    assert not torch.equal(first.tensors[1], other.tensors[1])


def test_the_rate_with_the_best_mean_is_chosen_once_all_were_tried(experiment):
    tricks, variants = experiment
    runs = [
        {"variant": f"{name} {rate:g}", "seed": seed, "val_accuracy": seed / 10 + i}
        for name, grid in variants.GRIDS.items()
        for i, rate in enumerate(grid)
        for seed in range(tricks.TUNING_SEEDS)
    ]
    best = {name: grid[-1] for name, grid in variants.GRIDS.items()}
    assert tricks.chosen(runs) == best
    assert tricks.chosen(runs[:-1]) is None


def test_what_is_done_is_not_run_again(experiment):
    tricks, _ = experiment
    job = next(tricks.todo([], 5, None))
    done = {**job, "val_accuracy": 0.9}
    assert next(tricks.todo([done], 5, None)) == {**job, "seed": job["seed"] + 1}
    done["lr"] *= 2  # another rate was chosen since
    assert next(tricks.todo([done], 5, None)) == job


def test_every_run_is_there_at_the_rate_that_won(experiment):
    tricks, _ = experiment
    results = reader.results("tricks")
    assert results["rates"] == tricks.chosen(results["runs"])
    assert next(tricks.todo(results["runs"], 5, None), None) is None


def test_no_rate_that_won_stands_at_the_edge_of_its_grid(experiment):
    _, variants = experiment
    results = reader.results("tricks")
    for name, grid in variants.GRIDS.items():
        assert min(grid) < results["rates"][name] < max(grid), name


def test_averages_are_those_of_the_weights(experiment):
    tricks, _ = experiment
    model = nn.Linear(1, 1, bias=False)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    average = tricks.averaging("swa", model, optimizer, steps=10)
    seen = []
    for _ in range(10):
        model.weight.grad = torch.ones(1, 1)
        optimizer.step()
        seen.append(model.weight.item())
    assert average.module.weight.item() == pytest.approx(sum(seen[-5:]) / 5)


# --- the chart ----------------------------------------------------------------------


def test_an_effect_smaller_than_its_interval_is_drawn_hollow():
    figure = effects(
        [("equal", 0.1, 0.2), ("gain", 0.5, 0.2), ("loss", -0.5, 0.2)],
        low=-1,
        high=1,
        xlabel="points",
    )
    axis = figure.axes[0]
    names = [label.get_text() for label in axis.get_yticklabels()]
    assert names == ["gain", "equal", "loss"]
    marks = [line for line in axis.lines if line.get_marker() not in ("None", "")]
    hollow = [line.get_markerfacecolor() == "none" for line in marks]
    assert hollow == [False, True, False]
    assert len({line.get_marker() for line in marks}) == 3


def test_what_is_off_the_scale_stands_there_as_a_number_grey_where_it_is_equal():
    figure = effects(
        [("far", -20.0, 3.0), ("unsure", -20.0, 30.0)], low=-1, high=1, xlabel="points"
    )
    far, unsure = figure.axes[0].texts
    assert "−20.0 ± 3.0" in far.get_text()
    assert far.get_color() != unsure.get_color() == INK


def test_an_interval_that_goes_on_beyond_the_edge_is_marked_there():
    figure = effects(
        [("wide", -0.5, 2.0), ("inside", 0.2, 0.1)], low=-1, high=1, xlabel="points"
    )
    marks = [line for line in figure.axes[0].lines if line.get_marker() in ("<", ">")]
    places = sorted(tuple(map(float, line.get_xydata()[0])) for line in marks)
    assert places == [(-1, 1), (1, 1)]
