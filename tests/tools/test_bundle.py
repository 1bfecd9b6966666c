"""The offline bundle holds what reads and runs, and nothing else."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tools.bundle import NAME, bundle
from tools.trouble import Trouble

CELL = (Path(__file__).parents[1] / "chapters" / "first_cell.txt").read_text()
SAY = "\nimport lenet_helpers, lenet_course\nprint(lenet_helpers.__file__)"


@pytest.fixture(scope="module")
def unpacked(root, tmp_path_factory) -> Path:
    """The bundle of this checkout, with a book of one page."""
    if not (root / ".git").exists():
        pytest.skip("not a git checkout")
    here = tmp_path_factory.mktemp("bundle")
    html = here / "html"
    (html / "chapters").mkdir(parents=True)
    for name in ("index.html", "chapters/01-history.html", ".digest"):
        (html / name).write_text("a page")
    copy = here / "checkout"
    subprocess.run(["git", "clone", "--quiet", root, copy], check=True)
    with zipfile.ZipFile(bundle(copy, html)) as file:
        file.extractall(here / "any where")
    return here / "any where" / NAME


def test_it_holds_book_chapters_packages_results_and_a_word(root, unpacked):
    assert (unpacked / "book" / "index.html").is_file()
    assert (unpacked / "book" / "chapters" / "01-history.html").is_file()
    for folder in ("chapters", "lenet_helpers", "lenet_course", "experiments/results"):
        there = {path.name for path in (unpacked / folder).iterdir()}
        ours = {path.name for path in (root / folder).iterdir()}
        assert there <= ours and len(there) > 5
    said = (unpacked / "READ ME.txt").read_text()
    for name in ("book/index.html", "pyproject.toml", "LICENSE", "LICENSE-text"):
        assert (unpacked / name).is_file()
    assert "book/index.html" in said and "pip install ." in said


def test_it_holds_nothing_that_is_not_for_readers(unpacked):
    names = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*")}
    assert not names & {"tests", ".git", ".github", ".venv", "_build", "book/.digest"}
    size = sum(path.stat().st_size for path in unpacked.rglob("*") if path.is_file())
    assert size < 80e6  # the book itself adds about 20 MB


def test_a_chapter_in_it_starts_without_git_and_network(unpacked):
    done = subprocess.run(
        [sys.executable, "-c", CELL + SAY],
        cwd=unpacked / "chapters",
        env={"PATH": "/nowhere", "LENET_OFFLINE": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).parents[1] == unpacked


def test_without_a_checkout_it_says_so(tmp_path):
    (tmp_path / "_config.yml").write_text(
        "repository:\n  url: https://github.com/a/b\n  branch: main\n"
    )
    with pytest.raises(Trouble, match="not a git checkout"):
        bundle(tmp_path, tmp_path)
    assert not list(tmp_path.glob("_build/*.zip"))
