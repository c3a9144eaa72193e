"""The results folder: where a record goes, what is already there, and who is at work on what."""

from __future__ import annotations

import contextlib
import datetime
import errno
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import filelock
import numpy as np

from ..common import ResultsError, RunInProgressError, UsageError, canonical, write_atomically
from ..config import SETTINGS, current_identity
from ._record import CorruptRecordError, Record, read_record

if TYPE_CHECKING:
    from ..config import RunConfig

_LONGEST_NAME = 200  # file systems allow 255 bytes a name
_COMPARED = 100  # characters of names that are compared: those of every version reach so far
_SCIENTIFIC = re.compile(r"\d\.\d*e[+-]\d+")
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

    def check_writable(self) -> None:
        """Makes the folder and tries it out, before hours of training depend on it.

        Raises:
            UsageError: Nothing can be written there.
            ResultsError: There is no room for a record.
        """
        probe = self.root / f".write_probe.{os.getpid()}"
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            try:
                probe.write_bytes(bytes(_SIZE_OF_A_RECORD))
            finally:
                probe.unlink(missing_ok=True)
        except OSError as error:
            reason = error.strerror or str(error)
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise ResultsError(
                    f"The results folder {self.root} has no room for a record: {reason}; free some."
                ) from error
            raise UsageError(
                f"The results folder {self.root} cannot be written: {reason}; choose another one."
            ) from error

    def folder_of(self, config: RunConfig) -> Path:
        """Where the records of this setting are, whatever the seed."""
        return self.root / config.problem_name / config.optimizer_name / setting_name(config)

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
        while earlier and _file_name(config.seed, time) <= earlier[0].name:
            time += datetime.timedelta(seconds=1)
        content = record.to_json().encode()
        while not write_atomically(
            path := folder / _file_name(config.seed, time), content, replace=False
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
        """What belongs to a run that is under way."""
        return self.root / ".runs" / run_id

    @contextmanager
    def lock(self, config: RunConfig) -> Iterator[None]:
        """Holds the run for this process; other processes that want the same one are refused.

        Raises:
            RunInProgressError: Another process holds it.
        """
        folder = self.work_folder(config.run_id)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = filelock.FileLock(folder / "lock", blocking=False)
            lock.acquire()
        except filelock.Timeout:
            raise RunInProgressError(
                f"Another process is at this run ({config.problem_name}, {config.optimizer_name}, "
                f"seed {config.seed}, run {config.run_id}) in {self.root}; wait for its record."
            ) from None
        except OSError as error:
            reason = error.strerror or str(error)
            raise ResultsError(f"{folder} could not be locked: {reason}.") from error
        try:
            yield
        finally:
            _remove_if_idle(folder)
            lock.release()


def _remove_if_idle(folder: Path) -> None:
    """Removes a run's work folder where it holds nothing but the lock, which is still held."""
    try:
        if [path.name for path in folder.iterdir()] == ["lock"]:
            shutil.rmtree(folder)
            folder.parent.rmdir()  # fails while other runs are under way beside it
    except OSError:
        return


def setting_name(config: RunConfig) -> str:
    """Returns the name of a setting's folder, as DeepOBS writes it where it knows the setting.

    `num_epochs__3__batch_size__128__momentum__9.e-01__lr__1.e-02`; hyperparameters in the order of
    their names, then what differs from the defaults, then the learning rate.
    """
    parts: dict[str, Any] = {"num_epochs": config.epochs, "batch_size": config.batch_size}
    if config.weight_decay != config.problem_value.weight_decay:
        parts["weight_decay"] = config.weight_decay
    parts.update(config.hyperparameters)
    schedule = config.schedule
    as_deepobs = schedule["name"] == "step" and "warmup_epochs" not in schedule
    if schedule["name"] != "constant" or len(schedule) > 1:
        parts.update({} if as_deepobs else _schedule_parts(schedule))
    if config.problem_version != 1:
        parts["problem_version"] = config.problem_version
    for item in SETTINGS:
        if item.in_folder and getattr(config, item.name) != item.default:
            parts[item.first_name] = getattr(config, item.name)
    if as_deepobs:
        changes = zip((0, *schedule["epochs"]), (1.0, *schedule["factors"]), strict=True)
        parts["lr_schedule"] = "_".join(f"{e}_{_text(f * (config.lr or 0.0))}" for e, f in changes)
    elif config.lr is not None:
        parts["lr"] = config.lr
    return _short("__".join(f"{name}__{_text(value)}" for name, value in parts.items()), config)


def same_setting(name: str, other: str) -> bool:
    """Returns whether two folders' names may stand for one setting.

    Earlier versions wrote all digits of a number and shortened longer names.
    """
    return _canonical_name(name) == _canonical_name(other)


@lru_cache(maxsize=100_000)
def _canonical_name(name: str) -> str:
    """The beginning of a name, its numbers in canonical form."""
    written = _SCIENTIFIC.sub(lambda match: _text(float(match[0])), name)
    return written[:_COMPARED]


def _schedule_parts(schedule: Mapping[str, Any]) -> dict[str, Any]:
    return {("schedule" if key == "name" else key): value for key, value in schedule.items()}


def _text(value: Any) -> str:
    """A value in a folder's name: floats as numpy writes them, 1.e-02, like the original."""
    if isinstance(value, float):
        return np.format_float_scientific(canonical(value))
    if isinstance(value, (tuple, list)):
        return "_".join(_text(item) for item in value)
    return re.sub(r"[^\w.+-]", "_", str(value))


def _short(name: str, config: RunConfig) -> str:
    """The name, or its beginning and the run's identity where file systems would not take it."""
    if len(name) <= _LONGEST_NAME:
        return name
    identity = replace(config, seed=0).run_id  # the same folder for every seed
    return f"{name[:_LONGEST_NAME]}__{identity}"


def _file_name(seed: int, time: datetime.datetime) -> str:
    return f"random_seed__{seed}__{time:%Y-%m-%d-%H-%M-%S}.json"
