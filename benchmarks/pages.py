"""Writes what a benchmark measured into docs/problems.md, between markers, and its figures."""

from __future__ import annotations

import re
from pathlib import Path

from matplotlib.figure import Figure

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
PAGE = ROOT / "docs" / "problems.md"


def write(name: str, command: str, text: str) -> None:
    """Replaces the part of the page that the markers with this name enclose.

    Args:
        name: The name in the opening marker, `<!-- NAME: written by COMMAND -->`.
        command: The script that writes it.
        text: The new part, which ends with a line break.

    Raises:
        ValueError: If the page has no such markers.
    """
    opening = f"<!-- {name}: written by {command} -->\n"
    pattern = re.compile(re.escape(opening) + r".*?(?=<!-- end -->)", re.DOTALL)
    page, count = pattern.subn(lambda _: opening + text, PAGE.read_text())
    if count != 1:
        raise ValueError(f"{PAGE} has {count} parts that begin with {opening.strip()}.")
    PAGE.write_text(page)


def save(figure: Figure, path: Path) -> None:
    """Saves a figure for the docs: legible, and the same file whenever it is drawn again."""
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, dpi=90, metadata={"Software": None})
