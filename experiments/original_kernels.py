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
    shapes = 1040, (6, WIDE1), (6, 208), (16, 272), 400, 120, 84
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
def correlate(out, x, kernel, width, length):
    """Add the 5x5 correlation of a wide map to ``out``."""
    for row in range(5):
        k = 5 * row
        w0, w1, w2, w3, w4 = kernel[k : k + 5]
        r = x[row * width : row * width + length + 4]
        for p in range(length):
            out[p] += (
                w0 * r[p]
                + w1 * r[p + 1]
                + w2 * r[p + 2]
                + w3 * r[p + 3]
                + w4 * r[p + 4]
            )


@jit
def correlate_back(out, rate, x, delta, width, length):
    """Step the 25 weights of a kernel along their gradients."""
    for row in range(5):
        k = 5 * row
        r = x[row * width : row * width + length + 4]
        g0 = g1 = g2 = g3 = g4 = np.float32(0)
        for p in range(length):
            d = delta[p]
            g0 += d * r[p]
            g1 += d * r[p + 1]
            g2 += d * r[p + 2]
            g3 += d * r[p + 3]
            g4 += d * r[p + 4]
        out[k] += rate[k] * g0
        out[k + 1] += rate[k + 1] * g1
        out[k + 2] += rate[k + 2] * g2
        out[k + 3] += rate[k + 3] * g3
        out[k + 4] += rate[k + 4] * g4


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
        correlate(y.c1[m], y.x, w.c1[m], 32, WIDE1)
        squash(y.c1[m], slope.c1[m])
        subsample(y.s2[m], y.c1[m], w.s2[m], w.s2_bias[m], 32, 14)
        squash(y.s2[m], slope.s2[m])
    for m in range(16):
        y.c3[m, :WIDE3] = w.c3_bias[m]
    for k in range(60):
        correlate(y.c3[C3_PAIRS[k, 0]], y.s2[C3_PAIRS[k, 1]], w.c3[k], 14, WIDE3)
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
    for k in range(60):
        m, i = C3_PAIRS[k]
        correlate(delta.s2[i], delta.c3[m], w.c3[k, ::-1], 14, 208)
        correlate_back(out.c3[k], rate.c3[k], y.s2[i], delta.c3[m, LEAD:], 14, WIDE3)
    for m in range(6):
        times(delta.s2[m], slope.s2[m])
        by_coefficient, by_bias = subsample_back(
            delta.s2[m], y.c1[m], delta.c1[m], w.s2[m], 32, 14
        )
        out.s2[m] += rate.s2[m] * by_coefficient
        out.s2_bias[m] += rate.s2_bias[m] * by_bias
        times(delta.c1[m], slope.c1[m])
        out.c1_bias[m] += rate.c1_bias[m] * delta.c1[m].sum()
        correlate_back(out.c1[m], rate.c1[m], y.x, delta.c1[m], 32, WIDE1)
