"""The mock interview in the page: draws as Python does, resumes, shows text as text."""

import json

import pytest

from lenet_course.interview import LEVELS, TOPICS, bank, mock, questions
from tests.browser.web_runner import (
    WEB,
    axe_violations,
    opened,
    run_javascript,
    widget_page,
)

PHONE = {"width": 390, "height": 844}
EVIL = "<img src=x onerror='document.title=1'><script>alert(1)</script>"
KEY = "lenet-inside-out:interview"
FIGURES = (bank.FOLDER / "figures").as_uri()


@pytest.fixture(scope="module")
def bank_file(tmp_path_factory):
    """What the book's build writes for the page, in a folder of its own."""

    from _ext.interview_files import bank_for_page

    made = bank_for_page(lambda *place: (f"{place[0]}.html#x", ": ".join(place)))
    path = tmp_path_factory.mktemp("bank") / "interview-bank.js"
    text = json.dumps(made).replace("../web/figures/", f"{FIGURES}/")
    path.write_text(f"globalThis.InterviewBank = {text};", "utf-8")
    return path


@pytest.fixture
def address(bank_file, tmp_path):
    return widget_page(tmp_path, "interview", bank_file)


@pytest.fixture
def page(browser, address):
    with opened(browser, address) as opened_page:
        yield opened_page


def test_the_page_asks_what_python_asks(bank_file):
    calls = [
        (n, seed, topic, level)
        for n in (1, 5, 10)
        for seed in range(30)
        for topic in (None, "pooling")
        for level in (None, "basic")
        if len(questions(topic, level)) >= n
    ]
    files = [WEB / "drills.js", bank_file, WEB / "interview.js"]
    function = """calls => calls.map((c) =>
      MockInterview.draw(InterviewBank.questions, ...c).map((q) => q.id))"""
    for call, page in zip(calls, run_javascript(files, function, calls), strict=True):
        assert page == [q.id for q in mock(*call).questions], call


def start(page, count: str = "5"):
    page.get_by_label("Questions").select_option(count)
    page.get_by_role("button", name="Start").click()


def answer(page, score: str, text: str = ""):
    page.keyboard.type(text)  # the focus is in the box
    page.get_by_role("button", name="Show the answer").click()
    page.get_by_role("button", name=score).click()


def test_an_interview_to_its_summary(page):
    start(page)
    for score in ("Said it", "In part", "Missed", "Said it", "Said it"):
        answer(page, score, EVIL)
    assert page.locator(".lw-message").inner_text() == "7 of 10 points."
    assert page.locator("tbody tr").count() == 5
    assert page.locator(".lw-typed").all_inner_texts() == [EVIL] * 5
    assert page.locator(".lenet-interview img").count() == 0
    assert page.evaluate(f"localStorage.getItem('{KEY}')") is None
    assert page.locator(".lw-review a").first.get_attribute("href").startswith("quest")


def test_it_can_be_held_by_keyboard_alone(page):
    page.get_by_role("button", name="Start").focus()
    page.keyboard.press("Enter")
    total = 10
    for place in range(1, total + 1):
        assert f"{place} of {total}" in page.locator(".lw-stage").inner_text()
        page.keyboard.type("words")  # the focus is in the box
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")  # show the answer; the focus is on the scores
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
    assert page.locator(".lw-message").inner_text() == "20 of 20 points."
    assert page.evaluate("document.activeElement.className") == "lw-message"


def test_what_is_interrupted_goes_on_with_what_was_typed(page):
    start(page)
    answer(page, "Said it")
    asked = page.locator(".lw-asked").inner_text()
    page.keyboard.type("half an " + EVIL)
    page.reload()
    assert "question 2 of 5" in page.locator(".lw-stage").inner_text()
    page.get_by_role("button", name="Go on").click()
    assert page.locator(".lw-asked").inner_text() == asked
    assert page.get_by_label("Your answer").input_value() == "half an " + EVIL
    page.get_by_role("button", name="Show the answer").click()
    page.reload()
    page.get_by_role("button", name="Go on").click()
    assert page.locator(".lw-said").is_visible()  # and the clock stands
    page.reload()
    page.get_by_role("button", name="Forget it").click()
    page.reload()
    assert page.get_by_role("button", name="Go on").count() == 0


@pytest.mark.parametrize(
    "stored",
    [
        "{",
        "7",
        "null",
        '{"ids": ["<b>"], "answers": []}',
        '{"ids": [], "answers": []}',
        '{"ids": ["shapes-output-size"], "answers": [{"score": 7}]}',
        '{"ids": "shapes-output-size", "answers": {}}',
    ],
)
def test_what_is_stored_by_others_does_no_harm(page, stored):
    page.evaluate("([k, v]) => localStorage.setItem(k, v)", [KEY, stored])
    page.reload()
    assert page.get_by_role("button", name="Go on").count() == 0
    start(page)
    assert page.locator(".lw-asked").is_visible()


@pytest.mark.parametrize("seconds", ["1e308", "-5", '"x"', "null"])
def test_a_clock_that_is_out_of_reason_starts_anew(page, seconds):
    name = questions()[0].id
    stored = '{"ids": ["%s"], "answers": [], "draft": {"seconds": %s}}'
    stored %= name, seconds
    page.evaluate("([k, v]) => localStorage.setItem(k, v)", [KEY, stored])
    page.reload()
    page.get_by_role("button", name="Go on").click()
    assert page.locator(".lw-time").inner_text() == "0:00 / 0:30"


def test_an_interview_goes_on_in_one_window_at_a_time(browser, address):
    context = browser.new_context()
    page, other = context.new_page(), context.new_page()
    page.goto(address)
    start(page)
    other.goto(address)
    other.get_by_role("button", name="Go on").click()
    answer(other, "Said it")
    page.wait_for_selector("text=goes on in another window")
    page.wait_for_timeout(1500)  # a clock that still ran would write by now
    kept = json.loads(page.evaluate(f"localStorage.getItem('{KEY}')"))
    assert len(kept["answers"]) == 1
    page.get_by_role("button", name="Go on here").click()
    assert "2 of 5" in page.locator(".lw-stage").inner_text()
    other.wait_for_selector("text=goes on in another window")
    context.close()


@pytest.mark.parametrize("sure", [True, False])
def test_start_in_the_middle_asks_first(page, sure):
    start(page)
    answer(page, "Said it")
    asked = []
    page.on(
        "dialog",
        lambda d: asked.append(d.message) or (d.accept() if sure else d.dismiss()),
    )
    start(page)
    assert len(asked) == 1
    assert ("1 of 5" if sure else "2 of 5") in page.locator(".lw-stage").inner_text()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_figure_comes_with_its_answer(page, language):
    drawn = [q for q in questions() if q.figure]
    state = {"ids": [drawn[0].id], "answers": [], "language": language}
    page.evaluate(f"s => localStorage.setItem('{KEY}', JSON.stringify(s))", state)
    page.reload()
    page.get_by_role("button", name="Go on").click()
    assert page.locator(".q-figure").count() == 0
    page.get_by_role("button", name="Show the answer").click()
    image = page.locator(".lw-said .q-figure img")
    assert image.get_attribute("alt") == drawn[0].figure.alt[language]
    image.evaluate("image => image.decode()")
    assert image.evaluate("image => image.naturalWidth") > 200


def test_headings_that_cost_points_are_to_be_read_again(page):
    page.get_by_label("Topic").select_option("shapes")
    start(page)
    for _ in range(5):
        answer(page, "Missed")
    links = page.locator("li a", has_text=": ")
    assert 1 <= links.count() <= 5
    places = {": ".join((q.chapter, q.heading)): q.chapter for q in questions("shapes")}
    for link in links.all():
        name = places[link.inner_text()]
        assert link.get_attribute("href") == f"{name}.html#x"


def test_it_asks_in_chinese(page):
    page.get_by_label("Language").select_option("zh")
    start(page)
    asked = page.locator(".lw-asked")
    assert asked.get_attribute("lang") == "zh-Hans"
    assert any("\u4e00" <= letter <= "\u9fff" for letter in asked.inner_text())


def test_topic_and_level_narrow_it(page):
    page.get_by_label("Topic").select_option("pooling")
    page.get_by_label("Level").select_option("advanced")
    start(page, "20")
    there = len(questions("pooling", "advanced"))
    head = page.locator(".lw-stage .lw-muted").inner_text()
    assert head.startswith(f"1 of {there} · {TOPICS['pooling']} · Advanced")
    assert tuple(page.evaluate("MockInterview.LEVELS")) == LEVELS


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_and_is_accessible(browser, address, scheme):
    with opened(browser, address, viewport=PHONE, color_scheme=scheme) as page:
        start(page)
        page.get_by_role("button", name="Show the answer").click()
        right = "node => node.getBoundingClientRect().right"
        edge = page.locator(".lenet-interview").evaluate(right)
        assert page.get_by_label("Topic").evaluate(right) <= edge + 1
        too_wide = "document.documentElement.scrollWidth - innerWidth"
        assert page.evaluate(too_wide) <= 0
        assert axe_violations(page) == []
