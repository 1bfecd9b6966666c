"""The whole book as an EPUB, for readers of books: its pages, made one by pandoc.

python3 -m tools.epub

Formulas become MathML, which every EPUB 3 reader knows; what lives only in a page
(widgets, fields for answers) leaves the words that stand there without scripts.
"""

import os
import re
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from tools.address import home, published
from tools.build_book import build
from tools.environment import ALL, ensure
from tools.pdf import order
from tools.trouble import ROOT, Trouble, locked, telling

NAME = "lenet-inside-out.epub"
LEFT_OUT = "script, style, button, .headerlink, .toggle-button, input, .lq-n, [hidden]"
FORMULA = re.compile(r"^\\([(\[])(.*)\\[)\]]$", re.S)
STYLE = """body { line-height: 1.5; }
pre { font-size: 0.8em; white-space: pre-wrap; }
img { max-width: 100%; height: auto; }
.admonition, details { border-left: 3px solid #1f6f8b; padding-left: 0.8em; }
table { border-collapse: collapse; } th, td { padding: 0.2em 0.5em; text-align: left; }
"""


def article(html: Path, name: str, names: set[str], address: str) -> str:
    """The words of a page, its ids and links such that all pages can be one."""
    from bs4 import BeautifulSoup

    page = BeautifulSoup((html / name).read_text(encoding="utf-8"), "html.parser")
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
    for formula in body.select(".math"):
        if found := FORMULA.match(formula.get_text().strip()):
            shown = "display" if found[1] == "[" or formula.name == "div" else "inline"
            formula.clear()
            formula["class"] = ["math", shown]
            formula.string = found[2].strip()
            formula.name = "span"
    _settle(body, name, names, address)
    body.name = "div"
    body["id"] = _id(name)
    return str(body)


def _settle(body, name: str, names: set[str], address: str) -> None:
    """Ids that no other page has, pictures from the book's folder, links that hold."""
    for node in body.select("[id]"):
        node["id"] = _id(name, node["id"])
    for picture in body.select("img[src]"):
        if not picture["src"].startswith("data:"):
            picture["src"] = urlsplit(urljoin(f"/{name}", picture["src"])).path[1:]
    for link in body.select("a[href]"):
        to = urlsplit(urljoin(f"{address}{name}", link["href"]))
        page = to._replace(fragment="").geturl().removeprefix(address)
        inside = page in names
        link["href"] = f"#{_id(page, to.fragment)}" if inside else to.geturl()


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
    style = root / "_build" / "epub.css"
    style.write_text(STYLE)
    target = root / "_build" / NAME
    draft = target.with_suffix(".draft")
    options = ["--mathml", "--split-level=1", "--toc-depth=2", f"--css={style}"]
    options += [f"--resource-path={html}", "--metadata=title:LeNet, Inside Out"]
    options += ["--metadata=lang:en", f"--metadata=identifier:{address}"]
    pypandoc.convert_text(
        text, "epub3", "html-native_divs", outputfile=str(draft), extra_args=options
    )
    os.replace(draft, target)
    return target


def main() -> None:
    with locked(ROOT) as lock:
        ensure(ROOT, ALL, lock)
        made = epub(ROOT, build(ROOT, lock))
    print(f"The EPUB: {made} ({made.stat().st_size / 1e6:.0f} MB)")


if __name__ == "__main__":
    telling(main)
