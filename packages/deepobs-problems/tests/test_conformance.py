"""Every problem of the catalogue keeps the rules, and a broken one is told which it breaks."""

import dataclasses

import pytest
import torch
from torch import nn

from deepobs.problems import PROBLEMS, check_problem, get_problem


@pytest.mark.parametrize("name", PROBLEMS)
def test_keeps_the_rules(name: str, stand_ins: str) -> None:
    """All checks of `deepobs check`, on the embedded data or a stand-in for the real ones."""
    findings = list(check_problem(get_problem(name), data_root=stand_ins))
    assert len(findings) == 10
    assert [f for f in findings if f.complaint] == []


class _Flat(nn.Linear):
    def __init__(self) -> None:
        super().__init__(64, 10)

    def forward(self, inputs):
        return super().forward(inputs.flatten(1))


class _Unused(_Flat):
    def __init__(self) -> None:
        super().__init__()
        self.extra = nn.Parameter(torch.zeros(1))


class _SecretlyRandom(_Flat):
    def forward(self, inputs):
        return super().forward(inputs) + torch.rand(1)


class _Counting(_Flat):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("calls", torch.zeros(1))

    def forward(self, inputs):
        self.calls += 1
        return super().forward(inputs)


class _StaysBehind(_Flat):
    def forward(self, inputs):
        del inputs
        return torch.zeros(2, 10) + 0 * self.bias.sum().cpu()


class _WrongShape(nn.CrossEntropyLoss):
    def __init__(self, reduction: str) -> None:
        super().__init__()  # always the mean


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"model": _Unused}, "gradient"),
        ({"model": _SecretlyRandom}, "same seed"),
        ({"model": _Counting}, "Evaluation"),
        ({"loss": _WrongShape}, "one finite loss"),
        ({"reference": ""}, "reference"),
        ({"model": lambda: _Flat()}, "Pickles"),
        ({"model": _StaysBehind}, "another d"),
    ],
)
def test_broken_rules_are_found(changes: dict, check: str) -> None:
    """Each way of breaking a rule is found by the check of that rule."""
    broken = dataclasses.replace(get_problem("digits_logreg"), **changes)
    assert any(check in f.check for f in check_problem(broken) if f.complaint)


def test_a_problem_that_does_not_build_is_one_finding() -> None:
    """The error is reported, and nothing else is tried."""

    def fails() -> nn.Module:
        raise RuntimeError("no such luck")

    broken = dataclasses.replace(get_problem("digits_logreg"), model=fails)
    (finding,) = check_problem(broken)
    assert finding.complaint == "RuntimeError: no such luck"
