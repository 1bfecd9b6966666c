"""The timed drills in a page: by keyboard, in the dark, on a phone."""

import pytest

from lenet_course import ch17_drills as drills
from tests.browser.web_runner import axe_violations, opened, widget_page

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def address(drill_bank, tmp_path) -> str:
    return widget_page(tmp_path, "drills", drill_bank)


@pytest.fixture
def page(browser, address):
    with opened(browser, address) as opened_page:
        yield opened_page


def begin(page, seed: str = "5", level: str = "basic") -> list:
    page.get_by_label("Level").select_option(level)
    page.get_by_label("Seed").fill(seed)
    page.get_by_role("button", name="Start").click()
    return drills.series(7, level, seed=int(seed))


def test_a_series_by_keyboard_to_its_score(page):
    for number, drill in enumerate(begin(page)):
        assert page.locator(".lw-asked").inner_text() == drill.question
        page.keyboard.type(str(drill.answer if number else drill.slips[0][0]))
        page.keyboard.press("Enter")
        said = page.locator(".lw-message").inner_text()
        assert said.startswith("Right." if number else "Not yet. " + drill.slips[0][1])
        steps = page.locator(".lw-steps li").all_inner_texts()
        assert steps == drill.steps
        page.keyboard.press("Enter")  # the focus is on what comes next
    assert "6 of 7 right" in page.locator(".lw-message").inner_text()
    assert page.locator("tbody tr").count() == 7
    assert "seed 5" in page.locator(".lw-stage").inner_text()


def test_enter_held_too_long_stays_at_the_solution(page):
    drill = begin(page)[0]
    page.keyboard.type(str(drill.answer))
    for _ in range(5):  # down again and again without an up: a key that repeats
        page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    assert page.locator(".lw-steps").is_visible()
    assert "1 of 7" in page.locator(".lw-stage").inner_text()


def test_what_is_no_number_costs_no_try(page):
    drill = begin(page)[0]
    for typed in ("", "many", "<img src=x onerror=alert(1)>"):
        page.locator("form input").fill(typed)
        page.keyboard.press("Enter")
        assert page.locator(".lw-steps").count() == 0
    page.locator("form input").fill(str(drill.answer))
    page.keyboard.press("Enter")
    assert page.locator(".lw-message").inner_text().startswith("Right.")


@pytest.mark.parametrize("seed", ["-1", "1.5", "x", "4294967296"])
def test_a_seed_that_is_none_is_named(page, seed):
    page.get_by_label("Seed").fill(seed)
    page.get_by_role("button", name="Start").click()
    assert "A seed is a whole number" in page.get_by_role("alert").inner_text()


def test_without_a_seed_one_is_drawn_and_told(page):
    page.get_by_role("button", name="Start").click()
    for _ in range(7):
        page.get_by_role("button", name="Show the solution").click()
        page.keyboard.press("Enter")
    text = page.locator(".lw-stage").inner_text()
    assert "0 of 7 right" in text and "seed " in text


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_and_is_accessible(browser, address, scheme):
    with opened(browser, address, viewport=PHONE, color_scheme=scheme) as page:
        begin(page, level="advanced")
        page.get_by_role("button", name="Show the solution").click()
        too_wide = "document.documentElement.scrollWidth - innerWidth"
        assert page.evaluate(too_wide) <= 0
        assert axe_violations(page) == []
