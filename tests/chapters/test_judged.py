"""Right answers of another style pass the checkers, subtly wrong ones do not."""

import importlib
from decimal import Decimal
from types import ModuleType

import numpy as np
import pytest
import torch

from lenet_course import exercises

ELSEWHERE = {"convolution", "backpropagation"}  # judged in the tests of their chapters
ALL = {
    one.id: one
    for one in exercises.all()
    if one.solution.__module__.startswith("lenet_course.")
    and one.id.partition(".")[0] not in ELSEWHERE
}
NUMBERS = [
    id
    for id, one in ALL.items()
    if not one.checker.takes_function and isinstance(one.answer(), int | float)
]


def table(id: str) -> ModuleType:
    return importlib.import_module(f"tests.chapters.judged.{id.partition('.')[0]}")


@pytest.mark.parametrize("id", ALL)
def test_right_answers_in_another_style_are_accepted(id):
    right = table(id).RIGHT.get(id, [])
    verdicts = [exercises.check(id, answer) for answer in right]
    refused = {i: verdict for i, verdict in enumerate(verdicts) if not verdict}
    assert not refused
    assert len(right) >= 2, "rows are lacking"


@pytest.mark.parametrize("id", ALL)
def test_subtly_wrong_answers_are_refused(id):
    wrong = table(id).WRONG.get(id, [])
    verdicts = [exercises.check(id, answer) for answer in wrong]
    passed = [i for i, verdict in enumerate(verdicts) if verdict.status != "not yet"]
    assert not passed
    assert len(wrong) >= 3, "rows are lacking"


@pytest.mark.parametrize("id", NUMBERS)
def test_a_number_may_be_held_by_anything(id):
    value = ALL[id].answer()
    holders = [float, np.float64, np.array, torch.tensor, lambda n: [n], lambda n: (n,)]
    holders += [lambda n: torch.tensor([float(n)], dtype=torch.float64)]
    holders += [lambda n: np.array([[n]]), lambda n: Decimal(str(n))]
    for hold in holders:
        assert exercises.check(id, hold(value)), hold(value)


def test_no_table_holds_rows_of_an_exercise_that_is_not_there():
    for module in {table(id) for id in ALL}:
        assert {*module.RIGHT, *module.WRONG} <= set(ALL)
