"""files.replace: the old file or the whole new one, whatever happens meanwhile."""

import os
import subprocess
import sys
import threading

import pytest

from lenet_helpers import files


def put(content: bytes):
    return lambda file: file.write(content)


def test_it_makes_the_folder_and_then_replaces_what_is_there(tmp_path):
    path = tmp_path / "a" / "b" / "c.txt"
    for content in (b"old", b"new"):
        files.replace(path, put(content))
        assert path.read_bytes() == content
    assert [*path.parent.iterdir()] == [path]


def test_others_may_read_it_as_any_new_file(tmp_path):
    files.replace(tmp_path / "ours", put(b""))
    (tmp_path / "plain").write_bytes(b"")
    modes = {(tmp_path / name).stat().st_mode for name in ("ours", "plain")}
    assert len(modes) == 1


@pytest.mark.parametrize("error", [ValueError, OSError, KeyboardInterrupt, SystemExit])
def test_a_failing_writer_leaves_the_old_file_and_no_draft(tmp_path, error):
    path = tmp_path / "c.txt"
    path.write_bytes(b"old")

    def half(file):
        file.write(b"ne")
        raise error

    with pytest.raises(error):
        files.replace(path, half)
    assert path.read_bytes() == b"old" and [*tmp_path.iterdir()] == [path]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file_and_no_draft(tmp_path, monkeypatch, step):
    path = tmp_path / "c.txt"
    path.write_bytes(b"old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, full)
    with pytest.raises(OSError, match="No space"):
        files.replace(path, put(b"new"))
    assert path.read_bytes() == b"old" and [*tmp_path.iterdir()] == [path]


def test_a_folder_that_cannot_be_made_is_an_oserror(tmp_path):
    (tmp_path / "a").write_text("a file where the folder should be")
    with pytest.raises(OSError):
        files.replace(tmp_path / "a" / "b.txt", put(b""))


def test_two_at_once_write_one_whole_file(tmp_path):
    path, both = tmp_path / "c.txt", threading.Barrier(2)
    contents = [bytes([letter]) * 100_000 for letter in b"ab"]

    def slowly(content):
        def write(file):
            file.write(content[:50_000])
            both.wait(timeout=10)  # each in the middle of its draft
            file.write(content[50_000:])

        files.replace(path, write)

    writers = [threading.Thread(target=slowly, args=(c,)) for c in contents]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert path.read_bytes() in contents and [*tmp_path.iterdir()] == [path]


def test_importing_it_does_not_import_torch(root):
    code = "import sys, lenet_helpers.files; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=root, check=True)


def test_drafts_of_killed_writers_are_swept_later_and_young_ones_left(tmp_path):
    path, old, young = (tmp_path / n for n in ("c", "c.1a2b.part", "c.3c4d.part"))
    old.write_bytes(b"half"), young.write_bytes(b"half")
    os.utime(old, (0, 0))
    files.replace(path, put(b"whole"))
    assert {*tmp_path.iterdir()} == {path, young}
