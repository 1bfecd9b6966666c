"""CIFAR-10, or coloured shapes where there is none, ready for a network."""

import contextlib
import os
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import TensorDataset

from lenet_helpers.data import cifar_files, download, mnist, stand_in
from lenet_helpers.data.idx import DataError
from lenet_helpers.data.mnist import NotFound

ADDRESS = f"https://www.cs.toronto.edu/~kriz/{cifar_files.ARCHIVE}"
ADVICE = """What to do, one of
- connect to the network and try again (170 MB);
- name a folder or a tar with CIFAR-10 by root= or by the variable LENET_CIFAR:
  torchvision's cifar-10-batches-py, or train/<class>/*.png and test/<class>/*.png;
- use data.load_cifar10("shapes"), which needs no file."""


@dataclass(frozen=True, repr=False, eq=False)
class ImageData:
    """Two sets of colour images and what was done to them.

    ``train`` and ``test`` hold images float32 [N, 3, 32, 32], normalised, and labels
    int64 [N]. ``mean`` and ``std`` (population) are those of the training pixels in
    [0, 1], one for each of red, green and blue. ``source`` says in words where the
    images came from, and in which form.
    """

    train: TensorDataset
    test: TensorDataset
    name: str
    classes: tuple[str, ...]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    source: str

    def denormalise(self, images: Tensor) -> Tensor:
        """Pixels in [0, 1] from normalised ``images`` [..., 3, H, W].

        >>> images = load_cifar10("shapes")
        >>> pixels = images.denormalise(images.train.tensors[0])
        >>> bool(pixels.min() > -1e-6), bool(pixels.max() < 1 + 1e-6)
        (True, True)
        """
        mean, std = torch.tensor([self.mean, self.std], device=images.device)
        return images * std[:, None, None] + mean[:, None, None]

    def __repr__(self) -> str:
        size = "x".join(map(str, self.train.tensors[0].shape[1:]))
        return (
            f"ImageData({self.name}: {len(self.train):,} train + {len(self.test):,} "
            f"test, {size}, {len(self.classes)} classes)"
        )


def load_cifar10(
    name: str = "auto",
    *,
    root: str | os.PathLike | None = None,
    download: bool = True,
) -> ImageData:
    """Load CIFAR-10, normalised channel by channel with the training statistics.

    ``"cifar10"`` looks at ``root`` (if given, nowhere else), at what the variable
    LENET_CIFAR names, in LENET_DATA's folder, in the user's cache, and then downloads
    170 MB, unless ``download`` is False or LENET_OFFLINE is set. Each place may be a
    folder with torchvision's batches, a folder ``train/<class>/*.png|jpg`` and
    ``test/<class>/...``, or a tar of one. ``"shapes"`` are 4,000 coloured shapes and
    textures in ten classes, drawn by code: they stand in for CIFAR-10, and resemble
    it in nothing but form. ``"auto"`` is CIFAR-10, or the shapes and one printed line.

    Raises DataError when the name is unknown, CIFAR-10 is nowhere to be had
    (``"cifar10"`` only), or a place that you named is absent or damaged (always).

    Source: Krizhevsky 2009, *Learning multiple layers of features from tiny images*.

    >>> load_cifar10("shapes")
    ImageData(shapes: 3,000 train + 1,000 test, 3x32x32, 10 classes)
    """
    if name == "shapes":
        return _shapes()
    if name not in ("auto", "cifar10"):
        raise DataError(f'unknown name {name!r}: choose "auto", "cifar10" or "shapes"')
    try:
        raw, source = find(root, download)
    except NotFound as error:
        if name == "cifar10":
            raise
        print(
            f"No CIFAR-10 here ({error.reason}): using coloured shapes drawn by code, "
            "so figures differ from the text."
        )
        return _shapes()
    return _prepare("cifar10", cifar_files.CLASSES, source, raw)


def find(
    root: str | os.PathLike | None, may_download: bool
) -> tuple[cifar_files.Raw, str]:
    """Read CIFAR-10 from the first place that has it; also say in words which.

    Raises DataError when a place that was named is absent or damaged, because going
    on would hide it; NotFound, with what was seen in each place, when none has it.
    """
    cache = mnist.cache_folder()
    if root is not None:
        return _named("root=", root, cache)
    if place := os.environ.get("LENET_CIFAR"):
        return _named("LENET_CIFAR=", place, cache)
    looked = ["CIFAR-10 was not found. Looked in"]
    if place := os.environ.get("LENET_DATA"):
        try:
            return _named("LENET_DATA=", place, cache)
        except NotFound as error:
            looked.append(str(error))
    archive = cache / cifar_files.ARCHIVE
    try:
        raw = cifar_files.read_archive(archive.read_bytes())
        return raw, "user cache: published archive"
    except (DataError, OSError) as error:  # nobody's only copy: fetched again
        seen = error.strerror if isinstance(error, OSError) else error
        looked.append(f"user cache ({archive}): {seen}")
    try:
        return _fetch(archive, may_download), "download: published archive"
    except NotFound as error:
        looked.append(f"download: {error}")
        raise NotFound("\n- ".join(looked) + f"\n{ADVICE}", error.reason) from None


def _named(
    label: str, place: str | os.PathLike, cache: Path
) -> tuple[cifar_files.Raw, str]:
    """Read a place that somebody named; only LENET_DATA may be without CIFAR-10."""
    try:
        raw, kind = cifar_files.read(Path(place).expanduser(), cache)
        return raw, f"{label.rstrip('=')}: {kind}"
    except NotFound as error:
        if label == "LENET_DATA=":
            raise NotFound(f"LENET_DATA ({place}): {error}") from None
        fault = error
    except (DataError, OSError) as error:
        fault = error
    raise DataError(
        f"{label}{os.path.abspath(place)} cannot be used.\n- {fault}\nWhat to do: "
        f"replace what is missing or damaged, name another place, or omit {label}"
    )


def _fetch(archive: Path, may_download: bool) -> cifar_files.Raw:
    """Download into the cache, checked, in one move. Raises NotFound if impossible."""
    if os.environ.get("LENET_OFFLINE", "0") not in ("", "0"):
        raise NotFound("not tried, LENET_OFFLINE is set", "LENET_OFFLINE is set")
    if not may_download:
        raise NotFound("not tried, download=False", "download=False")
    reason = "the download failed; LENET_OFFLINE=1 skips it"
    if not os.environ.get("LENET_QUIET"):
        print("Downloading CIFAR-10 (170 MB), once, into the user's cache.")
    try:
        content = download._receive(ADDRESS, cifar_files.ARCHIVE_SIZE)
        raw = cifar_files.read_archive(content)
    except (OSError, HTTPException, ValueError, DataError) as error:
        raise NotFound(f"{ADDRESS}: {error}", reason) from error
    with contextlib.suppress(OSError):  # then it is fetched again the next time
        archive.parent.mkdir(parents=True, exist_ok=True)
        part = archive.with_suffix(f".{os.getpid()}.part")
        part.write_bytes(content)
        os.replace(part, archive)
    return raw


def _shapes() -> ImageData:
    train, test = stand_in.pictures(3000, seed=1), stand_in.pictures(1000, seed=2)
    raw = cifar_files.Raw(*train, *test)
    return _prepare("shapes", stand_in.CLASSES, "drawn by code", raw)


def _prepare(
    name: str, classes: tuple[str, ...], source: str, raw: cifar_files.Raw
) -> ImageData:
    mean, std = statistics(raw.train_images)
    return ImageData(
        train=TensorDataset(_normalise(raw.train_images, mean, std), raw.train_labels),
        test=TensorDataset(_normalise(raw.test_images, mean, std), raw.test_labels),
        name=name,
        classes=classes,
        mean=tuple(mean.tolist()),
        std=tuple(std.tolist()),
        source=source,
    )


def statistics(images: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each channel, of pixels in [0, 1]; float64 [3].

    By a histogram, whose counts are exact: the same result on every machine.

    >>> mean, std = statistics(torch.tensor([0, 255]).byte().expand(1, 3, 1, 2))
    >>> mean.tolist(), std.tolist()
    ([0.5, 0.5, 0.5], [0.5, 0.5, 0.5])
    """
    channels = images.transpose(0, 1)
    counts = [torch.bincount(c.flatten(), minlength=256).double() for c in channels]
    share = torch.stack(counts) * 3 / images.numel()
    pixel = torch.arange(256, dtype=torch.float64) / 255
    mean = share @ pixel
    return mean, (share @ pixel**2 - mean**2).sqrt()


def _normalise(images: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    shift, scale = ((255 * s).float()[:, None, None] for s in (mean, std))
    return images.float().sub_(shift).div_(scale)
