"""Checks of a bundle against its manifest, and of records against what they say of themselves."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from ..config import run_identity
from ..results import MANIFEST, Record
from ._content import Content, SearchFile

_TOLERANCE = 1e-9  # of a mean of values that were written with all their digits


def check_sums(folder: Path, manifest: dict[str, Any]) -> Iterator[str]:
    """Yields a sentence for each file that is not as the manifest says."""
    listed = manifest["files"]
    there = {
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    } - {MANIFEST}
    # The index of a folder that was read is not part of the bundle.
    there = {name for name in there if not PurePosixPath(name).name.startswith(".")}
    for name, expected in sorted(listed.items()):
        if name not in there:
            yield f"{name} is missing."
        elif hashlib.sha256((folder / name).read_bytes()).hexdigest() != expected:
            yield f"{name} was changed: its SHA-256 is not the one in the manifest."
    for name in sorted(there - set(listed)):
        yield f"{name} was added: it is not in the manifest."


def check_records(content: Content) -> Iterator[str]:
    """Yields a sentence for each record that is not the run that its place and settings say."""
    for file, reason in content.damaged.items():
        yield f"{file} cannot be read: {reason}"
    for file, record in content.records.items():
        if (misplaced := _misplaced(file, record)) is not None:
            yield f"{file} holds another run: {misplaced}."
        elif not _has_own_identity(record):
            yield f"{file} holds another run: its settings do not give its identity."


def _misplaced(file: str, record: Record) -> str | None:
    """Returns why a record does not belong where it is, or None."""
    problem, optimizer, _, name = PurePosixPath(file).parts[-4:]
    if problem != record.testproblem:
        return f"it is of the problem {record.testproblem}"
    if not _same_name(optimizer, record.optimizer):
        return f"it is of the optimizer {record.optimizer}"
    seed = record.config.get("seed")
    if not name.startswith(f"random_seed__{record.random_seed}__") or seed != record.random_seed:
        return f"it is of the seed {record.random_seed}"
    said = {
        "lr": record.learning_rate,
        "epochs": record.num_epochs,
        "problem": record.testproblem,
    }
    for setting, value in said.items():
        if record.config.get(setting) != value:
            return f"its {setting} is {value}, but {record.config.get(setting)} in its settings"
    return None


def _same_name(folder: str, optimizer: str) -> bool:
    """Compares names as folders hold them: what a folder cannot be called is replaced or cut."""
    plain = "".join(letter if letter not in "/\\" else "_" for letter in optimizer)
    return folder == plain or folder.partition("__")[0] == plain[: len(folder.partition("__")[0])]


def _has_own_identity(record: Record) -> bool:
    """Returns whether a record's settings give its identity, which they do for packaged problems.

    That of a user's own problem also depends on the content of the problem.
    """
    from deepobs.problems import PROBLEMS

    if record.testproblem not in PROBLEMS:
        return True
    return run_identity(record.config, record.testproblem) == record.run_id


def check_sources(content: Content, search: SearchFile) -> Iterator[str]:
    """Yields a sentence for each source that is not the one that a search's runs were made with."""
    sums = {
        hashlib.sha256((content.folder / file).read_bytes()).hexdigest() for file in content.sources
    }
    for named in search.sources:
        if named["sha256"] not in sums:
            yield (
                f"The source {named['file']} of {search.name} is not the one that its runs were "
                "made with."
            )


def check_values(content: Content, search: SearchFile) -> Iterator[str]:
    """Yields a sentence for each trial whose value is not that of its records."""
    places = content.by_run()
    for trial in search.content["trials"]:
        for run, value in zip(trial["run_ids"], trial["values"], strict=True):
            files = places.get((search.root, run), [])
            if not files:
                continue  # `check_completeness` says so
            found = _ends(content.records[files[0]])
            if value is not None and not any(_close(value, end) for end in found):
                yield (
                    f"{search.name}: the search says {value:.6g} of a trial whose record "
                    f"{files[0]} does not end so."
                )


def _ends(record: Record) -> list[float]:
    """Returns the last values of what was measured on validation and test data."""
    names = ("loss", "accuracy", *(record.metrics or {}))
    series = [record.evaluations(phase, name) for phase in ("valid", "test") for name in names]
    return [values[-1] for values in series if values]


def _close(value: float, other: float) -> bool:
    return math.isclose(value, other, rel_tol=_TOLERANCE)
