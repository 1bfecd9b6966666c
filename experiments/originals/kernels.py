"""LeNet-5 at one sample a step: forward and backward pass compiled by numba.

At batch 1 a framework spends its time between the operations, not in them: some
thirty calls of a few microseconds each, for a network that needs a million
multiplications. Here a whole pass over the training set is one compiled function.

Maps are stored "wide": row r of a convolution's output starts at r times the width
of its INPUT. A 5x5 convolution is then 25 additions of one long shifted vector; the
last four columns of each row are not part of the map, and nothing reads them.

One ``backward`` serves twice. With weights, inputs and slopes as they are, it is
back-propagation. With all of them squared, it is the recursion for the diagonal of
the Gauss-Newton matrix (LeCun et al. 1998, eq. 23 to 27). A test holds both equal
to autograd.

Needs numba (``pip install numba``), which nothing else in this repository does.
"""

from collections import namedtuple

import numpy as np
from numba import njit

from lenet_helpers.models.original import C3_TABLE, LeNet5

AMPLITUDE, SLOPE = np.float32(1.7159), np.float32(2 / 3)
C3_PAIRS = C3_TABLE.nonzero().numpy()  # [60, 2]: map of C3, map of S2
# Kernels go in twos. READERS: two that read the same map of S2. READ: two of the
# same map of C3, with the second one's map of S2; where a map of C3 reads three, the
# last goes with itself into a seventh map of S2 that nothing reads.
READERS = np.concatenate(
    [np.flatnonzero(C3_PAIRS[:, 1] == i).reshape(-1, 2) for i in range(6)]
)
READ = np.array(
    [
        (a, b, C3_PAIRS[b, 1]) if a != b else (a, a, 6)
        for kernels in (np.flatnonzero(C3_PAIRS[:, 0] == m) for m in range(16))
        for a, b in zip(kernels[::2], [*kernels[1::2], kernels[-1]])
    ]
)

WIDE1, WIDE3 = 28 * 32, 9 * 16  # lengths of C1's and C3's wide maps, rounded up
LEAD = 4 * 14 + 4  # a unit of C3 starts up to this far before a pixel that it reads

jit = njit(fastmath=True, error_model="numpy", cache=True)

Maps = namedtuple("Maps", "x c1 s2 c3 s4 c5 f6")
Weights = namedtuple(
    "Weights",
    "c1 c1_bias s2 s2_bias c3 c3_bias s4 s4_bias c5 c5_bias f6 f6_bias",
)


def new_maps() -> Maps:
    """Room for one image's values, slopes or deltas at every layer."""
    shapes = 1040, (6, WIDE1), (7, 208), (16, 272), 400, 120, 84
    return Maps(*(np.zeros(shape, np.float32) for shape in shapes))


def views(model: LeNet5) -> Weights:
    """The model's own parameters as numpy arrays: writing to them trains it."""
    arrays = [parameter.detach().numpy() for parameter in model.parameters()]
    return Weights(*(a.reshape(len(a), -1) if a.ndim > 1 else a for a in arrays))


@jit
def squash(values, slopes):
    """A tanh(S a) in place, and its slope.

    Lambert's continued fraction for tanh(u / 2), then the formula for the double
    angle: exact to float32, and a form that compiles to vector instructions.
    """
    for k in range(values.size):
        u = SLOPE / 2 * values[k]
        u = min(max(u, np.float32(-4.5)), np.float32(4.5))
        s = u * u
        top = u * (135135 + s * (17325 + s * (378 + s)))
        low = 135135 + s * (62370 + s * (3150 + s * 28))
        t = 2 * top * low / (low * low + top * top)
        values[k] = AMPLITUDE * t
        slopes[k] = AMPLITUDE * SLOPE * (1 - t * t)


@jit
def correlate(out_a, out_b, x, a, b, width, length):
    """Add the correlations of one wide map with two 5x5 kernels to two others.

    Two at a time, because loading the shifted pieces of ``x`` is what takes long.
    """
    for row in range(5):
        a0, a1, a2, a3, a4 = a[5 * row : 5 * row + 5]
        b0, b1, b2, b3, b4 = b[5 * row : 5 * row + 5]
        r = x[row * width : row * width + length + 4]
        for p in range(length):
            x0, x1, x2, x3, x4 = r[p], r[p + 1], r[p + 2], r[p + 3], r[p + 4]
            out_a[p] += a0 * x0 + a1 * x1 + a2 * x2 + a3 * x3 + a4 * x4
            out_b[p] += b0 * x0 + b1 * x1 + b2 * x2 + b3 * x3 + b4 * x4


@jit
def correlate_back(out_a, out_b, rate_a, rate_b, x, delta_a, delta_b, width, length):
    """Step the weights of two kernels that read the same map."""
    for row in range(5):
        r = x[row * width : row * width + length + 4]
        a0 = a1 = a2 = a3 = a4 = b0 = b1 = b2 = b3 = b4 = np.float32(0)
        for p in range(length):
            x0, x1, x2, x3, x4 = r[p], r[p + 1], r[p + 2], r[p + 3], r[p + 4]
            d, e = delta_a[p], delta_b[p]
            a0, a1, a2, a3, a4 = (
                a0 + d * x0, a1 + d * x1, a2 + d * x2, a3 + d * x3, a4 + d * x4
            )  # fmt: skip
            b0, b1, b2, b3, b4 = (
                b0 + e * x0, b1 + e * x1, b2 + e * x2, b3 + e * x3, b4 + e * x4
            )  # fmt: skip
        a, b = (a0, a1, a2, a3, a4), (b0, b1, b2, b3, b4)
        for c in range(5):
            k = 5 * row + c
            out_a[k] += rate_a[k] * a[c]
            out_b[k] += rate_b[k] * b[c]


@jit
def subsample(out, x, coefficient, bias, width, side):
    """Sum of 2x2 windows of a wide map, times a coefficient, plus a bias."""
    for r in range(side):
        for c in range(side):
            p = 2 * (width * r + c)
            total = x[p] + x[p + 1] + x[p + width] + x[p + width + 1]
            out[side * r + c] = coefficient * total + bias


@jit
def subsample_back(delta, x, x_delta, coefficient, width, side):
    """Spread deltas over their windows; gradients of coefficient and bias."""
    by_coefficient = by_bias = np.float32(0)
    for r in range(side):
        for c in range(side):
            p = 2 * (width * r + c)
            d = delta[side * r + c]
            by_bias += d
            by_coefficient += d * (x[p] + x[p + 1] + x[p + width] + x[p + width + 1])
            spread = coefficient * d
            x_delta[p] = x_delta[p + 1] = spread
            x_delta[p + width] = x_delta[p + width + 1] = spread
    return by_coefficient, by_bias


@jit
def linear(out, x, weight, bias):
    for r in range(out.size):
        total = np.float32(0)
        for k in range(x.size):
            total += weight[r, k] * x[k]
        out[r] = total + bias[r]


@jit
def linear_back(out, out_bias, rate, rate_bias, weight, x, delta, x_delta):
    x_delta[:] = 0
    for r in range(delta.size):
        d = delta[r]
        for k in range(x.size):  # before the row is changed: out may be weight
            x_delta[k] += weight[r, k] * d
        for k in range(x.size):
            out[r, k] += rate[r, k] * d * x[k]
        out_bias[r] += rate_bias[r] * d


@jit
def forward(w, y, slope):
    """From the image in ``y.x`` to the values of every layer, and their slopes."""
    for m in range(6):
        y.c1[m] = w.c1_bias[m]
    for m in range(0, 6, 2):
        correlate(y.c1[m], y.c1[m + 1], y.x, w.c1[m], w.c1[m + 1], 32, WIDE1)
    for m in range(6):
        squash(y.c1[m], slope.c1[m])
        subsample(y.s2[m], y.c1[m], w.s2[m], w.s2_bias[m], 32, 14)
        squash(y.s2[m], slope.s2[m])
    for m in range(16):
        y.c3[m, :WIDE3] = w.c3_bias[m]
    for a, b in READERS:
        y3 = y.c3[C3_PAIRS[a, 0]], y.c3[C3_PAIRS[b, 0]]
        correlate(*y3, y.s2[C3_PAIRS[a, 1]], w.c3[a], w.c3[b], 14, WIDE3)
    for m in range(16):
        squash(y.c3[m, :WIDE3], slope.c3[m])
        s4 = y.s4[25 * m : 25 * m + 25]
        subsample(s4, y.c3[m], w.s4[m], w.s4_bias[m], 14, 5)
    squash(y.s4, slope.s4)
    linear(y.c5, y.s4, w.c5, w.c5_bias)
    squash(y.c5, slope.c5)
    linear(y.f6, y.c5, w.f6, w.f6_bias)
    squash(y.f6, slope.f6)


@jit
def times(delta, slope):
    for k in range(delta.size):
        delta[k] *= slope[k]


@jit
def backward(w, y, slope, delta, rate, out):
    """From ``delta.f6``, by the values of F6, down: out += rate * gradient."""
    times(delta.f6, slope.f6)
    linear_back(
        out.f6, out.f6_bias, rate.f6, rate.f6_bias, w.f6, y.c5, delta.f6, delta.c5
    )
    times(delta.c5, slope.c5)
    linear_back(
        out.c5, out.c5_bias, rate.c5, rate.c5_bias, w.c5, y.s4, delta.c5, delta.s4
    )
    times(delta.s4, slope.s4)
    for m in range(16):
        d3 = delta.c3[m, LEAD:]
        by_coefficient, by_bias = subsample_back(
            delta.s4[25 * m : 25 * m + 25], y.c3[m], d3, w.s4[m], 14, 5
        )
        out.s4[m] += rate.s4[m] * by_coefficient
        out.s4_bias[m] += rate.s4_bias[m] * by_bias
        times(d3[:WIDE3], slope.c3[m])
        out.c3_bias[m] += rate.c3_bias[m] * d3[:WIDE3].sum()
    delta.s2[:] = 0
    for a, b, i_b in READ:
        m, i_a = C3_PAIRS[a]
        d2 = delta.s2[i_a], delta.s2[i_b]
        correlate(*d2, delta.c3[m], w.c3[a, ::-1], w.c3[b, ::-1], 14, 208)
    for a, b in READERS:
        d3 = delta.c3[C3_PAIRS[a, 0], LEAD:], delta.c3[C3_PAIRS[b, 0], LEAD:]
        y2 = y.s2[C3_PAIRS[a, 1]]
        correlate_back(out.c3[a], out.c3[b], rate.c3[a], rate.c3[b], y2, *d3, 14, WIDE3)
    for m in range(6):
        times(delta.s2[m], slope.s2[m])
        by_coefficient, by_bias = subsample_back(
            delta.s2[m], y.c1[m], delta.c1[m], w.s2[m], 32, 14
        )
        out.s2[m] += rate.s2[m] * by_coefficient
        out.s2_bias[m] += rate.s2_bias[m] * by_bias
        times(delta.c1[m], slope.c1[m])
        out.c1_bias[m] += rate.c1_bias[m] * delta.c1[m].sum()
    for a in range(0, 6, 2):
        b, d1 = a + 1, (delta.c1[a], delta.c1[a + 1])
        correlate_back(
            out.c1[a], out.c1[b], rate.c1[a], rate.c1[b], y.x, *d1, 32, WIDE1
        )
