"""Names of DeepOBS 1.1 and 1.2 are answered with today's."""

from typing import Any

import pytest

from deepobs.runner import RunConfig, UsageError, run, tune
from deepobs.runner.cli import main
from deepobs.runner.sweeps import read_plan

ARGUMENTS = {
    "testproblem": "problem",
    "optimizer_class": "optimizer",
    "learning_rate": "lr",
    "hyperparams": "hyperparameters",
    "num_epochs": "epochs",
    "l2_reg": "weight_decay",
    "random_seed": "seed",
    "data_dir": "data_root",
    "output_dir": "results",
    "no_logs": "results",
    "lr_sched_epochs": "schedule",
    "lr_sched_factors": "schedule",
    "print_train_iter": "progress",
    "train_log_interval": "callbacks",
    "tb_log": "callbacks",
}


@pytest.mark.parametrize(("former", "today"), ARGUMENTS.items())
def test_of_run(former, today):
    """As a keyword."""
    keywords: dict[str, Any] = {former: 1}
    with pytest.raises(UsageError, match=f"named '{former}'; did you mean {today}, as"):
        run("digits_logreg", "SGD", **keywords)


@pytest.mark.parametrize(
    ("former", "today"),
    [("ressources", "trials"), ("rerun_best_setting", "repeat"), ("tb_log", "loggers")],
)
def test_of_tune(former, today):
    """As a keyword."""
    keywords: dict[str, Any] = {former: 1}
    with pytest.raises(UsageError, match=f"did you mean {today}, as"):
        tune("digits_logreg", "SGD", results="results", **keywords)


@pytest.mark.parametrize(
    ("former", "today"),
    [("num_epochs", "epochs"), ("random_seed", "seed"), ("lr_sched_epochs", "schedule")],
)
def test_of_a_configuration(former, today):
    """As a key of a mapping."""
    with pytest.raises(UsageError, match=f"did you mean {today}, as"):
        RunConfig.from_dict({"problem": "digits_logreg", "optimizer": "SGD", former: 1})


@pytest.mark.parametrize(
    ("former", "today"),
    [("testproblem", "problems"), ("random_seed", "seeds"), ("lr_sched_epochs", "schedules")],
)
def test_of_a_sweeps_file(former, today):
    """As a field."""
    plan = {"problems": ["digits_logreg"], "optimizers": ["SGD"], "lr": 0.1}
    with pytest.raises(UsageError, match=f"{former} is not a field; did you mean {today}, as"):
        read_plan({**plan, former: 1})


@pytest.mark.parametrize(
    ("former", "today"), [("use_nesterov", "nesterov"), ("epsilon", "eps"), ("beta1", "betas")]
)
def test_of_tensorflows_optimizers(former, today):
    """As a hyperparameter."""
    optimizer = "SGD" if today == "nesterov" else "Adam"
    with pytest.raises(UsageError, match=f"did you mean {today}, as"):
        run("digits_logreg", optimizer, lr=0.1, hyperparameters={former: 1})


@pytest.mark.parametrize(
    ("former", "today"),
    [
        ("--learning_rate", "--lr"),
        ("--num-epochs", "--epochs"),
        ("--random_seed", "--seed"),
        ("--bs", "--batch-size"),
        ("--data_dir", "--data-root"),
        ("--output_dir", "--results"),
        ("--lr_sched_factors", "--schedule"),
        ("--tb_log", "--logger"),
    ],
)
def test_of_the_command(capsys, former, today):
    """As an option, with underscores as they were."""
    with pytest.raises(SystemExit) as caught:
        main(["run", "digits_logreg", "SGD", former, "1"])
    assert caught.value.code == 2
    assert f"There is no option {former}; did you mean {today}, as" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("former", "today"),
    [
        ("GradientDescentOptimizer", "SGD"),
        ("MomentumOptimizer", "Momentum"),
        ("AdamOptimizer", "Adam"),
    ],
)
def test_of_optimizers(former, today):
    """TensorFlow's classes, which DeepOBS 1.1 took."""
    with pytest.raises(UsageError, match=today):
        run("digits_logreg", former, lr=0.1)
