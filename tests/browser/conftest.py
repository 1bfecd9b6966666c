"""One Chromium for all tests that look at pages."""

from collections.abc import Iterator

import pytest

from tests.browser.web_runner import chromium


@pytest.fixture(scope="session")
def browser() -> Iterator:
    """A headless Chromium; tests that need it are skipped where there is none."""
    if not (path := chromium()):
        pytest.skip("needs Chromium to look at pages")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox"]
        )
        yield started
        started.close()
