"""What a device does with LeNet-5: one command measures it all, on CUDA, MPS or CPU.

    python -m experiments.devices.gpu  # all pieces, a few minutes each
    python -m experiments.devices.gpu --only batch  # one piece; the others stay

Writes results/gpu-<device>.json, a piece at a time, with the names and versions of
everything. Run it on a quiet machine. Pieces:

- ceilings: float32 and bfloat16 matrix product, copy within memory and to the device
- batch: seconds of a training step against the batch size
- ideas: what each idea buys at a small and at a large batch, and its cost to start
- feeding: batches built by a DataLoader, sliced on the CPU, or resident
- operators: how many a step starts, and what starting one costs
- layers: forward seconds of each layer against its roofline
- memory: what training holds, counted and measured
- processes: DistributedDataParallel on one and more processes (ddp.py)
- loss: a process vanishes, and the run is resumed
"""

import argparse
import re
import statistics
import time

import torch
from torch.utils.data import DataLoader, TensorDataset

from experiments import records
from experiments.devices import distributed
from experiments.devices.steps import IDEAS, Step, images_and_labels
from lenet_helpers import training
from lenet_helpers.performance import (
    OperatorCount,
    ceilings,
    layer_costs,
    median_seconds,
    synchronize,
)
from lenet_helpers.training import checkpoints

DDP = "experiments.devices.ddp"
OUT_OF_MEMORY = (torch.OutOfMemoryError, MemoryError)


def name_of(device: torch.device) -> str:
    """What the result is called: cpu, mps, or the card's own name."""
    if device.type != "cuda":
        return device.type
    return re.sub(r"[^a-z0-9]+", "-", torch.cuda.get_device_name(device).lower())


def measure_ceilings(device: torch.device) -> dict:
    on_cpu = device.type == "cpu"
    found = ceilings(device, size=2048 if on_cpu else 8192)
    n = 512 if on_cpu else 8192  # a CPU without bf16 units takes a second for it
    a, b = (torch.randn(n, n, device=device, dtype=torch.bfloat16) for _ in range(2))
    product = median_seconds(lambda: a @ b, device, rounds=3)
    found["bf16_flops"] = 2 * n**3 / product
    if not on_cpu:
        found |= to_device(device)
    return found


def to_device(device: torch.device) -> dict:
    """Bytes a second from the CPU's memory, pageable and (CUDA) pinned."""
    source = {"pageable": torch.ones(2**25)}
    if device.type == "cuda":
        source["pinned"] = source["pageable"].pin_memory()
    target = torch.empty(2**25, device=device)
    return {
        f"to_device_{name}": 2**27
        / median_seconds(lambda t=t: target.copy_(t, non_blocking=True), device)
        for name, t in source.items()
    }


def measure_batch(device: torch.device) -> list[dict]:
    rows = []
    largest = 12 if device.type == "cpu" else 18
    for batch in (2**i for i in range(largest)):
        try:
            step = Step(device, batch, ["channels-last", "fused optimiser"])
            seconds = median_seconds(step, device)
        except OUT_OF_MEMORY:
            rows.append({"batch": batch, "seconds": None})
            break
        rows.append({"batch": batch, "seconds": seconds})
        print(rows[-1], flush=True)
    return rows


def measure_ideas(device: torch.device, rounds: int = 3) -> list[dict]:
    """Each idea against the plain step, in turns, so that a slow spell hits both."""
    found = []
    for batch in (64, 256 if device.type == "cpu" else 8192):
        plain = Step(device, batch, [])
        for name, (ideas, kinds) in IDEAS.items():
            if device.type not in kinds:
                continue
            row = {"batch": batch, "idea": name}
            try:
                start = time.perf_counter()
                step = Step(device, batch, ideas)
                step()
                synchronize(device)
                row["start_seconds"] = time.perf_counter() - start
                pairs = [
                    [median_seconds(s, device, rounds=1) for s in (plain, step)]
                    for _ in range(rounds)
                ]
                row["seconds"] = statistics.median(p[1] for p in pairs)
                row["gain"] = [before / after for before, after in pairs]
            except Exception as error:  # no compiler, no support: say so and go on
                row["failed"] = f"{type(error).__name__}: {str(error)[:200]}"
            found.append(row)
            print(row, flush=True)
    return found


def measure_feeding(device: torch.device, count: int = 12_800) -> list[dict]:
    """Images a second of an epoch at batch 256, by where the batches come from."""
    images, labels = images_and_labels(count)
    pinned = device.type == "cuda"
    loader = DataLoader(
        TensorDataset(images, labels), 256, shuffle=True, pin_memory=pinned
    )
    resident = images.to(device), labels.to(device)

    def sliced(x, y):
        for batch in torch.randperm(count).to(x.device).split(256):
            yield x[batch], y[batch]

    ways = {
        "DataLoader": lambda: loader,
        "sliced on the CPU": lambda: sliced(images, labels),
        "resident": lambda: sliced(*resident),
    }
    if pinned:
        ways["sliced and pinned"] = lambda: (
            (x.pin_memory(), y.pin_memory()) for x, y in sliced(images, labels)
        )
    step = Step(device, 256, ["channels-last", "fused optimiser"])

    def epoch(batches) -> float:
        synchronize(device)
        start = time.perf_counter()
        for x, y in batches():
            x, y = (t.to(device, non_blocking=True) for t in (x, y))
            step.on(x, y)
        synchronize(device)
        return count / (time.perf_counter() - start)

    epoch(ways["resident"])
    rates = {name: [] for name in ways}
    for _ in range(3):
        for name, way in ways.items():
            rates[name].append(epoch(way))
    return [{"way": name, "images_per_second": r} for name, r in rates.items()]


def measure_operators(device: torch.device) -> dict:
    counts = {}
    for name in ("plain", "fused optimiser"):
        step = Step(device, 64, [] if name == "plain" else [name])
        step()
        with OperatorCount() as count:
            step()
        counts[name] = count.total
    tiny = torch.zeros(1, device=device)
    synchronize(device)
    start = time.perf_counter()
    for _ in range(1000):
        tiny.add_(1)
    queued = (time.perf_counter() - start) / 1000
    done = median_seconds(lambda: tiny.add_(1), device)
    return {"counts": counts, "seconds_to_queue": queued, "seconds_to_do": done}


def measure_layers(device: torch.device) -> list[dict]:
    rows = []
    for batch in (64, 1024):
        model = Step(device, batch, ["channels-last"]).model.eval()
        x, _ = images_and_labels(batch, device)
        seen = []  # what each layer is called with, in order

        def note(layer, inputs, output, seen=seen):
            seen.append((layer, inputs[0]))

        for layer in model.children():
            layer.register_forward_hook(note)
        with torch.inference_mode():
            model(x)
            costs = layer_costs(Step("cpu", 1, []).model, batch)
            for cost, (layer, value) in zip(costs, list(seen), strict=True):
                seconds = median_seconds(lambda f=layer.forward, v=value: f(v), device)
                rows.append({"batch": batch, **vars(cost), "seconds": seconds})
    return rows


def measure_memory(device: torch.device) -> list[dict]:
    """Bytes that a step keeps for the backward pass; CUDA's own peak beside it."""
    rows = []
    for batch in (64, 1024):
        step = Step(device, batch, ["fused optimiser"])
        row = {"batch": batch, "state": step.state_bytes(), "saved": step.saved_bytes()}
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats()
            step()
            row["peak"] = torch.cuda.max_memory_allocated()
        rows.append(row)
    return rows


def measure_processes(device: torch.device, images: int = 12_800) -> list[dict]:
    """Images a second of the last of three epochs, over processes and batch size."""
    most = torch.cuda.device_count() if device.type == "cuda" else 2
    rows = []
    for batch in (64, 512):
        for processes in (n for n in (1, 2, 4, 8) if n <= most):
            path = records.RUNS / f"ddp-{processes}-{batch}.pt"
            options = ["--batch-size", batch, "--images", images, "--checkpoint", path]
            process = distributed.torchrun(
                DDP, *map(str, options), "--epochs", "3", processes=processes
            )
            if process.returncode:
                raise SystemExit(process.stderr)
            epochs = checkpoints.load(path)["rows"]
            rates = [row["images_per_second"] for row in epochs]
            rows.append({"batch": batch, "processes": processes, "rates": rates})
            print(rows[-1], flush=True)
    return rows


def measure_loss(device: torch.device) -> dict:
    """What a run says when a process vanishes, and what resuming prints."""
    path = records.RUNS / "ddp-lost.pt"
    plan = ["--epochs", "2", "--images", "1280", "--checkpoint", path]
    lost = distributed.torchrun(DDP, *plan, "--lose", "1", "30")
    resumed = distributed.torchrun(DDP, *plan, "--resume")
    said = lost.stderr.splitlines()
    return {
        "exit": lost.returncode,
        "messages": [line for line in said if line.startswith("rank ")],
        "resumed_exit": resumed.returncode,
        "resumed": [
            re.sub(r", [\d,]+ images/s", "", x) for x in resumed.stdout.splitlines()
        ],
    }


PIECES = {
    "ceilings": measure_ceilings,
    "batch": measure_batch,
    "ideas": measure_ideas,
    "feeding": measure_feeding,
    "operators": measure_operators,
    "layers": measure_layers,
    "memory": measure_memory,
    "processes": measure_processes,
    "loss": measure_loss,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", help="cuda, mps or cpu; the best one by default")
    parser.add_argument("--only", choices=PIECES, nargs="+", default=list(PIECES))
    args = parser.parse_args()
    device = training.pick_device(args.device)
    result = f"gpu-{name_of(device)}"
    for piece in args.only:
        start = time.perf_counter()
        value = PIECES[piece](device)
        seconds = round(time.perf_counter() - start)
        print(f"{piece}: {seconds} s", flush=True)
        records.update(result, {piece: value})


if __name__ == "__main__":
    main()
