"""The five problems of docs/own_problems, as a package adds them from outside."""

import math
import tomllib
from pathlib import Path

import pytest

from deepobs.problems import PROBLEMS, check_problem, get_problem
from deepobs.runner import run

FOLDER = Path(__file__).parents[1] / "own_problems"
PROJECT = tomllib.loads((FOLDER / "pyproject.toml").read_text())["project"]
ADDED = PROJECT["entry-points"]["deepobs.problems"]

pytest.importorskip("own_problems", reason="docs/own_problems is not installed")


@pytest.mark.parametrize("name", ADDED)
def test_is_found_by_its_entry_point_and_keeps_the_rules(name: str) -> None:
    """The catalogue has it, and `deepobs check` has nothing to say."""
    assert name in PROBLEMS
    assert name not in PROBLEMS.ours
    findings = list(check_problem(get_problem(name)))
    assert [finding for finding in findings if finding.complaint] == []


@pytest.mark.parametrize("name", ADDED)
def test_trains_by_its_name(name: str) -> None:
    """A run gets better by the problem's primary metric."""
    metric = get_problem(name).metric
    series = run(name, "Adam", lr=0.01, progress="off").evaluations("test", metric.name)
    assert series is not None
    assert all(map(math.isfinite, series))
    assert (series[-1] > series[0]) == metric.higher_is_better


@pytest.mark.parametrize(
    "path", sorted(FOLDER.glob("own_problems/[a-z]*.py")), ids=lambda p: p.stem
)
def test_takes_fewer_than_forty_lines(path: Path) -> None:
    """Imports, blank lines and all."""
    assert len(path.read_text().splitlines()) < 40
