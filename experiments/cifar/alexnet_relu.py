"""ReLU against tanh, as in figure 1 of the AlexNet paper, at a size for a laptop.

    python -m experiments.cifar.alexnet_relu  # needs CIFAR-10; resumes where it stopped

A four-layer network, 1,000 training images of CIFAR-10, no regularisation, SGD with
momentum 0.9, batches of 64. First each activation gets the learning rate with which
the training error after 4 epochs is lowest (one seed of its own). Then five seeds
train until the error on the 1,000 training images is 25 %, at most 30 epochs.
"""

import torch

from experiments import records
from experiments.cifar import alexnet_runs
from lenet_helpers.models.four_layer import FourLayerNet

RATES = [0.01, 0.02, 0.04, 0.08]
IMAGES, EPOCHS, TUNING_EPOCHS, TUNING_SEED = 1_000, 30, 4, 100
GOAL = 0.25
TUNING = [
    (f"{act} {rate:g}", TUNING_SEED) for rate in RATES for act in ("relu", "tanh")
]
JOBS = [(act, seed) for seed in range(5) for act in ("relu", "tanh")]


def train(images, activation: str, rate: float, seed: int, epochs: int) -> list[float]:
    """Training error after each epoch, up to the first that reaches the goal."""
    (x, y), _ = alexnet_runs.parts(images, IMAGES)
    torch.manual_seed(seed)
    model = FourLayerNet(activation).to(memory_format=torch.channels_last)
    sgd = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9, fused=True)
    errors = []
    while len(errors) < epochs and (not errors or errors[-1] > GOAL):
        alexnet_runs.epoch(model, sgd, x, y, torch.randperm(len(y)))
        errors.append(alexnet_runs.error(model, x, y))
    return errors


def run(images, variant: str, seed: int, runs: list[dict]) -> dict:
    activation, *tuned = variant.split()
    if tuned:
        errors = train(images, activation, float(tuned[0]), seed, TUNING_EPOCHS)
        return {"errors": errors, "last": errors[-1]}
    trials = [r for r in runs if r["variant"].startswith(f"{activation} ")]
    rate = float(min(trials, key=lambda r: r["last"])["variant"].split()[1])
    errors = train(images, activation, rate, seed, EPOCHS)
    return {"rate": rate, "errors": errors, "last": errors[-1], "epochs": len(errors)}


def main() -> None:
    minutes = records.parser(__doc__).parse_args().minutes
    about = {
        "images": IMAGES,
        "goal": GOAL,
        "rates": RATES,
        "epochs": EPOCHS,
        "tuning_epochs": TUNING_EPOCHS,
    }
    alexnet_runs.measure("alexnet-relu", about, TUNING + JOBS, run, minutes)


if __name__ == "__main__":
    main()
