"""Several studies of one optimizer, as in AlgoPerf's protocol: one method on the page."""

import math
import re

import benchmark_cases
import pytest

from deepobs.runner import load_records, write_report
from deepobs.runner.analysis import STUDIES_CHOICE, judged_runs, per_run, tuned_settings
from deepobs.runner.report.study import gather
from deepobs.runner.report.text import markdown_table


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Five studies of five trials of SGD and of a user's optimizer, on digits."""
    folder = tmp_path_factory.mktemp("studies")
    outcome = benchmark_cases.run_benchmark(folder, protocol="algoperf-external", lengths=[0.02])
    assert not outcome.failed
    return folder


@pytest.fixture(scope="module")
def frame(folder):
    return load_records(folder)


def test_the_studies_of_an_optimizer_are_one_method(frame):
    """Two optimizers are two methods, though ten searches were made."""
    assert frame["search"].nunique() == 10
    assert frame["studies"].nunique() == 2
    assert set(per_run(frame)["method"]) == {"SignSGD", "SGD"}


def test_the_choice_of_each_study_counts(frame):
    """Five runs judge a method, one per study, and none is left out."""
    tuned = tuned_settings(frame)
    assert list(tuned["setting"]) == [STUDIES_CHOICE] * 2
    assert all(map(math.isnan, tuned["learning_rate"]))
    assert list(tuned["num_settings"]) == [5, 5]
    assert not tuned["same_runs"].any()
    judged = judged_runs(frame, tuned).drop_duplicates("run_id")
    assert set(judged["role"]) == {"best"}
    assert (
        judged.groupby("method", observed=True)["seed"].agg(set).tolist()
        == [{42, 43, 44, 45, 46}] * 2
    )
    chosen = frame[frame["role"] == "best"]["run_id"].unique()
    assert set(judged["run_id"]) == set(chosen)


def test_the_report_shows_one_row_per_method(folder, tmp_path):
    """Without a learning rate, which differs between studies, but with all trials and commands."""
    study = gather(folder).study
    assert list(study.styles) == ["SGD", "SignSGD"]
    rows = [line for line in markdown_table(study).splitlines() if line.startswith("| digits")]
    assert [row.split(" | ")[3:6] for row in rows] == [["–", "1", "5"]] * 2
    page = write_report(study, tmp_path / "report.html").read_text()
    tuned = page[page.index('id="tuned"') : page.index('id="overhead"')]
    assert re.findall(r'<td class="num">(\d+)</td>', tuned) == ["25", "25"] * 2
    repeated = page[page.index("Commands that repeat the results") :]
    assert (
        re.findall(r"<td>Run with seed (\d+)</td>", repeated) == ["42", "43", "44", "45", "46"] * 2
    )
