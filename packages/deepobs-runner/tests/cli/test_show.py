"""`deepobs show NAME`."""

import json

import pytest
from click.testing import CliRunner

from deepobs.problems import PROBLEMS, get_problem
from deepobs.runner.cli import group


@pytest.mark.parametrize("name", PROBLEMS.ours)
def test_every_problem_is_shown(name):
    """Every fact is a value or a name, none an object's address in memory."""
    result = CliRunner().invoke(group, ["show", name, "--json"])
    facts = json.loads(result.output)
    assert facts["name"] == name
    assert facts["parameters"] > 0
    assert facts["primary_metric"] == get_problem(name).metric.name
    assert "(" not in facts["dataset"]
    assert " at 0x" not in result.output


def test_a_step_is_measured_on_request():
    """Operations, memory and time of a step, and the threads that it took."""
    result = CliRunner().invoke(group, ["show", "digits_logreg", "--measure", "--json"])
    facts = json.loads(result.output)
    assert facts["measured_flops_per_step"] == 2 * 2 * 64 * 64 * 10
    assert facts["measured_seconds_per_step"] > 0
    assert facts["measured_threads"] == 1


def test_an_optimizer_has_no_step_to_measure():
    """Without a problem there is nothing to measure."""
    result = CliRunner().invoke(group, ["show", "Adam", "--measure"])
    assert "--measure takes a test problem, but Adam is an optimizer" in str(result.exception)
