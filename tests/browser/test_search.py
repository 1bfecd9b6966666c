"""Numbers and Chinese words are found, whoever asks: page and index cut words alike."""

import pytest

pytest.importorskip("sphinx")

from _ext.search_words import IN_PAGE, split
from tests.browser.web_runner import run_javascript

ASKED = [
    "61,706",
    "61706",
    "$61{,}706$ 个参数",
    "1_000.5 or 2.30",
    "感受野",
    "LeNet-5 的梯度 naïve épreuve",
    "膨胀率dilation率 不变性",
    "x^2 C1 conv2d _private __init__",
    "",
]


def test_page_and_index_cut_words_alike(tmp_path):
    script = tmp_path / "split.js"
    script.write_text(f"{IN_PAGE}; globalThis.cut = splitQuery;", encoding="utf-8")
    cut = run_javascript([script], "texts => texts.map((t) => cut(t))", ASKED)
    assert cut == [split(text) for text in ASKED]


@pytest.fixture(scope="module")
def results(html, browser):
    """What the built book's page of results finds, as its reader sees it."""

    def find(query: str) -> list[str]:
        address = f"{(html / 'search.html').as_uri()}?q={query}"
        # Of files no excerpt can be fetched, and the browser says so.
        with browser.new_page() as page:
            page.goto(address)
            done = "#search-results h2:has-text('Search Results')"  # the theme hides it
            page.wait_for_selector(done, state="attached")
            return page.locator("#search-results li > a").all_inner_texts()

    return find


@pytest.mark.parametrize("query", ["61,706", "61706", "感受野", "梯度", "池化"])
def test_what_readers_look_for_is_found(results, html, query):
    pages = html.glob("chapters/**/*.html")
    there = [p for p in pages if query.replace("61706", "61,706") in p.read_text()]
    found = results(query)
    assert there and 0.8 * len(there) <= len(found), (len(there), found)


def test_a_word_that_is_nowhere_finds_nothing(results):
    assert results("电子邮箱") == [] and results("61,7061") == []
