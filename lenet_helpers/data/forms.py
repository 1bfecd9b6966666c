"""The other forms in which people have MNIST: found here, read by ``convert``."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

TABLE = re.compile(r"(?:.*mnist[-_. ])?(train|test)\.csv", re.I)
ARCHIVE = re.compile(r".*mnist.*\.npz", re.I)
PART = re.compile(r"(train|test)", re.I)
COLUMNS = {784: "pixels alone", 785: "a label and its pixels"}


class Form(NamedTuple):
    """Which form it is, a key of ``form_files.READERS``, and where its parts lie."""

    kind: str
    train: Path | None
    test: Path | None

    def __str__(self) -> str:
        names = [path.name for path in (self.train, self.test) if path]
        return f"{self.kind} ({' and '.join(dict.fromkeys(names))})"


def find(folder: Path) -> Form | None:
    """The form that lies in ``folder``, or None: only names and first lines are read.

    Tables ``mnist_train.csv`` and ``mnist_test.csv`` (or without ``mnist_``); an
    archive such as Keras' ``mnist.npz``; pictures in ``training/0`` to ``training/9``
    and in ``testing/...``, directly or in a folder named like MNIST.
    """
    entries = sorted(folder.iterdir())
    if tables := _named(TABLE, filter(_is_table, entries)):
        return Form("tables", tables.get("train"), tables.get("test"))
    archives = [path for path in entries if ARCHIVE.fullmatch(path.name)]
    if archives:
        archive = min(archives, key=lambda path: len(path.name))
        return Form("an archive", archive, archive)
    for place in [folder, *(e for e in entries if "mnist" in e.name.lower())]:
        if place.is_dir() and (found := _pictures(place)):
            return found
    return None


def columns(table: Path) -> int:
    """How many columns the first line of a table has."""
    with table.open("rb") as file:
        return file.readline(20_000).count(b",") + 1


def _is_table(path: Path) -> bool:
    """By the cheapest test first: other people's train.csv may lie there, too."""
    if not TABLE.fullmatch(path.name) or not path.is_file():
        return False
    return columns(path) in COLUMNS


def _named(pattern: re.Pattern, paths: Iterable[Path]) -> dict[str, Path]:
    """By part, the first of several."""
    found = [(pattern.match(path.name), path) for path in paths]
    return {match[1].lower(): path for match, path in reversed(found) if match}


def _pictures(place: Path) -> Form | None:
    """Folders named by digits, under train... and test..., or without these."""
    folders = sorted(path for path in place.iterdir() if path.is_dir())
    folders += [path / path.name for path in folders]  # as Kaggle's archives unpack
    parts = _named(PART, filter(_has_digits, folders))
    if parts:
        return Form("pictures", parts.get("train"), parts.get("test"))
    return Form("pictures", place, None) if _has_digits(place) else None


def _has_digits(folder: Path) -> bool:
    return sum((folder / str(digit)).is_dir() for digit in range(10)) > 1
