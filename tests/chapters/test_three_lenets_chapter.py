"""What the chapter on the three LeNets builds by hand, against other ways to it."""

import re

import numpy as np
import pytest
import torch

from lenet_course import exercises, quiz
from lenet_course.ch12_three_lenets import figures as originals
from lenet_helpers.models import layers, original
from lenet_helpers.statistics import paired_difference
from tests.chapters import reader
from tests.chapters.reader import ROOT


@pytest.fixture(scope="module")
def by_hand():
    parts = ("squash", "subsample", "penalties", "curvature")
    return reader.names("12-three-lenets", *parts)


def test_the_parts_by_hand_are_those_of_the_helpers(by_hand):
    x = torch.randn(3, 6, 10, 12)
    s2 = layers.Subsampling(6)
    original.init_fan_in(s2)
    mine = by_hand["subsample"](x, s2.coefficient, s2.bias)
    assert torch.allclose(mine, s2(x), atol=1e-5)
    assert torch.equal(by_hand["squash"](x), layers.ScaledTanh()(x))
    values = torch.randn(4, 84)
    rbf = layers.EuclideanRBF()
    assert torch.allclose(by_hand["penalties"](values, rbf.codes), rbf(values))


def test_curvature_by_squared_passes_is_that_of_the_compiled_training(by_hand):
    pytest.importorskip("numba", reason="only the original training needs numba")
    from experiments.originals.sdlm import Trainer

    trainer = Trainer(0, None, penalty="mean")
    with torch.no_grad():
        for parameter in trainer.model.parameters():
            parameter.mul_(3)
    images = np.random.default_rng(0).normal(0.2, 0.5, (5, 1024)).astype(np.float32)
    compiled = trainer.curvature(images, np.arange(5))
    x = torch.from_numpy(images).view(-1, 1, 32, 32)
    mine = by_hand["curvature"](trainer.model, x, 2 / 84)
    for one, other in zip(mine, compiled, strict=True):
        one = one.numpy().ravel() / 5
        np.testing.assert_allclose(one, other.ravel(), rtol=1e-3, atol=1e-5 * one.max())


def test_dividing_the_criterion_by_84_is_multiplying_mu_by_84(by_hand):
    """The step of the mean with mu 0.02 is that of the sum with mu 1.68."""
    torch.manual_seed(0)
    model = original.LeNet5()
    x = torch.rand(4, 1, 32, 32)
    steps = []
    for scale, mu in ((1.0, 84 * 0.02), (1 / 84, 0.02)):
        loss = scale * original.criterion_eq8(model(x), torch.arange(4))
        slopes = torch.autograd.grad(loss, list(model.parameters()))
        h = by_hand["curvature"](model, x, 2 * scale)
        steps.append([g / (mu + c / 4) for g, c in zip(slopes, h, strict=True)])
    for one, other in zip(*steps, strict=True):
        assert torch.allclose(one, other, rtol=1e-3, atol=1e-6)


def test_codes_of_one_length_make_the_winner_linear():
    codes = layers.EuclideanRBF().codes
    assert (codes.square().sum(1) == 84).all()
    x = torch.randn(100, 84)
    y = layers.EuclideanRBF()(x)
    assert torch.equal(y.argmin(1), (x @ codes.T).argmax(1))


def test_the_codes_differ_as_the_caption_says():
    codes = layers.EuclideanRBF().codes
    differ = (codes[:, None] != codes).sum(2)
    assert differ[6, 8] == 12 and round(differ.sum().item() / 90) == 31
    figure = reader.cells("12-three-lenets")["lenets-024"].metadata["mystnb"]["figure"]
    assert "12 pixels of 84, two codes on average in 31" in figure["caption"]


def test_the_steps_of_the_bridge_that_keep_the_start(text):
    from experiments.originals import bridge

    def start(step):
        torch.manual_seed(1)
        return bridge.network(step).c1.weight

    assert start("max").equal(start("linear")) and start("relu").equal(start("max"))
    torch.manual_seed(1)  # the steps with SDLM draw once, that with Adam twice
    assert not start("adam").equal(original.LeNet5().c1.weight)
    assert "for batches, the maximum and ReLU, the same start" in text


def test_numbers_of_exercises_and_quiz():
    network = original.LeNet5()
    total = sum(p.numel() for p in network.parameters() if p.requires_grad)
    full = torch.nn.Conv2d(6, 16, 5)
    more = (
        full.weight.numel() - network.c3.kernels.numel() + network.output.codes.numel()
    )
    assert exercises.check("three_lenets.dense-and-moving", total + more)
    by_id = {question.id: question for question in quiz.load("three_lenets").questions}
    c3 = original.LeNet5().c3
    count = sum(p.numel() for p in c3.parameters())
    assert by_id["c3-parameters"].number.value == count


def test_the_bridge_draws_every_seed_and_every_mean():
    axis = originals.bridge({"a": [1.0, 3.0], "b": [2.0, 2.5, 3.0]}).axes[0]
    dots = [line.get_xdata() for line in axis.lines if line.get_marker() == "o"]
    assert [list(d) for d in dots] == [[1.0, 3.0], [2.0, 2.5, 3.0]]
    assert [2.0, 2.0] in [list(line.get_xdata()) for line in axis.lines]
    assert axis.yaxis_inverted()


@pytest.fixture(scope="module")
def text():
    return reader.line("12-three-lenets")


def test_every_step_of_the_bridge_is_told_with_its_paired_interval(text):
    saved = reader.results("bridge")
    errors = {step: {} for step in saved["steps"]}
    for run in saved["runs"]:
        errors[run["step"]][run["seed"]] = run["error"]
    by_seed = {step: [e[s] for s in sorted(e)] for step, e in errors.items()}
    order = list(by_seed)
    gaps = {
        after: paired_difference(by_seed[after], by_seed[before])
        for before, after in zip(order, order[1:])
    }
    told = [step for step, gap in gaps.items() if gap.told_apart]
    assert told == ["batch", "linear", "max"]
    for gap in gaps.values():
        assert f"{abs(gap.mean):.2f} ± {gap.half:.2f}" in text
    whole = paired_difference(by_seed[order[-1]], by_seed[order[0]])
    assert f"falls by {-whole.mean:.2f} ± {whole.half:.2f} points" in text


def test_the_distance_from_1998_is_told_with_the_spread_over_runs(text):
    ends = {}
    for run in reader.results("original-lenet5")["runs"]:
        if run["penalty"] == "mean" and len(run["passes"]) == 20:
            kind = run["criterion"], run["distorted"]
            ends.setdefault(kind, {})[run["seed"]] = run["passes"][-1]["test_error"]
    last = {kind: [e[s] for s in sorted(e)] for kind, e in ends.items()}
    for criterion in ("eq9", "eq8"):
        errors = last[criterion, False]
        gap = paired_difference(errors, [0.95] * len(errors))
        assert gap.told_apart
        assert f"{gap.mean:.2f} ± {gap.half:.2f}" in text
        # One more run: Student's interval for a new value, not for the mean.
        one = gap.half * (len(errors) + 1) ** 0.5
        assert f"± {one:.2f}" in text and gap.mean < one
    assert not paired_difference(last["eq9", False], last["eq8", False]).told_apart
    gain = paired_difference(last["eq9", False][:3], last["eq9", True])
    assert f"{gain.mean:.2f} ± {gain.half:.2f} points below the same seeds" in text


def test_sum_and_mean_are_trained_equally_long(text):
    steps = re.findall(r"train_online\([^,]+, (\d+)\)", text)
    assert len(steps) == 2 and len(set(steps)) == 1


def test_sum_and_mean_are_compared_at_the_rate_of_each(text):
    saved = reader.results("sum-or-mean")
    held, test = {}, {}
    for run in sorted(saved["runs"], key=lambda run: run["seed"]):
        part, score = (
            (held, "held_error")
            if run["seed"] in saved["choosing"]
            else (test, "test_error")
        )
        key = run["criterion"], run["penalty"]
        part.setdefault(key, {}).setdefault(run["eta"], []).append(run[score])
    own = {key: min(rates, key=lambda e: sum(rates[e])) for key, rates in held.items()}
    scored = {key: test[key][eta] for key, eta in own.items()}
    for key, eta in own.items():  # a worse rate on either side
        ladder = sorted(held[key])
        assert ladder[0] < eta < ladder[-1] and len(ladder) == 7
        assert len(scored[key]) == len(test[key][saved["printed"]]) == 5
    assert round(saved["printed"] / own["eq8", "sum"]) == 27
    for criterion, told in (("eq8", False), ("eq9", True)):
        gap = paired_difference(scored[criterion, "sum"], scored[criterion, "mean"])
        assert gap.told_apart == told
        told_as = f"{gap.mean:.2f} ± {gap.half:.2f}"
        assert told_as in text
        if criterion == "eq8":
            cards = ROOT / "lenet_course/interview/questions/history.yml"
            assert told_as in cards.read_text(encoding="utf-8")
    for penalty in ("sum", "mean"):
        assert f"{sum(scored['eq8', penalty]) / 5:.2f} %" in text
    gain = paired_difference(
        test["eq8", "mean"][saved["printed"]], scored["eq8", "mean"]
    )
    assert f"better, by {gain.mean:.2f} ± {gain.half:.2f}" in text
    assert min(test["eq8", "sum"][saved["printed"]]) > 70
