"""How much does more data help? Errors of LeNet-5 trained on 300 to 60,000 digits.

    python -m experiments.layers.data_size  # needs MNIST; resumes where it stopped
    python -m experiments.layers.data_size --minutes 2  # starts no run later

ReLU, max pooling, batches of 100, Adam with a one-cycle rate whose peak is 0.003 for
all; five seeds, each of which draws its own digits, the smaller sets inside the larger
ones. Two budgets:

- "steps": 600 steps for every size, one pass through the 60,000, 200 through 300.
- "epochs": one pass for every size, so 3 steps for 300 digits.

Scored on the 10,000 test digits, also half by half. The runs on all 60,000 leave what
they think of the test digits: those whose label they find least likely.
"""

import time

import torch
import torch.nn.functional as F
from torch import Tensor

from experiments import records
from lenet_helpers import data
from lenet_helpers.models import ModernLeNet5

SIZES = (300, 1_000, 3_000, 10_000, 30_000, 60_000)
SEEDS, STEPS, BATCH, RATE = 5, 600, 100, 0.003


def train(
    images: Tensor, labels: Tensor, seed: int, steps: int, augment=None
) -> ModernLeNet5:
    """A LeNet-5 after ``steps`` steps; batches run through new orders of the digits."""
    torch.manual_seed(seed)
    model = ModernLeNet5(activation="relu", pool="max")
    model.to(memory_format=torch.channels_last)
    adam = torch.optim.Adam(model.parameters(), lr=RATE, fused=True)
    cycle = torch.optim.lr_scheduler.OneCycleLR(adam, RATE, total_steps=max(2, steps))
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


def score(digits: data.DigitData, size: int, budget: str, seed: int) -> dict:
    images, labels = drawn(digits, size, seed)
    steps = STEPS if budget == "steps" else STEPS * size // 60_000
    start = time.perf_counter()
    model = train(images, labels, seed, steps)
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


def main() -> None:
    minutes = records.parser(__doc__).parse_args().minutes
    torch.set_num_threads(1)
    mnist = data.load("mnist")
    settings = {"all_steps": STEPS, "batch_size": BATCH, "rate": RATE}
    runs = records.Runs("data-size", ("digits", "budget", "seed"), **settings)
    jobs = [
        dict(digits=size, budget=budget, seed=seed)
        for seed in range(SEEDS)
        for size in SIZES
        for budget in ("steps", "epochs")[: 1 + (size < max(SIZES))]
    ]
    runs.finish(
        jobs, lambda digits, budget, seed: score(mnist, digits, budget, seed), minutes
    )


if __name__ == "__main__":
    main()
