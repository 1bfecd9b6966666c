"""How much does more data help? Errors of LeNet-5 trained on 300 to 60,000 digits.

    python -m experiments.layers.data_size  # needs MNIST; resumes where it stopped
    python -m experiments.layers.data_size --minutes 2  # starts no run later

ReLU, max pooling, batches of 100, Adam with a one-cycle rate; five seeds, each of which
draws its own digits, the smaller sets inside the larger ones. Two budgets:

- "steps": 1,200 steps for every size, two passes through the 60,000, 400 through 300.
- "epochs": two passes for every size, so 6 steps for 300 digits.

At 1,200 steps the peak of the rate is chosen for each size: seed 0 tries three on 5,000
digits that nobody trains on (the 60,000 then lack these; the runs that count do not),
and 10,000 test digits score the five seeds. The "epochs" take the same peaks.

Every run also tells the two halves of the test set apart, and those on all 60,000
leave what they think of each test digit: the probability of its label.
"""

import time

import torch
import torch.nn.functional as F
from torch import Tensor

from experiments import records
from lenet_helpers import data
from lenet_helpers.models import ModernLeNet5

SIZES, SEEDS, STEPS, BATCH = (300, 1_000, 3_000, 10_000, 30_000, 60_000), 5, 1_200, 100
RATES, HELD = (0.001, 0.003, 0.01), 5_000


def train(
    images: Tensor, labels: Tensor, seed: int, steps: int, rate: float, augment=None
) -> ModernLeNet5:
    """A LeNet-5 after ``steps`` steps; batches run through new orders of the digits."""
    torch.manual_seed(seed)
    model = ModernLeNet5(activation="relu", pool="max")
    model.to(memory_format=torch.channels_last)
    adam = torch.optim.Adam(model.parameters(), lr=rate, fused=True)
    cycle = torch.optim.lr_scheduler.OneCycleLR(adam, rate, total_steps=max(2, steps))
    order = torch.empty(0, dtype=torch.long)
    for _ in range(steps):
        if len(order) < BATCH:
            order = torch.cat([order, torch.randperm(len(labels))])
        batch, order = order[:BATCH], order[BATCH:]
        x = images[batch]
        logits = model(augment(x) if augment else x)
        loss = F.cross_entropy(logits, labels[batch])
        adam.zero_grad()
        loss.backward()
        adam.step()
        cycle.step()
    return model.eval()


@torch.inference_mode()
def logits(model, images: Tensor) -> Tensor:
    return torch.cat([model(part) for part in images.split(500)])


def drawn(digits: data.DigitData, size: int, seed: int) -> tuple[Tensor, Tensor]:
    """The first ``size`` digits in the order of this seed."""
    images, labels = digits.train.tensors
    draw = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(labels), generator=draw)[:size]
    return images[order], labels[order]


def choose(digits: data.DigitData, size: int, rate: float) -> dict:
    """Accuracy on 5,000 digits held back, for seed 0 and this peak of the rate."""
    images, labels = drawn(digits, 60_000, 0)
    few = min(size, 60_000 - HELD)
    model = train(images[:few], labels[:few], 0, STEPS, rate)
    right = logits(model, images[-HELD:]).argmax(1) == labels[-HELD:]
    return {"held_accuracy": right.double().mean().item()}


def score(digits: data.DigitData, size: int, budget: str, seed: int, rate: float):
    images, labels = drawn(digits, size, seed)
    steps = STEPS if budget == "steps" else STEPS * size // 60_000
    start = time.perf_counter()
    model = train(images, labels, seed, steps, rate)
    seconds = time.perf_counter() - start
    test_images, test_labels = digits.test.tensors
    answers = logits(model, test_images)
    wrong = answers.argmax(1) != test_labels
    row = {
        "steps": steps,
        "error": 100 * wrong.double().mean().item(),
        "first_half": int(wrong[:5_000].sum()),
        "second_half": int(wrong[5_000:].sum()),
        "students": int(wrong[:5_001].sum()),
        "census": int(wrong[5_001:].sum()),
        "train_error": 100
        * (logits(model, images).argmax(1) != labels).double().mean().item(),
        "seconds": round(seconds, 1),
    }
    if size == 60_000 and budget == "steps":
        own = answers.double().softmax(1)[torch.arange(10_000), test_labels]
        row["least_likely"] = [
            [int(i), round(own[i].item(), 6), int(answers[i].argmax())]
            for i in own.argsort()[:400]
        ]
    return row


def best(runs: records.Runs, size: int) -> float:
    tried = {r["rate"]: r["held_accuracy"] for r in runs.where(digits=size, budget="")}
    return max(tried, key=tried.get)


def jobs(runs: records.Runs):
    """Three rates a size; then five seeds at the best, at equal steps and epochs."""
    for size in SIZES:
        for rate in RATES:
            yield dict(digits=size, budget="", seed=0, rate=rate)
        for seed in range(SEEDS):
            key = dict(digits=size, seed=seed, rate=best(runs, size))
            yield dict(key, budget="steps")
            if size < max(SIZES):
                yield dict(key, budget="epochs")


def main() -> None:
    minutes = records.parser(__doc__).parse_args().minutes
    torch.set_num_threads(1)
    mnist = data.load("mnist")
    settings = {"all_steps": STEPS, "batch_size": BATCH, "held_back": HELD}
    runs = records.Runs("data-size", ("digits", "budget", "seed", "rate"), **settings)

    def run(digits: int, budget: str, seed: int, rate: float) -> dict:
        if not budget:
            return choose(mnist, digits, rate)
        return score(mnist, digits, budget, seed, rate)

    runs.finish(jobs(runs), run, minutes)


if __name__ == "__main__":
    main()
