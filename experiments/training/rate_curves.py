"""Training loss at four learning rates, five seeds each: what a rate looks like.

    python -m experiments.training.rate_curves  # about a minute; no download

Today's LeNet-5 with tanh and average pooling on the bundled digits (scikit-learn's),
plain SGD without momentum, batches of 64. A loss that is no longer finite is written
as null.
"""

import math

import torch
import torch.nn.functional as F
from torch.utils.data import TensorDataset

from experiments import records
from lenet_helpers import data
from lenet_helpers.models import ModernLeNet5

RATES = (0.001, 0.02, 0.2, 2.0)
BATCH, EPOCHS = 64, 20


def losses(dataset: TensorDataset, rate: float, seed: int) -> list[float | None]:
    """The mean training loss of each epoch."""
    images, labels = dataset.tensors
    torch.manual_seed(seed)
    model = ModernLeNet5()
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    found = []
    for _ in range(EPOCHS):
        total = 0.0
        for batch in torch.randperm(len(labels)).split(BATCH):
            loss = F.cross_entropy(model(images[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)
        mean = total / len(labels)
        found.append(round(mean, 5) if math.isfinite(mean) else None)
    return found


def main() -> None:
    minutes = records.parser(__doc__).parse_args().minutes
    train = data.load("digits").train
    settings = {"batch_size": BATCH, "images": len(train), "epochs": EPOCHS}
    jobs = ({"rate": rate, "seed": seed} for rate in RATES for seed in range(5))

    def run(rate: float, seed: int) -> dict:
        return {"losses": losses(train, rate, seed)}

    records.Runs("rate-curves", ("rate", "seed"), **settings).finish(jobs, run, minutes)


if __name__ == "__main__":
    main()
