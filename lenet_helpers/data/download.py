"""Fetch the MNIST files so that a file in the cache is always whole and right.

A file is fetched into memory, verified, written under another name and moved into
place in one step. Hence no lock: processes that download at the same time move the
same bytes into the same place, and a process that is killed leaves no file that
could be taken for a dataset.
"""

import contextlib
import hashlib
import io
import os
import sys
import tempfile
import time
from http.client import HTTPException
from pathlib import Path
from typing import NamedTuple
from urllib.request import Request, urlopen

from tqdm import tqdm

from lenet_helpers import files
from lenet_helpers.data import idx, impostors
from lenet_helpers.data.idx import DataError


class Published(NamedTuple):
    """What is known of a file: bytes and MD5 of the .gz, bytes and SHA-256 unzipped."""

    gz_size: int
    gz_md5: str
    size: int
    sha256: str


FILES = {
    "train-images-idx3-ubyte": Published(
        9_912_422,
        "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        47_040_016,
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    "train-labels-idx1-ubyte": Published(
        28_881,
        "d53e105ee54ea40749a09fcbcd1e9432",
        60_008,
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    "t10k-images-idx3-ubyte": Published(
        1_648_877,
        "9fb629c4189551a2d022fa330f9573f3",
        7_840_016,
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    "t10k-labels-idx1-ubyte": Published(
        4_542,
        "ec29112dd5afa0611ce80d1b7f02629c",
        10_008,
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
}
# torchvision's list when torchvision cannot be imported, then one more.
TORCHVISION = [
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "http://yann.lecun.com/exdb/mnist/",
]
GOOGLE = "https://storage.googleapis.com/cvdf-datasets/mnist/"

TIMEOUT = 10.0  # seconds without a byte
DEADLINE = 900.0  # seconds for one file: the largest needs 11 kB/s
STALE = 600.0  # seconds after which a half-written file has no living writer


def mirrors() -> list[str]:
    """Addresses that hold the files, in the order to try them."""
    try:
        from torchvision.datasets import MNIST
    except Exception:  # built for another torch, it raises more than ImportError
        return [*TORCHVISION, GOOGLE]
    return [*MNIST.mirrors, GOOGLE]


def fetch(folder: Path) -> None:
    """Download into ``folder`` the files of MNIST that are not yet there, verified.

    Each mirror gets what the ones before it could not give. Raises DataError with
    what each answered when all fail, OSError when ``folder`` cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tempfile.TemporaryFile(dir=folder).close()  # better to know before the download
    missing = [name for name in FILES if not _is_sound(folder / name)]
    missing.sort(key=lambda name: FILES[name].gz_size)  # a bad mirror shows early
    announced = bool(os.environ.get("LENET_QUIET"))
    failures = []
    for mirror in mirrors():
        try:
            while missing:
                _store(folder / missing[0], get(mirror, missing[0]))
                del missing[0]
                if missing and not announced:
                    print("Downloading MNIST (12 MB), once, into the user's cache.")
                    announced = True
            return
        except DataError as error:
            failures.append(str(error))
    raise DataError("\n  ".join(failures))


def get(mirror: str, name: str) -> bytes:
    """The unzipped content of one file from one mirror, or DataError."""
    url = f"{mirror}{name}.gz"
    file = FILES[name]
    zipped = receive(url, file.gz_size)
    if hashlib.md5(zipped, usedforsecurity=False).hexdigest() != file.gz_md5:
        what = impostors.kind(zipped)[0] or "checksum"
        raise DataError(
            f"{url}: not the published file ({what}; {len(zipped):,} bytes of "
            f"{file.gz_size:,})"
        )
    content = idx.unzip(io.BytesIO(zipped), file.size)
    verify(name, content)
    return content


def receive(url: str, limit: int) -> bytes:
    """Read ``url``: little more than ``limit`` bytes at most, and never for ever.

    Raises DataError, with the address and what went wrong.
    """
    try:
        return _receive(url, limit)
    except (OSError, HTTPException, ValueError) as error:  # ValueError: a bad address
        raise DataError(f"{url}: {error}") from error


def _receive(url: str, limit: int) -> bytes:
    quiet = bool(os.environ.get("LENET_QUIET")) or not sys.stderr.isatty()
    request = Request(url, headers={"User-Agent": "lenet-helpers"})
    start = time.monotonic()
    received = bytearray()
    with (
        urlopen(request, timeout=TIMEOUT) as response,
        tqdm(total=limit, unit="B", unit_scale=True, leave=False, disable=quiet) as bar,
    ):
        while len(received) <= limit and (piece := response.read1(65_536)):
            received += piece
            bar.update(len(piece))
            if time.monotonic() - start > DEADLINE:
                raise TimeoutError(f"not complete after {DEADLINE:.0f} s")
    return bytes(received)


def verify(name: str, content: bytes) -> None:
    """Raise DataError unless ``content`` is the published file ``name``, unzipped."""
    found, expected = hashlib.sha256(content).hexdigest(), FILES[name].sha256
    if found != expected:
        raise DataError(
            f"not the published {name}: SHA-256 {found[:12]}..., not {expected[:12]}..."
        )


def _is_sound(path: Path) -> bool:
    try:
        verify(path.name, idx.read(path, FILES[path.name].size))
    except DataError:
        return False
    return True


def _store(path: Path, content: bytes) -> None:
    try:
        files.replace(path, lambda file: file.write(content))
    except PermissionError:
        # Windows refuses to replace a file that another process is reading.
        if not _is_sound(path):
            raise


def sweep(folder: Path) -> None:
    """Remove half-written files whose process was killed."""
    for part in folder.glob("*.part"):
        with contextlib.suppress(OSError):  # another process may be sweeping too
            if time.time() - part.stat().st_mtime > STALE:
                part.unlink()
