"""The published layers against oracles that share no code with them."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from lenet_helpers.models.codes import digit_codes
from lenet_helpers.models.layers import (
    EuclideanRBF,
    PartialConv2d,
    ScaledTanh,
    Subsampling,
    UnsharedBiasConv2d,
)

TABLE = torch.tensor([[1, 0, 1], [0, 1, 0], [1, 1, 1], [0, 1, 1]])
OPTIMISERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.1),
    "adam": lambda p: torch.optim.Adam(p, lr=0.1, weight_decay=0.1),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.1, weight_decay=0.1),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.1, weight_decay=0.1),
    "adagrad": lambda p: torch.optim.Adagrad(p, lr=0.1, weight_decay=0.1),
}


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def test_scaled_tanh_is_the_function_of_the_paper():
    a = torch.linspace(-5, 5, 101, dtype=torch.float64)
    expected = 1.7159 * np.tanh(2 * a.numpy() / 3)
    np.testing.assert_allclose(ScaledTanh()(a).numpy(), expected, rtol=1e-12)


def test_scaled_tanh_bends_most_near_one():
    a = torch.linspace(0, 3, 3001, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(ScaledTanh()(a).sum(), a, create_graph=True)
    (bend,) = torch.autograd.grad(slope.sum(), a)
    assert a[bend.abs().argmax()].item() == pytest.approx(0.9877, abs=1e-3)


def test_subsampling_is_four_times_the_average_scaled_and_shifted():
    layer = Subsampling(3)
    torch.nn.init.normal_(layer.coefficient)
    torch.nn.init.normal_(layer.bias)
    x = torch.randn(2, 3, 8, 6)
    averages = F.avg_pool2d(x, 2)
    for m in range(3):
        expected = 4 * averages[:, m] * layer.coefficient[m] + layer.bias[m]
        torch.testing.assert_close(layer(x)[:, m], expected)


def test_fresh_subsampling_averages():
    x = torch.randn(1, 2, 6, 6)
    torch.testing.assert_close(Subsampling(2)(x), F.avg_pool2d(x, 2))
    torch.testing.assert_close(Subsampling(2, size=3)(x), F.avg_pool2d(x, 3))


def test_partial_convolution_equals_one_convolution_for_each_map():
    layer = PartialConv2d(TABLE, kernel_size=3, stride=2)
    torch.nn.init.normal_(layer.bias)
    x = torch.randn(2, 3, 9, 9)
    kernels = iter(layer.kernels.detach())
    for m, row in enumerate(TABLE):
        reads = row.nonzero().flatten()
        weight = torch.stack([next(kernels) for _ in reads])[None]
        expected = F.conv2d(x[:, reads], weight, layer.bias[m : m + 1], stride=2)
        torch.testing.assert_close(layer(x)[:, m : m + 1], expected)


def test_unconnected_maps_do_not_act():
    layer = PartialConv2d(TABLE, kernel_size=3)
    x = torch.randn(1, 3, 5, 5, requires_grad=True)
    for m, row in enumerate(TABLE):
        (gradient,) = torch.autograd.grad(layer(x)[:, m].sum(), x)
        assert torch.equal(gradient[0].flatten(1).any(1), row.bool())


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_unconnected_weights_stay_zero_under_any_optimiser(optimiser):
    layer = PartialConv2d(TABLE, kernel_size=3)
    before = layer.weight.detach().clone()
    step = OPTIMISERS[optimiser](layer.parameters())
    for _ in range(5):
        step.zero_grad()
        (layer(torch.randn(4, 3, 7, 7)) - 1).square().mean().backward()
        step.step()
    connected = TABLE.bool()
    assert (layer.weight[~connected] == 0).all()
    assert (layer.weight[connected] != before[connected]).all()


def test_partial_convolution_counts_only_what_is_connected():
    layer = PartialConv2d(TABLE, kernel_size=3)
    counts = layer.counts((3, 7, 7), tuple(layer(torch.zeros(1, 3, 7, 7)).shape[1:]))
    assert counts["params"] == sum(p.numel() for p in layer.parameters())
    assert counts == {"params": 8 * 9 + 4, "macs": 1800, "connections": 1900}


def test_counted_connections_are_the_entries_of_the_jacobian():
    x = torch.randn(1, 3, 9, 9)
    layers = {
        PartialConv2d(TABLE, 3): (4, 7, 7),
        Subsampling(3, size=3): (3, 3, 3),
    }
    for layer, out in layers.items():
        jacobian = torch.func.jacrev(layer)(x)
        links = (jacobian != 0).sum().item() + np.prod(out)  # one bias a unit
        assert layer.counts((3, 9, 9), out)["connections"] == links


def test_one_by_one_table_of_ones_is_an_ordinary_convolution():
    layer = PartialConv2d(torch.ones(4, 3), kernel_size=3, padding=1)
    plain = torch.nn.Conv2d(3, 4, 3, padding=1)
    plain.load_state_dict({"weight": layer.weight.detach(), "bias": layer.bias.data})
    x = torch.randn(2, 3, 6, 6)
    torch.testing.assert_close(layer(x), plain(x))


@pytest.mark.parametrize("table", [[[0, 0], [1, 1]], [[2, 1]], [1, 0, 1]])
def test_impossible_tables_are_refused(table):
    with pytest.raises(ValueError, match="map"):
        PartialConv2d(table, kernel_size=3)


def test_state_of_a_partial_convolution_can_be_saved_and_loaded():
    layer, other = (PartialConv2d(TABLE, 3) for _ in range(2))
    x = torch.randn(1, 3, 5, 5)
    assert not torch.equal(layer(x), other(x))
    other.load_state_dict(layer.state_dict())
    assert torch.equal(layer(x), other(x))


def test_convolution_of_1989_sees_a_border_of_minus_one():
    layer = UnsharedBiasConv2d(
        (8, 8), torch.ones(12, 1), 5, stride=2, padding=2, border=-1.0
    )
    torch.nn.init.normal_(layer.bias)
    x = torch.randn(2, 1, 16, 16)
    frame = torch.full((2, 1, 20, 20), -1.0)
    frame[:, :, 2:18, 2:18] = x
    windows = F.unfold(frame, 5, stride=2)  # [N, 25, 64]
    expected = layer.weight.flatten(1) @ windows
    expected = expected.view(2, 12, 8, 8) + layer.bias
    torch.testing.assert_close(layer(x), expected)


def test_unshared_biases_act_on_their_own_unit_only():
    layer = UnsharedBiasConv2d((3, 3), torch.ones(2, 1), 3)
    x = torch.randn(1, 1, 5, 5)
    before = layer(x)
    with torch.no_grad():
        layer.bias[1, 2, 0] += 1
    moved = (layer(x) - before)[0]
    assert moved[1, 2, 0].item() == pytest.approx(1)
    assert moved.count_nonzero() == 1


def test_rbf_penalties_are_squared_distances():
    x = torch.randn(5, 84)
    expected = torch.cdist(x, digit_codes()) ** 2
    torch.testing.assert_close(EuclideanRBF()(x), expected)


def test_rbf_codes_are_saved_but_not_learned():
    layer = EuclideanRBF()
    assert list(layer.parameters()) == []
    assert layer.state_dict()["codes"].shape == (10, 84)


def test_codes_have_the_distances_and_ink_of_the_printed_figure():
    codes = digit_codes()
    assert ((codes == 1) | (codes == -1)).all()
    hamming = (codes[:, None] != codes[None]).sum(-1)
    pairs = hamming[torch.triu(torch.ones(10, 10), 1).bool()]
    assert hamming[6, 8] == pairs.min() == 12
    assert hamming[0, 4] == hamming[8, 9] == 18
    assert pairs.max() == 50
    assert [hamming[a, b] for a, b in ((1, 4), (1, 8), (4, 7))] == [50, 50, 50]
    assert pairs.float().mean().item() == pytest.approx(31.1, abs=0.05)
    ink = (codes == 1).sum(1).tolist()
    assert ink == [35, 27, 33, 32, 41, 35, 39, 25, 43, 39]


def test_code_of_seven_is_a_seven():
    picture = digit_codes()[7].reshape(12, 7)
    rows = ["".join("#" if v > 0 else "." for v in row) for row in picture]
    assert rows[:5] == ["#######", ".....##", ".....##", "....##.", "...##.."]
