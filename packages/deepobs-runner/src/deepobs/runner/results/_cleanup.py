"""Removes files that killed processes left in a results folder."""

from __future__ import annotations

import re
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from ..common import ResultsError, RunInProgressError, UsageError
from ._record import CorruptRecordError, Record, read_record
from ._store import ResultsStore

# Temporary files of `write_atomically`, and trial files of `check_writable`.
_TEMPORARY = re.compile(r"\..*\.tmp|\.write_probe\.\d+")
# Files are written within seconds, so one as old as this does not belong to a running process.
_SECONDS_UNTIL_STALE = 3600.0


@dataclass(frozen=True, kw_only=True)
class CleanUp:
    """The result of `clean`.

    Attributes:
        finished: Runs that have a record, whose leftovers were removed.
        unfinished: Runs without a record that can be resumed.
        removed: Temporary files, and the folders of unfinished runs, that were removed.
    """

    finished: tuple[str, ...]
    unfinished: tuple[str, ...]
    removed: tuple[Path, ...]


def clean(root: str | Path, *, unfinished: bool = False, dry_run: bool = False) -> CleanUp:
    """Removes files that killed processes left in a results folder.

    Finishes runs that were killed right after their record was written, and removes temporary
    files that are older than an hour. Files of running processes are kept.

    Args:
        root: The results folder.
        unfinished: Whether to remove the checkpoints of unfinished runs as well, which then cannot
            be resumed.
        dry_run: Whether to only report what would be removed.

    Raises:
        UsageError: If the folder does not exist.
        ResultsError: If the folder is not writable.
    """
    store = ResultsStore(root)
    if not store.root.is_dir():
        raise UsageError(f"There is no results folder {store.root}.")
    works = [path.name for path in sorted(store.root.glob(".runs/*")) if path.is_dir()]
    records = _records_of(store.root, set(works))
    left = tuple(run_id for run_id in works if run_id not in records)
    finished, removed = [], _stale_files(store.root)
    for run_id, record in records.items():
        if dry_run or store.finish(record):
            finished.append(run_id)
    if not dry_run:
        for path in removed:
            path.unlink(missing_ok=True)
    if unfinished:
        forgotten = [_forget(store, run_id, dry_run=dry_run) for run_id in left]
        removed += [folder for folder in forgotten if folder is not None]
    return CleanUp(finished=tuple(finished), unfinished=left, removed=tuple(removed))


def _records_of(root: Path, run_ids: set[str]) -> dict[str, Record]:
    """Returns the records of some runs, identified by reading all records."""
    found: dict[str, Record] = {}
    for path in sorted(root.glob("*/*/*/random_seed__*.json")) if run_ids else []:
        try:
            record = read_record(path)
        except (CorruptRecordError, OSError):
            continue
        if record.run_id in run_ids:
            found[record.run_id] = record
    return found


def _stale_files(root: Path) -> list[Path]:
    found = []
    for path in sorted(root.rglob(".*")):
        try:
            age = time.time() - path.lstat().st_mtime
        except OSError:  # removed meanwhile by its process
            continue
        if _TEMPORARY.fullmatch(path.name) and path.is_file() and age > _SECONDS_UNTIL_STALE:
            found.append(path)
    return found


def _forget(store: ResultsStore, run_id: str, *, dry_run: bool) -> Path | None:
    """Removes the checkpoints of an unfinished run, unless a process is executing it."""
    folder = store.work_folder(run_id)
    try:
        with store.hold(run_id, "unfinished"):
            for path in [] if dry_run else folder.iterdir():
                if path.name != "lock":
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
    except RunInProgressError:
        return None
    except OSError as error:
        reason = error.strerror or str(error)
        raise ResultsError(f"{folder} could not be removed: {reason}.") from error
    return folder
