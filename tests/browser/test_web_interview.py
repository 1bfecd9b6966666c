"""The mock interview in the page: draws as Python does, resumes, shows text as text."""

import json
import re

import pytest

from lenet_course.interview import (
    LEVELS,
    ROUNDS,
    TOPICS,
    bank,
    mock,
    questions,
    scoresheet,
)
from lenet_course.interview.render import inline
from lenet_course.interview.words import word
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
        (n, seed, topic, level, "mixed")
        for n in (1, 5, 10)
        for seed in range(30)
        for topic in (None, "pooling")
        for level in (None, "basic")
        if len(questions(topic, level)) >= n
    ]
    calls += [(2, seed, None, None, name) for name in ROUNDS for seed in range(10)]
    files = [WEB / "drills.js", bank_file, WEB / "interview.js"]
    function = """calls => calls.map(([n, seed, topic, level, name]) => {
      const { questions, rounds } = InterviewBank;
      const asked = MockInterview.draw(questions, n, seed, rounds[name], topic, level);
      return asked.map((q) => q.id);
    })"""
    for call, page in zip(calls, run_javascript(files, function, calls), strict=True):
        assert page == [q.id for q in mock(*call).questions], call


def test_the_page_asks_on_and_counts_as_python_does(bank_file):
    (question,) = mock(1, seed=1).questions
    points = [*question.points]
    cases = [([], [True]), (points[:2], []), (points, [False, True])]
    function = """([id, cases]) => {
      const q = InterviewBank.questions.find((q) => q.id === id);
      return cases.map(([ticks, followed]) => [
        Asking.pressed(q, ticks).map((f) => f.ask.en),
        MockInterview.points([[q, { ticks, followed }]])]);
    }"""
    files = [WEB / "drills.js", bank_file, WEB / "asking.js", WEB / "interview.js"]
    told = run_javascript(files, function, [question.id, cases])
    for (ticks, followed), (asked, page) in zip(cases, told, strict=True):
        python = scoresheet.pressed(question, ticks)
        assert asked == [inline(f.ask["en"]) for f in python]
        pair = question, scoresheet.Answer("", tuple(ticks), 1, tuple(followed))
        assert (page["got"], page["best"]) == scoresheet.points([pair])


def start(page, count: str = "5"):
    page.get_by_label("Questions").select_option(count)
    page.get_by_role("button", name="Start").click()


def answer(page, points: int, text: str = "", followed: bool = True):
    """Answer one question: its first points, then whatever is asked next."""
    page.keyboard.type(text)  # the focus is in the box
    page.get_by_role("button", name="Show the answer").click()
    for tick in page.locator(".lw-tick input").all()[:points]:
        tick.check()
    page.get_by_role("button", name="Go on").click()
    for _ in range(2 if points == 3 else 1):
        page.locator(".lw-stage [role=status] .lw-button").first.click()  # show
        page.get_by_role(
            "button", name="I said it" if followed else "I did not"
        ).click()


def test_an_interview_to_its_summary(page):
    start(page)
    for points in (3, 2, 0, 3, 3):
        answer(page, points, EVIL)
    said = page.locator(".lw-message").inner_text()
    assert said.startswith("19 of 23 points. At or above the 70%")
    assert "Left out: Claim: 1, Reason: 1, " in page.locator(".lw-stage").inner_text()
    assert page.locator("tbody tr").count() == 5
    assert page.locator(".lw-typed").all_inner_texts() == [EVIL] * 5
    assert page.locator(".lenet-interview img").count() == 0
    assert page.evaluate(f"localStorage.getItem('{KEY}')") is None
    assert page.locator(".lw-review a").first.get_attribute("href").startswith("quest")


def test_what_was_answered_comes_back_in_practice_and_in_the_curve(page):
    for points in (0, 3):
        start(page)
        for _ in range(5):
            answer(page, points)
    assert page.locator(".lw-history circle").count() == 2
    days = page.locator("table").last.inner_text()
    assert "25 / 25" in days and "5 / 20" in days
    kept = page.evaluate("[...LenetProgress.items().values()].map((item) => item.last)")
    assert set(kept) == {"bad", "good"} and kept.count("good") == 5


def test_it_can_be_held_by_keyboard_alone(page):
    page.get_by_role("button", name="Start").focus()
    page.keyboard.press("Enter")
    total = 10
    for place in range(1, total + 1):
        assert f"{place} of {total}" in page.locator(".lw-stage").inner_text()
        page.keyboard.type("words")  # the focus is in the box
        page.keyboard.press("Control+Enter")  # the answer; the focus is on its points
        for key in "123":
            page.keyboard.press(key)
        page.keyboard.press("Control+Enter")
        for _ in range(2):
            page.keyboard.press("Enter")  # show what answers the follow-up
            page.keyboard.press("Space")
    assert page.locator(".lw-message").inner_text().startswith("50 of 50 points.")
    assert page.evaluate("document.activeElement.className") == "lw-message"


def test_what_is_interrupted_goes_on_with_what_was_typed(page):
    start(page)
    answer(page, 3)
    asked = page.locator(".lw-asked").inner_text()
    page.keyboard.type("half an " + EVIL)
    page.reload()
    assert "question 2 of 5" in page.locator(".lw-stage").inner_text()
    page.get_by_role("button", name="Go on").click()
    assert page.locator(".lw-asked").inner_text() == asked
    assert page.get_by_label("Your answer").input_value() == "half an " + EVIL
    page.get_by_role("button", name="Show the answer").click()
    page.locator(".lw-tick input").nth(1).check()
    page.reload()
    page.get_by_role("button", name="Go on").click()
    assert page.locator(".lw-said").is_visible()  # and the clock stands
    ticks = page.locator(".lw-tick input").all()
    assert [tick.is_checked() for tick in ticks] == [False, True, False]
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
        '{"ids": ["shapes-output-size"], "answers": [{"score": 2}]}',
        '{"ids": ["shapes-output-size", "shapes-output-size"], "answers":'
        ' [{"ticks": ["joke"], "followed": [], "seconds": 1, "text": ""}]}',
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
    answer(other, 3)
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
    answer(page, 3)
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
    page.get_by_role("button", name=word("show", language)).click()
    image = page.locator(".lw-said .q-figure img")
    assert image.get_attribute("alt") == drawn[0].figure.alt[language]
    image.evaluate("image => image.decode()")
    assert image.evaluate("image => image.naturalWidth") > 200


def test_headings_that_cost_points_are_to_be_read_again(page):
    page.get_by_label("Topic").select_option("shapes")
    start(page)
    for _ in range(5):
        answer(page, 0, followed=False)
    links = page.locator("li a", has_text=": ")
    assert 1 <= links.count() <= 5
    places = {": ".join((q.chapter, q.heading)): q.chapter for q in questions("shapes")}
    for link in links.all():
        name = places[link.inner_text()]
        assert link.get_attribute("href") == f"{name}.html#x"


def test_it_asks_in_chinese(page):
    page.get_by_label("Language").select_option("zh")
    page.get_by_role("button", name="开始").click()
    asked = page.locator(".lw-asked")
    assert asked.get_attribute("lang") == "zh-Hans"
    assert any("\u4e00" <= letter <= "\u9fff" for letter in asked.inner_text())
    page.get_by_role("button", name="看答案").click()
    page.get_by_role("button", name="继续").click()
    page.locator(".lw-stage [role=status] .lw-button").first.click()
    page.get_by_role("button", name="没说到").click()
    words = page.locator(".lenet-interview").inner_text()
    english = re.findall(
        r"(?<![A-Za-z])[a-z]{4,}", words.replace(asked.inner_text(), "")
    )
    assert english == [], english


def test_a_chinese_browser_is_asked_in_chinese(browser, address):
    with opened(browser, address, locale="zh-CN") as page:
        assert page.get_by_role("button", name="开始").is_visible()


def test_every_round_starts_or_says_why_not(page):
    for name in ROUNDS:
        page.evaluate(f"localStorage.removeItem('{KEY}')")
        page.reload()
        page.get_by_label("Round").select_option(name)
        page.get_by_role("button", name="Start").click()
        aim = ROUNDS[name].seconds
        clock = f"/ {aim // 60}:{aim % 60:02d}"
        assert clock in page.locator(".lw-time").inner_text()
    page.reload()
    page.get_by_label("Round").select_option("project")
    page.get_by_label("Topic").select_option("shapes")
    page.get_by_role("button", name="Start").click()
    assert "No such questions" in page.get_by_role("alert").inner_text()


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
