"""The speed run's own parts: gradients against autograd, and an untouched test set."""

import shutil
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from torch.utils.data import TensorDataset

from experiments.speedrun import choosing, race, timing
from experiments.speedrun.net import FlatLeNet, compile_kernel
from experiments.speedrun.recipes import (
    Recipe,
    batches,
    new_model,
    targets,
    train,
    train_plain,
)

needs_compiler = pytest.mark.skipif(
    not (shutil.which("g++") or shutil.which("clang++")), reason="no C++ compiler"
)
BACKGROUND = -0.4


@pytest.fixture(scope="module")
def kernel():
    return compile_kernel()


@pytest.fixture(scope="module")
def digits():
    """Background everywhere but in a rectangle of noise, some of it at the edge."""
    generator = torch.Generator().manual_seed(0)
    images = torch.full((96, 1, 32, 32), BACKGROUND)
    for n, image in enumerate(images):
        top, left = n % 16, 16 - n % 17
        noise = torch.randn(12, 15, generator=generator)
        image[0, top : top + 12, left : left + 15] = noise
    images[0] = BACKGROUND  # an empty image
    images[1] = torch.randn(1, 32, 32, generator=generator)  # a full one
    return images, torch.randint(10, (96,), generator=generator)


@needs_compiler
@pytest.mark.parametrize("count", [1, 33, 96])
def test_the_kernel_computes_the_logits_and_gradients_of_autograd(
    kernel, digits, count
):
    images, labels = digits
    model = new_model(1)
    rows = torch.randperm(96)[:count]
    loss = F.cross_entropy(model(images[rows]), labels[rows], label_smoothing=0.1)
    loss.backward()
    net = FlatLeNet(kernel, model, 96)
    wanted = targets(labels, 0.1)[rows]
    logits = net.step(images, rows, wanted, BACKGROUND)
    assert torch.allclose(logits, model(images[rows]), atol=1e-5)
    for name, parameter in model.named_parameters():
        expected = parameter.grad
        if name == "c5.weight":
            expected = expected.permute(0, 2, 3, 1).reshape(120, 400)
        scale = expected.abs().max()
        assert torch.allclose(net.g[name], expected, atol=1e-5 * scale), name


@needs_compiler
def test_the_network_handed_back_is_the_one_that_was_trained(kernel, digits):
    images, labels = digits
    recipe = Recipe(images=288, batch_size=32)
    ours, _ = train(kernel, images, labels, recipe, seed=2)
    torchs, _ = train_plain(images, labels, recipe, seed=2)
    for a, b in zip(ours.parameters(), torchs.parameters(), strict=True):
        assert torch.allclose(a, b, atol=2e-3)
    assert torch.allclose(ours(images), torchs(images), atol=0.02)


def test_each_pass_sees_every_image_once_and_in_another_order():
    rows = batches(64, Recipe(images=160, batch_size=16), seed=0)
    assert rows.shape == (10, 16)
    first, second = rows[:4].flatten(), rows[4:8].flatten()
    assert torch.equal(first.sort().values, torch.arange(64))
    assert torch.equal(second.sort().values, torch.arange(64))
    assert not torch.equal(first, second)


def test_the_rate_climbs_to_its_peak_and_falls_to_almost_nothing():
    recipe = Recipe(images=100, batch_size=1, lr=0.02, warmup=0.25)
    rates = [recipe.rate(step) for step in range(100)]
    assert max(rates) == pytest.approx(0.02) and rates.index(max(rates)) == 24
    assert 0 < rates[-1] < 0.001 and 0 < rates[0] < 0.001


def test_operations_are_three_times_the_forward_pass_less_c1s_input_gradient():
    c1, c3, c5, f6, output = 117_600, 240_000, 48_000, 10_080, 840
    macs = 3 * (c1 + c3 + c5 + f6 + output) - c1
    assert timing.flops_per_image() == 2 * macs


def test_the_choice_is_the_shortest_run_that_is_surely_there():
    def row(images, *scores):
        return {"images": images, "validation_accuracy": scores}

    lucky = row(50, 0.980, 1.000, 0.991)
    sure, longer = row(60, 0.991, 0.992, 0.991), row(90, 0.995, 0.995, 0.996)
    below = row(40, 0.989, 0.988, 0.989)
    assert choosing.chosen([longer, lucky, sure, below]) is sure


class Guarded:
    """Digits whose test set may be read only after a training is over."""

    def __init__(self, images, labels):
        self.train, self.trained = TensorDataset(images, labels), 0

    @property
    def test(self):
        assert self.trained, "the test set was read before the training was over"
        self.trained -= 1
        return self.train


@needs_compiler
def test_the_test_set_is_read_once_a_seed_after_training(kernel, digits, monkeypatch):
    guarded = Guarded(*digits)

    def watched(*args):
        result = train(*args)
        guarded.trained += 1
        return result

    monkeypatch.setattr(race, "train", watched)
    monkeypatch.setattr(race, "FINAL", Recipe(images=96, batch_size=32))
    args = SimpleNamespace(seeds=2)
    assert len(race.final(kernel, guarded, args)["runs"]) == 2
    assert guarded.trained == 0


def test_without_a_compiler_the_error_says_what_is_missing(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(RuntimeError, match=r"needs g\+\+ or clang"):
        compile_kernel()


def test_the_races_best_round_takes_a_third_longer_than_dense_arithmetic():
    record = race.records.load("speedrun")  # as the chapter says of its figure
    best = min(record["rivals"]["ours_seconds"])
    assert best / record["ceiling"]["dense_seconds"] == pytest.approx(4 / 3, abs=0.07)
