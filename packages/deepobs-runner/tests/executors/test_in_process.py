"""Runs in the calling process, and classes that only the caller defines."""

import subprocess
import sys
import textwrap
from typing import Any

import pytest
import torch

from deepobs.runner import UsageError, sweep
from deepobs.runner.executors import InProcessExecutor, Job, JobProgress, Outcome, make_executor

PLAN = {"problems": ["digits_logreg"], "lr": 0.1, "epochs": 1}


def _job(config: Any, attempt: int = 1) -> Job:
    """A job whose executor does not look at its configuration."""
    return Job(config=config, attempt=attempt)


def test_jobs_are_done_in_order_with_their_progress():
    """Also one that is submitted while events are read, as a retry is."""

    def work(job, report):
        report(JobProgress(epoch=job.attempt))
        return Outcome(status="finished")

    with InProcessExecutor(work) as executor:
        executor.submit(_job("a"))
        seen = []
        for job, event in executor.events():
            name: Any = job.config
            seen.append((name, event))
            if name == "a" and isinstance(event, Outcome):
                executor.submit(_job("b", attempt=2))
    assert [config for config, _ in seen] == ["a", "a", "b", "b"]
    assert seen[2][1] == JobProgress(epoch=2)


def test_a_local_class_is_swept_in_this_process(tmp_path):
    """As in a notebook or a debugger; no worker needs to import it."""

    class Mine(torch.optim.SGD):
        pass

    result = sweep(
        {**PLAN, "optimizers": [Mine]}, results=tmp_path, workers=0, device="cpu", progress="off"
    )
    assert result.count("finished") == 1, [run.message for run in result.runs]


def test_zero_workers_have_no_options(tmp_path):
    """They would be ignored."""
    with pytest.raises(UsageError, match="workers=0 runs in this process"):
        make_executor("local", workers=0, device="cpu", results=tmp_path, options={"threads": 1})


def test_only_the_local_executor_takes_zero_workers(tmp_path):
    """A cluster does not run in this process."""
    with pytest.raises(UsageError, match="workers"):
        make_executor("ray", workers=0, device="cpu", results=tmp_path, options={})


def test_a_class_of_a_notebook_reaches_the_workers(tmp_path):
    """Its module is `__main__`, of which a worker has none: the class is sent by value."""
    script = """
        import torch
        from deepobs.runner import sweep, tune

        class Mine(torch.optim.SGD):
            pass

        options = {"results": "results", "workers": 1, "device": "cpu", "progress": "off"}
        plan = {"problems": ["digits_logreg"], "optimizers": [Mine], "lr": 0.1, "epochs": 1}
        result = sweep(plan, **options)
        print([run.message or run.status for run in result.runs])
        best = tune("digits_logreg", Mine, trials=1, repeat=0, epochs=1, **options).best
        print(best.status)
    """
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout.splitlines() == ["['finished']", "finished"], ran.stderr
