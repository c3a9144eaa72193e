"""Whole searches: what is tried, what is recorded, how they go on."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deepobs.problems import get_problem
from deepobs.runner import UsageError, load_records, tune
from deepobs.runner.cli._tune import _summary

COMMON: dict[str, Any] = {"epochs": 2, "device": "cpu", "workers": 2, "progress": "off"}


def _tune(folder, **options):
    return tune("digits_logreg", "SGD", results=folder, **{**COMMON, **options})


def _seeds(folder, **where):
    frame = load_records(folder)
    for name, value in where.items():
        frame = frame[frame[name] == value]
    return sorted(frame[frame["epoch"] == 0]["seed"])


def test_grid(tmp_path):
    """The grid's best validation accuracy wins; it is repeated on the whole training set."""
    result = _tune(tmp_path, trials=5, space=["lr=log:1e-2:1e2"], repeat=3)
    assert len(result.trials) == 5
    values = {trial.settings["lr"]: trial.value for trial in result.trials}
    assert result.best.value == max(values.values())
    assert result.best.status == "finished"
    assert result.repeats.keys() == {42, 43, 44}
    assert _seeds(tmp_path, validation=0.0) == [42, 43, 44]
    assert len(_seeds(tmp_path, validation=0.2)) == 5
    held = json.loads(Path(result.path).read_text())
    assert held == json.loads(json.dumps(result.to_dict()))
    assert held["format"] == "deepobs-tuning-1"
    assert held["space"] == {"lr": "log:0.01:100"}
    assert held["best"]["settings"] == dict(result.best.settings)
    frame = load_records(tmp_path)
    run = frame[frame["run_id"] == result.best.run_ids[0]]
    assert run["valid_accuracy"].iloc[-1] == result.best.value


def test_the_loss_may_decide(tmp_path):
    """With `objective="valid"`, whatever the problem's primary metric is."""
    options: dict[str, Any] = {"space": ["lr=log:1e-2:1e2"], "repeat": 0}
    result = _tune(tmp_path, trials=3, objective="valid", **options)
    assert result.best.value == min(trial.value for trial in result.trials)
    frame = load_records(tmp_path)
    run = frame[frame["run_id"] == result.best.run_ids[0]]
    assert run["valid_loss"].iloc[-1] == result.best.value


def test_an_interrupted_search_goes_on(tmp_path):
    """A search with more trials does only what is missing; the same one does nothing."""
    options: dict[str, Any] = {"space": ["lr=log:1e-2:1"], "repeat": 0, "strategy": "sobol"}
    first = _tune(tmp_path, trials=2, **options)
    files = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("random_seed*.json")}
    second = _tune(tmp_path, trials=4, **options)
    assert second.trials[:2] == first.trials
    assert second.path == first.path
    assert len(files) == 2
    assert {path: path.stat().st_mtime_ns for path in files} == files
    assert _tune(tmp_path, trials=4, **options) == second


def test_fewer_trials_keep_what_was_tried(tmp_path):
    """What was tried is a result: a second, smaller search takes nothing from the file."""
    options: dict[str, Any] = {"space": ["lr=log:1e-2:1"], "repeat": 0, "strategy": "random"}
    first = _tune(tmp_path, trials=3, **options)
    second = _tune(tmp_path, trials=1, **options)
    assert second.path == first.path
    assert second.trials == first.trials
    assert second.best == first.best
    assert len(json.loads(second.path.read_text())["trials"]) == 3


def test_a_variant_of_a_problem_is_a_search_of_its_own(tmp_path):
    """Two problems of one name write two files."""
    variant = replace(get_problem("digits_logreg"), notes="a variant")
    options: dict[str, Any] = {
        "space": ["lr=choice:0.1"],
        "trials": 1,
        "repeat": 0,
        "epochs": 1,
        "device": "cpu",
    }
    ours, theirs = (
        tune(problem, "SGD", results=tmp_path, progress="off", workers=1, **options)
        for problem in ("digits_logreg", variant)
    )
    assert ours.path != theirs.path
    assert ours.trials[0].run_ids != theirs.trials[0].run_ids


def test_several_seeds_and_divergence(tmp_path):
    """A trial's value is the mean over its seeds; a diverged run makes it the worst."""
    result = tune(
        "two_d_rosenbrock",
        "SGD",
        results=tmp_path,
        space={"lr": "choice:0.0001,1.0"},
        trials=2,
        seeds_per_trial=2,
        repeat=0,
        **COMMON,
    )
    good, bad = result.trials
    assert len(good.values) == 2
    assert good.value == pytest.approx(sum(good.values) / 2)
    assert (bad.status, bad.value) == ("diverged", None)
    assert result.best == good


def test_the_original_choice(tmp_path):
    """With the objective `test`, nothing is held out, and the best test accuracy wins."""
    result = _tune(
        tmp_path, objective="test", space=["lr=choice:0.001,0.1,1.0"], trials=3, repeat=2
    )
    frame = load_records(tmp_path)
    ends = frame[(frame["epoch"] == 2) & (frame["seed"] == 42)]
    assert result.best.value == ends["test_accuracy"].max()
    assert result.best.settings["lr"] == ends.set_index("learning_rate")["test_accuracy"].idxmax()
    assert _seeds(tmp_path) == [42, 42, 42, 43]  # the best trial is the first repetition


def test_no_setting_finishes(tmp_path):
    """If every run diverges there is no best and nothing to repeat, and that is recorded."""
    result = tune(
        "two_d_rosenbrock", "SGD", results=tmp_path, space=["lr=choice:1.0,10.0"], **COMMON
    )
    assert result.best is None
    assert [trial.status for trial in result.trials] == ["diverged", "diverged"]
    assert json.loads(Path(result.path).read_text())["best"] is None


def test_why_a_trial_failed_is_told(tmp_path):
    """In the trial and in the search's file."""
    result = _tune(tmp_path, trials=1, repeat=0, batch_size=100_000)
    (trial,) = result.trials
    assert trial.status == "failed"
    assert "100000" in trial.message
    assert json.loads(Path(result.path).read_text())["trials"][0]["message"] == trial.message


# SGD refuses Nesterov's momentum with a momentum of 0.
INFEASIBLE = ["lr=choice:0.1", "momentum=choice:0.0,0.9", "nesterov=choice:False,True"]


def test_a_grid_leaves_out_what_the_optimizer_refuses(tmp_path):
    """Such a setting is no trial; the result, the file and the command tell which and why."""
    result = _tune(tmp_path, trials=4, repeat=0, epochs=1, space=INFEASIBLE)
    assert [trial.status for trial in result.trials] == ["finished"] * 3
    (left_out,) = result.left_out
    assert left_out.settings == {"lr": 0.1, "momentum": 0.0, "nesterov": True}
    assert "Nesterov momentum requires a momentum" in left_out.message
    assert json.loads(Path(result.path).read_text())["left_out"][0]["message"] == left_out.message
    assert "left out of the grid: 1, the first of which lr=0.1 momentum=0" in _summary(result)


@pytest.mark.parametrize("strategy", ["random", "tpe"])
def test_a_refused_draw_is_a_failed_trial(tmp_path, strategy):
    """With its reason; the search goes on, and can be continued."""
    if strategy == "tpe":
        pytest.importorskip("optuna", reason="the extra tune is not installed")
    options: dict[str, Any] = {
        "strategy": strategy,
        "repeat": 0,
        "epochs": 1,
        "workers": 0,
        "seed": 3,
    }
    first = _tune(tmp_path, trials=6, space=INFEASIBLE, **options)
    failed = [trial for trial in first.trials if trial.status == "failed"]
    assert 0 < len(failed) < 6
    for trial in failed:
        assert trial.settings["nesterov"]
        assert not trial.settings["momentum"]
        assert "Nesterov momentum requires a momentum" in trial.message
    second = _tune(tmp_path, trials=8, space=INFEASIBLE, **options)
    assert [trial.settings for trial in second.trials[:6]] == [t.settings for t in first.trials]
    assert second.best.status == "finished"
    if strategy == "tpe":
        from deepobs.runner.tuning._tpe import load_study

        trials = load_study(first.path.with_suffix(".journal"), 0, prune=False).trials
        told = [trial.number for trial in trials if trial.state.name == "FAIL"]
        assert told == [i for i, trial in enumerate(second.trials) if trial.status == "failed"]


@pytest.mark.slow
@pytest.mark.benchmark_data
def test_twenty_of_thirty_six_on_fashion_mnist(tmp_path):
    """Twenty trials find a learning rate within 2 % of the whole grid's best validation loss."""
    if "DEEPOBS_DATA_DIR" not in os.environ:
        pytest.skip("needs Fashion-MNIST in $DEEPOBS_DATA_DIR")
    options: dict[str, Any] = {"results": tmp_path, "repeat": 0, **COMMON}
    few = tune("fmnist_logreg", "SGD", trials=20, **options)
    whole = tune("fmnist_logreg", "SGD", **options)
    assert len(few.trials) == 20
    assert len(whole.trials) == 36
    assert few.best.value <= 1.02 * whole.best.value


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"trials": 0}, "trials must be a whole number of at least 1"),
        ({"strategy": "tpee"}, "did you mean tpe"),
        ({"objective": "vlaid"}, "did you mean valid"),
        ({"validation": 0.0}, "validation must be a fraction above 0"),
        ({"prune": True}, "prune needs strategy tpe"),
        ({"space": ["momentun=choice:0.9"]}, "momentum"),
        ({"space": ["momentum=choice:-1.0,0.9"]}, "Invalid momentum value"),
        ({"space": ["nesterov=choice:True"]}, "Nesterov momentum requires a momentum"),
        ({"space": ["lr=choice:0.1,-0.1"]}, "lr must be"),
        ({"space": ["momentum=choice:0.9"], "hyperparameters": {"momentum": 0}}, "both searched"),
        ({"epoch": 3}, "epochs"),
        ({"epochs": 0}, "epochs"),
    ],
)
def test_refused(tmp_path, options, words):
    """A wrong argument is refused in a sentence before anything starts."""
    with pytest.raises(UsageError, match=words):
        _tune(tmp_path / "results", **options)
    assert not (tmp_path / "results").exists()
