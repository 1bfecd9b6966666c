"""The EPUB: formulas as MathML, links that lead somewhere, no scripts."""

import re
import zipfile

import pytest
from PIL import Image

pytest.importorskip("pypandoc")

from tools import epub

CONFIG = "repository:\n  url: https://github.com/someone/book\n  branch: main\n"
CONTENTS = "root: index\nparts:\n  - chapters:\n      - file: chapters/a\n"
PAGE = r"""<html><article class="bd-article"><section id="top"><h1>{0}</h1>
<p>It is <span class="math">\(\frac{{1}}{{2}}\)</span>.</p>
<div id="box"><p>A box.</p></div><img src="{1}_images/dot.webp" alt="a dot">
<div class="lw"><noscript><p>Without scripts.</p></noscript></div>
<script>alert(1)</script><button>Run</button>
<a href="{2}#box">there</a> <a href="https://example.org/">out</a>
<a href="{1}genindex.html">online</a></section></article></html>"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """What the EPUB of two pages holds, by name."""
    root = tmp_path_factory.mktemp("epub")
    html = root / "html"
    (html / "chapters").mkdir(parents=True)
    (html / "_images").mkdir()
    (root / "_build").mkdir()
    (root / "_config.yml").write_text(CONFIG)
    (root / "_toc.yml").write_text(CONTENTS)
    Image.new("RGB", (2, 2)).save(html / "_images" / "dot.webp")
    (html / "index.html").write_text(PAGE.format("One", "", "chapters/a.html"))
    (html / "chapters" / "a.html").write_text(
        PAGE.format("Two", "../", "../index.html")
    )
    with zipfile.ZipFile(epub.epub(root, html)) as book:
        return {name: book.read(name) for name in book.namelist()}


def texts(made) -> dict[str, str]:
    chapters = re.compile(r"EPUB/text/(ch.*)")
    return {
        found[1]: content.decode()
        for name, content in made.items()
        if (found := chapters.fullmatch(name))
    }


def test_a_chapter_a_page_with_formulas_and_no_scripts(made):
    pages = [page for page in texts(made).values() if "<h1" in page]
    assert [re.search("<h1.*?>(.*)</h1>", p, re.S)[1][-3:] for p in pages] == [
        "One",
        "Two",
    ]
    for page in pages:
        assert "<mfrac>" in page and "Without scripts." in page
        assert "alert" not in page and "Run" not in page
    assert [n for n in made if n.endswith(".png")] and not [
        n for n in made if "webp" in n
    ]


def test_links_lead_to_what_is_there(made):
    pages = texts(made)
    links = re.findall(r'href="(ch[^"#]+)#([^"]+)"', "".join(pages.values()))
    assert len(links) >= 2
    for file, place in links:
        assert f'id="{place}"' in pages[file]
    assert "https://someone.github.io/book/genindex.html" in "".join(pages.values())
