"""Answers to the exercises of the chapter on the architecture."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def by_counting(n, kernel, stride=1, padding=0):
    return len(range(0, n + 2 * padding - kernel + 1, stride))


def by_running(n, kernel, stride=1, padding=0):
    layer = nn.Conv1d(1, 1, kernel, stride, padding)
    return layer(torch.zeros(1, 1, n)).shape[-1]


def from_above(layers):
    seen = 1
    for kernel, stride in reversed(layers):
        seen = (seen - 1) * stride + kernel
    return seen


def from_strides(layers):
    kernels, strides = np.array(layers).T
    jumps = np.cumprod([1, *strides[:-1]])
    return 1 + ((kernels - 1) * jumps).sum()


class LeNet(nn.Module):
    """A class with a dense C5; what is at fault is changed by its arguments."""

    def __init__(self, c1=nn.Tanh, c3=nn.Tanh, c5=nn.Tanh, f6=nn.Tanh, last=()):
        super().__init__()
        self.output, self.f6 = nn.Linear(84, 10), nn.Linear(120, 84)
        self.c5, self.c3, self.c1 = (
            nn.Linear(400, 120),
            nn.Conv2d(6, 16, 5),
            nn.Conv2d(1, 6, 5),
        )
        self.bends = nn.ModuleList([c1(), c3(), c5(), f6()])
        self.last = nn.Sequential(*last)

    def forward(self, x):
        c1, c3, c5, f6 = self.bends
        x = F.avg_pool2d(c1(self.c1(x)), 2)
        x = F.avg_pool2d(c3(self.c3(x)), 2)
        x = f6(self.f6(c5(self.c5(x.flatten(1)))))
        return self.last(self.output(x))


class OwnParameters(nn.Module):
    """No layer modules; matrices lie on their side."""

    def __init__(self):
        super().__init__()
        shapes = [(6, 1, 5, 5), (16, 6, 5, 5), (400, 120), (120, 84), (84, 10)]
        self.weights = nn.ParameterList([0.1 * torch.randn(s) for s in shapes])
        self.biases = nn.ParameterList([torch.zeros(n) for n in (6, 16, 120, 84, 10)])

    def forward(self, x):
        for w, b in zip(self.weights[:2], self.biases):
            x = F.avg_pool2d(torch.tanh(F.conv2d(x, w, b)), 2)
        x = x.reshape(len(x), -1)
        for w, b in zip(self.weights[2:4], self.biases[2:4]):
            x = (x @ w + b).tanh()
        return x @ self.weights[4] + self.biases[4]


class Mixed(LeNet):
    """Its flattening mixes the images of a batch."""

    def forward(self, x):
        c1, c3, c5, f6 = self.bends
        x = F.avg_pool2d(c1(self.c1(x)), 2)
        x = F.avg_pool2d(c3(self.c3(x)), 2)
        x = x.transpose(0, 1).reshape(x.shape[0], -1)
        return self.output(f6(self.f6(c5(self.c5(x)))))


class Late(LeNet):
    """Pools before it bends."""

    def forward(self, x):
        c1, c3, c5, f6 = self.bends
        x = c1(F.avg_pool2d(self.c1(x), 2))
        x = c3(F.avg_pool2d(self.c3(x), 2))
        return self.output(f6(self.f6(c5(self.c5(x.flatten(1))))))


RIGHT = {
    "architecture.output-size": [
        by_counting,
        by_running,
        lambda n, k, s=1, p=0: math.floor((n + 2 * p - k) / s) + 1.0,
        lambda n, k, s=1, p=0: -(-(n + 2 * p - k + 1) // s),
    ],
    "architecture.c1-rgb": [456.0, torch.tensor(456), 3 * 150 + 6],
    "architecture.c3-parameters": [np.array([1516]), 1516.0, 2416 - 900],
    "architecture.lenet1-connections": [59_904.0, 4 * 576 * 26, [59904]],
    "architecture.receptive-field": [from_above, from_strides],
    "architecture.from-memory": [
        LeNet,
        LeNet().double(),
        OwnParameters,
        OwnParameters().train(),
    ],
}
WRONG = {
    "architecture.output-size": [
        lambda n, k, s=1, p=0: round((n + 2 * p - k) / s) + 1,
        lambda n, k, s=1, p=0: -(-(n + 2 * p - k) // s) + 1,
        lambda n, k, s=1, p=0: (n + 2 * p - k + 1) // s,
        lambda n, k, s=1, p=0: (n + 2 * (k // 2 if p else 0) - k) // s + 1,
        lambda n, k, s=1, p=0: (n + 2 * p - k) // min(s, 2) + 1,
    ],
    "architecture.c1-rgb": [455, 457, 1350, 606],
    "architecture.c3-parameters": [1515, 1517, 1506, 2400],
    "architecture.lenet1-connections": [59_903, 60_000, 59_908, 98_442],
    "architecture.receptive-field": [
        lambda layers: from_above(layers[::-1]),
        lambda layers: 1 + sum(k - 1 for k, _ in layers) * max(s for _, s in layers),
        lambda layers: min(from_above(layers), 32),
        lambda layers: from_above([(k, min(s, 2)) for k, s in layers]),
        lambda layers: from_above(layers[:-1]),
    ],
    "architecture.from-memory": [
        lambda: LeNet(c3=nn.Identity),
        lambda: LeNet(c5=nn.Identity),
        lambda: LeNet(f6=nn.Identity),
        lambda: LeNet(nn.ReLU, nn.ReLU, nn.ReLU, nn.ReLU),
        lambda: LeNet(f6=nn.ReLU),
        lambda: LeNet(f6=lambda: nn.Sequential(nn.Tanh(), nn.Dropout(0.5))),
        lambda: LeNet(last=[nn.LogSoftmax(1)]),
        lambda: LeNet(last=[nn.Softmax(1)]),
        Mixed,
        Late,
    ],
}
