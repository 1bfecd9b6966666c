"""The bug clinic, ward of models: layers that are less than they seem."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lenet_course.exercises.checkers import Checker, module
from lenet_course.exercises.compare import NotYet, difference
from lenet_course.exercises.registry import exercise
from lenet_course.exercises.staged import attempt, made


def _dense(*after: nn.Module, last: nn.Module | None = None) -> Callable:
    """A head 400, 120, 84, 10 with these layers in its two gaps."""

    def head() -> nn.Sequential:
        first, second = after
        end = [last] if last else []
        return nn.Sequential(
            *(nn.Linear(400, 120), first, nn.Linear(120, 84), second),
            *(nn.Linear(84, 10), *end),
        )

    return head


def _affine(before: Tensor, after: Tensor) -> bool:
    """Whether each unit of ``after`` is a scaled and shifted unit of ``before``."""
    if before.shape != after.shape:
        return False
    centred = [t.double() - t.double().mean(0) for t in (before, after)]
    product = (centred[0] * centred[1]).sum(0)
    norms = centred[0].norm(dim=0) * centred[1].norm(dim=0)
    return bool((product.abs() >= (1 - 1e-6) * norms).all())


def _gaps(model: nn.Module) -> str | None:
    seen = []
    for layer in model.modules():
        if isinstance(layer, nn.Linear):
            layer.register_forward_hook(lambda m, i, o: seen.append((i[0], o)))
    x = 3 * torch.randn(64, 400, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        got = model(x)
    for (_, before), (after, _), name in zip(seen, seen[1:], ("first", "second")):
        if _affine(before, after):
            return (
                f"Between the {name} dense layer and the next nothing bends: the two "
                "are still one affine map."
            )
    if seen and difference(got, seen[-1][1], 1e-6):
        return "Something stands behind the last layer: logits should be free."
    sums = model(x[:8] + x[8:16]) + model(0 * x[:8]), model(x[:8]) + model(x[8:16])
    return None if difference(*sums, 1e-3) else "It is still one affine map."


@exercise(
    "clinic.linear",
    task="Repair `Head`: its three layers must be worth more than one.",
    checker=module(
        [400],
        [10],
        parameters=59_134,
        look="The three layers and their sizes should stay: 400, 120, 84, 10.",
        also=_gaps,
        wrong=[
            (_dense(nn.Identity(), nn.Identity()), "first dense layer"),
            (_dense(nn.Tanh(), nn.Identity()), "second dense layer"),
            (_dense(nn.Dropout(0.5), nn.ReLU()), "first dense layer"),
            (_dense(nn.ReLU(), nn.ReLU(), last=nn.ReLU()), "behind the last layer"),
        ],
    ),
    hints=[
        "Multiply the three weight matrices. What shape has the product?",
        "There are two gaps between three layers. And dropout bends nothing.",
    ],
    more="An activation in each gap, none behind the logits.",
)
class Head(nn.Module):
    """A non-linearity in each of the two gaps.

    **Why it is easy to miss.** Parameters, shapes and summary are those of LeNet, the
    loss falls, and the layers before it are still non-linear, so the score is hardly
    lower. Only algebra shows it: 59,134 parameters that can say what 4,010 can.
    """

    def __init__(self):
        super().__init__()
        self.f5 = nn.Linear(400, 120)
        self.f6 = nn.Linear(120, 84)
        self.f7 = nn.Linear(84, 10)

    def forward(self, x):
        x = torch.tanh(self.f5(x))
        x = torch.tanh(self.f6(x))
        return self.f7(x)


def _partial(once: bool, *, buffer=True, trains=True) -> Callable:
    """A masked convolution with one thing done wrong."""

    class Masked(nn.Module):
        def __init__(self, mask):
            super().__init__()
            self.conv = nn.Conv2d(6, 16, 5)
            four = mask[:, :, None, None]
            if buffer:
                self.register_buffer("mask", four)
            else:
                self.mask = four
            with torch.no_grad():
                self.conv.weight.mul_(four)
            self.conv.weight.requires_grad_(trains)

        def forward(self, x):
            weight = self.conv.weight if once else self.conv.weight * self.mask
            return F.conv2d(x, weight, self.conv.bias)

    return Masked


def _reads(layer: nn.Module) -> Tensor:
    """Which outputs change with which inputs: bool [16, 6]."""
    x = torch.randn(1, 6, 5, 5, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        base = layer(x)
        rows = []
        for j in range(6):
            other = x.clone()
            other[:, j] += 1
            change = (layer(other) - base).abs()[0]
            rows.append(change.flatten(1).amax(1) > 1e-6)
    return torch.stack(rows, 1)


def _taught(layer: nn.Module) -> None:
    trained = [p for p in layer.parameters() if p.requires_grad]
    if not trained:
        raise NotYet("Nothing is left to train.")
    optimizer = torch.optim.SGD(trained, lr=0.5, momentum=0.9)
    x = torch.randn(8, 6, 5, 5, generator=torch.Generator().manual_seed(2))
    for _ in range(3):
        optimizer.zero_grad()
        attempt(layer, x, kind=Tensor).square().mean().backward()
        optimizer.step()


def _test_mask(answer: Callable) -> str | None:
    mask = (torch.arange(96).view(16, 6) % 5 > 1).float()
    layer = made(answer, mask.clone())
    got = attempt(layer, torch.zeros(2, 6, 14, 14), kind=Tensor)
    if got.shape != (2, 16, 10, 10):
        return f"S2, [2, 6, 14, 14], becomes {list(got.shape)}."
    if not torch.equal(_reads(layer), mask.bool()):
        return "Before any training the connections are not those of the mask."
    before = [p.detach().clone() for p in layer.parameters()]
    _taught(layer)
    after = _reads(layer)
    if extra := int((after & ~mask.bool()).sum()):
        return f"After three steps {extra} forbidden connections are there."
    if not torch.equal(after, mask.bool()):
        return "After three steps some connections are gone."
    moved = [not torch.equal(*pair) for pair in zip(before, layer.parameters())]
    if not all(moved):
        return "The connections stay, but so do the weights: they no longer learn."
    try:
        attempt(layer.to("meta"), torch.zeros(1, 6, 5, 5, device="meta"))
    except NotYet:
        return "On another device the mask stays behind: how does a buffer travel?"
    return None


@exercise(
    "clinic.mask",
    task="Repair `PartialC3`: what Table I leaves out must stay out.",
    checker=Checker(
        _test_mask,
        (
            (_partial(once=True), "forbidden connections are there"),
            (_partial(once=True, trains=False), "no longer learn"),
            (_partial(once=False, buffer=False), "the mask stays behind"),
            (lambda mask: nn.Conv2d(6, 16, 5), "not those of the mask"),
        ),
        takes_function=True,
    ),
    hints=[
        "The weights are 0 after `__init__`. What is their gradient?",
        "Multiply by the mask where the weights are used, in every forward pass.",
        "`self.register_buffer` keeps a tensor that is no parameter; "
        "`F.conv2d(x, weight, bias)` takes any weight.",
    ],
    more="A masked weight gets a gradient of exactly 0: it is multiplied by 0.",
)
class PartialC3(nn.Module):
    """The mask is part of the forward pass, so it is part of the gradient, too.

    **Why it is easy to miss.** Right after construction every test passes: 1,500
    weights, the right zeros. One optimiser step later there are 2,400, and the network
    trains on. Count connections *after* training.
    """

    def __init__(self, mask):
        super().__init__()
        self.conv = nn.Conv2d(6, 16, 5)
        self.register_buffer("mask", mask[:, :, None, None])

    def forward(self, x):
        return F.conv2d(x, self.conv.weight * self.mask, self.conv.bias)


class _Dense(nn.Module):
    """Dense layers in a plain list."""

    def __init__(self, sizes):
        super().__init__()
        self.layers = [nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])]

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.tanh(layer(x))
        return self.layers[-1](x)


class _ByHand(_Dense):
    def parameters(self, recurse=True):
        return (p for layer in self.layers for p in layer.parameters())


class _LastOnly(_Dense):
    def __init__(self, sizes):
        super().__init__(sizes)
        self.last = self.layers[-1]


def _test_registered(answer: Callable) -> str | None:
    sizes = [20, 12, 8, 3]
    torch.manual_seed(0)
    model, want = made(answer, list(sizes)), 20 * 12 + 12 + 12 * 8 + 8 + 8 * 3 + 3
    x = torch.randn(5, 20, generator=torch.Generator().manual_seed(0))
    got = attempt(model, x, kind=Tensor)
    if got.shape != (5, 3):
        return f"With sizes {sizes} a batch of 5 becomes {list(got.shape)}."
    count = sum(p.numel() for p in model.parameters())
    if count != want:
        return f"With sizes {sizes} it has {count} parameters instead of {want}."
    if sum(t.numel() for t in model.state_dict().values()) != want:
        return "`parameters()` knows them, but `state_dict()` would not save them."
    layers = [m for m in model.modules() if isinstance(m, nn.Linear)]
    by_hand = x
    for layer in layers:
        by_hand = layer(by_hand if layer is layers[0] else by_hand.tanh())
    if difference(got, by_hand, 1e-5):
        return "The layers are registered, but `forward` no longer goes through them."
    attempt(model.double(), x.double(), kind=Tensor)
    return None


@exercise(
    "clinic.registered",
    task="Repair `Dense`: its layers must be known to PyTorch.",
    checker=Checker(
        _test_registered,
        (
            (_Dense, "0 parameters"),
            (_LastOnly, "27 parameters"),
            (_ByHand, "would not save them"),
        ),
        takes_function=True,
    ),
    hints=[
        "Print the model. What is listed?",
        "A module registers what is assigned to it *directly*; it does not look into "
        "a plain list.",
    ],
    more="`nn.ModuleList`, `nn.ModuleDict`, `nn.Sequential`: these are looked into.",
)
class Dense(nn.Module):
    """`nn.ModuleList` is a list that PyTorch looks into.

    **Why it is easy to miss.** The forward pass works. Alone, the optimiser complains
    about an empty list; in a larger network it trains everything else, these layers
    stay as they were drawn, are not saved, and do not move to the GPU.
    """

    def __init__(self, sizes):
        super().__init__()
        pairs = zip(sizes, sizes[1:])
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairs)

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.tanh(layer(x))
        return self.layers[-1](x)
