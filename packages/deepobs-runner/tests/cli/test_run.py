"""The command `deepobs run`."""

import json

import pytest

from deepobs.runner import results
from deepobs.runner.common import _errors
from deepobs.runner.results import read_record

RUN = ["run", "quadratic_deep", "SGD", "--lr", "0.01", "--epochs", "1", "--device", "cpu"]


def test_settings_reach_the_record(deepobs, tmp_path, capfd):
    """Options, hyperparameters and the schedule's arguments; JSON on stdout, progress on stderr."""
    status = deepobs(
        *("run", "digits_mlp", "Adam", "--lr", "0.01", "--set", "betas=(0.8,0.9)", "--set"),
        *("eps=1e-6", "--epochs", "2", "--batch-size", "128", "--seed", "7", "--device", "cpu"),
        *(
            "--schedule",
            "cosine",
            "--set-schedule",
            "warmup_epochs=1",
            "--gradient-accumulation-steps",
            "2",
        ),
        *("--max-grad-norm", "1", "--validation", "0.1", "--results", str(tmp_path), "--json"),
    )
    out, err = capfd.readouterr()
    outcome = json.loads(out)
    record = read_record(outcome["record"])
    assert status == 0
    assert record.hyperparams == {"betas": [0.8, 0.9], "eps": 1e-6}
    assert (record.random_seed, record.batch_size) == (7, 128)
    assert record.config["schedule"] == {"name": "cosine", "warmup_epochs": 1}
    assert record.config["gradient_accumulation_steps"] == 2
    assert (record.config["max_grad_norm"], record.config["validation"]) == (1.0, 0.1)
    assert outcome["done_before"] is False
    assert outcome["last"]["test_losses"] == record.test_losses[-1]
    assert "epoch 2/2" in err


def test_a_length_in_steps(deepobs, tmp_path, capsys):
    """`--steps` with `--eval-every`, in place of epochs; a wrong one is a sentence."""
    words = ("run", "digits_logreg", "SGD", "--lr", "0.1", "--results", str(tmp_path), "--json")
    assert deepobs(*words, "--steps", "30", "--eval-every", "10") == 0
    record = read_record(json.loads(capsys.readouterr().out)["record"])
    assert (record.num_epochs, record.num_steps, record.config["eval_every"]) == (3, 10, 10)
    assert deepobs(*words, "--steps", "35", "--eval-every", "10") == 2
    assert "such as 30 or 40, not 35" in capsys.readouterr().err


def test_the_last_line_names_every_metric(deepobs, capsys):
    """A problem's own, too; one value of a series is not called by its plural."""
    assert deepobs("run", "matrix_sensing", "Adam", "--lr", "0.01", "--epochs", "1") == 0
    line = capsys.readouterr().out
    assert line.startswith("finished after 1 epoch: train loss ")
    for name in ("test loss", "train rmse", "test rmse"):
        assert f"{name} " in line
    command = ("run", "matrix_sensing", "Adam", "--lr", "0.01", "--epochs", "1", "--json")
    assert deepobs(*command) == 0
    last = json.loads(capsys.readouterr().out)["last"]
    assert set(last) >= {"test_losses", "train_rmse", "test_rmse"}


def test_a_done_run_is_named_and_not_done_again(deepobs, tmp_path, capsys):
    """Twice the same command: one record, and the second time says so."""
    said = []
    for extra in ([], [], ["--json"]):
        assert deepobs(*RUN, "--results", str(tmp_path), "--progress", "off", *extra) == 0
        said.append(capsys.readouterr().out)
    assert len(list(tmp_path.rglob("*.json"))) == 1
    assert all("random_seed__42" in text for text in said)
    assert ["done before; --force repeats it" in text for text in said] == [False, True, False]
    assert json.loads(said[2])["done_before"] is True


BAD = {
    "problem": (["quadratic_dep", "SGD", "--lr", "1"], "quadratic_deep"),
    "optimizer": (["quadratic_deep", "sgd", "--lr", "1"], "SGD"),
    "hyperparameter": (["quadratic_deep", "SGD", "--lr", "1", "--set", "momentun=1"], "momentum"),
    "setting": (["quadratic_deep", "SGD", "--lr", "1", "--set", "momentum"], "NAME=VALUE"),
    "device": (["quadratic_deep", "SGD", "--lr", "1", "--device", "gpu"], "gpu"),
    "lr is no number": (["quadratic_deep", "SGD", "--lr", "x"], "'x'"),
    "lr is NaN": (["quadratic_deep", "SGD", "--lr", "nan"], "nan"),
    "negative lr": (["quadratic_deep", "SGD", "--lr", "-1"], "-1"),
    "no problem": (["SGD", "--lr", "1"], "OPTIMIZER"),
    "no epochs": (["quadratic_deep", "SGD", "--lr", "1", "--epochs", "0"], "epochs"),
    "negative epochs": (["quadratic_deep", "SGD", "--lr", "1", "--epochs", "-1"], "-1"),
    "flag": (["quadratic_deep", "SGD", "--lr", "1", "--epoch", "1"], "--epochs"),
    "logger": (["quadratic_deep", "SGD", "--lr", "1", "--logger", "wand"], "wandb"),
    "data folder that is a file": (
        ["mnist_mlp", "SGD", "--lr", "1", "--data-root", "{file}"],
        "file",
    ),
    "results folder that is a file": (
        ["quadratic_deep", "SGD", "--lr", "1", "--results", "{file}"],
        "cannot be written",
    ),
}


@pytest.mark.parametrize(("arguments", "named"), BAD.values(), ids=list(BAD))
def test_bad_usage_is_one_sentence_and_status_2(deepobs, tmp_path, capsys, arguments, named):
    """No traceback, nothing on stdout, nothing written."""
    file = tmp_path / "file"
    file.write_text("mine")
    assert deepobs("run", *(text.format(file=file) for text in arguments)) == 2
    out, err = capsys.readouterr()
    assert named in err
    assert "Traceback" not in err
    assert not out
    assert [path.name for path in tmp_path.rglob("*")] == ["file"]
    assert file.read_text() == "mine"


def test_an_optimizer_that_fails_is_a_failed_run(deepobs, tmp_path, capsys):
    """One sentence with the optimizer and its error, status 1, and no record."""
    arguments = ["run", "digits_mlp", "sweep_optimizers.Fails", "--lr", "0.1", "--progress", "off"]
    assert deepobs(*arguments, "--results", str(tmp_path)) == 1
    out, err = capsys.readouterr()
    assert err.startswith("Error: The optimizer Fails failed in its step: RuntimeError: ")
    assert err.count("\n") == 1
    assert not out
    assert not list(tmp_path.rglob("*"))


ERRORS = [
    value
    for module in (_errors, results)
    for value in vars(module).values()
    if isinstance(value, type) and issubclass(value, Exception) and not issubclass(value, Warning)
]


@pytest.mark.parametrize("kind", ERRORS)
def test_every_error_of_ours_is_a_sentence_and_no_traceback(deepobs, kind, monkeypatch, capsys):
    """Status 2 for a wrong argument, else 1."""

    def fail(*arguments, **settings):
        raise kind("What went wrong.")

    monkeypatch.setattr("deepobs.runner.training.run", fail)
    assert deepobs(*RUN) == (2 if issubclass(kind, _errors.UsageError) else 1)
    assert capsys.readouterr().err == "Error: What went wrong.\n"
