"""Exercises and quiz of the chapter on limits and legacy, against other code."""

import pytest
import torch
from safetensors import safe_open
from torch import nn

from lenet_course import quiz
from lenet_course.ch15_limits import exercises as limits
from lenet_course.ch15_limits import legacy as legacy
from lenet_helpers import models
from lenet_helpers.models.descendants import Descendant


def test_an_attacked_picture_is_in_range_and_moved_by_eps_at_most():
    generator = torch.Generator().manual_seed(2)
    pixels = torch.rand(5, 1, 4, 4, generator=generator)
    gradient = torch.randn(5, 1, 4, 4, generator=generator)
    x = (pixels - 0.1) / 0.275
    moved = limits.attack_units(x, gradient, 0.1, 0.1, 0.275) * 0.275 + 0.1
    assert moved.min() > -1e-6 and moved.max() < 1 + 1e-6
    inside = (moved > 1e-3) & (moved < 1 - 1e-3)
    assert inside.any() and not inside.all()
    step = ((moved - pixels) / gradient.sign())[inside]
    torch.testing.assert_close(step, torch.full_like(step, 0.1))


def test_solutions_agree_with_code_that_they_do_not_use():
    generator = torch.Generator().manual_seed(4)
    known = torch.rand(40, generator=generator)
    strange = torch.rand(30, generator=generator)
    fine = [t for t in known.tolist() if (known >= t).sum() / 40 >= 0.9]
    share = sum(s >= max(fine) for s in strange.tolist()) / 30
    assert limits.pass_rate(known, strange, 0.9) == pytest.approx(share)
    norm = nn.BatchNorm2d(3).eval()
    values = [torch.rand(3, generator=generator) + 0.1 for _ in range(4)]
    targets = norm.running_mean, norm.running_var, norm.weight, norm.bias
    with torch.no_grad():
        for own, value in zip(targets, values, strict=True):
            own.copy_(value)
    x = torch.randn(2, 3, 4, 4, generator=generator)
    torch.testing.assert_close(legacy.batch_norm(x, *values), norm(x))
    stack = [nn.Conv2d(64, 64, 3, bias=False) for _ in range(3)]
    stack_weights = sum(layer.weight.numel() for layer in stack)
    seven = nn.Conv2d(64, 64, 7, bias=False).weight.numel()
    assert legacy.stacked_weights() == seven - stack_weights
    assert round(100 * legacy.stacked_weights() / seven) == 45
    patch = nn.Conv2d(3, 768, 16, 16)
    count = sum(p.numel() for p in patch.parameters())
    assert legacy.patch_embedding() == count
    assert 0.25 ** legacy.lost_in_depth() < 1e-6 < 0.25 ** (legacy.lost_in_depth() - 1)


def test_numbers_of_the_quiz():
    by_id = {question.id: question for question in quiz.load("limits").questions}
    assert by_id["shortcut-adds"].number.value == 0
    dense, average = Descendant(), Descendant(head="average", widths=(24, 98))
    head = [p for m in (dense.head, dense.output) for p in m.parameters()]
    whole = sum(p.numel() for p in dense.parameters())
    assert round(100 * sum(p.numel() for p in head) / whole) == 95
    work = {}
    for net in (dense, average):
        total = 0

        def count(module, inputs, output):
            nonlocal total
            total += output[0].numel() * module.weight[0].numel()

        for module in net.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                module.register_forward_hook(count)
        net(torch.zeros(1, 3, 32, 32))
        work[net] = total
    assert work == {dense: 651_720, average: 7_292_180}
    assert round(work[average] / work[dense]) == 11
    with safe_open(models.WEIGHTS, framework="pt") as file:
        mean, std = (float(file.metadata()[name]) for name in ("mean", "std"))
    noise = torch.rand(500, 1, 32, 32, generator=torch.Generator().manual_seed(9))
    with torch.inference_mode():
        p = models.load_pretrained()((noise - mean) / std).softmax(1)
    assert p.argmax(1).unique().tolist() == [8]
    assert round(100 * p.amax(1).median().item()) == 99
