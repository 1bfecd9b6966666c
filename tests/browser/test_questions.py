"""The interview cards as a reader meets them: filter, marks, languages, keys.

The pages are opened from files, where nothing but the folder itself is at hand.
"""

import pytest

from lenet_course.interview import LEVELS, questions
from tests.browser.test_pages import faults_of_accessibility
from tests.browser.web_runner import PROGRESS, STORAGE, opened

SHAPES = questions("shapes")
CARDS = "section.question"
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
OPEN_ALL = "document.querySelectorAll('details').forEach((fold) => fold.open = true)"
TOO_WIDE = """() => [...document.querySelectorAll("section.question")].flatMap((card) =>
  [...card.querySelectorAll("p, li, dt, dd, mjx-container:not([display]), button")]
    .filter((part) => part.getBoundingClientRect().right
      > card.getBoundingClientRect().right + 1)
    .map((part) => `${card.id} ${part.tagName}`))"""
REFUSED = """Object.defineProperty(window, "localStorage",
  {get() { throw new DOMException("refused", "SecurityError"); }});"""


@pytest.fixture(scope="module")
def address(html) -> str:
    """The page of one topic."""
    return (html / "chapters" / "questions" / "shapes.html").as_uri()


@pytest.fixture
def page(browser, address):
    """That page, opened at a desk by a reader who was never here."""
    with opened(browser, address, viewport=DESK) as opened_page:
        yield opened_page


def button(page, name: str):
    return page.locator(".q-bar").get_by_role("button", name=name, exact=True)


def mark(page, card: int, name: str):
    return page.locator(CARDS).nth(card).locator(f"[data-mark={name}]")


def visible(page) -> list[str]:
    ids = "cards => cards.filter(c => c.checkVisibility()).map(c => c.id)"
    return page.locator(CARDS).evaluate_all(ids)


def status_says(page, text: str) -> None:
    """Soon: what was stored just before a reload reaches the new page a bit later."""
    page.wait_for_function(
        "text => document.querySelector('.q-bar output').textContent.includes(text)",
        arg=text,
        timeout=10_000,
    )


def pressed(place) -> bool:
    return place.get_attribute("aria-pressed") == "true"


def test_every_question_has_a_card_and_every_answer_is_folded(page):
    assert visible(page) == [question.id for question in SHAPES]
    assert page.locator(f"{CARDS} details[open]").count() == 0
    first = page.locator(CARDS).first
    answer = first.locator(".q-answer p").first
    assert not answer.is_visible()
    first.get_by_text("Answer in 30 seconds").click()
    assert answer.is_visible()


@pytest.mark.parametrize("level", LEVELS)
def test_the_filter_shows_one_level_in_page_and_contents(page, level):
    button(page, level.capitalize()).click()
    wanted = [question.id for question in SHAPES if question.level == level]
    assert visible(page) == wanted
    assert (
        f"{len(wanted)} of {len(SHAPES)} shown" in page.locator(".q-bar").inner_text()
    )
    listed = page.locator(".bd-sidebar-secondary a[href^='#shapes-']:visible")
    assert listed.count() == len(wanted)
    assert pressed(button(page, level.capitalize())) and not pressed(
        button(page, "All")
    )
    button(page, "All").click()
    assert len(visible(page)) == len(SHAPES)


def test_marks_are_counted_kept_and_taken_back(page):
    mark(page, 0, "done").click()
    mark(page, 1, "done").click()
    mark(page, 1, "again").click()
    mark(page, 2, "again").click()
    counts = f"1 done, 2 again, {len(SHAPES) - 3} open"
    assert counts in page.locator(".q-bar output").inner_text()

    page.reload()
    status_says(page, counts)
    assert pressed(mark(page, 0, "done")) and not pressed(mark(page, 1, "done"))
    button(page, "Only again").click()
    assert visible(page) == [SHAPES[1].id, SHAPES[2].id]

    mark(page, 1, "again").click()
    assert len(visible(page)) == 2  # what one reads does not vanish under the hand
    button(page, "Only again").click()
    button(page, "Only again").click()
    assert visible(page) == [SHAPES[2].id]


def test_marks_reach_another_window_and_the_table_of_topics(browser, address):
    with browser.new_context() as context:
        check_two_windows(context, address)


def check_two_windows(context, address):
    page = context.new_page()
    page.goto(address)
    mark(page, 0, "done").click()
    other = context.new_page()
    other.goto(page.url)
    mark(other, 1, "done").click()
    status_says(page, "2 done")
    other.goto(page.url.replace("questions/shapes", "16-questions"))
    row = other.locator(".q-topics tr", has_text="Shapes and parameters")
    assert row.locator("td").last.inner_text() == "2"
    total = other.locator(".q-topics tr", has_text="All topics")
    assert total.locator("td").last.inner_text() == "2"


@pytest.mark.parametrize("stored", ["{", "[]", "7", "null", '{"shapes-c1": "<b>"}'])
def test_what_is_stored_by_others_does_no_harm(page, stored):
    key = "lenet-inside-out:questions:"
    for name in ("marks", "language"):
        page.evaluate("([k, v]) => localStorage.setItem(k, v)", [key + name, stored])
    page.reload()
    status_says(page, "0 done, 0 again")
    assert len(visible(page)) == len(SHAPES)


def test_the_language_is_switched_and_remembered(page):
    first = page.locator(CARDS).first
    asked = first.locator(".q-asked")
    assert not asked.is_visible() and not first.locator(".q-chinese").is_visible()

    button(page, "中文").click()
    page.reload()
    assert pressed(button(page, "中文")) and not pressed(button(page, "English"))
    assert asked.inner_text() == SHAPES[0].question["zh"]
    assert asked.get_attribute("lang") == "zh-Hans"
    assert not first.locator(".q-answer").is_visible()
    first.locator(".q-chinese summary").click()
    assert first.locator(".q-chinese > p").first.is_visible()
    assert button(page, "只看再练").is_visible()

    button(page, "English").click()
    assert not asked.is_visible() and first.locator(".q-answer").is_visible()


def test_a_link_to_a_card_that_is_filtered_out_shows_it(page):
    button(page, "Advanced").click()
    page.evaluate("id => location.hash = id", SHAPES[0].id)
    page.wait_for_function(
        "id => !document.getElementById(id).hidden", arg=SHAPES[0].id
    )
    assert page.locator(CARDS).first.is_visible() and pressed(button(page, "All"))


def test_everything_can_be_done_by_keyboard_and_focus_is_seen(page):
    button(page, "English").focus()
    for _ in range(2):  # past 中文 to the levels
        page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent").startswith("Basic")
    page.keyboard.press("Space")
    assert pressed(button(page, "Basic"))

    first = page.locator(CARDS).first
    first.locator("summary").first.focus()
    page.keyboard.press("Enter")
    assert first.locator(".q-answer p").first.is_visible()
    ring = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(ring) == "solid"

    mark(page, 0, "done").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert pressed(mark(page, 0, "again")) and page.evaluate(ring) == "solid"


def test_without_javascript_both_languages_unfold_and_no_dead_button_stands(
    browser, address
):
    with browser.new_page(java_script_enabled=False) as page:
        page.goto(address)
        assert page.locator(CARDS).count() == len(SHAPES)
        assert page.locator(f"{CARDS} button, .q-bar").count() == 0
        first = page.locator(CARDS).first
        first.get_by_text("Answer in 30 seconds").click()
        assert first.locator(".q-answer p").first.is_visible()
        first.get_by_text("中文", exact=True).click()
        assert first.locator(".q-asked").is_visible()
        assert first.locator(".q-chinese > p").first.is_visible()


def test_it_works_where_storage_is_refused(browser, address):
    with browser.new_page() as page:  # the theme's own scripts complain there
        page.add_init_script(REFUSED)
        page.goto(address)
        mark(page, 0, "done").click()
        button(page, "中文").click()
        assert page.locator(CARDS).first.locator(".q-asked").is_visible()
        button(page, "English").click()
        assert "1 done" in page.locator(".q-bar output").inner_text()


def test_it_leaves_no_global_name_behind(browser, root):
    with opened(browser, "about:blank") as page:
        ours = ["LenetStorage", "LenetProgress"]
        before = [*page.evaluate("Object.keys(window)"), *ours]
        page.add_script_tag(content=STORAGE.read_text())
        page.add_script_tag(content=PROGRESS.read_text())
        page.add_script_tag(content=(root / "_static/questions.js").read_text())
        assert page.evaluate("Object.keys(window)") == before


@pytest.mark.parametrize("language", ["English", "中文"])
@pytest.mark.parametrize(
    ("scheme", "size"), [("light", DESK), ("dark", PHONE), ("light", PHONE)]
)
def test_open_cards_fit_and_can_be_read(browser, address, scheme, size, language):
    with opened(browser, address, color_scheme=scheme, viewport=size) as page:
        page.wait_for_selector("mjx-container", state="attached", timeout=30_000)
        page.wait_for_load_state("networkidle")
        button(page, language).click()
        mark(page, 0, "done").click()
        mark(page, 1, "again").click()
        page.evaluate(OPEN_ALL)
        page.wait_for_timeout(300)  # the folds' toggle events
        assert page.evaluate(TOO_WIDE) == []
        assert faults_of_accessibility(page) == []


def test_paper_has_the_answers_and_no_buttons(page):
    page.emulate_media(media="print")
    first = page.locator(CARDS).first
    assert first.locator(".q-answer").evaluate("fold => fold.clientHeight") > 80
    assert not page.locator(".q-bar").is_visible()
    assert not mark(page, 0, "done").is_visible()


def test_no_page_of_cards_is_heavy(html):
    pages = list((html / "chapters" / "questions").glob("*.html"))
    assert pages and all(path.stat().st_size < 500_000 for path in pages)
