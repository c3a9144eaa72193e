"""One row per run: methods, settings, metrics, final and best values."""

import math

import numpy as np
import pandas as pd
import pytest

from deepobs.runner.analysis import (
    AnalysisError,
    combine,
    default_metric,
    final_values,
    per_run,
    run_values,
    with_methods,
)
from deepobs.runner.report.study import Runs
from deepobs.runner.results.reading import load_baselines

TF = {"format": None, "optimizer": "MomentumOptimizer"}


@pytest.mark.parametrize(
    ("fields", "label"),
    [
        ({}, "SGD"),
        ({"hyperparams": {"momentum": 0.99}}, "SGD momentum=0.99"),
        ({"hyperparams": {"lr": 1.0, "betas": [0.9, 0.999]}}, "SGD betas=(0.9, 0.999)"),
        ({"schedule": {"name": "cosine", "warmup_epochs": 5}}, "SGD cosine(warmup_epochs=5)"),
        ({"precision": "bf16", "max_grad_norm": 1.0}, "SGD bf16 max_grad_norm=1"),
        (TF | {"hyperparams": {"momentum": 0.9}}, "Momentum momentum=0.9 (DeepOBS 1.1)"),
    ],
)
def test_method_labels_name_what_is_compared(make_frame, fields, label):
    """A label holds optimizer, hyperparameters, schedule and particulars, but no learning rate."""
    assert per_run(make_frame(fields))["method"].tolist() == [label]


def test_different_methods_never_share_a_label(make_frame):
    """Values that print alike are distinguished by their full hyperparameters."""
    frame = make_frame({"hyperparams": {"eps": 1e-8}}, {"hyperparams": {"eps": 1.0000001e-8}})
    assert per_run(frame)["method"].nunique() == 2


def test_baselines_have_three_methods():
    """The baselines' optimizers are labelled as what they are, one label each."""
    methods = set(per_run(load_baselines())["method"])
    assert methods == {"SGD (baseline)", "Momentum (baseline)", "Adam (baseline)"}


def test_rates_that_differ_by_rounding_are_one_setting(make_frame):
    """Learning rates that agree in eleven digits, as in folder names, are one setting."""
    frame = make_frame(
        {"learning_rate": 2.5118864315095822e-05},
        {"learning_rate": 2.5118864315e-05, "random_seed": 43},
        {"learning_rate": 2.51189e-05, "random_seed": 44},
    )
    settings = per_run(frame)["setting"]
    assert settings[0] == settings[1] != settings[2]


def test_batch_size_and_weight_decay_are_part_of_the_setting(make_frame):
    """Runs that differ in batch size or weight decay are not averaged together."""
    frame = make_frame({}, {"batch_size": 64}, {"weight_decay": 0.1}, {"num_epochs": 9})
    assert per_run(frame)["setting"].nunique() == 4
    assert per_run(frame)["method"].nunique() == 1


def test_final_and_best_values(make_frame):
    """Final is the last epoch's value, best the smallest loss or largest accuracy."""
    frame = make_frame({"losses": [4.0, 1.0, 2.0], "test_accuracies": [0.1, 0.9, 0.8]})
    final, best = run_values(frame, "test_loss"), run_values(frame, "test_loss", "best")
    assert (final["value"][0], final["at_epoch"][0]) == (2.0, 2)
    assert (best["value"][0], best["at_epoch"][0]) == (1.0, 1)
    assert run_values(frame, "test_accuracy", "best")["value"][0] == 0.9


def test_diverged_run_has_no_value_but_stays(make_frame):
    """A diverged run is kept, with NaN, so that it cannot vanish from a count."""
    frame = make_frame({}, {"losses": [4.0, None], "status": "diverged", "random_seed": 1})
    values = run_values(frame)
    assert values["value"].tolist()[0] == 1.0
    assert math.isnan(values["value"][1])
    assert values["status"].tolist() == ["finished", "diverged"]


def test_each_problem_is_judged_by_its_own_metric(make_frame):
    """Accuracy where a problem has one, else the loss."""
    frame = make_frame({"testproblem": "a", "test_accuracies": [0.1, 0.2, 0.3, 0.4]}, {})
    assert default_metric(frame, "a") == "test_accuracy"
    assert default_metric(frame, "quadratic_deep") == "test_loss"
    values = run_values(frame).set_index("problem")
    assert values["metric"].to_dict() == {"a": "test_accuracy", "quadratic_deep": "test_loss"}
    assert values["value"].to_dict() == {"a": 0.4, "quadratic_deep": 1.0}


def test_unknown_metric_names_the_choices(make_frame):
    """A metric that does not exist is named, with those that do."""
    with pytest.raises(AnalysisError, match="no metric 'loss'; choose from train_loss, test_loss"):
        run_values(make_frame({}), "loss")


def test_combine_keeps_each_run_once_and_stays_lean(make_frame):
    """Frames under each other: categories united, a run that is in both kept once."""
    one, two = make_frame({"testproblem": "a", "run_id": "r"}), load_baselines()
    both = combine(one, two, one)
    assert len(both) == len(one) + len(two)
    assert isinstance(both["problem"].dtype, pd.CategoricalDtype)
    assert both["problem"].iloc[0] == "a"
    assert np.array_equal(both["test_loss"].iloc[len(one) :], two["test_loss"], equal_nan=True)


def test_functions_leave_the_frame_as_it_was(make_frame):
    """Labelling returns a new frame; the one given does not change."""
    frame = make_frame({})
    before = frame.copy()
    assert {"method", "setting"} <= set(with_methods(frame).columns)
    pd.testing.assert_frame_equal(frame, before)


def test_empty_frame_gives_empty_tables(make_frame):
    """No runs, no rows, no error."""
    frame = make_frame({}).iloc[:0]
    assert len(per_run(frame)) == 0
    assert len(run_values(frame)) == 0


def test_final_is_the_last_value_measured(make_frame):
    """Where a series ends before its run, analysis and report take the same value for the final."""
    run = {"losses": [4.0, 3.0, 2.0], "valid_losses": [5.0, 4.5, None]}
    lost = {"losses": [4.0, None], "status": "diverged", "num_epochs": 2, "random_seed": 1}
    frame = make_frame(run, lost)
    assert final_values(frame, "valid_loss").tolist() == [4.5]
    values = run_values(frame, "valid_loss")
    assert (values["value"][0], values["at_epoch"][0]) == (4.5, 1)
    runs = Runs.of(frame)
    finals = {row["seed"]: runs.final(place, "valid_loss") for place, row in enumerate(runs.rows)}
    assert finals[42] == 4.5
    assert math.isnan(finals[1])


def test_long_labels_are_cut_but_stay_apart(make_frame):
    """Two schedules of a factor an epoch that differ in the last: 80 characters, two labels."""
    factors = [[1.0] * 500, [1.0] * 499 + [0.5]]
    runs = [
        {"schedule": {"name": "step", "epochs": [*range(500)], "factors": row}, "random_seed": seed}
        for seed, row in enumerate(factors)
    ]
    labels = per_run(make_frame(*runs))["method"].tolist()
    assert len(set(labels)) == 2
    assert max(map(len, labels)) == 80
