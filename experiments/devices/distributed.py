"""Several processes that train one network: what ``torchrun`` starts, and how it ends.

Each process computes on its own device with its own share of every batch;
``DistributedDataParallel`` averages the gradients. CPUs talk through gloo, CUDA
devices through NCCL; the code is the same.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta

import torch
import torch.distributed as dist

from experiments.records import ROOT

PATIENCE = timedelta(minutes=5)  # a process that is silent for longer counts as lost


class WorkerLost(RuntimeError):
    """Another process of the group has ended or does not answer."""


def torchrun(
    module: str,
    *options: str | os.PathLike,
    processes: int = 2,
    timeout: float | None = None,
) -> subprocess.CompletedProcess:
    """Run a module in several processes on this machine, as ``torchrun -m`` does.

    ``module`` is found from the root of the book. One thread each, unless
    OMP_NUM_THREADS says otherwise. What they print is in ``.stdout`` and ``.stderr``.

    Raises:
        subprocess.TimeoutExpired: still running after ``timeout`` seconds; all of
            them are stopped.
    """
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    launcher += ["--local-addr", "127.0.0.1", "--nproc-per-node", str(processes)]
    quiet = {"OMP_NUM_THREADS": "1", "USE_LIBUV": "0", "TQDM_DISABLE": "1"}
    process = subprocess.Popen(
        [*launcher, "-m", module, *map(os.fspath, options)],
        cwd=ROOT,
        env=quiet | dict(os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        said = process.communicate(timeout=timeout)
    except BaseException:
        _end(process)
        raise
    return subprocess.CompletedProcess(process.args, process.returncode, *said)


def _end(launcher: subprocess.Popen) -> None:
    """Stop the launcher and its workers.

    Each worker is in a session of its own, where no signal to a group reaches it; the
    launcher, asked to stop, kills after half a minute those that will not.
    """
    launcher.terminate()
    try:
        launcher.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        launcher.kill()


@contextlib.contextmanager
def group() -> Iterator[torch.device]:
    """Join the other processes for the time of a ``with``; gives this one's device.

    Raises:
        RuntimeError: the script was not started by ``torchrun``, or there are more
            processes than CUDA devices.
        WorkerLost: another process ended meanwhile.
    """
    if "LOCAL_RANK" not in os.environ:
        raise RuntimeError(
            "this script wants several processes; start it as "
            "torchrun --standalone --nproc-per-node 2 -m experiments.devices.ddp"
        )
    device = _own_device(int(os.environ["LOCAL_RANK"]))
    backend = "nccl" if device.type == "cuda" else "gloo"
    before = signal.signal(signal.SIGTERM, _stopped)
    dist.init_process_group(backend, timeout=PATIENCE)
    try:
        yield device
        dist.destroy_process_group()  # not after a loss: it would wait for the lost
    except RuntimeError as error:
        if isinstance(error, WorkerLost) or not _is_loss(error):
            raise
        raise WorkerLost("another process has ended or does not answer") from error
    finally:
        signal.signal(signal.SIGTERM, before)


def _own_device(local_rank: int) -> torch.device:
    if not torch.cuda.is_available():
        return torch.device("cpu")
    devices = torch.cuda.device_count()
    if local_rank >= devices:
        raise RuntimeError(
            f"process {local_rank} finds no CUDA device of its own: there are "
            f"{devices}; give --nproc-per-node {devices}"
        )
    torch.cuda.set_device(local_rank)
    return torch.device("cuda", local_rank)


def _stopped(*_) -> None:
    """SIGTERM is how ``torchrun`` ends those that are left when one has failed."""
    raise WorkerLost("another process has failed, and torchrun stops this one")


def _is_loss(error: RuntimeError) -> bool:
    # gloo has no exception of its own: only the text tells.
    signs = ("gloo", "Connection closed by peer", "Connection reset", "Broken pipe")
    return isinstance(error, dist.DistError) or any(s in str(error) for s in signs)


def mean(value: torch.Tensor) -> torch.Tensor:
    """The mean of a tensor over all processes, which must hold equal shares."""
    value = value.detach().clone()
    dist.all_reduce(value)
    return value / dist.get_world_size()
