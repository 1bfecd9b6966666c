"""What the exercises on devices are checked with: a device, and steps to play."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lenet_course.exercises.staged import attempt, staged
from lenet_course.exercises.stages.fake_gpu import FakeGPU


class Device(FakeGPU):
    """A fake GPU, in seconds: a slow first call, then a longer and a shorter by turns.

    So the mean needs all calls. They are long, that waiting after each costs nothing.
    """

    def __init__(self, call: float, first: float):
        super().__init__(host=1e-5)
        self.call, self.first = call, first

    def __repr__(self) -> str:
        return "device"

    def launch(self) -> None:
        later = self.call * (1.5 if self.calls % 2 else 0.5)
        super().launch(later if self.calls else self.first)


class _Watched(nn.Linear):
    """A layer that notes how many images went through at once, and how many waited.

    An image waits, with all its activations, from its forward to its backward pass.
    """

    largest = waiting = waited = 0

    def forward(self, x: Tensor) -> Tensor:
        out, count = super().forward(x), len(x)
        self.largest = max(self.largest, count)
        if out.requires_grad:
            self.waiting += count
            self.waited = max(self.waited, self.waiting)
            out.register_hook(lambda gradient: self.gone(count))
        return out

    def gone(self, count: int) -> None:
        self.waiting -= count


OPTIMISERS = (
    lambda p: torch.optim.SGD(p, lr=0.5),
    lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    lambda p: torch.optim.Adam(p, lr=0.05),
)


def _steps(step: Callable) -> tuple:
    """Weights after two steps of 10 images in parts of 4, and what went through.

    A gradient of before is still there at the first.
    """
    generator = torch.Generator().manual_seed(0)
    weights, seen = [], []
    for optimiser in OPTIMISERS:
        model = _Watched(4, 3)
        with torch.no_grad():
            for p in model.parameters():
                p.copy_(torch.randn(p.shape, generator=generator))
        images = torch.randn(10, 4, generator=generator)
        images[8:] *= 5  # the last, short part is unlike the others
        labels = torch.randint(3, (10,), generator=generator)
        optimizer = optimiser(model.parameters())
        F.cross_entropy(F.linear(images, *model.parameters()), labels).backward()
        for _ in range(2):
            attempt(step, model, optimizer, images, labels, 4)
        weights.append(nn.utils.parameters_to_vector(model.parameters()).detach())
        seen += [model.largest, model.waited]
    return weights, seen


def _accumulated(
    weight="share", clear="once", each=False, whole=False, late=False
) -> Callable:
    """A step in parts with one thing done wrong."""

    def step(model, optimizer, images, labels, size):
        size = len(images) if whole else size
        parts = list(zip(images.split(size), labels.split(size)))
        if clear == "once":
            optimizer.zero_grad()
        losses = []
        for x, y in parts:
            if clear == "each":
                optimizer.zero_grad()
            by = {"share": len(x) / len(images), "parts": 1 / len(parts), "sum": 1}
            losses.append(F.cross_entropy(model(x), y) * by[weight])
            if not late:
                losses.pop().backward()
            if each:
                optimizer.step()
        if late:
            sum(losses).backward()
        if not each:
            optimizer.step()
        if clear == "after":
            optimizer.zero_grad()

    return step


accumulate_checker = staged(
    _steps,
    _accumulated(),
    wrong=[
        (
            _accumulated(weight="sum"),
            "The gradients of the parts add up: the step is as many times too long as "
            "there are parts.",
        ),
        (
            _accumulated(weight="parts"),
            "The last part is shorter than the others, yet counts as much.",
        ),
        (
            _accumulated(clear="each"),
            "Clearing in the loop throws the earlier parts' gradients away.",
        ),
        (
            _accumulated(clear="never"),
            "The second step still holds the gradient of the first.",
        ),
        (
            _accumulated(clear="after"),
            "The first step still holds a gradient of before: clear at the start.",
        ),
        (
            _accumulated(late=True),
            "The weights are right, but the activations of all parts wait in memory "
            "for one `backward`. Let each part have its own.",
        ),
        (_accumulated(each=True), "There should be one step, after the last part."),
        (
            _accumulated(whole=True),
            "The weights are right, but all images went through at once.",
        ),
    ],
    look="Two steps on 10 images in parts of 4 do not end in the weights that two "
    "steps on the whole batch give.",
)


LIMIT = 1.0
# What the losses of four steps are multiplied by: the gradient is cut, left alone,
# overflows, and is cut again.
SIZES = (8.0, 0.05, float("inf"), 4.0)


def _scaled_steps(step: Callable) -> tuple:
    """Weights after each of four steps under a scaler, and its scale at the end."""
    weight = nn.Parameter(torch.tensor([[0.5, -1.0], [2.0, 0.25]]))
    bias = nn.Parameter(torch.tensor([0.1, -0.2]))
    optimizer = torch.optim.SGD([weight, bias], lr=0.5)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    x = torch.tensor([[1.0, 2.0], [-1.0, 0.5], [0.5, 0.5]])
    seen = []
    for size in SIZES:
        loss = (x @ weight.t() + bias).pow(2).mean() * size
        attempt(step, loss, [weight, bias], optimizer, scaler, LIMIT)
        seen.append(torch.cat([weight.detach().flatten(), bias.detach()]))
    return torch.stack(seen), scaler.get_scale()


def _clipped(*order: str) -> Callable:
    """A step that does these things in this order."""

    def step(loss, parameters, optimizer, scaler, limit):
        deeds = {
            "zero": optimizer.zero_grad,
            "plain": loss.backward,
            "scaled": lambda: scaler.scale(loss).backward(),
            "unscale": lambda: scaler.unscale_(optimizer),
            "clip": lambda: nn.utils.clip_grad_norm_(parameters, limit),
            "values": lambda: nn.utils.clip_grad_value_(parameters, limit),
            "step": lambda: scaler.step(optimizer),
            "bare": optimizer.step,
            "update": scaler.update,
        }
        for name in order:
            deeds[name]()

    return step


clip_checker = staged(
    _scaled_steps,
    _clipped("zero", "scaled", "unscale", "clip", "step", "update"),
    wrong=[
        (
            _clipped("zero", "scaled", "clip", "unscale", "step", "update"),
            "The clipping saw the scaled gradients, which are as many times too long: "
            "bring them back to their size first.",
        ),
        (
            _clipped("zero", "scaled", "clip", "step", "update"),
            "Nothing brought the gradients back to their size before the clipping; "
            "`scaler.step` does it too late.",
        ),
        (
            _clipped("zero", "scaled", "unscale", "step", "clip", "update"),
            "The step was taken before the gradients were clipped.",
        ),
        (
            _clipped("zero", "scaled", "unscale", "step", "update"),
            "The gradients are not clipped.",
        ),
        (
            _clipped("zero", "scaled", "unscale", "values", "step", "update"),
            "Each value was clipped by itself, which turns the gradient; limit its "
            "norm, over all parameters together.",
        ),
        (
            _clipped("zero", "scaled", "unscale", "clip", "bare", "update"),
            "`optimizer.step()` knows nothing of the scaler: it takes the step whose "
            "gradients overflowed, too.",
        ),
        (
            _clipped("scaled", "unscale", "clip", "step", "update"),
            "The gradients of the step before are still there.",
        ),
    ],
    look="Four steps, one of which overflows, do not end where they should: scale and "
    "backward, unscale, clip, step, update.",
)
