"""LeNet-5 trained as in 1998: one sample a step, a learning rate for every weight.

    pip install numba                                        # this experiment only
    python -m experiments.originals.sdlm  # eq. 8
    python -m experiments.originals.sdlm --j 1  # eq. 9
    python -m experiments.originals.sdlm --j 1 --distorted  # with affine variants
    python -m experiments.originals.sdlm --penalty sum  # eq. 7 to the letter

Twenty passes over MNIST in a random but constant order, by stochastic diagonal
Levenberg-Marquardt: weight k moves by eta / (mu + h_kk) along its gradient, h_kk
being the Gauss-Newton diagonal, estimated on 500 samples before each pass. Needs
MNIST; a run that was stopped goes on after the last whole pass.

A penalty is the MEAN of the 84 squares here, not their sum as eq. 7 prints it: with
the sum, the printed rates and start leave the error at 90 %; with the mean, every
printed constant trains as it stands. ``readings.py`` compares them, and chooses j, on
held-out training digits.

Source: LeCun et al. 1998, section III-B and appendix C. Published: test error
0.95 %, training error 0.35 % after 19 passes.
"""

import argparse
import time

import numba
import numpy as np
import torch

from experiments import records
from experiments.originals.distortions import distort
from experiments.originals.kernels import (
    Maps,
    Weights,
    backward,
    forward,
    new_maps,
    views,
)
from experiments.originals.passes import (
    compare,
    count_errors,
    curvature_at_f6,
    one_pass,
)
from lenet_helpers import data
from lenet_helpers.models.original import LeNet5, init_fan_in, range_1998
from lenet_helpers.training import checkpoints

ETAS = [5e-4] * 2 + [2e-4] * 3 + [1e-4] * 3 + [5e-5] * 4 + [1e-5] * 8
SAMPLES = 500  # for each estimate of the curvature
SETS = 10  # with distortions: the originals and nine variants of each, in turn
PUBLISHED = {
    "test_error": 0.95,
    "train_error": 0.35,
    "rates_first_pass": [7e-5, 0.016],
    "source": "LeCun et al. 1998, section III-B and appendix C",
}


class Trainer:
    """One network, its images and the buffers of the compiled functions."""

    def __init__(
        self, seed: int, j: float | None, init_power: float = 1.0, penalty: str = "sum"
    ):
        torch.manual_seed(seed)
        self.model = LeNet5()
        if init_power != 1:
            init_fan_in(self.model, power=init_power)
        self.w = views(self.model)
        self.codes = self.model.output.codes.numpy()
        self.competes, self.j = j is not None, np.float32(j or 0)
        self.c = np.float32(1 / 84 if penalty == "mean" else 1)
        self.maps = new_maps(), new_maps(), new_maps()

    def curvature(self, images: np.ndarray, labels: np.ndarray) -> Weights:
        """h_kk: the mean over these images, the sum over a shared weight's uses."""
        values, slope, delta = self.maps
        shares = np.zeros(10, np.float32)
        squared = Weights(*map(np.square, self.w))
        mean = Weights(*(np.full_like(a, 1 / len(images)) for a in self.w))
        h = Weights(*map(np.zeros_like, self.w))
        for image, label in zip(images, labels, strict=True):
            values.x[:1024] = image
            forward(self.w, values, slope)
            penalties = self.c, self.j, self.competes, shares
            compare(values.f6, self.codes, label, *penalties)
            curvature_at_f6(values.f6, self.codes, self.c, shares, delta.f6)
            inputs, slopes = (Maps(*map(np.square, m)) for m in (values, slope))
            backward(squared, inputs, slopes, delta, mean, h)
        return h

    def train(self, images, labels, order, rate: Weights) -> tuple[int, float]:
        return one_pass(
            images, labels, order, self.w, rate, self.codes, self.c, self.j,
            self.competes, *self.maps,
        )  # fmt: skip

    def score(self, images, labels) -> dict:
        """Error in percent, and the mean penalty of the right class."""
        values, slope, _ = self.maps
        errors, total = count_errors(
            images, labels, self.w, self.codes, self.c, values, slope
        )
        return {"error": 100 * errors / len(labels), "penalty": total / len(labels)}


def read(validation: int) -> tuple:
    """MNIST in the range of 1998: training arrays, then test or held-out ones."""
    digits = data.load("mnist")
    arrays = []
    for images, labels in (digits.train.tensors, digits.test.tensors):
        pixels = range_1998(digits.denormalise(images)).flatten(1)
        arrays.append((pixels.numpy(), labels.numpy()))
    if validation:  # the test set is not looked at
        (images, labels), _ = arrays
        shuffled = np.random.default_rng(1998).permutation(len(labels))
        held, kept = shuffled[:validation], shuffled[validation:]
        arrays = [(images[part], labels[part]) for part in (kept, held)]
    return tuple(arrays)


def variants(images: np.ndarray, number: int) -> np.ndarray:
    """Set ``number`` of the distorted training set; set 0 holds the originals."""
    if number == 0:
        return images
    paper = range_1998(torch.zeros(()))  # what distort moves in from outside is 0
    ink = torch.from_numpy(images).view(-1, 1, 32, 32) - paper
    return (distort(ink, seed=number) + paper).flatten(1).numpy()


def settings(args: argparse.Namespace, seed: int) -> dict:
    """What tells one run from another."""
    return {
        "criterion": "eq8" if args.j is None else "eq9",
        "j": args.j,
        "mu": args.mu,
        "init_power": args.init_power,
        "penalty": args.penalty,
        "order": "new each pass" if args.reshuffle else "constant",
        "distorted": args.distorted,
        "seed": seed,
    }


def run(arrays: tuple, seed: int, args: argparse.Namespace) -> list[dict]:
    """All passes of one seed, each one kept in a checkpoint; returns what went on."""
    (images, labels), held = arrays
    trainer = Trainer(seed, args.j, args.init_power, args.penalty)
    words = "-".join(str(value) for value in settings(args, seed).values())
    path = records.RUNS / f"{args.name}-{words.replace(' ', '-')}.pt"
    passes = []
    if path.exists():
        state = checkpoints.load(path)
        trainer.model.load_state_dict(state["model"])
        passes = state["passes"]
    for number in range(len(passes), args.passes):
        start = time.perf_counter()
        # One generator a pass, so that a resumed run goes on as it would have.
        draw = np.random.default_rng([seed, number])
        sample = draw.choice(len(labels), SAMPLES, replace=False)
        h = trainer.curvature(images[sample], labels[sample])
        rates = Weights(*(ETAS[number] / (args.mu + a) for a in h))
        constant = np.random.default_rng(seed)
        order = (draw if args.reshuffle else constant).permutation(len(labels))
        seen = variants(images, number % SETS) if args.distorted else images
        wrong, penalties = trainer.train(
            seen, labels, order, Weights(*(-r for r in rates))
        )
        train, test = trainer.score(images, labels), trainer.score(*held)
        passes.append(
            {
                "pass": number + 1,
                "eta": ETAS[number],
                "rates": [
                    min(map(np.min, rates)).item(),
                    max(map(np.max, rates)).item(),
                ],
                "on_the_way_error": 100 * wrong / len(labels),
                "on_the_way_penalty": penalties / len(labels),
                **{f"train_{key}": value for key, value in train.items()},
                **{f"{args.held}_{key}": value for key, value in test.items()},
                "seconds": round(time.perf_counter() - start, 1),
            }
        )
        print(settings(args, seed), passes[-1], flush=True)
        checkpoints.save(path, {"model": trainer.model.state_dict(), "passes": passes})
    return passes


class Runs(records.Runs):
    """Beside the runs stand the versions of what compiled the last one."""

    passes = len(ETAS)  # a run with fewer is not finished

    def pack(self) -> dict:
        versions = {"numba": numba.__version__, "numpy": np.__version__}
        return {"versions": versions, **super().pack()}

    def __contains__(self, job: dict) -> bool:
        return any(len(row["passes"]) >= self.passes for row in self.where(**job))


def measure(arrays: tuple, args: argparse.Namespace) -> None:
    """The runs of these options that are missing in the record."""
    jobs = [settings(args, seed) for seed in args.seeds]
    runs = Runs(args.name, settings(args, 0), published=PUBLISHED)
    runs.passes = args.passes
    runs.finish(
        jobs,
        lambda seed, **_: {"passes": run(arrays, seed, args)},
        args.minutes,
    )


def parser() -> argparse.ArgumentParser:
    options = records.parser(__doc__)
    options.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    options.add_argument("--j", type=float, help="constant of eq. 9; without: eq. 8")
    options.add_argument("--mu", type=float, default=0.02, help="published: 0.02")
    options.add_argument("--init-power", type=float, default=1.0, help="published: 1")
    options.add_argument("--penalty", choices=["mean", "sum"], default="mean")
    options.add_argument("--distorted", action="store_true", help="affine variants")
    options.add_argument("--passes", type=int, default=len(ETAS))
    options.add_argument("--validation", type=int, default=0, help="images held out")
    options.add_argument("--reshuffle", action="store_true", help="new order each pass")
    options.add_argument("--name", default="original-lenet5", help="of the results")
    return options


def main() -> None:
    args = parser().parse_args()
    args.held = "validation" if args.validation else "test"
    torch.set_num_threads(1)
    measure(read(args.validation), args)


if __name__ == "__main__":
    main()
