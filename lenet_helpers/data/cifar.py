"""CIFAR-10, or coloured shapes where there is none, ready for a network."""

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import TensorDataset

from lenet_helpers import files
from lenet_helpers.data import cifar_files, download, places, stand_in
from lenet_helpers.data.idx import DataError
from lenet_helpers.data.places import NotFound

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

    The places, and what is raised when none has it: as ``places.find``; LENET_CIFAR
    comes before LENET_DATA.
    """
    cache = places.cache_folder()
    (raw, kind), place = places.find(
        "CIFAR-10",
        root,
        may_download,
        variables=["LENET_CIFAR", "LENET_DATA"],
        kept=cache / cifar_files.ARCHIVE,
        read=lambda place: cifar_files.read(place, cache),
        fetch=_fetch,
        advice=ADVICE,
    )
    return raw, f"{place.rstrip('=')}: {kind}"


def _fetch(archive: Path) -> tuple[cifar_files.Raw, str]:
    """Download the archive, read it from memory and, if possible, keep it."""
    if not os.environ.get("LENET_QUIET"):
        print("Downloading CIFAR-10 (170 MB), once, into the user's cache.")
    content = download.receive(ADDRESS, cifar_files.ARCHIVE_SIZE)
    try:
        raw = cifar_files.read_archive(content)
    except DataError as error:
        raise DataError(f"{ADDRESS}: {error}") from error
    with contextlib.suppress(OSError):  # then it is fetched again the next time
        files.replace(archive, lambda file: file.write(content))
    return raw, "published archive"


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
