"""How far the reader is, in contents and front page; and reading without a network."""

import functools
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.browser.web_runner import opened

CHAPTER, OTHER = "chapters/02-architecture.html", "chapters/01-history.html"


def test_answers_are_counted_in_the_contents_and_on_the_front_page(browser, html):
    context = browser.new_context()
    page = context.new_page()
    page.goto((html / CHAPTER).as_uri())
    page.wait_for_function("LenetProgress.pages().length === 1")
    right = page.locator(".lq input[data-right]").first
    right.check()
    page.goto((html / "index.html").as_uri())
    (told,) = page.evaluate("LenetProgress.pages()")
    assert told["right"] == 1 and told["total"] > 5 and told["href"] == CHAPTER
    line = page.locator(".lenet-continue")
    line.wait_for(state="visible")
    assert f"1 of {told['total']} answered right" in line.inner_text()
    link = page.locator(f".bd-links a[href='{CHAPTER}']")
    assert link.inner_text().endswith(f"1/{told['total']}")
    context.close()


def test_a_new_reader_sees_no_line_and_no_counts(browser, html):
    with opened(browser, (html / "index.html").as_uri()) as page:
        assert not page.locator(".lenet-continue").is_visible()
        assert page.locator(".progress-count").count() == 0


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_) -> None:
        pass


@pytest.fixture
def server(html):
    handler = functools.partial(Quiet, directory=html)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.server_close()


def test_what_was_read_is_there_without_a_network(browser, server):
    """Here, where the page is served; the server then goes."""
    context = browser.new_context()
    page = context.new_page()
    home = f"http://127.0.0.1:{server.server_port}/"
    page.goto(home + CHAPTER)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    page.reload(wait_until="load")
    server.shutdown()
    server.server_close()
    page.reload(wait_until="load")
    assert page.locator("h1").first.inner_text().startswith("The architecture")
    assert page.evaluate("Boolean(globalThis.LenetProgress)")  # its scripts, too
    page.goto(home + OTHER)
    assert "not here" in page.locator("h1").inner_text()
    context.close()
