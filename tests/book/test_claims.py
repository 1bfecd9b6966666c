"""The page on other texts: its numbers stand in its chapters, and alike in Chinese."""

import re

import pytest

from tests.chapters import reader

ENGLISH, CHINESE = (
    (reader.ROOT / "chapters" / "back" / name).read_text(encoding="utf-8")
    for name in ("claims.md", "claims-zh.md")
)
CHAPTER = re.compile(r"\{doc\}`/chapters/([^`]+)`")
NUMBER = re.compile(r"\d[\d,.]*\d|\d")


def sections(page: str) -> list[str]:
    return re.split(r"^### ", page, flags=re.MULTILINE)[1:]


def numbers(section: str) -> list[str]:
    """All but those of names: of layers, of sources, of chapters."""
    text = re.sub(
        r"\{\w+(:\w)?\}`[^`]*`|\]\(http[^)]*\)|\b[A-Z]\w*-?\d+\b|7×12", "", section
    )
    return [number for number in NUMBER.findall(text) if len(number) > 1]


def says(chapter: str) -> str:
    """All of a chapter, outputs included."""
    cells = reader.cells(chapter).values()
    outputs = [str(one.get("outputs", "")) for one in cells]
    return "\n".join([one.source for one in cells] + outputs)


@pytest.mark.parametrize("section", sections(ENGLISH), ids=lambda s: s[:30])
def test_every_number_stands_in_a_chapter_that_is_named(section):
    text = "\n".join(map(says, CHAPTER.findall(section)))
    missing = [n for n in numbers(section) if not re.search(rf"(?<!\d){n}(?!\d)", text)]
    assert not missing


def test_both_languages_say_the_same():
    here, there = sections(ENGLISH), sections(CHINESE)
    assert len(here) == len(there) == 15
    for english, chinese in zip(here, there):
        for part in (
            numbers,
            CHAPTER.findall,
            re.compile(r"\{cite:.\}`[^`]+`").findall,
        ):
            assert set(part(english)) == set(part(chinese)), english[:60]
