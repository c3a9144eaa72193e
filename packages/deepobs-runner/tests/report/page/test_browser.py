"""The HTML page in a browser: Debian's Chromium, driven by playwright."""

import pytest
import report_cases
from report_page import SECTION, drawn, names_of

from deepobs.runner import load_baselines, write_report


def test_curves_are_drawn_for_every_method(visit, path):
    """Loss curves of the user's methods and the baselines, as SVG paths with many points."""
    page = visit(path)
    chart = f"{SECTION} [data-chart=loss]"
    lines = drawn(page, chart)
    assert names_of(page, chart) == [
        "Adam",
        "Adam (baseline)",
        "Momentum (baseline)",
        "SGD",
        "SGD (baseline)",
    ]
    lengths = [len(line.get_attribute("d")) for line in lines.all() if line.get_attribute("d")]
    assert sum(length > 100 for length in lengths) >= 5


def test_every_kind_of_chart_is_drawn(visit, path):
    """Each kind of chart shows lines, or bars."""
    page = visit(path)
    for kind in ("loss", "accuracy", "sensitivity", "tunability"):
        assert drawn(page, f"#problem-fmnist_2c2d [data-chart={kind}]").count() > 1
    assert drawn(page, "#problem-fmnist_2c2d [data-chart=frontier]").count() == 1
    assert drawn(page, "[data-chart=profile]").count() > 1
    page.locator("#overhead summary").click()
    page.locator("[data-chart=overhead]").scroll_into_view_if_needed()
    page.locator("[data-chart=overhead] .bars path").first.wait_for(state="attached")


def test_charts_wait_until_they_are_seen(visit, path):
    """Below the first screen nothing is drawn until one scrolls there."""
    page = visit(path)
    assert page.locator(f"{SECTION} .main-svg").count() == 0
    drawn(page, f"{SECTION} [data-chart=loss]")
    assert page.locator(f"{SECTION} .main-svg").count() > 0


def test_every_seed_on_demand(visit, path):
    """With `every seed` each run of the chosen setting is a line of its own."""
    page = visit(path)
    chart = f"{SECTION} [data-chart=loss]"
    drawn(page, chart)
    before = page.locator(chart).evaluate("e => e.data.length")
    page.get_by_label("Lines", exact=True).select_option("seeds")
    page.wait_for_function(
        "([chart, before]) => document.querySelector(chart).data.length > before",
        arg=[chart, before],
    )
    seeds = page.locator(chart).evaluate("e => e.data.filter(t => t.name === 'SGD').length")
    assert seeds == 7 + 1


def test_tooltips_name_method_setting_and_value(visit, path):
    """Pointing at a curve shows method, learning rate, seeds, epoch and mean ± deviation."""
    page = visit(path, fragment="#method=Adam")
    chart = f"{SECTION} [data-chart=loss]"
    drawn(page, chart)
    where = page.locator(chart).evaluate(
        """e => {
          const trace = e._fullData.findIndex(t => t.name === "Adam");
          const { xaxis, yaxis } = e._fullLayout;
          const box = e.getBoundingClientRect();
          const { x, y } = e.data[trace];
          return [box.left + xaxis._offset + xaxis.d2p(x[6]),
                  box.top + yaxis._offset + yaxis.d2p(y[6])];
        }"""
    )
    page.mouse.move(*where)
    tooltip = page.locator(f"{chart} .hoverlayer .hovertext")
    tooltip.first.wait_for()
    text = tooltip.first.text_content()
    assert "Adam" in text
    assert "lr 0.01, 7 seeds" in text
    assert "epochs 6" in text
    assert "±" in text


def buttons_of(page, chart):
    """The buttons above a chart."""
    drawn(page, chart)
    page.locator(chart).hover()
    return page.locator(f"{chart} .modebar-btn")


def test_no_button_of_a_chart_leads_outside(visit, path):
    """Every button does its work within the page: none offers to share or upload the chart."""
    page = visit(path)
    chart = f"{SECTION} [data-chart=loss]"
    buttons = buttons_of(page, chart)
    titles = [button.get_attribute("data-title") for button in buttons.all()]
    assert len(titles) > 2
    for title in titles:
        assert "Share" not in title
        if "Download" not in title:
            page.locator(f'{chart} .modebar-btn[data-title="{title}"]').click()
    assert page.locator(chart).evaluate(
        "e => [e._context.showSendToCloud, e._context.plotlyServerURL]"
    ) == [False, ""]
    assert len(page.context.pages) == 1
    assert page.url.startswith(path.as_uri())


def test_no_buttons_cover_a_chart_on_a_touch_screen(visit, path):
    """Where no pointer hovers, buttons would stay in front of the data."""
    page = visit(path, width=390, touch=True)
    chart = f"{SECTION} [data-chart=loss]"
    assert buttons_of(page, chart).count() == 0
    assert buttons_of(visit(path), chart).count() > 0


@pytest.fixture
def lost(tmp_path):
    """A page on which one of SGD's three runs at a rate of 1 diverged, and Adam's only one."""
    runs = [report_cases.run_fields("p", name, 0.1, 1, 0.5) for name in ("SGD", "Adam")]
    del runs[1]["epoch_seconds"]
    runs += [report_cases.run_fields("p", "SGD", 0.1, seed, 0.5) for seed in (2, 3)]
    runs += [report_cases.run_fields("p", "SGD", 1.0, seed, 0.9) for seed in (1, 2)]
    for name, seed in (("SGD", 3), ("Adam", 1)):
        losses = {"train_losses": [4.0, None], "test_losses": [4.0, None]}
        fields = report_cases.run_fields("p", name, 1.0, seed, 0.9)
        runs.append(fields | losses | {"status": "diverged"})
    return write_report(report_cases.frame_of(runs, tmp_path / "r"), tmp_path / "r.html")


def test_crosses_say_how_many_runs_diverged(visit, lost):
    """A cross is a rate without a mean; its tooltip counts, and no cross hides another."""
    page = visit(lost)
    chart = "[data-chart=sensitivity]"
    drawn(page, chart)
    crosses = page.locator(chart).evaluate(
        "e => e.data.filter(t => t.marker.symbol === 'x-thin').map(t => [t.text[0], t.y[0]])"
    )
    assert sorted(text for text, _ in crosses) == ["1 of 1 run diverged", "1 of 3 runs diverged"]
    assert len({height for _, height in crosses}) == 2


def test_methods_without_times_are_named(visit, lost):
    """Against seconds, the captions of curves and frontier name who is left out."""
    page = visit(lost)
    for kind in ("loss", "frontier"):
        caption = page.locator(f"#problem-p-{kind} figcaption")
        drawn(page, f"[data-chart={kind}]")
        assert "Left out" not in caption.inner_text()
    page.get_by_label("Against", exact=True).select_option("seconds")
    for kind in ("loss", "frontier"):
        drawn(page, f"[data-chart={kind}]")
        page.locator(f"#problem-p-{kind} figcaption").get_by_text("Left out").wait_for()
        caption = page.locator(f"#problem-p-{kind} figcaption").inner_text()
        assert caption.endswith("Left out, for want of records: Adam.")


def test_baselines_have_open_markers(visit, path):
    """In a chart of markers alone, a baseline's are open and the user's filled."""
    page = visit(path)
    chart = f"{SECTION} [data-chart=sensitivity]"
    drawn(page, chart)
    symbols = page.locator(chart).evaluate(
        "e => e.data.filter(t => t.name).map(t => [t.name, t.marker.symbol])"
    )
    assert ["SGD", "square"] in symbols
    assert ["SGD (baseline)", "square-open"] in symbols


def test_bars_end_in_their_methods_marker(visit, path):
    """Bars differ in more than their colour."""
    page = visit(path)
    page.locator("#overhead summary").click()
    page.locator("[data-chart=overhead]").scroll_into_view_if_needed()
    page.locator("[data-chart=overhead] .bars path").first.wait_for(state="attached")
    texts = page.locator("[data-chart=overhead]").evaluate("e => e.data.map(t => t.text[0])")
    assert texts == ["●", "■"]


def test_commands_are_copied(visit, path):
    """The button beside a command copies it."""
    page = visit(path)
    page.get_by_text("runs on quadratic_deep, with settings").click()
    shown = page.locator(f"{SECTION} .command:visible").first
    button, command = shown.locator("button"), shown.locator("code").text_content()
    button.click()
    page.wait_for_function("button => button.textContent === 'Copied'", arg=button.element_handle())
    page.evaluate("document.body.append(document.createElement('textarea'))")
    page.locator("textarea").focus()
    page.keyboard.press("Control+V")
    assert page.locator("textarea").input_value() == command


def test_no_script_in_a_name_runs(visit, tmp_path):
    """Tags, quotes and entities in names are shown as they are, in tables and in charts."""
    evil = '<img src=x onerror="alert(1)"><script>alert(2)</script>&lt;b&gt;\''
    runs = [
        report_cases.run_fields(evil, f"{evil}{optimizer}", 0.1, seed, 0.5)
        for optimizer in ("A", "B")
        for seed in (1, 2)
    ]
    frame = report_cases.frame_of(runs, tmp_path / "results")
    page = visit(write_report(frame, tmp_path / "r.html", title=evil))
    assert page.locator("h1").inner_text() == evil
    drawn(page, "[data-chart=loss]")
    assert page.locator("img").count() == 0
    page.get_by_role("checkbox", name=f"{evil}A").uncheck()
    assert "1 of 2 methods" in page.locator("#filter-status").inner_text()


def test_hostile_numbers_and_gaps_are_drawn(visit, tmp_path):
    """Huge numbers, missing series and uneven lengths leave a page that works."""
    runs = [
        report_cases.run_fields("p", "SGD", 0.1, 1, 0.5, epochs=3),
        report_cases.run_fields("p", "SGD", 0.1, 2, 0.5, epochs=3, accuracy=False),
        report_cases.run_fields("p", "Adam", 0.1, 1, 0.5, epochs=9),
    ]
    runs[2]["test_losses"] = [1e308, 1e300, 1e-308, 0.0, -1e308, 1e308, 1.0, 2.0, None, 1.0]
    frame = report_cases.frame_of(runs, tmp_path / "results")
    page = visit(write_report(frame, tmp_path / "r.html"))
    for scale in ("log", "linear", "loglog"):
        page.get_by_label("Scale", exact=True).select_option(scale)
        assert drawn(page, "#problem-p [data-chart=loss]").count() > 0


def test_the_thousand_published_runs_open(visit, baselines_path):
    """The page of all 1,080 baselines opens, filters and draws every run of a problem."""
    assert load_baselines()["run_id"].nunique() == 1080
    page = visit(baselines_path, fragment="#at=problem-mnist_vae&runs=all")
    chart = "#problem-mnist_vae [data-chart=loss]"
    drawn(page, chart)
    assert page.locator(chart).evaluate("e => e.data.length") == 135 + 3
    assert "1,080 of 1,080" in page.locator("#filter-status").inner_text().replace("1080", "1,080")
