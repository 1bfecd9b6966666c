"""Runs inside a chapter's kernel and notes which files of the book it used.

After every cell it writes to the file named in ``LENET_PROBE``: the modules that
were imported, the files that were read, the versions and the data set's name.
"""

import inspect
import json
import os
import platform
import sys
import traceback
from pathlib import Path
from types import FrameType

from IPython import get_ipython


def watch() -> None:
    """Note every open() from now on, except by imports and for tracebacks."""
    read: set[str] = set()

    def note(event: str, args: tuple) -> None:
        if event == "open" and isinstance(args[0], (str, os.PathLike)):
            opener = sys._getframe(1)
            by_import = opener.f_code.co_filename.startswith("<frozen importlib")
            # Torch takes tracebacks while it loads; linecache opens sources then.
            if not by_import and not for_traceback(opener):
                read.add(os.path.abspath(args[0]))

    def findsource(thing: object) -> tuple:
        found = find(thing)
        read.add(os.path.abspath(inspect.getsourcefile(thing)))
        return found

    def for_traceback(frame: FrameType | None) -> bool:
        while frame and frame.f_code.co_filename != traceback.__file__:
            frame = frame.f_back
        return frame is not None

    def report(*_) -> None:
        modules = [*sys.modules.values()]
        files = [getattr(module, "__file__", None) for module in modules]
        names = {
            value.name
            for value in [*vars(sys.modules["__main__"]).values()]
            if type(value).__name__ in ("DigitData", "ImageData")
        }
        torch = sys.modules.get("torch")
        gpu = torch and torch.cuda.is_available() and torch.cuda.get_device_name()
        facts = {
            "imported": sorted(name for name in files if name),
            "read": sorted(read),
            "device": gpu or f"CPU, {os.cpu_count()} cores",
            "data": "+".join(sorted(names)),
            "python": platform.python_version(),
            "torch": str(torch.__version__).partition("+")[0] if torch else "",
        }
        Path(os.environ["LENET_PROBE"]).write_text(json.dumps(facts))

    sys.addaudithook(note)
    find, inspect.findsource = inspect.findsource, findsource  # a source is shown
    get_ipython().events.register("post_run_cell", report)


watch()
del watch
