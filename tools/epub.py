"""The whole book as an EPUB, for readers of books: its pages, made one by pandoc.

python3 -m tools.epub

Formulas become MathML, which every EPUB 3 reader knows; what lives only in a page
(widgets, fields for answers) leaves the words that stand there without scripts.
"""

import os
import tempfile
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from bs4 import BeautifulSoup

from tools.address import home, published
from tools.build_book import build
from tools.environment import ALL, ensure
from tools.pdf import order
from tools.trouble import ROOT, Trouble, locked, telling

NAME = "lenet-inside-out.epub"
LEFT_OUT = "script, style, button, .headerlink, .toggle-button, input, .lq-n, [hidden]"
PARSER = "html.parser"
STYLE = """body { line-height: 1.5; }
pre { font-size: 0.8em; white-space: pre-wrap; }
img { max-width: 100%; height: auto; }
.admonition, details { border-left: 3px solid #1f6f8b; padding-left: 0.8em; }
table { border-collapse: collapse; } th, td { padding: 0.2em 0.5em; text-align: left; }
"""


def article(html: Path, name: str, names: set[str], address: str) -> str:
    """The words of a page, its ids and links such that all pages can be one."""
    page = BeautifulSoup((html / name).read_text(encoding="utf-8"), PARSER)
    body = page.select_one("article.bd-article")
    for widget in body.select("noscript"):  # what stands where scripts are off
        (widget.find_parent("div") or widget).replace_with(*widget.contents)
    for node in body.select(LEFT_OUT):
        node.decompose()
    for fold in body.select("details"):
        fold.name = "div"
    for summary in body.select("summary"):
        summary.name = "div"
        for other in summary.select(".collapsed"):
            other.decompose()
    _settle(body, name, names, address)
    body.find("h1").insert(0, _anchor(_id(name)))
    return body.decode_contents()


def _settle(body, name: str, names: set[str], address: str) -> None:
    """Ids that no other page has, pictures from the book's folder, links that hold.

    An id goes to the first words below it: pandoc keeps none of a ``div``.
    """
    for node in body.select("[id]"):
        anchor = node.find(["h1", "h2", "h3", "h4", "p", "dt"]) or node
        anchor.insert(0, _anchor(_id(name, node["id"])))
        del node["id"]
    for picture in body.select("img[src]"):
        if not picture["src"].startswith("data:"):
            path = urlsplit(urljoin(f"/{name}", picture["src"])).path[1:]
            picture["src"] = path.replace(".webp", ".png")
    for link in body.select("a[href]"):
        to = urlsplit(urljoin(f"{address}{name}", link["href"]))
        page = to._replace(fragment="").geturl().removeprefix(address)
        inside = page in names
        link["href"] = f"#{_id(page, to.fragment)}" if inside else to.geturl()


def _anchor(id: str):
    return BeautifulSoup(f'<span id="{id}"></span>', PARSER)


def _id(name: str, fragment: str = "") -> str:
    page = name.removesuffix(".html").replace("/", "-")
    return f"{page}--{fragment}" if fragment else page


def epub(root: Path, html: Path) -> Path:
    """Make the file from the built book; its path.

    Raises:
        Trouble: pandoc is not there.
    """
    try:
        import pypandoc
    except ImportError:
        raise Trouble(
            "The EPUB is made by pandoc, which comes as pypandoc_binary for most "
            "machines, not for this one; make bundle has the whole book as pages."
        ) from None
    address, names = published(home(root)), order(html, root)
    text = "\n".join(article(html, name, {*names}, address) for name in names)
    target = root / "_build" / NAME
    draft = target.with_suffix(".draft")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "book.css").write_text(STYLE)
        _pictures(html, folder)
        options = ["--mathml", "--split-level=1", "--toc-depth=2"]
        options += [f"--css={folder / 'book.css'}", f"--resource-path={folder}:{html}"]
        options += ["--metadata=title:LeNet, Inside Out", "--metadata=lang:en"]
        options += [f"--metadata=identifier:{address}"]
        kind = "html-native_divs+tex_math_single_backslash"
        pypandoc.convert_text(
            text, "epub3", kind, outputfile=str(draft), extra_args=options
        )
    os.replace(draft, target)
    return target


def _pictures(html: Path, folder: Path) -> None:
    """The book's pictures as PNG: not every reader of books knows WebP."""
    from PIL import Image

    for path in html.glob("_images/*.webp"):
        copy = folder / "_images" / f"{path.stem}.png"
        copy.parent.mkdir(exist_ok=True)
        Image.open(path).save(copy)


def main() -> None:
    with locked(ROOT) as lock:
        ensure(ROOT, ALL, lock)
        made = epub(ROOT, build(ROOT, lock))
    print(f"The EPUB: {made} ({made.stat().st_size / 1e6:.0f} MB)")


if __name__ == "__main__":
    telling(main)
