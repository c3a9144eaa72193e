"""A table with a row per run and list columns for series, and the tidy frame made from it.

The index and the packaged baselines are such tables, kept as Parquet files.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ...common import canonical
from ...config import REQUIRED
from ._columns import (
    FIRST_COLUMNS,
    FLAGS,
    IN_COLUMNS,
    INTEGERS,
    LAST_COLUMNS,
    METRICS,
    NUMBERS,
    OWN_METRICS,
    PER_EPOCH,
    RUN_COLUMNS,
    SEARCH_TEXTS,
    TEXTS,
)

RUN_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in TEXTS),
        *((name, pa.float64()) for name in NUMBERS),
        *((name, pa.bool_()) for name in FLAGS),
        *((name, pa.int64()) for name in INTEGERS),
        *((name, pa.list_(pa.float64())) for name in (*METRICS, *PER_EPOCH)),
        (OWN_METRICS, pa.map_(pa.string(), pa.list_(pa.float64()))),
    ]
)


def to_table(runs: Iterable[dict[str, Any]], schema: pa.Schema = RUN_SCHEMA) -> pa.Table:
    """Returns runs (as `parse_record` gives them) as a table with one row each."""
    rows = list(runs)
    columns = {name: [row.get(name) for row in rows] for name in schema.names}
    return pa.table(
        {field.name: pa.array(columns[field.name], field.type) for field in schema}, schema=schema
    )


def complete(table: pa.Table) -> pa.Table:
    """Returns a table of runs of an earlier version with today's columns.

    Missing settings get their defaults, and numbers their canonical form.
    """
    columns = {
        name: table[name] if name in table.column_names else pa.array([value] * len(table))
        for name, value in _defaults().items()
    }
    rates = [canonical(rate) for rate in table["learning_rate"].to_pylist()]
    columns["learning_rate"] = pa.array(rates)
    return pa.table(columns).cast(RUN_SCHEMA)


def _defaults() -> dict[str, Any]:
    """Returns the value of a column for runs from before the setting existed."""
    defaults = {item.column: item.default for item in IN_COLUMNS if item.default is not REQUIRED}
    defaults |= {name: "" for name in TEXTS if defaults.get(name, "") is None}
    defaults |= {item.column: "" for item in IN_COLUMNS if item.kind == "texts"}
    defaults |= {"primary_metric": "", "maximized": ""}
    return {name: defaults.get(name) for name in RUN_SCHEMA.names} | {"problem_version": 1}


def to_frame(table: pa.Table) -> pd.DataFrame:
    """Converts a table of runs into the tidy frame: one row per run and epoch.

    Args:
        table: Runs in the columns of `RUN_SCHEMA`.

    Returns:
        The tidy frame, without roles in searches (see `with_searches`).
    """
    lengths = np.zeros(len(table), dtype=np.int64)
    for metric in METRICS:
        lengths = np.maximum(lengths, _list_lengths(table[metric]))
    columns: dict[str, Any] = {}
    for name in RUN_COLUMNS:
        columns[name] = _repeat(table[name], lengths, is_text=name in TEXTS)
    for name in SEARCH_TEXTS:
        columns[name] = pd.Categorical([""]).take(np.zeros(lengths.sum(), dtype=np.intp))
    columns["budget"] = np.full(lengths.sum(), np.nan)
    starts = np.cumsum(lengths) - lengths
    columns["epoch"] = (np.arange(lengths.sum()) - np.repeat(starts, lengths)).astype(np.int32)
    series = {metric: table[metric] for metric in METRICS} | _own_metrics(table[OWN_METRICS])
    for metric, values in series.items():
        columns[metric] = _place(values, starts, lengths)
    for name in PER_EPOCH:
        columns[name] = _place_sums(table[name], starts, lengths)
    columns["examples"] = columns["steps"] * columns["batch_size"]
    columns["tokens"] = columns["examples"] * columns["sequence_length"]
    own = [metric for metric in series if metric not in METRICS]
    names = (*FIRST_COLUMNS, *own, *LAST_COLUMNS)
    return pd.DataFrame({name: columns[name] for name in names}, copy=False)


def _own_metrics(column: pa.ChunkedArray) -> dict[str, pa.ChunkedArray]:
    """Returns a list column for each name in a map column, null where a run does not have it."""
    maps = column.combine_chunks()
    if isinstance(maps, pa.ChunkedArray):  # of no chunks
        return {}
    offsets = maps.offsets.to_numpy()
    keys = maps.keys.to_numpy(zero_copy_only=False)
    entries = np.arange(offsets[0], offsets[-1])
    rows = np.searchsorted(offsets, entries, side="right") - 1
    columns = {}
    for name in sorted(set(keys[entries])):
        mine = keys[entries] == name
        places = np.full(len(maps), -1)
        places[rows[mine]] = entries[mine]
        taken = maps.items.take(pa.array(places, mask=places < 0))
        columns[str(name)] = pa.chunked_array([taken])
    return columns


def _list_lengths(column: pa.ChunkedArray) -> NDArray[np.int64]:
    lengths = pc.fill_null(pc.list_value_length(column), 0)
    return np.asarray(lengths.to_numpy(), dtype=np.int64)


def _repeat(column: pa.ChunkedArray, lengths: NDArray[np.int64], *, is_text: bool) -> Any:
    """Repeats each run's value for each of its epochs; strings become categorical."""
    if not is_text:
        return np.repeat(column.to_numpy(), lengths)
    categorical = pd.Categorical(column.to_pandas())
    codes = np.repeat(categorical.codes, lengths)
    return pd.Categorical.from_codes(codes, dtype=categorical.dtype)


def _place(
    column: pa.ChunkedArray,
    starts: NDArray[np.int64],
    lengths: NDArray[np.int64],
    shift: int = 0,
) -> NDArray[np.float64]:
    """Concatenates a list column, with NaN where a run's list is shorter than its epochs."""
    placed = np.full(int(lengths.sum()), np.nan)
    counts = _list_lengths(column)
    offsets = np.cumsum(counts) - counts
    within = np.arange(counts.sum()) - np.repeat(offsets, counts) + shift
    fits = within < np.repeat(lengths, counts)
    values = pc.list_flatten(column).to_numpy()
    placed[(np.repeat(starts, counts) + within)[fits]] = values[fits]
    return placed


def _place_sums(
    column: pa.ChunkedArray, starts: NDArray[np.int64], lengths: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Concatenates the cumulative sums of a per-epoch list, starting from 0."""
    placed = _place(column, starts, lengths, shift=1)
    known = (_list_lengths(column) > 0) & (lengths > 0)
    placed[starts[known]] = 0.0
    rows = np.repeat(np.arange(len(lengths)), lengths)
    return np.asarray(pd.Series(placed).groupby(rows).cumsum(), dtype=np.float64)
