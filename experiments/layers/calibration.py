"""Does a LeNet keep what its probabilities promise? And if not, what does that cost?

    python -m experiments.layers.calibration  # needs MNIST; goes on where it stopped

Calibration can be measured only where there are mistakes. So a network (ReLU, max
pooling) learns from 1,000 digits, drawn anew for each of five seeds: 60 passes of
batches of 50, Adam 0.001, nothing tuned. After 5, 20 and 60 passes: accuracy, mean
confidence, cross-entropy, Brier score and calibration error on the 10,000 test digits,
as it is and after dividing the logits by one temperature, fitted on 2,000 other
training digits. `chance` is the calibration error that answers drawn by the stated
confidence would have: what the estimate shows of a network that keeps every promise.

After the last pass also the price: a mistake costs 1, a refusal less. Thresholds: the
rule 1 - refusal/mistake with the stated probability and with the tempered one, the best
on the 2,000 validation digits, and the best in hindsight; and the calibration on test
digits turned by up to 30 degrees, at the temperature of the upright ones.
"""

import time

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from experiments import records
from lenet_helpers import data
from lenet_helpers.augment import RandomAffine
from lenet_helpers.confidence import calibration, fit_temperature
from lenet_helpers.models import ModernLeNet5

DIGITS, HELD, BATCH, RATE = 1_000, 2_000, 50, 1e-3
LOOKS, SEEDS, BINS = (5, 20, 60), range(5), 15
REFUSALS = (0.2, 0.1, 0.05, 0.02, 0.01)  # the price of a refusal; a mistake costs 1


@torch.inference_mode()
def logits(model: nn.Module, images: Tensor) -> Tensor:
    return torch.cat([model(part) for part in images.split(500)])


def scores(z: Tensor, labels: Tensor) -> dict:
    """Everything in shares, not percent; the bins of ten are for the diagram."""
    p = z.double().softmax(1)
    confidence, answer = p.max(1)
    right = answer == labels
    generator = torch.Generator().manual_seed(0)
    chance = [
        calibration(confidence, torch.bernoulli(confidence, generator=generator), BINS)
        for _ in range(20)
    ]
    ten = calibration(confidence, right, 10)
    return {
        "accuracy": right.double().mean().item(),
        "confidence": confidence.mean().item(),
        "cross_entropy": F.cross_entropy(z.double(), labels).item(),
        "brier": (p - F.one_hot(labels, 10)).square().sum(1).mean().item(),
        "ece": calibration(confidence, right, BINS).error,
        "chance": sum(b.error for b in chance) / len(chance),
        "bins": {
            "count": ten.count.tolist(),
            "promised": ten.promised.nan_to_num().tolist(),
            "kept": ten.kept.nan_to_num().tolist(),
        },
    }


def price(confidence: Tensor, right: Tensor, threshold: float, refusal: float) -> float:
    """What an answer costs on average; refused below the threshold."""
    refused = confidence < threshold
    return (refused * refusal + (~refused & ~right)).double().mean().item()


def best_threshold(confidence: Tensor, right: Tensor, refusal: float) -> float:
    """Of all thresholds the one with the lowest price, by one pass over the sorted."""
    values, order = confidence.sort()
    wrong = (~right[order]).double()
    left = wrong.sum() - wrong.cumsum(0) + wrong  # mistakes at and above each one
    refused = refusal * torch.arange(len(values), dtype=torch.float64)
    total = torch.cat([left + refused, torch.tensor([refusal * len(values)])])
    # Where confidences are equal, only the first of them can be a threshold.
    total[1:-1][values[1:] == values[:-1]] = torch.inf
    at = int(total.argmin())
    return values[at].item() if at < len(values) else 1.1


def prices(held: tuple, test: tuple, temperature: float) -> list[dict]:
    def read(z: Tensor, labels: Tensor, heat: float) -> tuple[Tensor, Tensor]:
        confidence, answer = (z.double() / heat).softmax(1).max(1)
        return confidence, answer == labels

    stated, right = read(*test, 1.0)
    tempered, _ = read(*test, temperature)
    chooses = read(*held, 1.0)
    rows = []
    for refusal in REFUSALS:
        rule = 1 - refusal
        ways = {
            "never refused": (stated, 0.0),
            "stated": (stated, rule),
            "tempered": (tempered, rule),
            "validation": (stated, best_threshold(*chooses, refusal)),
            "hindsight": (stated, best_threshold(stated, right, refusal)),
        }
        paid = {name: price(c, right, at, refusal) for name, (c, at) in ways.items()}
        share = {n: (c < at).double().mean().item() for n, (c, at) in ways.items()}
        limits = {name: at for name, (_, at) in ways.items()}
        row = {"refusal": refusal, "paid": paid, "refused": share}
        rows.append(row | {"threshold": limits})
    return rows


def run(digits: data.DigitData, seed: int) -> dict:
    images, labels = digits.train.tensors
    drawn = torch.Generator().manual_seed(seed)
    chosen = torch.randperm(len(labels), generator=drawn)
    mine, held = chosen[:DIGITS], chosen[DIGITS : DIGITS + HELD]
    test, truth = digits.test.tensors
    torch.manual_seed(seed)
    model = ModernLeNet5(activation="relu", pool="max")
    adam = torch.optim.Adam(model.parameters(), lr=RATE, fused=True)
    start, looks = time.process_time(), []
    for done in range(1, max(LOOKS) + 1):
        for batch in mine[torch.randperm(DIGITS)].split(BATCH):
            loss = F.cross_entropy(model(images[batch]), labels[batch])
            adam.zero_grad()
            loss.backward()
            adam.step()
        if done in LOOKS:
            z_held, z = logits(model, images[held]), logits(model, test)
            heat = fit_temperature(z_held, labels[held])
            look = {"pass": done, "temperature": heat, "loss": loss.item()}
            look |= {"stated": scores(z, truth), "tempered": scores(z / heat, truth)}
            looks.append(look)
    torch.manual_seed(seed)
    turned = logits(model, RandomAffine(0, 0, 0, 0, degrees=30)(test))
    return {
        "looks": looks,
        "prices": prices((z_held, labels[held]), (z, truth), heat),
        "turned": {
            "stated": scores(turned, truth),
            "tempered": scores(turned / heat, truth),
        },
        "seconds": round(time.process_time() - start, 1),
    }


def main() -> None:
    minutes = records.parser(__doc__).parse_args().minutes
    torch.set_num_threads(1)
    digits = data.load("mnist")
    settings = {"digits": DIGITS, "held": HELD, "batch_size": BATCH, "bins": BINS}
    runs = records.Runs("calibration", ["seed"], **settings, rate=RATE)
    jobs = ({"seed": seed} for seed in SEEDS)
    runs.finish(jobs, lambda seed: run(digits, seed), minutes)


if __name__ == "__main__":
    main()
