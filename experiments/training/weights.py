"""Choose a variant of ModernLeNet5 on validation data, train it, keep its weights.

    python -m experiments.training.weights  # needs MNIST; resumes where it stopped

Stage 1 compares activation x pooling after a few epochs. Stage 2 trains the winner to
the end, with and without distorted images. Both stages go by mean validation accuracy
over three seeds. The better way is run with two more seeds; the seed with the best
*validation* accuracy gives the weights. Only then is the test set looked at, once a
seed, and all five scores are reported.
"""

import argparse
import itertools
import statistics

import torch
from safetensors.torch import save_file

from experiments import records
from lenet_helpers import data, training
from lenet_helpers.augment import RandomAffine
from lenet_helpers.models import WEIGHTS, ModernLeNet5

SETTINGS = {"batch_size": 128, "lr": 0.004, "schedule": "one-cycle"}
DISTORT = RandomAffine(shift=2, scale=0.15, squeeze=0.1, shear=0.2, degrees=10)
VARIANTS = [
    {"activation": activation, "pool": pool, "distorted": False}
    for activation, pool in itertools.product(("tanh", "relu"), ("avg", "max"))
]


def train(digits, variant: dict, seed: int, epochs: int):
    """One run; its checkpoint lets a stopped experiment go on."""
    torch.manual_seed(seed)
    model = ModernLeNet5(activation=variant["activation"], pool=variant["pool"])
    label = "-".join(str(v) for v in [*variant.values(), seed, epochs])
    history = training.fit(
        model,
        digits,
        epochs=epochs,
        seed=seed,
        augment=DISTORT if variant["distorted"] else None,
        checkpoint=records.RUNS / f"weights-{label}.pt",
        resume=True,
        progress=False,
        **SETTINGS,
    )
    return model, history


def choose(digits, variants: list[dict], epochs: int) -> list[dict]:
    """Every variant with its validation accuracies, the best mean first."""
    rows = []
    for variant in variants:
        scores = []
        for seed in range(3):
            _, history = train(digits, variant, seed, epochs)
            scores.append(history.best["val_accuracy"])
        rows.append(variant | {"val_accuracy": scores})
        print(variant, [f"{s:.4f}" for s in scores], flush=True)
    return sorted(rows, key=lambda r: -statistics.mean(r["val_accuracy"]))


def winner(ranking: list[dict]) -> dict:
    return {k: v for k, v in ranking[0].items() if k != "val_accuracy"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs-to-choose", type=int, default=4)
    parser.add_argument("--epochs", type=int, default=10)
    args = parser.parse_args()
    digits = data.load("mnist")
    first = choose(digits, VARIANTS, args.epochs_to_choose)
    both = [winner(first) | {"distorted": distorted} for distorted in (False, True)]
    second = choose(digits, both, args.epochs)
    variant = winner(second)
    runs = [train(digits, variant, seed, args.epochs) for seed in range(5)]
    best = max(range(5), key=lambda seed: runs[seed][1].best["val_accuracy"])
    rows = [
        {
            "seed": seed,
            "val_accuracy": history.best["val_accuracy"],
            "best_epoch": history.best_epoch,
            "test_accuracy": training.evaluate(model, digits.test).accuracy,
        }
        for seed, (model, history) in enumerate(runs)
    ]
    print(*rows, sep="\n", flush=True)
    scaling = {"mean": digits.mean, "std": digits.std}
    keep(runs[best][0], variant | rows[best] | scaling)
    records.save(
        "weights",
        {
            "settings": SETTINGS | {"epochs": args.epochs, "validation": 5000},
            "distortion": vars(DISTORT),
            "activation_and_pool": {"epochs": args.epochs_to_choose, "ranking": first},
            "with_and_without_distortion": {"epochs": args.epochs, "ranking": second},
            "chosen": variant | rows[best],
            "runs": rows,
        },
    )


def keep(model: ModernLeNet5, facts: dict) -> None:
    """Write the weights, with what they are as the file's metadata."""
    state = {name: t.contiguous() for name, t in model.state_dict().items()}
    facts = facts | {"made_by": "python -m experiments.training.weights"}
    save_file(state, WEIGHTS, metadata={k: str(v) for k, v in facts.items()})


if __name__ == "__main__":
    main()
