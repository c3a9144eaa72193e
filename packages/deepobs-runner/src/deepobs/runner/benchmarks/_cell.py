"""The state of one search in the overview."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.text import Text

from ..executors import Outcome
from ..tuning import PlannedSearch, TuneResult


@dataclass
class Cell:
    """The state of one search.

    Attributes:
        trials: Number of runs of its trials; 0 if it is not known.
        repeats: Number of repetitions.
        run_epochs: Epochs of one run.
        ended: Number of runs that have ended.
        open: Runs that have not ended, by `run_id`.
        running: Epochs done of the runs in progress, by `run_id`.
        seconds: Seconds that runs have taken in this call.
        epochs: Epochs of these runs.
        answer: Its answer, once it has ended.
    """

    trials: int
    repeats: int
    run_epochs: int
    ended: int = 0
    open: set[str] = field(default_factory=set)
    running: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    epochs: int = 0
    answer: TuneResult | None = None

    @classmethod
    def of(cls, planned: PlannedSearch) -> Cell:
        """Returns the state of a search that has not begun."""
        return cls(
            trials=planned.result.num_trials * len(planned.search.seeds),
            repeats=len(planned.repeat_seeds),
            run_epochs=planned.epochs,
        )

    def begin(self, runs: Sequence[str]) -> None:
        """Begins a round of runs; those of the round before have ended."""
        self.ended += len(self.open)
        self.open = set(runs)

    def end(self, run: str) -> None:
        """Ends a run."""
        self.running.pop(run, None)
        if run in self.open:
            self.open.remove(run)
            self.ended += 1

    def measure(self, run: str, outcome: Outcome) -> None:
        """Adds the time that a run took."""
        epochs = self.run_epochs if outcome.status == "finished" else self.running.get(run, 0)
        if outcome.status in ("finished", "diverged") and epochs:
            self.seconds += outcome.seconds
            self.epochs += epochs

    def close(self, answer: TuneResult) -> None:
        """Ends the search."""
        self.begin([])
        self.running.clear()
        self.answer = answer

    @property
    def epoch_seconds(self) -> float | None:
        """Measured seconds of an epoch, evaluation included; None before a run has ended."""
        return self.seconds / self.epochs if self.epochs else None

    @property
    def epochs_left(self) -> int:
        """Number of epochs to do."""
        if self.answer is not None:
            return 0
        left = (self.trials + self.repeats - self.ended) * self.run_epochs
        return max(0, left - sum(self.running.values()))

    @staticmethod
    def state(cells: Sequence[Cell]) -> Text:
        """Returns the state of one or several searches in a few words."""
        if all(cell.answer is not None for cell in cells):
            answers = [cell.answer for cell in cells if cell.answer is not None]
            if any(answer.repeats_failed for answer in answers):
                return Text("runs failed", style="red")
            if any(cell.trials and cell.answer and cell.answer.best is None for cell in cells):
                return Text("no best", style="red")
            return Text("done", style="green")
        trials, repeats = sum(c.trials for c in cells), sum(c.repeats for c in cells)
        ended, running = sum(c.ended for c in cells), sum(len(c.running) for c in cells)
        if not ended and not running:
            return Text("waiting", style="dim")
        searching = ended < trials or (not trials and all(c.answer is None for c in cells))
        words = f"trial {ended}/{trials or '?'}" if searching else ""
        words = words or f"repeat {ended - trials}/{repeats}"
        return Text(f"{words}, {running} running" if running else words)
