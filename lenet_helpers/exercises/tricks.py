"""The exercises of the chapter on training tricks."""

import math

import torch

from lenet_helpers.exercises._dropout import dropout_checker
from lenet_helpers.exercises.checkers import choice, function, number
from lenet_helpers.exercises.engine import exercise


@exercise(
    "tricks.he-deviation",
    task="He's standard deviation for the weights of C3, which reads all six maps.",
    checker=number(
        0.1155,
        tolerance=0.0006,
        wrong={
            0.01333: "That is the variance. Its square root is asked for.",
            0.5774: "A unit of C3 reads a window from each map, not one value.",
            0.2828: "C3 reads more than one map: that is the fan-in of one window.",
            0.0816: "That keeps the variance in a *linear* layer. ReLU loses half.",
            0.0707: "That is the fan-out, 16 · 25: the values that one input reaches.",
            0.0603: "That is Xavier's rule, which averages fan-in and fan-out.",
        },
        look="How many values does a unit of C3 read, and what is √(2 / that number)?",
    ),
    hints=[
        "A unit of C3 reads a 5×5 window from each of the six maps of S2.",
        "The variance is 2 / fan-in; the deviation is its square root.",
    ],
    more="`nn.init.kaiming_normal_` draws with this deviation; PyTorch's own "
    "initialisation has 0.047 here.",
)
def he_deviation() -> float:
    """The fan-in is 6 · 25 = 150, and the deviation √(2/150)."""
    import math

    return math.sqrt(2 / (6 * 5 * 5))


@exercise(
    "tricks.dropout",
    task="Write dropout as PyTorch does it.",
    checker=dropout_checker,
    hints=[
        "In evaluation nothing happens at all. What must training do so that the mean "
        "stays the same?",
        "`torch.rand_like(x) >= p` is true with probability 1 − p, for each value.",
        "What survives is divided by 1 − p.",
    ],
    more="This is *inverted* dropout. The paper of 2014 scaled in evaluation instead.",
)
def dropout(x, p, training):
    """Each value survives with probability 1 − p and is scaled up by 1 / (1 − p).

    The mean is then the same in training and evaluation, and evaluation costs nothing.
    """
    if not training:
        return x
    kept = torch.rand_like(x) >= p
    return x * kept / (1 - p)


def _rate(step: int, steps: int, peak: float, rise: int) -> float:
    if step < rise:
        return peak * (step + 1) / rise
    return peak * (1 + math.cos(math.pi * (step - rise) / (steps - rise))) / 2


@exercise(
    "tricks.warm-up-cosine",
    task="The rate at a step: a linear rise to the peak, then a cosine down to zero.",
    checker=function(
        _rate,
        [
            (step, steps, 0.1, rise)
            for steps, rise in [(100, 10), (50, 5)]
            for step in (0, rise // 2, rise - 1, rise, steps // 2, steps - 1)
        ],
        tolerance=1e-6,
        wrong=[
            (
                lambda step, steps, peak, rise: (
                    peak * step / rise
                    if step < rise
                    else _rate(step, steps, peak, rise)
                ),
                "Step 0 then has the rate 0 and is wasted: the first of the `rise` "
                "steps should already move.",
            ),
            (
                lambda step, steps, peak, rise: (
                    peak * (step + 1) / rise
                    if step < rise
                    else peak * (1 + math.cos(math.pi * step / steps)) / 2
                ),
                "The rate jumps where the two parts meet: the cosine should begin at "
                "step `rise`.",
            ),
            (
                lambda step, steps, peak, rise: (
                    peak * (step + 1) / rise
                    if step < rise
                    else peak * math.cos(math.pi / 2 * (step - rise) / (steps - rise))
                ),
                "That is a quarter of a wave: it meets zero at full slope. Take half a "
                "wave, moved up and scaled to lie between 0 and 1.",
            ),
            (
                lambda step, steps, peak, rise: (
                    peak * (step + 1) / rise
                    if step < rise
                    else peak * (steps - step) / (steps - rise)
                ),
                "That falls along a straight line.",
            ),
        ],
        look="Try step `rise`, where the peak is, and the middle of the way down, "
        "where half of it is left.",
    ),
    hints=[
        "Two cases: `step < rise` and the rest.",
        "The way down takes `steps - rise` steps; let t go from 0 to 1 along it.",
        "(1 + cos(π t)) / 2 falls from 1 to 0, level at both ends.",
    ],
    more="`LinearLR` and `CosineAnnealingLR` joined by `SequentialLR` give the same.",
)
def rate_at(step: int, steps: int, peak: float, rise: int) -> float:
    """Up in `rise` equal steps, the last of them at the peak; then half a cosine wave.

    Counted from 0; after the last step the rate would be exactly zero.
    """
    import math

    if step < rise:
        return peak * (step + 1) / rise
    t = (step - rise) / (steps - rise)
    return peak * (1 + math.cos(math.pi * t)) / 2


def _ema(values: list[float], decay: float, start: float | None = None) -> list[float]:
    average = values[0] if start is None else start
    result = []
    for value in values:
        average = decay * average + (1 - decay) * value
        result.append(average)
    return result


@exercise(
    "tricks.ema",
    task="The exponential moving average after each value, started at the first value.",
    checker=function(
        _ema,
        [
            ([1.0, 2.0, 3.0, 4.0], 0.9),
            ([4.0, 0.0, 0.0], 0.5),
            ([2.0], 0.99),
            ([1.0, -1.0, 1.0, -1.0, 1.0], 0.75),
        ],
        tolerance=1e-6,
        wrong=[
            (
                lambda values, decay: _ema(values, 1 - decay),
                "The two weights changed places: `decay` is the share of the *old* "
                "average that stays.",
            ),
            (
                lambda values, decay: _ema(values, decay, 0.0),
                "That starts at zero, so the first averages are far too small. (Adam "
                "does that, and corrects for it.)",
            ),
            (
                lambda values, decay: [
                    sum(values[: i + 1]) / (i + 1) for i in range(len(values))
                ],
                "That is the plain mean of all values so far: nothing is forgotten.",
            ),
            (
                lambda values, decay: _ema(values, decay)[-1],
                "That is the last average only; return the list of all.",
            ),
        ],
        look="Take two values, 4 and 0, with decay 0.5: the averages are 4 and 2.",
    ),
    hints=[
        "Keep one number, the average; start it at the first value.",
        "New average = decay · old average + (1 − decay) · new value.",
    ],
    more="For weights it is the same line, for every one of them: "
    "`a.lerp_(w, 1 - decay)`.",
)
def moving_average(values: list[float], decay: float) -> list[float]:
    """Of the old average the share `decay` stays; the rest comes from the new value.

    Started at the first value there is no bias to correct.
    """
    average, averages = values[0], []
    for value in values:
        average = decay * average + (1 - decay) * value
        averages.append(average)
    return averages


@exercise(
    "tricks.diagnosis",
    task="The loss is 2.30, step after step. Choose the cause.",
    checker=choice(
        "labels",
        wrong={
            "zeros": "With zero weights most gradients are exactly zero, and one batch "
            "could not be learned. Read the second line again.",
            "rate": "A rate that is far too small or too large would also fail on one "
            "batch. Read the second line again.",
            "optimiser": "If the optimiser held other weights, nothing would move on "
            "one batch either.",
            "overfitting": "That shows in a *low* training loss. Here it stays high.",
        },
    ),
    hints=[
        "Network, loss, rate and optimiser have just learned something: 64 images.",
        "What is different between 64 images shown again and again, and 5,000?",
    ],
    more="64 pairs can be learned by heart whatever the labels say. Look at ten images "
    "with their labels: the cheapest test, and here the one that decides.",
)
def diagnosis() -> str:
    """Images and labels do not belong together.

    One batch can be memorised even so, hence everything else works; but across
    batches there is nothing to learn except how frequent the classes are.
    """
    return "labels"
