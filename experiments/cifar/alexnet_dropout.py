"""Dropout as an ensemble: many random masks averaged, against one scaled network.

    python -m experiments.cifar.alexnet_dropout  # needs CIFAR-10; resumes

The small AlexNet at an eighth of its width, 2,500 training images, 8 epochs of Adam
in one cycle up to 0.001, batches of 64, with dropout 0.5 in fc6 and fc7 and without;
five seeds. The one with dropout is then scored on 5,000 test images in three ways:
without masks (torch scales in training, so this is the mean network), and by the mean
over 1 to 32 masks of the probabilities (arithmetic) or of their logarithms (geometric).
"""

import torch
import torch.nn.functional as F

from experiments import records
from experiments.cifar import alexnet_runs
from lenet_helpers.models import AlexNetCifar

EPOCHS, RATE, WIDTH = 8, 0.001, 0.125
MASKS = [1, 2, 4, 8, 16, 32]
VARIANTS = {"dropout": 0.5, "none": 0.0}
JOBS = [(name, seed) for seed in range(5) for name in VARIANTS]


def run(images, variant: str, seed: int, runs: list[dict]) -> dict:
    (x, y), test = alexnet_runs.parts(images)
    torch.manual_seed(seed)
    model = AlexNetCifar(width=WIDTH, dropout=VARIANTS[variant])
    model.to(memory_format=torch.channels_last)
    adam = torch.optim.Adam(model.parameters(), lr=RATE, fused=True)
    steps = EPOCHS * -(-len(y) // alexnet_runs.BATCH)
    cycle = torch.optim.lr_scheduler.OneCycleLR(adam, RATE, total_steps=steps)
    for _ in range(EPOCHS):
        order = torch.randperm(len(y))
        alexnet_runs.epoch(model, adam, x, y, order, schedule=cycle)
    result = {
        "train_error": alexnet_runs.error(model, x, y),
        "test_error": alexnet_runs.error(model, *test),
    }
    if variant == "dropout":
        result |= by_masks(model, *test)
    return result


@torch.inference_mode()
def by_masks(model: AlexNetCifar, images, labels) -> dict:
    """Test error of the mean over so many masks, arithmetic and geometric."""
    features = []
    hook = model.fc6.register_forward_pre_hook(lambda _, x: features.append(x[0]))
    alexnet_runs.logits(model, images)
    hook.remove()
    features = torch.cat(features)
    model.train()
    p = torch.zeros(len(labels), 10)
    log_p = torch.zeros(len(labels), 10)
    errors = {"arithmetic": [], "geometric": []}
    for masks in range(1, max(MASKS) + 1):
        hidden = model.drop6(model.act(model.fc6(features)))
        hidden = model.drop7(model.act(model.fc7(hidden)))
        each = F.log_softmax(model.fc8(hidden), 1)
        p += each.exp()
        log_p += each
        if masks in MASKS:
            for name, total in (("arithmetic", p), ("geometric", log_p)):
                wrong = total.argmax(1) != labels
                errors[name].append(wrong.double().mean().item())
    return errors


def main() -> None:
    minutes = records.parser(__doc__).parse_args().minutes
    about = {"epochs": EPOCHS, "width": WIDTH, "masks": MASKS}
    alexnet_runs.measure("alexnet-dropout", about, JOBS, run, minutes)


if __name__ == "__main__":
    main()
