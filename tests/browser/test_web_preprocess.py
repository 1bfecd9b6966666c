"""What the page feeds the network was made as MNIST was made."""

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.ndimage import center_of_mass, shift

from lenet_helpers import data
from tests.browser.web_runner import WEB, run_javascript

SCRIPTS = [WEB / "preprocess.js", WEB / "digits.js"]
TO_MNIST = """drawings => drawings.map(
  ([strokes, pen]) => Array.from(Preprocess.toMnist(strokes, pen)))"""
SAMPLES = (
    "scale => SampleDigits.map(s => s.map(t => t.map(p => p.map(v => scale * v))))"
)


def to_mnist(drawings: list) -> np.ndarray:
    return np.array(run_javascript(SCRIPTS, TO_MNIST, drawings)).reshape(-1, 28, 28)


def scribbles(count: int) -> list:
    """Random strokes with random pens, from dots to long zigzags."""
    rng = np.random.default_rng(0)
    return [
        (
            [
                (rng.random((rng.integers(1, 9), 2)) * rng.uniform(30, 280)).tolist()
                for _ in range(rng.integers(1, 4))
            ],
            float(rng.uniform(10, 60)),
        )
        for _ in range(count)
    ]


def ink_by_brute_force(strokes: list, pen: float) -> np.ndarray:
    """Black-and-white image: every cell's distance to every segment."""
    y, x = np.mgrid[-40:330, -40:330] + 0.5
    cells = np.stack([x, y], axis=-1)
    ink = np.zeros(x.shape, bool)
    for stroke in map(np.array, strokes):
        for a, b in zip([stroke[0], *stroke], stroke):
            along = (cells - a) @ (b - a) / max(1e-12, ((b - a) ** 2).sum())
            nearest = a + np.clip(along, 0, 1)[..., None] * (b - a)
            ink |= np.hypot(*np.moveaxis(cells - nearest, -1, 0)) <= pen / 2
    rows, columns = np.where(ink.any(1))[0], np.where(ink.any(0))[0]
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def box_means(ink: np.ndarray, height: int, width: int) -> np.ndarray:
    """Means over equal boxes, from differences of the integral along each axis."""
    for axis, count in ((0, height), (1, width)):
        integral = np.insert(np.cumsum(ink, axis, dtype=float), 0, 0, axis)
        edges, old = np.linspace(0, ink.shape[axis], count + 1), ink.shape[axis] + 1
        at_edges = np.apply_along_axis(
            lambda line, edges, old: np.interp(edges, np.arange(old), line),
            axis,
            integral,
            edges,
            old,
        )
        ink = np.diff(at_edges, axis=axis) / np.diff(edges)[0]
    return ink


def expected(strokes: list, pen: float) -> np.ndarray:
    ink = ink_by_brute_force(strokes, pen)
    scale = 20 / max(ink.shape)
    small = box_means(ink, *(max(1, round(side * scale)) for side in ink.shape))
    field = np.zeros((60, 60))
    field[20 : 20 + small.shape[0], 20 : 20 + small.shape[1]] = small
    moves = [round(20 + 14 - centre) for centre in center_of_mass(field)]
    return shift(field, moves, order=0)[20:48, 20:48]


def test_equals_a_numpy_version_on_random_strokes():
    drawings = scribbles(25)
    wanted = [expected(strokes, pen) for strokes, pen in drawings]
    np.testing.assert_allclose(to_mnist(drawings), wanted, atol=1e-5)


def test_the_pad_and_from_picture_make_the_same_pixels():
    """Of the same ink: the page from strokes, the helper from it as a picture."""
    drawings = scribbles(25)
    for pixels, (strokes, pen) in zip(to_mnist(drawings), drawings):
        ink = ink_by_brute_force(strokes, pen)
        placed = data.as_mnist(torch.from_numpy(ink))
        np.testing.assert_allclose(placed, pixels, atol=1e-6)


def test_a_drawing_saved_as_a_picture_is_read_as_the_pad_reads_it():
    samples = run_javascript(SCRIPTS, SAMPLES, 2.8)
    drawings = [[sample, 26] for sample in samples]
    padded = (
        """([pixels, net]) => pixels.map(p => Array.from(Preprocess.toInput(p, net)))"""
    )
    network = {"mean": data.MNIST_MEAN, "std": data.MNIST_STD}
    fields = to_mnist(drawings)
    sent = [fields.reshape(-1, 784).tolist(), network]
    inputs = run_javascript(SCRIPTS, padded, sent)
    for (strokes, pen), wanted in zip(drawings, inputs):
        sheet = np.pad(~ink_by_brute_force(strokes, pen), 60, constant_values=True)
        seen = data.from_picture(Image.fromarray(sheet))
        assert len(seen) == 1
        found = seen.images[0, 0].flatten()
        np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_place_and_size_on_the_sheet_do_not_matter():
    (sample, *_) = run_javascript(SCRIPTS, SAMPLES, 2.0)
    moved = [[[x + 60, y + 40] for x, y in stroke] for stroke in sample]
    doubled = [[[2 * x, 2 * y] for x, y in stroke] for stroke in sample]
    first, second, third = to_mnist([[sample, 20], [moved, 20], [doubled, 40]])
    np.testing.assert_array_equal(first, second)
    assert np.abs(first - third).max() < 0.1  # a finer raster of the same shape


def test_samples_lie_as_mnist_lies():
    digits = to_mnist(
        [[sample, 26] for sample in run_javascript(SCRIPTS, SAMPLES, 2.8)]
    )
    assert len(digits) == 10
    for image in digits:
        rows, columns = np.where(image.any(1))[0], np.where(image.any(0))[0]
        assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20
        assert np.abs(np.array(center_of_mass(image)) - 14).max() <= 0.5
        assert image.min() == 0 and 0.95 < image.max() <= 1
        assert 51 < image.sum() < 163  # ink: MNIST's 5th and 95th percentile


def test_nothing_drawn_gives_an_empty_field():
    assert to_mnist([[[], 26]]).sum() == 0


def test_padding_and_normalisation():
    pixels = np.random.default_rng(1).random(784)
    call = "([pixels, net]) => Array.from(Preprocess.toInput(pixels, net))"
    network = {"mean": 0.1, "std": 0.25}
    found = run_javascript(SCRIPTS, call, [pixels.tolist(), network])
    wanted = (np.pad(pixels.reshape(28, 28), 2) - 0.1) / 0.25
    np.testing.assert_allclose(np.reshape(found, (32, 32)), wanted, atol=1e-6)


@pytest.mark.parametrize("pen", [10, 60])
def test_a_dot_fills_the_box(pen):
    (image,) = to_mnist([[[[[100, 100]]], pen]])
    assert np.ptp(np.where(image.any(0))[0]) + 1 == 20
    assert image.sum() == pytest.approx(np.pi * 10**2, rel=0.05)
