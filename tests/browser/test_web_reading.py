"""What the pad reads: recorded strokes, several drawings, its tour and its damage."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_model

from lenet_helpers import models
from tests.browser.web_runner import WEB, run_javascript, widget_scripts
from tools.export_web import WEIGHTS

RECORDED = json.loads(Path(__file__).with_name("strokes.json").read_text())
SCRIPTS = [
    script
    for script in widget_scripts("pad")
    if script.stem
    not in ("own-weights", "loupe", "maps", "pad-tour", "pad-answer", "pad")
]
READ = """recorded => {
  const net = LeNet.load(LENET_WEIGHTS);
  const points = (flat) => Array.from({ length: flat.length / 2 },
    (_, i) => [flat[2 * i], flat[2 * i + 1]]);
  return recorded.map(({ strokes, pen }) =>
    Reading.read(net, strokes.map(points), pen).map(Reading.answer));
}"""
HALVES = pytest.mark.parametrize("held_out", [False, True], ids=["seen", "held out"])


def read(recorded: list[dict]) -> list[list[str]]:
    return run_javascript(SCRIPTS, READ, recorded)


def placed(strokes: list[list[float]], right: float, scale: float = 1) -> list:
    """The same strokes, smaller and moved to the right."""
    return [
        [scale * v + right * (i % 2 == 0) for i, v in enumerate(s)] for s in strokes
    ]


def clean(digit: int) -> list[list[float]]:
    ways = [
        r for r in RECORDED["digits"] if r["digit"] == digit and r["how"] == "clean"
    ]
    return ways[0]["strokes"]


@HALVES
def test_at_least_95_of_100_recorded_digits_are_read_and_every_clean_one(held_out):
    digits = [r for r in RECORDED["digits"] if r["held_out"] == held_out]
    answers = read(digits)
    wrong = [
        (r["digit"], r["how"], answer)
        for r, answer in zip(digits, answers)
        if answer != [str(r["digit"])]
    ]
    assert len(digits) == 55 and len(wrong) <= 0.05 * len(digits), wrong
    assert "clean" not in [how for _, how, _ in wrong], wrong


def test_what_was_recorded_is_what_is_claimed():
    kinds = Counter(r["how"] for r in RECORDED["digits"])
    assert kinds == Counter(clean=20, tiny=20) + Counter(
        dict.fromkeys(["off-centre", "half-off", "thick", "thin", "slanted"], 10)
        | {"flagged 1": 10, "crossed 7": 10}
    )
    for r in RECORDED["digits"]:
        points = np.concatenate([np.reshape(s, (-1, 2)) for s in r["strokes"]])
        off = ((points < 0) | (points > 280)).any(1).mean()
        assert (off > 0.25) == (r["how"] == "half-off")
        assert (np.ptp(points, 0).max() < 60) == (r["how"] == "tiny")


@HALVES
def test_at_least_9_in_10_letters_hearts_and_scribbles_are_no_digit(held_out):
    others = [r for r in RECORDED["others"] if r["held_out"] == held_out]
    answers = read(others)
    passed = [
        (r["what"], answer)
        for r, answer in zip(others, answers)
        if set(answer) != {"no digit"}
    ]
    assert len(others) == 20 and len(passed) <= 2, passed


def test_an_empty_sheet_is_no_digit():
    assert read([{"strokes": [], "pen": 26}]) == [["no digit"]]


def test_digits_side_by_side_are_read_one_by_one_from_left_to_right():
    """Written from right to left, to tell the order of places from that of time."""
    for pair in ((4, 2), (1, 0), (7, 5)):
        left, right = (
            placed(clean(digit), 140 * i, 0.45) for i, digit in enumerate(pair)
        )
        (answer,) = read([{"strokes": right + left, "pen": 16}])
        assert answer == [str(digit) for digit in pair]


def test_strokes_of_one_digit_stay_together_and_a_speck_is_left_out():
    apart = """drawings => drawings.map(([strokes, pen]) =>
      Strokes.apart(strokes, pen).map(drawing => drawing.length))"""
    five = [[[80, 40], [75, 110], [150, 130], [90, 230]], [[100, 38], [170, 36]]]
    crossed = [[[40, 40], [200, 40], [100, 240]], [[80, 140], [170, 138]]]
    speck = [*five, [[260, 260], [261, 262]]]
    apart_ones = [[[40, 40], [40, 240]], [[140, 40], [142, 240]]]
    drawings = [[s, 26] for s in (five, crossed, speck, apart_ones)]
    assert run_javascript(SCRIPTS, apart, drawings) == [[2], [2], [2], [1, 1]]


def test_a_tiny_digit_gets_a_line_of_three_pixels_and_no_other_is_changed():
    pens = "drawings => drawings.map(([strokes, pen]) => Strokes.pen(strokes, pen))"
    line = [[[0, 0], [0, 34]]]
    tall, dot = [[[0, 0], [0, 200]]], [[[5, 5], [5, 6]]]
    thin, kept, blot = run_javascript(
        SCRIPTS, pens, [[line, 26], [tall, 26], [dot, 26]]
    )
    assert thin / (34 + thin) == pytest.approx(3 / 20) and kept == blot == 26


# ---- The tour ----


def pixels(seed: int) -> list[float]:
    return torch.randn(1024, generator=torch.Generator().manual_seed(seed)).tolist()


@pytest.fixture(scope="module")
def pad_network():
    with safe_open(WEIGHTS, framework="pt") as file:
        facts = dict(file.metadata())
    load_model(model := models.ModernLeNet5(activation="relu", pool="max"), WEIGHTS)
    return model.eval(), facts


def test_every_stop_says_what_pytorch_computes(pad_network):
    """The numbers in its words, for a recorded digit and for a letter."""
    model, facts = pad_network
    stops = """recorded => { const net = LeNet.load(LENET_WEIGHTS);
      return recorded.map(({ strokes, pen }) => {
        const lines = strokes.map(flat => flat.reduce((all, v, i) =>
          (i % 2 ? all.at(-1).push(v) : all.push([v]), all), []));
        const [drawing] = Reading.read(net, lines, pen);
        return [Array.from(drawing.maps.input.data), PadStops.about(net, drawing)];
      }); }"""
    heart = next(r for r in RECORDED["others"] if r["what"] == "heart")
    drawn = [next(r for r in RECORDED["digits"] if r["digit"] == 8), heart]
    for input, told in run_javascript(SCRIPTS, stops, drawn):
        words = {stop["at"]: stop["text"] for stop in told}
        assert len(told) == 10
        with torch.no_grad():
            x = torch.tensor(input).view(1, 1, 32, 32)
            c1 = model.c1(x).relu()
            c3 = model.c3(model.s2(c1)).relu()
            s4 = model.s4(c3)
            f6 = model.f6(model.c5(s4).relu().flatten(1)).relu()
            z = model.output(f6)[0]
        ink = (x * float(facts["std"]) + float(facts["mean"]) > 1 / 255).sum()
        assert f"{ink} of them with ink" in words["image"]
        assert f"Map {c1[0].amax((1, 2)).argmax() + 1} answers most" in words["c1"]
        assert (
            f"{100 * (c1 == 0).float().mean():.1f}\u00a0% of its 4,704" in words["c1"]
        )
        row, column = divmod(int(c3[0].amax(0).argmax()), 10)
        assert f"{c3.max():.2f} in row {row + 1}, column {column + 1}" in words["c3"]
        assert f"{(s4 == 0).sum()} of them 0" in words["s4"]
        digit = int(z.argmax())
        unit = int((f6[0] * model.output.weight[digit]).argmax())
        assert f"Unit {unit + 1} speaks most for the {digit}:" in words["f6"]
        assert f"{digit} has {z.max():.2f}".replace("-", "−") in words["output"]
        together = f"{z.logsumexp(0):.2f}".replace("-", "−")
        assert f"the ten logits reach {together}" in words["why"]
        refused = 1 / (1 + z.logsumexp(0).exp()) >= float(facts["threshold"])
        assert ("no digit." in words["why"]) == bool(refused)


# ---- Breaking it ----


def test_damage_is_done_where_it_is_said_and_the_network_itself_stays_whole():
    call = """damage => { const net = LeNet.load(LENET_WEIGHTS);
      const before = JSON.stringify(net.tensors), hurt = PadBreak.broken(net, damage);
      return [before === JSON.stringify(net.tensors), Object.fromEntries(
        Object.keys(net.tensors).map(name => [name, [net, hurt].map(
          n => Array.from(n.tensors[name].data))]))]; }"""
    none = {"biases": [], "noise": 0, "seed": 1, "kernel": ""}

    def changes(**damage):
        untouched, tensors = run_javascript(SCRIPTS, call, none | damage)
        assert untouched
        return {n: np.array(both) for n, both in tensors.items() if both[0] != both[1]}

    assert changes() == {}
    zeroed = changes(biases=["c3", "output"])
    assert set(zeroed) == {"c3.bias", "output.bias"}
    assert not any(after.any() for _, after in zeroed.values())
    (before, after) = changes(kernel="c3 4")["c3.weight"].reshape(2, 16, -1)
    assert not after[3].any() and (np.delete(before - after, 3, 0) == 0).all()
    noisy = changes(noise=0.5)
    assert set(noisy) == {
        f"{layer}.weight" for layer in ("c1", "c3", "c5", "f6", "output")
    }
    before, after = noisy["c5.weight"]
    noise = (after - before) / np.sqrt((before**2).mean())
    assert abs(noise.mean()) < 0.01 and noise.std() == pytest.approx(0.5, abs=0.01)


def test_scripts_that_the_page_fetches_for_measuring_are_there():
    source = (WEB / "pad-break.js").read_text()
    for file in ("train-run.js", "bundled-digits.js"):
        assert f'new URL("{file}", HERE)' in source and (WEB / file).is_file()
