"""The bug clinic, ward of the loss and the loop."""

import weakref
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import SGD
from torch.optim.lr_scheduler import CosineAnnealingLR

from lenet_course.exercises.checkers import Checker, NotYet, function
from lenet_course.exercises.compare import difference
from lenet_course.exercises.registry import exercise
from lenet_course.exercises.staged import attempt
from lenet_course.exercises.stages.loop import step_checker
from lenet_helpers.models import ModernLeNet5


def _logits(generator: torch.Generator) -> list[tuple]:
    def case(scale: float) -> tuple:
        labels = torch.randint(10, (6,), generator=generator)
        return scale * torch.randn(6, 10, generator=generator), labels

    return [case(scale) for scale in (1, 5, 200)]


@exercise(
    "clinic.softmax",
    task="Repair `batch_loss(logits, labels)`, the cross-entropy of a batch.",
    checker=function(
        lambda logits, labels: F.cross_entropy(logits, labels),
        _logits,
        look="What does `F.cross_entropy` do to its first argument?",
        wrong=[
            (
                lambda logits, labels: F.cross_entropy(logits.softmax(1), labels),
                "A sure and right answer still costs 1.46: softmax is done twice.",
            ),
            (
                lambda logits, labels: F.nll_loss(logits.softmax(1), labels),
                "`nll_loss` takes *logarithms* of probabilities. Is yours negative?",
            ),
            (
                lambda logits, labels: F.nll_loss(logits.softmax(1).log(), labels),
                "Right for small logits; for large ones a probability becomes 0, and "
                "its logarithm infinite.",
            ),
            (
                lambda logits, labels: F.nll_loss(
                    (logits.softmax(1) + 1e-9).log(), labels
                ),
                "No infinity any more, but a loss that cannot exceed 21: very wrong "
                "answers no longer have a gradient.",
            ),
        ],
    ),
    hints=[
        "Give it a perfect answer: one probability of 1. What does it cost?",
        "`F.cross_entropy` = `log_softmax`, then `nll_loss`.",
    ],
    more="Logits into the loss; softmax only where a human reads probabilities.",
)
def batch_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """`F.cross_entropy` does the softmax itself, without overflow.

    **Why it is easy to miss.** Probabilities are what the name *cross-entropy* asks
    for. Nothing fails, the start is ln 10 as it should be, argmax is the same, and
    accuracy climbs. Only the loss has a floor, 1.461 for ten classes, and a network
    that is sure and wrong gets hardly any gradient.
    """
    return F.cross_entropy(logits, labels)


@exercise(
    "clinic.zero-grad",
    task="Repair `training_step`; it returns the loss as a number.",
    checker=step_checker,
    hints=[
        "What is in `.grad` when the second step begins?",
        "Clear before `backward`, or after the step; never between the two.",
    ],
    more="`backward` adds: that is a feature, if you know it.",
)
def training_step(model, optimizer, images: Tensor, labels: Tensor) -> float:
    """Clear, compute, use.

    **Why it is easy to miss.** The first steps look excellent: the sum of all
    gradients so far acts like a momentum that never fades. Then the loss swings, and
    you lower the learning rate, which hides it for a while.
    """
    loss = F.cross_entropy(model(images), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def _tuned(early=False, only_new=False, fresh=False, rate=1.0) -> Callable:
    """A `fine_tune` with one thing done wrong."""

    def fine_tune(model, classes, lr):
        held = SGD(model.parameters(), lr=lr * rate)
        if fresh:
            model = ModernLeNet5(num_classes=classes)
        model.output = nn.Linear(84, classes)
        trained = model.output if only_new else model
        return model, held if early else SGD(trained.parameters(), lr=lr * rate)

    return fine_tune


def _test_optimizer(answer: Callable) -> str | None:
    torch.manual_seed(0)
    trained, other = ModernLeNet5(), ModernLeNet5(num_classes=4)
    below = [p.detach().clone() for p in trained.parameters()][:-2]
    got = attempt(answer, trained, 4, 0.25, kind=(tuple, list))
    kinds = nn.Module, torch.optim.Optimizer
    if len(got) != 2 or not all(map(isinstance, got, kinds)):
        return "Return two things: the network, then the optimiser."
    model, optimizer = got
    x = torch.randn(6, 1, 32, 32)
    logits = attempt(model, x, kind=Tensor)
    if logits.shape != (6, 4):
        return f"For 4 classes, six images give {list(logits.shape)}."
    now = list(model.parameters())
    if not all(any(torch.equal(p, q) for q in now) for p in below):
        return "The trained weights are gone: only the last layer is to be new."
    new = [q.detach() for q in now if not any(torch.equal(p, q) for p in below)]
    with torch.no_grad():
        for p, q in zip(other.parameters(), [*below, *new]):
            p.copy_(q if p.shape == q.shape else 0 * p)
    if difference(logits, other(x), 1e-4):
        return "It is another network now: only the last layer was to change."
    if any(group["lr"] != 0.25 for group in optimizer.param_groups):
        return "The learning rate is not the one that was asked for."
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    F.cross_entropy(logits, torch.arange(6) % 4).backward()
    optimizer.step()
    still = [n for n, p in model.named_parameters() if torch.equal(p, before[n])]
    return f"After a step `{still[-1]}` has not moved: who owns it?" if still else None


@exercise(
    "clinic.optimizer",
    task="Repair `fine_tune`: after a step every layer must have moved.",
    checker=Checker(
        _test_optimizer,
        (
            (_tuned(early=True), "`output.bias` has not moved"),
            (_tuned(only_new=True), "`f6.bias` has not moved"),
            (_tuned(fresh=True), "trained weights are gone"),
            (_tuned(rate=0.1), "learning rate"),
        ),
        takes_function=True,
    ),
    hints=[
        "The optimiser keeps a list of tensors. When was that list made?",
        "Change the network first, and then ask it for its parameters.",
    ],
    more="Replace layers, move to the device, and only then build the optimiser.",
)
def fine_tune(model: nn.Module, classes: int, lr: float):
    """First the network, then the optimiser.

    **Why it is easy to miss.** The loss falls: the layers below adapt to a random,
    frozen output layer. The optimiser still moves the old layer, which nobody reads
    any more. The same happens when a layer is replaced long after the start.
    """
    model.output = nn.Linear(84, classes)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    return model, optimizer


def _schedule(where: str, length: Callable = lambda e, b: e * b) -> Callable:
    """The rates of a run whose scheduler steps a batch, an epoch, or too early."""

    def rates(epochs, batches, peak):
        optimizer = SGD([nn.Parameter(torch.zeros(1))], lr=peak)
        scheduler = CosineAnnealingLR(optimizer, T_max=length(epochs, batches))
        used = []
        for _ in range(epochs):
            for _ in range(batches):
                optimizer.step()
                if where == "early":
                    scheduler.step()
                used.append(optimizer.param_groups[0]["lr"])
                if where == "batch":
                    scheduler.step()
            if where == "epoch":
                scheduler.step()
        return used

    return rates


_RUNS = [(3, 4, 0.1), (5, 10, 1.0), (1, 8, 0.4)]
_LOOK = "One rate for each batch, from the peak along half a cosine to almost 0."


def _either(*checkers: Checker) -> Checker:
    """What one of them accepts is right; the first one's pointer otherwise."""

    def test(answer: Callable) -> str | None:
        pointers = [checker.test(answer) for checker in checkers]
        return pointers[0] if all(pointers) else None

    return Checker(test, checkers[0].examples, takes_function=True)


_to_zero = function(
    _schedule("batch", lambda epochs, batches: epochs * batches - 1),
    _RUNS,
    look=_LOOK,
)


@exercise(
    "clinic.schedule",
    task="Repair `rates`: the learning rate falls to nearly 0 by the last batch.",
    checker=_either(
        function(
            _schedule("batch"),
            _RUNS,
            look=_LOOK,
            wrong=[
                (
                    _schedule("epoch"),
                    "The rate hardly falls: how often does the scheduler step, and how "
                    "many steps does `T_max` promise?",
                ),
                (
                    _schedule("batch", lambda epochs, batches: epochs),
                    "The rate reaches 0 long before the end, and comes back up.",
                ),
                (
                    _schedule("epoch", lambda epochs, batches: epochs),
                    "It does end near 0, but in stairs, one an epoch: count in "
                    "batches.",
                ),
                (
                    _schedule("early"),
                    "One place too early: the first batch does not get the peak.",
                ),
            ],
        ),
        _to_zero,  # half a cosine may also end at 0 itself
    ),
    hints=[
        "`T_max` is counted in calls of `scheduler.step()`.",
        "Which loop should that call stand in?",
    ],
    more="Plot the rate of a new recipe once, before you train with it.",
)
def rates(epochs: int, batches: int, peak: float) -> list[float]:
    """`T_max` counts batches, so the scheduler steps after each batch.

    **Why it is easy to miss.** A loop has two natural places for `scheduler.step()`,
    and both run. Too seldom, and you train at the peak rate to the end: worse, but
    no error. Nobody prints the learning rate.
    """
    weight = nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([weight], lr=peak)
    total = epochs * batches
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=total)
    used = []
    for _ in range(epochs):
        for _ in range(batches):
            optimizer.step()
            used.append(scheduler.get_last_lr()[0])
            scheduler.step()
    return used


def _keeps(leave: Callable) -> Callable:
    def batch_losses(model, batches):
        return [leave(F.cross_entropy(model(x), y)) for x, y in batches]

    return batch_losses


def _late(model, batches):
    """Numbers in the end, but all graphs until then."""
    losses = [F.cross_entropy(model(x), y) for x, y in batches]
    return [loss.item() for loss in losses]


class _Batches(list):
    """Batches that notice, when the next is asked for, what earlier ones still hold."""

    held = False

    def __iter__(self):
        self.saved = []
        for batch in super().__iter__():
            earlier = self.saved[:-1]  # the last one may still be in use
            self.held |= any(ref() is not None for refs in earlier for ref in refs)
            self.saved.append([])
            yield batch

    def note(self, tensor: Tensor) -> Tensor:
        kept = tensor.detach()  # an output would hold its graph
        self.saved[-1].append(weakref.ref(kept))
        return kept


def _test_losses(answer: Callable) -> str | None:
    generator = torch.Generator().manual_seed(0)
    torch.manual_seed(0)
    model = nn.Linear(4, 3)
    batches = _Batches(
        (torch.randn(n, 4, generator=generator), torch.arange(n) % 3)
        for n in (5, 5, 2, 5, 7)
    )
    want = [F.cross_entropy(model(x), y).item() for x, y in batches]
    watch = torch.autograd.graph.saved_tensors_hooks(batches.note, lambda t: t)
    with watch:
        got = attempt(answer, model, batches)
    if not hasattr(got, "__len__"):
        raise NotYet("Return a list with one number a batch.")
    if batches.held or any(getattr(loss, "requires_grad", False) for loss in got):
        return "What is kept still has its graph, and with it every layer's output."
    if len(got) != len(want):
        return f"{len(want)} batches give {len(got)} losses."
    if difference(got, want, 1e-5):
        return "Nothing is kept any more, but the losses are not right."
    return None


@exercise(
    "clinic.memory",
    task="Repair `batch_losses`: memory must not grow with the number of batches.",
    checker=Checker(
        _test_losses,
        (
            (_keeps(lambda loss: loss), "still has its graph"),
            (_keeps(lambda loss: loss.clone()), "still has its graph"),
            (_late, "still has its graph"),
            (_keeps(lambda loss: round(loss.item())), "losses are not right"),
        ),
        takes_function=True,
    ),
    hints=[
        "What hangs on a loss? Print one.",
        "`item()` makes a plain number of it, `detach()` cuts it off its graph.",
    ],
    more="`total += loss` has the same fault: the sum holds every graph.",
)
def batch_losses(model: nn.Module, batches) -> list[float]:
    """A number instead of a tensor with a history.

    **Why it is easy to miss.** It works on a few batches. On a whole set memory grows
    steadily until the GPU reports that it is full, in a line that has nothing to do
    with it. `clone()` copies the number but keeps the history, too.
    """
    losses = []
    for images, labels in batches:
        loss = F.cross_entropy(model(images), labels)
        losses.append(loss.item())
    return losses
