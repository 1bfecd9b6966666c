"""The experiment on what came after LeNet: fair by parameters, and whole."""

import pytest
import torch
import torch.nn.functional as F
from torch.utils.data import TensorDataset

from experiments.cifar import legacy, recipe
from lenet_helpers.models import ModernLeNet5


def test_the_networks_have_equal_parameters_within_a_fortieth():
    counts = {
        name: sum(p.numel() for p in make().parameters())
        for name, make in legacy.NETWORKS.items()
    }
    assert counts["lenet"] == counts["relu-max"] == 62_006
    assert max(counts.values()) < 1.025 * min(counts.values())


def test_plain_and_shortcut_differ_in_nothing_but_the_shortcut():
    plain, shortcut = (
        legacy.NETWORKS[name]().state_dict() for name in ("deep-plain", "deep-shortcut")
    )
    assert {k: v.shape for k, v in plain.items()} == {
        k: v.shape for k, v in shortcut.items()
    }
    convolutions = [w for w in plain.values() if w.ndim == 4]
    assert len(convolutions) == 4 + 2 * 2 * 2


def test_he_s_start_changes_the_weights_and_nothing_else():
    torch.manual_seed(0)
    ours, torchs = (
        legacy.NETWORKS[n]() for n in ("deep-plain-norm-he", "deep-plain-norm")
    )
    for (name, mine), other in zip(
        ours.named_parameters(), torchs.parameters(), strict=True
    ):
        assert mine.shape == other.shape
        if mine.dim() == 4:
            inputs = mine[0].numel()
            assert mine.std().item() == pytest.approx((2 / inputs) ** 0.5, rel=0.2)
            assert abs(mine).max() > (1 / inputs) ** 0.5 > abs(other).max()
        elif name == "output.bias":
            assert not mine.any() and other.any()


def test_what_is_reported_is_what_the_network_scores():
    torch.manual_seed(0)
    images = torch.randn(120, 3, 32, 32)
    labels = torch.arange(120) % 10
    part = TensorDataset(images[:100], labels[:100])
    rest = TensorDataset(images[100:], labels[100:])
    row = recipe.measure(
        lambda: ModernLeNet5(in_channels=3),
        part,
        rest,
        rest,
        lr=0.001,
        epochs=2,
        seed=5,
        batch_size=50,
    )
    torch.manual_seed(5)
    model = ModernLeNet5(in_channels=3)
    loss = F.cross_entropy(model(images[:100]), labels[:100]).item()
    assert row["epochs"][0]["train_loss"] == pytest.approx(loss, abs=0.1)
    assert len(row["epochs"]) == 2 and row["params"] == 62_006
    assert row["macs"] == 651_720
    best = max(epoch["val_accuracy"] for epoch in row["epochs"])
    assert row["test_accuracy"] == pytest.approx(best, abs=1e-4)  # the same images
