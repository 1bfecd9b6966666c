"""The published networks: every count of the papers, layer by layer."""

import pytest
import torch
import torch.nn.functional as F

from lenet_helpers import shapes
from lenet_helpers.models import original
from lenet_helpers.models.original import LeNet1, LeNet5, LeNet1989

# Label: (output shape, parameters, connections). LeCun et al. 1989, pp. 544-546.
PUBLISHED_1989 = {
    "h1": ((12, 8, 8), 1_068, 19_968),
    "h2": ((12, 4, 4), 2_592, 38_592),
    "h3": ((30,), 5_790, 5_790),
    "output": ((10,), 310, 310),
}
# LeCun et al. 1990, section 4 and Table 1.
PUBLISHED_1990 = {
    "h1": ((4, 24, 24), 104, 59_904),
    "h2": ((4, 12, 12), 8, 2_880),
    "h3": ((12, 8, 8), 512, 32_768),
    "h4": ((12, 4, 4), 24, 960),
    "output": ((10,), 1_930, 1_930),
}
# LeCun et al. 1998, section II-B.
PUBLISHED_1998 = {
    "c1": ((6, 28, 28), 156, 122_304),
    "s2": ((6, 14, 14), 12, 5_880),
    "c3": ((16, 10, 10), 1_516, 151_600),
    "s4": ((16, 5, 5), 32, 2_000),
    "c5": ((120, 1, 1), 48_120, 48_120),
    "f6": ((84,), 10_164, 10_164),
    "output": ((10,), 0, 840),
}
PUBLISHED = {
    LeNet1989: ((1, 16, 16), PUBLISHED_1989, 9_760, 64_660),
    LeNet1: ((1, 28, 28), PUBLISHED_1990, 2_578, 98_442),
    LeNet5: ((1, 32, 32), PUBLISHED_1998, 60_000, 340_908),
}


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def measure(network, input_shape):
    """What each labelled layer puts out and holds, and its links by the Jacobian."""
    seen = {}

    def note(name):
        def hook(layer, inputs, output):
            seen[name] = (layer, inputs[0].detach(), tuple(output.shape[1:]))

        return hook

    for name, layer in network.named_children():
        if name != "act":
            layer.register_forward_hook(note(name))
    network(torch.randn(1, *input_shape))
    return seen


@pytest.mark.parametrize("network", PUBLISHED, ids=lambda n: n.__name__)
def test_parameters_of_every_layer_are_those_of_the_paper(network):
    shape, layers, total, _ = PUBLISHED[network]
    seen = measure(network(), shape)
    assert {name: out for name, (_, _, out) in seen.items()} == {
        name: out for name, (out, _, _) in layers.items()
    }
    held = {n: sum(p.numel() for p in s[0].parameters()) for n, s in seen.items()}
    assert held == {name: params for name, (_, params, _) in layers.items()}
    assert sum(held.values()) == total


@pytest.mark.parametrize("network", PUBLISHED, ids=lambda n: n.__name__)
def test_connections_of_every_layer_are_those_of_the_paper(network):
    shape, layers, _, total = PUBLISHED[network]
    counted = {}
    for name, (layer, x, out) in measure(network(), shape).items():
        counted[name] = connections_by_gradient(layer, x, out)
        if hasattr(layer, "counts"):
            assert layer.counts(tuple(x.shape[1:]), out)["connections"] == counted[name]
    assert counted == {name: links for name, (_, _, links) in layers.items()}
    assert sum(counted.values()) == total


def connections_by_gradient(layer, x, out):
    """Links into each unit: the non-zero entries of the layer's Jacobian.

    Inputs in the border of -1 are constants without a gradient, so the border is
    made part of the input first.
    """
    padding = getattr(layer, "padding", 0)
    if isinstance(padding, int) and padding:
        x = F.pad(x, (padding,) * 4, value=layer.border)
        layer.padding = 0
    # Chunks keep the Jacobian of C1 (4,704 x 1,024) small.
    jacobian = torch.func.jacrev(layer, chunk_size=512)(x)
    layer.padding = padding
    links = jacobian.count_nonzero().item()
    has_bias = getattr(layer, "bias", None) is not None
    return links + has_bias * torch.Size(out).numel()


@pytest.mark.parametrize("network", PUBLISHED, ids=lambda n: n.__name__)
def test_trace_reports_the_published_counts(network):
    shape, layers, params, connections = PUBLISHED[network]
    rows = shapes.trace(network(), shape)
    found = {r.name: (r.params, r.connections) for r in rows if r.name != "act"}
    assert found == {name: counts[1:] for name, counts in layers.items()}
    assert sum(row.params for row in rows) == params
    assert sum(row.connections for row in rows) == connections


def test_c3_table_is_table_one():
    table = original.C3_TABLE
    assert table.shape == (16, 6)
    assert table.sum() == 60
    assert table.sum(0).tolist() == [10] * 6
    assert table.sum(1).tolist() == [3] * 6 + [4] * 9 + [6]
    printed = [
        "X...XXX..XXXX.XX",
        "XX...XXX..XXXX.X",
        "XXX...XXX..X.XXX",
        ".XXX..XXXX..X.XX",
        "..XXX..XXXX.XX.X",
        "...XXX..XXXX.XXX",
    ]
    drawn = ["".join("X" if v else "." for v in row) for row in table.T]
    assert drawn == printed


def test_h3_table_is_table_one_of_1990():
    published = ({1, 2, 3, 5, 6}, {2, 3, 4, 5, 6}, {7, 8, 9, 11, 12})
    published += ({8, 9, 10, 11, 12},)
    for column, readers in zip(original.H3_TABLE.T, published, strict=True):
        assert {i + 1 for i in column.nonzero().flatten().tolist()} == readers


def test_every_map_of_h2_reads_eight_of_twelve():
    default = LeNet1989().h2.table
    assert default.sum(1).tolist() == [8] * 12
    assert default.sum(0).tolist() == [8] * 12
    other = torch.zeros(12, 12, dtype=torch.bool)
    other[:, 4:] = True
    assert torch.equal(LeNet1989(h2_table=other).h2.table, other)


def test_lenet5_equals_a_plain_rewriting():
    network = LeNet5()
    x = torch.randn(2, 1, 32, 32)

    def squash(a):
        return 1.7159 * torch.tanh(2 * a / 3)

    def subsample(x, layer):
        w, b = layer.coefficient[:, None, None], layer.bias[:, None, None]
        return squash(4 * F.avg_pool2d(x, 2) * w + b)

    c1, c3, c5, f6 = network.c1, network.c3, network.c5, network.f6
    y = subsample(squash(F.conv2d(x, c1.weight, c1.bias)), network.s2)
    y = subsample(squash(F.conv2d(y, c3.weight, c3.bias)), network.s4)
    y = squash(y.flatten(1) @ c5.weight.flatten(1).T + c5.bias)
    y = squash(y @ f6.weight.T + f6.bias)
    expected = torch.cdist(y, network.output.codes) ** 2
    torch.testing.assert_close(network(x), expected, rtol=1e-4, atol=1e-4)


def test_initial_penalties_are_about_84():
    penalties = LeNet5()(original.range_1998(torch.rand(8, 1, 32, 32)))
    assert (penalties - 84).abs().max() < 4


@pytest.mark.parametrize("network", PUBLISHED, ids=lambda n: n.__name__)
def test_initial_weights_fill_their_range_and_no_more(network):
    fan_in = {
        LeNet1989: {"h1": 25, "h2": 200, "h3": 192, "output": 30},
        LeNet1: {"h1": 25, "h2": 4, "h4": 4, "output": 192},
        LeNet5: {"c1": 25, "s2": 4, "s4": 4, "c5": 400, "f6": 120},
    }[network]
    drawn = [network() for _ in range(20)]
    for name, inputs in fan_in.items():
        for parameter in dict(getattr(drawn[0], name).named_parameters()):
            values = [getattr(getattr(n, name), parameter).detach() for n in drawn]
            largest = torch.stack(values).abs().max().item()
            assert 0.9 * 2.4 / inputs < largest <= 2.4 / inputs


def test_each_map_of_c3_is_drawn_for_its_own_fan_in():
    drawn = [LeNet5().c3 for _ in range(20)]
    weights = torch.stack([layer.weight.detach() for layer in drawn])
    biases = torch.stack([layer.bias.detach() for layer in drawn])
    for m, maps in enumerate(original.C3_TABLE.sum(1).tolist()):
        bound = 2.4 / (25 * maps)
        assert 0.95 * bound < weights[:, m].abs().max() <= bound
        assert 0.7 * bound < biases[:, m].abs().max() <= bound


def test_range_of_1998():
    pixels = torch.tensor([0.0, 0.5, 1.0])
    expected = torch.tensor([-0.1, 0.5375, 1.175])
    torch.testing.assert_close(original.range_1998(pixels), expected)


@pytest.mark.parametrize("j", [0.5, 5.0, 60.0])
def test_eq9_is_cross_entropy_with_a_rubbish_class(j):
    penalties = 80 * torch.rand(6, 10, dtype=torch.float64)
    labels = torch.randint(0, 10, (6,))
    right = penalties[torch.arange(6), labels]
    sums = torch.exp(torch.tensor(-j, dtype=torch.float64))
    sums = sums + torch.exp(-penalties).sum(1)
    printed = (right + sums.log()).mean()  # eq. 9, letter by letter
    assert original.criterion_eq9(penalties, labels, j=j).item() == pytest.approx(
        printed.item()
    )
    logits = torch.cat([-penalties, torch.full((6, 1), -j)], dim=1)
    torch.testing.assert_close(original.rubbish_logits(penalties, j), logits)


def test_eq9_pushes_wrong_classes_only_below_j():
    near, far = torch.tensor([[30.0, 5.0]]), torch.tensor([[30.0, 55.0]])
    for penalties, pushed in ((near, True), (far, False)):
        penalties.requires_grad_()
        original.criterion_eq9(penalties, torch.tensor([0]), j=20.0).backward()
        assert (penalties.grad[0, 1].item() < -0.9) == pushed
        assert abs(penalties.grad[0, 1].item()) > 0.9 or not pushed


def test_eq8_is_the_mean_squared_distance_to_the_right_code():
    network, x = LeNet5(), torch.randn(3, 1, 32, 32)
    reached = []
    network.output.register_forward_hook(lambda m, i, o: reached.append(i[0]))
    labels = torch.tensor([4, 0, 7])
    loss = original.criterion_eq8(network(x), labels)
    errors = reached[0] - network.output.codes[labels]
    assert loss.item() == pytest.approx(84 * errors.square().mean().item(), rel=1e-5)


def test_predictions_follow_each_networks_own_rule():
    x = torch.randn(4, 1, 32, 32)
    network = LeNet5()
    assert torch.equal(network.predict(x), network(x).min(1).indices)
    small = LeNet1()
    assert torch.equal(
        small.predict(x[..., 2:30, 2:30]), small(x[..., 2:30, 2:30]).max(1).indices
    )
