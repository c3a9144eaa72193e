"""Choosing settings and summing up."""

import pytest

from deepobs.runner import UsageError
from deepobs.runner.analysis import (
    run_values,
    speed_frontier,
    summary_table,
    times_to_target,
    tuned_runs,
    tuned_settings,
)

DIVERGED = {"losses": [9.0, None], "num_epochs": 2, "status": "diverged"}


def run(rate, final, seed=42, **fields):
    return {"learning_rate": rate, "losses": [9.0, 5.0, final], "random_seed": seed} | fields


def test_best_setting_by_test_loss_says_so(make_frame):
    """Without validation data the setting with the lowest test loss is chosen, and flagged."""
    tuned = tuned_settings(make_frame(run(0.1, 2.0), run(0.2, 1.0), run(0.3, 3.0)))
    assert tuned["learning_rate"].tolist() == [0.2]
    assert tuned["selected_on"].tolist() == ["test"]
    assert tuned["num_settings"].tolist() == [3]
    assert tuned["score"].tolist() == [1.0]


def test_validation_decides_where_all_settings_have_it(make_frame):
    """With validation data the choice is made on them, whatever the test data say."""
    a = run(0.1, 2.0, valid_losses=[9.0, 5.0, 1.0])
    b = run(0.2, 1.0, valid_losses=[9.0, 5.0, 4.0])
    tuned = tuned_settings(make_frame(a, b))
    assert (tuned["learning_rate"][0], tuned["selected_on"][0]) == (0.1, "valid")
    forced = tuned_settings(make_frame(a, b), select_on="test")
    assert (forced["learning_rate"][0], forced["selected_on"][0]) == (0.2, "test")
    partly = tuned_settings(make_frame(a, b, run(0.3, 0.5)))
    assert (partly["learning_rate"][0], partly["selected_on"][0]) == (0.3, "test")


def test_only_seeds_that_all_settings_share_count(make_frame):
    """A setting repeated with lucky seeds is not preferred for them."""
    frame = make_frame(run(0.1, 2.0), run(0.2, 3.0), run(0.2, 0.0, seed=43))
    tuned = tuned_settings(frame)
    assert tuned["learning_rate"].tolist() == [0.1]
    assert tuned["selection_seeds"].tolist() == [1]


def test_without_shared_seeds_all_runs_count(make_frame):
    """Where settings share no seed, their means over all runs are compared."""
    frame = make_frame(run(0.1, 2.0), run(0.2, 3.0, seed=43), run(0.2, 0.0, seed=44))
    assert tuned_settings(frame)["learning_rate"].tolist() == [0.2]


def test_setting_with_a_diverged_run_is_not_chosen(make_frame):
    """A setting one of whose runs diverged loses to any that finished."""
    good = [run(0.1, 8.0), run(0.1, 8.0, seed=43), run(0.2, 1.0)]
    frame = make_frame(*good, run(0.2, 1.0, seed=43) | DIVERGED)
    assert tuned_settings(frame)["learning_rate"].tolist() == [0.1]


def test_best_value_of_a_run_may_count(make_frame):
    """With value="best" the setting with the least loss on the way is chosen, not at the end."""
    frame = make_frame(run(0.1, 8.0) | {"losses": [9.0, 1.0, 8.0]}, run(0.2, 4.0))
    assert tuned_settings(frame)["learning_rate"].tolist() == [0.2]
    assert tuned_settings(frame, value="best")["learning_rate"].tolist() == [0.1]


@pytest.mark.parametrize(
    ("function", "options", "words"),
    [
        (tuned_settings, {"select_on": "vaild"}, "select_on.*did you mean valid"),
        (tuned_settings, {"value": "finale"}, "value.*did you mean final"),
        (run_values, {"phase": "tests"}, "phase.*did you mean test"),
        (speed_frontier, {"cost": "second"}, "cost.*did you mean seconds"),
        (times_to_target, {"measure": "epoch"}, "measure.*did you mean epochs"),
        (tuned_settings, {"select_on": "luck"}, "choose from auto, valid, test"),
    ],
)
def test_misspelt_options_are_refused_with_the_nearest(make_frame, function, options, words):
    """An option that does not exist is an error that names it, never another meaning."""
    with pytest.raises(UsageError, match=words):
        function(make_frame({}), **options)


def test_accuracy_is_maximised(make_frame):
    """Where there is an accuracy the setting with the largest is chosen."""
    a = run(0.1, 1.0, test_accuracies=[0.1, 0.2, 0.3])
    b = run(0.2, 2.0, test_accuracies=[0.1, 0.2, 0.4])
    assert tuned_settings(make_frame(a, b))["learning_rate"].tolist() == [0.2]


def test_tuned_runs_are_those_of_the_chosen_setting(make_frame):
    """Only the chosen setting's rows stay, all its seeds."""
    frame = make_frame(run(0.1, 2.0), run(0.2, 1.0), run(0.2, 1.5, seed=43))
    kept = tuned_runs(frame)
    assert set(kept["learning_rate"]) == {0.2}
    assert set(kept["seed"]) == {42, 43}
    assert len(kept) == 6


def test_summary_counts_runs_and_divergence(make_frame):
    """Means are over finished runs; diverged ones are counted beside them."""
    frame = make_frame(
        run(0.1, 1.0),
        run(0.1, 3.0, seed=43),
        run(0.1, 2.0, seed=44) | DIVERGED,
    )
    (row,) = summary_table(frame, epochs=(1,)).to_dict("records")
    assert (row["num_runs"], row["num_diverged"]) == (3, 1)
    assert row["mean"] == 2.0
    assert row["std"] == pytest.approx(2**0.5)
    # Student's quantile for two runs is 12.7; their standard error is 1.
    assert (row["low"], row["high"]) == pytest.approx((2 - 12.7062, 2 + 12.7062), rel=1e-5)
    assert row["epoch_1_mean"] == 5.0
    assert row["metric"] == "test_loss"


def test_empty_frame_gives_empty_tables(make_frame):
    """No runs, no rows, no error."""
    frame = make_frame({}).iloc[:0]
    assert len(tuned_settings(frame)) == len(tuned_runs(frame)) == len(summary_table(frame)) == 0
