"""Run a reader's code so that it always comes back: in time, and with a result.

Where the system can copy a process (Linux), the code runs in a copy of this one. What
it does there stays there: printing, global settings, threads, a crash, memory without
end; and at the end the copy is killed, even inside a C function that never lets go.
A copy has no GPU, so where there is one, and on Windows and macOS, the code runs in a
thread of this process. Such a thread is stopped, or left behind when it does not stop;
only an endless C function that keeps Python's lock is then beyond any limit.
"""

import contextlib
import ctypes
import faulthandler
import io
import json
import os
import select
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import torch

from lenet_course.exercises import state

GRACE = 1.0  # seconds a run gets to end after it was told to
SLACK = 0.5  # seconds more that a copy gets to be born and to tell
KEPT = 400  # characters kept of what the code prints
MEMORY = 4 << 30  # bytes that a copy may use beyond what it is born with
DIED = "Died"  # the error of a run that ended its copy of the process

_one_at_a_time = threading.Lock()  # sys.stdout is everybody's


class TimeLimit(BaseException):
    """Raised inside code that runs too long.

    Not an `Exception`, so that ``except Exception`` in that code does not eat it.
    """


@dataclass
class Ran:
    """What came of a run: a value, or the name of the error that ended it and what it
    says; and what was printed."""

    value: Any = None
    error: str = ""
    said: str = ""
    printed: str = ""

    def ended_by(self, error: BaseException) -> None:
        self.value, self.error = None, type(error).__name__
        with contextlib.suppress(BaseException):  # the error is the reader's, too
            self.said = str(error)


class _Short(io.TextIOBase):
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

    def run(self) -> None:
        while not self.done:
            try:  # the limit may strike once more while the first one is handled
                try:
                    self.ran.value = self.function()
                except BaseException as error:
                    self.ran.ended_by(error)
            except TimeLimit as error:
                self.ran.ended_by(error)
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
def _quiet(stream: io.TextIOBase):
    """Send what is printed to ``stream``; undo whatever the code did to sys.stdout."""
    before = sys.stdout, sys.stderr
    sys.stdout = sys.stderr = stream
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def _in_a_thread(function: Callable[[], Any], seconds: float) -> Ran:
    printed = _Short()
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
            if worker.ran.error in ("", TimeLimit.__name__):
                return Ran(error=TimeLimit.__name__, printed=printed.text)
    worker.ran.printed = printed.text
    return worker.ran


def _live_in_the_copy(function: Callable[[], Any], seconds: float, out: int) -> None:
    """What the copy does, and all it does: it never gets to the code of its caller."""
    try:
        os.setsid()  # to be killed with all that it starts; no Ctrl-C reaches it
        null = os.open(os.devnull, os.O_RDWR)
        for standard in range(3):
            os.dup2(null, standard)
        faulthandler.disable()  # a crash is told by a verdict
        torch.set_num_threads(1)  # the threads of a pool are not copied with it
        _bound_memory()
        ran = _in_a_thread(function, seconds)
        os.write(out, json.dumps(asdict(ran)).encode() + b"\n")
    finally:
        os._exit(0)


def _bound_memory() -> None:
    import resource  # only where processes can be copied

    with contextlib.suppress(OSError, ValueError):
        with open("/proc/self/statm") as file:
            now = int(file.read().split()[0]) * resource.getpagesize()
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (now + MEMORY, hard))


def _in_a_copy(function: Callable[[], Any], seconds: float) -> Ran:
    """Raises OSError where the system has no room for another process."""
    heard, out = os.pipe()
    try:
        with warnings.catch_warnings():  # Python warns where there are threads
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if not child:
            _live_in_the_copy(function, seconds, out)
    finally:
        os.close(out)
    try:
        return _listen(heard, time.monotonic() + seconds + GRACE + SLACK)
    except KeyboardInterrupt:
        return Ran(error="KeyboardInterrupt")
    finally:
        os.close(heard)
        for kill in (os.killpg, os.kill):  # at first it has no group of its own yet
            with contextlib.suppress(OSError):
                kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _listen(heard: int, deadline: float) -> Ran:
    """One line of the copy. Its end may come without: others may hold the pipe."""
    line, poll = b"", select.poll()
    poll.register(heard, select.POLLIN)
    while not line.endswith(b"\n"):
        if not poll.poll(max(0, 1000 * (deadline - time.monotonic()))):
            return Ran(error=TimeLimit.__name__)
        if not (more := os.read(heard, 1 << 16)):
            return Ran(error=DIED)
        line += more
    try:
        return Ran(**json.loads(line))
    except (ValueError, TypeError):  # the code wrote into the pipe
        return Ran(error=DIED)


def can_copy() -> bool:
    """Whether a copy of this process can do what the process can."""
    return sys.platform == "linux" and not torch.cuda.device_count()


def run(function: Callable[[], Any], seconds: float) -> Ran:
    """Call ``function`` for at most ``seconds``; never raises what it raises.

    Its value is None, a number or a text. A run that is too long has the error
    `TimeLimit`, one that the reader interrupts `KeyboardInterrupt`.

    >>> run(lambda: 6 * 7, seconds=1).value
    42
    >>> def endless():
    ...     while True:
    ...         pass
    >>> run(endless, seconds=0.1).error
    'TimeLimit'
    """
    if can_copy():
        with contextlib.suppress(OSError):
            return _in_a_copy(function, seconds)
    with _one_at_a_time:
        return _in_a_thread(function, seconds)
