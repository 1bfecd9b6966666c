"""Photograph the drawing pad, for readers without JavaScript and for the README.

    python -m tools.web_preview  # web/preview.png; needs Chromium

Fonts differ between machines, so unlike web/weights.js the picture is not expected
to come out the same byte for byte.
"""

import os
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from _ext.widgets import WIDGETS, tag

WEB = Path(__file__).resolve().parent.parent / "web"
PAGE = """<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="{style}">
<style>body {{ width: 46rem; font-family: sans-serif; line-height: 1.5; }}
.lw {{ margin: 0; padding: 1rem; background: white; }}</style>
{mount}</div>{scripts}"""


def main() -> None:
    if not (WEB / "weights.js").exists():
        raise SystemExit("web/weights.js is missing: run tools/export_web.py")
    browser = os.environ.get("CHROMIUM") or shutil.which("chromium")
    pad = WIDGETS["pad"]
    files = [WEB.parent / "_static" / "storage.js", *(WEB / f for f in pad.scripts)]
    scripts = "".join(tag(file.as_uri()) for file in files)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_file = Path(folder) / "page.html"
        style = (WEB / "web.css").as_uri()
        page_file.write_text(
            PAGE.format(style=style, mount=pad.mount, scripts=scripts), "utf-8"
        )
        chromium = playwright.chromium.launch(
            executable_path=browser, args=["--no-sandbox"]
        )
        page = chromium.new_page(color_scheme="light")
        page.goto(page_file.as_uri())
        page.locator("#lenet-pad").screenshot(path=WEB / "preview.png")
        chromium.close()


if __name__ == "__main__":
    main()
