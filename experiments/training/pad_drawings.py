"""Strokes as a hand might vary them, made as MNIST was made; and printed letters.

The strokes stand in pad_figures.json: digits written in several ways, and letters and
figures, each of a few points on a sheet of 100 x 100. Made for this purpose and taken
from no data set. Not among the strangers is what somebody may write for a digit, such
as O, I, S, Z, b, q, a circle or an upright line.
"""

import json
import math
import random
from importlib.util import find_spec
from pathlib import Path

import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from lenet_helpers.data import as_mnist

FIGURES = json.loads(Path(__file__).with_name("pad_figures.json").read_text())
SIDE = 40  # cells along the longer side before it is scaled into 20 pixels
PEN = 1.3, 4.2  # narrowest and widest line, in pixels of the 20x20 box
BLOT = 13, 20  # the same of a dot, which has hardly more than its pen
READ_AS_DIGITS = "BDGIJOQSTZabgijloqsyz"  # printed letters that are no strangers
TO_LEARN = "DejaVuSans", "DejaVuSerif-Italic", "DejaVuSansMono-Bold", "STIXGeneral"
HELD_OUT = "cmr10", "cmss10", "cmtt10", "cmti10"  # Knuth's Computer Modern

Strokes = list[list[tuple[float, float]]]


def parse(text: str) -> Strokes:
    """Strokes from a row of the tables.

    >>> parse("1,2 3,4; 5,6")
    [[(1.0, 2.0), (3.0, 4.0)], [(5.0, 6.0)]]
    """
    points = [[p.split(",") for p in part.split()] for part in text.split(";")]
    return [[(float(x), float(y)) for x, y in stroke] for stroke in points]


def varied(strokes: Strokes, rng: random.Random, far: float = 1.0) -> Strokes:
    """The same figure by another hand: moved points, slant, turn, proportions."""
    slant, turn = rng.gauss(0, 0.18 * far), math.radians(rng.gauss(0, 7 * far))
    wide, high = math.exp(rng.gauss(0, 0.2 * far)), 1.0
    cos, sin = math.cos(turn), math.sin(turn)
    rounds = rng.choice([0, 1, 2, 2])

    def moved(point):
        x, y = (v - 50 + rng.gauss(0, 3 * far) for v in point)
        x, y = wide * (x - slant * y), high * y
        return x * cos - y * sin, x * sin + y * cos

    return [smooth([moved(p) for p in stroke], rounds) for stroke in strokes]


def smooth(points: list, rounds: int) -> list:
    """Corner cutting: each segment gives way to its middle half."""
    if not rounds or len(points) < 3:
        return points
    cut = [points[0]]
    for (ax, ay), (bx, by) in zip(points, points[1:]):
        cut += [(ax + t * (bx - ax), ay + t * (by - ay)) for t in (0.25, 0.75)]
    return smooth([*cut, points[-1]], rounds - 1)


def scribble(rng: random.Random) -> Strokes:
    """One to four strokes of points anywhere, from a dot to a tangle."""
    return [
        smooth(
            [(rng.uniform(0, 100), rng.uniform(0, 100)) for _ in range(count)],
            rng.choice([0, 2]),
        )
        for count in (rng.choice([3, 4, 5, 7, 10]) for _ in range(rng.randint(1, 4)))
    ]


def drawn(strokes: Strokes, pen: float) -> Tensor:
    """[28, 28] as MNIST is made; ``pen`` in pixels of the 20x20 box.

    A stroke is what lies within half a pen of its line.
    """
    ends = [[a, b] for s in strokes for a, b in zip([s[0], *s], s)]
    a, b = torch.tensor(ends).unbind(1)
    low, high = torch.min(a, b).amin(0), torch.max(a, b).amax(0)
    # The box holds the line with its pen: (extent + pen) cells are SIDE.
    width = pen / 20 * SIDE
    scale = (SIDE - width) / (high - low).max().clamp(min=1e-6)
    a, b = ((p - low) * scale + width / 2 for p in (a, b))
    cells = torch.cartesian_prod(torch.arange(SIDE), torch.arange(SIDE)).flip(1) + 0.5
    along = b - a
    t = ((cells[:, None] - a) * along).sum(-1) / along.square().sum(-1).clamp(min=1e-9)
    nearest = a + t.clamp(0, 1)[..., None] * along
    far = (cells[:, None] - nearest).norm(dim=-1).amin(1)
    return as_mnist((width / 2 - far + 0.5).clamp(0, 1).view(SIDE, SIDE))


def digits(count: int, rng: random.Random) -> tuple[Tensor, Tensor]:
    """``count`` digits [N, 1, 28, 28] with labels; every way to write one as often."""
    ways = [(int(label), way) for label, ws in FIGURES["digits"].items() for way in ws]
    picked = [ways[i % len(ways)] for i in range(count)]
    images = [drawn(varied(parse(way), rng), rng.uniform(*PEN)) for _, way in picked]
    labels = torch.tensor([label for label, _ in picked])
    return torch.stack(images)[:, None], labels


def strangers(count: int, rng: random.Random) -> Tensor:
    """Letters and figures, each third a scribble, each 12th a dot: [N, 1, 28, 28]."""
    figures = [way for ways in FIGURES["strangers"].values() for way in ways]
    images = []
    for i in range(count):
        pen = rng.uniform(*(PEN if i % 12 else BLOT))
        if i % 3:
            strokes = varied(parse(rng.choice(figures)), rng, 1.2)
        else:
            strokes = scribble(rng)
        images.append(drawn(strokes, pen))
    return torch.stack(images)[:, None]


def printed(fonts: tuple[str, ...], rng: random.Random, each: int) -> Tensor:
    """Letters of matplotlib's fonts, each ``each`` times, turned: [N, 1, 28, 28]."""
    (home,) = find_spec("matplotlib").submodule_search_locations
    images = []
    for name in fonts:
        path = Path(home, "mpl-data", "fonts", "ttf", f"{name}.ttf")
        font = ImageFont.truetype(str(path), 60)
        for letter in map(chr, [*range(65, 91), *range(97, 123)]):
            if letter in READ_AS_DIGITS:
                continue
            for _ in range(each):
                sheet = Image.new("L", (160, 160))
                ImageDraw.Draw(sheet).text((80, 80), letter, 255, font, anchor="mm")
                sheet = sheet.rotate(rng.uniform(-12, 12), Image.Resampling.BICUBIC)
                ink = torch.tensor(list(sheet.getdata())).view(160, 160) > 127
                images.append(as_mnist(ink))
    return torch.stack(images)[:, None]
