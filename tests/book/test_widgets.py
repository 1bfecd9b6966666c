"""Widgets: every file that one needs is there, and a page loads it once, in order."""

import pytest
from bs4 import BeautifulSoup

from _ext.widgets import STYLE, WIDGETS
from tests.book.small_book import built


def here(name: str) -> str:
    return f":::{{widget}} {name}\nNo *scripts* here.\n:::\n\n"


def files(page: BeautifulSoup, kind: str, attribute: str) -> list[str]:
    found = [tag.get(attribute, "") for tag in page.select(f"body {kind}")]
    return [address for address in found if "web/" in address]


def test_every_file_of_a_widget_lies_in_the_book(html):
    for widget in WIDGETS.values():
        for file in (STYLE, *widget.scripts):
            assert (html / "web" / file).is_file()


def test_two_widgets_load_what_they_share_once_and_all_in_order(tmp_path):
    page, said = built(tmp_path, here("drills") + here("interview"), "_ext.widgets")
    first, second = WIDGETS["drills"].scripts, WIDGETS["interview"].scripts
    expected = [*first, *(file for file in second if file not in first)]
    assert files(page, "script", "src") == [f"../../web/{f}" for f in expected]
    assert files(page, "link", "href") == [f"../../web/{STYLE}"]
    assert not said


def test_a_widget_stands_before_the_script_that_fills_it_around_its_words(tmp_path):
    page, _ = built(tmp_path, here("calculator"), "_ext.widgets")
    mount = page.select_one("div.lenet-calculator[data-preset=lenet5]")
    assert mount.noscript.p.em.text == "scripts" and not mount.noscript.script
    scripts = [tag["src"] for tag in mount.find_next_siblings("script")]
    assert scripts == [f"../../web/{file}" for file in WIDGETS["calculator"].scripts]


@pytest.mark.parametrize(
    "text, words",
    [
        (here("abacus"), "no widget 'abacus'; there are calculator"),
        (2 * here("pad"), "the widget 'pad' stands on this page already"),
    ],
)
def test_what_cannot_stand_there_is_a_warning(tmp_path, text, words):
    assert words in built(tmp_path, text, "_ext.widgets")[1]
