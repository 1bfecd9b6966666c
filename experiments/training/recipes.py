"""Four LeNet recipes, three of them after tutorials, side by side, five seeds each.

    python -m experiments.training.recipes  # needs MNIST; resumes where it stopped

Ten epochs, batches of 64; each seed draws its 55,000 padded images and its 5,000 for
validation, the same for the first four; the test set is scored once a run, with the
weights of the last epoch, as the tutorials do it, and with the best ones:

- sigmoid-sgd: logistic sigmoid, average pooling, SGD 0.01 with momentum 0.9
- tanh-adam: tanh, average pooling, Adam 0.001
- unpadded-sgd: 28x28 without padding, logistic sigmoid, max pooling, SGD as above
- ours: ReLU, max pooling, Adam with a one-cycle schedule up to 0.004

And, since the first stands on the steep part of its curve when it stops:

- sigmoid-sgd-as-printed: the first, to the letter: all 60,000 images, stretched to
  32x32 instead of padded, no validation
"""

from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import TensorDataset

from experiments import records
from lenet_helpers import data, training
from lenet_helpers.models import ModernLeNet5

EPOCHS, BATCH = 10, 64
MOMENTUM_SGD = partial(torch.optim.SGD, momentum=0.9)
RECIPES = {
    "sigmoid-sgd": (
        {"activation": "sigmoid"},
        {"optimizer": MOMENTUM_SGD, "lr": 0.01},
    ),
    "tanh-adam": ({"activation": "tanh"}, {"optimizer": "adam", "lr": 0.001}),
    "unpadded-sgd": (
        {"activation": "sigmoid", "pool": "max", "input_size": 28},
        {"optimizer": MOMENTUM_SGD, "lr": 0.01},
    ),
    "ours": (
        {"activation": "relu", "pool": "max"},
        {"optimizer": "adam", "lr": 0.004, "schedule": "one-cycle"},
    ),
    "sigmoid-sgd-as-printed": (
        {"activation": "sigmoid"},
        {"optimizer": MOMENTUM_SGD, "lr": 0.01, "validation": None},
    ),
}


def inputs(digits, name: str) -> tuple[TensorDataset, TensorDataset]:
    """Training and test images as this recipe feeds them."""
    if name == "unpadded-sgd":
        return tuple(over(part, unpad) for part in (digits.train, digits.test))
    if name == "sigmoid-sgd-as-printed":
        stretch = partial(stretched, digits)
        return tuple(over(part, stretch) for part in (digits.train, digits.test))
    return digits.train, digits.test


def over(dataset: TensorDataset, change) -> TensorDataset:
    images, labels = dataset.tensors
    return TensorDataset(change(images), labels)


def unpad(images: Tensor) -> Tensor:
    """28x28 again, without the padding."""
    return images[:, :, 2:30, 2:30].contiguous()


def stretched(digits, images: Tensor) -> Tensor:
    """28x28 resized to 32x32, normalised by the statistics of 28x28."""
    pixels = digits.denormalise(unpad(images))
    return (F.interpolate(pixels, size=(32, 32), mode="bilinear") - 0.1307) / 0.3081


def run(digits, recipe: str, seed: int) -> dict:
    network, settings = RECIPES[recipe]
    train, test = inputs(digits, recipe)
    torch.manual_seed(seed)
    model = ModernLeNet5(**network)
    path = records.RUNS / f"recipes-{recipe}-{seed}.pt"
    history = training.fit(
        model,
        train,
        epochs=EPOCHS,
        batch_size=BATCH,
        seed=seed,
        checkpoint=path,
        resume=True,
        progress=False,
        **settings,
    )
    best = training.evaluate(model, test).accuracy
    model.load_state_dict(torch.load(path, weights_only=True)["model"])
    last = training.evaluate(model, test).accuracy
    rows = [{k: v for k, v in row.items() if k != "seconds"} for row in history.rows]
    return {
        "test_accuracy_last": last,
        "test_accuracy_best": best,
        "best_epoch": history.best_epoch,
        "epochs": rows,
    }


def main() -> None:
    minutes = records.parser(__doc__).parse_args().minutes
    digits = data.load("mnist")
    settings = {"epochs": EPOCHS, "batch_size": BATCH}
    runs = records.Runs("recipes", ("recipe", "seed"), **settings)
    jobs = ({"recipe": name, "seed": seed} for seed in range(5) for name in RECIPES)
    runs.finish(jobs, partial(run, digits), minutes)


if __name__ == "__main__":
    main()
