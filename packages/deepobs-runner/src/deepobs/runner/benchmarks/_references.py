"""Reference results: searches that others have made, taken over in place of running them again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from ..common import UsageError, write_atomically
from ..results import is_bundle, unpack
from ..tuning import PlannedSearch
from ._plan import BenchmarkPlan, Entry


def installed_references() -> tuple[Path, ...]:
    """Returns the bundles of the package deepobs-baselines; none if it is not installed."""
    try:
        from deepobs.baselines import references
    except ModuleNotFoundError:
        return ()
    return references()


def take_over(plan: BenchmarkPlan, references: Sequence[Path]) -> tuple[Entry, ...]:
    """Copies the searches of a plan that others have made into its results folder.

    A search fits if everything that defines it is the same: the problem with its version, the
    protocol, the optimizer, the space and the length. Its file is named by a hash of all that. It
    must have all of its repetitions. Searches that were begun in the results folder stay.

    Args:
        plan: The benchmark.
        references: Bundles and results folders.

    Returns:
        The entries that were taken over.

    Raises:
        UsageError: If there is no bundle or folder of that name.
    """
    taken = []
    folders = [_folder(path) for path in references]
    for entry, planned in plan.searches.items():
        path = planned.result.path
        if path.exists():
            continue
        for folder in folders:
            content = _fitting(folder, planned)
            if content is not None and _copy(folder, planned, content):
                taken.append(entry)
                break
    return tuple(taken)


def _folder(path: Path) -> Path:
    if is_bundle(path):
        return unpack(path)
    if not path.is_dir():
        raise UsageError(f"There is no bundle or results folder {path} of references.")
    return path


def _fitting(folder: Path, planned: PlannedSearch) -> dict[str, Any] | None:
    """Returns the content of the file of a search in a folder; None if it is not complete there."""
    wanted = planned.result.path
    for path in folder.rglob(wanted.name):
        if path.parts[-3:] != wanted.parts[-3:]:
            continue
        try:
            content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            trials = len(content["trials"]), content["num_trials"]
            complete = len(content["repeats"]) == len(planned.repeat_seeds)
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if complete and trials[0] >= trials[1] == planned.result.num_trials:
            return {**content, "taken_from": path.relative_to(folder).as_posix()}
    return None


def _copy(folder: Path, planned: PlannedSearch, content: dict[str, Any]) -> bool:
    """Copies a search and its records; returns False, without a trace, if a record is missing."""
    root = folder.joinpath(*PurePosixPath(content.pop("taken_from")).parts[:-3])
    place = planned.result.path.parent
    held = root / place.parent.name / place.name
    runs = {run for trial in content["trials"] for run in trial["run_ids"]}
    runs |= set(content["repeats"].values())
    records = {}
    for path in held.glob("*/random_seed__*.json"):
        try:
            run = json.loads(path.read_text(encoding="utf-8"))["run_id"]
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if run in runs:
            records[run] = path
    if set(records) != runs:
        return False
    for path in records.values():
        target = place / path.parent.name / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    text = json.dumps(content, indent=1)
    return write_atomically(planned.result.path, text.encode())
