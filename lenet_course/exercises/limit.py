"""Run a reader's code so that it always comes back: in time, and with a result.

Where the system can copy a process (Linux), the code runs in a copy of this one. What
it does there stays there: printing, global settings, threads, a crash, memory without
end; and at the end the copy is killed, even inside a C function that never lets go.
A copy has no GPU, so where there is one, and on Windows and macOS, the code runs in a
thread of this process.
"""

import contextlib
import faulthandler
import json
import os
import select
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import torch

from lenet_course.exercises import thread

SLACK = 0.5  # seconds more that a copy gets to be born and to tell
MEMORY = 4 << 30  # bytes that a copy may use beyond what it is born with

_one_at_a_time = threading.Lock()  # sys.stdout is everybody's


def _live_in_the_copy(function: Callable[[], Any], seconds: float, out: int) -> None:
    """What the copy does, and all it does: it never gets to the code of its caller."""
    try:
        os.setsid()  # to be killed with all that it starts; no Ctrl-C reaches it
        null = os.open(os.devnull, os.O_RDWR)
        for standard in range(3):
            os.dup2(null, standard)
        sys.stdout = sys.stderr = thread.Short()  # what comes later goes nowhere
        faulthandler.disable()  # a crash is told by a verdict
        torch.set_num_threads(1)  # the threads of a pool are not copied with it
        _bound_memory()
        ran = thread.in_a_thread(function, seconds)
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


def _in_a_copy(function: Callable[[], Any], seconds: float) -> thread.Ran:
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
        return _listen(heard, time.monotonic() + seconds + thread.GRACE + SLACK)
    except KeyboardInterrupt:
        return thread.Ran(error="KeyboardInterrupt")
    finally:
        os.close(heard)
        for kill in (os.killpg, os.kill):  # at first it has no group of its own yet
            with contextlib.suppress(OSError):
                kill(child, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):  # somebody else waited for it
            os.waitpid(child, 0)


def _listen(heard: int, deadline: float) -> thread.Ran:
    """One line of the copy. Its end may come without: others may hold the pipe."""
    line, poll = b"", select.poll()
    poll.register(heard, select.POLLIN)
    while not line.endswith(b"\n"):
        if not poll.poll(max(0, 1000 * (deadline - time.monotonic()))):
            return thread.Ran(error=thread.TimeLimit.__name__)
        if not (more := os.read(heard, 1 << 16)):
            return thread.Ran()
        line += more
    try:
        return thread.Ran(**json.loads(line))
    except (ValueError, TypeError):  # the code wrote into the pipe
        return thread.Ran()


def can_copy() -> bool:
    """Whether a copy of this process can do what the process can."""
    return sys.platform == "linux" and not torch.cuda.device_count()


def run(function: Callable[[], Any], seconds: float) -> thread.Ran:
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
        return thread.in_a_thread(function, seconds)
