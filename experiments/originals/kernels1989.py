"""LeNet-1989 at one sample a step, compiled by numba: a list of its connections.

A unit of H1 or H2 knows the places of its inputs (``links``) and which kernel it
shares; that is all a convolution is. Squashing and full connection are those of
``kernels``.
"""

from collections import namedtuple

import numpy as np
import torch

from experiments.originals.kernels import jit, linear, linear_back, squash, times
from lenet_helpers.models.original import LeNet1989, UnsharedBiasConv2d

Weights1989 = namedtuple(
    "Weights1989", "h1_bias h1 h2_bias h2 h3 h3_bias output output_bias"
)


def views(tensors, model: LeNet1989) -> Weights1989:
    """One tensor for each parameter -> the same memory as numpy arrays.

    Biases of H1 and H2 become [units], their kernels [maps, inputs of a unit].
    """
    names = (name.replace(".", "_") for name, _ in model.named_parameters())
    named = dict(zip(names, (tensor.detach().numpy() for tensor in tensors)))
    return Weights1989(
        named["h1_bias"].reshape(-1),
        named["h1_kernels"].reshape(12, -1),
        named["h2_bias"].reshape(-1),
        named["h2_kernels"].reshape(12, -1),
        *(named[key] for key in ("h3_weight", "h3_bias")),
        *(named[key] for key in ("output_weight", "output_bias")),
    )


def links(layer: UnsharedBiasConv2d, side: int) -> np.ndarray:
    """Where each unit finds its inputs: [units, inputs], in the order of its kernel.

    ``side`` is that of the input maps. The border is one more place, the last one.
    """
    maps = layer.in_channels
    border = maps * side**2
    places = torch.arange(border).view(1, maps, side, side).double()
    frame = (layer.padding,) * 4
    framed = torch.nn.functional.pad(places, frame, value=border)
    windows = torch.nn.functional.unfold(framed, layer.kernel_size, stride=layer.stride)
    windows = windows[0].T.reshape(-1, maps, layer.kernel_size**2)
    reads = [windows[:, row].flatten(1) for row in layer.table]
    return torch.cat(reads).long().numpy()


@jit
def shared(out, x, kernels, bias, places):
    """Every unit: its map's kernel times the inputs at its places, plus its bias."""
    units = out.size // len(kernels)
    for u in range(out.size):
        kernel, total = kernels[u // units], bias[u]
        for k in range(kernel.size):
            total += kernel[k] * x[places[u, k]]
        out[u] = total


@jit
def shared_back(w, bias, rate, rate_bias, x, places, delta, x_delta, gradient):
    """Step kernels and biases; add what reaches the inputs to ``x_delta``."""
    units = delta.size // len(w)
    gradient[:] = 0
    x_delta[:] = 0
    for u in range(delta.size):
        kernel, steps, d = w[u // units], gradient[u // units], delta[u]
        for k in range(kernel.size):
            place = places[u, k]
            steps[k] += d * x[place]
            x_delta[place] += d * kernel[k]
        bias[u] -= rate_bias[u] * d
    for m in range(len(w)):
        for k in range(w.shape[1]):
            w[m, k] -= rate[m, k] * gradient[m, k]


@jit
def train(w, rate, h1_places, h2_places, images, targets, order):
    """One step of squared error (mean over the ten outputs) for each image."""
    minus = np.float32(-1)
    r3, r3_bias = minus * rate.h3, minus * rate.h3_bias
    r4, r4_bias = minus * rate.output, minus * rate.output_bias
    x, d0 = np.zeros(257, np.float32), np.zeros(257, np.float32)
    h1, d1 = np.zeros(769, np.float32), np.zeros(769, np.float32)
    h2, s2, d2 = np.zeros((3, 192), np.float32)
    h3, s3, d3 = np.zeros((3, 30), np.float32)
    out, s4, d4 = np.zeros((3, 10), np.float32)
    s1 = np.zeros(768, np.float32)
    g1, g2 = np.zeros_like(w.h1), np.zeros_like(w.h2)
    x[256] = h1[768] = -1  # the border
    for n in order:
        x[:256] = images[n]
        shared(h1[:768], x, w.h1, w.h1_bias, h1_places)
        squash(h1[:768], s1)
        shared(h2, h1, w.h2, w.h2_bias, h2_places)
        squash(h2, s2)
        linear(h3, h2, w.h3, w.h3_bias)
        squash(h3, s3)
        linear(out, h3, w.output, w.output_bias)
        squash(out, s4)
        d4[:] = np.float32(0.2) * (out - targets[n])  # 2 / 10: the mean over outputs
        times(d4, s4)
        linear_back(w.output, w.output_bias, r4, r4_bias, w.output, h3, d4, d3)
        times(d3, s3)
        linear_back(w.h3, w.h3_bias, r3, r3_bias, w.h3, h2, d3, d2)
        times(d2, s2)
        shared_back(w.h2, w.h2_bias, rate.h2, rate.h2_bias, h1, h2_places, d2, d1, g2)
        times(d1[:768], s1)
        shared_back(
            w.h1, w.h1_bias, rate.h1, rate.h1_bias, x, h1_places, d1[:768], d0, g1
        )
