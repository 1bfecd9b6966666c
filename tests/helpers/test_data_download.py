"""Downloads: a file in the cache is whole and right, whatever the network does."""

import multiprocessing
import os
import signal
import socket
import sys
import threading
import time

import pytest

from lenet_helpers import data
from lenet_helpers.data import download, places
from tests.helpers import fake_mnist

FILES = fake_mnist.make()
TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS = download.FILES
# Children of a server that has imported torch start fast, and have no threads yet.
processes = multiprocessing.get_context("spawn" if os.name == "nt" else "forkserver")
processes.set_forkserver_preload(["torch"])


def serve_files(handler, name):
    handler.reply(fake_mnist.zip_(FILES[name]))


@pytest.fixture(autouse=True)
def set_up(monkeypatch, tmp_path):
    """An empty cache, the tiny MNIST as the published one, and no other place."""
    monkeypatch.delenv("LENET_DATA", raising=False)
    monkeypatch.delenv("LENET_OFFLINE", raising=False)
    monkeypatch.delenv("LENET_QUIET", raising=False)
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(download, "FILES", fake_mnist.describe(FILES))


@pytest.fixture
def use(monkeypatch):
    """A function that makes its arguments the only mirrors."""
    return lambda *addresses: monkeypatch.setattr(
        download, "mirrors", lambda: list(addresses)
    )


def cached() -> dict[str, bytes]:
    """Everything in the cache folder, by name."""
    raw = places.cache_folder() / "MNIST" / "raw"
    return {path.name: path.read_bytes() for path in raw.iterdir()}


def test_download_is_verified_kept_and_not_repeated(use):
    with fake_mnist.serve(serve_files) as server:
        use(server.address)
        assert data.load("mnist").source == "download"
        assert cached() == FILES
        assert data.load("mnist").source == "user cache"
        assert sorted(server.requests) == sorted(f"{name}.gz" for name in FILES)


def test_only_what_lacks_or_is_damaged_is_fetched(use):
    with fake_mnist.serve(serve_files) as server:
        use(server.address)
        data.load("mnist")
        raw = places.cache_folder() / "MNIST" / "raw"
        (raw / TRAIN_IMAGES).write_bytes(b"half")
        (raw / TEST_LABELS).unlink()
        server.requests.clear()
        assert data.load("mnist").source == "download"
    assert sorted(server.requests) == [f"{TEST_LABELS}.gz", f"{TRAIN_IMAGES}.gz"]
    assert cached() == FILES


def test_next_mirror_gives_what_the_first_cannot(use):
    def one_file_only(handler, name):
        if name == TEST_LABELS:
            return serve_files(handler, name)
        handler.reply(b"forbidden", status=403)

    with (
        fake_mnist.serve(one_file_only) as bad,
        fake_mnist.serve(serve_files) as good,
    ):
        use(bad.address, good.address)
        assert data.load("mnist").source == "download"
    assert f"{TEST_LABELS}.gz" not in good.requests


def wrong_content(handler, name):
    handler.reply(fake_mnist.zip_(FILES[name][:-1] + b"\1"))


def login_page(handler, name):
    handler.reply(b"<html>Please log in</html>")


def cut_short(handler, name):
    body = fake_mnist.zip_(FILES[name])
    handler.reply(body[: len(body) // 2], length=len(body))


def endless(handler, name):
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(bytes(65_536))


def silent(handler, name):
    time.sleep(0.6)


def trickle(handler, name):
    handler.send_response(200)
    handler.end_headers()
    for byte in fake_mnist.zip_(FILES[name]):
        handler.wfile.write(bytes([byte]))
        time.sleep(0.02)


def forbidden(handler, name):
    handler.reply(b"", status=403)


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (wrong_content, "not the published file"),
        (login_page, "not the published file .a web page; 26 bytes"),
        (cut_short, "not the published file"),
        (endless, "not the published file"),
        (silent, "timed out"),
        (trickle, "not complete after"),
        (forbidden, "403"),
    ],
)
def test_bad_answer_is_reported_and_nothing_is_kept(
    use, monkeypatch, capsys, answer, complaint
):
    monkeypatch.setattr(download, "TIMEOUT", 0.3)
    monkeypatch.setattr(download, "DEADLINE", 0.3)
    with fake_mnist.serve(answer) as server:
        use(server.address)
        with pytest.raises(data.DataError, match=complaint) as caught:
            data.load("mnist")
        assert data.load("auto").name == "digits"
    assert server.address in str(caught.value)
    assert cached() == {}
    out = capsys.readouterr().out
    assert out.count("\n") == 1 and "the download failed" in out


def test_no_network_is_reported(use, monkeypatch):
    def no_name(*args, **kwargs):
        raise socket.gaierror("Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_name)
    use("http://one.invalid/", "http://two.invalid/")
    with pytest.raises(data.DataError, match="Name or service not known") as caught:
        data.load("mnist")
    assert "one.invalid" in str(caught.value) and "two.invalid" in str(caught.value)


def test_unwritable_cache_is_reported_before_any_download(use, capsys):
    places.cache_folder().parent.mkdir()
    places.cache_folder().write_text("a file where the folder should be")
    with fake_mnist.serve(serve_files) as server:
        use(server.address)
        with pytest.raises(data.DataError, match="cannot be written") as caught:
            data.load("mnist")
        assert data.load("auto").name == "digits"
    assert "XDG_CACHE_HOME" in str(caught.value)
    assert not server.requests
    assert "the cache folder cannot be written" in capsys.readouterr().out


def test_full_disk_is_reported_and_leaves_nothing(use, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with fake_mnist.serve(serve_files) as server:
        use(server.address)
        with pytest.raises(data.DataError, match="No space left on device"):
            data.load("mnist")
    assert cached() == {}


def test_one_line_announces_a_download_unless_quiet(use, monkeypatch, capfd):
    with fake_mnist.serve(serve_files) as server:
        use(server.address)
        data.load("mnist")
        said = capfd.readouterr()
        assert said.out.startswith("Downloading MNIST") and said.out.count("\n") == 1
        assert said.err == ""  # no progress bar where nobody watches
        for path in (places.cache_folder() / "MNIST" / "raw").iterdir():
            path.unlink()
        monkeypatch.setenv("LENET_QUIET", "1")
        data.load("mnist")
        assert capfd.readouterr() == ("", "")


def test_progress_is_shown_on_a_terminal(use, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with fake_mnist.serve(serve_files) as server:
        use(server.address)
        data.load("mnist")
    assert "%|" in capsys.readouterr().err


def test_checksums_and_mirrors_are_torchvisions(monkeypatch):
    datasets = pytest.importorskip("torchvision.datasets")
    monkeypatch.undo()
    ours = {f"{name}.gz": file.gz_md5 for name, file in download.FILES.items()}
    assert ours == dict(datasets.MNIST.resources)
    assert download.mirrors() == [*datasets.MNIST.mirrors, download.GOOGLE]


def test_mirrors_are_known_without_torchvision(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchvision.datasets", None)
    assert download.mirrors() == [*download.TORCHVISION, download.GOOGLE]


# Several processes


def load_in_child(environment: dict, address, published, die_before_move, results):
    """Load from ``address``; may kill itself between writing and moving."""
    os.environ.clear()  # it is that of the first test which started a child
    os.environ.update(environment)
    download.mirrors = lambda: [address]
    download.FILES = published
    if die_before_move:
        os.replace = lambda *paths: os.kill(os.getpid(), signal.SIGKILL)
    results.put(len(data.load("mnist").train))


@pytest.fixture
def start():
    """Start a child that loads; whatever still runs at the end is killed."""
    results, children = processes.Queue(), []

    def start(address, die_before_move=False):
        environment = dict(os.environ)
        arguments = (environment, address, download.FILES, die_before_move, results)
        children.append(processes.Process(target=load_in_child, args=arguments))
        children[-1].start()
        return children[-1], results

    yield start
    for child in children:
        child.kill()
        child.join()


def test_two_processes_may_download_at_once(start):
    both = threading.Barrier(2)

    def answer(handler, name):
        if name == TEST_LABELS:  # the first file: wait until both have asked
            both.wait(timeout=60)
        time.sleep(0.05)
        serve_files(handler, name)

    with fake_mnist.serve(answer) as server:
        start(server.address)
        child, results = start(server.address)
        assert [results.get(timeout=60) for _ in range(2)] == [40, 40]
        child.join()
    assert server.requests.count(f"{TEST_LABELS}.gz") == 2
    assert cached() == FILES


def test_download_killed_halfway_leaves_no_dataset(start, use):
    halfway, killed = threading.Event(), threading.Event()

    def stall(handler, name):
        if name != TRAIN_IMAGES or killed.is_set():
            return serve_files(handler, name)
        body = fake_mnist.zip_(FILES[name])
        handler.reply(body[: len(body) // 2], length=len(body))
        halfway.set()
        killed.wait(60)

    with fake_mnist.serve(stall) as server:
        child, _ = start(server.address)
        assert halfway.wait(60)
        child.kill()
        child.join()
        killed.set()
        assert TRAIN_IMAGES not in cached()
        with pytest.raises(data.DataError, match=f"lacks {TRAIN_IMAGES}"):
            data.load("mnist", download=False)
        use(server.address)
        assert data.load("mnist").source == "download"
    assert cached() == FILES


def test_what_a_kill_leaves_half_written_is_ignored_then_removed(start, use):
    with fake_mnist.serve(serve_files) as server:
        child, _ = start(server.address, die_before_move=True)
        child.join(60)
        assert child.exitcode == -signal.SIGKILL
        (part,) = cached()
        assert part.endswith(".part")
        with pytest.raises(data.DataError, match="holds none"):
            data.load("mnist", download=False)
        use(server.address)
        data.load("mnist")  # too young: its writer might be alive
        assert cached().keys() == {*FILES, part}
        long_ago = time.time() - 2 * download.STALE
        os.utime(places.cache_folder() / "MNIST" / "raw" / part, (long_ago, long_ago))
        data.load("mnist")
        assert cached() == FILES
