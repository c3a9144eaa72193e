"""What a bundle is made of: searches, the records that belong to them, and sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from ..results import (
    SEARCH_PREFIX,
    SOURCES,
    CorruptRecordError,
    Record,
    read_record,
    read_search,
)


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
            continue
        try:
            if name.startswith(SEARCH_PREFIX) and name.endswith(".json"):
                content = read_search(folder / file)
                if "protocol" in content:
                    searches.append(SearchFile(file=file, content=_complete(content)))
            elif name.startswith("random_seed__") and name.endswith(".json"):
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


def _complete(content: dict[str, Any]) -> dict[str, Any]:
    """Returns the content of a search's file, which must have what benchmarks write.

    Raises:
        CorruptRecordError: If a field is missing.
    """
    missing = [name for name in ("length", "study", "num_trials") if name not in content]
    trials = [*content["trials"], *([content["best"]] if content["best"] else [])]
    missing += [name for name in ("values", "status") if any(name not in held for held in trials)]
    if missing:
        raise CorruptRecordError(f"its {missing[0]} is missing.")
    return content
