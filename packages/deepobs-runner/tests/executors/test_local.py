"""Worker processes on this machine."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import types
from typing import Any

import pytest
import torch
from sweep_workers import work

from deepobs.runner import RunConfig, UsageError
from deepobs.runner.executors import Job, JobProgress, LocalExecutor, Outcome

PARENT = """
from sweep_workers import work
from deepobs.runner import RunConfig
from deepobs.runner.executors import Job, LocalExecutor
if __name__ == "__main__":
    config = RunConfig(problem="digits_logreg", optimizer="SGD", lr=0.1)
    with LocalExecutor(work, workers=1) as executor:
        executor.submit(Job(config=config, options={{"do": "wait", "folder": {folder!r}}}))
        list(executor.events())
"""


def _job(number, do="succeed", **options):
    config = RunConfig(problem="digits_logreg", optimizer="SGD", lr=0.1, seed=number)
    return Job(config=config, options={"do": do, **options})


def _outcomes(executor, jobs):
    with executor:
        for job in jobs:
            executor.submit(job)
        return {job.config.seed: event for job, event in executor.events()}


def test_each_worker_does_many_jobs(tmp_path):
    """Two workers share six jobs, each with its threads and its device."""
    executor = LocalExecutor(work, workers=2, threads=3, devices=["4", "7"])
    jobs = [_job(number, "describe", folder=str(tmp_path)) for number in range(6)]
    outcomes = _outcomes(executor, jobs)
    assert sorted(outcomes) == list(range(6))
    said = [outcome.message.split() for outcome in outcomes.values()]
    assert len({pid for pid, *_ in said}) == 2
    assert {tuple(words[1:4]) for words in said} == {("3", "3", "3")}
    assert {(words[0], words[4]) for words in said} == set(
        zip(sorted({words[0] for words in said}, key=int), ("4", "7"), strict=True)
    )
    assert "CUDA_VISIBLE_DEVICES" not in os.environ


def test_a_dead_worker_costs_its_job_alone():
    """A worker killed by a signal, or that exits, is reported and replaced; the rest goes on."""
    jobs = [_job(0), _job(1, "die"), _job(2, "exit"), *(_job(number) for number in range(3, 8))]
    outcomes = _outcomes(LocalExecutor(work, workers=2), jobs)
    assert outcomes[1] == Outcome(
        status="lost", message="its worker process was killed by SIGKILL", retry=True
    )
    assert outcomes[2].message == "its worker process ended with exit status 3"
    assert {outcomes[number].status for number in (0, 3, 4, 5, 6, 7)} == {"finished"}


def test_retry_and_progress():
    """A job submitted from within the loop is done; what a worker reports precedes its outcome."""
    seen = []
    with LocalExecutor(work, workers=1) as executor:
        executor.submit(_job(0, "die once"))
        for _, event in executor.events():
            seen.append(event if isinstance(event, JobProgress) else event.status)
            if seen == ["lost"]:
                executor.submit(_job(1, "report"))
    assert seen == ["lost", JobProgress(epoch=1, result="test loss 0.5"), "finished"]


def test_an_exception_lets_the_workers_save(tmp_path, until):
    """Leaving after an exception tells busy workers to stop, and waits until they have saved."""
    executor = LocalExecutor(work, workers=2)
    executor.submit(_job(0, "wait", folder=str(tmp_path)))
    executor.submit(_job(1))
    with contextlib.suppress(RuntimeError), executor:
        job, _ = next(executor.events())
        assert job.config.seed == 1
        until((tmp_path / "started").exists)
        raise RuntimeError
    assert (tmp_path / "saved").exists()


def test_workers_end_with_their_parent(tmp_path, until):
    """When the sweeping process is killed, its workers save and end."""
    script = tmp_path / "parent.py"
    script.write_text(PARENT.format(folder=str(tmp_path)))
    with subprocess.Popen([sys.executable, str(script)]) as parent:
        try:
            until((tmp_path / "started").exists)
        finally:
            parent.send_signal(signal.SIGKILL)
    until((tmp_path / "saved").exists)
    assert parent.returncode == -signal.SIGKILL


def test_what_only_this_process_has_is_refused():
    """A class that holds a lock cannot be sent to another process; the sentence says what to do."""

    class Inside(torch.optim.SGD):
        lock = threading.Lock()

    executor = LocalExecutor(work, workers=1)
    config = RunConfig(problem="digits_logreg", optimizer=Inside, lr=0.1)
    with pytest.raises(UsageError, match=r"cannot be sent .*lock.*workers=0"):
        executor.submit(Job(config=config))


def test_what_a_worker_cannot_import_fails_alone(monkeypatch):
    """A job that a worker cannot unpack fails with the reason; the worker goes on."""
    module: Any = types.ModuleType("module_of_this_process")
    module.Hidden = type("Hidden", (torch.optim.SGD,), {"__module__": module.__name__})
    monkeypatch.setitem(sys.modules, module.__name__, module)
    hidden = RunConfig(problem="digits_logreg", optimizer=module.Hidden, lr=0.1, seed=0)
    outcomes = _outcomes(LocalExecutor(work, workers=1), [Job(config=hidden), _job(1)])
    assert outcomes[0].status == "failed"
    assert "cannot import" in outcomes[0].message
    assert "module_of_this_process" in outcomes[0].message
    assert outcomes[1].status == "finished"
