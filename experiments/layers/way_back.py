"""How long the way back takes, against the way forward: one thread of a CPU.

    python -m experiments.layers.way_back  # about five minutes; resumes

For each batch size, and for three versions of today's LeNet-5 (as it is, without its
activation functions, with the gradient of the image as well), five rounds. A round
draws new weights and images by its seed and then times, in turn and many times over,
the forward pass that records, the way back, and a step of plain SGD. Seconds are those
that the processor spent on this process, so other work on the machine matters little.
"""

import statistics
import time

import torch
import torch.nn.functional as F
from torch import nn

from experiments import records
from lenet_helpers.models import ModernLeNet5

BATCHES = (1, 8, 64, 512)
VERSIONS = ("as it is", "no activation", "image gradient")
SEEDS = range(5)
SECONDS = 4.0  # of processor time a round, about


def build(version: str, batch: int, seed: int):
    """Network, images and labels of one round."""
    torch.manual_seed(seed)
    model = ModernLeNet5()
    if version == "no activation":
        model.act = nn.Identity()
    images = torch.randn(batch, 1, 32, 32)
    images.requires_grad_(version == "image gradient")
    return model, images, torch.randint(10, (batch,))


def time_round(version: str, batch: int, seed: int) -> dict[str, float]:
    """Median seconds of forward, backward and step, taken in turn."""
    model, images, labels = build(version, batch, seed)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    taken = {"forward": [], "backward": [], "step": []}
    end = time.process_time() + SECONDS
    while time.process_time() < end or len(taken["step"]) < 25:
        optimizer.zero_grad()
        images.grad = None
        start = time.process_time()
        loss = F.cross_entropy(model(images), labels)
        middle = time.process_time()
        loss.backward()
        late = time.process_time()
        optimizer.step()
        done = time.process_time()
        taken["forward"].append(middle - start)
        taken["backward"].append(late - middle)
        taken["step"].append(done - late)
    warm = {name: all[5:] for name, all in taken.items()}
    return {name: statistics.median(values) for name, values in warm.items()}


def main() -> None:
    minutes = records.parser(__doc__).parse_args().minutes
    torch.set_num_threads(1)
    settings = {"seconds": SECONDS, "clock": "processor time"}
    runs = records.Runs("way-back", ("version", "batch", "seed"), **settings)
    jobs = (  # a round of everything, then the next: drift hits all alike
        {"version": version, "batch": batch, "seed": seed}
        for seed in SEEDS
        for batch in BATCHES
        for version in VERSIONS
    )
    runs.finish(jobs, time_round, minutes)


if __name__ == "__main__":
    main()
