"""What the chapter on limits and legacy says in words and uses, checked."""

import ast
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from experiments.cifar import legacy
from lenet_helpers import models
from lenet_helpers.models.descendants import Descendant
from tests.chapters import reader

CHAPTER = "15-limits-and-legacy"


def taught(name: str, **given):
    """What the chapter defines under this name."""
    return reader.names(CHAPTER, name, **given)[name]


def test_warp_moves_turns_and_enlarges():
    warp = taught("warp")
    x = torch.rand(2, 1, 32, 32)
    right = np.pad(x.numpy(), ((0, 0), (0, 0), (0, 0), (5, 0)))[..., :32]
    assert np.allclose(warp(x, right=5), right, atol=1e-4)
    left = np.pad(x.numpy(), ((0, 0), (0, 0), (0, 0), (0, 5)))[..., 5:]
    assert np.allclose(warp(x, right=-5), left, atol=1e-4)
    turned = np.rot90(x.numpy(), axes=(2, 3))  # counter-clockwise
    assert np.allclose(warp(x, degrees=90), turned, atol=1e-4)
    middle = F.interpolate(x[..., 8:24, 8:24], scale_factor=2, mode="bilinear")
    inside = warp(x, size=2)[..., 2:-2, 2:-2]
    torch.testing.assert_close(inside, middle[..., 2:-2, 2:-2], atol=1e-4, rtol=0)


def test_contrast_and_ground_vanish_when_a_picture_is_standardised():
    x = torch.rand(3, 1, 8, 8)
    changed = 0.3 + 0.2 * x
    same = [taught("standardised")(p, 0.1, 0.28) for p in (x, changed)]
    torch.testing.assert_close(*same, atol=1e-5, rtol=1e-4)
    assert same[0].mean().item() == pytest.approx(0.1, abs=1e-5)
    assert same[0][0].std().item() == pytest.approx(0.28, abs=1e-5)


def test_the_attack_raises_the_loss_by_the_signs_of_finite_differences():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(6, 3)).double()
    digits = SimpleNamespace(mean=0.3, std=0.5)
    fgsm = taught("fgsm", model=model, digits=digits)
    pixels = 0.2 + 0.6 * torch.rand(1, 1, 2, 3, dtype=torch.float64)
    label = torch.tensor([1])

    def loss(p):
        return F.cross_entropy(model((p - 0.3) / 0.5), label).item()

    moved = fgsm(pixels, label, 0.01) - pixels
    for i in range(6):
        bump = torch.zeros(6, dtype=torch.float64)
        bump[i] = 1e-5
        rise = loss(pixels + bump.view_as(pixels)) - loss(pixels)
        assert moved.flatten()[i].item() == pytest.approx(math.copysign(0.01, rise))


def test_the_table_of_networks_is_that_of_torchvision():
    import torchvision.models as tv

    counted = taught("counted")
    for make, weights in (
        (tv.vgg16, tv.VGG16_Weights),
        (tv.resnet50, tv.ResNet50_Weights),
        (tv.vit_b_16, tv.ViT_B_16_Weights),
        (tv.convnext_tiny, tv.ConvNeXt_Tiny_Weights),
    ):
        _, params, macs, uses = counted(make, (3, 224, 224))
        about = weights.IMAGENET1K_V1.meta
        assert params == about["num_params"]
        assert macs / 1e9 == pytest.approx(about["_ops"], rel=0.01)
        assert uses > 100
    low = [
        counted(models.ModernLeNet5, (1, 32, 32)),
        counted(models.AlexNet, (3, 227, 227)),
    ]
    assert [row[1] for row in low] == [61_706, 60_965_224]
    assert [row[2] for row in low] == [416_520, 724_406_816]
    assert max(row[3] for row in low) < 12
    assert round(low[0][3]) == 7
    *_, macs, uses = counted(tv.vit_b_16, (3, 224, 224))
    attention = 12 * 2 * 197**2 * 768  # queries with keys, and the weighted sums
    assert uses == pytest.approx((macs - attention) / 86_567_656) and round(uses) == 195


def test_torch_starts_with_a_third_of_the_variance_that_keeps_the_size():
    torch.manual_seed(0)
    conv = nn.Conv2d(64, 64, 3)
    inputs = 64 * 9
    assert conv.weight.var().item() == pytest.approx(1 / (3 * inputs), rel=0.02)


@pytest.mark.parametrize(
    "act, factor", [(torch.tanh, 3**-0.5), (torch.relu, 6**-0.5)], ids=["tanh", "relu"]
)
def test_the_error_shrinks_by_the_predicted_factor(act, factor):
    """One wide layer, no borders: the same law without the chapter's tower."""
    torch.manual_seed(0)
    layer = nn.Linear(3000, 3000, bias=False)
    x = 0.1 * torch.randn(64, 3000)
    x.requires_grad_(True)
    error = torch.randn(64, 3000)
    act(layer(x)).backward(error)
    assert (x.grad.std() / error.std()).item() == pytest.approx(factor, rel=0.03)


def test_every_source_of_the_chapter_is_in_the_bibliography():
    cited = reader.cited(CHAPTER)
    assert cited and cited <= reader.bibliography()


def test_every_network_has_a_name_of_its_own_in_the_figure():
    source = reader.cells(CHAPTER)["limits-measured-shown"].source
    (assignment,) = [n for n in ast.parse(source).body if isinstance(n, ast.Assign)][:1]
    names = ast.literal_eval(assignment.value)
    known = {name.removesuffix("-he") for name in legacy.NETWORKS}
    assert set(names) == known
    assert len(set(names.values())) == len(names)


def test_numbers_on_the_descendants_stand_in_the_text():
    import torchvision.models as tv

    told = reader.sources(CHAPTER)
    with torch.device("meta"):
        vgg = tv.vgg16()
    dense = sum(p.numel() for p in vgg.classifier.parameters())
    share = 100 * dense / sum(p.numel() for p in vgg.parameters())
    assert f"hold {share:.0f} % of the weights" in told["limits-family-read"]
    assert "about 195 times" in told["limits-left-asked"]
    assert "195 times an image" in told["limits-summary"]


def test_he_s_start_and_normalisation_let_the_gradient_through_thirteen_layers():
    ratios = {}
    he = nn.init.kaiming_normal_
    for name, start in (("torch", None), ("he", he), ("norm", None)):
        torch.manual_seed(0)
        net = Descendant(**legacy.DEEP, skip=False, norm=name == "norm")
        convs = [m for m in net.modules() if isinstance(m, nn.Conv2d)]
        for conv in convs if start else ():
            start(conv.weight, nonlinearity="relu")
        x, labels = torch.randn(64, 3, 32, 32), torch.randint(10, (64,))
        F.cross_entropy(net(x), labels).backward()
        first, *_, last = (c.weight.grad.abs().mean().item() for c in convs)
        ratios[name] = first / last
    assert ratios["torch"] < 0.02 and ratios["he"] > 0.5
    assert ratios["norm"] > 0.5  # as the answer on ResNet says


def test_the_cut_off_at_black_leaves_nearly_half_of_the_pixels_where_they_were():
    """So the quiz and the caption say *pushed*, not *moved*."""
    ink = torch.rand(4, 1, 32, 32)
    pixels = torch.where(torch.rand(ink.shape) < 0.85, torch.zeros_like(ink), ink)
    signs = torch.randn(ink.shape).sign()
    moved = ((pixels + 0.15 * signs).clamp(0, 1) != pixels).float().mean().item()
    assert 0.5 < moved < 0.65
