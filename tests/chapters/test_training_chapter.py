"""What the chapter on training says in words, checked; and its loop against `fit`."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch.utils.data import TensorDataset

from lenet_course import exercises, quiz
from lenet_course.exercises.stages import loop as stage
from lenet_helpers import training
from lenet_helpers.models import ModernLeNet5
from lenet_helpers.statistics import paired_difference
from tests.chapters import reader


@pytest.fixture(scope="module")
def written_out():
    return reader.names("08-training", "train_network", "score")


@pytest.fixture(scope="module")
def noise():
    """Images whose class is their brightness, and some to validate on."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(10, (190,), generator=generator)
    images = (
        torch.randn(190, 1, 32, 32, generator=generator) + labels[:, None, None, None]
    )
    images -= 4.5
    return (images[:130], labels[:130]), (images[130:], labels[130:])


def test_the_loop_of_the_chapter_is_fit(written_out, noise):
    train, held = noise
    networks = []
    for _ in range(2):
        torch.manual_seed(1)
        networks.append(ModernLeNet5(activation="relu", pool="max"))
    by_hand, by_fit = networks
    by_hand.to(memory_format=torch.channels_last)
    rows = written_out["train_network"](by_hand, train, held, epochs=3, seed=4)
    history = training.fit(
        by_fit,
        TensorDataset(*train),
        validation=TensorDataset(*held),
        epochs=3,
        seed=4,
        device="cpu",
        progress=False,
    )
    for a, b in zip(by_hand.parameters(), by_fit.parameters()):
        assert torch.allclose(a, b, atol=1e-5)
    for mine, theirs in zip(rows, history.rows):
        assert mine == pytest.approx({k: theirs[k] for k in mine}, rel=1e-3)


def test_its_scores_are_those_of_evaluate(written_out, noise):
    _, (images, labels) = noise
    model = ModernLeNet5()
    scores = training.evaluate(model, TensorDataset(images, labels))
    loss, accuracy = written_out["score"](model, images, labels)
    assert (loss, accuracy) == pytest.approx((scores.loss, scores.accuracy))


def test_a_second_softmax_cannot_go_below_the_floor_that_is_named():
    floor = -math.log(math.e / (math.e + 9))
    assert f"{floor:.3f}" == "1.461"
    logits = torch.zeros(1, 10, requires_grad=True)
    optimizer = torch.optim.SGD([logits], lr=100)
    for _ in range(2000):
        optimizer.zero_grad()
        F.cross_entropy(logits.softmax(1), torch.tensor([3])).backward()
        optimizer.step()
    reached = F.cross_entropy(logits.softmax(1), torch.tensor([3])).item()
    assert floor < reached < floor + 0.02


def test_the_logistic_sigmoid_passes_on_a_quarter_at_most():
    a = torch.linspace(-9, 9, 1001, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(torch.sigmoid(a).sum(), a)
    assert slope.max() == 0.25
    (slope,) = torch.autograd.grad((1.7159 * torch.tanh(2 / 3 * a)).sum(), a)
    assert f"{slope.max():.2f}" == "1.14"


def test_numbers_of_the_quiz():
    by_id = {question.id: question for question in quiz.load("training").questions}
    steps = len(torch.arange(55_000).split(64))
    assert by_id["steps-of-an-epoch"].number.value == steps
    others = {value for value, _ in by_id["steps-of-an-epoch"].number.wrong}
    assert others == {55_000 // 64, 60_000 // 64, len(torch.arange(60_000).split(64))}
    half_width = 1.96 * math.sqrt(0.9905 * 0.0095 / 10_000)
    assert 2.5 < half_width / (0.9912 - 0.9905) < 3.5


# --- checkers that watch what an answer does -------------------------------------


def test_clearing_after_the_step_is_as_good_unless_something_was_left_over():
    """The check starts with a gradient left over: only clearing first is right."""
    late = stage._step("bsz")
    verdict = exercises.check("training.step", late)
    assert not verdict


def test_a_loss_as_tensor_is_told_from_a_number_and_from_a_detached_one():
    kept = stage._step("zbs", leave=lambda loss: loss)
    detached = stage._step("zbs", leave=torch.Tensor.detach)
    assert "Return a number" in exercises.check("training.step", kept).text
    assert exercises.check("training.step", detached)


def test_recipes_are_compared_seed_by_seed():
    text = reader.line("08-training")
    runs = reader.results("recipes")["runs"]
    scores = {(r["recipe"], r["seed"]): 100 * r["test_accuracy_last"] for r in runs}
    for ours, other in (
        ("ours", "tanh-adam"),
        ("sigmoid-sgd-as-printed", "sigmoid-sgd"),
    ):
        gain = paired_difference(
            [scores[ours, seed] for seed in range(5)],
            [scores[other, seed] for seed in range(5)],
        )
        assert gain.told_apart
        assert f"{gain.mean:.2f} ± {gain.half:.2f} points" in text
    spread = torch.tensor([scores["ours", seed] for seed in range(5)]).std().item()
    assert spread == pytest.approx(100 * math.sqrt(150 * 2 / 9) / 10_000, abs=0.01)


def test_the_first_seed_to_wake_up_ends_highest_and_the_last_one_lowest():
    runs = reader.results("recipes")["runs"]
    for recipe in ("sigmoid-sgd", "unpadded-sgd"):
        mine = [run for run in runs if run["recipe"] == recipe]
        awake = sorted(mine, key=lambda run: run["epochs"][6]["train_loss"])
        ends = [run["test_accuracy_last"] for run in awake]
        assert ends[0] == max(ends) and ends[-1] == min(ends)
        for run in mine:  # half of the ten epochs or more, for either loss
            for loss in ("train_loss", "val_loss"):
                assert min(row[loss] for row in run["epochs"][:4]) > 2.25
            assert run["epochs"][4]["train_loss"] > 2.25
            assert run["epochs"][-1]["val_loss"] < run["epochs"][-2]["val_loss"]


def test_each_seed_holds_back_other_images():
    """So the curves of five seeds are not of one validation set."""
    digits = TensorDataset(torch.zeros(60, 1, 32, 32), torch.arange(60))
    held = [training.split(digits, 1 / 12, seed)[1].tensors[1] for seed in (0, 0, 1)]
    assert torch.equal(held[0], held[1]) and not torch.equal(held[0], held[2])


def test_an_untrained_network_starts_at_ln_10_with_one_class_as_well():
    torch.manual_seed(0)
    images, labels = torch.randn(64, 1, 32, 32), torch.full((64,), 3)
    loss = F.cross_entropy(ModernLeNet5(activation="relu", pool="max")(images), labels)
    assert loss.item() == pytest.approx(math.log(10), abs=0.15)


def test_a_weight_that_is_used_twice_is_added_up_before_grad():
    """So gradients that add up in ``.grad`` are for several backward passes."""
    weight, calls = torch.nn.Parameter(torch.tensor(2.0)), []
    weight.register_post_accumulate_grad_hook(lambda p: calls.append(p.grad.item()))
    (weight * weight).backward()
    assert calls == [4.0]
