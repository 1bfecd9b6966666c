"""The extension that makes pages of the question bank, in a book of one topic."""

import contextlib
import re
import textwrap

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

pytest.importorskip("sphinx")
from bs4 import BeautifulSoup
from sphinx.testing.util import SphinxTestApp

from lenet_course.interview import TOPICS, bank

FIRST = r"""
- id: pooling-first
  level: basic
  kind: fundamentals
  question: {en: "What is $2^2$ of `S2`?", zh: "$2^2$ 是什么？"}
  answer:
    en: "156. Six maps, <b>one</b> bias each."
    zh: "156 个。<script>alert(1)</script>"
  points:
    claim: {en: "There are $156$.", zh: "有 $156$ 个。"}
    reason: {en: "Shared.", zh: "共享。"}
    example: {en: "C1.", zh: "C1。"}
  deep: |
    Because $1 + 1 = 2$ <img src=x onerror=alert(1)>.

    <script>alert(2)</script>

    ```python
    1 < 2
    ```
  follow_ups:
    - ask: {en: "And then <i>what</i>?", zh: "然后呢？"}
      say: {en: "This.", zh: "这样。"}
      card: pooling-first
  red_flags:
    - says: {en: "1. That.", zh: "那个。"}
      why: {en: "No & never.", zh: "不对。"}
  sources: [lecun1998]
  chapter: 02-architecture
  heading: "Why `F.pad`: 32×32"
  figure:
    file: drawing.svg
    alt: {en: "A <b>grid</b>.", zh: "一个网格。"}
"""
CHAPTER = nbformat.writes(
    new_notebook(cells=[new_markdown_cell("# Layers\n\n## Why `F.pad`: 32×32")])
)
SECOND = FIRST.replace("pooling-first", "pooling-second").replace("basic", "advanced")


@contextlib.contextmanager
def small_book(tmp_path, root):
    """A folder with a small book, its bank beside it, and what builds it."""
    source, folder = tmp_path / "source", tmp_path / "bank"
    (source / "chapters" / "questions").mkdir(parents=True)
    (folder / "figures").mkdir(parents=True)
    (folder / "questions").mkdir()
    (folder / "figures" / "drawing.svg").write_text("<svg/>")
    (folder / "questions" / "pooling.yml").write_text(FIRST, encoding="utf-8")
    (folder / "asked.yml").write_text(
        "lists: {a: {}, b: {}}\nasked: {pooling-first: [a]}"
    )
    (source / "conf.py").write_text(
        textwrap.dedent("""
        extensions = ["myst_nb", "sphinxcontrib.bibtex", "_ext.questions"]
        source_suffix = {".md": "myst-nb"}
        myst_enable_extensions = ["dollarmath"]
        myst_heading_anchors = 3
        bibtex_bibfiles = ["references.bib"]
        bibtex_reference_style = "author_year"
        """)
    )
    (source / "references.bib").write_text((root / "references.bib").read_text())
    (source / "chapters" / "02-architecture.ipynb").write_text(CHAPTER)
    topic = "# Pooling\n\nText.\n\n```{questions} pooling\n```\n"
    (source / "chapters" / "questions" / "pooling.md").write_text(topic)
    (source / "index.md").write_text(
        "# Book\n\n```{question-topics}\n```\n\n{ref}`pooling-first`\n\n"
        "```{toctree}\nchapters/02-architecture\nchapters/questions/pooling\n```\n\n```{bibliography}\n```\n"
    )

    def build() -> tuple[BeautifulSoup, SphinxTestApp]:
        bank._topic.cache_clear()
        app = SphinxTestApp("html", srcdir=source)
        try:
            app.build()
        finally:
            app.cleanup()
        page = app.outdir / "chapters" / "questions" / "pooling.html"
        return BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser"), app

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bank, "FOLDER", folder)
        bank._asked_file.cache_clear()
        yield build
    bank._topic.cache_clear()
    bank._asked_file.cache_clear()


@pytest.fixture
def book(tmp_path, root):
    with small_book(tmp_path, root) as build:
        yield build


@pytest.fixture(scope="module")
def built(tmp_path_factory, root):
    """The page of the topic as it was written, and the warnings of its build."""
    with small_book(tmp_path_factory.mktemp("book"), root) as build:
        page, app = build()
    return page, app.warning.getvalue()


def test_a_card_holds_all_of_its_question(built):
    page, warnings = built
    assert not warnings
    (card,) = page.select("section.question")
    assert card["id"] == "pooling-first" and "level-basic" in card["class"]
    assert "asked in 1 of 2 public lists" in card.select_one(".q-level").text
    assert card.h2.select_one(".math") and card.h2.code.text == "S2"
    answer, chinese, deep, more = card.find_all("details", recursive=False)
    assert answer.p.text == "156. Six maps, <b>one</b> bias each."
    assert chinese["lang"] == "zh-Hans" and "156 个。" in chinese.text
    assert chinese.select_one(".q-asked .math")
    assert deep.select_one(".highlight-python") and deep.select_one(".math")
    assert "LeCun" in deep.text and deep.select_one(".q-source a[href*='index.html#']")
    ticks = answer.select(".q-ticks li")
    assert [tick.text.strip() for tick in ticks][1:] == ["Shared.", "C1."]
    assert ticks[0].select_one(".math") and len(chinese.select(".q-ticks li")) == 3
    asked, flag = more.select("dl > dt")
    assert asked.select_one(".q-en").text == "And then <i>what</i>?"
    assert asked.select_one(".q-zh").text == "然后呢？"
    assert more.select_one(".q-asks dd .q-en").text == "This."
    assert more.select_one(".q-asks dd a")["href"] == "#pooling-first"
    assert flag.select_one(".q-en").text == "1. That."
    assert more.select_one(".q-flags dd .q-en").text == "No & never."
    assert not any(fold.has_attr("open") for fold in card.find_all("details"))


def test_the_figure_stands_in_the_answer_of_each_language(built):
    page, _ = built
    answer, chinese, *others = page.select("section.question > details")
    assert [i["alt"] for i in answer.select("img")] == ["A <b>grid</b>."]
    assert [i["alt"] for i in chinese.select("img")] == ["一个网格。"]
    assert not any(fold.select("img") for fold in others)
    for image in page.select("section.question img"):
        assert image["src"] == "../../web/figures/drawing.svg"
        assert image["loading"] == "lazy" and not image.contents


def test_tags_in_a_text_are_shown_and_never_run(built):
    page, _ = built
    card = page.select_one("section.question")
    assert not card.select("script, b, i, img[onerror]")
    for words in (
        "<script>alert(1)</script>",
        "<script>alert(2)</script>",
        "<img src=x",
    ):
        assert words in card.text


def test_chapter_and_heading_that_teach_it_are_linked(built):
    page, _ = built
    links = page.select("section.question")[0].select(".q-source a[href*=architecture]")
    assert [(a.text, a["href"]) for a in links] == [
        ("Layers", "../02-architecture.html"),
        ("Why F.pad: 32×32", "../02-architecture.html#why-f-pad-3232"),
    ]


def test_a_changed_bank_changes_page_and_table(book, tmp_path):
    _, app = book()
    index = BeautifulSoup((app.outdir / "index.html").read_text(), "html.parser")
    row = [cell.text.strip() for cell in index.select(".q-topics tbody tr")[0]("td")]
    assert row == ["Pooling", "1", "0", "0", "1"]
    assert index.select_one("a[href='chapters/questions/pooling.html#pooling-first']")

    (tmp_path / "bank" / "questions" / "pooling.yml").write_text(
        FIRST + SECOND, encoding="utf-8"
    )
    page, app = book()
    assert [card["id"] for card in page.select("section.question")] == [
        "pooling-first",
        "pooling-second",
    ]
    index = BeautifulSoup((app.outdir / "index.html").read_text(), "html.parser")
    sums = [cell.text.strip() for cell in index.select(".q-topics tbody tr")[-1]("td")]
    assert sums == ["All topics", "1", "0", "1", "2"]


def test_a_topic_that_is_not_written_says_so(book, tmp_path):
    (tmp_path / "bank" / "questions" / "pooling.yml").unlink()
    page, app = book()
    assert "No questions on this topic yet." in page.text
    index = BeautifulSoup((app.outdir / "index.html").read_text(), "html.parser")
    assert [row.td.text.strip() for row in index.select("tbody tr")] == ["All topics"]


def test_a_bank_that_does_not_hold_is_named(book, tmp_path):
    (tmp_path / "bank" / "questions" / "pooling.yml").write_text(
        "- id: 3", encoding="utf-8"
    )
    _, app = book()
    assert "pooling.yml, question 1" in app.warning.getvalue()


@pytest.mark.parametrize("topic", TOPICS)
def test_every_topic_has_its_page(root, topic):
    text = (root / "chapters" / "questions" / f"{topic}.md").read_text()
    assert text.startswith(f"# {TOPICS[topic]}\n")
    assert f"```{{questions}} {topic}\n" in text


def test_the_contents_list_the_topics_in_the_order_of_the_bank(root):
    toc = (root / "_toc.yml").read_text()
    assert re.findall(r"file: chapters/questions/(.+)", toc) == list(TOPICS)
