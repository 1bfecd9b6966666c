"""AlexNet's experiments: they resume, refuse other settings, and are complete."""

import json
import math
import statistics
from collections import defaultdict

import pytest
import torch

from experiments import records
from experiments.cifar import (
    alexnet_crops,
    alexnet_dropout,
    alexnet_parts,
    alexnet_relu,
    alexnet_runs,
)
from lenet_helpers import data, shapes
from lenet_helpers.models import AlexNet
from tests.chapters import reader

WANTED = {
    "alexnet-relu": alexnet_relu.TUNING + alexnet_relu.JOBS,
    "alexnet-parts": alexnet_parts.JOBS,
    "alexnet-dropout": alexnet_dropout.JOBS,
    "alexnet-crops": alexnet_crops.JOBS,
}


@pytest.fixture
def results(tmp_path, monkeypatch):
    """A folder of its own, and shapes instead of CIFAR-10."""
    monkeypatch.setattr(records, "RESULTS", tmp_path)
    monkeypatch.setattr(alexnet_runs, "cifar", lambda: data.load_cifar10("shapes"))
    return tmp_path


def start(images: int = 5):
    """Run two jobs that only write down that they ran; the jobs done this time."""
    done = []

    def run(_, variant, seed, runs):
        done.append((variant, seed, len(runs)))
        return {"error": 0.5}

    jobs = [("one", 0), ("two", 0)]
    about = {"images": images, "rates": [0.1]}
    alexnet_runs.measure("trial", about, jobs, run, math.inf)
    return done


def test_what_is_done_is_not_done_again(results):
    assert start() == [("one", 0, 0), ("two", 0, 1)]
    assert start() == []
    saved = json.loads((results / "trial.json").read_text())
    assert [run["variant"] for run in saved["runs"]] == ["one", "two"]


def test_runs_made_with_other_settings_are_refused(results):
    start()
    with pytest.raises(SystemExit, match="other settings .*images"):
        start(images=6)


@pytest.mark.parametrize("name", WANTED)
def test_committed_results_are_complete(name):
    seeds = defaultdict(list)
    for run in reader.results(name)["runs"]:
        seeds[run["variant"]].append(run["seed"])
    wanted = defaultdict(list)
    for variant, seed in WANTED[name]:
        wanted[variant].append(seed)
    assert seeds == wanted
    compared = [s for s in seeds.values() if len(s) > 1]
    assert len(compared) >= 2 and all(s == [0, 1, 2, 3, 4] for s in compared)


def measured(name: str, variant: str, key: str) -> list:
    """The values of the five seeds, in their order."""
    runs = reader.results(name)["runs"]
    by_seed = sorted(
        (r for r in runs if r["variant"] == variant), key=lambda r: r["seed"]
    )
    return [run[key] for run in by_seed]


def points(name: str, variant: str, other: str, key: str) -> tuple[float, float]:
    """Mean and standard deviation of the difference, seed by seed, in points."""
    pair = measured(name, variant, key), measured(name, other, key)
    each = [100 * (a - b) for a, b in zip(*pair, strict=True)]
    return statistics.mean(each), statistics.stdev(each)


def test_what_the_chapter_says_of_relu_and_tanh_was_measured():
    epochs = {
        kind: measured("alexnet-relu", kind, "epochs") for kind in ("relu", "tanh")
    }
    assert set(epochs["tanh"]) == {9, 10}
    assert (min(epochs["relu"]), max(epochs["relu"])) == (14, 17)
    rates = {measured("alexnet-relu", kind, "rate")[0] for kind in epochs}
    assert rates <= set(alexnet_relu.RATES[1:-1])  # the best is not at an edge


@pytest.fixture
def parts() -> dict[str, dict[float, list[dict]]]:
    """Variant of the four-layer network -> rate -> its five runs by seed."""
    found = defaultdict(lambda: defaultdict(list))
    runs = reader.results("alexnet-parts")["runs"]
    for run in sorted(runs, key=lambda r: r["seed"]):
        found[run["part"]][run["rate"]].append(run)
    return found


def best(rates: dict[float, list[dict]]) -> float:
    """The rate with the lowest mean error on pictures that were not trained on."""
    return min(
        rates, key=lambda r: statistics.mean(x["validation_error"] for x in rates[r])
    )


def test_every_variant_has_a_worse_rate_on_either_side(parts):
    assert list(parts) == list(alexnet_parts.VARIANTS)
    for rates in parts.values():
        assert sorted(rates) == alexnet_parts.RATES
        assert min(rates) < best(rates) < max(rates)


def test_what_the_chapter_says_of_the_parts_was_measured(parts):
    def more(part, key):
        pair = (parts[name][best(parts[name])] for name in (part, "overlapping"))
        each = [100 * (a[key] - b[key]) for a, b in zip(*pair, strict=True)]
        return statistics.mean(each), statistics.stdev(each)

    for equal in ("tiled", "two-groups"):
        mean, spread = more(equal, "test_error")
        assert abs(mean) < spread
    for norm, low, high in (("as-printed", 1, 3), ("at-pixel-scale", 2, 5)):
        for key in ("test_error", "train_error"):
            mean, spread = more(f"norm-{norm}", key)
            assert spread < mean and (key == "train_error" or low < mean < high)
        assert best(parts[f"norm-{norm}"]) > best(parts["overlapping"]) == 0.02
        slow = parts[f"norm-{norm}"][0.02]
        assert statistics.mean(x["test_error"] for x in slow) > 0.62


def test_what_the_chapter_says_of_dropout_was_measured():
    masks = measured("alexnet-dropout", "dropout", "arithmetic")
    one_pass = measured("alexnet-dropout", "dropout", "test_error")
    gaps = [[a - b for a in m] for m, b in zip(masks, one_pass, strict=True)]
    assert statistics.mean(gap[0] for gap in gaps) > 0.05
    assert abs(statistics.mean(gap[-1] for gap in gaps)) < 0.01
    mean, spread = points("alexnet-dropout", "dropout", "none", "test_error")
    assert spread < mean and 5.5 < mean < 6
    train = [measured("alexnet-dropout", v, "train_error") for v in ("dropout", "none")]
    assert [round(statistics.mean(t), 1) for t in train] == [0.5, 0.2]


def test_what_the_chapter_says_of_crops_was_measured():
    gains = {}
    for variant in ("centre", "crops"):
        one, ten = (
            measured("alexnet-crops", variant, k) for k in ("one_crop", "ten_crops")
        )
        each = [a - b for a, b in zip(one, ten, strict=True)]
        assert min(each) > 0
        gains[variant] = statistics.mean(each)
    assert gains["centre"] > gains["crops"]
    mean, spread = points("alexnet-crops", "crops", "centre", "one_crop")
    assert abs(mean) < spread


def test_what_the_chapter_says_of_the_time_of_groups_was_measured():
    saved = reader.results("alexnet-groups")
    with torch.device("meta"):
        traces = [shapes.trace(AlexNet(groups=g), (3, 227, 227)) for g in (2, 1)]
    assert saved["machine"]["gpu"] is None and saved["machine"]["threads"] == 1
    for name, layer in saved["layers"].items():
        for what in ("params", "macs"):
            assert layer[what] == [getattr(trace[name], what) for trace in traces]
        for what in ("forward", "forward_and_backward"):
            assert len(layer[what]) == alexnet_parts.ROUNDS
            assert 0.49 < statistics.median(layer[what]) < 0.56
