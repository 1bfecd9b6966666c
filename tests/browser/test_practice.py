"""Practice: what is due comes back on its day; what is kept can be taken along."""

import json

import pytest

from lenet_course.interview import questions
from tests.browser.test_web_interview import bank_file  # noqa: F401
from tests.browser.web_runner import (
    PROGRESS,
    STORAGE,
    WEB,
    axe_violations,
    html_page,
    opened,
    run_javascript,
    widget_page,
    widget_scripts,
)

KEY = "lenet-inside-out:practice"
ITEM = {"step": 1, "due": "2001-01-02", "day": "2001-01-01", "last": "good"}


def after(results: list[tuple[str, str]]) -> list[dict]:
    """The states of an item that went so on these days."""
    function = """results => results.reduce((states, [day, result]) =>
      [...states, LenetProgress.next(states.at(-1), result, day)], [])"""
    return run_javascript([STORAGE, PROGRESS], function, results)


def test_what_goes_well_comes_back_after_1_3_7_and_21_days():
    days = ["2026-02-27", "2026-02-28", "2026-03-03", "2026-03-10", "2026-03-31"]
    states = after([(day, "good") for day in days])
    assert [state["due"] for state in states] == [*days[1:], "2026-04-21"]
    assert [state["step"] for state in states] == [1, 2, 3, 4, 4]


def test_one_day_is_one_step_however_often_it_goes_well():
    states = after([("2024-02-28", "good")] * 3)
    assert [state["step"] for state in states] == [1, 1, 1]
    assert states[-1]["due"] == "2024-02-29"


def test_what_was_half_comes_back_tomorrow_and_what_was_missed_at_once():
    days = [("2026-12-24", "good"), ("2026-12-25", "good"), ("2026-12-31", "part")]
    *_, half, missed = after([*days, ("2027-01-01", "bad")])
    assert (half["due"], half["step"]) == ("2027-01-01", 1)
    assert (missed["due"], missed["step"]) == ("2027-01-01", 0)


def bank(*cards: tuple[str, str, int, str]) -> list[dict]:
    names = "id", "topic", "asked", "level"
    return [dict(zip(names, card, strict=True)) for card in cards]


def test_weak_topics_come_first_then_what_is_asked_most():
    cards = bank(
        ("a-1", "a", 0, "basic"),
        ("a-2", "a", 0, "basic"),
        ("b-1", "b", 0, "basic"),
        ("b-2", "b", 0, "basic"),
        ("c-1", "c", 1, "advanced"),
        ("c-2", "c", 3, "advanced"),
        ("c-3", "c", 1, "basic"),
    )
    items = {
        "card:a-1": ITEM | {"due": "2026-01-02"},
        "card:a-2": ITEM | {"due": "2026-01-01"},
        "card:b-1": ITEM | {"due": "2026-01-02", "last": "bad"},
        "card:b-2": ITEM | {"due": "2026-01-03"},  # not yet
    }
    function = """([cards, items]) => {
      const known = new Map(Object.entries(items));
      const { due, fresh } = Practice.queue(cards, known, "2026-01-02");
      return [due, fresh].map((list) => list.map((q) => q.id));
    }"""
    files = [STORAGE, PROGRESS, WEB / "practice.js"]
    due, fresh = run_javascript(files, function, [cards, items])
    assert due == ["b-1", "a-2", "a-1"] and fresh == ["c-2", "c-3", "c-1"]


@pytest.fixture
def address(bank_file, tmp_path):  # noqa: F811
    return widget_page(tmp_path, "practice", bank_file)


@pytest.fixture
def page(browser, address):
    with opened(browser, address) as opened_page:
        yield opened_page


def show_and_tick(page, points: int) -> str:
    asked = page.locator(".lw-asked").first.inner_text()
    page.keyboard.press("Control+Enter")
    for key in "123"[:points]:
        page.keyboard.press(key)
    page.get_by_role("button", name="Go on").click()
    for _ in range(2 if points == 3 else 1):
        page.locator(".lw-stage [role=status] .lw-button").first.click()
        page.get_by_role("button", name="I said it").click()
    return asked


def test_the_first_card_is_open_and_the_next_one_follows(page):
    first = show_and_tick(page, 3)
    assert page.locator(".lw-asked").first.inner_text() != first
    assert "It comes back on" in page.locator(".lenet-practice").inner_text()
    assert "0 due today · 1 of" in page.locator(".lenet-practice").inner_text()


def test_what_was_missed_comes_back_after_a_few_others(page):
    first, others = show_and_tick(page, 0), []
    while len(others) < 8 and page.locator(".lw-asked").first.inner_text() != first:
        others.append(show_and_tick(page, 3))
    assert len(others) == 5


def test_what_is_typed_and_ticked_survives_a_reload(page):
    page.keyboard.type("half a sentence")
    page.keyboard.press("Control+Enter")
    page.keyboard.press("2")
    asked = page.locator(".lw-asked").inner_text()
    page.reload()
    assert page.locator(".lw-asked").inner_text() == asked
    assert page.locator("textarea").input_value() == "half a sentence"
    ticks = page.locator(".lw-tick input").all()
    assert [tick.is_checked() for tick in ticks] == [False, True, False]


def test_what_was_answered_in_the_chapters_is_listed_when_due(page):
    place = {"href": "chapters/03-convolution.html#quiz", "title": "<b>How</b> many?"}
    evil = {"href": "javascript:alert(1)", "title": "x"}
    items = {"quiz:a": ITEM | place, "quiz:b": ITEM | evil, "exercise:c": {"step": 9}}
    page.evaluate("([k, v]) => localStorage.setItem(k, v)", [KEY, json.dumps(items)])
    page.reload()
    links = page.locator(".lenet-practice ul a")
    assert links.all_inner_texts() == ["<b>How</b> many?"]
    assert links.first.get_attribute("href") == f"../{place['href']}"


@pytest.mark.parametrize("stored", ["{", "7", "null", '{"card:shapes-output-size": 1}'])
def test_what_is_stored_by_others_does_no_harm(page, stored):
    for name in ("practice", "practice-draft", "interviews", "pages"):
        key = f"lenet-inside-out:{name}"
        page.evaluate("([k, v]) => localStorage.setItem(k, v)", [key, stored])
    page.reload()
    show_and_tick(page, 3)
    assert "1 of" in page.locator(".lenet-practice").inner_text()


def test_old_marks_become_items_once(page):
    old = {questions()[0].id: "done", questions()[1].id: "again", "x": "<b>"}
    key = "lenet-inside-out:questions:marks"
    page.evaluate("([k, v]) => localStorage.setItem(k, v)", [key, json.dumps(old)])
    page.reload()
    assert "1 due today · 1 of" in page.locator(".lenet-practice").inner_text()
    show_and_tick(page, 3)
    assert page.evaluate(f"localStorage.getItem('{key}')") is None
    assert "0 due today · 2 of" in page.locator(".lenet-practice").inner_text()


def test_a_chinese_browser_practises_in_chinese(browser, address):
    with opened(browser, address, locale="zh-CN") as page:
        assert page.locator(".lw-asked").get_attribute("lang") == "zh-Hans"
        assert page.get_by_role("button", name="看答案").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_and_is_accessible(browser, address, scheme):
    phone = {"width": 390, "height": 844}
    with opened(browser, address, viewport=phone, color_scheme=scheme) as page:
        show_and_tick(page, 2)
        page.keyboard.press("Control+Enter")
        too_wide = "document.documentElement.scrollWidth - innerWidth"
        assert page.evaluate(too_wide) <= 0
        assert axe_violations(page) == []


# ---- Taken along ----


@pytest.fixture
def keeper(browser, tmp_path):
    body = '<div class="lenet-take-along"></div>'
    scripts = [STORAGE, PROGRESS, *widget_scripts("take-along")]
    with opened(browser, html_page(tmp_path, body, scripts)) as opened_page:
        opened_page.evaluate("LenetProgress.record('card:x', 'good')")
        opened_page.evaluate("localStorage.setItem('another', '1')")
        yield opened_page


def test_a_file_carries_everything_to_another_browser(keeper, tmp_path):
    with keeper.expect_download() as download:
        keeper.get_by_role("button", name="Save to a file").click()
    path = tmp_path / "kept.json"
    download.value.save_as(path)
    assert list(json.loads(path.read_text())) == [KEY]
    keeper.evaluate("LenetProgress.forget('card:x')")
    keeper.on("dialog", lambda dialog: dialog.accept())
    keeper.locator("input[type=file]").set_input_files(path)
    keeper.wait_for_function("LenetProgress.items().has('card:x')")


@pytest.mark.parametrize("text", ["{", "[]", "7", '{"other": 1}', '{"lenet": {}}'])
def test_a_file_of_something_else_changes_nothing(keeper, tmp_path, text):
    path = tmp_path / "other.json"
    path.write_text(text)
    keeper.locator("input[type=file]").set_input_files(path)
    keeper.wait_for_selector("text=Nothing was changed.")
    assert keeper.evaluate("LenetProgress.items().has('card:x')")


@pytest.mark.parametrize("sure", [True, False])
def test_everything_is_deleted_only_when_confirmed(keeper, sure):
    keeper.on("dialog", lambda d: d.accept() if sure else d.dismiss())
    keeper.get_by_role("button", name="Delete everything").click()
    keeper.wait_for_timeout(200)
    assert keeper.evaluate("LenetProgress.items().size") == (0 if sure else 1)
    assert keeper.evaluate("localStorage.getItem('another')") == "1"
