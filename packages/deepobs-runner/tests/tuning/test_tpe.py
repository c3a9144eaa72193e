"""Searches by Optuna: repeated, continued, pruned, shared."""

import json
import subprocess
import sys
from typing import Any

import pytest

from deepobs.problems import build
from deepobs.runner import RunConfig, tune
from deepobs.runner.executors import Job
from deepobs.runner.executors._base import ignore_progress
from deepobs.runner.executors._worker import perform
from deepobs.runner.tuning import parse_space
from deepobs.runner.tuning._objective import VALID

COMMON: dict[str, Any] = {"epochs": 2, "device": "cpu", "workers": 2, "progress": "off"}


def _tune(folder, **options):
    return tune("digits_logreg", "SGD", results=folder, **{**COMMON, **options})


def test_tpe(tmp_path):
    """Optuna's study repeats with its seed, and goes on from its journal."""
    pytest.importorskip("optuna", reason="the extra tune is not installed")
    options: dict[str, Any] = {"strategy": "tpe", "repeat": 0, "workers": 1, "epochs": 1}
    whole = _tune(tmp_path / "a", trials=4, **options)
    _tune(tmp_path / "b", trials=2, **options)
    parts = _tune(tmp_path / "b", trials=4, **options)
    assert [trial.settings for trial in parts.trials] == [trial.settings for trial in whole.trials]
    assert parts.best == whole.best
    assert len({trial.settings["lr"] for trial in whole.trials}) == 4


def test_pruning(tmp_path):
    """A run worse than the median of the others so far is stopped, and not counted as a run."""
    pytest.importorskip("optuna", reason="the extra tune is not installed")
    result = _tune(tmp_path, strategy="tpe", trials=14, repeat=0, workers=1, epochs=3, prune=True)
    ended = [trial.status for trial in result.trials]
    assert "pruned" in ended
    assert result.best.status == "finished"
    assert len(list(tmp_path.rglob("random_seed*.json"))) == ended.count("finished")
    assert not (tmp_path / ".runs").exists()


def test_a_pruned_trial_is_not_done_again(tmp_path):
    """A process that waited for another's run, which was pruned, leaves it at that."""
    pytest.importorskip("optuna", reason="the extra tune is not installed")
    from deepobs.runner.tuning._tpe import OptunaStudy

    config = RunConfig(problem="digits_logreg", optimizer="SGD", lr=0.1)
    study = OptunaStudy(tmp_path / "a.journal", parse_space(["lr=log:1e-5:1e2"]), 42, prune=VALID)
    study.ask(1, 1)
    study.name_run(0, config.run_id)
    study.tell(0, None, pruned=True)
    options: dict[str, Any] = {
        "results": tmp_path,
        "device": "cpu",
        "callbacks": tuple(study.callbacks()),
    }
    assert perform(Job(config=config, options=options), ignore_progress).status == "pruned"


def test_the_first_process_to_finish_a_trial_decides_how_it_ended(tmp_path, monkeypatch):
    """What a slower process writes of a trial that both took over is dropped."""
    optuna = pytest.importorskip("optuna", reason="the extra tune is not installed")
    from deepobs.runner.tuning._tpe import OptunaStudy, load_study

    path = tmp_path / "a.journal"
    study = OptunaStudy(path, parse_space(["lr=log:1e-5:1e2"]), 42, prune=VALID)
    study.ask(1, 1)
    config = RunConfig(problem="digits_logreg", optimizer="SGD", lr=0.1)
    study.name_run(0, config.run_id)
    (slower,) = study.callbacks()
    slower.on_run_start(config, build(config.problem_value))
    study.ask(1, 2)

    def ended_in_between(*arguments, **options):
        raise optuna.exceptions.UpdateFinishedTrialError("another process was faster")

    with monkeypatch.context() as patch:
        patch.setattr(optuna.storages.JournalStorage, "set_trial_state_values", ended_in_between)
        study.tell(1, 0.1)
    study.tell(0, 0.5)
    study.name_run(0, config.run_id)
    slower.on_evaluation(1, {VALID.metric: 0.1})
    study.tell(0, 0.1)
    first, second = load_study(path, 0, prune=False).get_trials()
    assert (first.value, first.intermediate_values) == (0.5, {})
    assert second.value is None


@pytest.mark.parametrize("written", [[], ["lr"]])
def test_a_trial_whose_parameters_are_not_all_written_is_left_alone(tmp_path, written):
    """Its process may be writing them, or died then: the others propose what it would have."""
    optuna = pytest.importorskip("optuna", reason="the extra tune is not installed")
    from deepobs.runner.tuning._tpe import OptunaStudy, load_study

    space = parse_space(["lr=log:1e-5:1e2", "momentum=uniform:0:1"])
    expected = OptunaStudy(tmp_path / "whole.journal", space, 42, prune=None).ask(2, 2)
    path = tmp_path / "a.journal"
    load_study(path, 0, prune=False).ask(
        {name: optuna.distributions.FloatDistribution(1e-5, 1e2, log=True) for name in written}
    )
    study = OptunaStudy(path, space, 42, prune=None)
    assert study.trials() == {}
    assert list(study.ask(5, 2).values()) == list(expected.values())
    assert {state for _, state in study.trials().values()} == {"running"}
    assert study.ask(1, 2) == {}


def test_two_processes_share_a_study(tmp_path):
    """Together they do the trials, none twice, and both report all of them."""
    pytest.importorskip("optuna", reason="the extra tune is not installed")
    options = ["--strategy", "tpe", "--trials", "6", "--repeat", "0", "--epochs", "2"]
    where = ["--results", str(tmp_path), "--workers", "1", "--device", "cpu", "--progress", "off"]
    command = ["-m", "deepobs.runner", "tune", "digits_logreg", "SGD", "--json", *options, *where]
    both = [
        subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    one, other = (json.loads(process.communicate(timeout=500)[0]) for process in both)
    assert [process.returncode for process in both] == [0, 0]
    assert one == other
    assert len(one["trials"]) == 6
    assert len(list(tmp_path.rglob("random_seed*.json"))) == 6
    assert not (tmp_path / ".runs").exists()
