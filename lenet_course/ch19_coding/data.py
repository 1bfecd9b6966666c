"""Coding tasks: shifting images, folds that do not leak, reading IDX files."""

import operator
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from lenet_course.exercises.checkers import Checker, NotYet, function
from lenet_course.exercises.registry import exercise
from lenet_course.exercises.staged import attempt


def _shifted(images: Tensor, down: int, right: int, fill: float) -> Tensor:
    """By padding with a border, and cutting a window out."""
    height, width = images.shape[2:]
    edge = abs(down), abs(right)
    sides = (edge[1], edge[1], edge[0], edge[0])
    wide = F.pad(images, sides, value=fill)
    top, left = edge[0] - down, edge[1] - right
    return wide[:, :, top : top + height, left : left + width]


@exercise(
    "coding.shift",
    task="Write `shift(images, down, right, fill)`; negative numbers go up and left.",
    checker=function(
        _shifted,
        lambda generator: [
            (torch.rand(2, 1, 5, 6, generator=generator), down, right, fill)
            for down, right, fill in (
                *((0, 0, 0.0), (2, 1, -0.4), (-1, 3, 0.5), (1, -2, 0.0)),
                *((-2, -2, 1.0), (9, 0, 0.3), (0, -8, 0.1), (-6, 7, -2.0)),
            )
        ],
        look="Which part of the old image is still in the new one, and where?",
        wrong=[
            (
                lambda images, down, right, fill: images.roll((down, right), (2, 3)),
                "What leaves on one side comes back on the other.",
            ),
            (
                lambda images, down, right, fill: _shifted(images, down, right, 0.0),
                "The new border is 0. After normalisation the background is another "
                "number: use `fill`.",
            ),
            (
                lambda images, down, right, fill: _shifted(images, right, down, fill),
                "Rows and columns changed places.",
            ),
            (
                lambda images, down, right, fill: _shifted(images, -down, -right, fill),
                "It moves the other way.",
            ),
        ],
    ),
    hints=[
        "Pad with `fill` on all sides, then cut the window that has moved.",
        "`F.pad(images, (left, right, top, bottom), value=fill)`; it may be negative: "
        "then it cuts.",
    ],
    more="Draw a shift for each image, and only for training images.",
)
def shift(images, down, right, fill=0.0):
    """Time O(pixels), memory O(pixels).

    A negative padding cuts, so one call adds on one side what it takes on the other. A
    shift beyond the edge leaves nothing, so it is limited first.
    """
    height, width = images.shape[2:]
    down = max(-height, min(height, down))
    right = max(-width, min(width, right))
    return F.pad(images, (right, -right, down, -down), value=fill)


def _folds(answer: Callable, groups: Tensor, k: int, seed: int) -> list:
    got = attempt(answer, groups.clone(), k, seed, kind=(list, tuple))
    if len(got) != k:
        raise NotYet(f"With k = {k} there are {len(got)} folds.")
    for fold in got:
        if not isinstance(fold, tuple | list) or len(fold) != 2:
            raise NotYet("A fold is a pair: training indices, then validation.")
    return [tuple(map(_indices, fold)) for fold in got]


def _indices(part: Any) -> list[int]:
    """Indices in a tensor, an array or a list."""
    try:
        return [operator.index(i) for i in getattr(part, "tolist", lambda: part)()]
    except TypeError:
        raise NotYet("Each part of a fold lists indices: whole numbers.") from None


def _test_folds(answer: Callable) -> str | None:
    # 12 writers with 3 to 7 images each, one after the other and then mixed.
    sizes = [3, 7, 5, 4, 6, 5, 3, 7, 4, 6, 5, 5]
    groups = torch.arange(12).repeat_interleave(torch.tensor(sizes)) * 10
    mixed = groups[_seeded(len(groups), 0)]
    everything = list(range(len(groups)))
    for k, given in ((3, groups), (4, groups), (3, mixed), (5, mixed)):
        folds = _folds(answer, given, k, 0)
        held = sorted(i for _, part in folds for i in part)
        if held != everything:
            return f"With k = {k} an image is not in exactly one validation part."
        for train, part in folds:
            if sorted(train + part) != everything:
                return "Training and validation of a fold are not all images, once."
            both = set(given[train].tolist()) & set(given[part].tolist())
            if both:
                return f"{len(both)} writers are in both parts of a fold."
        counts = [len(set(given[part].tolist())) for _, part in folds]
        if max(counts) - min(counts) > 1:
            return f"The folds hold {counts} writers: make them equal."
    if _folds(answer, groups, 3, 0) != _folds(answer, groups, 3, 0):
        return "The same seed gave two different folds."
    drawn = [_folds(answer, groups, 3, seed) for seed in range(5)]
    held = {frozenset(tuple(sorted(part)) for _, part in folds) for folds in drawn}
    if len(held) < len(drawn):
        return "Two seeds gave the same folds: draw the order of the writers."
    return None


def _cut(order: Callable) -> Callable:
    def folds(groups, k, seed):
        writers = groups.unique()
        writers = writers[order(len(writers), seed)]
        found = []
        for held in writers.tensor_split(k):
            inside = torch.isin(groups, held)
            found.append(((~inside).nonzero()[:, 0], inside.nonzero()[:, 0]))
        return found

    return folds


def _seeded(count: int, seed: int) -> Tensor:
    return torch.randperm(count, generator=torch.Generator().manual_seed(seed))


def _by_image(groups, k, seed):
    parts = _seeded(len(groups), seed).tensor_split(k)
    return [
        (torch.cat([p for j, p in enumerate(parts) if j != i]), parts[i])
        for i in range(k)
    ]


def _with_all(groups, k, seed):
    return [(torch.arange(len(groups)), held) for _, held in _by_image(groups, k, seed)]


@exercise(
    "coding.folds",
    task=(
        "Write `folds(groups, k, seed)`: k pairs (training, validation) of indices; no "
        "group (the writer of an image) in both parts of a fold."
    ),
    checker=Checker(
        _test_folds,
        (
            (_by_image, "writers are in both parts"),
            (_with_all, "not all images, once"),
            (_cut(lambda n, seed: torch.arange(n)), "Two seeds gave the same"),
            (_cut(lambda n, seed: torch.randperm(n)), "two different folds"),
            (lambda groups, k, seed: _cut(_seeded)(groups, k, seed)[:-1], "folds"),
        ),
        takes_function=True,
    ),
    hints=[
        "Shuffle the *writers*, not the images, and cut their list into k parts.",
        "`torch.isin(groups, some)` marks the images of some writers.",
    ],
    more="What is fitted (mean, deviation, threshold) is fitted inside each fold.",
)
def folds(groups, k, seed):
    """Time: k calls of `isin` on N groups. Memory O(N · k).

    Images of one writer look alike: with some of them in training, the score of the
    others says how well the network knows this hand, not how it reads a new one.
    """
    generator = torch.Generator().manual_seed(seed)
    writers = groups.unique()
    writers = writers[torch.randperm(len(writers), generator=generator)]
    found = []
    for held in writers.tensor_split(k):
        inside = torch.isin(groups, held)
        found.append((inside.logical_not().nonzero()[:, 0], inside.nonzero()[:, 0]))
    return found


def _idx(*shape: int) -> bytes:
    count = torch.Size(shape).numel()
    header = bytes([0, 0, 8, len(shape)])
    sizes = b"".join(n.to_bytes(4, "big") for n in shape)
    return header + sizes + bytes(i * 7 % 256 for i in range(count))


def _parse(order="big", signed=False, header=None, strict=False) -> Callable:
    """An IDX reader with one thing done wrong."""

    def read_idx(raw: bytes) -> Tensor:
        if strict and raw[:3] != b"\0\0\x08":
            raise ValueError("no IDX file")
        axes = raw[3]
        shape = [int.from_bytes(raw[4 + 4 * i : 8 + 4 * i], order) for i in range(axes)]
        start = header if header is not None else 4 + 4 * axes
        kind = torch.int8 if signed else torch.uint8
        flat = torch.tensor(list(raw[start:]), dtype=torch.int64).to(kind)
        return flat[: torch.Size(shape).numel()].view(shape)

    return read_idx


def _test_idx(answer: Callable) -> str | None:
    for shape in ((3, 28, 28), (5,), (2, 3, 4, 5), (300,)):
        raw = _idx(*shape)
        got = attempt(answer, raw, kind=Tensor)
        want = _parse()(raw)
        if list(got.shape) != list(shape):
            return f"A file of shape {list(shape)} comes out as {list(got.shape)}."
        if not torch.equal(got.to(torch.int64), want.to(torch.int64)):
            return (
                f"Of shape {list(shape)}, the first values are "
                f"{got.flatten()[:3].tolist()}: is every byte between 0 and 255, and "
                "how long is the header?"
            )
    broken = {
        "is cut short": _idx(3, 4)[:-1],
        "is longer than its header says": _idx(3, 4) + b"\0",
        "ends within its header": _idx(3, 4)[:9],
        "is empty": b"",
        "has another type": bytes([0, 0, 13]) + _idx(4)[3:],
        "is no IDX file": b"\x1f\x8b" + _idx(4)[2:],
    }
    for what, raw in broken.items():
        try:
            attempt(answer, raw)
        except NotYet as error:
            if "ValueError" in str(error):
                continue
        return f"A file that {what} should be refused with a `ValueError`."
    return None


@exercise(
    "coding.idx",
    task=(
        "Write `read_idx(raw)`: from the bytes of an IDX file of uint8 to its tensor; "
        "ValueError for any other file."
    ),
    checker=Checker(
        _test_idx,
        (
            (_parse("little"), "It raises"),
            (_parse(header=16), "It raises"),
            (_parse(signed=True), "the first values are"),
            (_parse(), "should be refused"),
            (_parse(strict=True), "is cut short should be refused"),
        ),
        takes_function=True,
    ),
    hints=[
        "Four bytes: 0, 0, the type (8 is uint8), the number of axes.",
        "Then one size for each axis, four bytes, big-endian; then the values.",
        "`torch.frombuffer(bytearray(raw), dtype=torch.uint8)` makes a tensor.",
    ],
    more="MNIST's training images: 2051, 60,000, 28, 28; 16 bytes of header.",
)
def read_idx(raw):
    """Time O(bytes), memory O(bytes).

    Check before you trust: a download that broke off, or a file still compressed,
    should say so here and not as strange pictures later.
    """
    if len(raw) < 4 or raw[:3] != b"\x00\x00\x08":
        raise ValueError("no IDX file of uint8")
    start = 4 + 4 * raw[3]
    if len(raw) < start:
        raise ValueError("the file ends within its header")
    shape = [int.from_bytes(raw[i : i + 4], "big") for i in range(4, start, 4)]
    values = torch.frombuffer(bytearray(raw), dtype=torch.uint8)[start:]
    if len(values) != torch.Size(shape).numel():
        raise ValueError(f"{len(values)} values do not make a shape {shape}")
    return values.view(shape)
