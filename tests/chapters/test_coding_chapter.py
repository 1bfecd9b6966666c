"""What the chapter of coding tasks says, and what its checks tolerate and refuse."""

import re

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


def test_the_layers_own_operation_is_seen_however_it_is_called():
    def by_module(x, weight, bias, stride, padding):
        layer = nn.Conv2d(x.shape[1], len(weight), weight.shape[2:], stride, padding)
        with torch.no_grad():
            layer.weight.copy_(weight)
            layer.bias.copy_(torch.zeros(len(weight)) if bias is None else bias)
        return layer(x).detach()

    verdict = exercises.check("coding.conv2d-gemm", by_module)
    assert "write that yourself" in verdict.text


def test_conv2d_with_every_loop_is_right_if_loops_are_allowed():
    def conv2d(x, weight, bias, stride, padding):
        x = F.pad(x, [padding] * 4)
        m, _, kh, kw = weight.shape
        h = (x.shape[2] - kh) // stride + 1
        w = (x.shape[3] - kw) // stride + 1
        out = torch.zeros(len(x), m, h, w)
        for n in range(len(x)):
            for o in range(m):
                for i in range(h):
                    for j in range(w):
                        a, b = i * stride, j * stride
                        window = x[n, :, a : a + kh, b : b + kw]
                        out[n, o, i, j] = (window * weight[o]).sum()
                        if bias is not None:
                            out[n, o, i, j] += bias[o]
        return out

    assert exercises.check("coding.conv2d-loops", conv2d)
    assert "Without a Python loop" in exercises.check("coding.conv2d-gemm", conv2d).text


def test_strided_windows_are_as_good_as_unfold():
    def conv2d_gemm(x, weight, bias, stride, padding):
        x = F.pad(x, [padding] * 4)
        windows = x.unfold(2, weight.shape[2], stride).unfold(
            3, weight.shape[3], stride
        )
        out = torch.einsum("nchwij,mcij->nmhw", windows, weight)
        return out if bias is None else out + bias[:, None, None]

    assert exercises.check("coding.conv2d-gemm", conv2d_gemm)


def test_the_turned_kernel_is_as_good_as_fold():
    def conv2d_backward(x, weight, grad):
        frame = [weight.shape[3] - 1] * 2 + [weight.shape[2] - 1] * 2
        turned = weight.flip(2, 3).transpose(0, 1)
        dx = F.conv2d(F.pad(grad, frame), turned)
        dw = F.conv2d(x.transpose(0, 1), grad.transpose(0, 1)).transpose(0, 1)
        return dx, dw, grad.sum((0, 2, 3))

    assert exercises.check("coding.conv2d-backward", conv2d_backward)


def test_lenet_as_a_class_with_a_dense_c5_is_accepted():
    class LeNet(nn.Module):
        def __init__(self):
            super().__init__()
            self.c1, self.c3 = nn.Conv2d(1, 6, 5), nn.Conv2d(6, 16, 5)
            self.c5, self.f6 = nn.Linear(400, 120), nn.Linear(120, 84)
            self.output = nn.Linear(84, 10)

        def forward(self, x):
            x = F.max_pool2d(self.c1(x).relu(), 2)
            x = F.max_pool2d(self.c3(x).relu(), 2).flatten(1)
            return self.output(self.f6(self.c5(x).relu()).relu())

    assert exercises.check("coding.lenet5", LeNet)


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
