"""The offline bundle: one archive that opens and runs where there is no network.

python3 -m tools.bundle

It holds the built book, the chapters with all that they read and import, and a short
READ ME. Not the environment: that differs from machine to machine.
"""

import os
import zipfile
from pathlib import Path

from tools.address import home, tracked
from tools.build_book import build
from tools.environment import BOOK, ensure
from tools.trouble import ROOT, locked, telling

NAME = "lenet-inside-out"
LEFT_OUT = ("tests/", ".github/", ".ci/", ".git", ".pre-commit")
README = """LeNet, Inside Out: the book without a network

Read:   open book/index.html in a browser. Nothing has to be installed.
Run:    with Python 3.11 or later and a network for this one step, in this folder:

            python3 -m venv .venv
            .venv/bin/pip install . jupyterlab

        (on Windows, .venv\\Scripts\\ instead of .venv/bin/). From then on, offline:

            .venv/bin/jupyter lab chapters

        Chapters use the digits that come with scikit-learn, and say so; with the four
        files of MNIST in a folder that LENET_DATA names, they use those.

From {home}: text and figures CC BY 4.0, code MIT; see LICENSE and LICENSE-text.
"""


def bundle(root: Path, html: Path) -> Path:
    """Write the archive from the checkout's files and the built book; its path.

    Raises:
        Trouble: the folder is no git checkout.
    """
    archive = root / "_build" / f"{NAME}-offline.zip"
    archive.parent.mkdir(exist_ok=True)
    draft = archive.with_suffix(".draft")
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(f"{NAME}/READ ME.txt", README.format(home=home(root)))
        for name in tracked(root):
            if not name.startswith(LEFT_OUT):
                file.write(root / name, f"{NAME}/{name}")
        for path in sorted(html.rglob("*")):
            if path.is_file() and path.name[0] != ".":
                where = path.relative_to(html).as_posix()
                file.write(path, f"{NAME}/book/{where}")
    os.replace(draft, archive)
    return archive


def main() -> None:
    with locked(ROOT) as lock:
        ensure(ROOT, BOOK, lock)
        archive = bundle(ROOT, build(ROOT, lock))
    print(f"The bundle: {archive} ({archive.stat().st_size / 1e6:.0f} MB)")


if __name__ == "__main__":
    telling(main)
