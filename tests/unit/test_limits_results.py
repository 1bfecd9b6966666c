"""What the chapter on limits and legacy says of experiments, against their results."""

import itertools
import json
import statistics
import sys
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import nn

sys.path.insert(0, str(Path(__file__).parents[2] / "experiments"))

import legacy

from lenet_helpers.models.descendants import Descendant


def result(root, name):
    return json.loads((root / "experiments" / "results" / f"{name}.json").read_text())


def test_every_network_has_its_five_seeds_and_the_rate_that_was_best(root):
    record = result(root, "legacy")
    assert {"command", "date", "machine", "data"} <= set(record)
    runs = [row for row in record["runs"] if "seed" in row]
    pairs = {(row["network"], row["seed"]) for row in runs}
    assert len(pairs) == len(runs)
    for row in runs:
        trials = [r for r in record["runs"] if r.get("choosing") == row["network"]]
        assert len(trials) == 3
        assert row["lr"] == max(trials, key=lambda r: r["val_accuracy"])["lr"]
        assert 61_300 <= row["params"] <= 62_900
    assert pairs == set(itertools.product(legacy.NETWORKS, range(5)))


def test_the_sentences_about_the_nine_networks_hold(root):
    runs = [row for row in result(root, "legacy")["runs"] if "seed" in row]
    test = {(row["network"], row["seed"]): row["test_accuracy"] for row in runs}
    train = {(row["network"], row["seed"]): row["train_accuracy"] for row in runs}

    def gain(one, other):
        return [100 * (test[one, s] - test[other, s]) for s in range(5)]

    def middle(table, name):
        return statistics.mean(table[name, s] for s in range(5))

    assert round(statistics.mean(gain("relu-max", "lenet"))) == 3
    assert round(statistics.mean(gain("norm", "relu-max"))) == 7
    assert round(statistics.mean(gain("average", "relu-max"))) == -2
    stacked = gain("stacked", "relu-max")
    assert (round(max(stacked)), round(min(stacked))) == (-3, -33)
    assert min(test["stacked", s] for s in range(5)) == pytest.approx(0.1, abs=0.005)
    for name, points in (
        ("deep-shortcut", 11),
        ("deep-plain-norm", 21),
        ("deep-shortcut-norm", 30),
    ):
        assert round(statistics.mean(gain(name, "deep-plain"))) == points
    more = gain("deep-shortcut-norm", "deep-plain-norm")
    assert min(more) > 0 and round(statistics.mean(more)) == 9
    level = gain("deep-shortcut-norm", "norm")
    assert abs(statistics.mean(level)) < statistics.stdev(level)
    assert round(100 * middle(train, "norm")) == 61
    assert round(100 * middle(test, "norm")) == 49
    for name in ("relu-max", "stacked", "average"):
        assert middle(train, name) - middle(test, name) < 0.05
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


def test_capacity_was_measured_at_three_widths_over_five_seeds(root):
    runs = result(root, "capacity")["runs"]
    keys = {(row["params"], row["labels"], row["seed"]) for row in runs}
    assert len(keys) == len(runs) == 3 * 2 * 5
    for row in runs:
        if row["labels"] == "as they are":
            assert row["known"][-1] == 1  # all of the 500
        if row["labels"] == "at random":  # nothing to learn but by heart
            assert row["test_accuracy"] < 0.2
