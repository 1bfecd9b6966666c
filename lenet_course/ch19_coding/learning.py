"""Coding tasks: optimisers and schedules."""

import math
from collections.abc import Callable

import torch

from lenet_course.exercises.checkers import function
from lenet_course.exercises.registry import exercise
from lenet_course.watched import watched


def _stepped(make: Callable) -> Callable:
    """What torch.optim does to a weight, one step a gradient."""

    def run(weight, gradients, *settings):
        w = torch.nn.Parameter(weight.clone())
        optimizer = make([w], *settings)
        for gradient in gradients:
            w.grad = gradient.clone()
            optimizer.step()
        return w.detach()

    return run


def _sgd(share: Callable = lambda momentum: 1, nesterov=False) -> Callable:
    def run(weight, gradients, lr, momentum, decay):
        velocity = torch.zeros_like(weight)
        for gradient in gradients:
            fresh = share(momentum) * (gradient + decay * weight)
            velocity = momentum * velocity + fresh
            ahead = fresh + momentum * velocity
            weight = weight - lr * (ahead if nesterov else velocity)
        return weight

    return run


def _gradients(generator: torch.Generator) -> tuple:
    def draw():
        return torch.randn(4, generator=generator)

    return draw(), [draw() for _ in range(4)]


_torchs_sgd = _stepped(
    lambda w, lr, momentum, decay: torch.optim.SGD(
        w, lr=lr, momentum=momentum, weight_decay=decay
    )
)
_torchs_adam = _stepped(
    lambda w, lr, b1, b2, eps: torch.optim.Adam(w, lr=lr, betas=(b1, b2), eps=eps)
)


def _sgd_cases(generator: torch.Generator) -> list[tuple]:
    settings = [(0.1, 0.9, 0.0), (0.1, 0.5, 0.1), (0.5, 0.0, 0.0), (0.2, 0.8, 0.5)]
    return [(*_gradients(generator), *one) for one in settings]


def _adam_cases(generator: torch.Generator) -> list[tuple]:
    settings = [(0.1, 0.9, 0.999, 1e-8), (0.01, 0.5, 0.9, 0.1), (0.3, 0.8, 0.95, 1e-3)]
    return [(*_gradients(generator), *one) for one in settings]


@exercise(
    "coding.sgd",
    task=(
        "Write `sgd(weight, gradients, lr, momentum, decay)`: the weight after a step "
        "with each gradient, as `torch.optim.SGD` does it."
    ),
    checker=watched(
        function(
            _torchs_sgd,
            _sgd_cases,
            look="Decay joins the gradient, the gradient joins the velocity, the "
            "velocity moves the weight.",
            wrong=[
                (
                    _sgd(share=lambda momentum: 1 - momentum),
                    "PyTorch adds the whole gradient to the velocity, not its share "
                    "1 − momentum.",
                ),
                (_sgd(nesterov=True), "That looks ahead: Nesterov's version."),
                (
                    lambda w, gradients, lr, m, d: _sgd()(w, gradients, lr, 0.0, d),
                    "Each step forgets the ones before: the velocity must live on.",
                ),
                (
                    lambda w, gradients, lr, m, d: _sgd()(w, gradients, lr, m, 0.0),
                    "Weight decay is missing: it adds decay · weight to the gradient.",
                ),
            ],
        ),
        _sgd_cases(torch.Generator().manual_seed(0))[1],
        banned=("SGD",),
        wrong=((_torchs_sgd, "write that yourself"),),
    ),
    hints=[
        "g + decay · w; v = momentum · v + g; w − lr · v.",
        "v begins at 0 and is kept from step to step.",
    ],
    more="With momentum 0.9 a steady gradient ends up ten times as strong.",
)
def sgd(weight, gradients, lr, momentum=0.9, decay=0.0):
    """Time O(weights) a step; memory: one more number a weight, the velocity."""
    velocity = torch.zeros_like(weight)
    for gradient in gradients:
        velocity = momentum * velocity + gradient + decay * weight
        weight = weight - lr * velocity
    return weight


def _adam(corrected=True, shared=False, outside=True, squared=True) -> Callable:
    def run(weight, gradients, lr, beta1, beta2, eps):
        m = v = torch.zeros_like(weight)
        for t, g in enumerate(gradients, start=1):
            m = beta1 * m + (1 - beta1) * g
            v = beta2 * v + (1 - beta2) * (g**2 if squared else g.abs())
            c1 = 1 - beta1 ** (1 if shared else t)
            c2 = 1 - beta2 ** (1 if shared else t)
            m_hat, v_hat = (m / c1, v / c2) if corrected else (m, v)
            root = v_hat.sqrt() + eps if outside else (v_hat + eps).sqrt()
            weight = weight - lr * m_hat / root
        return weight

    return run


@exercise(
    "coding.adam",
    task="Write `adam(weight, gradients, lr, beta1, beta2, eps)`, as PyTorch does it.",
    checker=watched(
        function(
            _torchs_adam,
            _adam_cases,
            look="Two averages, both corrected for their start at 0; t counts from 1.",
            wrong=[
                (
                    _adam(corrected=False),
                    "Both averages start at 0 and are too small at first: correct by "
                    "1 − βᵗ.",
                ),
                (
                    _adam(shared=True),
                    "The correction changes with the step: β to the t.",
                ),
                (
                    _adam(outside=False),
                    "The small number is added to the root, not under it.",
                ),
                (
                    _adam(squared=False),
                    "The second average is one of *squared* gradients.",
                ),
            ],
        ),
        _adam_cases(torch.Generator().manual_seed(0))[1],
        banned=("Adam",),
        wrong=((_torchs_adam, "write that yourself"),),
    ),
    hints=[
        "m: average of gradients; v: average of their squares.",
        "m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ).",
        "w − lr · m̂ / (√v̂ + eps).",
    ],
    more="Its first step is lr · sign(gradient), if eps is small against the gradient.",
)
def adam(weight, gradients, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """Time O(weights) a step; memory: two more numbers a weight.

    Scaled by 1,000, the gradients give the same steps (but for eps): on a plateau,
    where gradients are tiny, Adam's steps can stay long; SGD's do not.
    """
    m = v = torch.zeros_like(weight)
    for t, gradient in enumerate(gradients, start=1):
        m = beta1 * m + (1 - beta1) * gradient
        v = beta2 * v + (1 - beta2) * gradient**2
        m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
        weight = weight - lr * m_hat / (v_hat.sqrt() + eps)
    return weight


def _warm_cosine(step, total, warmup, peak):
    if step < warmup:
        return peak * (step + 1) / warmup
    return peak / 2 * (1 + math.cos(math.pi * (step - warmup) / (total - warmup)))


@exercise(
    "coding.schedule",
    task=(
        "Write `rate(step, total, warmup, peak)`: linear up to the peak in `warmup` "
        "steps, then half a cosine to 0 at `total`; steps count from 0."
    ),
    checker=function(
        _warm_cosine,
        [
            (step, total, warmup, peak)
            for total, warmup, peak in ((20, 4, 0.4), (10, 0, 1.0), (50, 10, 0.03))
            for step in (0, 1, warmup - 1, warmup, warmup + 1, total // 2, total - 1)
            if step >= 0
        ],
        tolerance=1e-6,
        look="By hand for 20 steps, 4 of them warm-up: 0.1, 0.2, 0.3, 0.4 of 0.4.",
        wrong=[
            (
                lambda s, total, warmup, peak: (
                    peak * s / warmup
                    if s < warmup
                    else _warm_cosine(s, total, warmup, peak)
                ),
                "The first step has rate 0: it teaches nothing.",
            ),
            (
                lambda s, total, warmup, peak: (
                    peak * (s + 1) / warmup
                    if s < warmup
                    else peak / 2 * (1 + math.cos(math.pi * s / total))
                ),
                "The cosine begins where the warm-up ends: else the rate jumps.",
            ),
            (
                lambda s, total, warmup, peak: _warm_cosine(s, total, 0, peak),
                "There is no warm-up.",
            ),
            (
                lambda s, total, warmup, peak: (
                    peak * (s + 1) / warmup
                    if s < warmup
                    else peak * math.cos(math.pi / 2 * (s - warmup) / (total - warmup))
                ),
                "A quarter of a cosine ends in full fall. Half of one lands softly.",
            ),
        ],
    ),
    hints=[
        "While step < warmup: peak · (step + 1) / warmup.",
        "After it, t = (step − warmup) / (total − warmup) runs from 0 to 1.",
        "peak · (1 + cos πt) / 2.",
    ],
    more="In batches, not epochs; `LambdaLR` takes such a function over its peak.",
)
def rate(step, total, warmup, peak):
    """Time O(1), memory O(1). Check both ends and the joint aloud."""
    import math

    if step < warmup:
        return peak * (step + 1) / warmup
    t = (step - warmup) / (total - warmup)
    return peak * (1 + math.cos(math.pi * t)) / 2
