"""Progress display of a run: a bar on a terminal, plain lines otherwise."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Mapping
from time import perf_counter
from typing import TYPE_CHECKING, Literal, get_args

from deepobs.problems import BuiltProblem

from ..common import UsageError, brief
from ..config import RunConfig
from ._callbacks import Callback

if TYPE_CHECKING:
    from ._trainer import Trainer

Mode = Literal["auto", "bar", "lines", "off"]

_SECONDS_BETWEEN_LINES = 2.0
_STEPS_BETWEEN_UPDATES = 10


class _Lines(Callback):
    """A line per epoch, at most one every two seconds."""

    def __init__(self) -> None:
        self._last = float("-inf")

    def on_run_start(self, config: RunConfig, built: BuiltProblem) -> None:
        self._name, self._epochs = _name(config), config.epochs
        self._metric = built.problem.metric.name

    def on_evaluation(self, epoch: int, metrics: Mapping[str, float]) -> None:
        now = perf_counter()
        if epoch not in (0, self._epochs) and now - self._last < _SECONDS_BETWEEN_LINES:
            return
        self._last = now
        with contextlib.suppress(OSError):  # a full disk or a closed terminal must not end the run
            summary = _summary(metrics, self._metric)
            sys.stderr.write(f"{self._name}: epoch {epoch}/{self._epochs}, {summary}\n")
            sys.stderr.flush()


class _Bar(Callback):
    """A bar over all steps of the run."""

    def __init__(self) -> None:
        from rich.console import Console  # here: most runs of a sweep show no bar
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[summary]}"),
            console=Console(stderr=True),
            transient=True,
        )

    def on_run_start(self, config: RunConfig, built: BuiltProblem) -> None:
        self._steps, self._metric = built.num_batches("train"), built.problem.metric.name
        total = config.epochs * self._steps
        self._task = self._bar.add_task(_name(config), total=total, summary="")
        self._bar.start()

    def on_step_end(self, trainer: Trainer) -> None:
        if trainer.step_in_epoch % _STEPS_BETWEEN_UPDATES == 0:
            done = trainer.epoch * self._steps + trainer.step_in_epoch
            self._bar.update(self._task, completed=done)

    def on_evaluation(self, epoch: int, metrics: Mapping[str, float]) -> None:
        summary = f"epoch {epoch}: {_summary(metrics, self._metric)}"
        self._bar.update(self._task, completed=epoch * self._steps, summary=summary)

    def close(self) -> None:
        self._bar.stop()


def make_display(mode: str) -> list[Callback]:
    """Returns the callbacks that show a run's progress on standard error; empty for off.

    Args:
        mode: `"bar"`, `"lines"`, `"off"`, or `"auto"`: a bar on a terminal, else lines.

    Raises:
        UsageError: If the mode is unknown.
    """
    if mode not in get_args(Mode):
        raise UsageError(f"progress must be one of {', '.join(get_args(Mode))}, not {brief(mode)}.")
    if mode == "auto":
        mode = "bar" if sys.stderr.isatty() else "lines"
    kinds: dict[str, tuple[type[_Bar | _Lines], ...]] = {"bar": (_Bar,), "lines": (_Lines,)}
    return [kind() for kind in kinds.get(mode, ())]


def _name(config: RunConfig) -> str:
    return f"{config.problem_name} {config.optimizer_name} seed {config.seed}"


def _summary(metrics: Mapping[str, float], metric: str) -> str:
    """Returns the losses, and the primary metric with its best value so far."""
    shown = ("train_loss", "valid_loss", "test_loss", f"valid_{metric}", f"test_{metric}")
    names = (name for name in dict.fromkeys(shown) if name in metrics)
    return ", ".join(with_best(metrics, name) for name in names)


def with_best(metrics: Mapping[str, float], name: str) -> str:
    """Returns a metric in words, with its best value so far if that is known.

    Args:
        metrics: What callbacks are given after an evaluation.
        name: Such as `"test_accuracy"`.

    Returns:
        Such as "test accuracy 0.91 (best 0.93)".
    """
    text = f"{name.replace('_', ' ')} {metrics[name]:.4g}"
    best = metrics.get(f"best_{name}")
    return text if best is None else f"{text} (best {best:.4g})"
