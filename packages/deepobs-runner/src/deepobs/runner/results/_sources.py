"""The sources of users' optimizers in a results folder."""

from __future__ import annotations

from pathlib import Path

SOURCES = "sources"


def source_path(results: Path, file: str, sha256: str) -> Path:
    """Returns where a results folder holds a source: its name and the beginning of its hash.

    Args:
        results: The results folder.
        file: The file's name.
        sha256: The SHA-256 of its content.
    """
    return results / SOURCES / f"{Path(file).stem}-{sha256[:12]}{Path(file).suffix}"
