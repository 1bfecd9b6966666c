"""The readings of the recipe of 1998 differ where they say that they do."""

import sys

import numpy as np
import pytest

pytest.importorskip("numba", reason="only the original training needs numba")

from experiments.originals import readings as readings

ETA, MU = 5e-4, 0.02  # of the first pass, as printed


@pytest.fixture
def arrays(monkeypatch):
    """Noise to learn and noise held out; two samples for the curvature."""
    monkeypatch.setattr(readings, "SAMPLES", 2)
    draw = np.random.default_rng(0)

    def part(count):
        images = draw.normal(0.2, 0.5, (count, 1024)).astype(np.float32)
        return images, draw.integers(0, 10, count)

    return part(100), part(20)


def found(arrays, name, **changes):
    return readings.run(arrays, {**readings.READINGS[name], "passes": 1, **changes})


def curvature(rate):
    """What a rate was made of: eta / (mu + h), solved for h."""
    return ETA / rate - MU


def test_each_reading_trains_and_changes_what_it_names(arrays):
    ways = {}
    for name in readings.READINGS:
        row = found(arrays, name)
        assert len(row["errors"]) == 1 and 0 <= row["errors"][0] <= 100
        assert 0 < row["rates"][0] < row["rates"][1] <= ETA / MU * (1 + 1e-6)
        ways[name] = tuple(
            (key, value) for key, value in row.items() if key in readings.DEFAULTS
        )
    assert len(set(ways.values())) == len(ways)


def test_the_mean_of_84_squares_has_an_84th_of_the_curvature(arrays):
    """Rates are the only thing that tells; the largest h makes the smallest rate."""
    total = found(arrays, "as printed")["rates"][0]
    mean = found(arrays, "mean of squares")["rates"][0]
    assert curvature(total) == pytest.approx(84 * curvature(mean), rel=1e-3)


def test_the_mean_over_uses_divides_by_their_number():
    """One use at F6, and as many as a map has units below."""
    trainer = readings.Trainer(0, None)
    for a in trainer.w:
        a *= 3  # so that curvature reaches C1
    images = np.full((2, 1024), 0.5, np.float32)
    both = [
        readings.curvature(trainer, images, np.array([3, 8]), shared)
        for shared in ("sum", "mean")
    ]
    uses = [(a.sum() / b.sum()).item() for a, b in zip(*both, strict=True)]
    assert uses == pytest.approx(
        [784, 784, 196, 196, 100, 100, 25, 25, 1, 1, 1, 1], rel=1e-4
    )


def test_the_start_follows_scale_and_power(arrays, monkeypatch):
    starts = {}
    monkeypatch.setattr(
        readings, "init_fan_in", lambda model, *scale: starts.update({scale: 1})
    )
    for name in ("as printed", "start 2.4 / sqrt(F)", "start 1 / sqrt(F)"):
        found(arrays, name)
    assert list(starts) == [(2.4, 1.0), (2.4, 0.5), (1.0, 0.5)]


def test_unit_input_is_scaled_by_the_training_images_alone(arrays, monkeypatch):
    seen = []

    class Watched(readings.Trainer):
        def score(self, images, labels):
            seen.append(images)
            return super().score(images, labels)

    monkeypatch.setattr(readings, "Trainer", Watched)
    (images, _), (held, _) = arrays
    found(arrays, "input of mean 0 and variance 1")
    expected = (held - images.mean()) / images.std()
    np.testing.assert_allclose(seen[0], expected, rtol=1e-5)


def test_it_goes_on_where_it_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(readings.records, "RESULTS", tmp_path)
    monkeypatch.setattr(readings, "read", lambda held: None)
    monkeypatch.setattr(sys, "argv", ["original_readings.py"])
    left = ["as printed", "mean of squares"]
    done = []

    def stop_at_the_last(arrays, options):
        done.append(options)
        if len(done) == 2:
            raise KeyboardInterrupt
        return {"errors": [1.0]}

    monkeypatch.setattr(readings, "READINGS", {n: readings.READINGS[n] for n in left})
    monkeypatch.setattr(readings, "run", stop_at_the_last)
    with pytest.raises(KeyboardInterrupt):
        readings.main()
    readings.main()
    printed, mean = readings.DEFAULTS, readings.MEAN
    assert done == [{}, mean, mean] and printed["penalty"] == "sum"
    assert list(readings.records.load(readings.NAME)["runs"]) == left
