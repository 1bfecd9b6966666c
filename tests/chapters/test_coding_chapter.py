"""What the chapter of coding tasks says, and what its checks tolerate and refuse."""

import re
import subprocess
import sys

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from lenet_course import exercises, quiz
from lenet_helpers import models, shapes
from tests.chapters import reader

TASKS = [one.id.partition(".")[2] for one in exercises.all("coding")]


@pytest.fixture(scope="module")
def cells():
    return reader.cells("19-coding-tasks")


def test_there_are_at_least_fifteen_tasks_each_in_the_table(cells):
    shown = [id for id in cells if id.endswith("-task")]
    assert len(shown) >= 15
    assert {f"coding-{task}-task" for task in TASKS} == set(shown)
    assert f"{len(shown)} answers" in cells["coding-opening"].source
    listed = re.findall(r"\(#task-([\w-]+)\)", cells["coding-table"].source)
    assert sorted(listed) == sorted(TASKS)
    for number, id in enumerate(shown, start=1):
        text = cells[id].source
        assert f"### Task {number}: " in text
        assert "*They look for:*" in text and "*Then they ask:*" in text


@pytest.mark.parametrize("id", TASKS)
def test_each_solution_says_its_cost(id):
    assert re.search(
        r"[Tt]ime|multiplications", exercises.solution(f"coding.{id}").explanation
    )


def test_watching_an_answer_loads_no_compiler():
    """It would take seconds, in each check's new copy of the process."""
    code = (
        "import sys, torch; from lenet_course.watched import _Operators as Operators\n"
        "with Operators() as used: torch.ones(2) + 1\n"
        "print(used.total, 'torch._dynamo' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=reader.ROOT, capture_output=True, text=True
    )
    assert done.stdout.split() == ["2", "False"], done.stderr


def test_numbers_that_the_tasks_and_solutions_name():
    rows = {row.name: row for row in shapes.trace(models.ModernLeNet5())}
    assert rows["c1"].macs == 117_600
    assert sum(row.macs for row in rows.values()) == 416_520
    assert max(rows.values(), key=lambda row: row.macs).name == "c3"
    assert max(rows.values(), key=lambda row: row.params).params == 48_120
    windows = F.unfold(torch.zeros(1, 6, 14, 14), 5)
    assert windows.numel() == 15_000
    by_id = {question.id: question for question in quiz.load("coding").questions}
    assert by_id["im2col-memory"].number.value == windows.numel()


def test_numbers_of_the_quiz_by_running_them():
    by_id = {question.id: question for question in quiz.load("coding").questions}
    w = nn.Parameter(torch.zeros(1))
    w.grad = torch.tensor([2e-5])
    torch.optim.Adam([w], lr=0.001).step()
    assert by_id["adam-first-step"].number.value == pytest.approx(-w.item(), rel=1e-2)
    x = torch.zeros(1, 1, 2, 2, requires_grad=True)
    F.max_pool2d(x, 2).sum().backward()
    assert by_id["pool-backward"].number.value == x.grad.sum()
    assert torch.tensor([0.0, 200.0]).softmax(0).log()[0] == -torch.inf
