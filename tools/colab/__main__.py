"""Collect the Colab edition from the built book: what its branch holds.

python3 -m tools.colab
"""

import shutil
from pathlib import Path

from tools.address import home, published
from tools.build_book import build
from tools.environment import BOOK, ensure
from tools.trouble import ROOT, locked, telling

README = """# LeNet, Inside Out: the Colab edition

The chapters of [this book]({pages}) as notebooks for Colab, Kaggle and Jupyter,
made from [its sources]({home}) by `make colab`. Changes belong there; this branch is
written anew whenever the book is published.
"""


def collect(root: Path, html: Path) -> Path:
    """The folder of the edition, with the chapters where the repository has them."""
    edition = root / "_build" / "colab"
    shutil.rmtree(edition, ignore_errors=True)
    (edition / "chapters").mkdir(parents=True)
    for path in sorted(html.glob("_sources/chapters/*.ipynb")):
        shutil.copy(path, edition / "chapters")
    address = home(root)
    words = README.format(home=address, pages=published(address))
    (edition / "README.md").write_text(words, encoding="utf-8")
    return edition


def main() -> None:
    with locked(ROOT) as lock:
        ensure(ROOT, BOOK, lock)
        edition = collect(ROOT, build(ROOT, lock))
    print(f"The Colab edition: {edition}")


if __name__ == "__main__":
    telling(main)
