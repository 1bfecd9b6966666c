"""A slider that needs no kernel: pictures small, described, and drawn once."""

import io
import re
import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from lenet_course import frames as module
from lenet_course.frames import frames


@pytest.fixture(autouse=True)
def no_figure_left():
    plt.close("all")
    yield
    assert plt.get_fignums() == []


def curve(slope):
    figure, axes = plt.subplots(figsize=(6, 3))
    x = np.linspace(-3, 3)
    axes.plot(x, np.tanh(slope * x))
    return figure


def shown(values=(1, 2, 3), **options):
    options = {"label": "slope", "alt": "tanh at slope {value}", **options}
    return frames(curve, values, **options)


def test_every_value_is_drawn_once_and_its_figure_closed():
    drawn = []
    frames(lambda v: drawn.append(v) or curve(v), [3, 1, 2], label="v", alt="{value}")
    assert drawn == [3, 1, 2]


def test_each_frame_has_its_own_picture_caption_and_alt():
    html = shown([0.5, 1, 2], format="{:.1f}")._repr_html_()
    assert re.findall(r"<figcaption>(.*?)</figcaption>", html) == ["0.5", "1.0", "2.0"]
    assert re.findall(r'alt="([^"]+)"', html) == [
        f"tanh at slope {s}" for s in ("0.5", "1.0", "2.0")
    ]
    assert len(set(re.findall(r'src="data:image/png;base64,(.*?)"', html))) == 3


def test_alt_and_format_may_be_functions():
    made = shown(alt=lambda v: f"curve {v + 1}", format=lambda v: f"no. {v}")
    assert [p.alt for p in made.pictures] == ["curve 2", "curve 3", "curve 4"]
    assert repr(made) == "3 pictures, slope from no. 1 to no. 3"


def test_a_picture_looks_like_the_figure():
    def heat(value):
        figure, axes = plt.subplots(figsize=(3, 3))
        axes.imshow(np.random.default_rng(value).random((16, 16)), cmap="RdBu_r")
        return figure

    frame = frames(heat, [1], label="seed", alt="Noise.").pictures[0]
    figure, raw = heat(1), io.BytesIO()
    figure.savefig(raw, format="png", dpi=110, transparent=True)
    plt.close(figure)
    want = np.asarray(Image.open(raw), dtype=float)
    got = np.asarray(Image.open(io.BytesIO(frame.png)).convert("RGBA"), dtype=float)
    assert got.shape == want.shape == (frame.height, frame.width, 4)
    seen = want[..., 3] > 0  # the colour of what is transparent does not matter
    assert np.abs(got - want)[seen].mean() < 4
    assert (got[..., 3] == 0).any() and (got[..., 3] == 255).any()


def test_eight_frames_weigh_about_a_hundred_kilobytes():
    assert len(shown(range(1, 9))._repr_html_()) < 110_000


def test_the_same_frames_give_the_same_html():
    assert shown()._repr_html_() == shown()._repr_html_()


def test_two_sliders_share_no_id():
    assert 'id="' not in shown()._repr_html_()


def test_nothing_is_fetched_and_text_is_escaped():
    made = frames(curve, [1, 2], label="<b>&", alt='"{value}"', format="<{}>")
    html = made._repr_html_()
    assert "<script" not in html and "http" not in html
    assert "&lt;b&gt;&amp;" in html and "<b>" not in html
    assert "<figcaption>&lt;1&gt;</figcaption>" in html
    assert 'alt="&quot;&lt;1&gt;&quot;"' in html


def test_draw_may_draw_on_the_current_figure_or_own_one():
    def current(value):
        plt.plot([0, value])

    def own(value):
        figure = Figure(figsize=(1, 1))
        figure.subplots()
        return figure

    for draw in (current, own):
        assert len(frames(draw, [1], label="v", alt="A line.").pictures) == 1


def test_figures_of_others_stay_open():
    mine = plt.figure()
    shown()
    assert plt.get_fignums() == [mine.number]
    plt.close(mine)


def test_a_figure_is_closed_even_when_drawing_fails():
    def broken(value):
        plt.figure()
        raise RuntimeError("no ink")

    with pytest.raises(RuntimeError, match="no ink"):
        frames(broken, [1], label="v", alt="Nothing.")


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        ([], {}, "at least one value"),
        ([1], {"alt": " "}, "alt is empty"),
        ([1, 2], {"alt": "A curve."}, "same of every frame"),
        ([1, 2], {"start": 2}, "frames 0 to 1"),
        ([1, 2], {"start": -1}, "frames 0 to 1"),
    ],
)
def test_what_cannot_be_shown_well_is_refused(values, options, message):
    with pytest.raises(ValueError, match=message):
        shown(values, **options)


def test_frames_that_would_make_the_page_heavy_are_refused(monkeypatch):
    monkeypatch.setattr(module, "LIMIT", 1000)
    with pytest.raises(ValueError, match="draw fewer"):
        shown()


@pytest.mark.parametrize("result", [None, 3, "figure"])
def test_a_draw_that_draws_nothing_is_named(result):
    with pytest.raises(TypeError, match=r"draw\(1\) must return a figure"):
        frames(lambda value: result, [1], label="v", alt="Nothing.")


def test_importing_loads_no_matplotlib():
    code = "import sys, lenet_course.frames; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr
