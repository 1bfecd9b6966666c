"""The printed book: pages in the order of the contents, links within the file."""

import pypdf
import pytest

from tools import pdf
from tools.trouble import Trouble

CONTENTS = """
root: index
parts:
  - caption: One
    chapters:
      - file: chapters/a
        sections:
          - file: chapters/a/b
      - file: chapters/gone
"""
PAGE = """<!doctype html><title>{0}</title><img src="dot.svg" loading="lazy">
<h1 id="{0}">Page {0}</h1><details><summary>More</summary>folded {0}</details>
<a href="chapters/a/b.html#deep">inside</a> <a href="https://example.org/x">out</a>"""


@pytest.fixture
def book(tmp_path):
    """A root with contents, and the folder of its three built pages."""
    (tmp_path / "_toc.yml").write_text(CONTENTS)
    html = tmp_path / "html"
    for name in ("index", "chapters/a", "chapters/a/b", "chapters/not-listed"):
        (html / name).parent.mkdir(parents=True, exist_ok=True)
        up = '<base href="/book/">'
        (html / f"{name}.html").write_text(up + PAGE.format(name.rsplit("/")[-1]))
    (html / "dot.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    return tmp_path, html


def test_pages_follow_the_contents_and_links_stay_in_the_file(book, browser, tmp_path):
    root, html = book
    address, names = "https://book.test/book/", pdf.order(html, root)
    assert names == ["index.html", "chapters/a.html", "chapters/a/b.html"]
    parts = pdf.print_pages(browser, html, address, names, tmp_path)
    target = tmp_path / "all.pdf"
    assert pdf.merge(parts, names, address, target) == 3
    read = pypdf.PdfReader(target)
    for page, name in zip(read.pages, ("index", "a", "b"), strict=True):
        assert f"Page {name}" in page.extract_text()
        assert f"folded {name}" in page.extract_text()
    assert [entry.title for entry in read.outline] == ["Page index", "Page a", "Page b"]
    inside, out = [link.get_object() for link in read.pages[0]["/Annots"]]
    assert inside["/Dest"][0].get_object() == read.pages[2].get_object()
    assert out["/A"]["/URI"] == "https://example.org/x"
    assert b"file:" not in target.read_bytes()


def test_without_a_browser_it_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(pdf, "chromium", lambda: None)
    with pytest.raises(Trouble, match="CHROMIUM="):
        pdf.pdf(tmp_path, tmp_path)
