"""Counts and receptive fields against oracles that share no code with them."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from lenet_helpers import shapes
from lenet_helpers.models import ModernLeNet5

NETS = {
    "lenet": (ModernLeNet5(), (1, 32, 32)),
    "lenet-28-max-relu": (
        ModernLeNet5(activation="relu", pool="max", input_size=28),
        (1, 28, 28),
    ),
    "stride-dilation-groups": (
        nn.Sequential(
            nn.Conv2d(2, 4, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(4),
            nn.ReLU(inplace=True),
            nn.Conv2d(4, 8, 3, dilation=2, groups=2),
            nn.Dropout(0.5),
            nn.AvgPool2d(3, stride=2),
        ),
        (2, 33, 33),
    ),
    "same-padding": (nn.Sequential(nn.Conv2d(1, 2, 5, padding="same")), (1, 12, 12)),
    "oblong": (
        nn.Sequential(nn.Conv2d(1, 3, (3, 5), stride=(1, 2)), nn.Conv2d(3, 3, (5, 1))),
        (1, 20, 24),
    ),
    "dense-head": (
        nn.Sequential(
            nn.Conv2d(1, 2, 3),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.ReLU(),
            nn.Linear(2 * 7 * 7, 5),
            nn.Linear(5, 3),
        ),
        (1, 16, 16),
    ),
    "adaptive": (
        nn.Sequential(nn.Conv2d(1, 2, 3), nn.AdaptiveAvgPool2d(4), nn.Conv2d(2, 1, 2)),
        (1, 14, 14),
    ),
}


class Functional(nn.Module):
    """Pools and flattens without modules, and skips a layer."""

    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv2d(1, 2, 3)
        self.c2 = nn.Conv2d(2, 2, 3, padding=1)
        self.fc = nn.Linear(2 * 5 * 5, 4)

    def forward(self, x):
        x = F.max_pool2d(torch.relu(self.c1(x)), 2)
        x = x + self.c2(x)
        x = F.avg_pool2d(x, 3, stride=1)
        return self.fc(x.flatten(1))


NETS["functional"] = (Functional(), (1, 16, 16))


def footprint(model, shape, name, index):
    """Which input pixels unit ``index`` of a layer's map depends on: (height, width).

    Random weights and inputs: a gradient of exactly zero has no chance but for dead
    ReLUs and maxima, so every trial adds to the union.
    """
    touched = torch.zeros(shape[1:], dtype=torch.bool)
    for trial in range(12):
        torch.manual_seed(trial)
        caught = []
        layer = model.get_submodule(name)
        handle = layer.register_forward_hook(lambda m, i, o: caught.append(o))
        x = torch.randn(1, *shape, requires_grad=True)
        model.train(False)(x)
        handle.remove()
        unit = caught[0][0] if caught[0].dim() == 4 else caught[0][0, :1, None, None]
        (gradient,) = torch.autograd.grad(unit[:, index[0], index[1]].sum(), x)
        touched |= (gradient[0] != 0).any(0)
    rows, columns = touched.any(1).nonzero(), touched.any(0).nonzero()
    corner = rows.min().item(), columns.min().item()
    size = (
        (rows.max() - rows.min() + 1).item(),
        (columns.max() - columns.min() + 1).item(),
    )
    return corner, size


def as_pair(value):
    return value if isinstance(value, tuple) else (value, value)


def layer_cases():
    for net, (model, shape) in NETS.items():
        for row in shapes.trace(model, shape):
            if "." not in row.name and row.name != "act":
                yield pytest.param(model, shape, row, id=f"{net}-{row.name}")


@pytest.mark.parametrize(("model", "shape", "row"), list(layer_cases()))
def test_receptive_field_and_jump_are_the_footprint_of_the_gradient(model, shape, row):
    height, width = row.output_shape[1:] if len(row.output_shape) == 3 else (1, 1)
    middle = (height // 2, width // 2)
    corner, size = footprint(model, shape, row.name, middle)
    field = as_pair(row.receptive_field)
    assert size == tuple(min(f, n) for f, n in zip(field, shape[1:], strict=True))
    if height > 1 and width > 1 and "Adaptive" not in row.kind:
        before, _ = footprint(model, shape, row.name, (middle[0] - 1, middle[1] - 1))
        steps = tuple(a - b for a, b in zip(corner, before, strict=True))
        assert steps == as_pair(row.jump)


@pytest.mark.parametrize("net", NETS)
def test_totals_agree_with_torch(net):
    model, shape = NETS[net]
    rows = shapes.trace(model, shape)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        out = model.eval()(torch.zeros(1, *shape))
    assert rows.params == sum(p.numel() for p in model.parameters())
    assert 2 * rows.macs == counter.get_total_flops()
    assert rows[-1].output_shape == tuple(out.shape[1:])


def test_lenet_layer_by_layer():
    rows = shapes.trace(ModernLeNet5())
    called = [r.name for r in rows]
    assert called == "c1 act s2 c3 act s4 c5 act f6 act output".split()
    counts = {r.name: (r.params, r.macs) for r in rows if r.params}
    assert counts == {
        "c1": (156, 117_600),
        "c3": (2_416, 240_000),
        "c5": (48_120, 48_000),
        "f6": (10_164, 10_080),
        "output": (850, 840),
    }
    assert rows["c1"].connections == 122_304
    fields = [(rows[n].receptive_field, rows[n].jump) for n in "c1 s2 c3 s4 c5".split()]
    assert fields == [(5, 1), (6, 2), (14, 2), (16, 4), (32, 4)]


def test_a_reused_layer_is_reported_at_each_call_and_counted_once():
    layer = nn.Conv2d(1, 1, 3)
    rows = shapes.trace(nn.Sequential(layer, layer), (1, 9, 9))
    assert [r.params for r in rows] == [10, 0]
    assert [r.receptive_field for r in rows] == [3, 5]


def test_trace_leaves_the_model_as_it_was():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Dropout())
    model[2].eval()
    before = [m.training for m in model.modules()]
    statistics = model[1].running_mean.clone()
    shapes.trace(model, (1, 8, 8))
    assert [m.training for m in model.modules()] == before
    assert torch.equal(model[1].running_mean, statistics)
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
    with pytest.raises(ValueError):
        shapes.trace(model, (3, 8, 8))
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


def test_frozen_weights_and_layers_without_weights_are_traced():
    model = ModernLeNet5().requires_grad_(False)
    assert shapes.trace(model)["s4"].receptive_field == 16
    assert shapes.trace(nn.MaxPool2d(2), (1, 4, 4))[0].jump == 2


def test_unknown_geometry_is_said_to_be_unknown():
    rows = shapes.trace(
        nn.Sequential(nn.Upsample(scale_factor=2), nn.ReLU()), (1, 4, 4)
    )
    assert [r.receptive_field for r in rows] == [None, None]
    assert shapes.trace(nn.Linear(5, 2), (5,))[0].receptive_field is None


def test_an_input_that_does_not_fit_names_the_layer():
    with pytest.raises(ValueError, match=r"\(1, 28, 28\).*c5 \(Conv2d\)"):
        shapes.trace(ModernLeNet5(), (1, 28, 28))


@pytest.mark.parametrize("n", [7, 12, 28])
@pytest.mark.parametrize("kernel", [1, 2, 3, 5])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize(("padding", "dilation"), [(0, 1), (2, 1), (0, 2), (3, 2)])
def test_output_size_is_what_torch_returns(n, kernel, stride, padding, dilation):
    span = dilation * (kernel - 1) + 1
    if span > n + 2 * padding:
        with pytest.raises(ValueError, match="does not fit"):
            shapes.conv_output_size(n, kernel, stride, padding, dilation)
        return
    conv = nn.Conv2d(1, 1, kernel, stride, padding, dilation)
    side = conv(torch.zeros(1, 1, n, n)).shape[-1]
    assert shapes.conv_output_size(n, kernel, stride, padding, dilation) == side


@pytest.mark.parametrize("bad", [(0, 3), (8, 0), (8, 3, 0), (8, 3, 1, -1)])
def test_impossible_sizes_are_refused(bad):
    with pytest.raises(ValueError):
        shapes.conv_output_size(*bad)


def test_the_table_prints_and_exports():
    rows = shapes.trace(ModernLeNet5())
    assert "61,706" in repr(rows).splitlines()[-1]
    assert list(rows.table()["params"]) == [r.params for r in rows]
    with pytest.raises(KeyError, match="no layer 'c2'"):
        rows["c2"]
