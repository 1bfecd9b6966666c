"""Drills on what training takes: memory, steps and learning rates.

Each function takes every number of its problem from ``pick``, among a few options.
"""

from lenet_course.ch17_drills.text import count, decimal

BYTES = {"float64": 8, "float32": 4, "float16": 2}


def memory_basic(pick) -> dict:
    n = pick(2_578, 9_760, 60_000, 61_706, 44_426, 1_250_000)
    kind = pick("float64", "float32", "float16")
    size = BYTES[kind]
    return {
        "given": {"n": n, "kind": kind},
        "question": f"A network has {count(n)} parameters. How many bytes do they take "
        f"in {kind}?",
        "unit": "bytes",
        "steps": [
            f"{kind} has {8 * size} bits: {size} bytes.",
            f"{count(n)}·{size} = {count(n * size)} bytes.",
        ],
        "answer": n * size,
        "slips": [
            (n * size * 8, "These are bits."),
            (n * 4, "That would be float32."),
            (n, "That would be one byte a parameter."),
        ],
    }


def memory_intermediate(pick) -> dict:
    batch, c, m = pick(32, 64, 128, 256), pick(8, 16, 32, 64), pick(8, 14, 16, 28)
    one = c * m * m
    answer = batch * one * 4 // 1024
    return {
        "given": {"batch": batch, "c": c, "m": m},
        "question": f"A layer puts out {c} maps of {m}×{m} in float32, for a batch of "
        f"{batch} images. How many KiB (1,024 bytes) does this output take?",
        "unit": "KiB",
        "steps": [
            f"One image: {c}·{m}·{m} = {count(one)} values.",
            f"The batch: {batch}·{count(one)} = {count(batch * one)} values.",
            f"In bytes: 4·{count(batch * one)} = {count(4 * batch * one)}.",
            f"Divided by 1,024: {count(answer)} KiB.",
        ],
        "answer": answer,
        "slips": [
            (batch * one // 1024, "A float32 has four bytes."),
            (batch * one * 4, "These are bytes."),
            (one * 4 / 1024, "That is one image of the batch."),
            (batch * one * 4 / 1000, "A KiB has 1,024 bytes; 1,000 are a kB."),
        ],
    }


def memory_advanced(pick) -> dict:
    n, units = pick(256, 400, 784, 1024), pick(84, 120, 128, 500)
    name, extra, words = pick(
        ("SGD without momentum", 0, "nothing"),
        ("SGD with momentum", 1, "one velocity"),
        ("Adam", 2, "two running means"),
    )
    params = (n + 1) * units
    copies = 2 + extra
    return {
        "given": {"n": n, "units": units, "optimiser": name},
        "question": f"A dense layer from {n} values to {units} units is trained in "
        f"float32 by {name}. How many bytes do its weights and biases, their "
        "gradients and the optimiser's state take together?",
        "unit": "bytes",
        "steps": [
            f"Parameters: ({n} + 1)·{units} = {count(params)}.",
            f"For each: its value, its gradient, and of the optimiser {words}: "
            f"{copies} numbers.",
            f"{copies}·4·{count(params)} = {count(copies * 4 * params)} bytes.",
        ],
        "answer": copies * 4 * params,
        "slips": [
            (4 * params, "Those are the parameters alone."),
            ((1 + extra) * 4 * params, "There is a gradient for each parameter."),
            (2 * 4 * params, "What does the optimiser keep for each parameter?"),
            ((copies + 1) * 4 * params, "That optimiser keeps less."),
            (copies * 4 * n * units, "Biases are trained, too."),
            (copies * params, "A float32 has four bytes."),
        ],
    }


def schedule_basic(pick) -> dict:
    n, batch = pick(50_000, 54_000, 55_000, 60_000), pick(32, 50, 64, 100, 128, 256)
    epochs = pick(2, 5, 10, 20)
    full, rest = n // batch, n % batch
    steps = full + (rest > 0)
    end = f"{rest} images are left for a short batch" if rest else "no image is left"
    return {
        "given": {"n": n, "batch": batch, "epochs": epochs},
        "question": f"You train on {count(n)} images in batches of {batch} for "
        f"{epochs} epochs and keep the last, shorter batch of each. How many steps "
        "does the optimiser take?",
        "unit": "steps",
        "steps": [
            f"Full batches: ⌊{count(n)}/{batch}⌋ = {count(full)}; {end}.",
            f"An epoch: {count(steps)} steps.",
            f"{epochs} epochs: {epochs}·{count(steps)} = {count(epochs * steps)}.",
        ],
        "answer": epochs * steps,
        "slips": [
            (epochs * full, "The short batch at the end of an epoch is a step, too."),
            (
                (n * epochs + batch - 1) // batch,
                "A batch does not run on into the next epoch.",
            ),
            (steps, "That is one epoch."),
            (epochs * n, "One step takes a whole batch."),
        ],
    }


def schedule_intermediate(pick) -> dict:
    base, f = pick(1000, 500, 400, 100), pick(1, 2, 5)
    every, drops, more = pick(10, 20, 30), pick(1, 2, 3), pick(0, 1, 5, 9)
    epoch = every * drops + more
    rate, factor = decimal(base, 4), decimal(f, 1)
    n, places = base * f**drops, 4 + drops
    power = factor + ["", "²", "³"][drops - 1]
    return {
        "given": {"base": base, "f": f, "every": every, "epoch": epoch},
        "question": f"The learning rate starts at {rate} and is multiplied by {factor} "
        f"after every {every} epochs. What is it in epoch {epoch}, counted from 0?",
        "unit": "",
        "steps": [
            f"Drops before epoch {epoch}: ⌊{epoch}/{every}⌋ = {drops}.",
            f"{rate}·{power} = {decimal(n, places)}.",
        ],
        "answer": n / 10**places,
        "slips": [
            (n * f / 10 ** (places + 1), "One drop too many."),
            (base * f ** (drops - 1) / 10 ** (places - 1), "One drop too few."),
            (base / 10**4, "That is where it starts."),
        ],
    }


def schedule_advanced(pick) -> dict:
    peak, warm, length = pick(1000, 400, 100, 8), pick(100, 200, 500), pick(600, 1200)
    case, part = pick(0, 1, 2, 3), pick(1, 2, 3)
    step = warm + length * (case + 1) // 6 if case else warm * part // 4
    quarters = 4 - case if case else part
    top, n = decimal(peak, 4), peak * quarters * 25
    if case:
        third = ["", "1/3", "1/2", "2/3"][case]
        cosine = ["", "1/2", "0", "−1/2"][case]
        lines = [
            f"Step {step} is {step} − {warm} = {step - warm} steps into the cosine.",
            f"That is {third} of its {length}, and cos(π·{third}) = {cosine}.",
            f"{top}·(1 + cos)/2 = {decimal(n, 6)}.",
        ]
    else:
        lines = [
            f"Step {step} lies in the warm-up, at {part}/4 of it.",
            f"{top}·{part}/4 = {decimal(n, 6)}.",
        ]
    slips = [
        (peak / 10**4, "That is the peak."),
        (peak * (4 - quarters) / 4 / 10**4, "The other way round."),
    ]
    if case:
        straight = peak * (length - (step - warm)) / length / 10**4
        slips.append((straight, "A cosine is not a straight line."))
    return {
        "given": {"peak": peak, "warm": warm, "length": length, "step": step},
        "question": f"The learning rate rises in a line from 0 to {top} during {warm} "
        f"warm-up steps and then falls to 0 along half a cosine of {length} steps. "
        f"What is it at step {step}?",
        "unit": "",
        "steps": lines,
        "answer": n / 10**6,
        "slips": slips,
    }
