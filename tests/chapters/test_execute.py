"""tools.execute: what it stores, and that a failure leaves the chapter alone."""

import subprocess
import sys

import nbformat
import pytest

from tools import execute, freshness


@pytest.fixture
def chapter(tmp_path, monkeypatch):
    """Writes a small chapter of these cells in a folder of its own; gives its path."""
    monkeypatch.setattr(execute, "CHAPTERS", tmp_path)

    def write(*sources: str):
        path = tmp_path / "01-small.ipynb"
        cells = [nbformat.v4.new_code_cell(source) for source in sources]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
        return path

    return write


def test_two_runs_store_the_same_but_for_the_seconds(chapter):
    live = "from ipywidgets import interact\ninteract(lambda x: print(x), x=(0, 9));"
    path = chapter("1 + 1", live, "print(2)")
    stored = []
    for _ in range(2):
        execute.run(path)
        notebook = freshness.load(path)
        notebook["metadata"]["lenet"].pop("seconds")
        stored.append(notebook)
    assert stored[0] == stored[1]
    results = [cell["outputs"] for cell in stored[0]["cells"]]
    assert results[0][0]["data"]["text/plain"] == ["2"]
    assert results[1] == []  # a slider is nothing without its kernel
    assert results[2][0]["text"] == ["2\n"]


@pytest.mark.parametrize(
    "bad, complaint",
    [
        ("1 / 0", "ZeroDivisionError"),
        ("import sys\nprint('hm', file=sys.stderr)", "wrote to stderr"),
        ("import os\nos._exit(1)", "code cell 2 of 3"),
        ("import time\ntime.sleep(9)", "code cell 2 of 3"),
    ],
)
def test_a_failing_cell_is_shown_and_nothing_is_written(
    chapter, bad, complaint, monkeypatch
):
    monkeypatch.setattr(execute, "CELL_TIMEOUT", 3)
    path = chapter("x = 1", bad, "y = 2")
    before = path.read_bytes()
    with pytest.raises(execute.ChapterFailed, match=complaint):
        execute.run(path)
    assert path.read_bytes() == before
    assert [*path.parent.iterdir()] == [path]


def test_the_command_ends_with_1_at_a_failure_and_names_the_chapters(chapter):
    path = chapter("1 / 0")
    script = (
        "import sys; from pathlib import Path; from tools import execute;"
        f"execute.CHAPTERS = Path({str(path.parent)!r}); sys.exit(execute.main())"
    )

    def command(*arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, "-c", script, *arguments, "--any-data"],
            capture_output=True,
            text=True,
            cwd=freshness.ROOT,
        )

    failed = command()
    assert failed.returncode == 1
    assert "01-small" in failed.stdout and "ZeroDivisionError" in failed.stdout
    unknown = command("07-nothing")
    assert unknown.returncode != 0
    assert "Chapters: 01-small." in unknown.stderr


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A book of one chapter and one helper, in a folder of its own."""
    monkeypatch.setattr(freshness, "ROOT", tmp_path)
    helper = tmp_path / "lenet_helpers" / "sizes.py"
    helper.parent.mkdir()
    helper.write_text('"""Sizes."""\nSIDE = 32\n')
    cell = {"cell_type": "code", "source": "from lenet_helpers.sizes import SIDE"}
    return {"cells": [cell], "metadata": {}}, helper


def stamped(notebook: dict, **used) -> dict:
    used = {"imported": [], "read": []} | used
    facts = used | {"data": "mnist", "device": "CPU", "python": "3.11.7", "torch": ""}
    notebook["metadata"]["lenet"] = freshness.stamp(notebook, facts, 1.4)
    return notebook


def test_a_chapter_that_never_ran_is_stale(book):
    notebook, _ = book
    assert "no stamp" in freshness.stale(notebook)[0]


def test_changed_cells_and_changed_or_missing_helpers_make_outputs_stale(book):
    notebook, helper = book
    stamped(notebook, imported=[str(helper)])
    assert freshness.stale(notebook) == []
    helper.write_text("SIDE = 28\n")
    assert freshness.stale(notebook) == ["lenet_helpers/sizes.py has changed"]
    helper.unlink()
    assert freshness.stale(notebook) == ["lenet_helpers/sizes.py is gone"]
    notebook["cells"][0]["source"] += "  # side"
    assert freshness.stale(notebook)[0] == "its code cells have changed"


def test_the_cell_that_finds_the_helpers_may_name_another_address(book):
    notebook, _ = book
    first = {"cell_type": "code", "source": f"{freshness.FIRST_CELL}.\nREPO = 'here'"}
    notebook["cells"].insert(0, first)
    stamped(notebook)
    first["source"] = first["source"].replace("here", "there")
    assert freshness.stale(notebook) == []


def test_words_in_a_helper_count_only_where_its_source_was_shown(book):
    notebook, helper = book
    imported, shown = [str(helper)], [str(helper)]
    for read in ([], shown):
        helper.write_text('"""Sizes."""\nSIDE = 32\n')
        stamped(notebook, imported=imported, read=read)
        helper.write_text('"""The sides of things."""\n\nSIDE = (32)  # pixels\n')
        assert bool(freshness.stale(notebook)) == bool(read)


def test_a_new_name_in_a_package_s_face_makes_nothing_stale(book):
    notebook, helper = book
    face = 'X = 1\n__getattr__, __all__ = lazy.face(__name__, {"maps": "digits"})\n'
    helper.write_text(face)
    stamped(notebook, imported=[str(helper)])
    helper.write_text(face.replace("digits", "digits kernels"))
    assert freshness.stale(notebook) == []
    helper.write_text(face.replace("X = 1", "X = 2"))
    assert freshness.stale(notebook) != []


def test_files_outside_the_book_do_not_count(book):
    notebook, _ = book
    stamped(notebook, imported=[subprocess.__file__], read=["/etc/hosts"])
    assert notebook["metadata"]["lenet"]["files"] == {}
