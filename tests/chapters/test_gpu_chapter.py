"""What the chapter on GPUs and several devices says in words, checked."""

import pytest
import torch
import torch.nn.functional as F
from torch.utils.data import DistributedSampler

from lenet_course import quiz
from lenet_course.ch10_gpu import exercises as gpu_exercises
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


@pytest.fixture(scope="module")
def told():
    return reader.sources("10-gpu-training")


@pytest.fixture(scope="module")
def results():
    return {name: reader.results(name) for name in ("gpu-cpu", "speedrun")}


def test_the_estimate_for_a_gpu_knows_both_roofs(told, results):
    moved = sum(r["bytes"] for r in results["gpu-cpu"]["layers"] if r["batch"] == 1024)
    seconds = 3 * moved / 1024 / 2e12  # of memory, an image
    assert seconds > 3 * 2 * 416_520 / 50e12  # memory is the lower roof
    starts = 33 * 5e-6
    assert 850 < starts / seconds < 1000 and "near a thousand" in told["gpu-024"]
    assert 140 < 0.16 * starts / seconds < 150
    assert "a hundred and fifty" in told["gpu-042"]
    assert round(100 * 64 * seconds / starts) == 7 and "7 %" in told["gpu-042"]


def test_sentences_on_the_ideas_are_what_was_measured(told, results):
    cpu, text = results["gpu-cpu"], told["gpu-053"]
    gain = {(r["idea"], r["batch"]): sorted(r["gain"]) for r in cpu["ideas"]}
    start = {(r["idea"], r["batch"]): r["start_seconds"] for r in cpu["ideas"]}
    assert f"{start['compiled', 64]:.0f} seconds from a cold start" in text
    assert f"{start['compiled', 256]:.0f} for the second" in text
    assert [round(1 / g, 1) for g in gain["compiled", 256]] == [1.5] * 3
    low, *_, high = gain["bf16 autocast", 64]
    assert low < 1 < high
    both, more = "channels-last, fused", "channels-last, fused, bf16"
    assert gain[more, 64][0] > gain[both, 64][-1]
    assert gain[more, 256][0] < gain[both, 256][-1]
    fused = gain["fused optimiser", 64] + gain["fused optimiser", 256]
    assert f"{100 * min(fused) - 100:.0f} to {100 * max(fused) - 100:.0f} %" in text
    queue, do = (cpu["operators"][f"seconds_to_{w}"] for w in ("queue", "do"))
    assert f"{1e6 * queue:.0f} to {1e6 * do:.0f} µs" in text


def test_the_epoch_before_gives_the_gains_that_the_text_names(told, results):
    rates = {
        (r["batch"], r["processes"]): r["rates"]
        for r in results["gpu-cpu"]["processes"]
    }
    for batch in (64, 512):
        before = rates[batch, 2][-2] / rates[batch, 1][-2]
        assert f"{before:.2f}" in told["gpu-079"]


def test_the_race_is_told_with_its_worst_run_and_without_the_compile_time(
    told, results
):
    race = results["speedrun"]
    seconds = [run["seconds"] for run in race["final"]["runs"]]
    assert max(seconds) > 6 and "seconds.max()" in told["race-final"]
    stages = {name: min(times) for name, times in race["stages"]["seconds"].items()}
    slower = stages["torch.compile"] / stages["channels-last"]
    assert 1.45 < slower < 1.6 and "half as long again" in told["race-bought"]
    step = race["ceiling"]["step_seconds"]["step"] * race["ceiling"]["steps"]
    assert f"{step:.2f} s" in told["race-rest"]
    rate = race["fit"]["images_per_second"]
    ratios = sorted(a / b for a, b in zip(rate["fit"], rate["plain loop"]))
    assert f"{ratios[0]:.2f} to {ratios[-1]:.2f}" in told["race-fit-text"]


def test_defaults_that_the_text_names_are_torchs(told):
    assert torch.backends.cudnn.allow_tf32 and not torch.backends.cuda.matmul.allow_tf32
    assert "*on* by default for cuDNN" in told["gpu-050"]
    told_times = "10 minutes for NCCL and 30 minutes for other backends"
    assert told_times in torch.distributed.init_process_group.__doc__
    assert "10 minutes with NCCL, 30 with gloo" in told["gpu-071"]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        z = torch.randn(2, 3) @ torch.randn(3, 3)
        assert z.softmax(1).dtype == z.sum().dtype == torch.bfloat16
        assert F.cross_entropy(z, torch.zeros(2).long()).dtype == torch.float32


def test_shards_repeat_images_that_exist():
    for count, size in ((2, 5), (1, 4), (10, 3)):
        for rank in range(size):
            dealt = gpu_exercises.shard(count, size, rank)
            assert dealt == list(
                DistributedSampler(range(count), size, rank, shuffle=False)
            )
