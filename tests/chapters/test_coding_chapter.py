"""What the chapter of coding tasks says, and what its checks tolerate and refuse."""

import re
import subprocess
import sys

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torchvision import models as published
from torchvision import ops

from lenet_course import exercises, quiz
from lenet_course.ch19_coding import blocks, detection, layer_norm, scores
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
    advanced = list(cells)[list(cells).index("coding-advanced") :]
    assert sum(id.endswith("-task") for id in advanced) == 7
    assert "Seven that separate" in cells["coding-advanced"].source


@pytest.mark.parametrize("id", TASKS)
def test_each_solution_says_its_cost(id):
    assert re.search(
        r"[Tt]ime|multiplications", exercises.solution(f"coding.{id}").explanation
    )


def test_watching_an_answer_loads_no_compiler():
    """It would take seconds, in each check's new copy of the process."""
    code = (
        "import sys, torch\n"
        "from lenet_helpers.performance import OperatorCount\n"
        "with OperatorCount() as used: torch.ones(2) + 1\n"
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
    assert by_id["attention-scores"].number.value == 12 * (224 // 16) ** 4
    chain = torch.tensor([[0.0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]])
    iou, kept = detection.nms(chain, torch.tensor([0.9, 0.8, 0.7]), 0.3)
    assert iou[0, 1] > 0.3 and iou[1, 2] > 0.3 and kept.tolist() == [0, 2]


def test_boxes_are_kept_as_torchvision_keeps_them():
    generator = torch.Generator().manual_seed(4)
    corner, sides = 60 * torch.rand(2, 300, 2, generator=generator)
    boxes = torch.cat([corner, corner + sides], 1)
    chance = torch.rand(300, generator=generator)
    for threshold in (0.9, 0.5, 0.1):
        iou, kept = detection.nms(boxes, chance, threshold)
        assert torch.allclose(iou, ops.box_iou(boxes, boxes), atol=1e-6)
        assert torch.equal(kept, ops.nms(boxes, chance, threshold))
    assert 0 < len(kept) < 300


@pytest.mark.parametrize("size", [(8, 8, 1), (4, 8, 2)])
def test_the_residual_block_is_that_of_torchvision(size):
    mine, down = blocks.ResidualBlock(*size), None
    if size[0] != size[1]:
        side = nn.Conv2d(*size[:2], 1, size[2], bias=False), nn.BatchNorm2d(size[1])
        down = nn.Sequential(*side)
    theirs = published.resnet.BasicBlock(*size, downsample=down)
    values = dict(zip(mine.state_dict(), theirs.state_dict().values(), strict=True))
    mine.load_state_dict(values)
    x = torch.randn(3, size[0], 9, 9)
    assert torch.allclose(mine(x), theirs(x), atol=1e-5)


def test_the_gradient_of_layer_normalisation_by_central_differences():
    generator = torch.Generator().manual_seed(2)
    x, grad = torch.randn(2, 3, 5, generator=generator, dtype=torch.float64)
    gamma, beta = torch.rand(2, 5, generator=generator, dtype=torch.float64)
    _, *found = layer_norm.layer_norm(x, gamma, beta, grad, 1e-5)
    for place, t in enumerate((x, gamma, beta)):
        for entry in range(t.numel()):
            ends = []
            for h in (1e-5, -1e-5):
                given = [x, gamma, beta]
                given[place] = t.clone()
                given[place].view(-1)[entry] += h
                y = F.layer_norm(given[0], [5], *given[1:], 1e-5)
                ends.append((y * grad).sum())
            slope = (ends[0] - ends[1]) / 2e-5
            assert slope == pytest.approx(found[place].view(-1)[entry].item(), abs=1e-7)


def test_what_the_new_tasks_say_of_blocks_and_scores():
    def count(block):
        return sum(p.numel() for p in block.parameters())

    assert count(blocks.ResidualBlock(64, 64)) == 73_984
    dense = nn.Sequential(nn.Conv2d(64, 128, 3, bias=False), nn.BatchNorm2d(128))
    block, said = blocks.separable_block(64, 128)
    assert (said, count(block), count(dense)) == (9_152, 9_152, 73_984)
    share = (9 * 64 + 64 * 128) / (9 * 64 * 128)
    assert share == pytest.approx(1 / 128 + 1 / 9)
    for value in (0.0, torch.nan):  # "fewer than k are larger" believes a dead network
        logits, labels = torch.full((4, 10), value), torch.arange(4)
        larger = (logits > logits.gather(1, labels[:, None])).sum(1)
        assert (larger < 1).all()
    assert scores.top_k(torch.eye(4, 6), torch.arange(4), (1, 6)) == [1.0, 1.0]
    sides = {
        F.conv2d(torch.zeros(1, 1, n, n), torch.zeros(1, 1, 3, 3), stride=2).shape
        for n in (7, 8)
    }
    assert len(sides) == 1  # so a transposed convolution must be told which it was
    windows = F.fold(torch.ones(1, 9, 9), (7, 7), 3, stride=2)
    assert windows.max() == 4  # overlapping windows that share a pixel
