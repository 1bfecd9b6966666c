"""The package index: which one was chosen, and whether it answers."""

import os
import re
import subprocess
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

# Asked of pip, which knows it.
USUAL = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"


def chosen(python: Path) -> str:
    """The package index that uv or pip was told to use; else pip's own."""
    for name in ("UV_DEFAULT_INDEX", "PIP_INDEX_URL"):
        if os.environ.get(name):
            return os.environ[name]
    for command in (["-m", "pip", "config", "get", "global.index-url"], ["-c", USUAL]):
        done = subprocess.run([python, *command], capture_output=True, text=True)
        if done.stdout.strip():
            return done.stdout.strip()
    return ""


def unreachable(index: str) -> str:
    """Why the package index does not answer; empty if it does."""
    if index.startswith("file:") or not index:
        return ""
    try:
        urlopen(index, timeout=15).close()
    except HTTPError:  # an answer, if not a friendly one
        return ""
    except (OSError, ValueError) as error:
        return str(getattr(error, "reason", error))
    return ""


def needed(index: str, reason: str) -> str:
    """The sentence for the reader who cannot reach it."""
    name = re.sub("//[^/@]*@", "//", index)  # a password stays unsaid
    return (
        f"The package index {name} cannot be reached ({reason}); it is needed once, to "
        "fill .venv. PIP_INDEX_URL=https://... names a mirror."
    )
