"""Files that are whole or absent, whenever a process stops."""

import contextlib
import os
import secrets
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
