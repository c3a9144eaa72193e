"""Runs of a bundle done again, and compared with their records."""

from __future__ import annotations

import contextlib
import math
import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from ..config import RunConfig
from ..results import Record
from ..training import run
from ._content import Content

#: What the losses before training and after the first epoch may differ by on another kind of
#: machine. Later ones are not compared: the rounding of another processor grows from step to step.
TOLERANCE = 0.01

_SERIES = ("train_losses", "test_losses", "valid_losses", "minibatch_train_losses")
_SAME_KIND = ("torch", "platform", "cpu", "cpu_generation", "cpu_capability", "device")


def choose_runs(content: Content, count: int, seed: int) -> list[str]:
    """Draws records to do again.

    Args:
        content: The content of the bundle.
        count: How many; all if there are fewer.
        seed: Seed of the draw.
    """
    files = sorted(content.records)
    return random.Random(seed).sample(files, min(count, len(files)))


def check_runs(content: Content, files: Sequence[str], *, device: str) -> Iterator[str]:
    """Does runs again and yields a sentence for each that gives other numbers.

    This executes the sources of users' optimizers in the bundle.

    Args:
        content: The content of the bundle.
        files: The records.
        device: Device of the runs.
    """
    with _sources(content):
        for file in files:
            record = content.records[file]
            try:
                again = _repeat(record, device)
            except (ValueError, LookupError, RuntimeError, OSError) as error:
                yield f"{file} cannot be done again: {error}"
                continue
            if (difference := _difference(record, again)) is not None:
                yield f"{file} does not repeat: {difference}."


def _repeat(record: Record, device: str) -> Record:
    threads = record.environment.get("threads")
    config = RunConfig.from_dict(record.config)
    return run(config, device=device, threads=threads or None, progress="off")


def _difference(record: Record, again: Record) -> str | None:
    """Returns the first difference in words: of all numbers on the same kind of machine."""
    same = all(record.environment.get(k) == again.environment.get(k) for k in _SAME_KIND)
    if same and record.status != again.status:
        return f"it {record.status}, and now {again.status}"
    for name in _SERIES if same else _SERIES[:2]:
        ours, theirs = getattr(record, name) or [], getattr(again, name) or []
        last = max(len(ours), len(theirs)) if same else 2
        for place in range(last):
            pair = [values[place] if place < len(values) else math.nan for values in (ours, theirs)]
            if not _equal(*pair, exactly=same):
                at = f"at {place}" if name.startswith("minibatch") else f"after epoch {place}"
                return f"its {name} {at} was {pair[0]:.9g}, and is now {pair[1]:.9g}"
    return None


def _equal(first: float, second: float, *, exactly: bool) -> bool:
    if math.isnan(first) or math.isnan(second):
        return math.isnan(first) and math.isnan(second)
    return first == second if exactly else math.isclose(first, second, rel_tol=TOLERANCE)


@contextlib.contextmanager
def _sources(content: Content) -> Iterator[None]:
    """Makes the modules of the bundle's sources importable, before all others."""
    with tempfile.TemporaryDirectory() as folder:
        for file in content.sources:
            path = PurePosixPath(file)
            module = path.stem.rpartition("-")[0] + path.suffix  # without the hash
            Path(folder, module).write_bytes((content.folder / file).read_bytes())
        sys.path.insert(0, folder)
        try:
            yield
        finally:
            sys.path.remove(folder)
