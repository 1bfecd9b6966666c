"""The bug clinic, ward of models: dropout that does not know when to stop."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lenet_course.exercises.checkers import Checker
from lenet_course.exercises.compare import difference
from lenet_course.exercises.registry import exercise
from lenet_course.exercises.staged import attempt
from lenet_helpers.models import ModernLeNet5


def _dropping(drop: Callable, early: bool = False) -> Callable:
    """A forward pass with ``drop(net, x)`` behind F6, or before it."""

    def forward(net, x):
        x = net.s2(net.act(net.c1(x)))
        x = net.s4(net.act(net.c3(x)))
        x = net.act(net.c5(x)).flatten(1)
        x = net.act(net.f6(drop(net, x) if early else x))
        return net.output(x if early else drop(net, x))

    return forward


_right = _dropping(lambda net, x: F.dropout(x, 0.5, net.training))
_CHANCE = "In evaluation mode one image gets two answers: it still drops."


def _patient() -> nn.Module:
    """A LeNet whose ten logits are the first ten units of F6."""
    torch.manual_seed(0)
    net = ModernLeNet5()
    with torch.no_grad():
        net.output.weight.copy_(torch.eye(10, 84))
        net.output.bias.zero_()
    return net


def _quiet(answer: Callable, net: nn.Module, x: Tensor) -> str | None:
    """In evaluation mode, with and without a graph, it is the plain network."""
    want = _right(net.eval(), x)
    for graph in (True, False):
        with torch.set_grad_enabled(graph):
            got = [attempt(answer, net, x, kind=Tensor) for _ in range(2)]
        if got[0].shape != want.shape:
            return f"{len(x)} images give {list(got[0].shape)}."
        if difference(got[0], got[1], 1e-6):
            return _CHANCE
        if difference(got[0], want, 1e-5):
            return "In evaluation mode the logits should be those without dropout."
    return "It leaves the network in training mode." if net.training else None


def _test_dropout(answer: Callable) -> str | None:
    net, x = _patient(), torch.randn(200, 1, 32, 32)
    if said := _quiet(answer, net, x):
        return said
    with torch.no_grad():
        plain = _right(net, x)
        got = attempt(answer, net.train(), x, kind=Tensor)
    if not net.training:
        return "It leaves the network in evaluation mode."
    gone = got == 0
    if not difference(got, plain, 1e-5):
        return "In training nothing is dropped any more: who tells it the mode?"
    if difference(got, torch.where(gone, got, 2 * plain), 1e-4):
        return (
            "What is left after dropping half should be doubled, right before the "
            "last layer: only then both modes have the same mean."
        )
    if abs(gone.float().mean() - 0.5) > 0.1:
        return f"It drops {gone.float().mean():.0%} of the units, and not half."
    if bool((gone == gone[:1]).all() | (gone == gone[:, :1]).all()):
        return "The units should be drawn one by one, for each image."
    return None


@exercise(
    "clinic.dropout",
    task="Repair `dropout_forward`: it drops in training, and only there.",
    checker=Checker(
        _test_dropout,
        (
            (_dropping(lambda net, x: F.dropout(x, 0.5)), "still drops"),
            (_dropping(lambda net, x: nn.Dropout(0.5)(x)), "still drops"),
            (_dropping(lambda net, x: F.dropout(x, 0.5, False)), "nothing is dropped"),
            (_dropping(lambda net, x: x), "nothing is dropped"),
            (
                _dropping(lambda net, x: F.dropout(x, 0.5, torch.is_grad_enabled())),
                "still drops",
            ),
            (
                _dropping(lambda net, x: F.dropout(x, 0.5, net.training), early=True),
                "right before the last layer",
            ),
        ),
        takes_function=True,
    ),
    hints=[
        "What does `eval()` change? Can a function hear of it?",
        "`F.dropout` has a third argument, which is True unless you say otherwise.",
    ],
    more="Or make `nn.Dropout` in `__init__`: layers are told the mode, functions not.",
)
def dropout_forward(net: nn.Module, x: Tensor) -> Tensor:
    """A function must be told the mode; `net.training` knows it.

    **Why it is easy to miss.** `eval()` is called, as it should be, and layers obey;
    `F.dropout` never hears of it: its `training` is True by default. The score is only
    a little low. `nn.Dropout(0.5)(x)` inside `forward` is no better: a new layer is
    born in training mode.
    """
    x = net.s2(net.act(net.c1(x)))
    x = net.s4(net.act(net.c3(x)))
    x = net.act(net.f6(net.act(net.c5(x)).flatten(1)))
    return net.output(F.dropout(x, 0.5, training=net.training))
