"""What the chapter on GPUs and several devices says in words, checked."""

import contextlib
import statistics
from dataclasses import asdict

import pytest
import torch
import torch.nn.functional as F
from torch.utils.data import DistributedSampler

from experiments.speedrun import recipes
from lenet_course import quiz
from lenet_course.ch10_gpu import exercises as gpu_exercises
from lenet_course.ch10_gpu import figures
from lenet_helpers.models import ModernLeNet5
from tests.chapters import fake_cuda, reader


@pytest.fixture(scope="module")
def written_out():
    wanted = "ring kept_bytes prefetched captured scaled_step accumulated".split()
    ways = "with_item with_if unbroken".split()
    return reader.names("10-gpu-training", *wanted, *ways)


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
    starts = 33 * 5e-6
    for flops, bandwidth, crossing, busy in (
        (8.1e12, 0.32e12, 150, 44),
        (67e12, 3.35e12, 1500, 4),
    ):
        seconds = 3 * moved / 1024 / bandwidth  # of memory, an image
        assert seconds > 3 * 2 * 416_520 / flops  # memory is the lower roof
        assert starts / seconds == pytest.approx(crossing, rel=0.05)
        assert f"{crossing:,}" in told["gpu-024"]
        assert round(100 * 64 * seconds / starts) == busy
        assert f"{busy} %" in told["gpu-042"]
    assert "a hundred and fifty" in told["gpu-042"]
    assert "fifteen hundred" in told["gpu-042"]


def test_the_first_picture_starts_from_what_the_estimate_does(told):
    assert f"{figures.START:g}".replace("e-0", "e-") + "  # assumed" in told["gpu-041"]
    for memory in ("0.32", "3.35"):
        assert (
            f"{memory})" in told["gpu-104"] and f"{memory}e12" in told["gpu-first-look"]
        )


def test_the_drawn_ring_gives_everybody_one_whole_sum_and_then_all():
    turns = figures.ring_counts(4)
    assert [row.count(4) for row in turns[3]] == [1] * 4
    assert turns[-1] == [[4] * 4] * 4 and len(turns) == 7


def test_published_figures_are_those_of_the_sources_and_marked():
    bibliography = (reader.ROOT / "references.bib").read_text(encoding="utf-8")
    source = reader.sources("10-gpu-training")["gpu-104"]
    assert "Published, not measured" in source
    for numbers in ("8.1 TFLOP/s", "65 in fp16", "320 GB/s", "67 TFLOP/s", "1,979"):
        assert numbers in bibliography
    assert {"nvidiat4", "nvidiah100"} <= reader.cited("10-gpu-training")


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
    assert f"{1e6 * queue:.0f} to {1e6 * do:.0f} µs" in told["gpu-042"]
    grouped = gain["grouped optimiser", 64], gain["grouped optimiser", 256]
    assert all(low < 1 < high for low, _, high in grouped)
    assert "grouping it" in text and "not told apart" in text


def test_the_layers_that_beat_their_roof_are_those_that_the_picture_names(results):
    top = results["gpu-cpu"]["ceilings"]
    above = {
        layer["name"]
        for layer in results["gpu-cpu"]["layers"]
        if layer["batch"] == 1024
        and layer["seconds"]
        < max(layer["flops"] / top["flops"], layer["bytes"] / top["bandwidth"])
    }
    assert above == {"act", "f6"}
    cell = reader.cells("10-gpu-training")["gpu-036"]
    assert "ReLU above" in cell.metadata.mystnb.image.alt


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
    assert (
        min(stages["tuned recipe"], *seconds) < 1.25
        and "1.2 s at best" in told["race-rest"]
    )
    assert f"{statistics.median(seconds):.1f} in the race's median" in told["race-rest"]
    start, final = asdict(recipes.START), asdict(recipes.FINAL)
    changed = {key for key in start if start[key] != final[key]}
    assert changed == {"images", "batch_size", "lr", "smoothing"}
    assert "four things" in told["race-bought"]
    rate = race["fit"]["images_per_second"]
    ratios = sorted(a / b for a, b in zip(rate["fit"], rate["plain loop"]))
    assert f"{ratios[0]:.2f} to {ratios[-1]:.2f}" in told["race-fit-text"]


def test_defaults_that_the_text_names_are_torchs(told):
    assert torch.backends.cudnn.allow_tf32 and not torch.backends.cuda.matmul.allow_tf32
    assert "*on* by default for cuDNN" in told["gpu-050"]
    doubled = torch.amp.GradScaler("cpu")
    assert doubled.get_scale() == 65_536 and "65,536 at first" in told["gpu-106"]
    assert doubled.get_growth_interval() == 2000 and "2,000" in told["gpu-106"]
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


# --- what needs CUDA, on a stand-in for it ---------------------------------------


def overlapped(prefetched, compute, batches=4):
    """Plays training steps of ``compute`` seconds; the time when the last one ends."""
    cuda, numbers = fake_cuda.Cuda(), []
    source = ([fake_cuda.Batch(cuda, i)] for i in range(batches))
    for (batch,) in prefetched(source, "cuda", cuda):
        start, end = cuda.work(compute)
        assert start >= batch.ready, "read before the copy was done"
        assert batch.home is not cuda.main and batch.kept_for == [cuda.main]
        numbers.append(batch.number)
    assert numbers == list(range(batches))
    return end


def test_the_next_batch_is_copied_while_one_is_used(written_out):
    prefetched = written_out["prefetched"]
    assert (
        overlapped(prefetched, compute=5.0) == 3 + 4 * 5
    )  # only one copy is waited for
    assert overlapped(prefetched, compute=1.0) == 4 * 3 + 1  # copying is the limit


def test_waiting_after_the_next_copy_has_begun_is_later():
    code = reader.sources("10-gpu-training")["gpu-101"]
    wait, rest = "        main.wait_stream(aside)  # the copy is done\n", {}
    late = code.replace(wait, "").replace("        yield", wait + "        yield")
    exec(late, rest)
    assert late.count("wait_stream") == 1
    assert overlapped(rest["prefetched"], compute=5.0) > 3 + 4 * 5


def test_prefetching_nothing_yields_nothing(written_out):
    assert list(written_out["prefetched"]([], "cuda", fake_cuda.Cuda())) == []


def test_a_captured_step_is_warmed_up_aside_and_recorded_once(written_out):
    cuda, ran = fake_cuda.Cuda(), []
    held = [0]  # the memory that the graph knows

    def step():
        stream, recorded = cuda.current, held
        cuda.launch(lambda: ran.append((stream.name, recorded[0])))

    replay = written_out["captured"](step, cuda)
    assert ran == [("aside 1", 0)] * 3
    main, aside = cuda.streams
    assert aside.waited_for == ["main"] and main.waited_for == ["aside 1"]
    ran.clear()
    held[0] = 1  # copied to the old address: the replay sees it
    replay()
    held = [2]  # a new tensor by the old name: it does not
    replay()
    assert ran == [("main", 1)] * 2


def test_the_scaled_step_clips_the_true_gradient(written_out):
    torch.manual_seed(0)
    model = torch.nn.Linear(4, 3)
    sgd = torch.optim.SGD(model.parameters(), lr=1.0)
    before = torch.nn.utils.parameters_to_vector(model.parameters()).clone()
    scaler = torch.amp.GradScaler("cpu", init_scale=256.0)
    x, y = 20 * torch.randn(8, 4), torch.arange(8) % 3
    written_out["scaled_step"](model, sgd, scaler, x, y, limit=0.01)
    moved = torch.nn.utils.parameters_to_vector(model.parameters()) - before
    assert moved.norm().item() == pytest.approx(0.01, rel=1e-3)
    assert scaler.get_scale() == 256


def test_a_step_in_parts_is_that_on_the_whole(written_out):
    class Alone(torch.nn.Linear):
        """Counts what would be exchanged, as DDP does: only outside ``no_sync``."""

        quiet = False

        @contextlib.contextmanager
        def no_sync(self):
            self.quiet = True
            yield
            self.quiet = False

    torch.manual_seed(0)
    model, twin = Alone(4, 3), torch.nn.Linear(4, 3)
    twin.load_state_dict(model.state_dict())
    exchanges = []
    model.weight.register_hook(lambda g: exchanges.append(model.quiet))
    x, y = torch.randn(12, 4), torch.arange(12) % 3
    steps = [torch.optim.SGD(m.parameters(), lr=0.5) for m in (model, twin)]
    written_out["accumulated"](model, steps[0], list(zip(x.split(3), y.split(3))))
    F.cross_entropy(twin(x), y).backward()
    steps[1].step()
    assert torch.allclose(model.weight, twin.weight, atol=1e-6)
    assert exchanges == [True, True, True, False]


def test_the_three_ways_to_shorten_a_vector_agree(written_out):
    ways = [written_out[name] for name in ("with_item", "with_if", "unbroken")]
    for x in (torch.tensor([3.0, 4.0]), torch.tensor([0.3, 0.4])):
        first, *others = (way(x) for way in ways)
        assert all(torch.allclose(first, other) for other in others)


def test_synchronised_normalisation_of_several_processes_wants_gpus(monkeypatch):
    net = torch.nn.SyncBatchNorm.convert_sync_batchnorm(torch.nn.BatchNorm2d(2))
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.distributed, "get_world_size", lambda group=None: 2)
    net.process_group = object()
    with pytest.raises(ValueError, match="expected input tensor to be on GPU"):
        net(torch.randn(2, 2, 3, 3))


def test_the_quiz_on_clipping_is_what_happens():
    w = torch.nn.Parameter(torch.zeros(1))
    sgd, scaler = torch.optim.SGD([w], lr=1.0), torch.amp.GradScaler("cpu")
    scaler.scale(2 * w).sum().backward()
    torch.nn.utils.clip_grad_norm_([w], 1.0)
    scaler.step(sgd)
    assert w.item() == pytest.approx(-1 / 65_536, rel=1e-4)
