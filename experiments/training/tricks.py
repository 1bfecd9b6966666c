"""What each piece of training advice is worth on LeNet: one change at a time.

    python -m experiments.training.tricks  # needs MNIST; about an hour, 1 core
    python -m experiments.training.tricks --minutes 4  # goes on where it stopped
    python -m experiments.training.tricks --group init batch  # these groups only

The base: ModernLeNet5 with ReLU and max pooling, PyTorch's own initialisation, SGD
with momentum 0.9 at a constant rate, batches of 64, 5,000 training images, ten epochs,
no regularisation, the weights of the last epoch. Every variant of a seed starts from
the same weights and sees the same images in the same order, as far as its change
allows; so variants are compared by their difference to the base, seed by seed.

Rates are chosen first, on the 5,000 validation images (group "tune"), by mean
accuracy over TUNING_SEEDS seeds. The test set is scored once a run, with the weights
that the variant ends with, and chooses nothing.
"""

from collections.abc import Iterator

import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import TensorDataset

from experiments import records
from experiments.training.tricks_variants import (
    BATCH,
    EPOCHS,
    GRIDS,
    IMAGES,
    OPTIMIZERS,
    Variant,
    tuning,
    variants,
)
from lenet_helpers import data, training
from lenet_helpers.models import ModernLeNet5

TUNING_SEEDS = 2
EMA_DECAY = 0.99  # a memory of about 100 steps, one epoch here
RULES = {
    "images": IMAGES,
    "epochs": EPOCHS,
    "batch_size": BATCH,
    "validation_images": 5_000,
    "tuning_seeds": TUNING_SEEDS,
    "ema_decay": EMA_DECAY,
    "grids": GRIDS,
}


def network(variant: Variant, seed: int) -> torch.nn.Module:
    """The base network of this seed, then the variant's change to it."""
    torch.manual_seed(seed)
    model = ModernLeNet5(activation="relu", pool="max")
    if variant.change is not None:
        variant.change(model)
    return model


def prepare(digits, variant: Variant, seed: int) -> list[TensorDataset]:
    """Training images of this seed, validation and test images."""
    rest, held = training.split(digits.train, RULES["validation_images"], seed=0)
    order = torch.randperm(
        len(rest), generator=torch.Generator().manual_seed(1000 + seed)
    )
    train = TensorDataset(*(t[order[: variant.images]] for t in rest.tensors))
    parts = [train, held, digits.test]
    if variant.pixels is None:
        return parts
    return [
        TensorDataset(variant.pixels(digits.denormalise(images)), labels)
        for images, labels in (part.tensors for part in parts)
    ]


def averaging(kind: str, model: torch.nn.Module, optimizer, steps: int):
    """An average of the weights that follows the optimiser's steps."""
    if kind == "ema":
        average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(EMA_DECAY))
        first, every = 1, 1
    else:  # stochastic weight averaging: the ends of the last five epochs
        average = AveragedModel(model)
        every = steps // EPOCHS
        first = steps - 4 * every
    count = 0

    def follow(*_):
        nonlocal count
        count += 1
        if count >= first and (count - first) % every == 0:
            average.update_parameters(model)

    optimizer.register_step_post_hook(follow)
    return average


def run(digits, variant: Variant, seed: int, lr: float) -> dict:
    """Train once; score validation images, and test images unless this tunes."""
    train, held, test = prepare(digits, variant, seed)
    model = network(variant, seed)
    settings = {
        "epochs": EPOCHS,
        "batch_size": BATCH,
        "optimizer": OPTIMIZERS["momentum"],
        **variant.settings,
        "lr": lr,
    }
    settings["validation"] = held if settings.get("validation") else None
    averages = []
    if variant.average is not None:
        make = settings["optimizer"]
        steps = settings["epochs"] * -(-len(train) // settings["batch_size"])

        def optimizer(parameters, lr):
            opt = make(parameters, lr=lr)
            averages.append(averaging(variant.average, model, opt, steps))
            return opt

        settings["optimizer"] = optimizer
    record = {"group": variant.group, "on": place()}
    try:
        history = training.fit(model, train, seed=seed, progress=False, **settings)
    except training.TrainingDiverged as error:
        return record | {"diverged": str(error).partition(";")[0]}
    scored = averages[0].module if averages else model
    record["epochs"] = len(history.rows)
    if settings["validation"] is not None:
        names = ("train_loss", "val_loss", "val_accuracy")
        record["curve"] = [{name: row[name] for name in names} for row in history.rows]
    record |= scores("val", scored, held)
    record |= scores("train", scored, train)
    if not variant.group.startswith("tune"):
        record |= scores("test", scored, test)
    return record


def scores(part: str, model: torch.nn.Module, dataset: TensorDataset) -> dict:
    result = training.evaluate(model, dataset)
    return {f"{part}_accuracy": result.accuracy, f"{part}_loss": result.loss}


def place() -> str:
    where = records.machine()
    return f"{where['cpu']}, {where['threads']} thread(s), torch {where['torch']}"


def chosen(runs: list[dict]) -> dict[str, float] | None:
    """The rate of each grid with the best mean validation accuracy; None if open."""
    rates = {}
    for name, grid in GRIDS.items():
        means = {}
        for rate in grid:
            tried = [r for r in runs if r["variant"] == f"{name} {rate:g}"]
            if len(tried) < TUNING_SEEDS:
                return None
            values = [r.get("val_accuracy", 0.0) for r in tried[:TUNING_SEEDS]]
            means[rate] = sum(values) / len(values)
        rates[name] = max(means, key=means.get)
    return rates


def table(rows: list[dict]) -> dict[str, Variant]:
    """What can be run now: all variants, or what chooses their rates."""
    rates = chosen(rows)
    return tuning() if rates is None else variants(rates)


def todo(rows: list[dict], seeds: int, groups: list[str] | None) -> Iterator[dict]:
    """What is still to run, in order: the rates first, then group by group.

    A run counts as done only at the rate that is chosen now.
    """
    done = {(row["variant"], row["seed"], row["lr"]) for row in rows}
    rates = chosen(rows)
    for name, variant in table(rows).items():
        lr = variant.settings.get("lr") or rates["momentum"]
        wanted = rates is None or not groups or variant.group in groups
        for seed in range(seeds if rates else TUNING_SEEDS):
            if wanted and (name, seed, lr) not in done:
                yield {"variant": name, "seed": seed, "lr": lr}


class Runs(records.Runs):
    """Beside the runs stand the rates that they choose."""

    def pack(self) -> dict:
        return {"rates": chosen(self.rows), **super().pack()}

    def jobs(self, seeds: int, groups: list[str] | None) -> Iterator[dict]:
        """What is to run, looked up anew after each run: the rates may be known now."""
        while job := next(todo(self.rows, seeds, groups), None):
            yield job


def main() -> None:
    options = records.parser(__doc__)
    options.add_argument("--seeds", type=int, default=5)
    options.add_argument("--group", nargs="+", help="only variants of these groups")
    args = options.parse_args()
    digits = data.load("mnist")
    runs = Runs("tricks", ("variant", "seed"), **RULES)
    runs.finish(
        runs.jobs(args.seeds, args.group),
        lambda variant, **job: run(digits, table(runs.rows)[variant], **job),
        args.minutes,
    )


if __name__ == "__main__":
    main()
