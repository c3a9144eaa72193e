"""The record of a run: series, timings and settings in one strict JSON file."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field, fields
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

from ..common import read_file
from ..config import current_names

FORMAT = "deepobs-2"

#: The values that DeepOBS's files have fields for, and their plurals in the fields' names.
PLURALS = {"loss": "losses", "accuracy": "accuracies", "regularizer": "regularizers"}
_NOT_IN_FILE = {"path", "was_done"}


class CorruptRecordError(ValueError):
    """Error for a file that is not a valid record of this package."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """The record of a run. Attributes are named like the fields of the JSON file.

    Series have epochs + 1 values, the first from before training; those of a diverged run end
    early. Losses include the L2 term, as in DeepOBS; the term is also recorded separately. A
    non-finite number is `null` in the file and NaN here.

    Attributes:
        train_losses: Mean training loss (on `train_eval`) plus regularizer, per epoch.
        test_losses: The same on the test set.
        valid_losses: The same on the validation split; None without one.
        minibatch_train_losses: The training objective at every `train_log_interval`-th step of
            each epoch, starting with the first.
        train_accuracies: Fraction of correct predictions; None for problems without accuracy.
        test_accuracies: The same on the test set.
        valid_accuracies: The same on the validation split.
        train_regularizers: The L2 term alone.
        test_regularizers: The same, one value per test loss.
        valid_regularizers: The same, one value per validation loss.
        optimizer: The class's name.
        testproblem: The problem's name.
        weight_decay: Factor of the L2 term; None for none.
        batch_size: Examples per optimizer step.
        num_epochs: Number of epochs requested.
        learning_rate: The base learning rate.
        lr_sched_epochs: Epochs at which DeepOBS's schedule changes; None for other schedules.
        lr_sched_factors: Its factors.
        random_seed: The seed.
        train_log_interval: Steps between two values of `minibatch_train_losses`.
        hyperparams: The optimizer's other arguments.
        status: `"finished"` or `"diverged"`.
        run_id: Content hash of what defines the run; empty for runs without a results folder whose
            problem contains a lambda or another function that has no import path.
        config: All settings of the run by name, as `RunConfig.from_dict` takes them.
        problem_version: The version of the problem.
        deepobs_version: The version of this package that executed the run.
        primary_metric: Name of the metric by which the problem is judged, such as `"accuracy"`;
            None in earlier records: the accuracy, or the loss for problems without one.
        metrics: Each metric of the problem by name: `higher_is_better`, and except for loss and
            accuracy, which have fields of their own, the series `train`, `test` and `valid`.
        convergence_target: Value of the primary metric on the test set at which the problem counts
            as solved; None without a target.
        sequence_length: Tokens of an example; None for data other than text.
        learning_rates: The learning rate at the start of each epoch.
        num_steps: Optimizer steps per epoch.
        epoch_seconds: Training time of each epoch, evaluation excluded.
        evaluation_seconds: Time of each evaluation.
        cost: `forward_backward_seconds` and `optimizer_seconds` (medians per step, without
            warm-up), `optimizer_state_bytes`, `peak_memory_bytes`, `num_parameters`,
            `passes_per_step`.
        passes: Evaluations of the gradient in each epoch; a Hessian-vector product counts as one.
        parameter_groups: For several groups: `groups` as given, and for each group of the
            optimizer `parameters` (names), `num_parameters` and `learning_rates` by epoch.
        raw_metrics: Series of the unaveraged weights, such as `test_loss`, if they were requested
            in addition to those of averaged weights.
        environment: Versions, device and execution options.
        started: Start time, ISO 8601 with time zone.
        finished: End time, ISO 8601 with time zone.
        path: The record's file, or its address in object storage; None without a results folder.
            Not part of the file.
        was_done: Whether `run` found the record instead of training. Not part of the file.
    """

    train_losses: list[float]
    test_losses: list[float]
    valid_losses: list[float] | None = None
    minibatch_train_losses: list[float]
    train_accuracies: list[float] | None = None
    test_accuracies: list[float] | None = None
    valid_accuracies: list[float] | None = None
    train_regularizers: list[float]
    test_regularizers: list[float]
    valid_regularizers: list[float] | None = None
    optimizer: str
    testproblem: str
    weight_decay: float | None
    batch_size: int
    num_epochs: int
    learning_rate: float | None
    lr_sched_epochs: list[int] | None = None
    lr_sched_factors: list[float] | None = None
    random_seed: int
    train_log_interval: int
    hyperparams: dict[str, Any]
    status: str
    run_id: str
    config: dict[str, Any]
    problem_version: int = 1
    deepobs_version: str = field(default_factory=partial(version, "deepobs-runner"))
    primary_metric: str | None = None
    metrics: dict[str, dict[str, Any]] | None = None
    convergence_target: float | None = None
    sequence_length: int | None = None
    learning_rates: list[float]
    num_steps: int
    epoch_seconds: list[float]
    evaluation_seconds: list[float]
    cost: dict[str, float | int | None]
    passes: list[float] | None = None
    parameter_groups: dict[str, Any] | None = None
    raw_metrics: dict[str, Any] | None = None
    environment: dict[str, Any]
    started: str
    finished: str
    path: Path | str | None = field(default=None, compare=False)
    was_done: bool = field(default=False, compare=False)

    def evaluations(self, phase: str, metric: str) -> list[float] | None:
        """Returns the values of a metric, one for each evaluation.

        Args:
            phase: `"train"`, `"test"` or `"valid"`.
            metric: Such as `"loss"`, `"accuracy"`, or another name in `metrics`.

        Returns:
            The values; None if the metric was not measured on this phase.
        """
        if metric in PLURALS:
            values: list[float] | None = getattr(self, f"{phase}_{PLURALS[metric]}")
        else:
            values = (self.metrics or {}).get(metric, {}).get(phase)
        return values

    def to_dict(self) -> dict[str, Any]:
        """Returns the file's content: no unused fields, None for non-finite numbers."""
        content: dict[str, Any] = {"format": FORMAT}
        for item in fields(self):
            value = getattr(self, item.name)
            if item.name in _NOT_IN_FILE or (value is None and item.name in _OPTIONAL):
                continue
            content[item.name] = _strict(value)
        return content

    def to_json(self) -> str:
        """Returns the file's content as strict JSON."""
        return json.dumps(self.to_dict(), allow_nan=False)

    @classmethod
    def from_dict(cls, content: dict[str, Any], *, path: Path | str | None = None) -> Self:
        """Returns the record that `to_dict` wrote.

        Raises:
            CorruptRecordError: If a field is missing, or the file has another format.
        """
        where = "A record" if path is None else str(path)
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise CorruptRecordError(f"{where} is not a record in the format {FORMAT}.")
        names = {item.name for item in fields(cls)} - _NOT_IN_FILE
        values = {name: _series(content[name]) for name in names if name in content}
        if isinstance(values.get("config"), dict):
            values["config"] = current_names(values["config"])
        if isinstance(values.get("metrics"), dict):
            values["metrics"] = _with_series(values["metrics"])
        for item in fields(cls):
            if item.name in values and not _fits(values[item.name], str(item.type)):
                raise CorruptRecordError(f"{where}: {item.name} must be of type {item.type}.")
        try:
            return cls(**values, path=path)
        except TypeError as error:
            raise CorruptRecordError(f"{where} is incomplete: {error}.") from error


#: Fields that are left out of the file if they do not apply.
_OPTIONAL = (
    *("primary_metric", "metrics", "convergence_target", "sequence_length"),
    *("passes", "parameter_groups", "raw_metrics"),
    *(f"{phase}_{series}" for phase in ("train", "test", "valid") for series in PLURALS.values()),
)


def read_record(path: str | Path) -> Record:
    """Reads a record of this package.

    Raises:
        CorruptRecordError: If the file is truncated, not JSON, or not a record.
    """
    path = Path(path)
    return parse_json(read_file(path), path)


def parse_json(content: bytes, path: Path | str) -> Record:
    """Returns the record in a file's content.

    Args:
        content: The file's content.
        path: The file, or its address in object storage.

    Raises:
        CorruptRecordError: If the content is truncated, not JSON, or not a record.
    """
    try:
        data = json.loads(content.decode())
    except (ValueError, RecursionError) as error:
        raise CorruptRecordError(f"{path} is not complete JSON: {error}.") from error
    return Record.from_dict(data, path=path)


def _strict(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _strict(item) for key, item in value.items()}
    return [_strict(item) for item in value] if isinstance(value, (list, tuple)) else value


def _fits(value: Any, annotation: str) -> bool:
    """Returns whether a value has the type of its field: string, mapping or list of numbers."""
    if value is None:
        return annotation.endswith("None")
    if annotation.startswith("list"):
        return isinstance(value, list) and all(isinstance(item, (int, float)) for item in value)
    kinds = {"str": str, "dict": dict}
    return isinstance(value, kinds.get(annotation.split("[")[0], object))


def _series(value: Any) -> Any:
    """Returns a list of numbers with null as NaN; other values unchanged."""
    if isinstance(value, list):
        return [math.nan if item is None else item for item in value]
    return value


def _with_series(metrics: dict[str, Any]) -> dict[str, Any]:
    """Returns the metrics of a record with null in their series as NaN."""
    return {
        name: {key: _series(value) for key, value in entry.items()}
        for name, entry in metrics.items()
        if isinstance(entry, dict)
    }
