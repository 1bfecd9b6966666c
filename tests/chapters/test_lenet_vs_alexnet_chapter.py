"""What the chapter on LeNet against AlexNet says in words and uses, checked."""

import statistics
from functools import partial

import pytest
import torch
from scipy import stats
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from experiments.cifar import recipe
from experiments.cifar.lenet_vs_alexnet import VARIANTS
from lenet_course import quiz
from lenet_course.ch14_lenet_vs_alexnet import figures as versus
from lenet_course.ch14_lenet_vs_alexnet import runs
from lenet_helpers import performance, shapes
from lenet_helpers.models import AlexNet, AlexNetCifar, LeNet5, ModernLeNet5
from lenet_helpers.statistics import Difference
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


def test_the_opening_figure_divides_what_is_counted_below(traces):
    lenet, alexnet = traces.values()
    training = [  # three ways forward less the first layer once, images, passes
        (3 * rows.macs - rows[0].macs) * images * passes
        for rows, images, passes in ((lenet, 60_000, 20), (alexnet, 1_200_000, 90))
    ]
    counted = [defined("counted")(rows) for rows in (lenet, alexnet)]
    wanted = [8 / 5, 5.5 / 2.5, 1_200_000 / 60_000]
    wanted += [counted[1]["units"] / counted[0]["units"]]
    wanted += [alexnet.params / lenet.params, alexnet.macs / lenet.macs]
    wanted += [training[1] / training[0], 20 * lenet.params / alexnet.params]
    drawn = list(defined("FACTORS").values())
    assert drawn == pytest.approx(wanted, rel=0.002)


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
    memory = 4 * alexnet.params * 3
    with torch.device("meta"):
        kept = 128 * defined("kept_bytes")(AlexNet(), (3, 227, 227), 1)
    double = by_id["double-the-batch"].options[2].why
    assert f"grows by {kept / (kept + memory):.0%}".replace("%", " %") in double
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


def test_a_step_has_a_mark_for_each_budget_hollow_when_not_told_apart():
    soon, late = Difference(-2.0, -3.0, -1.0), Difference(0.5, -0.5, 1.5)
    axis = versus.turned({"flips": (soon, late)}, ("soon", "late")).axes[0]
    marks = [line for line in axis.lines if len(line.get_xdata()) == 1]
    assert [line.get_xdata()[0] for line in marks] == [-2.0, 0.5]
    assert [line.get_mfc() == "none" for line in marks] == [False, True]
    spans = [tuple(line.get_xdata()) for line in axis.lines if line not in marks]
    assert (-3.0, -1.0) in spans and (-0.5, 1.5) in spans


Tests = dict[str, list[float]]  # network -> test accuracy in %, seed by seed


def scored(rows: list[dict]) -> list[float]:
    return [100 * row["test_accuracy"] for row in rows]


@pytest.fixture(scope="module")
def rated() -> dict[tuple[str, str], dict[float, list[dict]]]:
    """(data set, variant) -> rate -> its five runs by seed, after 250 steps."""
    return by_rate("lenet-vs-alexnet", "dataset", "variant")


@pytest.fixture(scope="module")
def short(rated) -> Tests:
    """After 250 steps on CIFAR-10, at the rate that validates best."""
    return {
        name: scored(max(rates.values(), key=validation))
        for (dataset, name), rates in rated.items()
        if dataset == "cifar10"
    }


@pytest.fixture(scope="module")
def ended() -> dict[str, list[dict]]:
    """Network -> its five long runs by seed, at the common rate."""
    found = {}
    for row in reader.results("lenet-vs-alexnet-long")["runs"]:
        if (row["passes"], row["lr"]) == (8, 0.003) and row["seed"] < 5:
            found.setdefault(row["network"], []).append(row)
    return {name: rows for name, rows in found.items() if len(rows) == 5}


def interval(before: list[float], after: list[float]) -> tuple[float, float]:
    """Mean difference, and half of its 95 % interval by Student's t, from scipy."""
    low, high = stats.ttest_rel(after, before).confidence_interval(0.95)
    return (low + high) / 2, (high - low) / 2


def test_every_short_network_has_a_worse_rate_on_either_side(rated):
    for (dataset, name), rates in rated.items():
        owner = VARIANTS[name][2]
        ladder = sorted(rated[dataset, owner])
        best = max(ladder, key=lambda lr: validation(rated[dataset, owner][lr]))
        if name == owner:
            assert ladder[0] < best < ladder[-1], name
            assert all(2 < b / a < 4 for a, b in zip(ladder, ladder[1:]))
        else:  # the rate of its network
            assert list(rates) == [best]


# cell, before, after: (points, told apart)
SHORT = [
    ("gap-read", "lenet", "lenet-relu", "3.2", True),
    ("gap-read", "lenet-relu", "lenet-relu-max", "0.8", True),
    ("gap-read", "lenet-relu-max", "lenet-stacked", "2.1", False),
    ("gap-read", "lenet-relu-max", "slim", "2.7", True),
    ("gap-read", "slim", "slim-tanh", "3.8", True),
    ("gap-read", "slim", "alexnet-bare", "7.1", True),
    ("gap-read", "lenet-relu-max", "lenet-dropout", "13.2", True),
    ("gap-read", "alexnet-bare", "alexnet", "6.5", True),
    ("gap-read", "lenet-relu-max", "lenet-augmented", "2.0", True),
    ("gap-read", "alexnet-bare", "alexnet-augmented", "2.0", True),
    ("gap-read", "lenet-relu-max", "lenet-more-data", "0.2", False),
    ("gap-read", "alexnet-bare", "alexnet-more-data", "0.2", False),
    ("gap-read", "lenet-relu-max", "lenet-longer", "3.4", True),
    ("gap-read", "lenet-longer", "alexnet-bare", "1.0", False),
    ("ask-decisive", "lenet-relu-max", "alexnet-bare", "4.4", True),
    ("summary", "lenet-relu-max", "alexnet-bare", "4.4", True),
    ("summary", "lenet", "lenet-relu", "3.2", True),
    ("start-box", "lenet-relu-torch", "lenet-relu-max-torch", "2.0 ± 0.5", True),
    ("start-box", "lenet-relu", "lenet-relu-max", "0.8 ± 0.7", True),
    ("start-box", "lenet-relu-max-torch", "lenet-stacked-torch", "5.9", True),
    ("start-box", "lenet-relu-max", "lenet-stacked", "2.1", False),
    ("start-box", "lenet-dropout-torch", "lenet-dropout", "8.4", True),
    ("later-box", "lenet-relu-max-long", "lenet-augmented-long", "8.2 ± 1.6", True),
    ("later-box", "alexnet-bare-long", "alexnet-augmented-long", "9.3 ± 1.9", True),
    ("later-box", "lenet-relu-max-long", "lenet-dropout-long", "0.5", False),
    ("later-box", "alexnet-bare-long", "alexnet-long", "2.2 ± 1.9", True),
    ("ask-decisive", "alexnet-bare-long", "alexnet-long", "2.2", True),
    ("summary", "lenet-relu-max-long", "lenet-augmented-long", "8.2", True),
    ("later-box", "lenet-longer", "lenet-relu-max-long", "1.6 ± 1.1", True),
    ("later-box", "alexnet-bare", "alexnet-bare-long", "0.0", False),
    ("later-box", "lenet-relu-max", "alexnet-bare", "4.4", True),
    ("later-box", "lenet-relu-max-long", "alexnet-bare-long", "2.6", False),
    ("later-box", "lenet-augmented-long", "alexnet-augmented-long", "3.7 ± 1.8", True),
]


@pytest.mark.parametrize(("cell", "before", "after", "points", "apart"), SHORT)
def test_sentences_on_250_steps_are_what_was_measured(
    short, chapter, cell, before, after, points, apart
):
    mean, half = interval(short[before], short[after])
    assert (abs(mean) > half) == apart
    assert points in (f"{abs(mean):.1f}", f"{abs(mean):.1f} ± {half:.1f}")
    assert not apart or points in chapter[f"versus-{cell}"]


def test_levels_after_250_steps_are_what_was_measured(short, rated, chapter):
    told = chapter["versus-gap-levels-read"]
    for name in ("alexnet-bare", "lenet-relu-max", "lenet-longer"):
        assert f"{statistics.mean(short[name]):.1f}" in told

    runs = rated["cifar10", "lenet-longer"][0.003]
    known = 100 * statistics.mean(row["train_accuracy"] for row in runs)
    assert round(known - statistics.mean(short["lenet-longer"])) == 30
    assert "by 30 points" in told

    def least(*names):
        rates = [rows for n in names for rows in rated["cifar10", n].values()]
        return min(row["core_seconds"] for rows in rates for row in rows)

    lenet = least("lenet-relu-max", "lenet-relu-max-torch")
    longer = least("lenet-longer", "lenet-longer-torch")
    assert least("alexnet-bare") > max(2 * lenet, longer)


def test_what_is_known_by_heart_after_1250_steps(rated, chapter):
    def known(name):
        rows = rated["cifar10", f"{name}-long"][0.003]
        return 100 * statistics.mean(row["train_accuracy"] for row in rows)

    told = chapter["versus-later-box"]
    assert 94 < known("alexnet-bare") < known("lenet-relu-max") < 97
    last = min(
        row["epochs"][-1]["train_accuracy"]
        for name in ("lenet-relu-max", "alexnet-bare")
        for row in rated["cifar10", f"{name}-long"][0.003]
    )
    assert 0.997 <= last < 0.998 and "99.7 % or more" in told
    assert f"{known('lenet-augmented'):.0f} % (LeNet)" in told
    assert f"{known('alexnet-augmented'):.0f} %" in told


LONG_STEPS = {  # before, after: whether the five seeds tell them apart
    ("lenet-relu-max", "alexnet-bare"): True,
    ("lenet-augmented", "alexnet-augmented"): True,
    ("lenet", "lenet-relu"): True,
    ("lenet-relu", "lenet-relu-max"): False,
    ("lenet-torch", "lenet"): False,
    ("lenet-relu-max", "lenet-augmented"): False,
    ("alexnet-bare", "alexnet-augmented"): False,
    ("alexnet-bare", "alexnet"): True,
    ("alexnet-augmented", "alexnet-both"): True,
    ("lenet-relu-max", "lenet-dropout"): True,
}


def test_steps_on_the_full_set_are_what_was_measured(ended, chapter):
    told = chapter["versus-end-read"]
    named = {name for pair in LONG_STEPS for name in pair}
    assert set(ended) == named, "more was measured: say so in the chapter"
    for name in ("alexnet-bare", "lenet-relu-max"):
        points = scored(ended[name])
        said = f"{statistics.mean(points):.1f} ± {statistics.stdev(points):.1f} %"
        assert said in told
    for (before, after), apart in LONG_STEPS.items():
        mean, half = interval(scored(ended[before]), scored(ended[after]))
        assert (abs(mean) > half) == apart
        sign = "" if apart else "+" if mean > 0.05 else "-" if mean < -0.05 else ""
        assert f"{sign}{abs(mean):.1f} ± {half:.1f}" in told, (before, after)


def test_passes_rates_and_training_on_the_full_set(ended, chapter):
    told, summary = chapter["versus-end-read"], chapter["versus-summary"]
    late = {"lenet-augmented": 0.5, "alexnet-augmented": 0.6, "lenet-dropout": 0.8}
    for name, points in late.items():
        ends = [[e["val_accuracy"] for e in r["epochs"][-2:]] for r in ended[name]]
        last = 100 * statistics.mean(b - a for a, b in ends)
        assert round(last, 1) == points
    assert "last pass still adds 0.5 and 0.6 points" in told
    assert "LeNet's last pass still adds 0.8" in told
    for name, words in (
        ("alexnet-bare", "knows {} %"),
        ("lenet-relu-max", "LeNet {} "),
    ):
        known = 100 * statistics.mean(r["train_accuracy"] for r in ended[name])
        assert words.format(round(known)) in told
    long = runs.long(reader.results("lenet-vs-alexnet-long"))
    assert len(long) == 10 and all(network.chosen for network in long.values())
    assert {network.lr for network in long.values()} == {0.003}
    for with_, without in (
        ("alexnet", "alexnet-bare"),
        ("alexnet-both", "alexnet-augmented"),
        ("lenet-dropout", "lenet-relu-max"),
    ):
        pairs = zip(ended[with_], ended[without], strict=True)
        assert all(a["train_accuracy"] < b["train_accuracy"] for a, b in pairs)
    assert "6.3 ± 2.1" in summary


def test_how_far_a_second_rate_moves_a_step(rated, chapter):
    def first_two(name):
        rates = rated["cifar10", name]
        best = sorted(rates, key=lambda lr: -validation(rates[lr]))[:2]
        return [statistics.mean(scored(rates[lr])) for lr in best]

    def ends(before, after):
        all_ = [b - a for a in first_two(before) for b in first_two(after)]
        return min(all_), max(all_)

    told = chapter["versus-gap-read"]
    low, high = ends("lenet", "lenet-relu")
    assert f"{low:.1f} at other rates" in told and high < 3.25
    low, high = ends("lenet-relu", "lenet-relu-max")
    assert round(low, 1) == -0.8 and f"{abs(high):.1f}" == "0.0"
    assert "{:.1f} to {:.1f}".format(*ends("slim", "alexnet-bare")) in told


def test_from_one_start_the_digits_tell_the_two_no_longer_apart(rated, chapter):
    test = {
        name: scored(max(rates.values(), key=validation))
        for (dataset, name), rates in rated.items()
        if dataset == "mnist"
    }
    mean, half = interval(test["lenet-torch"], test["alexnet"])
    told = f"{mean:.1f} ± {half:.1f} behind"
    assert mean > half and told in chapter["versus-start-box"]
    mean, half = interval(test["lenet"], test["alexnet"])
    assert abs(mean) < half


def test_an_unfair_rate_makes_a_lead(rated, chapter):
    told = chapter["versus-rates"]
    pair = [rated["cifar10", name] for name in ("lenet-relu-max", "alexnet-bare")]
    for lr, points, apart in (
        (0.001, 6.6, True),
        (0.003, 4.4, True),
        (0.01, 1.3, False),
    ):
        mean, half = interval(*[scored(rates[lr]) for rates in pair])
        assert round(mean, 1) == points and (mean > half) == apart
        assert f"{points}" in told
    mean, _ = interval(scored(pair[0][0.001]), scored(pair[0][0.003]))
    assert 4.8 < mean < 5 and "nearly 5 points" in told
    mean, half = interval(scored(pair[0][0.001]), scored(pair[1][0.003]))
    assert f"{mean:.1f} ± {half:.1f}" in told
    for rates in pair:
        assert max(rates, key=lambda lr: validation(rates[lr])) == 0.003


def test_the_chapters_start_is_that_of_the_runs():
    one_start = reader.names(CHAPTER, "one_start", nn=nn)["one_start"]
    for make in (ModernLeNet5, partial(AlexNetCifar, width=1 / 8)):
        torch.manual_seed(0)
        theirs = recipe.one_start(make, in_channels=3).state_dict()
        torch.manual_seed(0)
        ours = one_start(make(in_channels=3)).state_dict()
        assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_of_the_two_starts_torchs_makes_the_pictures_more_alike(chapter):
    printed = reader.printed(reader.cells(CHAPTER)["versus-start-shown"])
    torchs, ours, alexnet = (float(line.split()[-1]) for line in printed.splitlines())
    assert torchs < 0.02 and min(ours, alexnet) > 20 * torchs
    weight = nn.Linear(400, 1000).weight
    assert weight.var().item() == pytest.approx(2 / 400 / 6, rel=0.02)
    assert "a sixth of He's variance" in chapter["versus-start-read"]


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
