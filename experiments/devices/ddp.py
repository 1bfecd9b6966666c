"""LeNet-5 on several devices: DistributedDataParallel, started by torchrun.

    torchrun --standalone --nproc-per-node 2 -m experiments.devices.ddp --epochs 3

On CUDA each process takes one device (NCCL); without CUDA each is a CPU process
(gloo). ``--batch-size`` is that of one step over all processes. Process 0 writes a
checkpoint after each epoch; with ``--resume`` the same command goes on from it, to
the same weights as a run that was never interrupted. ``--lose RANK STEP`` makes a
process vanish at that step, to see what happens then.
"""

import argparse
import os
import sys
import time
from pathlib import Path

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DistributedSampler, TensorDataset

from experiments import records
from experiments.devices import distributed
from lenet_helpers import data, training
from lenet_helpers.models import ModernLeNet5
from lenet_helpers.training import checkpoints


def load(name: str, images: int | None) -> TensorDataset:
    """The training images; process 0 goes first, since it may have to download."""
    if dist.get_rank() > 0:
        dist.barrier()
    tensors = data.load(name).train.tensors
    if dist.get_rank() == 0:
        dist.barrier()
    return TensorDataset(*(t[:images] for t in tensors))


class Run:
    """One process's part of the run; all of them hold the same weights."""

    def __init__(self, args, device: torch.device):
        self.args, self.device = args, device
        self.rank, self.size = dist.get_rank(), dist.get_world_size()
        if args.batch_size % self.size:
            raise SystemExit(
                f"{self.size} processes cannot share batches of {args.batch_size} "
                f"evenly; give a multiple of {self.size}"
            )
        train = load(args.data, args.images)
        self.images, self.labels = (t.to(device) for t in train.tensors)
        self.sampler = DistributedSampler(train, seed=args.seed)
        training.seed_everything(args.seed)
        self.model = ModernLeNet5(activation="relu", pool="max").to(device)
        self.optimizer = torch.optim.Adam(
            self.model.parameters(), lr=args.lr, fused=True
        )
        self.settings = {"batch_size": args.batch_size, "lr": args.lr}
        self.settings |= {"seed": args.seed, "images": len(train)}
        self.rows: list[dict] = []
        self.steps = 0
        if args.resume and args.checkpoint.exists():
            self.restore(checkpoints.load(args.checkpoint))
        ids = [device.index] if device.type == "cuda" else None
        self.parallel = DistributedDataParallel(self.model, device_ids=ids)

    def train_epoch(self) -> dict:
        """One pass over all images, of which this process sees its share."""
        self.sampler.set_epoch(len(self.rows))
        order = torch.tensor(list(self.sampler), device=self.device)
        total = torch.zeros((), device=self.device)
        start = time.perf_counter()
        for batch in order.split(self.args.batch_size // self.size):
            if self.args.lose == [self.rank, self.steps]:
                os._exit(3)  # as if killed: no exception, no goodbye
            loss = F.cross_entropy(
                self.parallel(self.images[batch]), self.labels[batch]
            )
            self.optimizer.zero_grad()
            loss.backward()  # averages the gradients over the processes
            self.optimizer.step()
            self.steps += 1
            total += loss.detach() * len(batch)
        mean_loss = distributed.mean(total / len(order)).item()
        seconds = time.perf_counter() - start
        seen = len(order) * self.size
        return {"loss": mean_loss, "images_per_second": seen / seconds}

    def state(self) -> dict:
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "rows": self.rows,
            "steps": self.steps,
            "settings": self.settings,
        }

    def restore(self, state: dict) -> None:
        if state["settings"] != self.settings:
            raise checkpoints.CheckpointError(
                f"the checkpoint is of a run with {state['settings']}, not "
                f"{self.settings}; give the same settings or another --checkpoint"
            )
        checkpoints.load_model(self.model, state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.rows, self.steps = state["rows"], state["steps"]

    def train(self) -> None:
        while len(self.rows) < self.args.epochs:
            self.rows.append(self.train_epoch())
            if self.rank == 0:
                checkpoints.save(self.args.checkpoint, self.state())
                row = self.rows[-1]
                print(
                    f"epoch {len(self.rows)}: loss {row['loss']:.4f}, "
                    f"{row['images_per_second']:,.0f} images/s",
                    flush=True,
                )
        if self.rank == 0:
            print(f"{self.size} processes on {self.device.type}, done", flush=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", default="auto", help="auto, mnist or digits")
    parser.add_argument("--images", type=int, help="train on so many only")
    parser.add_argument("--checkpoint", type=Path, default=records.RUNS / "ddp.pt")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--lose", type=int, nargs=2, metavar=("RANK", "STEP"))
    return parser.parse_args()


def advice(run: Run | None) -> str:
    """What to do after a loss."""
    if run is None:
        return ""
    if not run.rows:
        return "No epoch was finished: start again."
    return (
        f"Epoch {len(run.rows)} is the last whole one, kept in "
        f"{run.args.checkpoint.name}: start again with --resume."
    )


def main() -> None:
    args = arguments()
    run = None
    try:
        with distributed.group() as device:
            run = Run(args, device)
            run.train()
    except (distributed.WorkerLost, checkpoints.CheckpointError) as error:
        sys.exit(f"rank {os.environ['RANK']}: {error}. {advice(run)}".rstrip())
    except RuntimeError as error:
        if "LOCAL_RANK" in os.environ:
            raise
        sys.exit(str(error))


if __name__ == "__main__":
    main()
