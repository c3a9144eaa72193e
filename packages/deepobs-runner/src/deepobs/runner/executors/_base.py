"""The interface of executors."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, Protocol, Self, TypeAlias

from ..config import RunConfig

SAVING_SECONDS = 30.0  # an interrupted run's time to finish its step and write a checkpoint


@dataclass(frozen=True, kw_only=True)
class Job:
    """A run for a worker to execute.

    Attributes:
        config: The configuration of the run.
        options: Execution options: keyword arguments of `run`, and `loggers` and
            `log_every`, from which the worker makes loggers.
        attempt: 1 for the first attempt, one more for each retry.
    """

    config: RunConfig
    options: Mapping[str, Any] = field(default_factory=dict)
    attempt: int = 1


@dataclass(frozen=True, kw_only=True)
class JobProgress:
    """The progress of a run, if the executor passes it on.

    Attributes:
        epoch: Number of completed epochs.
        result: The primary metric after that epoch, in words.
    """

    epoch: int
    result: str = ""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a job ended.

    Attributes:
        status: `finished` and `diverged` have a record; `pruned` was stopped by the tuner;
            `busy` means that another process is executing the same run; `failed` raised an error;
            `lost` means that the worker or its machine died.
        message: The reason for `failed`, `lost` and `pruned`; None for the others.
        retry: Whether another attempt might succeed.
        seconds: Time that the worker spent on the job.
    """

    status: Literal["finished", "diverged", "pruned", "busy", "failed", "lost"]
    message: str | None = None
    retry: bool = False
    seconds: float = 0.0


Report: TypeAlias = Callable[[JobProgress], None]
Work: TypeAlias = Callable[[Job, Report], Outcome]
Event: TypeAlias = tuple[Job, JobProgress | Outcome]


def ignore_progress(progress: JobProgress) -> None:
    """Ignores the progress of a run, for executors that do not pass it on."""


class Executor(Protocol):
    """The interface of executors, a context manager.

    Leaving the context after an exception stops running jobs with a checkpoint to resume from;
    leaving it normally ends idle workers.
    """

    def submit(self, job: Job) -> None:
        """Queues a job. May be called while `events` is iterated over."""

    def events(self) -> Iterator[Event]:
        """Yields events of the submitted jobs until each of them has an `Outcome`."""

    def __enter__(self) -> Self:
        """Starts the executor."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Ends the workers."""
