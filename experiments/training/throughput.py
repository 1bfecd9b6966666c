"""Images per second: ``training.fit`` against the loop that tutorials show.

    python -m experiments.training.throughput  # needs MNIST; run it on a quiet machine

Both train the same network from the same weights with Adam 0.001 and batches of 64,
and time whole epochs, loading included. The usual loop reads torchvision's data set
image by image (Resize to 32, ToTensor, Normalize) through a DataLoader; it is run
without and with worker processes. Rounds alternate, so that a slow spell of the
machine hits both sides.
"""

import argparse
import os
import statistics
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

from experiments import records
from lenet_helpers import data, training
from lenet_helpers.data import places
from lenet_helpers.models import ModernLeNet5

BATCH, LR = 64, 1e-3


def new_model() -> nn.Module:
    torch.manual_seed(0)
    return ModernLeNet5()


def usual_loader(root: Path, workers: int) -> DataLoader:
    transform = transforms.Compose(
        [
            transforms.Resize((32, 32)),
            transforms.ToTensor(),
            transforms.Normalize((0.1307,), (0.3081,)),
        ]
    )
    train = datasets.MNIST(root, train=True, transform=transform)
    return DataLoader(train, batch_size=BATCH, shuffle=True, num_workers=workers)


def usual_epoch(root: Path, workers: int) -> float:
    """Images a second of the loop most tutorials show."""
    loader, model = usual_loader(root, workers), new_model()
    optimizer = torch.optim.Adam(model.parameters(), lr=LR)
    start = time.perf_counter()
    model.train()
    for images, labels in loader:
        loss = F.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return len(loader.dataset) / (time.perf_counter() - start)


def our_epoch(digits) -> float:
    """Images a second of ``fit``, its loss and accuracy bookkeeping included."""
    start = time.perf_counter()
    training.fit(
        new_model(),
        digits,
        epochs=1,
        batch_size=BATCH,
        lr=LR,
        validation=None,
        device="cpu",
        progress=False,
    )
    return len(digits.train) / (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    root = Path(os.environ.get("LENET_DATA") or places.cache_folder())
    digits = data.load("mnist")
    ways = {
        "ours": lambda: our_epoch(digits),
        "usual": lambda: usual_epoch(root, 0),
        f"usual-{args.workers}-workers": lambda: usual_epoch(root, args.workers),
    }
    our_epoch(digits)  # warm up: first-use costs of torch belong to nobody
    rates = {name: [] for name in ways}
    for _ in range(args.rounds):
        for name, epoch in ways.items():
            rates[name].append(epoch())
        print({name: round(r[-1]) for name, r in rates.items()}, flush=True)
    ratios = {
        name: [ours / theirs for ours, theirs in zip(rates["ours"], r, strict=True)]
        for name, r in rates.items()
        if name != "ours"
    }
    records.save("throughput", {"images_per_second": rates, "ours_over": ratios})
    for name, values in ratios.items():
        print(f"ours / {name}: {min(values):.2f} to {max(values):.2f}, ", end="")
        print(f"median {statistics.median(values):.2f}")


if __name__ == "__main__":
    main()
