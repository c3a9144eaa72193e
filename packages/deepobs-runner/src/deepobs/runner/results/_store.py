"""The results folder: its records and the locks of runs in progress."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ..common import ResultsError, RunInProgressError
from ..config import current_identity
from ._names import file_name, folder_name, same_setting, setting_name
from ._record import CorruptRecordError, Record, parse_json
from .storage import Address, LockedError, Storage, open_storage

if TYPE_CHECKING:
    from ..config import RunConfig

BEST_MODEL = "best.pt"
_WORK = ".runs"


class ResultsStore:
    """Records in DeepOBS's layout, in a folder or in object storage.

    `<root>/<problem>/<optimizer>/<setting>/random_seed__S__<time>.json`; lock and
    checkpoints of a run in progress are in `<root>/.runs/<run_id>/`.

    Args:
        root: The results folder, created when needed; or its address, such as `s3://bucket/folder`.

    Attributes:
        address: The same.
        storage: The files there.

    Raises:
        UsageError: If the address is wrong, or needs a package that is not installed.
    """

    def __init__(self, root: Address) -> None:
        self.address = root
        self.storage = open_storage(root)

    def check_writable(self, config: RunConfig | None = None) -> None:
        """Checks that a record can be written, before the run starts.

        Args:
            config: The run; None checks the results folder itself.

        Raises:
            UsageError: If nothing can be written there.
            ResultsError: If there is no space for a record.
        """
        self.storage.check_writable("" if config is None else self.folder_of(config))

    def folder_of(self, config: RunConfig) -> str:
        """Returns the folder of this setting's records, which all seeds share."""
        problem, optimizer = folder_name(config.problem_name), folder_name(config.optimizer_name)
        return f"{problem}/{optimizer}/{setting_name(config)}"

    def find(self, config: RunConfig) -> Record | None:
        """Returns the newest record of this run, or None; damaged files are skipped."""
        return next(self._records(config), None)

    def save(self, config: RunConfig, record: Record) -> Record:
        """Writes a record atomically, and moves earlier ones of the same run away.

        Readers of the folder then see one record per run, the newest. Earlier ones are kept in
        `.superseded`, under the same path.

        Raises:
            ResultsError: If it could not be written.
            RunInProgressError: If another process has taken over the run, which only happens in
                object storage.
        """
        self.work(config.run_id).confirm()
        earlier = [name for _, name in self._named_records(config)]
        folder = self.folder_of(config)
        time = datetime.datetime.now()
        while earlier and file_name(config.seed, time) <= PurePosixPath(earlier[0]).name:
            time += datetime.timedelta(seconds=1)
        content = record.to_json().encode()
        while not self.storage.write(
            name := f"{folder}/{file_name(config.seed, time)}", content, replace=False
        ):
            time += datetime.timedelta(seconds=1)
        for old in earlier:
            self._put_aside(old)
        return replace(record, path=self.storage.locate(name))

    def _records(self, config: RunConfig) -> Iterator[Record]:
        """Yields the records of a run, newest first."""
        return (record for record, _ in self._named_records(config))

    def _named_records(self, config: RunConfig) -> Iterator[tuple[Record, str]]:
        """Yields the records of a run with the names of their files, newest first."""
        own = PurePosixPath(self.folder_of(config))
        pattern = f"random_seed__{config.seed}__*.json"
        names = [
            name
            for folder in self.storage.folders(str(own.parent))
            if same_setting(PurePosixPath(folder).name, own.name)
            for name in self.storage.files(pattern, folder)
        ]
        for name in sorted(names, key=lambda name: PurePosixPath(name).name, reverse=True):
            record = read_or_skip(self.storage, name)
            if record is None:
                continue
            known = current_identity(record.config, config.problem_identity, record.run_id)
            if known == config.run_id:
                yield record, name

    def _put_aside(self, name: str) -> None:
        """Moves a record and the weights next to it to `.superseded`."""
        for file in (name, _name_of_best(name)):
            with contextlib.suppress(OSError):  # the new record has been written in any case
                self.storage.move(file, self.storage, f".superseded/{file}")

    def work(self, run_id: str) -> Storage:
        """Returns the folder of a run in progress."""
        return self.storage.at(f"{_WORK}/{run_id}")

    def runs_in_progress(self) -> list[str]:
        """Returns the identities of runs that have a folder of work in progress."""
        return [PurePosixPath(name).name for name in self.storage.folders(_WORK)]

    def keep_best(self, record: Record) -> None:
        """Moves the best model of a run next to its record."""
        work = self.work(record.run_id)
        name = None if record.path is None else self.storage.name_of(record.path)
        if name is not None and work.exists(BEST_MODEL):
            work.move(BEST_MODEL, self.storage, _name_of_best(name))

    def finish(self, record: Record) -> bool:
        """Cleans up after a run that was killed after its record was written.

        Moves the best model next to the record and removes the run's checkpoints, unless they are
        newer than the record, which means that the run was started again.

        Returns:
            Whether there was something to clean up, and no other process was doing it.

        Raises:
            ResultsError: If the folder is not writable.
        """
        work = self.work(record.run_id)
        name = None if record.path is None else self.storage.name_of(record.path)
        if name is None or not work.is_there():
            return False
        try:
            with self.hold(record.run_id, f"of the record {PurePosixPath(name).name}"):
                left = [*work.files("*.pt"), *work.files(".*.tmp")]
                written = self.storage.modified_ns(name)
                if any(work.modified_ns(file) > written for file in left):
                    return False
                self.keep_best(record)
                for file in left:
                    work.remove(file)
        except RunInProgressError:
            return False
        except ResultsError:
            raise
        except OSError as error:
            reason = error.strerror or str(error)
            raise ResultsError(f"{work} could not be cleaned up: {reason}.") from error
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
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(self.work(run_id).lock())
            except LockedError:
                raise RunInProgressError(
                    f"Another process has the run {run_id} ({description}) in {self.storage}; wait "
                    "for its record."
                ) from None
            yield


def read_or_skip(storage: Storage, name: str) -> Record | None:
    """Returns a record; None for a file that is damaged or cannot be read.

    Raises:
        ResultsError: If object storage does not answer, so that the record may well be there.
    """
    try:
        return parse_json(storage.read(name), storage.locate(name))
    except ResultsError:
        raise
    except (CorruptRecordError, OSError):
        return None


def _name_of_best(record: str) -> str:
    """Returns the name of the best model of a record."""
    return f"{record.removesuffix('.json')}.{BEST_MODEL}"
