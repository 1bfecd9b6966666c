"""Coding tasks: one-hot codes, confusion, precision, recall, top-k."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from lenet_course.exercises.checkers import function
from lenet_course.exercises.registry import exercise
from lenet_course.watched import watched


def _codes(labels: Tensor, classes: int) -> Tensor:
    return F.one_hot(labels, classes).float()


def _by_loop(labels: Tensor, classes: int) -> Tensor:
    codes = torch.zeros(len(labels), classes)
    for row, label in enumerate(labels.tolist()):
        codes[row, label] = 1
    return codes


def _floats(got: object) -> str | None:
    kind = str(getattr(got, "dtype", "no tensor")).removeprefix("torch.")
    if not kind.startswith("float"):
        return f"The ones are in the right places, but as {kind}, not as float32."
    return None


def _labels(generator: torch.Generator) -> list[tuple]:
    return [
        (torch.randint(classes, (n,), generator=generator), classes + extra)
        for n, classes, extra in ((5, 10, 0), (1, 3, 0), (12, 4, 2), (0, 3, 0))
    ]


@exercise(
    "coding.one-hot",
    task="Write `one_hot(labels, classes)`: float32 [N, classes], without a loop.",
    checker=watched(
        function(
            _codes,
            _labels,
            look="Row i has its 1 in column labels[i].",
            wrong=[
                (
                    lambda labels, classes: _codes(labels, classes).T,
                    "which is not the right shape",
                ),
                (
                    lambda labels, classes: torch.eye(classes)[
                        labels.unique(return_inverse=True)[1]
                    ],
                    "Right only if every class is there: a class of its own for each "
                    "*value*, not for each place.",
                ),
            ],
        ),
        (torch.arange(30) % 10, 10),
        banned=("one_hot",),
        most=12,
        also=_floats,
        wrong=(
            (_by_loop, "stay with whole tensors"),
            (_codes, "write that yourself"),
            (lambda labels, classes: labels[:, None] == torch.arange(classes), "float"),
        ),
    ),
    hints=[
        "The identity matrix has the code of class k in row k.",
        "Or compare a column of labels with a row 0, 1, …: broadcasting.",
    ],
    more="The loss never needs it: it picks one number a row instead.",
)
def one_hot(labels, classes):
    """Time O(N · K), memory O(N · K).

    A column against a row gives a table of true and false. `F.cross_entropy` takes
    class numbers and so saves the whole table.
    """
    return (labels[:, None] == torch.arange(classes)).float()


def _rates(matrix: Tensor) -> tuple:
    right = matrix.diagonal().float()
    precision = right / matrix.sum(0).clamp(min=1)
    recall = right / matrix.sum(1).clamp(min=1)
    f1 = 2 * right / (matrix.sum(0) + matrix.sum(1)).clamp(min=1)
    return matrix, precision, recall, f1


def _scored(truth: Tensor, said: Tensor, classes: int) -> tuple:
    """Pair by pair."""
    matrix = torch.zeros(classes, classes, dtype=torch.long)
    for t, s in zip(truth.tolist(), said.tolist()):
        matrix[t, s] += 1
    return _rates(matrix)


def _overwritten(truth: Tensor, said: Tensor, classes: int) -> tuple:
    matrix = torch.zeros(classes, classes, dtype=torch.long)
    matrix[truth, said] += 1
    return _rates(matrix)


def _changed(change: Callable) -> Callable:
    def scores(truth, said, classes):
        return change(*_scored(truth, said, classes))

    return scores


def _answers(generator: torch.Generator) -> list[tuple]:
    def case(n: int, classes: int, right: float) -> tuple:
        truth = torch.randint(classes, (n,), generator=generator)
        said = torch.randint(classes, (n,), generator=generator)
        keep = torch.rand(n, generator=generator) < right
        return truth, torch.where(keep, truth, said), classes

    never = (torch.tensor([0, 1, 1, 2]), torch.tensor([0, 1, 0, 0]), 4)
    only_said = (torch.tensor([0, 0, 2, 2]), torch.tensor([0, 1, 2, 1]), 3)
    return [case(60, 5, 0.7), case(20, 3, 0.5), never, only_said]


@exercise(
    "coding.scores",
    task=(
        "Write `scores(truth, said, classes)`: confusion matrix (row: true), "
        "precision, recall and F1 of each class; 0 where there is nothing to divide by."
    ),
    checker=function(
        _scored,
        _answers,
        look="First the matrix; all three follow from its diagonal and its sums.",
        wrong=[
            (
                _overwritten,
                "Pairs that occur twice are counted once: an index that repeats is "
                "written, not added.",
            ),
            (
                lambda truth, said, classes: _scored(said, truth, classes),
                "The matrix is turned: rows are true classes. Precision and recall "
                "change places with it.",
            ),
            (
                _changed(lambda m, p, r, f: (m, m.diagonal() / m.sum(0), r, f)),
                "A class that is never said has 0/0 as its precision: say 0.",
            ),
            (
                _changed(lambda m, p, r, f: (m, p, r, (p + r) / 2)),
                "F1 is the *harmonic* mean: 2PR / (P + R).",
            ),
        ],
    ),
    hints=[
        "Pair (t, s) as one number: t · K + s. `bincount` counts numbers.",
        "Precision: over column sums. Recall: over row sums.",
        "F1 = 2 · right / (row sum + column sum), which is 2PR / (P + R).",
    ],
    more="Recall, weighted by the size of its class, adds up to the accuracy.",
)
def scores(truth, said, classes):
    """Time O(N + K²), memory O(K²).

    `bincount` on t · K + s counts all pairs at once. A class that nobody names has
    precision 0 by agreement: say so before you are asked.
    """
    pairs = torch.bincount(truth * classes + said, minlength=classes**2)
    matrix = pairs.view(classes, classes)
    right = matrix.diagonal().float()
    called, there = matrix.sum(0), matrix.sum(1)
    precision = right / called.clamp(min=1)
    recall = right / there.clamp(min=1)
    return matrix, precision, recall, 2 * right / (called + there).clamp(min=1)


def _by_rank(logits: Tensor, labels: Tensor, ks: tuple) -> list[float]:
    """Row by row: which place does the label have?"""
    places = []
    for row, label in zip(logits.tolist(), labels.tolist()):
        ordered = sorted(range(len(row)), key=lambda c: -row[c])
        places.append(ordered.index(label))
    return [sum(place < k for place in places) / len(places) for k in ks]


def _top(change: Callable = lambda x: x, hit=None, score=None, axis=1) -> Callable:
    """Top-k accuracy with one thing done wrong."""

    def top_k(logits, labels, ks):
        best = change(logits).argsort(axis, descending=True)
        hits = best == labels[:, None]
        count = hit or (lambda hits, k: hits[:, :k].any(1).float().mean().item())
        return (score or list)([count(hits, k) for k in ks])

    return top_k


def _guesses(generator: torch.Generator) -> list[tuple]:
    def case(n: int, classes: int, ks: tuple) -> tuple:
        logits = torch.randn(n, classes, generator=generator) - 0.5
        return logits, torch.randint(classes, (n,), generator=generator), ks

    return [
        *(case(40, 10, (1, 5)), case(7, 7, (3, 1, 7)), case(1, 4, (2,))),
        case(25, 6, (2, 4, 1)),
    ]


@exercise(
    "coding.top-k",
    task=(
        "Write `top_k(logits, labels, ks)`: for each k the share of images whose label "
        "is among the k largest logits; without a loop over images."
    ),
    checker=watched(
        function(
            _by_rank,
            _guesses,
            look="Ask of each image: how many classes stand before its label?",
            wrong=[
                (
                    _top(change=lambda x: -x),
                    "Those are the k *smallest* logits.",
                ),
                (
                    _top(hit=lambda hits, k: hits[:, k - 1].float().mean().item()),
                    "You count the labels at place k exactly: places 1 to k count.",
                ),
                (
                    _top(
                        hit=lambda hits, k: 100 * hits[:, :k].sum().item() / len(hits)
                    ),
                    "A share is asked, between 0 and 1, not per cent.",
                ),
                (
                    _top(hit=lambda hits, k: hits[:, :k].float().mean().item()),
                    "You divide by the k places as well: an image counts once.",
                ),
                (
                    _top(change=torch.abs),
                    "By size without sign: the logits decide, also negative ones.",
                ),
            ],
        ),
        (torch.randn(200, 10), torch.arange(200) % 10, (1, 5)),
        most=40,
        wrong=((_by_rank, "stay with whole tensors"),),
    ),
    hints=[
        "`logits.topk(max(ks)).indices` against `labels[:, None]`: [N, k] of true or "
        "false, at most one true a row.",
        "Or count the logits that are larger than that of the label: fewer than k.",
    ],
    more="Top-5 error, as ImageNet counts it, is 1 minus this at k = 5.",
)
def top_k(logits, labels, ks=(1, 5)):
    """Time O(N · K) for `topk` with small k, memory O(N · k); sorting: O(N · K log K).

    One pass serves every k. A network whose logits are all equal shows why ties
    matter: by "how many are larger" it would be right every time.
    """
    best = logits.topk(max(ks), 1).indices
    hits = best == labels[:, None]
    return [hits[:, :k].any(1).float().mean().item() for k in ks]
