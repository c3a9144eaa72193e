"""Loading of a results folder, with an index that makes repeated loading fast.

The index is a Parquet file, `.deepobs-index.parquet`, in the results folder, or in the user's
cache folder if a folder on a disk is not writable. It holds everything but the mini-batch losses.
An entry counts only as long as its file has the same size and modification time; an index that is
damaged, missing or of another version is created again.
"""

from __future__ import annotations

import io
import time
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ...common import is_address
from ..storage import Address, Listed, LocalStorage, Storage, open_storage
from ._bundle import is_bundle, unpack
from ._fields import UnreadableRecordError
from ._frame import RUN_SCHEMA, to_frame, to_table
from ._parse import parse_record
from ._searches import Search, read_searches, with_searches

# Increase whenever the same file would be read differently than before.
_VERSION = b"9"
_SCHEMA = pa.schema(
    [
        ("size", pa.int64()),
        ("mtime_ns", pa.int64()),
        ("kind", pa.string()),  # "run", "unreadable" or "unrelated"
        ("reason", pa.string()),
        *RUN_SCHEMA,
    ],
    metadata={b"deepobs-index": _VERSION},
)
# A file changed twice within the clock's resolution keeps its modification time, so entries of
# files younger than this when they were read are not kept (git calls such entries racy).
_RACY_NS = 2_000_000_000


class UnreadableRecordWarning(UserWarning):
    """Warning that some result files could not be read and were left out."""


class Unreadable(NamedTuple):
    """A result file that was left out, and why."""

    file: str
    reason: str


class ReadResult(NamedTuple):
    """The content of a results folder.

    Attributes:
        frame: The tidy frame: one row per run and epoch.
        unreadable: Result files that were left out, each with the reason.
        num_unrelated: Number of JSON files that are not results.
        num_duplicates: Number of duplicate runs, for example of merged folders.
        searches: The records of searches.
    """

    frame: pd.DataFrame
    unreadable: tuple[Unreadable, ...]
    num_unrelated: int
    num_duplicates: int
    searches: tuple[Search, ...] = ()


def load_records(path: Address) -> pd.DataFrame:
    """Loads the results under a folder, or of one file, as a tidy frame.

    Files of this package, of DeepOBS 1.1 and of DeepOBS 1.2 are read alike. A file that cannot be
    read is named in a warning and left out.

    Args:
        path: A results folder, with any number of folders below it, a bundle (`*.deepobs`), or one
            result file; or the address of a folder in object storage, such as `s3://bucket/folder`.
            Files and folders whose names begin with a dot are ignored; symbolic links are followed.

    Returns:
        One row per run and epoch (epoch 0 is before training). Columns: `run_id`, `source`
        ("deepobs-2", "deepobs-1.1", "deepobs-1.2"),
        `file`, `problem` (with `-v2` and so on from its second version on),
        `problem_version`,
        `optimizer`, `optimizer_path` (what `deepobs run` takes: "package.module.Class" for a user's
        own), one column for each setting of a run (`learning_rate`, `num_epochs` for `epochs`, all
        others by their names; `hyperparameters` and the arguments of a `schedule` as canonical
        JSON), `status` ("finished", "diverged"), `started` (ISO 8601), `hardware`, `versions`,
        `target` (the problem's convergence target, if any), `epoch`, `train_loss`,
        `test_loss`, `valid_loss`, `train_accuracy`, `test_accuracy`, `valid_accuracy`,
        `train_regularizer`, `test_regularizer`, `steps`, `seconds` and `passes` (gradient
        evaluations) of training, each since its start,
        `forward_backward_seconds`, `optimizer_seconds` (per step), `optimizer_state_bytes`,
        `peak_memory_bytes`; and for runs that belong to a search, `search` (its name),
        `studies` (a name that the independent studies of a method share), `role` ("trial", "best",
        "repeat", or "best repeat" for both), `searched` (the hyperparameters it varied in addition
        to the learning rate), `objective` and `budget`. Missing numbers are NaN; numbers of
        settings are rounded to twelve digits, so that equal settings are equal. Losses include the
        regularizer.

    Raises:
        FileNotFoundError: If there is nothing at `path`.
        UsageError: If an address is wrong.
        ResultsError: If object storage does not answer.
    """
    result = read_records(path)
    if result.unreadable:
        shown = "; ".join(f"{file}: {reason}" for file, reason in result.unreadable[:5])
        more = len(result.unreadable) - 5
        tail = f"; and {more} more" if more > 0 else ""
        warnings.warn(
            f"left out {len(result.unreadable)} result file(s) that cannot be read: {shown}{tail}",
            UnreadableRecordWarning,
            stacklevel=2,
        )
    return result.frame


def read_records(path: Address) -> ReadResult:
    """Loads results as `load_records` does, and reports what was left out.

    Args:
        path: A results folder, with any number of folders below it, a bundle, or one result file;
            or the address of a folder in object storage.

    Returns:
        The tidy frame, the files that cannot be read, and how many files were unrelated or
        duplicates.

    Raises:
        FileNotFoundError: If there is nothing at `path`.
        UsageError: If an address is wrong.
        ResultsError: If object storage does not answer.
    """
    storage, file = _find(path)
    if file is not None:
        table = to_table(_read_files(storage, [file]), _SCHEMA)
    elif storage.is_there():
        table = _refresh(storage)
    else:
        raise FileNotFoundError(f"there is no results folder or file {str(path)!r}")
    runs = table.filter(pc.equal(table["kind"], "run"))
    kept = _without_duplicates(runs)
    bad = table.filter(pc.equal(table["kind"], "unreadable"))
    others = table.filter(pc.equal(table["kind"], "unrelated"))["file"].to_pylist()
    searches = read_searches(storage, others)
    return ReadResult(
        frame=with_searches(to_frame(kept), searches),
        unreadable=tuple(
            Unreadable(*pair)
            for pair in zip(bad["file"].to_pylist(), bad["reason"].to_pylist(), strict=True)
        ),
        num_unrelated=len(others) - len(searches),
        num_duplicates=len(runs) - len(kept),
        searches=searches,
    )


def _find(path: Address) -> tuple[Storage, Listed | None]:
    """Returns the results folder, or the folder of a single result file and that file."""
    if is_address(path):
        return open_storage(path), None
    root = Path(path)
    if is_bundle(root):
        root = unpack(root)
    if root.is_file():
        folder = LocalStorage(root.parent)
        return folder, folder.listed(root.name)
    return open_storage(root), None


def _without_duplicates(runs: pa.Table) -> pa.Table:
    """Keeps the newest record of each run, like the store."""
    order = runs.select(["run_id", "file"]).to_pandas()
    order["date"] = order["file"].str.rsplit("/", n=1).str[-1]  # file names end with the date
    order = order.sort_values(["date", "file"], kind="stable")
    last = ~order.duplicated("run_id", keep="last")
    return runs.take(pa.array(sorted(order.index[last]), pa.int64()))


def _refresh(storage: Storage) -> pa.Table:
    """Updates the folder's index and returns it, sorted by file."""
    started_ns = time.time_ns()
    known = _load_index(storage)
    stamps = known.select(["file", "size", "mtime_ns"]).to_pylist()
    rows = {(s["file"], s["size"], s["mtime_ns"]): row for row, s in enumerate(stamps)}
    kept: list[int] = []
    unread: list[Listed] = []
    blocked: list[OSError] = []
    for listed in storage.json_files(blocked):
        row = rows.get((listed.name, listed.size, listed.modified_ns))
        if row is None:
            unread.append(listed)
        else:
            kept.append(row)
    read = to_table(_read_files(storage, unread), _SCHEMA)
    table = pa.concat_tables([known.take(pa.array(kept, pa.int64())), read]).sort_by("file")
    if unread or len(kept) < len(known):
        settled = pc.less(table["mtime_ns"], started_ns - _RACY_NS)
        _save_index(storage, table.filter(settled))
    if blocked:
        table = pa.concat_tables([table, to_table(map(_blocked_row, blocked), _SCHEMA)])
    return table


def _blocked_row(error: OSError) -> dict[str, Any]:
    """Returns the row of a folder that cannot be read."""
    name = str(error.filename).encode("utf-8", "replace").decode()
    reason = f"the folder cannot be read ({error.strerror}); the results in it are left out"
    return {"file": name, "size": 0, "mtime_ns": 0, "kind": "unreadable", "reason": reason}


def _read_files(storage: Storage, files: Sequence[Listed]) -> Iterator[dict[str, Any]]:
    """Yields the row of each file in the index."""
    regular = [file for file in files if file.regular]
    contents = storage.read_all([file.name for file in regular])
    yield from (_row(file, content) for file, content in zip(regular, contents, strict=True))
    for file in files:
        if not file.regular:  # opening a named pipe would block
            yield _row(file, OSError("it is not a regular file"))


def _row(file: Listed, content: bytes | OSError) -> dict[str, Any]:
    """Returns one file's row of the index."""
    name = file.name.encode("utf-8", "replace").decode()
    row = {"file": name, "size": file.size, "mtime_ns": file.modified_ns, "reason": None}
    if isinstance(content, OSError):
        reason = getattr(content, "strerror", None) or str(content)  # without the path
        return row | {"kind": "unreadable", "reason": reason}
    try:
        run = parse_record(content, name)
    except UnreadableRecordError as error:
        return row | {"kind": "unreadable", "reason": str(error)}
    return row | {"kind": "unrelated"} if run is None else row | {"kind": "run"} | run


def _load_index(storage: Storage) -> pa.Table:
    """Returns the index that was saved; an empty one if there is no valid index."""
    for content in storage.load_index():
        try:
            table = pq.read_table(pa.BufferReader(content))
            if (table.schema.metadata or {}).get(b"deepobs-index") == _VERSION:
                # Parquet names the values of lists differently; a foreign table cannot be cast.
                return table.select(_SCHEMA.names).cast(_SCHEMA)
        except (OSError, pa.ArrowException, KeyError):
            continue
    return to_table([], _SCHEMA)


def _save_index(storage: Storage, table: pa.Table) -> None:
    """Writes the index; does nothing if it cannot be kept anywhere."""
    content = io.BytesIO()
    pq.write_table(table, content, compression="zstd")
    storage.save_index(content.getvalue())
