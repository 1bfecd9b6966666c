"""Answers to the exercises of the chapter on training tricks."""

import math
import statistics

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import nn


def by_numpy(ours, base, t):
    d = np.subtract(ours, base)
    return d.mean() + t * d.std(ddof=1) / np.sqrt(len(d)) * np.array([-1, 1])


def by_torch(ours, base, t):
    d = torch.tensor(ours, dtype=torch.float64) - torch.tensor(base).double()
    half = t * d.std() / len(d) ** 0.5
    return [d.mean() - half, d.mean() + half]


def _interval(reach, middle=statistics.fmean, ends=lambda m, r: (m - r, m + r)):
    def interval(ours, base, t):
        d = [a - b for a, b in zip(ours, base)]
        return ends(middle(d), reach(d, t))

    return interval


def _reach(d, t):
    return t * statistics.stdev(d) / math.sqrt(len(d))


def by_layer(x, p, training):
    return nn.Dropout(p).train(training)(x)


def by_bernoulli(x, p, training):
    if not training or p == 0:
        return x.clone()
    return torch.where(torch.bernoulli(torch.full_like(x, p)).bool(), 0.0, x / (1 - p))


def by_numpy_mask(x, p, training):
    if not training:
        return x
    return x * torch.from_numpy(np.random.rand(*x.shape) >= p) / (1 - p)


def _dropout(kept, scale=lambda p: 1 / (1 - p)):
    def dropout(x, p, training):
        return x * kept(x, p) * scale(p) if training else x

    return dropout


def _mask(x, p):
    return torch.rand_like(x) >= p


def always_on(x, p, training):
    return F.dropout(x, p, True)


def of_whole_maps(x, p, training):
    one = torch.rand(x.shape[:2] if x.dim() > 2 else x.shape) >= p
    return x * one.view(*one.shape, *[1] * (x.dim() - 2)) / (1 - p) if training else x


def in_place(x, p, training):
    return F.dropout(x, p, training, inplace=True)


def by_torch_schedule(step, steps, peak, rise):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=peak)
    if step < rise:
        return peak / rise * (1 + step)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps - rise)
    for _ in range(step - rise):
        optimizer.step()
        cosine.step()
    return optimizer.param_groups[0]["lr"]


def by_half_angle(step, steps, peak, rise):
    angle = 0.5 * np.pi * (step - rise) / (steps - rise)
    return min(peak * (step + 1) / rise, peak * np.cos(max(0, angle)) ** 2)


def _rate(up=lambda s, r: (s + 1) / r, down=lambda t: (1 + math.cos(math.pi * t)) / 2):
    def rate_at(step, steps, peak, rise):
        if step < rise:
            return peak * up(step, rise)
        return peak * down((step - rise) / (steps - rise))

    return rate_at


def one_step_shorter(step, steps, peak, rise):
    return _rate()(step, steps - (step < steps - 1), peak, rise)


def by_pandas(values, decay):
    return pd.Series(values).ewm(alpha=1 - decay, adjust=False).mean()


def by_lerp(values, decay):
    averages = [torch.tensor(values[0])]
    for value in values[1:]:
        averages.append(averages[-1].lerp(torch.tensor(value), 1 - decay))
    return torch.stack(averages)


def by_sum(values, decay):
    weights = [decay**i for i in range(len(values))]
    out = []
    for n in range(len(values)):
        fresh = (1 - decay) * np.dot(weights[:n], values[n:0:-1])
        out.append(decay**n * values[0] + fresh)
    return np.array(out)


def corrected(values, decay):
    average, out = 0.0, []
    for n, value in enumerate(values, start=1):
        average = decay * average + (1 - decay) * value
        out.append(average / (1 - decay**n))
    return out


RIGHT = {
    "tricks.he-deviation": [
        0.1155,
        0.11547,
        math.sqrt(1 / 75),
        torch.tensor(75) ** -0.5,
    ],
    "tricks.interval": [by_numpy, by_torch, _interval(_reach)],
    "tricks.dropout": [by_layer, by_bernoulli, by_numpy_mask, _dropout(_mask)],
    "tricks.warm-up-cosine": [_rate(), by_torch_schedule, by_half_angle],
    "tricks.ema": [by_pandas, by_lerp, by_sum],
    "tricks.diagnosis": ["Labels", " labels\n"],
}
WRONG = {
    "tricks.he-deviation": [0.116, 0.115, 0.1154, 0.1156, 0.12],
    "tricks.interval": [
        _interval(lambda d, t: t * statistics.stdev(d) / math.sqrt(len(d) - 1)),
        _interval(lambda d, t: t * statistics.variance(d) / math.sqrt(len(d))),
        _interval(lambda d, t: 4.30 * _reach(d, 1)),
        _interval(_reach, middle=statistics.median),
        _interval(_reach, ends=lambda m, r: (m + r, m - r)),
        _interval(_reach, ends=lambda m, r: (abs(m) - r, abs(m) + r)),
        _interval(_reach, ends=lambda m, r: (m, r)),
    ],
    "tricks.dropout": [
        _dropout(lambda x, p: torch.rand_like(x) >= 0.2, lambda p: 1.25),
        _dropout(_mask, lambda p: 1 + p),
        _dropout(_mask, lambda p: 1.25),
        _dropout(lambda x, p: torch.rand_like(x) >= p / 2),
        _dropout(lambda x, p: torch.randn_like(x) >= p),
        _dropout(lambda x, p: _mask(x[:, :1], p)),
        _dropout(lambda x, p: x.argsort(-1).argsort(-1) >= p * x.shape[-1]),
        always_on,
        of_whole_maps,
        in_place,
    ],
    "tricks.warm-up-cosine": [
        one_step_shorter,
        _rate(up=lambda s, r: (s + 1) / (r + 1)),
        _rate(down=lambda t: math.cos(math.pi * t / 2)),
        _rate(down=lambda t: 0.5 + math.cos(math.pi * t) / 2 * 0.98),
        _rate(down=lambda t: max(0.01, (1 + math.cos(math.pi * t)) / 2)),
        lambda step, steps, peak, rise: _rate()(step, steps, 0.1, rise),
        lambda step, steps, peak, rise: _rate()(step, 100, peak, rise),
    ],
    "tricks.ema": [
        corrected,
        lambda values, decay: by_sum(values, 0.9),
        lambda values, decay: by_sum(values, decay)[1:],
        lambda values, decay: by_sum(values, decay).round(2),
        lambda values, decay: [values[0], *by_sum(values, decay)[:-1]],
        lambda values, decay: by_sum([values[0], *values], decay)[2:],
    ],
    "tricks.diagnosis": ["label", "lables", "zeros", 4],
}
