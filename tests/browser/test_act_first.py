"""Predictions and orders in a real page: keys, memory, scripts off, phone, dark."""

import pytest

from tests.book.small_book import built
from tests.browser.test_learn import REFUSED, ROOT
from tests.browser.web_runner import axe_violations, html_page, opened

STYLES = "".join(
    f'<link rel="stylesheet" href="{(ROOT / "_static" / name).as_uri()}">'
    for name in ("book.css", "quiz.css", "act-first.css")
)
SCRIPTS = [ROOT / f"_static/{name}.js" for name in ("storage", "act-first")]
TEXT = """\
:::{predict}
:right: 3

What is *printed*?

1. `1`
2. about `2`
3. `3`

- 2: Not **two**.

There are three.
:::

<div class="cell"><div class="cell_output"><p id="out">3</p>
<pre class="wide">WIDE</pre></div></div>

:::{order}
:right: 2 1 3, 2 3 1

Which order?

1. `a_very_long_name_of_a_function = another_very_long_name(of_something)`
2. `b()`
3. `c()`

- 3: It needs `b`.

So it is.
:::

<div class="cell"><div class="cell_output"><p>open</p></div></div>
"""
TEXT = TEXT.replace("WIDE", 40 * "wide ")
CHOICES = "[data-act=predict] li button"
SAID = "[data-act=predict] .act-said"
VERDICT = "[data-act=order] .act-said"


@pytest.fixture(scope="module")
def boxes(tmp_path_factory) -> str:
    page, warnings = built(tmp_path_factory.mktemp("book"), TEXT, "_ext.act_first")
    assert not warnings
    ink = "light-dark(#222, #ced6dd)"
    colours = f"<style>:root{{color-scheme:light dark;color:{ink}}}"
    colours += "pre{overflow:auto}</style>"
    return colours + STYLES + page.select_one("[role=main]").decode_contents()


@pytest.fixture
def address(tmp_path, boxes) -> str:
    return html_page(tmp_path, boxes, SCRIPTS)


def order(page) -> list[int]:
    return page.eval_on_selector_all(
        "[data-act=order] ol > li", "all => all.map(l => l.value)"
    )


def check(page) -> str:
    page.get_by_role("button", name="Check").click()
    return page.inner_text(VERDICT)


def test_a_wrong_guess_uncovers_the_output_and_is_compared(browser, address):
    with opened(browser, address) as page:
        assert not page.is_visible("#out") and page.is_visible("text=open")
        assert "There are three" not in page.inner_text("main")
        page.locator(CHOICES).nth(1).click()
        assert page.is_visible("#out") and page.is_visible("text=There are three")
        said = page.inner_text(SAID)
        assert said == "→ You expected about 2; it is 3. Not two."
        assert page.get_attribute(SAID, "role") == "status"
        assert page.get_attribute(".wide", "tabindex") == "0"  # it scrolls
        page.locator(CHOICES).nth(2).click()  # too late
        assert page.inner_text(SAID) == said
        assert page.locator("[aria-pressed=true]").inner_text() == "about 2"


def test_a_right_guess_is_confirmed(browser, address):
    with opened(browser, address) as page:
        page.locator(CHOICES).nth(2).click()
        assert page.inner_text(SAID) == "✓ As you predicted."


def test_one_may_look_without_a_guess_and_cover_it_again(browser, address):
    with opened(browser, address) as page:
        page.get_by_role("button", name="Show without a guess").press("Enter")
        assert page.is_visible("#out") and page.inner_text(SAID) == "It is 3."
        assert page.evaluate("document.activeElement.textContent") == "Cover it again"
        page.keyboard.press("Enter")
        assert not page.is_visible("#out") and page.inner_text(SAID).strip() == ""
        assert page.evaluate("document.activeElement.textContent") == "1"


def test_lines_are_moved_by_keys_and_the_focus_moves_along(browser, address):
    with opened(browser, address) as page:
        up = page.get_by_role("button", name="Move 2 up: b()")
        up.focus()
        page.keyboard.press("Enter")
        assert order(page) == [2, 1, 3]
        assert page.inner_text(VERDICT) == "Line 2 is now at place 1 of 3."
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        assert order(page) == [1, 3, 2]
        name = page.evaluate("document.activeElement.getAttribute('aria-label')")
        assert name == "Move 2 up: b()"


def test_a_line_is_dragged(browser, address):
    with opened(browser, address) as page:
        lines = page.locator("[data-act=order] ol > li")
        lines.nth(2).drag_to(lines.nth(0), target_position={"x": 30, "y": 2})
        assert order(page) == [3, 1, 2]


def test_the_first_line_out_of_place_is_named_with_its_reason(browser, address):
    with opened(browser, address) as page:
        assert check(page) == "→ Not yet: line 1 stands too early."
        page.get_by_role("button", name="Move 3 up").click()
        page.get_by_role("button", name="Move 3 up").click()
        assert check(page) == "→ Not yet: line 3 stands too early. It needs b."
        assert not page.is_visible("text=So it is.")


@pytest.mark.parametrize("right", [[2, 1, 3], [2, 3, 1]])
def test_each_right_order_is_right(browser, address, right):
    with opened(browser, address) as page:
        page.evaluate(
            "way => { const list = document.querySelector('[data-act=order] ol');"
            "const lines = [...list.children];"
            "list.append(...way.map(n => lines[n - 1])); }",
            right,
        )
        assert check(page) == "✓ In order." and page.is_visible("text=So it is.")


def test_what_was_done_is_there_again_the_next_day(browser, address):
    with opened(browser, address) as page:
        page.locator(CHOICES).nth(0).click()
        page.get_by_role("button", name="Move 2 up").click()
        check(page)
        page.reload()
        assert page.is_visible("#out") and "You expected 1" in page.inner_text(SAID)
        assert order(page) == [2, 1, 3] and "In order" in page.inner_text(VERDICT)
        page.get_by_role("button", name="Cover it again").click()
        page.reload()
        assert not page.is_visible("#out")


@pytest.mark.parametrize(
    "kept", ["7", "null", '{"number": "x"}', '{"order": [1, 1, 9]}', '{"order": 3}']
)
def test_a_damaged_memory_does_no_harm(browser, address, kept):
    with opened(browser, address) as page:
        page.locator(CHOICES).nth(0).click()
        check(page)
        page.evaluate(
            "v => Object.keys(localStorage).forEach(k => localStorage.setItem(k, v))",
            kept,
        )
        page.reload()
        assert not page.is_visible("#out") and order(page) == [1, 2, 3]


def test_all_works_where_storage_is_refused(browser, tmp_path, boxes):
    with opened(browser, html_page(tmp_path, REFUSED + boxes, SCRIPTS)) as page:
        page.locator(CHOICES).nth(2).click()
        assert page.is_visible("#out") and "stands too early" in check(page)


def test_without_scripts_nothing_is_covered_and_the_answer_is_folded(
    browser, tmp_path, boxes
):
    address = html_page(tmp_path, boxes, [])
    with opened(browser, address, java_script_enabled=False) as page:
        assert page.is_visible("#out") and page.locator("button").count() == 0
        assert page.locator("[data-act] li code").count() == 7  # a reason has one
        assert not page.is_visible("text=Right: 2, 1, 3 or 2, 3, 1.")
        page.locator("summary").nth(1).click()
        assert page.is_visible("text=Right: 2, 1, 3 or 2, 3, 1.")


def test_on_paper_all_is_uncovered(browser, address):
    with opened(browser, address) as page:
        page.emulate_media(media="print")
        assert page.is_visible("#out") and page.is_visible("text=There are three")
        assert page.is_visible("text=So it is.")
        assert not page.is_visible("text=Covered until") and not page.is_visible(
            "text=↑"
        )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [342, 1280])
def test_all_is_accessible_and_fits(browser, address, scheme, width):
    size = {"width": width, "height": 800}
    with opened(browser, address, color_scheme=scheme, viewport=size) as page:
        assert axe_violations(page) == []
        page.locator(CHOICES).nth(1).click()
        check(page)
        assert axe_violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        covers = """() => [...document.querySelectorAll('.act-line')].every(line => {
            const code = line.querySelector('code').getBoundingClientRect();
            const arrow = line.querySelector('button').getBoundingClientRect();
            return code.right <= arrow.left;
        })"""
        assert page.evaluate(covers)
