"""A page with more methods than anybody can hold in mind, in Chromium."""

import pytest
import report_cases

from deepobs.runner import write_report

CHART = "#problem-problem_00 [data-chart=loss]"


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """Forty methods on two problems, three seeds of each."""
    folder = tmp_path_factory.mktemp("many")
    frame = report_cases.frame_of(report_cases.wide_runs(40, 2, 3), folder / "results")
    return write_report(frame, folder / "r.html")


def colours(page):
    """The colour of each method's line in a chart."""
    page.locator(CHART).scroll_into_view_if_needed()
    page.locator(f"{CHART} .scatterlayer path.js-line").first.wait_for(state="attached")
    script = "e => e.data.filter(t => t.name).map(t => [t.name, t.line.color])"
    return dict(page.locator(CHART).evaluate(script))


def test_the_best_are_in_colour_and_the_others_grey(visit, path):
    """Eight of forty lines have colours of their own, the best by the overall result."""
    page = visit(path)
    found = colours(page)
    grey = page.evaluate(
        "getComputedStyle(document.documentElement).getPropertyValue('--grey-line').trim()"
    )
    lit = [name for name, colour in found.items() if colour != grey]
    assert len(found) == 40
    assert sorted(lit) == [f"Method{number:02}" for number in range(8)]
    assert len({found[name] for name in lit}) == 8


def test_a_method_is_put_in_colour_by_a_click(visit, path):
    """A click on the sample of a grey line colours it, everywhere, and the address tells so."""
    page = visit(path)
    before = colours(page)["Method30"]
    button = page.get_by_role("button", name="Colour Method30")
    assert button.get_attribute("aria-pressed") == "false"
    button.click()
    page.wait_for_function(
        "([chart, grey]) => document.querySelector(chart).data"
        ".find(t => t.name === 'Method30').line.color !== grey",
        arg=[CHART, before],
    )
    assert button.get_attribute("aria-pressed") == "true"
    assert "highlight=Method30" in page.url


def test_methods_are_searched_and_ticked_together(visit, path):
    """The list of methods has a search field, and buttons for all, none and those in colour."""
    page = visit(path)
    page.get_by_label("Search methods").fill("method17")
    assert page.locator("[data-entry]:visible").count() == 1
    page.get_by_role("button", name="Coloured only").click()
    assert "8 of 40 methods" in page.locator("#filter-status").inner_text()
    page.get_by_role("button", name="None").click()
    assert "0 of 40 methods" in page.locator("#filter-status").inner_text()


def test_the_matrix_keeps_its_first_column_and_head(visit, path):
    """Scrolled both ways on a phone, the matrix still shows which method and problem a cell is."""
    page = visit(path, width=390, height=844, touch=True)
    region = page.locator("#verdict .scroll")
    region.evaluate("e => e.scrollTo(e.scrollWidth, 400)")
    outer = region.bounding_box()
    head = page.locator(".matrix thead th").nth(1).bounding_box()
    assert abs(head["y"] - outer["y"]) < 2
    names = page.locator(".matrix tbody th").all()
    assert all(abs(name.bounding_box()["x"] - outer["x"]) < 8 for name in names[:3])


def test_tables_of_methods_are_sorted_and_searched(visit, path):
    """A click on a head sorts by its numbers, another turns the order, a word narrows the rows."""
    page = visit(path, fragment="#problem-problem_00")
    region = page.get_by_role("region", name="Performance on problem_00")
    head = region.get_by_role("button", name="Final test loss")

    def column():
        rows = region.locator("tbody tr").all()
        return [float(row.locator("td").nth(2).inner_text().split()[0]) for row in rows]

    head.click()
    rising = column()
    assert rising == sorted(rising)
    head.click()
    assert column() == rising[::-1]
    assert region.locator("th[aria-sort=descending]").count() == 1
    page.get_by_label("Search: Performance on problem_00").fill("Method07")
    assert region.locator("tbody tr").count() == 1


def test_tables_show_that_they_scroll(visit, path):
    """A table wider than its place is shaded at the edge where it goes on."""
    page = visit(path, fragment="#problem-problem_00", width=390, height=844, touch=True)
    region = page.get_by_role("region", name="Performance on problem_00")
    region.scroll_into_view_if_needed()
    shaded = "(e) => [e.classList.contains('more-left'), e.classList.contains('more-right')]"
    page.wait_for_function("e => e.classList.contains('more-right')", arg=region.element_handle())
    assert region.evaluate(shaded) == [False, True]
    region.evaluate("e => e.scrollTo(e.scrollWidth, 0)")
    page.wait_for_function("e => e.classList.contains('more-left')", arg=region.element_handle())
    assert region.evaluate(shaded) == [True, False]


def test_long_tables_are_made_when_they_are_opened(visit, path):
    """The rows of 780 pairs are not in the page until somebody asks for them."""
    page = visit(path, fragment="#problem-problem_00")
    region = page.locator('table[data-rows=pairs][data-of="problem_00"]')
    assert region.locator("tbody tr").count() == 0
    page.get_by_text("Pair by pair on problem_00").click()
    region.locator("tbody tr").first.wait_for()
    assert region.locator("tbody tr").count() == 500
    assert "The first 500 of 780 rows" in page.locator("#problem-problem_00").inner_text()


def test_a_phone_has_a_legend_near_the_charts(visit, path):
    """Beside the charts of each part stand the coloured methods' samples; on a desktop not."""
    legend = "#problem-problem_00 .legend"
    page = visit(path, width=390, height=844, touch=True)
    assert page.locator(legend).is_visible()
    assert page.locator(f"{legend} .swatch").count() == 8
    assert "grey: the other methods" in page.locator(legend).inner_text()
    assert not visit(path).locator(legend).is_visible()
