"""How a sweep shows what it does."""

import io

import pytest
from rich.console import Console

from deepobs.runner import RunConfig, UsageError
from deepobs.runner.executors import Job, JobProgress, Outcome
from deepobs.runner.sweeps import LiveTable, describe, duration, make_monitor
from deepobs.runner.sweeps import _monitor as progress_module
from deepobs.runner.sweeps._monitor import check_progress

FAILED = Outcome(status="failed", message="RuntimeError: no", retry=True)


def _job(seed, attempt=1):
    config = RunConfig(problem="digits_logreg", optimizer="SGD", lr=0.1, seed=seed)
    return Job(config=config, attempt=attempt)


def test_describe():
    """A run is described by problem, optimizer, setting, schedule and seed."""
    config = RunConfig(
        problem="digits_logreg",
        optimizer="SGD",
        lr=1.5848931924611134e-05,
        hyperparameters={"momentum": 0.9},
        schedule={"name": "cosine"},
        seed=7,
    )
    assert describe(config) == "digits_logreg SGD lr=1.585e-05 momentum=0.9 schedule=cosine seed=7"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.04, "0.0 s"),
        (5.25, "5.2 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (3725, "1 h 2 min"),
        (200000, "2 d 7 h"),
    ],
)
def test_duration(seconds, words):
    """A duration is said in its two largest units."""
    assert duration(seconds) == words


def test_lines(capsys):
    """Without a terminal there is one line on stderr for each run that ends or is tried again."""
    with make_monitor("auto") as monitor:
        monitor.expect([_job(1).config, _job(2).config], [_job(seed).config for seed in (3, 4, 5)])
        monitor.update(_job(1), JobProgress(epoch=1, result="test loss 0.5"), again=False)
        monitor.update(_job(1), FAILED, again=True)
        monitor.update(_job(2), Outcome(status="busy"), again=False)
        monitor.update(_job(1, 2), Outcome(status="finished", seconds=12), again=False)
        monitor.update(_job(2), Outcome(status="diverged", seconds=0.5), again=False)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        "2 runs to do (3 more are done)",
        "[0/2] digits_logreg SGD lr=0.1 seed=1: RuntimeError: no (attempt 1, will be tried again)",
        "[1/2] digits_logreg SGD lr=0.1 seed=1: finished after 12 s",
        "[2/2] digits_logreg SGD lr=0.1 seed=2: diverged after 0.5 s",
    ]


def test_live_table():
    """On a terminal a table shows what runs, how far, the counts, and what went wrong."""
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=100)
    with LiveTable(console) as monitor:
        monitor.expect([_job(seed).config for seed in (1, 2, 3, 4)], [_job(5).config])
        monitor.update(_job(1), JobProgress(epoch=3, result="test loss 0.25"), again=False)
        monitor.update(_job(2), Outcome(status="diverged"), again=False)
        monitor.update(_job(3), FAILED, again=False)
        shown = Console(width=100, record=True, file=io.StringIO())
        shown.print(monitor.render())
    text = shown.export_text()
    assert "2/4 runs (1 diverged, 1 failed), 1 done before" in text
    assert "to go" in text
    (row,) = [line for line in text.splitlines() if "seed=1" in line]
    assert row.split()[-4:] == ["3", "test", "loss", "0.25"]
    assert "seed=3: RuntimeError: no" in text
    assert "seed=1" not in screen.getvalue().splitlines()[-1]  # nothing is left running


def test_the_table_may_change_while_it_is_drawn(monkeypatch):
    """A run that begins while the table's thread draws does not end that thread."""
    monitor = LiveTable(Console(file=io.StringIO()))
    monitor.update(_job(1), JobProgress(epoch=1), again=False)

    def begin_another(config):
        monitor.update(_job(2), JobProgress(epoch=1), again=False)
        return "a run"

    monkeypatch.setattr(progress_module, "describe", begin_another)
    monitor.render()
    assert len(monitor._running) == 2


def test_off(capsys):
    """`off` is silent, and an unknown word is refused with the nearest one."""
    with make_monitor("off") as monitor:
        monitor.update(_job(1), FAILED, again=False)
    assert capsys.readouterr() == ("", "")
    with pytest.raises(UsageError, match="did you mean lines"):
        check_progress("line")
