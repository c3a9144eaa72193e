"""The page's filters and links in a browser."""

from urllib.parse import quote

from report_page import SECTION, drawn, names_of


def test_a_method_is_filtered_everywhere(visit, path):
    """Unticking a method hides its rows and its lines, tells so, and changes the address."""
    page = visit(path)
    chart = f"{SECTION} [data-chart=loss]"
    drawn(page, chart)
    page.get_by_label("Adam", exact=True).uncheck()
    page.wait_for_function(
        "chart => !document.querySelector(chart).data.some(trace => trace.name === 'Adam')",
        arg=chart,
    )
    assert not page.locator(f"{SECTION} tr[data-method=Adam]").first.is_visible()
    assert page.locator(f"{SECTION} tr[data-method=SGD]").first.is_visible()
    assert "4 of 5 methods" in page.locator("#filter-status").inner_text()
    assert page.locator("#filter-status").get_attribute("aria-live") == "polite"
    assert "method=SGD" in page.url
    page.get_by_role("navigation").get_by_role("button", name="Show everything").click()
    assert page.locator(f"{SECTION} tr[data-method=Adam]").first.is_visible()
    assert "method=" not in page.url


def test_a_problem_is_filtered_everywhere(visit, path):
    """Unticking a problem hides its part, its verdict and its row in the overview."""
    page = visit(path)
    page.get_by_label("Show quadratic_deep").uncheck()
    assert page.locator("[data-problem=quadratic_deep]").count() > 2
    for element in page.locator("[data-problem=quadratic_deep]").all():
        assert not element.is_visible()
    assert page.locator("#problem-fmnist_2c2d").is_visible()
    assert "1 of 2 problems" in page.locator("#filter-status").inner_text()


def test_a_link_brings_back_the_view(visit, path):
    """An address with a part, filters and chart settings shows just that."""
    fragment = "#at=problem-quadratic_deep&method=SGD&x=steps&scale=linear&phase=train&runs=seeds"
    page = visit(path, fragment=fragment)
    chart = f"{SECTION} [data-chart=loss]"
    assert names_of(page, chart) == ["SGD"]
    assert page.locator(SECTION).evaluate("e => e.getBoundingClientRect().top") < 450
    axes = page.locator(chart).evaluate(
        "e => [e.layout.xaxis.title.text, e.layout.yaxis.title.text, e.layout.yaxis.type]"
    )
    assert axes == ["steps", "training loss", "linear"]
    assert page.locator(chart).evaluate("e => e.data[0].x.at(-1)") == 7 * 12
    assert page.locator(chart).evaluate("e => e.data.length") == 7 + 1
    assert page.get_by_label("Against", exact=True).input_value() == "steps"
    assert not page.get_by_label("Adam", exact=True).is_checked()


def test_links_inside_keep_the_filters(visit, path):
    """Going to another part by a link leaves the filters as they are, and so does going back."""
    page = visit(path, fragment="#method=" + quote("SGD"))
    page.get_by_role("navigation").get_by_role("link", name="quadratic_deep").click()
    assert "at=problem-quadratic_deep" in page.url
    assert "method=SGD" in page.url
    page.wait_for_function(
        "() => document.querySelector('#problem-quadratic_deep').getBoundingClientRect().top < 450"
    )
    page.go_back()
    assert page.get_by_label("SGD", exact=True).is_checked()
    assert not page.get_by_label("Adam", exact=True).is_checked()


def test_rows_of_pairs_are_filtered_by_both_names(visit, path):
    """Without Adam no pair that names it is left, and the others stay."""
    page = visit(path)
    page.get_by_label("Adam", exact=True).uncheck()
    rows = page.locator("tr[data-against]").all()
    shown = {
        tuple(row.locator("th, td").all_text_contents()[:2])
        for row in rows
        if row.get_attribute("hidden") is None
    }
    assert shown
    assert not any("Adam" in pair for pair in shown)


def test_a_link_to_a_hidden_problem_shows_it(visit, path):
    """Following a link to a problem that is filtered out brings it back."""
    page = visit(path)
    page.get_by_label("Show quadratic_deep").uncheck()
    page.get_by_role("navigation").get_by_role("link", name="quadratic_deep").click()
    assert page.locator(SECTION).is_visible()
    assert page.get_by_label("Show quadratic_deep").is_checked()
    assert "2 of 2 problems" in page.locator("#filter-status").inner_text()


def test_an_unknown_address_shows_everything(visit, path):
    """Names in the address that do not exist are ignored."""
    page = visit(path, fragment="#at=nowhere&x=parsecs&phase=%00&method=Adam&method=Nadam%")
    assert page.get_by_label("Against", exact=True).input_value() == "epoch"
    assert "1 of 5 methods" in page.locator("#filter-status").inner_text()
