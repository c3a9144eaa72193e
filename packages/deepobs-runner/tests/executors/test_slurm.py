"""SLURM through submitit, whose local executor needs no SLURM."""

import pytest

from deepobs.runner import UsageError, load_records
from deepobs.runner.executors import SlurmExecutor
from deepobs.runner.executors._worker import perform
from deepobs.runner.sweeps import sweep

pytest.importorskip("submitit", reason="the extra slurm is not installed")

pytestmark = [
    # submitit's local executor opens its log files and processes without closing them
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.mark.slow
def test_submitit_on_this_machine(tmp_path, monkeypatch):
    """Runs go through submitit; a killed job is tried again, a failing setting reported."""
    monkeypatch.setenv("SWEEP_TEST_FOLDER", str(tmp_path))
    plan = {
        "problems": ["digits_logreg"],
        "optimizers": ["sweep_optimizers.KillsOnce", "sweep_optimizers.Fails", "SGD"],
        "lr": 0.1,
        "epochs": 2,
    }
    result = sweep(
        plan,
        results=tmp_path / "results",
        executor="slurm",
        workers=2,
        device="cpu",
        retries=1,
        executor_options={"cluster": "local"},
        progress="off",
    )
    held = {run.config.optimizer_name: (run.status, run.attempts) for run in result.runs}
    assert held == {"KillsOnce": ("finished", 2), "Fails": ("failed", 2), "SGD": ("finished", 1)}
    assert "this optimizer is broken" in result.failed[0].message
    assert set(load_records(tmp_path / "results")["optimizer"]) == {"KillsOnce", "SGD"}


@pytest.mark.slow
def test_a_preempted_job_goes_on_from_its_checkpoint(tmp_path, monkeypatch):
    """At submitit's signal the run saves, and its job begins again where it was."""
    monkeypatch.setenv("SWEEP_TEST_FOLDER", str(tmp_path))
    monkeypatch.delenv("SUBMITIT_PREEMPT_SIGNAL", raising=False)
    result = sweep(
        {
            "problems": ["digits_logreg"],
            "optimizers": ["sweep_optimizers.PreemptedOnce"],
            "lr": 0.1,
            "epochs": 2,
        },
        results=tmp_path / "results",
        executor="slurm",
        device="cpu",
        executor_options={"cluster": "local"},
        progress="off",
    )
    (run,) = result.runs
    assert (run.status, run.attempts) == ("finished", 1)
    # two epochs of 22 steps: 30 before the signal and 14 in the process that came after
    steps = (tmp_path / "steps").read_text().split()
    assert [int(step) for step in steps] == [*range(1, 31), *range(1, 15)]


def test_no_slurm_here(tmp_path, monkeypatch):
    """Without SLURM the executor says so, and names the way out."""
    monkeypatch.setenv("PATH", str(tmp_path))
    plan = {"problems": ["digits_logreg"], "optimizers": ["SGD"], "lr": 0.1}
    with pytest.raises(UsageError, match="finds no SLURM here"):
        sweep(plan, results=tmp_path / "results", executor="slurm", device="cpu", progress="off")


def test_what_submitit_refuses(tmp_path):
    """A parameter that submitit does not know is refused in its words, before anything starts."""
    with pytest.raises(UsageError, match="refuses the parameters: Parameter 'nope' need"):
        SlurmExecutor(perform, folder=tmp_path, cluster="local", parameters={"nope": 1})
