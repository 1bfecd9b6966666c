"""What the chapter on AlexNet says in words and uses, checked."""

import itertools
import math

import pytest
import torch
from scipy import stats
from torch import nn
from torchvision import models

from lenet_course import quiz
from lenet_course.ch13_alexnet import figures
from lenet_helpers import augment, shapes
from lenet_helpers.models import AlexNet, LeNet5
from lenet_helpers.models.four_layer import FourLayerNet, ResponseNorm
from tests.chapters import reader


def test_response_norm_is_torchs_with_alpha_times_the_size():
    a = 30 * torch.rand(2, 8, 5, 4, dtype=torch.float64)
    theirs = nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2)
    torch.testing.assert_close(ResponseNorm()(a), theirs(a))


@pytest.mark.parametrize("pool", ["overlapping", "tiled"])
@pytest.mark.parametrize("norm", [None, 1e-4])
def test_variants_of_the_four_layer_network_have_equal_sizes(pool, norm):
    model = FourLayerNet(pool=pool, norm=norm)
    assert sum(p.numel() for p in model.parameters()) == 21_786
    for side in (28, 32):
        model = FourLayerNet(pool=pool, norm=norm, input_size=side)
        assert model(torch.zeros(2, 3, side, side)).shape == (2, 10)


def test_two_groups_of_the_four_layer_network_halve_the_weights_they_cut():
    sizes = [
        sum(p.numel() for p in FourLayerNet(groups=n).parameters()) for n in (1, 2)
    ]
    assert sizes[0] - sizes[1] == 25 * (16 * 8 + 32 * 16) // 2
    assert sizes[1] == 13_786  # as the chapter says


def test_all_variants_but_the_two_groups_share_start_and_order(told):
    """The experiment draws the order of the pictures after the weights."""

    def drawn(**options):
        torch.manual_seed(0)
        weight = FourLayerNet(**options).features[0].weight
        return torch.cat([weight.flatten(), torch.randperm(2500)])

    for options in ({"pool": "tiled"}, {"norm": 1e-4}):
        assert drawn(**options).equal(drawn())
    assert not drawn(groups=2).equal(drawn())
    assert "all variants but the two groups" in told["alexnet-overlap-claims"]


def test_ten_crops_are_where_the_paper_puts_them():
    image = torch.arange(36.0).reshape(1, 1, 6, 6)
    crops = augment.ten_crops(image, 4)[0, :, 0]
    assert [int(crop[0, 0]) for crop in crops[:5]] == [0, 2, 12, 14, 7]
    for crop, mirrored in zip(crops[:5], crops[5:], strict=True):
        assert mirrored.equal(crop.flip(1))
    with pytest.raises(ValueError, match="no crop of 7 pixels"):
        augment.ten_crops(image, 7)


def test_random_crops_are_one_of_the_places_or_its_mirror():
    torch.manual_seed(0)
    image = torch.arange(2 * 36.0).reshape(1, 2, 6, 6)
    allowed = [
        part
        for y in range(3)
        for x in range(3)
        for part in (
            image[0, :, y : y + 4, x : x + 4],
            image[0, :, y : y + 4, x : x + 4].flip(2),
        )
    ]
    seen = set()
    for crop in augment.random_crop_flip(image.expand(300, -1, -1, -1), 4):
        matches = [i for i, part in enumerate(allowed) if part.equal(crop)]
        assert len(matches) == 1
        seen.update(matches)
    assert len(seen) == 18
    with pytest.raises(ValueError, match="no crop of 7 pixels"):
        augment.random_crop_flip(image, 7)


def test_colour_components_are_the_principal_ones():
    pixels = torch.rand(5, 3, 8, 8, dtype=torch.float64)
    pixels[:, 1] += 2 * pixels[:, 0]
    variances, directions = augment.colour_components(pixels)
    rows = pixels.transpose(0, 1).flatten(1).T
    centred = rows - rows.mean(0)
    _, scales, axes = torch.linalg.svd(centred, full_matrices=False)
    torch.testing.assert_close(variances, scales**2 / len(rows))
    torch.testing.assert_close(directions.abs(), axes.T.abs())


def test_colour_noise_shifts_a_whole_image_by_one_colour_along_the_components():
    torch.manual_seed(0)
    variances = torch.tensor([4.0, 1.0, 0.25])
    directions = torch.linalg.qr(torch.randn(3, 3)).Q
    before = torch.zeros(20_000, 3, 2, 2)
    shift = augment.colour_noise(before, variances, directions, sigma=0.1)
    assert shift.std((2, 3)).max() < 1e-6
    along = shift[:, :, 0, 0] @ directions
    expected = 0.1 * variances
    torch.testing.assert_close(along.std(0), expected, rtol=0.03, atol=0)


def test_numbers_of_the_quiz():
    with torch.device("meta"):
        two, one = (
            shapes.trace(AlexNet(groups=groups), (3, 227, 227)) for groups in (2, 1)
        )
    dense = sum(two[name].params for name in ("fc6", "fc7", "fc8"))
    assert (round(100 * dense / two.params), 100 - 96) == (96, 4)
    convs = sum(two[f"conv{i}"].macs for i in range(1, 6))
    assert round(100 * convs / two.macs) == 92
    assert round(100 * (1 - two.params / one.params)) == 2
    assert round(100 * (1 - two.macs / one.macs)) == 36
    assert f"{(one.macs - two.macs) / 1e6:.0f}" == "411"
    by_id = {question.id: question for question in quiz.load("alexnet").questions}
    assert by_id["pooled-sides"].number.value == shapes.conv_output_size(55, 3, 2)
    assert by_id["lrn-in-torch"].number.value == pytest.approx(5 * 1e-4)


def test_the_repairs_of_the_small_network_have_the_counts_that_are_printed():
    features = {32: 4096, 64: 16_384}
    for side, wanted in features.items():
        assert 256 * (side // 8) ** 2 == wanted
    assert 35_855_178 + 4096 * (16_384 - 4096) == 86_186_826


def test_the_velocities_of_paper_and_torch_part_when_the_rate_drops():
    def gap(rates):
        w = weight = 1.0
        v = velocity = 0.0
        for rate in rates:
            v = 0.9 * v - 0.0005 * rate * w - rate * 2 * w
            w += v
            velocity = 0.9 * velocity + 2 * weight + 0.0005 * weight
            weight -= rate * velocity
        return abs(w - weight)

    assert gap([0.01] * 20) < 1e-12
    assert gap([0.01] * 10 + [0.001] * 10) > 0.01


def test_pictures_are_drawn_in_order_and_empty_places_stay_empty():
    pixels = torch.rand(3, 3, 4, 4)
    axes = figures.pictures(pixels, ["one", "two"], columns=2).axes
    drawn = [torch.tensor(axis.images[0].get_array()) for axis in axes[:3]]
    for image, pixel in zip(drawn, pixels, strict=True):
        torch.testing.assert_close(image, pixel.permute(1, 2, 0))
    assert not axes[3].images and axes[1].get_title() == "two"


def test_boxes_of_the_two_towers_hold_half_of_each_layer():
    with torch.device("meta"):
        rows = shapes.trace(AlexNet(), (3, 227, 227))
    for name, size, crosses in figures.TOWERS:
        whole = rows[name].output_shape
        maps, _, sides = size.replace(",", "").partition("@")
        assert 2 * int(maps) == whole[0]
        assert (
            tuple(map(int, sides.split("×"))) == whole[1:] if sides else not whole[1:]
        )
        # A layer that reads the other GPU sees all maps; conv1 sees the image.
        assert crosses == (name in ("conv3", "fc6", "fc7"))


def test_later_networks_use_groups_as_the_box_says():
    with torch.device("meta"):
        resnext = models.resnext50_32x4d()
        mobile = models.mobilenet_v2()
    assert {m.groups for m in resnext.modules() if isinstance(m, nn.Conv2d)} == {1, 32}
    convs = [m for m in mobile.modules() if isinstance(m, nn.Conv2d)]
    pairs = [(a, b) for a, b in itertools.pairwise(convs) if a.groups > 1]
    assert pairs
    for depthwise, mixing in pairs:
        assert depthwise.groups == depthwise.in_channels == depthwise.out_channels
        assert mixing.kernel_size == (1, 1) and mixing.groups == 1


@pytest.fixture(scope="module")
def told() -> dict[str, str]:
    return reader.sources("13-alexnet")


@pytest.fixture(scope="module")
def runs():
    """Name of a long run -> its rows."""
    names = ("parts", "crops", "dropout")
    return {name: reader.results(f"alexnet-{name}")["runs"] for name in names}


def paired(rows, key, after, before):
    """Points of ``key``, seed by seed: mean and half of the 95 % interval, by scipy."""
    a, b = ([100 * r[key] for r in by_seed(rows, w)] for w in (after, before))
    low, high = stats.ttest_rel(a, b).confidence_interval(0.95)
    return (low + high) / 2, (high - low) / 2


def by_seed(rows, variant):
    mine = [row for row in rows if row["variant"] == variant]
    assert len(mine) == 5
    return sorted(mine, key=lambda row: row["seed"])


def test_sentences_on_the_parts_are_what_was_measured(told, runs):
    rows, text = runs["parts"], told["alexnet-parts-read"]
    best = {"tiled": 0.02, "norm-as-printed": 0.04, "two-groups": 0.04}
    plain = "overlapping 0.02"
    for name, rate in best.items():  # called not told apart
        mean, half = paired(rows, "test_error", f"{name} {rate:g}", plain)
        assert abs(mean) < half < 3
    pixel = "norm-at-pixel-scale 0.08"
    mean, half = paired(rows, "test_error", pixel, plain)
    assert mean > half and "is worse" in text
    for name in ("norm-as-printed 0.04", pixel):
        mean, half = paired(rows, "train_error", name, plain)
        assert mean > half and "*training* pictures both are worse" in text
    for name in ("norm-as-printed", "norm-at-pixel-scale"):
        mean, _ = paired(rows, "test_error", f"{name} 0.02", plain)
        assert f"{mean:.1f}" in text


def test_sentences_on_crops_and_dropout_are_what_was_measured(told, runs):
    text = told["alexnet-crops-long-read"]
    for variant, (train, test) in {"centre": (36, 55), "crops": (47, 54)}.items():
        rows = by_seed(runs["crops"], variant)
        means = [100 * sum(r[k] for r in rows) / 5 for k in ("train_error", "one_crop")]
        assert [round(mean) for mean in means] == [train, test]
        assert f"{train} % of them" in text or f"{train} and {test} %" in text
    mean, half = paired(runs["crops"], "one_crop", "crops", "centre")
    assert abs(mean) < half and "not told apart" in text
    text = told["alexnet-dropout-long-read"]
    rows = by_seed(runs["dropout"], "dropout")
    for kind in ("arithmetic", "geometric"):
        gaps = [100 * (r[kind][-1] - r["test_error"]) for r in rows]
        low, high = stats.ttest_1samp(gaps, 0).confidence_interval(0.95)
        assert low < 0 < high and "32 are not told apart" in text
    mean, half = paired(runs["dropout"], "test_error", "none", "dropout")
    assert -6 < mean < -5.5 and half < 2


def test_the_network_on_one_gpu_had_nearly_as_many_parameters(told):
    """Half of the kernels in conv1 to conv4, all of conv5 and the dense layers."""
    layers = [(48, 3, 11, 55), (128, 48, 5, 27), (192, 128, 3, 13), (192, 192, 3, 13)]
    layers.append((256, 192, 3, 13))
    params = sum(m * (c * k * k + 1) for m, c, k, _ in layers) + 58_631_144
    macs = sum(m * c * k * k * s * s for m, c, k, s in layers)
    assert round(100 * params / 60_965_224) == 98
    assert 2 * macs == 665_784_864
    assert "98 % of the other's" in told["alexnet-grouped-price"]
    assert "half of the\nmultiply-adds" in told["alexnet-grouped-price"]


def test_224_is_no_slip_and_the_code_of_2012_is_a_source(told):
    assert "three slips" in told["alexnet-relu"]
    assert not any("four slips" in text for text in told.values())
    assert 1 + math.ceil((224 - 11) / 4) == 55
    layer = nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=2)
    a = 30 * torch.randn(2, 8, 5, 4, dtype=torch.float64)
    squares = nn.functional.pad(a.square(), (0, 0, 0, 0, 2, 2)).unfold(1, 5, 1).sum(-1)
    torch.testing.assert_close(layer(a), a / (2 + 1e-4 / 5 * squares) ** 0.75)


def test_what_the_text_says_of_the_counts_and_of_the_code(told):
    printed = [253_440, 186_624, 64_896, 64_896, 43_264, 4096, 4096, 1000]
    assert sum(printed) < 650_000 < sum(printed) - printed[0] + 96 * 55 * 55
    assert '"650,000 neurons" lie\nbetween' in told["alexnet-relu"]
    lines = [line for line in told["alexnet-whole-built"].splitlines() if line]
    assert len(lines) == 16 and "sixteen lines" in told["alexnet-whole"]


def test_the_opening_figure_draws_the_shapes_of_both_networks():
    whole = {"LeNet-5": (LeNet5(), (1, 32, 32)), "AlexNet": (AlexNet(), (3, 227, 227))}
    for name, (model, shape) in whole.items():
        (side, maps), *drawn = figures.COURSE[name].values()
        assert (maps, side, side) == shape
        found = [
            row.output_shape for row in shapes.trace(model, shape) if row.connections
        ]
        assert [(s[1] if len(s) == 3 else 1, s[0]) for s in found] == drawn


def test_weights_of_torchvision_are_as_large_as_the_text_says(told):
    with torch.device("meta"):
        model = models.alexnet()
    megabytes = 4 * sum(p.numel() for p in model.parameters()) / 1e6
    assert f"{megabytes:.0f} MB" in told["alexnet-torchvision-weights"]
    assert "2.4 times" in told["alexnet-shape-asked"]
    assert round(86_186_826 / 35_855_178, 1) == 2.4
