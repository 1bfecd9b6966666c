"""What goes by the names of MNIST's files and is something else."""

import torch
from torch import Tensor

from lenet_helpers.data.idx import DataError

AGAIN = "the download failed; delete it and fetch it again"
STARTS = {  # of a file: what it is, and what to do
    b"<": ("a web page", AGAIN),
    b"{": ("an error message in JSON", AGAIN),
    b"[": ("an error message in JSON", AGAIN),
    b"version https://git-lfs": ("a Git LFS pointer", "`git lfs pull` gets the data"),
    b"PK\3\4": ("a zip archive", "unpack it"),
    b"\0\0\x0c\2": ("QMNIST's table of labels", "MNIST's are single bytes"),
}
BLANK = b"\xef\xbb\xbf \t\r\n"  # with the mark before some texts in UTF-8
STRANGERS = {  # the first training labels
    (9, 0, 0, 3, 0, 2, 7, 2, 5, 5): "Fashion-MNIST, clothes",
    (8, 7, 0, 1, 4, 2, 4, 8, 1, 1): "KMNIST, Japanese characters",
}


def kind(content: bytes) -> tuple[str, str]:
    """What ``content`` is, and what to do about it; two empty words for data.

    >>> kind(b"<!DOCTYPE html>")[0], kind(bytes([0, 0, 8, 1]))[0]
    ('a web page', '')
    """
    if not content:
        return "an empty file", AGAIN
    start = content[:300].lstrip(BLANK)
    for known, said in STARTS.items():
        if start.startswith(known):
            return said
    line = start[:40].split(b"\n")[0].strip()
    if line.isascii() and line.decode().isprintable():
        return f"a text ({line.decode()!r})", AGAIN
    return "", ""


def check_content(content: bytes) -> None:
    """Raise DataError, with what it is, when ``content`` is no data file at all."""
    what, advice = kind(content)
    if what:
        raise DataError(f"this is {what}, not a data file: {advice}")


def check_labels(train_labels: Tensor) -> None:
    """Raise DataError when the labels are those of a set that holds no digits."""
    first = tuple(train_labels[:10].tolist())
    if first in STRANGERS:
        begin = ", ".join(map(str, first[:5]))
        raise DataError(
            f"under MNIST's names lies {STRANGERS[first]}: the training labels begin "
            f"with {begin}"
        )


def is_dark_on_light(images: Tensor) -> bool:
    """Whether the ground of ``images`` [N, H, W] is light, by first and last rows."""
    return bool(images[:, [0, -1]].float().mean() > 127)


def remark(images: Tensor, *labels: Tensor) -> str:
    """Of data in MNIST's form that are not MNIST, what stands out, in one line.

    ``images`` are those of training, ``labels`` those of training and of the test.
    """
    sizes = " + ".join(f"{len(part):,}" for part in labels)
    said = f"not MNIST but other data in its form ({sizes} images"
    counts = [torch.bincount(part, minlength=10) for part in labels]
    if len(images) >= 60_000 and all(c.min() == c.max() for c in counts):
        said += (
            "; each class as often, as in EMNIST, whose images lie on their side, and "
            "in KMNIST"
        )
    if is_dark_on_light(images):
        said += "; dark on light, where MNIST's are light on dark"
    return said + ")"
