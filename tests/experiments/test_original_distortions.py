"""Distorted digits: each of the four changes does what it is called."""

import pytest
import torch

from experiments.originals import distortions as distortions

LIMITS = "SHIFT", "SCALE", "SQUEEZE", "SHEAR"


@pytest.fixture
def only(monkeypatch):
    """Switch all changes off but one."""

    def switch(**kept):
        for name in LIMITS:
            monkeypatch.setattr(distortions, name, kept.get(name, 0.0))

    return switch


@pytest.fixture
def blocks():
    images = torch.zeros(200, 1, 32, 32)
    images[:, :, 10:22, 12:20] = 1.0
    return images


def moments(images):
    """Centre and spread of the ink, rows then columns: four tensors [N]."""
    ink = images[:, 0] / images[:, 0].sum((1, 2), keepdim=True)
    place = torch.arange(32.0)
    rows, columns = ink.sum(2), ink.sum(1)
    centres = rows @ place, columns @ place
    spreads = [
        ((place - centre[:, None]) ** 2 * share).sum(1).sqrt()
        for centre, share in zip(centres, (rows, columns))
    ]
    return *centres, *spreads


def test_nothing_is_changed_by_nothing(only, blocks):
    only()
    torch.testing.assert_close(distortions.distort(blocks, 0), blocks)


def test_shift_moves_the_centre_by_up_to_its_limit(only, blocks):
    only(SHIFT=2.0)
    row, column, tall, wide = moments(distortions.distort(blocks, 0))
    for centre in (row - 15.5, column - 15.5):
        assert centre.abs().max() <= 2.001
        assert centre.max() > 1.8 and centre.min() < -1.8
    start = moments(blocks)
    # Between two pixels the edge is spread over both.
    assert (tall - start[2]).abs().max() < 0.1
    assert (wide - start[3]).abs().max() < 0.1


def test_scale_changes_both_sides_alike(only, blocks):
    only(SCALE=0.15)
    *_, tall, wide = moments(distortions.distort(blocks, 0))
    start = moments(blocks)
    by_rows, by_columns = tall / start[2], wide / start[3]
    assert by_rows.max() > 1.12 and by_rows.min() < 0.9
    assert torch.corrcoef(torch.stack([by_rows, by_columns]))[0, 1] > 0.98


def test_squeeze_makes_narrower_what_it_makes_taller(only, blocks):
    only(SQUEEZE=0.15)
    *_, tall, wide = moments(distortions.distort(blocks, 0))
    assert torch.corrcoef(torch.stack([tall, wide]))[0, 1] < -0.98


def test_shear_moves_the_top_against_the_bottom(only, blocks):
    only(SHEAR=0.3)
    images = distortions.distort(blocks, 0)
    place = torch.arange(32.0)
    top, bottom = ((images[:, 0, r] @ place / images[:, 0, r].sum(1)) for r in (11, 20))
    lean = (top - bottom) / 9
    assert 0.27 < lean.max() <= 0.301 and -0.301 <= lean.min() < -0.27
    start, row = moments(blocks), moments(images)
    torch.testing.assert_close(row[2], start[2])  # no row moves up or down


def test_variants_are_the_same_for_the_same_seed_and_differ_within_it(blocks):
    one, again, other = (distortions.distort(blocks, seed) for seed in (1, 1, 2))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    assert not torch.equal(one[0], one[1])
    assert one.min() >= 0 and one.max() <= 1.0001
