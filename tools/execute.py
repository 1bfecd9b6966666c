"""Run the book's chapters and store what they print and draw.

    python -m tools.execute [CHAPTER ...] [--any-data]

Chapters (all of them, or those named, such as ``08-training``) run in a fresh
kernel each. A chapter is written back only if every cell succeeded without a word
on stderr; the first that fails is left as it was and ends the run with code 1.
"""

import argparse
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from lenet_helpers import files
from tools.freshness import CHAPTERS, ROOT, STAMP, stamp

CELL_TIMEOUT = 60  # seconds; finite, because a plot inside @interact may hang
CHAPTER_LIMIT = 60  # seconds; what a reader is promised on two cores
ANSI = re.compile(r"\x1b\[[0-9;]*m")
WIDGET = "application/vnd.jupyter.widget-view+json"


class ChapterFailed(Exception):
    """A cell failed; the message says which, and why."""


def run(path: Path) -> float:
    """Execute one chapter and write it back; seconds it took.

    Raises:
        ChapterFailed: a cell raised, ran too long or wrote to stderr. Nothing is
            written then.
    """
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as scratch:
        started = time.monotonic()
        probe = f"--IPKernelApp.exec_files={ROOT / 'tools' / 'probe.py'}"
        noted = {"LENET_PROBE": str(Path(scratch) / "probe.json")}
        execute(notebook, CHAPTERS, Path(scratch), CELL_TIMEOUT, noted, [probe])
        seconds = time.monotonic() - started
        facts = json.loads((Path(scratch) / "probe.json").read_text())
    _tidy(notebook)
    notebook.metadata[STAMP] = stamp(notebook, facts, seconds)
    content = nbformat.writes(notebook) + "\n"
    files.replace(path, lambda file: file.write(content.encode()))
    return seconds


def execute(
    notebook: nbformat.NotebookNode,
    folder: Path,
    scratch: Path,
    timeout: int,
    environment: Mapping[str, str],
    arguments: Sequence[str] = (),
) -> None:
    """Run a notebook's cells in ``folder``, by a kernel with these arguments.

    Raises:
        ChapterFailed: a cell raised, ran too long or wrote to stderr.
    """
    begun = []
    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,  # a busy machine cuts stdout into pieces
        store_widget_state=True,  # or @interact fails; what is stored goes in _tidy
        resources={"metadata": {"path": str(folder)}},
        extra_arguments=list(arguments),
        on_cell_execute=lambda cell, cell_index: begun.append(cell),
    )
    variables = {**_kernel_environment(scratch), **environment}
    with open(scratch / "stderr", "w+") as kernel_stderr:
        try:
            client.execute(env=variables, stderr=kernel_stderr)
        except (CellTimeoutError, CellExecutionError) as error:
            raise ChapterFailed(f"{_where(notebook, begun)}\n{error}") from None
        except DeadKernelError as error:
            kernel_stderr.seek(0)
            words = f"{error}\n{kernel_stderr.read()}"
            raise ChapterFailed(f"{_where(notebook, begun)}\n{words}") from None
    _refuse_stderr(notebook)


def _kernel_environment(scratch: Path) -> dict[str, str]:
    """The same for everyone: no user's profile, no progress bars, no clock."""
    return os.environ | {
        "IPYTHONDIR": str(scratch / "ipython"),
        "OMP_WAIT_POLICY": "PASSIVE",  # or a busy machine waits for waiting threads
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "PYTHONHASHSEED": "0",
        "SOURCE_DATE_EPOCH": "0",  # the date that matplotlib writes into an SVG
        "TQDM_DISABLE": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }


def _where(notebook: nbformat.NotebookNode, begun: list) -> str:
    """The code cell that was last begun, by its number."""
    code = [c for c in notebook.cells if c.cell_type == "code" and c.source.strip()]
    return f"code cell {len(begun)} of {len(code)}:"


def _refuse_stderr(notebook: nbformat.NotebookNode) -> None:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":
                raise ChapterFailed(
                    f"the cell\n{cell.source}\nwrote to stderr:\n{output.text}"
                )


def _tidy(notebook: nbformat.NotebookNode) -> None:
    """Take out what differs from run to run or from machine to machine."""
    metadata = notebook.metadata
    metadata.pop("widgets", None)
    metadata["kernelspec"] = {
        "display_name": "Python 3",
        "language": "python",
        "name": "python3",
    }
    metadata["language_info"] = {"name": "python"}
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            # A live widget is nothing without a kernel, and its id is random.
            cell.outputs = [o for o in cell.outputs if WIDGET not in o.get("data", {})]


def chapters(names: list[str]) -> list[Path]:
    """The notebooks of these names, all if there are none; exits on a wrong name."""
    found = {path.stem: path for path in sorted(CHAPTERS.glob("*.ipynb"))}
    names = [Path(name).stem for name in names] or list(found)
    for name in names:
        if name not in found:
            known = ", ".join(found) or "none yet"
            sys.exit(f"There is no chapter {name!r}. Chapters: {known}.")
    return [found[name] for name in names]


def _require_mnist() -> None:
    try:
        from lenet_helpers import data

        data.load("mnist")
    except Exception as error:
        sys.exit(
            f"MNIST is not at hand, and what is committed is made with it.\n{error}\n"
            "To run on the bundled digits all the same, add --any-data "
            "(make execute ANY_DATA=1), and do not commit that."
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="CHAPTER")
    parser.add_argument("--any-data", action="store_true", help="MNIST or not")
    options = parser.parse_args()
    if "LENET_DATA" in os.environ:  # the kernels run in another folder
        os.environ["LENET_DATA"] = os.path.abspath(os.environ["LENET_DATA"])
    todo = chapters(options.names)
    if not options.any_data:
        _require_mnist()
    for path in todo:
        print(f"{path.stem:32}", end="", flush=True)
        try:
            seconds = run(path)
        except ChapterFailed as failure:
            text = str(failure)
            print("FAILED, left as it was")
            print(text if sys.stdout.isatty() else ANSI.sub("", text))
            return 1
        slow = "" if seconds <= CHAPTER_LIMIT else f"  (over {CHAPTER_LIMIT} s)"
        print(f"{seconds:6.1f} s{slow}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
