"""The bug clinic, ward of engineering: what is kept, and when."""

import copy
from collections.abc import Callable

import torch
from torch import nn

from lenet_course.exercises.checkers import Checker, NotAttempted, NotYet
from lenet_course.exercises.registry import exercise
from lenet_course.exercises.staged import attempt


def _keeper(keep: Callable, better: Callable = lambda new, best: new > best):
    def keep_best(model, run_epoch, epochs):
        best, weights = -1.0, None
        for _ in range(epochs):
            score = run_epoch()
            if better(score, best):
                best, weights = score, keep(model)
        model.load_state_dict(weights)

    return keep_best


class _Course:
    """Epochs that put their number into every weight, with a score each."""

    def __init__(self, scores: list[float]):
        self.scores, self.done = scores, 0
        self.model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))

    def __repr__(self) -> str:
        return "run_epoch"

    def __call__(self) -> float:
        if self.done == len(self.scores):
            raise NotYet("It runs more epochs than it was asked for.")
        self.done += 1
        with torch.no_grad():
            for tensor in self.model.state_dict().values():
                tensor.fill_(self.done)
        return self.scores[self.done - 1]


def _test_best(answer: Callable) -> str | None:
    for scores in ([0.5, 0.9, 0.7, 0.6], [0.9, 0.8], [0.1, 0.2, 0.3], [0.0]):
        course = _Course(scores)
        attempt(answer, course.model, course, len(scores))
        if course.done != len(scores):
            return f"Of {len(scores)} epochs it ran {course.done}."
        best = 1 + scores.index(max(scores))
        held = {int(t.flatten()[0]) for t in course.model.state_dict().values()}
        if held != {best}:
            return (
                f"Scores {scores}: the weights of epoch {best} should be back, those "
                f"of epoch {max(held)} are there."
            )
    return None


@exercise(
    "clinic.best",
    task="Repair `keep_best`: in the end the model has the weights of its best epoch.",
    checker=Checker(
        _test_best,
        (
            (_keeper(lambda model: model.state_dict()), "epoch 4 are there"),
            (_keeper(lambda model: dict(model.state_dict())), "epoch 4 are there"),
            (
                _keeper(
                    lambda model: {k: v.detach() for k, v in model.state_dict().items()}
                ),
                "epoch 4 are there",
            ),
            (
                _keeper(
                    lambda model: copy.deepcopy(model.state_dict()), lambda *both: True
                ),
                "epoch 4 are there",
            ),
        ),
        takes_function=True,
    ),
    hints=[
        "`state_dict()` holds tensors. Whose memory do they use?",
        "`dict(...)` copies the dictionary, not the tensors in it.",
    ],
    more="`copy.deepcopy(model.state_dict())`, or save it to a file.",
)
def keep_best(model: nn.Module, run_epoch, epochs: int) -> None:
    """A deep copy: numbers of their own, which the next step cannot change.

    **Why it is easy to miss.** The code says *best* and prints the best score; what it
    restores are the last weights, which are often almost as good. `detach()` and
    `dict()` do not help: both still point to the same memory.
    """
    import copy

    best = -1.0
    for _ in range(epochs):
        score = run_epoch()
        if score > best:
            best, weights = score, copy.deepcopy(model.state_dict())
    model.load_state_dict(weights)


class _PowerCut(Exception):
    """The lights go out."""


def _journal(answer: Callable, epochs: int, cut: int | None) -> list[tuple[str, int]]:
    """What a run did, in order; in epoch ``cut`` the power fails."""
    done = []

    def run_epoch(epoch):
        if epoch == cut:
            raise _PowerCut
        if len(done) > 4 * epochs:
            raise NotYet("It runs more epochs than it was asked for.")
        done.append(("run", epoch))

    def save(epoch):
        done.append(("save", epoch))

    try:
        got = answer(run_epoch, save, epochs)
    except _PowerCut:
        got = None
    if got is ...:
        raise NotAttempted
    return done


def _test_checkpoint(answer: Callable) -> str | None:
    attempt(answer, lambda epoch: None, lambda epoch: None, 0)  # a stub ends here
    done = _journal(answer, 7, cut=7)
    saved = [epoch for what, epoch in done if what == "save"]
    runs = [epoch for what, epoch in done if what == "run"]
    if runs != list(range(1, 7)):
        return "The epochs should be run as before: 1, 2, 3 and so on."
    if not saved:
        return "The power fails in epoch 7. Six epochs are done, none is saved."
    if any(("save", epoch) in done[: done.index(("run", epoch))] for epoch in runs):
        return "It saves before the epoch is run: after a cut an epoch is missing."
    pairs = [(what, epoch) for epoch in runs for what in ("run", "save")]
    if done != pairs:
        return (
            "Some epochs end without a checkpoint. What runs only when Python ends in "
            "good order does not run when the power fails."
        )
    whole = _journal(answer, 3, cut=None)
    if whole[-1:] != [("save", 3)]:
        return "The last epoch is not saved."
    if whole[:6] != [(what, epoch) for epoch in (1, 2, 3) for what in ("run", "save")]:
        return "Without a power cut the epochs are not run and saved one by one."
    return None


def _at_the_end(run_epoch, save, epochs):
    for epoch in range(1, epochs + 1):
        run_epoch(epoch)
    save(epochs)


def _finally(run_epoch, save, epochs):
    done = 0
    try:
        for epoch in range(1, epochs + 1):
            run_epoch(epoch)
            done = epoch
    finally:
        save(done)


def _every_third(run_epoch, save, epochs):
    for epoch in range(1, epochs + 1):
        run_epoch(epoch)
        if epoch % 3 == 0:
            save(epoch)


def _too_soon(run_epoch, save, epochs):
    for epoch in range(1, epochs + 1):
        save(epoch)
        run_epoch(epoch)


@exercise(
    "clinic.checkpoint",
    task="Repair `train`: a power cut may cost the epoch that runs, not more.",
    checker=Checker(
        _test_checkpoint,
        (
            (_at_the_end, "none is saved"),
            (_finally, "without a checkpoint"),
            (_every_third, "without a checkpoint"),
            (_too_soon, "before the epoch is run"),
        ),
        takes_function=True,
    ),
    hints=[
        "What is on the disk when epoch 7 begins?",
        "`finally` helps against an exception; it does not run when the power fails.",
    ],
    more="And write it beside the old one, then `os.replace`: never half a file.",
)
def train(run_epoch, save, epochs: int) -> None:
    """Save after every epoch.

    **Why it is easy to miss.** On a run of two minutes it does not matter, and the
    program that was right for two minutes is started for two days. A checkpoint needs
    weights, optimiser, scheduler, epoch and the state of the random numbers; written
    to a new file that then replaces the old one, a cut while saving loses nothing.
    """
    for epoch in range(1, epochs + 1):
        run_epoch(epoch)
        save(epoch)
