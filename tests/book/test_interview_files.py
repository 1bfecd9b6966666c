"""Decks, table and the bank for the page lie beside the pages of the book."""

import json
import zipfile
from functools import cache

from bs4 import BeautifulSoup

from lenet_course.interview import TOPICS, questions


def test_decks_and_table_are_offered_and_there(html):
    page = BeautifulSoup(
        (html / "chapters" / "16-questions.html").read_text(), "html.parser"
    )
    links = [a["href"] for a in page.select("main a[download]")]
    files = [(html / "chapters" / link).resolve() for link in links]
    kinds = [".apkg", ".apkg", ".csv", ".json", ".md"]
    assert [file.suffix for file in files] == kinds
    assert len(json.loads(files[3].read_text())["questions"]) == len(questions())
    assert files[3].name in files[4].read_text()  # the tutor knows its questions
    assert all(zipfile.is_zipfile(file) for file in files[:2])


STRAIGHT = str.maketrans("“”‘’", "\"\"''")  # the page's quotes are typographic


@cache
def headings(page) -> dict[str, str]:
    """Anchor -> words of every heading of a page."""
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    found = {}
    for section in soup.select("main section[id]"):
        if title := section.find(["h1", "h2", "h3"], recursive=False):
            title.select_one("a.headerlink").decompose()
            found[section["id"]] = title.text.translate(STRAIGHT)
    return found


def test_the_bank_of_the_page_is_whole_and_links_only_what_stands(html):
    text = (html / "web" / "interview-bank.js").read_text(encoding="utf-8")
    bank = json.loads(text.removeprefix("globalThis.InterviewBank = ").rstrip(";\n"))
    assert {key: en for key, (en, _) in bank["topics"].items()} == TOPICS
    assert [q["id"] for q in bank["questions"]] == [q.id for q in questions()]
    for q in bank["questions"]:
        address, title = q["read"]
        page, anchor = address.split("#")
        heading = headings(html / "chapters" / page)[anchor]
        assert title.endswith(f": {heading}")
        assert set(q["answer"]) == {"en", "zh"} and q["more"] and q["flags"]


def test_every_figure_is_there_for_cards_and_mock_interview(html):
    drawn = [q for q in questions() if q.figure]
    text = (html / "web" / "interview-bank.js").read_text(encoding="utf-8")
    for q in drawn:
        copy = html / "web" / "figures" / q.figure.path.name
        assert copy.read_bytes() == q.figure.path.read_bytes()
        assert f"../web/figures/{copy.name}" in text
        card = html / "chapters" / "questions" / f"{q.topic}.html"
        page = BeautifulSoup(card.read_text(encoding="utf-8"), "html.parser")
        for image in page.find(id=q.id).select(".q-figure img"):
            assert (card.parent / image["src"]).resolve() == copy.resolve()
