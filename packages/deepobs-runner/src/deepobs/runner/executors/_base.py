"""Who executes runs: one small interface for worker processes, Ray and SLURM."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, Protocol, Self, TypeAlias

from ..config import RunConfig

SAVING_SECONDS = 30.0  # for an interrupted run to finish its step and write its checkpoint


@dataclass(frozen=True, kw_only=True)
class Job:
    """One run that a worker is asked for.

    Attributes:
        config: What defines the run.
        options: How it is executed: keyword arguments of `run_config`, and `loggers` and
            `log_every`, from which the worker makes loggers.
        attempt: 1 for the first attempt, one more for each retry.
    """

    config: RunConfig
    options: Mapping[str, Any] = field(default_factory=dict)
    attempt: int = 1


@dataclass(frozen=True, kw_only=True)
class JobProgress:
    """What a worker says while a run is under way, where its executor passes it on.

    Attributes:
        epoch: Epochs done.
        loss: The test loss after them, or None.
    """

    epoch: int
    loss: float | None = None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a job ended.

    Attributes:
        status: `finished` and `diverged` have a record; `pruned` was stopped by the tuner;
            `busy` means that another process is doing this very run; `failed` raised an error;
            `lost` means that the worker or its machine died.
        message: For `failed`, `lost` and `pruned`, why, in words; None for the others.
        retry: Whether another attempt may end differently.
        seconds: Time that the worker spent on it.
    """

    status: Literal["finished", "diverged", "pruned", "busy", "failed", "lost"]
    message: str | None = None
    retry: bool = False
    seconds: float = 0.0


Report: TypeAlias = Callable[[JobProgress], None]
Work: TypeAlias = Callable[[Job, Report], Outcome]
Event: TypeAlias = tuple[Job, JobProgress | Outcome]


def ignore_progress(progress: JobProgress) -> None:
    """What an executor hands to a worker when it passes no progress on."""


class Executor(Protocol):
    """What a sweep needs of whoever executes its runs. A context manager.

    Leaving the context after an exception stops what is running, in such a way that it can be
    gone on with; leaving it normally lets idle workers go.
    """

    def submit(self, job: Job) -> None:
        """Queues a job. May be called while `events` is iterated over."""

    def events(self) -> Iterator[Event]:
        """Yields what happens to the submitted jobs, until each of them has its `Outcome`."""

    def __enter__(self) -> Self:
        """Starts what the executor needs."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Lets the workers go."""
