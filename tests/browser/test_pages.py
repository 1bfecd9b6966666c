"""Every page of the built book in Chromium: light and dark, desk and phone.

No request leaves the site, nothing fails, the page never scrolls sideways, and axe
finds no serious fault.
"""

import functools
import pprint
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.web_runner import request_faults

SIZES = {"desk": (1280, 900), "phone": (390, 844)}
# Both colours and both layouts are loaded and seen by axe; the other layout of each
# colour is what the window becomes when it is made larger or smaller.
LOOKS = [("light", "desk", "phone"), ("dark", "phone", "desk")]
# Code is half of a chapter's elements, in a few colours: each is looked at once.
CODE = ".highlight pre"
MARKS = f"[...document.querySelectorAll('{CODE} span[class]')].map(s => s.className)"
SHOW_MARKS = """marks => {
    const code = document.querySelector(".highlight pre");
    code.innerHTML = marks.map(m => `<span class="${m}">word</span>`).join(" ");
    const block = code.closest("div[class*=highlight-]") ?? code;
    document.querySelector("article").replaceChildren(block);
}"""
TOO_WIDE = "document.documentElement.scrollWidth - innerWidth"


class Quiet(SimpleHTTPRequestHandler):
    """Serves files without a word."""

    def log_message(self, *_) -> None:
        pass


@pytest.fixture(scope="module")
def site(html) -> Iterator[str]:
    """The address of the built book on this machine."""
    handler = functools.partial(Quiet, directory=str(html))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@contextmanager
def watched_page(browser, scheme: str = "light", size: str = "desk", **options):
    """A page, and the list that collects what goes wrong on it."""
    width, height = SIZES[size]
    look = {"color_scheme": scheme, "viewport": {"width": width, "height": height}}
    page = browser.new_page(**look, **options)
    faults: list[str] = []

    def console(message) -> None:
        if message.type == "error":
            faults.append(f"console: {message.text}")

    def response(answer) -> None:
        if answer.status >= 400:
            faults.append(f"{answer.status}: {answer.url}")

    page.on("requestfailed", lambda r: faults.extend(request_faults(r)))
    page.on("pageerror", lambda error: faults.append(f"script error: {error}"))
    page.on("console", console)
    page.on("response", response)
    try:
        yield page, faults
    finally:
        page.close()


def faults_of_accessibility(page, leave_out: str = "") -> list[str]:
    found = []
    context = {"exclude": [[leave_out]]} if leave_out else None
    options = {"preload": False, "resultTypes": ["violations"]}
    answer = Axe().run(page, context=context, options=options).response
    for violation in answer["violations"]:
        if violation["impact"] in ("serious", "critical"):
            nodes = [node["html"][:160] for node in violation["nodes"][:3]]
            found.append(f"axe {violation['id']}: {nodes}")
    return found


@pytest.mark.timeout(900)
@pytest.mark.parametrize("scheme, size, resized", LOOKS)
def test_every_page_is_whole_private_and_accessible(
    browser, pages, site, scheme, size, resized
):
    def resize(to: str) -> None:
        width, height = SIZES[to]
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_function("width => innerWidth === width", arg=width)

    def note_width(of: str) -> None:
        if (extra := page.evaluate(TOO_WIDE)) > 0:
            faults.append(f"{of}: {extra} pixels wider than the screen")

    problems, marks = {}, set()
    with watched_page(browser, scheme, size) as (page, faults):
        requests: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        for name in pages:
            requests.clear()
            faults.clear()
            page.goto(f"{site}/{name}", wait_until="networkidle")
            # The theme's own script has run once it has replaced "auto".
            page.wait_for_selector(f"html[data-theme={scheme}]", state="attached")
            note_width(size)
            faults += faults_of_accessibility(page, leave_out=CODE)
            marks.update(page.evaluate(MARKS))
            resize(resized)
            note_width(resized)
            away = [r for r in requests if not r.startswith((site, "data:", "blob:"))]
            faults += [f"request to another host: {url}" for url in away]
            problems[name] = [*faults]
            resize(size)
        page.goto(f"{site}/chapters/19-coding-tasks.html")
        assert len(marks) > 20
        page.evaluate(SHOW_MARKS, sorted(marks))
        problems["code of all pages"] = faults_of_accessibility(page)
    problems = {name: found for name, found in problems.items() if found}
    assert not problems, pprint.pformat(problems, width=200)


@pytest.mark.parametrize("size", SIZES)
def test_a_heading_is_smaller_than_the_one_above_it(browser, html, size):
    with watched_page(browser, "light", size) as (page, _):
        page.goto((html / "chapters" / "18-bug-clinic.html").as_uri())
        height = "node => parseFloat(getComputedStyle(node).fontSize)"
        levels = [page.locator(f".bd-article h{n}").first for n in (1, 2, 3)]
        first, second, third = (level.evaluate(height) for level in levels)
        assert first > second > third


def test_a_page_can_be_read_without_javascript(browser, pages, site):
    with watched_page(browser, java_script_enabled=False) as (page, _):
        for name in pages:
            page.goto(f"{site}/{name}")
            if name not in ("search.html", "genindex.html"):
                assert page.locator("article h1").first.is_visible(), name
                assert len(page.locator("main").inner_text()) > 200, name


@pytest.mark.timeout(900)
def test_a_page_opened_as_a_file_is_whole(browser, html, pages):
    with watched_page(browser) as (page, faults):
        for name in pages:
            page.goto((html / name).as_uri(), wait_until="networkidle")
            if page.locator("span.math, div.math").count():
                page.wait_for_selector(
                    "mjx-container", state="attached", timeout=30_000
                )
            assert not faults, name
