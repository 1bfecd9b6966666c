"""The four MNIST files: read, and checked to be what was published."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from lenet_helpers.data import download, idx, places
from lenet_helpers.data.idx import DataError
from lenet_helpers.data.places import NotFound

RAW = Path("MNIST", "raw")  # torchvision's layout, so both can share a folder
ADVICE = """What to do, one of
- connect to the network and try again;
- put the four files (train-images-idx3-ubyte.gz, ...) into a folder and name it by
  root= or by the variable LENET_DATA;
- set XDG_CACHE_HOME (on Linux) to another folder if the cache cannot be written;
- use data.load("digits"), which needs no file."""


class Raw(NamedTuple):
    """MNIST as published: images uint8 [N, 28, 28], labels uint8 [N]."""

    train_images: Tensor
    train_labels: Tensor
    test_images: Tensor
    test_labels: Tensor


def find(root: str | os.PathLike | None, may_download: bool) -> tuple[Raw, str]:
    """Read MNIST from the first place that has it; also say in words which it was.

    The places, and what is raised when none has it: as ``places.find``; the only
    variable is LENET_DATA.
    """
    cache = places.cache_folder()
    download.sweep(cache / RAW)
    return places.find(
        "MNIST",
        root,
        may_download,
        variables=["LENET_DATA"],
        kept=cache,
        read=read,
        fetch=_fetch,
        advice=ADVICE,
    )


def _fetch(cache: Path) -> Raw:
    download.fetch(cache / RAW)
    return read(cache)


def read(root: Path) -> Raw:
    """Read MNIST from ``root/MNIST/raw``, ``root/raw`` or ``root``; .gz or not.

    Raises NotFound when the folder has no file of MNIST; DataError when there is no
    such folder, or a file is missing, damaged or not the published one; OSError when
    the folder may not be read.
    """
    if not os.path.isdir(root):
        raise DataError("no such folder")
    for folder in (root / RAW, root / "raw", root):
        if folder.is_dir():
            os.listdir(folder)  # whether it may be looked into
        paths = {name: _path(folder, name) for name in download.FILES}
        if any(paths.values()):
            break
    else:
        raise NotFound("holds none of the four MNIST files")
    if lacking := [name for name, path in paths.items() if path is None]:
        raise DataError(
            f"{folder} holds a part of MNIST only; it lacks {', '.join(lacking)}"
        )
    contents = {}
    tensors = []
    for name, path in paths.items():
        with _saying(path):
            contents[name] = idx.read(path, download.FILES[name].size)
            tensors.append(idx.parse(contents[name], 3 if "images" in name else 1))
    raw = Raw(*tensors)
    files = list(paths.values())
    _check_pair(files[:2], raw.train_images, raw.train_labels)
    _check_pair(files[2:], raw.test_images, raw.test_labels)
    for name, content in contents.items():
        with _saying(paths[name]):
            download.verify(name, content)
    return raw


def _path(folder: Path, name: str) -> Path | None:
    """The raw file if there is one, else the .gz, else None."""
    candidates = (folder / name, folder / f"{name}.gz")
    return next((path for path in candidates if os.path.exists(path)), None)


@contextlib.contextmanager
def _saying(path: Path) -> Iterator[None]:
    """Put the path of the file before what is wrong with it."""
    try:
        yield
    except DataError as error:
        raise DataError(f"{path}: {error}") from None


def _check_pair(paths: list[Path], images: Tensor, labels: Tensor) -> None:
    """Raise DataError unless there is one label from 0 to 9 for each 28x28 image."""
    count, *size = images.shape
    if size != [28, 28]:
        raise DataError(f"{paths[0]}: images of {size[0]}x{size[1]} pixels, not 28x28")
    if count != len(labels):
        raise DataError(
            f"{paths[0]}: {count:,} images, but {paths[1].name} has {len(labels):,} "
            "labels"
        )
    if labels.max() > 9:
        at = int(labels.argmax())
        raise DataError(
            f"{paths[1]}: label {labels[at]} at index {at}, expected 0 to 9"
        )
