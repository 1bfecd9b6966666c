"""Make the four MNIST files of another form, all of them or none.

    python -m lenet_helpers.data.convert FOLDER [TO]

FOLDER holds tables (mnist_train.csv, mnist_test.csv: a label, then 784 pixels), an
archive (mnist.npz, as Keras has it) or pictures (training/0/*.png to 9/, testing/...).
The files come into TO/MNIST/raw, or FOLDER/MNIST/raw, which data.load then finds.
"""

import argparse
import secrets
import shutil
import struct
import sys
from pathlib import Path

import numpy as np
import torch

from lenet_helpers import files
from lenet_helpers.data import download, form_files, forms, idx, impostors, mnist
from lenet_helpers.data.forms import Form
from lenet_helpers.data.idx import DataError


def convert(
    folder: Path, to: Path | None = None, *, own: bool = False, invert: bool = False
) -> str:
    """Write ``to/MNIST/raw``; returns a sentence on what it holds.

    ``own`` allows other numbers of images than MNIST's, ``invert`` turns dark on light
    into light on dark. Raises DataError, and leaves nothing behind, when the data are
    not whole or not right; OSError when they cannot be read or written.
    """
    to = to or folder
    for place in (folder, to):
        if not place.is_dir():
            raise DataError(f"{place}: no such folder")
    if (to / "MNIST").exists():
        raise DataError(f"{to / 'MNIST'} is there already: name another folder")
    form = forms.find(folder)
    if form is None:
        raise DataError(f"{folder} holds no form of MNIST that is known\n{__doc__}")
    arrays = [_as_bytes(form, array) for array in form_files.read(form)]
    if invert:
        arrays[::2] = [255 - images for images in arrays[::2]]
    _check(form, arrays, own)
    contents = dict(zip(download.FILES, map(_idx, arrays), strict=True))
    exact = mnist.is_published(contents, dict.fromkeys(contents, folder))
    _write(to, contents)
    kind = (
        "MNIST as published" if exact else "not MNIST's own bytes, digits in its form"
    )
    return f"{to / mnist.RAW}: {len(arrays[1]):,} + {len(arrays[3]):,} images, {kind}"


def _as_bytes(form: Form, array: np.ndarray) -> np.ndarray:
    whole = np.issubdtype(array.dtype, np.integer)
    if not whole or not array.size or array.min() < 0 or array.max() > 255:
        raise DataError(f"{form}: not whole numbers from 0 to 255")
    return array.astype(np.uint8)


def _check(form: Form, arrays: list[np.ndarray], own: bool) -> None:
    """Raise DataError unless both parts are whole, and digits as MNIST's look."""
    parts = zip(("train", "t10k"), (form.train, form.test), arrays[::2], arrays[1::2])
    for name, path, *pair in parts:
        if pair[0].ndim != 3 or pair[1].ndim != 1:
            found = " and ".join(str(array.shape) for array in pair)
            raise DataError(f"{path}: arrays {found}, not (N, 28, 28) and (N,)")
        images, labels = map(torch.from_numpy, pair)
        mnist.check_pair([path, path], images, labels)
        for digit, count in enumerate(torch.bincount(labels, minlength=10).tolist()):
            if not count:
                raise DataError(f"{path}: no image of a {digit}, so it is not whole")
        published = download.FILES[f"{name}-labels-idx1-ubyte"].size - 8
        if len(labels) != published and not own:
            raise DataError(
                f"{path}: {len(labels):,} images, MNIST has {published:,}. Either "
                "it is not whole, or these are other digits: then add --own"
            )
        if impostors.is_dark_on_light(images):
            raise DataError(
                f"{path}: dark on light, MNIST's digits are light on dark; --invert "
                "turns them"
            )
    impostors.check_labels(torch.from_numpy(arrays[1]))


def _idx(array: np.ndarray) -> bytes:
    magic = 256 * idx.UNSIGNED_BYTE + array.ndim
    return struct.pack(f">{1 + array.ndim}I", magic, *array.shape) + array.tobytes()


def _write(to: Path, contents: dict[str, bytes]) -> None:
    """All files into a draft of the folder, which is then named in one step."""
    draft = to / f"MNIST.{secrets.token_hex(4)}.part"
    try:
        for name, content in contents.items():
            files.replace(draft / "raw" / name, lambda file, b=content: file.write(b))
        draft.rename(to / "MNIST")
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("to", type=Path, nargs="?")
    parser.add_argument("--own", action="store_true", help="any number of images")
    parser.add_argument("--invert", action="store_true", help="of dark on light digits")
    try:
        print(convert(**vars(parser.parse_args())))
    except (DataError, OSError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
