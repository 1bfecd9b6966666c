"""Run a reader's code so that it always comes back: in time, and with a result.

The code runs in a thread of its own while the caller waits. That holds on every
platform, touches no signal handler, and lets the caller return even when the code
sits in a blocking call or catches every exception: such a thread is abandoned. Only
an endless loop *inside* one C function that never releases Python's lock is beyond
any limit set from within the same process.
"""

import contextlib
import ctypes
import io
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

GRACE = 1.0  # seconds a thread gets to end after it was told to
KEPT = 400  # characters kept of what the code prints


class TimeLimit(BaseException):
    """Raised inside code that runs too long.

    Not an `Exception`, so that ``except Exception`` in that code does not eat it.
    """


@dataclass
class Ran:
    """What came of a run: a value, or the error that ended it; and what it printed."""

    value: Any = None
    error: BaseException | None = None
    printed: str = ""


class _Short(io.StringIO):
    """A text stream that keeps only its beginning: endless printing needs no memory."""

    def write(self, text: str) -> int:
        super().write(text[: max(0, KEPT - self.tell())])
        return len(text)


class _Worker(threading.Thread):
    def __init__(self, function: Callable[[], Any]) -> None:
        super().__init__(daemon=True)  # an abandoned one must not keep Python alive
        self.function, self.ran, self.done = function, Ran(), False

    def run(self) -> None:
        while not self.done:
            try:  # the limit may strike once more while the first one is handled
                try:
                    self.ran.value = self.function()
                except BaseException as error:
                    self.ran.error = error
            except TimeLimit as error:
                self.ran.error = error
            finally:
                self.done = True

    def stop(self) -> None:
        """Raise `TimeLimit` in the thread, again and again for `GRACE` seconds."""
        deadline, pause = time.monotonic() + GRACE, 0.2
        while self.is_alive() and time.monotonic() < deadline:
            if not self.done:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(self.ident or 0), ctypes.py_object(TimeLimit)
                )
            self.join(pause)
            pause = 0.001  # first time politely: `finally` blocks may need a moment


@contextlib.contextmanager
def _quiet(stream: io.StringIO):
    """Send what is printed to ``stream``; undo whatever the code did to sys.stdout."""
    before = sys.stdout, sys.stderr, sys.getrecursionlimit()
    sys.stdout = sys.stderr = stream
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before[:2]
        sys.setrecursionlimit(before[2])


def run(function: Callable[[], Any], seconds: float) -> Ran:
    """Call ``function`` for at most ``seconds``; never raises what it raises.

    A run that is too long has a `TimeLimit` as its error, one that the reader
    interrupts a `KeyboardInterrupt`.

    >>> run(lambda: 6 * 7, seconds=1).value
    42
    >>> def endless():
    ...     while True:
    ...         pass
    >>> run(endless, seconds=0.1).error
    TimeLimit()
    """
    printed = _Short()
    worker = _Worker(function)
    deadline = time.monotonic() + seconds
    with _quiet(printed):
        try:
            worker.start()
            while worker.is_alive() and time.monotonic() < deadline:
                worker.join(0.05)  # in slices: on Windows a wait hides Ctrl-C
            late = worker.is_alive() and not worker.done
        except KeyboardInterrupt as stop:
            worker.stop()
            return Ran(error=stop, printed=printed.getvalue())
        if late:
            worker.stop()
            # What was stopped may still have said where it was: an ordinary error.
            if not isinstance(worker.ran.error, Exception):
                return Ran(error=TimeLimit(), printed=printed.getvalue())
    worker.ran.printed = printed.getvalue()
    return worker.ran
