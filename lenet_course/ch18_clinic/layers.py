"""The bug clinic, ward of models: layers that are less than they seem."""

import functools
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

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


class _Dropped(nn.Module):
    """Dropout that is on in evaluation mode, too, and nothing else in the gaps."""

    def __init__(self):
        super().__init__()
        self.layers = _dense(nn.Identity(), nn.Identity())()

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = F.dropout(layer(x))
        return self.layers[-1](x)


_SHAPES = [(120, 400), (120,), (84, 120), (84,), (10, 84), (10,)]


def _logits(model: nn.Module, x: Tensor, *values: Tensor) -> Tensor:
    """What the head makes of x with these weights and biases, and 0 for the others.

    Each is known by its size, so it does not matter what the model calls it.
    """
    by_size = {torch.Size(shape).numel(): torch.zeros(shape) for shape in _SHAPES}
    by_size |= {value.numel(): value for value in values}
    with torch.no_grad():
        for p in model.parameters():
            if (value := by_size.get(p.numel())) is None:
                raise NotYet("The three layers should keep their weights and biases.")
            turned = p.dim() == 2 and p.shape != value.shape
            p.copy_((value.T if turned else value).reshape(p.shape))
        got = model(x)
        if not torch.equal(got, model(x)):
            raise NotYet(
                "In evaluation mode one image gets two answers: chance is no bend."
            )
    return got


def _moves(model: nn.Module, x: Tensor, *values: Tensor) -> bool:
    """Whether the logits depend on which row of x it is."""
    got = _logits(model, x, *values)
    return bool((got - got[0]).abs().max() > 1e-3)


def _gaps(model: nn.Module) -> str | None:
    """Judge by outputs, with weights that look at one place at a time.

    Where nothing bends, f(t − s) − 2 f(t) + f(t + s) is 0 for every t and s. The
    weights form that sum of what comes out of a place, and bring it to a logit.
    """
    t, s = torch.linspace(-4, 4, 81)[:, None], torch.linspace(0.5, 1.5, 81)[:, None]
    near, second = torch.tensor([-1.0, 0.0, 1.0]), torch.tensor([1.0, -2.0, 1.0])
    both = F.pad(torch.cat([t, s], 1), (0, 398))
    beside = F.pad(t + near * s, (0, 397))
    reads, one, three = torch.zeros(3, 120, 400)
    reads[0, 0], one[0, :3] = 1, second
    three[:3, 0], three[:3, 1] = 1, near
    first, summed = torch.zeros(2, 84, 120)
    first[:, 0], summed[:, :3] = 1, second
    steps = torch.linspace(1, 2, 84)
    last, ends = torch.zeros(2, 10, 84)
    last[0], ends[0] = steps, (second * torch.linspace(1, 2, 28)[:, None]).flatten()
    sides = torch.linspace(-2, 2, 84)
    threes = (torch.linspace(-3, 3, 28)[:, None] + near / 2).flatten()

    free = torch.linspace(-3, 3, 10)
    if difference(_logits(model, both, free), free.expand(81, 10), 1e-4):
        return "Something stands behind the last layer: logits should be free."
    if _moves(model, beside, one, first, sides, last):
        return "Something bends before the first layer: that is not a gap."
    if not _moves(model, both, three, summed, sides, last):
        return _STRAIGHT.format("first")
    if _logits(model, both, reads, first, threes, ends).abs().max() < 1e-3:
        return _STRAIGHT.format("second")
    return None


_STRAIGHT = (
    "Between the {} dense layer and the next nothing bends: the two are still one "
    "affine map."
)


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
            (_Dropped, "chance is no bend"),
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
    loss falls, and the layers before it are still non-linear; the score may be hardly
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


class _Hooked(nn.Module):
    """A mask on the gradient, which stays where it was made."""

    def __init__(self, mask):
        super().__init__()
        self.conv = nn.Conv2d(6, 16, 5)
        four = mask[:, :, None, None]
        with torch.no_grad():
            self.conv.weight.mul_(four)
        self.conv.weight.register_hook(lambda grad: grad * four)

    def forward(self, x):
        return self.conv(x)


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

    def step() -> None:
        optimizer.zero_grad()
        layer(x).square().mean().backward()
        optimizer.step()

    for _ in range(3):
        attempt(step)


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
    with torch.no_grad():
        a, b = torch.randn(2, 1, 6, 5, 5, generator=torch.Generator().manual_seed(3))
        if difference(layer(a + b) + layer(0 * a), layer(a) + layer(b), 1e-3):
            return "The connections are right, but it is no convolution: it bends."
    if _left_behind(layer):
        return "On another device the mask stays behind: how does a buffer travel?"
    return None


class _OneDevice(TorchFunctionMode):
    """No function may mix devices, as on a GPU; "meta" lets some in-place ones."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        held = {a.device for a in args if isinstance(a, Tensor) and a.dim()}
        if len(held) > 1 and func.__name__ not in ("to", "type_as", "copy_", "__set__"):
            raise RuntimeError("tensors on two devices")
        return func(*args, **(kwargs or {}))


def _left_behind(layer: nn.Module) -> bool:
    """Whether a pass forward, or a hook on the way back, fails on another device.

    The device that every machine has is "meta". Moving there replaces parameters, and
    their hooks are lost, so they are called by hand.
    """
    hooks = [
        (hook, p.shape)
        for p in layer.parameters()
        for hook in (p._backward_hooks or {}).values()
    ]
    later = [
        (hook, p.shape)
        for p in layer.parameters()
        for hook in (getattr(p, "_post_accumulate_grad_hooks", None) or {}).values()
    ]
    layer.to("meta")
    try:
        with _OneDevice():
            layer(torch.zeros(1, 6, 5, 5, device="meta"))
            for hook, shape in hooks:
                hook(torch.zeros(shape, device="meta"))
            for hook, shape in later:
                p = nn.Parameter(torch.zeros(shape, device="meta"))
                p.grad = torch.zeros_like(p)
                hook(p)
    except Exception:
        return True
    return False


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
            (_Hooked, "the mask stays behind"),
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


def _bent(last=lambda x: x, bend=torch.tanh) -> Callable:
    """Dense layers that PyTorch knows, perhaps with other bends."""

    class Known(nn.Module):
        def __init__(self, sizes):
            super().__init__()
            pairs = zip(sizes, sizes[1:])
            self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairs)

        def forward(self, x):
            for layer in self.layers[:-1]:
                x = bend(layer(x))
            return last(self.layers[-1](x))

    return Known


def _saved(model: nn.Module) -> str | None:
    held = sum(t.numel() for t in model.state_dict().values())
    if held != sum(p.numel() for p in model.parameters()):
        return "`parameters()` knows them, but `state_dict()` would not save them."
    return None


def _judge(*sizes: int) -> tuple[tuple[int, ...], Checker]:
    """A checker of the network that has these sizes."""
    pairs = list(zip(sizes, sizes[1:]))
    like = functools.partial(_bent(), sizes)
    unlike = [
        (functools.partial(_bent(torch.tanh), sizes), "The last layer is to be free."),
        (functools.partial(_bent(bend=F.relu), sizes), "It had tanh before."),
        (functools.partial(_bent(bend=lambda x: x), sizes), "No tanh is left."),
    ]
    return sizes, module(
        [sizes[0]],
        [sizes[-1]],
        parameters=sum(a * b + b for a, b in pairs),
        look=f"Asked was for sizes {list(sizes)}: each layer known, and used.",
        like=[like],
        unlike=unlike if len(pairs) > 1 else [],
        also=_saved,
    )


_DEPTHS = [_judge(20, 12, 8, 3), _judge(6, 4), _judge(5, 7, 9, 4, 2)]


def _test_registered(answer: Callable) -> str | None:
    for sizes, judge in _DEPTHS:
        model = made(answer, list(sizes))
        if pointer := judge(model):
            return pointer
    return None


@exercise(
    "clinic.registered",
    task="Repair `Dense`: its layers must be known to PyTorch.",
    checker=Checker(
        _test_registered,
        (
            (_Dense, "0 trainable parameters"),
            (_LastOnly, "27 trainable parameters"),
            (_ByHand, "would not save them"),
            (_bent(torch.tanh), "to be free"),
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
