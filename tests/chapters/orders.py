"""Whether lines of code in some order do what a box asks: each compared with PyTorch.

A world takes the lines in an order; it says whether they work. A line that fails does
not.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import nn

from lenet_course.act_first import Task
from lenet_course.ch01_history.timeline import EVENTS
from lenet_helpers.models import AlexNet, ModernLeNet5

World = Callable[[list[str]], bool]
WORLDS: dict[str, World] = {}


def world(id: str) -> Callable[[World], World]:
    """Note the world of the box in this cell; it is made once."""

    def note(make: Callable[[], World]) -> World:
        made = []

        def works(lines: list[str]) -> bool:
            if not made:
                torch.manual_seed(0)
                made.append(make())
            try:
                return made[0]("\n".join(lines))
            except Exception:  # whatever a wrong order runs into
                return False

        WORLDS[id] = works
        return works

    return note


def ran(code: str, **names) -> dict:
    exec(code, names)
    return names


def same(a: torch.Tensor, b: torch.Tensor) -> bool:
    return a.shape == b.shape and torch.allclose(a, b, rtol=1e-4, atol=1e-6)


@world("arch-order-forward")
def forward() -> World:
    net, image = ModernLeNet5(), torch.randn(2, 1, 32, 32)
    return lambda code: same(ran(code, net=net, x=image)["x"], net(image))


@world("conv-order-product")
def product() -> World:
    x, w, b = torch.randn(2, 6, 14, 14), torch.randn(16, 6, 5, 5), torch.randn(16)
    right = F.conv2d(x, w, b)
    return lambda code: torch.allclose(
        ran(code, F=F, x=x, w=w, b=b)["maps"], right, atol=1e-3
    )


@world("clf-order-stable")
def stable() -> World:
    z = torch.tensor([[1000.0, 998.0, 0.0], [-1000.0, 3.0, 2.0]])
    y = torch.tensor([1, 2])
    return lambda code: same(
        ran(code, torch=torch, z=z, y=y)["loss"], F.cross_entropy(z, y)
    )


@world("back-order-dense")
def dense() -> World:
    x, dy = torch.randn(5, 4, requires_grad=True), torch.randn(5, 3)
    W = torch.randn(3, 4, requires_grad=True)
    dx, dW = torch.autograd.grad((x @ W.T).tanh(), (x, W), dy)

    def works(code: str) -> bool:
        names = ran(code, x=x.detach(), W=W.detach(), dy=dy, rate=0.1)
        return same(names["dx"], dx) and same(names["W"], W - 0.1 * dW)

    return works


def small() -> tuple[nn.Module, list]:
    torch.manual_seed(1)
    batches = [(3 * torch.randn(8, 4), torch.randint(3, (8,))) for _ in range(3)]
    return nn.Linear(4, 3), batches


def gradients(model: nn.Module, x: torch.Tensor, y: torch.Tensor) -> list:
    return list(torch.autograd.grad(F.cross_entropy(model(x), y), model.parameters()))


def follow(model: nn.Module, steps: list, rates: list[float], limit=float("inf")):
    """Plain gradient descent, each gradient cut to the length ``limit``."""
    for (x, y), rate in zip(steps, rates):
        found = gradients(model, x, y)
        length = torch.cat([g.flatten() for g in found]).norm().item()
        assert limit == float("inf") or length > 1.5 * limit  # or clipping is not seen
        with torch.no_grad():
            for p, g in zip(model.parameters(), found):
                p -= rate * min(1.0, limit / length) * g
    return model.weight


@world("train-order-step")
def step() -> World:
    right = follow(*small(), [0.5] * 3)

    def works(code: str) -> bool:
        model, batches = small()
        optimizer = torch.optim.SGD(model.parameters(), 0.5)
        names = dict(model=model, optimizer=optimizer, F=F)
        for names["x"], names["y"] in batches:
            exec(code, names)
        return same(model.weight, right)

    return works


@world("tricks-order-step")
def clipped() -> World:
    right = follow(*small(), [0.5, 0.05, 0.005], limit=0.1)

    def works(code: str) -> bool:
        model, batches = small()
        optimizer = torch.optim.SGD(model.parameters(), 0.5)
        schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.1)
        names = dict(model=model, optimizer=optimizer, schedule=schedule, F=F, nn=nn)
        for names["x"], names["y"] in batches:
            exec(code.replace("1.0", "0.1"), names)
        return same(model.weight, right)

    return works


@world("gpu-order-scaler")
def scaled() -> World:
    model, ((x, y), *_) = small()
    right = follow(model, [(x, y)] * 2, [0.5] * 2, limit=0.1)

    def works(code: str) -> bool:
        model, _ = small()
        optimizer = torch.optim.SGD(model.parameters(), 0.5)
        scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10)
        names = dict(model=model, optimizer=optimizer, scaler=scaler, torch=torch, y=y)
        names["loss_of"] = lambda model, x, y: F.cross_entropy(model(x), y)
        names["clip_grad_norm_"] = nn.utils.clip_grad_norm_
        for names["x"] in (x, 1e6 * x, x):  # the second overflows and is left out
            exec(code.replace('"cuda"', '"cpu"').replace("1.0", "0.1"), names)
            optimizer.zero_grad()
        close = torch.allclose(model.weight, right, atol=1e-3)
        return close and scaler.get_scale() == 2.0**9

    return works


@world("maps-order-saliency")
def saliency() -> World:
    model, image = ModernLeNet5(), torch.randn(1, 1, 32, 32)
    marked = image.clone().requires_grad_(True)
    (slope,) = torch.autograd.grad(model(marked)[0, 3], marked)
    right = slope[0, 0].abs()
    return lambda code: same(
        ran(code, model=model, image=image, label=3)["saliency"], right
    )


@world("alexnet-order-conv1")
def first_stage() -> World:
    net, x, seen = AlexNet(), 100 * torch.randn(1, 3, 227, 227), []
    net.pool1.register_forward_hook(lambda *io: seen.append(io[2]))
    with torch.inference_mode():
        net(x)
    return lambda code: same(ran(code, F=F, net=net, x=x)["x"], seen[0])


@world("limits-order-step")
def sign() -> World:
    model = nn.Sequential(nn.Flatten(), nn.Linear(9, 3))
    x, y = torch.rand(4, 1, 3, 3), torch.tensor([0, 1, 2, 0])
    marked = x.clone().requires_grad_(True)
    F.cross_entropy(model(marked), y).backward()
    right = (x + 0.3 * marked.grad.sign()).clamp(0, 1)
    assert (right == 1).any()  # or a forgotten limit is not seen
    names = dict(torch=torch, F=F, read=model, y=y, eps=0.3)
    return lambda code: same(ran(code, x=x, **names)["x"], right)


@world("limits-order-cam")
def heat() -> World:
    front = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Tanh())
    rest = nn.Linear(18, 4)
    x = torch.randn(1, 1, 5, 5)
    with torch.no_grad():  # a linear rest: the slope is its weight
        share = rest.weight[3].view(1, 2, 9).mean(2)
        right = torch.einsum("bk,bkij->bij", share, front(x)).clamp(min=0)
    assert right.any()  # or any heat of zeros is right
    names = dict(torch=torch, front=front, back=nn.Sequential(nn.Flatten(), rest))
    return lambda code: same(ran(code, x=x, **names)["heat"], right)


# ---- Words ----

EVENT = {
    "AlexNet": "AlexNet: ",
    "The neocognitron": "Neocognitron",
    "Units with a rectifier": "rectified units",
    "on a GPU": "Convolution on a GPU",
    "cheque reader": "Cheque readers",
    "LeNet learns its kernels": "LeNet-1989: kernels learned",
}


def years(task: Task) -> list[int]:
    """Of the lines in their right order, as the timeline has them."""
    found = []
    for number in task.right[0]:
        (words,) = [w for w in EVENT if w in task.lines[number - 1]]
        (year,) = {event.year for event in EVENTS if EVENT[words] in event.text}
        found.append(year)
    return found
