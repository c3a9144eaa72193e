"""What a person sees while a run is under way: a bar on a terminal, plain lines otherwise."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from time import perf_counter
from typing import Literal, get_args

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

from ..common import UsageError
from ..config import RunConfig

Mode = Literal["auto", "bar", "lines", "off"]

_SECONDS_BETWEEN_LINES = 2.0


class Progress:
    """Says nothing; the base of those that do.

    Args:
        config: The run.
        steps: Optimizer steps an epoch.
    """

    def __init__(self, config: RunConfig, steps: int) -> None:
        self.name = f"{config.problem_name} {config.optimizer_name} seed {config.seed}"
        self.epochs = config.epochs
        self.steps = steps

    def at(self, epoch: int, step: int) -> None:
        """Training is at this step of this epoch."""

    def evaluated(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """An evaluation after this many epochs gave these numbers."""

    def close(self) -> None:
        """Nothing more comes."""


class _Lines(Progress):
    """A line for an epoch, though not more often than every two seconds."""

    def __init__(self, config: RunConfig, steps: int) -> None:
        super().__init__(config, steps)
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._last = float("-inf")

    def evaluated(self, epoch: int, metrics: Mapping[str, float]) -> None:
        now = perf_counter()
        if epoch not in (0, self.epochs) and now - self._last < _SECONDS_BETWEEN_LINES:
            return
        self._last = now
        with contextlib.suppress(OSError):  # a full device or a closed terminal ends no run
            self._console.print(f"{self.name}: epoch {epoch}/{self.epochs}, {_summary(metrics)}")


class _Bar(Progress):
    """A bar over all steps of the run."""

    def __init__(self, config: RunConfig, steps: int) -> None:
        super().__init__(config, steps)
        self._bar = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[summary]}"),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task(self.name, total=self.epochs * steps, summary="")
        self._bar.start()

    def at(self, epoch: int, step: int) -> None:
        self._bar.update(self._task, completed=epoch * self.steps + step)

    def evaluated(self, epoch: int, metrics: Mapping[str, float]) -> None:
        self._bar.update(
            self._task, completed=epoch * self.steps, summary=f"epoch {epoch}: {_summary(metrics)}"
        )

    def close(self) -> None:
        self._bar.stop()


def make_progress(mode: str, config: RunConfig, steps: int) -> Progress:
    """What shows a run's progress.

    Args:
        mode: `"bar"`, `"lines"`, `"off"`, or `"auto"`: a bar on a terminal, else lines.
        config: The run.
        steps: Optimizer steps an epoch.

    Raises:
        UsageError: There is no such mode.
    """
    if mode not in get_args(Mode):
        raise UsageError(f"progress is {', '.join(get_args(Mode))}, not {mode!r}.")
    if mode == "auto":
        mode = "bar" if Console(stderr=True).is_terminal else "lines"
    kind = {"bar": _Bar, "lines": _Lines, "off": Progress}[mode]
    return kind(config, steps)


def _summary(metrics: Mapping[str, float]) -> str:
    shown = ("train_loss", "valid_loss", "test_loss", "valid_accuracy", "test_accuracy")
    return ", ".join(
        f"{name.replace('_', ' ')} {metrics[name]:.4g}" for name in shown if name in metrics
    )
