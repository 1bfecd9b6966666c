"""What the chapter on limits and legacy says of experiments, against their results."""

import itertools
import statistics

import pytest
import torch
import torch.nn.functional as F
from scipy import stats
from torch import nn

from experiments.cifar import legacy
from lenet_helpers.models.descendants import Descendant
from tests.chapters.reader import line, results
from tests.experiments.rated_runs import by_rate, validation


@pytest.fixture
def rated() -> dict[str, dict[float, list[dict]]]:
    """Network -> rate -> its five runs by seed."""
    return {name: rates for (name,), rates in by_rate("legacy", "network").items()}


@pytest.fixture
def runs(rated) -> list[dict]:
    """Those of each network at the rate that validates best."""
    best = [max(rates.values(), key=validation) for rates in rated.values()]
    return [row for rows in best for row in rows]


def test_every_network_has_a_worse_rate_on_either_side(rated):
    assert set(rated) == set(legacy.NETWORKS)
    for name, rates in rated.items():
        ladder = sorted(rates)
        best = max(ladder, key=lambda lr: validation(rates[lr]))
        assert ladder[0] < best < ladder[-1], name
        assert all(2 < b / a < 4 for a, b in itertools.pairwise(ladder))
        for row in itertools.chain(*rates.values()):
            assert 61_300 <= row["params"] <= 62_900


TOLD = [  # (network, the one it is set against), with its interval in the chapter
    ("relu-max", "lenet"),
    ("norm", "relu-max"),
    ("average", "relu-max"),
    ("stacked", "relu-max"),
    ("stacked-he", "relu-max-he"),
    ("stacked-he", "stacked"),
    ("relu-max-he", "relu-max"),
    ("deep-plain", "relu-max"),
    ("deep-plain-he", "relu-max-he"),
    ("deep-plain-he", "deep-plain"),
    ("deep-shortcut-he", "deep-shortcut"),
    ("deep-plain-norm-he", "deep-plain-norm"),
    ("deep-shortcut", "deep-plain"),
    ("deep-shortcut-he", "deep-plain-he"),
    ("deep-plain-norm", "deep-plain"),
    ("deep-plain-norm-he", "deep-plain-he"),
    ("deep-shortcut-norm", "deep-plain-norm"),
    ("deep-shortcut-norm", "norm"),
]
NOT_TOLD_APART = {
    ("stacked-he", "relu-max-he"),
    ("stacked-he", "stacked"),
    ("relu-max-he", "relu-max"),
    ("average", "relu-max"),
    ("deep-shortcut-norm", "norm"),
}


def test_the_sentences_about_the_networks_after_lenet_hold(runs):
    chapter = line("15-limits-and-legacy")
    test = {(row["network"], row["seed"]): row["test_accuracy"] for row in runs}
    train = {(row["network"], row["seed"]): row["train_accuracy"] for row in runs}

    def middle(table, name):
        return statistics.mean(table[name, s] for s in range(5))

    for one, other in TOLD:
        gain = [100 * (test[one, s] - test[other, s]) for s in range(5)]
        low, high = stats.ttest_1samp(gain, 0).confidence_interval(0.95)
        told = f"{abs(low + high) / 2:.1f} ± {(high - low) / 2:.1f}"
        assert told in chapter, (one, other, told)
        assert (low < 0 < high) == ((one, other) in NOT_TOLD_APART), (one, other)
    assert f"What the {len(runs)} runs" in chapter
    for name in ("deep-plain", "deep-plain-he", "relu-max-he"):
        assert f"{100 * middle(test, name):.1f}" in chapter
    assert {row["lr"] for row in runs if row["network"] == "norm"} == {0.03}
    assert middle(train, "stacked") < middle(train, "relu-max")
    assert round(100 * middle(train, "norm")) == 56
    assert round(100 * middle(test, "norm")) == 48
    assert round(100 * middle(train, "deep-shortcut-norm")) == 53
    small = ("lenet", "relu-max", "stacked", "average")
    assert all(middle(train, name) < middle(train, "norm") for name in small)
    work = {row["network"]: row["macs"] for row in runs}
    assert work["deep-shortcut-norm"] / work["norm"] > 5
    assert round(work["average"] / work["relu-max"]) == 11


@pytest.mark.parametrize(
    "change, low, high",
    [({}, 0, 0.02), ({"norm": True}, 2, 100)],
    ids=["plain", "normalised"],
)
def test_thirteen_plain_layers_lose_the_gradient_and_normalised_ones_do_not(
    change, low, high
):
    torch.manual_seed(0)
    net = Descendant(**legacy.DEEP, skip=False, **change)
    x, labels = torch.randn(64, 3, 32, 32), torch.randint(10, (64,))
    F.cross_entropy(net(x), labels).backward()
    convs = [m for m in net.modules() if isinstance(m, nn.Conv2d)]
    first, last = (c.weight.grad.abs().mean() for c in (convs[0], convs[-1]))
    assert low < first / last < high


def test_capacity_was_measured_at_three_widths_over_five_seeds():
    runs = results("capacity")["runs"]
    keys = {(row["params"], row["labels"], row["seed"]) for row in runs}
    assert len(keys) == len(runs) == 3 * 2 * 5
    for row in runs:
        if row["labels"] == "as they are":
            assert row["known"][-1] == 1  # all of the 500
        if row["labels"] == "at random":  # nothing to learn but by heart
            assert row["test_accuracy"] < 0.2
