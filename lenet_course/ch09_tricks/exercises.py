"""The exercises of the chapter on training tricks."""

import math

import torch

from lenet_course.ch09_tricks.checkers import (
    cosine_checker,
    ema_checker,
    interval_checker,
)
from lenet_course.ch09_tricks.dropout import dropout_checker
from lenet_course.exercises.checkers import choice, number
from lenet_course.exercises.registry import exercise


@exercise(
    "tricks.he-deviation",
    task="He's standard deviation for the weights of C3, which reads all six maps.",
    checker=number(
        math.sqrt(2 / 150),
        digits=4,
        wrong={
            0.0133: "That is the variance. Its square root is asked for.",
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
    "tricks.interval",
    task="The two ends of the interval for the mean paired difference.",
    checker=interval_checker,
    hints=[
        "Work on the list of differences only: `[a - b for a, b in zip(ours, base)]`.",
        "The variance is the sum of squared deviations from the mean over n − 1.",
        "Half the width is t · s / √n.",
    ],
    more="`scipy.stats.ttest_rel(ours, base).confidence_interval()` finds t by itself; "
    "so does the book's helper, `lenet_helpers.statistics.paired_difference`.",
)
def paired_interval(ours, base, t):
    """Everything happens on the differences; that is what pairing means.

    Not told apart means low <= 0 <= high; it does not mean equal.
    """
    import math

    d = [a - b for a, b in zip(ours, base)]
    mean = sum(d) / len(d)
    variance = sum((value - mean) ** 2 for value in d) / (len(d) - 1)
    half = t * math.sqrt(variance / len(d))
    return mean - half, mean + half


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

    The mean is then, on average, that of evaluation, and evaluation costs nothing.
    """
    if not training:
        return x
    kept = torch.rand_like(x) >= p
    return x * kept / (1 - p)


@exercise(
    "tricks.warm-up-cosine",
    task="The rate at a step: a linear rise to the peak, then a cosine down to zero.",
    checker=cosine_checker,
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


@exercise(
    "tricks.ema",
    task="The exponential moving average after each value, started at the first value.",
    checker=ema_checker,
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
