"""Files that are whole or absent, whenever a process stops."""

import contextlib
import glob
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO


def replace(path: str | os.PathLike, write: Callable[[BinaryIO], object]) -> None:
    """Write a file in one move: whoever looks sees the old one or the whole new one.

    ``write`` puts the content, bytes, into the open file that it is given: a draft
    beside ``path``, named ``*.part``, in a folder that is made if there is none. After
    any failure the draft is gone and what was at ``path`` is still there.

    Raises OSError when the folder cannot be written or the disk is full, and what
    ``write`` raises.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     replace(f"{folder}/new/digits.txt", lambda file: file.write(b"0 to 9"))
    ...     Path(folder, "new", "digits.txt").read_text()
    '0 to 9'
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path)
    # A name of its own for each writer; tempfile would hide the file from others.
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        with open(draft, "xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise


def _sweep(path: Path, hours: float = 1) -> None:
    """Remove the drafts of writers that were killed, hours after their last byte."""
    for draft in path.parent.glob(f"{glob.escape(path.name)}.*.part"):
        with contextlib.suppress(OSError):
            if time.time() - draft.stat().st_mtime > 3600 * hours:
                draft.unlink()
