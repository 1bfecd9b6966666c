"""Other forms of MNIST, read: tables, an archive of NumPy's, pictures in folders.

Each reader gives the images and labels of training, then those of the test, as they
are found; raises DataError when a part lacks or is damaged.
"""

import re
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from lenet_helpers.data import forms, impostors
from lenet_helpers.data.forms import Form
from lenet_helpers.data.idx import DataError
from lenet_helpers.data.sized_picture import sized_picture

KEYS = ("x_train", "y_train", "x_test", "y_test")
PICTURES = {".png", ".jpg", ".jpeg"}
# A PNG's number says where the digit stood in MNIST. So may that of a JPEG, but its
# pixels are altered, and other images with MNIST's labels would count as damage.
NUMBER = re.compile(r"(\d+)\.png$", re.I)


def read(form: Form) -> list[np.ndarray]:
    """Four arrays: images and labels of training, images and labels of the test."""
    return READERS[form.kind](form)


def _tables(form: Form) -> list[np.ndarray]:
    both = (form.train, form.test)
    for part, path in zip(("training", "test"), both):
        if path is None:
            raise DataError(f"{form}: there is no table of the {part} set")
        if forms.columns(path) != 785:
            raise DataError(
                f"{path}: {forms.columns(path)} columns, pixels without labels. "
                "Kaggle's competition keeps those of its test set: take "
                "mnist_train.csv and mnist_test.csv, or the four files"
            )
    return [array for path in both for array in _table(path)]


def _table(path: Path) -> tuple[np.ndarray, np.ndarray]:
    with path.open("rb") as file:
        first = file.readline().lstrip(impostors.BLANK).split(b",")[0]
    headed = not first.strip(b'"').isdigit()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # NumPy 1 would cut off fractions
            rows = np.loadtxt(
                path,
                np.int16,
                delimiter=",",
                skiprows=int(headed),
                ndmin=2,
                quotechar='"',
                encoding="utf-8-sig",
            )
    except (ValueError, Warning) as error:
        raise DataError(f"{path}: {str(error).split(';')[0]}") from None
    if rows.shape[1] != 785:
        raise DataError(f"{path}: {rows.shape[1]} numbers in a row, not 785")
    return rows[:, 1:].reshape(-1, 28, 28), rows[:, 0]


def _archive(form: Form) -> list[np.ndarray]:
    try:
        with np.load(form.train) as archive:
            if lacking := [key for key in KEYS if key not in archive]:
                raise DataError(f"{form.train} lacks {', '.join(lacking)}")
            return [archive[key] for key in KEYS]
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{form.train}: not a whole archive ({error})") from None


def _pictures(form: Form) -> list[np.ndarray]:
    arrays = []
    for part, folder in zip(("training", "testing"), (form.train, form.test)):
        if folder is None:
            raise DataError(f"{form}: there is no folder {part}/ with 0/ to 9/ in it")
        found = list(_files(folder))
        if not found:
            raise DataError(f"{folder}: no pictures (.png, .jpg) in 0/ to 9/")
        images = np.stack([_pixels(path) for _, path in found])
        labels = np.array([label for label, _ in found])
        order = _order([path.name for _, path in found])
        arrays += [images[order], labels[order]]
    return arrays


def _files(folder: Path) -> Iterator[tuple[int, Path]]:
    for digit in range(10):
        for path in sorted((folder / str(digit)).glob("[!.]*")):
            if path.suffix.lower() in PICTURES:
                yield digit, path


def _order(names: list[str]) -> np.ndarray:
    """That of the numbers in the names, if each has its own; else a fixed random one.

    In that of the folders all zeros would come first.
    """
    numbers = [int(found[1]) for name in names if (found := NUMBER.search(name))]
    if len(set(numbers)) == len(names):
        return np.argsort(numbers)
    return np.random.default_rng(0).permutation(len(names))


def _pixels(path: Path) -> np.ndarray:
    with sized_picture(path, 28, str(path)) as image:
        if image.mode not in ("1", "L", "P", "RGB") or "transparency" in image.info:
            raise DataError(f"{path}: {image.mode}, neither grey nor plain colours")
        return np.asarray(image.convert("L"))


READERS = {"tables": _tables, "an archive": _archive, "pictures": _pictures}
