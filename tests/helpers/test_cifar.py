"""data.load_cifar10: three forms of CIFAR-10, the stand-in, and damaged input."""

import hashlib
import io
import os
import pickle
import shutil
import struct
import tarfile
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from lenet_helpers import data
from lenet_helpers.data import cifar, cifar_files, download, places

TAR = Path(os.environ.get("LENET_DATA") or ".") / "cifar10-jpeg.tar.xz"
COLOURS = np.random.default_rng(0).integers(0, 256, (10, 3, 2, 32, 32, 3), np.uint8)


@pytest.fixture(autouse=True)
def nowhere(monkeypatch, tmp_path):
    """No data on this machine, no network: each test says what there is."""
    for name in ("LENET_DATA", "LENET_CIFAR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LENET_OFFLINE", "1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(cifar_files, "PICTURES", {"train": 3, "test": 2})


@pytest.fixture
def pictures(tmp_path) -> Path:
    """A folder of PNGs: three training and two test pictures a class."""
    folder = tmp_path / "mine"
    for label, name in enumerate(cifar_files.CLASSES):
        for part, count in (("train", 3), ("test", 2)):
            place = folder / part / name
            place.mkdir(parents=True)
            for i in range(count):
                image = Image.fromarray(COLOURS[label, i, int(part == "test")])
                image.save(place / f"{i:04}.png")
    return folder


def pack(folder: Path, target: Path, prefix: str) -> Path:
    with tarfile.open(target, "w:xz" if target.suffix == ".xz" else "w") as tar:
        tar.add(folder, prefix)
    return target


def expected(part: str) -> set[tuple[int, bytes]]:
    count, test = (3, 0) if part == "train" else (2, 1)
    return {
        (label, COLOURS[label, i, test].tobytes())
        for label in range(10)
        for i in range(count)
    }


def found(images: data.ImageData, part: str) -> set[tuple[int, bytes]]:
    """Each picture as bytes again, with its label."""
    x, y = getattr(images, part).tensors
    pixels = (images.denormalise(x) * 255).round().byte().permute(0, 2, 3, 1)
    return {
        (int(label), pixel.numpy().tobytes())
        for label, pixel in zip(y, pixels, strict=True)
    }


@pytest.fixture
def batches(monkeypatch, tmp_path) -> Path:
    """torchvision's folder with six tiny batches, which count as published."""
    folder = tmp_path / "tv" / cifar_files.FOLDER
    folder.mkdir(parents=True)
    sums = {}
    for i, name in enumerate(cifar_files.BATCHES):
        rows = np.arange(20 * 3072).reshape(20, 3072) * (i + 3) % 251
        batch = {"data": rows.astype(np.uint8), "labels": [j % 10 for j in range(20)]}
        content = pickle.dumps(batch)
        (folder / name).write_bytes(content)
        sums[name] = hashlib.md5(content).hexdigest()
    monkeypatch.setattr(cifar_files, "BATCHES", sums)
    return folder


@pytest.fixture
def archive(batches, monkeypatch) -> bytes:
    """The batches as the archive that is downloaded, which counts as published."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as tar:
        tar.add(batches, cifar_files.FOLDER)
    content = target.getvalue()
    monkeypatch.setattr(cifar_files, "ARCHIVE_MD5", hashlib.md5(content).hexdigest())
    monkeypatch.setattr(cifar_files, "ARCHIVE_SIZE", len(content))
    return content


# The three forms


@pytest.mark.parametrize("form", ["folder", "tar", "tar.xz"])
def test_pictures_come_out_with_their_labels(pictures, tmp_path, form):
    root = pictures
    if form != "folder":
        root = pack(pictures, tmp_path / f"my.{form}", prefix="any/where")
    loaded = data.load_cifar10(root=root)
    assert loaded.train.tensors[0].dtype == torch.float32
    assert loaded.train.tensors[1].dtype == torch.int64
    assert found(loaded, "train") == expected("train")
    assert found(loaded, "test") == expected("test")
    assert loaded.source.startswith("root: ")


def test_pixels_are_normalised_by_the_training_pixels_of_each_channel(pictures):
    loaded = data.load_cifar10(root=pictures)
    plain = COLOURS[:, :, 0].reshape(-1, 3) / 255
    np.testing.assert_allclose(loaded.mean, plain.mean(0), atol=1e-9)
    np.testing.assert_allclose(loaded.std, plain.std(0), atol=1e-9)
    x = loaded.train.tensors[0].double()
    assert x.mean((0, 2, 3)).abs().max() < 1e-5
    assert (x.std((0, 2, 3), correction=0) - 1).abs().max() < 1e-5


def test_pictures_are_in_a_fixed_mixed_order(pictures, tmp_path):
    labels = data.load_cifar10(root=pictures).train.tensors[1]
    assert len(labels[:8].unique()) > 3  # not class by class
    tar = pack(pictures, tmp_path / "my.tar", prefix=".")
    assert data.load_cifar10(root=tar).train.tensors[1].equal(labels)


def test_decoded_pictures_are_kept_until_the_source_changes(pictures, monkeypatch):
    first = data.load_cifar10(root=pictures)
    kept = list(places.cache_folder().glob("cifar10-*.pt"))
    assert len(kept) == 1 and not list(places.cache_folder().glob("tmp*"))
    with monkeypatch.context() as patch:
        patch.setattr(cifar_files, "_decode", None)  # must not be needed
        again = data.load_cifar10(root=pictures)
    assert again.train.tensors[0].equal(first.train.tensors[0])
    Image.new("RGB", (32, 32)).save(pictures / "train" / "cat" / "0000.png")
    changed = data.load_cifar10(root=pictures).train.tensors[0]
    assert not changed.equal(first.train.tensors[0])
    (kept,) = {*places.cache_folder().glob("cifar10-*.pt")} - {*kept}
    for damaged in (b"damaged", [torch.zeros(3)] * 4, [torch.zeros(2, 3, 9, 9)] * 4):
        if isinstance(damaged, bytes):
            kept.write_bytes(damaged)
        else:
            torch.save(damaged, kept)
        again = data.load_cifar10(root=pictures).train.tensors[0]
        assert again.equal(changed)


@pytest.mark.parametrize("layout", ["inside", "above"])
def test_published_batches_are_read_as_torchvision_reads_them(batches, layout):
    loaded = data.load_cifar10(root=batches if layout == "inside" else batches.parent)
    assert (len(loaded.train), len(loaded.test)) == (100, 20)
    first = pickle.loads((batches / "data_batch_1").read_bytes())
    rows = first["data"].reshape(-1, 3, 32, 32)  # red, green, blue, row by row
    pixels = loaded.denormalise(loaded.train.tensors[0][:20]) * 255
    np.testing.assert_allclose(pixels.numpy(), rows, atol=1e-3)
    assert loaded.train.tensors[1][:20].tolist() == first["labels"]


def test_checksums_are_those_of_torchvision():
    from torchvision.datasets import CIFAR10

    assert dict(CIFAR10.train_list + CIFAR10.test_list) == cifar_files.BATCHES
    assert CIFAR10.tgz_md5 == cifar_files.ARCHIVE_MD5
    assert CIFAR10.url == cifar.ADDRESS


@pytest.mark.skipif(not TAR.exists(), reason="LENET_DATA holds no CIFAR-10")
def test_the_real_thing_is_found_in_lenet_data(monkeypatch):
    monkeypatch.setenv("LENET_DATA", str(TAR.parent))
    monkeypatch.undo()  # all pictures; the user's own cache, as decoding takes long
    loaded = data.load_cifar10(download=False)
    assert loaded.train.tensors[1].bincount().tolist() == [5000] * 10
    assert loaded.test.tensors[1].bincount().tolist() == [1000] * 10
    assert loaded.mean == pytest.approx((0.4914, 0.4822, 0.4465), abs=5e-4)
    assert loaded.std == pytest.approx((0.2470, 0.2435, 0.2616), abs=3e-3)


# Download


def serve_from_memory(monkeypatch, content):
    monkeypatch.setenv("LENET_OFFLINE", "0")
    asked = []

    def urlopen(request, timeout):
        asked.append(request.full_url)
        if isinstance(content, Exception):
            raise content
        return io.BytesIO(content)

    monkeypatch.setattr(download, "urlopen", urlopen)
    return asked


def test_a_download_is_checked_kept_and_not_repeated(archive, monkeypatch, capsys):
    asked = serve_from_memory(monkeypatch, archive)
    assert data.load_cifar10("cifar10").source == "download: published archive"
    assert "170 MB" in capsys.readouterr().out
    assert [p.name for p in places.cache_folder().iterdir()] == [cifar_files.ARCHIVE]
    assert data.load_cifar10("cifar10").source == "user cache: published archive"
    assert asked == [cifar.ADDRESS]


@pytest.mark.parametrize("answer", [b"<html>", OSError("no route")])
def test_a_bad_download_leaves_nothing_behind(monkeypatch, answer, capsys):
    serve_from_memory(monkeypatch, answer)
    with pytest.raises(data.DataError, match="download: https.*(checksum|no route)"):
        data.load_cifar10("cifar10")
    assert not places.cache_folder().exists()
    assert data.load_cifar10().name == "shapes"
    assert "the download failed" in capsys.readouterr().out


def test_a_damaged_archive_in_the_cache_is_fetched_again(archive, monkeypatch):
    kept = places.cache_folder() / cifar_files.ARCHIVE
    kept.parent.mkdir(parents=True)
    kept.write_bytes(archive[:-100])
    serve_from_memory(monkeypatch, archive)
    assert data.load_cifar10().name == "cifar10"
    assert kept.read_bytes() == archive


@pytest.mark.parametrize("how", [{"LENET_OFFLINE": "1"}, {"download": False}])
def test_no_network_when_it_is_forbidden(monkeypatch, how):
    asked = serve_from_memory(monkeypatch, b"")
    monkeypatch.setenv("LENET_OFFLINE", how.get("LENET_OFFLINE", "0"))
    with pytest.raises(data.DataError, match="not tried"):
        data.load_cifar10("cifar10", download=how.get("download", True))
    assert not asked


# Where it looks


def test_places_are_tried_in_order(pictures, batches, tmp_path, monkeypatch):
    monkeypatch.setenv("LENET_DATA", str(tmp_path))  # holds no CIFAR-10
    assert data.load_cifar10().name == "shapes"
    pack(pictures, tmp_path / "cifar10-mine.tar", prefix="cifar10")
    assert data.load_cifar10().source == "LENET_DATA: tar of pictures"
    monkeypatch.setenv("LENET_CIFAR", str(batches))
    assert data.load_cifar10().source == "LENET_CIFAR: published batches"
    assert data.load_cifar10(root=pictures).source == "root: picture folder"


def test_without_cifar_it_says_so_in_one_line_or_names_every_place(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("LENET_DATA", str(tmp_path))
    assert data.load_cifar10().name == "shapes"
    line = capsys.readouterr().out
    assert line.count("\n") == 1 and "drawn by code" in line
    with pytest.raises(data.DataError) as caught:
        data.load_cifar10("cifar10")
    message = str(caught.value)
    for words in (f"LENET_DATA ({tmp_path})", "user cache", "LENET_OFFLINE is set"):
        assert words in message
    assert "What to do" in message and "LENET_CIFAR" in message


# The stand-in


def test_shapes_are_the_same_every_time_balanced_and_not_all_alike():
    first, second = data.load_cifar10("shapes"), data.load_cifar10("shapes")
    x, y = first.train.tensors
    assert x.equal(second.train.tensors[0])
    assert y.bincount().tolist() == [300] * 10
    assert first.test.tensors[1].bincount().tolist() == [100] * 10
    assert not x[:1000].equal(first.test.tensors[0])
    assert len(first.classes) == 10 and first.source == "drawn by code"


# Bad input


def change(pictures: Path, what: str) -> None:
    cat = pictures / "train" / "cat"
    if what == "unknown class":
        cat.rename(pictures / "train" / "lion")
    elif what == "class without pictures":
        for path in cat.iterdir():
            path.unlink()
    elif what == "no test set":
        for path in (pictures / "test").rglob("*.png"):
            path.unlink()
    elif what == "other size":
        Image.new("RGB", (28, 28)).save(cat / "0000.png")
    elif what == "not a picture":
        (cat / "0000.png").write_text("<html>")
    elif what == "one too few":
        (cat / "0000.png").unlink()
    elif what == "a copy of the test set":
        shutil.copytree(pictures / "test", pictures / "backup" / "train")
    elif what == "a bomb by its header":
        content = (cat / "0000.png").read_bytes()
        head = b"IHDR" + struct.pack(">II", 60_000, 60_000) + content[24:29]
        start = content[:12] + head + struct.pack(">I", zlib.crc32(head))
        (cat / "0000.png").write_bytes(start + content[33:])
    elif what == "a bomb by its text":
        text = b"zTXt" + b"k\0\0" + zlib.compress(bytes(5_000_000))
        chunk = struct.pack(">I", len(text) - 4) + text
        chunk += struct.pack(">I", zlib.crc32(text))
        content = (cat / "0000.png").read_bytes()
        (cat / "0000.png").write_bytes(content[:33] + chunk + content[33:])
    elif what == "a file of zeros":
        (cat / "0000.png").write_bytes(bytes(200_000))
    elif what == "truncated picture":
        content = (cat / "0000.png").read_bytes()
        (cat / "0000.png").write_bytes(content[:500])


BAD = {
    "unknown class": "train/lion/.*'lion' is none of airplane",
    "class without pictures": "not all of CIFAR-10: 0 pictures in train/cat/, not 3",
    "no test set": "no picture in test/",
    "one too few": "2 pictures in train/cat/",
    "a copy of the test set": "pictures in backup/train/ and in train/|train/ and in",
    "a bomb by its header": "train/cat/0000.png: not a picture",
    "a bomb by its text": "train/cat/0000.png: not a picture",
    "a file of zeros": "train/cat/0000.png: 200,000 bytes are too many",
    "other size": "train/cat/0000.png: 28x28 pixels, not 32x32",
    "not a picture": "train/cat/0000.png: not a picture",
    "truncated picture": "train/cat/0000.png: not a picture",
}


@pytest.mark.parametrize("where", ["root", "LENET_CIFAR", "LENET_DATA"])
@pytest.mark.parametrize("what", BAD)
def test_bad_pictures_are_named_and_never_replaced_by_shapes(
    pictures, monkeypatch, what, where
):
    change(pictures, what)
    if where != "root":
        monkeypatch.setenv(where, str(pictures))
    with pytest.raises(data.DataError, match=BAD[what]) as caught:
        data.load_cifar10(root=pictures if where == "root" else None)
    message = str(caught.value)
    assert message.startswith(f"{where}={pictures} cannot be used.")
    assert "What to do" in message
    assert not list(places.cache_folder().glob("*.pt"))


@pytest.mark.parametrize("form", ["gz", "xz", "bz2"])
def test_no_flipped_bit_of_a_packed_tar_gives_other_pixels(pictures, tmp_path, form):
    whole = tmp_path / f"my.tar.{form}"
    with tarfile.open(whole, f"w:{form}") as tar:
        tar.add(pictures, ".")
    content, broken = whole.read_bytes(), tmp_path / f"broken.tar.{form}"
    for at in range(100, len(content) - 20, len(content) // 25):
        flipped = bytes([content[at] ^ 16])
        broken.write_bytes(content[:at] + flipped + content[at + 1 :])
        with pytest.raises(data.DataError):
            data.load_cifar10(root=broken)


def test_a_picture_that_was_added_again_counts_as_it_is_last(pictures, tmp_path):
    tar = pack(pictures, tmp_path / "my.tar", prefix=".")
    name = "train/cat/0000.png"
    Image.new("RGB", (32, 32), "white").save(pictures / name)
    with tarfile.open(tar, "a") as more:
        more.add(pictures / name, f"./{name}")
    assert (3, b"\xff" * 3072) in found(data.load_cifar10(root=tar), "train")


def test_a_tar_bomb_is_refused_by_its_size(tmp_path):
    bomb = tmp_path / "bomb.tar.gz"
    with tarfile.open(bomb, "w:gz") as tar:
        member = tarfile.TarInfo("train/cat/9999.png")
        member.size = 20_000_000
        tar.addfile(member, io.BytesIO(bytes(member.size)))
    with pytest.raises(data.DataError, match="20,000,000 bytes are too many"):
        data.load_cifar10(root=bomb)


def test_bad_places_are_named(pictures, batches, tmp_path):
    def complaint(root: Path) -> str:
        with pytest.raises(data.DataError) as caught:
            data.load_cifar10(root=root)
        return str(caught.value)

    assert "no such file or folder" in complaint(tmp_path / "gone")
    (tmp_path / "empty").mkdir()
    assert "holds neither the batches" in complaint(tmp_path / "empty")
    (tmp_path / "notes.tar").write_text("not a tar")
    assert "not a whole tar archive" in complaint(tmp_path / "notes.tar")
    whole = pack(pictures, tmp_path / "whole.tar.xz", prefix="c").read_bytes()
    (tmp_path / "half.tar.xz").write_bytes(whole[: len(whole) // 2])
    assert "not a whole tar archive" in complaint(tmp_path / "half.tar.xz")
    (batches / "data_batch_2").write_bytes(b"a pickle that nobody published")
    assert "not the published data_batch_2: MD5" in complaint(batches)
    (batches / "test_batch").unlink()
    assert "lacks test_batch" in complaint(batches)


def test_an_unpublished_pickle_is_never_run(batches):
    class Trap:
        def __reduce__(self):
            return (pytest.fail, ("the pickle was run",))

    (batches / "data_batch_1").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(data.DataError, match="not the published data_batch_1"):
        data.load_cifar10(root=batches)


def test_unknown_name_lists_the_known_ones():
    with pytest.raises(data.DataError, match='"auto", "cifar10" or "shapes"'):
        data.load_cifar10("cifar")
