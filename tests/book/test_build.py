"""The book builds without a warning, and everything that its pages name is there."""

import gzip
import re
from copy import copy
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from bs4 import BeautifulSoup
from fontTools.ttLib import TTFont
from PIL import Image

from _ext import describe, icons

FAMILIES = "solid-900", "regular-400", "brands-400"


@pytest.fixture(scope="module")
def soups(html, pages) -> dict[Path, BeautifulSoup]:
    """Every page, parsed."""
    paths = [html / name for name in pages]
    return {path: BeautifulSoup(path.read_text(), "html.parser") for path in paths}


def test_it_builds_without_a_warning(build, html):
    assert build.returncode == 0 and not build.stderr.strip(), build.stderr


def test_every_page_of_the_contents_is_there_and_every_chapter_in_the_contents(
    root, html
):
    toc = yaml.safe_load((root / "_toc.yml").read_text())
    named = {toc["root"]} | {c["file"] for p in toc["parts"] for c in p["chapters"]}
    assert all((html / f"{name}.html").is_file() for name in named)
    chapters = (root / "chapters").glob("*.ipynb")
    assert {f"chapters/{path.stem}" for path in chapters} <= named


def test_links_between_pages_lead_somewhere(soups, html):
    anchors = {
        path: {tag.get("id") or tag.get("name") for tag in page.select("[id], a[name]")}
        for path, page in soups.items()
    }
    broken = []
    for path, page in soups.items():
        for link in page.select("main a[href], nav a[href]"):
            parts = urlsplit(link["href"])
            if parts.scheme or link["href"] == "#":
                continue
            target = path
            if parts.path:
                target = (path.parent / unquote(parts.path)).resolve()
            anchor = unquote(parts.fragment)
            known = not anchor or target not in anchors or anchor in anchors[target]
            if not target.is_file() or not known:
                broken.append(f"{path.relative_to(html)}: {link['href']}")
    assert not broken


def test_scripts_styles_and_pictures_lie_beside_the_pages(soups, html):
    missing = []
    for path, page in soups.items():
        sources = [tag["src"] for tag in page.select("script[src], img[src]")]
        sources += [tag["href"] for tag in page.select("link[rel=stylesheet]")]
        for source in sources:
            parts = urlsplit(source)
            here = not parts.scheme and (path.parent / unquote(parts.path)).is_file()
            if not here and parts.scheme != "data":
                missing.append(f"{path.relative_to(html)}: {source}")
    assert not missing


def test_every_picture_has_words(soups, html):
    for path, page in soups.items():
        for picture in page.select("main img"):
            alt = picture.get("alt")
            # Without alt text myst-nb puts the file's name there.
            assert alt is not None and "_build" not in alt, f"{path}: {picture}"


def test_no_directive_or_formula_is_left_as_raw_text(soups, html):
    for path, page in soups.items():
        for tag in page.select("article p, article li, article td"):
            words = copy(tag)
            code = [tag.extract() for tag in words.select("code, pre, .math")]
            left = re.search(r"```|:::|\{[a-z-]+\}`|:class:|\$\$", words.get_text())
            assert not left, f"{path.relative_to(html)}: {words} {code}"


def test_links_to_the_sources_name_files_of_the_repository(soups, root):
    config = yaml.safe_load((root / "_config.yml").read_text())["repository"]
    home = f"{config['url']}/blob/{config['branch']}/"
    links = {
        a["href"] for page in soups.values() for a in page.select("article a[href]")
    }
    files = [link.removeprefix(home) for link in links if link.startswith(home)]
    assert "web/lenet.js" in files  # one that a page gives by its relative path
    assert all((root / unquote(name)).is_file() for name in files)
    assert not any("_downloads" in link for link in links)


# What a page weighs, and what it says of itself


def transferred(page: Path, address: str) -> int:
    path = page.parent / unquote(urlsplit(address).path)
    return len(gzip.compress(path.read_bytes(), 6))


def letters(html: Path) -> int:
    files = list((html / "_static" / "fonts").glob("*.woff2"))
    assert len(files) == 3
    return sum(file.stat().st_size for file in files)


def test_a_page_shows_after_350_kilobytes(soups, html):
    for path, page in soups.items():
        first = [tag["href"] for tag in page.select("link[rel=stylesheet]")]
        first += [tag["src"] for tag in page.select("script[src]:not([defer])")]
        bytes_ = sum(transferred(path, one) for one in [path.name, *first])
        bytes_ += letters(html)
        assert bytes_ <= 350_000, (path, bytes_)


def test_a_whole_chapter_with_its_pictures_weighs_no_more_than_900_kilobytes(
    soups, html
):
    for path, page in soups.items():
        loaded = [tag["href"] for tag in page.select("link[rel=stylesheet]")]
        loaded += [tag["src"] for tag in page.select("script[src]")]
        pictures = [tag["src"] for tag in page.select("img[src]")]
        seen = {path.name} | {one.split("?")[0] for one in [*loaded, *pictures]}
        bytes_ = sum(transferred(path, one) for one in seen if ":" not in one)
        bytes_ += letters(html)
        if path.name[:2].isdigit():
            assert bytes_ <= 900_000, (path, bytes_)


def test_a_picture_inside_an_output_becomes_a_file(html, soups):
    frames = soups[html / "chapters" / "11-feature-maps.html"].select(".lf figure img")
    assert len(frames) > 5
    for frame in frames:
        assert (html / "chapters" / frame["src"]).is_file()


def test_a_page_loads_no_more_than_it_needs(soups, html):
    for path, page in soups.items():
        scripts = {tag["src"].split("?")[0] for tag in page.select("script[src]")}
        names = [Path(one).name for one in scripts]
        assert ("searchindex.js" in names) == (path == html / "search.html"), path
        math = page.select_one(".math, .cell_output") is not None
        assert ("tex-chtml.js" in names) <= math, path
        total = sum(transferred(path, one) for one in scripts)
        assert total <= 700_000, (path, total)


def test_pictures_keep_their_place_and_come_when_they_are_near(soups):
    seen = 0
    for path, page in soups.items():
        pictures = page.select("article img[src*=_images]")
        for i, picture in enumerate(pictures):
            assert (picture.get("loading") == "lazy") == (i > 0), (path, picture)
            if picture["src"].endswith(".webp"):
                assert int(picture["width"]) > 0 and int(picture["height"]) > 0
                seen += 1
    assert seen > 100


def test_every_icon_of_a_page_is_still_there(html):
    theme = Path(find_spec("pydata_sphinx_theme").origin).parent
    static = theme / "theme/pydata_sphinx_theme/static"
    whole = (static / "scripts/fontawesome.js").read_text()
    wanted = icons.only(whole, icons.used(html))
    kept = (html / icons.SCRIPT).read_text()
    assert kept == wanted and len(kept) < 150_000 < len(whole)
    assert icons.DRAWING.search(kept)
    for name in ("rocket", "magnifying-glass", "github", "download"):
        assert name in {found["name"] for found in icons.DRAWING.finditer(kept)}
    fonts = [html / icons.LETTERS / f"fa-{name}.woff2" for name in FAMILIES]
    shown = {code for font in fonts for code in TTFont(font).getBestCmap()}
    assert shown >= {0xF4AD, 0xF188, 0xF09B, 0xF135}  # speech, bug, GitHub, rocket
    assert sum(font.stat().st_size for font in fonts) < 15_000


def test_pages_describe_themselves(soups, html, root):
    told = {}
    for path, page in soups.items():
        if path.name in ("genindex.html", "search.html"):
            continue
        (said,) = page.select("meta[name=description]")
        assert 40 < len(said["content"]) <= 160, path
        told.setdefault(said["content"], []).append(path)
        (link,) = page.select("link[rel=canonical]")
        assert link["href"].endswith(path.relative_to(html).as_posix())
        assert link["href"] in (html / "sitemap.xml").read_text()
    assert all(len(paths) == 1 for paths in told.values()), told


def test_a_shared_address_shows_the_books_card(soups, html):
    with Image.open(html / describe.CARD) as card:
        assert card.size == (1200, 630) and card.format == "PNG"
    assert (html / describe.CARD).stat().st_size <= 60_000
    for path, page in soups.items():
        if page.select_one("meta[name=description]"):
            said = {m["property"]: m["content"] for m in page.select("meta[property]")}
            home = said["og:url"].removesuffix(path.relative_to(html).as_posix())
            assert said["og:image"] == home + describe.CARD
            assert said["og:image:alt"]


def test_what_is_put_into_pages_is_there(soups):
    pages = {path.stem: page for path, page in soups.items()}
    terms = pages["04-pooling-and-activations"].select("a[href*='glossary.html#']")
    assert len(terms) > 20
    assert all(
        term.get("aria-description") for term in terms if term.select(".std-term")
    )
    coloured = pages["19-coding-tasks"].select("details.lx .highlight .k")
    formulas = pages["19-coding-tasks"].select("details.lx math")
    assert len(coloured) > 50 and len(formulas) > 40
    for page in soups.values():
        for picture in page.select("article img[src*=_images]"):
            assert picture.find_parent(["a", "figure"]), picture


def test_chapters_carry_their_numbers(soups, html):
    for path, page in soups.items():
        number = re.match(r"0*(\d+)-", path.name)
        title = page.select_one("article h1")  # the search page has none
        said = title and title.get("data-chapter")
        assert said == (number and number[1]), path
    entries = soups[html / "index.html"].select("#pst-primary-sidebar a.internal")
    told = {Path(a["href"]).name: a.get_text() for a in entries}
    assert told["03-convolution.html"] == "3. Convolution"
    assert told["setup.html"] and not told["setup.html"][0].isdigit()
    for name, words in told.items():
        number = re.match(r"0*(\d+)-", name)
        assert not number or words.startswith(f"{number[1]}. "), name
