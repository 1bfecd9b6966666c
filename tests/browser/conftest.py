"""What tests of pages share: one Chromium, and the drills baked for the page."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lenet_course.ch17_drills import bank
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


@pytest.fixture(scope="session")
def drill_bank(tmp_path_factory) -> Path:
    """What the book's build writes for the drills, in a folder of its own."""
    path = tmp_path_factory.mktemp("drills") / "drills-bank.js"
    path.write_text(bank.script(), encoding="utf-8")
    return path
