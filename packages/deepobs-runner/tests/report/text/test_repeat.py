"""The command line that does a run again."""

import math
import shlex
from typing import Any

import click
import pytest

from deepobs.runner.analysis import per_run
from deepobs.runner.report.text import repeat_command

RUN = {
    "source": "deepobs-2",
    "problem": "fmnist_2c2d",
    "optimizer": "SGD",
    "optimizer_path": "SGD",
    "hyperparameters": '{"momentum": 0.9, "nesterov": true}',
    "learning_rate": 0.1,
    "batch_size": 64.0,
    "weight_decay": math.nan,
    "validation": 0.0,
    "num_epochs": 5,
    "seed": 42,
    "schedule": "constant",
    "precision": "fp32",
    "gradient_accumulation_steps": 1.0,
    "max_grad_norm": math.nan,
    "replay": False,
}
UNUSUAL = {
    "precision": "bf16",
    "gradient_accumulation_steps": 2.0,
    "max_grad_norm": 1.0,
    "replay": True,
}


def test_the_command_holds_every_setting():
    """Problem, optimizer, rate, hyperparameters, epochs, batch size and seed are all there."""
    assert repeat_command(RUN) == (
        "deepobs run fmnist_2c2d SGD --lr 0.1 --set momentum=0.9 --set nesterov=True "
        "--epochs 5 --batch-size 64 --seed 42"
    )


def test_unusual_settings_are_there_too():
    """Schedule, precision, accumulation, validation and weight decay become options."""
    run = RUN | {
        "hyperparameters": "{}",
        "schedule": '{"name": "cosine", "warmup_epochs": 5}',
        **UNUSUAL,
        "validation": 0.1,
        "weight_decay": 0.002,
    }
    words = shlex.split(repeat_command(run))
    text = " ".join(words)
    assert "--schedule cosine --set-schedule warmup_epochs=5" in text
    assert "--precision bf16 --gradient-accumulation-steps 2 --max-grad-norm 1.0" in text
    assert "--validation 0.1 --replay" in text
    assert "--weight-decay 0.002" in text


def test_a_users_optimizer_is_named_with_its_module(make_frame):
    """As `deepobs run` finds it: the class's name alone would not do."""
    config = {"optimizer": "package.module.SignSGD"}
    frame = make_frame({"optimizer": "SignSGD", "config": config})
    run: Any
    (run,) = per_run(frame).to_dict("records")
    assert " quadratic_deep package.module.SignSGD --lr 0.01 " in repeat_command(run)


def test_a_baseline_is_repeated_with_torchs_optimizer():
    """TensorFlow's Momentum is torch's SGD with momentum; the first epoch's order is replayed."""
    run = RUN | {
        "source": "baseline",
        "optimizer": "Momentum",
        "optimizer_path": "Momentum",
        "hyperparameters": '{"momentum": 0.99, "use_nesterov": false}',
    }
    command = repeat_command(run)
    assert " SGD --lr 0.1 --set momentum=0.99 --set nesterov=False " in command
    assert "--replay" in command


def test_adams_betas_become_torchs_pair():
    """TensorFlow's beta1, beta2 and epsilon become betas and eps."""
    run = RUN | {
        "source": "baseline",
        "optimizer": "Adam",
        "hyperparameters": '{"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-08}',
    }
    words = shlex.split(repeat_command(run))
    assert "eps=1e-08" in words
    assert "betas=(0.9, 0.999)" in words


def test_hostile_names_are_quoted_for_the_shell():
    """A name with shell syntax stays one word."""
    words = shlex.split(repeat_command(RUN | {"problem": "x; rm -rf ~"}))
    assert words[2] == "x; rm -rf ~"


@pytest.mark.parametrize("unusual", [{}, UNUSUAL])
def test_the_run_command_understands_it(unusual):
    """`deepobs run` parses what is written, option by option."""
    from deepobs.runner.cli._run import command

    run = RUN | unusual | {"schedule": '{"name": "cosine", "warmup_epochs": 5}'}
    words = shlex.split(repeat_command(run))[2:]
    context = command.make_context("run", words)
    assert isinstance(context, click.Context)
    assert context.params["lr"] == 0.1
    assert context.params["seed"] == 42
