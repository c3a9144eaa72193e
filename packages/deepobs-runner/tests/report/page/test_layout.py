"""The page on screens of all sizes, on paper, and by keyboard."""

import pytest
import report_cases
from report_page import SECTION, drawn

from deepobs.runner import write_report


def test_captions_are_whole_on_a_phone(visit, path):
    """A caption is as wide as the screen, not as its table."""
    page = visit(path, width=390, touch=True)
    for caption in page.locator("#report caption > span").all():
        if caption.is_visible():
            assert caption.bounding_box()["width"] <= 390 - 2 * 16


def test_a_very_long_name_does_not_widen_the_page(visit, tmp_path):
    """An optimizer whose name has 3,000 letters leaves the page as wide as the window."""
    runs = [report_cases.run_fields("p", name, 0.1, 1, 0.5) for name in ("a" * 3000, "SGD")]
    frame = report_cases.frame_of(runs, tmp_path / "results")
    page = visit(write_report(frame, tmp_path / "r.html"))
    drawn(page, "[data-chart=loss]")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_light_and_dark(visit, path):
    """The page follows the system's colours, and a button changes them."""
    background = "() => getComputedStyle(document.body).backgroundColor"
    page = visit(path, dark=True)
    dark = page.evaluate(background)
    page.get_by_role("button", name="Light colours").click()
    light = page.evaluate(background)
    assert light == "rgb(255, 255, 255)"
    assert dark != light
    assert visit(path).evaluate(background) == light


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_no_width_scrolls_sideways(visit, path, width):
    """On phone, tablet and desktop the page is as wide as the window, charts included."""
    page = visit(path, width=width, touch=width < 700)
    drawn(page, "#problem-fmnist_2c2d [data-chart=loss]")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for summary in page.locator("#report details > summary").all():
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_phone_hides_the_side_panel_until_asked(visit, path):
    """On a phone the filters are folded away and open with a tap."""
    page = visit(path, width=390)
    assert not page.get_by_label("Against", exact=True).is_visible()
    page.get_by_text("Contents, legend and filters").click()
    assert page.get_by_label("Against", exact=True).is_visible()


def test_the_keyboard_reaches_everything(visit, path):
    """The first tab offers to skip to the report; filters answer to the space bar."""
    page = visit(path)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the report"
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.activeElement.id === 'report'")
    page.get_by_label("SGD", exact=True).focus()
    page.keyboard.press("Space")
    assert "4 of 5 methods" in page.locator("#filter-status").inner_text()


def test_landmarks_and_charts_have_names(visit, path):
    """One main part, a named navigation, and a text for every chart."""
    page = visit(path)
    assert page.get_by_role("main").count() == 1
    assert page.get_by_role("navigation", name="Contents, legend and filters").count() == 1
    for chart in page.locator("[data-chart]").all():
        assert "chart" in chart.get_attribute("aria-label")
        assert chart.get_attribute("role") == "group"  # an image would hide its buttons


def test_print_draws_all_charts(visit, path, tmp_path):
    """Printing draws the charts that were never scrolled to, in light colours."""
    page = visit(path, dark=True)
    assert page.locator(f"{SECTION} .main-svg").count() == 0
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.locator(f"{SECTION} .main-svg").first.wait_for(state="attached")
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    pairs = page.locator(f"{SECTION} details", has_text="Pair by pair")
    runs = page.locator(f"{SECTION} details", has_text="settings and commands")
    assert pairs.get_attribute("open") == ""
    assert runs.get_attribute("open") is None  # hundreds of rows
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert pairs.get_attribute("open") is None
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
