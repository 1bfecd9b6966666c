"""The bug clinic, ward of models: forward passes that read the wrong thing."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lenet_course.exercises.checkers import Checker, module
from lenet_course.exercises.compare import NotYet, difference
from lenet_course.exercises.registry import exercise
from lenet_course.exercises.staged import attempt
from lenet_helpers.models import ModernLeNet5


def _ending(flat: Callable) -> Callable:
    """LeNet's forward pass; ``flat`` brings C5 to F6."""

    def forward(net, x):
        x = net.s2(net.act(net.c1(x)))
        x = net.s4(net.act(net.c3(x)))
        x = flat(net.act(net.c5(x)))
        return net.output(net.act(net.f6(x)))

    return forward


_right = _ending(lambda c5: c5.flatten(1))


def _images(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def _test_batch(answer: Callable) -> str | None:
    torch.manual_seed(0)
    for net in (ModernLeNet5(activation="relu", pool="max"), ModernLeNet5()):
        for count in (3, 1):
            x = _images(count, 1, 32, 32)
            got = attempt(answer, net, x, kind=Tensor)
            if got.shape != (count, 10):
                return f"{count} images 32×32 give {list(got.shape)}."
            if difference(got, _right(net, x), 1e-5):
                return "On images of 32×32 the logits are no longer what they were."
    for side in (36, 40):
        try:
            got = attempt(answer, net, _images(2, 1, side, side), kind=Tensor)
        except NotYet:
            continue  # an error is what one wants here
        if len(got) != 2:
            return (
                f"2 images of {side}×{side} give {len(got)} answers. C5 is then no "
                "longer 1×1: where do its positions go?"
            )
    return None


@exercise(
    "clinic.batch",
    task="Repair `forward`: an image of another size must never become two images.",
    checker=Checker(
        _test_batch,
        (
            (_ending(lambda c5: c5.view(-1, 120)), "36×36 give 8 answers"),
            (_ending(lambda c5: c5.reshape(-1, 120)), "36×36 give 8 answers"),
            (_ending(lambda c5: c5.flatten(2).flatten(0)), "It raises"),
            (_ending(lambda c5: c5.squeeze()), "1 images 32×32 give [10]"),
            (_ending(lambda c5: c5.view(3, -1)), "It raises"),
        ),
        takes_function=True,
    ),
    hints=[
        "`-1` means: whatever makes the sum come out. Which axis should be free?",
        "Keep the batch and let the rest follow, not the other way round.",
    ],
    more="`flatten(1)` states what you mean: the batch stays, the rest is one axis.",
)
def forward(net: nn.Module, x: Tensor) -> Tensor:
    """`flatten(1)` keeps the batch; a wrong size then fails at F6, by name.

    **Why it is easy to miss.** For 32×32 images both lines give the same. For others
    `view(-1, 120)` turns positions into images: the loss may complain about the
    number of labels, but a program that only predicts goes on, with each answer
    beside the wrong picture.
    """
    x = net.s2(net.act(net.c1(x)))
    x = net.s4(net.act(net.c3(x)))
    x = net.act(net.c5(x)).flatten(1)
    return net.output(net.act(net.f6(x)))


def _pools(reads: str) -> Callable:
    """A forward pass whose S4 pools c1, s2 or c3."""

    def pooled(net, x):
        seen = {"c1": F.relu(net.c1(x))}
        seen["s2"] = F.max_pool2d(seen["c1"], 2)
        seen["c3"] = F.relu(net.c3(seen["s2"]))
        s4 = F.max_pool2d(seen[reads], 2)
        c5 = F.relu(net.c5(s4.flatten(1)))
        return net.output(F.relu(net.f6(c5)))

    return pooled


def _lazy() -> nn.Module:
    torch.manual_seed(0)
    net = ModernLeNet5()
    net.c5 = nn.LazyLinear(120)
    return net


def _test_pool(answer: Callable) -> str | None:
    net, x = _lazy(), _images(2, 1, 32, 32)
    got = attempt(answer, net, x, kind=Tensor)
    if got.shape != (2, 10) or not got.requires_grad:
        return "Two images should give logits [2, 10] that one can train."
    got.sum().backward()
    without = [n for n, p in net.named_parameters() if getattr(p, "grad", 0) is None]
    if without:
        return f"After `backward`, `{without[0]}` has no gradient: who reads its layer?"
    if net.c5.in_features != 400:
        return f"C5 reads {net.c5.in_features} values an image: is that S4?"
    if difference(got, _pools("c3")(net, x), 1e-5):
        return "Every layer is used, but the logits are not those of LeNet-5."
    return None


@exercise(
    "clinic.pool",
    task="Repair `pooled_forward`: every layer should have its say.",
    checker=Checker(
        _test_pool,
        (
            (_pools("c1"), "no gradient"),
            (_pools("s2"), "no gradient"),
            (lambda net, x: _pools("c3")(net, x).relu(), "not those of LeNet-5"),
        ),
        takes_function=True,
    ),
    hints=[
        "Which layer has no gradient? Who should read its output?",
        "Read the argument of each pooling aloud.",
    ],
    more="After the first `backward`, list the parameters without gradient.",
)
def pooled_forward(net: nn.Module, x: Tensor) -> Tensor:
    """S4 pools C3.

    **Why it is easy to miss.** With a fixed `Linear(400, 120)` it would stop at once.
    `LazyLinear` (or adaptive pooling) takes whatever arrives, and a network without C3
    still learns digits quite well. The optimiser skips parameters whose gradient is
    None without a word. A linter finds it (`c3` is assigned but never used), and
    overwriting one `x`, line by line, makes the slip impossible.
    """
    c1 = F.relu(net.c1(x))
    s2 = F.max_pool2d(c1, 2)
    c3 = F.relu(net.c3(s2))
    s4 = F.max_pool2d(c3, 2)
    c5 = F.relu(net.c5(s4.flatten(1)))
    return net.output(F.relu(net.f6(c5)))


def _stack(
    *before: nn.Module, padding=0, features=256, act=nn.Tanh, pool=nn.AvgPool2d
) -> Callable:
    """LeNet for 28×28 images, with something before its dense part."""

    def lenet() -> nn.Sequential:
        return nn.Sequential(
            *(nn.Conv2d(1, 6, 5, padding=padding), act(), pool(2)),
            *(nn.Conv2d(6, 16, 5), act(), pool(2)),
            *before,
            *(nn.Flatten(), nn.Linear(features, 120), act()),
            *(nn.Linear(120, 84), act(), nn.Linear(84, 10)),
        )

    return lenet


def _enlarged(mode: str) -> Callable:
    return lambda: nn.Sequential(nn.Upsample(32, mode=mode), *_stack(features=400)())


_REPAIRED = {"padding": 2, "features": 400}, {"features": 256}
_INVENTS = "It runs, but invents values by repeating or mixing others."


@exercise(
    "clinic.features",
    task="Repair `lenet28`, the network for images of 28×28.",
    checker=module(
        [1, 28, 28],
        [10],
        look="Ten logits an image, by the network of before: change only what did not "
        "fit.",
        like=[_stack(**repaired) for repaired in _REPAIRED],
        unlike=[
            (_stack(nn.AdaptiveAvgPool2d(5), features=400), _INVENTS),
            (_stack(nn.AdaptiveMaxPool2d(5), features=400), _INVENTS),
            *((_enlarged(mode), _INVENTS) for mode in ("nearest", "bilinear")),
            *(
                (_stack(**repaired, act=nn.ReLU), "Its activations are others now.")
                for repaired in _REPAIRED
            ),
            *(
                (_stack(**repaired, pool=nn.MaxPool2d), "It pools in another way now.")
                for repaired in _REPAIRED
            ),
        ],
        wrong=[
            (_stack(features=400), "raises"),
            (_stack(padding=1, features=400), "raises"),
        ],
    ),
    hints=[
        "The message names two matrices; the second number of the first one is what "
        "the layer really gets.",
        "28 → 24 → 12 → 8 → 4. Or make 28 into 32 first, as the paper did.",
    ],
    more="Two repairs are right: 16·4·4 = 256 features, or a border of two pixels.",
)
def lenet28() -> nn.Module:
    """LeNet-5 was drawn for 32×32. Pad C1 by two pixels and its 400 features are back.

    **Why it is easy to miss.** It stops at once, but the message names neither the
    layer nor the image. The quick cures run: upsampling the image stretches the
    digits, and adaptive pooling from 4×4 to 5×5 uses values twice; both cost nothing
    visible. `Linear(256, 120)` is right as well: another network, of 44,426.
    """
    return nn.Sequential(
        *(nn.Conv2d(1, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2)),
        *(nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2)),
        *(nn.Flatten(), nn.Linear(400, 120), nn.Tanh()),
        *(nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10)),
    )
