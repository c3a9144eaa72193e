"""Every problem of the catalogue keeps the rules, and a broken one is told which it breaks."""

import dataclasses
from typing import Any

import pytest
import torch
from torch import nn

from deepobs.data import DatasetNotFoundError
from deepobs.problems import PROBLEMS, Problem, check_problem, get_problem, top1
from deepobs.problems._rules import RULES

from ._broken import BROKEN, Flat
from .test_golden import large_are_slow


def changed(**changes) -> Problem:
    return dataclasses.replace(get_problem("digits_logreg"), **({"model": Flat} | changes))


def complaints(problem: Problem) -> dict[str, str]:
    return {f.check: f.complaint for f in check_problem(problem) if f.complaint is not None}


@pytest.mark.parametrize("name", large_are_slow(list(PROBLEMS.ours), ("fineweb",)))
def test_keeps_the_rules(name: str, stand_ins: str) -> None:
    """All checks of `deepobs check`, on the embedded data or a stand-in for the real ones."""
    findings = list(check_problem(get_problem(name), data_root=stand_ins))
    assert len(findings) == 1 + len(RULES)
    assert [f for f in findings if f.complaint] == []


@pytest.mark.parametrize("wrong", BROKEN)
def test_a_broken_rule_is_found_by_its_check_alone(wrong: str) -> None:
    """What breaks one rule gets the complaint of that rule and no other."""
    changes, rule = BROKEN[wrong]
    (check,) = complaints(changed(**changes))
    assert check.startswith(rule)


def test_every_rule_can_be_broken() -> None:
    """There is a broken problem for each rule."""
    broken = {rule for _, rule in BROKEN.values()}
    assert [r.text for r in RULES if not r.text.startswith(tuple(broken))] == []


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("builds with an error", "RuntimeError: no such luck"),
        ("has nothing to train", "Its model has no parameter to train."),
    ],
)
def test_a_problem_that_does_not_build_is_one_finding(wrong: str, words: str) -> None:
    """The error is reported under a heading of its own, and nothing else is tried."""
    (finding,) = check_problem(changed(**BROKEN[wrong][0]))
    assert finding.check.startswith("Builds")
    assert finding.complaint == words


class _Nan(Flat):
    def forward(self, inputs):
        return super().forward(inputs) * torch.nan


def test_nan_is_told_as_nan() -> None:
    """Losses that are NaN break the rules about finite numbers, and no others."""
    found = complaints(changed(model=_Nan))
    assert all("not finite" in complaint for complaint in found.values())
    assert len(found) == 2


class _Named(Flat):
    def forward(self, inputs):
        return {"logits": super().forward(inputs)}


class _NamedLoss(nn.CrossEntropyLoss):
    def forward(self, output, target):
        return super().forward(output["logits"], target)


def _named_top1(output, batch):
    return top1(output["logits"], batch)


def test_a_model_may_return_a_mapping() -> None:
    """A dictionary of tensors is as good as a tensor."""
    assert complaints(changed(model=_Named, loss=_NamedLoss, correct=_named_top1)) == {}


class _Strange(Flat):
    def forward(self, inputs):
        return "seven"


def test_an_output_of_unknown_type_is_named() -> None:
    """The complaint names the type that the model returns."""
    found = complaints(changed(model=_Strange))
    assert any("The model returns a str" in complaint for complaint in found.values())


class _ZeroBranch(Flat):
    def __init__(self) -> None:
        super().__init__()
        self.branch = nn.Linear(64, 10)
        self.scale = nn.Parameter(torch.zeros(()))

    def forward(self, inputs):
        return super().forward(inputs) + self.scale * self.branch(inputs.flatten(1))


def test_a_branch_may_start_at_zero() -> None:
    """Parameters whose gradient is zero only at the start are in use."""
    assert complaints(changed(model=_ZeroBranch)) == {}


class _CountsEvaluations(Flat):
    evaluations = 0

    def forward(self, inputs):
        _CountsEvaluations.evaluations += not self.training
        return super().forward(inputs)


def test_evaluation_stops_early() -> None:
    """The 360 test examples are not gone through, for a large model would take hours."""
    assert complaints(changed(model=_CountsEvaluations)) == {}
    assert 0 < _CountsEvaluations.evaluations < 20


def test_the_callers_random_numbers_stay() -> None:
    """Checks leave torch's global generator as they found it."""
    before = torch.get_rng_state()
    assert complaints(changed()) == {}
    assert torch.equal(before, torch.get_rng_state())


def test_missing_data_are_no_broken_rule(tmp_path) -> None:
    """The error of missing files reaches the caller."""
    with pytest.raises(DatasetNotFoundError):
        list(check_problem(get_problem("mnist_mlp"), data_root=tmp_path))


@pytest.mark.parametrize("batch_size", [0, 100_000])
def test_an_impossible_batch_size_is_no_broken_rule(batch_size: int) -> None:
    """It is the argument's fault: ValueError."""
    with pytest.raises(ValueError, match="batch"):
        list(check_problem(get_problem("digits_mlp"), batch_size=batch_size))


@pytest.mark.parametrize(
    "changes",
    [
        {"weight_decay": -0.1, "regularized": nn.Module.parameters},
        {"weight_decay": float("nan"), "regularized": nn.Module.parameters},
        {"weight_decay": 0.1},
    ],
)
def test_a_regularizer_that_cannot_be_is_refused(changes: dict[str, Any]) -> None:
    """A negative or undefined factor, and one of nothing, are refused when the problem is made."""
    with pytest.raises(ValueError, match="weight_decay"):
        changed(**changes)
