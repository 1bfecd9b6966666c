"""Widgets: every file that one needs is there, and a page loads it once, in order."""

import pytest
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

from _ext.widgets import STYLE, WIDGETS


def built(folder, text: str) -> tuple[BeautifulSoup, str]:
    """A page of a book of its own, two folders down, and the warnings."""
    page = folder / "source" / "one" / "two" / "page.md"
    page.parent.mkdir(parents=True)
    page.write_text("# Page\n\n" + text, encoding="utf-8")
    settings = {
        "extensions": ["myst_parser", "_ext.widgets"],
        # Sphinx adds an extension's own to a default that all books of a process share.
        "source_suffix": {".md": "markdown"},
        "myst_enable_extensions": ["colon_fence"],
        "root_doc": "one/two/page",
    }
    out, warnings = folder / "out", (folder / "warnings").open("w+")
    with docutils_namespace(), warnings:
        paths = folder / "source", None, out, folder / "trees", "html", settings
        Sphinx(*paths, status=None, warning=warnings).build()
        warnings.seek(0)
        said = warnings.read()
    html = (out / "one" / "two" / "page.html").read_text(encoding="utf-8")
    return BeautifulSoup(html, "html.parser"), said


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
    page, said = built(tmp_path, here("drills") + here("interview"))
    first, second = WIDGETS["drills"].scripts, WIDGETS["interview"].scripts
    expected = [*first, *(file for file in second if file not in first)]
    assert files(page, "script", "src") == [f"../../web/{f}" for f in expected]
    assert files(page, "link", "href") == [f"../../web/{STYLE}"]
    assert not said


def test_a_widget_stands_before_the_script_that_fills_it_around_its_words(tmp_path):
    page, _ = built(tmp_path, here("calculator"))
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
    assert words in built(tmp_path, text)[1]
