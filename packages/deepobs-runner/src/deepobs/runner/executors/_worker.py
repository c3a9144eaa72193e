"""The execution of a job in a worker, which reports errors instead of raising them."""

import time
from collections.abc import Mapping
from dataclasses import replace

from deepobs.data import CorruptDatasetError, DataRootError, DatasetNotFoundError
from deepobs.problems import BuiltProblem, UnknownProblemError

from ..common import (
    CheckpointError,
    OptimizerError,
    ResultsError,
    RunInProgressError,
    UsageError,
    explain,
)
from ..config import RunConfig
from ..loggers import make_logger
from ..results import Record, ResultsStore
from ..training import Callback, Checkpoints, run, with_best
from ._base import Job, JobProgress, Outcome, Report

# A retry would raise the same error, and its message says what to do.
_NOT_RETRIED = (
    UsageError,
    UnknownProblemError,
    DatasetNotFoundError,
    CorruptDatasetError,
    DataRootError,
)
# Mistakes in code, of which a retry would make the same.
_MISTAKES = (
    AssertionError,
    AttributeError,
    LookupError,
    NameError,
    NotImplementedError,
    TypeError,
    ValueError,
)


class PrunedError(Exception):
    """Exception by which a tuner's callback prunes a run."""


class _EpochReporter(Callback):
    """Callback that reports the run's progress."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def on_run_start(self, config: RunConfig, built: BuiltProblem) -> None:
        self._metric = built.problem.metric.name

    def on_evaluation(self, epoch: int, metrics: Mapping[str, float]) -> None:
        result = with_best(metrics, f"test_{self._metric}")
        self._report(JobProgress(epoch=epoch, result=result))


def perform(job: Job, report: Report) -> Outcome:
    """Executes one run; the record goes to the results folder.

    Args:
        job: The run and its execution options.
        report: Called after each epoch.

    Returns:
        How the run ended. Only an interruption (`RunInterruptedError`) is raised.
    """
    started = time.perf_counter()
    try:
        record = _run(job, report)
    except RunInProgressError:
        outcome = Outcome(status="busy")
    except PrunedError as error:
        store = ResultsStore(job.options["results"])
        Checkpoints(store.work(job.config.run_id), job.config.run_id).remove()
        outcome = Outcome(status="pruned", message=str(error))
    except _NOT_RETRIED as error:
        outcome = Outcome(status="failed", message=str(error))
    except ResultsError as error:
        outcome = Outcome(status="failed", message=str(error), retry=True)
    except OptimizerError as error:
        retry = not isinstance(error.__cause__, _MISTAKES)
        outcome = Outcome(status="failed", message=str(error), retry=retry)
    except Exception as error:  # noqa: BLE001 - a user's optimizer may raise anything
        retry = not isinstance(error, _MISTAKES)
        outcome = Outcome(status="failed", message=explain(error), retry=retry)
    else:
        outcome = Outcome(status="diverged" if record.status == "diverged" else "finished")
    return replace(outcome, seconds=time.perf_counter() - started)


def _run(job: Job, report: Report) -> Record:
    """Executes the run, from its checkpoint if it has a valid one."""
    options = dict(job.options)
    loggers, every = options.pop("loggers", ()), options.pop("log_every", None)
    callbacks = [
        *options.pop("callbacks", ()),
        *(make_logger(name, options["results"], every=every) for name in loggers),
        _EpochReporter(report),
    ]
    try:
        return run(job.config, resume=True, progress="off", callbacks=callbacks, **options)
    except CheckpointError:  # start again rather than lose the run
        return run(job.config, progress="off", callbacks=callbacks, **options)
