"""What the CIFAR-10 experiments share: subset, augmentation, the choice of a rate."""

import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset

from experiments import records
from experiments.cifar import lenet_vs_alexnet, lenet_vs_alexnet_long, recipe
from lenet_helpers.models import AlexNetCifar, ModernLeNet5


def numbered(count: int) -> TensorDataset:
    images = torch.arange(count).float().view(-1, 1, 1, 1).expand(-1, 3, 32, 32)
    return TensorDataset(images, torch.arange(count) % 10)


def test_validation_images_never_train_and_more_images_keep_them_apart():
    data = numbered(40_000)
    small, held = recipe.subset(data, 10_000)
    large, same = recipe.subset(data, 30_000)
    ids = [set(part.tensors[0][:, 0, 0, 0].int().tolist()) for part in (small, held)]
    assert [len(i) for i in ids] == [10_000, 5_000]
    assert not ids[1] & set(large.tensors[0][:, 0, 0, 0].int().tolist())
    assert torch.equal(held.tensors[1], same.tensors[1])


def test_every_augmented_pixel_is_one_of_its_own_image_at_most_four_away():
    torch.manual_seed(0)
    rows = torch.arange(32.0).view(1, 1, 32, 1)
    cols = torch.arange(32.0).view(1, 1, 1, 32)
    place = 32 * rows + cols
    images = place.expand(64, 3, 32, 32)
    moved = recipe.flip_and_shift(images)
    assert moved.shape == images.shape
    down, right = moved // 32 - rows, moved % 32 - cols
    assert down.abs().max() <= 4
    mirrored = moved[:, 0, 0, 0] % 32 > moved[:, 0, 0, 31] % 32
    assert 15 < mirrored.sum() < 49
    assert right[~mirrored].abs().max() <= 4
    assert (moved[mirrored] % 32 - (31 - cols)).abs().max() <= 4


def test_every_variant_takes_colour_and_its_rate_is_a_variants_own():
    for name, (network, _, rate_of) in lenet_vs_alexnet.VARIANTS.items():
        model = network(in_channels=3).eval()
        assert model(torch.zeros(1, 3, 32, 32)).shape == (1, 10), name
        assert lenet_vs_alexnet.VARIANTS[rate_of][2] == rate_of


def test_the_plan_runs_every_variant_on_colour_once():
    plan = lenet_vs_alexnet.PLAN
    names = [name for data, names in plan if data == "cifar10" for name in names]
    assert sorted(names) == sorted(lenet_vs_alexnet.VARIANTS)


def trial() -> records.Runs:
    return records.Runs("trial", ("dataset", "variant", "lr", "seed"))


def test_a_rate_is_taken_when_every_seed_has_tried_its_neighbours(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(records, "RESULTS", tmp_path)
    table, tried = trial(), set()
    while job := lenet_vs_alexnet.next_run(table, "mnist", "lenet"):
        tried.add(job["lr"])
        rows = [{"val_accuracy": 1 - abs(job["lr"] - 0.01)}]
        table.add(job | {"epochs": rows})
        table = trial()  # as after an interruption
    assert tried == {0.001, 0.003, 0.01, 0.03}  # from 0.003 on, as far as it gains
    assert recipe.best_rate(table.rows) == 0.01
    assert len(table.rows) == 5 * len(tried)


def test_no_rate_is_best_before_every_seed_has_tried_it():
    rows = [
        {"lr": 0.003, "seed": seed, "epochs": [{"val_accuracy": 0.5}]}
        for seed in range(4)
    ]
    assert recipe.best_rate(rows) is None
    assert recipe.next_trial(rows) == {"lr": 0.003, "seed": 4}


def test_moved_pictures_keep_the_rate_of_their_network(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "RESULTS", tmp_path)
    table = trial()
    with pytest.raises(SystemExit, match="run that first"):
        lenet_vs_alexnet.next_run(table, "cifar10", "lenet-augmented")
    for seed in range(5):
        key = {"dataset": "cifar10", "variant": "lenet-relu-max", "seed": seed}
        table.add(key | {"lr": 0.01, "epochs": [{"val_accuracy": 0.5}]})
    job = lenet_vs_alexnet.next_run(table, "cifar10", "lenet-augmented")
    assert (job["variant"], job["lr"], job["seed"]) == ("lenet-augmented", 0.01, 0)


def test_one_start_is_that_of_alexnet_whatever_the_activation():
    starts = {}
    for name in ("tanh", "relu"):
        torch.manual_seed(0)
        lenet = recipe.one_start(ModernLeNet5, in_channels=3, activation=name)
        starts[name] = [p.detach() for p in lenet.parameters()]
    for tanh, relu in zip(*starts.values()):
        assert torch.equal(tanh, relu)
    for model in (lenet, AlexNetCifar(width=1 / 8)):
        for layer in model.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                fan_in = layer.weight[0].numel()
                spread = layer.weight.std().item() * (fan_in / 2) ** 0.5
                assert spread == pytest.approx(1, abs=0.12)
                assert not layer.bias.any()


def test_a_torch_variant_differs_by_its_start_alone():
    variants = lenet_vs_alexnet.VARIANTS
    torchs = [name for name in variants if name.endswith("-torch")]
    assert len(torchs) == len(lenet_vs_alexnet.LENETS)
    for name in torchs:
        ours, theirs = variants[name.removesuffix("-torch")], variants[name]
        assert ours[0].func is recipe.one_start and ours[0].args == (theirs[0],)
        assert ours[1] is theirs[1] and theirs[2] == f"{ours[2]}-torch"


def test_long_runs_train_at_a_common_rate_before_a_seed_of_its_own_chooses(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(records, "RESULTS", tmp_path)
    long = lenet_vs_alexnet_long
    runs = records.Runs("trial", ("network", "passes", "lr", "seed"))
    made = []

    def run(network, passes, lr, seed):
        made.append((network, passes, lr, seed))
        worth = {0.001: 0.6, 0.003: 0.5}.get(lr, 0.4)
        return {"epochs": [{"val_accuracy": worth}]}

    runs.finish(long.jobs(runs), run)
    names = list(long.NETWORKS)
    first = [(n, 8, 0.003, seed) for n in names[: long.FIRST] for seed in range(5)]
    assert made[: len(first)] == first
    rest = [job[2:] for job in made[len(first) :] if job[:2] == (names[0], 8)]
    choice = [(lr, 100) for lr in (0.003, 0.001, 0.0003)]
    assert rest == choice + [(0.001, seed) for seed in range(5)]
    twice = [job for job in made if job[1] == 16]
    assert [job[0] for job in twice] == [n for n in long.TWICE for _ in range(5)]
    assert {job[2] for job in twice} == {0.001}
