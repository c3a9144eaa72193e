"""Unpacking archives: only the wanted files, each of which appears when it is complete."""

from __future__ import annotations

import gzip
import shutil
import tarfile
import zlib
from pathlib import Path
from typing import IO

from ._errors import CorruptDatasetError
from ._fetch import writing


def unpack(archive: Path, root: Path, wanted: tuple[str, ...]) -> None:
    """Unpacks the wanted files of an archive, and nothing else.

    Args:
        archive: A `.tar.gz`, or a `.gz` of one file.
        root: The folder to unpack to.
        wanted: The paths of the files under it, which are also those in a tar archive.

    Raises:
        CorruptDatasetError: If the archive is broken, or a file is missing or not a regular one.
    """
    try:
        if archive.name.endswith(".tar.gz"):
            with tarfile.open(archive, "r:gz") as tar:
                for file in wanted:
                    _place(_member(tar, file), root / file)
        else:
            with gzip.open(archive) as content:
                _place(content, root / wanted[0])
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, KeyError) as error:
        raise CorruptDatasetError(
            f"{archive} cannot be unpacked ({error}): delete it and prepare the data set again."
        ) from error


def _member(tar: tarfile.TarFile, file: str) -> IO[bytes]:
    member = tar.getmember(file)
    content = tar.extractfile(member) if member.isreg() else None
    if content is None:
        raise KeyError(f"{file} is not a regular file in it")
    return content


def _place(content: IO[bytes] | gzip.GzipFile, target: Path) -> None:
    """Writes a file under a temporary name and renames it when it is complete."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    try:
        with writing(part, resumed=False) as file:
            shutil.copyfileobj(content, file, 2**20)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
