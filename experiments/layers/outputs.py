"""What the output of LeNet-5 is worth: codes or one-hot, and who is turned away.

    python -m experiments.layers.outputs  # needs MNIST and CIFAR-10; can be resumed
    python -m experiments.layers.outputs --minutes 2  # starts no run later

One body up to F6 (today's LeNet-5 with the tanh of 1998 and max pooling), one start a
seed, five outputs: a linear layer with cross-entropy; squared distances from codes of
84 numbers with equation 9: the 7x12 pictures of 1998, random ones of +-1, "places" (one
block of eight +1 a class, the rest -1: one-hot); and "pull", the pictures with equation
8, which only pulls.

A penalty is the squared distance times a scale; j is 84 times the scale, the penalty of
a blank F6 (all units 0) to every code of +-1. Seed 0 tries the scales at rate 0.002,
then the best one at 0.004 and 0.008, and is scored on 5,000 other training digits;
seeds 1 to 5, each with 10,000 digits of its own, train with the best of these and are
scored on the test set. Two passes, batches of 100, Adam with a rate that falls in a
straight line to zero.

Strangers: those of `lenet_helpers.data.strangers`, made of every tenth test digit, and
1,000 grey photographs. A score is high for what looks known. `auroc`: known digits
against strangers; `pass`: the share of strangers that passes where 95 % of the digits
do.
"""

import itertools
import time

import torch
import torch.nn.functional as F
from torch import Tensor

from experiments import records
from lenet_helpers import data
from lenet_helpers.confidence import auroc
from lenet_helpers.data import strangers
from lenet_helpers.models import ModernLeNet5
from lenet_helpers.models.codes import digit_codes
from lenet_helpers.models.layers import EuclideanRBF, ScaledTanh
from lenet_helpers.models.original import criterion_eq8, criterion_eq9, rubbish_logits

DIGITS, HELD, PASSES, BATCH = 10_000, 5_000, 2, 100
SEEDS = range(1, 6)  # seed 0 chooses
KINDS = ("linear", "pictures", "pull", "places", "random")
RATES, SCALES = (2e-3, 4e-3, 8e-3), (1 / 84, 0.1, 1.0)


def codes(kind: str, seed: int) -> Tensor:
    """Ten codes of 84 numbers, +1 or -1."""
    if kind == "random":
        drawn = torch.Generator().manual_seed(1998 + seed)
        return 2.0 * torch.randint(2, (10, 84), generator=drawn) - 1
    if kind == "places":
        block = torch.arange(84) // 8
        return 2.0 * (block == torch.arange(10)[:, None]) - 1
    return digit_codes()


def network(kind: str, seed: int) -> ModernLeNet5:
    torch.manual_seed(seed)
    model = ModernLeNet5(pool="max")  # the same weights for all kinds
    model.act = ScaledTanh()
    if kind != "linear":
        model.output = EuclideanRBF(codes(kind, seed))
    return model


def loss(kind: str, out: Tensor, labels: Tensor, scale: float) -> Tensor:
    if kind == "linear":
        return F.cross_entropy(out, labels)
    if kind == "pull":
        return criterion_eq8(scale * out, labels)
    return criterion_eq9(scale * out, labels, j=84 * scale)


def train(model, kind: str, images, labels, key: dict) -> None:
    adam = torch.optim.Adam(model.parameters(), lr=key["rate"], fused=True)
    steps = PASSES * (DIGITS // BATCH)
    torch.manual_seed(key["seed"])  # the same batches for all kinds
    order = torch.cat([torch.randperm(DIGITS) for _ in range(PASSES)])
    for step, batch in enumerate(order.split(BATCH)):
        adam.param_groups[0]["lr"] = key["rate"] * (1 - step / steps)
        value = loss(kind, model(images[batch]), labels[batch], key["scale"])
        adam.zero_grad()
        value.backward()
        adam.step()


@torch.inference_mode()
def outputs(model, images: Tensor) -> tuple[Tensor, Tensor]:
    """F6 [N, 84] and what comes out [N, 10]."""
    seen = []
    hook = model.output.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    out = torch.cat([model(part) for part in images.split(500)])
    hook.remove()
    return torch.cat(seen), out


def scores(kind: str, f6: Tensor, out: Tensor, means: Tensor, scale: float) -> dict:
    """Score -> [N], high for what looks known. ``means``: F6's for each class."""
    found = {"mean": -torch.cdist(f6, means).square().amin(1)}
    logits = out if kind == "linear" else -scale * out
    found["probability"] = logits.softmax(1).amax(1)
    found["best"] = logits.amax(1)  # the largest logit, the nearest code
    found["sum"] = logits.logsumexp(1)
    if kind not in ("linear", "pull"):
        eleven = rubbish_logits(scale * out, 84 * scale).softmax(1)
        found["eleven"] = eleven[:, :10].amax(1)
    return found


def compared(known: Tensor, strange: Tensor) -> dict:
    limit = known.double().quantile(0.05)
    passed = (strange.double() >= limit).double().mean().item()
    return {"auroc": auroc(known, strange), "pass": passed}


def run(digits: data.DigitData, photos: Tensor, key: dict) -> dict:
    images, labels = digits.train.tensors
    drawn = torch.Generator().manual_seed(key["seed"])
    chosen = torch.randperm(len(labels), generator=drawn)
    mine, held = chosen[:DIGITS], chosen[DIGITS : DIGITS + HELD]
    model = network(key["kind"], key["seed"])
    start = time.process_time()
    train(model, key["kind"], images[mine], labels[mine], key)
    seconds = round(time.process_time() - start, 1)
    f6, out = outputs(model, images[held])
    sign = 1 if key["kind"] == "linear" else -1
    right = (sign * out).argmax(1) == labels[held]
    row = {"held": right.double().mean().item(), "seconds": seconds}
    if key["seed"]:
        row |= tested(digits, photos, key, model, images[mine], labels[mine])
    return row


def tested(digits, photos, key: dict, model, images, labels) -> dict:
    """The test set and the strangers, by a network that will not be changed again."""
    kind, scale = key["kind"], key["scale"]
    f6, _ = outputs(model, images)
    means = torch.stack([f6[labels == k].mean(0) for k in range(10)])
    test, truth = digits.test.tensors
    f6, out = outputs(model, test)
    answers = (out if kind == "linear" else -out).argmax(1)
    pairs = torch.bincount(10 * truth + answers, minlength=100).view(10, 10)
    known = scores(kind, f6, out, means, scale)
    pixels = digits.denormalise(test[::10])
    found = {}
    others = {**strangers.sets(pixels, seed=key["seed"]), "photographs": photos}
    for name, strange in others.items():
        f6, out = outputs(model, (strange - digits.mean) / digits.std)
        theirs = scores(kind, f6, out, means, scale)
        found[name] = {s: compared(known[s], theirs[s]) for s in known}
    return {
        "test_accuracy": (answers == truth).double().mean().item(),
        "confusion": pairs.tolist(),
        "strangers": found,
    }


def jobs(runs: records.Runs):
    """What seed 0 tries, the rates at the best scale; then the best, by five seeds."""

    def best(kind: str) -> dict:
        return max(runs.where(kind=kind, seed=0), key=lambda row: row["held"])

    for kind in KINDS:
        for scale in (1.0,) if kind == "linear" else SCALES:
            yield dict(kind=kind, seed=0, rate=RATES[0], scale=scale)
        scale = best(kind)["scale"]
        for rate in RATES[1:]:
            yield dict(kind=kind, seed=0, rate=rate, scale=scale)
    for seed, kind in itertools.product(SEEDS, KINDS):
        rate, scale = (best(kind)[key] for key in ("rate", "scale"))
        yield dict(kind=kind, seed=seed, rate=rate, scale=scale)


def main() -> None:
    minutes = records.parser(__doc__).parse_args().minutes
    torch.set_num_threads(1)
    digits = data.load("mnist")
    cifar = data.load_cifar10("cifar10")
    photos = cifar.denormalise(cifar.test.tensors[0][:1000]).mean(1, True)
    settings = {"digits": DIGITS, "passes": PASSES, "batch_size": BATCH}
    runs = records.Runs("outputs", ("kind", "seed", "rate", "scale"), **settings)
    runs.finish(jobs(runs), lambda **job: run(digits, photos, job), minutes)


if __name__ == "__main__":
    main()
