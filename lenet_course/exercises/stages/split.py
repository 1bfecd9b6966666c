"""The checker of a split into training and validation indices."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from lenet_course.exercises.compare import Checker, NotYet
from lenet_course.exercises.staged import attempt


def _parts(split: Callable, seed: int) -> tuple[list[int], list[int]]:
    got = attempt(split, 100, 20, seed)
    if not isinstance(got, tuple | list) or len(got) != 2:
        raise NotYet("Return two things: training indices, then validation indices.")
    if not all(isinstance(part, Tensor) and part.dim() == 1 for part in got):
        raise NotYet("Each part is a tensor of indices, of one dimension.")
    return got[0].tolist(), got[1].tolist()


def _test_split(answer: Any) -> str | None:
    state = torch.get_rng_state()
    train, held = _parts(answer, 0)
    if not torch.equal(state, torch.get_rng_state()):
        return (
            "It draws from the generator that everything shares, or resets it: make "
            "one of its own with `torch.Generator()`."
        )
    if (len(train), len(held)) == (20, 80):
        return "The two parts changed places: training comes first."
    if len(held) != 20:
        return f"With `held=20` there are {len(held)} validation indices."
    if both := set(train) & set(held):
        return f"{len(both)} images are in both parts: cut one order into two."
    if sorted(train + held) != list(range(100)):
        return "Every image should be in one of the parts, and only once."
    if (train, held) != _parts(answer, 0):
        return "The same seed gave two different cuts."
    if held == _parts(answer, 1)[1]:
        return "Two seeds gave the same cut: is the order shuffled, by the seed?"
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
