"""A tiny MNIST in the published format, and a server that can misbehave."""

import contextlib
import gzip
import hashlib
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from lenet_helpers.data.download import Published

COUNTS = {"train": 40, "t10k": 20}


def idx_bytes(items: bytes, *shape: int) -> bytes:
    """``items`` behind an IDX header, written independently of the reader."""
    return (
        struct.pack(">HBB", 0, 8, len(shape))
        + struct.pack(f">{len(shape)}I", *shape)
        + items
    )


def make() -> dict[str, bytes]:
    """The unzipped content of the four files: 40 training and 20 test digits."""
    files = {}
    for split, count in COUNTS.items():
        pixels = bytes((7 * i + len(split)) % 256 for i in range(count * 28 * 28))
        files[f"{split}-images-idx3-ubyte"] = idx_bytes(pixels, count, 28, 28)
        labels = bytes(i % 10 for i in range(count))
        files[f"{split}-labels-idx1-ubyte"] = idx_bytes(labels, count)
    return files


def zip_(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def describe(files: dict[str, bytes]) -> dict[str, Published]:
    """What ``download.FILES`` would say had these files been published."""
    return {
        name: Published(
            len(zip_(content)),
            hashlib.md5(zip_(content)).hexdigest(),
            len(content),
            hashlib.sha256(content).hexdigest(),
        )
        for name, content in files.items()
    }


@contextlib.contextmanager
def serve(answer):
    """Yield the address of a local server; ``answer(handler, name)`` does the talking.

    ``handler`` has .reply(body), .wfile and .requests, the names asked for so far.
    """
    requests = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            name = self.path.rsplit("/", 1)[-1]
            requests.append(name)
            with contextlib.suppress(ConnectionError):
                answer(self, name.removesuffix(".gz"))

        def reply(self, body: bytes, status: int = 200, length: int | None = None):
            self.send_response(status)
            self.send_header("Content-Length", str(length or len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.requests = requests
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    server.address = f"http://127.0.0.1:{server.server_port}/"
    try:
        yield server
    finally:
        server.shutdown()
        server.socket.close()
