"""Which of MNIST's training labels look wrong? Predictions that have not seen them.

    python -m experiments.layers.label_errors  # needs MNIST; resumes where it stopped

Five folds: a network is trained on four for one pass and says how likely it holds the
label of each digit in the fifth. All 60,000 are ranked by that, lowest first. Five
seeds, each with folds of its own; the ranking goes by their mean. What the list is good
for is measured by labels that are known to be wrong: every seed does the same once more
with 300 labels replaced at random by another class.

The record keeps the 200 lowest, and how many of the 300 stand how high.
"""

import torch
from torch import Tensor

from experiments import records
from experiments.layers import data_size
from lenet_helpers import data

FOLDS, SEEDS, RATE, PLANTED, KEPT = 5, 5, 0.003, 300, 200


def unseen(images: Tensor, labels: Tensor, seed: int) -> Tensor:
    """[N, 10] probabilities, each by a network that was trained without that digit."""
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
    found = torch.empty(len(labels), 10, dtype=torch.float64)
    folds = order.tensor_split(FOLDS)
    for k, held in enumerate(folds):
        rest = torch.cat([fold for i, fold in enumerate(folds) if i != k])
        steps = len(rest) // data_size.BATCH
        seeds = FOLDS * seed + k
        model = data_size.train(images[rest], labels[rest], seeds, steps, RATE)
        found[held] = data_size.logits(model, images[held]).double().softmax(1)
    return found


def planted(labels: Tensor, seed: int) -> tuple[Tensor, Tensor]:
    """Labels with 300 wrong ones, and which they are."""
    draw = torch.Generator().manual_seed(seed)
    at = torch.randperm(len(labels), generator=draw)[:PLANTED]
    labels = labels.clone()
    labels[at] = (labels[at] + torch.randint(1, 10, (PLANTED,), generator=draw)) % 10
    return labels, at


def own(probabilities: Tensor, labels: Tensor) -> Tensor:
    return probabilities[torch.arange(len(labels)), labels]


def rank(digits: data.DigitData, seed: int, kind: str) -> dict:
    images, given = digits.train.tensors
    labels, at = planted(given, seed) if kind == "planted" else (given, None)
    probabilities = unseen(images, labels, seed)
    wrong = (probabilities.argmax(1) != labels).double().mean().item()
    lowest = own(probabilities, labels).argsort()
    row = {"unseen_error": 100 * wrong, "lowest": lowest[:KEPT].tolist()}
    if kind == "planted":
        places = torch.empty(len(labels), dtype=torch.long)
        places[lowest] = torch.arange(len(labels))
        row["places"] = places[at].sort().values.tolist()
    else:
        torch.save(probabilities, records.RUNS / f"label-errors-{seed}.pt")
    return row


def summary(digits: data.DigitData) -> dict:
    """The lowest by the mean of the five seeds: index, label, guess, probabilities."""
    labels = digits.train.tensors[1]
    each = [torch.load(records.RUNS / f"label-errors-{s}.pt") for s in range(SEEDS)]
    mean = sum(each) / SEEDS
    mine, guess = own(mean, labels), mean.argmax(1)
    rows = [
        [int(i), int(labels[i]), int(guess[i]), round(mine[i].item(), 5)]
        for i in mine.argsort()[:KEPT]
    ]
    return {"lowest": rows, "wrong": int((guess != labels).sum())}


def main() -> None:
    minutes = records.parser(__doc__).parse_args().minutes
    torch.set_num_threads(1)
    records.RUNS.mkdir(exist_ok=True)
    mnist = data.load("mnist")
    runs = records.Runs("label-errors", ("seed", "kind"), folds=FOLDS, planted=PLANTED)
    jobs = [
        dict(seed=seed, kind=kind)
        for kind in ("as given", "planted")
        for seed in range(SEEDS)
    ]
    runs.finish(jobs, lambda seed, kind: rank(mnist, seed, kind), minutes)
    records.update("label-errors", runs.settings | runs.pack() | summary(mnist))


if __name__ == "__main__":
    main()
