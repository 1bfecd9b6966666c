"""The Colab edition reads as the pages do, holds no MyST, and runs."""

import copy
import functools
import re
import subprocess
from pathlib import Path
from urllib.parse import unquote, urldefrag

import nbformat
import pytest
from bs4 import BeautifulSoup
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from nbclient import NotebookClient

from tests.chapters.reader import NOTEBOOKS, notebook
from tools.address import home, published
from tools.colab import BRANCH

PLAIN = MarkdownIt("commonmark").enable("table").use(dollarmath_plugin)
MYST = re.compile(
    r"\{[a-z:+_-]+\}`|^\s*:::|^\s*(```|~~~)\{|^\([\w-]+\)=|^%|\{\{|^:class:", re.M
)
LIVE = "This part is live in the page"  # in place of a widget
SMALL = "20-mock-interview"
CHAPTERS = [path.stem for path in NOTEBOOKS]

every_chapter = pytest.mark.parametrize("name", CHAPTERS)


@functools.cache
def edition(html: Path, name: str) -> nbformat.NotebookNode:
    """What the page's download button gives."""
    return nbformat.read(html / "_sources/chapters" / f"{name}.ipynb", as_version=4)


def texts(html: Path, name: str) -> list[str]:
    return [c.source for c in edition(html, name).cells if c.cell_type == "markdown"]


def shown(html: Path, name: str) -> BeautifulSoup:
    """Its words as any notebook shows them; what stands for a widget left out."""
    soup = parsed("".join(map(PLAIN.render, texts(html, name))))
    for words in soup.find_all("em"):
        if LIVE in words.get_text():
            words.decompose()
    return soup


def article(html: Path, name: str) -> BeautifulSoup:
    """The page without code and outputs; a figure's caption stands in its place."""
    return parsed(_article(html, name))


@functools.cache
def _article(html: Path, name: str) -> str:
    soup = parsed((html / "chapters" / f"{name}.html").read_text(encoding="utf-8"))
    article = soup.select_one("article")
    for cell in article.select("div.cell"):
        cell.replace_with(*cell.select("figcaption:has(.caption-number)"))
    for gone in article.select("a.headerlink, noscript, script"):
        gone.decompose()
    return str(article)


def parsed(text: str) -> BeautifulSoup:
    return BeautifulSoup(text, "html.parser")


def formulas(soup: BeautifulSoup) -> list[str]:
    """Each without white space, and a number in brackets at its end."""
    plain = re.compile(r"\s|^\\[(]|\\[)]$|^\\\[|\\\]$|\\(begin|end)\{split\}")
    found = []
    for math in soup.select(".math"):
        number = math.select_one(".eqno")
        number = number.extract().get_text() if number else ""
        text = re.sub(r"\\tag\{(\d+)\}", r"(\1)", math.get_text())
        found.append(plain.sub("", text.strip()) + number)
    return found


def words(soup: BeautifulSoup) -> list[str]:
    """All that is read, but for formulas."""
    for formula in soup.select(".math"):
        formula.replace_with(" ")
    return re.findall(r"\w+", soup.get_text(" "))


@every_chapter
def test_no_myst_is_left(html, name):
    made = edition(html, name)
    nbformat.validate(made)
    for text in texts(html, name):
        assert not MYST.search(text), text
    assert all("mystnb" not in cell.metadata for cell in made.cells)


@every_chapter
def test_it_says_what_the_page_says_word_by_word(html, name):
    assert words(shown(html, name)) == words(article(html, name))


@every_chapter
def test_it_shows_the_formulas_of_the_page_with_their_numbers(html, name):
    assert formulas(shown(html, name)) == formulas(article(html, name))


@every_chapter
def test_each_figure_has_the_number_that_it_has_in_the_page(html, name):
    numbers = [one.get_text() for one in article(html, name).select(".caption-number")]
    made = [c for c in edition(html, name).cells if c.id.endswith("-caption")]
    ours = [re.match(r"\*\*(.+?)\*\* \S", cell.source)[1] for cell in made]
    assert ours == [number.strip() for number in numbers]


def test_boxes_are_boxes_and_those_that_fold_in_the_page_fold(html):
    for name in CHAPTERS:
        boxes = article(html, name).select(".admonition, details.sd-dropdown")
        folding = {"dropdown", "sd-dropdown", "act-first"}
        folds = [b for b in boxes if folding & set(b["class"])]
        ours = shown(html, name)
        assert len(ours.select("blockquote")) == len(boxes), name
        assert len(ours.select("blockquote > details > summary")) == len(folds), name


@every_chapter
def test_code_and_outputs_are_the_chapters_byte_for_byte(html, name):
    def code(cells) -> list:
        found = [cell for cell in cells if cell.cell_type == "code"]
        return [(c.id, c.source, c.outputs, c.execution_count) for c in found]

    assert code(edition(html, name).cells) == code(notebook(name).cells)


@every_chapter
def test_what_the_page_folds_is_folded_in_colab_jupyter_and_kaggle(html, name):
    for cell in edition(html, name).cells:
        hidden = {"hide-cell", "hide-input", "remove-input"}
        folded = bool(hidden & set(cell.metadata.get("tags", [])))
        assert (cell.metadata.get("cellView") == "form") == folded
        source = cell.metadata.get("jupyter", {}).get("source_hidden", False)
        assert source == cell.metadata.get("_kg_hide-input", False) == folded


@pytest.fixture(scope="module")
def anchors(html) -> dict[Path, set[str]]:
    """All places of each page that a link can name."""
    tag = re.compile(r'\b(?:id|name)="([^"]+)"')
    return {path: set(tag.findall(path.read_text())) for path in html.rglob("*.html")}


@every_chapter
def test_its_links_lead_from_anywhere_to_what_is_published(html, root, anchors, name):
    pages, sources = published(home(root)), f"{home(root)}/blob/"
    for link in shown(html, name).select("a[href]"):
        target, anchor = urldefrag(link["href"])
        assert target.startswith("https://"), link
        if target.startswith(sources):
            _, _, path = target.removeprefix(sources).partition("/")
            assert (root / unquote(path)).is_file(), link
        elif target.startswith(pages):
            path = html / unquote(target.removeprefix(pages))
            assert not anchor or unquote(anchor) in anchors[path], link
            assert path.is_file(), link


@every_chapter
def test_the_pages_buttons_open_it_in_colab_and_download_it(html, root, name):
    page = (html / "chapters" / f"{name}.html").read_text(encoding="utf-8")
    colab = home(root).replace("github.com", "colab.research.google.com/github")
    assert f'href="{colab}/blob/{BRANCH}/chapters/{name}.ipynb"' in page
    assert f'href="../_sources/chapters/{name}.ipynb"' in page


def test_it_runs_offline_in_an_empty_folder(html, root, tmp_path, monkeypatch):
    if not (root / ".git").exists():
        pytest.skip("not a git checkout: nothing to clone from")
    settings = {f"url.{root.as_uri()}.insteadOf": home(root), "safe.directory": "*"}
    monkeypatch.setenv("GIT_CONFIG_COUNT", str(len(settings)))
    for number, (key, value) in enumerate(settings.items()):
        monkeypatch.setenv(f"GIT_CONFIG_KEY_{number}", key)
        monkeypatch.setenv(f"GIT_CONFIG_VALUE_{number}", value)
    monkeypatch.setenv("LENET_OFFLINE", "1")
    monkeypatch.setenv("LENET_DATA", "")
    made = copy.deepcopy(edition(html, SMALL))
    client = NotebookClient(
        made, timeout=120, resources={"metadata": {"path": tmp_path}}
    )
    client.execute()
    clone = next(tmp_path.iterdir())
    done = subprocess.run(
        ["git", "-C", clone, "status", "--short"], capture_output=True
    )
    assert done.returncode == 0 and not done.stdout
