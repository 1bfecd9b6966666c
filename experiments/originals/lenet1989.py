"""LeNet-1989 on MNIST shrunk to 16x16: 23 passes, one sample a step.

    pip install numba                                         # this experiment only
    python -m experiments.originals.lenet1989  # seeds 0 to 4
    python -m experiments.originals.lenet1989 --validation 1291 --seeds 0 --eta 0.01

The zip codes of 1989 are not at hand here, so 7,291 training and 2,007 test digits
are drawn from MNIST's two sets, once for all seeds. Each digit is cut out and shrunk so
that its longer side fills the 16 pixels, as was done in 1989. Squared error, a constant
order, and a Newton step for every weight with a positive estimate of the diagonal of
the Hessian are the paper's. Its targets it only places in the quasi-linear part of the
curve, and of the rates it prints no constants: +1 and -1 are taken here, and ``--eta``
and ``--mu`` were chosen on held-out digits.

Source: LeCun et al. 1989. Published, on zip codes: 0.14 % training error, 5.0 %
test error. Needs MNIST; goes on after the last whole pass.
"""

import argparse
import copy
import time

import torch
import torch.nn.functional as F
from torch import Tensor

from experiments import records
from experiments.originals.kernels1989 import links, train, views
from lenet_helpers import data
from lenet_helpers.models.original import LeNet1989
from lenet_helpers.training import checkpoints

PASSES, TRAIN, TEST = 23, 7_291, 2_007
SAMPLES = 500  # for each estimate of the curvature, as in 1998
LAYERS = "h1", "h2", "h3", "output"
PUBLISHED = {
    "train_error": 0.14,
    "test_error": 5.0,
    "data": "zip codes",
    "source": "LeCun et al. 1989, p. 547",
}


def shrink(pixels: Tensor) -> Tensor:
    """Digits [N, 1, H, W] in [0, 1] -> [N, 1, 16, 16] in [-1, 1], filling the frame."""
    small = []
    for digit in pixels[:, 0]:
        rows, columns = (digit.amax(d).nonzero().flatten() for d in (1, 0))
        digit = digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        height, width = digit.shape
        side = max(height, width)
        left, top = (side - width) // 2, (side - height) // 2
        box = (left, side - width - left, top, side - height - top)
        square = F.pad(digit, box)[None, None]
        small.append(F.interpolate(square, (16, 16), mode="bilinear", antialias=True))
    return 2 * torch.cat(small).clamp(0, 1) - 1


def read(validation: int) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """The training digits, then the test digits or some held out from training."""
    digits = data.load("mnist")
    draw = torch.Generator().manual_seed(1989)
    parts = []
    for dataset, count in ((digits.train, TRAIN), (digits.test, TEST)):
        chosen = torch.randperm(len(dataset), generator=draw)[:count]
        images, labels = (part[chosen] for part in dataset.tensors)
        parts.append((shrink(digits.denormalise(images)), labels))
    if validation:  # the test digits are not looked at
        images, labels = parts[0]
        parts = [(images[validation:], labels[validation:])]
        parts.append((images[:validation], labels[:validation]))
    return tuple(parts)


def targets(labels: Tensor) -> Tensor:
    """+1 for the class and -1 for the others: [N, 10]."""
    return 2.0 * F.one_hot(labels, 10) - 1


@torch.no_grad()
def curvature(model: LeNet1989, images: Tensor) -> list[Tensor]:
    """The Gauss-Newton diagonal for each parameter, mean over the images.

    Every layer is linear in its inputs and in its weights. So the recursion that
    carries second derivatives down is back-propagation through a twin whose
    weights, inputs and slopes are squares (LeCun et al. 1998, eq. 23 to 27).
    """
    twin = copy.deepcopy(model)
    for parameter in twin.parameters():
        parameter.square_()
    inputs, slopes, x = [], [], images
    for name in LAYERS:
        x = x.flatten(1) if name == "h3" else x
        inputs.append(x)
        x = model.act(getattr(model, name)(x))
        t = x / model.act.AMPLITUDE
        slopes.append(model.act.AMPLITUDE * model.act.SLOPE * (1 - t**2))
    above = torch.full_like(x, 2 / x.numel())  # of the mean squared error
    found = []
    for name, x, slope in zip(reversed(LAYERS), reversed(inputs), reversed(slopes)):
        layer = getattr(twin, name)
        if hasattr(layer, "border"):
            layer.border **= 2
        squared = x.square().requires_grad_()
        with torch.enable_grad():
            out = layer(squared)
        above = above.view_as(out) * slope**2
        wanted = [*layer.parameters(), squared]
        *by_parameters, above = torch.autograd.grad(out, wanted, above)
        found = by_parameters + found
    return found


def one_pass(model: LeNet1989, images, labels, order, rates: list[Tensor]) -> None:
    """One step for every image, each weight at its own rate."""
    train(
        views(model.parameters(), model),
        views(rates, model),
        links(model.h1, 16),
        links(model.h2, 8),
        images.flatten(1).numpy(),
        targets(labels).numpy(),
        order.numpy(),
    )


@torch.no_grad()
def score(model: LeNet1989, images: Tensor, labels: Tensor) -> dict:
    """Error in percent, and mean squared error."""
    outputs = model(images)
    return {
        "error": 100 * (outputs.argmax(1) != labels).double().mean().item(),
        "mse": (outputs - targets(labels)).square().mean().item(),
    }


def run(parts: tuple, seed: int, args: argparse.Namespace) -> dict:
    """All passes of one seed, each one kept in a checkpoint."""
    (images, labels), held = parts
    torch.manual_seed(seed)
    model = LeNet1989()
    words = f"{args.name}-{args.eta}-{args.mu}-{args.validation}-{seed}"
    path = records.RUNS / f"{words}.pt"
    passes = []
    if path.exists():
        state = checkpoints.load(path)
        model.load_state_dict(state["model"])
        passes = state["passes"]
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
    for number in range(len(passes), PASSES):
        start = time.perf_counter()
        draw = torch.Generator().manual_seed(1000 * seed + number)
        sample = torch.randperm(len(labels), generator=draw)[:SAMPLES]
        h = curvature(model, images[sample])
        one_pass(model, images, labels, order, [args.eta / (args.mu + d) for d in h])
        train, test = score(model, images, labels), score(model, *held)
        passes.append(
            {
                "pass": number + 1,
                **{f"train_{key}": value for key, value in train.items()},
                **{f"{args.held}_{key}": value for key, value in test.items()},
                "seconds": round(time.perf_counter() - start, 1),
            }
        )
        print(seed, passes[-1], flush=True)
        checkpoints.save(path, {"model": model.state_dict(), "passes": passes})
    return {"passes": passes}


def main() -> None:
    options = records.parser(__doc__)
    options.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    options.add_argument("--eta", type=float, default=0.001)
    options.add_argument("--mu", type=float, default=0.02)
    options.add_argument("--validation", type=int, default=0, help="digits held out")
    options.add_argument("--name", default="original-lenet1989", help="of the results")
    args = options.parse_args()
    args.held = "validation" if args.validation else "test"
    torch.set_num_threads(1)
    parts = read(args.validation)
    settings = {"eta": args.eta, "mu": args.mu}
    runs = records.Runs(args.name, ["seed"], published=PUBLISHED, settings=settings)
    jobs = ({"seed": seed} for seed in args.seeds)
    runs.finish(jobs, lambda seed: run(parts, seed, args), args.minutes)


if __name__ == "__main__":
    main()
