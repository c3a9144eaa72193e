"""The overview of a benchmark: problems × optimizers, what is done, and the time that is left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from ..config import RunConfig
from ..executors import Job, JobProgress, Outcome
from ..sweeps import LiveTable, Rounds, duration
from ..tuning import PlannedSearch, TuneResult
from ._cell import Cell
from ._plan import Entry

_SHOWN_FINDINGS = 12


class Overview(LiveTable):
    """A live table of problems and optimizers, above the running jobs.

    Args:
        console: The terminal.
        searches: The searches.
        workers: Number of parallel runs.
    """

    def __init__(
        self, console: Console, searches: Mapping[Entry, PlannedSearch], *, workers: int
    ) -> None:
        self._cells = {entry: Cell.of(planned) for entry, planned in searches.items()}
        self._workers = workers
        self._findings: list[str] = []
        self._owners: dict[str, list[Cell]] = {}
        super().__init__(console)  # which draws it already

    def watch(self, entry: Entry, rounds: Rounds[TuneResult]) -> Rounds[TuneResult]:
        """Returns the rounds of a search, followed by this display."""
        cell, ended = self._cells[entry], None
        while True:
            try:
                asked = next(rounds) if ended is None else rounds.send(ended)
            except StopIteration as stop:
                answer: TuneResult = stop.value
                cell.close(answer)
                return answer
            cell.begin([run.run_id for run in asked.runs])
            for run in asked.runs:
                self._owners.setdefault(run.run_id, []).append(cell)
            ended = yield asked

    def say(self, finding: str) -> None:
        """Shows a finding, such as a verdict, below the table."""
        self._findings.append(finding)

    def expect(self, runs: Sequence[RunConfig], done: Sequence[RunConfig]) -> None:
        """Counts the runs."""
        super().expect(runs, done)
        for run in done:
            for cell in self._owners.get(run.run_id, []):
                cell.end(run.run_id)

    def update(self, job: Job, event: JobProgress | Outcome, *, again: bool) -> None:
        """Stores the event."""
        super().update(job, event, again=again)
        run = job.config.run_id
        for cell in self._owners.get(run, []):
            if isinstance(event, JobProgress):
                cell.running[run] = event.epoch
                continue
            cell.measure(run, event)
            if not again and event.status != "busy":
                cell.end(run)

    def render(self) -> Group:
        """Returns what the terminal shows."""
        findings = [Text(line) for line in self._findings[-_SHOWN_FINDINGS:]]
        return Group(self._grid(), *findings, super().render())

    def time_left(self, ended: int, elapsed: float) -> str:
        """Returns the time to go, from the measured time of an epoch of each search.

        A search of which no run has ended takes as long an epoch as the others on its problem.
        """
        seconds, unknown = 0.0, 0
        for entry, cell in list(self._cells.items()):
            beside = [c for e, c in self._cells.items() if e.problem == entry.problem]
            known = [c.epoch_seconds for c in (cell, *beside) if c.epoch_seconds is not None]
            if known:
                seconds += cell.epochs_left * known[0]
            elif cell.epochs_left:
                unknown += 1
        words = f"about {duration(seconds / self._workers)} to go" if seconds else ""
        if unknown:
            words += f"{' and ' if words else ''}{unknown} searches not timed yet"
        return words

    def _grid(self) -> Table:
        table = Table(box=None, pad_edge=False)
        for column in ("problem", *dict.fromkeys(entry.method for entry in self._cells)):
            table.add_column(column)
        rows: dict[tuple[str, float], dict[str, list[Cell]]] = {}
        for entry, cell in self._cells.items():
            row = rows.setdefault((entry.problem, entry.length), {})
            row.setdefault(entry.method, []).append(cell)
        several = len({length for _, length in rows}) > 1
        for (problem, length), row in rows.items():
            name = f"{problem} × {length:g}" if several else problem
            table.add_row(name, *(Cell.state(cells) for cells in row.values()))
        return table
