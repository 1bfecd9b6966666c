"""Drills on what a layer makes and sees: output sizes and receptive fields.

Each function takes every number of its problem from ``pick``, among a few options.
"""

from lenet_course.ch17_drills.text import count

NO_FIRST = "That counts the steps. The place it starts from counts as well."
BOTH_SIDES = "Padding lies on both sides."


def shapes_basic(pick) -> dict:
    n, k, p = pick(20, 24, 27, 28, 32, 48, 64), pick(3, 5, 7), pick(0, 0, 1, 2)
    padded = n + 2 * p
    answer = padded - k + 1
    return {
        "given": {"n": n, "k": k, "p": p},
        "question": f"A {k}×{k} kernel slides over an image of {n}×{n} pixels with "
        f"stride 1 and padding {p}. How wide is a map of the output?",
        "unit": "pixels",
        "steps": [
            f"With padding on both sides the image is {n} + 2·{p} = {padded} "
            "pixels wide.",
            f"The kernel has {padded} − {k} + 1 = {answer} places along it.",
        ],
        "answer": answer,
        "slips": [
            (padded - k, NO_FIRST),
            (n + p - k + 1, BOTH_SIDES),
            (n - k + 1, "What does the padding add?"),
            (n, "Only a padding of (k − 1)/2 keeps the size."),
        ],
    }


def shapes_intermediate(pick) -> dict:
    n, k = pick(28, 32, 55, 64, 96, 224, 227), pick(3, 5, 7, 11)
    s, p = pick(2, 3, 4), min(pick(0, 1, 2, 3), k // 2)
    way = n + 2 * p - k
    steps = way // s
    up = (way + s - 1) // s + 1
    return {
        "given": {"n": n, "k": k, "s": s, "p": p},
        "question": f"An image of {n}×{n} pixels, a {k}×{k} kernel, stride {s}, "
        f"padding {p}: how wide is a map of the output?",
        "unit": "pixels",
        "steps": [
            f"From its first place the kernel can move {n} + 2·{p} − {k} = {way} "
            "pixels.",
            f"These hold ⌊{way}/{s}⌋ = {steps} steps of {s} pixels.",
            f"One place more than steps: {steps + 1}.",
        ],
        "answer": steps + 1,
        "slips": [
            (steps, NO_FIRST),
            (up, "A step that would leave the image is not taken: round down."),
            ((n + p - k) // s + 1, BOTH_SIDES),
            ((n - k) // s + 1, "What does the padding add?"),
            (way + 1, "The stride is not 1."),
        ],
    }


def shapes_advanced(pick) -> dict:
    n, k1 = pick(28, 32, 36, 48), pick(3, 5, 7)
    p, c1 = min(pick(0, 1, 2), k1 // 2), pick(6, 8, 16)
    k2, c2 = pick(3, 5), pick(16, 32, 50, 64)
    first = n + 2 * p - k1 + 1
    half = first // 2
    second = half - k2 + 1
    last = second // 2
    answer = c2 * last * last
    bare = ((n - k1 + 1) // 2 - k2 + 1) // 2
    return {
        "given": {"n": n, "k1": k1, "p": p, "c1": c1, "k2": k2, "c2": c2},
        "question": f"A grey image of {n}×{n} goes through a convolution ({c1} "
        f"kernels of {k1}×{k1}, padding {p}), a 2×2 pool with stride 2, a convolution "
        f"({c2} kernels of {k2}×{k2}, no padding) and the same pool. How many "
        "features must the first dense layer read?",
        "unit": "features",
        "steps": [
            f"First convolution: {n} + 2·{p} − {k1} + 1 = {first}.",
            f"Pool: ⌊{first}/2⌋ = {half}.",
            f"Second convolution: {half} − {k2} + 1 = {second}.",
            f"Pool: ⌊{second}/2⌋ = {last}.",
            f"Flattened: {c2}·{last}·{last} = {count(answer)}. The {c1} maps in the "
            "middle do not matter.",
        ],
        "answer": answer,
        "slips": [
            (last * last, "That is one map. How many are there?"),
            (c2 * last, "A map has two sides."),
            (c2 * second * second, "That is before the second pool."),
            (c1 * last * last, "The maps that are flattened are those of the last."),
            (c2 * bare * bare, "What does the padding add?"),
        ],
    }


def _field(layers: list[tuple[str, int, int, int]]) -> tuple[int, list[str]]:
    """Receptive field of (name, kernel, stride, dilation) layers, step by step."""
    field, jump, steps = 1, 1, ["Start from one pixel: field 1, jump 1."]
    for name, k, s, d in layers:
        span = d * (k - 1)
        wide = f"({k} − 1)" if d == 1 else f"{d}·({k} − 1)"
        grown = field + span * jump
        line = f"{name}: field {field} + {wide}·{jump} = {grown}"
        line += f", jump {jump}·{s} = {jump * s}." if s > 1 else "."
        steps.append(line)
        field, jump = grown, jump * s
    return field, steps


def _field_drill(layers: list[tuple[str, int, int, int]]) -> dict:
    answer, steps = _field(layers)
    jump, early = 1, 1
    for _, k, s, d in layers:
        jump *= s
        early += d * (k - 1) * jump
    flat = 1 + sum(d * (k - 1) for _, k, _, d in layers)
    narrow = _field([(name, k, s, 1) for name, k, s, _ in layers])[0]
    words = ", then ".join(_say(*layer) for layer in layers)
    return {
        "given": {"layers": [[k, s, d] for _, k, s, d in layers]},
        "question": f"An image goes through {words}. How many pixels wide is the "
        "receptive field of one unit of the last layer?",
        "unit": "pixels",
        "steps": steps,
        "answer": answer,
        "slips": [
            (flat, "After a stride, neighbours lie further apart in the image."),
            (early, "A layer's own stride moves only the layers after it."),
            (narrow, "Dilation spreads the kernel."),
            (
                sum(k for _, k, _, _ in layers),
                "Fields of neighbours overlap: each layer adds k − 1, not k.",
            ),
        ],
    }


def _say(name: str, k: int, s: int, d: int) -> str:
    extra = [f"stride {s}"] * (s > 1) + [f"dilation {d}"] * (d > 1)
    return f"a {k}×{k} {name}" + (f" with {' and '.join(extra)}" if extra else "")


def receptive_field_basic(pick) -> dict:
    kernels = [pick(3, 5, 7) for _ in range(pick(2, 3))]
    return _field_drill([("convolution", k, 1, 1) for k in kernels])


def receptive_field_intermediate(pick) -> dict:
    layers = [("convolution", pick(3, 5, 7), 1, 1), ("pool", pick(2, 3), 2, 1)]
    layers.append(("convolution", pick(3, 5, 7), 1, 1))
    if pick(0, 1):
        layers.append(("pool", 2, 2, 1))
    return _field_drill(layers)


def receptive_field_advanced(pick) -> dict:
    layers = [("convolution", pick(3, 5, 7, 11), pick(1, 2, 4), 1)]
    layers.append(("pool", pick(2, 3), 2, 1))
    layers.append(("convolution", pick(3, 5), 1, pick(1, 2, 3)))
    layers.append(("pool", pick(2, 3), 2, 1))
    layers.append(("convolution", 3, 1, 1))
    return _field_drill(layers)
