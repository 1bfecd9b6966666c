"""Train the LeNet-5 of the page's pad: it may say that a drawing is no digit.

    python -m experiments.training.pad  # needs MNIST; resumes where it stopped

The ten outputs get an eleventh logit that is always 0, and strangers have that class:
equation 9 of LeCun et al. 1998, whose constant j here is 0, with examples of what is
no digit. No weight is added. Beside MNIST it sees digits written in other ways (a 1
with a long flag, a crossed 7), and as strangers letters, figures, scribbles, digits
that lie on their side, two digits in one another, and nothing (`pad_drawings`).

Five seeds; that with the best validation accuracy over eleven classes gives the
weights, rounded to bfloat16, so that the page loads half as much. The threshold on the
eleventh share is the one that refuses no more than ALARM of 5,000 validation digits.
Then, once a seed: MNIST's test set, and strangers of kinds it has not met: letters of
another printed family, and mirrored test digits.
"""

import random

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.utils.data import TensorDataset

from experiments import records
from experiments.training import pad_drawings
from lenet_helpers import data, training
from lenet_helpers.augment import RandomAffine
from lenet_helpers.models import ModernLeNet5

NONE = 10  # the class of strangers
SEEDS, EPOCHS, VALIDATION, ALARM = range(5), 10, 5000, 0.003
SETTINGS = {"batch_size": 128, "lr": 0.004, "schedule": "one-cycle"}
DISTORT = RandomAffine(shift=1.5, scale=0.1, squeeze=0.15, shear=0.25, degrees=8)
SHOWN = {
    "digits": 6000,
    "strangers": 12000,
    "turned": 2500,
    "pairs": 2500,
    "nothing": 200,
}
WEIGHTS = records.RESULTS / "pad.safetensors"
LIE = 2, 3, 4, 5, 7  # on its side a 0, 1, 6, 8 or 9 may be taken for one


class WithNone(nn.Module):
    """The network and a last logit that is always 0."""

    def __init__(self):
        super().__init__()
        self.net = ModernLeNet5(activation="relu", pool="max")

    def forward(self, x: Tensor) -> Tensor:
        return F.pad(self.net(x), (0, 1))


def turned(images: Tensor, labels: Tensor, count: int) -> Tensor:
    """Digits that lie on their left or right side."""
    lying = images[torch.isin(labels, torch.tensor(LIE))][:count]
    return torch.cat([lying[::2].rot90(1, (2, 3)), lying[1::2].rot90(3, (2, 3))])


def pairs(images: Tensor, labels: Tensor, count: int) -> Tensor:
    """Two different digits, a third of their width apart."""
    one, other = images[:count], images[count : 2 * count]
    differ = labels[:count] != labels[count : 2 * count]
    return torch.maximum(one.roll(-4, 3), other.roll(4, 3))[differ]


def mixture(digits: data.DigitData, part: TensorDataset, share: float, seed: int):
    """These digits of MNIST, and ``share`` of what is SHOWN beside them."""
    rng = random.Random(seed)
    count = {name: round(share * number) for name, number in SHOWN.items()}
    images, labels = part.tensors
    drawn, truth = pad_drawings.digits(count["digits"], rng)
    made = [pad_drawings.strangers(count["strangers"], rng)]
    made.append(torch.zeros(count["nothing"], 1, 28, 28))
    if share == 1:
        made.append(pad_drawings.printed(pad_drawings.TO_LEARN, rng, 6))
    strange = torch.cat(
        [
            framed(torch.cat(made), digits),
            turned(images, labels, count["turned"]),
            pairs(images, labels, count["pairs"]),
        ]
    )
    none = torch.full([len(strange)], NONE)
    return TensorDataset(
        torch.cat([images, framed(drawn, digits), strange]),
        torch.cat([labels, truth, none]),
    )


def framed(pixels: Tensor, digits: data.DigitData) -> Tensor:
    return (F.pad(pixels, [2] * 4) - digits.mean) / digits.std


@torch.inference_mode()
def shares(model: nn.Module, images: Tensor) -> Tensor:
    return torch.cat([model(x).softmax(1) for x in images.split(1000)])


def threshold(model: nn.Module, held: TensorDataset) -> float:
    """The share of "none" that at most ALARM of the digits in ``held`` reach."""
    none = shares(model, held.tensors[0])[:, NONE].sort(descending=True).values
    allowed = int(ALARM * len(none))
    return ((none[allowed - 1] + none[allowed]) / 2).item()


def scores(model: nn.Module, limit: float, digits: data.DigitData) -> dict:
    """In percent: test digits refused, answered wrongly; strangers refused."""
    images, labels = digits.test.tensors
    found = shares(model, images)
    refused = found[:, NONE] >= limit
    wrong = found[:, :NONE].argmax(1) != labels
    letters = pad_drawings.printed(pad_drawings.HELD_OUT, random.Random(1), 4)
    mirrored = images[torch.isin(labels, torch.tensor(LIE))].flip(3)

    def percent(which: Tensor) -> float:
        return round(100 * which.double().mean().item(), 3)

    def caught(strange: Tensor) -> float:
        return percent(shares(model, strange)[:, NONE] >= limit)

    return {
        "refused": percent(refused),
        "answered_wrongly": percent(wrong & ~refused),
        "wrong_without_refusal": percent(wrong),
        "letters_refused": caught(framed(letters, digits)),
        "mirrored_refused": caught(mirrored),
    }


def run(digits: data.DigitData, sets: tuple, seed: int) -> dict:
    """One seed: train, round, set the threshold, score."""
    train, held, mnist = sets
    torch.manual_seed(seed)
    model = WithNone()
    checkpoint = records.RUNS / f"pad-{seed}.pt"
    history = training.fit(
        model,
        train,
        epochs=EPOCHS,
        validation=held,
        seed=seed,
        augment=DISTORT,
        checkpoint=checkpoint,
        resume=True,
        progress=False,
        device="cpu",
        **SETTINGS,
    )
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(p.bfloat16().float())
    best = {
        "val_accuracy": history.best["val_accuracy"],
        "best_epoch": history.best_epoch,
    }
    limit = threshold(model, mnist)
    row = best | {"threshold": limit} | scores(model, limit, digits)
    others = records.Runs("pad", ["seed"]).rows
    if all(best["val_accuracy"] > other["val_accuracy"] for other in others):
        keep(model.net, row | {"seed": seed, "mean": digits.mean, "std": digits.std})
    return row


def keep(model: ModernLeNet5, facts: dict) -> None:
    """Write the weights, with what they are as the file's metadata."""
    facts |= {"activation": "relu", "pool": "max", "none": 0.0}
    facts["made_by"] = "python -m experiments.training.pad"
    state = {name: t.contiguous() for name, t in model.state_dict().items()}
    save_file(state, WEIGHTS, metadata={k: str(v) for k, v in facts.items()})


def main() -> None:
    minutes = records.parser(__doc__).parse_args().minutes
    torch.set_num_threads(1)
    digits = data.load("mnist")
    settings = SETTINGS | {"epochs": EPOCHS, "alarm": ALARM, "shown": SHOWN}
    runs = records.Runs("pad", ["seed"], **settings, distortion=vars(DISTORT))
    kept, mnist = training.split(digits.train, VALIDATION)
    train = mixture(digits, kept, 1, seed=0)
    held = mixture(digits, mnist, VALIDATION / len(kept), seed=1)
    sets = train, held, mnist
    runs.finish(
        [{"seed": s} for s in SEEDS], lambda seed: run(digits, sets, seed), minutes
    )


if __name__ == "__main__":
    main()
