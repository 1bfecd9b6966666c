"""Functions of one variable: activations, schedules, training curves, the roofline."""

import json
import math
from pathlib import Path

import torch
from torch.optim import SGD
from torch.optim import lr_scheduler as schedules

from lenet_helpers import models, shapes
from lenet_helpers.models.layers import ScaledTanh
from lenet_helpers.plots import COLORS, INK
from tools.card_figures.save import SIZE, blank

RESULTS = Path(__file__).resolve().parents[2] / "experiments" / "results"
STEPS = 100
TICKS = [-4, -2, 0, 2, 4]
MACHINES = {"CPU core": (100e9, 20e9), "GPU": (20e12, 1.6e12)}  # FLOP/s, byte/s


def activations():
    """Sigmoid, tanh, LeCun's tanh and ReLU, and their slopes."""
    functions = {
        "sigmoid": (torch.sigmoid, "orange"),
        "tanh": (torch.tanh, "green"),
        "1.7159 tanh(2x/3)": (ScaledTanh(), "blue"),
        "ReLU": (torch.relu, "pink"),
    }
    figure, axes = blank(2.5, 2)
    x = torch.linspace(-4, 4, 401, dtype=torch.float64, requires_grad=True)
    for name, (function, colour) in functions.items():
        y = function(x)
        (slope,) = torch.autograd.grad(y.sum(), x)
        look = {"color": COLORS[colour], "label": name}
        axes[0].plot(x.detach(), y.detach(), **look)
        axes[1].plot(x.detach(), slope, **look)
    axes[0].set(ylim=(-2, 2.4), title="value", xlabel="x", xticks=TICKS)
    axes[1].set(ylim=(-0.1, 1.3), title="slope", xlabel="x", xticks=TICKS)
    figure.legend(
        *axes[0].get_legend_handles_labels(), loc="outside lower center", ncol=2
    )
    return figure


def sigmoid_chain():
    """What is left of a gradient after one to six activations."""
    x = torch.tensor([0.0, 2.0], dtype=torch.float64, requires_grad=True)
    (slopes,) = torch.autograd.grad(torch.sigmoid(x).sum(), x)
    figure, axis = blank(2.3)
    layers = range(7)
    lines = {"ReLU, active": (1.0, "pink")}
    lines["sigmoid at 0, its best"] = (slopes[0].item(), "blue")
    lines["sigmoid at 2"] = (slopes[1].item(), "orange")
    for name, (slope, colour) in lines.items():
        values = [slope**k for k in layers]
        axis.plot(layers, values, "o-", color=COLORS[colour], label=name, ms=4)
    axis.set(yscale="log", xlabel="activations passed", ylabel="factor")
    axis.set_yticks([1e-6, 1e-4, 1e-2, 1])  # or each matplotlib chooses its own
    axis.legend(loc="lower left")
    return figure


def schedule_shapes():
    """Four schedules over 100 steps, as torch makes them, relative to the peak."""
    makers = {
        "warm-up, then constant": lambda o: schedules.LinearLR(o, 0.01, total_iters=10),
        "step decay": lambda o: schedules.StepLR(o, STEPS // 4, gamma=0.1),
        "cosine": lambda o: schedules.CosineAnnealingLR(o, STEPS),
        "one-cycle": lambda o: schedules.OneCycleLR(o, 1.0, total_steps=STEPS + 1),
    }
    figure, axis = blank(2.5)
    for (name, make), colour in zip(makers.items(), COLORS.values()):
        optimizer = SGD([torch.zeros(1)], lr=1.0, momentum=0.9)
        schedule, rates = make(optimizer), []
        for _ in range(STEPS + 1):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            schedule.step() if len(rates) <= STEPS else None
        axis.plot(rates, color=colour, label=name)
    axis.set(xlabel="step", ylabel="rate / largest rate")
    figure.legend(loc="outside lower center", ncol=2)
    return figure


def plateau():
    """The training loss of the sigmoid recipe stays at ln 10 for epochs."""
    runs = json.loads((RESULTS / "recipes.json").read_text())["runs"]
    figure, axis = blank(2.3)
    shown = {"sigmoid-sgd": "orange", "tanh-adam": "blue"}
    for run in runs:
        if (colour := shown.get(run["recipe"])) is not None:
            losses = [epoch["train_loss"] for epoch in run["epochs"]]
            look = {"color": COLORS[colour], "linewidth": 1.2}
            names = {"sigmoid-sgd": "sigmoid, SGD 0.01", "tanh-adam": "tanh, Adam"}
            label = names[run["recipe"]] if run["seed"] == 0 else None
            axis.plot(range(1, len(losses) + 1), losses, label=label, **look)
    axis.axhline(math.log(10), color=INK, linestyle="--", linewidth=1)
    axis.text(10, math.log(10) + 0.07, "ln 10", ha="right", fontsize=SIZE)
    axis.set(xlabel="epoch", ylabel="training loss", ylim=(0, 2.65))
    axis.legend()
    return figure


def rates():
    """Training loss at four learning rates, five seeds each."""
    runs = json.loads((RESULTS / "rate-curves.json").read_text())["runs"]
    names = dict.fromkeys(run["rate"] for run in runs)
    colours = dict(zip(names, ("amber", "blue", "green", "orange")))
    figure, axis = blank(2.6)
    for run in runs:
        look = {"color": COLORS[colours[run["rate"]]], "linewidth": 1}
        look["label"] = None if run["seed"] else f"{run['rate']:g}"
        losses = [math.nan if loss is None else loss for loss in run["losses"]]
        axis.plot(range(1, len(losses) + 1), losses, **look)
    axis.set(xlabel="epoch", ylabel="training loss", yscale="log")
    figure.legend(title="rate", loc="outside right upper")
    return figure


def _intensity(row, batch: int) -> float:
    """FLOP a byte: float32 inputs, parameters and outputs, each moved once."""
    inputs = {"c1": 32 * 32, "c5": 16 * 5 * 5}[row.name]
    moved = batch * (inputs + math.prod(row.output_shape)) + row.params
    return 2 * batch * row.macs / (4 * moved)


def roofline():
    """Two example machines; C1 lies between their corners, C5 far to the left."""
    rows = {row.name: row for row in shapes.trace(models.ModernLeNet5())}
    figure, axis = blank(2.9)
    x = torch.logspace(-1, 3, 200)
    for (name, (peak, bandwidth)), colour in zip(MACHINES.items(), ("blue", "green")):
        speed = (x * bandwidth).clamp(max=peak) / 1e9
        axis.plot(x, speed, color=COLORS[colour])
        look = {"color": COLORS[colour], "va": "bottom", "ha": "right"}
        axis.text(900, peak / 1e9 * 1.1, f"{name}, corner {peak / bandwidth:g}", **look)
    points = {"C5": ("c5", 1), "C1": ("c1", 1), "64 × C5": ("c5", 64)}
    for name, (layer, batch) in points.items():
        at = _intensity(rows[layer], batch)
        axis.axvline(at, color=COLORS["orange"], linestyle="--", linewidth=1)
        text = f"{name}: {at:.2f}" if at < 1 else f"{name}: {at:.0f}"
        look = {"color": COLORS["orange"], "rotation": 90}
        axis.text(at * 0.95, 0.03, text, ha="right", va="bottom", **look)
    axis.set(xscale="log", yscale="log", ylim=(0.02, 6e4))
    axis.set(xlabel="FLOP a byte", ylabel="GFLOP/s")
    return figure
