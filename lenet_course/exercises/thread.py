"""Run a reader's code in a thread, for a limited time, with what it prints kept.

The caller waits. That holds on every platform, touches no signal handler, and lets the
caller go on even when the code sits in a blocking call or catches every exception: such
a thread is left behind, and sleeps for ever as soon as it runs again and will not end.
Only an endless C function that keeps Python's lock is beyond it; see `limit`.
"""

import contextlib
import ctypes
import io
import math
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lenet_course.exercises import state

GRACE = 1.0  # seconds the caller waits for a run that was told to end
ENOUGH = 10  # times that it is told; code that catches more would never end
KEPT = 400  # characters kept of what the code prints
DIED = "Died"


class TimeLimit(BaseException):
    """Raised inside code that runs too long.

    Not an `Exception`, so that ``except Exception`` in that code does not eat it. It is
    made in the thread that it strikes: one that catches it again and again stays in
    here, asleep, and costs nothing any more.
    """

    def __init__(self) -> None:
        super().__init__()
        worker = threading.current_thread()
        if isinstance(worker, _Worker):
            worker.struck += 1
            while worker.is_beyond_hope():
                time.sleep(3600)


@dataclass
class Ran:
    """What came of a run: a value and no error, or the name of the error that ended it
    and what it says; and what was printed. A run that tells nothing died."""

    value: Any = None
    error: str = DIED
    said: str = ""
    printed: str = ""


class Short(io.TextIOBase):
    """A text stream that keeps only its beginning, and that nobody can close."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        self.text += text[: KEPT - len(self.text)]
        return len(text)

    def close(self) -> None:
        pass


class _Worker(threading.Thread):
    def __init__(self, function: Callable[[], Any]) -> None:
        super().__init__(daemon=True)  # an abandoned one must not keep Python alive
        self.function, self.ran, self.done = function, Ran(), False
        self.struck = 0  # times that `TimeLimit` was raised in it

    def _ended_by(self, error: BaseException) -> None:
        self.ran = Ran(error=type(error).__name__)
        with contextlib.suppress(BaseException):  # the error is the reader's, too
            self.ran.said = str(error)[:2000]

    def run(self) -> None:
        while not self.done:
            try:  # the limit may strike once more while the first one is handled
                try:
                    self.ran = Ran(self.function(), error="")
                except BaseException as error:
                    self._ended_by(error)
            except TimeLimit as error:
                self._ended_by(error)
            finally:
                self.done = True

    def is_beyond_hope(self) -> bool:
        """Whether it was told often enough; what has ended is left in peace."""
        return self.struck > ENOUGH and not self.done

    def stop(self) -> None:
        """Wait for its end, for `GRACE` seconds at most."""
        self._strike(time.monotonic() + GRACE)
        with contextlib.suppress(RuntimeError):  # no room for another thread
            threading.Thread(target=self._strike, daemon=True).start()

    def _strike(self, until: float = math.inf) -> None:
        """Raise `TimeLimit` in it, again and again, until it ends or sleeps."""
        pause = 0.2  # first time politely: `finally` blocks may need a moment
        while self.is_alive() and not self.is_beyond_hope():
            if time.monotonic() > until:
                break
            if not self.done:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(self.ident or 0), ctypes.py_object(TimeLimit)
                )
            self.join(pause)
            pause = 0.01


@contextlib.contextmanager
def _quiet(stream: io.TextIOBase):
    """Send what is printed to ``stream``; undo whatever the code did to sys.stdout."""
    before = sys.stdout, sys.stderr
    sys.stdout = sys.stderr = stream
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def in_a_thread(function: Callable[[], Any], seconds: float) -> Ran:
    printed = Short()
    worker = _Worker(function)
    deadline = time.monotonic() + seconds
    with _quiet(printed), state.known():
        try:
            worker.start()
            while worker.is_alive() and time.monotonic() < deadline:
                worker.join(0.05)  # in slices: on Windows a wait hides Ctrl-C
            late = worker.is_alive() and not worker.done
        except KeyboardInterrupt:
            worker.stop()
            return Ran(error="KeyboardInterrupt", printed=printed.text)
        if late:
            worker.stop()
            # What was stopped may still have said where it was: an ordinary error.
            if worker.ran.error in ("", DIED, TimeLimit.__name__):
                return Ran(error=TimeLimit.__name__, printed=printed.text)
    worker.ran.printed = printed.text
    return worker.ran
