"""Coding tasks: overlap of boxes, and which of them are kept."""

from collections.abc import Callable

import torch
from torch import Tensor

from lenet_course.exercises.checkers import function
from lenet_course.exercises.registry import exercise
from lenet_course.watched import watched


def _overlap(a, b, *, extra=0.0, clamp=True, over="union") -> float:
    """Of two boxes, in plain numbers; or what comes of a slip."""
    sides = [min(a[i + 2], b[i + 2]) - max(a[i], b[i]) + extra for i in (0, 1)]
    if clamp:
        sides = [max(0.0, side) for side in sides]
    inner = sides[0] * sides[1]
    one, two = ((c[2] - c[0] + extra) * (c[3] - c[1] + extra) for c in (a, b))
    below = {"union": one + two - inner, "sum": one + two, "smaller": min(one, two)}
    return inner / below[over]


def _greedy(iou: Tensor, scores: Tensor, keep: Callable, chained=False) -> list[int]:
    """Box by box; ``chained``: a box that is gone still removes others."""
    kept, seen = [], []
    for i in sorted(range(len(scores)), key=lambda i: -scores[i].item()):
        if all(keep(iou[i, j].item()) for j in (seen if chained else kept)):
            kept.append(i)
        seen.append(i)
    return kept


def _by_pairs(*, chained=False, equal=True, order=None, **slip) -> Callable:
    def nms(boxes, scores, threshold):
        rows = boxes.tolist()
        pairs = [[_overlap(a, b, **slip) for b in rows] for a in rows]
        iou = torch.tensor(pairs, dtype=boxes.dtype)

        def keep(value: float) -> bool:
            return value < threshold or equal and value == threshold

        kept = _greedy(iou, scores, keep, chained)
        return iou, torch.tensor(order(kept) if order else kept)

    return nms


_CHAIN = torch.tensor([[8.0, 0, 18, 10], [0, 0, 10, 10], [4, 0, 14, 10]])
_HALF = torch.tensor([[0.0, 0, 1, 1], [0, 0, 2, 1], [5, 5, 6, 6]])


def _cases(generator: torch.Generator) -> list[tuple]:
    def case(count: int, size: float, threshold: float) -> tuple:
        places = torch.tensor([[0.2, 0.2], [0.4, 0.3], [-0.8, 0.7]])
        corner = places[torch.randint(3, (count,), generator=generator)]
        corner = corner + 0.15 * torch.rand(count, 2, generator=generator)
        sides = 0.2 + 0.4 * torch.rand(count, 2, generator=generator)
        boxes = size * torch.cat([corner, corner + sides], 1)
        return boxes, torch.rand(count, generator=generator), threshold

    return [
        *(case(12, 1, 0.4), case(9, 100, 0.3), case(20, 1, 0.6), case(1, 1, 0.5)),
        (_CHAIN, torch.tensor([0.7, 0.9, 0.8]), 0.3),
        (_HALF, torch.tensor([0.5, 0.9, 0.2]), 0.5),
    ]


@exercise(
    "coding.iou-nms",
    task=(
        "Write `nms(boxes, scores, threshold)`: the IoU of every pair, [N, N], and the "
        "indices that non-maximum suppression keeps, best score first."
    ),
    checker=watched(
        function(
            _by_pairs(),
            _cases,
            look="First the table of overlaps. Then, by falling score: who is kept, "
            "and whom does a *kept* box remove?",
            wrong=[
                (
                    _by_pairs(clamp=False),
                    "Two boxes that are apart in both directions: minus times minus. "
                    "A side of the overlap is never negative.",
                ),
                (
                    _by_pairs(extra=1.0),
                    "You count pixels, with + 1. These are coordinates: a box from 0 "
                    "to 1 has width 1.",
                ),
                (
                    _by_pairs(over="sum"),
                    "What both share is counted twice in your union.",
                ),
                (
                    _by_pairs(chained=True),
                    "The table is right. A box that is gone must not remove others.",
                ),
                (
                    _by_pairs(equal=False),
                    "A box goes if its overlap is *larger* than the threshold.",
                ),
                (
                    _by_pairs(order=sorted),
                    "The right boxes, in the order of their index: best score first.",
                ),
            ],
        ),
        (_CHAIN, torch.tensor([0.7, 0.9, 0.8]), 0.3),
        banned=("nms", "box_iou"),
    ),
    hints=[
        "Corners of the overlap: the larger of the two upper left ones, the smaller of "
        "the two lower right ones; `boxes[:, None]` against `boxes`.",
        "Sides of the overlap, clamped at 0; union = area + area − overlap.",
        "`left` = indices by falling score. Keep its first, then leave in `left` only "
        "those whose IoU with it is at most the threshold; until none is left.",
    ],
    more="It is greedy: of two people who stand close, it may remove one.",
)
def nms(boxes, scores, threshold):
    """Time O(N²), memory O(N²) for the table; sorting takes O(N log N).

    The table is whole tensors; only the boxes that are kept need a loop, since who is
    kept depends on who was kept before.
    """
    low = torch.maximum(boxes[:, None, :2], boxes[:, :2])
    high = torch.minimum(boxes[:, None, 2:], boxes[:, 2:])
    inner = (high - low).clamp(min=0).prod(2)
    area = (boxes[:, 2:] - boxes[:, :2]).prod(1)
    iou = inner / (area[:, None] + area - inner)
    left, kept = scores.argsort(descending=True), []
    while len(left):
        best, left = left[0], left[1:]
        kept.append(best)
        left = left[iou[best, left] <= threshold]
    return iou, torch.stack(kept)
