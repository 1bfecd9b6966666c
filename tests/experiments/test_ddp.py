"""Two real processes, started by torchrun, against one; and one that vanishes."""

import os
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from experiments.devices import distributed
from tests.experiments import ddp_worker

WORKER = "tests.experiments.ddp_worker"
SLEEPER = "tests.experiments.sleeper"


def train(folder: Path, name: str, *more: str):
    options = ["--epochs", "2", "--checkpoint", folder / f"{name}.pt", *more]
    return distributed.torchrun(WORKER, *options, timeout=120)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The folder with the checkpoint of a run that was not interrupted."""
    folder = tmp_path_factory.mktemp("ddp")
    process = train(folder, "whole")
    assert process.returncode == 0, process.stderr
    return folder


def test_two_halves_of_a_batch_give_the_gradient_of_the_whole(whole):
    *averaged, mean_rank = torch.load(whole / "whole.g")
    model = ddp_worker.network(seed=0)
    images, labels = ddp_worker.noise(24).tensors
    F.cross_entropy(model(images), labels).backward()
    for mine, (name, p) in zip(averaged, model.named_parameters(), strict=True):
        assert torch.allclose(mine, p.grad, rtol=1e-4, atol=1e-7), name
    assert mean_rank == 0.5


def test_a_lost_process_ends_the_run_and_resuming_gives_the_same_weights(whole):
    lost = train(whole, "lost", "--lose", "1", "3")  # two steps an epoch
    assert lost.returncode != 0
    assert "rank 0: another process has" in lost.stderr
    assert "Epoch 1 is the last whole one, kept in lost.pt" in lost.stderr
    assert len(torch.load(whole / "lost.pt")["rows"]) == 1
    resumed = train(whole, "lost", "--resume")
    assert resumed.returncode == 0, resumed.stderr
    assert "epoch 1" not in resumed.stdout  # it was not done again
    ours, theirs = (torch.load(whole / f"{n}.pt")["model"] for n in ("lost", "whole"))
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_a_script_started_without_torchrun_is_told_how(monkeypatch):
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    how = "torchrun --standalone --nproc-per-node 2"
    with pytest.raises(RuntimeError, match=how), distributed.group():
        pass


def is_alive(process: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(process, 0)
        return True
    return False


def test_when_time_is_up_no_worker_is_left(tmp_path):
    for timeout in (10, 40, 120):  # a busy machine needs longer to start both
        with pytest.raises(subprocess.TimeoutExpired):
            distributed.torchrun(SLEEPER, tmp_path, timeout=timeout)
        workers = [int(path.name) for path in tmp_path.iterdir()]
        assert not any(map(is_alive, workers))
        if len(workers) >= 2:
            return
    pytest.fail("the workers never started")
