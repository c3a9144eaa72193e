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


def table_of(page, region):
    """The rows that the button below a table gives."""
    page.get_by_role("region", name=region, exact=True).scroll_into_view_if_needed()
    button = page.get_by_role("button", name=f"Download the numbers: {region}", exact=True)
    with page.expect_download() as download:
        button.click()
    text = download.value.path().read_text(encoding="utf-8-sig")
    return download.value.suggested_filename, list(csv.DictReader(io.StringIO(text)))


def test_the_numbers_of_the_matrix_are_csv(visit, path, study):
    """A row per method and problem, in full; without what is filtered out."""
    page = visit(path, fragment="#method=SGD")
    name, rows = table_of(page, "Matrix of methods and problems")
    assert name == "matrix-of-methods-and-problems.csv"
    assert [(row["method"], row["problem"]) for row in rows] == [
        ("SGD", "fmnist_2c2d"),
        ("SGD", "quadratic_deep"),
    ]
    for row in rows:
        cell = study.cell(row["problem"], "SGD")
        assert float(row["value"]) == cell.value
        assert (float(row["low"]), float(row["high"])) == (cell.low, cell.high)
        assert (row["rank"], row["best"]) == (str(cell.rank), str(cell.best).lower())


def test_tables_are_csv_as_they_are_shown(visit, path):
    """Pairs of methods and the cost of the optimizers, with numbers that programs read."""
    page = visit(path)
    page.get_by_text("Pair by pair on quadratic_deep").click()
    (pair,) = table_of(page, "Pairs of methods on quadratic_deep")[1]
    assert (pair["First"], pair["Second"], pair["Better"]) == ("Adam", "SGD", "Adam")
    assert float(pair["Difference"]) < -0.3
    page.locator("#overhead summary").click()
    name, rows = table_of(page, "Cost of the optimizer")
    assert name == "cost-of-the-optimizer.csv"
    assert len(rows) == 4
    assert {row["Method"]: row["Overhead"] for row in rows} == {"Adam": "20.0 %", "SGD": "10.0 %"}
    page.get_by_text("Commands that repeat the results on quadratic_deep").click()
    _, rows = table_of(page, "Commands that repeat the results on quadratic_deep")
    assert all(row["Command"].startswith("deepobs run quadratic_deep ") for row in rows)


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


def test_trials_are_searched_and_sorted(visit, tmp_path):
    """The table of a search's trials sorts by result, and a word narrows it."""
    frame = report_cases.frame_of(report_cases.search_runs(), tmp_path / "results")
    page = visit(write_report(frame, tmp_path / "r.html"))
    page.get_by_text("All 30 trials of SGD on p").click()
    region = page.get_by_role("region", name="Trials of SGD on p")
    region.locator("tbody tr").first.wait_for()
    region.get_by_role("button", name="test accuracy").click()
    rates = [float(row.locator("td").nth(2).inner_text()) for row in region.locator("tr").all()[1:]]
    assert rates == sorted(rates)
    best = region.locator("tbody tr").last.locator("td").first.inner_text()
    assert 0.01 < float(best) < 1
    page.get_by_label("Search: Trials of SGD on p").fill(best)
    assert region.locator("tbody tr").count() == 1
    _, rows = table_of(page, "Trials of SGD on p")
    assert [row["learning_rate"] for row in rows] == [best]
