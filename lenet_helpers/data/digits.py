"""MNIST, or scikit-learn's small digits where there is none, ready for LeNet."""

import os
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import TensorDataset

from lenet_helpers.data import mnist
from lenet_helpers.data.idx import DataError
from lenet_helpers.data.places import NotFound

PADDING = 2  # 28 + 2 * 2 = 32, the input of LeNet-5


@dataclass(frozen=True, repr=False, eq=False)
class DigitData:
    """Two sets of digits and what was done to them.

    ``train`` and ``test`` hold images float32 [N, 1, 32, 32], normalised, and
    labels int64 [N]. ``mean`` and ``std`` (population) are those of the padded
    training pixels in [0, 1]. ``source`` says in words where the files came from.
    """

    train: TensorDataset
    test: TensorDataset
    name: str
    classes: tuple[str, ...]
    mean: float
    std: float
    source: str

    def denormalise(self, images: Tensor) -> Tensor:
        """Pixels in [0, 1] from normalised ``images``: x * std + mean, any shape.

        >>> data = load("digits")
        >>> pixels = data.denormalise(data.train.tensors[0])
        >>> abs(float(pixels.min())) < 1e-6, abs(float(pixels.max()) - 1) < 1e-6
        (True, True)
        """
        return images * self.std + self.mean

    def __repr__(self) -> str:
        size = "x".join(map(str, self.train.tensors[0].shape[1:]))
        return (
            f"DigitData({self.name}: {len(self.train):,} train + {len(self.test):,} "
            f"test, {size}, mean {self.mean:.4f}, std {self.std:.4f})"
        )


def load(
    name: str = "auto",
    *,
    root: str | os.PathLike | None = None,
    download: bool = True,
) -> DigitData:
    """Load digits as LeNet-5 sees them: padded with zeros to 32x32, normalised.

    ``"mnist"`` looks in ``root`` (if given, nowhere else), the folder named by the
    variable LENET_DATA, the user's cache, and then downloads, unless ``download``
    is False or LENET_OFFLINE is set. ``"digits"`` are the 1,797 8x8 digits that
    come with scikit-learn. ``"auto"`` is MNIST, or the digits and one printed line;
    data of your own in the form of MNIST's four files, in a folder that you named, are
    taken with one printed line, too, and called ``"own"``.

    Raises DataError when the name is unknown, MNIST is nowhere to be had or other data
    lies in its place (``"mnist"`` only), or a folder that you named is absent, damaged
    or known to hold no digits (always).

    Source: LeCun et al. 1998, section II-B (32x32 input; there scaled to -0.1 and
    1.175, here to mean 0 and variance 1).

    >>> load("digits")
    DigitData(digits: 1,437 train + 360 test, 1x32x32, mean 0.1193, std 0.2515)
    """
    if name == "digits":
        return _digits()
    if name not in ("auto", "mnist"):
        raise DataError(f'unknown name {name!r}: choose "auto", "mnist" or "digits"')
    try:
        raw, source = mnist.find(root, download)
    except NotFound as error:
        if name == "mnist":
            raise
        print(
            f"No MNIST here ({error.reason}): using scikit-learn's 1,797 small digits, "
            "so figures differ from the text."
        )
        return _digits()
    *tensors, remark = raw
    if not remark:
        return _prepare("mnist", source, *tensors)
    if name == "mnist":
        raise DataError(f'{source} has {remark}: data.load("auto") takes it')
    print(f"Here is {remark}, so figures differ from the text.")
    return _prepare("own", source, *tensors)


def _digits() -> DigitData:
    """The bundled digits, brought to the form of MNIST.

    8x8 pixels of 0..16 become a 20x20 box in 28x28 of 0..255. The split is fixed
    and stratified by class. It does not separate writers, whom scikit-learn does
    not name (13 wrote all 1,797), so test accuracy is a little flattering.
    """
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    bunch = load_digits()
    small = torch.from_numpy(bunch.images / 16).float().unsqueeze(1)
    box = F.interpolate(small, size=(20, 20), mode="bilinear", antialias=True)
    images = F.pad(box, (4, 4, 4, 4)).squeeze(1).mul(255).round().to(torch.uint8)
    labels = torch.from_numpy(bunch.target)
    train, test = train_test_split(
        torch.arange(len(labels)), test_size=360, stratify=labels, random_state=0
    )
    return _prepare(
        "digits",
        "bundled with scikit-learn",
        *(images[train], labels[train], images[test], labels[test]),
    )


def _prepare(
    name: str,
    source: str,
    train_images: Tensor,
    train_labels: Tensor,
    test_images: Tensor,
    test_labels: Tensor,
) -> DigitData:
    """Pad and normalise uint8 images [N, 28, 28] by the training statistics."""
    mean, std = _statistics(train_images)
    return DigitData(
        train=TensorDataset(_normalise(train_images, mean, std), train_labels.long()),
        test=TensorDataset(_normalise(test_images, mean, std), test_labels.long()),
        name=name,
        classes=tuple("0123456789"),
        mean=mean,
        std=std,
        source=source,
    )


def _statistics(images: Tensor) -> tuple[float, float]:
    """Mean and standard deviation of the padded pixels in [0, 1], by a histogram.

    Counts are exact, so the result is the same on every machine; a float32 sum over
    61 million pixels would not be.
    """
    counts = torch.bincount(images.flatten(), minlength=256).double()
    height, width = images.shape[1:]
    padded = (height + 2 * PADDING) * (width + 2 * PADDING)
    counts[0] += len(images) * (padded - height * width)
    share = counts / counts.sum()
    pixel = torch.arange(256, dtype=torch.float64) / 255
    mean = (share * pixel).sum()
    std = (share * (pixel - mean) ** 2).sum().sqrt()
    return mean.item(), std.item()


def _normalise(images: Tensor, mean: float, std: float) -> Tensor:
    """uint8 [N, 28, 28] to float32 [N, 1, 32, 32]; in place, to touch memory once."""
    count, height, width = images.shape
    padded = torch.zeros(count, 1, height + 2 * PADDING, width + 2 * PADDING)
    padded[:, 0, PADDING:-PADDING, PADDING:-PADDING] = images
    return padded.div_(255).sub_(mean).div_(std)
