"""The race: the shortest time to a mean of 99.0 % on MNIST's test set.

    python -m experiments.speedrun.race  # all parts; needs MNIST and g++
    python -m experiments.speedrun.race --part final  # or one: its results are replaced

The network has LeNet-5's layers and sizes; all else is free. Time runs from initial to
final weights: reading MNIST, compiling and scoring are outside. Settings were chosen on
10,000 training digits held out (``--part choose``); the test set is scored once a seed,
after training, in ``final``. Run it on a quiet machine. ``choose`` goes on where it
stopped.

- ceiling: what a matrix product reaches here, and where the time of a step goes
- stages: what each idea bought, timed in turns
- rivals: other ways, timed in the same run as ours
- others: two of those ways trained to their end and scored, which takes minutes
- final: 20 seeds, seconds and test accuracy
- cuda: the same on a CUDA device, its steps captured as a graph
- fit: ``training.fit``, the plain loop and the kernel, images a second
"""

import time
from dataclasses import asdict

import torch

from experiments import records
from experiments.speedrun import choosing, timing
from experiments.speedrun.cuda import train_graph
from experiments.speedrun.net import compile_kernel
from experiments.speedrun.recipes import FINAL, train
from experiments.speedrun.rivals import RIVALS, run
from lenet_helpers import data, training


def final(kernel, digits, args) -> dict:
    """The test set is read here and nowhere else, after a seed's training is over."""
    images, labels = digits.train.tensors
    runs = []
    for seed in range(args.seeds):
        model, seconds = train(kernel, images, labels, FINAL, seed)
        accuracy = training.evaluate(model, digits.test).accuracy
        runs.append({"seed": seed, "seconds": seconds, "test_accuracy": accuracy})
        print(runs[-1], flush=True)
    return {"recipe": asdict(FINAL), "runs": runs}


def others(kernel, digits, args) -> dict:
    """Test accuracy and seconds of the ways that end within minutes, whole runs."""
    images, labels = digits.train.tensors
    runs = []
    for name in "Dive into Deep Learning", "train_mnist_fast":
        for seed in range(args.other_seeds):
            model, step = run(RIVALS[name], images, labels, seed)
            inner, answers = digits.test.tensors
            test = torch.utils.data.TensorDataset(inner[:, :, 2:30, 2:30], answers)
            accuracy = training.evaluate(model, test).accuracy
            steps = RIVALS[name].epochs * -(-len(labels) // RIVALS[name].batch_size)
            runs.append({"name": name, "seed": seed, "seconds": step * steps})
            runs[-1]["test_accuracy"] = accuracy
            print(runs[-1], flush=True)
    return {"runs": runs}


def cuda(kernel, digits, args) -> dict:
    """As ``final``, on a CUDA device; says so where there is none."""
    if not torch.cuda.is_available():
        return {"runs": [], "note": "not measured yet"}
    images, labels = (t.to("cuda") for t in digits.train.tensors)
    runs = []
    for seed in range(args.seeds):
        model, seconds, capture = train_graph(images, labels, FINAL, seed)
        accuracy = training.evaluate(model, digits.test).accuracy
        runs.append({"seed": seed, "seconds": seconds, "test_accuracy": accuracy})
        runs[-1]["capture_seconds"] = capture
    return {"recipe": asdict(FINAL), "runs": runs}


PARTS = {
    "ceiling": timing.ceiling,
    "stages": timing.stages,
    "rivals": timing.rivals,
    "fit": timing.fit_speed,
    "choose": choosing.choose,
    "others": others,
    "final": final,
    "cuda": cuda,
}
SCORED = "others", "final", "cuda"  # only these are given the test set


def main() -> None:
    options = records.parser(__doc__)  # the minutes are those of "choose"
    options.add_argument("--part", choices=PARTS, help="only this one")
    options.add_argument("--seeds", type=int, default=20)
    options.add_argument("--other-seeds", type=int, default=3)
    options.add_argument("--rounds", type=int, default=4)
    args = options.parse_args()
    digits = data.load("mnist")
    start = time.perf_counter()
    kernel = compile_kernel()
    seconds = time.perf_counter() - start
    compiled = {"kernel_compile_seconds": seconds} if seconds > 0.1 else {}  # or cached
    for name in [args.part] if args.part else PARTS:
        given = digits if name in SCORED else digits.train
        if part := PARTS[name](kernel, given, args):
            here = {"machine": records.machine()}
            records.update("speedrun", compiled | {name: part | here})


if __name__ == "__main__":
    main()
