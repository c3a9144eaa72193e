"""What a bundle is made of: searches, the records that belong to them, and sources."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from ..results import SOURCES, CorruptRecordError, Record, read_record

_SEARCH_FORMAT = "deepobs-tuning-1"


@dataclass(frozen=True, kw_only=True)
class SearchFile:
    """The record of a search that followed a protocol.

    Attributes:
        file: Its path in the folder, with forward slashes.
        content: Its content.
    """

    file: str
    content: Mapping[str, Any]

    @property
    def root(self) -> str:
        """The results folder that it is in: empty, or that of a length."""
        return "/".join(PurePosixPath(self.file).parts[:-3])

    @property
    def name(self) -> str:
        """Problem and optimizer in words."""
        study = f", study {self.content['study']}" if self.content["study"] else ""
        return f"{self.content['optimizer']} on {self.content['problem']}{study}"

    @property
    def runs(self) -> tuple[str, ...]:
        """The identities of its runs: trials first, then repetitions."""
        trials = [run for trial in self.content["trials"] for run in trial["run_ids"]]
        return tuple(dict.fromkeys([*trials, *self.content["repeats"].values()]))

    @property
    def sources(self) -> Sequence[Mapping[str, str]]:
        """The sources of its optimizer: `file` and `sha256` of each."""
        named: Sequence[Mapping[str, str]] = self.content.get("sources", ())
        return named


@dataclass(frozen=True, kw_only=True)
class Content:
    """The results in a folder.

    Attributes:
        folder: The folder.
        searches: The records of searches that followed a protocol.
        records: The records of runs, by their paths in the folder.
        damaged: Files that cannot be read, with the reasons.
        sources: The files of sources, as paths in the folder.
    """

    folder: Path
    searches: tuple[SearchFile, ...]
    records: Mapping[str, Record]
    damaged: Mapping[str, str] = field(default_factory=dict)
    sources: tuple[str, ...] = ()

    def by_run(self) -> dict[tuple[str, str], list[str]]:
        """Returns the records of each run, by results folder and `run_id`."""
        found: dict[tuple[str, str], list[str]] = {}
        for file, record in self.records.items():
            root = "/".join(PurePosixPath(file).parts[:-4])
            found.setdefault((root, record.run_id), []).append(file)
        return found


def read_content(folder: Path) -> Content:
    """Reads the results in a folder; files and folders that begin with a dot are ignored."""
    searches, records, damaged, sources = [], {}, {}, []
    for file in _files(folder):
        name = PurePosixPath(file).name
        if PurePosixPath(file).parent.name == SOURCES:
            sources.append(file)
        elif name.startswith("tuning__") and name.endswith(".json"):
            found = _read_search(folder, file)
            if found is not None:
                searches.append(found)
        elif name.startswith("random_seed__") and name.endswith(".json"):
            try:
                records[file] = read_record(folder / file)
            except (CorruptRecordError, OSError) as error:
                damaged[file] = str(error).replace(str(folder / file), "it")
    return Content(
        folder=folder,
        searches=tuple(searches),
        records=records,
        damaged=damaged,
        sources=tuple(sources),
    )


def _files(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(part.startswith(".") for part in parts):
            yield "/".join(parts)


def _read_search(folder: Path, file: str) -> SearchFile | None:
    """Returns the record of a search; None if it followed no protocol, or is damaged."""
    try:
        content = json.loads((folder / file).read_text(encoding="utf-8"))
        wanted = ("protocol", "length", "study", "trials", "repeats", "problem", "optimizer")
        if content["format"] != _SEARCH_FORMAT or not all(name in content for name in wanted):
            return None
        found = SearchFile(file=file, content=content)
        _ = found.runs, found.name
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return found
