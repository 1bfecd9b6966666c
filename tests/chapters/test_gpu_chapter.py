"""What the chapter on GPUs and several devices says in words, checked."""

import pytest
import torch
import torch.nn.functional as F
from torch.utils.data import DistributedSampler

from lenet_course import exercises, quiz
from lenet_helpers.models import ModernLeNet5
from tests.chapters import reader


@pytest.fixture(scope="module")
def written_out():
    return reader.names("10-gpu-training", "ring", "kept_bytes")


@pytest.mark.parametrize("n", [1, 2, 5])
def test_the_ring_sums_and_sends_as_little_as_the_text_says(written_out, n):
    tensors = [torch.randn(60, generator=torch.Generator()) for _ in range(n)]
    before = [t.clone() for t in tensors]
    sums, sent = written_out["ring"](tensors)
    for total in sums:
        assert torch.allclose(total, torch.stack(before).sum(0), atol=1e-5)
    assert sent == 2 * (n - 1) * 60 // n
    assert all(map(torch.equal, tensors, before))


def test_the_chapter_and_the_experiment_measure_the_same_memory(written_out):
    from experiments.devices.steps import Step

    step = Step("cpu", 16, [])
    measured = written_out["kept_bytes"](step.model, step.images, step.labels)
    assert step.saved_bytes() == measured
    assert sum(step.state_bytes().values()) == 16 * 61_706 + 10 * 4  # step counters


def test_numbers_of_the_quiz():
    by_id = {question.id: question for question in quiz.load("gpu").questions}
    params = sum(p.numel() for p in ModernLeNet5().parameters())
    assert by_id["bytes-of-weights"].number.value == 16 * params
    sampler = DistributedSampler(range(60_001), 8, 0)
    assert by_id["padding"].number.value == len(sampler)


def test_when_activations_outweigh_the_weights():
    """The text: from batch 21 on."""
    assert 20 * 49_088 < 16 * 61_706 < 21 * 49_088


def test_other_right_ways_to_answer_are_accepted():
    def rate(low, high, batch):
        (b1, t1), (b2, t2) = low, high
        return batch / (t1 + (batch - b1) * (t2 - t1) / (b2 - b1))

    def step(net, opt, x, t, size):
        opt.zero_grad()
        for start in range(0, len(x), size):
            part = slice(start, start + size)
            F.cross_entropy(net(x[part]), t[part], reduction="sum").backward()
        for p in net.parameters():
            p.grad /= len(x)
        opt.step()

    def share(count, size, rank):
        return torch.arange(-(-count // size) * size).remainder(count)[rank::size]

    assert exercises.check("gpu.throughput", rate)
    assert exercises.check("gpu.accumulate", step)
    assert exercises.check("gpu.shards", lambda *a: share(*a).tolist())
