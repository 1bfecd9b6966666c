"""Drills on what a layer does for one image: multiply-adds and connections.

Each function takes every number of its problem from ``pick``, among a few options.
"""

from lenet_course.ch17_drills.parameters import (
    PER_KERNEL,
    count_table,
    draw_table,
)
from lenet_course.ch17_drills.text import count

STORED = "These are the parameters. How often is each used for one image?"
BIASES = "Biases are not counted as multiply-adds."
BIAS_COUNTS = "In 1998 the bias is a connection, too."


def macs_basic(pick) -> dict:
    cin, c, m, k = pick(1, 3, 6, 16), pick(6, 8, 16), pick(8, 10, 14, 28), pick(3, 5)
    weights, units = cin * k * k, c * m * m
    return {
        "given": {"cin": cin, "c": c, "m": m, "k": k},
        "question": f"A convolution makes {c} maps of {m}×{m} out of {cin} with "
        f"{k}×{k} kernels. How many multiply-adds is that for one image? (Biases are "
        "not counted.)",
        "unit": "multiply-adds",
        "steps": [
            f"One unit: {cin}·{k}·{k} = {weights} multiply-adds.",
            f"Units: {c}·{m}·{m} = {count(units)}.",
            f"Together: {count(units)}·{weights} = {count(units * weights)}.",
        ],
        "answer": units * weights,
        "slips": [
            (units * (weights + 1), BIASES),
            (units * k * k, "A unit reads all maps before it."),
            (m * m * weights, "That is one map of the output."),
            (c * (weights + 1), STORED),
            (2 * units * weights, "Those are operations: two to a multiply-add."),
        ],
    }


def macs_intermediate(pick) -> dict:
    n, cin, c = pick(28, 32, 64), pick(1, 3), pick(6, 8, 16)
    k, s = pick(3, 5), pick(1, 2)
    p = min(pick(0, 1, 2), k // 2)
    m = (n + 2 * p - k) // s + 1
    weights, units = cin * k * k, c * m * m
    return {
        "given": {"n": n, "cin": cin, "c": c, "k": k, "s": s, "p": p},
        "question": f"An image of {cin}@{n}×{n} is read by {c} kernels of {k}×{k}, "
        f"stride {s}, padding {p}. How many multiply-adds? (Biases are not counted.)",
        "unit": "multiply-adds",
        "steps": [
            f"Side of a map: ⌊({n} + 2·{p} − {k})/{s}⌋ + 1 = {m}.",
            f"Units: {c}·{m}·{m} = {count(units)}.",
            f"One unit: {cin}·{k}·{k} = {weights} multiply-adds.",
            f"Together: {count(units)}·{weights} = {count(units * weights)}.",
        ],
        "answer": units * weights,
        "slips": [
            (units * (weights + 1), BIASES),
            (c * n * n * weights, "Count the units of the output, not the pixels."),
            (c * (weights + 1), STORED),
            (m * m * weights, "That is one map of the output."),
        ],
    }


def macs_advanced(pick) -> dict:
    c, d, m = pick(16, 32, 64), pick(32, 64, 128), pick(7, 14, 28)
    depth, point = c * 9, c * d
    answer = m * m * (depth + point)
    return {
        "given": {"c": c, "d": d, "m": m},
        "question": f"A depthwise separable convolution turns {c} maps of {m}×{m} into "
        f"{d}: first a 3×3 kernel for each map (padding 1), then a 1×1 convolution. "
        "How many multiply-adds? (Biases are not counted.)",
        "unit": "multiply-adds",
        "steps": [
            f"Depthwise, at one position: {c}·9 = {count(depth)}.",
            f"Pointwise, at one position: {c}·{d} = {count(point)}.",
            f"Positions: {m}·{m} = {m * m}.",
            f"Together: {m * m}·({count(depth)} + {count(point)}) = {count(answer)}; "
            f"a plain 3×3 convolution takes {count(m * m * c * d * 9)}.",
        ],
        "answer": answer,
        "slips": [
            (m * m * c * d * 9, "That is the plain convolution."),
            (m * m * depth, "That is the depthwise half."),
            (m * m * point, "That is the pointwise half."),
            (depth + point, "That is one position."),
        ],
    }


def connections_basic(pick) -> dict:
    c, n, k = pick(4, 6, 8), pick(16, 20, 28, 32), pick(3, 5)
    m = n - k + 1
    one, units = k * k + 1, c * m * m
    return {
        "given": {"c": c, "n": n, "k": k},
        "question": f"{c} kernels of {k}×{k} read a grey image of {n}×{n}, without "
        "padding. How many connections does the layer have, counted as in 1998, "
        "where a unit's bias is one of them?",
        "unit": "connections",
        "steps": [
            f"A map is {n} − {k} + 1 = {m} wide: {c}·{m}·{m} = {count(units)} units.",
            f"A unit has {k}·{k} + 1 = {one} connections.",
            f"Together: {count(units)}·{one} = {count(units * one)}.",
        ],
        "answer": units * one,
        "slips": [
            (units * k * k, BIAS_COUNTS),
            (c * one, STORED),
            (c * n * n * one, "The kernel has no place at every pixel."),
            (m * m * one, "That is one map."),
        ],
    }


def connections_intermediate(pick) -> dict:
    c, n = pick(4, 6, 12, 16), pick(8, 10, 20, 24, 28)
    m = n // 2
    units = c * m * m
    return {
        "given": {"c": c, "n": n},
        "question": f"A subsampling layer of 1998 halves {c} maps of {n}×{n} with 2×2 "
        "windows. How many connections does it have?",
        "unit": "connections",
        "steps": [
            f"Units: {c}·{m}·{m} = {count(units)}.",
            "Each reads 2·2 units and a bias: 5 connections.",
            f"Together: {count(units)}·5 = {count(units * 5)}. Its parameters are far "
            f"fewer: a coefficient and a bias a map, {2 * c}.",
        ],
        "answer": units * 5,
        "slips": [
            (units * 4, BIAS_COUNTS),
            (units * 6, "The coefficient is shared by the four inputs: no connection."),
            (2 * c, "These are the parameters."),
            (c * n * n * 5, "Count the units of the output."),
            (m * m * 5, "That is one map."),
        ],
    }


def connections_advanced(pick) -> dict:
    m = pick(8, 10, 12)
    t, words = draw_table(pick)
    kernels, maps, lines = count_table(t)
    kk = t["k"] * t["k"]
    one = kernels * kk + maps
    return {
        "given": {"m": m, **t},
        "question": f"A layer of {m}×{m} maps has a connection table: {words}. How "
        "many connections has it, biases included?",
        "unit": "connections",
        "steps": [
            *lines,
            f"At one position: {kernels}·{kk} + {maps} = {count(one)}.",
            f"At {m}·{m} positions: {m * m}·{count(one)} = {count(m * m * one)}.",
        ],
        "answer": m * m * one,
        "slips": [
            (m * m * kernels * kk, BIAS_COUNTS),
            (one, STORED),
            (m * m * kernels * (kk + 1), PER_KERNEL),
            (m * m * maps * (t["s"] * kk + 1), "That joins every map to every map."),
        ],
    }
