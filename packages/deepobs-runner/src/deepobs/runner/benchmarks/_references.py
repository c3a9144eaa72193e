"""Reference results: searches made by others, which are reused instead of being run again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..common import UsageError, read_file, write_atomically
from ..results import SEARCH_PREFIX, CorruptRecordError, is_bundle, read_search, unpack
from ..tuning import PlannedSearch

if TYPE_CHECKING:
    from ._plan import BenchmarkPlan, Entry


ALL_REFERENCES = "references"  # stands for all optimizers that deepobs-baselines has runs of


def installed_references() -> tuple[Path, ...]:
    """Returns the bundles of the package deepobs-baselines; none if it is not installed."""
    try:
        from deepobs.baselines import references
    except ModuleNotFoundError:
        return ()
    return references()


def reference_names() -> tuple[str, ...]:
    """Returns the optimizers that deepobs-baselines has runs of.

    Raises:
        UsageError: If the package is not installed.
    """
    names = tuple(path.stem for path in installed_references())
    if not names:
        raise UsageError(
            f"The optimizers to compare with are {ALL_REFERENCES!r}: those of the package "
            "deepobs-baselines, which is not installed (pip install deepobs-baselines)."
        )
    return names


@dataclass(frozen=True)
class Reference:
    """A search that others have made, with all its runs.

    Attributes:
        content: The content of the search's file.
        records: The records of its runs.
    """

    content: Mapping[str, Any]
    records: tuple[Path, ...]


def find_references(plan: BenchmarkPlan, sources: Sequence[Path]) -> dict[Entry, Reference]:
    """Finds searches of a plan that others have made.

    A search fits if everything that defines it is the same: the problem with its version, the
    protocol, the optimizer, the space and the length. Its file is named by a hash of all that. It
    must have all of its runs. Searches that were begun in the results folder stay.

    Args:
        plan: The benchmark.
        sources: Bundles and results folders.

    Returns:
        The searches that fit.

    Raises:
        UsageError: If there is no bundle or folder of that name.
    """
    files: dict[tuple[str, ...], list[Path]] = {}
    for folder in map(_folder, sources):
        for path in sorted(folder.rglob(f"{SEARCH_PREFIX}*.json")):
            files.setdefault(path.parts[-3:], []).append(path)
    found = {}
    for entry, planned in plan.searches.items():
        wanted = search_file(planned)
        if wanted.exists():
            continue
        fitting = (_read(path, planned) for path in files.get(wanted.parts[-3:], []))
        if (reference := next(filter(None, fitting), None)) is not None:
            found[entry] = reference
    return found


def take_over(plan: BenchmarkPlan) -> None:
    """Copies the searches of a plan that others have made into its results folder."""
    for entry, reference in plan.references.items():
        path = search_file(plan.searches[entry])
        for record in reference.records:
            target = path.parent / record.parent.name / record.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(record, target)
        write_atomically(path, json.dumps(reference.content, indent=1).encode())


def search_file(planned: PlannedSearch) -> Path:
    """Returns the file of a search; the results of a benchmark are on a disk."""
    return Path(planned.result.path)


def _folder(path: Path) -> Path:
    if is_bundle(path):
        return unpack(path)
    if not path.is_dir():
        raise UsageError(f"There is no bundle or results folder {path} of references.")
    return path


def _read(path: Path, planned: PlannedSearch) -> Reference | None:
    """Returns a search with its runs; None if it is not complete."""
    try:
        content = read_search(path)
    except (OSError, CorruptRecordError):
        return None
    runs = {run for trial in content["trials"] for run in trial["run_ids"]}
    runs |= set(content["repeats"].values())
    wanted = planned.result.num_trials
    if len(content["repeats"]) != len(planned.repeat_seeds):
        return None
    if content.get("num_trials") != wanted or len(content["trials"]) < wanted:
        return None
    records = {}
    for record in path.parent.glob("*/random_seed__*.json"):
        try:
            run = json.loads(read_file(record))["run_id"]
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if run in runs:
            records[run] = record
    return Reference(content, tuple(records.values())) if set(records) == runs else None
