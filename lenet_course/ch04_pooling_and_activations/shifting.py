"""An exercise that writes a score: how often a class stays when the image moves."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lenet_course.exercises.checkers import function
from lenet_course.exercises.registry import exercise


def _random(generator: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(shape, generator=generator)


def _moved(images: Tensor, shift: int, paper: float) -> Tensor:
    width = images.shape[-1]
    return F.pad(images, (shift, 0, 0, 0), value=paper)[..., :width]


def _stays(move: Callable = _moved) -> Callable:
    def consistency(model, images, shift, paper):
        with torch.no_grad():
            still = model(images).argmax(1)
            moved = model(move(images, shift, paper)).argmax(1)
        return (still == moved).double().mean().item()

    return consistency


def _share_of_equal_scores(model, images, shift, paper):
    with torch.no_grad():
        still, moved = model(images), model(_moved(images, shift, paper))
    return (still == moved).double().mean().item()


def _networks(generator: torch.Generator) -> list[tuple]:
    cases = []
    for shift, paper in [(1, 0.0), (2, -0.5), (3, 1.0), (0, 0.0)]:
        model = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
        with torch.no_grad():
            for p in model.parameters():
                p.copy_(_random(generator, *p.shape))
        cases.append((model, _random(generator, 60, 1, 8, 8), shift, paper))
    return cases


@exercise(
    "pooling_and_activations.consistency",
    task="Write `consistency(model, images, shift, paper)`: a share between 0 and 1.",
    checker=function(
        _stays(),
        _networks,
        look="Two predictions for each image: as it is, and moved to the right, with "
        "`paper` coming in from the left.",
        wrong=[
            (
                _stays(lambda x, shift, paper: x.roll(shift, -1)),
                "What leaves on the right comes in again on the left: there belongs "
                "`paper`.",
            ),
            (
                _stays(lambda x, shift, paper: _moved(x, shift, 0.0)),
                "What comes in is 0, not `paper`.",
            ),
            (
                _stays(
                    lambda x, shift, paper: _moved(x.flip(-1), shift, paper).flip(-1)
                ),
                "That moves to the left.",
            ),
            (
                _stays(lambda x, shift, paper: _moved(x.mT, shift, paper).mT),
                "That moves downwards.",
            ),
            (
                lambda *a: 1 - _stays()(*a),
                "That is the share that changes.",
            ),
            (
                lambda *a: 100 * _stays()(*a),
                "That is in percent: a share is asked.",
            ),
            (
                lambda *a: len(a[1]) * _stays()(*a),
                "That is how many. Which share of the images?",
            ),
            (
                _share_of_equal_scores,
                "That asks whether the ten outputs are equal. The *class* may stay "
                "while they change.",
            ),
        ],
    ),
    hints=[
        "`F.pad(images, (shift, 0, 0, 0), value=paper)` adds columns on the left.",
        "Cut the same number off on the right: `[..., : images.shape[-1]]`.",
        "Compare `model(images).argmax(1)` with that of the moved images.",
    ],
    more="No label is asked: a network that always says 1 is perfectly consistent.",
)
def consistency(model: nn.Module, images: Tensor, shift: int, paper: float) -> float:
    """Consistency compares two predictions, not a prediction with a label; so it has to
    be read beside the accuracy.
    """
    wide = F.pad(images, (shift, 0, 0, 0), value=paper)
    moved = wide[..., : images.shape[-1]]
    with torch.no_grad():
        stays = model(images).argmax(1) == model(moved).argmax(1)
    return stays.double().mean().item()
