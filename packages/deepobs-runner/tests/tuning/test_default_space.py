"""Search spaces where none is given."""

import json
import logging
import math
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from deepobs.runner import UsageError, tune
from deepobs.runner.optimizers import OPTIMIZERS
from deepobs.runner.tuning import LogUniform, default_space, parse_space
from deepobs.runner.tuning._default_space import _told, sourced_space
from deepobs.runner.tuning._objective import VALID


class NoRate(torch.optim.SGD):
    """An optimizer without a learning rate."""

    def __init__(self, params, momentum=0.5):
        super().__init__(params, lr=0.1, momentum=momentum)


class Mine(torch.optim.SGD):
    """An optimizer outside the table."""


@pytest.mark.parametrize("name", [name for name, e in OPTIMIZERS.items() if e.package == "torch"])
def test_a_reference_optimizer_has_the_space_and_the_source_of_the_table(name):
    """Every dimension of the table is searched."""
    space = default_space(name)
    assert space.dimensions == parse_space(OPTIMIZERS[name].space)
    assert space.source == OPTIMIZERS[name].source


@pytest.mark.parametrize(
    ("optimizer", "fixed", "names"),
    [
        ("Momentum", ["momentum"], ["lr", "weight_decay"]),
        ("AdamW", ["betas"], ["lr", "weight_decay"]),
        ("AdamW", ["betas[0]"], ["lr", "weight_decay"]),
        (torch.optim.AdamW, [], ["lr", "betas[0]", "weight_decay"]),
        (partial(torch.optim.AdamW, betas=(0.8, 0.9)), [], ["lr", "weight_decay"]),
        ("Lookahead(AdamW)", ["k"], ["lr", "betas[0]", "weight_decay"]),
        ("ScheduleFree(Momentum)", [], ["lr", "base.momentum", "weight_decay"]),
        (Mine, [], ["lr"]),
    ],
)
def test_what_is_set_is_not_searched(optimizer, fixed, names):
    """By the user or by a partial; a class of the table and a wrapper have the table's space."""
    assert list(default_space(optimizer, fixed).dimensions) == names


def test_a_class_outside_the_table_is_searched_over_deepobs_range(caplog):
    """A sentence says so, once."""
    _told.clear()
    with caplog.at_level(logging.WARNING, "deepobs"):
        spaces = [default_space(Mine), default_space(Mine)]
    assert [space.dimensions for space in spaces] == [{"lr": LogUniform(1e-5, 1e2)}] * 2
    assert [record.message for record in caplog.records] == [
        "Mine is not in the table of reference optimizers, so its learning rate is searched over "
        "DeepOBS's range log:1e-05:100; give a space to search another."
    ]


def test_without_a_learning_rate_a_space_must_be_given():
    """The message says how; what is given is then searched alone."""
    with pytest.raises(UsageError, match="no default search space for NoRate: it has no learning"):
        default_space(NoRate)
    assert list(sourced_space(["momentum=choice:0.5"], NoRate).dimensions) == ["momentum"]
    with pytest.raises(UsageError, match="for Momentum: all searched hyperparameters are set"):
        default_space("Momentum", ["lr", "momentum", "weight_decay"])


def test_a_given_space_without_a_rate_has_the_rates_of_the_table():
    """Its source names both."""
    space = sourced_space(["eps=choice:0.1"], "Adam")
    assert space.dimensions == parse_space(["lr=log:1e-4:1e-2", "eps=choice:0.1"])
    assert space.source.startswith("given by the user; lr from AlgoPerf")


def test_one_minus_log_is_drawn_on_the_scale_of_the_difference_from_one(tmp_path):
    """By TPE too: about half of the draws are in the decade next to one."""
    optuna = pytest.importorskip("optuna")
    from deepobs.runner.tuning._tpe import OptunaStudy

    space = parse_space(["lr=log:1e-3:1", "momentum=1-log:1e-3:1e-1"])
    study = OptunaStudy(tmp_path / "a.journal", space, 42, prune=None)
    points = list(study.ask(10, 10).values())  # random: TPE starts after ten trials
    for number, point in enumerate(points):
        study.tell(number, point["lr"])
    momenta = [point["momentum"] for point in points]
    assert all(0.9 <= momentum <= 0.999 for momentum in momenta)
    # On a linear scale, one draw in eleven is above 0.99; P(at most 2 of 10) = 5 % on the log scale
    assert sum(momentum > 0.99 for momentum in momenta) > 2
    assert [point for point, _ in study.trials().values()] == points
    held = optuna.distributions.FloatDistribution(1e-3, 1e-1, log=True)
    assert study._distributions["1 - momentum"] == held


@pytest.mark.parametrize("strategy", ["grid", "sobol", "tpe"])
def test_an_optimizer_that_estimates_its_rate_is_tuned(tmp_path, strategy):
    """Prodigy's rate stays 1, and its own hyperparameters are searched."""
    pytest.importorskip("prodigyopt")
    pytest.importorskip("optuna")
    options: dict[str, Any] = {
        "epochs": 1,
        "device": "cpu",
        "workers": 1,
        "progress": "off",
        "repeat": 1,
    }
    result = tune(
        "digits_logreg", "Prodigy", results=tmp_path, trials=3, strategy=strategy, **options
    )
    assert {trial.settings["lr"] for trial in result.trials} == {1}
    assert len({trial.settings["d_coef"] for trial in result.trials}) > 1
    assert result.best is not None
    assert math.isfinite(VALID.signed(result.best.value))
    held = json.loads(Path(result.path).read_text())
    assert held["space"] == OPTIMIZERS["Prodigy"].space
    assert held["space_source"] == OPTIMIZERS["Prodigy"].source


def test_an_optimizer_without_a_rate_is_tuned_and_goes_on(tmp_path):
    """Its trials have no rate; a repeated call finds them all."""
    options: dict[str, Any] = {
        "epochs": 1,
        "device": "cpu",
        "workers": 1,
        "progress": "off",
        "repeat": 1,
    }
    search: dict[str, Any] = {
        "results": tmp_path,
        "trials": 2,
        "space": ["momentum=choice:0.5,0.9"],
        **options,
    }
    first = tune("digits_logreg", NoRate, **search)
    assert [trial.settings for trial in first.trials] == [{"momentum": 0.5}, {"momentum": 0.9}]
    assert tune("digits_logreg", NoRate, **search) == first
