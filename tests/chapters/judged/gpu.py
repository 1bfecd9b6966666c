"""Answers to the exercises of the chapter on GPUs and several devices."""

import math
from itertools import cycle, islice

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from lenet_course.ch10_gpu import checkers


def by_fit(low, high, batch):
    slope, start = np.polyfit(*zip(low, high), 1)
    return batch / np.polyval([slope, start], batch)


def from_low(low, high, batch):
    (b1, t1), (b2, t2) = torch.tensor([low, high], dtype=torch.float64)
    return batch / (t1 + (batch - b1) * (t2 - t1) / (b2 - b1))


def waits_after_each(device, repeats):
    device.launch()
    device.launch()
    device.synchronize()
    seconds = []
    for _ in range(repeats):
        start = device.clock()
        device.launch()
        device.synchronize()
        seconds.append(device.clock() - start)
    return sum(seconds) / len(seconds)


def _timer(count=lambda n: n, share=lambda n: n, warm=1, wait=True):
    def seconds(device, repeats):
        for _ in range(warm):
            device.launch()
            device.synchronize()
        start = device.clock()
        for _ in range(count(repeats)):
            device.launch()
        if wait:
            device.synchronize()
        return (device.clock() - start) / share(repeats)

    return seconds


def median(device, repeats):
    device.launch()
    device.synchronize()
    seconds = []
    for _ in range(repeats + 1):
        start = device.clock()
        device.launch()
        device.synchronize()
        seconds.append(device.clock() - start)
    return sorted(seconds)[0]


def by_cycle(count, size, rank):
    each = math.ceil(count / size)
    return np.array(list(islice(cycle(range(count)), each * size)))[rank::size]


def by_steps(count, size, rank):
    return [(rank + i * size) % count for i in range((count + size - 1) // size)]


def _shard(pad):
    def shard(count, size, rank):
        indices = list(range(count))
        short = -count % size
        return (indices + pad(indices, short))[rank::size]

    return shard


def summed(net, opt, x, t, size):
    opt.zero_grad()
    for start in range(0, len(x), size):
        part = slice(start, start + size)
        F.cross_entropy(net(x[part]), t[part], reduction="sum").backward()
    for p in net.parameters():
        p.grad /= len(x)
    opt.step()


def by_loss_on_average(net, opt, x, t, size):
    for p in net.parameters():
        p.grad = None
    mean = nn.CrossEntropyLoss(reduction="none")
    for part, labels in zip(torch.split(x, size), torch.split(t, size)):
        (mean(net(part), labels) / len(t)).sum().backward()
    return opt.step()


def _share(y, t):
    return len(y) / len(t)


def _parts(weight=_share, step=lambda opt, net: opt.step(), cut=0):
    def accumulate(net, opt, x, t, size):
        opt.zero_grad()
        for part, y in zip(x[cut:].split(size), t[cut:].split(size)):
            (F.cross_entropy(net(part), y) * weight(y, t)).backward()
        step(opt, net)

    return accumulate


def by_hand_written_update(opt, net):
    with torch.no_grad():
        for p in net.parameters():
            p -= 0.5 * p.grad


def clipped(opt, net):
    nn.utils.clip_grad_norm_(net.parameters(), 0.5)
    opt.step()


def one_backward(net, opt, x, t, size):
    opt.zero_grad()
    z = torch.cat([net(part) for part in x.split(size)])
    F.cross_entropy(z, t).backward()
    opt.step()


def clips_scaled(loss, parameters, optimizer, scaler, limit):
    scaler.scale(loss).backward()
    nn.utils.clip_grad_norm_(parameters, limit * scaler.get_scale())
    scaler.step(optimizer)
    scaler.update()
    optimizer.zero_grad()


def clips_by_hand(loss, parameters, optimizer, scaler, limit):
    for p in parameters:
        p.grad = None
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    norm = sum(p.grad.square().sum() for p in parameters).sqrt()
    if norm > limit:
        for p in parameters:
            p.grad.mul_(limit / norm)
    scaler.step(optimizer)
    scaler.update()


def in_order(deeds: str):
    return checkers._clipped(*deeds.split())


RIGHT = {
    "gpu.throughput": [by_fit, from_low],
    "gpu.timer": [waits_after_each, _timer(), _timer(warm=3)],
    "gpu.memory": [
        lambda params, batch, kept: 16.0 * params + 4 * batch * kept,
        lambda *n: torch.tensor(16 * n[0] + 4 * n[1] * n[2]),
    ],
    "gpu.shards": [by_cycle, by_steps],
    "gpu.accumulate": [summed, by_loss_on_average, _parts()],
    "gpu.scaler": [clips_scaled, clips_by_hand],
}
WRONG = {
    "gpu.throughput": [
        lambda low, high, batch: batch * high[0] / high[1] / high[0],
        lambda low, high, batch: low[0] / low[1],
        lambda low, high, batch: (high[0] - low[0]) / (high[1] - low[1]),
        lambda low, high, batch: 1 / by_fit(low, high, batch),
        lambda low, high, batch: by_fit((0, low[1]), high, batch),
        lambda low, high, batch: batch / by_fit(low, high, batch),
    ],
    "gpu.timer": [
        _timer(share=lambda n: n + 1),
        _timer(count=lambda n: n + 1),
        _timer(count=lambda n: n - 1),
        _timer(count=lambda n: 1, share=lambda n: 1),
        _timer(share=lambda n: 10),
        _timer(warm=0),
        _timer(wait=False),
        median,
    ],
    "gpu.memory": [
        lambda params, batch, kept: 16 * params + batch * kept,
        lambda params, batch, kept: 16 * params + 8 * batch * kept,
        lambda params, batch, kept: 4 * (params + 3 * params * batch + batch * kept),
        lambda params, batch, kept: 16 * params + 4 * (batch - 1) * kept,
        lambda params, batch, kept: (16 * params + 4 * batch * kept) / 2**20,
        lambda params, batch, kept: 2 * (4 * params + batch * kept),
    ],
    "gpu.shards": [
        _shard(lambda indices, short: indices[-short:] if short else []),
        _shard(lambda indices, short: [0] * short),
        _shard(lambda indices, short: indices[:short]),
        lambda count, size, rank: by_steps(count, size, rank)[::-1],
        lambda count, size, rank: sorted(by_steps(count, size, rank)),
        lambda count, size, rank: [i + 1 for i in by_steps(count, size, rank)],
    ],
    "gpu.accumulate": [
        _parts(weight=lambda y, t: 1 / 3),
        _parts(weight=lambda y, t: len(y) / 4 / 3),
        _parts(weight=lambda y, t: len(t) / len(y) / 10),
        _parts(step=by_hand_written_update),
        _parts(step=clipped),
        _parts(cut=2),
        _parts(weight=lambda y, t: 4 / len(t) if len(y) == 4 else 0),
        one_backward,
    ],
    "gpu.scaler": [
        in_order("zero scaled clip unscale step update"),
        in_order("zero scaled clip step update"),
        in_order("zero scaled unscale step clip update"),
        in_order("zero scaled unscale clip bare update"),
        in_order("zero scaled unscale clip step"),
        in_order("zero plain clip bare"),
        in_order("scaled unscale clip step update"),
        in_order("scaled zero unscale clip step update"),
    ],
}
