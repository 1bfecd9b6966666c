"""The browser of this machine, for tests of pages and for the printed book."""

import os
import shutil


def chromium() -> str | None:
    """The one that CHROMIUM names, else the system's; None where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROMIUM") or next(
        filter(None, map(shutil.which, names)), None
    )
