"""Build the book in _build/html, whole or not at all, and serve it if a port is named.

    python3 -m tools.build_book [PORT]

Sphinx writes into _build/draft; a whole book is then moved to _build/html in one step,
with a digest of all that it was made from and of all its files. While that digest
holds there is nothing to do. Otherwise the book is built from nothing: Sphinx would
render only the pages that changed, and leave old titles, links and missing targets on
the others.
"""

import errno
import hashlib
import os
import re
import shutil
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tools.environment import BOOK, ensure, python
from tools.trouble import ROOT, Trouble, locked, run, telling

NOT_READ = {"_build", "build", "docs", "runs", "tests", "__pycache__"}
JUPYTER_BOOK = "from jupyter_book.cli.main import main; main()"
OPTIONS = ["--quiet", "--warningiserror", "--keep-going", "--nitpick"]
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def build(root: Path, lock: int) -> Path:
    """The folder of the whole book, built anew unless it is up to date.

    Raises:
        Trouble: Sphinx failed or warned; what it said goes with it.
    """
    html, draft = root / "_build" / "html", root / "_build" / "draft"
    if draft.exists():
        shutil.rmtree(draft)
    environment = (root / ".venv" / ".state").read_text()
    made_from = digest(root, environment)
    if not is_whole(html, made_from):
        made = sphinx(root, draft, lock)
        (made / ".digest").write_text(made_from + digest(made))
        if html.exists():
            html.rename(draft / "before")
        made.rename(html)
        shutil.rmtree(draft)
    return html


def is_whole(html: Path, made_from: str) -> bool:
    """Whether the book is of these sources, and every file as it was made."""
    try:
        return (html / ".digest").read_text() == made_from + digest(html)
    except OSError:
        return False


def sphinx(root: Path, draft: Path, lock: int) -> Path:
    """Let Jupyter Book build in ``draft``: the folder of its pages."""
    print("Building the book", flush=True)
    command = [str(python(root)), "-c", JUPYTER_BOOK, "build", *OPTIONS]
    done, words = run([*command, "--path-output", str(draft), str(root)], lock)
    if not done:
        raise Trouble(
            "The book was not built; the lines above say why. "
            "(If a module is missing there: rm -rf .venv, then make book.)",
            COLOUR.sub("", words),
        )
    return draft / "_build" / "html"


def digest(folder: Path, *words: str) -> str:
    """Of names and contents of all files in a folder, and of these words."""
    whole = hashlib.sha256(repr(words).encode())
    for path in files(folder):
        whole.update(path.relative_to(folder).as_posix().encode() + b"\0")
        with open(path, "rb") as file:
            whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()


def files(folder: Path) -> Iterator[Path]:
    """All files in a fixed order; not hidden ones, nor what no page is made of."""
    for place, folders, names in os.walk(folder):
        kept = [f for f in folders if f not in NOT_READ and f[0] != "."]
        folders[:] = sorted(f for f in kept if not f.endswith(".egg-info"))
        paths = (Path(place, name) for name in sorted(names) if name[0] != ".")
        yield from (path for path in paths if path.is_file())


def listen(port: str) -> ThreadingHTTPServer:
    """A server that holds the port; whoever calls waits until it serves.

    Raises:
        Trouble: it is no port, or not to be had.
    """
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise Trouble(f"PORT={port} is not a port number: 1 to 65535, such as 8000.")
    both = socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if both else socket.AF_INET
    server = ThreadingHTTPServer(("", int(port)), Quiet, bind_and_activate=False)
    server.socket.close()
    try:
        server.socket = socket.create_server(
            ("", int(port)), family=family, dualstack_ipv6=both
        )
    except PermissionError:
        raise Trouble(f"Port {port} is not yours; try: make serve PORT=8000") from None
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise Trouble(f"Port {port} is taken; try: make serve PORT=...") from None
    return server


class Quiet(SimpleHTTPRequestHandler):
    """Serves the book and keeps no log."""

    def __init__(self, *arguments) -> None:
        super().__init__(*arguments, directory=str(ROOT / "_build" / "html"))

    def log_message(self, *arguments) -> None:
        pass


def main() -> None:
    server = listen(sys.argv[1]) if len(sys.argv) > 1 else None
    with locked(ROOT) as lock:
        ensure(ROOT, BOOK, lock)
        html = build(ROOT, lock)
    print(f"The book: {html}/index.html", flush=True)
    if server:
        port = server.socket.getsockname()[1]
        print(f"http://localhost:{port}/   (Ctrl-C ends it)", flush=True)
        with suppress(KeyboardInterrupt):
            server.serve_forever()


if __name__ == "__main__":
    telling(main)
