"""What the chapter on LeNet against AlexNet says in words and uses, checked."""

import statistics

import pytest
import torch
from scipy import stats
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from lenet_course import quiz
from lenet_course.ch14_lenet_vs_alexnet import figures as versus
from lenet_helpers import performance, shapes
from lenet_helpers.models import AlexNet, AlexNetCifar, LeNet5, ModernLeNet5
from tests.chapters import reader
from tests.experiments.rated_runs import by_rate, validation

CHAPTER = "14-lenet-vs-alexnet"


@pytest.fixture(scope="module")
def traces():
    with torch.device("meta"):
        alexnet = AlexNet()
    return {
        "LeNet-5": shapes.trace(LeNet5()),
        "AlexNet": shapes.trace(alexnet, (3, 227, 227)),
    }


@pytest.fixture(scope="module")
def chapter() -> dict[str, str]:
    """Cell id -> source."""
    return {id: cell.source for id, cell in reader.cells(CHAPTER).items()}


def defined(name: str):
    """What the chapter defines under this name."""
    return reader.names(CHAPTER, name)[name]


def test_both_counts_of_layers_follow_the_papers(traces):
    counted = defined("counted")
    lenet, alexnet = (counted(rows) for rows in traces.values())
    assert (lenet["layers with weights"], lenet["the same and pooling"]) == (5, 7)
    assert (alexnet["layers with weights"], alexnet["the same and pooling"]) == (8, 11)
    sides = 6 * 28**2 + 6 * 14**2 + 16 * 10**2 + 16 * 5**2 + 120 + 84 + 10
    assert lenet["units"] == sides
    pools = 96 * 27**2 + 256 * 13**2 + 256 * 6**2
    assert alexnet["units"] == 659_272 + pools


def test_kept_memory_is_the_inputs_and_the_activations():
    kept = defined("kept_bytes")
    # the image; tanh and the next layer share what tanh gave; what pooling gave
    values = 32**2 + 6 * 28**2 + 6 * 14**2 + 16 * 10**2 + 16 * 5**2 + 120 + 84
    for images in (1, 3):
        assert kept(ModernLeNet5(), (1, 32, 32), images) == 4 * values * images
    with torch.device("meta"):
        assert kept(ModernLeNet5(), (1, 32, 32), 2) == 4 * values * 2


def test_a_training_step_costs_three_ways_forward_less_the_first_layer(chapter):
    assert "3 * rows.macs - rows[0].macs" in chapter["versus-arithmetic"]
    for model in (
        ModernLeNet5(in_channels=3),
        AlexNetCifar(width=1 / 16, dropout=0.0),
    ):
        rows = shapes.trace(model, (3, 32, 32))
        counter = FlopCounterMode(display=False)
        with counter:
            model(torch.zeros(1, 3, 32, 32)).sum().backward()
        assert counter.get_total_flops() == 2 * (3 * rows.macs - rows[0].macs)


def test_response_normalisation_is_most_of_what_alexnet_keeps():
    kept = defined("kept_bytes")
    with torch.device("meta"):
        model = AlexNet()
    with_norm = kept(model, (3, 227, 227), 1)
    model.norm1 = model.norm2 = nn.Identity()
    assert 0.61 < 1 - kept(model, (3, 227, 227), 1) / with_norm < 0.625


def test_numbers_of_the_quiz_and_the_boxes(traces, chapter):
    lenet, alexnet = traces.values()
    assert round(alexnet.params / lenet.params) == 1016
    assert round(alexnet.macs / lenet.macs) == 2208
    a_step = [3 * rows.macs - rows[0].macs for rows in (alexnet, lenet)]
    assert round(a_step[0] / a_step[1], -2) == 2400
    seen = 90 * 1_200_000 / (20 * 60_000)
    assert seen == 90
    assert 2.1e5 < seen * a_step[0] / a_step[1] < 2.2e5
    by_id = {
        question.id: question for question in quiz.load("lenet_vs_alexnet").questions
    }
    conv3 = alexnet["conv3"]
    weights = nn.Conv2d(256, 384, 3, bias=False).weight.numel()
    assert by_id["reuse-of-conv3"].number.value == conv3.macs / weights
    told = chapter["versus-ask-macs"]
    for rows, uses, share in ((lenet, "157", "2.9 %"), (alexnet, "285", "3.8 %")):
        maps = [row for row in rows if not versus.is_single(row)]
        params, macs = (sum(getattr(r, w) for r in maps) for w in ("params", "macs"))
        assert f"{macs / params:.0f}" == uses and uses in told
        assert f"{100 * params / rows.params:.1f} %" == share and share in told
    assert round(lenet.macs / lenet.params, 1) == 5.5
    assert round(alexnet.macs / alexnet.params, 1) == 11.9


def test_parts_of_a_bar_are_the_shares_of_the_layers(traces):
    axis = versus.splits(traces).axes[0]
    bars = [p for p in axis.patches if p.get_width() > 0]
    places = {p.get_y() for p in bars}
    assert len(places) == 4
    for place in places:
        parts = [p.get_width() for p in bars if p.get_y() == place]
        assert sum(parts) == pytest.approx(1)
    widest = max(bars, key=lambda p: p.get_width())
    assert widest.get_width() == pytest.approx(48_120 / 60_000)


def test_every_layer_that_learns_is_a_dot_at_its_two_counts(traces):
    axis = versus.reuse(traces).axes[0]
    dots = {line.get_label(): line.get_xydata().tolist() for line in axis.lines}
    assert [156.0, 117_600.0] in dots["LeNet-5"] and len(dots["LeNet-5"]) == 6
    assert [37_752_832.0, 37_748_736.0] in dots["AlexNet"]
    assert {text.get_text() for text in axis.texts} >= {"C1", "conv1", "fc8"}


def test_curves_are_means_within_the_range_of_the_seeds():
    table = torch.tensor([[0.1, 0.3], [0.2, 0.5]])
    figure = versus.score_curves({"a": {"one": ([1.0, 2.0], table)}}, "seconds")
    line = figure.axes[0].lines[0]
    torch.testing.assert_close(torch.tensor(line.get_ydata()), table.mean(0))
    band = figure.axes[0].collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == pytest.approx((0.1, 0.5))


@pytest.fixture(scope="module")
def rated() -> dict[tuple[str, str], dict[float, list[dict]]]:
    """(data set, variant) -> rate -> its five runs by seed."""
    return by_rate("lenet-vs-alexnet", "dataset", "variant")


@pytest.fixture(scope="module")
def scores(rated) -> dict[tuple[str, str], list[float]]:
    """(data set, variant) -> test accuracy in %, seed by seed, at the best rate."""
    best = {key: max(rates.values(), key=validation) for key, rates in rated.items()}
    return {
        key: [100 * row["test_accuracy"] for row in rows] for key, rows in best.items()
    }


def test_every_network_has_a_worse_rate_on_either_side(rated):
    kept = ("augmented", "more-data", "longer")
    for (dataset, name), rates in rated.items():
        if name.endswith(kept):  # the rate of their network
            network = "alexnet-bare" if "alexnet" in name else "lenet-relu-max"
            owner = rated[dataset, network]
            assert list(rates) == [max(owner, key=lambda lr: validation(owner[lr]))]
        else:
            ladder = sorted(rates)
            best = max(ladder, key=lambda lr: validation(rates[lr]))
            assert ladder[0] < best < ladder[-1], name
            assert all(2 < b / a < 4 for a, b in zip(ladder, ladder[1:]))
            hot = name in ("lenet", "slim", "slim-tanh")  # as the chapter says
            assert dataset == "mnist" or best == (0.01 if hot else 0.003)


def change(scores, before, after, dataset="cifar10") -> tuple[float, float]:
    """Mean difference, and half of its 95 % interval by Student's t, from scipy."""
    a, b = scores[dataset, before], scores[dataset, after]
    test = stats.ttest_rel(b, a)
    low, high = test.confidence_interval(0.95)
    return statistics.mean(b) - statistics.mean(a), (high - low) / 2


def test_sentences_on_the_two_networks_are_what_was_measured(scores, rated, chapter):
    read = chapter["versus-long-gain-read"]
    points, half = change(scores, "lenet", "alexnet")
    assert abs(points) < half and "**not told apart** from LeNet" in read
    points, half = change(scores, "lenet", "alexnet", "mnist")
    assert points > half and round(points, 1) == 0.8 and "0.8 points ahead" in read
    levels = chapter["versus-gap-levels-read"]
    for variant in ("lenet-relu-max", "alexnet", "alexnet-bare", "lenet-longer"):
        assert f"{statistics.mean(scores['cifar10', variant]):.1f} %" in levels
    for seconds, variant in (("5.3", "lenet-longer"), ("5.9", "alexnet-bare")):
        runs = [r for rows in rated["cifar10", variant].values() for r in rows]
        assert f"{min(row['core_seconds'] for row in runs)}" == seconds
        assert seconds in chapter["versus-gap-read"]


def test_an_unfair_rate_makes_a_lead(rated, chapter):
    lenet, alexnet = (rated["cifar10", name] for name in ("lenet", "alexnet"))

    def lead(a, b):
        "Of AlexNet, in points, with its 95 % interval by scipy."
        x, y = ([100 * r["test_accuracy"] for r in rows] for rows in (a, b))
        low, high = stats.ttest_rel(y, x).confidence_interval(0.95)
        return (low + high) / 2, low, high

    at_one = [round(lead(lenet[lr], alexnet[lr])[0], 1) for lr in (0.001, 0.003, 0.01)]
    assert at_one == [-0.5, 0.5, -1.6]
    assert lead(lenet[0.001], alexnet[0.003])[1] > 1
    assert max(alexnet, key=lambda lr: validation(alexnet[lr])) == 0.003


BETTER = {
    4.2: ("lenet", "lenet-relu-max"),
    7.1: ("slim", "alexnet-bare"),
    4.9: ("lenet-relu-max", "lenet-longer"),
    4.0: ("lenet-relu-max", "alexnet-bare"),
    3.0: ("lenet-more-longer", "alexnet-more-longer"),
    1.9: ("slim", "slim-tanh"),
}
WORSE = {
    5.9: ("lenet-relu-max", "lenet-stacked"),
    3.1: ("lenet-relu-max", "slim"),
    5.2: ("lenet-relu-max", "lenet-dropout"),
    6.5: ("alexnet-bare", "alexnet"),
    1.4: ("lenet-relu-max", "lenet-augmented"),
    2.0: ("alexnet-bare", "alexnet-augmented"),
}
OPEN = (
    ("lenet-relu-max", "lenet-more-data"),
    ("alexnet-bare", "alexnet-more-data"),
    ("lenet-longer", "alexnet-bare"),
)


@pytest.mark.parametrize(("sign", "told"), [(1, BETTER), (-1, WORSE)])
def test_sentences_on_the_steps_are_what_was_measured(scores, chapter, sign, told):
    for points, pair in told.items():
        mean, half = change(scores, *pair)
        assert sign * mean == pytest.approx(points, abs=0.051) and abs(mean) > half
        assert f"{points}" in chapter["versus-gap-read"] + chapter["versus-summary"]


@pytest.mark.parametrize("pair", OPEN)
def test_what_is_not_told_apart_has_zero_in_its_interval(scores, pair):
    mean, half = change(scores, *pair)
    assert abs(mean) < half


def test_every_planned_run_was_made_with_five_seeds(scores):
    assert len(scores) == 18


def at_rate(rated, variant, lr) -> list[float]:
    return [100 * row["test_accuracy"] for row in rated["cifar10", variant][lr]]


def test_what_relu_is_worth_hangs_on_the_choice_of_a_rate(rated, chapter):
    def worth(after, lr):
        a, b = (at_rate(rated, name, lr) for name in (after, "lenet"))
        low, high = stats.ttest_rel(a, b).confidence_interval(0.95)
        return (low + high) / 2, (high - low) / 2

    for lr in (0.003, 0.01):
        points, half = worth("lenet-relu", lr)
        assert abs(points) < half
        points, half = worth("lenet-relu-max", lr)
        assert round(points, 1) == 3.0 and points > half
    read = chapter["versus-gap-read"]
    assert "3.0 with one rate for" in read and "not told apart from tanh" in read
    held = [
        [100 * max(e["val_accuracy"] for e in row["epochs"]) for row in rated[key][lr]]
        for key, lr in [(("cifar10", "lenet"), lr) for lr in (0.01, 0.003)]
    ]
    low, high = stats.ttest_rel(*held).confidence_interval(0.95)
    assert low < 0 < high and round((low + high) / 2, 1) == 0.4
    assert "0.4 points better than 0.003" in chapter["versus-gap-rates-intro"]


def test_the_two_networks_start_as_differently_as_the_text_says(chapter):
    spread = {}
    for name, make in (("lenet", ModernLeNet5), ("alexnet", AlexNetCifar)):
        found = []
        for seed in range(3):
            torch.manual_seed(seed)
            kind = {"width": 1 / 8} if name == "alexnet" else {"pool": "max"}
            kind |= {"activation": "relu"}
            model = make(in_channels=3, **kind).eval()
            with torch.inference_mode():
                found.append(model(torch.randn(64, 3, 32, 32)).std(0).mean().item())
        spread[name] = statistics.mean(found)
    assert round(spread["lenet"], 2) == 0.01 and round(spread["alexnet"], 1) == 0.7
    text = chapter["versus-same-pictures"]
    assert "differ by 0.01" in text and "of the second by" in text


def test_response_normalisation_takes_seven_steps_and_keeps_three_tensors(chapter):
    x = torch.rand(1, 96, 8, 8, requires_grad=True)
    with performance.OperatorCount() as count:
        nn.LocalResponseNorm(5, alpha=5e-4, k=2)(x)
    assert count.total == 7 and "seven steps" in chapter["versus-norm-memory-read"]
    kept = {}

    def keep(tensor):
        kept[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda t: t):
        out = nn.LocalResponseNorm(5, alpha=5e-4, k=2)(x)
    assert len(kept) - 1 == 3 and out.requires_grad  # and its input
    assert "three tensors" in chapter["versus-norm-memory-read"]


def test_prices_are_told_with_their_range(scores, rated, chapter):
    least = {
        name: min(
            row["core_seconds"]
            for rows in rated["cifar10", name].values()
            for row in rows
        )
        for name in ("lenet-more-longer", "alexnet-more-longer")
    }
    mean, half = change(scores, *least)
    seconds = least["alexnet-more-longer"] - least["lenet-more-longer"]
    told = (
        f"from {seconds / (mean + half):.1f} to {seconds / (mean - half):.0f} seconds"
    )
    assert told in chapter["versus-price-read"]
