"""Random numbers that Python and JavaScript draw alike, from the same seed."""

from lenet_course.strict import ContentError

MASK = 0xFFFFFFFF
SEEDS = 1_000_000  # seeds that are drawn: short enough to be typed


class Stream:
    """mulberry32: a 32-bit state, whole numbers only, the same in web/drills.js.

    Source: Tommy Ettinger's mulberry32 (public domain); good enough for problems,
    not for secrets.

    >>> stream = Stream(0)
    >>> [stream.next() for _ in range(3)]
    [1144304738, 1416247, 958946056]
    >>> Stream(7).pick("a", "b", "c")
    'a'
    """

    def __init__(self, seed: int) -> None:
        self.state = seed & MASK

    def next(self) -> int:
        """A whole number from 0 to 2³² − 1."""
        self.state = (self.state + 0x6D2B79F5) & MASK
        a = self.state
        t = ((a ^ a >> 15) * (a | 1)) & MASK
        t = (t + (((t ^ t >> 7) * (t | 61)) & MASK) & MASK) ^ t
        return t ^ t >> 14

    def below(self, n: int) -> int:
        """A whole number from 0 to n − 1; ``n`` up to 2²¹: exact in JavaScript."""
        return self.next() * n >> 32

    def pick(self, *options):
        """One of ``options``."""
        return options[self.below(len(options))]

    def shuffled(self, items: list) -> list:
        """``items`` in random order, by Fisher and Yates from the end."""
        items = [*items]
        for i in range(len(items) - 1, 0, -1):
            j = self.below(i + 1)
            items[i], items[j] = items[j], items[i]
        return items


def check_seed(seed: int) -> int:
    """``seed``, or ContentError."""
    whole = isinstance(seed, int) and not isinstance(seed, bool)
    if not whole or not 0 <= seed < 2**32:
        raise ContentError(f"seed={seed!r}; a seed is a whole number from 0 to 2³² − 1")
    return seed
