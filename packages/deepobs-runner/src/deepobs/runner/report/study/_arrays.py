"""The runs of a tidy frame, with their series as arrays.

The frame has a row per run and epoch. A report reads series thousands of times; slicing an
array takes microseconds, a pandas group milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...analysis import final_values, metric_columns, metric_name, per_run

AXES = ("epoch", "steps", "examples", "tokens", "seconds", "passes")
_PHASES = ("test", "train", "valid")
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Runs:
    """The runs of a tidy frame.

    Attributes:
        rows: Each run's settings, ordered by problem, method, learning rate and seed: the columns
            of `analysis.per_run`.
        starts: Where each run's epochs begin in the arrays of `values`.
        stops: Where they end.
        metrics: The metrics' columns, without regularizers; loss and accuracy always.
        values: The metrics and `AXES` as arrays over all runs' epochs; infinities are missing.
        finals: `analysis.final_values` of the metrics, one for each run; infinities are missing.
    """

    rows: list[dict[str, Any]]
    starts: NDArray[np.intp]
    stops: NDArray[np.intp]
    metrics: tuple[str, ...]
    values: dict[str, Floats]
    finals: dict[str, Floats]

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Runs:
        """Creates the arrays from a tidy frame."""
        table = per_run(frame)
        for column in table.select_dtypes("category"):
            table[column] = table[column].astype(object)
        codes = pd.factorize(frame["run_id"])[0]  # numbered by first appearance, as per_run
        order = np.lexsort((frame["epoch"].to_numpy(), codes))
        bounds = np.searchsorted(codes[order], np.arange(len(table) + 1))
        metrics = _metrics(frame)
        values = {name: _numbers(frame, name)[order] for name in (*metrics, *AXES)}
        table = table.sort_values(["problem", "method", "learning_rate", "seed"], kind="stable")
        order = table.index.to_numpy()
        finals = {name: _finals(frame, name, table["run_id"]) for name in metrics}
        return cls(records(table), bounds[order], bounds[order + 1], metrics, values, finals)

    def __len__(self) -> int:
        return len(self.rows)

    def series(self, run: int, name: str) -> Floats:
        """Returns one series of one run.

        Args:
            run: The run's place in `rows`.
            name: One of `metrics` or `AXES`.

        Returns:
            One value per epoch, the state before training first; missing ones are NaN.
        """
        return self.values[name][self.starts[run] : self.stops[run]]

    def final(self, run: int, name: str) -> float:
        """Returns the last value of one of `metrics` that was measured; NaN if the run diverged."""
        return float(self.finals[name][run])

    def seconds(self, run: int) -> float:
        """Returns the training time of a run, without evaluation; NaN if not recorded."""
        known = self.series(run, "seconds")
        known = known[~np.isnan(known)]
        return float(known[-1]) if len(known) else float("nan")

    def diverged(self, run: int) -> bool:
        """Returns whether a run diverged."""
        return bool(self.rows[run]["status"] == "diverged")

    def distinct(self, name: str) -> list[Any]:
        """Returns the values of a setting over all runs, without missing ones."""
        return list(dict.fromkeys(row[name] for row in self.rows if row[name] == row[name]))

    def has(self, run: int, name: str) -> bool:
        """Returns whether a run has any value of a series."""
        return not bool(np.isnan(self.series(run, name)).all())


def mean_and_spread(rows: list[Floats]) -> tuple[Floats, Floats]:
    """Averages series epoch by epoch.

    There is no mean where one of the runs has no value (it diverged): an average of the others
    would be too good.

    Args:
        rows: One series per run, possibly of different lengths.

    Returns:
        Mean and sample standard deviation (n − 1; NaN for one run) per epoch.
    """
    length = max(map(len, rows), default=0)
    matrix = np.full((len(rows), length), np.nan)
    for place, row in enumerate(rows):
        matrix[place, : len(row)] = row
    with np.errstate(over="ignore", invalid="ignore"):
        mean = matrix.mean(axis=0)
        std = matrix.std(axis=0, ddof=1) if len(rows) > 1 else np.full(length, np.nan)
    # The mean of huge values overflows to infinity, which charts cannot show.
    return _finite(mean), _finite(std)


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Returns a table's rows as dictionaries.

    Args:
        table: Any table.

    Returns:
        One dictionary per row, by the columns' names.
    """
    return [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]


def _metrics(frame: pd.DataFrame) -> tuple[str, ...]:
    names = dict.fromkeys(["loss", "accuracy", *map(metric_name, metric_columns(frame))])
    return tuple(f"{phase}_{n}" for n in names if n != "regularizer" for phase in _PHASES)


def _numbers(frame: pd.DataFrame, name: str) -> Floats:
    if name not in frame:
        return np.full(len(frame), np.nan)
    numbers = pd.to_numeric(frame[name], errors="coerce").to_numpy(np.float64)
    return _finite(numbers)


def _finals(frame: pd.DataFrame, name: str, run_ids: pd.Series) -> Floats:
    if name not in frame:
        return np.full(len(run_ids), np.nan)
    return _finite(final_values(frame, name).reindex(run_ids).to_numpy(np.float64))


def _finite(values: Floats) -> Floats:
    return np.where(np.isfinite(values), values, np.nan)
