"""Answers to the coding tasks."""

import functools
import io
import itertools
import math
import random
import struct
from collections import Counter

import numpy as np
import torch
import torch.autograd.forward_ad as forward
import torch.nn.functional as F
from torch import nn
from torchvision import ops

# Sizes, counts, fields


def _size_by_places(n, kernel, stride=1, padding=0, dilation=1):
    span = dilation * (kernel - 1) + 1
    return len(range(0, n + 2 * padding - span + 1, stride))


def _size_by_layer(n, kernel, stride=1, padding=0, dilation=1):
    layer = nn.Conv1d(1, 1, kernel, stride, padding, dilation)
    return layer(torch.zeros(1, 1, n)).shape[-1]


def _size(n, kernel, stride, padding, dilation, *, sides=2, up=False, more=1):
    free = n + sides * padding - dilation * (kernel - 1) - 1
    return (-(-free // stride) if up else free // stride) + more


def _count_by_products(layers):
    weights = {"conv": lambda i, o, k: o * i * k**2, "linear": lambda i, o: i * o}
    total = 0
    for kind, *sizes in layers:
        if kind in weights:
            total += weights[kind](*sizes) + sizes[1]
        if kind == "norm":
            total += sizes[0] + sizes[0]
    return np.int64(total)


def _count_by_building(layers):
    kinds = {"conv": nn.Conv2d, "linear": nn.Linear, "norm": nn.BatchNorm2d}
    net = nn.Sequential(*(kinds[k](*s) for k, *s in layers if k in kinds))
    return torch.tensor([p.numel() for p in net.parameters()] or [0]).sum()


def _count(conv=lambda i, o, k: o * (i * k * k + 1), pool=0, norm=2):
    def count(layers):
        total = 0
        for kind, *s in layers:
            if kind == "conv":
                total += conv(*s)
            elif kind == "linear":
                total += s[1] * (s[0] + 1)
            else:
                total += (norm if kind == "norm" else pool) * s[0]
        return total

    return count


def _field_backwards(layers):
    field = jump = 1
    for kernel, stride in reversed(layers):
        field = (field - 1) * stride + kernel
        jump *= stride
    return [field, jump]


def _field_by_products(layers):
    jumps = np.cumprod([1, *(stride for _, stride in layers)])
    kernels = np.array([kernel for kernel, _ in layers], dtype=int)
    return np.array([1 + ((kernels - 1) * jumps[:-1]).sum(), jumps[-1]])


def _field(start=1, before=True, last=True, steps=lambda k: k - 1):
    def receptive_field(layers):
        field, jump, reached = start, 1, 1
        for kernel, stride in layers:
            if not before:
                jump *= stride
            field += steps(kernel) * jump
            reached = jump
            if before:
                jump *= stride
        return field, jump if last else reached

    return receptive_field


# The network


class _OwnWeights(nn.Module):
    def __init__(self):
        super().__init__()
        shapes = [(84,), (400, 120), (6, 1, 5, 5), (6,), (16, 6, 5, 5), (16,)]
        shapes += [(120,), (120, 84), (84, 10), (10,)]
        self.w = nn.ParameterList(0.1 * torch.randn(s) for s in shapes)

    def forward(self, x):
        b6, w5, w1, b1, w3, b3, b5, w6, w7, b7 = self.w
        x = F.avg_pool2d(torch.tanh(F.conv2d(x, w1, b1)), 2)
        x = F.avg_pool2d(torch.tanh(F.conv2d(x, w3, b3)), 2)
        x = torch.tanh(x.reshape(len(x), -1) @ w5 + b5)
        return torch.tanh(x @ w6 + b6) @ w7 + b7


class _Lenet(nn.Module):
    """C5 as a convolution; or what comes of a slip."""

    def __init__(
        self, bends=(torch.tanh,) * 4, pool=F.avg_pool2d, last=None, flat=None
    ):
        super().__init__()
        self.output, self.f6 = nn.Linear(84, 10), nn.Linear(120, 84)
        self.c5 = nn.Conv2d(16, 120, 5)
        self.c3, self.c1 = nn.Conv2d(6, 16, 5), nn.Conv2d(1, 6, 5)
        self.bends, self.pool = bends, pool
        self.last = last or (lambda logits: logits)
        self.flat = flat or (lambda maps: maps.flatten(1))

    def forward(self, x):
        c1, c3, c5, f6 = self.bends
        x = self.pool(c1(self.c1(x)), 2)
        x = self.pool(c3(self.c3(x)), 2)
        x = self.flat(c5(self.c5(x)))
        return self.last(self.output(f6(self.f6(x))))


def _variant(**changes):
    return functools.partial(_Lenet, **changes)


def _bends(*, at, by=lambda x: x):
    return tuple(by if i == at else torch.tanh for i in range(4))


def _dropping(x):
    return F.dropout(torch.tanh(x), 0.5)


class _WithDropout(_Lenet):
    def __init__(self):
        super().__init__()
        self.drop = nn.Dropout(0.2)
        self.bends = _bends(at=3, by=lambda x: self.drop(torch.tanh(x)))


# One-hot, pooling


def _codes_by_eye(labels, classes):
    return torch.eye(classes)[labels]


def _codes_by_scatter(labels, classes):
    codes = torch.zeros(len(labels), classes, dtype=torch.float64)
    return codes.scatter_(1, labels[:, None], 1.0)


def _codes_by_numpy(labels, classes):
    return np.eye(classes, dtype=np.float32)[labels.numpy()]


def _average_by_view(x, size):
    n, c, h, w = x.shape
    return x.reshape(n, c, h // size, size, w // size, size).sum((3, 5)) / size**2


def _average_by_unfold(x, size):
    return x.unfold(2, size, size).unfold(3, size, size).mean((-1, -2))


def _average_by_slices(x, size):
    total = 0
    for i in range(size):
        for j in range(size):
            total = total + x[:, :, i::size, j::size]
    return total / size**2


def _max_by_loops(x, size, worse=float("-inf"), turned=False):
    n, c, h, w = x.shape
    values = torch.full((n, c, h // size, w // size), worse)
    places = torch.zeros(values.shape, dtype=torch.long)
    for i in range(h):
        for j in range(w):
            value, at = x[:, :, i, j], (slice(None), slice(None), i // size, j // size)
            wins = value > values[at]
            values[at] = torch.where(wins, value, values[at])
            places[at] = torch.where(
                wins, j * h + i if turned else i * w + j, places[at]
            )
    return values, places


def _max_by_unfold(x, size):
    windows = x.unfold(2, size, size).unfold(3, size, size).flatten(4)
    place = torch.arange(x[0, 0].numel()).view(x.shape[2:])
    places = place.unfold(0, size, size).unfold(1, size, size).flatten(2)
    values, k = windows.max(-1)
    return [values.tolist(), places.expand_as(windows).gather(4, k[..., None])[..., 0]]


def _pooled_back(x, grad, size, order=lambda i, j: (i, j), share=False):
    dx = torch.zeros_like(x)
    for at in np.ndindex(*grad.shape):
        n, c, i, j = at
        best = None
        for a, b in np.ndindex(size, size):
            a, b = order(a, b)
            value = x[n, c, i * size + a, j * size + b]
            if best is None or value > best[0]:
                best = value, a, b
        dx[n, c, i * size + best[1], j * size + best[2]] += grad[at]
    return dx


def _pooled_back_by_unpool(x, grad, size):
    _, places = F.max_pool2d(x, size, return_indices=True)
    return F.max_unpool2d(grad, places, size, output_size=x.shape)


def _pooled_back_by_autograd(x, grad, size):
    x = x.clone().requires_grad_()
    windows = x.unfold(2, size, size).unfold(3, size, size).flatten(4)
    winners = windows.gather(4, windows.argmax(-1, keepdim=True))[..., 0]
    (winners * grad).sum().backward()
    return x.grad


# Convolution


def _conv_every_loop(x, weight, bias, stride, padding):
    x = F.pad(x, [padding] * 4)
    m, _, kh, kw = weight.shape
    h, w = (x.shape[2] - kh) // stride + 1, (x.shape[3] - kw) // stride + 1
    out = torch.zeros(len(x), m, h, w)
    for n, o, i, j in np.ndindex(len(x), m, h, w):
        a, b = i * stride, j * stride
        out[n, o, i, j] = (x[n, :, a : a + kh, b : b + kw] * weight[o]).sum()
        if bias is not None:
            out[n, o, i, j] += bias[o]
    return out


def _conv_by_taps(x, weight, bias, stride, padding):
    x = np.pad(x.numpy(), [(0, 0)] * 2 + [(padding, padding)] * 2)
    m, _, kh, kw = weight.shape
    h, w = (x.shape[2] - kh) // stride + 1, (x.shape[3] - kw) // stride + 1
    out = np.zeros((len(x), m, h, w))
    for u in range(kh):
        for v in range(kw):
            part = x[:, :, u : u + stride * h : stride, v : v + stride * w : stride]
            part = part[:, :, :h, :w]
            out += np.einsum("nchw,mc->nmhw", part, weight[:, :, u, v].numpy())
    return out if bias is None else out + bias.numpy()[:, None, None]


def _conv_by_windows(x, weight, bias, stride, padding):
    x = F.pad(x, [padding] * 4)
    windows = x.unfold(2, weight.shape[2], stride).unfold(3, weight.shape[3], stride)
    out = torch.einsum("nchwij,mcij->nmhw", windows, weight)
    return out if bias is None else out + bias[:, None, None]


def _conv_by_one_matrix(x, weight, bias, stride, padding):
    kh, kw = weight.shape[2:]
    h = (x.shape[2] + 2 * padding - kh) // stride + 1
    columns = F.unfold(x, (kh, kw), padding=padding, stride=stride)
    rows = columns.transpose(1, 2) @ weight.reshape(len(weight), -1).T
    rows = rows if bias is None else rows + bias
    return rows.transpose(1, 2).reshape(len(x), len(weight), h, -1)


def _conv_by_module(x, weight, bias, stride, padding):
    layer = nn.Conv2d(x.shape[1], len(weight), weight.shape[2:], stride, padding)
    with torch.no_grad():
        layer.weight.copy_(weight)
        layer.bias.copy_(torch.zeros(len(weight)) if bias is None else bias)
    return layer(x).detach()


_WRONG_CONV = [
    _conv_by_module,
    lambda x, w, b, s, p: _conv_by_windows(x, w.transpose(2, 3), b, s, p)
    if w.shape[2] == w.shape[3]
    else _conv_by_windows(x, w.flip(3), b, s, p),
    lambda x, w, b, s, p: _conv_by_windows(x, w, b, s, min(p, 1)),
    lambda x, w, b, s, p: _conv_by_windows(x, w, b, min(s, 2), p),
    lambda x, w, b, s, p: _conv_by_windows(x, w, b, s, p).relu(),
    lambda x, w, b, s, p: torch.stack(
        [_conv_by_windows(one[None], w, b, s, p)[0] for one in x.flip(0)]
    ),
]


def _conv_reshaped(x, weight, bias, stride, padding):
    kh, kw = weight.shape[2:]
    h = (x.shape[2] + 2 * padding - kh) // stride + 1
    columns = F.unfold(x, (kh, kw), padding=padding, stride=stride)
    rows = columns.transpose(1, 2) @ weight.flatten(1).T
    rows = rows if bias is None else rows + bias
    return rows.reshape(len(x), len(weight), h, -1)


def _conv_back_turned(x, weight, grad):
    frame = [weight.shape[3] - 1] * 2 + [weight.shape[2] - 1] * 2
    turned = weight.flip(2, 3).transpose(0, 1)
    dx = F.conv2d(F.pad(grad, frame), turned)
    dw = F.conv2d(x.transpose(0, 1), grad.transpose(0, 1)).transpose(0, 1)
    return dx, dw, grad.sum((0, 2, 3))


def _conv_back_by_taps(x, weight, grad):
    x, weight, grad = (t.double() for t in (x, weight, grad))
    dx, dw = torch.zeros_like(x), torch.zeros_like(weight)
    h, w = grad.shape[2:]
    for u in range(weight.shape[2]):
        for v in range(weight.shape[3]):
            part = x[:, :, u : u + h, v : v + w]
            dw[:, :, u, v] = torch.einsum("nmhw,nchw->mc", grad, part)
            back = torch.einsum("nmhw,mc->nchw", grad, weight[:, :, u, v])
            dx[:, :, u : u + h, v : v + w] += back
    return [dx, dw, grad.sum(dim=[0, 2, 3])]


def _conv_back_by_graph(x, weight, grad):
    x, weight = (t.clone().requires_grad_() for t in (x, weight))
    _conv_by_windows(x, weight, None, 1, 0).backward(grad)
    return x.grad, weight.grad, grad.sum((0, 2, 3))


def _conv_back_by_library(x, weight, grad):
    dx = torch.nn.grad.conv2d_input(x.shape, weight, grad)
    dw = torch.nn.grad.conv2d_weight(x, weight.shape, grad)
    return dx, dw, grad.sum((0, 2, 3))


def _conv_back_by_func(x, weight, grad):
    _, back = torch.func.vjp(F.conv2d, x, weight)
    return (*back(grad), grad.sum((0, 2, 3)))


# Normalisation and dropout


def _norm_by_numpy(x, gamma, beta, mean, var, training, momentum, eps):
    x = x.double().numpy()
    if training:
        m, v = x.mean((0, 2, 3)), x.var((0, 2, 3))
        n = x.size / x.shape[1]
        mean = (1 - momentum) * mean + momentum * torch.tensor(m)
        var = (1 - momentum) * var + momentum * torch.tensor(v * n / (n - 1))
    else:
        m, v = mean.numpy(), var.numpy()
    hat = (x - m[:, None, None]) / np.sqrt(v + eps)[:, None, None]
    return hat * gamma.numpy()[:, None, None] + beta.numpy()[:, None, None], mean, var


def _norm_by_rows(x, gamma, beta, mean, var, training, momentum, eps):
    rows = x.transpose(0, 1).flatten(1)
    m, v, mean, var = mean, var, mean.clone(), var.clone()
    if training:
        v, m = torch.var_mean(rows, 1, correction=0)
        mean.lerp_(m, momentum)
        var.lerp_(rows.var(1), momentum)
    rows = (rows - m[:, None]) * torch.rsqrt(v + eps)[:, None]
    rows = torch.addcmul(beta[:, None], gamma[:, None], rows)
    return rows.view(x.shape[1], len(x), *x.shape[2:]).transpose(0, 1), mean, var


def _inside(v, eps):
    return (v + eps).sqrt()


def _norm(root=_inside, share=None, small=None, odd=1, back=0):
    axes = (0, 2, 3)

    def batch_norm(x, gamma, beta, mean, var, training, momentum, eps):
        momentum, eps = share or momentum, small or eps
        m, v = mean, var
        if training:
            m, v = x.mean(axes), x.var(axes, correction=back)
            mean = (1 - momentum) * mean + momentum * m
            var = (1 - momentum) * var + momentum * x.var(axes, correction=odd)
        y = (x - m[:, None, None]) / root(v, eps)[:, None, None]
        return y * gamma[:, None, None] + beta[:, None, None], mean, var

    return batch_norm


def _norm_by_library(x, gamma, beta, mean, var, training, momentum, eps):
    mean, var = mean.clone(), var.clone()
    y = F.batch_norm(x, mean, var, gamma, beta, training, momentum, eps)
    return y, mean, var


def _norm_back_by_paths(x, gamma, grad, eps):
    n, mean, var = len(x), x.mean(0), x.var(0, correction=0)
    inverse = (var + eps) ** -0.5
    dhat = grad * gamma
    dvar = (dhat * (x - mean)).sum(0) * -0.5 * inverse**3
    dmean = -(dhat * inverse).sum(0) + dvar * (-2 * (x - mean)).mean(0)
    dx = dhat * inverse + dvar * 2 * (x - mean) / n + dmean / n
    return dx, (grad * (x - mean) * inverse).sum(0), grad.sum(0)


def _norm_back_by_matrix(x, gamma, grad, eps):
    x, gamma, grad = (t.double().numpy() for t in (x, gamma, grad))
    std = np.sqrt(x.var(0) + eps)
    hat = (x - x.mean(0)) / std
    n = len(x)
    dx = np.empty_like(x)
    for c in range(x.shape[1]):
        jacobian = np.eye(n) - 1 / n - np.outer(hat[:, c], hat[:, c]) / n
        dx[:, c] = gamma[c] / std[c] * jacobian @ grad[:, c]
    return dx, (grad * hat).sum(0), grad.sum(0)


def _norm_back(fixed=None, correction=0, inner=1.0, root=_inside):
    def backward(x, gamma, grad, eps):
        std = root(x.var(0, correction=correction), fixed or eps)
        hat = (x - x.mean(0)) / std
        left = grad - grad.mean(0) - inner * hat * (grad * hat).mean(0)
        return gamma / std * left, (grad * hat).sum(0), grad.sum(0)

    return backward


def _norm_back_by_jacobian(x, gamma, grad, eps):
    def f(x, gamma, beta):
        hat = (x - x.mean(0)) / (x.var(0, correction=0) + eps).sqrt()
        return hat * gamma + beta

    beta = torch.zeros_like(gamma)
    return torch.autograd.functional.vjp(f, (x, gamma, beta), grad)[1]


def _dropout_bernoulli(x, p, training, generator):
    if not training:
        return x
    keep = torch.empty_like(x).bernoulli_(1 - p, generator=generator)
    return x.mul(keep).div(1 - p)


def _dropout_where(x, p, training, generator):
    if training:
        gone = torch.rand(x.shape, generator=generator) < p
        x = torch.where(gone, torch.zeros(()), x / (1 - p))
    return x.clone()


def _dropout(
    shape=lambda x: x.shape, scale=lambda p: 1 / (1 - p), copy=False, test=1.0
):
    def dropout(x, p, training, generator):
        if not training:
            return x * test
        if copy:
            generator = torch.Generator().manual_seed(generator.initial_seed())
        return x * (torch.rand(shape(x), generator=generator) >= p) * scale(p)

    return dropout


# Learning


def _sgd_rate_inside(weight, gradients, lr, momentum, decay):
    step = 0 * weight
    for gradient in gradients:
        step = momentum * step - lr * (gradient + decay * weight)
        weight = weight + step
    return weight


def _sgd_by_numpy(weight, gradients, lr, momentum, decay):
    w, v = weight.double().numpy(), np.zeros(len(weight))
    for gradient in gradients:
        v = momentum * v + gradient.numpy() + decay * w
        w = w - lr * v
    return w


def _sgd(join=lambda v, g, m: m * v + g, apart=False, late=False):
    def sgd(weight, gradients, lr, momentum, decay):
        v = torch.zeros_like(weight)
        for g in gradients:
            fresh = g if apart else g + decay * weight
            if late:
                weight = weight - lr * v
            v = join(v, fresh, momentum)
            if apart:
                weight = weight - lr * decay * weight
            if not late:
                weight = weight - lr * v
        return weight

    return sgd


def _adam_by_sums(weight, gradients, lr, beta1, beta2, eps):
    w = weight.double()
    for t in range(1, len(gradients) + 1):
        past = torch.stack(gradients[:t]).double()
        age = torch.arange(t - 1, -1, -1.0).double()[:, None]
        m = (past * beta1**age).sum(0) / (beta1**age).sum()
        v = (past**2 * beta2**age).sum(0) / (beta2**age).sum()
        w = w - lr * m / (v.sqrt() + eps)
    return w


def _adam_in_place(weight, gradients, lr, beta1, beta2, eps):
    weight, m, v = weight.clone(), torch.zeros(len(weight)), torch.zeros(len(weight))
    for t, g in enumerate(gradients, 1):
        m.mul_(beta1).add_(g, alpha=1 - beta1)
        v.mul_(beta2).addcmul_(g, g, value=1 - beta2)
        root = (v / (1 - beta2**t)).sqrt().add_(eps)
        weight.addcdiv_(m, root, value=-lr / (1 - beta1**t))
    return weight


def _adam(first=True, second=True, fixed=None, swapped=False, late=0):
    def adam(weight, gradients, lr, beta1, beta2, eps):
        eps = fixed or eps
        if swapped:
            beta1, beta2 = beta2, beta1
        m = v = torch.zeros_like(weight)
        for t, g in enumerate(gradients, 1 + late):
            m = beta1 * m + (1 - beta1) * g
            v = beta2 * v + (1 - beta2) * g * g
            c1 = 1 - beta1**t if first else 1
            c2 = 1 - beta2**t if second else 1
            weight = weight - lr * (m / c1) / ((v / c2).sqrt() + eps)
        return weight

    return adam


def _rate_by_min(step, total, warmup, peak):
    up = (step + 1) / warmup if warmup else math.inf
    left = max(0, step - warmup) / (total - warmup)
    return torch.tensor(peak * min(up, math.cos(math.pi * left / 2) ** 2))


def _rate_by_sine(step, total, warmup, peak):
    if step < warmup:
        return np.float32(peak) / warmup * (step + 1)
    return peak * math.sin(math.pi / 2 * (total - step) / (total - warmup)) ** 2


def _rate(up=1, start=0, end=0, fixed=None, low=0.0):
    def rate(step, total, warmup, peak):
        peak = fixed or peak
        if step < warmup:
            return peak * (step + up) / (warmup + start)
        t = (step - warmup) / (total - end - warmup)
        return low + (peak - low) * (1 + math.cos(math.pi * t)) / 2

    return rate


# Scores


def _scores_by_lists(truth, said, classes):
    counts = Counter(zip(truth.tolist(), said.tolist()))
    matrix = [[counts[t, s] for s in range(classes)] for t in range(classes)]
    right = [matrix[k][k] for k in range(classes)]
    there = [sum(row) for row in matrix]
    called = [sum(row[k] for row in matrix) for k in range(classes)]
    precision = [r / c if c else 0.0 for r, c in zip(right, called)]
    recall = [r / t if t else 0.0 for r, t in zip(right, there)]
    f1 = [2 * p * r / (p + r) if p + r else 0.0 for p, r in zip(precision, recall)]
    return matrix, precision, recall, f1


def _scores_by_codes(truth, said, classes):
    t, s = F.one_hot(truth, classes).double(), F.one_hot(said, classes).double()
    matrix = t.T @ s
    right = matrix.diagonal()
    precision = (right / matrix.sum(0)).nan_to_num(0.0)
    recall = (right / matrix.sum(1)).nan_to_num(0.0)
    f1 = (2 * right / (matrix.sum(0) + matrix.sum(1))).nan_to_num(0.0)
    return [matrix, precision, recall, f1]


def _scores(change):
    def scores(truth, said, classes):
        return change(*_scores_by_codes(truth, said, classes))

    return scores


# Data


def _shift_by_index(images, down, right, fill=0.0):
    out = torch.full_like(images, fill)
    h, w = images.shape[2:]
    for i in range(h):
        for j in range(w):
            if 0 <= i - down < h and 0 <= j - right < w:
                out[:, :, i, j] = images[:, :, i - down, j - right]
    return out


def _shift_by_numpy(images, down, right, fill=0.0):
    x = images.numpy()
    for axis, by in ((2, down), (3, right)):
        n = x.shape[axis]
        from_ = np.arange(n) - by
        inside = (from_ >= 0) & (from_ < n)
        shape = [n if a == axis else 1 for a in range(4)]
        taken = np.take(x, from_.clip(0, n - 1), axis)
        x = np.where(inside.reshape(shape), taken, fill)
    return x


def _shift(fill_of=lambda images, fill: fill, most=99):
    def shift(images, down, right, fill=0.0):
        down, right = max(-most, min(most, down)), max(-most, min(most, right))
        return _shift_by_index(images, down, right, fill_of(images, fill))

    return shift


def _folds_by_random(groups, k, seed):
    writers = sorted(set(groups.tolist()))
    random.Random(seed).shuffle(writers)
    found = []
    for i in range(k):
        held = set(writers[i::k])
        inside = [j for j, g in enumerate(groups.tolist()) if g in held]
        outside = [j for j, g in enumerate(groups.tolist()) if g not in held]
        found.append((outside, inside))
    return found


def _folds_by_numpy(groups, k, seed):
    groups = groups.numpy()
    writers = np.random.default_rng(seed).permutation(np.unique(groups))
    parts = np.array_split(writers, k)
    return tuple(
        [np.flatnonzero(~np.isin(groups, p)), np.flatnonzero(np.isin(groups, p))]
        for p in parts
    )


def _folds(writers_of=None, seed_of=lambda seed: seed, parts_of=None, last=None):
    def folds(groups, k, seed):
        writers = (writers_of or torch.unique)(groups)
        generator = torch.Generator().manual_seed(seed_of(seed))
        writers = writers[torch.randperm(len(writers), generator=generator)]
        parts = (parts_of or (lambda w: w.tensor_split(k)))(writers)
        if last:
            parts = last(parts, seed)
        pairs = []
        for held in parts:
            inside = torch.isin(groups, held)
            pairs.append(((~inside).nonzero()[:, 0], inside.nonzero()[:, 0]))
        return pairs

    return folds


def _folds_turned(groups, k, seed):
    return [pair[::-1] for pair in _folds()(groups, k, seed)]


def _same_parts_in_another_order(groups, k, seed):
    parts = groups.unique().tensor_split(k)
    order = torch.randperm(k, generator=torch.Generator().manual_seed(seed))
    held = [torch.isin(groups, parts[i]) for i in order]
    return [((~h).nonzero()[:, 0], h.nonzero()[:, 0]) for h in held]


def _folds_of_sorted(groups, k, seed):
    """Right only where each writer's images stand together."""
    starts = [0, *(groups.diff().nonzero()[:, 0] + 1).tolist(), len(groups)]
    blocks = [list(range(a, b)) for a, b in zip(starts, starts[1:])]
    random.Random(seed).shuffle(blocks)
    held = [sum(blocks[i::k], []) for i in range(k)]
    return [([i for i in range(len(groups)) if i not in h], h) for h in held]


def _idx_by_struct(raw):
    stream = io.BytesIO(raw)
    try:
        zero, kind, axes = struct.unpack(">HBB", stream.read(4))
        shape = struct.unpack(f">{axes}I", stream.read(4 * axes))
    except struct.error as error:
        raise ValueError("no header") from error
    rest = stream.read()
    if (zero, kind) != (0, 8) or len(rest) != math.prod(shape):
        raise ValueError("no IDX file of uint8")
    return torch.tensor(list(rest), dtype=torch.uint8).reshape(shape)


def _idx_by_numpy(raw):
    if bytes(raw[:3]) != bytes([0, 0, 8]):
        raise ValueError("no IDX file")
    axes = raw[3]
    shape = np.frombuffer(raw, ">u4", axes, 4).astype(int)
    values = np.frombuffer(raw, np.uint8, offset=4 + 4 * axes)
    return torch.from_numpy(values.reshape(shape).copy())


def _idx(check_end=True, check_kind=True, axes=None, wide=4, error=ValueError):
    def read_idx(raw):
        if len(raw) < 4 or raw[:2] != b"\0\0" or (check_kind and raw[2] != 8):
            raise error("no IDX file")
        n = axes or raw[3]
        start = 4 + 4 * n
        if len(raw) < start:
            raise error("header")
        sizes = [raw[i + 4 - wide : i + 4] for i in range(4, start, 4)]
        shape = [int.from_bytes(size, "big") for size in sizes]
        values = torch.tensor(list(raw[start:]), dtype=torch.uint8)
        if (
            len(values) < math.prod(shape)
            or check_end
            and len(values) > math.prod(shape)
        ):
            raise error("length")
        return values[: math.prod(shape)].reshape(shape)

    return read_idx


# Gradients


def _cross_by_numpy(logits, labels):
    z = logits.double().numpy()
    z = z - z.max(1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(1, keepdims=True))
    rows, y = np.arange(len(z)), labels.numpy()
    grad = np.exp(log_p)
    grad[rows, y] -= 1
    return float(-log_p[rows, y].mean()), grad / len(z)


def _cross_by_rows(logits, labels):
    loss, grads = 0.0, []
    for z, label in zip(logits, labels.tolist()):
        total = torch.logsumexp(z, 0)
        loss += (total - z[label]).item()
        p = (z - total).exp()
        grads.append(p - torch.eye(len(z))[label])
    return [loss / len(labels), torch.stack(grads) / len(labels)]


def _cross(log_of=None, mean=True, shift=True, sign=1):
    def cross_entropy(logits, labels):
        z = logits - logits.max(1, keepdim=True).values if shift else logits
        total = z.exp().sum(1, keepdim=True)
        rows = torch.arange(len(labels))
        log_p = log_of(z.exp() / total) if log_of else z - total.log()
        grad = log_p.exp()
        grad[rows, labels] -= 1
        loss = -log_p[rows, labels]
        return loss.mean() if mean else loss.sum(), sign * grad / len(labels)

    return cross_entropy


def _cross_by_graph(logits, labels):
    z = logits.clone().requires_grad_()
    loss = (z.logsumexp(1) - z[torch.arange(len(z)), labels]).mean()
    return loss.detach(), torch.autograd.grad(loss, z)[0]


def _cross_by_func(logits, labels):
    def loss(z):
        return (z.logsumexp(1) - z.gather(1, labels[:, None])[:, 0]).mean()

    grad, value = torch.func.grad_and_value(loss)(logits)
    return value, grad


def _linear_back_by_einsum(x, weight, grad):
    dx = torch.einsum("no,oi->ni", grad, weight)
    return [dx, torch.einsum("no,ni->oi", grad, x), torch.einsum("no->o", grad)]


def _linear_back_by_images(x, weight, grad):
    dw, db = np.zeros(weight.shape), np.zeros(len(weight))
    dx = np.zeros(x.shape)
    for n in range(len(x)):
        dw += np.outer(grad[n], x[n])
        db += grad[n].numpy()
        dx[n] = weight.numpy().T @ grad[n].numpy()
    return dx, dw, db


def _linear_back_by_graph(x, weight, grad):
    x, weight = x.clone().requires_grad_(), weight.clone().requires_grad_()
    (x @ weight.T).backward(grad)
    return x.grad, weight.grad, grad.sum(0)


def _linear_back_forwards(x, weight, grad):
    """Forward mode: one direction for each entry."""

    def slopes(start, f):
        found = torch.zeros_like(start)
        for at in np.ndindex(*start.shape):
            direction = torch.zeros_like(start)
            direction[at] = 1
            with forward.dual_level():
                out = f(forward.make_dual(start, direction))
                found[at] = (forward.unpack_dual(out).tangent * grad).sum()
        return found

    dx = slopes(x, lambda x: x @ weight.T)
    return dx, slopes(weight, lambda w: x @ w.T), grad.sum(0)


def _mlp_by_numpy(x, labels, w1, b1, w2, b2):
    x, w1, b1, w2, b2 = (t.double().numpy() for t in (x, w1, b1, w2, b2))
    a = x @ w1.T + b1
    h = np.maximum(a, 0)
    z = h @ w2.T + b2
    p = np.exp(z - z.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    y = np.eye(len(w2))[labels.numpy()]
    loss = -np.log((p * y).sum(1)).mean()
    dz = (p - y) / len(x)
    da = np.where(a > 0, dz @ w2, 0)
    return float(loss), da.T @ x, da.sum(0), dz.T @ h, dz.sum(0)


def _mlp(
    loss_of=F.cross_entropy, share=1.0, bias=1.0, keep=lambda a: a > 0, mixed=False
):
    def two_layer(x, labels, w1, b1, w2, b2):
        a = x @ w1.T + b1
        h = F.relu(a)
        z = h @ w2.T + b2
        dz = (F.softmax(z, 1) - F.one_hot(labels, len(w2))) * (share / len(x))
        da = dz @ w2 * keep(a)
        dw2 = dz.T @ (a if mixed else h)
        return [loss_of(z, labels), da.T @ x, bias * da.sum(0), dw2, dz.sum(0)]

    return two_layer


def _mlp_by_graph(x, labels, w1, b1, w2, b2):
    named = [t.clone().requires_grad_() for t in (w1, b1, w2, b2)]
    h = (x @ named[0].T + named[1]).clamp(min=0)
    z = h @ named[2].T + named[3]
    loss = (z.logsumexp(1) - z[torch.arange(len(x)), labels]).mean()
    loss.backward()
    return (loss.item(), *(t.grad for t in named))


def _central_by_eye(f, x, h=1e-5):
    steps = torch.eye(x.numel()).double() * h
    pairs = [((x + s.view_as(x)), (x - s.view_as(x))) for s in steps]
    slopes = [(f(up) - f(down)).item() / (2 * h) for up, down in pairs]
    return np.array(slopes).reshape(x.shape)


def _central_by_index(f, x, h=1e-5):
    grad = torch.empty_like(x)
    for at in np.ndindex(*x.shape):
        up, down = x.clone(), x.clone()
        up[at] += h
        down[at] -= h
        grad[at] = (float(f(up)) - float(f(down))) / h / 2
    return grad.tolist()


def _nudged(weights, fixed=None, narrow=False):
    """Differences with these weights on multiples of h."""

    def gradient(f, x, h=1e-5):
        h = fixed or h
        grad = torch.zeros_like(x)
        for at in np.ndindex(*x.shape):
            for k, weight in weights.items():
                moved = x.clone()
                moved[at] += k * h
                grad[at] += weight * f(moved.float() if narrow else moved) / h
        return grad

    return gradient


def _lrn_by_conv(x, n, alpha, beta, k):
    maps = x.shape[1]
    i = torch.arange(maps)
    near = ((i[:, None] - i).abs() <= n // 2).float()[:, :, None, None]
    return x / (k + alpha * F.conv2d(x**2, near)) ** beta


def _lrn_by_sums(x, n, alpha, beta, k):
    half, maps = n // 2, x.shape[1]
    total = F.pad(x.double().square().cumsum(1), (0, 0, 0, 0, 1, 0))
    i = torch.arange(maps)
    high, low = (i + half + 1).clamp(max=maps), (i - half).clamp(min=0)
    return x * (k + alpha * (total[:, high] - total[:, low])).pow(-beta)


def _lrn(width=lambda n: n // 2, change=lambda n, a, b, k: (n, a, b, k), wrap=False):
    def lrn(x, n, alpha, beta, k):
        n, alpha, beta, k = change(n, alpha, beta, k)
        i = torch.arange(x.shape[1])
        apart = (i[:, None] - i).abs()
        if wrap:
            apart = torch.minimum(apart, x.shape[1] - apart)
        near = (apart <= width(n)).float()
        return x / (k + alpha * torch.einsum("ij,njhw->nihw", near, x**2)) ** beta

    return lrn


# Boxes, top-k


def _nms_by_numpy(boxes, scores, threshold):
    x1, y1, x2, y2 = boxes.double().numpy().T
    areas = (x2 - x1) * (y2 - y1)

    def overlaps(i, others):
        w = np.minimum(x2[i], x2[others]) - np.maximum(x1[i], x1[others])
        h = np.minimum(y2[i], y2[others]) - np.maximum(y1[i], y1[others])
        shared = np.maximum(0, w) * np.maximum(0, h)
        return shared / (areas[i] + areas[others] - shared)

    order, kept = np.argsort(-scores.numpy()), []
    while order.size:
        kept.append(int(order[0]))
        order = order[1:][overlaps(order[0], order[1:]) <= threshold]
    return np.stack([overlaps(i, np.arange(len(x1))) for i in range(len(x1))]), kept


def _iou(boxes, extra=0.0, clamp=lambda side: side.clamp(min=0), below=None):
    x1, y1, x2, y2 = boxes.unbind(1)
    w = torch.min(x2[:, None], x2) - torch.max(x1[:, None], x1) + extra
    h = torch.min(y2[:, None], y2) - torch.max(y1[:, None], y1) + extra
    shared, area = clamp(w) * clamp(h), (x2 - x1 + extra) * (y2 - y1 + extra)
    below = below or (lambda a, b, shared: a + b - shared)
    return shared / below(area[:, None], area, shared)


def _nms_by_marks(last=list, fixed=None, falling=True, only_before=False, **slip):
    def nms(boxes, scores, threshold):
        iou, threshold = _iou(boxes, **slip), fixed or threshold
        order = scores.sort(descending=falling).indices.tolist()
        gone, kept = set(), []
        for place, i in enumerate(order):
            if i in gone:
                continue
            kept.append(i)
            rest = order[place + 1 : place + 2] if only_before else order[place + 1 :]
            gone |= {j for j in rest if iou[i, j] > threshold}
        return iou, last(kept)

    return nms


def _nms_by_torchvision(boxes, scores, threshold):
    return ops.box_iou(boxes, boxes), ops.nms(boxes, scores, threshold)


def _nms_marked(boxes, scores, threshold):
    iou, kept = _nms_by_marks()(boxes, scores, threshold)
    return iou, torch.isin(torch.arange(len(boxes)), torch.tensor(kept))


def _top_by_counting(logits, labels, ks):
    own = logits.gather(1, labels[:, None])
    place = (logits > own).sum(1)
    return torch.stack([(place < k).double().mean() for k in ks])


def _top_by_numpy(logits, labels, ks):
    order = np.argsort(-logits.numpy(), axis=1)
    hits = np.cumsum(order == labels.numpy()[:, None], axis=1)
    return tuple(hits[:, k - 1].mean() for k in ks)


def _top(more=0, of=lambda logits: logits, axis=1, share=lambda hits: hits.mean()):
    def top_k(logits, labels, ks):
        place = of(logits).argsort(axis, descending=True).argsort(axis)
        place = place.gather(1, labels[:, None])[:, 0]
        return [share((place < k + more).double()) for k in ks]

    return top_k


# Transformer


def _attention_by_heads(q, k, v, heads=1, mask=None):
    out, d = [], q.shape[2] // heads
    for a, b, c in zip(q.split(d, 2), k.split(d, 2), v.split(d, 2)):
        scores = torch.einsum("nld,nsd->nls", a, b) * d**-0.5
        if mask is not None:
            scores = scores.where(mask, torch.tensor(-1e9))
        out.append(torch.bmm(scores.softmax(-1), c))
    return torch.cat(out, 2)


def _attention_by_numpy(q, k, v, heads=1, mask=None):
    q, k, v = (
        t.double().numpy().reshape(len(t), t.shape[1], heads, -1) for t in (q, k, v)
    )
    scores = np.einsum("nlhd,nshd->nhls", q, k) / np.sqrt(q.shape[3])
    if mask is not None:
        scores = np.where(mask.numpy(), scores, -np.inf)
    p = np.exp(scores - scores.max(-1, keepdims=True))
    p /= p.sum(-1, keepdims=True)
    out = np.einsum("nhls,nshd->nlhd", p, v)
    return out.reshape(*out.shape[:2], -1)


def _attention(scale=None, bias=None, after=None, change=None, values=None):
    """By heads; ``after`` the softmax, ``change``d q, k and v before."""

    def attention(q, k, v, heads, mask):
        q, k, v = change(q, k, v) if change else (q, k, v)
        d = q.shape[2] // heads
        outs = []
        for a, b, c in zip(q.split(d, 2), k.split(d, 2), v.split(d, 2)):
            scores = a @ b.transpose(1, 2) * (scale(q, d) if scale else d**-0.5)
            if mask is not None and not after:
                scores = bias(scores, mask) if bias else scores.where(mask, -torch.inf)
            p = scores.softmax(2)
            outs.append((after(p, mask) if after and mask is not None else p) @ c)
        return values(outs) if values else torch.cat(outs, 2)

    return attention


def _attention_fused(q, k, v, heads, mask):
    q, k, v = (t.unflatten(2, (heads, -1)).transpose(1, 2) for t in (q, k, v))
    out = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    return out.transpose(1, 2).flatten(2)


def _layer_by_paths(x, gamma, beta, grad, eps):
    d, mean = x.shape[-1], x.mean(-1, keepdim=True)
    inverse = (x.var(-1, correction=0, keepdim=True) + eps).rsqrt()
    hat, dhat = (x - mean) * inverse, grad * gamma
    dvar = (dhat * (x - mean)).sum(-1, keepdim=True) * -0.5 * inverse**3
    dmean = -(dhat * inverse).sum(-1, keepdim=True)
    dx = dhat * inverse + dvar * 2 * (x - mean) / d + dmean / d
    rows = grad.reshape(-1, d)
    return hat * gamma + beta, dx, (rows * hat.reshape(-1, d)).sum(0), rows.sum(0)


def _layer_by_matrix(x, gamma, beta, grad, eps):
    shape, d = x.shape, x.shape[-1]
    x, grad = (t.double().numpy().reshape(-1, d) for t in (x, grad))
    gamma, beta = gamma.double().numpy(), beta.double().numpy()
    hats, dxs = [], []
    for row, g in zip(x, grad):
        std = np.sqrt(row.var() + eps)
        hat = (row - row.mean()) / std
        jacobian = (np.eye(d) - 1 / d - np.outer(hat, hat) / d) / std
        hats.append(hat)
        dxs.append(jacobian @ (gamma * g))
    hat = np.stack(hats)
    y = (hat * gamma + beta).reshape(shape)
    return y, np.stack(dxs).reshape(shape), (grad * hat).sum(0), grad.sum(0)


def _layer(var=None, root=None, fixed=None, inner=1.0, plain=False, axes=None):
    def layer_norm(x, gamma, beta, grad, eps):
        eps = fixed or eps
        v = var(x) if var else x.var(-1, correction=0, keepdim=True)
        std = root(v, eps) if root else (v + eps).sqrt()
        hat, g = (x - x.mean(-1, keepdim=True)) / std, grad * gamma
        left = g - g.mean(-1, keepdim=True)
        left = left - inner * hat * (g * hat).mean(-1, keepdim=True)
        others = axes or tuple(range(x.dim() - 1))
        dgamma = (grad * (x if plain else hat)).sum(others)
        return hat * gamma + beta, left / std, dgamma, grad.sum(others)

    return layer_norm


def _layer_by_graph(x, gamma, beta, grad, eps):
    x, gamma, beta = (t.clone().requires_grad_() for t in (x, gamma, beta))
    mean, var = x.mean(-1, keepdim=True), x.var(-1, correction=0, keepdim=True)
    y = (x - mean) / (var + eps).sqrt() * gamma + beta
    y.backward(grad)
    return y.detach(), x.grad, gamma.grad, beta.grad


def _layer_by_library(x, gamma, beta, grad, eps):
    y = F.layer_norm(x, x.shape[-1:], gamma, beta, eps)
    return y, *_layer_by_paths(x, gamma, beta, grad, eps)[1:]


def _patches_by_im2col(x, weight, bias, size):
    columns = F.unfold(x, size, stride=size)
    layer = nn.Conv2d(x.shape[1], len(weight), size, size)
    with torch.no_grad():
        layer.weight.copy_(weight.reshape(layer.weight.shape))
        layer.bias.copy_(bias)
        maps = layer(x)
    by_product = torch.einsum("df,nfp->npd", weight, columns) + bias
    return by_product, maps.permute(0, 2, 3, 1).flatten(1, 2)


def _patches_by_windows(x, weight, bias, size):
    windows = x.unfold(2, size, size).unfold(3, size, size)  # [N, C, rows, columns, ..]
    patches = windows.movedim(1, 3).reshape(len(x), -1, weight.shape[1])
    kernels = weight.reshape(len(weight), x.shape[1], size, size)
    maps = torch.conv2d(x, kernels, stride=(size, size))
    tokens = maps.reshape(len(x), len(weight), -1).transpose(1, 2) + bias
    return [F.linear(patches, weight, bias), tokens]


def _patches(change_x=lambda x: x, change_w=None, last=lambda a, b: (a, b)):
    def patch_embedding(x, weight, bias, size):
        if change_w:
            four = weight.view(len(weight), -1, size, size)
            weight = change_w(four).reshape(weight.shape)
        return last(*_patches_by_windows(change_x(x), weight, bias, size))

    return patch_embedding


def _one_way(x, weight, bias, size):
    windows = x.unfold(2, size, size).unfold(3, size, size)
    tokens = torch.einsum(
        "ncijuv,dcuv->nijd", windows, weight.view(-1, *_sides(x, size))
    )
    return (tokens + bias).flatten(1, 2), (tokens + bias).flatten(1, 2)


def _sides(x, size):
    return x.shape[1], size, size


def _convolved_twice(x, weight, bias, size):
    tokens = _patches_by_windows(x, weight, bias, size)[1]
    return tokens, _patches_by_windows(x, weight, bias, size)[1] * 1 + 0 * tokens


# Blocks


class _OwnResidual(nn.Module):
    """With kernels of its own, and gammas of the last normalisation at 0."""

    def __init__(self, inputs, outputs, stride=1):
        super().__init__()
        self.stride, self.same = stride, stride == 1 and inputs == outputs
        if not self.same:
            self.side_norm = nn.BatchNorm2d(outputs)
            self.side = nn.Parameter(torch.randn(outputs, inputs, 1, 1))
        self.second = nn.Parameter(torch.randn(outputs, outputs, 3, 3))
        self.norms = nn.ModuleList(nn.BatchNorm2d(outputs) for _ in range(2))
        self.first = nn.Parameter(torch.randn(outputs, inputs, 3, 3))
        nn.init.zeros_(self.norms[1].weight)

    def forward(self, x):
        out = F.conv2d(x, self.first, stride=self.stride, padding=1)
        out = F.conv2d(F.relu(self.norms[0](out)), self.second, padding="same")
        if not self.same:
            x = self.side_norm(F.conv2d(x, self.side, stride=self.stride))
        return torch.clamp(self.norms[1](out) + x, min=0)


class _Residual(nn.Module):
    """Its layers as functions of its sizes; or what comes of a slip."""

    def __init__(self, i, o, stride=1, *, slip="", kernel=3, pool=False):
        super().__init__()
        self.slip, half = slip, kernel // 2
        self.a = nn.Conv2d(i, o, kernel, stride, half, bias=False)
        self.b = nn.Conv2d(o, o, kernel, 1, half, bias=False)
        self.n, self.m = nn.BatchNorm2d(o), nn.BatchNorm2d(o)
        self.bend, self.side = nn.ReLU(), None
        if stride > 1 or (i != o and slip != "stride only"):
            down = [nn.Conv2d(i, o, 1, stride, bias=False)]
            if slip == "pool":
                down = [nn.AvgPool2d(stride, ceil_mode=True), nn.Conv2d(i, o, 1)]
            elif slip == "three":
                down = [nn.Conv2d(i, o, 3, stride, 1, bias=False)]
            self.side = nn.Sequential(*down, nn.BatchNorm2d(o))

    def forward(self, x):
        side = x if self.side is None else self.side(x)
        if self.slip == "first":
            return self.m(self.b(self.bend(self.n(self.a(self.bend(x)))))) + side
        h = self.n(self.a(x)) if self.slip != "no norm" else self.a(x)
        h = self.b(self.bend(h))
        if self.slip == "after":
            return self.bend(self.m(h + side))
        if self.slip == "swapped":
            return self.m(self.bend(h)) + side
        h = self.m(h)
        return self.bend(h - side if self.slip == "minus" else h + side)


def _residual(**slip):
    return functools.partial(_Residual, **slip)


class _OwnSeparable(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.point = nn.Parameter(torch.randn(outputs, inputs))
        self.deep = nn.Parameter(torch.randn(inputs, 1, 3, 3))
        self.norms = nn.ModuleList([nn.BatchNorm2d(inputs), nn.BatchNorm2d(outputs)])
        self.stride = stride

    def forward(self, x):
        x = F.conv2d(x, self.deep, None, self.stride, 1, groups=x.shape[1])
        x = torch.einsum("oc,nchw->nohw", self.point, self.norms[0](x).relu())
        return self.norms[1](x).relu()


def _separable_by_own(inputs, outputs, stride):
    deep, point = (9 + 2) * inputs, (inputs + 2) * outputs
    return _OwnSeparable(inputs, outputs, stride), float(deep + point)


def _separable(count=None, order=None, groups=None, padding=1, bend=nn.ReLU, after=1):
    def block(i, o, stride=1):
        deep = nn.Conv2d(
            i, i, 3, stride, padding, groups=(groups or (lambda i: i))(i), bias=False
        )
        parts = [deep, nn.BatchNorm2d(i), bend()]
        parts += [nn.Conv2d(i, o, 1, bias=False), nn.BatchNorm2d(o), bend()]
        parts = [parts[k] for k in order] if order else parts
        net = nn.Sequential(*parts)
        total = torch.tensor(sum(p.numel() for p in net.parameters()))
        return [net, count(i, o) if count else total]

    return block


def _pointwise_first(i, o, stride):
    parts = [nn.Conv2d(i, o, 1, bias=False), nn.BatchNorm2d(o), nn.ReLU()]
    parts += [nn.Conv2d(o, o, 3, stride, 1, groups=o, bias=False)]
    net = nn.Sequential(*parts, nn.BatchNorm2d(o), nn.ReLU())
    return net, sum(p.numel() for p in net.parameters())


# Back through windows


def _strided_by_gaps(x, weight, grad, stride, padding):
    """`grad` spread out: then the stride is 1."""
    n, m, h, w = grad.shape
    wide = grad.new_zeros(n, m, stride * (h - 1) + 1, stride * (w - 1) + 1)
    wide[:, :, ::stride, ::stride] = grad
    rows, columns = weight.shape[2:]
    turned = weight.flip((2, 3)).transpose(0, 1)
    full = F.conv2d(F.pad(wide, [columns - 1] * 2 + [rows - 1] * 2), turned)
    dx = torch.zeros(n, x.shape[1], *(side + 2 * padding for side in x.shape[2:]))
    dx[:, :, : full.shape[2], : full.shape[3]] = full
    if padding:
        dx = dx[:, :, padding:-padding, padding:-padding]
    x = F.pad(x, [padding] * 4)
    x = x[:, :, : wide.shape[2] + rows - 1, : wide.shape[3] + columns - 1]
    dw = F.conv2d(x.transpose(0, 1), wide.transpose(0, 1)).transpose(0, 1)
    return dx, dw, grad.sum((0, 2, 3))


def _strided_by_fold(x, weight, grad, stride, padding):
    sizes = {"kernel_size": weight.shape[2:], "stride": stride, "padding": padding}
    flat = grad.flatten(2)
    dw = torch.einsum("nmp,nfp->mf", flat, F.unfold(x, **sizes)).reshape(weight.shape)
    dx = F.fold(weight.flatten(1).T @ flat, x.shape[2:], **sizes)
    return [dx, dw, flat.sum(-1).sum(0)]


def _strided_by_loops(x, weight, grad, stride, padding, cut=None, step=None):
    x, weight, grad = (t.double().numpy() for t in (x, weight, grad))
    x = np.pad(x, [(0, 0)] * 2 + [(padding, padding)] * 2)
    dx, dw = np.zeros_like(x), np.zeros_like(weight)
    kh, kw = weight.shape[2:]
    for i, j in np.ndindex(*grad.shape[2:]):
        a, b, g = i * (step or stride), j * (step or stride), grad[:, :, i, j]
        dw += np.einsum("nm,ncuv->mcuv", g, x[:, :, a : a + kh, b : b + kw])
        dx[:, :, a : a + kh, b : b + kw] += np.einsum("nm,mcuv->ncuv", g, weight)
    end = dx.shape[2] - padding, dx.shape[3] - padding
    start = padding if cut is None else cut
    dx = dx[:, :, start : end[0] + start - padding, start : end[1] + start - padding]
    return dx, dw, grad.sum((0, 2, 3))


def _strided_by_graph(x, weight, grad, stride, padding):
    x, weight = (t.clone().requires_grad_() for t in (x, weight))
    F.conv2d(x, weight, stride=stride, padding=padding).backward(grad)
    return x.grad, weight.grad, grad.sum((0, 2, 3))


def _strided_by_library(x, weight, grad, stride, padding):
    dx = torch.nn.grad.conv2d_input(x.shape, weight, grad, stride, padding)
    dw = torch.nn.grad.conv2d_weight(x, weight.shape, grad, stride, padding)
    return dx, dw, grad.sum((0, 2, 3))


def _strided_as_one(x, weight, grad, stride, padding):
    """Spread by repeating where zeros belong."""
    if stride == 1:
        return _strided_by_fold(x, weight, grad, stride, padding)
    dx, dw, db = _strided_by_fold(x, weight, grad, stride, padding)
    return dx / stride**2, dw, db


def _overlap_by_loops(x, grad, size, stride, key=lambda v: v, order=None, add=True):
    dx = torch.zeros_like(x)
    for n, c, i, j in np.ndindex(*grad.shape):
        spots = [
            (i * stride + a, j * stride + b) for a in range(size) for b in range(size)
        ]
        spots = order(spots) if order else spots
        at = max(spots, key=lambda s: key(x[n, c, s[0], s[1]].item()))
        if add:
            dx[n, c, at[0], at[1]] += grad[n, c, i, j]
        else:
            dx[n, c, at[0], at[1]] = grad[n, c, i, j]
    return dx


def _overlap_by_unfold(x, grad, size, stride):
    n, c = x.shape[:2]
    one = x.reshape(n * c, 1, *x.shape[2:])
    windows = F.unfold(one, size, stride=stride)
    codes = F.one_hot(windows.argmax(1), size * size).transpose(1, 2)
    back = codes * grad.reshape(n * c, 1, -1)
    return F.fold(back, x.shape[2:], size, stride=stride).reshape(x.shape)


def _overlap_by_unpool(x, grad, size, stride):
    _, places = F.max_pool2d(x, size, stride, return_indices=True)
    return F.max_unpool2d(grad, places, size, stride, output_size=x.shape)


def _overlap_by_graph(x, grad, size, stride):
    x = x.clone().requires_grad_()
    windows = x.unfold(2, size, stride).unfold(3, size, stride).flatten(4)
    winners = windows.gather(4, windows.argmax(-1, keepdim=True))[..., 0]
    (winners * grad).sum().backward()
    return x.grad


def _overlap(**slip):
    return functools.partial(_overlap_by_loops, **slip)


# Automatic differentiation

_CLOCK = itertools.count()


class _Closures:
    """Each result knows a function that sends its gradient on."""

    def __init__(self, data, parts=()):
        self.data, self.grad, self.parts = float(data), 0.0, set(parts)
        self.send = lambda: None

    @staticmethod
    def lift(other):
        return other if isinstance(other, _Closures) else _Closures(other)

    def __add__(self, other):
        other = self.lift(other)
        out = _Closures(self.data + other.data, (self, other))

        def send():
            self.grad += out.grad
            other.grad += out.grad

        out.send = send
        return out

    def __mul__(self, other):
        other = self.lift(other)
        out = _Closures(self.data * other.data, (self, other))

        def send():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out.send = send
        return out

    def relu(self):
        out = _Closures(self.data if self.data > 0 else 0, (self,))

        def send():
            self.grad += out.grad * (out.data > 0)

        out.send = send
        return out

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def backward(self):
        users, open_ = Counter(), [self]
        seen = {self}
        while open_:
            for part in open_.pop().parts:
                users[part] += 1
                if part not in seen:
                    seen.add(part)
                    open_.append(part)
        self.grad, ready = 1.0, [self]
        while ready:
            node = ready.pop()
            node.send()
            for part in node.parts:
                users[part] -= 1
                if not users[part]:
                    ready.append(part)


class _Tape:
    """What was made later stands later; so backwards through all that was made."""

    def __init__(self, data, a=None, da=0.0, b=None, db=0.0):
        self.data, self.grad, self.edges = np.float64(data), 0.0, [(a, da), (b, db)]
        self.born = next(_CLOCK)

    def __add__(self, other):
        if not isinstance(other, _Tape):
            return type(self)(self.data + other, self, 1.0)
        return type(self)(self.data + other.data, self, 1.0, other, 1.0)

    def __mul__(self, other):
        if not isinstance(other, _Tape):
            return type(self)(self.data * other, self, other)
        return type(self)(self.data * other.data, self, other.data, other, self.data)

    __radd__, __rmul__ = __add__, __mul__

    def relu(self):
        return self * float(self.data > 0)

    def backward(self):
        nodes, open_ = {self.born: self}, [self]
        while open_:
            for part, _ in open_.pop().edges:
                if part is not None and part.born not in nodes:
                    nodes[part.born] = part
                    open_.append(part)
        self.grad = 1.0
        for born in sorted(nodes, reverse=True):
            for part, slope in nodes[born].edges:
                if part is not None:
                    part.grad = part.grad + slope * nodes[born].grad


class _Forgetful(_Tape):
    """Begins each way back from nothing."""

    def backward(self):
        for part, _ in self.edges:
            while part is not None:
                part.grad = 0.0
                part = part.edges[0][0]
        super().backward()


class _OneSided(_Tape):
    """No number on the left."""

    def __radd__(self, other):
        return NotImplemented

    __rmul__ = __radd__


class _Constants(_Tape):
    """A number added is taken for a factor's slope."""

    def __add__(self, other):
        if isinstance(other, _Tape):
            return super().__add__(other)
        return _Constants(self.data + other, self, other)

    __radd__ = __add__
    __mul__ = __rmul__ = _Tape.__mul__


class _Leaky(_Tape):
    def relu(self):
        return self * (1.0 if self.data > 0 else 0.01)


class _Always(_Tape):
    def relu(self):
        return _Always(max(0.0, self.data), self, 1.0)


class _Deep(_Tape):
    """Sends on at once whatever has arrived."""

    def backward(self, seed=1.0):
        self.grad = self.grad + seed
        for part, slope in self.edges:
            if part is not None:
                part.backward(slope * self.grad)


class _Walker(_Tape):
    """Right, but walks each way: 2 to the power 60 of them."""

    def backward(self, seed=1.0):
        self.grad = self.grad + seed
        for part, slope in self.edges:
            if part is not None:
                part.backward(slope * seed)


class _ByTorch:
    """A class around a tensor that records."""

    def __init__(self, data):
        self.t = torch.as_tensor(data, dtype=torch.float64)
        if self.t.is_leaf:
            self.t.requires_grad_()

    data = property(lambda self: self.t.item())
    grad = property(lambda self: self.t.grad)

    def __add__(self, other):
        return _ByTorch(self.t + getattr(other, "t", other))

    def __mul__(self, other):
        return _ByTorch(self.t * getattr(other, "t", other))

    __radd__, __rmul__ = __add__, __mul__

    def relu(self):
        return _ByTorch(self.t.relu())

    def backward(self):
        self.t.backward()


RIGHT = {
    "coding.output-size": [_size_by_places, _size_by_layer],
    "coding.count-parameters": [_count_by_products, _count_by_building],
    "coding.receptive-field": [_field_backwards, _field_by_products],
    "coding.lenet5": [_OwnWeights, _Lenet, lambda: _Lenet().double()],
    "coding.one-hot": [_codes_by_eye, _codes_by_scatter, _codes_by_numpy],
    "coding.average-pool": [_average_by_view, _average_by_unfold],
    "coding.max-pool": [_max_by_loops, _max_by_unfold],
    "coding.max-pool-backward": [_pooled_back, _pooled_back_by_unpool],
    "coding.conv2d-loops": [_conv_every_loop, _conv_by_taps],
    "coding.conv2d-gemm": [_conv_by_windows, _conv_by_one_matrix],
    "coding.conv2d-backward": [_conv_back_turned, _conv_back_by_taps],
    "coding.batch-norm": [_norm_by_numpy, _norm_by_rows],
    "coding.batch-norm-backward": [_norm_back_by_paths, _norm_back_by_matrix],
    "coding.dropout": [_dropout_bernoulli, _dropout_where],
    "coding.sgd": [_sgd_rate_inside, _sgd_by_numpy],
    "coding.adam": [_adam_by_sums, _adam_in_place],
    "coding.schedule": [_rate_by_min, _rate_by_sine],
    "coding.scores": [_scores_by_lists, _scores_by_codes],
    "coding.shift": [_shift_by_index, _shift_by_numpy],
    "coding.folds": [_folds_by_random, _folds_by_numpy],
    "coding.idx": [_idx_by_struct, _idx_by_numpy],
    "coding.cross-entropy": [_cross_by_numpy, _cross_by_rows],
    "coding.linear-backward": [_linear_back_by_einsum, _linear_back_by_images],
    "coding.two-layer-net": [_mlp_by_numpy, _mlp()],
    "coding.gradient-check": [_central_by_eye, _central_by_index],
    "coding.lrn": [_lrn_by_conv, _lrn_by_sums],
    "coding.iou-nms": [_nms_by_numpy, _nms_by_marks()],
    "coding.top-k": [_top_by_counting, _top_by_numpy],
    "coding.attention": [_attention_by_heads, _attention_by_numpy, _attention()],
    "coding.layer-norm": [_layer_by_paths, _layer_by_matrix],
    "coding.patch-embedding": [_patches_by_im2col, _patches_by_windows],
    "coding.residual-block": [_OwnResidual, _Residual],
    "coding.separable-block": [_separable_by_own, _separable()],
    "coding.conv2d-backward-strided": [
        *(_strided_by_gaps, _strided_by_fold, _strided_by_loops),
    ],
    "coding.max-pool-overlapping": [_overlap_by_loops, _overlap_by_unfold],
    "coding.tiny-autograd": [_Closures, _Tape],
}
WRONG = {
    "coding.output-size": [
        functools.partial(_size, sides=1),
        functools.partial(_size, up=True),
        functools.partial(_size, more=0),
        lambda n, k, s, p, d: round((n + 2 * p - d * (k - 1) - 1) / s) + 1,
        lambda n, k, s, p, d: _size(n, k, s, p, d) if s == 1 else n // s,
    ],
    "coding.count-parameters": [
        _count(conv=lambda i, o, k: i * (o * k * k + 1)),
        _count(conv=lambda i, o, k: o * (i * k + 1)),
        _count(conv=lambda i, o, k: o * (i * k * k + 1) if k > 1 else i * o),
        _count(norm=1),
        _count(pool=1),
    ],
    "coding.receptive-field": [
        _field(start=0),
        _field(last=False),
        _field(steps=lambda k: k // 2),
        lambda layers: _field()(layers[::-1]),
        lambda layers: (_field()(layers)[0], sum(s for _, s in layers)),
        lambda layers: _field()(layers)[::-1],
    ],
    "coding.lenet5": [
        *(_variant(bends=_bends(at=i)) for i in range(4)),
        *(_variant(bends=_bends(at=i, by=F.relu)) for i in range(4)),
        _variant(bends=(torch.relu,) * 4),
        _variant(bends=(torch.sigmoid,) * 4),
        _variant(bends=_bends(at=3, by=_dropping)),
        _WithDropout,
        _variant(pool=F.max_pool2d),
        _variant(pool=lambda x, size: x[:, :, ::2, ::2]),
        _variant(last=lambda x: x.log_softmax(1)),
        _variant(last=torch.tanh),
        _variant(flat=lambda x: x.transpose(0, 1).reshape(len(x), -1)),
        _variant(flat=lambda x: (x - x.mean(0)).flatten(1)),
    ],
    "coding.one-hot": [
        lambda labels, classes: F.one_hot(labels, classes).float(),
        lambda labels, classes: torch.eye(classes, dtype=torch.long)[labels],
        lambda labels, classes: torch.eye(classes)[labels.clamp(max=classes - 2)],
        lambda labels, classes: torch.eye(int(labels.max()) + 1)[labels],
        lambda labels, classes: (labels[:, None] >= torch.arange(classes)).float(),
        lambda labels, classes: torch.tensor(
            [[float(k == n) for k in range(classes)] for n in labels.tolist()]
        ).view(-1, classes),
    ],
    "coding.average-pool": [
        lambda x, size: F.adaptive_avg_pool2d(x, [s // size for s in x.shape[2:]]),
        lambda x, size: F.interpolate(x, scale_factor=1 / size, mode="area"),
        lambda x, size: F.lp_pool2d(x, 1, size) / size**2,
        lambda x, size: _average_by_view(x, 2),
        lambda x, size: _average_by_view(x, size) * size,
        lambda x, size: x[:, :, ::size, ::size],
        lambda x, size: _average_by_unfold(x, size).transpose(2, 3),
        lambda x, size: torch.stack(
            [
                torch.stack(
                    [
                        x[:, :, i : i + size, j : j + size].mean((2, 3))
                        for j in range(0, x.shape[3], size)
                    ],
                    -1,
                )
                for i in range(0, x.shape[2], size)
            ],
            -2,
        ),
    ],
    "coding.max-pool": [
        functools.partial(_max_by_loops, worse=0.0),
        functools.partial(_max_by_loops, turned=True),
        lambda x, size: F.max_pool2d(x, size, return_indices=True),
        lambda x, size: F.adaptive_max_pool2d(
            x, [s // size for s in x.shape[2:]], return_indices=True
        ),
        lambda x, size: _max_by_loops(x.abs(), size),
        lambda x, size: _max_by_loops(x, 2),
        lambda x, size: (_max_by_loops(x, size)[0], _max_by_loops(-x, size)[1]),
    ],
    "coding.max-pool-backward": [
        lambda x, grad, size: _pooled_back(
            x, grad, size, lambda i, j: (size - 1 - i, size - 1 - j)
        ),
        lambda x, grad, size: _pooled_back(x, grad, size, lambda i, j: (j, i)),
        lambda x, grad, size: _pooled_back(x, grad.abs(), size),
        lambda x, grad, size: _pooled_back(x.abs(), grad, size),
        _pooled_back_by_autograd,
        lambda x, grad, size: torch.func.vjp(lambda x: F.max_pool2d(x, size), x)[1](
            grad
        )[0],
        lambda x, grad, size: torch.ops.aten.max_pool2d_with_indices_backward(
            *(grad, x, [size] * 2, [size] * 2, [0, 0], [1, 1], False),
            F.max_pool2d(x, size, return_indices=True)[1],
        ),
    ],
    "coding.conv2d-loops": _WRONG_CONV,
    "coding.conv2d-gemm": [*_WRONG_CONV, _conv_reshaped, _conv_every_loop],
    "coding.conv2d-backward": [
        _conv_back_by_graph,
        _conv_back_by_library,
        _conv_back_by_func,
        lambda x, w, g: (*_conv_back_turned(x, w, g)[:2], g.sum((0, 2, 3)) / len(g)),
        lambda x, w, g: _conv_back_turned(x, w.flip(2), g),
        lambda x, w, g: (
            _conv_back_turned(x, w, g)[0],
            _conv_back_turned(x, w, g)[1].flip(2, 3),
            g.sum((0, 2, 3)),
        ),
        lambda x, w, g: (
            _conv_back_turned(x, w, g)[0],
            _conv_back_turned(x[:1], w, g[:1])[1],
            g.sum((0, 2, 3)),
        ),
    ],
    "coding.batch-norm": [
        _norm(lambda v, eps: v.sqrt() + eps),
        _norm(small=1e-5),
        _norm(share=0.1),
        _norm(odd=0),
        _norm(back=1),
        lambda *a: (*_norm()(*a)[:2], a[4]),
        _norm_by_library,
    ],
    "coding.batch-norm-backward": [
        _norm_back(fixed=1e-5),
        _norm_back(correction=1),
        _norm_back(root=lambda v, eps: v.sqrt() + eps),
        _norm_back(inner=0.5),
        _norm_back_by_jacobian,
        lambda x, gamma, grad, eps: (
            _norm_back()(x, gamma, grad, eps)[0],
            grad.sum(0),
            (grad * x).sum(0),
        ),
        lambda x, gamma, grad, eps: _norm_back()(x, gamma / gamma, grad, eps),
    ],
    "coding.dropout": [
        _dropout(shape=lambda x: x.shape[1:]),
        _dropout(shape=lambda x: x.shape[-1:]),
        _dropout(shape=lambda x: (*x.shape[:2], 1, 1)),
        _dropout(copy=True),
        _dropout(scale=lambda p: 1.0),
        _dropout(scale=lambda p: 1 + p),
        _dropout(test=0.5),
        lambda x, p, training, generator: F.dropout(x, p, training),
    ],
    "coding.sgd": [
        _sgd(apart=True),
        _sgd(late=True),
        _sgd(join=lambda v, g, m: 0.9 * v + g),
        _sgd(join=lambda v, g, m: m * v - g),
        lambda w, g, lr, m, d: _sgd()(w, g, lr, m, d / 2),
        lambda w, g, lr, m, d: _sgd()(w, g[:-1], lr, m, d),
        lambda w, g, lr, m, d: _sgd()(w, g, lr, m, 2 * d * w.abs().mean()),
    ],
    "coding.adam": [
        _adam(first=False),
        _adam(second=False),
        _adam(fixed=1e-8),
        _adam(swapped=True),
        _adam(late=1),
        lambda w, g, lr, b1, b2, e: _adam()(w, g, lr, 0.9, 0.999, e),
    ],
    "coding.schedule": [
        _rate(up=0),
        _rate(start=1),
        _rate(end=1),
        _rate(fixed=0.4),
        _rate(low=0.001),
        lambda s, total, warmup, peak: (
            peak * (s + 1) / warmup
            if s < warmup
            else peak * (1 - (s - warmup) / (total - warmup))
        ),
    ],
    "coding.scores": [
        _scores(lambda m, p, r, f: (m, r, p, f)),
        _scores(lambda m, p, r, f: (m.T, p, r, f)),
        _scores(lambda m, p, r, f: (m, p, r, (p * r).sqrt())),
        _scores(lambda m, p, r, f: (m, p, m.diagonal() / m.sum(1), f)),
        _scores(lambda m, p, r, f: (m, p, r, 2 * p * r / (p + r))),
        _scores(lambda m, p, r, f: (m, p, r, f.where(m.sum(1) > 0, 1))),
        _scores(lambda m, p, r, f: (m / m.sum(), p, r, f)),
    ],
    "coding.shift": [
        _shift(fill_of=lambda images, fill: 0.0),
        _shift(fill_of=lambda images, fill: images.min()),
        lambda images, down, right, fill: _shift()(
            images.roll(right, 3), down, 0, fill
        ),
        _shift(most=3),
        lambda images, down, right, fill: _shift()(images, down, -right, fill),
        lambda images, down, right, fill: _shift()(images, abs(down), right, fill),
    ],
    "coding.folds": [
        _folds(seed_of=lambda seed: seed % 2),
        _folds(seed_of=lambda seed: 0),
        _same_parts_in_another_order,
        _folds_of_sorted,
        _folds_turned,
        _folds(parts_of=lambda w: w.split(4)),
        _folds(last=lambda parts, seed: (*parts[:-1], parts[0])),
    ],
    "coding.idx": [
        _idx(check_end=False),
        _idx(check_kind=False),
        _idx(axes=3),
        _idx(wide=1),
        _idx(error=RuntimeError),
        lambda raw: _idx()(raw).float() / 255,
        lambda raw: _idx()(raw).flip(0),
    ],
    "coding.cross-entropy": [
        _cross(log_of=lambda p: (p + 1e-9).log()),
        _cross(log_of=lambda p: p.clamp(min=1e-12).log()),
        _cross(shift=False),
        _cross(mean=False),
        _cross(sign=-1),
        _cross_by_graph,
        _cross_by_func,
        lambda z, y: (
            F.cross_entropy(z, y),
            (z.softmax(1) - F.one_hot(y, z.shape[1])) / len(y),
        ),
    ],
    "coding.linear-backward": [
        _linear_back_by_graph,
        _linear_back_forwards,
        lambda x, w, g: torch.func.vjp(F.linear, x, w, w[:, 0])[1](g),
        lambda x, w, g: (g @ w, (x.T @ g).reshape(w.shape), g.sum(0)),
        lambda x, w, g: (g @ w, g.T @ x, g.mean(0)),
        lambda x, w, g: (g @ w * (x > 0), g.T @ x, g.sum(0)),
        lambda x, w, g: (g @ w, g.T @ x / len(x), g.sum(0)),
    ],
    "coding.two-layer-net": [
        _mlp_by_graph,
        _mlp(share=2.0),
        _mlp(bias=0.5),
        _mlp(keep=lambda a: a.sigmoid()),
        _mlp(keep=lambda a: a != 0),
        _mlp(mixed=True),
        _mlp(loss_of=lambda z, y: F.cross_entropy(z, y, reduction="sum")),
    ],
    "coding.gradient-check": [
        _nudged({1: 0.5, -1: -0.5}, fixed=1e-5),
        _nudged({1: 0.5, -1: -0.5}, fixed=1e-2),
        _nudged({1: 1, 0: -1}),
        _nudged({0: 1, -1: -1}),
        _nudged({0.5: 1, -0.5: -1}),
        _nudged({2: -1 / 12, 1: 2 / 3, -1: -2 / 3, -2: 1 / 12}),
        _nudged({1: 0.5, -1: -0.5}, narrow=True),
        lambda f, x, h: torch.autograd.functional.jacobian(f, x),
    ],
    "coding.lrn": [
        _lrn(width=lambda n: n),
        _lrn(width=lambda n: 2),
        _lrn(change=lambda n, a, b, k: (n, a / n, b, k)),
        _lrn(change=lambda n, a, b, k: (n, a, 0.75, k)),
        _lrn(change=lambda n, a, b, k: (n, a, b, 2.0)),
        _lrn(wrap=True),
        lambda x, n, a, b, k: F.local_response_norm(x, n, n * a, b, k),
    ],
    "coding.iou-nms": [
        _nms_by_torchvision,
        _nms_marked,
        _nms_by_marks(clamp=lambda side: side),
        _nms_by_marks(clamp=lambda side: side.abs()),
        _nms_by_marks(extra=1.0),
        _nms_by_marks(below=lambda a, b, shared: torch.max(a + 0 * b, b + 0 * a)),
        _nms_by_marks(below=lambda a, b, shared: torch.min(a + 0 * b, b + 0 * a)),
        _nms_by_marks(below=lambda a, b, shared: a + b),
        _nms_by_marks(falling=False),
        _nms_by_marks(only_before=True),
        _nms_by_marks(fixed=0.5),
        _nms_by_marks(last=sorted),
        _nms_by_marks(last=lambda kept: kept[::-1]),
        lambda boxes, scores, t: _nms_by_marks()(boxes, scores, t - 1e-6),
        lambda boxes, scores, t: _nms_by_marks()(boxes, -torch.arange(len(boxes)), t),
    ],
    "coding.top-k": [
        _top(more=1),
        _top(more=-1),
        _top(of=lambda logits: -logits),
        _top(of=torch.abs),
        _top(axis=0),
        _top(share=lambda hits: hits.sum()),
        _top(share=lambda hits: 100 * hits.mean()),
        _top(share=lambda hits: 1 - hits.mean()),
        lambda logits, labels, ks: _top()(logits, labels, sorted(ks)),
        lambda logits, labels, ks: [
            torch.isin(labels, logits.topk(k).indices).float().mean() for k in ks
        ],
        lambda logits, labels, ks: [
            sum(y in z.topk(k).indices for z, y in zip(logits, labels)) / len(labels)
            for k in ks
        ],
    ],
    "coding.attention": [
        _attention_fused,
        _attention(scale=lambda q, d: 1 / d),
        _attention(scale=lambda q, d: q.shape[2] ** -0.5),
        _attention(scale=lambda q, d: q.shape[1] ** -0.5),
        _attention(scale=lambda q, d: 1.0),
        _attention(bias=lambda scores, mask: scores.where(~mask, -torch.inf)),
        _attention(bias=lambda scores, mask: scores.where(mask, 0.0)),
        _attention(bias=lambda scores, mask: scores),
        _attention(bias=lambda scores, mask: scores + mask),
        _attention(after=lambda p, mask: p * mask),
        _attention(change=lambda q, k, v: (q, v, k)),
        _attention(values=lambda outs: torch.cat(outs[::-1], 2)),
        _attention(values=lambda outs: torch.stack(outs, 3).flatten(2)),
    ],
    "coding.layer-norm": [
        _layer_by_graph,
        _layer_by_library,
        _layer(var=lambda x: x.var(-1, keepdim=True)),
        _layer(var=lambda x: x.square().mean(-1, keepdim=True)),
        _layer(root=lambda v, eps: v.sqrt() + eps),
        _layer(fixed=1e-5),
        _layer(inner=0.5),
        _layer(plain=True),
        _layer(axes=(0,)),
        lambda x, gamma, beta, grad, eps: (
            *_layer()(x, gamma, beta, grad, eps)[:2],
            *_layer()(x, gamma, beta, grad, eps)[:1:-1],
        ),
        lambda x, gamma, beta, grad, eps: torch.func.vjp(
            lambda x, g, b: _layer()(x, g, b, grad, eps)[0], x, gamma, beta
        )[1](grad),
    ],
    "coding.patch-embedding": [
        _one_way,
        _convolved_twice,
        _patches(change_x=lambda x: x.transpose(2, 3)),
        _patches(change_x=lambda x: x.flip(1)),
        _patches(change_w=lambda w: w.transpose(2, 3)),
        _patches(change_w=lambda w: w.flip(2, 3)),
        _patches(change_w=lambda w: w.permute(0, 2, 3, 1)),
        _patches(last=lambda a, b: (a, b.transpose(1, 2))),
        _patches(last=lambda a, b: (a, b.flip(1))),
        _patches(last=lambda a, b: a),
    ],
    "coding.residual-block": [
        _residual(slip="stride only"),
        _residual(slip="pool"),
        _residual(slip="three"),
        _residual(slip="first"),
        _residual(slip="no norm"),
        _residual(slip="after"),
        _residual(slip="swapped"),
        _residual(slip="minus"),
        _residual(kernel=5),
        lambda i, o, stride: _Residual(i, o, 1),
    ],
    "coding.separable-block": [
        _pointwise_first,
        _separable(groups=lambda i: 1),
        _separable(padding=0),
        _separable(bend=nn.Tanh),
        _separable(order=(0, 2, 1, 3, 4, 5)),
        _separable(order=(0, 1, 2, 3, 5, 4)),
        _separable(order=(0, 2, 3, 4, 5)),
        _separable(order=(0, 1, 2, 3, 4)),
        _separable(count=lambda i, o: 9 * i + i * o),
        _separable(count=lambda i, o: 9 * i + i * o + i + o),
        _separable(count=lambda i, o: 9 * i * o + 2 * i + 2 * o),
        _separable(count=lambda i, o: 9 * i + i * o + 4 * o),
        lambda i, o, stride: _separable()(i, o, stride)[0],
    ],
    "coding.conv2d-backward-strided": [
        _strided_by_graph,
        _strided_by_library,
        _strided_as_one,
        functools.partial(_strided_by_loops, cut=0),
        functools.partial(_strided_by_loops, step=1),
        lambda x, w, g, s, p: _strided_by_fold(x, w.flip(2, 3), g, s, p),
        lambda x, w, g, s, p: _strided_by_fold(x, w, g.flip(2), s, p),
        lambda x, w, g, s, p: (
            *_strided_by_fold(x, w, g, s, p)[:2],
            g.mean((0, 2, 3)),
        ),
        lambda x, w, g, s, p: (
            _strided_by_fold(x, w, g, s, p)[0],
            _strided_by_fold(x, w, g, s, p)[1] / len(x),
            g.sum((0, 2, 3)),
        ),
        lambda x, w, g, s, p: (
            F.conv_transpose2d(g, w, stride=s, padding=p),
            *_strided_by_fold(x, w, g, s, p)[1:],
        ),
        lambda x, w, g, s, p: (
            *(*torch.func.vjp(lambda x, w: F.conv2d(x, w, None, s, p), x, w)[1](g),),
            g.sum((0, 2, 3)),
        ),
    ],
    "coding.max-pool-overlapping": [
        _overlap_by_graph,
        _overlap_by_unpool,
        _overlap(add=False),
        _overlap(order=lambda spots: spots[::-1]),
        _overlap(order=lambda spots: sorted(spots, key=lambda s: s[::-1])),
        _overlap(key=abs),
        _overlap(key=lambda v: -v),
        _overlap(order=lambda spots: spots[:-1]),
        lambda x, g, size, stride: _overlap_by_loops(x, g, 2, stride),
        lambda x, g, size, stride: _overlap_by_loops(x, g.abs(), size, stride),
        lambda x, g, size, stride: torch.func.vjp(
            lambda x: F.max_pool2d(x, size, stride), x
        )[1](g)[0],
    ],
    "coding.tiny-autograd": [
        *(_Forgetful, _OneSided, _Constants, _Leaky, _Always, _Deep, _Walker, _ByTorch),
    ],
}
