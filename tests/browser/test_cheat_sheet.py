"""The cheat sheet on paper: one page, whole, whatever the reader's colours."""

import re

import pytest

from tests.browser.web_runner import opened

OVERLAP = """() => [...document.querySelectorAll(".cheat section")].flatMap((section) =>
  [...section.querySelectorAll("td, th, li")].filter((part) =>
    part.getBoundingClientRect().right > section.getBoundingClientRect().right + 1)
    .map((part) => part.textContent))"""


@pytest.mark.parametrize("paper", ["A4", "Letter"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_prints_on_one_page(browser, html, paper, scheme):
    address = (html / "chapters" / "21-cheat-sheet.html").as_uri()
    width = {"A4": 726, "Letter": 748}[paper]
    look = {"color_scheme": scheme, "viewport": {"width": width, "height": 900}}
    with opened(browser, address, **look) as page:
        raw = page.pdf(format=paper)
        assert len(re.findall(rb"/Type\s*/Page\b", raw)) == 1
        page.emulate_media(media="print")
        assert page.evaluate(OVERLAP) == []
        for part in ("nav", ".bd-sidebar-primary", ".sheet-screen", ".cell details"):
            assert not page.locator(part).first.is_visible(), part
