"""Terms explain themselves, figures open, what is too wide says so, hues stay."""

import base64
import colorsys
import io

import pytest
from PIL import Image

from tests.browser.web_runner import STATIC, axe_violations, html_page, opened

SAID = "unit · 单元: one number of a map"
SCRIPTS = [STATIC / name for name in ("a11y.js", "terms.js", "full-size.js")]
PHONE = {"viewport": {"width": 390, "height": 844}}


def picture(colour) -> str:
    """A picture of one colour, 804 pixels wide as most figures are, as an address."""
    file = io.BytesIO()
    Image.new("RGBA", (804, 100), colour).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


AMBER = picture("#e69f00")
BODY = f"""<link rel="stylesheet" href="{(STATIC / "book.css").as_uri()}">
<article class="bd-article bd-content"><section><p>So a
<a class="term" aria-description="{SAID}" href="#there">unit</a> it is, and another
<a class="term" aria-description="{SAID}" href="#there">unit</a>.</p>
<p><a class="full-size" href="{AMBER}"><img alt="A band" src="{AMBER}"></a></p>
<div class="cell_output"><img class="photo" alt="" src="{AMBER}"></div>
<pre style="overflow: auto">{"x = 1; " * 40}</pre><pre>short</pre>
<p id="there">Here.</p></section></article>"""
SEEN = "e => getComputedStyle(e, '::after').visibility === 'visible'"


@pytest.fixture
def address(tmp_path) -> str:
    return html_page(tmp_path, BODY, SCRIPTS)


@pytest.mark.parametrize("scripts", [True, False])
def test_a_term_explains_itself_on_hover_and_on_focus(browser, address, scripts):
    with opened(browser, address, java_script_enabled=scripts, **PHONE) as page:
        first, second = page.locator("a.term").all()
        assert not first.evaluate(SEEN)
        first.hover()
        assert first.evaluate(SEEN) and not second.evaluate(SEEN)
        shown = first.evaluate("e => getComputedStyle(e, '::after').content")
        assert SAID in shown or "aria-description" in shown
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        assert second.evaluate(SEEN)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_escape_hides_an_explanation_until_the_next_time(browser, address):
    with opened(browser, address) as page:
        term = page.locator("a.term").first
        term.focus()
        page.keyboard.press("Escape")
        term.hover()
        page.keyboard.press("Escape")
        assert not term.evaluate(SEEN)
        page.mouse.move(0, 0)
        page.locator("a.term").last.focus()
        term.hover()
        assert term.evaluate(SEEN)
        assert axe_violations(page) == []


def test_the_first_tap_explains_a_term_and_the_second_follows_it(browser, address):
    with opened(browser, address, has_touch=True, **PHONE) as page:
        term = page.locator("a.term").first
        term.tap()
        assert term.evaluate(SEEN) and not page.url.endswith("#there")
        term.tap()
        assert page.url.endswith("#there")


def test_a_figure_opens_at_full_size_and_closes_by_keyboard(browser, address):
    with opened(browser, address, **PHONE) as page:
        link = page.locator("a.full-size")
        assert link.locator("img").bounding_box()["width"] <= 390
        link.focus()
        page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog", name="Figure at full size")
        assert dialog.locator("img").bounding_box()["width"] >= 800
        assert dialog.bounding_box()["width"] <= 390
        assert axe_violations(page) == []
        page.keyboard.press("Escape")
        assert not dialog.count()
        assert link.evaluate("e => e === document.activeElement")
        link.click()
        dialog.get_by_role("button", name="Close").click()
        assert not dialog.count()


def test_what_is_wider_than_its_frame_fades_where_it_goes_on(browser, address):
    with opened(browser, address, **PHONE) as page:
        mask = "e => getComputedStyle(e).maskImage"
        wide, short = page.locator("pre").all()
        page.wait_for_selector("pre.goes-on:not(.came-from)")
        assert (
            "gradient" in wide.evaluate(mask) and wide.get_attribute("tabindex") == "0"
        )
        assert short.evaluate(mask) == "none" and not short.get_attribute("tabindex")
        wide.evaluate("e => e.scrollTo(1e6, 0)")
        page.wait_for_selector("pre.came-from:not(.goes-on)")


@pytest.mark.parametrize("colour", ["#e69f00", "#d55e00", "#56b4e9", "#ffffff"])
def test_dark_mode_keeps_hues_and_leaves_photographs_alone(browser, address, colour):
    def middle(locator) -> tuple[int, ...]:
        shot = Image.open(io.BytesIO(locator.screenshot())).convert("RGB")
        return shot.getpixel((shot.width // 2, shot.height // 2))

    given = Image.new("RGB", (1, 1), colour).getpixel((0, 0))
    with opened(browser, address) as page:
        page.evaluate("document.documentElement.dataset.theme = 'dark'")
        figure, photo = page.locator("article img").all()
        for one in (figure, photo):
            one.evaluate(
                "(e, src) => { e.src = src; return e.decode(); }", picture(colour)
            )
        assert middle(photo) == given
        hue, _, light = colorsys.rgb_to_hsv(*(v / 255 for v in middle(figure)))
        before = colorsys.rgb_to_hsv(*(v / 255 for v in given))
        assert abs(hue - before[0]) < 0.01 and light >= before[2] - 0.01


def test_the_grey_of_figures_can_be_read_in_dark_mode(browser, address):
    def light(rgb) -> float:
        parts = [(v / 255 / 12.92, ((v / 255 + 0.055) / 1.055) ** 2.4) for v in rgb]
        parts = [low if v <= 10 else high for v, (low, high) in zip(rgb, parts)]
        return sum(a * b for a, b in zip((0.2126, 0.7152, 0.0722), parts))

    with opened(browser, address) as page:
        page.evaluate("document.documentElement.dataset.theme = 'dark'")
        figure = page.locator("article img").first
        ink = picture("#6b6b6b")  # lenet_helpers.plots.INK
        figure.evaluate("(e, src) => { e.src = src; return e.decode(); }", ink)
        shot = Image.open(io.BytesIO(figure.screenshot())).convert("RGB")
        seen = light(shot.getpixel((100, 20)))
        ground = light((0x12, 0x12, 0x12))  # the theme's
        assert (seen + 0.05) / (ground + 0.05) >= 4.5


STEPS = f"""<link rel="stylesheet" href="{(STATIC / "book.css").as_uri()}">
<article class="bd-article"><details class="lx" open><summary>Solution</summary>
<div class="highlight"><pre tabindex="0"><span class="piece">one
</span><span class="piece">two
</span><span class="piece">three
</span></pre></div><p>And so.</p></details></article>"""


@pytest.mark.parametrize("all_at_once", [False, True])
def test_a_solution_is_uncovered_line_by_line(browser, tmp_path, all_at_once):
    address = html_page(tmp_path, STEPS, [STATIC / "solutions.js"])
    with opened(browser, address) as page:
        seen = lambda: page.locator("article").inner_text()  # noqa: E731
        assert "one" in seen() and "two" not in seen() and "And so" not in seen()
        page.get_by_role("button", name="All of it" if all_at_once else "Next").click()
        assert "two" in seen() and ("three" in seen()) == all_at_once
        if not all_at_once:
            page.get_by_role("button", name="Next").click()
        assert "three" in seen() and "And so" in seen()
        assert page.get_by_role("button").count() == 0
        assert page.evaluate("document.activeElement.tagName") == "PRE"
    with opened(browser, address, java_script_enabled=False) as page:
        assert "three" in page.locator("article").inner_text()
