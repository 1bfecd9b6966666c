"""Kernels of 3, 5 and 7: which is best at equal parameters, and at equal maps?

    python -m experiments.layers.kernel_size  # needs MNIST; resumes where it stopped
    python -m experiments.layers.kernel_size --minutes 2  # starts no run later

Two padded convolutions with ReLU and 2x2 max pooling, then one dense layer. The second
makes 16 maps; the first makes 17, 6 or 3, so that the whole network has 10,484, 10,422
or 10,368 parameters (and 0.60, 0.59 or 0.58 million multiply-adds), or always 6. 2,000
digits, drawn anew for each of five seeds, eight epochs of batches of 50 by Adam 0.002;
nothing was tuned. Scored on the 10,000 test digits after 2 and 8 epochs.

Beside it, before and after training: how wide a unit in the middle of the second
convolution looks, as the gradient tells it (the effective receptive field).
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from experiments import records
from lenet_helpers import data

EQUAL_PARAMS, EQUAL_MAPS = {3: 17, 5: 6, 7: 3}, {3: 6, 5: 6, 7: 6}
DIGITS, SEEDS, EPOCHS, BATCH, RATE = 2_000, 5, 8, 50, 2e-3
LOOKS = (2, 8)


def network(kernel: int, maps: int) -> nn.Sequential:
    same = kernel // 2
    return nn.Sequential(
        nn.Conv2d(1, maps, kernel, padding=same),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(maps, 16, kernel, padding=same),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * 7 * 7, 10),
    )


def effective_field(model: nn.Sequential, images: Tensor) -> dict:
    """Where a middle unit's gradient lies: its rms distance, and that of even light.

    The squared gradient of each map's middle unit, summed over maps and images, as a
    distribution over pixels; distances from its centre along one axis, in pixels.
    """
    images = images.clone().requires_grad_()
    units = model[3](model[2](model[1](model[0](images))))[:, :, 7, 7]
    power = torch.zeros(28, 28)
    for m in range(units.shape[1]):
        (grad,) = torch.autograd.grad(units[:, m].sum(), images, retain_graph=True)
        power += grad[:, 0].square().sum(0)
    power /= power.sum()
    place = torch.arange(28.0)
    rows, columns = power.sum(1), power.sum(0)
    spread = [
        (line * (place - line @ place) ** 2).sum().item() for line in (rows, columns)
    ]
    return {"rms": (sum(spread) / 2) ** 0.5, "reach": int((columns > 0).sum())}


def pictures(digits: data.DigitData, which: str) -> tuple[Tensor, Tensor]:
    """28x28, background 0, so that zero padding adds background; deviation about 1."""
    images, labels = getattr(digits, which).tensors
    return digits.denormalise(images)[:, :, 2:-2, 2:-2] / 0.3081, labels


@torch.inference_mode()
def accuracy(model: nn.Module, images: Tensor, labels: Tensor) -> float:
    logits = torch.cat([model(part) for part in images.split(500)])
    return (logits.argmax(1) == labels).double().mean().item()


def run(train: tuple, test: tuple, key: dict) -> dict:
    drawn = torch.Generator().manual_seed(key["seed"])
    chosen = torch.randperm(len(train[1]), generator=drawn)[:DIGITS]
    images, labels = (t[chosen] for t in train)
    torch.manual_seed(key["seed"])
    model = network(key["kernel"], key["maps"]).to(memory_format=torch.channels_last)
    adam = torch.optim.Adam(model.parameters(), lr=RATE, fused=True)
    before, found = effective_field(model, images[:200]), {}
    torch.manual_seed(key["seed"])  # the same batches for all
    for epoch in range(1, EPOCHS + 1):
        for batch in torch.randperm(DIGITS).split(BATCH):
            loss = F.cross_entropy(model(images[batch]), labels[batch])
            adam.zero_grad()
            loss.backward()
            adam.step()
        if epoch in LOOKS:
            found[str(epoch)] = accuracy(model, *test)
    return {
        **key,
        "params": sum(p.numel() for p in model.parameters()),
        "test_accuracy": found,
        "field_before": before,
        "field_after": effective_field(model, images[:200]),
    }


def jobs():
    """The three at equal parameters, seed by seed; then those at equal maps."""
    for pairs in (EQUAL_PARAMS, EQUAL_MAPS):
        for seed in range(SEEDS):
            for kernel, maps in pairs.items():
                yield dict(kernel=kernel, maps=maps, seed=seed)


def main() -> None:
    minutes = records.parser(__doc__).parse_args().minutes
    torch.set_num_threads(1)
    digits = data.load("mnist")
    train, test = pictures(digits, "train"), pictures(digits, "test")
    settings = {"digits": DIGITS, "epochs": EPOCHS, "batch_size": BATCH, "lr": RATE}
    runs = records.Runs("kernel-size", ("kernel", "maps", "seed"), **settings)
    runs.finish(jobs(), lambda **job: run(train, test, job), minutes)


if __name__ == "__main__":
    main()
