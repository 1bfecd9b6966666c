"""Run chapters as a stranger's machine does: each alone, in a folder that is empty.

    python -m tools.alone [CHAPTER ...]

The first cell fetches the book, here from this checkout as it was last committed.
All named chapters (or all there are) run, with what is installed beside this Python.
Nothing is stored. One fails that raises or writes to stderr; the exit status says so.
"""

import os
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import nbformat

from tools.address import home
from tools.execute import ANSI, ChapterFailed, chapters, execute
from tools.trouble import ROOT, telling

CELL_TIMEOUT = 240  # seconds; runners are slower than the machines we write on


def redirected(repository: Path, address: str) -> dict[str, str]:
    """Variables that let git find in this folder what has the address."""
    settings = {
        f"url.{repository.as_uri()}.insteadOf": address,
        "safe.directory": "*",
    }
    variables = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (key, value) in enumerate(settings.items()):
        variables[f"GIT_CONFIG_KEY_{number}"] = key
        variables[f"GIT_CONFIG_VALUE_{number}"] = value
    return variables


def run(chapter: Path, environment: Mapping[str, str]) -> float:
    """Run one chapter by itself; seconds it took.

    Raises:
        ChapterFailed: a cell raised, ran too long or wrote to stderr.
    """
    notebook = nbformat.read(chapter, as_version=4)
    # On Windows the kernel may hold a file a little longer than it lives.
    with (
        tempfile.TemporaryDirectory() as scratch,
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as empty,
    ):
        started = time.monotonic()
        execute(notebook, Path(empty), Path(scratch), CELL_TIMEOUT, environment)
        return time.monotonic() - started


def main() -> None:
    environment = redirected(ROOT, home(ROOT))
    failed = []
    for chapter in chapters(sys.argv[1:]):
        try:
            print(f"{chapter.stem:32}{run(chapter, environment):6.1f} s", flush=True)
        except ChapterFailed as failure:
            failed.append(chapter.stem)
            print(f"{chapter.stem:32}FAILED\n{ANSI.sub('', str(failure))}", flush=True)
    if failed:
        sys.exit(f"Failed: {', '.join(failed)}")


if __name__ == "__main__":
    if os.environ.pop("PYTHONPATH", None):
        print("PYTHONPATH is left out: it could lead to another copy of the book.")
    telling(main)
