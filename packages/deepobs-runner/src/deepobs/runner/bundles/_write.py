"""Writing a bundle from results folders and other bundles."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Any

from ..common import UsageError, write_atomically
from ..results import BUNDLE_FORMAT, MANIFEST, Record, is_bundle, source_path, unpack
from ._content import Content, SearchFile, read_content

_EPOCH = (1980, 1, 1, 0, 0, 0)  # so that the same results give the same bytes


@dataclass(frozen=True, kw_only=True)
class BundleSummary:
    """The content of a bundle.

    Attributes:
        path: The bundle.
        searches: Number of searches.
        runs: Number of runs.
        left_out: Number of records that do not belong to a benchmark and were left out.
        damaged: Files that cannot be read and were left out, with the reasons.
    """

    path: Path
    searches: int
    runs: int
    left_out: int
    damaged: Mapping[str, str]


def bundle(results: Sequence[str | Path], output: str | Path) -> BundleSummary:
    """Writes the results of benchmarks into one file that others can check.

    The bundle contains the searches, the records of their runs, the sources of users' optimizers,
    the versions of packages, and a manifest with the SHA-256 of each file. Messages of failed runs
    are left out, since they may name folders of this machine. Records that do not belong to a
    benchmark are also left out.

    Args:
        results: Results folders and bundles. If a run is in several of them, the first one is used.
        output: The file to write, ending in `.deepobs`.

    Returns:
        What the bundle holds.

    Raises:
        UsageError: If there is nothing to bundle, or a source is missing or was changed.
        ResultsError: If the file cannot be written.
    """
    path = Path(output)
    if path.suffix != ".deepobs":
        raise UsageError(f"{path} must end in .deepobs.")
    files: dict[str, bytes] = {}
    kept: dict[tuple[str, str], Record] = {}
    searches: dict[str, SearchFile] = {}
    left_out = 0
    damaged: dict[str, str] = {}
    for given in map(Path, results):
        content = read_content(_folder(given))
        for search in content.searches:
            if _is_fuller(search, searches.get(search.file)):
                searches[search.file] = search
                files[search.file] = _without_messages(search.content)
                files |= _sources(search, content)
        left_out += _add_records(content, files, kept)
        damaged |= content.damaged
    if not searches:
        raise UsageError(
            f"There is no benchmark in {', '.join(map(str, results))}; expected a folder that "
            "`deepobs benchmark … --results FOLDER` wrote."
        )
    write_atomically(path, _packed(files, _manifest(files, list(kept.values()), searches)))
    return BundleSummary(
        path=path, searches=len(searches), runs=len(kept), left_out=left_out, damaged=damaged
    )


def _folder(given: Path) -> Path:
    if is_bundle(given):
        return unpack(given)
    if not given.is_dir():
        raise UsageError(f"There is no results folder or bundle {given}.")
    return given


def _is_fuller(search: SearchFile, before: SearchFile | None) -> bool:
    return before is None or len(search.runs) > len(before.runs)


def _add_records(
    content: Content, files: dict[str, bytes], kept: dict[tuple[str, str], Record]
) -> int:
    """Adds the records of a folder's searches; returns the number of the others."""
    wanted = {(search.root, run) for search in content.searches for run in search.runs}
    others = 0
    for key, places in content.by_run().items():
        if key not in wanted:
            others += len(places)
        elif key not in kept:
            newest = max(places, key=lambda file: file.rsplit("/", 1)[-1])
            kept[key] = content.records[newest]
            files[newest] = (content.folder / newest).read_bytes()
    return others


def _without_messages(content: Mapping[str, Any]) -> bytes:
    """Returns a search's file without messages of errors, which may name folders and machines."""
    cleaned = dict(content)
    for name in ("trials", "left_out"):
        cleaned[name] = [{**held, "message": None} for held in content.get(name, [])]
    if cleaned.get("best"):
        cleaned["best"] = {**cleaned["best"], "message": None}
    return json.dumps(cleaned, indent=1, allow_nan=False).encode()


def _sources(search: SearchFile, content: Content) -> dict[str, bytes]:
    """Returns the sources of a search's optimizer by their paths in the bundle."""
    found = {}
    for named in search.sources:
        inside = source_path(Path(search.root), named["file"], named["sha256"])
        try:
            text = (content.folder / inside).read_bytes()
        except OSError as error:
            raise UsageError(f"The source {named['file']} of {search.name} is missing.") from error
        if hashlib.sha256(text).hexdigest() != named["sha256"]:
            raise UsageError(
                f"The source {inside} of {search.name} is not the one that its runs were made with."
            )
        found[inside.as_posix()] = text
    return found


def _manifest(
    files: Mapping[str, bytes], records: Sequence[Record], searches: Mapping[str, SearchFile]
) -> bytes:
    versions = ("python", "torch", "optimizer_package")
    names = (*versions, "platform", "cpu", "cpu_generation", "cpu_capability", "device")
    environments = {
        json.dumps({name: record.environment.get(name) for name in names}) for record in records
    }
    protocols = {
        (held.content["protocol"]["name"], held.content["protocol"]["version"])
        for held in searches.values()
    }
    manifest = {
        "format": BUNDLE_FORMAT,
        "deepobs_version": version("deepobs-runner"),
        "protocols": [{"name": name, "version": number} for name, number in sorted(protocols)],
        "environments": [json.loads(text) for text in sorted(environments)],
        "files": {
            name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())
        },
    }
    return json.dumps(manifest, indent=1).encode()


def _packed(files: Mapping[str, bytes], manifest: bytes) -> bytes:
    """Returns the ZIP archive of the files; the same files give the same bytes."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {MANIFEST: manifest, **dict(sorted(files.items()))}.items():
            item = zipfile.ZipInfo(name, _EPOCH)
            item.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(item, content)
    return packed.getvalue()
