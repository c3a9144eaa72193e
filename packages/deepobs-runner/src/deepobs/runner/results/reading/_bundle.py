"""Bundles: results in one file, with the SHA-256 of everything in it."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Any

import platformdirs

from ...common import ResultsError, UsageError, explain, read_file

SUFFIX = ".deepobs"
MANIFEST = "manifest.json"
BUNDLE_FORMAT = "deepobs-bundle-1"
_MOST_BYTES = 1 << 33  # of all files, so that a small file cannot fill the disk


def is_bundle(path: Path) -> bool:
    """Returns whether a path is that of a bundle, by its ending."""
    return path.suffix == SUFFIX and path.is_file()


def unpack(bundle: Path) -> Path:
    """Returns a folder with the content of a bundle, in the user's cache.

    Raises:
        UsageError: If the file is not a bundle, or is damaged.
        ResultsError: If the cache cannot be written.
    """
    _check_zip(bundle)
    with bundle.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()[:32]
    folder = platformdirs.user_cache_path("deepobs") / "bundles" / digest
    if folder.is_dir():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".unpacking-"))
        try:
            extract(bundle, partial)
            partial.replace(folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    except OSError as error:
        if folder.is_dir():  # another process has just unpacked it
            return folder
        raise ResultsError(f"{bundle} cannot be unpacked into {folder}: {error}.") from error
    return folder


def extract(bundle: Path, folder: Path) -> None:
    """Extracts every file of a bundle into a folder.

    Raises:
        UsageError: If it is not a bundle or damaged, a name leads out of the folder, or the content
            is too large.
    """
    _check_zip(bundle)
    try:
        _extract(bundle, folder)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError) as error:
        raise UsageError(f"{bundle} is not a bundle of results: {explain(error)}.") from error


def _check_zip(bundle: Path) -> None:
    """Raises `UsageError` for other files, by their last bytes, however large they are."""
    if not zipfile.is_zipfile(bundle):
        raise UsageError(f"{bundle} is not a bundle of results: it is not a zip file.")


def _extract(bundle: Path, folder: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        if sum(item.file_size for item in archive.infolist()) > _MOST_BYTES:
            raise UsageError(f"{bundle} holds more than {_MOST_BYTES >> 30} GiB.")
        for item in archive.infolist():
            name = PurePosixPath(item.filename)
            if name.is_absolute() or ".." in name.parts or "\\" in item.filename or item.is_dir():
                raise UsageError(f"{bundle} holds the name {item.filename!r}, which no bundle has.")
        archive.extractall(folder)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Reads the manifest of an unpacked bundle.

    Raises:
        UsageError: If there is none.
    """
    try:
        content = json.loads(read_file(folder / MANIFEST))
        if content["format"] != BUNDLE_FORMAT or not isinstance(content["files"], dict):
            raise ValueError("it is of another format")
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError(
            f"The bundle has no manifest that can be read: {explain(error)}."
        ) from None
    manifest: dict[str, Any] = content
    return manifest
