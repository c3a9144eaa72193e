"""The results folder: where a record goes, what is already there, and who is at work on what."""

from __future__ import annotations

import contextlib
import datetime
import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import filelock

from ..common import ResultsError, RunInProgressError, UsageError, write_atomically
from ..config import current_identity
from ._names import file_name, folder_name, same_setting, setting_name
from ._record import CorruptRecordError, Record, read_record

if TYPE_CHECKING:
    from ..config import RunConfig

_LOCK_ATTEMPTS = 100  # each fails only if another process removes the folder at that moment
_SIZE_OF_A_RECORD = 1 << 16  # about that of a run of a hundred epochs with a thousand steps each


class ResultsStore:
    """A folder of records in DeepOBS's layout.

    `<root>/<problem>/<optimizer>/<setting>/random_seed__S__<time>.json`; what a run needs while
    it is under way (lock, checkpoints) is in `<root>/.runs/<run_id>/`.

    Args:
        root: The results folder; made when needed.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)

    def check_writable(self, config: RunConfig | None = None) -> None:
        """Writes a trial file where a record will go, before hours of training depend on it.

        Args:
            config: The run; None tries the results folder itself.

        Raises:
            UsageError: Nothing can be written there.
            ResultsError: There is no room for a record.
        """
        folder = self.root
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if config is not None:
                folder = _deepest_existing(self.folder_of(config))
            probe = folder / f".write_probe.{os.getpid()}"
            try:
                probe.write_bytes(bytes(_SIZE_OF_A_RECORD))
            finally:
                probe.unlink(missing_ok=True)
        except OSError as error:
            reason = error.strerror or str(error)
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise ResultsError(
                    f"The results folder {folder} has no room for a record: {reason}; free some."
                ) from error
            raise UsageError(
                f"The results folder {folder} cannot be written: {reason}; choose another one."
            ) from error

    def folder_of(self, config: RunConfig) -> Path:
        """Returns where the records of this setting are, whatever the seed."""
        problem, optimizer = folder_name(config.problem_name), folder_name(config.optimizer_name)
        return self.root / problem / optimizer / setting_name(config)

    def find(self, config: RunConfig) -> Record | None:
        """Returns the newest record of this very run, or None; damaged files are passed over."""
        return next(self._records(config), None)

    def save(self, config: RunConfig, record: Record) -> Record:
        """Writes a record, whole or not at all, and puts earlier ones of the same run aside.

        The readers of a folder then see one record of each run: the newest. Earlier ones stay in
        `.superseded`, under the same path.

        Raises:
            ResultsError: It could not be written.
        """
        earlier = [found.path for found in self._records(config) if found.path is not None]
        folder = self.folder_of(config)
        time = datetime.datetime.now()
        while earlier and file_name(config.seed, time) <= earlier[0].name:
            time += datetime.timedelta(seconds=1)
        content = record.to_json().encode()
        while not write_atomically(
            path := folder / file_name(config.seed, time), content, replace=False
        ):
            time += datetime.timedelta(seconds=1)
        for old in earlier:
            self._put_aside(old)
        return replace(record, path=path)

    def _records(self, config: RunConfig) -> Iterator[Record]:
        """Yields the records of a run, the newest first."""
        own = self.folder_of(config)
        try:
            folders = [path for path in own.parent.iterdir() if same_setting(path.name, own.name)]
        except OSError:  # there is no such folder yet
            return
        files = [
            path for held in folders for path in held.glob(f"random_seed__{config.seed}__*.json")
        ]
        for path in sorted(files, key=lambda path: path.name, reverse=True):
            try:
                record = read_record(path)
            except (CorruptRecordError, OSError):
                continue
            known = current_identity(record.config, config.problem_identity, record.run_id)
            if known == config.run_id:
                yield record

    def _put_aside(self, path: Path) -> None:
        """Moves a record, and the weights kept beside it, to `.superseded`."""
        for file in (path, path.with_suffix(".best.pt")):
            target = self.root / ".superseded" / file.relative_to(self.root)
            with contextlib.suppress(OSError):  # the new record is written, whatever happens here
                target.parent.mkdir(parents=True, exist_ok=True)
                file.replace(target)

    def work_folder(self, run_id: str) -> Path:
        """Returns what belongs to a run that is under way."""
        return self.root / ".runs" / run_id

    def finish(self, record: Record) -> bool:
        """Does what a kill right after the record was written left undone.

        Moves the best model beside the record and removes the run's checkpoints, unless they are
        newer than the record: then the run was begun again on purpose.

        Returns:
            Whether there was anything to do, and no other process is doing it.

        Raises:
            ResultsError: The folder cannot be written.
        """
        folder = self.work_folder(record.run_id)
        if record.path is None or not folder.exists():
            return False
        try:
            with self.hold(record.run_id, f"of the record {record.path.name}"):
                left = [*folder.glob("*.pt"), *folder.glob(".*.tmp")]
                written = record.path.stat().st_mtime_ns
                if any(path.stat().st_mtime_ns > written for path in left):
                    return False
                best = folder / "best.pt"
                if best.exists():
                    best.replace(record.path.with_suffix(".best.pt"))
                for path in left:
                    path.unlink(missing_ok=True)
        except RunInProgressError:
            return False
        except OSError as error:
            reason = error.strerror or str(error)
            raise ResultsError(f"{folder} could not be cleaned up: {reason}.") from error
        return True

    def lock(self, config: RunConfig) -> AbstractContextManager[None]:
        """Holds the run for this process; other processes that want the same one are refused.

        Raises:
            RunInProgressError: Another process holds it.
        """
        names = f"{config.problem_name}, {config.optimizer_name}, seed {config.seed}"
        return self.hold(config.run_id, names)

    @contextmanager
    def hold(self, run_id: str, description: str) -> Iterator[None]:
        """Holds a run of which only the identity is known; see `lock`.

        Args:
            run_id: The run's identity.
            description: What the error message calls the run.
        """
        folder = self.work_folder(run_id)
        try:
            lock = _acquire(folder)
        except filelock.Timeout:
            raise RunInProgressError(
                f"Another process is doing the run {run_id} ({description}) in {self.root}; wait "
                "for its record."
            ) from None
        except OSError as error:
            reason = error.strerror or str(error)
            raise ResultsError(f"{folder} could not be locked: {reason}.") from error
        try:
            yield
        finally:
            _remove_if_idle(folder)
            lock.release()


def _deepest_existing(folder: Path) -> Path:
    """Returns the last folder on the way to one that exists.

    Raises:
        OSError: A name on the way is longer than this file system allows.
    """
    missing = []
    while not folder.exists():
        missing.append(folder.name)
        folder = folder.parent
    longest = os.pathconf(folder, "PC_NAME_MAX") if hasattr(os, "pathconf") else 255
    if any(len(os.fsencode(name)) > longest for name in missing):
        raise OSError(errno.ENAMETOOLONG, f"names may have {longest} bytes")
    return folder


def _acquire(folder: Path) -> filelock.BaseFileLock:
    """Locks a run's work folder, which another process may remove at any moment.

    Raises:
        filelock.Timeout: Another process holds the lock.
        OSError: The folder cannot be made or locked.
    """
    path = folder / "lock"
    for attempt in range(1, _LOCK_ATTEMPTS + 1):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = filelock.FileLock(path, blocking=False)
            lock.acquire()
        except filelock.Timeout:  # held, or removed after it was opened
            if path.exists() or attempt == _LOCK_ATTEMPTS:
                raise
        except (FileNotFoundError, FileExistsError):  # removed or made between two calls
            if attempt == _LOCK_ATTEMPTS:
                raise
        else:
            return lock
    raise AssertionError("unreachable: the last attempt returns or raises")


def _remove_if_idle(folder: Path) -> None:
    """Removes a run's work folder where it holds nothing but the lock, which is still held."""
    try:
        if [path.name for path in folder.iterdir()] == ["lock"]:
            shutil.rmtree(folder)
            folder.parent.rmdir()  # fails while other runs are under way beside it
    except OSError:
        return
