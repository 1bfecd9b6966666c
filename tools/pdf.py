"""The whole book as one PDF, printed by Chromium from the built pages.

python3 -m tools.pdf

Every page is printed as it is read, opened under the address at which it is published,
so that a link leads there; links from one page of the book to another lead within the
file. The outline has the chapters and their headings.
"""

import mimetypes
import os
import tempfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tools.address import home, published
from tools.browser import chromium
from tools.build_book import build
from tools.environment import ALL, ensure
from tools.trouble import ROOT, Trouble, locked, telling

NAME = "lenet-inside-out.pdf"
PAPER = {
    "format": "A4",
    "print_background": True,
    "outline": True,
    "tagged": True,
    "margin": {side: "18mm" for side in ("top", "bottom", "left", "right")},
    "display_header_footer": True,
    "header_template": "<span></span>",
    "footer_template": '<div style="font-size:8px;width:100%;text-align:center">'
    '<span class="title"></span></div>',
}
# What is folded is unfolded, pictures come without being scrolled to, formulas stand.
READY = """async () => {
  document.documentElement.dataset.theme = "light";
  for (const fold of document.querySelectorAll("details")) fold.open = true;
  for (const picture of document.images) picture.loading = "eager";
  await Promise.all([...document.images].map((p) => p.decode().catch(() => {})));
  await globalThis.MathJax?.startup?.promise;
}"""


def order(html: Path, root: Path) -> list[str]:
    """The pages in the order of the contents, named from the folder of the book."""
    import yaml

    def files(node) -> list[str]:
        if isinstance(node, list):
            return [name for part in node for name in files(part)]
        below = [files(node[k]) for k in ("parts", "chapters", "sections") if k in node]
        own = [node[k] for k in ("root", "file") if k in node]
        return own + [name for part in below for name in part]

    found = files(yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8")))
    return [f"{name}.html" for name in found if (html / f"{name}.html").is_file()]


def print_pages(
    browser, html: Path, address: str, names: list[str], folder: Path
) -> list[Path]:
    """A PDF of each page in ``folder``; nothing is asked of any network."""

    def answer(route) -> None:
        path = unquote(urlsplit(route.request.url).path)
        file = html / path.removeprefix(urlsplit(address).path)
        if not route.request.url.startswith(address) or not file.is_file():
            return route.abort()
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        route.fulfill(path=file, content_type=kind)

    made = []
    page = browser.new_page(color_scheme="light")
    page.route("**/*", answer)
    for number, name in enumerate(names):
        page.goto(address + name)
        page.evaluate(READY)
        made.append(folder / f"{number}.pdf")
        page.pdf(path=made[-1], **PAPER)
    page.close()
    return made


def merge(parts: list[Path], names: list[str], address: str, target: Path) -> int:
    """One file of all parts, with links between them; the number of its pages."""
    from pypdf import PdfWriter
    from pypdf.generic import ArrayObject, NameObject

    writer, first = PdfWriter(), {}
    for part, name in zip(parts, names, strict=True):
        first[address + name] = len(writer.pages)
        writer.append(part, import_outline=True)
    for page in writer.pages:
        for link in page.get("/Annots") or []:
            action = link.get_object().get("/A", {})
            to = first.get(str(action.get("/URI", "")).split("#")[0])
            if to is not None:
                place = [writer.pages[to].indirect_reference, NameObject("/Fit")]
                link.get_object()[NameObject("/Dest")] = ArrayObject(place)
                del link.get_object()["/A"]
    writer.add_metadata({"/Title": "LeNet, Inside Out"})
    writer.write(target)
    return len(writer.pages)


def pdf(root: Path, html: Path) -> Path:
    """Print the built book; the path of the file.

    Raises:
        Trouble: there is no Chromium to print with.
    """
    if not chromium():
        raise Trouble(
            "The PDF is printed by Chromium, and there is none here: install it, or "
            "name one by CHROMIUM=/path/to/it."
        )
    from playwright.sync_api import sync_playwright

    address, names = published(home(root)), order(html, root)
    target = root / "_build" / NAME
    draft = target.with_suffix(".draft")
    with tempfile.TemporaryDirectory() as folder:
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=chromium())
            parts = print_pages(browser, html, address, names, Path(folder))
            browser.close()
        merge(parts, names, address, draft)
    os.replace(draft, target)
    return target


def main() -> None:
    with locked(ROOT) as lock:
        ensure(ROOT, ALL, lock)
        made = pdf(ROOT, build(ROOT, lock))
    print(f"The PDF: {made} ({made.stat().st_size / 1e6:.0f} MB)")


if __name__ == "__main__":
    telling(main)
