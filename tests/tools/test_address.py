"""A fork has one address to set, and then nothing names the book's old one."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools import address
from tools.freshness import TRACKED, code_fingerprint, load
from tools.trouble import Trouble

NAME = "Someone-2/their.fork"
FORK = f"https://github.com/{NAME}"  # not in one piece, or it would be moved, too


@pytest.fixture(scope="module")
def fork(root, tmp_path_factory) -> Path:
    """A checkout of what stands here, committed or not, given another address."""
    if not (root / ".git").exists():
        pytest.skip("not a git checkout")
    copy = tmp_path_factory.mktemp("any name")
    for name in files(root):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / name, copy / name)
    for command in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", *command], cwd=copy, check=True)
    assert address.move(copy, FORK, "trunk")
    return copy


def files(root: Path) -> list[str]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=root, capture_output=True, check=True)
    names = done.stdout.decode().split("\0")
    return [name for name in names if (root / name).is_file()]


def test_nothing_names_the_old_address(root, fork):
    owner, name = address.home(root).split("/")[-2:]
    old = re.compile(rf"{owner}(/{name}|\.github\.io)(?![\w-])", re.I)
    named = {}
    for file in files(fork):
        text = (fork / file).read_bytes().decode(errors="replace")
        assert not (found := old.search(text)), (file, found)
        named[file] = text.count(NAME)
    assert named["_config.yml"] == named["CITATION.cff"] == 1
    assert named["README.md"] > 1 and named["chapters/back/setup.md"]
    assert address.home(fork) == FORK
    assert f"url: {FORK}\n  branch: trunk\n" in (fork / "_config.yml").read_text()


def test_nothing_becomes_stale(root, fork):
    for path in (root / "chapters").glob("*.ipynb"):
        here, there = load(path), load(fork / "chapters" / path.name)
        assert code_fingerprint(here) == code_fingerprint(there)
        first = next(c for c in there["cells"] if c["cell_type"] == "code")
        assert f'REPO = "{FORK}"\n' in first["source"]
    for name in files(fork):
        if name.startswith(tuple(f"{folder}/" for folder in TRACKED)):
            assert (fork / name).read_bytes() == (root / name).read_bytes()


def test_a_second_time_changes_nothing_and_the_way_back_everything(root, fork):
    assert address.move(fork, f"{FORK}.git", "trunk") == []
    assert address.move(fork, f"{FORK}/") == address.first_cells(fork) == []
    changed = address.move(fork, address.home(root), "main")
    assert changed
    for name in changed:
        assert (fork / name).read_bytes() == (root / name).read_bytes()
    address.move(fork, FORK, "trunk")


def test_a_longer_name_is_another_repository(tmp_path):
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    config = "repository:\n  url: https://github.com/a/b\n  branch: main\n"
    (tmp_path / "_config.yml").write_text(config)
    (tmp_path / "text").write_bytes(b"github.com/a/b-c github.com/a/b.\r\na/b/c")
    (tmp_path / "picture").write_bytes(b"\xff github.com/a/b")
    subprocess.run(["git", "add", "."], cwd=tmp_path, check=True)
    assert address.move(tmp_path, "https://github.com/x/y") == ["text", "_config.yml"]
    assert (tmp_path / "text").read_bytes() == (
        b"github.com/a/b-c github.com/x/y.\r\na/b/c"
    )


def test_a_chapter_gets_the_first_cell_and_keeps_every_other_byte(root, fork):
    path = fork / "chapters" / "20-mock-interview.ipynb"
    before = path.read_text(encoding="utf-8")
    path.write_text(before.replace("# Finds", "# Once found", 1), encoding="utf-8")
    assert address.first_cells(fork) == [f"chapters/{path.name}"]
    assert path.read_text(encoding="utf-8") == before


@pytest.mark.parametrize(
    "url", ["", "someone/fork", "https://gitlab.com/a/b", "https://github.com/a", "a b"]
)
def test_what_is_no_address_is_said_in_a_sentence(root, url):
    with pytest.raises(Trouble, match="is not an address like https://github.com/"):
        address.move(root, url)
    command = [sys.executable, "-m", "tools.address", url]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.count("\n") == 1


def test_without_a_checkout_or_an_old_address_it_says_so(tmp_path):
    (tmp_path / "_config.yml").write_text("title: x\n")
    with pytest.raises(Trouble, match="lacks repository"):
        address.move(tmp_path, FORK)
    config = "repository:\n  url: https://github.com/a/b\n  branch: main\n"
    (tmp_path / "_config.yml").write_text(config)
    with pytest.raises(Trouble, match="is not a git checkout"):
        address.move(tmp_path, FORK)


def test_a_users_own_site_has_no_folder():
    pages = address.published("https://github.com/Someone/someone.github.io")
    assert pages == "https://someone.github.io/"
