"""What the exercises on devices are checked with: a device and a step in parts."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lenet_course.exercises.staged import attempt, staged
from lenet_course.exercises.stages.fake_gpu import FakeGPU


class Device(FakeGPU):
    """A fake GPU, in seconds, whose calls are all alike but for the first."""

    def __init__(self, call: float, first: float):
        super().__init__(host=0.0001)
        self.call, self.first = call, first

    def __repr__(self) -> str:
        return "device"

    def launch(self) -> None:
        super().launch(self.call if self.calls else self.first)


class _Watched(nn.Linear):
    """A layer that notes its largest batch."""

    largest = 0

    def forward(self, x: Tensor) -> Tensor:
        self.largest = max(self.largest, len(x))
        return super().forward(x)


def _two_steps(step: Callable) -> tuple:
    """Weights after two steps of 10 images in parts of 4, and the largest part."""
    generator = torch.Generator().manual_seed(0)
    model = _Watched(4, 3)
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.randn(p.shape, generator=generator))
    images = torch.randn(10, 4, generator=generator)
    images[8:] *= 5  # the last, short part is unlike the others
    labels = torch.randint(3, (10,), generator=generator)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    for _ in range(2):
        attempt(step, model, optimizer, images, labels, 4)
    weights = nn.utils.parameters_to_vector(model.parameters()).detach()
    return weights, model.largest


def _accumulated(weight="share", clear="once", each=False, whole=False) -> Callable:
    """A step in parts with one thing done wrong."""

    def step(model, optimizer, images, labels, size):
        size = len(images) if whole else size
        parts = list(zip(images.split(size), labels.split(size)))
        if clear == "once":
            optimizer.zero_grad()
        for x, y in parts:
            if clear == "each":
                optimizer.zero_grad()
            by = {"share": len(x) / len(images), "parts": 1 / len(parts), "sum": 1}
            (F.cross_entropy(model(x), y) * by[weight]).backward()
            if each:
                optimizer.step()
        if not each:
            optimizer.step()

    return step


accumulate_checker = staged(
    _two_steps,
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
        (_accumulated(each=True), "There should be one step, after the last part."),
        (
            _accumulated(whole=True),
            "The weights are right, but all images went through at once.",
        ),
    ],
    look="Two steps on 10 images in parts of 4 do not end in the weights that two "
    "steps on the whole batch give.",
)
