"""The descendants of LeNet-5: what each switch adds, and what it must not change."""

from itertools import product

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from lenet_helpers import shapes
from lenet_helpers.models import ModernLeNet5
from lenet_helpers.models.descendants import Descendant, Shortcut


def params(model) -> int:
    return sum(p.numel() for p in model.parameters())


def test_with_nothing_switched_on_it_is_lenet5_with_relu_and_max_pooling():
    ours = Descendant()
    modern = ModernLeNet5(in_channels=3, activation="relu", pool="max")
    weights = zip(ours.parameters(), modern.parameters(), strict=True)
    with torch.no_grad():
        for mine, theirs in weights:
            mine.copy_(theirs)
    x = torch.randn(2, 3, 32, 32)
    assert torch.allclose(ours(x), modern(x), atol=1e-5)


def test_two_3x3_see_what_one_5x5_sees():
    grid = {}
    for stacked in (False, True):
        rows = shapes.trace(Descendant(stacked=stacked), (3, 32, 32))
        grid[stacked] = [r for r in rows if r.name.startswith("s")]
    for five, threes in zip(grid[False], grid[True], strict=True):
        assert five.output_shape == threes.output_shape
        assert five.receptive_field == threes.receptive_field


def test_a_shortcut_adds_its_input_and_no_parameter():
    torch.manual_seed(0)
    with_skip, without = Shortcut(4), Shortcut(4, skip=False)
    without.load_state_dict(with_skip.state_dict())
    assert params(with_skip) == params(without) == 2 * (4 * 4 * 9 + 4)
    x = torch.randn(2, 4, 6, 6)
    assert torch.allclose(with_skip(x), (x + without.f(x)).relu())
    with torch.no_grad():
        for p in with_skip.parameters():
            p.zero_()
    assert torch.equal(with_skip(x.abs()), x.abs())  # it can do nothing, exactly


def test_normalisation_gives_unit_variance_in_training():
    model = Descendant(norm=True)
    seen = {}
    model.c1[1].register_forward_hook(lambda m, i, out: seen.update(out=out))
    model(torch.randn(64, 3, 32, 32) * 9 + 5)
    assert seen["out"].mean((0, 2, 3)).abs().max() < 1e-4
    assert (seen["out"].std((0, 2, 3)) - 1).abs().max() < 1e-2


CASES = list(product([0, 1], [0, 1], ["dense", "average"]))


@pytest.mark.parametrize("stacked, norm, head", CASES)
def test_macs_agree_with_torch(stacked, norm, head):
    model = Descendant(stacked=stacked, norm=norm, head=head, blocks=1).eval()
    with FlopCounterMode(display=False) as counter:
        model(torch.zeros(1, 3, 32, 32))
    ours = sum(row.macs for row in shapes.trace(model, (3, 32, 32)))
    assert ours * 2 == counter.get_total_flops()


def test_an_unknown_head_is_refused():
    with pytest.raises(ValueError, match="dense, average"):
        Descendant(head="mean")
