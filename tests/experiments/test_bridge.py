"""The steps from 1998 to today: what each network is, and which rate is chosen."""

import pytest
import torch
from torch import nn

from experiments.originals import bridge
from lenet_helpers.models import ModernLeNet5
from lenet_helpers.models.layers import EuclideanRBF
from lenet_helpers.models.original import LeNet5


@pytest.mark.parametrize(
    "step, parameters",
    {
        "adam": 60_000,
        "full": 60_900,  # 36 more kernels of 25
        "average": 60_856,  # S2 and S4 had 12 + 32
        "linear": 61_706,  # 84 x 10 + 10
        "start": 61_706,
    }.items(),
)
def test_each_step_changes_the_parameters_by_what_it_says(step, parameters):
    model = bridge.network(step)
    assert sum(p.numel() for p in model.parameters()) == parameters


def test_the_bridge_starts_and_ends_at_the_networks_of_the_book():
    assert type(bridge.network("adam")) is LeNet5
    torch.manual_seed(0)
    last = bridge.network("start")
    torch.manual_seed(0)
    today = ModernLeNet5(activation="relu", pool="max")
    x = torch.randn(3, 1, 32, 32)
    assert torch.equal(last(x), today(x))


def test_codes_stay_until_the_linear_output_takes_their_place():
    steps = list(bridge.STEPS)
    with_codes = [
        isinstance(bridge.network(step).output, EuclideanRBF) for step in steps
    ]
    assert with_codes == [step in steps[: steps.index("linear")] for step in steps]


def test_average_step_drops_the_squashing_after_s2():
    model = bridge.network("average")
    seen = {}
    model.c3.register_forward_hook(lambda layer, given, out: seen.update(c3=given[0]))
    x = torch.randn(2, 1, 32, 32)
    model(x)
    c1 = model.act(model.c1(x))
    assert torch.allclose(seen["c3"], nn.functional.avg_pool2d(c1, 2))


def test_sdlm_in_batches_divides_each_gradient_by_its_curvature():
    model = bridge.network("linear")
    x, y = torch.randn(8, 1, 32, 32), torch.arange(8)
    nn.functional.cross_entropy(model(x), y).backward()
    weight = model.c1.weight.detach().clone()
    h = [torch.rand_like(p) for p in model.parameters()]
    expected = weight - 0.1 * model.c1.weight.grad / (bridge.MU + h[0])
    sgd = torch.optim.SGD(model.parameters(), lr=1)
    bridge.train_batches(model, x, y, 0.1, [torch.arange(8)], sgd, lambda: h)
    assert torch.allclose(model.c1.weight, expected, atol=1e-6)
    assert not torch.equal(model.c1.weight, weight)


def test_rates_are_tried_until_the_best_lies_inside():
    errors = {1.0: 5.0, 3.0: 4.0, 9.0: 3.0, 27.0: 6.0}
    tried = {}
    while (rate := bridge.next_rate(tried, first=1.0)) is not None:
        tried[rate] = errors[round(rate, 6)]
    assert list(tried) == [1.0, 3.0, 9.0, 27.0]
