"""One address: let everything name another repository, such as a fork.

    python3 -m tools.address https://github.com/someone/their-fork [BRANCH]

The address stands in _config.yml, and the pages derive theirs from it. What is read
before a page is made (first cells, README, CITATION) carries a copy, which this
replaces; every chapter gets the first cell as it stands in tests/chapters. Without a
URL, the address stays and the cells are brought up to date.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

from tools.trouble import ROOT, Trouble, telling

CONFIG = "_config.yml"
FIRST_CELL = "tests/chapters/first_cell.txt"
HOME = re.compile(r"https://github\.com/([\w-]+)/([\w.-]+?)(?:\.git)?/?")
ENTRY = re.compile(r"^(repository:\n  url: (\S+)\n  branch: )\S+\n", re.M)


def home(root: Path) -> str:
    """The address that the checkout has.

    Raises:
        Trouble: its configuration holds none.
    """
    found = ENTRY.search((root / CONFIG).read_text(encoding="utf-8"))
    if not found:
        raise Trouble(f"{CONFIG} lacks repository: with url: and branch: below it.")
    return found[2]


def published(home: str) -> str:
    """Where GitHub Pages shows the book of a repository.

    >>> published("https://github.com/Someone/their-fork")
    'https://someone.github.io/their-fork/'
    """
    owner, name = _name(home).split("/")
    host = f"{owner.lower()}.github.io"
    return f"https://{host}/" + (f"{name}/" if name.lower() != host else "")


def _name(url: str) -> str:
    """Owner and repository, with a slash between them."""
    if not (found := HOME.fullmatch(url)):
        raise Trouble(
            f"{url or 'URL='} is not an address "
            "like https://github.com/someone/their-fork; Colab and Pages know no other."
        )
    return "/".join(found.groups())


def move(root: Path, url: str, branch: str = "") -> list[str]:
    """Give the checkout this address; the names of the files that changed.

    Raises:
        Trouble: it is no address of a repository at GitHub, or this is no checkout.
    """
    old, new = _name(home(root)), _name(url)
    # In Colab's addresses the host is a folder. A longer name is another repository.
    named = re.compile(rf"(github\.com/|google\.com/github/){re.escape(old)}(?![\w-])")
    changed = []
    for name in _tracked(root):
        try:
            text = (root / name).read_bytes().decode()
        except UnicodeDecodeError:
            continue
        moved = named.sub(rf"\g<1>{new}", text)
        if name == CONFIG and branch:
            moved = ENTRY.sub(rf"\g<1>{branch}\n", moved)
        changed += _written(root, name, text, moved)
    return changed


def first_cells(root: Path) -> list[str]:
    """Give every chapter the first cell; the names of those that had another."""
    cell = (root / FIRST_CELL).read_text(encoding="utf-8").strip()
    changed = []
    for path in sorted((root / "chapters").glob("*.ipynb")):
        text = path.read_text(encoding="utf-8")
        notebook = json.loads(text)
        first = next(c for c in notebook["cells"] if c["cell_type"] == "code")
        first["source"] = cell.splitlines(keepends=True)
        new = json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"
        changed += _written(root, f"chapters/{path.name}", text, new)
    return changed


def _written(root: Path, name: str, old: str, new: str) -> list[str]:
    if new == old:
        return []
    (root / name).write_bytes(new.encode())
    return [name]


def _tracked(root: Path) -> list[str]:
    command = ["git", "ls-files", "-z"]
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        raise Trouble(f"{root} is not a git checkout, or git is missing.") from None
    names = done.stdout.decode().split("\0")
    there = [name for name in names if (root / name).is_file()]
    return sorted(there, key=lambda name: name == CONFIG)  # it says what is old


def main() -> None:
    changed = move(ROOT, *sys.argv[1:3]) if len(sys.argv) > 1 else []
    changed += first_cells(ROOT)
    print(*sorted(set(changed)) or ["Nothing to change."], sep="\n")


if __name__ == "__main__":
    telling(main)
