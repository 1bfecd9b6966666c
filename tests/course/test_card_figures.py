"""The cards' drawings: safe, small, legible on white and dark, made by the script."""

import re
from xml.etree import ElementTree

import matplotlib
import pytest

from lenet_course.interview import questions
from lenet_course.interview.bank import FOLDER
from tools.card_figures.__main__ import DRAWINGS, main
from tools.card_figures.save import svg

FILES = sorted((FOLDER / "figures").glob("*.svg"))
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
# Points, of 331 that a figure is wide. Another matplotlib leaves other margins, since
# it measures text in another way; what it draws and writes is the same.
CLOSE = 0.06 if matplotlib.__version__.startswith("3.11.") else 3

each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def test_every_drawing_is_used_and_every_file_is_drawn():
    used = {q.figure.path.stem for q in questions() if q.figure}
    assert used == set(DRAWINGS) == {path.stem for path in FILES}


@each_file
def test_it_is_small_and_asks_nothing_of_any_other_place(path):
    text = path.read_text(encoding="utf-8")
    assert len(text) < 80_000
    tags = {part.tag.split("}")[1] for part in ElementTree.fromstring(text).iter()}
    assert not tags & {"script", "foreignObject", "text", "metadata"}
    links = re.findall(r'(?:href|src)="([^"]+)"|url\(([^)]+)\)', text)
    inside = ("#", "data:image/png;")
    assert all((one or other).startswith(inside) for one, other in links)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    bright = [((p + 0.055) / 1.055) ** 2.4 if p > 0.04045 else p / 12.92 for p in parts]
    return 0.2126 * bright[0] + 0.7152 * bright[1] + 0.0722 * bright[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def brighter(colour: str) -> str:
    """As the style sheets' filter: brightness(1.45) shows it in dark mode."""
    parts = [min(255, round(1.45 * int(colour[i : i + 2], 16))) for i in (1, 3, 5)]
    return "#" + "".join(f"{part:02x}" for part in parts)


@each_file
def test_no_colour_vanishes_on_white_or_on_dark(path):
    text = path.read_text(encoding="utf-8")
    if path.stem == "confusion":  # dark figures on bright cells
        text = re.sub(r"#1a1a1a", "", text)
    for colour in set(re.findall(r"(?:fill|stroke): (#[0-9a-f]{6})", text)):
        assert contrast(colour, "#ffffff") >= 1.9, colour
        assert contrast(brighter(colour), "#14181e") >= 4.5, colour


def test_the_ground_is_transparent():
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        patch = re.search(r'<g id="patch_1">\s*<path[^>]*style="([^"]*)"', text)
        assert patch is None or "fill: none" in patch[1] or "opacity: 0" in patch[1]


def drawn(svg: str) -> tuple[list[str], list[tuple[str, list[float]]]]:
    """What an SVG writes, and style and coordinates of all else that it shows."""
    words, shapes = re.findall(r"<!-- (.*?) -->", svg), []

    def walk(part: ElementTree.Element) -> None:
        for child in part:
            where = [child.get(k, "") for k in ("d", "x", "y", "transform")]
            numbers = [float(n) for n in NUMBER.findall(" ".join(where))]
            if child.tag.endswith("}defs"):
                continue
            if child.get("id", "").startswith("text_"):  # its letters are the font's
                continue
            if numbers and child.tag.endswith(("}path", "}use", "}image")):
                shapes.append((child.get("style", ""), numbers))
            walk(child)

    walk(ElementTree.fromstring(svg))
    return words, shapes


def near(ours: list[float], theirs: list[float]) -> bool:
    """Equal coordinates, or of a curve drawn with more points equal extent."""
    if len(ours) != len(theirs):
        ours, theirs = (
            [f(n[i::2]) for f in (min, max) for i in (0, 1)] for n in (ours, theirs)
        )
    return all(
        abs(one - other) <= CLOSE for one, other in zip(ours, theirs, strict=True)
    )


@pytest.mark.parametrize("name", [n for n in DRAWINGS if n != "confusion"])
def test_it_is_what_the_script_draws(name):
    stored = (FOLDER / "figures" / f"{name}.svg").read_text(encoding="utf-8")
    words, shapes = drawn(stored)
    new_words, new_shapes = drawn(svg(DRAWINGS[name]()))
    assert words and new_words == words
    assert [style for style, _ in new_shapes] == [style for style, _ in shapes]
    for (_, ours), (_, theirs) in zip(new_shapes, shapes, strict=True):
        assert near(ours, theirs)


def test_another_value_word_or_colour_is_another_drawing():
    stored = (FOLDER / "figures" / "plateau.svg").read_text(encoding="utf-8")
    words, shapes = drawn(stored)
    assert len(words) > 5 and len(shapes) > 5
    style, numbers = shapes[-1]
    assert near(numbers, numbers)
    assert not near([numbers[0] + 4, *numbers[1:]], numbers)
    assert not near([*numbers, numbers[0], numbers[1] + 400], numbers)
    assert drawn(stored.replace(f"<!-- {words[0]} -->", "<!-- 3 -->", 1))[0] != words
    assert drawn(stored.replace(style, "fill: none", 1))[1] != shapes


def test_an_unknown_name_is_named(capsys):
    assert main(["nothing"]) == 2
    assert "no drawing nothing; there are: lenet5," in capsys.readouterr().out
