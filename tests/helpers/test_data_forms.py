"""MNIST as people have it: other names, other forms, and what only looks like it."""

import gzip
import os
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from lenet_helpers import data
from lenet_helpers.data import convert, download, forms, impostors, mnist
from tests.helpers import fake_mnist

NAMES = TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS = tuple(download.FILES)
KEYS = ("x_train", "y_train", "x_test", "y_test")


def digits(count: int, seed: int) -> list[np.ndarray]:
    """Light blots on black, 28x28, and their labels: every class, in no order."""
    chance = np.random.default_rng(seed)
    images = np.zeros((count, 28, 28), np.uint8)
    images[:, 4:24, 4:24] = chance.integers(0, 256, (count, 20, 20))
    return [images, chance.permutation(np.arange(count) % 10).astype(np.uint8)]


def in_files(arrays: list[np.ndarray]) -> dict[str, bytes]:
    parts = [fake_mnist.idx_bytes(array.tobytes(), *array.shape) for array in arrays]
    return dict(zip(NAMES, parts, strict=True))


ARRAYS = digits(40, 1) + digits(20, 2)
FILES = in_files(ARRAYS)
OWN = digits(30, 3) + digits(10, 4)


@pytest.fixture(autouse=True)
def these_are_published(monkeypatch, tmp_path):
    """The blots are MNIST, and there is no other place and no network."""
    monkeypatch.setattr(download, "FILES", fake_mnist.describe(FILES))
    monkeypatch.delenv("LENET_DATA", raising=False)
    monkeypatch.setenv("LENET_OFFLINE", "1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "my data").mkdir()
    return tmp_path / "my data"


def write(folder: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def listing(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


# The forms, written by code that shares none with the readers


def table(images: np.ndarray, labels: np.ndarray) -> str:
    rows = zip(labels.tolist(), images.reshape(len(labels), -1).tolist())
    return "".join(f"{label},{','.join(map(str, row))}\n" for label, row in rows)


HEADER = "label," + ",".join(f"{i // 28 + 1}x{i % 28 + 1}" for i in range(784)) + "\n"


def plain_tables(folder, arrays=ARRAYS, names=("mnist_train", "mnist_test"), head=""):
    for name, *pair in zip(names, arrays[::2], arrays[1::2]):
        (folder / f"{name}.csv").write_text(head + table(*pair), encoding="utf-8")


def headed_tables(folder, arrays=ARRAYS):
    plain_tables(folder, arrays, names=("train", "test"), head="\ufeff" + HEADER)


def archive(folder, arrays=ARRAYS):
    np.savez_compressed(folder / "mnist.npz", **dict(zip(KEYS, arrays)))


def pictures(folder, arrays=ARRAYS, name="{}.png", mode="L"):
    """In ``training/5/0.png``: the number is that of the image in its set."""
    for part, images, labels in zip(("training", "testing"), arrays[::2], arrays[1::2]):
        for number, (image, label) in enumerate(zip(images, labels)):
            path = folder / part / str(label) / name.format(number)
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).convert(mode).save(path)


def nested_pictures(folder):
    pictures(folder / "mnist_png")


def doubled_pictures(folder):
    """As Kaggle's archives unpack."""
    pictures(folder)
    for part in list(folder.iterdir()):
        part.rename(folder / "x")
        part.mkdir()
        (folder / "x").rename(part / part.name)


def coloured_pictures(folder):
    pictures(folder, mode="RGB")


EXACT = [
    *(plain_tables, headed_tables, archive),
    *(pictures, nested_pictures, doubled_pictures, coloured_pictures),
]


@pytest.mark.parametrize("form", EXACT)
def test_the_error_names_the_command_that_makes_the_published_files(
    folder, monkeypatch, capsys, form
):
    form(folder)
    with pytest.raises(data.DataError, match="holds MNIST as") as caught:
        data.load(root=folder)
    (line,) = [x for x in str(caught.value).splitlines() if "python -m" in x]
    python, m, module, *arguments = shlex.split(line)
    assert module == convert.__name__
    monkeypatch.setattr(sys, "argv", [module, *arguments])
    convert.main()
    assert "40 + 20 images, MNIST as published" in capsys.readouterr().out
    raw = folder / "MNIST" / "raw"
    assert {path.name: path.read_bytes() for path in raw.iterdir()} == FILES
    assert len(data.load("mnist", root=folder).train) == 40


@pytest.mark.parametrize("name", ["{}.jpg", "digit.{:03}.JPEG", "scan_{}_a.png"])
def test_pictures_without_mnists_order_or_pixels_are_shuffled(folder, capsys, name):
    pictures(folder, name=name)
    assert "not MNIST's own bytes" in convert.convert(folder)
    loaded = data.load(root=folder)
    assert loaded.name == "own" and (len(loaded.train), len(loaded.test)) == (40, 20)
    labels = loaded.train.tensors[1]
    assert labels.bincount().tolist() == [4] * 10
    assert labels[:4].tolist() != [0] * 4


def test_the_files_may_go_elsewhere(folder, tmp_path):
    archive(folder)
    before = listing(folder)
    (tmp_path / "to").mkdir()
    convert.convert(folder, tmp_path / "to")
    assert listing(folder) == before
    assert len(data.load("mnist", root=tmp_path / "to").test) == 20


def test_own_digits_of_any_number_and_dark_on_light_are_converted_on_demand(folder):
    archive(folder, [255 - OWN[0], OWN[1], 255 - OWN[2], OWN[3]])
    convert.convert(folder, own=True, invert=True)
    loaded = data.load(root=folder)
    assert len(loaded.train) == 30 and loaded.train.tensors[0][0, 0, 0, 0] < 0


def altered(part: int, change) -> list[np.ndarray]:
    return [change(a) if i == part else a for i, a in enumerate(ARRAYS)]


def unlabelled(folder):
    """As Kaggle's competition gives its test set."""
    headed_tables(folder)
    rows = "\n".join(",".join(map(str, x)) for x in ARRAYS[2].reshape(20, -1).tolist())
    (folder / "test.csv").write_text(HEADER.removeprefix("label,") + rows)


def cut_table(folder):
    plain_tables(folder)
    path = folder / "mnist_train.csv"
    path.write_text(path.read_text()[:-500])


def fractions(folder):
    plain_tables(folder)
    path = folder / "mnist_test.csv"
    path.write_text(path.read_text().replace(",255,", ",0.5,"))


def cut_archive(folder):
    archive(folder)
    path = folder / "mnist.npz"
    path.write_bytes(path.read_bytes()[:-200])


def pickled_archive(folder):
    archive(folder, altered(1, lambda labels: labels.astype(object)))


def without_a_class(folder):
    pictures(folder)
    for path in (folder / "training" / "7").iterdir():
        path.unlink()


def without_a_test_set(folder):
    pictures(folder)
    (folder / "testing").rename(folder / "others")


def larger_picture(folder):
    pictures(folder)
    Image.new("L", (32, 32)).save(folder / "testing" / "3" / "99.png")


def no_picture(folder):
    pictures(folder)
    (folder / "testing" / "3" / "99.png").write_bytes(b"<html>")


def transparent(folder):
    pictures(folder)
    Image.new("LA", (28, 28)).save(folder / "testing" / "3" / "99.png")


def archived(part, change):
    return lambda folder: archive(folder, altered(part, change))


REFUSED = {
    "no labels": (unlabelled, "784 columns, pixels without labels. Kaggle"),
    "a table alone": (
        lambda f: (plain_tables(f), (f / "mnist_test.csv").unlink()),
        "no table of the test set",
    ),
    "cut in a row": (cut_table, "columns changed from 785"),
    "cut between rows": (
        lambda f: plain_tables(f, [ARRAYS[0][:30], ARRAYS[1][:30], *ARRAYS[2:]]),
        "30 images, MNIST has 40.*--own",
    ),
    "fractions": (fractions, "mnist_test.csv: "),
    "cut archive": (cut_archive, "not a whole archive"),
    "pickled": (pickled_archive, "not a whole archive"),
    "other keys": (
        lambda f: np.savez(f / "mnist.npz", x_train=ARRAYS[0]),
        "lacks y_train, x_test, y_test",
    ),
    "scaled to 1": (archived(0, lambda x: x / 255), "not whole numbers from 0 to 255"),
    "too bright": (archived(0, lambda x: x + np.int16(1)), "from 0 to 255"),
    "flat": (archived(0, lambda x: x.reshape(40, 784)), r"not \(N, 28, 28\)"),
    "other size": (archived(2, lambda x: x[:, 1:]), "27x28 pixels"),
    "a label less": (archived(3, lambda y: y[:-1]), "20 images, but .* 19 labels"),
    "label 10": (archived(1, lambda y: y + 1), "label 10 at index"),
    "inverted": (archived(2, lambda x: 255 - x), "dark on light.*--invert"),
    "one pixel other": (archived(0, lambda x: x ^ (x == 7)), "not the published train"),
    "a class lacks": (without_a_class, "no image of a 7"),
    "no test pictures": (without_a_test_set, "no folder testing/"),
    "no parts": (
        lambda f: pictures(f / "x") or (f / "x/training").rename(f / "mnist"),
        "no folder testing/",
    ),
    "a larger picture": (larger_picture, "99.png: 32x32 pixels, not 28x28"),
    "no picture": (no_picture, "99.png: not a picture"),
    "transparent": (transparent, "99.png: LA, neither grey nor plain"),
    "nothing": (lambda f: None, "no form of MNIST that is known"),
    "there already": (
        lambda f: (archive(f), (f / "MNIST").mkdir()),
        "MNIST is there already",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_whole_or_not_right_is_named_and_leaves_nothing(folder, case):
    make, complaint = REFUSED[case]
    make(folder)
    before = listing(folder)
    with pytest.raises(data.DataError, match=f"(?s){complaint}"):
        convert.convert(folder)
    assert listing(folder) == before


def test_a_full_disk_leaves_nothing_and_is_said_in_a_line(folder, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    archive(folder)
    before = listing(folder)
    monkeypatch.setattr(os, "fsync", full)
    monkeypatch.setattr(sys, "argv", ["convert", str(folder)])
    with pytest.raises(SystemExit, match="No space left"):
        convert.main()
    assert listing(folder) == before


def test_a_file_in_a_folders_place_is_called_that(folder):
    archive(folder)
    with pytest.raises(data.DataError, match="a file; name its folder"):
        data.load(root=folder / "mnist.npz")


def test_other_peoples_tables_and_pictures_are_no_form_of_mnist(folder):
    (folder / "train.csv").write_text("PassengerId,Survived,Pclass\n1,0,3\n")
    (folder / "train" / "cat").mkdir(parents=True)
    (folder / "weights.npz").write_bytes(b"PK")
    assert forms.find(folder) is None
    with pytest.raises(data.DataError, match="holds none of the four MNIST files"):
        data.load(root=folder)


# Names


@pytest.mark.parametrize("end", ["", ".gz"])
@pytest.mark.parametrize("inside", ["{0}", "{0}/{0}", "{0}/{1}", "raw/{0}"])
def test_kaggles_dotted_names_are_read(folder, end, inside):
    contents = {}
    for name, content in FILES.items():
        dotted = name.replace("-idx", ".idx")
        path = inside.format(f"{dotted}{end}", f"{name}{end}")
        contents[path] = gzip.compress(content) if end else content
    write(folder, contents)
    assert len(data.load("mnist", root=folder).train) == 40


# What only looks like it

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
NO_DATA = {
    "a web page": b"\n<!DOCTYPE html><title>503</title>",
    "a page with a mark": b"\xef\xbb\xbf<html>",
    "an error message in JSON": b'{"message": "Not Found"}',
    "a Git LFS pointer": LFS,
    "an empty file": b"",
    "a zip archive": b"PK\3\4\x14\0",
    "a text ('404: Not Found')": b"404: Not Found",
    "QMNIST's table of labels": bytes([0, 0, 12, 2, 0, 0, 0, 1, 0, 0, 0, 8])
    + bytes(32),
}


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("what", NO_DATA)
def test_what_is_no_data_file_is_called_what_it_is(folder, what, zipped):
    content = NO_DATA[what]
    content = gzip.compress(content) if zipped else content
    write(folder, {f"{name}.gz": file for name, file in FILES.items()})
    (folder / f"{TEST_LABELS}.gz").write_bytes(content)
    with pytest.raises(data.DataError) as caught:
        data.load(root=folder)
    named = what.replace("page with a mark", "web page")
    assert f"{TEST_LABELS}.gz: this is {named}, not a data file: " in str(caught.value)


def test_data_files_are_not_taken_for_something_else():
    assert all(impostors.kind(content) == ("", "") for content in FILES.values())
    assert impostors.kind(gzip.compress(b"<html>")) == ("", "")


FASHION = [9, 0, 0, 3, 0, 2, 7, 2, 5, 5]  # as its readers print them
KMNIST = [8, 7, 0, 1, 4, 2, 4, 8, 1, 1]


@pytest.mark.parametrize(("first", "name"), [(FASHION, "Fashion"), (KMNIST, "KMNIST")])
@pytest.mark.parametrize("form", [None, archive])
def test_pictures_of_something_else_are_named(folder, first, name, form):
    images, labels, *test = OWN
    strange = [images, np.array([*first, *labels[10:]], np.uint8), *test]
    if form:
        form(folder, strange)
        with pytest.raises(data.DataError, match=name):
            convert.convert(folder, own=True)
    else:
        write(folder, in_files(strange))
        with pytest.raises(data.DataError, match=f"{TRAIN_LABELS}: .*{name}"):
            data.load(root=folder)


def test_own_data_in_mnists_form_are_taken_with_one_line(folder, capsys):
    write(folder, in_files(OWN))
    loaded = data.load(root=folder)
    said = capsys.readouterr().out
    assert said.count("\n") == 1 and "not MNIST" in said and "30 + 10 images" in said
    assert loaded.name == "own" and repr(loaded).startswith("DigitData(own: 30 train")
    found = loaded.denormalise(loaded.test.tensors[0])[:, 0, 2:-2, 2:-2] * 255
    assert found.round().byte().numpy().tobytes() == OWN[2].tobytes()
    with pytest.raises(data.DataError, match='not MNIST.*load."auto". takes it'):
        data.load("mnist", root=folder)


def test_what_stands_out_in_own_data_is_remarked():
    labels = torch.arange(60_000) % 10
    images = torch.zeros(1, 28, 28, dtype=torch.uint8).expand(60_000, -1, -1)
    assert "EMNIST" in impostors.remark(images, labels, labels[:10_000])
    assert "EMNIST" not in impostors.remark(images, labels, labels[:9_999])
    assert "dark on light" not in impostors.remark(images, labels, labels)
    assert "dark on light" in impostors.remark(255 - images[:9], labels, labels)


@pytest.mark.parametrize("name", NAMES)
def test_one_damaged_file_is_not_taken_for_own_data(folder, name):
    write(folder, FILES)
    content = FILES[name]
    at = content.index(7, 16) if "images" in name else content.index(7, 8)
    (folder / name).write_bytes(content[:at] + b"\6" + content[at + 1 :])
    with pytest.raises(data.DataError, match=f"not the published {name}"):
        data.load(root=folder)


@pytest.mark.skipif(not os.environ.get("LENET_DATA"), reason="no MNIST at hand")
def test_mnist_itself_is_no_stranger(monkeypatch):
    monkeypatch.undo()
    raw = mnist.read(Path(os.environ["LENET_DATA"]))
    assert raw.remark == ""
    images, labels = raw.train_images, raw.train_labels
    impostors.check_labels(labels)
    assert not impostors.is_dark_on_light(images)
    assert "each class" not in impostors.remark(images, labels, raw.test_labels)
