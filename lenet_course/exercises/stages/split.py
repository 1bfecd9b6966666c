"""The checker of a split into training and validation indices."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lenet_course.exercises.compare import Checker, NotYet
from lenet_course.exercises.staged import attempt
from lenet_course.exercises.state import generators

SEEDS = (0, 1, 2, 3, 12_345)


def _parts(split: Callable, count: int, held: int, seed: int) -> tuple[list, list]:
    got = attempt(split, count, held, seed)
    if not isinstance(got, tuple | list) or len(got) != 2:
        raise NotYet("Return two things: training indices, then validation indices.")
    parts = [_list(part) for part in got]
    if any(part is None for part in parts):
        raise NotYet("Each part is a tensor of indices, of one dimension.")
    return parts[0], parts[1]


def _list(part: Any) -> list[int] | None:
    """Indices from a tensor, an array or a list; None for anything else."""
    try:
        flat = torch.as_tensor(np.asarray(part))
    except Exception:
        return None
    return flat.tolist() if flat.dim() == 1 and not flat.is_floating_point() else None


def _test_split(answer: Any) -> str | None:
    before = generators()
    cuts = {seed: _parts(answer, 100, 20, seed) for seed in SEEDS}
    train, held = cuts[0]
    if moved := [name for name, now in generators().items() if now != before[name]]:
        return (
            "It draws from the generator that everything shares, or resets it: that "
            f"of {moved[0]}. Make one of its own with `torch.Generator()`."
        )
    if (len(train), len(held)) == (20, 80):
        return "The two parts changed places: training comes first."
    if len(held) != 20:
        return f"With `held=20` there are {len(held)} validation indices."
    if both := set(train) & set(held):
        return f"{len(both)} images are in both parts: cut one order into two."
    if sorted(train + held) != list(range(100)):
        return "Every image should be in one of the parts, and only once."
    if any(cuts[seed] != _parts(answer, 100, 20, seed) for seed in SEEDS):
        return "The same seed gave two different cuts."
    if len({tuple(sorted(held)) for _, held in cuts.values()}) < len(SEEDS):
        return "Two seeds gave the same cut: is the order shuffled, by the seed?"
    if any(_side_by_side(held) for _, held in cuts.values()):
        return "Images that lie side by side are held back together: shuffle them."
    return _other_sizes(answer)


def _side_by_side(held: list[int]) -> bool:
    """Whether most have their neighbour with them; drawn, it is one in five."""
    return sum((i + 1) % 100 in held for i in held) > len(held) / 2


def _other_sizes(answer: Any) -> str | None:
    for count, held in ((11, 3), (60, 59)):
        parts = _parts(answer, count, held, 5)
        if [len(part) for part in parts] != [count - held, held]:
            return f"Of {count} images, {held} held back, it makes {len(parts[1])}."
        if sorted(parts[0] + parts[1]) != list(range(count)):
            return f"Of {count} images every one should be in one part, and only once."
    return None


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _reseeding(count: int, held: int, seed: int) -> tuple[Tensor, Tensor]:
    torch.manual_seed(seed)
    order = torch.randperm(count)
    return order[held:], order[:held]


def _drawn_twice(count: int, held: int, seed: int) -> tuple[Tensor, Tensor]:
    generator = _generator(seed)
    order = torch.randperm(count, generator=generator)
    return order[held:], torch.randperm(count, generator=generator)[:held]


def _unshuffled(count: int, held: int, seed: int) -> tuple[Tensor, Tensor]:
    return torch.arange(held, count), torch.arange(held)


def _swapped(count: int, held: int, seed: int) -> tuple[Tensor, Tensor]:
    order = torch.randperm(count, generator=_generator(seed))
    return order[:held], order[held:]


split_checker = Checker(
    _test_split,
    (
        (_reseeding, "generator that everything shares"),
        (_drawn_twice, "in both parts"),
        (_unshuffled, "Two seeds gave the same cut"),
        (_swapped, "changed places"),
    ),
    takes_function=True,
)
