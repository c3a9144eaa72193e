"""What tests read from a report that is open in a browser."""

SECTION = "#problem-quadratic_deep"


def drawn(page, chart):
    """The lines of one chart, after it has been scrolled into view."""
    page.locator(chart).scroll_into_view_if_needed()
    page.locator(f"{chart} .scatterlayer path.js-line").first.wait_for(state="attached")
    return page.locator(f"{chart} .scatterlayer .trace path.js-line")


def names_of(page, chart):
    """The names of a chart's traces."""
    drawn(page, chart)
    script = "element => [...new Set(element.data.map(trace => trace.name).filter(Boolean))].sort()"
    return page.locator(chart).evaluate(script)
