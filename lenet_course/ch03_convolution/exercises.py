"""The exercises of the chapter on convolution: counts, fields and padding.

Those on kernels that are merged, stamped and split stand in `operations`.
"""

from lenet_course.ch03_convolution import operations
from lenet_course.exercises.checkers import function, number, shape
from lenet_course.exercises.registry import exercise

__all__ = ["operations"]


@exercise(
    "convolution.local-weights",
    task="How many parameters does C3's wiring have without weight sharing?",
    checker=number(
        241_600,
        wrong={
            2_416: "That is the shared layer. How often does it use its weights?",
            240_000: "These are the weights. What else has every unit of its own?",
            240_016: "Without sharing every unit has a bias of its own, not every map.",
            1_883_200: "That joins each unit to all 6·14·14 values of S2.",
            41_600: "A window covers 5×5 places in each of the six maps of S2.",
            15_100: "That is one map of C3. How many are there?",
            151_600: "These are the 60 pairs of Table I; here all 96 are joined.",
        },
        look="Count the units of C3, then what one of them reads.",
    ),
    hints=[
        "C3 has 16 maps of 10×10 units.",
        "One unit reads 5×5 places in each of six maps, and has a bias.",
        "1,600 units, each with 151 parameters of its own.",
    ],
    more="That is also the number of connections: unshared, each link has its weight.",
)
def local_weights() -> int:
    """Without sharing each unit keeps its own 6·25 weights and its own bias."""
    units = 16 * 10 * 10
    return units * (6 * 5 * 5 + 1)


@exercise(
    "convolution.fields",
    task="Fields after 5×5 with stride 2, 3×3 with stride 1, 3×3 with stride 2?",
    checker=shape(
        (5, 9, 13),
        wrong={
            (5, 7, 15): "That multiplies by a layer's own stride before adding its "
            "kernel. From the input up, whose stride counts?",
            (5, 7, 9): "After the stride of 2, neighbours lie two pixels apart.",
            (9, 13, 21): "A layer's own stride does not widen what its units read.",
            (5, 9, 17): "The second layer has stride 1: how far apart are its units?",
            (5, 15, 45): "Fields overlap: they add up, they do not multiply.",
        },
        look="Keep two numbers, field and jump; the stride changes the jump, later.",
        names=["after layer 1", "after layer 2", "after layer 3"],
    ),
    hints=[
        "The first layer sees its kernel. What is the jump after it?",
        "Each later kernel of 3 adds two jumps.",
        "Jumps: 1 before the first layer, 2 before the second, 2 before the third.",
    ],
    more="The last stride widens none of the three; it would widen a fourth.",
)
def fields() -> tuple[int, int, int]:
    """Field 1 and jump 1 at the pixels; a kernel adds (k − 1) jumps, and only then
    does the stride multiply the jump.
    """
    field, jump, seen = 1, 1, []
    for kernel, stride in [(5, 2), (3, 1), (3, 2)]:
        field += (kernel - 1) * jump
        jump *= stride
        seen.append(field)
    return tuple(seen)


def _total_behind(kernel: int, dilation: int) -> tuple[int, int]:
    total = dilation * (kernel - 1)
    return total // 2, total - total // 2


@exercise(
    "convolution.same-padding",
    task="Write `same_padding(kernel, dilation)`: how many pixels before, and after?",
    checker=function(
        _total_behind,
        [(5, 1), (3, 1), (1, 1), (3, 2), (2, 1), (4, 1), (4, 3), (2, 3), (5, 4)],
        look="How much shorter does the kernel make a row? Give that back, the odd "
        "pixel at the end.",
        wrong=[
            (
                lambda kernel, dilation: (kernel // 2, kernel // 2),
                "Right for odd kernels without dilation. What is lost by an even one?",
            ),
            (
                lambda kernel, dilation: ((kernel - 1) // 2, kernel // 2),
                "Right without dilation. How far apart are the outermost taps?",
            ),
            (
                lambda kernel, dilation: _total_behind(kernel, dilation)[::-1],
                "The row keeps its length, but PyTorch puts the odd pixel at the end.",
            ),
            (
                lambda kernel, dilation: (
                    dilation * (kernel // 2),
                    dilation * (kernel // 2),
                ),
                "Right for odd kernels. An even one must not make the row longer.",
            ),
            (
                lambda kernel, dilation: (dilation * kernel // 2,) * 2,
                "Between k taps there are k − 1 gaps.",
            ),
        ],
    ),
    hints=[
        "A row of n pixels leaves n − d(k − 1) places: that many pixels are missing.",
        "Half of them go in front. What if their number is odd?",
        "`total // 2` in front, `total - total // 2` behind.",
    ],
    more="Where the total is odd, as for kernel 4 undilated, the map moves by half a "
    "pixel.",
)
def same_padding(kernel: int, dilation: int = 1) -> tuple[int, int]:
    """k taps with gaps of d span d(k − 1) + 1 pixels: a row loses d(k − 1) places."""
    total = dilation * (kernel - 1)
    before = total // 2
    return before, total - before
