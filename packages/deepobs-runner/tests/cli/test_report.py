"""`deepobs report`."""

import json

import pytest
import report_cases


@pytest.fixture
def report(deepobs, capsys):
    """Exit status, stdout and stderr of `deepobs report`."""

    def call(*arguments):
        status = deepobs("report", *arguments)
        return status, *capsys.readouterr()

    return call


@pytest.fixture
def results(tmp_path):
    runs = [
        report_cases.run_fields("digits_mlp", name, 0.1, seed, level)
        for name, level in (("SGD", 0.8), ("Adam", 0.4))
        for seed in (1, 2)
    ]
    return report_cases.write_records(runs, tmp_path / "results")


def test_a_page_is_written_and_named(report, results, tmp_path):
    """The page is written where it was asked for, folders included, and stdout names it."""
    page = tmp_path / "out" / "page.html"
    status, out, err = report(results, "-o", page, "--title", "Mine")
    assert status == 0
    assert f"Wrote {page} (4 runs, " in out
    assert err == ""
    assert "<h1>Mine</h1>" in page.read_text()


def test_json_holds_the_numbers(report, results, tmp_path):
    """With --json stdout is one JSON object with verdicts and tables, strict."""
    status, out, _ = report(results, "-o", tmp_path / "r.html", "--json")
    data = json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} in the JSON"))
    assert status == 0
    assert data["num_runs"] == 4
    assert [row["method"] for row in data["results"] if row["best"]] == ["Adam", "SGD"]
    assert data["verdicts"][0]["kind"] == data["study"]["kind"] == "too_few_runs"
    assert [cell["rank"] for cell in data["study"]["cells"]] == [1, 2]
    assert data["comparisons"][0]["num_a"] == 2
    last = [row for row in data["frontier"] if row["measure"] == "epochs"][-1]
    assert last["method"] == "Adam"


def test_figures_are_saved(report, results, tmp_path):
    """With --figures the folder holds figures and tables."""
    folder = tmp_path / "figures"
    status, out, _ = report(results, "-o", tmp_path / "r.html", "--figures", folder)
    assert status == 0
    assert "figures and tables in" in out
    assert (folder / "results.tex").exists()
    assert (folder / "curves-digits_mlp.pdf").exists()


def test_the_baselines_need_no_folder(report, tmp_path):
    """`deepobs report --baselines` works without any results."""
    page = tmp_path / "r.html"
    status, out, _ = report("--baselines", "-o", page)
    assert status == 0
    assert "(1,080 runs" in out
    assert page.stat().st_size < 15e6


def test_nothing_to_report_is_bad_usage(report):
    """Neither folder nor --baselines: status 2 and the way out."""
    status, _, err = report()
    assert status == 2
    assert "--baselines" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("kind", ["empty", "missing", "unrelated"])
def test_a_folder_without_runs_is_one_sentence(report, tmp_path, kind):
    """Status 2, one line that names the folder, no file written."""
    folder = tmp_path / "results"
    if kind != "missing":
        folder.mkdir()
    if kind == "unrelated":
        for number in range(100):
            (folder / f"{number}.json").write_text('{"some": "thing"}')
    status, out, err = report(folder, "-o", tmp_path / "r.html")
    assert status == 2
    assert out == ""
    assert len(err.splitlines()) == 1
    assert str(folder) in err
    assert not (tmp_path / "r.html").exists()


def test_unreadable_files_are_named_on_stderr(report, results, tmp_path):
    """A damaged record is left out with a line on stderr, and the page is written."""
    (results / "random_seed__9.json").write_text('{"train_losses": [1,')
    status, _, err = report(results, "-o", tmp_path / "r.html")
    assert status == 0
    assert "Left out random_seed__9.json" in err


def test_an_output_that_is_a_folder_is_bad_usage(report, results, tmp_path):
    """A folder as output: status 2."""
    status, _, err = report(results, "-o", tmp_path)
    assert status == 2
    assert "is a folder" in err


def test_a_target_is_set_for_a_report(report, results, tmp_path):
    """With --target the times to it are in the numbers."""
    page = tmp_path / "r.html"
    status, out, _ = report(results, "-o", page, "--target", "digits_mlp=0.85", "--json")
    assert status == 0
    assert {row["target"] for row in json.loads(out)["targets"]} == {0.85}


def test_a_target_of_another_metric_is_set_for_a_report(report, results, tmp_path):
    """With --target PROBLEM:METRIC=VALUE, whatever the problem's primary metric is."""
    page = tmp_path / "r.html"
    status, out, _ = report(results, "-o", page, "--target", "digits_mlp:loss=0.5", "--json")
    assert status == 0
    found = {(row["metric"], row["target"]) for row in json.loads(out)["targets"]}
    assert found == {("test_loss", 0.5)}


@pytest.mark.parametrize(
    ("target", "complaint"),
    [
        ("digits_mpl=0.9", "digits_mlp"),
        ("digits_mlp=high", "PROBLEM=VALUE"),
        ("0.9", "PROBLEM="),
        ("digits_mlp:=0.9", "PROBLEM:METRIC=VALUE"),
        ("digits_mlp:los=0.9", "did you mean loss"),
    ],
)
def test_a_wrong_target_is_explained(report, results, tmp_path, target, complaint):
    """A problem that no run is on, a metric without values, or no number: one sentence."""
    status, _, err = report(results, "-o", tmp_path / "r.html", "--target", target)
    assert status == 2
    assert complaint in err
    assert "Traceback" not in err
