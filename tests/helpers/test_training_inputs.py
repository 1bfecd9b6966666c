"""No right network is refused, and what cannot work is said before a weight moves."""

import random
from functools import partial

import numpy
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import TensorDataset

from lenet_helpers import training
from lenet_helpers.models import ModernLeNet5
from lenet_helpers.training.checkpoints import CheckpointError

fit = partial(training.fit, epochs=1, batch_size=16, progress=False, device="cpu")
GENERATOR = torch.Generator().manual_seed(0)
IMAGES = torch.randn(66, 1, 32, 32, generator=GENERATOR)
LABELS = torch.randint(10, (66,), generator=GENERATOR)
DIGITS = TensorDataset(IMAGES, LABELS)


class Net(nn.Module):
    """Layers by name, in the order given, and a forward pass that may use another."""

    def __init__(self, forward=None, **parts):
        super().__init__()
        for name, part in parts.items():
            setattr(self, name, part)
        self.way = forward

    def forward(self, x):
        return self.way(self, x)


def flat(outputs=10):
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(1024, outputs))


def mlp(m, x):
    return m.head(x.flatten(1))


RIGHT = {
    "input-size-counts-features": Net(mlp, input_size=1024, head=nn.Linear(1024, 10)),
    "input-size-is-a-shape": Net(mlp, input_size=(1, 32, 32), head=nn.Linear(1024, 10)),
    "last-convolution-declared-first": Net(
        lambda m, x: m.head(m.second(m.first(x)).flatten(1)),
        second=nn.Conv2d(4, 2, 5),
        first=nn.Conv2d(1, 4, 5),
        head=nn.Linear(2 * 24 * 24, 10),
    ),
    "grey-three-times": Net(
        lambda m, x: m.head(m.conv(x.expand(-1, 3, -1, -1)).flatten(1)),
        conv=nn.Conv2d(3, 2, 5),
        head=nn.Linear(2 * 28 * 28, 10),
    ),
    "unused-convolution": Net(mlp, spare=nn.Conv2d(7, 1, 1), head=nn.Linear(1024, 10)),
    "resizes": Net(
        lambda m, x: m.net(F.interpolate(x, 28)),
        net=ModernLeNet5(input_size=28),
        input_size=28,
    ),
    "float64": Net(mlp, head=nn.Linear(1024, 10)).double(),
    "lazy": Net(mlp, head=nn.LazyLinear(10)),
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_network_is_trained_and_scored(name):
    model, data = RIGHT[name], DIGITS
    if name == "float64":
        data = TensorDataset(IMAGES.double(), LABELS)
    if name == "lazy":
        model(IMAGES[:1])
    history = fit(model, data, validation=10)
    assert len(history.rows) == 1
    assert training.evaluate(model, data).logits.shape == (66, 10)


def ten(label):
    return TensorDataset(
        IMAGES, LABELS.clone().index_fill_(0, torch.tensor([3]), label)
    )


BATCH_NORM = nn.Sequential(
    nn.Flatten(), nn.Linear(1024, 8), nn.BatchNorm1d(8), nn.Linear(8, 10)
)
WRONG = {
    "label-too-high": (
        flat(),
        ten(10),
        {},
        "labels hold 10; the network has 10 logits",
    ),
    "label-too-high-in-validation": (
        flat(),
        DIGITS,
        {"validation": ten(12)},
        "hold 12",
    ),
    "half-images": (flat(), TensorDataset(IMAGES.half(), LABELS), {}, "torch.float32"),
    "other-size-in-validation": (
        flat(),
        DIGITS,
        {"validation": TensorDataset(IMAGES[..., 2:30, 2:30], LABELS)},
        r"\[.*28, 28\]",
    ),
    "all-held-out": (flat(), DIGITS, {"validation": 1.0}, "nothing on one side"),
    "three-tensors": (flat(), TensorDataset(IMAGES, LABELS, LABELS), {}, "3 tensors"),
    "loss-is-a-class": (flat(), DIGITS, {"loss_fn": nn.CrossEntropyLoss}, "instance"),
    "loss-is-a-float": (
        flat(),
        DIGITS,
        {"loss_fn": lambda x, y: F.cross_entropy(x, y).item()},
        "loss_fn returned a float",
    ),
    "augment-returns-nothing": (
        flat(),
        DIGITS,
        {"augment": lambda x: None},
        "augment returned a NoneType",
    ),
    "no-patience": (flat(), DIGITS, {"patience": 0}, "patience=0"),
    "negative-patience": (flat(), DIGITS, {"patience": -2}, "patience=-2"),
    "infinite-rate": (flat(), DIGITS, {"lr": float("inf")}, "lr=inf"),
    "rate-is-no-number": (flat(), DIGITS, {"lr": float("nan")}, "lr=nan"),
    "frozen": (flat().requires_grad_(False), DIGITS, {}, "nothing to train"),
    "batch-of-one": (
        BATCH_NORM,
        DIGITS,
        {"batch_size": 65, "validation": None},
        "another batch_size",
    ),
    "tuple": (Net(lambda m, x: (m.net(x),), net=flat()), DIGITS, {}, "returns a tuple"),
    "maps": (Net(lambda m, x: m.c(x), c=nn.Conv2d(1, 10, 5)), DIGITS, {}, "N, classes"),
    "three-channels": (nn.Conv2d(3, 6, 5), DIGITS, {}, "images have 1 channels"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_work_is_said_in_words(name):
    model, data, options, says = WRONG[name]
    before = {k: v.clone() for k, v in model.state_dict().items()}
    with pytest.raises((ValueError, TypeError), match=says):
        fit(model, data, **options)
    if name != "batch-of-one":  # its last batch is the first that is too small
        for key, value in model.state_dict().items():
            assert torch.equal(value, before[key]), key


def test_evaluation_says_the_same_and_leaves_the_mode():
    model = flat()
    model[0].eval()
    modes = [m.training for m in model.modules()]
    cases = [
        (ten(10), {}, "labels hold 10"),
        (TensorDataset(IMAGES.double(), LABELS), {}, "torch.float32"),
        (TensorDataset(IMAGES[..., 2:30, 2:30], LABELS), {}, "28, 28"),
        (DIGITS, {"batch_size": 0}, "batch_size=0"),
        (DIGITS, {"batch_size": -5}, "batch_size=-5"),
    ]
    for data, options, says in cases:
        with pytest.raises(ValueError, match=says):
            training.evaluate(model, data, **options)
        assert [m.training for m in model.modules()] == modes

    def fails(m, x):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        training.evaluate(Net(fails, net=model), DIGITS)
    assert [m.training for m in model.modules()] == modes


def test_weights_spoilt_by_the_very_last_step_are_not_handed_back():
    class Jump(torch.optim.SGD):
        def step(self, *_):
            with torch.no_grad():
                self.param_groups[0]["params"][0].fill_(float("nan"))

    with pytest.raises(training.TrainingDiverged, match="weight is NaN.*last step"):
        fit(flat(), DIGITS, batch_size=66, validation=None, optimizer=Jump)


@pytest.mark.parametrize(
    "drawn",
    [
        lambda: random.random(),
        lambda: numpy.random.rand(),
        lambda: torch.rand(()).item(),
    ],
    ids=["python", "numpy", "torch"],
)
def test_what_augment_draws_is_fixed_by_the_seed_and_goes_on(tmp_path, drawn):
    def augment(images):
        return images + drawn()

    plan = {"augment": augment, "validation": 10, "lr": 0.01}
    runs = []
    for _ in range(2):
        runs.append(fit(flat(), DIGITS, epochs=3, **plan).step_losses)
    path = tmp_path / "c.pt"
    fit(flat(), DIGITS, epochs=1, checkpoint=path, **plan)
    plan |= {"checkpoint": path, "resume": True}
    runs.append(fit(flat(), DIGITS, epochs=3, **plan).step_losses)
    assert runs[0] == runs[1] == runs[2]


OTHERS = {
    "optimizer": ({"optimizer": "sgd"}, {"optimizer": "adam"}),
    "momentum": (
        {"optimizer": partial(torch.optim.SGD, momentum=0.9)},
        {"optimizer": partial(torch.optim.SGD, momentum=0.5)},
    ),
    "schedule": ({"schedule": "cosine"}, {}),
    "schedule=": ({"schedule": "step"}, {"schedule": "cosine"}),
    "validation": ({"validation": None}, {"validation": DIGITS}),
    "epochs": ({"epochs": 3}, {"epochs": 1}),
}


@pytest.mark.parametrize("name", OTHERS)
def test_a_run_with_other_settings_is_not_gone_on_with(name, tmp_path):
    first, second = OTHERS[name]
    path, model = tmp_path / "c.pt", flat()
    fit(flat(), DIGITS, checkpoint=path, **({"epochs": 2} | first))
    before = model[1].weight.clone()
    with pytest.raises(CheckpointError, match=name):
        fit(model, DIGITS, checkpoint=path, resume=True, **({"epochs": 2} | second))
    if name != "epochs":
        assert torch.equal(model[1].weight, before)


@pytest.mark.parametrize("part", "settings order rows step_losses best_epoch".split())
def test_a_checkpoint_that_lacks_a_part_is_refused(part, tmp_path):
    path, model = tmp_path / "c.pt", flat()
    fit(flat(), DIGITS, checkpoint=path)
    state = torch.load(path)
    del state[part]
    torch.save(state, path)
    before = model[1].weight.clone()
    with pytest.raises(CheckpointError, match=f"lacks {part}"):
        fit(model, DIGITS, epochs=2, checkpoint=path, resume=True)
    assert torch.equal(model[1].weight, before)


def test_a_checkpoint_that_cannot_be_gone_on_from_leaves_the_model(tmp_path):
    path, model = tmp_path / "c.pt", flat()
    fit(flat(), DIGITS, checkpoint=path)
    state = torch.load(path)
    state["random"]["torch"] = torch.zeros(3)
    torch.save(state, path)
    before = model[1].weight.clone()
    with pytest.raises(CheckpointError, match="start afresh"):
        fit(model, DIGITS, epochs=2, checkpoint=path, resume=True)
    assert torch.equal(model[1].weight, before)


def test_a_home_folder_is_understood_and_an_unwritable_place_told_at_once(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("HOME", str(tmp_path))
    fit(flat(), DIGITS, checkpoint="~/c.pt")
    assert [p.name for p in tmp_path.iterdir()] == ["c.pt"]
    steps = []
    blocked = tmp_path / "c.pt" / "below-a-file.pt"
    with pytest.raises(CheckpointError, match="cannot write the checkpoint below-a"):
        fit(flat(), DIGITS, checkpoint=blocked, augment=lambda x: steps.append(1) or x)
    assert not steps
