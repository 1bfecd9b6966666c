"""The drawing pad: mouse, keyboard, screen reader, light, dark, phone."""

import re

import pytest

from tests.browser.web_runner import axe_violations, opened, widget_page

SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])
WIDTHS = pytest.mark.parametrize("width", [1280, 390])
STILL = {"reduced_motion": "reduce"}


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> str:
    return widget_page(tmp_path_factory.mktemp("pad"), "pad")


def picture(page, selector: str) -> str:
    return page.locator(selector).first.evaluate("canvas => canvas.toDataURL()")


def settle(page) -> None:
    """Waits until the next frame has been painted."""
    page.evaluate("() => new Promise(r => requestAnimationFrame(() => setTimeout(r)))")


def numbers(page) -> list[str]:
    return page.locator(".lw-number").all_inner_texts()


def draw(page, *strokes: list) -> None:
    """Strokes by the mouse, in units of the sheet."""
    box = page.locator(".lw-sheet").bounding_box()
    scale = box["width"] / 280
    for stroke in strokes:
        for i, (x, y) in enumerate(stroke):
            page.mouse.move(box["x"] + scale * x, box["y"] + scale * y, steps=4)
            if not i:
                page.mouse.down()
        page.mouse.up()
    settle(page)


def test_a_mouse_draws_on_a_clean_sheet_and_clear_empties_it(browser, address):
    with opened(browser, address) as page:
        before = picture(page, ".lw-see canvas")
        box = page.locator(".lw-sheet").bounding_box()
        page.mouse.move(box["x"] + 120, box["y"] + 40)
        page.mouse.down()
        page.mouse.move(box["x"] + 110, box["y"] + 200, steps=5)
        page.mouse.up()
        settle(page)
        drawn = picture(page, ".lw-see canvas")
        ink = page.locator(".lw-see canvas").evaluate(
            "c => c.getContext('2d').getImageData(0, 0, 32, 32).data.filter("
            "(v, i) => i % 4 === 0 && v > 128).length"
        )
        assert drawn != before
        assert 20 < ink < 100  # one upright line: the sample left the sheet
        page.get_by_role("button", name="Undo stroke").click()
        settle(page)
        assert page.locator(".lw-best").inner_text() == "Nothing is drawn"
        page.get_by_role("button", name="Write a 7").click()
        page.get_by_role("button", name="Clear").click()
        settle(page)
        assert page.locator(".lw-best").inner_text() == "Nothing is drawn"


def test_a_second_finger_draws_no_line_to_the_first(browser, address):
    """Two fingers down at once, left and right: the middle stays empty."""
    with opened(browser, address, has_touch=True) as page:
        page.get_by_role("button", name="Clear").click()
        box = page.locator(".lw-sheet").bounding_box()
        touch = page.context.new_cdp_session(page)
        for kind, step in [("touchStart", 0), ("touchMove", 40), ("touchMove", 80)]:
            y = box["y"] + 50 + step
            points = [
                {"x": box["x"] + 30, "y": y, "id": 1},
                {"x": box["x"] + box["width"] - 30, "y": y, "id": 2},
            ]
            call = {"type": kind, "touchPoints": points}
            touch.send("Input.dispatchTouchEvent", call)
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        settle(page)
        middle = page.locator(".lw-sheet").evaluate(
            "c => c.getContext('2d').getImageData(0.4 * c.width, 0, 0.2 * c.width,"
            " c.height).data.some((v, i) => i % 4 === 3 && v)"
        )
        assert not middle and page.inner_text(".lw-best") == "It reads 1"


def test_the_keyboard_alone_chooses_turns_and_looks_inside(browser, address):
    with opened(browser, address, **STILL) as page:
        page.get_by_role("button", name="Write a 0").focus()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        settle(page)
        upright = picture(page, ".lw-see canvas"), numbers(page)
        page.get_by_role("slider", name="Turn").focus()
        for _ in range(9):
            page.keyboard.press("ArrowRight")
        settle(page)
        assert (picture(page, ".lw-see canvas"), numbers(page)) != upright
        assert "Turn 45°" in page.locator(".lw-sliders").inner_text()
        page.get_by_role("button", name="C1, map 1 of 6").focus()
        page.keyboard.press("ArrowRight")
        assert page.locator(".lw-loupe strong").inner_text() == "C1, map 2"
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.ariaLabel").startswith("S2, map 1")
        page.locator(".lw-frame[tabindex]").focus()
        page.keyboard.press("ArrowRight")
        text = page.locator("#lw-loupe-text")
        assert text.get_attribute("aria-live") == "polite"
        assert "the 6 × 6 pixels in the frame" in text.inner_text()


def test_the_answer_is_spoken_once_the_hand_rests(browser, address):
    with opened(browser, address, **STILL) as page:
        page.get_by_role("button", name="Write a 4").click()
        page.wait_for_timeout(900)
        best = page.locator(".lw-best strong").inner_text()
        assert f"reads {best}," in page.locator(".lw-spoken").inner_text()


def test_the_bars_add_up(browser, address):
    with opened(browser, address, **STILL) as page:
        values = [float(n.strip(">\u00a0%")) for n in numbers(page)]
        assert len(values) == 11  # and none
        assert sum(values) == pytest.approx(100, abs=0.6)


def test_a_sample_is_written_stroke_by_stroke_unless_motion_is_unwanted(
    browser, address
):
    with opened(browser, address) as page:
        page.get_by_role("button", name="Write a 8").click()
        page.wait_for_timeout(1000)
        finished = picture(page, ".lw-see canvas")
    with opened(browser, address, **STILL) as page:
        page.get_by_role("button", name="Write a 8").click()
        settle(page)
        assert picture(page, ".lw-see canvas") == finished


def test_every_layer_is_there_with_its_arithmetic(browser, address):
    with opened(browser, address) as page:
        text = page.locator(".lw-layers").inner_text()
        for line in (
            "C1 6@28×28 · 117,600 multiply-adds · 156 parameters",
            "S2 6@14×14",
            "C3 16@10×10 · 240,000 multiply-adds · 2,416 parameters",
            "S4 16@5×5",
            "C5 120 units · 48,000 multiply-adds · 48,120 parameters",
            "F6 84 units · 10,080 multiply-adds · 10,164 parameters",
            "In all 416,520 multiply-adds and 61,706 parameters",
        ):
            assert line in text
        assert page.locator(".lw-tile").count() == 6 + 6 + 16 + 16 + 1 + 1


def test_the_sheet_is_sharp_on_fine_screens_and_follows_the_theme(browser, address):
    with opened(browser, address, device_scale_factor=2) as page:
        wide, shown = page.locator(".lw-sheet").evaluate(
            "c => [c.width, c.clientWidth]"
        )
        assert wide == 2 * shown
        sheet, map = picture(page, ".lw-sheet"), picture(page, ".lw-tile canvas")
        page.emulate_media(color_scheme="dark")
        settle(page)
        assert picture(page, ".lw-sheet") != sheet
        assert picture(page, ".lw-tile canvas") == map  # as the book's figures


@SCHEMES
@WIDTHS
def test_axe_finds_nothing_and_nothing_sticks_out(browser, address, scheme, width):
    size = {"width": width, "height": 900}
    with opened(browser, address, color_scheme=scheme, viewport=size, **STILL) as page:
        page.locator(".lw-wrong summary").click()
        page.locator(".lw-break summary").click()
        draw(page, [[40, 60], [40, 220]], [[200, 60], [200, 220]])
        page.get_by_role("button", name="Take the tour").click()
        assert axe_violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_the_network_reads_every_sample_digit(browser, address):
    with opened(browser, address, **STILL) as page:
        for digit in range(10):
            page.get_by_role("button", name=f"Write a {digit}").click()
            settle(page)
            assert page.locator(".lw-best strong").inner_text() == str(digit)


HEART = [[140, 240], [50, 140], [50, 70], [100, 50], [140, 100], [180, 50], [230, 70]]
HEART += [[230, 140], [140, 240]]


def test_a_heart_is_no_digit_and_that_is_said_shown_and_spoken(browser, address):
    with opened(browser, address, **STILL) as page:
        draw(page, HEART)
        assert page.inner_text(".lw-best") == "This is no digit"
        assert page.inner_text("li[data-best] b") == "none"
        page.wait_for_timeout(700)
        assert "This is no digit" in page.locator(".lw-spoken").inner_text()


def test_several_drawings_are_read_and_each_can_be_looked_at(browser, address):
    with opened(browser, address, **STILL) as page:
        draw(page, [[40, 60], [40, 220]], [[120, 60], [200, 60], [160, 220]])
        page.get_by_role("button", name="Drawing 2 of 2: 7", pressed=True).wait_for()
        seven = picture(page, ".lw-see canvas")
        page.get_by_role("button", name="Drawing 1 of 2: 1").focus()
        page.keyboard.press("Enter")
        assert picture(page, ".lw-see canvas") != seven
        assert page.evaluate("document.activeElement.ariaPressed") == "true"


def test_a_stroke_that_leaves_the_sheet_is_followed(browser, address):
    """A 7 whose stem runs on below the edge looks as one that lies inside."""
    with opened(browser, address, **STILL) as page:
        draw(page, [[60, 40], [160, 40], [110, 200]])
        inside = picture(page, ".lw-see canvas")
        page.get_by_role("button", name="Clear").click()
        draw(page, [[60, 160], [160, 160], [110, 320]])
        assert page.inner_text(".lw-best") == "It reads 7"
        assert "lies off the sheet" in page.inner_text(".lw-hint")
        assert picture(page, ".lw-see canvas") == inside


# ---- The tour, and breaking it ----


def test_the_tour_has_ten_stops_and_frames_what_it_speaks_of(browser, address):
    with opened(browser, address, **STILL) as page:
        page.get_by_role("button", name="Take the tour").focus()
        page.keyboard.press("Enter")
        panel = page.get_by_role("region", name="Guided tour")
        framed = []
        for stop in range(1, 11):
            assert panel.locator("strong").inner_text().startswith(f"{stop} of 10:")
            (part,) = page.locator("[data-tour]").all()
            framed.append(part.evaluate("part => part.className"))
            assert part.is_visible()
            if "lw-layer" in framed[-1] and "Map " in panel.inner_text():
                (best,) = re.findall(r"Map (\d+) answers most", panel.inner_text())
                assert page.inner_text(".lw-loupe strong").endswith(f"map {best}")
            page.keyboard.press("ArrowRight")
        assert [name[-2:] for name in framed[1:7]] == [
            "c1",
            "s2",
            "c3",
            "s4",
            "c5",
            "f6",
        ]
        assert panel.is_hidden() and page.locator("[data-tour]").count() == 0
        focused = page.evaluate("document.activeElement.textContent")
        assert focused.startswith("Take the tour")


def test_the_tour_speaks_of_the_drawing_that_is_there_now(browser, address):
    with opened(browser, address, **STILL) as page:
        page.get_by_role("button", name="Take the tour").click()
        for _ in range(9):
            page.get_by_role("button", name="Next").click()
        words = page.locator(".lw-tour p")
        assert "sure of the 3" in words.inner_text()
        page.get_by_role("button", name="Write a 7").click()
        settle(page)
        assert "sure of the 7" in words.inner_text()
        page.get_by_role("button", name="Clear").click()
        settle(page)
        assert "So it says: no digit" in words.inner_text()
        page.locator(".lw-tour button").first.focus()
        page.keyboard.press("Escape")
        assert page.locator(".lw-tour").is_hidden()


def test_breaking_it_costs_what_the_page_measures_and_reset_heals_it(browser, address):
    with opened(browser, address, **STILL) as page:
        bars, score = numbers(page), page.locator(".lw-break > p").last
        page.locator(".lw-break summary").click()
        page.wait_for_function(MEASURED, arg="reads")
        whole = float(re.search(r"([\d.]+)\s% right", score.inner_text())[1])
        assert 85 < whole < 100
        page.get_by_label("Noise on all weights").fill("100")
        page.get_by_label("C3", exact=True).check()
        page.get_by_label("Kernels to zero").select_option("C1, map 2")
        page.wait_for_function(MEASURED, arg="whole")
        broken, before = re.findall(r"([\d.]+)\s%", score.inner_text())
        assert float(before) == whole > float(broken) + 20
        assert numbers(page) != bars
        page.get_by_role("button", name="Reset").click()
        page.wait_for_function(MEASURED, arg="never learned")
        assert numbers(page) == bars
        assert page.get_by_role("button", name="Reset").is_disabled()


MEASURED = "words => [...document.querySelectorAll('.lw-break > p')].at(-1).textContent.includes(words)"  # noqa: E501
