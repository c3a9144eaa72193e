"""The live overview of a benchmark."""

import io

import pytest
from rich.console import Console

from deepobs.runner.benchmarks import Overview, prepare
from deepobs.runner.executors import Job, JobProgress, Outcome
from deepobs.runner.sweeps import SweptRun


@pytest.fixture
def plan(tmp_path):
    """Two optimizers on two problems, two trials each and ten repetitions."""
    return prepare(
        ["SGD"],
        against=["Adam"],
        problems="digits_logreg,two_d_beale",
        protocol="demo",
        budget=2,
        results=tmp_path,
        device="cpu",
    )


@pytest.fixture
def overview(plan):
    """Its overview."""
    screen = Console(file=io.StringIO(), force_terminal=True, width=120)
    return Overview(screen, plan.searches, workers=2)


def _shown(overview):
    paper = Console(width=120, record=True, file=io.StringIO())
    paper.print(overview.render())
    return [" ".join(line.split()) for line in paper.export_text().splitlines()]


def _searching(entry, planned, overview):
    """A search on the display that has begun its first round; the runs of the round."""
    rounds = overview.watch(entry, planned.rounds())
    runs = next(rounds).runs
    overview.expect(runs, [])
    return rounds, runs


def test_nothing_has_begun(overview):
    """Every search waits, and no time is guessed."""
    lines = _shown(overview)
    assert lines[0] == "problem SGD Adam"
    assert lines[1] == "digits_logreg waiting waiting"
    assert lines[-1].endswith("4 searches not timed yet")


def test_a_search_in_progress(plan, overview):
    """Its trials are counted, running ones too, and its time left is that of measured epochs."""
    entry, planned = next(iter(plan.searches.items()))
    _, runs = _searching(entry, planned, overview)
    first, second = (Job(config=run) for run in runs)
    overview.update(first, JobProgress(epoch=1), again=False)
    assert "trial 0/2, 1 running" in _shown(overview)[1]
    overview.update(first, Outcome(status="finished", seconds=4.0), again=False)
    overview.update(second, JobProgress(epoch=1), again=False)
    lines = _shown(overview)
    assert "trial 1/2, 1 running" in lines[1]
    # A run of four epochs took 4 s. SGD has 11 more, of one of which an epoch is done, and Adam,
    # which was not measured, 12: 43 and 48 epochs of 1 s on two workers.
    assert planned.epochs == 4
    assert "about 46 s to go and 2 searches not timed yet" in lines[-1] or any(
        "about 46 s to go and 2 searches not timed yet" in line for line in lines
    )


def test_a_finished_search_and_its_verdict(plan, overview):
    """It is done, whatever its runs were; a finding is shown below the table."""
    entry, planned = next(iter(plan.searches.items()))
    rounds, runs = _searching(entry, planned, overview)
    failed = [SweptRun(config=run, status="failed", message="no") for run in runs]
    with pytest.raises(StopIteration):
        rounds.send(failed)
    overview.say("SGD is best on digits_logreg.")
    lines = _shown(overview)
    assert lines[1] == "digits_logreg no best waiting"
    assert "SGD is best on digits_logreg." in lines


def test_runs_with_a_record_are_done(plan, overview):
    """Without counting as measured."""
    entry, planned = next(iter(plan.searches.items()))
    rounds = overview.watch(entry, planned.rounds())
    runs = next(rounds).runs
    overview.expect(runs[1:], runs[:1])
    lines = _shown(overview)
    assert "trial 1/2" in lines[1]
    assert any("1 done before" in line for line in lines)
