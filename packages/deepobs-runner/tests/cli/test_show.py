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
