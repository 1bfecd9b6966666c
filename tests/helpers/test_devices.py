"""What can go wrong between a run and its device, and whether the error helps."""

from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import TensorDataset

from lenet_helpers import training
from lenet_helpers.models import ModernLeNet5
from lenet_helpers.training import devices
from lenet_helpers.training.checkpoints import CheckpointError

META = torch.device("meta")  # a second device that every machine has
fit = partial(training.fit, epochs=1, batch_size=32, validation=None, progress=False)


@pytest.fixture
def digits():
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(80, 1, 32, 32, generator=generator)
    return TensorDataset(images, torch.arange(80) % 10)


def fresh():
    torch.manual_seed(0)
    return ModernLeNet5(activation="relu", pool="max")


@pytest.mark.parametrize("name", ["gpu", "cuda:99", "cpu:1", "meta"])
def test_a_device_that_is_not_there_is_named_with_those_that_are(digits, name):
    with pytest.raises(ValueError, match=f"{name}.*cpu"):
        fit(fresh(), digits, device=name)


# --- memory ----------------------------------------------------------------------


def hungry(images):
    """Asks the real allocator for more than any machine has."""
    if len(images) == 16:  # the last batch of the 80 images
        torch.empty(2**60, dtype=torch.uint8)
    return images


def fail_on(device, batch_size, error):
    with devices.explained(torch.device(device), batch_size):
        raise error


def test_out_of_memory_names_the_batch_that_failed_and_a_smaller_one(digits):
    with pytest.raises(training.OutOfMemory, match="batch of 16 .*batch_size=8"):
        fit(fresh(), digits, augment=hungry)


def test_a_gpu_out_of_memory_is_told_the_same_way():
    full = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
    with pytest.raises(devices.OutOfMemory, match="cuda.* 512 .*batch_size=256"):
        fail_on("cuda", 512, full)
    with pytest.raises(devices.OutOfMemory, match="1 images; a smaller network"):
        fail_on("mps", 1, RuntimeError("MPS backend out of memory"))


def test_evaluation_that_does_not_fit_says_so(digits):
    class Hungry(nn.Module):
        def forward(self, images):
            return hungry(images)

    with pytest.raises(training.OutOfMemory, match="batch of 16 .*batch_size=8"):
        training.evaluate(Hungry(), digits, batch_size=16)


def test_weights_of_the_best_epoch_survive_running_out_of_memory(digits):
    calls = 0

    def full_in_epoch_two(images):
        nonlocal calls
        calls += 1
        if calls == 4:
            torch.empty(2**60, dtype=torch.uint8)
        return images

    model, expected = fresh(), fresh()
    fit(expected, digits, batch_size=32)
    with pytest.raises(training.OutOfMemory):
        fit(model, digits, epochs=2, augment=full_in_epoch_two)
    assert torch.equal(model.c3.weight, expected.c3.weight)


def test_other_errors_pass_unchanged():
    with pytest.raises(RuntimeError, match="^shapes differ$") as caught:
        fail_on("cpu", 8, RuntimeError("shapes differ"))
    assert type(caught.value) is RuntimeError


# --- mixed devices ---------------------------------------------------------------


def test_a_model_on_two_devices_is_refused_with_both_named(digits):
    model = fresh()
    model.f6 = model.f6.to(META)
    with pytest.raises(training.MixedDevices, match="c1.weight on cpu.*f6.weight on m"):
        training.evaluate(model, digits)


def test_a_loss_or_an_augmentation_left_elsewhere_is_explained(digits):
    weighted = partial(F.cross_entropy, weight=torch.ones(10, device=META))
    shift = torch.zeros(1, device=META)[None, None, None].expand(1, 1, 32, 32)
    for wrong in ({"loss_fn": weighted}, {"augment": lambda images: images + shift}):
        with pytest.raises(training.MixedDevices, match="are on cpu.*loss_fn and aug"):
            fit(fresh(), digits, device="cpu", **wrong)


# --- mixed precision -------------------------------------------------------------


def test_bfloat16_multiplies_in_it_and_keeps_weights_and_loss_in_float32(digits):
    seen = set()

    def loss_fn(logits, labels):
        seen.add(logits.dtype)
        return F.cross_entropy(logits, labels)

    model, reference = fresh(), fresh()
    model.f6.register_forward_hook(lambda m, i, out: seen.add(out.dtype))
    history = fit(model, digits, amp=torch.bfloat16, loss_fn=loss_fn, device="cpu")
    exact = fit(reference, digits, device="cpu")
    assert seen == {torch.bfloat16, torch.float32}
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    assert history.rows[0]["train_loss"] == pytest.approx(
        exact.rows[0]["train_loss"], rel=0.02
    )
    assert history.step_losses != exact.step_losses


def test_float16_scales_the_loss_and_goes_on_with_its_scale(digits, tmp_path):
    plan = {"amp": torch.float16, "device": "cpu", "checkpoint": tmp_path / "c.pt"}
    whole, parts = fresh(), fresh()
    expected = fit(whole, digits, amp=torch.float16, device="cpu", epochs=3)
    fit(parts, digits, **plan, epochs=1)
    resumed = fit(fresh(), digits, **plan, epochs=3, resume=True)
    assert resumed.step_losses == expected.step_losses
    assert expected.rows[-1]["train_loss"] < expected.rows[0]["train_loss"]


def test_a_gradient_too_small_for_float16_survives_scaled(digits):
    def tiny(logits, labels):
        return F.cross_entropy(logits, labels) * 1e-6

    model, start, bare = fresh(), fresh(), fresh()
    plan = {"optimizer": "sgd", "lr": 1e4, "device": "cpu", "loss_fn": tiny}
    fit(model, digits, amp=torch.float16, **plan)
    assert not torch.equal(model.c1.weight, start.c1.weight)
    images, labels = digits.tensors
    with torch.autocast("cpu", torch.float16):
        logits = bare(images[:32])
    tiny(logits.float(), labels[:32]).backward()
    assert not bare.c1.weight.grad.any()  # what is lost without the scale


def test_types_and_devices_that_cannot_are_refused_with_advice(digits, monkeypatch):
    with pytest.raises(ValueError, match="float64: torch.bfloat16, torch.float16"):
        fit(fresh(), digits, amp=torch.float64)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: False)
    with pytest.raises(ValueError, match="cuda has no bfloat16.*float16.*amp=None"):
        devices.autocast(torch.device("cuda"), torch.bfloat16)


def test_a_run_in_one_precision_is_not_resumed_in_another(digits, tmp_path):
    plan = {"checkpoint": tmp_path / "c.pt", "device": "cpu"}
    fit(fresh(), digits, amp=torch.bfloat16, **plan)
    with pytest.raises(CheckpointError, match="amp=torch.bfloat16, not None"):
        fit(fresh(), digits, resume=True, **plan)
