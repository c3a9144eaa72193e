"""The HTML page as a file: whole, escaped, small."""

import json
import os
import re
from html import unescape
from pathlib import Path

import pytest
import report_cases

from deepobs.runner import UsageError, analysis, load_baselines, report, run, write_report
from deepobs.runner.report.page import render
from deepobs.runner.report.page._page import _CALLS, _SCRIPTS
from deepobs.runner.report.study import Study


@pytest.fixture(scope="module")
def html(study_frame):
    return render(study_frame)


def embedded(html, identifier):
    """The JSON of one data block."""
    pattern = rf'<script type="application/json" id="{re.escape(identifier)}">(.*?)</script>'
    return json.loads(re.search(pattern, html, re.DOTALL)[1])


def test_the_page_forbids_the_network_and_foreign_scripts(html):
    """The policy allows scripts by their hash alone and nothing to be fetched."""
    policy = unescape(re.search(r'Content-Security-Policy" content="([^"]*)"', html)[1])
    assert "default-src 'none'" in policy
    assert "connect-src 'none'" in policy
    scripts = policy.split("script-src")[1].split(";")[0]
    assert "unsafe" not in scripts
    assert scripts.count("sha256-") == len(_SCRIPTS)


def test_nothing_external_is_referred_to(html):
    """No element loads anything: no src, no stylesheet link."""
    page = re.sub(r"<script>.*?</script>", "", html, flags=re.DOTALL)
    assert not re.search(r'\ssrc=|rel="stylesheet"|@import|url\(', page)
    assert re.findall(r'<link [^>]*href="([^"]*)"', page) == ["data:,"]


def test_every_run_has_its_command(html, study_frame):
    """There is a row with a command for each of the runs."""
    names = ("fmnist_2c2d", "quadratic_deep")
    rows = [r for name in names for r in embedded(html, f"data-problem-{name}")["tables"]["runs"]]
    assert len(rows) == study_frame["run_id"].nunique() == 42
    commands = [row["cells"][-1] for row in rows]
    assert sum("deepobs run quadratic_deep Adam --lr 0.01 " in text for text in commands) == 8


def test_every_part_has_a_link(html):
    """Each link inside the page has something to point at, and identifiers are unique."""
    identifiers = re.findall(r'\sid="([^"]*)"', html)
    assert len(identifiers) == len(set(identifiers))
    targets = set(re.findall(r'href="#([^"]*)"', html)) - {""}
    assert targets <= set(identifiers)


def test_tables_have_captions_and_scopes(html):
    """Every table has a caption and every header cell a scope."""
    page = re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL)
    assert page.count("<table") == page.count("<caption><span")
    assert not re.search(r"<th(?![^>]*scope=)[ >]", page)


def test_every_call_that_the_page_lists_works(study_frame):
    """Each call that the page gives for its numbers and figures returns something."""
    names = {"frame": study_frame, "problem": "quadratic_deep"}
    known = {**vars(analysis), **vars(report), **names}
    for _, number, figure in _CALLS:
        for call in (number, figure.replace(', "small"', "")):
            assert all(result is not None for result in eval(f"[{call}]", dict(known))), call


def test_tunability_has_its_numbers_in_a_table(html, study_frame):
    """Expected best after 1, 2, ... trials, and after all of them with their number."""
    page = re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL)
    table = page[page.index('aria-label="Tunability on quadratic_deep"') :]
    heads = re.findall(r'<th scope="col"[^>]*>([^<]*)', table[: table.index("</table>")])
    assert heads == ["Method", "1", "2", "All"]
    expected = analysis.tunability(study_frame)
    rows = expected[(expected["problem"] == "quadratic_deep") & (expected["method"] == "Adam")]
    row = table[table.index('data-method="Adam"') :]
    cells = re.findall(r'<td class="num">([^<]*)', row[: row.index("</tr>")])
    assert float(cells[0]) == pytest.approx(rows["expected"].iloc[0], rel=1e-3)
    assert cells[-1].endswith(f"({len(rows)})")


def test_the_verdict_comes_first(html):
    """Sentence and matrix stand before the curves, these before the rest, cost comes last."""
    parts = ("verdict", "curves", "verdicts", "problem-fmnist_2c2d", "tuned", "overhead", "method")
    places = [html.index(f' id="{part}"') for part in parts]
    assert places == sorted(places)
    assert "Adam is best" in html[places[0] : places[1]]
    assert html.index('class="matrix') < places[1]


def test_baselines_are_labelled(study_frame, tmp_path):
    """Beside a user's runs, the baselines are called what they are, and only on their problems."""
    page = write_report(study_frame, tmp_path / "r.html", baselines=True).read_text()
    assert "TensorFlow 1, losses with the L2 term, learning rates chosen on test data" in page
    problems = [problem["name"] for problem in embedded(page, "data-overview")["problems"]]
    assert problems == ["fmnist_2c2d", "quadratic_deep"]
    labels = [method["label"] for method in embedded(page, "data-overview")["methods"]]
    assert labels[:2] == ["Adam", "SGD"]
    assert "Momentum (baseline)" in labels


def test_hostile_names_stay_text(tmp_path):
    """Tags in the names of problems and optimizers are escaped everywhere."""
    name = "</script><script>alert(1)</script>"
    runs = [report_cases.run_fields(name, f"SGD<img src=x>{i}", 0.1, 1, 0.5) for i in range(2)]
    page = render(report_cases.frame_of(runs, tmp_path), title="<b>title</b>")
    assert "<script>alert(1)" not in page
    assert "<img" not in page
    assert "&lt;b&gt;title" in page
    assert embedded(page, "data-overview")["problems"][0]["name"] == name


def test_missing_and_uneven_series_are_reported(tmp_path):
    """Runs without accuracy, of other lengths and with huge numbers share one page."""
    runs = [
        report_cases.run_fields("p", "SGD", 0.1, 1, 0.5, epochs=3),
        report_cases.run_fields("p", "SGD", 0.1, 2, 0.5, epochs=9, accuracy=False),
        report_cases.run_fields("p", "SGD", 0.2, 3, 0.5, epochs=5),
    ]
    runs[2]["test_losses"] = [1e308, 1e308, 1e-308, 0.0, -1e308, 1e308]
    runs[2]["train_losses"] = []
    page = render(report_cases.frame_of(runs, tmp_path))
    assert [len(run["test_loss"]) for run in embedded(page, "data-problem-p")["runs"]] == [4, 10, 6]


def test_similar_names_get_identifiers_of_their_own(make_frame):
    """Names that differ only in punctuation do not share an identifier."""
    page = render(make_frame({"testproblem": "a b"}, {"testproblem": "a-b"}))
    assert 'id="problem-a-b"' in page
    assert 'id="problem-a-b-2"' in page


@pytest.mark.parametrize("folder", [True, False], ids=["empty", "missing"])
def test_nothing_to_report_is_one_sentence(tmp_path, folder):
    """An empty or missing folder is named, and nothing is written."""
    where = tmp_path / "results"
    if folder:
        where.mkdir()
    with pytest.raises(UsageError, match=r"^There is no (run in|results folder) .*results"):
        write_report(where, tmp_path / "r.html")
    assert not (tmp_path / "r.html").exists()


def test_the_output_is_not_a_folder(study_frame, tmp_path):
    """A folder given as the output is refused."""
    with pytest.raises(UsageError, match="is a folder; expected the name of an HTML file"):
        write_report(study_frame, tmp_path)


def test_unreadable_files_are_listed_on_the_page(tmp_path):
    """A damaged record is named on the page, the others are reported."""
    folder = report_cases.write_records([report_cases.run_fields("p", "SGD", 1, 1, 0.5)], tmp_path)
    (folder / "random_seed__9.json").write_text('{"train_losses": [1, 2')
    page = write_report(folder, tmp_path / "r.html").read_text()
    assert "One file could not be read" in page
    assert "random_seed__9.json" in page


def test_folders_that_cannot_be_read_are_listed(tmp_path, monkeypatch):
    """A sub-folder that refuses to be listed is named, and the others are reported."""
    runs = [report_cases.run_fields(name, "SGD", 1, 1, 0.5) for name in ("p", "q")]
    report_cases.write_records(runs[:1], tmp_path / "open")
    report_cases.write_records(runs[1:], tmp_path / "closed")
    listed = os.scandir

    def scandir(path="."):
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    page = write_report(tmp_path, tmp_path / "r.html").read_text()
    assert "One file could not be read" in page
    assert "the folder cannot be read (Permission denied)" in page
    assert [problem["name"] for problem in embedded(page, "data-overview")["problems"]] == ["p"]


@pytest.mark.parametrize("same", [True, False])
@pytest.mark.parametrize("kind", ["GPU", "processor"])
def test_seconds_from_different_hardware_are_told(tmp_path, same, kind):
    """Where timed runs are from two machines, the page says that seconds do not compare."""
    runs = [report_cases.run_fields("p", name, 1, seed, 0.5) for name in "AB" for seed in (1, 2)]
    for fields in runs:
        name = "Imaginary" if same or fields["optimizer"] == "A" else "Other"
        hardware = {"device": name} if kind == "GPU" else {"device": "cpu", "cpu": name}
        fields["environment"] = hardware | {"torch": "2.11.0", "python": "3.12.1"}
    page = render(report_cases.frame_of(runs, tmp_path))
    assert ("Seconds are not comparable between all runs" in page) is not same


def test_several_folders_are_one_report(tmp_path):
    """Folders are put together."""
    folders = [
        report_cases.write_records(
            [report_cases.run_fields(name, "SGD", 0.1, 1, 0.5)], tmp_path / name
        )
        for name in "ab"
    ]
    page = write_report(folders, tmp_path / "r.html").read_text()
    assert [p["name"] for p in embedded(page, "data-overview")["problems"]] == ["a", "b"]


def test_a_thousand_runs_stay_below_15_megabytes():
    """The 1,080 published runs make a page of less than 15 MB."""
    study = Study.of(load_baselines())
    assert len(study.runs) == 1080
    assert len(render(study).encode()) < 15e6


@pytest.mark.benchmark_data
def test_a_real_fashion_mnist_run_is_reported(tmp_path):
    """A run on the real data set, recorded and read back, is on the page with its last values."""
    if "DEEPOBS_DATA_DIR" not in os.environ:
        pytest.skip("needs the files of Fashion-MNIST in $DEEPOBS_DATA_DIR")
    results = tmp_path / "results"
    record = run("fmnist_logreg", "SGD", lr=0.1, epochs=1, results=results, progress="off")
    page = write_report(results, tmp_path / "r.html").read_text()
    (single,) = embedded(page, "data-problem-fmnist_logreg")["runs"]
    assert single["test_loss"] == pytest.approx(record.test_losses, rel=1e-5)
    assert single["test_accuracy"] == pytest.approx(record.test_accuracies, rel=1e-5)
    assert Path(tmp_path / "r.html").stat().st_size < 15e6


def test_gradient_evaluations_are_an_axis_where_they_are_not_the_steps(html, tmp_path):
    """SAM evaluates it twice a step; without such a run the axis would say nothing new."""
    option = '<option value="passes"'
    assert option not in html
    fields = report_cases.run_fields("quadratic_deep", "SAM(SGD)", 0.1, 42, 0.5)
    page = write_report(
        report_cases.write_records([fields | {"passes": [14] * 12}], tmp_path / "runs"),
        tmp_path / "report.html",
    )
    assert option in page.read_text()
