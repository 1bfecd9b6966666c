"""The exercises of the chapter on LeNet's limits and legacy."""

import torch
from torch import Tensor

from lenet_course.ch15_limits import beyond, legacy  # noqa: F401  (seven more)
from lenet_course.exercises.checkers import function
from lenet_course.exercises.registry import exercise


def _attacked(x: Tensor, gradient: Tensor, eps: float, mean: float, std: float):
    pixels = x * std + mean + eps * torch.sign(gradient)
    return (pixels.clamp(0, 1) - mean) / std


def _attacks(generator: torch.Generator) -> list[tuple]:
    cases = []
    for mean, std, eps in ((0.1, 0.3, 0.1), (0.4, 0.2, 0.5)):
        pixels = torch.rand(2, 1, 3, 3, generator=generator)
        gradient = torch.randn(2, 1, 3, 3, generator=generator)
        gradient[0, 0, 0] = 0
        cases.append(((pixels - mean) / std, gradient, eps, mean, std))
    return cases


@exercise(
    "limits.attack-units",
    task="FGSM on normalised images, with a step of `eps` in pixels from 0 to 1.",
    checker=function(
        _attacked,
        _attacks,
        wrong=[
            (
                lambda x, gradient, eps, mean, std: (x + eps * gradient.sign()).clamp(
                    (0 - mean) / std, (1 - mean) / std
                ),
                "How far does a *pixel* move when the normalised number moves by eps?",
            ),
            (
                lambda x, gradient, eps, mean, std: x + eps / std * gradient.sign(),
                "Is the result still a picture? Undo the normalising and look at the "
                "largest pixel.",
            ),
            (
                lambda x, gradient, eps, mean, std: (
                    x + eps / std * gradient.sign()
                ).clamp(0, 1),
                "Black and white are not 0 and 1 once the picture is normalised.",
            ),
            (
                lambda x, gradient, eps, mean, std: _attacked(
                    x, -gradient, eps, mean, std
                ),
                "That lowers the loss: it helps the network.",
            ),
            (
                lambda x, gradient, eps, mean, std: (
                    (x * std + mean + eps * gradient).clamp(0, 1) - mean
                )
                / std,
                "The step must be as long in every pixel, however small its gradient.",
            ),
            (
                lambda x, gradient, eps, mean, std: (
                    x * std + mean + eps * gradient.sign()
                ).clamp(0, 1),
                "Those are pixels. The network reads normalised numbers.",
            ),
        ],
        look="Which number of the network's input is one step of eps, which is black, "
        "and which is white?",
    ),
    hints=[
        "Undo the normalising: a pixel is x · std + mean.",
        "Move and cut off in pixels, then normalise again.",
    ],
    more="Without the way back: a step of eps / std, cut off at (0 − mean) / std and "
    "(1 − mean) / std. The sign is the same in both units, for std is positive.",
)
def attack_units(
    x: Tensor, gradient: Tensor, eps: float, mean: float, std: float
) -> Tensor:
    """Back to pixels, one step there, cut off at black and white, normalise again."""
    pixels = x * std + mean
    pixels = (pixels + eps * gradient.sign()).clamp(0, 1)
    return (pixels - mean) / std


def _passing(known: Tensor, strange: Tensor, keep: float) -> float:
    highest = known.sort(descending=True).values
    threshold = highest[round(keep * len(known)) - 1]
    return (strange >= threshold).double().mean().item()


def _scores(generator: torch.Generator) -> list[tuple]:
    """Strangers on every known score and all the way between two neighbours."""

    def case(count: int, keep: float) -> tuple:
        known = torch.rand(count, generator=generator).sqrt()
        low = known.sort().values
        steps = torch.tensor([0.0, 0.01, 0.3, 0.5, 0.7, 0.99])
        strange = low[:-1, None] + steps * low.diff()[:, None]
        return known, strange.flatten(), keep

    return [case(20, 0.95), case(40, 0.5), case(20, 0.8), case(10, 1.0)]


@exercise(
    "limits.pass-rate",
    task="Which share of strangers passes a threshold that keeps `keep` of the known?",
    checker=function(
        _passing,
        _scores,
        wrong=[
            (
                lambda known, strange, keep: 1 - _passing(known, strange, keep),
                "That is the share that is rejected.",
            ),
            (
                lambda known, strange, keep: _passing(strange, known, keep),
                "The threshold comes from the known images, not from the strangers.",
            ),
            (
                lambda known, strange, keep: _passing(known, strange, 1 - keep),
                "That threshold keeps only a few of the known images.",
            ),
            (
                lambda known, strange, keep: (strange > keep).double().mean().item(),
                "`keep` is a share of the known images, not a confidence.",
            ),
            (
                lambda known, strange, keep: (
                    (strange >= known.quantile(1 - keep)).double().mean().item()
                ),
                "That threshold lies between two known scores: `quantile` "
                "interpolates. It is to be one of them.",
            ),
        ],
        look="Sort the known scores; the lowest of the kept ones is the threshold, and "
        "an equal score passes.",
    ),
    hints=[
        "Of 20 known images, keep = 0.95 keeps the 19 highest.",
        "`known.sort(descending=True).values[round(keep * len(known)) - 1]`.",
    ],
    more="With keep = 0.95 this is the FPR95 of papers on strangers; lower is better.",
)
def pass_rate(known: Tensor, strange: Tensor, keep: float) -> float:
    """The lowest score kept is the threshold; count the strangers that reach it."""
    kept = round(keep * len(known))
    threshold = known.sort(descending=True).values[kept - 1]
    return (strange >= threshold).double().mean().item()
