"""Which of MNIST's training labels look wrong? Predictions that have not seen them.

    python -m experiments.layers.label_errors  # needs MNIST; resumes where it stopped

Five folds: a network is trained on four, 200 steps of 100, and says how likely it holds
the label of each digit in the fifth. All 60,000 are ranked by that, lowest first. Five
seeds, each with folds of its own. To see what such a list finds, every seed first gives
300 digits, drawn at random, another label; the record keeps the places at which these
came. Of all others it keeps the 200 lowest by the mean over the seeds (which leaves out
those for which the label was a planted one).
"""

import torch
from torch import Tensor

from experiments import records
from experiments.layers import data_size
from lenet_helpers import data

FOLDS, STEPS, PLANTED, KEPT = 5, 200, 300, 200


def unseen(images: Tensor, labels: Tensor, seed: int) -> Tensor:
    """[N, 10] probabilities, each by a network that was trained without that digit."""
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
    found = torch.empty(len(labels), 10, dtype=torch.float64)
    folds = order.tensor_split(FOLDS)
    for k, held in enumerate(folds):
        rest = torch.cat([fold for i, fold in enumerate(folds) if i != k])
        model = data_size.train(images[rest], labels[rest], FOLDS * seed + k, STEPS)
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


def rank(digits: data.DigitData, seed: int) -> dict:
    images, published = digits.train.tensors
    labels, at = planted(published, seed)
    probabilities = unseen(images, labels, seed)
    places = own(probabilities, labels).argsort().argsort()[at]
    torch.save(probabilities, records.RUNS / f"label-errors-{seed}.pt")
    honest = torch.ones(len(labels), dtype=torch.bool)
    honest[at] = False
    wrong = (probabilities.argmax(1) != published)[honest]
    return {
        "unseen_error": 100 * wrong.double().mean().item(),
        "places": places.sort().values.tolist(),
    }


def summary(digits: data.DigitData, seeds: list[int]) -> dict:
    """The lowest by the mean of the seeds: index, label, guess, probability."""
    labels = digits.train.tensors[1]
    total, count = torch.zeros(len(labels), 10).double(), torch.zeros(len(labels), 1)
    for seed in seeds:
        use = torch.ones(len(labels), 1)
        use[planted(labels, seed)[1]] = 0
        total += use * torch.load(records.RUNS / f"label-errors-{seed}.pt")
        count += use
    mean = total / count
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
    settings = {"folds": FOLDS, "steps": STEPS, "planted": PLANTED}
    runs = records.Runs("label-errors", ("seed",), **settings)
    jobs = [dict(seed=seed) for seed in range(data_size.SEEDS)]
    runs.finish(jobs, lambda seed: rank(mnist, seed), minutes)
    lowest = summary(mnist, [row["seed"] for row in runs.rows])
    records.update("label-errors", runs.settings | runs.pack() | lowest)


if __name__ == "__main__":
    main()
