"""The leaderboard's page, in Chromium and as text."""

from types import SimpleNamespace
from typing import Any

import pytest
import report_cases

from deepobs.runner.report import Study, render
from deepobs.runner.report.page import Board, render_board

PROBLEMS = [f"problem_{place:02}" for place in range(3)]


def board(pages=PROBLEMS, title="tuned-20"):
    return Board(
        title=title,
        file="index.html",
        pages={name: f"tuned-20/{place}.html" for place, name in enumerate(pages)},
        bundles=[{"name": "a", "methods": ["SGD"], "problems": 3, "runs": 75, "sha256": "00ff"}],
        protocol=[("Protocol", "tuned-20, version 1")],
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Five methods on three problems; on the last problem the order is the other way round."""
    folder = tmp_path_factory.mktemp("site")
    runs = report_cases.wide_runs(5, 3, 5)
    for run in runs:
        if run["testproblem"] == "problem_02":
            run["optimizer"] = f"Method{4 - int(run['optimizer'][-1]):02}"
    study = Study.of(report_cases.frame_of(runs, folder / "results"))
    (folder / "tuned-20").mkdir()
    (folder / "index.html").write_text(render_board(study, board(), [board()]))
    for place, name in enumerate(PROBLEMS):
        page = render(study.frame[study.frame["problem"] == name], home="../index.html")
        (folder / "tuned-20" / f"{place}.html").write_text(page)
    return folder


def methods(page):
    return [name.strip() for name in page.locator(".matrix tbody th:visible").all_inner_texts()]


def test_a_click_on_a_heading_sorts(visit, site):
    """The first click puts the best first, the second one the worst."""
    page = visit(site / "index.html")
    head = page.locator(".matrix thead").get_by_role("button", name="problem_02")
    head.click()
    assert methods(page)[0] == "Method04"
    head.click()
    assert methods(page)[0] == "Method00"
    page.locator(".matrix thead").get_by_role("button", name="Overall").click()
    places = page.locator(".matrix tbody td:nth-child(2)").all_inner_texts()
    assert places == ["1", "2", "3", "4", "5"]


def test_methods_and_problems_are_filtered(visit, site):
    """A hidden row or column is gone, and the page says that ranks are about all of them."""
    page = visit(site / "index.html")
    page.get_by_role("checkbox", name="Method01").uncheck()
    page.get_by_role("checkbox", name="problem_00").uncheck()
    assert "Method01" not in methods(page)
    assert page.locator(".matrix tbody td:visible").count() == 4 * 3
    assert page.locator("[data-stale]").is_visible()
    assert "1 method and 1 problem" in page.locator("[data-stale]").inner_text()


def test_a_number_leads_to_its_curves_and_commands(visit, site):
    """One click opens the problem's report, with the method in colour and the command in view."""
    page = visit(site / "index.html", within=site)
    cells = page.locator(".matrix tbody tr").filter(has_text="Method03").locator("a.cell")
    cells.nth(1).click()
    page.locator(".js-plotly-plot").first.wait_for()
    assert page.url.endswith("tuned-20/1.html#at=problem-problem_01&highlight=Method03")
    assert page.locator("[data-highlight=Method03]").get_attribute("aria-pressed") == "true"
    command = page.locator("tr[data-method=Method03] code").first
    assert command.is_visible()
    assert command.inner_text().startswith("deepobs run problem_01 Method03 --lr 0.1")
    page.get_by_role("link", name="Leaderboard").click()
    assert page.url.endswith("index.html")


@pytest.mark.parametrize("width", [390, 1280])
def test_the_matrix_is_on_the_first_screen(visit, site, width):
    """Nothing but the matrix itself scrolls sideways, on a phone neither."""
    page = visit(site / "index.html", width=width, height=844)
    box = page.locator(".matrix tbody tr").first.bounding_box() or {}
    assert box["y"] + box["height"] < 844
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_hostile_names_are_text(tmp_path):
    """Names of methods, problems and bundles are escaped wherever they are written."""
    evil = "</script><img src=x onerror=alert(1)>"
    runs = [
        report_cases.run_fields(evil, name, 0.1, seed, level)
        for name, level in ((evil, 0.4), ("B", 0.8))
        for seed in range(3)
    ]
    study = Study.of(report_cases.frame_of(runs, tmp_path))
    held = board([evil], title=evil)
    held.bundles[0].update(name=evil, methods=[evil])
    other: Any = SimpleNamespace(title=evil, file=evil)
    page = render_board(study, held, [held, other])
    assert "<img" not in page
    assert page.count("</script>") == page.count("<script")
    assert "&lt;img src=x" in page
