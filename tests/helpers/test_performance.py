"""Counts against PyTorch's own counters; a stopwatch against a clock that is known."""

import time

import pytest
import torch
from torch import nn
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

from lenet_helpers import performance
from lenet_helpers.models import ModernLeNet5


def test_operations_are_those_that_torch_counts():
    model = ModernLeNet5(activation="relu", pool="max")
    with FlopCounterMode(display=False) as counter:
        model(torch.zeros(8, 1, 32, 32))
    costs = performance.layer_costs(model, batch=8)
    layers = [c for c in costs if c.name in ("c1", "c3", "c5", "f6", "output")]
    assert sum(c.flops for c in layers) == counter.get_total_flops()


def test_bytes_are_those_of_the_tensors():
    model = ModernLeNet5(activation="relu", pool="max")
    costs = performance.layer_costs(model, batch=4)
    seen = []
    for name, layer in model.named_children():
        layer.register_forward_hook(
            lambda m, i, o, name=name: seen.append(
                (name, i[0].nbytes + o.nbytes + sum(p.nbytes for p in m.parameters()))
            )
        )
    model(torch.zeros(4, 1, 32, 32))
    assert [(c.name, c.bytes) for c in costs] == seen


def test_the_operators_are_those_that_the_profiler_sees():
    x = torch.ones(3)
    with performance.OperatorCount() as count:
        (x.view(3, 1) * 2).exp().sum()
    with profile(activities=[ProfilerActivity.CPU]) as record:
        (x.view(3, 1) * 2).exp().sum()
    seen = {e.key.removeprefix("aten::") for e in record.key_averages()}
    assert set(count.names) == {"mul", "exp", "sum"}
    assert set(count.names) <= seen and "view" in seen


def test_the_warm_up_is_not_timed():
    calls = []

    def work():
        calls.append(0)
        time.sleep(0.2 if len(calls) == 1 else 0.002)

    seconds = performance.median_seconds(work, rounds=3, seconds=0.01)
    assert 0.002 <= seconds < 0.1


def test_the_roof_is_the_lower_of_two_ceilings():
    cost = performance.Cost("layer", flops=100, bytes=10)
    assert cost.intensity == 10
    assert cost.fastest(flops=1e3, bandwidth=1e9) == pytest.approx(0.1)
    assert cost.fastest(flops=1e9, bandwidth=1.0) == pytest.approx(10)


def test_a_chain_starts_from_the_shape_that_is_given():
    (cost,) = performance.layer_costs(nn.Linear(6, 2), batch=3, input_shape=(6,))
    assert (cost.flops, cost.bytes) == (3 * 2 * 12, 4 * (3 * 8 + 14))
