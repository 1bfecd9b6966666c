"""Paired differences against SciPy's paired test, and against experiments made up."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats

from lenet_helpers.statistics import Difference, paired_difference


@pytest.mark.parametrize("n", [2, 3, 5, 20])
@pytest.mark.parametrize("level", [0.5, 0.95, 0.99])
def test_the_interval_is_that_of_scipy(n, level):
    draw = np.random.default_rng(n)
    a, b = draw.normal(99, 0.1, n), draw.normal(98.9, 0.2, n)
    ours = paired_difference(a, b, level)
    theirs = stats.ttest_rel(a, b).confidence_interval(level)
    assert (ours.low, ours.high) == pytest.approx(tuple(theirs))
    assert ours.mean == pytest.approx(np.mean(a) - np.mean(b))
    assert ours.told_apart == (stats.ttest_rel(a, b).pvalue < 1 - level)


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_it_covers_the_true_difference_as_often_as_it_promises(level):
    draw = np.random.default_rng(0)
    held = 0
    for _ in range(4000):
        luck = draw.normal(0, 1, 5)  # shared by both, so it must not widen anything
        a = 0.3 + luck + draw.normal(0, 0.1, 5)
        d = paired_difference(a, luck + draw.normal(0, 0.1, 5), level)
        held += d.low <= 0.3 <= d.high
        assert d.half < 1
    assert held / 4000 == pytest.approx(level, abs=0.015)


def test_lists_arrays_tensors_and_series_are_read_alike():
    a, b = [98.5, 97.25, 99.0], [98.0, 97.0, 98.25]
    wanted = paired_difference(a, b)
    for kind in (tuple, np.array, torch.tensor, pd.Series, iter):
        assert paired_difference(kind(a), kind(b)) == wanted


def test_turning_the_pair_round_turns_the_sign():
    a, b = [3.0, 1.0, 2.5], [1.0, 0.5, 2.0]
    there, back = paired_difference(a, b), paired_difference(b, a)
    assert (back.low, back.high) == (-there.high, -there.low)
    assert back.mean == -there.mean and back.told_apart == there.told_apart


def test_it_prints_in_the_form_of_the_book():
    apart, open_ = Difference(0.652, 0.33, 0.974), Difference(-0.61, -1.78, 0.56)
    assert str(apart) == repr(apart) == "+0.65 ± 0.32"
    assert f"{open_}" == "-0.61 ± 1.17, not told apart"
    assert f"{apart:.1f}" == "+0.7 ± 0.3"
    assert f"{Difference(-0.001, -0.1, 0.098)}" == "+0.00 ± 0.10, not told apart"


def test_an_end_on_zero_tells_nothing_apart():
    assert not paired_difference([1.0, 2.0], [1.0, 2.0]).told_apart
    assert not Difference(0.5, 0.0, 1.0).told_apart
    assert paired_difference([1.5, 2.5], [1.0, 2.0]).told_apart  # no spread at all


@pytest.mark.parametrize(
    ("a", "b", "says"),
    [
        ([1, 2, 3], [1, 2], "3 numbers against 2"),
        ([1], [1], "at least two"),
        ([], [], "at least two"),
        ([1, float("nan")], [1, 2], "finite"),
        ([1, float("inf")], [1, 2], "finite"),
    ],
)
def test_what_has_no_interval_is_refused(a, b, says):
    with pytest.raises(ValueError, match=says):
        paired_difference(a, b)


@pytest.mark.parametrize("level", [0, 1, 95])
def test_a_level_is_a_share(level):
    with pytest.raises(ValueError, match="between 0 and 1"):
        paired_difference([1, 2], [0, 1], level)
