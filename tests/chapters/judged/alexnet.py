"""Answers to the exercises of the chapter on AlexNet."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def _count(layer: nn.Module) -> int:
    return sum(p.numel() for p in layer.parameters())


def _features_by_layers(side):
    x = F.conv2d(torch.zeros(1, 1, side, side), torch.zeros(1, 1, 11, 11), stride=4)
    for _ in range(3):
        x = F.max_pool2d(x, 3, 2)
    return torch.tensor(256 * x.numel())


def _features_by_floor(side):
    n = math.floor((side - 11) / 4 + 1)
    for _ in range(3):
        n = math.floor((n - 3) / 2 + 1)
    return 256.0 * n**2


def _features(first, then, maps=256):
    def features(side):
        n = first(side)
        for _ in range(3):
            n = then(n)
        return maps * n * n

    return features


def _pooled(n):
    return (n - 3) // 2 + 1


def _norm_by_layer(a, alpha):
    return nn.LocalResponseNorm(5, 5 * alpha, 0.75, 2.0)(a)


def _norm_by_numpy(a, alpha):
    a = a.numpy().astype("float64")
    out = np.empty_like(a)
    for i in range(a.shape[1]):
        near = a[:, max(0, i - 2) : min(a.shape[1], i + 3)]
        out[:, i] = a[:, i] * (2 + alpha * (near**2).sum(1)) ** -0.75
    return out


def _norm(low=2, high=2, power=0.75, square=torch.square, wrap=False):
    def response_norm(a, alpha):
        maps = a.shape[1]
        rows = []
        for i in range(maps):
            near = range(i - low, i + high + 1)
            near = [j % maps if wrap else j for j in near if wrap or 0 <= j < maps]
            energy = square(a[:, near]).sum(1)
            rows.append(a[:, i] / (2 + alpha * energy) ** power)
        return torch.stack(rows, 1)

    return response_norm


def _dropped_by_where(x, keep, p, training):
    if training:
        return torch.where(keep, x / (1 - p), 0.0)
    return x.clone()


def _dropped_by_numpy(x, keep, p, training):
    factor = np.where(keep.numpy(), 1 / (1 - p), 0) if training else 1
    return x.numpy() * factor


def _places(big, small):
    return len(
        [(i, j) for i in range(big) for j in range(big) if max(i, j) + small <= big]
    )


RIGHT = {
    "alexnet.conv2-parameters": [
        _count(nn.Conv2d(96, 256, 5, groups=2)),
        2 * _count(nn.Conv2d(48, 128, 5)),
    ],
    "alexnet.features": [_features_by_layers, _features_by_floor],
    "alexnet.response-norm": [_norm_by_layer, _norm_by_numpy],
    "alexnet.dropout": [_dropped_by_where, _dropped_by_numpy],
    "alexnet.crops": [_places(256, 227), float(_places(256, 227))],
}
WRONG = {
    "alexnet.conv2-parameters": [
        307_455,
        307_457,
        _count(nn.Conv2d(96, 128, 5)),
        308_352,
    ],
    "alexnet.features": [
        _features(lambda n: round((n - 11) / 4) + 1, _pooled),
        _features(lambda n: (n - 11) // 4 + 1, lambda n: round((n - 3) / 2 + 1)),
        _features(lambda n: (n - 11) // 4 + 1, lambda n: math.ceil((n - 3) / 2) + 1),
        _features(lambda n: (n - 11) // 4 + 1, lambda n: n // 2),
        _features(lambda n: (n - 11) // 4 + 1, _pooled, maps=384),
        _features(lambda n: (n - 11) / 4 + 1, lambda n: (n - 3) / 2 + 1),
    ],
    "alexnet.response-norm": [
        _norm(low=4, high=0),
        _norm(low=1),
        _norm(power=0.5),
        _norm(square=torch.abs),
        _norm(wrap=True),
        lambda a, alpha: _norm()(a, 1e-4),
        lambda a, alpha: _norm()(a.transpose(2, 3), alpha),
        lambda a, alpha: _norm()(a.transpose(1, 2), alpha).transpose(1, 2),
    ],
    "alexnet.dropout": [
        lambda x, keep, p, training: x * keep * 2 if training else x,
        lambda x, keep, p, training: x * ~keep / (1 - p) if training else x,
        lambda x, keep, p, training: (
            x * keep / keep.float().mean() if training else x
        ),
        lambda x, keep, p, training: F.dropout(x, p, training),
        lambda x, keep, p, training: x * keep / (1 - p) if not training else x,
    ],
    "alexnet.crops": [899, 901, 29 * 30, 31 * 31],
}
