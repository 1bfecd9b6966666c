"""Checkers of a training step and of an evaluation, by what they do to a network."""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lenet_course.exercises.staged import attempt, staged


def _step(
    order: str, loss_of=F.cross_entropy, leave=Tensor.item, mode=True
) -> Callable:
    """A training step whose calls come in this order: z(ero), b(ackward), s(tep)."""

    def step(model, optimizer, images, labels):
        loss = loss_of(model.train(mode)(images), labels)
        calls = {"z": optimizer.zero_grad, "b": loss.backward, "s": optimizer.step}
        for letter in order:
            calls[letter]()
        return leave(loss)

    return step


OPTIMISERS = (
    lambda p: torch.optim.SGD(p, lr=0.5),
    lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    lambda p: torch.optim.Adam(p, lr=0.05),
)


def _two_steps(step: Callable) -> list[tuple]:
    """Weights and losses after two steps; a gradient of before is still there."""
    generator = torch.Generator().manual_seed(0)
    seen = []
    for classes, optimiser in zip((3, 5, 2), OPTIMISERS):
        model = nn.Linear(4, classes)
        with torch.no_grad():
            for p in model.parameters():
                p.copy_(torch.randn(p.shape, generator=generator))
        images = torch.randn(8, 4, generator=generator)
        labels = torch.randint(classes, (8,), generator=generator)
        optimizer = optimiser(model.parameters())
        F.cross_entropy(model(images), labels).backward()
        losses = [attempt(step, model, optimizer, images, labels) for _ in range(2)]
        weights = nn.utils.parameters_to_vector(model.parameters()).detach()
        graphs = [isinstance(loss, Tensor) and loss.requires_grad for loss in losses]
        seen.append((weights, any(graphs), model.training, losses))
    return seen


def _after_softmax(logits: Tensor, labels: Tensor) -> Tensor:
    return F.cross_entropy(logits.softmax(1), labels)


_UNMOVED = (
    "The weights did not move: there was no gradient when `optimizer.step()` ran. "
    "Which two lines should change places?"
)
step_checker = staged(
    _two_steps,
    _step("zbs"),
    wrong=[
        (
            _step("bs"),
            "Gradients of the step before are still in it: `backward` adds to them.",
        ),
        (
            _step("bsz"),
            "In a loop that works, since each step clears up for the next. Here a "
            "gradient is in `.grad` before the first one: clear it before `backward`.",
        ),
        (_step("bzs"), _UNMOVED),
        (_step("zsb"), _UNMOVED),
        (_step("zb"), _UNMOVED.partition(":")[0]),
        (
            _step("zbs", leave=lambda loss: loss),
            "The weights are right, but the loss is a tensor that keeps its graph "
            "alive. Return a number.",
        ),
        (
            _step("zbs", mode=False),
            "The weights are right, but the network went out in evaluation mode.",
        ),
        (
            _step("zbs", loss_of=_after_softmax),
            "`F.cross_entropy` applies the softmax by itself: give it logits.",
        ),
    ],
    look="Two steps on a small network do not end in the right weights and losses. "
    "Compare your lines with the five of the chapter.",
)


class _Watched(nn.Module):
    """A network with dropout that tells how it is called, its copies, too."""

    def __init__(self, note: Callable[[int, bool], None]):
        super().__init__()
        generator = torch.Generator().manual_seed(1)
        self.register_buffer("weight", torch.randn(4, 3, generator=generator))
        self.scale = nn.Parameter(torch.ones(()))
        self.note = note

    def forward(self, x: Tensor) -> Tensor:
        self.note(len(x), torch.is_grad_enabled())
        if self.training:  # a dropout that hits the same units each time
            x = x * torch.tensor([2.0, 0.0, 2.0, 0.0])
        return x @ self.weight * self.scale


def _list(result: object) -> Sequence:
    return result if isinstance(result, tuple | list) else [result]


def _scored(evaluate: Callable) -> list[tuple]:
    """What comes out, and what was done to get it; once the network is in training."""
    generator = torch.Generator().manual_seed(2)
    seen = []
    for count, size, training in ((130, 50, True), (47, 20, False), (60, 30, True)):
        batches, recorded = [], []

        def note(batch: int, gradients: bool, batches=batches, recorded=recorded):
            batches.append(batch)
            recorded.append(gradients)

        model = _Watched(note).train(training)
        images = torch.randn(count, 4, generator=generator)
        images[count - count % size :] *= 4  # a last, short batch unlike the others
        labels = torch.randint(3, (count,), generator=generator)
        result = attempt(evaluate, model, images, labels, size)
        recorded += [getattr(part, "requires_grad", False) for part in _list(result)]
        modes = model.training, torch.is_grad_enabled()
        torch.set_grad_enabled(True)
        seen.append((result, max(batches, default=0), any(recorded), *modes))
    return seen


def _evaluation(
    *, mode=True, gradients=False, restore="", means=False, size=None, count=False
) -> Callable:
    """An evaluation with one thing done wrong."""

    def evaluate(model, images, labels, batch_size):
        before = model.training
        model.train(not mode)
        batch_size = size or batch_size
        with torch.set_grad_enabled(gradients):
            logits = [model(x) for x in images.split(batch_size)]
        pairs = list(zip(logits, labels.split(batch_size)))
        model.train({"always": True, "never": False}.get(restore, before))
        each = [F.cross_entropy(z, y, reduction="none").detach() for z, y in pairs]
        right = sum((z.argmax(1) == y).sum().item() for z, y in pairs)
        loss = (
            sum(e.mean() for e in each) / len(each) if means else torch.cat(each).mean()
        )
        return loss.item(), right if count else right / len(labels)

    return evaluate


evaluate_checker = staged(
    _scored,
    _evaluation(),
    wrong=[
        (
            _evaluation(mode=False),
            "The network was in training mode: its dropout was at work.",
        ),
        (
            _evaluation(gradients=True),
            "The scores are right, but a graph was recorded all the while.",
        ),
        (
            _evaluation(restore="never"),
            "The scores are right, but the network came in training mode and went out "
            "in evaluation mode.",
        ),
        (
            _evaluation(restore="always"),
            "The scores are right, but a network that came in evaluation mode went out "
            "in training mode.",
        ),
        (
            _evaluation(means=True),
            "That is a mean of batch means: the last batch is shorter than the others.",
        ),
        (
            _evaluation(size=10**9),
            "All images went through at once; `batch_size` is there to save memory.",
        ),
        (_evaluation(count=True), "Accuracy is a share, from 0 to 1."),
    ],
    look="On 130 images in batches of 50, on 47 in batches of 20, or on 60 of 30, the "
    "pair (loss, accuracy) or the state it leaves is not right.",
)
