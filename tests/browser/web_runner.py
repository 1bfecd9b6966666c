"""Runs the book's JavaScript from Python, and opens its parts in pages of their own."""

import html
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from _ext.widgets import WIDGETS, tag
from tools.browser import chromium

WEB = Path(__file__).resolve().parents[2] / "web"
STATIC = WEB.parent / "_static"
STORAGE, PROGRESS = STATIC / "storage.js", STATIC / "progress.js"
OWN = ("file:", "blob:file:", "blob:null/")  # a blob: what the page made itself
IN_NODE = """
const fs = require("fs"), vm = require("vm");
const [expression, ...files] = process.argv.slice(1);
for (const file of files) vm.runInThisContext(fs.readFileSync(file, "utf8"), file);
const argument = JSON.parse(fs.readFileSync(0, "utf8"));
const result = vm.runInThisContext("(" + expression + ")")(argument);
process.stdout.write(JSON.stringify(result));
"""


def run_javascript(files: Sequence[Path], function: str, argument) -> object:
    """Loads classic scripts, then calls a JavaScript function with one argument.

    ``argument`` and the result travel as JSON. Runs in node where there is one, else
    in Chromium; skips the test where there is neither.
    """
    sent = json.dumps(argument)
    if node := shutil.which("node"):
        return json.loads(
            _output([node, "-e", IN_NODE, function, *map(str, files)], sent)
        )
    if browser := chromium():
        return _in_chromium(browser, files, function, sent)
    pytest.skip("needs node or Chromium to run the page's JavaScript")


def _in_chromium(browser: str, files, function: str, sent: str) -> object:
    """The same by a page that writes its result into itself."""
    call = f"document.body.textContent = JSON.stringify(({function})({sent}))"
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        page.write_text(f"<body>{_tags(files)}<script>{call}</script>", "utf-8")
        options = ["--headless", "--no-sandbox", f"--user-data-dir={folder}/profile"]
        dom = _output([browser, *options, "--dump-dom", page.as_uri()])
    return json.loads(html.unescape(re.search("<body>(.*)</body>", dom, re.S)[1]))


def _output(command: list[str], sent: str = "") -> str:
    done = subprocess.run(
        command, input=sent, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _tags(scripts: Sequence[Path]) -> str:
    return "".join(tag(script.as_uri()) for script in scripts)


def widget_scripts(name: str, *baked: Path) -> list[Path]:
    """The scripts of a widget in order; ``baked`` are those that a build writes."""
    made = {path.name: path for path in baked}
    return [made.get(file, WEB / file) for file in WIDGETS[name].scripts]


def widget_page(folder: Path, name: str, *baked: Path) -> str:
    """The address of a page that holds one widget, as `html_page` makes it."""
    body, scripts = f"{WIDGETS[name].mount}</div>", widget_scripts(name, *baked)
    return html_page(folder, body, [STORAGE, PROGRESS, *scripts])


def html_page(folder: Path, body: str, scripts: Sequence[Path]) -> str:
    """The address of a page with these parts and no server: opened from a file."""
    page = folder / "page.html"
    page.write_text(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Test</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<style>body { max-width: 46rem; }"
        "@media (prefers-color-scheme: dark) { body { background: #14181e; } "
        "h1 { color: #ced6dd; } }</style>"
        f'<link rel="stylesheet" href="{(WEB / "web.css").as_uri()}"></head>'
        f"<body><main><h1>Test</h1>{body}</main>{_tags(scripts)}</body></html>",
        encoding="utf-8",
    )
    return page.as_uri()


def request_faults(request) -> list[str]:
    """What a failed request says; nothing where leaving the page cut it off."""
    if request.failure == "net::ERR_ABORTED":
        return []
    return [f"request failed: {request.url} ({request.failure})"]


@contextmanager
def opened(browser, address: str, **options) -> Iterator:
    """The page, opened; afterwards: no error, and nothing asked of any other place."""
    page = browser.new_page(**options)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda r: complaints.extend(request_faults(r)))
    page.on("console", lambda m: complaints.extend([m.text] * (m.type == "error")))
    page.on(
        "request",
        lambda r: complaints.extend([r.url] * (not r.url.startswith(OWN))),
    )
    try:
        page.goto(address)
        yield page
        assert complaints == []
    finally:
        page.close()


def axe_violations(page) -> list[str]:
    """What axe-core finds on the page: the rule and its first element."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    # Without preload: axe would fetch the style sheets, which a file may not.
    found = axe.run(page, options={"preload": False}).response["violations"]
    return [f"{v['id']}: {v['nodes'][0]['html'][:120]}" for v in found]
