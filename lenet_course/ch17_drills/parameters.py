"""Drills on what a layer holds: its parameters.

Each function takes every number of its problem from ``pick``, among a few options.
"""

from lenet_course.ch17_drills.text import count

ONE_BIAS = "These are the weights. Each map has a bias, too."
PER_KERNEL = "A bias belongs to a map, not to a kernel."


def parameters_basic(pick) -> dict:
    cin, cout = pick(1, 3, 6, 16, 32, 64), pick(6, 16, 32, 64, 96, 120)
    k = pick(1, 3, 5)
    one = cin * k * k + 1
    return {
        "given": {"cin": cin, "cout": cout, "k": k},
        "question": "How many parameters does a convolution have that makes "
        f"{cout} maps out of {cin} with {k}×{k} kernels and biases?",
        "unit": "parameters",
        "steps": [
            f"One map reads {cin} maps with {k}·{k} weights each and has one bias: "
            f"{cin}·{k * k} + 1 = {one}.",
            f"{cout} maps: {cout}·{one} = {count(cout * one)}.",
        ],
        "answer": cout * one,
        "slips": [
            (cout * cin * k * k, ONE_BIAS),
            (cout * cin * (k * k + 1), PER_KERNEL),
            (cout * (k * k + 1), "Every map reads all maps before it."),
            (one, "That is one map of the output."),
        ],
    }


def parameters_intermediate(pick) -> dict:
    return _dense(pick) if pick(0, 1) else _groups(pick)


def _dense(pick) -> dict:
    c, m, units = pick(16, 32, 50, 64), pick(4, 5, 6, 7), pick(10, 84, 100, 120)
    features = c * m * m
    return {
        "given": {"kind": "dense", "c": c, "m": m, "units": units},
        "question": f"{c} maps of {m}×{m} are flattened and read by a dense layer of "
        f"{units} units. How many parameters does the layer have?",
        "unit": "parameters",
        "steps": [
            f"Flattened: {c}·{m}·{m} = {count(features)} values.",
            f"One unit: {count(features)} weights and a bias, {count(features + 1)}.",
            f"{units} units: {units}·{count(features + 1)} = "
            f"{count(units * (features + 1))}.",
        ],
        "answer": units * (features + 1),
        "slips": [
            (units * features, "These are the weights. Each unit has a bias, too."),
            (units * (c + 1), "A unit reads every value of a map, not the map."),
            (units * features + 1, "Each unit has its own bias."),
        ],
    }


def _groups(pick) -> dict:
    cin, cout = pick(32, 48, 64, 96), pick(64, 96, 128)
    k, g = pick(3, 5), pick(2, 4)
    part = cin // g
    one = part * k * k + 1
    return {
        "given": {"kind": "groups", "cin": cin, "cout": cout, "k": k, "g": g},
        "question": f"A convolution makes {cout} maps out of {cin} with {k}×{k} "
        f"kernels in {g} groups, with biases. How many parameters does it have?",
        "unit": "parameters",
        "steps": [
            f"In {g} groups a map reads {cin}/{g} = {part} maps.",
            f"One map: {part}·{k * k} + 1 = {count(one)}.",
            f"{cout} maps: {cout}·{count(one)} = {count(cout * one)}.",
        ],
        "answer": cout * one,
        "slips": [
            (cout * part * k * k, ONE_BIAS),
            (cout * (cin * k * k + 1), "In groups, a map does not read all maps."),
            (cout // g * one, "All groups together still make all maps."),
        ],
    }


def parameters_advanced(pick) -> dict:
    return _network(pick) if pick(0, 1) else _table(pick)


def _network(pick) -> dict:
    n, cin, c, k = pick(28, 32), pick(1, 3), pick(6, 8, 16), pick(3, 5)
    m = (n - k + 1) // 2
    conv = c * (cin * k * k + 1)
    features = c * m * m
    dense = 10 * (features + 1)
    return {
        "given": {"kind": "network", "n": n, "cin": cin, "c": c, "k": k},
        "question": f"A network for images of {cin}@{n}×{n}: {c} kernels of {k}×{k} "
        "without padding, ReLU, a 2×2 max pool with stride 2, a dense layer to 10 "
        "classes. How many parameters does it have?",
        "unit": "parameters",
        "steps": [
            f"Convolution: {c}·({cin}·{k * k} + 1) = {count(conv)}.",
            f"Its maps are {n} − {k} + 1 = {n - k + 1} wide, pooled {m}. ReLU and "
            "max pool have no parameters.",
            f"Flattened: {c}·{m}·{m} = {count(features)}.",
            f"Dense: 10·({count(features)} + 1) = {count(dense)}.",
            f"Together: {count(conv)} + {count(dense)} = {count(conv + dense)}.",
        ],
        "answer": conv + dense,
        "slips": [
            (dense, "That is the dense layer alone."),
            (c * cin * k * k + 10 * features, "Those are the weights: add the biases."),
            (
                conv + 10 * (c * (n - k + 1) ** 2 + 1),
                "The pool stands between the two layers.",
            ),
            (conv + 10 * (c + 1), "The dense layer reads every value of a map."),
        ],
    }


def draw_table(pick) -> tuple[dict, str]:
    """A connection table like Table I of LeCun et al. 1998: who reads how many."""
    t = {"s": pick(6, 8), "a": pick(4, 6), "p": pick(2, 3), "b": pick(6, 9)}
    t |= {"q": pick(4, 5), "k": pick(3, 5)}
    words = (
        f"{t['a']} maps read {t['p']} maps each, {t['b']} read {t['q']} each, and one "
        f"reads all {t['s']}; kernels are {t['k']}×{t['k']}"
    )
    return t, words


def count_table(t: dict) -> tuple[int, int, list[str]]:
    """Kernels and maps of such a table, and the lines that count them."""
    kernels = t["a"] * t["p"] + t["b"] * t["q"] + t["s"]
    maps = t["a"] + t["b"] + 1
    lines = [
        f"Kernels: {t['a']}·{t['p']} + {t['b']}·{t['q']} + {t['s']} = {kernels}.",
        f"Maps, each with one bias: {t['a']} + {t['b']} + 1 = {maps}.",
    ]
    return kernels, maps, lines


def _table(pick) -> dict:
    t, words = draw_table(pick)
    kernels, maps, lines = count_table(t)
    kk = t["k"] * t["k"]
    answer = kernels * kk + maps
    return {
        "given": {"kind": "table", **t},
        "question": f"A layer with a connection table, as C3 of 1998: {words}. How "
        "many trainable parameters has it?",
        "unit": "parameters",
        "steps": [
            *lines,
            f"Parameters: {kernels}·{kk} + {maps} = {count(answer)}.",
        ],
        "answer": answer,
        "slips": [
            (kernels * kk, ONE_BIAS),
            (kernels * (kk + 1), PER_KERNEL),
            (maps * (t["s"] * kk + 1), "That joins every map to every map."),
        ],
    }
