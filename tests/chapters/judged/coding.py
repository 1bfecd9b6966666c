"""Answers to the coding tasks."""

import functools
import io
import math
import random
import struct
from collections import Counter

import numpy as np
import torch
import torch.autograd.forward_ad as forward
import torch.nn.functional as F
from torch import nn

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
}
