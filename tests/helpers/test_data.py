"""data.load: what it gives, where it looks, and what it says of damaged files."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from lenet_helpers import data
from lenet_helpers.data import download, idx, places
from tests.helpers import fake_mnist

TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS = download.FILES
MNIST_FOLDER = os.environ.get("LENET_DATA")
FIRST_TEST_DIGITS = [7, 6, 3, 7, 7, 3, 2, 8, 9, 3]
real_mnist = pytest.mark.skipif(
    not MNIST_FOLDER, reason="LENET_DATA names no folder with the real MNIST"
)


@pytest.fixture(autouse=True)
def nowhere(monkeypatch, tmp_path):
    """No data on this machine, no network: each test says what there is."""
    monkeypatch.delenv("LENET_DATA", raising=False)
    monkeypatch.setenv("LENET_OFFLINE", "1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def files(monkeypatch):
    """The content of the four files of a tiny MNIST, which counts as published."""
    files = fake_mnist.make()
    monkeypatch.setattr(download, "FILES", fake_mnist.describe(files))
    return files


@pytest.fixture
def folder(files, tmp_path):
    """A folder that holds the tiny MNIST, unzipped."""
    folder = tmp_path / "mine"
    write(folder, files)
    return folder


def write(folder: Path, files: dict[str, bytes], suffix: str = "") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / f"{name}{suffix}").write_bytes(content)


# What comes out


def test_pixels_are_padded_with_zeros_then_normalised(files, folder):
    loaded = data.load("mnist", root=folder)
    plain = np.frombuffer(files[TRAIN_IMAGES][16:], np.uint8).reshape(-1, 28, 28) / 255
    padded = np.pad(plain, ((0, 0), (2, 2), (2, 2)))
    images, labels = loaded.train.tensors
    assert images.shape == (40, 1, 32, 32) and images.dtype == torch.float32
    assert labels.tolist() == list(files[TRAIN_LABELS][8:])
    assert labels.dtype == torch.int64
    assert loaded.mean == pytest.approx(padded.mean(), abs=1e-12)
    assert loaded.std == pytest.approx(padded.std(), abs=1e-12)
    expected = (padded - padded.mean()) / padded.std()
    np.testing.assert_allclose(images[:, 0].numpy(), expected, atol=1e-6)


def test_test_pixels_are_normalised_by_training_statistics(files, folder):
    loaded = data.load("mnist", root=folder)
    pixels = loaded.denormalise(loaded.test.tensors[0])[:, 0, 2:-2, 2:-2]
    assert (pixels * 255).round().byte().numpy().tobytes() == files[TEST_IMAGES][16:]


def test_repr_is_short_and_names_no_place(folder):
    shown = repr(data.load("mnist", root=folder))
    assert shown.startswith("DigitData(mnist: 40 train + 20 test, 1x32x32, mean ")
    assert len(shown) < 88 and str(folder) not in shown


def test_digits_are_scikit_learns_each_once_in_a_20x20_box():
    from sklearn.datasets import load_digits

    bunch = load_digits()
    expected = np.zeros((1797, 32, 32), np.float32)
    for canvas, image in zip(expected, bunch.images, strict=True):
        small = Image.fromarray((image / 16).astype(np.float32))
        canvas[6:26, 6:26] = small.resize((20, 20), Image.Resampling.BILINEAR)
    expected = torch.from_numpy(expected).flatten(1)

    loaded = data.load("digits")
    (train, train_labels), (test, test_labels) = loaded.train[:], loaded.test[:]
    found = loaded.denormalise(torch.cat([train, test])).flatten(1)
    twin = torch.cdist(found, expected).argmin(1)
    assert twin.sort().values.equal(torch.arange(1797))
    assert (found - expected[twin]).abs().max() < 0.51 / 255  # rounded to 256 greys
    labels = torch.cat([train_labels, test_labels])
    assert labels.equal(torch.from_numpy(bunch.target)[twin])


def test_digits_split_is_fixed_and_stratified():
    first, second = data.load("digits"), data.load("digits")
    assert (len(first.train), len(first.test)) == (1437, 360)
    assert first.test.tensors[0].equal(second.test.tensors[0])
    assert first.test.tensors[1][:10].tolist() == FIRST_TEST_DIGITS
    all_labels = torch.cat([first.train.tensors[1], first.test.tensors[1]])
    fair = torch.bincount(all_labels) * 360 / 1797
    assert (torch.bincount(first.test.tensors[1]) - fair).abs().max() < 1


def test_result_cannot_be_reassigned():
    with pytest.raises(AttributeError):
        data.load("digits").mean = 0.1307


@real_mnist
def test_real_mnist_has_the_known_statistics(monkeypatch):
    monkeypatch.setenv("LENET_DATA", MNIST_FOLDER)
    loaded = data.load("mnist")
    assert loaded.mean == pytest.approx(0.10003693, abs=5e-9)
    assert loaded.std == pytest.approx(0.27521735, abs=5e-9)
    assert loaded.train.tensors[0].shape == (60_000, 1, 32, 32)
    assert loaded.train.tensors[1][:5].tolist() == [5, 0, 4, 1, 9]
    counts = torch.bincount(loaded.test.tensors[1]).tolist()
    assert counts == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert loaded.source == "LENET_DATA"
    images = loaded.train.tensors[0].double()
    assert abs(images.mean()) < 1e-5 and abs(images.std(correction=0) - 1) < 1e-5


# Where it looks


@pytest.mark.parametrize("layout", ["", "raw", "MNIST/raw"])
@pytest.mark.parametrize("zipped", [False, True])
def test_root_may_have_any_usual_layout(files, tmp_path, layout, zipped):
    contents = {n: fake_mnist.zip_(c) if zipped else c for n, c in files.items()}
    write(tmp_path / "d" / layout, contents, ".gz" if zipped else "")
    loaded = data.load("mnist", root=str(tmp_path / "d"))
    assert len(loaded.train) == 40 and loaded.source == "root="


def test_gz_that_a_browser_has_unzipped_is_read(files, tmp_path):
    write(tmp_path / "d", files, ".gz")
    assert len(data.load("mnist", root=tmp_path / "d").test) == 20


def test_places_are_tried_in_order(files, folder, tmp_path, monkeypatch):
    write(places.cache_folder() / "MNIST" / "raw", files)
    assert data.load("mnist").source == "user cache"
    monkeypatch.setenv("LENET_DATA", str(folder))
    assert data.load("mnist").source == "LENET_DATA"
    assert data.load("auto", root=folder).source == "root="


def test_lenet_data_without_mnist_is_passed_over(files, tmp_path, monkeypatch):
    monkeypatch.setenv("LENET_DATA", str(tmp_path))  # it may be there for CIFAR-10
    write(places.cache_folder() / "MNIST" / "raw", files)
    assert data.load("mnist").source == "user cache"


def test_cache_folder_is_in_the_users_cache(tmp_path, monkeypatch):
    assert places.cache_folder() == tmp_path / "cache" / "lenet-inside-out"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert places.cache_folder().is_relative_to(Path.home())


def test_auto_falls_back_to_the_digits_and_says_so_in_one_line(capsys):
    assert data.load().name == "digits"
    line = capsys.readouterr().out
    assert line.count("\n") == 1
    assert "LENET_OFFLINE is set" in line and "scikit-learn" in line


def test_mnist_never_falls_back_and_names_every_place(tmp_path, monkeypatch):
    monkeypatch.setenv("LENET_DATA", str(tmp_path))
    with pytest.raises(data.DataError) as caught:
        data.load("mnist")
    message = str(caught.value)
    assert f"LENET_DATA ({tmp_path}): holds none" in message
    assert f"user cache ({places.cache_folder()}): no such folder" in message
    assert "download: not tried, LENET_OFFLINE is set" in message
    assert "What to do" in message


@pytest.mark.parametrize("download_allowed", [False, True])
def test_offline_never_touches_the_network(monkeypatch, download_allowed):
    touched = []

    def refuse(*args, **kwargs):
        touched.append(args)
        raise OSError("the network was touched")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert data.load("auto", download=download_allowed).name == "digits"
    with pytest.raises(data.DataError):
        data.load("mnist", download=download_allowed)
    assert not touched
    # The trap does catch: without LENET_OFFLINE a download is tried.
    monkeypatch.setenv("LENET_OFFLINE", "0")
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(download, "mirrors", lambda: ["http://mirror.invalid/"])
    with pytest.raises(data.DataError):
        data.load("mnist", download=download_allowed)
    assert bool(touched) == download_allowed


def test_importing_it_imports_nothing_heavy():
    code = "import sys, lenet_helpers.data; print(*sys.modules)"
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True
    )
    loaded = set(done.stdout.split())
    assert "lenet_helpers.data" in loaded
    assert not loaded & {"sklearn", "torchvision", "matplotlib", "PIL"}


# What it says of bad input


def test_unknown_name_lists_the_known_ones():
    with pytest.raises(data.DataError, match='"auto", "mnist" or "digits"'):
        data.load("minst")


@pytest.mark.parametrize("name", ["auto", "mnist"])
def test_root_that_does_not_exist_is_an_error(name, tmp_path):
    with pytest.raises(data.DataError, match="root=.*/gone.*\n- no such folder"):
        data.load(name, root=tmp_path / "gone")


@pytest.mark.parametrize("name", ["auto", "mnist"])
def test_root_without_mnist_is_an_error(name, tmp_path):
    with pytest.raises(data.DataError, match="holds none of the four MNIST files"):
        data.load(name, root=tmp_path)


@pytest.mark.parametrize("name", ["auto", "mnist"])
def test_lenet_data_that_points_nowhere_is_an_error(name, tmp_path, monkeypatch):
    monkeypatch.setenv("LENET_DATA", str(tmp_path / "gone"))
    with pytest.raises(data.DataError, match="LENET_DATA=.*/gone.*\n- no such folder"):
        data.load(name)


def test_incomplete_folder_names_what_lacks(folder):
    (folder / TEST_LABELS).unlink()
    with pytest.raises(data.DataError, match=f"lacks {TEST_LABELS}"):
        data.load("auto", root=folder)


def relabel(content: bytes) -> bytes:
    return content[:-1] + bytes([10])


def fewer(content: bytes) -> bytes:
    return fake_mnist.idx_bytes(content[8:-1], len(content) - 9)


DAMAGE = {
    "truncated": (TRAIN_IMAGES, lambda c: c[:1000], "truncated: 1,000 bytes"),
    "empty": (TRAIN_IMAGES, lambda c: b"", "this is an empty file"),
    "too long": (TEST_LABELS, lambda c: c + b"\0", "too long: 29 bytes"),
    "labels for images": (TEST_IMAGES, lambda c: b"\0\0\x08\1" + c[4:], "magic 2049"),
    "a web page": (TEST_IMAGES, lambda c: b"<html><head></head>", "a web page"),
    "one bit flipped": (TRAIN_IMAGES, lambda c: c[:-1] + b"\xff", "not the published"),
    "label 10": (TRAIN_LABELS, relabel, "label 10 at index 39, expected 0 to 9"),
    "a label less": (TRAIN_LABELS, fewer, "40 images, but .* has 39 labels"),
    "no items": (TEST_LABELS, lambda c: c[:4] + bytes(4), "announces no items"),
    "other size": (TRAIN_IMAGES, lambda c: c[:8] + IDX_14x56 + c[16:], "14x56"),
    "gz truncated": (TRAIN_IMAGES, lambda c: fake_mnist.zip_(c)[:-9], "ends too early"),
    "gz damaged": (TRAIN_IMAGES, lambda c: flip(fake_mnist.zip_(c)), "damaged gzip"),
    "gz bomb": (
        TEST_LABELS,
        lambda c: fake_mnist.zip_(bytes(9999)),
        "too long: more than",
    ),
}
IDX_14x56 = bytes([0, 0, 0, 14, 0, 0, 0, 56])


def flip(zipped: bytes) -> bytes:
    """The checksum at the end of a gzip stream, changed."""
    return zipped[:-8] + bytes([zipped[-8] ^ 1]) + zipped[-7:]


@pytest.mark.parametrize("where", ["root=", "LENET_DATA="])
@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_file_is_named_and_never_replaced_by_digits(
    files, folder, monkeypatch, damage, where
):
    name, change, complaint = DAMAGE[damage]
    (folder / name).write_bytes(change(files[name]))
    monkeypatch.setenv("LENET_DATA", str(folder))
    root = folder if where == "root=" else None
    with pytest.raises(data.DataError, match=complaint) as caught:
        data.load("auto", root=root)
    message = str(caught.value)
    assert message.startswith(f"{where}{folder} cannot be used.")
    assert str(folder / name) in message or damage == "a label less"
    assert "What to do" in message


def test_a_pipe_under_a_files_name_is_not_waited_for(folder):
    name = next(iter(download.FILES))
    (path,) = folder.rglob(f"{name}*")
    path.unlink()
    os.mkfifo(path.with_suffix(""))
    with pytest.raises(data.DataError, match=f"{name}.*not a file"):
        data.load(root=folder)


def test_a_folder_that_may_not_be_read_is_named_as_that(folder, monkeypatch):
    def refused(path="."):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "listdir", refused)
    with pytest.raises(data.DataError, match="(?s)root=.*Permission denied"):
        data.load(root=folder)


def test_the_home_of_an_unknown_user_is_named(monkeypatch):
    monkeypatch.setenv("LENET_DATA", "~nosuchuser/x")
    with pytest.raises(
        data.DataError, match="(?s)LENET_DATA=~nosuchuser/x cannot.*home"
    ):
        data.load()


def test_a_user_without_a_home_gets_the_digits(monkeypatch, capsys):
    def nowhere(*_, **__):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(places.platformdirs, "user_cache_path", nowhere)
    assert data.load().name == "digits"
    assert places.cache_folder().name.startswith("lenet-inside-out-")


def test_unreadable_file_is_named(folder):
    (folder / TEST_LABELS).unlink()
    (folder / TEST_LABELS).mkdir()
    with pytest.raises(data.DataError, match=f"{TEST_LABELS}: cannot be read"):
        data.load("mnist", root=folder)


def test_damaged_cache_without_network_is_reported(files, capsys):
    raw = places.cache_folder() / "MNIST" / "raw"
    write(raw, files)
    (raw / TRAIN_LABELS).write_bytes(b"\0")
    with pytest.raises(data.DataError, match=f"{TRAIN_LABELS}: truncated"):
        data.load("mnist")
    assert data.load("auto").name == "digits"
    assert "No MNIST" in capsys.readouterr().out


def test_idx_header_that_is_cut_off_is_truncated():
    with pytest.raises(data.DataError, match="the header alone has 16"):
        idx.parse(b"\0\0\x08\3\0\0\0\1", ndim=3)
