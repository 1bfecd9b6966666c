"""Answers to the exercises of the chapter on the three LeNets."""

import math

import numpy as np
import torch
import torch.nn.functional as F


def map_by_map(x, weight, table):
    outs = [
        F.conv2d(x[:, reads.bool()], w[None, reads.bool()])
        for w, reads in zip(weight, table)
    ]
    return torch.cat(outs, dim=1)


def by_unfold(x, weight, table):
    masked = torch.where(table[..., None, None], weight, 0.0).flatten(1).double()
    columns = F.unfold(x.double(), 5)
    side = [n - 4 for n in x.shape[2:]]
    return (masked @ columns).view(len(x), -1, *side)


def _masked(mask):
    return lambda x, weight, table: F.conv2d(x, weight * mask(table))


def of_inputs(x, weight, table):
    return F.conv2d(x * table.any(0)[:, None, None], weight)


def in_place(x, weight, table):
    weight[~table] = 0
    return F.conv2d(x, weight)


def averaged(x, weight, table):
    share = table.sum(1)[:, None, None]
    return map_by_map(x, weight, table) / share


def padded(x, weight, table):
    return F.conv2d(x, weight * table[..., None, None], padding=2)


def by_hand(y, labels, j):
    total = 0.0
    for row, label in zip(y.tolist(), labels.tolist()):
        total += row[label] + math.log(math.exp(-j) + sum(math.exp(-p) for p in row))
    return total / len(y)


def to_numpy(y, labels, j):
    y = y.double().numpy()
    terms = np.c_[-y, np.full(len(y), -j)]
    return (y[np.arange(len(y)), labels] + np.log(np.exp(terms).sum(1))).mean()


def _criterion(rest, right=lambda y, labels: y[torch.arange(len(y)), labels]):
    """Eq. 9 with another sum, or another picked penalty."""

    def equation_9(y, labels, j):
        return (right(y, labels) + rest(y, labels, j).log()).mean()

    return equation_9


def _eleven(y, labels, j):
    return (-y).exp().sum(1) + math.exp(-j)


def _without_its_own(y, labels, j):
    return _eleven(y, labels, j) - (-y).exp().gather(1, labels[:, None])[:, 0]


def _rate(bend, numerator=lambda eta: eta):
    return lambda curvature, eta, mu: numerator(eta) / bend(curvature, mu)


def by_loops(curvature, eta, mu):
    sums = [sum(image) for image in curvature.tolist()]
    return eta / (mu + sum(sums) / len(sums))


RIGHT = {
    "three_lenets.dense-and-moving": [
        61_740.0,
        60_000 + 900 + 840,
        torch.tensor([61_740]),
    ],
    "three_lenets.masked-convolution": [
        map_by_map,
        by_unfold,
        lambda x, w, table: F.conv2d(x, w.masked_fill(~table[:, :, None, None], 0)),
    ],
    "three_lenets.equation-9": [by_hand, to_numpy, _criterion(_eleven)],
    "three_lenets.rate": [by_loops, _rate(lambda c, mu: mu + c.double().mean(0).sum())],
}
WRONG = {
    "three_lenets.dense-and-moving": [61_739, 61_741, 61_784, 61_696],
    "three_lenets.masked-convolution": [
        _masked(lambda table: table.any(1)[:, None, None, None]),
        _masked(lambda table: table.roll(1, 0)[..., None, None]),
        _masked(lambda table: table.roll(1, 1)[..., None, None]),
        of_inputs,
        in_place,
        averaged,
        padded,
    ],
    "three_lenets.equation-9": [
        lambda y, labels, j: by_hand(y, labels, 1.0),
        lambda y, labels, j: by_hand(y, torch.arange(len(y)) % 10, j),
        lambda y, labels, j: by_hand(y[:1], labels, j),
        _criterion(_without_its_own),
        _criterion(lambda y, labels, j: (-y).exp().sum(1) + j),
        _criterion(lambda y, labels, j: _eleven(y, labels, j) / 11),
        _criterion(_eleven, right=lambda y, labels: y.min(1).values),
    ],
    "three_lenets.rate": [
        _rate(lambda c, mu: c.sum(1).mean(0)),
        _rate(lambda c, mu: 0.02 + c.sum(1).mean(0)),
        _rate(lambda c, mu: mu + c.sum(0).mean()),
        _rate(lambda c, mu: mu + c.sum(1).max()),
        _rate(lambda c, mu: mu + c.sum(1)[0]),
        _rate(lambda c, mu: mu + c.sum(1).mean(0), lambda eta: 5e-4),
        _rate(lambda c, mu: (mu + c).sum(1).mean(0)),
    ],
}
