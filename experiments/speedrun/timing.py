"""The parts of the race that take times and score nothing; ``race.py`` runs them."""

import time

import torch
from torch.utils.flop_counter import FlopCounterMode

from experiments.speedrun.net import FlatLeNet
from experiments.speedrun.recipes import FINAL, START, Recipe, train, train_plain
from experiments.speedrun.rivals import RIVALS, run
from lenet_helpers import training
from lenet_helpers.models import ModernLeNet5

TIMED_STEPS = 40


def once(action) -> float:
    """Seconds that it takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def best(action, repeats: int = 20) -> float:
    """The shortest of several times: what the machine can do when left alone."""
    action()
    return min(once(action) for _ in range(repeats))


def flops_per_image() -> int:
    """Floating-point operations to train on one image, as torch counts them."""
    model, images = (
        ModernLeNet5(activation="relu", pool="max"),
        torch.zeros(1, 1, 32, 32),
    )
    with FlopCounterMode(display=False) as counter:
        model(images).sum().backward()
    return counter.get_total_flops()


def ceiling(kernel, train_set, args) -> dict:
    """fp32 matrix products, and the pieces of one step of the final recipe."""
    images, labels = train_set.tensors
    a, b = torch.randn(2, 2048, 2048)
    rate = 2 * 2048**3 / best(lambda: a @ b, 10)
    flops, seen = flops_per_image(), FINAL.steps * FINAL.batch_size
    return {
        "gemm_gflops": rate / 1e9,
        "flops_per_image": flops,
        "images_seen": seen,
        "dense_seconds": flops * seen / rate,
        "step_seconds": pieces(kernel, images, labels),
        "steps": FINAL.steps,
    }


def pieces(kernel, images, labels) -> dict:
    """Seconds of the parts of a step; what is left of ``step`` are small operations."""
    n = FINAL.batch_size
    model = ModernLeNet5(activation="relu", pool="max")
    net = FlatLeNet(kernel, model, n)
    rows = torch.randperm(len(labels))[:n]
    wanted = torch.full((n, 10), 0.1)
    shade = images[0, 0, 0, 0].item()
    net.step(images, rows, wanted, shade)
    values = torch.nn.Parameter(net.values)
    values.grad = torch.zeros_like(net.grads)
    adam = torch.optim.Adam([values], lr=1e-6, fused=True)
    above = torch.randn(n, 400)
    shapes = [(400, 120), (120, 84), (84, 10)]
    products = [
        (torch.randn(n, i), torch.randn(i, o), torch.randn(n, o)) for i, o in shapes
    ]

    def linear():
        for x, w, d in products:
            _ = x @ w, d @ w.T, d.T @ x

    return {
        "C1 to S4 forward": best(lambda: net.forward_maps(images, rows, shade)),
        "C1 to S4 backward": best(
            lambda: net.backward_maps(images, rows, above, shade)
        ),
        "C5 to output, nine matrix products": best(linear),
        "Adam": best(adam.step),
        "step": best(lambda: (net.step(images, rows, wanted, shade), adam.step())),
    }


def stages(kernel, train_set, args) -> dict:
    """Seconds of whole runs, in turns, so that a slow spell hits every stage."""
    images, labels = train_set.tensors
    plain = {
        "start: torch's layers, two passes": {"channels_last": False},
        "channels-last": {},
        "torch.compile": {"compiled": True},
    }
    ways = {
        name: lambda kw=kw: train_plain(images, labels, START, 0, **kw)[1]
        for name, kw in plain.items()
    }
    ways["own kernel"] = lambda: train(kernel, images, labels, START, 0)[1]
    ways["tuned recipe"] = lambda: train(kernel, images, labels, FINAL, 0)[1]
    first = {name: once(way) for name, way in ways.items()}  # compilation is in here
    seconds = {name: [] for name in ways}
    for _ in range(args.rounds):
        for name, way in ways.items():
            seconds[name].append(way())
        print({name: round(s[-1], 2) for name, s in seconds.items()}, flush=True)
    extra = first["torch.compile"] - min(seconds["torch.compile"])
    return {"seconds": seconds, "torch_compile_extra_seconds": extra}


def rivals(kernel, train_set, args) -> dict:
    """Seconds a step, in turns with ours, and what whole trainings would take."""
    images, labels = train_set.tensors
    steps = {name: [] for name in RIVALS}
    ours = []
    for rival in RIVALS.values():
        run(rival, images, labels, 0, limit=5)
    for seed in range(args.rounds):
        for name, rival in RIVALS.items():
            steps[name].append(run(rival, images, labels, seed, limit=TIMED_STEPS)[1])
        ours.append(train(kernel, images, labels, FINAL, seed)[1])
    whole = {
        name: min(s) * RIVALS[name].epochs * -(-len(labels) // RIVALS[name].batch_size)
        for name, s in steps.items()
    }
    return {
        "timed_steps": TIMED_STEPS,
        "step_seconds": steps,
        "epochs": {name: rival.epochs for name, rival in RIVALS.items()},
        "whole_seconds": whole,
        "ours_seconds": ours,
    }


def fit_speed(kernel, train_set, args) -> dict:
    """Images a second of ``fit``, of the bare loop and of the kernel, in turns."""
    images, labels = (t[:20480] for t in train_set.tensors)
    some = torch.utils.data.TensorDataset(images, labels)
    one_pass = Recipe(images=len(labels))

    def fit():
        model = ModernLeNet5(activation="relu", pool="max")
        history = training.fit(
            model,
            some,
            epochs=1,
            batch_size=one_pass.batch_size,
            validation=None,
            device="cpu",
            progress=False,
        )
        return history.rows[0]["seconds"]

    ways = {
        "fit": fit,
        "plain loop": lambda: train_plain(images, labels, one_pass, 0)[1],
        "own kernel": lambda: train(kernel, images, labels, one_pass, 0)[1],
    }
    rates = {name: [] for name in ways}
    for turn in range(2 * args.rounds + 1):
        seconds = {name: way() for name, way in ways.items()}
        if turn:  # the first turn warms up
            for name, s in seconds.items():
                rates[name].append(len(labels) / s)
    return {"images_per_second": rates, "batch_size": one_pass.batch_size}
