"""AlexNet and its small version against the published counts and plain formulas."""

import pytest
import torch
from torch import nn

from lenet_helpers import shapes
from lenet_helpers.models import AlexNet, AlexNetCifar
from lenet_helpers.models.alexnet import local_response_norm

# Layer: side of the output, parameters, multiply-adds, receptive field, jump.
PUBLISHED = {
    "conv1": (55, 34_944, 105_415_200, 11, 4),
    "pool1": (27, 0, 0, 19, 8),
    "conv2": (27, 307_456, 223_948_800, 51, 8),
    "pool2": (13, 0, 0, 67, 16),
    "conv3": (13, 885_120, 149_520_384, 99, 16),
    "conv4": (13, 663_936, 112_140_288, 131, 16),
    "conv5": (13, 442_624, 74_760_192, 163, 16),
    "pool5": (6, 0, 0, 195, 32),
    "fc6": (None, 37_752_832, 37_748_736, 355, 32),
    "fc7": (None, 16_781_312, 16_777_216, 355, 32),
    "fc8": (None, 4_097_000, 4_096_000, 355, 32),
}


def weightless(make, *args, **options) -> nn.Module:
    with torch.device("meta"):
        return make(*args, **options)


@pytest.fixture(scope="module")
def published():
    return shapes.trace(weightless(AlexNet), (3, 227, 227))


@pytest.fixture(scope="module")
def alexnet():
    torch.manual_seed(0)
    return AlexNet()


@pytest.mark.parametrize("layer", PUBLISHED)
def test_each_layer_has_its_published_size_and_counts(published, layer):
    side, *counts = PUBLISHED[layer]
    row = published[layer]
    assert [row.params, row.macs, row.receptive_field, row.jump] == counts
    assert side is None or row.output_shape[1:] == (side, side)


def test_totals_with_two_groups_and_with_one(published):
    assert (published.params, published.macs) == (60_965_224, 724_406_816)
    one = shapes.trace(weightless(AlexNet, groups=1), (3, 227, 227))
    assert (one.params, one.macs) == (62_378_344, 1_135_256_096)


def test_counts_follow_from_the_formulas(published):
    assert published["conv2"].params == shapes.conv_params(96, 256, 5, groups=2)
    assert published["fc6"].params == shapes.linear_params(256 * 6 * 6, 4096)
    macs = shapes.conv_macs(384, 256, 3, output_size=13, groups=2)
    assert published["conv5"].macs == macs


def test_norm_is_the_papers_formula_over_neighbouring_maps():
    a = torch.rand(2, 9, 3, 4, dtype=torch.float64) * 40
    expected = torch.empty_like(a)
    for i in range(9):
        near = a[:, max(0, i - 2) : min(8, i + 2) + 1]
        expected[:, i] = a[:, i] / (2 + 1e-4 * near.square().sum(1)) ** 0.75
    torch.testing.assert_close(local_response_norm()(a), expected)
    as_printed = nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=2)(a)
    assert not torch.allclose(as_printed, expected, rtol=1e-2)


def test_the_logits_of_two_images(alexnet):
    with torch.inference_mode():
        assert alexnet.eval()(torch.zeros(2, 3, 227, 227)).shape == (2, 1000)


def test_weights_and_biases_start_as_published(alexnet):
    ones = {"conv2", "conv4", "conv5", "fc6", "fc7"}
    for name, layer in alexnet.named_children():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            assert abs(layer.weight.mean()) < 3e-4
            assert layer.weight.std().item() == pytest.approx(0.01, rel=0.02)
            assert layer.bias.unique().tolist() == [float(name in ones)]


def test_dropout_acts_on_the_outputs_of_fc6_and_fc7(alexnet):
    zeros = {}
    hooks = [
        getattr(alexnet, name).register_forward_hook(
            lambda module, x, y, name=name: zeros.update({name: (x[0] > 0) & (y == 0)})
        )
        for name in ("drop6", "drop7")
    ]
    alexnet.train()(torch.randn(1, 3, 227, 227))
    for hook in hooks:
        hook.remove()
    assert all(0.3 < z.float().mean() < 0.7 for z in zeros.values())


@pytest.mark.parametrize(
    ("shape", "complaint"),
    [
        ((1, 3, 224, 224), "6,400 features instead of 55x55 and 9,216; use 227"),
        ((1, 1, 227, 227), r"takes \[N, 3, 227, 227\]"),
        ((1, 3, 32, 32), r"takes \[N, 3, 227, 227\]"),
    ],
)
def test_other_sizes_are_refused_with_a_reason(shape, complaint):
    with pytest.raises(ValueError, match=complaint):
        weightless(AlexNet)(torch.zeros(shape, device="meta"))


def test_three_groups_are_refused():
    with pytest.raises(ValueError, match="2 as published, or 1"):
        AlexNet(groups=3)


def test_the_224_of_the_paper_ends_in_6400_features():
    side = 224
    for kernel, stride, padding in [(11, 4, 0), (3, 2, 0), (3, 2, 0), (3, 2, 0)]:
        side = shapes.conv_output_size(side, kernel, stride, padding)
    assert 256 * side**2 == 6400


# The small one


def test_small_version_has_the_counts_of_the_popular_one():
    rows = shapes.trace(weightless(AlexNetCifar), (3, 32, 32))
    assert (rows.params, rows.macs) == (35_855_178, 200_515_584)
    assert rows["pool5"].output_shape == (256, 4, 4)


def test_small_version_learns_a_batch_by_heart():
    torch.manual_seed(0)
    model = AlexNetCifar(width=0.125, dropout=0)
    images, labels = torch.randn(32, 3, 32, 32), torch.randint(10, (32,))
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for _ in range(60):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(images), labels).backward()
        optimizer.step()
    assert (model.eval()(images).argmax(1) == labels).float().mean() > 0.9


def test_small_version_takes_grey_images_tanh_and_no_dropout():
    model = AlexNetCifar(7, width=1 / 64, in_channels=1, dropout=0, activation="tanh")
    assert model.train()(torch.rand(2, 1, 32, 32)).shape == (2, 7)
    assert not model.training or model.drop6.p == 0


def test_small_version_says_what_is_wrong():
    model = weightless(AlexNetCifar)
    with pytest.raises(ValueError, match="takes .N, C, 32, 32."):
        model(torch.zeros(1, 3, 64, 64, device="meta"))
    with pytest.raises(ValueError, match="width=0.001 leaves no channel"):
        AlexNetCifar(width=0.001)
    with pytest.raises(ValueError, match="activation='gelu' is not one of"):
        AlexNetCifar(activation="gelu", width=0.1)
