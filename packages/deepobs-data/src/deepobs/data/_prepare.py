"""Fetching data sets, checking their files, and reporting what exists."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import filelock

from ._catalogue import get_entry
from ._errors import CorruptDatasetError, DataRootError, FetchError, printable, way_out
from ._fetch import Progress, checksum_matches, fetch, pointed_checksum
from ._imagenet import imagenet, missing_images, way_to_get
from ._root import find_layout, not_found, reading, resolve_root
from ._sources import POINTER, Download, checksums, downloads
from ._unpack import unpack

OFFLINE_VARIABLE = "DEEPOBS_OFFLINE"


@dataclass(frozen=True)
class FileStatus:
    """The status of one file, as returned by `verify_dataset`.

    Attributes:
        file: Its path.
        status: The result of the check.
        reason: What is wrong and what to do; empty if the file is correct.
    """

    file: Path
    status: Literal["ok", "missing", "corrupt"]
    reason: str = ""

    def __str__(self) -> str:
        """Returns the status and the path, with unprintable characters escaped."""
        return f"{self.status:<8}{printable(str(self.file))}"


@dataclass(frozen=True)
class DatasetStatus:
    """The status of a data set on this machine.

    Attributes:
        name: Its name.
        folder: The data folder that was searched.
        needs_files: Whether it needs files at all.
        present: Whether all files exist, so that it can be loaded.
        bytes_on_disk: The size of its files; None for ImageNet, which has too many to look at.
    """

    name: str
    folder: Path
    needs_files: bool
    present: bool
    bytes_on_disk: int | None


def dataset_status(name: str, *, root: str | os.PathLike[str] | None = None) -> DatasetStatus:
    """Returns whether a data set is available on this machine, without reading it.

    Args:
        name: One of `DATASETS`.
        root: The folder of the data sets; by default $DEEPOBS_DATA_DIR, else the user's cache.

    Returns:
        The folder, whether the data set needs files, and whether they are present.

    Raises:
        UnknownDatasetError: If there is no data set of that name.
        DataRootError: If the data folder is a file or cannot be read.
    """
    entry, base = get_entry(name), resolve_root(root)
    if name == "imagenet":
        return DatasetStatus(name, base, True, missing_images(base) is None, None)
    paths = [base / file for file in find_layout(base, entry.files, *entry.other_layouts)]
    with reading(base):
        sizes = [path.stat().st_size for path in paths if path.is_file()]
    return DatasetStatus(name, base, bool(paths), len(sizes) == len(paths), sum(sizes))


def prepare_dataset(
    name: str,
    *,
    root: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> Path:
    """Downloads and unpacks the missing files of a data set.

    Only one process downloads at a time. Existing archives are used. With $DEEPOBS_OFFLINE set to
    1, nothing is downloaded.

    Args:
        name: One of `DATASETS`.
        root: The folder of the data sets; by default $DEEPOBS_DATA_DIR, else the user's cache.
        progress: Called during a download with the name of the file, the bytes so far, and the
            total or None; called once with a message instead of a name if it waits for another
            process.

    Returns:
        The folder of the data sets.

    Raises:
        UnknownDatasetError: If there is no data set of that name.
        DataRootError: If the data folder is a file, or cannot be read or written.
        FetchError: If a file cannot be downloaded (as for ImageNet), or downloads are disabled.
        CorruptDatasetError: If an existing file has unexpected content.
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
    """Waits until no other process prepares the data set, and reports so if it has to."""
    path = base / f".{name}.lock"
    try:
        lock = _acquired(path, filelock.FileLock, progress, name)
    except NotImplementedError:  # some network file systems have no locks
        lock = _acquired(path, filelock.SoftFileLock, progress, name)
    try:
        yield
    finally:
        lock.release()


def _acquired(
    path: Path, kind: type[filelock.BaseFileLock], progress: Progress | None, name: str
) -> filelock.BaseFileLock:
    lock = kind(path)
    try:
        lock.acquire(blocking=False)
    except filelock.Timeout:
        if progress:
            progress(f"{name}: waiting for another process that prepares it", 0, None)
        lock.acquire()
    return lock


def _check_present(name: str, base: Path) -> None:
    """Raises CorruptDatasetError if a file that exists already is a wrong one."""
    entry = get_entry(name)
    places = find_layout(base, entry.files, *entry.other_layouts)
    for place, file in zip(places, entry.files, strict=True):
        if (base / place).is_file():
            _check(name, base / place, file)


def _check(name: str, path: Path, file: str) -> None:
    """Checks a file that exists, by its checksum or else by reading it.

    Raises:
        CorruptDatasetError: If it does not hold what it should.
        DataRootError: If it may not be read.
    """
    checksum, read = checksums(name).get(file), get_entry(name).check
    if checksum is None and read is not None:
        read(path)
    elif not path.is_file() or (checksum and not checksum_matches(path, checksum)):
        raise CorruptDatasetError(f"{path} has the wrong checksum: {way_out(name)}")


def _is_missing(name: str, base: Path, download: Download) -> bool:
    """Returns whether a file that the data set needs from this download is missing."""
    needed = set(download.results).intersection(get_entry(name).files)
    return not all((base / file).is_file() for file in needed)


def _check_online(name: str, base: Path, missing: list[Download]) -> None:
    """Raises FetchError if a file must be fetched but may not be; it says what to put where."""
    wanted = [source for source in missing if not (base / source.path).is_file()]
    if wanted and os.environ.get(OFFLINE_VARIABLE, "0") not in ("", "0"):
        places = ", ".join(f"{source.urls[0]} to {base / source.path}" for source in wanted)
        raise FetchError(
            f"${OFFLINE_VARIABLE} is set, so nothing is fetched: copy {places} by other means and"
            f" run `deepobs data prepare {name}` again."
        )


def _provide(name: str, base: Path, download: Download, progress: Progress | None) -> None:
    """Fetches and unpacks the files of one download."""
    target = base / download.path
    if not target.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        most = 2 * get_entry(name).download_bytes  # which is roughly that of all its files
        checksum = download.checksum
        if checksum.startswith(POINTER):
            checksum = pointed_checksum(checksum.removeprefix(POINTER), target.name)
        fetch(download.urls, target, checksum, most_bytes=most, progress=progress)
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
    """Checks the files of a data set: by checksum, or by decoding every image of ImageNet.

    Args:
        name: One of `DATASETS`.
        root: The folder of the data sets; by default $DEEPOBS_DATA_DIR, else the user's cache.
        progress: Called with the current file, the number of files done, and their total.

    Returns:
        The status of every file; for ImageNet only of corrupt or missing files. Empty if the data
        set needs no files.

    Raises:
        UnknownDatasetError: If there is no data set of that name.
        DataRootError: If the data folder is a file, or it or a file in it cannot be read.
    """
    entry, base = get_entry(name), resolve_root(root)
    if name == "imagenet":
        return _verify_images(base, progress)
    places = find_layout(base, entry.files, *entry.other_layouts)
    found: list[FileStatus] = []
    for place, file in zip(places, entry.files, strict=True):
        if progress:
            progress(place, len(found), len(entry.files))
        path = base / place
        if not path.exists():
            found.append(FileStatus(path, "missing", str(not_found(name, base, place))))
        else:
            found.append(_status(name, path, file))
        if progress:
            progress(place, len(found), len(entry.files))
    return found


def _status(name: str, path: Path, file: str) -> FileStatus:
    """Returns the status of a file that exists."""
    try:
        _check(name, path, file)
    except CorruptDatasetError as error:
        return FileStatus(path, "corrupt", str(error))
    return FileStatus(path, "ok")


def _verify_images(base: Path, progress: Progress | None) -> list[FileStatus]:
    try:
        dataset = imagenet(root=base)
    except (FileNotFoundError, CorruptDatasetError) as error:
        missing = isinstance(error, FileNotFoundError)
        return [FileStatus(base / "imagenet", "missing" if missing else "corrupt", str(error))]
    return [
        FileStatus(path, "corrupt", f"{printable(str(path))} cannot be read as an image.")
        for path in dataset.find_unreadable(progress)
    ]
