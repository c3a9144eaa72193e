"""How the runs of a sweep ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..config import RunConfig
from ..executors import Job, Outcome
from ._plan import LeftOut


@dataclass(frozen=True, kw_only=True)
class SweptRun:
    """The outcome of one run of a sweep.

    Attributes:
        config: What defines the run.
        status: `finished` or `diverged` have a record; `done before` had one already; `pruned` was
            stopped by the tuner; `failed` has none, and `message` says why.
        message: Why it failed or was pruned; None for other runs.
        attempts: Number of attempts; 0 if it was done before.
    """

    config: RunConfig
    status: Literal["finished", "diverged", "done before", "pruned", "failed"]
    message: str | None = None
    attempts: int = 0


@dataclass(frozen=True, kw_only=True)
class SweepResult:
    """The outcome of a sweep.

    Attributes:
        runs: All runs, in the order of the plan.
        seconds: Duration of the sweep.
        left_out: The combinations of settings that an optimizer refuses.
    """

    runs: tuple[SweptRun, ...]
    seconds: float
    left_out: Sequence[LeftOut] = ()

    @property
    def failed(self) -> tuple[SweptRun, ...]:
        """The runs without a record."""
        return tuple(run for run in self.runs if run.status == "failed")

    def count(self, status: str) -> int:
        """Returns the number of runs with a status."""
        return sum(run.status == status for run in self.runs)


def swept(job: Job, outcome: Outcome) -> SweptRun:
    """Returns how a run ended, from the final outcome of its job."""
    status: Any = "failed" if outcome.status == "lost" else outcome.status
    return SweptRun(config=job.config, status=status, message=outcome.message, attempts=job.attempt)
