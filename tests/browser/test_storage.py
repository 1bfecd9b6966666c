"""What the page keeps: values come back, damage and refusal do no harm."""

import re

import pytest

from tests.browser.web_runner import STORAGE, html_page, opened

ROOT = STORAGE.parents[1]
REFUSED = """<script>Object.defineProperty(window, "localStorage",
  {get() { throw new DOMException("refused", "SecurityError"); }});</script>"""
FULL = """<script>Storage.prototype.setItem = () => {
  throw new DOMException("full", "QuotaExceededError"); };</script>"""


@pytest.fixture
def page(browser, tmp_path):
    with opened(browser, html_page(tmp_path, "", [STORAGE])) as opened_page:
        yield opened_page


def test_a_value_comes_back_after_a_reload(page):
    value = {"text": "<b>词", "n": [1, 2.5, None]}
    page.evaluate("v => LenetStorage.write('k', v)", value)
    page.reload()
    assert page.evaluate("LenetStorage.read('k')") == value
    assert page.evaluate("localStorage.length") == 1


@pytest.mark.parametrize("nothing", ["null", "false", "undefined"])
def test_a_value_that_says_nothing_forgets_the_key(page, nothing):
    page.evaluate("LenetStorage.write('k', 1)")
    page.evaluate(f"LenetStorage.write('k', {nothing})")
    assert page.evaluate("localStorage.length") == 0
    assert page.evaluate("LenetStorage.read('k')") is None


@pytest.mark.parametrize("stored", ["{", "", "undefined", "<script>"])
def test_what_is_no_json_reads_as_nothing(page, stored):
    page.evaluate("v => localStorage.setItem('k', v)", stored)
    assert page.evaluate("LenetStorage.read('k')") is None


@pytest.mark.parametrize("trouble", [REFUSED, FULL])
def test_where_nothing_can_be_kept_nothing_fails(browser, tmp_path, trouble):
    with opened(browser, html_page(tmp_path, trouble, [STORAGE])) as page:
        page.evaluate("LenetStorage.write('k', {a: 1})")
        assert page.evaluate("LenetStorage.read('k')") is None


def test_no_other_script_of_the_book_touches_storage():
    scripts = [*ROOT.glob("_static/*.js"), *ROOT.glob("web/*.js")]
    found = {path.name for path in scripts if "localStorage" in path.read_text()}
    assert found == {"storage.js"}


def test_every_page_loads_it_before_what_uses_it(html, pages):
    for page in (html / name for name in pages):
        scripts = re.findall(r'<script [^>]*?src="[^"]*?([\w-]+\.js)', page.read_text())
        first = {name: scripts.index(name) for name in scripts}
        users = {"ask.js", "quiz.js", "questions.js", "interview.js"} & set(scripts)
        assert scripts.count("storage.js") == scripts.count("answers.js") == 1, page
        assert users, page
        before = max(first["storage.js"], first["answers.js"])
        assert all(before < first[name] for name in users), page
