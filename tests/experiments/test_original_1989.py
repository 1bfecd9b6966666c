"""The compiled training of LeNet-1989 against autograd and Jacobians."""

import pytest
import torch

pytest.importorskip("numba", reason="only the original training needs numba")
from experiments.originals import lenet1989 as experiment
from lenet_helpers.models.original import LeNet1989


@pytest.fixture
def network():
    torch.manual_seed(0)
    made = LeNet1989()
    with torch.no_grad():  # far from zero, so that no gradient is small by accident
        for parameter in made.parameters():
            parameter.mul_(3)
    return made


def test_steps_are_those_of_autograd_at_every_weights_own_rate(network):
    images, labels = torch.randn(6, 1, 16, 16), torch.arange(6)
    start = [p.detach().clone() for p in network.parameters()]
    rates = [0.01 + 0.09 * torch.rand_like(p) for p in start]
    order = torch.tensor([3, 0, 5, 1])
    plain = LeNet1989()
    plain.load_state_dict(network.state_dict())
    for n in order:
        target = torch.full((10,), -1.0)
        target[labels[n]] = 1
        loss = torch.nn.functional.mse_loss(plain(images[n : n + 1])[0], target)
        gradients = torch.autograd.grad(loss, list(plain.parameters()))
        with torch.no_grad():
            for p, g, r in zip(plain.parameters(), gradients, rates):
                p -= r * g
    experiment.one_pass(network, images, labels, order, rates)
    for before, one, other in zip(start, network.parameters(), plain.parameters()):
        moved = other - before
        assert moved.abs().max() > 1e-5
        torch.testing.assert_close(
            one - before, moved, rtol=1e-3, atol=1e-3 * moved.abs().max().item()
        )


def test_curvature_is_carried_down_by_squared_jacobians(network):
    images = torch.randn(2, 1, 16, 16)
    found = experiment.curvature(network, images)
    expected = [curvature_by_jacobians(network, image[None]) for image in images]
    for h, one, two in zip(found, *expected, strict=True):
        torch.testing.assert_close(h, (one + two).view_as(h) / 2, rtol=1e-3, atol=1e-9)


def curvature_by_jacobians(network, x):
    """One image, layer by layer from the top, in the order of parameters()."""
    values = {}
    for name in experiment.LAYERS:
        x = x.flatten(1) if name == "h3" else x
        values[name] = (x, getattr(network, name)(x).detach())
        x = network.act(values[name][1])
    above, h = torch.full((10,), 2 / 10), []  # of the mean over ten outputs
    for name in reversed(values):
        x, a = values[name]
        above = above * torch.func.vmap(torch.func.grad(network.act))(a.flatten()) ** 2
        layer = getattr(network, name)
        parameters = {k: p.detach() for k, p in layer.named_parameters()}

        def outputs(parameters, x, layer=layer):
            return torch.func.functional_call(layer, parameters, (x,)).flatten()

        by_parameters, by_input = torch.func.jacrev(outputs, (0, 1))(parameters, x)
        h = [above @ j.flatten(1) ** 2 for j in by_parameters.values()] + h
        above = above @ by_input.flatten(1) ** 2
    return h


def test_shrunk_digits_fill_the_frame():
    pixels = torch.zeros(2, 1, 32, 32)
    pixels[0, 0, 4:24, 10:14] = 1.0  # tall: 20 by 4
    pixels[1, 0, 8:18, 5:25] = 1.0  # wide: 10 by 20
    small = experiment.shrink(pixels)
    assert small.shape == (2, 1, 16, 16)
    assert small.min() == -1 and small.max() == 1
    tall, wide = small[:, 0] > 0
    assert tall.any(1).all() and tall.any(0).sum() in (3, 4)
    assert wide.any(0).all() and wide.any(1).sum() == 8
    for ink in (tall, wide):  # in the middle of the frame
        assert torch.equal(ink.any(0), ink.any(0).flip(0))
        assert torch.equal(ink.any(1), ink.any(1).flip(0))


def test_targets_are_plus_and_minus_one():
    expected = -torch.ones(2, 10)
    expected[0, 9] = expected[1, 0] = 1
    assert torch.equal(experiment.targets(torch.tensor([9, 0])), expected)
