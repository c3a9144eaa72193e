"""Takes the picture of docs/benchmark.md: the live overview of a benchmark in a terminal.

    python docs/overview.py

The benchmark is a real one, of three optimizers on three problems; the picture shows it when half
of its runs have ended.
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

from rich.console import Console

from deepobs.runner.benchmarks import Overview, execute, prepare
from deepobs.runner.executors import Job, JobProgress, Outcome

IMAGE = Path(__file__).parent / "images" / "benchmark-overview.svg"
PROBLEMS = ("digits_mlp", "quadratic_deep", "digits_autoencoder")
WIDTH = 110


class Photographer(Overview):
    """An overview that is exported once, when half of the runs have ended."""

    ended = 0
    taken = False

    def update(self, job: Job, event: JobProgress | Outcome, *, again: bool) -> None:
        """Stores the event, and takes the picture."""
        super().update(job, event, again=again)
        self.ended += isinstance(event, Outcome)
        if not self.taken and isinstance(event, JobProgress) and self.ended > 80:
            self.taken = True
            paper = Console(record=True, width=WIDTH, file=io.StringIO())
            paper.print(self.render())
            paper.save_svg(str(IMAGE), title="deepobs benchmark")


def main() -> None:
    """Runs the benchmark and writes the picture."""
    with tempfile.TemporaryDirectory() as folder:
        plan = prepare(
            ["SGD", "Adam", "Muon"],
            problems=PROBLEMS,
            protocol="demo",
            results=folder,
            workers=2,
            device="cpu",
        )
        screen = Console(file=io.StringIO(), force_terminal=True, width=WIDTH)
        monitor = Photographer(screen, plan.searches, workers=2)
        execute(plan, monitor)
    print(IMAGE)


if __name__ == "__main__":
    main()
