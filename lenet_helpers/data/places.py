"""Where a data set may lie: a place that was named, the user's cache, the network."""

import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import platformdirs

from lenet_helpers.data.idx import DataError

Data = TypeVar("Data")
SHARED = "LENET_DATA"  # one folder for all data sets, so it may be without this one


class NotFound(DataError):
    """No data here, and nothing damaged either; ``reason`` says why in a few words."""

    def __init__(self, message: str, reason: str = ""):
        super().__init__(message)
        self.reason = reason


def cache_folder() -> Path:
    """The folder for downloads, where this system has the user's caches.

    A user without a home, as in some containers, gets one among the temporary files.
    """
    try:
        return platformdirs.user_cache_path("lenet-inside-out", appauthor=False)
    except RuntimeError:
        return Path(tempfile.gettempdir(), f"lenet-inside-out-{os.getuid()}")


def find(
    name: str,
    root: str | os.PathLike | None,
    may_download: bool,
    *,
    variables: Sequence[str],
    kept: Path,
    read: Callable[[Path], Data],
    fetch: Callable[[Path], Data],
    advice: str,
) -> tuple[Data, str]:
    """Read the data set ``name`` from the first place that has it, and say which.

    The places: ``root`` and nothing else; or those that the environment ``variables``
    name, ``kept`` in the user's cache, a download. They are called "root=", by the
    variable, "user cache" and "download".

    ``read(place)`` raises NotFound when the place holds nothing of the kind,
    DataError or OSError when it is absent or damaged. ``fetch(kept)`` downloads to
    there; it raises DataError when that fails, OSError when it cannot be written.

    Raises DataError when a place that was named is absent or damaged, because going
    on would hide it; NotFound, with what was seen in each place and the ``advice``,
    when none has it.
    """
    if root is not None:
        return _read_named("root=", root, read), "root="
    looked = [f"{name} was not found. Looked in"]
    for variable in variables:
        if place := os.environ.get(variable):
            try:
                return _read_named(f"{variable}=", place, read), variable
            except NotFound as error:
                looked.append(f"{variable} ({place}): {error}")
    try:
        return read(kept), "user cache"
    except (DataError, OSError) as error:  # nobody's only copy: it is fetched again
        looked.append(f"user cache ({kept}): {error}")
    try:
        return _download(kept, may_download, fetch), "download"
    except NotFound as error:
        looked.append(f"download: {error}")
        raise NotFound("\n- ".join(looked) + f"\n{advice}", error.reason) from None


def _read_named(
    label: str, place: str | os.PathLike, read: Callable[[Path], Data]
) -> Data:
    """Read a place that somebody named; only the shared one may be without the data."""
    try:
        return read(Path(place).expanduser())
    except (RuntimeError, OSError) as error:  # a DataError, or ~ of an unknown user
        if isinstance(error, NotFound) and label == f"{SHARED}=":
            raise
        shown = place if str(place).startswith("~") else os.path.abspath(place)
        raise DataError(
            f"{label}{shown} cannot be used.\n- {error}\nWhat to do: "
            f"replace what is missing or damaged, name another place, or omit {label}"
        ) from None


def _download(kept: Path, may_download: bool, fetch: Callable[[Path], Data]) -> Data:
    """Download, if that is allowed. Raises NotFound if it is not or fails."""
    if os.environ.get("LENET_OFFLINE", "0") not in ("", "0"):
        raise NotFound("not tried, LENET_OFFLINE is set", "LENET_OFFLINE is set")
    if not may_download:
        raise NotFound("not tried, download=False", "download=False")
    try:
        return fetch(kept)
    except OSError as error:
        message = f"{kept} cannot be written ({error.strerror})"
        raise NotFound(message, "the cache folder cannot be written") from error
    except DataError as error:
        reason = "the download failed; LENET_OFFLINE=1 skips it"
        raise NotFound(str(error), reason) from error
