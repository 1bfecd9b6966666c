"""Whole passes over a set of digits, compiled: the criterion and the loop around it.

Kept apart from ``sdlm`` so that changing an option there does not compile
these anew.
"""

import numpy as np

from experiments.originals.kernels import backward, forward, jit


@jit
def compare(f6, codes, label, c, j, competes, shares):
    """Penalties of all classes -> (predicted class, penalty of the right one).

    A penalty is ``c`` times the squared distance: 1 for the sum over the 84 units
    that eq. 7 prints, 1 / 84 for their mean. ``shares`` [10] receives
    softmax(-penalties, -j), the weight with which eq. 9 pushes each class away.
    Eq. 8 has no competition: all its shares are 0.
    """
    for i in range(10):
        shares[i] = c * ((f6 - codes[i]) ** 2).sum()
    predicted, penalty = shares.argmin(), shares[label]
    if competes:
        least = min(shares[predicted], j)
        shares[:] = np.exp(least - shares)
        shares /= shares.sum() + np.exp(least - j)
    else:
        shares[:] = 0
    return predicted, penalty


@jit
def slope_at_f6(f6, codes, label, c, shares, out):
    """The criterion's gradient: 2c (x - code) of the right class, less all shares."""
    out[:] = 2 * c * (f6 - codes[label])
    for i in range(10):
        if shares[i] > 0:
            out -= 2 * c * shares[i] * (f6 - codes[i])


@jit
def curvature_at_f6(f6, codes, c, shares, out):
    """The diagonal of its second derivative, in closed form; never negative.

    2c x (share of the rubbish class) + 4c^2 x (variance of x - code under the
    shares); for eq. 8 that is 2c.
    """
    mean = np.zeros_like(out)
    out[:] = 2 * c * (1 - shares.sum())
    for i in range(10):
        mean += shares[i] * (f6 - codes[i])
        out += (2 * c) ** 2 * shares[i] * (f6 - codes[i]) ** 2
    out -= (2 * c * mean) ** 2


@jit
def one_pass(images, labels, order, w, rate, codes, c, j, competes, y, slope, delta):
    """Train on every image once, in ``order``: (errors, penalties) on the way."""
    shares = np.zeros(10, np.float32)
    errors, total = 0, 0.0
    for n in order:
        y.x[:1024] = images[n]
        forward(w, y, slope)
        found, penalty = compare(y.f6, codes, labels[n], c, j, competes, shares)
        errors += found != labels[n]
        total += penalty
        slope_at_f6(y.f6, codes, labels[n], c, shares, delta.f6)
        backward(w, y, slope, delta, rate, w)
    return errors, total


@jit
def count_errors(images, labels, w, codes, c, y, slope):
    """(Wrong answers, sum of the right classes' penalties) with fixed weights."""
    shares = np.zeros(10, np.float32)
    errors, total = 0, 0.0
    for n in range(len(labels)):
        y.x[:1024] = images[n]
        forward(w, y, slope)
        found, penalty = compare(y.f6, codes, labels[n], c, c, False, shares)
        errors += found != labels[n]
        total += penalty
    return errors, total
