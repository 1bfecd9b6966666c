"""AlexNet's experiments: they resume, refuse other settings, and are complete."""

import json
import sys
from collections import defaultdict
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "experiments"))

import alexnet_crops
import alexnet_dropout
import alexnet_parts
import alexnet_relu
import alexnet_runs
import common

from lenet_helpers import data

RESULTS = common.RESULTS
WANTED = {
    "alexnet-relu": alexnet_relu.TUNING + alexnet_relu.JOBS,
    "alexnet-parts": alexnet_parts.TUNING + alexnet_parts.JOBS,
    "alexnet-dropout": alexnet_dropout.JOBS,
    "alexnet-crops": alexnet_crops.JOBS,
}


@pytest.fixture
def results(tmp_path, monkeypatch):
    """A folder of its own, and shapes instead of CIFAR-10."""
    monkeypatch.setattr(common, "RESULTS", tmp_path)
    monkeypatch.setattr(alexnet_runs, "cifar", lambda: data.load_cifar10("shapes"))
    return tmp_path


def start(monkeypatch, *options: str, images: int = 5):
    """Run two jobs that only write down that they ran; the jobs done this time."""
    monkeypatch.setattr(sys, "argv", ["experiment", *options])
    done = []

    def run(_, variant, seed, runs):
        done.append((variant, seed, len(runs)))
        return {"error": 0.5}

    jobs = [("one", 0), ("two", 0)]
    alexnet_runs.main("trial", {"images": images, "rates": [0.1]}, jobs, run)
    return done


def test_what_is_done_is_not_done_again(results, monkeypatch):
    assert start(monkeypatch, "--seconds", "0") == []
    assert start(monkeypatch) == [("one", 0, 0), ("two", 0, 1)]
    assert start(monkeypatch) == []
    saved = json.loads((results / "trial.json").read_text())
    assert [run["variant"] for run in saved["runs"]] == ["one", "two"]


def test_runs_made_with_other_settings_are_refused(results, monkeypatch):
    start(monkeypatch)
    with pytest.raises(SystemExit, match="other settings .*images"):
        start(monkeypatch, images=6)


@pytest.mark.parametrize("name", WANTED)
def test_committed_results_are_complete(name):
    path = RESULTS / f"{name}.json"
    if not path.exists():
        pytest.skip("not measured yet")
    seeds = defaultdict(list)
    for run in json.loads(path.read_text())["runs"]:
        seeds[run["variant"]].append(run["seed"])
    wanted = defaultdict(list)
    for variant, seed in WANTED[name]:
        wanted[variant].append(seed)
    assert seeds == wanted
    compared = [s for s in seeds.values() if len(s) > 1]
    assert len(compared) >= 2 and all(s == [0, 1, 2, 3, 4] for s in compared)
