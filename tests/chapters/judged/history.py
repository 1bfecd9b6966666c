"""Answers to the exercises of the chapter on history."""

from fractions import Fraction

import numpy as np
import torch
import torch.nn.functional as F


def loops(responses, size):
    rows, columns = (side // size for side in responses.shape)
    out = torch.empty(rows, columns)
    for i in range(rows):
        for j in range(columns):
            square = responses[i * size : (i + 1) * size, j * size : (j + 1) * size]
            out[i, j] = square.max()
    return out


def reshaped(responses, size):
    rows, columns = responses.shape
    cut = responses.numpy().reshape(rows // size, size, columns // size, size)
    return cut.max(axis=(1, 3))


def not_below_zero(responses, size):
    return F.max_pool2d(responses.clamp(min=0)[None, None], size)[0, 0]


def always_two(responses, size):
    return F.max_pool2d(responses[None, None], 2)[0, 0]


def only_rows(responses, size):
    return responses.unfold(0, size, size).amax(-1)


def one_short(responses, size):
    return F.max_pool2d(responses[:-1, :-1][None, None], size)[0, 0]


def ranked(confidence, right, error):
    order = sorted(range(len(right)), key=lambda i: -confidence[i])
    wrong, best = 0, 0
    for kept, i in enumerate(order, start=1):
        wrong += not right[i]
        if wrong <= error * kept:
            best = kept
    return (len(right) - best) / len(right)


def by_numpy(confidence, right, error):
    ok = right.numpy()[np.argsort(-confidence.numpy())]
    share = np.cumsum(~ok) / np.arange(1, len(ok) + 1)
    fine = np.flatnonzero(share <= error)
    return np.float64(1 - (fine[-1] + 1 if len(fine) else 0) / len(ok))


def _reject(compare=lambda wrong, kept, error: wrong / kept <= error, least=0):
    def reject(confidence, right, error):
        ok = right[confidence.argsort(descending=True)].tolist()
        best = least
        for kept in range(1, len(ok) + 1):
            if compare(kept - sum(ok[:kept]), kept, error):
                best = kept
        return 1 - best / len(ok)

    return reject


def in_percent(confidence, right, error):
    return 100 * ranked(confidence, right, error)


RIGHT = {
    "history.complex-cell": [
        loops,
        reshaped,
        lambda r, size: F.max_pool2d(r.double()[None], size).squeeze(0),
        lambda r, size: F.adaptive_max_pool2d(
            r[None], (len(r) // size, r.shape[1] // size)
        )[0],
    ],
    "history.shared-biases": [8824.0, np.int32(8824), 9_760 - 768 - 192 + 24],
    "history.seen": [2.0, Fraction(2), torch.tensor([2])],
    "history.sun": [
        110.6,
        110.64,
        np.float32(111),
        Fraction(1106, 10),
    ],
    "history.reject": [ranked, by_numpy, _reject()],
}
WRONG = {
    "history.complex-cell": [not_below_zero, always_two, only_rows, one_short],
    "history.shared-biases": [8823, 8825, 8836, 7864],
    "history.seen": [1, 2.2, 1.8, 3],
    "history.sun": [110, 112, 110.1, 37 * 167_693],
    "history.reject": [
        _reject(lambda wrong, kept, error: wrong / kept < error),
        _reject(lambda wrong, kept, error: wrong <= 1),
        _reject(lambda wrong, kept, error: wrong / kept <= 0.01),
        _reject(lambda wrong, kept, error: round(wrong / kept, 1) <= error),
        _reject(least=1),
        in_percent,
    ],
}
