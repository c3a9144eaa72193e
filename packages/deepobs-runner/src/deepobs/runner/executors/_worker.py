"""What a worker does with a job: one run, whose end it reports and never raises."""

import time
from collections.abc import Mapping
from dataclasses import replace

from deepobs.data import CorruptDatasetError, DataRootError, DatasetNotFoundError
from deepobs.problems import UnknownProblemError

from ..common import (
    CheckpointError,
    OptimizerError,
    ResultsError,
    RunInProgressError,
    UsageError,
    explain,
)
from ..loggers import make_logger
from ..results import Record, ResultsStore
from ..training import Callback, Checkpoints, run_config
from ._base import Job, JobProgress, Outcome, Report

# The same would happen again, and the sentence says what to do.
_NOT_RETRIED = (
    UsageError,
    UnknownProblemError,
    DatasetNotFoundError,
    CorruptDatasetError,
    DataRootError,
)


class PrunedError(Exception):
    """Raised by a tuner's callback: the run is not worth finishing."""


class _EpochReporter(Callback):
    """Passes on how far the run is."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def on_evaluation(self, epoch: int, metrics: Mapping[str, float]) -> None:
        self._report(JobProgress(epoch=epoch, loss=metrics.get("test_loss")))


def perform(job: Job, report: Report) -> Outcome:
    """Does one run; the record goes to the results folder.

    Args:
        job: The run and how it is executed.
        report: Told after each epoch.

    Returns:
        How it ended. Only an interruption (`RunInterruptedError`) leaves it as an exception.
    """
    started = time.perf_counter()
    try:
        record = _run(job, report)
    except RunInProgressError:
        outcome = Outcome(status="busy")
    except PrunedError as error:
        store = ResultsStore(job.options["results"])
        Checkpoints(store.work_folder(job.config.run_id), job.config.run_id).remove()
        outcome = Outcome(status="pruned", message=str(error))
    except _NOT_RETRIED as error:
        outcome = Outcome(status="failed", message=str(error))
    except (ResultsError, OptimizerError) as error:
        outcome = Outcome(status="failed", message=str(error), retry=True)
    except Exception as error:  # noqa: BLE001 - a user's optimizer may raise anything
        outcome = Outcome(status="failed", message=explain(error), retry=True)
    else:
        outcome = Outcome(status="diverged" if record.status == "diverged" else "finished")
    return replace(outcome, seconds=time.perf_counter() - started)


def _run(job: Job, report: Report) -> Record:
    """The run, from its checkpoint if it has a good one."""
    options = dict(job.options)
    loggers, every = options.pop("loggers", ()), options.pop("log_every", None)
    callbacks = [
        *options.pop("callbacks", ()),
        *(make_logger(name, options["results"], every=every) for name in loggers),
        _EpochReporter(report),
    ]
    try:
        return run_config(job.config, resume=True, progress="off", callbacks=callbacks, **options)
    except CheckpointError:  # start again rather than leave a hole in the sweep
        return run_config(job.config, progress="off", callbacks=callbacks, **options)
