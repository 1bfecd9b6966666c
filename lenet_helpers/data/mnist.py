"""The four MNIST files: read, and compared with what was published."""

import contextlib
import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from lenet_helpers.data import download, forms, idx, impostors, places
from lenet_helpers.data.idx import DataError
from lenet_helpers.data.places import NotFound

RAW = Path("MNIST", "raw")  # torchvision's layout, so both can share a folder
MOST = 6  # times MNIST's bytes: room for EMNIST's 240,000 digits
ADVICE = """What to do, one of
- connect to the network and try again;
- put the four files (train-images-idx3-ubyte.gz, ...) into a folder and name it by
  root= or by the variable LENET_DATA;
- set XDG_CACHE_HOME (on Linux) to another folder if the cache cannot be written;
- use data.load("digits"), which needs no file."""


class Raw(NamedTuple):
    """Images uint8 [N, 28, 28], labels uint8 [N]; MNIST, or what ``remark`` says."""

    train_images: Tensor
    train_labels: Tensor
    test_images: Tensor
    test_labels: Tensor
    remark: str = ""


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

    Other data of the same form is read as well, and its ``remark`` says so.

    Raises NotFound when the folder has nothing of MNIST; DataError when there is no
    such folder, when MNIST lies there in another form, and when a file is missing or
    damaged, or they are known to hold no digits; OSError when the folder may not be
    read.
    """
    paths = _paths(root)
    contents = {}
    tensors = []
    for name, path in paths.items():
        with _saying(path):
            contents[name] = idx.read(path, MOST * download.FILES[name].size)
            impostors.check_content(contents[name])
            tensors.append(idx.parse(contents[name], 3 if "images" in name else 1))
    files = list(paths.values())
    check_pair(files[:2], *tensors[:2])
    check_pair(files[2:], *tensors[2:])
    with _saying(files[1]):
        impostors.check_labels(tensors[1])
    if is_published(contents, paths):
        return Raw(*tensors)
    return Raw(*tensors, impostors.remark(tensors[0], tensors[1], tensors[3]))


def is_published(contents: dict[str, bytes], paths: dict[str, Path]) -> bool:
    """Whether these are MNIST's own four files, by their checksums.

    Raises DataError when it is one of a pair: then the other is damaged.
    """
    wrong = {}
    for name, content in contents.items():
        try:
            download.verify(name, content)
        except DataError as error:
            wrong[name] = f"{paths[name]}: {error}"
    names = list(contents)
    for pair in (names[:2], names[2:]):
        if len(damaged := [name for name in pair if name in wrong]) == 1:
            raise DataError(
                f"{wrong[damaged[0]]}. The other of its pair is: so this one "
                "is damaged, or another rendering, such as QMNIST's"
            )
    return not wrong


def _paths(root: Path) -> dict[str, Path]:
    """Where each of the four files lies."""
    if not os.path.isdir(root):
        is_file = os.path.exists(root)
        raise DataError("a file; name its folder" if is_file else "no such folder")
    for folder in (root / RAW, root / "raw", root):
        if folder.is_dir():
            os.listdir(folder)  # whether it may be looked into
        paths = {name: _path(folder, name) for name in download.FILES}
        if any(paths.values()):
            break
    else:
        if form := forms.find(root):
            raise DataError(
                f"holds MNIST as {form}, not as the four files. This makes them:\n"
                f"  python -m lenet_helpers.data.convert {shlex.quote(str(root))}"
            )
        raise NotFound("holds none of the four MNIST files")
    if lacking := [name for name, path in paths.items() if path is None]:
        raise DataError(
            f"{folder} holds a part of MNIST only; it lacks {', '.join(lacking)}"
        )
    return paths


def _path(folder: Path, name: str) -> Path | None:
    """The raw file if there is one, else the .gz, else None.

    Kaggle writes ``train-images.idx3-ubyte``, and unpacks it into a folder of that
    name.
    """
    dotted = name.replace("-idx", ".idx")
    names = [name, dotted, f"{name}.gz", f"{dotted}.gz"]
    places = [folder, *(folder / outer for outer in names)]
    paths = [place / name for place in places for name in names]
    there = [*filter(os.path.isfile, paths), *filter(os.path.exists, paths)]
    return there[0] if there else None


@contextlib.contextmanager
def _saying(path: Path) -> Iterator[None]:
    """Put the path of the file before what is wrong with it."""
    try:
        yield
    except DataError as error:
        raise DataError(f"{path}: {error}") from None


def check_pair(paths: list[Path], images: Tensor, labels: Tensor) -> None:
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
