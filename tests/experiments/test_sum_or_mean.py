"""The sum against the mean of eq. 7: what chooses a rate, and with which j."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from experiments.originals import bridge, sum_or_mean

READINGS = list(itertools.product(("eq8", "eq9"), ("sum", "mean")))


def played(errors: dict[float, float]) -> list[dict]:
    """All jobs, done after a stop: seeds that are only scored do best at one rate."""
    rows = [
        {"criterion": c, "penalty": p, "eta": sum_or_mean.PRINTED, "seed": 0}
        | {"held_error": 0.0}
        for c, p in READINGS
    ]
    runs = SimpleNamespace(
        where=lambda **given: [r for r in rows if given.items() <= r.items()]
    )
    for job in sum_or_mean.jobs(runs):
        rows.append(job | {"held_error": errors[job["eta"]]})
    return rows


def test_every_reading_tries_the_same_rates_and_is_scored_at_its_own_and_the_printed():
    best = sum_or_mean.ETAS[4]
    rows = played({eta: 9.0 for eta in sum_or_mean.ETAS} | {best: 3.0})
    for reading in READINGS:
        mine = [r for r in rows if (r["criterion"], r["penalty"]) == reading]
        tried = [r["eta"] for r in mine if r["seed"] in sum_or_mean.CHOOSING]
        scored = {r["eta"] for r in mine if r["seed"] in sum_or_mean.SEEDS}
        assert sorted(tried) == sorted([*sum_or_mean.ETAS] * 2)
        assert scored == {best, sum_or_mean.PRINTED}
    assert not set(sum_or_mean.CHOOSING) & set(sum_or_mean.SEEDS)


@pytest.mark.parametrize("penalty, scale", [("sum", 1.0), ("mean", 1 / 84)])
def test_the_rubbish_class_lies_at_the_same_distance_for_both(
    penalty, scale, monkeypatch
):
    sdlm = pytest.importorskip(
        "experiments.originals.sdlm", reason="only the original training needs numba"
    )
    made = []

    class Seen(sdlm.Trainer):
        def __init__(self, *given, **named):
            super().__init__(*given, **named)
            made.append(self)

    monkeypatch.setattr(sdlm, "Trainer", Seen)
    monkeypatch.setattr(bridge, "train_online", lambda *given: None)
    images, labels = torch.rand(20, 1, 32, 32), torch.arange(20) % 10
    arrays = [(images, labels)] * 3
    row = sum_or_mean.run(arrays, "eq9", penalty, 1e-3, 0)
    (trainer,) = made
    assert trainer.c == np.float32(scale)
    assert trainer.j / trainer.c == pytest.approx(84)  # a squared distance of 84
    assert row["held_error"] == row["test_error"]  # the same digits
