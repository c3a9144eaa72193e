"""Fetching data sets, checking them, and telling what is there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import filelock

from ._catalogue import get_entry
from ._errors import CorruptDatasetError, DataRootError, FetchError, way_out
from ._fetch import Progress, checksum_matches, fetch
from ._imagenet import imagenet, missing_images, way_to_get
from ._root import not_found, reading, resolve_root
from ._sources import Download, checksums, downloads
from ._unpack import unpack

OFFLINE_VARIABLE = "DEEPOBS_OFFLINE"


@dataclass(frozen=True)
class FileStatus:
    """What `verify_dataset` found out about one file.

    Attributes:
        file: Its path.
        status: Whether it is as it should be.
        reason: What is wrong and what to do; empty if nothing is.
    """

    file: Path
    status: Literal["ok", "missing", "corrupt"]
    reason: str = ""


@dataclass(frozen=True)
class DatasetStatus:
    """What is on this machine of one data set.

    Attributes:
        name: Its name.
        folder: The data folder that was looked at.
        needs_files: Whether it needs files at all.
        present: Whether it can be loaded: all files are there.
        bytes_on_disk: What its files take; None for ImageNet, whose files are too many to ask.
    """

    name: str
    folder: Path
    needs_files: bool
    present: bool
    bytes_on_disk: int | None


def dataset_status(name: str, *, root: str | os.PathLike[str] | None = None) -> DatasetStatus:
    """Tells whether a data set is on this machine, without reading it.

    Args:
        name: One of `DATASETS`, which also has its description, origin and licence.
        root: The folder of the data sets; by default $DEEPOBS_DATA_DIR, else the user's cache.

    Raises:
        UnknownDatasetError: If there is no data set of that name.
        DataRootError: If the data folder is a file or may not be read.
    """
    entry, base = get_entry(name), resolve_root(root)
    if name == "imagenet":
        return DatasetStatus(name, base, True, missing_images(base) is None, None)
    paths = [base / file for file in entry.files]
    with reading(base):
        sizes = [path.stat().st_size for path in paths if path.is_file()]
    return DatasetStatus(name, base, bool(paths), len(sizes) == len(paths), sum(sizes))


def prepare_dataset(
    name: str,
    *,
    root: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> Path:
    """Fetches what is missing of a data set and unpacks it.

    Processes that do so at once take turns. An archive that is there already is used. With
    $DEEPOBS_OFFLINE set to 1, nothing is fetched.

    Args:
        name: One of `DATASETS`.
        root: The folder of the data sets; by default $DEEPOBS_DATA_DIR, else the user's cache.
        progress: Called while fetching with a file's name, the bytes so far, and the bytes in all
            or None; and once, in place of a file, with a line that another process is waited for.

    Returns:
        The folder of the data sets.

    Raises:
        UnknownDatasetError: If there is no data set of that name.
        DataRootError: If the data folder is a file, or may not be read or written.
        FetchError: If something cannot be fetched, as ImageNet, or may not be, offline.
        CorruptDatasetError: If a file that is there already is not what it should be.
    """
    base = resolve_root(root)
    if dataset_status(name, root=base).present:
        _check_present(name, base)
        return base
    if name == "imagenet":
        raise FetchError(f"{way_to_get(base)}.")
    try:
        base.mkdir(parents=True, exist_ok=True)
        with _turn(name, base, progress):
            _check_present(name, base)
            missing = [source for source in downloads(name) if _is_missing(name, base, source)]
            _check_online(name, base, missing)
            for source in missing:
                _provide(name, base, source, progress)
    except OSError as error:
        raise DataRootError(
            f"The data folder {base} cannot be written ({error.strerror or error}): choose another"
            " one, by argument or by $DEEPOBS_DATA_DIR."
        ) from error
    return base


@contextmanager
def _turn(name: str, base: Path, progress: Progress | None) -> Iterator[None]:
    """Waits until no other process prepares the data set, and says so if it has to."""
    lock = filelock.FileLock(base / f".{name}.lock")
    try:
        lock.acquire(blocking=False)
    except filelock.Timeout:
        if progress:
            progress(f"{name}: waiting for another process that prepares it", 0, None)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _check_present(name: str, base: Path) -> None:
    """Raises CorruptDatasetError if a file that is there already is a wrong one."""
    for file, checksum in checksums(name).items():
        path = base / file
        if path.is_file() and not checksum_matches(path, checksum):
            raise CorruptDatasetError(f"{path} has the wrong checksum: {way_out(name)}")


def _is_missing(name: str, base: Path, download: Download) -> bool:
    """Tells whether a file that the data set needs from this download is not there."""
    needed = set(download.results).intersection(get_entry(name).files)
    return not all((base / file).is_file() for file in needed)


def _check_online(name: str, base: Path, missing: list[Download]) -> None:
    """Raises FetchError if something has to be fetched but may not be; it says what goes where."""
    wanted = [source for source in missing if not (base / source.path).is_file()]
    if wanted and os.environ.get(OFFLINE_VARIABLE, "0") not in ("", "0"):
        places = ", ".join(f"{source.urls[0]} to {base / source.path}" for source in wanted)
        raise FetchError(
            f"${OFFLINE_VARIABLE} is set, so nothing is fetched: bring {places} by other means and"
            f" run `deepobs data prepare {name}` again."
        )


def _provide(name: str, base: Path, download: Download, progress: Progress | None) -> None:
    """Fetches and unpacks the files of one download."""
    target = base / download.path
    if not target.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        most = 2 * get_entry(name).download_bytes  # which is roughly that of all its files
        fetch(download.urls, target, download.checksum, most_bytes=most, progress=progress)
    elif not checksum_matches(target, download.checksum):
        raise CorruptDatasetError(f"{target} has the wrong checksum: {way_out(name)}")
    if download.unpacks_to:
        unpack(target, base, download.unpacks_to)
        target.unlink()


def verify_dataset(
    name: str,
    *,
    root: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> list[FileStatus]:
    """Checks the files of a data set: by checksum, or of ImageNet by decoding every image.

    Args:
        name: One of `DATASETS`.
        root: The folder of the data sets; by default $DEEPOBS_DATA_DIR, else the user's cache.
        progress: Called with what is being checked, how many files are, and of how many.

    Returns:
        The status of every file; of ImageNet only of the files that are corrupt or missing. Empty
        if the data set needs no files.

    Raises:
        UnknownDatasetError: If there is no data set of that name.
        DataRootError: If the data folder is a file, or it or a file in it may not be read.
    """
    entry, base = get_entry(name), resolve_root(root)
    if name == "imagenet":
        return _verify_images(base, progress)
    sums = checksums(name)
    found: list[FileStatus] = []
    for file in entry.files:
        if progress:
            progress(file, len(found), len(entry.files))
        path = base / file
        if not path.is_file():
            found.append(FileStatus(path, "missing", str(not_found(name, base, file))))
        elif not checksum_matches(path, sums[file]):
            reason = f"{path} has the wrong checksum: {way_out(name)}"
            found.append(FileStatus(path, "corrupt", reason))
        else:
            found.append(FileStatus(path, "ok"))
        if progress:
            progress(file, len(found), len(entry.files))
    return found


def _verify_images(base: Path, progress: Progress | None) -> list[FileStatus]:
    try:
        dataset = imagenet(root=base)
    except (FileNotFoundError, CorruptDatasetError) as error:
        missing = isinstance(error, FileNotFoundError)
        return [FileStatus(base / "imagenet", "missing" if missing else "corrupt", str(error))]
    return [
        FileStatus(path, "corrupt", f"{path} cannot be read as an image: fetch it again.")
        for path in dataset.find_unreadable(progress)
    ]
