"""The results folder: its records and the locks of runs in progress."""

from __future__ import annotations

import contextlib
import datetime
import errno
import os
import re
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

_LOCK_ATTEMPTS = 100  # an attempt fails only if another process removes the folder at that moment
_ADDRESS = re.compile(r"(\w{2,}):/+(.*)")  # a drive has one letter; a Path keeps one slash of two
_SIZE_OF_A_RECORD = 1 << 16  # bytes; about that of 100 epochs of 1,000 steps


class ResultsStore:
    """A folder of records in DeepOBS's layout.

    `<root>/<problem>/<optimizer>/<setting>/random_seed__S__<time>.json`; lock and
    checkpoints of a run in progress are in `<root>/.runs/<run_id>/`.

    Args:
        root: The results folder; created when needed.

    Raises:
        UsageError: If `root` is the address of an object storage.
    """

    def __init__(self, root: str | Path) -> None:
        if address := _ADDRESS.fullmatch(str(root)):
            raise UsageError(
                f"results must be a folder, not the address {address[1]}://{address[2]}: locks and "
                "checkpoints need a file system; copy the finished folder there, for example with "
                "`rclone copy`."
            )
        self.root = Path(root)

    def check_writable(self, config: RunConfig | None = None) -> None:
        """Checks that a record can be written, before the run starts.

        Args:
            config: The run; None checks the results folder itself.

        Raises:
            UsageError: If nothing can be written there.
            ResultsError: If there is no space for a record.
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
                    f"The folder {folder} has no room for a record: {reason}; free some space."
                ) from error
            raise UsageError(
                f"The results folder {folder} cannot be written: {reason}; choose another one."
            ) from error

    def folder_of(self, config: RunConfig) -> Path:
        """Returns the folder of this setting's records, which all seeds share."""
        problem, optimizer = folder_name(config.problem_name), folder_name(config.optimizer_name)
        return self.root / problem / optimizer / setting_name(config)

    def find(self, config: RunConfig) -> Record | None:
        """Returns the newest record of this run, or None; damaged files are skipped."""
        return next(self._records(config), None)

    def save(self, config: RunConfig, record: Record) -> Record:
        """Writes a record atomically, and moves earlier ones of the same run away.

        Readers of the folder then see one record per run, the newest. Earlier ones are kept in
        `.superseded`, under the same path.

        Raises:
            ResultsError: If it could not be written.
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
        """Yields the records of a run, newest first."""
        own = self.folder_of(config)
        try:
            folders = [path for path in own.parent.iterdir() if same_setting(path.name, own.name)]
        except OSError:  # the folder does not exist yet
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
        """Moves a record and the weights next to it to `.superseded`."""
        for file in (path, path.with_suffix(".best.pt")):
            target = self.root / ".superseded" / file.relative_to(self.root)
            with contextlib.suppress(OSError):  # the new record has been written in any case
                target.parent.mkdir(parents=True, exist_ok=True)
                file.replace(target)

    def work_folder(self, run_id: str) -> Path:
        """Returns the work folder of a run in progress."""
        return self.root / ".runs" / run_id

    def finish(self, record: Record) -> bool:
        """Cleans up after a run that was killed after its record was written.

        Moves the best model next to the record and removes the run's checkpoints, unless they are
        newer than the record, which means that the run was started again.

        Returns:
            Whether there was something to clean up, and no other process was doing it.

        Raises:
            ResultsError: If the folder is not writable.
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
        """Context that locks the run for this process.

        Raises:
            RunInProgressError: If another process holds the lock.
        """
        names = f"{config.problem_name}, {config.optimizer_name}, seed {config.seed}"
        return self.hold(config.run_id, names)

    @contextmanager
    def hold(self, run_id: str, description: str) -> Iterator[None]:
        """Context that locks a run by its identity; see `lock`.

        Args:
            run_id: The run's identity.
            description: Description of the run for the error message.
        """
        folder = self.work_folder(run_id)
        try:
            lock = _acquire(folder)
        except filelock.Timeout:
            raise RunInProgressError(
                f"Another process has the run {run_id} ({description}) in {self.root}; wait "
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
    """Returns the nearest existing parent of a folder.

    Raises:
        OSError: If a name is longer than the file system allows.
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
    """Locks a run's work folder, which another process may remove meanwhile.

    Raises:
        filelock.Timeout: If another process holds the lock.
        OSError: If the folder cannot be created or locked.
    """
    path = folder / "lock"
    for attempt in range(1, _LOCK_ATTEMPTS + 1):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = filelock.FileLock(path, blocking=False)
            lock.acquire()
        except filelock.Timeout:  # locked, or removed after it was opened
            if path.exists() or attempt == _LOCK_ATTEMPTS:
                raise
        except (FileNotFoundError, FileExistsError):  # removed or created between two calls
            if attempt == _LOCK_ATTEMPTS:
                raise
        else:
            return lock
    raise AssertionError("unreachable: the last attempt returns or raises")


def _remove_if_idle(folder: Path) -> None:
    """Removes a run's work folder if it contains only the lock, which is still held."""
    try:
        if [path.name for path in folder.iterdir()] == ["lock"]:
            shutil.rmtree(folder)
            folder.parent.rmdir()  # fails while there are other runs
    except OSError:
        return
