"""What the page gives as files: the numbers behind every chart, and its picture."""

import csv
import io

import pytest
import report_cases
from playwright.sync_api import expect

from deepobs.runner import write_report
from deepobs.runner.report import Study


@pytest.fixture(scope="module")
def study(study_frame):
    return Study.of(study_frame)


@pytest.fixture(scope="module")
def path(study, tmp_path_factory):
    return write_report(study, tmp_path_factory.mktemp("page") / "r.html")


def saved(page, figure, kind):
    """The name and content of a file that a chart's button gives."""
    page.locator(figure).scroll_into_view_if_needed()
    with page.expect_download() as download:
        page.locator(f"{figure} [data-save={kind}]").click()
    return download.value.suggested_filename, download.value.path().read_bytes()


def test_the_numbers_behind_a_chart_are_csv(visit, path, study):
    """The means and deviations of the curves, one row a method and epoch."""
    name, content = saved(visit(path), "#problem-quadratic_deep-loss", "csv")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert name == "problem-quadratic_deep-loss.csv"
    assert {row["method"] for row in rows} == {"Adam", "SGD"}
    frame = study.tuned_runs
    known = frame[(frame["problem"] == "quadratic_deep") & (frame["method"] == "Adam")]
    for row in rows:
        if row["method"] == "Adam":
            values = known.loc[known["epoch"] == int(row["epoch"]), "test_loss"]
            assert float(row["test loss"]) == pytest.approx(values.mean(), rel=1e-5)
            assert float(row["standard_deviation"]) == pytest.approx(values.std(), rel=1e-5)


def test_every_chart_has_its_numbers(visit, path):
    """Each figure of the page gives a file with a head and at least one row.

    But for the profiles: nobody reaches a target in these runs, so there is no chart to download.
    """
    page = visit(path)
    page.locator("#overhead summary").click()
    figures = page.locator("figure").all()
    assert len(figures) > 10
    for figure in figures:
        if figure.get_attribute("id") == "across-profile":
            figure.scroll_into_view_if_needed()
            expect(figure.locator("[data-save=csv]")).to_be_disabled()
            continue
        _, content = saved(page, f"#{figure.get_attribute('id')}", "csv")
        assert len(content.decode("utf-8-sig").splitlines()) > 1, figure.get_attribute("id")


def test_a_picture_is_a_png(visit, path):
    """The picture is drawn at twice 800 pixels, title and legend included."""
    name, content = saved(visit(path), "#problem-quadratic_deep-loss", "png")
    assert name == "problem-quadratic_deep-loss.png"
    assert content.startswith(b"\x89PNG")
    assert int.from_bytes(content[16:20], "big") == 1600


def test_no_name_becomes_a_formula(visit, tmp_path):
    """A name that a spreadsheet would run is quoted as text; commas and quotes are kept."""
    names = ['=HYPERLINK("http://x")', "a,b"]
    runs = [report_cases.run_fields("p", name, 0.1, seed, 0.5) for name in names for seed in (1, 2)]
    frame = report_cases.frame_of(runs, tmp_path / "results")
    page = visit(write_report(frame, tmp_path / "r.html"))
    _, content = saved(page, "#problem-p-loss", "csv")
    rows = csv.reader(io.StringIO(content.decode("utf-8-sig")))
    assert {row[0] for row in rows} == {"method", "'" + names[0], names[1]}


def test_a_search_is_shown_with_what_matters(visit, tmp_path):
    """All hyperparameters side by side, the important one first; two against each other."""
    frame = report_cases.frame_of(report_cases.search_runs(), tmp_path / "results")
    page = visit(write_report(frame, tmp_path / "r.html"))
    page.locator("#problem-p-parallel").scroll_into_view_if_needed()
    page.locator("#problem-p-parallel .scatterlayer path.js-line").first.wait_for(state="attached")
    names = page.locator("#problem-p-parallel [data-chart]").evaluate(
        "e => e.layout.xaxis.ticktext.map(t => t.split('<br>')[0])"
    )
    assert names == ["learning_rate", "momentum", "test accuracy (%)"]
    assert "importance" in page.locator("#problem-p-parallel figcaption").inner_text()
    _, content = saved(page, "#problem-p-scatter", "csv")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert len(rows) == 30
    assert all(0.0009 < float(row["learning_rate"]) < 10.1 for row in rows)
    axis = "#problem-p-scatter [data-chart]"
    page.locator("#problem-p-scatter").get_by_label("Across").select_option("1")
    page.wait_for_function(
        "axis => document.querySelector(axis).layout.xaxis.title.text === 'momentum'", arg=axis
    )
