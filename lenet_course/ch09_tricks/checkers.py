"""The checkers of three exercises on training tricks: right answers and mistakes."""

import math
import statistics
from itertools import accumulate

import torch

from lenet_course.exercises.checkers import function


def _error(d: list[float], deviation=statistics.stdev) -> float:
    """How far the mean of these numbers is off, typically."""
    return deviation(d) / math.sqrt(len(d))


def _interval(half=lambda ours, base, d, t: t * _error(d)):
    """The mean difference, and `half` to both sides of it."""

    def ends(ours, base, t):
        d = [a - b for a, b in zip(ours, base)]
        middle, reach = statistics.fmean(d), half(ours, base, d, t)
        return middle - reach, middle + reach

    return ends


def _scores(generator: torch.Generator) -> list[tuple]:
    def draw(count: int, spread: float) -> list[float]:
        noise = torch.randn(count, generator=generator, dtype=torch.float64)
        return [round(value, 1) for value in (97 + spread * noise).tolist()]

    shown = [([97.5, 97.2, 97.9], [96.8, 96.9, 96.7], 4.30)]
    sizes = [(5, 2.78), (2, 12.71), (10, 2.26), (5, 2.78), (4, 3.18)]
    return shown + [(draw(n, 0.4), draw(n, 1.1), t) for n, t in sizes]


interval_checker = function(
    _interval(),
    _scores,
    wrong=[
        (
            _interval(lambda ours, base, d, t: t * statistics.stdev(d)),
            "That holds single differences. Their *mean* is surer than each.",
        ),
        (
            _interval(lambda ours, base, d, t: t * _error(d, statistics.pstdev)),
            "The deviation is too small: with few seeds, by what do you divide the "
            "sum of squares?",
        ),
        (
            _interval(
                lambda ours, base, d, t: t * math.hypot(_error(ours), _error(base))
            ),
            "That forgets the pairs: take the differences first, then *their* "
            "deviation.",
        ),
        (
            _interval(lambda ours, base, d, t: 1.96 * _error(d)),
            "1.96 is for many seeds; use the `t` that is given.",
        ),
        (
            lambda ours, base, t: _interval()(base, ours, t),
            "The sign is turned round: a gain of `ours` should come out positive.",
        ),
    ],
    look="Four steps: differences, their mean, their standard deviation (n − 1), "
    "and t times that over √n.",
)


def _half_wave(share: float) -> float:
    return (1 + math.cos(math.pi * share)) / 2


def _schedule(fall=lambda s, n, r: _half_wave((s - r) / (n - r)), first: int = 1):
    """A rise whose step 0 has `first` of `rise` parts of the peak, then `fall`."""
    return lambda step, steps, peak, rise: peak * (
        (step + first) / rise if step < rise else fall(step, steps, rise)
    )


cosine_checker = function(
    _schedule(),
    [
        (step, steps, peak, rise)
        for steps, peak, rise in [
            (100, 0.1, 10),
            (50, 3.0, 5),
            (7, 1.0, 1),
            (9, 0.5, 8),
        ]
        for step in range(steps)
    ],
    tolerance=1e-6,
    wrong=[
        (
            _schedule(first=0),
            "Step 0 then has the rate 0 and is wasted: the first of the `rise` "
            "steps should already move.",
        ),
        (
            _schedule(lambda s, n, r: _half_wave(s / n)),
            "The rate jumps where the two parts meet: the cosine should begin at "
            "step `rise`.",
        ),
        (
            _schedule(lambda s, n, r: math.cos(math.pi / 2 * (s - r) / (n - r))),
            "That is a quarter of a wave: it meets zero at full slope. Take half a "
            "wave, moved up and scaled to lie between 0 and 1.",
        ),
        (
            _schedule(lambda s, n, r: (n - s) / (n - r)),
            "That falls along a straight line.",
        ),
    ],
    look="Try step `rise`, where the peak is, and the middle of the way down, "
    "where half of it is left.",
)


def _ema(values: list[float], decay: float, *start: float) -> list[float]:
    """Started at the first value, or at another number."""
    averages = accumulate(
        [*start, *values], lambda old, new: decay * old + (1 - decay) * new
    )
    return list(averages)[len(start) :]


def _series(generator: torch.Generator) -> list[tuple[list[float], float]]:
    shown = [
        ([1.0, 2.0, 3.0, 4.0], 0.9),
        ([4.0, 0.0, 0.0], 0.5),
        ([2.0], 0.99),
        ([1.0, -1.0, 1.0, -1.0, 1.0], 0.75),
    ]
    drawn = torch.randn(5, 9, generator=generator).tolist()
    return shown + list(zip(drawn, (0.0, 0.3, 0.6, 0.95, 0.999)))


ema_checker = function(
    _ema,
    _series,
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
)
