"""First verdicts, while a benchmark runs."""

from typing import Any

from deepobs.runner.benchmarks import prepare
from deepobs.runner.benchmarks._findings import Findings


def nothing() -> Any:
    """The rounds of a search without any."""
    yield from ()


def test_every_problem_but_the_last_has_a_first_verdict(tmp_path):
    """The outcome of the benchmark follows the last one at once, and would repeat it."""
    plan = prepare(
        ["SGD", "Adam"],
        problems="digits_logreg,digits_mlp",
        protocol="demo",
        results=tmp_path,
        workers=0,
        device="cpu",
    )
    said: list[str] = []
    findings = Findings(plan, said.append)
    for entry in plan.searches:
        assert list(findings.watch(entry, nothing())) == []
    assert said == ["digits_logreg: no run has ended with a result."]
