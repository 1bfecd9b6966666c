"""Runs the book's JavaScript from Python: by node where there is one, else Chromium."""

import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

WEB = Path(__file__).resolve().parents[2] / "web"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
NODE_SCRIPT = """
const fs = require("fs"), vm = require("vm");
const [expression, ...files] = process.argv.slice(1);
for (const file of files) vm.runInThisContext(fs.readFileSync(file, "utf8"), file);
const argument = JSON.parse(fs.readFileSync(0, "utf8"));
const result = vm.runInThisContext("(" + expression + ")")(argument);
process.stdout.write(JSON.stringify(result));
"""


@contextmanager
def chromium_page(**options) -> Iterator:
    """A page of a headless Chromium; skips the test where there is none."""
    if CHROMIUM is None:
        pytest.skip("needs Chromium: install the system's chromium package")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"]
        )
        page = browser.new_page(**options)
        yield page
        browser.close()


def run_javascript(files: Sequence[Path], function: str, argument) -> object:
    """Loads classic scripts, then calls a JavaScript function with one argument.

    ``argument`` and the result travel as JSON. Skips the test where neither node
    nor Chromium is installed.
    """
    if node := shutil.which("node"):
        command = [node, "-e", NODE_SCRIPT, function, *map(str, files)]
        sent = json.dumps(argument)
        done = subprocess.run(
            command, input=sent, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)
    if CHROMIUM is None:
        pytest.skip("needs node or Chromium to run the page's JavaScript")
    with chromium_page() as page:
        for file in files:
            page.add_script_tag(path=file)
        return page.evaluate(function, argument)
