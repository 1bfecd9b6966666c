"""Activations, saliency and occlusion against plain recomputation."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from lenet_helpers import inspection
from lenet_helpers.models import ModernLeNet5


@pytest.fixture
def model():
    torch.manual_seed(0)
    return ModernLeNet5()


@pytest.fixture
def images():
    return torch.randn(3, 1, 32, 32, generator=torch.Generator().manual_seed(1))


def test_activations_are_those_of_the_forward_pass_written_out(model, images):
    maps = inspection.activations(model, images)
    c1 = F.conv2d(images, model.c1.weight, model.c1.bias)
    s2 = F.avg_pool2d(c1.tanh(), 2)
    c3 = F.conv2d(s2, model.c3.weight, model.c3.bias)
    s4 = F.avg_pool2d(c3.tanh(), 2)
    f6 = model.f6(model.c5(s4).tanh().flatten(1))
    expected = {"c1": c1, "c1.act": c1.tanh(), "s2": s2, "c3": c3, "s4": s4, "f6": f6}
    for name, value in expected.items():
        assert torch.allclose(maps[name], value, atol=1e-6), name
    order = "c1 c1.act s2 c3 c3.act s4 c5 c5.act f6 f6.act output"
    assert list(maps) == order.split()


def test_in_place_activations_do_not_overwrite_what_was_recorded():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(inplace=True))
    images = torch.randn(2, 1, 8, 8)
    maps = inspection.activations(model, images)
    assert (maps["0"] < 0).any()
    assert torch.equal(maps["1"], maps["0"].relu())


def test_the_model_is_left_as_it_was(model, images):
    model.train()
    inspection.activations(model, images)
    inspection.saliency(model, images)
    inspection.occlusion(model, images, torch.tensor([0, 1, 2]), stride=9)
    assert model.training
    assert all(p.grad is None for p in model.parameters())
    assert not any(m._forward_hooks for m in model.modules())


def test_saliency_is_the_slope_of_the_logit(model, images):
    model, images = model.double(), images.double()
    classes = torch.tensor([3, 1, 4])
    found = inspection.saliency(model, images, classes)
    step = torch.zeros_like(images)
    step[:, 0, 10, 17] = 1e-5
    with torch.no_grad():
        rise = (model(images + step) - model(images - step)) / 2e-5
    slope = rise.gather(1, classes[:, None])[:, 0].abs()
    assert torch.allclose(found[:, 10, 17], slope, rtol=1e-4)


def test_occlusion_is_the_fall_of_the_probability(model, images):
    classes = torch.tensor([3, 1, 4])
    found = inspection.occlusion(model, images, classes, patch=8, stride=4)
    assert found.shape == (3, 7, 7)
    covered = images[1:2].clone()
    covered[:, :, 8:16, 20:28] = images[1].min()
    with torch.no_grad():
        before = model(images[1:2]).softmax(1)[0, 1]
        after = model(covered).softmax(1)[0, 1]
    assert found[1, 2, 5].item() == pytest.approx((before - after).item(), abs=1e-6)


def test_top_images_are_the_ones_with_the_largest_maximum(model):
    images = torch.randn(1500, 1, 32, 32)
    indices, values = inspection.top_images(model, images, "c1.act", 2, k=4)
    with torch.no_grad():
        peaks = F.conv2d(images, model.c1.weight, model.c1.bias).tanh()[:, 2]
    expected = peaks.flatten(1).amax(1).sort(descending=True)
    assert torch.equal(indices, expected.indices[:4])
    assert torch.allclose(values, expected.values[:4])


def test_a_patch_holds_all_that_its_unit_depends_on(model, images):
    position = (3, 6)
    patch = inspection.patch_of(images, 0, position, field=14, jump=2)
    other = torch.randn_like(images)
    other[0, :, 6:20, 12:26] = patch
    mine = inspection.activations(model, images)["c3"][0, :, 3, 6]
    theirs = inspection.activations(model, other)["c3"][0, :, 3, 6]
    assert torch.allclose(mine, theirs, atol=1e-5)


def test_principal_components_keep_the_largest_variance():
    features = torch.randn(200, 6) * torch.tensor([5.0, 0.1, 3.0, 0.1, 0.1, 0.1])
    points, share = inspection.principal_components(features)
    variance = torch.linalg.eigvalsh(torch.cov(features.T)).flip(0)
    assert torch.allclose(points.var(0), variance[:2], rtol=1e-4)
    assert torch.allclose(share, (variance / variance.sum())[:2], rtol=1e-4)


@pytest.mark.parametrize(
    ("images", "error", "says"),
    [
        (torch.zeros(28, 28), ValueError, r"images\[None, None\]"),
        (torch.zeros(1, 32, 32), ValueError, r"images\[None\]"),
        (torch.zeros(1, 1, 28, 28), ValueError, "built for 32x32"),
        (torch.zeros(1, 3, 32, 32), ValueError, "3 channels"),
        (torch.zeros(1, 1, 32, 32, dtype=torch.uint8), TypeError, "uint8"),
        (torch.full((1, 1, 32, 32), 255.0), ValueError, "raw values"),
        (torch.full((1, 1, 32, 32), float("nan")), ValueError, "NaN"),
        (torch.zeros(0, 1, 32, 32), ValueError, "empty"),
        ([[0.0]], TypeError, "list"),
    ],
)
def test_images_that_cannot_be_meant_are_refused(model, images, error, says):
    for look in (inspection.activations, inspection.saliency):
        with pytest.raises(error, match=says):
            look(model, images)


def test_unknown_layers_channels_and_patches_are_named(model, images):
    with pytest.raises(KeyError, match="no layer 'c2'"):
        inspection.top_images(model, images, "c2", 0)
    with pytest.raises(IndexError, match="0 to 5"):
        inspection.top_images(model, images, "c1", 6)
    with pytest.raises(ValueError, match="patch=40"):
        inspection.occlusion(model, images, torch.zeros(3).long(), patch=40)
