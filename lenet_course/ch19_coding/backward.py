"""Coding tasks: the loss and dense layers, with their gradients."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from lenet_course.exercises.by_hand import by_hand
from lenet_course.exercises.checkers import function
from lenet_course.exercises.registry import exercise


def _loss_cases(generator: torch.Generator) -> list[tuple]:
    def case(count: int, classes: int, scale: float) -> tuple:
        logits = scale * torch.randn(count, classes, generator=generator)
        return logits, torch.randint(classes, (count,), generator=generator)

    far = torch.tensor([[200.0, 0.0, -50.0], [-300.0, -290.0, -310.0]])
    return [case(4, 10, 1), case(1, 3, 2), (far, torch.tensor([1, 2])), case(3, 5, 90)]


def _with_autograd(logits, labels):
    z = logits.detach().clone().requires_grad_(True)
    with torch.enable_grad():
        loss = F.cross_entropy(z, labels)
    (grad,) = torch.autograd.grad(loss, z)
    return loss.detach(), grad


def _recorded(logits, labels):
    """A stable loss of one's own, but its gradient is left to autograd."""
    z = logits.detach().clone().requires_grad_(True)
    with torch.enable_grad():
        loss = (z.logsumexp(1) - z.gather(1, labels[:, None])[:, 0]).mean()
    loss.backward()
    return loss.detach(), z.grad


def _torchs_softmax(logits, labels):
    log_p, codes = logits.log_softmax(1), F.one_hot(labels, logits.shape[1])
    return -(codes * log_p).sum(1).mean(), (log_p.exp() - codes) / len(labels)


def _naive(logits, labels):
    p = logits.exp() / logits.exp().sum(1, keepdim=True)
    rows = torch.arange(len(labels))
    grad = p.clone()
    grad[rows, labels] -= 1
    return -p[rows, labels].log().mean(), grad / len(labels)


def _shifted_only(logits, labels):
    p = F.softmax(logits, 1)
    rows = torch.arange(len(labels))
    return -p[rows, labels].log().mean(), _with_autograd(logits, labels)[1]


def _global_shift(logits, labels):
    z = logits - logits.max()
    return _naive(z, labels)


@exercise(
    "coding.cross-entropy",
    task="Write `cross_entropy(logits, labels)`: mean loss, and its gradient.",
    checker=by_hand(
        function(
            _with_autograd,
            _loss_cases,
            look="Logits of 200 and −300 must work. The gradient: p minus one-hot.",
            wrong=[
                (
                    _naive,
                    "Right for small logits; e to the power 200 is infinite in "
                    "float32. What may you subtract from a row?",
                ),
                (
                    _shifted_only,
                    "The softmax is safe now, but the logarithm of a probability that "
                    "became 0 is not. Do not divide first: use log p = z − log Σ eᶻ.",
                ),
                (
                    _global_shift,
                    "You subtract the largest number of the whole batch: in another "
                    "row everything may vanish.",
                ),
                (
                    lambda logits, labels: (
                        _with_autograd(logits, labels)[0],
                        _with_autograd(logits, labels)[1] * len(labels),
                    ),
                    "The loss is a mean over the batch: so is its gradient.",
                ),
            ],
        ),
        _loss_cases(torch.Generator().manual_seed(0))[0],
        banned=("softmax", "log_softmax", "cross_entropy"),
        wrong=(
            (_with_autograd, "autograd found it"),
            (_recorded, "autograd found it"),
            (_torchs_softmax, "write that yourself"),
        ),
    ),
    hints=[
        "Subtract the maximum of each row: softmax does not change.",
        "log p_k = z_k − m − log Σ exp(z − m), without dividing.",
        "The gradient is (p − y) / N: subtract 1 at the label of each row.",
    ],
    more="At equal logits the loss is ln K, and the gradient's rows add up to 0.",
)
def cross_entropy(logits, labels):
    """Time O(N · K), memory O(N · K).

    The maximum of a row cancels in the quotient, and after it the largest exponent is
    0: nothing overflows. The gradient p − y is one more reason why softmax and
    logarithm belong in one function: their derivatives simplify to a difference.
    """
    z = logits - logits.max(1, keepdim=True).values
    log_p = z - z.exp().sum(1, keepdim=True).log()
    rows = torch.arange(len(labels))
    grad = log_p.exp()
    grad[rows, labels] -= 1
    return -log_p[rows, labels].mean(), grad / len(labels)


def _dense_cases(generator: torch.Generator) -> list[tuple]:
    sizes = [(5, 3), (4, 3), (5, 4)], [(1, 6), (2, 6), (1, 2)], [(3, 3)] * 3
    return [
        tuple(torch.randn(s, generator=generator) for s in shapes) for shapes in sizes
    ]


def _dense_gradients(x, weight, grad):
    return grad @ weight, grad.T @ x, grad.sum(0)


def _changed(change: Callable) -> Callable:
    def backward(x, weight, grad):
        return change(*_dense_gradients(x, weight, grad), len(x))

    return backward


def _linear_by_autograd(x, weight, grad):
    x, weight = (t.detach().clone().requires_grad_(True) for t in (x, weight))
    bias = torch.zeros(len(weight), requires_grad=True)
    with torch.enable_grad():
        out = F.linear(x, weight, bias)
    return torch.autograd.grad(out, (x, weight, bias), grad)


@exercise(
    "coding.linear-backward",
    task="Write `linear_backward(x, weight, grad)`: gradients of x, weight and bias.",
    checker=by_hand(
        function(
            _linear_by_autograd,
            _dense_cases,
            look="Shapes decide: each gradient has the shape of what it belongs to.",
            wrong=[
                (
                    _changed(lambda dx, dw, db, n: (dx, dw / n, db / n)),
                    "The mean is taken in the loss; here gradients of images add up.",
                ),
                (
                    _changed(lambda dx, dw, db, n: (dx, dw.T, db)),
                    "PyTorch stores the weights as [out, in].",
                ),
                (
                    _changed(lambda dx, dw, db, n: (dx, dw, db.sum())),
                    "There is a bias for each output.",
                ),
            ],
        ),
        _dense_cases(torch.Generator().manual_seed(0))[0],
        wrong=((_linear_by_autograd, "autograd found it"),),
    ),
    hints=[
        "Forward: out = x @ weight.T + bias.",
        "[N, out] and [out, in] make [N, in]; [out, N] and [N, in] make [out, in].",
    ],
    more="Two products back for one forward: training costs about three times as much.",
)
def linear_backward(x, weight, grad):
    """Time 2 · N · in · out multiplications, memory O(in · out + N · in).

    x must be kept from the forward pass: one reason why training needs more memory.
    """
    return grad @ weight, grad.T @ x, grad.sum(0)


def _two_layers(x, labels, w1, b1, w2, b2):
    names = [t.detach().clone().requires_grad_(True) for t in (w1, b1, w2, b2)]
    with torch.enable_grad():
        hidden = F.relu(F.linear(x, names[0], names[1]))
        loss = F.cross_entropy(F.linear(hidden, names[2], names[3]), labels)
    return (loss.detach(), *torch.autograd.grad(loss, names))


def _mlp(mask: Callable, scale=lambda n: n) -> Callable:
    def two_layer(x, labels, w1, b1, w2, b2):
        a = x @ w1.T + b1
        h = a.clamp(min=0)
        z = h @ w2.T + b2
        loss = F.cross_entropy(z, labels)
        dz = (z.softmax(1) - F.one_hot(labels, len(w2))) / scale(len(x))
        da = mask(dz @ w2, a, h)
        return loss, da.T @ x, da.sum(0), dz.T @ h, dz.sum(0)

    return two_layer


def _network_cases(generator: torch.Generator) -> list[tuple]:
    def case(n, inputs, hidden, classes):
        sizes = [
            (n, inputs),
            (hidden, inputs),
            (hidden,),
            (classes, hidden),
            (classes,),
        ]
        x, *weights = (torch.randn(s, generator=generator) for s in sizes)
        return x, torch.randint(classes, (n,), generator=generator), *weights

    return [case(6, 4, 5, 3), case(1, 3, 8, 2), case(40, 6, 30, 4)]


@exercise(
    "coding.two-layer-net",
    task="Write `two_layer(x, labels, w1, b1, w2, b2)`: loss and four gradients.",
    checker=by_hand(
        function(
            _two_layers,
            _network_cases,
            look="From the end: dz, then w2 and b2, back through ReLU, then w1 and b1.",
            wrong=[
                (
                    _mlp(lambda dh, a, h: dh),
                    "The last layer is right. ReLU passes a gradient only where it "
                    "passed a value.",
                ),
                (
                    _mlp(lambda dh, a, h: dh * (dh > 0)),
                    "The mask is that of the forward pass, not the sign of the "
                    "gradient.",
                ),
                (
                    _mlp(lambda dh, a, h: dh * (a > 0), lambda n: 1),
                    "The loss is a mean over the batch.",
                ),
                (
                    _mlp(lambda dh, a, h: dh * h),
                    "ReLU's slope is 0 or 1, not its value.",
                ),
            ],
        ),
        _network_cases(torch.Generator().manual_seed(0))[0],
        wrong=((_two_layers, "autograd found it"),),
    ),
    hints=[
        "Forward: a = x w1ᵀ + b1, h = max(a, 0), z = h w2ᵀ + b2.",
        "dz = (p − y) / N; dw2 = dzᵀ h; dh = dz w2.",
        "da = dh where a > 0, else 0; dw1 = daᵀ x; biases are sums over the batch.",
    ],
    more="A framework does this for many more kinds of layer.",
)
def two_layer(x, labels, w1, b1, w2, b2):
    """Time O(N · (in · hidden + hidden · classes)): two products forward, three back.

    Memory: x, h and z are kept for the way back, O(N · (in + hidden + classes)).
    """
    h = (x @ w1.T + b1).clamp(min=0)
    z = h @ w2.T + b2
    log_p = z - z.logsumexp(1, keepdim=True)
    rows = torch.arange(len(x))
    loss = -log_p[rows, labels].mean()
    dz = log_p.exp()
    dz[rows, labels] -= 1
    dz = dz / len(x)
    da = (dz @ w2) * (h > 0)
    return loss, da.T @ x, da.sum(0), dz.T @ h, dz.sum(0)


def cubes(x: Tensor) -> Tensor:
    return (x**3).sum()


def sines(x: Tensor) -> Tensor:
    return (x.sin() * torch.arange(1.0, 1 + x.numel())).sum()


def product(x: Tensor) -> Tensor:
    return (x**3).prod()


def _central(f, x, h):
    """All nudged copies at once: row i of the identity moves entry i."""
    steps = h * torch.eye(x.numel(), dtype=x.dtype).view(-1, *x.shape)
    pairs = [(f(x + step), f(x - step)) for step in steps]
    return torch.stack([up - down for up, down in pairs]).view_as(x) / (2 * h)


def _slopes(f, x, h):
    x = x.detach().clone().requires_grad_(True)
    with torch.enable_grad():
        (grad,) = torch.autograd.grad(f(x), x)
    return grad


def _nudging(low: float, high: float, width: float, restore=True) -> Callable:
    def gradient(f, x, h):
        x, grad = x.clone(), torch.zeros_like(x)
        for i in range(x.numel()):
            kept = x.view(-1)[i].item()
            x.view(-1)[i] = kept + high * h
            up = f(x).item()
            x.view(-1)[i] = kept + low * h
            grad.view(-1)[i] = (up - f(x).item()) / (width * h)
            if restore:
                x.view(-1)[i] = kept
        return grad

    return gradient


@exercise(
    "coding.gradient-check",
    task="Write `numerical_gradient(f, x, h)` by central differences; x is float64.",
    checker=function(
        _central,
        lambda generator: [
            (f, 1 + torch.rand(shape, generator=generator).double(), h)
            for f, shape, h in (
                *((cubes, (2, 3), 0.1), (sines, (4,), 0.02)),
                *((product, (3,), 0.5), (cubes, (1, 2, 2), 0.003)),
            )
        ],
        tolerance=1e-6,
        look="One entry at a time: h up, h down, over the distance.",
        wrong=[
            (
                _slopes,
                "That is the slope, or the difference over a step of your own: take "
                "the h that you are given, and neither autograd nor a formula.",
            ),
            (lambda f, x, h: _central(f, x, 1e-5), "take the h that you are given"),
            (
                _nudging(0, 1, 1),
                "Forward differences: their error falls with h, that of central "
                "ones with h².",
            ),
            (_nudging(-1, 1, 1), "From x − h to x + h it is 2h."),
            (
                _nudging(-1, 1, 2, restore=False),
                "Only the first entry is right: is each one put back?",
            ),
        ],
    ),
    hints=[
        "Work on a copy of x, entry by entry; put each back before the next.",
        "(f(x + h) − f(x − h)) / 2h.",
    ],
    more="Compare by relative error: 1e-6 is a good sign, 1e-2 a bug or a kink.",
)
def numerical_gradient(f, x, h=1e-5):
    """Time: two calls of f for each entry of x, so only for tiny layers. Memory O(x).

    In float64: in float32, with so small an h, the difference keeps hardly any digit.
    """
    x, grad = x.clone(), torch.zeros_like(x)
    flat, slots = x.view(-1), grad.view(-1)
    for i in range(x.numel()):
        kept = flat[i].item()
        flat[i] = kept + h
        up = f(x).item()
        flat[i] = kept - h
        slots[i] = (up - f(x).item()) / (2 * h)
        flat[i] = kept
    return grad
