"""What a difference between two recipes is worth: the book's one rule.

Two runs that share a seed share its luck: starting weights, order, images. So they
are compared seed by seed, and the difference is printed with its interval.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from scipy.special import stdtrit


@dataclass(frozen=True)
class Difference:
    """The mean of paired differences between the ends of its interval.

    It prints as ``-0.61 ± 1.17, not told apart``; ``f"{d:.1f}"`` prints one decimal.

    >>> Difference(mean=0.5, low=0.2, high=0.8)
    +0.50 ± 0.30
    """

    mean: float
    low: float
    high: float

    @property
    def half(self) -> float:
        """Half the width of the interval, the number behind ±."""
        return (self.high - self.low) / 2

    @property
    def told_apart(self) -> bool:
        """Whether the interval leaves zero out. If not, "equal" is not shown either."""
        return self.low > 0 or self.high < 0

    def __format__(self, spec: str) -> str:
        spec = spec or ".2f"
        text = f"{self.mean:+z{spec}} ± {self.half:{spec}}"
        return text if self.told_apart else f"{text}, not told apart"

    def __repr__(self) -> str:
        return format(self)

    __str__ = __repr__


def paired_difference(
    a: Iterable[float], b: Iterable[float], level: float = 0.95
) -> Difference:
    """By how much ``a`` exceeds ``b``, pair by pair, with Student's interval.

    ``a`` and ``b`` hold one number for each seed, shape (n,), in the same order of
    seeds and the same unit; the result has that unit. For n differences with mean d
    and standard deviation s (n - 1 in its denominator) the ends are d ± t s/√n, where
    t is Student's factor for n - 1 degrees of freedom (Student, "The probable error
    of a mean", Biometrika 6, 1908). In ``level`` of all such experiments the interval
    covers the true mean, if the differences are roughly normally distributed. It
    says nothing of what all seeds share: a choice of rate, a test set, one draw of
    images.

    Raises ``ValueError`` if the lengths differ, if there are fewer than two pairs, or
    if a number is not finite: a run that ended in NaN needs a score first.

    >>> base = [96.9, 96.8, 96.7, 96.7, 96.8]
    >>> paired_difference([97.0, 94.7, 95.9, 96.3, 97.0], base)
    -0.60 ± 1.15, not told apart
    """
    if not 0 < level < 1:
        raise ValueError(f"level is a share between 0 and 1, not {level}")
    ours, theirs = [float(x) for x in a], [float(x) for x in b]
    n = len(ours)
    if n != len(theirs):
        raise ValueError(f"pairs are needed: {n} numbers against {len(theirs)}")
    if n < 2:
        raise ValueError(f"{n} pair(s) have no spread: at least two are needed")
    differences = [x - y for x, y in zip(ours, theirs)]
    mean = sum(differences) / n
    if not math.isfinite(mean):
        raise ValueError("every number must be finite")
    s = math.sqrt(sum((d - mean) ** 2 for d in differences) / (n - 1))
    half = float(stdtrit(n - 1, (1 + level) / 2)) * s / math.sqrt(n)
    return Difference(mean, mean - half, mean + half)
