"""The loop against a loop written out, and everything that can go wrong in one."""

import copy
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import TensorDataset

from lenet_helpers import training
from lenet_helpers.models import ModernLeNet5
from lenet_helpers.training.checkpoints import CheckpointError


@pytest.fixture(scope="module")
def digits():
    """Bright squares in one of four corners, with noise: learnt in an epoch or two."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(4, (240,), generator=generator)
    images = torch.randn(240, 1, 32, 32, generator=generator)
    for image, label in zip(images, labels, strict=True):
        row, column = divmod(label.item(), 2)
        image[0, 16 * row : 16 * row + 16, 16 * column : 16 * column + 16] += 1
    return TensorDataset(images, labels)


def fresh(seed=0, **kwargs):
    torch.manual_seed(seed)
    return ModernLeNet5(num_classes=4, **kwargs)


fit = partial(training.fit, batch_size=32, progress=False)


def weights(model):
    return nn.utils.parameters_to_vector(model.parameters())


def test_fit_takes_the_steps_of_a_loop_written_out(digits):
    model, by_hand = fresh(), fresh()
    fit(model, digits, epochs=2, lr=0.05, optimizer="sgd", validation=None, seed=3)

    images, labels = digits.tensors
    order = torch.Generator().manual_seed(3)
    for _ in range(2):
        for batch in torch.randperm(240, generator=order).split(32):
            loss = F.cross_entropy(by_hand(images[batch]), labels[batch])
            by_hand.zero_grad()
            loss.backward()
            with torch.no_grad():
                for p in by_hand.parameters():
                    p -= 0.05 * p.grad
    assert torch.allclose(weights(model), weights(by_hand), atol=1e-5)


def test_the_same_seed_gives_the_same_run_and_another_does_not(digits):
    runs = []
    for seed in (0, 0, 1):
        model = fresh()
        fit(model, digits, epochs=1, seed=seed)
        runs.append(weights(model).detach())
    assert torch.equal(runs[0], runs[1])
    assert not torch.equal(runs[0], runs[2])


def test_training_learns(digits):
    model = fresh()
    history = fit(model, digits, epochs=5, lr=0.003, validation=0.25)
    assert history.best["val_accuracy"] > 0.9
    assert history.rows[-1]["train_loss"] < history.rows[0]["train_loss"]
    assert len(history.step_losses) == 5 * -(-180 // 32)
    assert list(history.table().index) == [1, 2, 3, 4, 5]


def test_the_weights_kept_are_those_of_the_best_epoch(digits):
    train, held = training.split(digits, 60)
    model = fresh()
    history = fit(model, train, epochs=6, lr=0.02, validation=held)
    scores = training.evaluate(model, held)
    assert scores.accuracy == history.best["val_accuracy"]
    assert scores.accuracy == max(r["val_accuracy"] for r in history.rows)


def test_reported_losses_are_means_over_images_not_over_batches(digits):
    model = fresh()
    history = fit(model, digits, epochs=1, lr=0.0, optimizer="sgd", validation=None)
    truth = F.cross_entropy(model(digits.tensors[0]), digits.tensors[1]).item()
    assert history.rows[0]["train_loss"] == pytest.approx(truth, rel=1e-5)
    score = training.evaluate(model, digits, batch_size=100)
    assert score.loss == pytest.approx(truth, rel=1e-5)


def test_split_is_a_seeded_partition(digits):
    numbered = TensorDataset(torch.arange(240.0).view(240, 1, 1, 1), digits.tensors[1])
    train, held = training.split(numbered, 40, seed=5)
    both = torch.cat([train.tensors[0], held.tensors[0]]).flatten()
    assert (len(train), len(held)) == (200, 40)
    assert torch.equal(both.sort().values, torch.arange(240.0))
    again = training.split(numbered, 40, seed=5)[1]
    assert torch.equal(held.tensors[0], again.tensors[0])


def test_scores_count_errors_and_confusions(digits):
    scores = training.evaluate(fresh(), digits)
    truth, said = scores.labels, scores.predictions
    for row in range(4):
        for column in range(4):
            count = ((truth == row) & (said == column)).sum()
            assert scores.confusion[row, column] == count
    assert scores.errors == (truth != said).sum()


def test_evaluating_restores_the_mode(digits):
    model = fresh().train()
    training.evaluate(model, digits)
    assert model.training


def test_early_stopping_waits_for_patience(digits):
    history = fit(fresh(), digits, epochs=20, lr=0.0, optimizer="sgd", patience=3)
    assert (history.best_epoch, len(history.rows)) == (1, 4)


def test_each_schedule_moves_the_rate_and_unknown_ones_are_named(digits):
    ends = {}
    for schedule in (None, "one-cycle", "cosine", "step"):
        history = fit(fresh(), digits, epochs=3, schedule=schedule)
        ends[schedule] = history.rows[-1]["lr"]
    assert ends[None] == 1e-3
    assert ends["cosine"] < 1e-5
    assert ends["step"] < 2e-4 and ends["one-cycle"] < 1e-6
    own = fit(
        fresh(),
        digits,
        epochs=1,
        schedule=lambda opt, n: torch.optim.lr_scheduler.LinearLR(opt, 1, 0.5, n),
    )
    assert own.rows[-1]["lr"] == pytest.approx(1e-3 * (1 - 0.5 * 6 / 7))
    for wrong in ({"schedule": "linear"}, {"optimizer": "adma"}):
        with pytest.raises(ValueError, match="is not one of"):
            fit(fresh(), digits, epochs=1, **wrong)


def test_augmentation_sees_every_training_batch_and_no_validation(digits):
    seen = []

    def shift(images):
        seen.append(len(images))
        return images.roll(1, -1)

    fit(fresh(), digits, epochs=1, validation=40, augment=shift)
    assert sum(seen) == 200


# --- checkpoints ---------------------------------------------------------------


class Interrupted(Exception):
    pass


@pytest.mark.parametrize("schedule", [None, "one-cycle"])
def test_an_interrupted_training_ends_as_if_nothing_had_happened(
    digits, tmp_path, schedule
):
    def settings(model):
        model = nn.Sequential(nn.Dropout(0.2), model)  # uses the global generator
        return model, {"epochs": 5, "lr": 0.003, "schedule": schedule, "seed": 2}

    whole, plan = settings(fresh())
    expected = fit(whole, digits, **plan)

    path, calls = tmp_path / "run" / "last.pt", 0

    def killed_in_epoch_three(images):
        nonlocal calls
        calls += 1
        if calls == 7 * 2 + 4:
            raise Interrupted
        return images

    broken, plan = settings(fresh())
    with pytest.raises(Interrupted):
        fit(broken, digits, checkpoint=path, augment=killed_in_epoch_three, **plan)
    resumed, plan = settings(fresh(seed=9))
    history = fit(resumed, digits, checkpoint=path, resume=True, **plan)

    assert torch.equal(weights(whole), weights(resumed))
    strip = [{k: v for k, v in r.items() if k != "seconds"} for r in history.rows]
    assert strip == [
        {k: v for k, v in r.items() if k != "seconds"} for r in expected.rows
    ]
    assert history.step_losses == expected.step_losses


def test_resuming_a_finished_run_gives_its_result(digits, tmp_path):
    first, again = fresh(), fresh(seed=4)
    plan = {"epochs": 2, "checkpoint": tmp_path / "c.pt", "resume": True}
    fit(first, digits, **plan)
    fit(again, digits, **plan)
    assert torch.equal(weights(first), weights(again))


def test_a_half_written_checkpoint_is_refused(digits, tmp_path):
    path = tmp_path / "c.pt"
    fit(fresh(), digits, epochs=1, checkpoint=path)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(CheckpointError, match="not a whole checkpoint.*delete it"):
        fit(fresh(), digits, epochs=2, checkpoint=path, resume=True)
    path.write_bytes(b"")
    with pytest.raises(CheckpointError, match="not a whole checkpoint"):
        fit(fresh(), digits, epochs=2, checkpoint=path, resume=True)


def test_a_failed_write_leaves_the_old_checkpoint(digits, tmp_path, monkeypatch):
    path = tmp_path / "c.pt"
    fit(fresh(), digits, epochs=1, checkpoint=path)
    before = path.read_bytes()

    def disk_full(state, file):
        file.write(b"half of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", disk_full)
    with pytest.raises(CheckpointError, match="No space left"):
        fit(fresh(), digits, epochs=2, checkpoint=path, resume=True)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_checkpoint_of_another_model_or_run_is_refused(digits, tmp_path):
    path = tmp_path / "c.pt"
    fit(fresh(), digits, epochs=1, checkpoint=path)
    other = nn.Sequential(nn.Flatten(), nn.Linear(1024, 4))
    with pytest.raises(CheckpointError, match="another model: 1.weight is nothing"):
        fit(other, digits, epochs=2, checkpoint=path, resume=True)
    with pytest.raises(CheckpointError, match="batch_size=32, not 64"):
        fit(fresh(), digits, epochs=2, batch_size=64, checkpoint=path, resume=True)
    torch.save({"weights": 1}, path)
    with pytest.raises(CheckpointError, match="holds no model"):
        fit(fresh(), digits, epochs=2, checkpoint=path, resume=True)


# --- divergence ----------------------------------------------------------------


def test_a_loss_that_is_not_a_number_stops_the_run_and_says_where(digits):
    with pytest.raises(training.TrainingDiverged, match="epoch 1.*learning rate"):
        fit(fresh(activation="relu"), digits, epochs=3, lr=1e9, optimizer="sgd")


def test_divergence_puts_the_best_weights_back(digits):
    def loss_fn(logits, labels):
        nonlocal calls
        calls += 1
        loss = F.cross_entropy(logits, labels)
        return loss * float("nan") if calls == 12 else loss

    calls, model, reference = 0, fresh(), fresh()
    fit(reference, digits, epochs=1)
    with pytest.raises(
        training.TrainingDiverged, match="nan at epoch 2, step 4.*put back"
    ):
        fit(model, digits, epochs=3, loss_fn=loss_fn)
    assert torch.equal(weights(model), weights(reference))


# --- data and settings that cannot work -----------------------------------------

IMAGES, LABELS = torch.zeros(20, 1, 32, 32), torch.zeros(20, dtype=torch.int64)


@pytest.mark.parametrize(
    ("images", "labels", "error", "says"),
    [
        (IMAGES[:, :, 2:30, 2:30], LABELS, ValueError, "28x28 pixels"),
        (IMAGES.byte(), LABELS, TypeError, "uint8"),
        (IMAGES + 200, LABELS, ValueError, "raw values"),
        (IMAGES, LABELS.float(), TypeError, "class indices"),
        (IMAGES, F.one_hot(LABELS, 4), ValueError, "one-hot"),
        (IMAGES, LABELS - 1, ValueError, "count from 0"),
    ],
)
def test_wrong_images_and_labels_are_refused(images, labels, error, says):
    with pytest.raises(error, match=says):
        fit(fresh(), TensorDataset(images, labels), epochs=1)
    if says != "count from 0":
        with pytest.raises(error, match=says):
            training.evaluate(fresh(), TensorDataset(images, labels))


def test_settings_that_cannot_work_are_refused(digits):
    for wrong in ({"batch_size": 0}, {"epochs": 0}):
        with pytest.raises(ValueError, match="start at 1"):
            fit(fresh(), digits, **({"epochs": 1} | wrong))
    with pytest.raises(ValueError, match="nothing on one side"):
        fit(fresh(), digits, epochs=1, validation=5000)
    with pytest.raises(TypeError, match="DataLoader"):
        fit(fresh(), torch.utils.data.DataLoader(digits), epochs=1)
    with pytest.raises(ValueError, match="no device"):
        fit(fresh(), digits, epochs=1, device="gpu")
    if not torch.cuda.is_available():
        with pytest.raises(ValueError, match="it has"):
            training.pick_device("cuda")


def test_the_callers_model_object_is_trained_in_place(digits):
    model = fresh()
    before, c1 = copy.deepcopy(model), model.c1
    fit(model, digits, epochs=1)
    assert model.c1 is c1
    assert model.c3.weight.is_contiguous()
    assert not torch.equal(weights(before), weights(model))
