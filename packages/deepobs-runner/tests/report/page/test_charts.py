"""What charts and tables show whole: axes, bars, bands, captions, legends, rules and buttons."""

import pytest
import report_cases
from report_page import SECTION, drawn

from deepobs.runner import write_report

CHART = f"{SECTION} [data-chart=loss]"


@pytest.fixture(scope="module")
def path(study_frame, tmp_path_factory):
    return write_report(study_frame, tmp_path_factory.mktemp("charts") / "r.html")


def ticks(page, chart, axis):
    """The texts beside the ticks of an axis."""
    return page.locator(f"{chart} .{axis}tick text").all_text_contents()


@pytest.fixture(scope="module")
def narrow(tmp_path_factory):
    """Losses between .3 and .9 at rates from .01 to .1, with wide error bars, after one epoch."""
    runs = []
    for lr, level in ((0.01, 0.8), (0.03, 0.35), (0.1, 0.7)):
        for seed, moved in enumerate((-0.15, 0.0, 0.15)):
            losses = [0.9, level + moved]
            runs.append(
                report_cases.run_fields("p", "SGD", lr, seed, level, epochs=1, accuracy=False)
                | {"train_losses": losses, "test_losses": losses}
            )
    folder = tmp_path_factory.mktemp("narrow")
    frame = report_cases.frame_of(runs, folder / "results")
    return write_report(frame, folder / "r.html")


def test_error_bars_lie_within_the_chart(visit, narrow):
    """The vertical axis holds the ends of all bars, not only the means."""
    page = visit(narrow)
    chart = "#problem-p [data-chart=sensitivity]"
    drawn(page, chart)
    ends, low, high = page.locator(chart).evaluate(
        """e => {
          const { y, error_y } = e.data[0];
          const axis = e.layout.yaxis;
          const real = (v) => axis.type === "log" ? 10 ** v : v;
          const ends = y.flatMap((v, i) => [v - error_y.arrayminus[i], v + error_y.array[i]]);
          return [ends, real(axis.range[0]), real(axis.range[1])];
        }"""
    )
    assert max(ends) - min(ends) > 0.5
    assert low < min(ends)
    assert max(ends) < high


def test_logarithmic_axes_have_whole_numbers_as_ticks(visit, narrow):
    """A rate of 0.02 is not written as "2", nor a loss of 0.5 as "5"."""
    page = visit(narrow)
    chart = "#problem-p [data-chart=sensitivity]"
    drawn(page, chart)
    assert page.locator(chart).evaluate("e => [e.layout.xaxis.type, e.layout.yaxis.type]") == [
        "log",
        "log",
    ]
    for axis, least, most in (("x", 0.01, 0.1), ("y", 0.1, 1.0)):
        values = [float(text) for text in ticks(page, chart, axis)]
        assert len(values) > 1
        assert all(least <= value <= most for value in values)


def test_epochs_have_no_halves(visit, narrow):
    """The axis of a run of one epoch has no tick between 0 and 1."""
    page = visit(narrow)
    chart = "#problem-p [data-chart=loss]"
    drawn(page, chart)
    texts = ticks(page, chart, "x")
    assert texts
    assert set(texts) <= {"0", "1"}


def test_a_picture_has_title_and_legend(visit, path):
    """The PNG names the chart and its methods; the chart on the page has the panel for that."""
    page = visit(path)
    drawn(page, CHART)
    page.evaluate(
        """() => {
          const make = Plotly.toImage;
          Plotly.toImage = (figure, ...others) => {
            window.made = figure;
            return make(figure, ...others);
          };
        }"""
    )
    with page.expect_download():
        page.locator(f"{SECTION}-loss [data-save=png]").click()
    assert page.evaluate("made.layout.title.text") == "Loss on quadratic_deep"
    assert page.evaluate("made.layout.showlegend")
    names = page.evaluate("made.data.filter(trace => trace.showlegend).map(trace => trace.name)")
    assert sorted(names) == ["Adam", "SGD"]


def test_frontier_and_its_table_have_the_same_axis(visit, path):
    """Against seconds both show seconds."""
    page = visit(path, fragment="#x=seconds")
    chart = f"{SECTION} [data-chart=frontier]"
    drawn(page, chart)
    assert page.locator(chart).evaluate("e => e.layout.xaxis.title.text") == "seconds of training"
    heads = page.locator(f"{SECTION} [data-axis] thead:visible").all_inner_texts()
    assert len(heads) == 1
    assert "Budget, seconds" in heads[0]


def test_the_band_of_tunability_reaches_the_last_trial(visit, tmp_path):
    """Also where the trials made do not bound the median best."""
    runs = [report_cases.run_fields("p", "SGD", lr, 1, lr) for lr in (0.1, 0.2, 0.3, 0.4, 0.5)]
    frame = report_cases.frame_of(runs, tmp_path / "rates")
    page = visit(write_report(frame, tmp_path / "r.html"))
    chart = "#problem-p [data-chart=tunability]"
    drawn(page, chart)
    ends = page.locator(chart).evaluate("e => e.data.map(trace => Math.max(...trace.x))")
    assert ends == [5, 5]  # the band and the line


def test_captions_follow_the_lines(visit, path):
    """With every seed drawn, no caption speaks of bands."""
    page = visit(path)
    captions = [page.locator("#curves [data-curves]"), page.locator(f"{SECTION}-loss figcaption")]
    drawn(page, CHART)
    assert all("bands: one standard deviation" in place.inner_text() for place in captions)
    page.get_by_label("Lines", exact=True).select_option("seeds")
    page.locator(f"{SECTION}-loss").get_by_text("every seed of each method's").wait_for()
    assert not any("bands" in place.inner_text() for place in captions)


def test_the_panel_of_a_phone_has_a_chevron(visit, path):
    """It points down while the panel is closed, and up when it is open."""
    page = visit(path, width=390, touch=True)
    summary = page.locator(".side-title")
    style = "e => (s => [s.borderRightStyle, s.rotate])(getComputedStyle(e, '::after'))"
    assert summary.evaluate(style) == ["solid", "45deg"]
    summary.tap()
    assert summary.evaluate(style) == ["solid", "225deg"]


def test_lines_between_rows_go_on_under_the_first_column(visit, path):
    """The column that stays when a table is scrolled has the rules of its rows."""
    page = visit(path, width=390, touch=True)
    rule = "e => [getComputedStyle(e).position, getComputedStyle(e).borderTopWidth]"
    rows = page.locator(f"{SECTION} .scroll tbody tr + tr").first
    first, second = (rows.locator("th, td").nth(place) for place in (0, 1))
    assert first.evaluate(rule) == ["sticky", "1px"]
    assert second.evaluate(rule)[1] == "1px"
    collapse = "e => getComputedStyle(e).borderCollapse"
    assert page.locator(f"{SECTION} table").first.evaluate(collapse) == "separate"


def test_every_part_has_a_legend_in_print(visit, path):
    """On paper, the side panel is hidden, so each problem shows the methods' samples."""
    page = visit(path)
    page.emulate_media(media="print")
    assert not page.locator(".side").is_visible()
    legends = page.locator("section.problem .legend").all()
    assert len(legends) == 2
    for legend in legends:
        assert legend.is_visible()
        assert legend.locator(".swatch").count() == 2


@pytest.mark.parametrize("width", [390, 1280])
def test_copy_buttons_are_whole(visit, path, width):
    """The buttons beside commands are not cut by the edge of their table."""
    page = visit(path, width=width)
    page.get_by_text("runs on quadratic_deep, with settings").click()
    region = page.get_by_role("region", name="All runs on quadratic_deep")
    region.locator(".command").first.wait_for()
    region.evaluate("e => e.scrollTo(e.scrollWidth, 0)")
    outer = region.bounding_box()
    buttons = region.locator("[data-copy-command]").all()
    assert len(buttons) > 10
    for button in buttons:
        box = button.bounding_box()
        assert outer["x"] <= box["x"]
        assert box["x"] + box["width"] <= outer["x"] + outer["width"]
        assert button.evaluate("e => e.scrollWidth <= e.clientWidth")
