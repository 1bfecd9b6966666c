"""Answers to the exercises of the chapter on LeNet against AlexNet."""

import statistics
from collections import Counter

import numpy as np
import torch


def _layers_by_counter(kinds):
    counts = Counter(kinds)
    weights = counts["conv"] + counts["dense"] + counts["codes"]
    return [weights, weights + counts["max"] + counts["average"]]


def _layers_by_numpy(kinds):
    kinds = np.array(kinds)
    weights = np.isin(kinds, ["conv", "dense", "codes"]).sum()
    return np.array([weights, weights + np.isin(kinds, ["max", "average"]).sum()])


def _counted(weights, pooling):
    def layers(kinds):
        first = sum(kind in weights for kind in kinds)
        return first, first + sum(kind in pooling for kind in kinds)

    return layers


_W, _P = ("conv", "dense", "codes"), ("max", "average")


def _paired_by_torch(a, b):
    d = torch.tensor(b) - torch.tensor(a)
    return torch.stack([d.mean(), d.std()])


def _paired_by_numpy(a, b):
    d = np.subtract(b, a)
    return d.mean(), d.std(ddof=1)


def _spread(of):
    def paired(a, b):
        d = [y - x for x, y in zip(a, b)]
        return of(d)

    return paired


def _macs_by_layer(macs, images, passes):
    total = 0
    for i, layer in enumerate(macs):
        total += layer * (3 if i else 2)
    return float(total * images * passes)


RIGHT = {
    "lenet_vs_alexnet.layers": [_layers_by_counter, _layers_by_numpy],
    "lenet_vs_alexnet.paired": [_paired_by_torch, _paired_by_numpy],
    "lenet_vs_alexnet.price": [
        lambda ca, pa, cb, pb: -(ca - cb) / (pb - pa),
        lambda ca, pa, cb, pb: np.polyfit([pa, pb], [ca, cb], 1)[0],
    ],
    "lenet_vs_alexnet.training-macs": [
        _macs_by_layer,
        lambda macs, images, passes: (torch.tensor(macs).mul(3).sum() - macs[0])
        * images
        * passes,
    ],
    "lenet_vs_alexnet.training-bytes": [
        lambda params, kept, batch: sum([4 * params] * 3) + batch * kept * 4,
        lambda params, kept, batch: np.int64(12) * params + 4.0 * kept * batch,
    ],
}
WRONG = {
    "lenet_vs_alexnet.layers": [
        _counted(("conv", "dense"), (*_P, "codes")),
        _counted(_W, ("max",)),
        _counted(_W, (*_P, "dropout")),
        _counted(_W, (*_P, "tanh")),
        lambda kinds: (len(set(kinds) & set(_W)), len(set(kinds) & {*_W, *_P})),
        lambda kinds: _counted(_W, _P)(kinds)[::-1],
    ],
    "lenet_vs_alexnet.paired": [
        lambda a, b: _paired_by_numpy(sorted(a), sorted(b)),
        _spread(lambda d: (statistics.median(d), statistics.stdev(d))),
        _spread(lambda d: (statistics.mean(d), statistics.variance(d))),
        _spread(lambda d: (statistics.mean(d), statistics.stdev(d) / len(d) ** 0.5)),
        _spread(lambda d: (statistics.mean(map(abs, d)), statistics.stdev(d))),
        _spread(lambda d: (statistics.mean(d), max(d) - min(d))),
        _spread(
            lambda d: (round(statistics.mean(d), 2), round(statistics.stdev(d), 2))
        ),
    ],
    "lenet_vs_alexnet.price": [
        lambda ca, pa, cb, pb: (cb - ca) // (pb - pa),
        lambda ca, pa, cb, pb: round((cb - ca) / (pb - pa)),
        lambda ca, pa, cb, pb: abs((cb - ca) / (pb - pa)),
        lambda ca, pa, cb, pb: (cb - ca) / max(pb - pa, 1),
        lambda ca, pa, cb, pb: (cb / ca - 1) / (pb - pa),
    ],
    "lenet_vs_alexnet.training-macs": [
        lambda macs, images, passes: (3 * sum(macs) - max(macs)) * images * passes,
        lambda macs, images, passes: (3 * sum(macs) - macs[-1]) * images * passes,
        lambda macs, images, passes: 3 * sum(macs[1:]) * images * passes,
        lambda macs, images, passes: (2 * sum(macs) - macs[0]) * images * passes,
        lambda macs, images, passes: (3 * sum(macs) - macs[0]) * passes,
    ],
    "lenet_vs_alexnet.training-bytes": [
        lambda params, kept, batch: 4 * (4 * params + kept * batch),
        lambda params, kept, batch: 2 * (3 * params + kept * batch),
        lambda params, kept, batch: 4 * (3 * params + kept + batch),
        lambda params, kept, batch: 4 * 3 * params + kept * batch,
        lambda params, kept, batch: 4 * 3 * (params + kept * batch),
    ],
}
