"""Choose a variant of ModernLeNet5 on validation data, train it, keep its weights.

    python experiments/weights.py             # needs MNIST; resumes where it stopped

Stage 1 trains activation x pooling x distortion for a few epochs, three seeds each,
and compares mean validation accuracy. Stage 2 trains the winner longer, over five
seeds; the seed with the best *validation* accuracy gives the weights. Only then is
the test set looked at, once a seed, and all five scores are reported.
"""

import argparse
import itertools
import statistics

import common
import torch
from safetensors.torch import save_file

from lenet_helpers import data, training
from lenet_helpers.augment import RandomAffine
from lenet_helpers.models import WEIGHTS, ModernLeNet5

SETTINGS = {"batch_size": 128, "lr": 0.004, "schedule": "one-cycle"}
DISTORT = RandomAffine(shift=2, scale=0.15, squeeze=0.1, shear=0.2, degrees=10)
VARIANTS = [
    {"activation": activation, "pool": pool, "distorted": distorted}
    for activation, pool, distorted in itertools.product(
        ("tanh", "relu"), ("avg", "max"), (False, True)
    )
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
        checkpoint=common.RUNS / f"weights-{label}.pt",
        resume=True,
        progress=False,
        **SETTINGS,
    )
    return model, history


def choose(digits, seeds: int, epochs: int) -> list[dict]:
    """Every variant with its validation accuracies, the best mean first."""
    rows = []
    for variant in VARIANTS:
        scores = []
        for seed in range(seeds):
            _, history = train(digits, variant, seed, epochs)
            scores.append(history.best["val_accuracy"])
        rows.append(variant | {"val_accuracy": scores})
        print(variant, [f"{s:.4f}" for s in scores], flush=True)
    return sorted(rows, key=lambda r: -statistics.mean(r["val_accuracy"]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs-to-choose", type=int, default=4)
    parser.add_argument("--epochs", type=int, default=24)
    args = parser.parse_args()
    digits = data.load("mnist")
    ranking = choose(digits, seeds=3, epochs=args.epochs_to_choose)
    variant = {k: ranking[0][k] for k in ("activation", "pool", "distorted")}
    runs, best = [], None
    for seed in range(5):
        model, history = train(digits, variant, seed, args.epochs)
        test = training.evaluate(model, digits.test)
        runs.append(
            {
                "seed": seed,
                "val_accuracy": history.best["val_accuracy"],
                "best_epoch": history.best_epoch,
                "test_accuracy": test.accuracy,
            }
        )
        print(runs[-1], flush=True)
        if best is None or runs[-1]["val_accuracy"] > best[0]["val_accuracy"]:
            best = runs[-1], model
    chosen, model = best
    keep(model, variant | chosen)
    common.save(
        "weights",
        {
            "settings": SETTINGS | {"epochs": args.epochs, "validation": 5000},
            "distortion": vars(DISTORT),
            "variants": {"epochs": args.epochs_to_choose, "ranking": ranking},
            "chosen": variant | chosen,
            "runs": runs,
        },
    )


def keep(model: ModernLeNet5, facts: dict) -> None:
    """Write the weights, with what they are as the file's metadata."""
    state = {name: t.contiguous() for name, t in model.state_dict().items()}
    facts = facts | {"made_by": "python experiments/weights.py"}
    save_file(state, WEIGHTS, metadata={k: str(v) for k, v in facts.items()})


if __name__ == "__main__":
    main()
