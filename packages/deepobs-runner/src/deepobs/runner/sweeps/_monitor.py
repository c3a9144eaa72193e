"""Progress display of a sweep: a live table on a terminal, a plain log otherwise."""

import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ..common import unknown
from ..config import RunConfig
from ..executors import Job, JobProgress, Outcome

_SHOWN_TROUBLES = 5
_WAYS = ("auto", "lines", "off")
_ENDS = ("finished", "diverged", "pruned", "failed")


class Monitor(Protocol):
    """Interface of progress displays, a context manager."""

    def expect(self, runs: Sequence[RunConfig], done: Sequence[RunConfig]) -> None:
        """Handles that more runs are to do, and that others already have a record."""

    def update(self, job: Job, event: JobProgress | Outcome, *, again: bool) -> None:
        """Handles an event of a job; `again` means that the job will be retried."""

    def __enter__(self) -> Self:
        """Starts the display."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Ends the display."""


def check_progress(progress: str) -> None:
    """Checks the kind of progress display."""
    if progress not in _WAYS:
        raise unknown("kind of progress", progress, _WAYS, f"there are {', '.join(_WAYS)}.")


def make_monitor(progress: str, *, live: Callable[[Console], Monitor] | None = None) -> Monitor:
    """Returns the monitor for standard error: a live table if that is a terminal, else lines.

    Args:
        progress: "auto", "lines" (even on a terminal), or "off".
        live: Returns the live display in place of a table of the running jobs.
    """
    if progress == "off":
        return _Silence()
    console = Console(file=sys.stderr)
    if progress == "auto" and console.is_terminal:
        return (live or LiveTable)(console)
    return _Log()


def describe(config: RunConfig) -> str:
    """Returns a run in a few words: problem, optimizer, setting and seed."""
    settings = {"lr": f"{config.lr:.4g}", **config.hyperparameters}
    schedule = config.schedule_mapping["name"]
    if schedule != "constant":
        settings["schedule"] = schedule
    words = " ".join(f"{name}={value}" for name, value in settings.items())
    return f"{config.problem_name} {config.optimizer_name} {words} seed={config.seed}"


def duration(seconds: float) -> str:
    """Returns a readable duration: `42 s`, `3 min 20 s`, `5 h 10 min`, `2 d 4 h`."""
    whole = round(seconds)
    for size, unit, smaller, small_unit in ((86400, "d", 3600, "h"), (3600, "h", 60, "min")):
        if whole >= size:
            return f"{whole // size} {unit} {whole % size // smaller} {small_unit}"
    if whole >= 60:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole} s" if whole >= 10 else f"{seconds:.1f} s"


def _sentence(job: Job, outcome: Outcome, *, again: bool) -> str:
    """Returns one line about how a job ended."""
    words = f"{describe(job.config)}: {outcome.status} after {duration(outcome.seconds)}"
    if outcome.message:
        words = f"{describe(job.config)}: {outcome.message}"
    return f"{words} (attempt {job.attempt}, will be tried again)" if again else words


class _Silence:
    """A display that shows nothing."""

    def expect(self, runs: Sequence[RunConfig], done: Sequence[RunConfig]) -> None:
        """Does nothing."""

    def update(self, job: Job, event: JobProgress | Outcome, *, again: bool) -> None:
        """Does nothing."""

    def __enter__(self) -> Self:
        """Does nothing."""
        return self

    def __exit__(self, *error: object) -> None:
        """Does nothing."""


class _Log:
    """A display with one line for each run that ends."""

    def __init__(self) -> None:
        self._total, self._ended = 0, 0
        self._new, self._done = 0, 0  # since they were last printed

    def expect(self, runs: Sequence[RunConfig], done: Sequence[RunConfig]) -> None:
        """Counts the runs; the next line begins with their number."""
        self._new += len(runs)
        self._done += len(done)

    def update(self, job: Job, event: JobProgress | Outcome, *, again: bool) -> None:
        """Prints a line if the job ended or will be retried."""
        if isinstance(event, JobProgress) or event.status == "busy":
            return
        self._print_numbers()
        self._ended += not again
        self._say(f"[{self._ended}/{self._total}] {_sentence(job, event, again=again)}")

    def __enter__(self) -> Self:
        """Does nothing."""
        return self

    def __exit__(self, *error: object) -> None:
        """Does nothing."""

    def _print_numbers(self) -> None:
        if self._new:
            more = " more" if self._total else ""
            done = f" ({self._done} more are done)" if self._done else ""
            self._say(f"{self._new}{more} runs to do{done}")
        self._total += self._new
        self._new = self._done = 0

    def _say(self, line: str) -> None:
        print(line, file=sys.stderr, flush=True)  # noqa: T201 - the log is for standard error


class LiveTable:
    """A live table of running jobs, overall progress and the last failures.

    Args:
        console: The terminal.
    """

    def __init__(self, console: Console) -> None:
        self._total, self._skipped = 0, 0
        self._started = time.monotonic()
        self._ends: Counter[str] = Counter()
        self._running: dict[str, tuple[Job, JobProgress]] = {}
        self._troubles: list[str] = []
        self._live = Live(
            console=console, get_renderable=self.render, refresh_per_second=4, transient=False
        )

    def expect(self, runs: Sequence[RunConfig], done: Sequence[RunConfig]) -> None:
        """Counts the runs."""
        self._total += len(runs)
        self._skipped += len(done)

    def update(self, job: Job, event: JobProgress | Outcome, *, again: bool) -> None:
        """Stores the event; the table is redrawn by its own thread."""
        run = job.config.run_id
        if isinstance(event, JobProgress):
            self._running[run] = (job, event)
            return
        self._running.pop(run, None)
        if event.status in ("failed", "lost"):
            self._troubles.append(_sentence(job, event, again=again))
        if not again and event.status != "busy":
            self._ends["failed" if event.status == "lost" else event.status] += 1

    def __enter__(self) -> Self:
        """Starts the live display."""
        self._live.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Draws the final state and ends the display."""
        self._running.clear()
        self._live.stop()

    def render(self) -> Group:
        """Returns what the terminal shows."""
        table = Table(box=None, pad_edge=False)
        for column in ("run", "epoch", "result"):
            table.add_column(column, justify="right" if column == "epoch" else "left")
        # a copy, since the table is drawn by another thread
        for job, progress in list(self._running.values()):
            table.add_row(describe(job.config), str(progress.epoch), progress.result)
        troubles = [Text(line, style="red") for line in self._troubles[-_SHOWN_TROUBLES:]]
        return Group(self.headline(), *([table] if self._running else []), *troubles)

    def headline(self) -> Text:
        """Returns one line about all runs: how many ended, how, and the time to go."""
        ended, elapsed = sum(self._ends.values()), time.monotonic() - self._started
        counts = ", ".join(f"{self._ends[end]} {end}" for end in _ENDS if self._ends[end])
        words = f"{ended}/{self._total} runs"
        words += f" ({counts})" if counts else ""
        words += f", {self._skipped} done before" if self._skipped else ""
        words += f", {duration(elapsed)}"
        left = self.time_left(ended, elapsed)
        return Text(f"{words}, {left}" if left else words, style="bold")

    def time_left(self, ended: int, elapsed: float) -> str:
        """Returns the time to go in words; empty if nothing is known.

        Args:
            ended: Number of runs that have ended.
            elapsed: Seconds since the beginning.
        """
        if not 0 < ended < self._total:
            return ""
        return f"about {duration(elapsed / ended * (self._total - ended))} to go"
