"""Quiz, exercises, sliders in a real page: keys, memory, scripts off, phone, dark."""

from pathlib import Path

import pytest

from lenet_course import exercises, quiz
from lenet_course.frames import frames
from tests.browser.web_runner import axe_violations, html_page, opened

ROOT = Path(__file__).resolve().parents[2]
STYLE = f'<link rel="stylesheet" href="{(ROOT / "_static/quiz.css").as_uri()}">'
SCRIPTS = [
    ROOT / f"_static/{n}.js"
    for n in ("storage", "progress", "answers", "code", "ask", "quiz")
]
Q = "#quiz-architecture-"
# What a quiz keeps; how its questions went is kept for practice, too.
KEYS = "Object.keys(localStorage).filter((key) => key.includes(':quiz:'))"
FIELD = f"{Q}receptive-field-s4-n"
REFUSED = """<script>Object.defineProperty(window, "localStorage",
  {get() { throw new DOMException("refused", "SecurityError"); }});</script>"""


@pytest.fixture(scope="session")
def quiz_html():
    return STYLE + quiz.show("architecture")._repr_html_()


@pytest.fixture
def quiz_page(tmp_path, quiz_html):
    return html_page(tmp_path, quiz_html, SCRIPTS)


@pytest.fixture(scope="session")
def slider_html():
    import matplotlib.pyplot as plt

    def draw(value):
        figure, axes = plt.subplots(figsize=(6, 3))
        axes.plot([0, value, 1])
        return figure

    one = frames(draw, range(4), label="height", alt="A peak of {value}.")
    two = frames(draw, "abc", label="letter", alt="Letter {value}.", start=1)
    return one._repr_html_() + two._repr_html_()


@pytest.fixture(scope="session")
def exercise_html():
    from tests.course import exercises_demo  # noqa: F401

    def talks(n, kernel, stride):
        print("wide " * 60)
        return n

    id = "demo.output-size"
    shown = [exercises.check(id), exercises.check(id, talks), exercises.solution(id)]
    shown.append(exercises.check("demo.c3-weights", 1500))
    shown.append(exercises.hint("demo.c3-weights", 1))
    return "".join(one._repr_html_() for one in shown)


# Quiz


def test_a_choice_explains_itself_without_javascript(browser, tmp_path, quiz_html):
    page_address = html_page(tmp_path, quiz_html, [])
    with opened(browser, page_address, java_script_enabled=False) as page:
        wrong = page.locator(f"{Q}c3-parameters .lq-o").nth(1)
        note = wrong.locator(".lq-w")
        assert not note.is_visible()
        wrong.locator("label").click()
        assert note.is_visible() and "36 of them" in note.inner_text()
        right = page.locator(f"{Q}c3-parameters .lq-o").nth(2)
        right.locator("label").click()
        assert right.locator(".lq-r").is_visible() and not note.is_visible()


def test_a_number_is_folded_without_javascript(browser, tmp_path, quiz_html):
    page_address = html_page(tmp_path, quiz_html, [])
    with opened(browser, page_address, java_script_enabled=False) as page:
        assert not page.locator(FIELD).is_visible()
        answer = page.locator(f"{Q}receptive-field-s4 details p")
        assert not answer.is_visible()
        page.locator(f"{Q}receptive-field-s4 summary").click()
        assert answer.inner_text().startswith("16 pixels.")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("16", "C1 5, S2 6, C3 14"),
        (" 16.0 ", "C1 5, S2 6, C3 14"),
        ("1.6e1", "C1 5, S2 6, C3 14"),
        ("15", "2 pixels apart in the input, not 1"),
        ("17", "Go layer by layer"),
        ("-16", "Go layer by layer"),
        ("sixteen", "Go layer by layer"),
        ("<b>", "Go layer by layer"),
        ("1e309", "Go layer by layer"),
        ("-1e309", "Go layer by layer"),
        ("9" * 30, "Go layer by layer"),
        ("１６", "Correct"),
    ],
)
def test_a_typed_number_gets_its_own_explanation(browser, quiz_page, typed, said):
    with opened(browser, quiz_page) as page:
        page.fill(FIELD, typed)
        page.press(FIELD, "Enter")
        notes = page.locator(f"{Q}receptive-field-s4 .lq-on")
        assert notes.count() == 1 and said in notes.inner_text()
        assert said in page.locator(".lq-said").inner_text()


def test_score_and_answers_survive_a_reload(browser, quiz_page):
    with opened(browser, quiz_page) as page:
        score = page.locator(".lq-score output")
        assert score.inner_text() == "0 of 7 right, 7 to go"
        page.check(f"{Q}c3-parameters-3")
        page.check(f"{Q}why-32-1")
        page.fill(FIELD, "16")
        page.click(f"{Q}receptive-field-s4 button")
        assert score.inner_text() == "2 of 7 right, 4 to go"
        page.reload()
        assert score.inner_text() == "2 of 7 right, 4 to go"
        assert page.is_checked(f"{Q}c3-parameters-3")
        assert page.input_value(FIELD) == "16"


def test_all_of_several_must_be_chosen(browser, quiz_page):
    with opened(browser, quiz_page) as page:
        score = page.locator(".lq-score output")
        for option, right in [(1, 0), (2, 0), (3, 1), (4, 0)]:
            page.check(f"{Q}published-count-{option}")
            assert score.inner_text().startswith(f"{right} of 7")


def test_start_again_forgets(browser, quiz_page):
    with opened(browser, quiz_page) as page:
        again = page.get_by_role("button", name="Start again")
        assert again.is_disabled()
        page.check(f"{Q}c3-parameters-3")
        page.fill(FIELD, "16")
        page.press(FIELD, "Enter")
        again.click()
        for _ in range(2):
            assert page.locator("input:checked").count() == 0
            assert page.input_value(FIELD) == ""
            assert page.locator(".lq-w:visible").count() == 0
            assert page.evaluate(f"{KEYS}.length") == 0
            page.reload()


def test_a_changed_quiz_forgets_the_answers_to_the_old_one(
    browser, tmp_path, quiz_html
):
    digest = quiz.load("architecture").digest
    with opened(browser, html_page(tmp_path, quiz_html, SCRIPTS)) as page:
        page.check(f"{Q}c3-parameters-3")
        html_page(tmp_path, quiz_html.replace(digest, "00000000"), SCRIPTS)
        page.reload()
        assert page.locator("input:checked").count() == 0


@pytest.mark.parametrize("state", ["", ', "state": 7', ', "state": null'])
def test_the_quiz_works_with_a_memory_that_is_damaged(browser, quiz_page, state):
    digest = quiz.load("architecture").digest
    with opened(browser, quiz_page) as page:
        page.check(f"{Q}c3-parameters-3")
        page.evaluate(
            f"v => localStorage.setItem({KEYS}[0], v)",
            f'{{"digest": "{digest}"{state}}}',
        )
        page.reload()
        page.check(f"{Q}why-32-1")
        assert page.locator(".lq-score output").inner_text().endswith("6 to go")


def test_the_quiz_works_where_storage_is_refused(browser, tmp_path, quiz_html):
    with opened(browser, html_page(tmp_path, REFUSED + quiz_html, SCRIPTS)) as page:
        page.check(f"{Q}c3-parameters-3")
        assert page.locator(".lq-score output").inner_text().startswith("1 of 7")
        page.get_by_role("button", name="Start again").click()
        assert page.locator("input:checked").count() == 0


def test_the_quiz_is_answered_by_keyboard_alone(browser, quiz_page):
    with opened(browser, quiz_page) as page:
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        page.keyboard.press("ArrowDown")
        assert page.is_checked(f"{Q}c3-parameters-2")
        style = "getComputedStyle(document.activeElement).outlineStyle"
        assert page.evaluate(style) == "solid"
        assert "36 of them" in page.locator(".lq-said").inner_text()


def test_the_quiz_leaves_no_global_name(browser, tmp_path, quiz_html):
    count = "Object.keys(window).length"
    with opened(browser, html_page(tmp_path, quiz_html, SCRIPTS[:4])) as page:
        without = page.evaluate(count)
    with opened(browser, html_page(tmp_path, quiz_html, SCRIPTS)) as page:
        assert page.evaluate(count) == without


# Sliders


def visible_pictures(page, slider):
    images = page.locator(".lf").nth(slider).locator("img:visible")
    return [image.get_attribute("alt") for image in images.all()]


def test_arrow_keys_move_one_slider_and_not_the_other(browser, tmp_path, slider_html):
    with opened(browser, html_page(tmp_path, slider_html, [])) as page:
        assert visible_pictures(page, 0) == ["A peak of 0."]
        assert visible_pictures(page, 1) == ["Letter b."]
        page.locator("input[type=range]").first.focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        assert visible_pictures(page, 0) == ["A peak of 2."]
        assert visible_pictures(page, 1) == ["Letter b."]
        assert page.locator("output").first.inner_text() == "2"
        text = page.locator("input").first.get_attribute("aria-valuetext")
        assert text == "2"


def test_a_slider_that_arrives_piece_by_piece_starts(browser, tmp_path, slider_html):
    pieces = slider_html.split("<")
    slowly = """async pieces => {
        document.open();
        for (const piece of pieces) {
            document.write(piece);
            await new Promise(done => setTimeout(done, 30));
        }
        document.close();
    }"""
    with opened(browser, html_page(tmp_path, "", [])) as page:
        page.evaluate(slowly, [pieces[0], *("<" + piece for piece in pieces[1:])])
        page.wait_for_function("document.querySelectorAll('output')[1].innerText")
        assert visible_pictures(page, 0) == ["A peak of 0."]
        assert visible_pictures(page, 1) == ["Letter b."]


def test_without_javascript_every_frame_is_there(browser, tmp_path, slider_html):
    page_address = html_page(tmp_path, slider_html, [])
    with opened(browser, page_address, java_script_enabled=False) as page:
        assert len(visible_pictures(page, 0)) == 4
        assert page.locator("figcaption:visible").count() == 7
        assert not page.locator("input").first.is_visible()


# Everything


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_all_is_accessible_and_fits(
    browser, tmp_path, quiz_html, slider_html, exercise_html, scheme, width
):
    ground, ink = ("#fff", "#222") if scheme == "light" else ("#121212", "#ced6dd")
    colours = f"<style>:root{{background:{ground};color:{ink}}}</style>"
    body = colours + quiz_html + slider_html + exercise_html
    address = html_page(tmp_path, body, SCRIPTS)
    size = {"width": width, "height": 800}
    with opened(browser, address, color_scheme=scheme, viewport=size) as page:
        page.check(f"{Q}c3-parameters-2")
        page.check(f"{Q}c3-parameters-3")
        page.evaluate(
            "document.querySelectorAll('details').forEach(d => d.open = true)"
        )
        assert axe_violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_folds_open_by_keyboard(browser, tmp_path, exercise_html):
    page_address = html_page(tmp_path, exercise_html, [])
    with opened(browser, page_address, java_script_enabled=False) as page:
        code = page.locator("details pre")
        assert not code.is_visible()
        page.locator("summary", has_text="Solution").focus()
        page.keyboard.press("Enter")
        assert "def output_size" in code.inner_text()
