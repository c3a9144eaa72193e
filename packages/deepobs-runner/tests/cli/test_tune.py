"""`deepobs tune`."""

import json
from pathlib import Path

import pytest


@pytest.fixture
def tune(deepobs):
    """The exit status of `deepobs tune` with SGD."""

    def call(problem, *arguments):
        shared = ("--epochs", 1, "--device", "cpu", "--results", "results")
        return deepobs("tune", problem, "SGD", *shared, *arguments)

    return call


def test_tune(tune, tmp_path, monkeypatch, capsys):
    """The trials, the best and the file are named; `--json` gives the file's content."""
    monkeypatch.chdir(tmp_path)
    search = [
        "--space",
        "lr=choice:0.01,1.0",
        "--set",
        "momentum=0.5",
        "--trials",
        2,
        "--repeat",
        2,
    ]
    assert tune("digits_logreg", *search) == 0
    space, *trials, best, path = capsys.readouterr().out.splitlines()
    assert space == "space: lr=choice:0.01,1.0 (given by the user)"
    assert [trial.split(":")[0] for trial in trials] == ["lr=0.01", "lr=1"]
    assert best.startswith("best: lr=1: ")
    assert best.endswith("; repeated with 2 seeds")
    held = json.loads(Path(path).read_text())
    assert held["hyperparameters"] == {"momentum": 0.5}
    assert tune("digits_logreg", *search, "--json") == 0
    assert json.loads(capsys.readouterr().out) == held


def test_the_space_is_the_optimizers_own(deepobs, tmp_path, capsys):
    """Without `--space` it is that of the table of reference optimizers, with its source."""
    words = ["--trials", 1, "--repeat", 0, "--epochs", 1, "--device", "cpu", "--results", tmp_path]
    assert deepobs("tune", "digits_logreg", "AdamW", *words, "--set", "weight_decay=0.01") == 0
    space = capsys.readouterr().out.splitlines()[0]
    assert space.startswith("space: lr=log:0.0001:0.01 betas[0]=1-log:0.02:0.5 (AlgoPerf")
    assert space.endswith("; weight_decay set by the user)")


def test_no_setting_finishes(tune, tmp_path, monkeypatch, capsys):
    """If all runs diverge, that is said, and the exit status is 1."""
    monkeypatch.chdir(tmp_path)
    assert tune("two_d_rosenbrock", "--space", "lr=choice:1.0", "--trials", 1) == 1
    assert "no setting finished, of 1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["digits_logref"], "digits_logreg"),
        (["digits_logreg", "--strategy", "tpa"], "did you mean tpe"),
        (["digits_logreg", "--space", "lr=lg:1:2"], "did you mean log"),
        (["digits_logreg", "--objective", "valit"], "did you mean valid"),
        (["digits_logreg", "--set", "momentun=0.9"], "did you mean momentum"),
        (["digits_logreg", "--trials", "0"], "trials must be a whole number"),
        (["digits_logreg", "--validation", "1.5"], "validation"),
    ],
)
def test_bad_usage_is_exit_status_2(tune, tmp_path, monkeypatch, capsys, arguments, words):
    """A wrong argument gives one sentence and exit status 2, and nothing is written."""
    monkeypatch.chdir(tmp_path)
    assert tune(*arguments) == 2
    said = capsys.readouterr()
    assert words in said.err
    assert "Traceback" not in said.err
    assert not Path("results").exists()
