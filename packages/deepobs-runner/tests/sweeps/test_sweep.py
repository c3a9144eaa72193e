"""Whole sweeps: every run is done, once, whatever happens on the way."""

import json
import multiprocessing
import subprocess
import sys
from pathlib import Path

import pytest

from deepobs.runner import UsageError, load_records
from deepobs.runner.executors import JobProgress
from deepobs.runner.sweeps import _execution as execution_module
from deepobs.runner.sweeps import read_plan, sweep

PLAN = {
    "problems": ["digits_logreg", "two_d_rosenbrock"],
    "optimizers": ["SGD", {"name": "Adam", "hyperparameters": {"eps": [1e-8, 1e-6]}}],
    "lr": [1e-4, 1e-3],
    "epochs": 2,
    "seeds": [42, 43],
}


@pytest.fixture
def misbehaving(monkeypatch, tmp_path):
    """Tells the misbehaving optimizers where to note what they did."""
    monkeypatch.setenv("SWEEP_TEST_FOLDER", str(tmp_path))


def _sweep(plan, results, **options):
    return sweep(plan, results=results, workers=2, device="cpu", progress="off", **options)


@pytest.fixture(scope="module")
def records_in(measured):
    """What the records of a folder say, timings aside, by run."""

    def read(folder):
        held = {}
        for path in Path(folder).glob("*/*/*/*.json"):
            content = measured(path)
            assert content["run_id"] not in held, "a run was recorded twice"
            held[content["run_id"]] = content
        return held

    return read


@pytest.fixture(scope="module")
def undisturbed(records_in, tmp_path_factory):
    """The records of a sweep of 24 runs that nothing disturbed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    result = _sweep(PLAN, folder)
    assert len(result.runs) == 24
    assert not result.failed
    return records_in(folder)


def test_a_killed_worker(records_in, undisturbed, tmp_path, monkeypatch):
    """A sweep of which one worker is killed by SIGKILL ends with the same records."""
    killed: list[int] = []

    class Murderer:
        """Kills one of the workers as soon as four runs are done and one is under way."""

        def __init__(self):
            self.ended = 0

        def expect(self, runs, done):
            pass

        def update(self, job, event, *, again):
            self.ended += not isinstance(event, JobProgress)
            if self.ended >= 4 and not killed and isinstance(event, JobProgress):
                victim = multiprocessing.active_children()[0]
                killed.append(victim.pid)
                victim.kill()

        def __enter__(self):
            return self

        def __exit__(self, *error):
            pass

    monkeypatch.setattr(execution_module, "make_monitor", lambda *args, **options: Murderer())
    result = _sweep(PLAN, tmp_path)
    assert len(killed) == 1
    assert {run.status for run in result.runs} <= {"finished", "diverged"}
    assert sorted(run.attempts for run in result.runs)[-2:] == [1, 2]
    assert records_in(tmp_path) == undisturbed


def test_done_runs_are_skipped(records_in, undisturbed, tmp_path):
    """A second sweep does only what is missing, and the same work never twice."""
    half = {**PLAN, "seeds": [42]}
    _sweep(half, tmp_path)
    files = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.json")}
    result = _sweep(PLAN, tmp_path)
    assert result.count("done before") == 12
    assert {path: path.stat().st_mtime_ns for path in files} == files
    assert records_in(tmp_path) == undisturbed


def test_two_processes_share_a_folder(records_in, undisturbed, tmp_path):
    """Two sweeps of one folder at the same time do each run once and both see them all done."""
    path = tmp_path / "plan.yaml"
    path.write_text(json.dumps(PLAN))
    command = "from deepobs.runner.cli import main; main()"
    options = [
        "--results",
        str(tmp_path / "results"),
        "--workers",
        "1",
        "--device",
        "cpu",
        "--json",
        "--option",
        "threads=1",  # as in the undisturbed sweep; their number may change the last bits
    ]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", command, "sweep", str(path), *options], stdout=subprocess.PIPE
        )
        for _ in range(2)
    ]
    said = [json.loads(process.communicate(timeout=500)[0]) for process in processes]
    assert [outcome["failed"] for outcome in said] == [0, 0]
    assert [outcome["runs"] for outcome in said] == [24, 24]
    assert records_in(tmp_path / "results") == undisturbed


def test_a_failing_setting_costs_itself(misbehaving, tmp_path):
    """A setting that fails is tried again, unless it must fail again; others go on."""
    plan = {
        "problems": ["digits_logreg"],
        "optimizers": [
            "sweep_optimizers.Fails",
            "sweep_optimizers.Mistaken",
            "sweep_optimizers.FailsOnce",
            "sweep_optimizers.KillsOnce",
            "SGD",
        ],
        "lr": 0.1,
        "epochs": 2,
    }
    result = _sweep(plan, tmp_path / "results", retries=5)
    held = {run.config.optimizer_name: (run.status, run.attempts) for run in result.runs}
    assert held == {
        "Fails": ("failed", 2),
        "Mistaken": ("failed", 1),
        "FailsOnce": ("finished", 2),
        "KillsOnce": ("finished", 2),
        "SGD": ("finished", 1),
    }
    failed, mistaken = result.failed
    assert "AttributeError: 'Mistaken' object has no attribute" in mistaken.message
    assert "Fails failed in its step" in failed.message
    assert "RuntimeError: this optimizer is broken (sweep_optimizers.py" in failed.message
    assert set(load_records(tmp_path / "results")["optimizer"]) == {"FailsOnce", "KillsOnce", "SGD"}


def test_a_folder_that_cannot_be_written(tmp_path, monkeypatch):
    """A results folder that refuses is named before anything starts."""
    (tmp_path / "file").touch()
    started = []
    monkeypatch.setattr(execution_module, "Lanes", lambda *args: started.append(args))
    with pytest.raises(UsageError, match=r"results folder .*file.* cannot be written"):
        _sweep(PLAN, tmp_path / "file" / "results")
    assert started == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"executor": "lokal"}, "did you mean local"),
        ({"workers": -1}, "workers must be a whole number of at least 0, not -1"),
        ({"executor_options": {"thread": 2}}, "did you mean threads"),
        ({"device": "cuda:99"}, "device"),
        ({"progress": "loud"}, "progress"),
        ({"retries": -1}, "retries"),
    ],
)
def test_arguments(tmp_path, options, words):
    """A wrong argument is refused before anything starts."""
    with pytest.raises(UsageError, match=words):
        sweep(PLAN, **{"results": tmp_path / "results", "progress": "off", **options})
    assert not (tmp_path / "results").exists()


def test_the_result_keeps_the_order_of_the_plan(tmp_path):
    """Runs are reported in the plan's order, whichever worker was faster."""
    plan = {**PLAN, "problems": ["digits_logreg"], "optimizers": ["SGD"]}
    result = _sweep(plan, tmp_path)
    assert [run.config for run in result.runs] == list(read_plan(plan).runs)
