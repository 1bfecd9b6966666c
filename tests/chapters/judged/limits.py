"""Answers to the exercises of the chapter on LeNet's limits and legacy."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torchvision import ops


def _attack_directly(x, gradient, eps, mean, std):
    step = eps / std * gradient.sign()
    return (x + step).clamp((0 - mean) / std, (1 - mean) / std)


def _attack_by_numpy(x, gradient, eps, mean, std):
    pixels = x.numpy() * np.float64(std) + mean
    moved = np.clip(pixels + eps * np.sign(gradient.numpy()), 0, 1)
    return (moved - mean) / std


def _attack(sign=torch.sign, low=0.0, high=1.0, eps_of=lambda eps: eps):
    def attack(x, gradient, eps, mean, std):
        pixels = x * std + mean + eps_of(eps) * sign(gradient)
        return (pixels.clamp(low, high) - mean) / std

    return attack


def _pass_by_rank(known, strange, keep):
    cut = torch.topk(known, round(keep * len(known))).values.min()
    return (strange >= cut).double().mean()


def _pass_by_quantile(known, strange, keep):
    cut = known.quantile(1 - keep, interpolation="higher").item()
    return sum(score >= cut for score in strange.tolist()) / len(strange)


def _pass(cut, reaches=torch.ge):
    def passing(known, strange, keep):
        return reaches(strange, cut(known, keep)).double().mean().item()

    return passing


def _ranked(shift):
    def cut(known, keep):
        order = known.sort(descending=True).values
        return order[min(max(round(keep * len(known)) - 1 + shift, 0), len(known) - 1)]

    return cut


def _norm_folded(x, mean, var, scale, offset):
    factor = scale / (var + 1e-5).sqrt()
    return x * factor[:, None, None] + (offset - factor * mean)[:, None, None]


def _norm_by_layer(x, mean, var, scale, offset):
    layer = nn.BatchNorm2d(len(mean)).eval()
    parts = layer.running_mean, layer.running_var, layer.weight, layer.bias
    with torch.no_grad():
        for part, value in zip(parts, (mean, var, scale, offset)):
            part.copy_(value)
    return layer(x)


def _norm(root=lambda var: (var + 1e-5).sqrt(), shape=(1, -1, 1, 1)):
    def normalised(x, mean, var, scale, offset):
        parts = (t.view(shape) for t in (mean, root(var), scale, offset))
        mean, deviation, scale, offset = parts
        return (x - mean) / deviation * scale + offset

    return normalised


def _nms_by_torchvision(boxes, scores, names, limit):
    if not boxes:
        return []
    boxes, scores = torch.tensor(boxes).float(), torch.tensor(scores)
    return ops.batched_nms(boxes, scores, torch.tensor(names), limit).tolist()


def _nms_by_masks(boxes, scores, names, limit):
    """Whole rows of a table of IoUs are struck out."""
    corners = np.array(boxes, dtype=float).reshape(-1, 2, 2)
    low = np.maximum(corners[:, None, 0], corners[None, :, 0])
    high = np.minimum(corners[:, None, 1], corners[None, :, 1])
    both = np.clip(high - low, 0, None).prod(-1)
    area = (corners[:, 1] - corners[:, 0]).prod(-1)
    iou = both / (area[:, None] + area - both)
    alike = np.equal.outer(np.array(names), np.array(names))
    alive, kept = np.ones(len(boxes), bool), []
    for i in np.argsort(-np.array(scores)):
        if alive[i]:
            kept.append(int(i))
            alive &= ~(alike[i] & (iou[i] > limit))
    return kept


def _nms(change=lambda *args: args, after=list):
    return lambda *args: after(_nms_by_masks(*change(*args)))


def _nms_strict(boxes, scores, names, limit):
    return _nms_by_masks(boxes, scores, names, limit - 1e-9)


_THREE = 3 * nn.Conv2d(64, 64, 3, bias=False).weight.numel()

RIGHT = {
    "limits.attack-units": [_attack_directly, _attack_by_numpy],
    "limits.pass-rate": [_pass_by_rank, _pass_by_quantile],
    "limits.lost-in-depth": [
        math.ceil(math.log(1e6, 4)),
        next(n for n in range(99) if 0.25**n < 1e-6),
    ],
    "limits.stacked-weights": [
        nn.Conv2d(64, 64, 7, bias=False).weight.numel() - _THREE,
        float(49 * 64**2 - 27 * 64**2),
    ],
    "limits.batch-norm": [_norm_folded, _norm_by_layer],
    "limits.patch-embedding": [
        sum(p.numel() for p in nn.Conv2d(3, 768, 16, 16).parameters()),
        sum(p.numel() for p in nn.Linear(3 * 16 * 16, 768).parameters()),
    ],
    "limits.nms-by-class": [_nms_by_torchvision, _nms_by_masks],
    "limits.nearest-window": [0.76, 676 / 892, 169 / 223],
    "limits.attention-even": [
        1920.0,
        next(n for n in range(1, 9999) if 2 * n * n + 4 * n * 768 >= 9 * n * 768),
    ],
}
WRONG = {
    "limits.attack-units": [
        _attack(sign=lambda g: 2.0 * (g > 0) - 1),
        _attack(low=-1.0),
        _attack(high=math.inf),
        _attack(eps_of=lambda eps: 0.1),
        _attack(eps_of=lambda eps: 2 * eps),
        lambda x, gradient, eps, mean, std: _attack_directly(
            x, gradient, eps, 0.5, std
        ),
    ],
    "limits.pass-rate": [
        _pass(lambda known, keep: known.quantile(1 - keep)),
        _pass(lambda known, keep: known.quantile(1 - keep, interpolation="lower")),
        _pass(_ranked(0), torch.gt),
        _pass(_ranked(1)),
        _pass(_ranked(-1)),
        _pass(lambda known, keep: _ranked(0)(known, 0.95)),
        lambda known, strange, keep: 100 * _pass(_ranked(0))(known, strange, keep),
    ],
    "limits.lost-in-depth": [math.log(1e6, 4), 12, 8],
    "limits.stacked-weights": [90_111, 90_113, 22 * 64, 90_112 / 1000],
    "limits.batch-norm": [
        _norm(lambda var: var.sqrt() + 1e-5),
        _norm(lambda var: var.sqrt()),
        _norm(lambda var: (var + 1e-3).sqrt()),
        _norm(lambda var: var + 1e-5),
        lambda x, mean, var, scale, offset: _norm()(x, mean, var, offset, scale),
        lambda x, mean, var, scale, offset: F.batch_norm(
            x, mean.clone(), var.clone(), scale, offset, training=True
        ),
    ],
    "limits.patch-embedding": [
        590_591,
        590_593,
        768 * 16 * 16 * 3 + 1,
        768 * 769 - 768,
    ],
    "limits.nms-by-class": [
        _nms(lambda b, s, n, limit: (b, s, [0] * len(n), limit)),
        _nms(lambda b, s, n, limit: (b, s, n, 0.5)),
        _nms(lambda b, s, n, limit: (b, [-x for x in s], n, limit)),
        _nms(after=lambda kept: kept[::-1]),
        _nms(after=sorted),
        _nms_strict,
        lambda boxes, scores, names, limit: list(range(len(boxes))),
    ],
    "limits.nearest-window": [0.75, 0.77, 0.8, 24 * 24 / 992],
    "limits.attention-even": [1_919, 1_921, 1_920 / 768, 44],
}
