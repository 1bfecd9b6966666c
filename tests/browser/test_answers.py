"""An answer typed in the page gets the verdict that the notebook gives it."""

import json

import pytest

from lenet_course import exercises
from lenet_course.html import inline
from tests.browser.test_learn import REFUSED, ROOT, SCRIPTS, STYLE
from tests.browser.web_runner import (
    axe_violations,
    html_page,
    opened,
    run_javascript,
)

ANSWERS = ROOT / "_static/answers.js"
TYPED = {one.id: one for one in exercises.all() if one.checker.typed}
JUDGE = "cases => cases.map(([form, text]) => LenetAnswers.judge(form, text))"
COLAB = '<a hidden href="https://colab.research.google.com/github/x/05.ipynb">Colab</a>'


def form(id: str) -> dict:
    return json.loads(exercises.check(id).form)


def verdicts(cases: list[tuple[str, str]]) -> list[dict]:
    return run_javascript([ANSWERS], JUDGE, [(form(id), text) for id, text in cases])


def moved(value, by):
    """``value`` with its last number moved."""
    if isinstance(value, list | tuple):
        return type(value)([*value[:-1], moved(value[-1], by)])
    return value + by


def tries(one) -> list:
    """Values a reader may type: right, known mistakes, and what lies beside them."""
    right = one.answer()
    found = [right, *(bad for bad, _ in one.checker.examples)]
    if isinstance(right, str):
        return [*found, right.upper(), "nonsense"]
    found += [moved(right, by) for by in (1, -1, 0.5, 1e-9, 1e-3, -2.5e-7, 1e20)]
    if isinstance(right, int | float):
        return [*found, 0, -right, right * 10, 1e-7, 123456.75, [right], float("inf")]
    if one.checker.typed["kind"] == "shape":
        return [*found, (*right, 1), right[:-1], list(right), 7, (2.5,) * len(right)]
    return found


def test_there_is_something_to_type_in_nearly_every_chapter():
    rooms = {id.partition(".")[0] for id in TYPED}
    assert len(TYPED) >= 32 and len(rooms) >= 13
    for one in exercises.all():
        assert bool(one.checker.typed) != one.checker.takes_function, one.id


def test_page_and_notebook_give_the_same_verdicts():
    asked = [(id, value) for id, one in TYPED.items() for value in tries(one)]
    texts = [
        (id, value if isinstance(value, str) else repr(value).replace("inf", "1e400"))
        for id, value in asked
    ]
    assert len(asked) > 300
    for (id, value), said in zip(asked, verdicts(texts), strict=True):
        verdict = exercises.check(id, value)
        wanted = {"right": bool(verdict), "said": inline(verdict.text)}
        assert said == wanted, (id, value)


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("6 * (5*5 + 1)", 156),
        ("6·(5²+1)", 156),
        ("2**10 // 3", 341),
        ("-2**2", -4),
        ("2**-1", 0.5),
        ("sqrt(2/150)", (2 / 150) ** 0.5),
        ("1_516", 1516),
        ("(3)", 3),
        ("(3,)", [3]),
        ("[3]", [3]),
        ("1, 2", [1, 2]),
        ("[[1, 2], [3, -4]], (5, 6,)", [[[1, 2], [3, -4]], [5, 6]]),
        ("１５６", 156),
    ],
)
def test_values_are_read_as_python_reads_them(typed, value):
    read = run_javascript([ANSWERS], "text => LenetAnswers.read(text)", typed)
    assert read == pytest.approx(value) if isinstance(value, float) else read == value


@pytest.mark.parametrize(
    "typed",
    ["", "(", "1; 2", "[1, 2)", "1 +", "six", "alert(1)", "constructor", "<b>", "[]*2"]
    + ["log", "sqrt(1, 2)", "(1, 2) + 1", "1e", "**", "__proto__", "(" * 5000],
)
@pytest.mark.parametrize("id", ["architecture.c3-parameters", "convolution.fields"])
def test_what_is_no_value_is_said_to_be_none(id, typed):
    (verdict,) = verdicts([(id, typed)])
    assert not verdict["right"] and "<b>" not in verdict["said"]
    assert "cannot be read" in verdict["said"] or "Write it as" in verdict["said"]


@pytest.mark.parametrize("typed", ["1516", "1,516", "1 516", "60*25 + 16", "1.516e3"])
def test_people_write_a_number_as_they_like(typed):
    assert verdicts([("architecture.c3-parameters", typed)])[0]["right"]


def test_tables_of_another_shape_are_named():
    id = "backpropagation.one-dimension"
    texts = ["[1, 2, 3]", "[2, 5], [1, -2, 5, -4, 6]", "[2, [5], 2], [1]", "3, 4"]
    said = [v["said"] for v in verdicts([(id, text) for text in texts])]
    assert said[0] == "Write it as (dw, dx)."
    assert said[1] == ("dw has the shape [2], but belongs to something of shape [3].")
    assert said[2] == said[3] == "dw cannot be read as a table of numbers."


# In a page


@pytest.fixture
def page_address(tmp_path):
    ids = "architecture.c3-parameters", "tricks.diagnosis", "convolution.fields"
    ids += "backpropagation.one-dimension", "gpu.timer"
    shown = [exercises.check(id)._repr_html_() for id in ids]
    shown.append(exercises.check("gpu.timer", abs)._repr_html_())
    inks = "light-dark(#222, #ced6dd)"
    colours = f"<style>:root{{color-scheme:light dark;color:{inks}}}</style>"
    return html_page(tmp_path, COLAB + colours + STYLE + "".join(shown), SCRIPTS)


NUMBER = "#answer-architecture-c3-parameters"
SAID = f".lx-ask:has({NUMBER}) .lx-said"


def test_a_field_takes_the_place_of_the_empty_box(browser, page_address):
    with opened(browser, page_address) as page:
        assert page.locator(".lx-ask").count() == 4
        assert not page.get_by_text("Not attempted").is_visible()
        page.fill(NUMBER, "2416")
        page.press(NUMBER, "Enter")
        assert "Not yet." in page.inner_text(SAID)
        page.fill(NUMBER, "60·25 + 16")
        page.locator(f".lx-ask:has({NUMBER}) button").click()
        assert "Correct." in page.inner_text(SAID)
        page.select_option("#answer-tricks-diagnosis", "labels")
        assert page.locator(".lx-good").count() == 2


def test_code_is_sent_to_where_it_can_run(browser, page_address):
    with opened(browser, page_address) as page:
        links = page.locator(".lx-run a")
        assert links.count() == 2  # a stub, and an answer that is refused
        assert links.first.get_attribute("href").endswith("05.ipynb")


def test_an_answer_is_there_again_the_next_day(browser, page_address):
    with opened(browser, page_address) as page:
        page.fill(NUMBER, "1500")
        page.press(NUMBER, "Enter")
        said = page.inner_text(SAID)
        page.reload()
        assert page.input_value(NUMBER) == "1500" and page.inner_text(SAID) == said
        page.fill(NUMBER, "")
        page.press(NUMBER, "Enter")
        page.reload()
        assert page.input_value(NUMBER) == "" and not page.is_visible(SAID)


def test_a_field_works_where_storage_is_refused(browser, tmp_path):
    id = "architecture.c3-parameters"
    body = REFUSED + STYLE + exercises.check(id)._repr_html_()
    with opened(browser, html_page(tmp_path, body, SCRIPTS)) as page:
        page.fill(NUMBER, "1516")
        page.press(NUMBER, "Enter")
        assert "Correct." in page.inner_text(SAID)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_fields_are_accessible_and_fit_a_phone(browser, page_address, scheme):
    options = {"color_scheme": scheme, "viewport": {"width": 320, "height": 700}}
    with opened(browser, page_address, **options) as page:
        page.fill(NUMBER, "2416")
        page.press(NUMBER, "Enter")
        assert axe_violations(page) == []
        wide = "document.documentElement.scrollWidth <= innerWidth"
        assert page.evaluate(wide)


def test_without_javascript_nothing_useless_stands_there(browser, page_address):
    with opened(browser, page_address, java_script_enabled=False) as page:
        assert not page.get_by_text("Not attempted").first.is_visible()
