"""The strangers are those of the chapter on limits, whose cells share no code."""

import math
import string

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from matplotlib.font_manager import findfont
from PIL import Image, ImageDraw, ImageFont

from lenet_helpers.data import strangers
from tests.chapters import reader

LIMITS = "15-limits-and-legacy"


def test_the_letters_are_those_of_the_chapter_on_limits():
    given = {
        "font": ImageFont.truetype(findfont("DejaVu Sans"), 22),
        **{"torch": torch, "np": np, "math": math, "F": F},
        **{"Image": Image, "ImageDraw": ImageDraw},
    }
    theirs = reader.names(LIMITS, "letter", "warp", **given)
    capitals = torch.stack([theirs["letter"](c) for c in string.ascii_uppercase])
    moves = [(right, turn) for right in (-2, 0, 2) for turn in (-10, 0, 10)]
    want = torch.cat([theirs["warp"](capitals, *move) for move in moves])
    assert torch.allclose(strangers.letters(), want, atol=1e-5)
    assert torch.allclose(want[104:130], capitals, atol=1e-5)  # as they are


def test_the_other_sets_are_made_of_the_digits():
    pixels = torch.rand(6, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    made = strangers.sets(pixels)
    assert torch.equal(made["mirrored"], pixels.flip(-2))
    shuffled = made["shuffled"].flatten(1)
    assert torch.equal(shuffled.sort(1).values, pixels.flatten(1).sort(1).values)
    assert not torch.equal(shuffled, pixels.flatten(1))
    assert made["noise"].mean().item() == pytest.approx(0.5, abs=0.03)
    again = strangers.sets(pixels, seed=0), strangers.sets(pixels, seed=1)
    assert torch.equal(made["noise"], again[0]["noise"])
    assert not torch.equal(made["noise"], again[1]["noise"])
    for name, x in made.items():
        assert x.dtype == torch.float32 and 0 <= x.min() <= x.max() <= 1, name


@pytest.mark.parametrize("shape", [(1, 32, 32), (4, 3, 32, 32), (4, 1, 28, 28)])
def test_other_pictures_are_refused(shape):
    with pytest.raises(ValueError, match=r"\[N, 1, 32, 32\]"):
        strangers.sets(torch.zeros(shape))
