"""Searches side by side on one executor."""

import pytest

from deepobs.runner import RunConfig
from deepobs.runner.executors import InProcessExecutor, Outcome
from deepobs.runner.sweeps import Execution, Round

FINISHED = Outcome(status="finished")


def _run(seed):
    return RunConfig(problem="digits_logreg", optimizer="SGD", lr=0.1, seed=seed)


@pytest.fixture
def executed(tmp_path):
    """Executes searches; returns their answers and the seeds in the order of execution."""

    def execute(rounds, outcome=FINISHED, **options):
        seeds = []

        def work(job, report):
            seeds.append(job.config.seed)
            return outcome

        execution = Execution(results=tmp_path, device="cpu", progress="off", **options)
        with InProcessExecutor(work) as executor:
            return execution.run_rounds(rounds, executor), seeds

    return execute


def _search(*rounds):
    """A search that runs the seeds of each round, and returns how many runs ended and how."""
    ended = []
    for seeds in rounds:
        ended += yield Round(runs=[_run(seed) for seed in seeds])
    return [(run.config.seed, run.status) for run in ended]


def test_each_search_gets_its_own_runs_in_order(executed):
    """Searches of different lengths end with what their runs gave."""
    answers, seeds = executed({"a": _search([1, 2], [3]), "b": _search([4])})
    assert answers["a"] == [(1, "finished"), (2, "finished"), (3, "finished")]
    assert answers["b"] == [(4, "finished")]
    assert sorted(seeds) == [1, 2, 3, 4]


def test_the_earlier_search_goes_first(executed):
    """Its second round overtakes the waiting runs of the others."""
    _, seeds = executed({"a": _search([1], [2]), "b": _search([3, 4, 5])}, workers=1)
    assert seeds == [1, 2, 3, 4, 5]


def test_a_run_that_two_searches_need_is_executed_once(executed):
    """Both get its outcome, in whichever round they ask for it."""
    answers, seeds = executed({"a": _search([1], [2]), "b": _search([2], [1])})
    assert sorted(seeds) == [1, 2]
    assert answers["b"] == [(2, "finished"), (1, "finished")]


def test_a_failure_is_told_to_the_search_after_its_retries(executed):
    """The other searches go on."""
    failed = Outcome(status="failed", message="no", retry=True)
    answers, seeds = executed({"a": _search([1], [2])}, failed, retries=1)
    assert answers["a"] == [(1, "failed"), (2, "failed")]
    assert seeds == [1, 1, 2, 2]


def test_a_search_without_runs_ends(executed):
    """It needs no executor."""
    assert executed({"a": _search()}) == ({"a": []}, [])
