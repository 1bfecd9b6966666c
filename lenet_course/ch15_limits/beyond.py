"""LeNet's limits: exercises on boxes and on the price of attention."""

from lenet_course.exercises.checkers import function, number
from lenet_course.exercises.registry import exercise


def _overlap(a, b, clamp=True):
    sides = [min(a[i + 2], b[i + 2]) - max(a[i], b[i]) for i in (0, 1)]
    both = max(sides[0], 0) * max(sides[1], 0) if clamp else sides[0] * sides[1]
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    return both / (sum(areas) - both)


def _kept(boxes, scores, names, limit, overlap=_overlap):
    left, kept = sorted(range(len(boxes)), key=lambda i: -scores[i]), []
    while left:
        best = left.pop(0)
        kept.append(best)
        left = [
            i
            for i in left
            if names[i] != names[best] or overlap(boxes[i], boxes[best]) <= limit
        ]
    return kept


def _against_all(boxes, scores, names, limit):
    """A box that was dropped drops others, too."""
    order = sorted(range(len(boxes)), key=lambda i: -scores[i])
    return [
        i
        for at, i in enumerate(order)
        if all(
            names[i] != names[j] or _overlap(boxes[i], boxes[j]) <= limit
            for j in order[:at]
        )
    ]


_ROW = [(0, 0, 10, 10), (4, 0, 14, 10), (8, 0, 18, 10), (40, 40, 50, 50)]
_CASES = [
    (_ROW, [0.9, 0.8, 0.7, 0.6], [3, 3, 3, 3], 0.3),
    (_ROW, [0.5, 0.6, 0.9, 0.8], [3, 7, 3, 3], 0.1),
    ([(0, 0, 4, 4), (0, 0, 4, 2), (1, 1, 3, 3)], [0.2, 0.3, 0.1], [1, 1, 1], 0.5),
    ([(0, 0, 4, 4), (6, 6, 10, 10)], [0.4, 0.9], [5, 5], 0.1),
    ([], [], [], 0.5),
]


@exercise(
    "limits.nms-by-class",
    task="Non-maximum suppression, class by class: the positions kept, best first.",
    checker=function(
        _kept,
        _CASES,
        wrong=[
            (
                lambda boxes, scores, names, limit: _kept(
                    boxes, scores, [0] * len(names), limit
                ),
                "A 7 that overlaps a 3 was dropped. Which boxes may drop which?",
            ),
            (
                _against_all,
                "A box that was dropped drops no other. Compare with those kept.",
            ),
            (
                lambda boxes, scores, names, limit: sorted(
                    _kept(boxes, scores, names, limit)
                ),
                "The right boxes; put the best one first.",
            ),
            (
                lambda boxes, scores, names, limit: _kept(
                    boxes, scores, names, limit, lambda a, b: _overlap(a, b, False)
                ),
                "Two boxes far apart in x and in y share nothing: the product of two "
                "negative sides is positive.",
            ),
            (
                lambda boxes, scores, names, limit: _kept(
                    boxes, [-score for score in scores], names, limit
                ),
                "That begins with the lowest score.",
            ),
        ],
        look="Take the best of those left, drop its likes of the same name, go on; "
        "exactly `limit` is not more.",
    ),
    hints=[
        "Go through the positions in falling order of the scores.",
        "The shared width is the smaller right end minus the larger left end, or 0.",
        "A box stays if, for each kept one, the name differs or the IoU is `limit` "
        "at most.",
    ],
    more="`torchvision.ops.batched_nms` does the same. Two real objects of one class "
    "that overlap by more than the limit lose one box: the price of the rule.",
)
def nms_by_class(boxes: list, scores: list, names: list, limit: float) -> list[int]:
    """Best first; a box is dropped by what is kept already, and by nothing else."""

    def iou(a, b):
        width = min(a[2], b[2]) - max(a[0], b[0])
        height = min(a[3], b[3]) - max(a[1], b[1])
        both = max(width, 0) * max(height, 0)
        areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
        return both / (sum(areas) - both)

    kept: list[int] = []
    for i in sorted(range(len(boxes)), key=lambda i: -scores[i]):
        likes = [j for j in kept if names[j] == names[i]]
        if all(iou(boxes[i], boxes[j]) <= limit for j in likes):
            kept.append(i)
    return kept


@exercise(
    "limits.nearest-window",
    task="Windows of 28×28, four pixels apart: the smallest IoU with the nearest one?",
    checker=number(
        26 * 26 / (2 * 28 * 28 - 26 * 26),
        digits=2,
        wrong={
            0.87: "That is two pixels off in one direction. There are two.",
            0.86: "That is the shared area over one frame. Over which area does IoU "
            "divide?",
            0.58: "Four pixels off, the next window is nearer.",
            0.93: "How far from the nearest of points that are four apart can one be?",
        },
        look="At worst the frame is two pixels off across and two down. What do both "
        "share, and what do they cover together?",
    ),
    hints=[
        "Halfway between two windows one is two pixels off.",
        "They share 26 · 26 pixels and cover 2 · 28 · 28 less those.",
    ],
    more="676/892. So at a limit of 1/2 no digit fails for the grid alone; at 0.8 some "
    "would, and a network that also corrects the box is needed.",
)
def nearest_window() -> float:
    """Two pixels off both ways: what is shared, over what is covered."""
    both = 26 * 26
    return both / (28 * 28 + 28 * 28 - both)


@exercise(
    "limits.attention-even",
    task="At how many tokens does attention cost what a 3×3 costs, at 768 numbers?",
    checker=number(
        1_920,
        wrong={
            3_456: "That leaves out the four maps.",
            3_840: "Keys are multiplied, and then values are averaged: two products.",
            2_304: "Query, key, value: which map comes after the heads?",
            6_912: "That sets one product against the convolution, without the maps.",
            768: "Write both sides as multiply-adds and divide by n·d.",
        },
        look="2n²d + 4nd² on one side, 9nd² on the other; divide by nd.",
    ),
    hints=[
        "Two products of n² pairs with d numbers each, and four maps of n tokens.",
        "2n + 4d = 9d.",
    ],
    more="n = 2.5 d: about 44×44 places. A ViT-B/16 at 224 pixels has 197 tokens.",
)
def attention_even() -> int:
    """2n + 4d = 9d."""
    d = 768
    return (9 * d - 4 * d) // 2
