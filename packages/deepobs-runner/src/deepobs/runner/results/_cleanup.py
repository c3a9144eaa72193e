"""Removes files that killed processes left in a results folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..common import ResultsError, RunInProgressError, UsageError
from ._record import Record
from ._store import ResultsStore, read_or_skip
from .storage import Address, Storage


@dataclass(frozen=True, kw_only=True)
class CleanUp:
    """The result of `clean`.

    Attributes:
        finished: Runs that have a record, whose leftovers were removed.
        unfinished: Runs without a record that can be resumed.
        removed: Temporary files, and the folders of unfinished runs, that were removed; addresses
            in object storage.
    """

    finished: tuple[str, ...]
    unfinished: tuple[str, ...]
    removed: tuple[Path | str, ...]


def clean(root: Address, *, unfinished: bool = False, dry_run: bool = False) -> CleanUp:
    """Removes files that killed processes left in a results folder.

    Finishes runs that were killed right after their record was written, and removes temporary
    files that are older than an hour. Files of running processes are kept.

    Args:
        root: The results folder, or its address in object storage.
        unfinished: Whether to remove the checkpoints of unfinished runs as well, which then cannot
            be resumed.
        dry_run: Whether to only report what would be removed.

    Raises:
        UsageError: If the folder does not exist.
        ResultsError: If the folder is not writable.
    """
    store = ResultsStore(root)
    storage = store.storage
    if not storage.is_there():
        raise UsageError(f"There is no results folder {storage}.")
    works = store.runs_in_progress()
    records = _records_of(storage, set(works))
    left = tuple(run_id for run_id in works if run_id not in records)
    finished, leftovers = [], storage.leftovers()
    for run_id, record in records.items():
        if dry_run or store.finish(record):
            finished.append(run_id)
    if not dry_run:
        for name in leftovers:
            storage.remove(name)
    removed = [storage.locate(name) for name in leftovers]
    if unfinished:
        forgotten = [_forget(store, run_id, dry_run=dry_run) for run_id in left]
        removed += [folder for folder in forgotten if folder is not None]
    return CleanUp(finished=tuple(finished), unfinished=left, removed=tuple(removed))


def _records_of(storage: Storage, run_ids: set[str]) -> dict[str, Record]:
    """Returns the records of some runs, identified by reading all records."""
    found: dict[str, Record] = {}
    names = [listed.name for listed in storage.json_files([])] if run_ids else []
    for name in names:
        depth, file = name.count("/"), name.rpartition("/")[2]
        if depth != 3 or not file.startswith("random_seed__"):
            continue
        record = read_or_skip(storage, name)
        if record is not None and record.run_id in run_ids:
            found[record.run_id] = record
    return found


def _forget(store: ResultsStore, run_id: str, *, dry_run: bool) -> Path | str | None:
    """Removes the checkpoints of an unfinished run, unless a process is executing it."""
    work = store.work(run_id)
    try:
        with store.hold(run_id, "unfinished"):
            if not dry_run:
                work.clear()
    except RunInProgressError:
        return None
    except ResultsError:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise ResultsError(f"{work} could not be removed: {reason}.") from error
    return work.locate("")
