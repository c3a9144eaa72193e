"""Sources of users' optimizers, stored with their results."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..common import UsageError, read_file, write_atomically
from ..results import source_path
from ..tuning import PlannedSearch
from ._methods import Method, Source
from ._references import search_file


def with_sources(planned: PlannedSearch, method: Method) -> PlannedSearch:
    """Returns a search whose record names the sources of its optimizer, with their hashes."""
    named = [{"file": source.file, "sha256": source.sha256} for source in method.sources]
    if not named:
        return planned
    study = {**planned.result.study, "sources": named}
    return replace(planned, result=replace(planned.result, study=study))


def check_sources(planned: PlannedSearch, method: Method) -> None:
    """Checks that a search goes on with the source that it began with.

    Raises:
        UsageError: If the optimizer was edited: its earlier runs would count as the new one's.
    """
    before = _recorded(search_file(planned))
    for source in method.sources:
        if before.get(source.file, source.sha256) != source.sha256:
            raise UsageError(
                f"{source.file} has changed since {search_file(planned).parent} was begun, so the "
                f"runs there are of another {method.name}; use a new results folder, or restore "
                "the file."
            )


def save_source(source: Source, results: Path) -> None:
    """Writes a source into a results folder, from which a bundle takes it."""
    path = source_path(results, source.file, source.sha256)
    if not path.exists():
        write_atomically(path, source.text.encode())


def _recorded(path: Path) -> Mapping[str, str]:
    """Returns the hashes of the sources in a search's file; empty without a readable one."""
    try:
        content: Any = json.loads(read_file(path))
        return {str(held["file"]): str(held["sha256"]) for held in content.get("sources", [])}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}  # `rounds` sets a damaged file aside
