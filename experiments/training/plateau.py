"""How long the logistic sigmoid network stays at ln 10, by optimiser; five seeds each.

    python -m experiments.training.plateau  # needs MNIST; a few minutes

The network of the recipe sigmoid-sgd (logistic sigmoid, average pooling), batches of
64 from all 60,000 images. The plateau ends with the first step at which the mean loss
of the last 100 steps is below 2.2; ln 10 is 2.303. No setting gets more than CAP steps.
"""

from collections import deque
from collections.abc import Iterator
from itertools import islice

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import TensorDataset

from experiments import records
from lenet_helpers import data
from lenet_helpers.models import ModernLeNet5

BATCH, CAP, BELOW, WINDOW = 64, 8_000, 2.2, 100
SETTINGS = {
    "SGD 0.01": lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9),
    "SGD 0.1": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    "Adam 0.001": lambda p: torch.optim.Adam(p, lr=0.001),
}


def batches(count: int) -> Iterator[Tensor]:
    """Indices of one batch after another, in a new order each epoch, without end."""
    while True:
        yield from torch.randperm(count).split(BATCH)


def steps_on_plateau(dataset: TensorDataset, make_optimizer, seed: int) -> int | None:
    """The step that ends the plateau; None if none of the first CAP does."""
    images, labels = dataset.tensors
    torch.manual_seed(seed)
    model = ModernLeNet5(activation="sigmoid", pool="avg")
    optimizer = make_optimizer(model.parameters())
    recent = deque(maxlen=WINDOW)
    for step, batch in enumerate(islice(batches(len(labels)), CAP), start=1):
        loss = F.cross_entropy(model(images[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        recent.append(loss.item())
        if len(recent) == WINDOW and sum(recent) / WINDOW < BELOW:
            return step
    return None


def main() -> None:
    minutes = records.parser(__doc__).parse_args().minutes
    train = data.load("mnist").train
    rules = {"batch_size": BATCH, "cap": CAP, "below": BELOW, "window": WINDOW}
    jobs = ({"setting": name, "seed": seed} for seed in range(5) for name in SETTINGS)

    def run(setting: str, seed: int) -> dict:
        return {"steps": steps_on_plateau(train, SETTINGS[setting], seed)}

    records.Runs("plateau", ("setting", "seed"), **rules).finish(jobs, run, minutes)


if __name__ == "__main__":
    main()
