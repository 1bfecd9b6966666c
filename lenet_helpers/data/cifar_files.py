"""The forms in which CIFAR-10 lies on a disk, and how each is read.

torchvision's form: the six published batches, in a folder or in the archive
cifar-10-python.tar.gz. Or pictures: ``train/<class>/*.png`` (or .jpg) and
``test/<class>/*``, as a folder or as one tar of it.
"""

import bz2
import contextlib
import gzip
import hashlib
import io
import lzma
import pickle
import re
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import torch
from torch import Tensor

from lenet_helpers import files
from lenet_helpers.data.idx import DataError
from lenet_helpers.data.places import NotFound
from lenet_helpers.data.sized_picture import sized_picture

CLASSES = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)
ARCHIVE = "cifar-10-python.tar.gz"
ARCHIVE_SIZE, ARCHIVE_MD5 = 170_498_071, "c58f30108f718f92721af3b95e74349a"
FOLDER = "cifar-10-batches-py"
BATCHES = {  # MD5 of each; the last is the test set
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
}
PICTURES = {"train": 5000, "test": 1000}  # of each class
LARGEST = 100_000  # bytes of one picture; 32x32 pixels need 3,072 uncompressed
PICTURE = re.compile(
    r"(?P<before>(?:.*/)?)(?P<part>train|test)/(?P<label>[^/]+)/[^/.][^/]*\.(?:png|jpe?g)",
    re.I,
)
TARS = ("cifar10*.tar", "cifar10*.tar.*", "cifar10*.tgz", "cifar-10*.tar*")
OPENERS = {b"\x1f\x8b": gzip.open, b"BZ": bz2.open, b"\xfd7": lzma.open}
UNREADABLE = (tarfile.TarError, EOFError, OSError, lzma.LZMAError, zlib.error)


class Raw(NamedTuple):
    """CIFAR-10 before normalisation: images uint8 [N, 3, 32, 32], labels int64 [N]."""

    train_images: Tensor
    train_labels: Tensor
    test_images: Tensor
    test_labels: Tensor

    def checked(self) -> "Raw":
        """Itself, if it is all of CIFAR-10: 5,000 + 1,000 images of each class."""
        for part, images, labels in (
            ("train", self.train_images, self.train_labels),
            ("test", self.test_images, self.test_labels),
        ):
            if images.dtype != torch.uint8 or images.shape[1:] != (3, 32, 32):
                raise DataError(f"{part}: not uint8 images of 3x32x32")
            counts = torch.bincount(labels, minlength=len(CLASSES)).tolist()
            for name, count in zip(CLASSES, counts, strict=True):
                if count != PICTURES[part]:
                    raise DataError(
                        f"not all of CIFAR-10: {count:,} pictures in {part}/{name}/, "
                        f"not {PICTURES[part]:,}"
                    )
        return self


def read(path: Path, cache: Path) -> tuple[Raw, str]:
    """Read CIFAR-10 from a folder or a tar; also say in words what it was.

    Decoding 60,000 pictures takes some ten seconds, so what was decoded is kept in
    the folder ``cache`` and used again while the source has the same size and dates.

    Raises NotFound when the folder holds none of the known forms; DataError when
    there is nothing at ``path``, or it is incomplete or damaged.
    """
    if path.is_dir():
        for folder in (path, path / FOLDER):
            if any((folder / name).exists() for name in BATCHES):
                return _batches(_folder_files(folder)), "published batches"
        for folder in (path, path / "cifar10"):
            if (folder / "train").is_dir() or (folder / "test").is_dir():
                return _pictures(folder, cache)
        tars = sorted(tar for pattern in TARS for tar in path.glob(pattern))
        if not tars:
            raise NotFound("holds neither the batches, nor train/ and test/, nor a tar")
        path = tars[0]
    if not path.is_file():
        raise DataError("not a file" if path.exists() else "no such file or folder")
    if path.name == ARCHIVE:
        return read_archive(path.read_bytes()), "published archive"
    return _pictures(path, cache)


def read_archive(content: bytes) -> Raw:
    """The published archive, from memory, once its checksum is right."""
    if hashlib.md5(content, usedforsecurity=False).hexdigest() != ARCHIVE_MD5:
        raise DataError(
            f"not the published {ARCHIVE} (checksum; {len(content):,} bytes of "
            f"{ARCHIVE_SIZE:,})"
        )
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        members = {Path(m.name).name: m for m in tar if m.isfile()}
        return _batches({n: tar.extractfile(members[n]).read() for n in BATCHES})


def _folder_files(folder: Path) -> dict[str, bytes]:
    lacking = [name for name in BATCHES if not (folder / name).is_file()]
    if lacking:
        raise DataError(f"{folder} lacks {', '.join(lacking)}")
    return {name: (folder / name).read_bytes() for name in BATCHES}


def _batches(files: dict[str, bytes]) -> Raw:
    """Unpickle the six files, each only after its checksum was found right."""
    images, labels = [], []
    for name, content in files.items():
        found = hashlib.md5(content, usedforsecurity=False).hexdigest()
        if found != BATCHES[name]:
            raise DataError(
                f"not the published {name}: MD5 {found[:12]}..., not "
                f"{BATCHES[name][:12]}..."
            )
        batch = pickle.loads(content, encoding="latin1")
        images.append(torch.from_numpy(batch["data"]).reshape(-1, 3, 32, 32))
        labels.append(torch.tensor(batch["labels"]))
    train = torch.cat(images[:-1]), torch.cat(labels[:-1])
    return Raw(*train, images[-1], labels[-1])


def _pictures(source: Path, cache: Path) -> tuple[Raw, str]:
    kind = "picture folder" if source.is_dir() else "tar of pictures"
    kept = cache / f"cifar10-{_key(source)}.pt"
    with contextlib.suppress(Exception):  # missing or damaged: decode again
        return Raw(*torch.load(kept, weights_only=True)).checked(), kind
    raw = _decode(_folder(source) if source.is_dir() else _tar(source)).checked()
    with contextlib.suppress(OSError):  # a cache that cannot be written is no error
        files.replace(kept, lambda file: torch.save(list(raw), file))
    return raw, kind


def _key(source: Path) -> str:
    """Stands for the source's content: names, sizes and dates."""
    paths = sorted(source.rglob("*.*")) if source.is_dir() else [source]
    seen = hashlib.sha256(str(source.resolve()).encode())
    for path in paths:
        state = path.stat()
        seen.update(f"{path}\0{state.st_size}\0{state.st_mtime_ns}\n".encode())
    return seen.hexdigest()[:16]


def _folder(source: Path) -> Iterator[tuple[str, bytes]]:
    for path in source.rglob("*.*"):
        if PICTURE.fullmatch(name := path.relative_to(source).as_posix()):
            _check_size(name, path.stat().st_size)
            yield name, path.read_bytes()


def _tar(source: Path) -> Iterator[tuple[str, bytes]]:
    """The pictures, and then the rest: at the end stands the archive's own checksum."""
    try:
        with (
            _unpacked(source) as stream,
            tarfile.open(fileobj=stream, mode="r|") as tar,
        ):
            for member in tar:
                if member.isfile() and PICTURE.fullmatch(member.name):
                    _check_size(member.name, member.size)
                    yield member.name, tar.extractfile(member).read()
            while stream.read(1 << 20):
                pass
    except UNREADABLE as error:
        raise DataError(f"{source}: not a whole tar archive ({error})") from None


def _unpacked(source: Path) -> BinaryIO:
    with source.open("rb") as file:
        start = file.read(2)
    return OPENERS.get(start, open)(source, "rb")


def _check_size(name: str, size: int) -> None:
    if size > LARGEST:
        raise DataError(f"{name}: {size:,} bytes are too many for 32x32 pixels")


def _decode(files: Iterator[tuple[str, bytes]]) -> Raw:
    """Pictures sorted by name, then put into a fixed random order.

    Sorted they would come class by class, and the first thousand would all be
    aeroplanes. Of two under one name the later counts, as in a tar that was updated.
    """
    found: dict[str, dict] = {"train": {}, "test": {}}
    places = set()
    for name, content in files:
        before, part, label = PICTURE.fullmatch(name).groups()
        if label not in CLASSES:
            raise DataError(f"{name}: {label!r} is none of {', '.join(CLASSES)}")
        places.add(before)
        if len(places) > 1:
            here, there = sorted(f"{place}{part}/" for place in places)
            raise DataError(f"pictures in {here} and in {there}: name one of them")
        entry = name.removeprefix(f"{before}{part}/")
        found[part.lower()][entry] = CLASSES.index(label), _pixels(name, content)
    tensors = []
    for part, entries in found.items():
        if not entries:
            raise DataError(f"no picture in {part}/")
        labels, images = zip(*(entries[name] for name in sorted(entries)), strict=True)
        order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))
        images = torch.from_numpy(np.stack(images))[order].permute(0, 3, 1, 2)
        tensors += [images.contiguous(), torch.tensor(labels)[order]]
    return Raw(*tensors)


def _pixels(name: str, content: bytes) -> np.ndarray:
    """uint8 [32, 32, 3] from the bytes of a picture."""
    with sized_picture(io.BytesIO(content), 32, name) as image:
        return np.asarray(image.convert("RGB"))
