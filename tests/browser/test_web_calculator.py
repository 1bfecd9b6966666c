"""The calculator in the page: presets, messages, keyboard, light, dark, phone."""

import pytest

from tests.browser.web_runner import axe_violations, html_page, opened, widget_scripts

MOUNT = '<div class="lenet-calculator" data-preset="{}"></div>'
SCRIPTS = widget_scripts("calculator")
SUMS = {  # parameters and multiply-adds, as the papers' layers give them
    "lenet5": "61,706 parameters, 416,520 multiply-adds.",
    "lenet5-28": "61,706 parameters, 416,520 multiply-adds.",
    "alexnet": "60,965,224 parameters, 724,406,816 multiply-adds.",
}


@pytest.fixture
def address(tmp_path) -> str:
    return html_page(tmp_path, MOUNT.format("lenet5") + MOUNT.format("?"), SCRIPTS)


@pytest.mark.parametrize("preset", SUMS)
def test_presets_give_the_known_sums(browser, tmp_path, preset):
    with opened(browser, html_page(tmp_path, MOUNT.format(preset), SCRIPTS)) as page:
        assert page.locator(".lw-message").inner_text() == SUMS[preset]
        assert page.get_by_label("Start from").input_value() == preset


def test_a_wrong_value_is_marked_and_explained_and_can_be_repaired(browser, address):
    with opened(browser, address) as page:
        kernel = page.get_by_label("C5, kernel").first
        message = page.locator(".lw-message").first
        kernel.fill("7")
        assert message.inner_text() == ("C5: a kernel of 7 does not fit into 5 pixels.")
        assert kernel.get_attribute("aria-invalid") == "true"
        assert kernel.get_attribute("aria-describedby") == message.get_attribute("id")
        results = page.locator(".lw-scroll").first.inner_text()
        assert "16@5×5" in results and "NaN" not in results
        kernel.fill("")
        assert message.inner_text() == "C5: kernel must be a whole number."
        kernel.fill("5")
        assert message.inner_text() == SUMS["lenet5"]
        assert kernel.get_attribute("aria-invalid") is None


def test_calculators_on_one_page_do_not_disturb_each_other(browser, address):
    with opened(browser, address) as page:
        page.get_by_label("Input side").first.fill("28")
        first, second = page.locator(".lw-message").all_inner_texts()
        assert first == "C5: a kernel of 5 does not fit into 4 pixels."
        assert second == SUMS["lenet5"]


def test_the_keyboard_edits_the_stack_and_keeps_its_place(browser, address):
    with opened(browser, address) as page:
        rows = page.locator(".lenet-calculator").first.locator(".lw-edit tbody tr")
        page.get_by_role("button", name="Add linear").first.press("Enter")
        assert rows.count() == 8
        assert page.evaluate("document.activeElement.ariaLabel") == "Output, kind"
        page.get_by_role("button", name="Remove Output").first.press("Enter")
        assert rows.count() == 7
        assert page.evaluate("document.activeElement.ariaLabel") == "Remove Output"
        page.get_by_role("button", name="Move S2 up").first.press("Enter")
        names = [row.locator("th").inner_text() for row in rows.all()]
        assert names[:3] == ["S1", "C2", "C3"]
        assert page.evaluate("document.activeElement.ariaLabel") == "Remove S1"
        page.get_by_label("S1, kind").first.select_option("conv")
        assert page.evaluate("document.activeElement.ariaLabel") == "C1, kind"
        assert page.get_by_label("C1, groups").first.input_value() == "1"


def test_the_last_layer_stays(browser, address):
    with opened(browser, address) as page:
        remove = page.locator(".lenet-calculator").first.locator(".lw-remove")
        for _ in range(6):
            remove.first.click()
        assert remove.first.is_disabled()
        assert "parameters" in page.locator(".lw-message").first.inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_and_nothing_sticks_out(browser, address, scheme, width):
    size = {"width": width, "height": 900}
    with opened(browser, address, color_scheme=scheme, viewport=size) as page:
        page.get_by_label("C3, kernel").first.fill("99")
        assert axe_violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == width
