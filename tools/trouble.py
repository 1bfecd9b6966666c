"""What the makers of book and environment share: one at a time, and one clear word."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class Trouble(Exception):
    """What is wrong and what to do, in one sentence; and what a tool said of it."""

    def __init__(self, sentence: str, said: str = "") -> None:
        super().__init__(sentence)
        self.said = said


@contextmanager
def locked(root: Path) -> Iterator[int]:
    """The folder for this make alone: another one waits.

    Yields the lock, for ``run``: a child that holds it too keeps it when its make is
    killed, so that nobody begins before the child has ended.

    Raises:
        Trouble: the folder cannot be written to.
    """
    import fcntl  # not on Windows, where some tools run all the same

    try:
        lock = os.open(root / ".make.lock", os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise Trouble(
            f"Nothing can be written in {root} ({error.strerror}): "
            "make the book in a copy of it that is yours to write."
        ) from None
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another make is at work here; waiting for its end.", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock
    finally:
        os.close(lock)


def run(command: list[str], lock: int, extra: dict | None = None) -> tuple[bool, str]:
    """Run a tool: whether it succeeded, and all that it said."""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=os.environ | (extra or {}),
        pass_fds=[lock],
    )
    return done.returncode == 0, done.stdout.strip()


def telling(main: Callable[[], None]) -> None:
    """Run ``main``; trouble ends the program with its sentence, and no traceback."""
    try:
        main()
    except Trouble as trouble:
        sys.exit("\n".join(filter(None, [trouble.said, str(trouble)])))
    except KeyboardInterrupt:
        sys.exit("Interrupted: the next make begins again what was unfinished.")
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            sys.exit("The disk is full: free some space, then make again.")
        sys.exit(f"{error.filename}: {error.strerror}. Is it yours to write?")
