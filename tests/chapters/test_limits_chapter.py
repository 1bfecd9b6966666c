"""What the chapter on limits and legacy says in words and uses, checked."""

import ast
import math
import re
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


# ---- Cheap layers ----


def test_bottleneck_and_projections_are_those_of_resnet_50():
    import torchvision.models as tv

    with torch.device("meta"):
        net = tv.resnet50()
    block = net.layer1[1]
    convs = (block.conv1, block.conv2, block.conv3)
    few = sum(c.weight.numel() for c in convs)
    ways = [m.downsample[0].weight.numel() for m in net.modules() if has_way(m)]
    out = reader.printed(reader.cells(CHAPTER)["limits-bottleneck"])
    assert f"bottleneck at 256 maps {few:,}" in out and f"{ways[1]:,}" in out
    assert round(2 * 9 * 256**2 / few) == 17 and len(ways) == 4
    told = reader.sources(CHAPTER)["limits-bottleneck-read"]
    whole = sum(p.numel() for p in net.parameters())
    assert f"{sum(ways) / 1e6:.1f} of its {whole / 1e6:.1f} million" in told
    assert sum(isinstance(m, tv.resnet.Bottleneck) for m in net.modules()) == 16


def has_way(module: nn.Module) -> bool:
    return getattr(module, "downsample", None) is not None


def test_gates_are_those_of_torchvision():
    from torchvision.ops import SqueezeExcitation

    ours, theirs = taught("SqueezeExcite")(16, 4), SqueezeExcitation(16, 4)
    for name in ("fc1", "fc2"):
        own, other = getattr(ours, name), getattr(theirs, name)
        own.weight.data = other.weight.data[:, :, 0, 0]
        own.bias.data = other.bias.data
    x = torch.randn(2, 16, 5, 5)
    torch.testing.assert_close(ours(x), theirs(x))
    assert sum(p.numel() for p in ours.parameters()) == 2 * 16**2 // 4 + 4 + 16


def test_in_the_stored_run_time_fell_by_less_than_half_of_what_was_counted():
    cells = reader.cells(CHAPTER)
    counted = reader.printed(cells["limits-cheap-counted"]).splitlines()[0]
    timed = reader.printed(cells["limits-cheap-timed"]).splitlines()[0]
    most = float(timed.split(" to ")[1].split()[0])
    assert most < float(counted.split()[-3]) / 2


# ---- Boxes and masks ----


def test_boxes_are_compared_and_thinned_out_as_torchvision_does():
    from torchvision import ops

    iou, nms = (taught(name) for name in ("iou", "nms"))
    torch.manual_seed(0)
    low = 20 * torch.rand(40, 2)
    boxes = torch.cat([low, low + 1 + 20 * torch.rand(40, 2)], 1)
    torch.testing.assert_close(iou(boxes, boxes[:7]), ops.box_iou(boxes, boxes[:7]))
    for limit in (0.1, 0.5, 1.0):
        scores = torch.rand(40)
        assert nms(boxes, scores, limit) == ops.nms(boxes, scores, limit).tolist()


def test_a_digit_is_never_worse_framed_than_the_exercise_says():
    iou, worst = taught("iou"), 1.0
    grid = torch.cartesian_prod(torch.arange(0.0, 13, 4), torch.arange(0.0, 13, 4))
    windows = torch.cat([grid, grid + 28], 1)
    for at in torch.cartesian_prod(torch.arange(9.0), torch.arange(9.0)):
        frame = torch.cat([at, at + 28])[None]
        worst = min(worst, iou(frame, windows).max().item())
    assert worst == pytest.approx(676 / 892)


def test_what_is_said_of_the_masks_was_printed():
    cells = reader.cells(CHAPTER)
    mean, half = map(
        float,
        re.search(r"\+(\S+) ± (\S+)\n", printed("limits-segmenter-measured")).groups(),
    )
    told = cells["limits-segmenter-read"].source
    assert f"worth {mean:.0f} ± {half:.0f} points" in told
    bars = printed("limits-segmenter-bars")
    assert "coarse, best threshold: 75 %" in bars and "further than 75 %" in told
    assert "88% are right" in bars and "88 % of them right" in told
    assert "a 0, read as 6" in printed("limits-boxes-shown")
    assert printed("limits-boxes-measured").startswith("274 digits")
    assert "274 digits" in cells["limits-boxes-read"].source


def printed(id: str) -> str:
    return reader.printed(reader.cells(CHAPTER)[id])


# ---- Grad-CAM and attention ----


def test_grad_cam_is_a_class_activation_map_where_only_averages_follow():
    torch.manual_seed(0)

    class Averaging(nn.Module):
        def __init__(self):
            super().__init__()
            self.c1, self.c3 = nn.Conv2d(1, 3, 3), nn.Conv2d(3, 5, 3)
            self.s2, self.s4 = nn.Identity(), nn.Identity()
            self.c5, self.f6 = nn.AdaptiveAvgPool2d(1), nn.Identity()
            self.output, self.act = nn.Linear(5, 4), nn.ReLU()

    net, x = Averaging(), torch.randn(2, 1, 9, 9)
    heat = taught("grad_cam")(net, x, torch.tensor([1, 3]), "C3")
    maps = net.act(net.c3(net.act(net.c1(x))))
    weights = net.output.weight[[1, 3]] / 25
    cam = torch.einsum("nk,nkij->nij", weights, maps).relu()
    torch.testing.assert_close(heat, cam.detach())


@pytest.mark.parametrize("layer, side", [("c3", 10), ("s4", 5)])
def test_heat_stands_where_the_fields_have_their_centres(layer, side):
    model = models.ModernLeNet5(activation="relu", pool="avg")
    parts = [model.c1, model.s2, model.c3, model.s4][: 3 if layer == "c3" else 4]
    for at in (0, side - 1):
        x = torch.zeros(1, 1, 32, 32, requires_grad=True)
        maps = nn.Sequential(*parts)(x)
        (slope,) = torch.autograd.grad(maps[0, :, at, at].sum(), x)
        rows = slope[0, 0].abs().sum(1).nonzero().flatten().double()
        heat = torch.zeros(1, side, side)
        heat[0, side // 2, at] = 1  # alone in its column
        seen = taught("placed")(heat)[0].sum(0)
        edge = 20 // side // 2 * (-1 if at == 0 else 1)  # bilinear goes flat there
        top = (seen == seen.max()).nonzero().flatten().double()
        assert abs(top.mean() - rows.mean()) <= abs(edge)
    assert rows.mean().item() == (24.5 if layer == "c3" else 23.5)


def test_the_price_of_attention_is_what_torch_counts():
    from torch.utils.flop_counter import FlopCounterMode

    n, d = 49, 32
    maps = nn.ModuleList(nn.Linear(d, d, bias=False) for _ in range(4))
    x = torch.randn(1, n, d)
    with FlopCounterMode(display=False) as counter:
        q, k, v = (one(x) for one in maps[:3])
        maps[3]((q @ k.mT).softmax(-1) @ v)
    assert counter.get_total_flops() == 2 * (2 * n**2 * d + 4 * n * d**2)
    shown = reader.cells(CHAPTER)["limits-attention-cost-counted"].outputs[0].data
    rows = shown["text/plain"].splitlines()[2:]
    for side, row in zip((14, 28, 56, 112), rows, strict=True):
        n, d = side**2, 768
        costs = 2 * n * n * d, 4 * n * d * d, 9 * n * d * d, 9 * n * d
        assert row.split()[1:] == [f"{cost / 1e6:,.0f}" for cost in costs]
    products, both, full, _ = (float(c.replace(",", "")) for c in rows[0].split()[1:])
    assert products + both < full  # cheaper at 14×14, as the text says


def test_random_weights_change_the_heat_as_the_text_says():
    highs = re.findall(r"to (\S+)", printed("limits-cam-random"))
    output, everything = map(float, highs)
    assert everything < 0.1 < output < 0.4
