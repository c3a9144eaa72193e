"""What the page's charts are drawn from."""

import json
import math

import numpy as np
import pytest
import report_cases

from deepobs.runner.analysis import sensitivity_curve
from deepobs.runner.report.page import dump, problem_data
from deepobs.runner.report.page._data import MAX_POINTS, compact
from deepobs.runner.report.page._views import _basin
from deepobs.runner.report.study import Study, mean_and_spread, records
from deepobs.runner.report.text import diverged_table, milestone_table
from deepobs.runner.report.text._format import MISSING


def test_numbers_keep_six_significant_digits():
    """Rounded to six digits, whatever the magnitude; what is not finite is missing."""
    values = np.array([0.123456789, 123456789.0, -1.23456789e-30, 9.99999999e300, 0.0])
    assert compact(values) == [0.123457, 123457000.0, -1.23457e-30, 1e301, 0.0]
    assert compact(np.array([np.nan, np.inf, -np.inf])) == [None, None, None]


def test_rounding_loses_less_than_a_millionth():
    """Over all magnitudes the relative error is at most half a unit in the sixth digit."""
    values = 10.0 ** np.random.default_rng(0).uniform(-20, 20, 2000)
    rounded = np.array(compact(values), dtype=float)
    assert np.abs(rounded / values - 1).max() <= 5e-6


def test_json_cannot_leave_its_script_element():
    """Tags and ampersands in names are escaped, and read back as they were."""
    hostile = {"name": "</script><script>alert(1)</script><!-- & \u2028"}
    text = str(dump(hostile))
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == hostile


def test_long_curves_are_thinned_but_keep_both_ends(tmp_path):
    """A curve of 1,000 epochs is cut to 200 points, the first and the last among them."""
    run = report_cases.run_fields("p", "SGD", 0.1, 1, 0.5, epochs=1000)
    study = Study.of(report_cases.frame_of([run], tmp_path))
    data = problem_data(study, "p", {"SGD": 0})
    (grid,) = data["grids"]
    assert len(grid) == MAX_POINTS
    assert (grid[0], grid[-1]) == (0, 1000)
    assert len(data["runs"][0]["test_loss"]) == MAX_POINTS
    assert data["runs"][0]["test_loss"][-1] == pytest.approx(run["test_losses"][-1], rel=1e-5)


def test_even_steps_are_one_number(study_frame):
    """Seven steps an epoch are kept as the number 7, not as a series."""
    data = problem_data(Study.of(study_frame), "quadratic_deep", {"SGD": 0, "Adam": 1})
    finished = [run for run in data["runs"] if len(run["test_loss"]) == 13]
    assert all(run["each"]["steps"] == 7 and "steps" not in run for run in finished)


def test_means_are_those_of_the_chosen_settings_seeds(study_frame):
    """The mean curve is that of the best learning rate's seeds, but for the one that chose it."""
    data = problem_data(Study.of(study_frame), "quadratic_deep", {"SGD": 0, "Adam": 1})
    (curve,) = [curve for curve in data["curves"] if curve["m"] == 1]
    rows = study_frame[
        (study_frame["problem"] == "quadratic_deep")
        & (study_frame["optimizer"] == "Adam")
        & (study_frame["learning_rate"] == 0.01)
        & (study_frame["seed"] != 42)
    ]
    by_epoch = rows.groupby("epoch")["test_loss"]
    assert curve["n"] == 7
    assert curve["test_loss"][0] == pytest.approx(by_epoch.mean().tolist(), rel=1e-5)
    assert curve["test_loss"][1] == pytest.approx(by_epoch.std().tolist(), rel=1e-5)


def test_no_mean_where_a_run_is_missing():
    """Where one of the runs has no value, there is no mean of the survivors."""
    mean, std = mean_and_spread([np.array([1.0, 2.0, 3.0]), np.array([3.0, np.nan])])
    assert mean[0] == 2
    assert math.isnan(mean[1])
    assert math.isnan(mean[2])
    assert std[0] == pytest.approx(math.sqrt(2))


def test_diverged_runs_are_counted(study_frame):
    """SGD's run at a rate of 10 diverged after one epoch; the largest that finished is 0.3."""
    table = diverged_table(study_frame).set_index("problem").loc["quadratic_deep"]
    assert (table["method"], table["num_diverged"], table["num_runs"]) == ("SGD", 1, 11)
    assert (table["lowest_rate"], table["highest_rate"]) == (10, 10)
    assert (table["first_epoch"], table["last_epoch"]) == (1, 1)
    assert table["highest_finished"] == pytest.approx(0.3)


def test_milestones_are_means_of_the_chosen_setting(study_frame):
    """After 5 epochs the table has the mean and deviation of the seven seeds that count."""
    table = milestone_table(study_frame, "quadratic_deep")
    assert sorted(set(table["epoch"])) == [0, 1, 2, 5, 10, 12]
    chosen = (table["method"] == "Adam") & (table["metric"] == "test_loss") & (table["epoch"] == 5)
    (row,) = table[chosen].to_dict("records")
    rows = study_frame[
        (study_frame["problem"] == "quadratic_deep")
        & (study_frame["optimizer"] == "Adam")
        & (study_frame["learning_rate"] == 0.01)
        & (study_frame["epoch"] == 5)
        & (study_frame["seed"] != 42)
    ]
    assert row["mean"] == pytest.approx(rows["test_loss"].mean())
    assert row["std"] == pytest.approx(rows["test_loss"].std())


def test_sensitivity_marks_rates_at_which_a_run_diverged(study_frame):
    """The diverged rate has no value and a count; the others have values."""
    data = problem_data(Study.of(study_frame), "quadratic_deep", {"SGD": 0, "Adam": 1})
    (sgd,) = [entry for entry in data["sensitivity"] if entry["m"] == 0]
    at = sgd["lr"].index(10.0)
    assert sgd["test_loss"][0][at] is None
    assert sgd["diverged"][at] == 1
    assert sum(value is not None for value in sgd["test_loss"][0]) == 3


def test_sensitivity_rests_on_the_seeds_and_settings_of_its_table(tmp_path):
    """The picture averages what the table does: shared seeds, and no other batch size."""
    cases = [(0.1, 1, 1.0), (0.1, 2, 3.0), (0.2, 1, 2.0)]
    runs = [report_cases.run_fields("p", "SGD", lr, seed, level) for lr, seed, level in cases]
    runs.append(report_cases.run_fields("p", "SGD", 0.4, 1, 2.5, batch_size=32))
    frame = report_cases.frame_of(runs, tmp_path)
    (drawn,) = problem_data(Study.of(frame), "p", {"SGD": 0})["sensitivity"]
    table = sensitivity_curve(frame)
    assert drawn["lr"] == table["learning_rate"].tolist() == [0.1, 0.2]
    assert drawn["n"] == [1, 1]
    assert drawn["test_accuracy"][0] == pytest.approx(table["score"].tolist(), rel=1e-5)


def test_one_rate_has_a_dash_for_sensitivity(tmp_path):
    """A single rate is neither insensitive nor at least 0.0 decades wide."""
    run = report_cases.run_fields("p", "SGD", 0.1, 1, 1.0)
    (row,) = records(Study.of(report_cases.frame_of([run], tmp_path)).sensitivity)
    view = _basin(row)
    assert (view["best"], view["tried"]) == ("0.1", 1)
    assert {view["span"], view["decades"], view["sensitivity"]} == {MISSING}
